import type { CallResult } from '../../survey/disposition/outcome.ts';
import type { CallReport } from '../../survey/fieldwork/call.ts';

/** How far a call had come when it ended: nothing was heard from the trunk, it rang, or somebody answered. */
export type Reached = 'nothing' | 'ringing' | 'answered';

/**
 * Hang-up causes (ITU-T Q.850, and what Asterisk makes of SIP answers) of calls that nobody answered. What is not in
 * the table says nothing of the shop: congestion, a trunk that is down, codecs that do not fit.
 */
const results: Readonly<Record<Exclude<CallResult, 'completed' | 'lost' | 'technical'>, readonly number[]>> = {
  /** 1 unallocated (SIP 404, 485, 604), 22 number changed (410), 28 incomplete or of the wrong form (484). */
  'bad-number': [1, 22, 28],
  /** 17 user busy (486, 600). */
  busy: [17],
  /** 18 no user responding (408), 19 no answer (480, 483), 20 subscriber absent: switched off, or out of reach. */
  'no-answer': [18, 19, 20],
  /** 21 rejected (403, 603). */
  rejected: [21],
  /** 52 and 55: the trunk bars such calls, or such callers. */
  blocked: [52, 55],
};

const byCause = new Map(
  Object.entries(results).flatMap(([result, causes]) =>
    causes.map((cause) => [cause, result as keyof typeof results] as const),
  ),
);

/** Nothing in particular: no cause was given (0), we rang off (16), or the network names none (31). */
const unsaid = [0, 16, 31];

/** What became of a call, from the cause it ended with. One that was answered is completed, whoever rang off, and why. */
export function resultOf(cause: number, reached: Reached): CallResult {
  if (reached === 'answered') return 'completed';
  const result = byCause.get(cause);
  if (result) return result;
  // It rang as long as it was let. Where nothing rang, the trunk is mute, and nothing is known of the shop.
  return unsaid.includes(cause) && reached === 'ringing' ? 'no-answer' : 'technical';
}

/**
 * SIP answers by which a trunk refuses *us*, whoever is called, and how many calls in a row must have been answered so
 * before that is certain. 401 and 407 want a name and a password, or better ones, and 402 wants money. 403 says “no”
 * and not to whom: to our number or address, or to this one shop (a gateway may make it of a shop's own “no” as well,
 * RFC 3398 7.2.4.1), but hardly to three shops one after the other.
 */
export const refusalsOfUs: Readonly<Record<number, number>> = { 401: 1, 402: 1, 407: 1, 403: 3 };

/** What the exchange tells of a call's end. */
export interface Ending {
  /** Q.850. */
  readonly cause: number;
  /** The trunk's final SIP answer; null where the exchange does not tell it, or there was none. */
  readonly sip: number | null;
}

/**
 * A call's end in our words. Asterisk makes cause 21 of a trunk that refuses us as of a shop that declines (401, 402,
 * 403, 407 and 603 alike); only the SIP answer tells them apart, and that a shop rings before it declines.
 */
export function endOf({ cause, sip }: Ending, reached: Reached): CallReport {
  if (sip !== null && refusalsOfUs[sip] !== undefined && reached === 'nothing')
    return { state: 'ended', result: 'technical', errorCode: sip };
  return { state: 'ended', result: resultOf(cause, reached), errorCode: cause || null };
}
