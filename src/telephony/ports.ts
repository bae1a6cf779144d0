import type { CallResult } from '../survey/disposition/outcome.ts';
import type { CallReport } from '../survey/fieldwork/call.ts';
import type { Language, TextId } from '../survey/questionnaire/questionnaire.ts';

/**
 * How retailers are reached, whoever carries it. Two ports, because no carrier in mainland China has both: calls, and
 * texts. An adapter says in these words what its carrier did; it decides nothing and remembers nothing.
 */
export interface VoicePort {
  /** Name of the carrier, under which its pace is kept. */
  readonly carrier: string;
  /** The numbers of ours that shops may be called from, E.164; at least one. */
  readonly numbers: readonly string[];
  /** Asks for a call. Never throws for anything the carrier or the network did. */
  place(call: OutgoingCall): Promise<Placing>;
  /**
   * Asks for a call to a person of the desk, whose answer asks us whom to connect him with. Same promises as `place`.
   */
  connect(call: DeskCall): Promise<Placing>;
  /**
   * Ends a call, whether it rings or is spoken in; its end is reported as any other. One that is over, or that the
   * carrier does not know, stays as it is. @throws where the carrier can't be asked.
   */
  hangUp(carrierId: string): Promise<void>;
  /**
   * Breaks off what is being said in a live call: it goes on with the reply of this turn, which was taken by something
   * else than what it heard. A call that is over stays so. @throws where the carrier can't be asked.
   */
  interrupt(carrierId: string, attemptId: string, turn: number): Promise<void>;
  /**
   * Calls to `to` that were asked for at or after `since`, the latest first.
   *
   * @param from only those from this number of ours; null = from any of them.
   * @throws where the carrier can't be asked.
   */
  callsTo(to: string, since: Date, from: string | null): Promise<KnownCall[]>;
  /** How one call stands. null = the carrier knows none of that id. @throws where the carrier can't be asked. */
  call(carrierId: string): Promise<KnownCall | null>;
  /** What was recorded in one call. @throws where the carrier can't be asked. */
  recordingsOf(carrierId: string): Promise<KnownRecording[]>;
  /** A recording as WAV. null = the carrier has none of that id, or not yet. @throws where the carrier can't be asked. */
  audioOf(recordingId: string): Promise<Buffer | null>;
  /** Deletes a recording for good; one that is gone already is as well. @throws where the carrier can't be asked. */
  deleteRecording(recordingId: string): Promise<void>;
  /**
   * What was charged for calls that were asked for between the two, as far as that is settled. Left out where the
   * carrier tells no prices. @throws where the carrier can't be asked.
   */
  prices?(since: Date, until: Date): Promise<Price[]>;
  /** @throws where the carrier does not answer or does not know us. */
  health(): Promise<void>;
}

export interface Price {
  readonly carrierId: string;
  /** A decimal as the carrier writes it, without a sign: `0.0140`. */
  readonly amount: string;
  /** ISO 4217. */
  readonly unit: string;
}

export interface KnownRecording {
  readonly recordingId: string;
  readonly seconds: number;
}

export interface OutgoingCall {
  readonly attemptId: string;
  /** E.164. The only place where it stands in clear. */
  readonly to: string;
  /** The number of ours that he sees, one of the port's. */
  readonly from: string;
  readonly ringSeconds: number;
  readonly limitSeconds: number;
}

export interface DeskCall {
  readonly callId: string;
  /** E.164: the caller's own telephone. */
  readonly to: string;
  /** The number of ours that both ends see, one of the port's. */
  readonly from: string;
  readonly ringSeconds: number;
  /** Of the whole call, the shop's end included. */
  readonly limitSeconds: number;
}

/**
 * What became of asking. `refused`: the carrier said no, the phone certainly did not ring. `unknown`: anything else;
 * the call may have gone out, so it is looked up and never asked for again.
 */
export type Placing =
  | { readonly kind: 'placed'; readonly carrierId: string }
  | {
      readonly kind: 'refused';
      readonly result: Exclude<CallResult, 'completed' | 'lost'>;
      readonly errorCode: number | null;
      /** The carrier's code, where it is a word (`isv.AMOUNT_NOT_ENOUGH`). */
      readonly errorName?: string;
      /** Set where nothing is said against this number, and the next one would be refused alike. */
      readonly trouble?: Trouble;
      /** He told the carrier that he wants nothing of us any more. */
      readonly optedOut?: true;
    }
  | { readonly kind: 'unknown'; readonly reason: string };

/**
 * Why a carrier takes nothing from us for now, whoever is to be reached: `settings` until somebody has mended ours,
 * `busy` until it has had a rest (too many requests, an outage it tells us of, nobody listening).
 */
export type Trouble = 'settings' | 'busy';

export interface KnownCall {
  readonly carrierId: string;
  readonly report: CallReport;
}

export interface TextPort {
  readonly carrier: string;
  /** Ours, to send from; left out where the carrier chooses. */
  readonly numbers?: readonly string[];
  /** Sends one text. Never throws for anything the carrier or the network did. */
  send(text: OutgoingText): Promise<Placing>;
  /**
   * Texts from us to `to` that were asked for at or after `since`, as far as the carrier can tell.
   * @throws where the carrier can't be asked.
   */
  textsTo(to: string, since: Date): Promise<KnownText[]>;
  /**
   * How a text stands with a carrier that sends only what it has approved. Left out where any words may be sent.
   * @throws where the carrier can't be asked.
   */
  registration?(template: Pick<TextTemplate, 'id' | 'language' | 'words'>): Promise<Registration>;
  /** As of calls: what was charged for texts. */
  prices?(since: Date, until: Date): Promise<Price[]>;
  /** @throws where the carrier does not answer or does not know us. */
  health(): Promise<void>;
}

export interface OutgoingText {
  readonly messageId: string;
  /** E.164. The only place where it stands in clear. */
  readonly to: string;
  /** One of the port's numbers, where it has any. */
  readonly from?: string;
  /** Every word of it, signature included. */
  readonly body: string;
  /** The same for carriers that send nothing but templates they have approved. */
  readonly template: TextTemplate;
}

export interface TextTemplate {
  readonly id: TextId;
  readonly language: Language;
  /** As it is registered: without the signature, what differs from text to text left open as `${manager}`. */
  readonly words: string;
  /** What fills what is left open. */
  readonly values: Readonly<Record<string, string>>;
}

/** `code` is the carrier's name for the template. */
export type Registration =
  | { readonly status: 'approved' | 'in-review' | 'rejected' | 'other-words'; readonly code: string }
  | { readonly status: 'no-code'; readonly code: null };

export interface KnownText {
  /** null = the carrier does not say under which id it knows the text. */
  readonly carrierId: string | null;
  /** Our own id, where the carrier keeps it: then there is no doubt which text it is. */
  readonly messageId?: string;
  readonly report: TextReport;
}

/** What a carrier says became of a text of ours. */
export type TextReport =
  | { readonly state: 'sent' | 'delivered' }
  | {
      readonly state: 'failed';
      readonly result: 'bad-number' | 'blocked' | 'technical';
      readonly errorCode: number | null;
      /** The carrier's code, where it is a word. */
      readonly errorName?: string;
      /** He told the carrier that he wants nothing of us any more. */
      readonly optedOut?: true;
    };
