import type { Language, Questionnaire } from '../questionnaire/questionnaire.ts';

/**
 * The spoken interview as a pure machine: what was heard goes in, what is said next and what is to be recorded comes
 * out. It knows no carrier: Twilio says it as TwiML, an exchange plays it, a screen shows it. Time is an argument.
 *
 *   place     where in the conversation we stand
 *   turn      one input and the reply to it; its number, and that it is taken once, is the caller's business
 *   fault     a silence or a useless key at a question, counted together; the third ends the question
 *   effect    something to record; nothing has happened until the caller has recorded it
 */
export type Input =
  | { readonly kind: 'answered' }
  | { readonly kind: 'key'; readonly key: Key }
  | { readonly kind: 'silence' }
  /** A message was recorded: its id at the carrier, how long it is, and what ended it; `silence` also at its longest. */
  | { readonly kind: 'recorded'; readonly id: string; readonly seconds: number; readonly endedBy: RecordingEnd }
  /** What he said in his own words, written down by the person who asked. */
  | { readonly kind: 'words'; readonly text: string }
  /** What the carrier's ear made of who answered. It comes at any moment of a call, or never. */
  | { readonly kind: 'detected'; readonly who: Detected }
  /** Somebody spoke where a voice is waited for; `asksToWait`: an assistant did. What was said is kept nowhere. */
  | { readonly kind: 'voice'; readonly asksToWait: boolean }
  | { readonly kind: 'hang-up' }
  | { readonly kind: 'time-out' };

export const keys = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', '*', '#'] as const;
export type Key = (typeof keys)[number];

/**
 * Who answered. A `voicemail` has given its tone and records; an `assistant` screens calls for its owner, said its piece
 * and waits for ours. Whoever cannot be told apart is a person.
 */
export type Detected = 'person' | 'voicemail' | 'assistant' | 'fax';

export type RecordingEnd = Key | 'silence' | 'hang-up';

/** Current answer to each item by its id; 0 = not applicable or hard to say. Survives attempts and channels. */
export type Answers = Readonly<Record<string, number>>;

export type Ending =
  | 'finished'
  | 'opted-out'
  | 'appointment'
  | 'person'
  | 'silent'
  | 'no-score'
  | 'hung-up'
  | 'time-out'
  | 'voicemail'
  /** An assistant was told who we are, and nobody came. */
  | 'screened'
  | 'fax';

export type Place =
  | ({ readonly is: 'greeting' } & SaidAgain)
  | ({ readonly is: 'question'; readonly item: number } & Tries)
  | ({ readonly is: 'read-back'; readonly item: number } & SaidAgain)
  /** The announcement is said, and then what he says is recorded. */
  | ({ readonly is: 'recording'; readonly item: number } & SaidAgain)
  | ({ readonly is: 'later' } & SaidAgain)
  /** The opt-out is recorded already; # until `until` (epoch ms) takes it back and returns to `from`. */
  | { readonly is: 'stopping'; readonly from: Place; readonly until: number }
  | { readonly is: 'person' }
  /** An assistant was told who we are; a key or a voice is its owner, who is asked without the greeting. */
  | ({ readonly is: 'screened'; readonly waits?: number } & SaidAgain)
  /** `after`: the question that was put last; # goes back to it. */
  | ({ readonly is: 'farewell'; readonly after?: number } & SaidAgain)
  | { readonly is: 'over'; readonly because: Ending };

/** How often * was pressed here. */
interface SaidAgain {
  readonly stars?: number;
}

/** What went wrong so far at one question. */
interface Tries extends SaidAgain {
  readonly silences: number;
  readonly faults: number;
  /** 0 was keyed at the overall question and a score was asked for once more. */
  readonly zeroAsked: boolean;
  /** It was answered when it was asked: he came back to it. */
  readonly again?: boolean;
}

/** Where one attempt stands. Plain data, so that it can lie in the database between two turns. */
export interface Conversation {
  readonly place: Place;
  readonly language: Language;
  readonly startedAt: number;
  /** Before this moment (epoch ms) a rating at the overall question is a slip: the scale has not been named yet. */
  readonly ratingsFrom: number;
  /** Some key was pressed in this attempt: a person is there. */
  readonly keyed: boolean;
  readonly lastKey: { readonly key: Key; readonly at: number } | null;
  /** When he asked to be called, once he did. */
  readonly wanted: Daypart | null;
  /** Questions given up one after the other. */
  readonly skipped: number;
}

export type Effect =
  | { readonly kind: 'answer'; readonly item: string; readonly value: number }
  | { readonly kind: 'opt-out' }
  | { readonly kind: 'opt-out-undone' }
  | { readonly kind: 'appointment'; readonly daypart: Daypart }
  | { readonly kind: 'person-wanted' }
  /** Unnamed: whoever helps is not to learn which shop it is. */
  | { readonly kind: 'follow-up-wanted'; readonly unnamed?: true }
  /** Something in his own words. Sealed where it is kept: it may name him. */
  | { readonly kind: 'comment'; readonly text: string }
  /** The same, spoken: it lies with the carrier under this id until it has been fetched. */
  | { readonly kind: 'voice-message'; readonly id: string; readonly seconds: number };

export type Daypart = 'morning' | 'afternoon' | 'any';

/** A clip to say; `values` fill its variables (`score`, `remaining`), names of people are the renderer's. */
export interface Utterance {
  readonly clip: string;
  readonly slow?: true;
  readonly values?: Readonly<Record<string, number>>;
}

export interface Reply {
  /** Silence before the first word, in seconds: the phone goes back to the ear. */
  readonly pauseSeconds: number;
  readonly say: readonly Utterance[];
  /** How long to wait for one key after the last word; a key may also come earlier. null = hang up after the last word. */
  readonly listenSeconds: number | null;
  /** A voice ends the wait as well. */
  readonly hearsVoice?: true;
  /** What is said after that is recorded, from a beep on. */
  readonly record?: { readonly longestSeconds: number; readonly silenceSeconds: number };
}

export interface Interview {
  readonly conversation: Conversation | null;
  readonly answers: Answers;
}

export interface Decision {
  readonly conversation: Conversation;
  readonly reply: Reply;
  readonly effects: readonly Effect[];
}

export interface Setting {
  readonly questionnaire: Questionnaire;
  readonly language: Language;
  readonly now: Date;
  /** The last digit of the case's ticket: which of the rotating items it is asked. */
  readonly rotation: number;
  /** The shop has another manager by now than the one it is asked about. */
  readonly managerChanged: boolean;
  /** The shop rang us: it is greeted as one that rings back. */
  readonly inbound?: boolean;
  /**
   * A person of the desk reads the words and keys in what he is told (script §7): nothing is a slip or an echo, nothing is
   * timed or read back by machine, silence means that no answer was given, and nobody else is to call.
   */
  readonly byPerson?: boolean;
  /** His number said stop; where this conversation did not, he did so elsewhere, since he was called. */
  readonly optedOut?: boolean;
  /** A voicemail of this case has our message already (W1, once a case). */
  readonly messageLeft?: boolean;
  /** When a person of the desk can call, for the promise after 8. */
  readonly desk: Desk;
}

/** Within half a day, tomorrow morning, or on the morning of the next working day. */
export type Desk = 'open' | 'tomorrow' | 'next-workday';
