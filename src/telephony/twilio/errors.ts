import type { CallResult } from '../../survey/disposition/outcome.ts';
import type { Trouble } from '../ports.ts';

/**
 * What Twilio's error codes mean to us (twilio.com/docs/api/errors; docs/twilio.md says each in words). `settings` and `later` concern us, not the number:
 * the shop was not reached, but nothing is known against it.
 */
export type Meaning = 'number' | 'opted-out' | 'settings' | 'later' | 'ours';

const codes: Readonly<Record<Meaning, readonly number[]>> = {
  /** This number, for good. */
  number: [21201, 21211, 21214, 21217, 21401, 21614, 30005, 30006, 13223, 13224, 32101],
  /** The recipient told Twilio to stop. */
  'opted-out': [21610],
  /** Nothing will work until somebody mends the settings. */
  settings: [
    ...[20003, 20005, 21203, 21210, 21212, 21215, 21216, 21219, 21408, 21606, 21608],
    ...[13225, 13227, 32205, 30002, 30007],
  ],
  later: [20429, 20500, 20503, 21611, 30001, 30003, 30008, 30017, 30410, 32001],
  ours: [11200, 11205, 12100, 12200, 12300],
};

const byCode = new Map(
  Object.entries(codes).flatMap(([meaning, list]) => list.map((code) => [code, meaning as Meaning])),
);

/** An unlisted code is taken as trouble that may pass. */
export const meaningOf = (code: number | null): Meaning => (code === null ? 'later' : (byCode.get(code) ?? 'later'));

const results: Readonly<Record<Meaning, Extract<CallResult, 'bad-number' | 'blocked' | 'technical'>>> = {
  number: 'bad-number',
  'opted-out': 'blocked',
  settings: 'technical',
  later: 'technical',
  ours: 'technical',
};

export const resultOf = (code: number | null) => results[meaningOf(code)];

/**
 * Codes that speak of the account and not of the number: requests over the rate, Twilio's own failures, a queue that is
 * full. The others of `later` concern the one phone, which may be off or out of reach.
 */
const tooMuch: readonly number[] = [20429, 20500, 20503, 21611, 30001];

/** Whether the next request would be refused alike, and why. */
export function troubleOf(code: number | null): Trouble | undefined {
  if (code === null || tooMuch.includes(code)) return 'busy';
  return meaningOf(code) === 'settings' ? 'settings' : undefined;
}
