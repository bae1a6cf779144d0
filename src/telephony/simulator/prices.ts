/** What this carrier charges, as Twilio writes it: a negative number of dollars, and nothing until it is settled. */

const MINUTE = 0.014;
const SEGMENT = 0.0079;
/** A price is told so long after the end, in milliseconds. */
const SETTLES_AFTER = 120_000;

const settled = (end: Date, now: Date): boolean => now.getTime() >= end.getTime() + SETTLES_AFTER;

/** Begun minutes; a call nobody answered costs nothing. @param seconds null while it goes on */
export function callPrice(ended: Date | null, seconds: number | null, now: Date): string | null {
  return ended && seconds && settled(ended, now) ? `-${(Math.ceil(seconds / 60) * MINUTE).toFixed(5)}` : null;
}

/** @param sent null while it is on its way */
export function textPrice(sent: Date | null, segments: number, now: Date): string | null {
  return sent && settled(sent, now) ? `-${(segments * SEGMENT).toFixed(5)}` : null;
}
