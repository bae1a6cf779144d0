/**
 * Spoken words and the time they take. A person on the line hears these and nothing else: no markup, no URL, no id.
 */

/** Something said, as it reaches an ear. */
export interface Utterance {
  /** The words, normalised as below (so `，` is `,` and `５` is `5`). */
  readonly words: string;
  /** Whole length in seconds, pauses included. */
  readonly seconds: number;
  /** `ends[i]`: the second, counted from the start, at which the i-th UTF-16 unit of `words` has been spoken. */
  readonly ends: readonly number[];
}

export const SILENCE: Utterance = { words: '', seconds: 0, ends: [] };

/** Characters a second: slow, for older listeners. Chinese characters and single digits count one each. */
const CHARACTERS_A_SECOND = 4;
/** Pauses at punctuation in seconds. Colon and semicolon pause like a full stop: only so do the script's own clip lengths come out. */
const PAUSES: Readonly<Record<string, number>> = {
  ',': 0.15,
  '、': 0.15,
  '。': 0.3,
  '?': 0.3,
  '!': 0.3,
  ':': 0.3,
  ';': 0.3,
};
/** A word of another alphabet is spoken as a word, not letter by letter: about 2.5 words a second. */
const LATIN_WORD_SECONDS = 0.4;

/** Nothing said for `seconds`. */
export function pause(seconds: number): Utterance {
  return { words: '', seconds, ends: [] };
}

/** NFKC, and no white space but single spaces inside words of another alphabet, where losing it would lose the word. */
export function normalise(text: string): string {
  return text
    .normalize('NFKC')
    .replace(/\s+/g, ' ')
    .replace(/(?<=[^\x21-\x7e]) | (?=[^\x21-\x7e])/g, '')
    .trim();
}

/** `text` as spoken; `slowness` 1 is the normal rate, 1.35 the slow one. */
export function speak(text: string, slowness = 1): Utterance {
  const spoken = normalise(text);
  let words = '';
  let seconds = 0;
  const ends: number[] = [];
  for (const [piece] of spoken.matchAll(/[A-Za-z]+(?:['’][A-Za-z]+)*|./gsu)) {
    seconds += length(piece, spoken) * slowness;
    words += piece;
    for (let unit = 0; unit < piece.length; unit++) ends.push(seconds);
  }
  return { words, seconds, ends };
}

function length(piece: string, whole: string): number {
  const rest = PAUSES[piece];
  if (rest !== undefined) return rest;
  if (piece === '.') return /[A-Za-z]/.test(whole) ? 0.3 : 0;
  if (/^[A-Za-z]{2,}/.test(piece)) return LATIN_WORD_SECONDS;
  return /[\p{L}\p{N}]/u.test(piece) ? 1 / CHARACTERS_A_SECOND : 0;
}

/** One after the other. */
export function join(parts: readonly Utterance[]): Utterance {
  if (parts.length === 1 && parts[0]) return parts[0];
  let words = '';
  let seconds = 0;
  const ends: number[] = [];
  for (const part of parts) {
    for (const end of part.ends) ends.push(seconds + end);
    words += part.words;
    seconds += part.seconds;
  }
  return { words, seconds, ends };
}

/** The second at which `phrase` has been spoken for the first time, or null when it is never said. */
export function saidAt(heard: Utterance, phrase: RegExp): number | null {
  const found = phrase.exec(heard.words);
  if (!found) return null;
  return heard.ends[found.index + found[0].length - 1] ?? null;
}
