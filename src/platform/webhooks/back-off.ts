import { DateTime } from 'luxon';

/** When an event that did not arrive is sent again: soon at first, ever later, and for the last time after three days. */
const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const waits = [
  ...[5 * second, minute, 5 * minute, 30 * minute],
  ...[2, 5, 10, 14, 20, 24].map((hours) => hours * hour),
];
export const givenUpAfter = 72 * hour;

/** By how much a wait is lengthened at most, so that not all come back in the same second. */
const jitter = 0.1;

/**
 * @param tries those that failed, this one included.
 * @param since from when on it was tried.
 * @param chance from 0 up to, not including, 1.
 * @returns null where it is given up.
 */
export function nextTry(tries: number, since: Date, now: Date, chance: number): Date | null {
  const last = since.getTime() + givenUpAfter;
  if (now.getTime() >= last) return null;
  const wait = waits[Math.min(tries, waits.length) - 1] ?? second;
  return new Date(Math.min(now.getTime() + Math.round(wait * (1 + jitter * chance)), last));
}

/** A receiver that wants more than a day of peace is asked once a day all the same. */
const longestRest = 24 * hour;

/** Until when a receiver asks to be left in peace, by its `Retry-After`: seconds, or a date (RFC 9110, 10.2.3). */
export function restUntil(retryAfter: string | null, now: Date): Date | null {
  if (retryAfter === null) return null;
  const seconds = /^\d{1,9}$/.test(retryAfter.trim()) ? Number(retryAfter) : null;
  const until = seconds === null ? DateTime.fromHTTP(retryAfter.trim()).toMillis() : now.getTime() + seconds * second;
  if (!(until > now.getTime())) return null;
  return new Date(Math.min(until, now.getTime() + longestRest));
}
