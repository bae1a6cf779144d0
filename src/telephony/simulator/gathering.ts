import type { Press } from './person.ts';
import type { Gather } from './twiml.ts';

/** How a Gather ended. */
export interface Gathered {
  /** Seconds after its prompt began. */
  readonly at: number;
  /** Without the finishing key; empty when nothing was gathered. */
  readonly digits: string;
  /** The key of `finishOnKey` that ended it, or empty. */
  readonly finishedOnKey: string;
}

/**
 * What Twilio makes of the keys pressed during a Gather. The first key stops the prompt, so the wait for the next one
 * counts from it. A key that comes when the wait is over comes too late.
 *
 * @param presses in order of time
 */
export function collect(gather: Gather, presses: readonly Press[]): Gathered {
  let end = gather.prompt.seconds + gather.timeout;
  let digits = '';
  for (const { key, at } of gather.dtmf ? presses : []) {
    if (at > end) break;
    if (gather.finishOnKey.includes(key)) return { at, digits, finishedOnKey: key };
    digits += key;
    if (digits.length === gather.numDigits) return { at, digits, finishedOnKey: '' };
    end = at + gather.timeout;
  }
  return { at: end, digits, finishedOnKey: '' };
}
