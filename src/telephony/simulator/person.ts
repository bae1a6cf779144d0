import type { Utterance } from './speech.ts';

/**
 * Who sits behind a telephone number, as the carrier meets him: somebody who may pick up, hears words and presses keys,
 * and reads texts and may answer. All of it is a function of what he is asked and how often he was asked before; never
 * of the time, the order of things or an id, so that the same questions find the same answers on every run.
 */

/** How often this number was reached for so far, the present call or text included. */
export interface Counts {
  readonly calls: number;
  readonly texts: number;
}

/** What happens when the telephone is rung. All in seconds. */
export type Ring =
  | { readonly does: 'answer'; readonly connect: number; readonly after: number }
  | { readonly does: 'ring-out'; readonly connect: number }
  | { readonly does: 'busy' }
  | { readonly does: 'not-exist' }
  /** The network does not put it through: switched off, suspended. */
  | { readonly does: 'refused'; readonly status: 'no-answer' | 'failed'; readonly sip: number };

/** What reaches his ear, and what he remembers. */
export interface Heard {
  readonly now: Utterance;
  /** What he heard before in this call, oldest first. */
  readonly before: readonly string[];
  /** Whose name he was told last, in any call or text. */
  readonly name: string | null;
}

/** A key and when it is pressed, in seconds from the first word of what was heard. */
export interface Press {
  readonly key: string;
  readonly at: number;
}

/** What is heard first of whoever answers: how long he speaks and what comes then; a fax machine's tone; or nothing. */
export type Greeting = { readonly seconds: number; readonly ends: 'beep' | 'silence' | 'other' } | 'fax' | 'nothing';

export type Reaction =
  | { readonly does: 'nothing' }
  /** Says something, from a second on counted from the first word; heard only where speech is listened to. */
  | { readonly does: 'speak'; readonly words: string; readonly at: number }
  | { readonly does: 'press'; readonly presses: readonly Press[] }
  | { readonly does: 'hang-up'; readonly at: number };

/** What he says after the tone, and how he ends it. */
export interface Spoken {
  readonly seconds: number;
  /** A key, or he just stops, or he hangs up. */
  readonly ends: string;
}

export interface Read {
  /** The text, normalised as spoken words are. */
  readonly now: string;
  /** Texts read before, oldest first. */
  readonly before: readonly string[];
  readonly name: string | null;
}

/** An answer to a text, `after` seconds. */
export interface Reply {
  readonly body: string;
  readonly after: number;
}

export interface Person {
  /** Whether texts reach this number; else Twilio's code and whether the carrier or the handset refuses. */
  readonly texts:
    | { readonly arrive: true }
    | { readonly arrive: false; readonly status: 'undelivered' | 'failed'; readonly error: number };
  /** Hangs up after so many seconds in which nothing is said. */
  readonly patience: number;
  ring(counts: Counts): Ring;
  /** What is heard when he answers; without it a hello. */
  greets?(counts: Counts): Greeting;
  /** After how many seconds he rings back a call he missed; without it, or null, he does not. */
  ringsBack?(counts: Counts): number | null;
  hear(heard: Heard, counts: Counts): Reaction;
  /** What he says where he is recorded; without it, or null, he says nothing. */
  speak?(heard: Heard, counts: Counts): Spoken | null;
  read(read: Read, counts: Counts): Reply | null;
  /** A name worth remembering in `words`, if there is one. */
  nameIn(words: string): string | null;
}
