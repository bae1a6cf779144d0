import type { CallResult } from '../../survey/disposition/outcome.ts';

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
