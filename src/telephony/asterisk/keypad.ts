import type { Key } from '../../survey/interview/conversation.ts';

/**
 * Tones as they come off a line, and the key that is meant (script §1, §5.18). Noise and speech make tones too, fingers
 * slip, and one press may arrive twice:
 *
 *   tone      what the line heard; `milliseconds` is null where the line does not say how long
 *   deaf      until then nothing counts, or no rating does: what is asked has not been said yet
 *   settling  after a tone a while goes by in which a second one may still spoil it
 *
 * All times in milliseconds.
 */
export interface Tone {
  readonly key: Key;
  readonly at: number;
  readonly milliseconds: number | null;
}

export interface Deaf {
  /** Before this moment no key counts. */
  readonly all: number;
  /** Before this moment only those keys count that never answer a question: 7 8 9 *. */
  readonly answers: number;
}

export interface Keypad {
  /** The first tone that counts since the last key was taken, and whether a second one spoilt it. */
  readonly settling: { readonly key: Key; readonly at: number; readonly spoilt: boolean } | null;
  readonly last: { readonly key: Key; readonly at: number } | null;
}

export const restingKeypad: Keypad = { settling: null, last: null };

/** A second tone within so long belongs to the first. */
export const settlingTime = 800;
/** A shorter tone is noise. */
const shortestTone = 60;
const worksFromTheStart: ReadonlySet<Key> = new Set(['7', '8', '9', '*']);
/** It means nothing anywhere, and so stands for every press that cannot be told. */
const useless: Key = '6';

export function hear(keypad: Keypad, tone: Tone, deaf: Deaf): Keypad {
  const { settling, last } = keypad;
  if (tone.milliseconds !== null && tone.milliseconds < shortestTone) return keypad;
  if (settling) {
    const spoils = tone.key !== settling.key && tone.at - settling.at < settlingTime;
    return spoils ? { ...keypad, settling: { ...settling, spoilt: true } } : keypad;
  }
  if (tone.at < deaf.all || (tone.at < deaf.answers && !worksFromTheStart.has(tone.key))) return keypad;
  if (last && tone.key === last.key && tone.at - last.at < settlingTime) return keypad;
  return { ...keypad, settling: { key: tone.key, at: tone.at, spoilt: false } };
}

/** The key that was meant, once it has settled: to be called {@link settlingTime} after the first tone. */
export function settled({ settling }: Keypad): { readonly key: Key; readonly keypad: Keypad } | null {
  if (!settling) return null;
  const key = settling.spoilt ? useless : settling.key;
  return { key, keypad: { settling: null, last: { key: settling.key, at: settling.at } } };
}
