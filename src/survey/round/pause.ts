import type { RoundServices } from './launch.ts';
import { moveRound, type RoundChange, reasonOf } from './move.ts';

type Changing = Pick<RoundServices, 'database' | 'clock'>;

/**
 * Nobody is called or written to from here on: what was taken up and not dialled yet is let go by its own job. Whoever
 * is on the line finishes, and his answers count; a text that comes in is answered.
 *
 * @throws BadInput without a reason; Refused where the round is not in the field.
 */
export async function pauseRound({ database, clock }: Changing, change: RoundChange): Promise<void> {
  const reason = reasonOf(change);
  await database.transaction((query) => moveRound(query, clock.now(), 'pause', { ...change, reason }));
}

/** Goes on where it stood: what came due meanwhile is due now. @throws Refused where the round is not paused. */
export async function resumeRound({ database, clock }: Changing, change: Omit<RoundChange, 'reason'>): Promise<void> {
  await database.transaction((query) => moveRound(query, clock.now(), 'resume', { ...change, reason: null }));
}
