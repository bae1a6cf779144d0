import { ticketsUnder } from '../draw/satq1.ts';

/**
 * Whom a person calls without having been asked to: a share of the silent, and a share of those who have answered. Chosen
 * by the draw's own seed, so that nobody can steer it and everybody can make it again: a retailer is chosen where his
 * further ticket, of `desk|` or `recheck|` and his id, is below the share. Which shops fall silent has no part in it.
 */
export interface DeskShares {
  /** Of the silent, 0–1. */
  readonly silent: number;
  /** Of the complete, 0–1. */
  readonly recheck: number;
}

/** What a rule set has that says nothing of them: a fifth of the silent, and 5 % of the complete. */
export const usualShares = { silentShare: '1/5', recheckShare: '1/20' } as const;

export interface Chosen {
  /** A person calls if nobody is reached. */
  readonly ifSilent: boolean;
  /** A person asks again once all is answered. */
  readonly recheck: boolean;
}

/** @param seed of the draw; ids normalised. The first nine decimals of a ticket decide, as a number. */
export function chosenUnder(seed: string, shares: DeskShares): (retailerId: string) => Chosen {
  const ticket = ticketsUnder(seed);
  const below = (name: string, share: number) => Number(ticket(name).slice(0, 11)) < share;
  return (retailerId) => ({
    ifSilent: below(`desk|${retailerId}`, shares.silent),
    recheck: below(`recheck|${retailerId}`, shares.recheck),
  });
}
