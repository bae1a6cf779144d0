import type { CaseHistory, PastAttempt } from '../fieldwork/plan.ts';

/**
 * Which cases a person calls (script §5–7, §10), from all that was tried so far. Pure, like the plan it is a part of.
 * The machine goes first; the desk is for whom it cannot reach, and for whom the draw chose among the silent.
 */
export const interviewReasons = [
  'person-wanted',
  'no-keypad',
  'language',
  'landline',
  'hung-up-twice',
  'not-rated',
  'silent-sample',
] as const;
/** Why a person puts the questions of a case. */
export type InterviewReason = (typeof interviewReasons)[number];

/** `number-check`: whether the number is the shop's at all. `recheck`: somebody who answered is asked once more. */
export const deskReasons = [...interviewReasons, 'number-check', 'recheck'] as const;
export type DeskReason = (typeof deskReasons)[number];

/** What the desk knows of a case. */
export interface DeskStanding {
  /** No text can reach it. */
  readonly landline: boolean;
  /** Why a person calls if nobody is reached; null = the draw did not choose it. */
  readonly ifSilent: InterviewReason | null;
  /** The tasks it has had, to put its questions. */
  readonly tasks: readonly { readonly reason: InterviewReason; readonly done: boolean }[];
}

/** Calls that were answered without a key or a word, after which a landline is not tried by machine again. */
const silentCalls = 2;

/**
 * Why a person is to call, or null. One task to its end is all a case gets: a shop that its person could not reach in
 * three calls is left alone.
 *
 * @param machineIsDone no further call or text is planned or under way.
 */
export function reasonToCall(
  { attempts, optedOut, desk }: Pick<CaseHistory, 'attempts' | 'optedOut' | 'desk'>,
  machineIsDone: boolean,
  smsAfterAttempt: number,
): InterviewReason | null {
  if (!desk || optedOut || isSettled(attempts)) return null;
  const wanted = attempts.some(({ handOver }) => handOver === 'person');
  // He gave his rating: only somebody who asked for a person is called for the rest.
  if (!wanted && attempts.some(({ outcome }) => outcome === 'partial')) return null;
  if (desk.tasks.length > 0) return desk.tasks.find(({ done }) => !done)?.reason ?? null;
  if (wanted) return 'person-wanted';
  const calls = attempts.filter(({ channel, spared, outcome }) => channel === 'voice' && !spared && outcome !== null);
  const silent = calls.filter(({ outcome }) => outcome === 'silent').length;
  if (desk.landline && silent >= silentCalls) return 'no-keypad';
  if (desk.landline && calls.length >= smsAfterAttempt) return 'landline';
  if (!machineIsDone) return null;
  if (calls.some(({ handOver }) => handOver === 'no-score') || silent >= silentCalls) return 'no-keypad';
  if (calls.filter(hungUp).length >= 2) return 'hung-up-twice';
  return desk.ifSilent;
}

const hungUp = ({ outcome, wanted }: PastAttempt): boolean =>
  wanted === null && (outcome === 'refused' || outcome === 'broke-off');

/** Nothing a person could ask for any more: all is answered, said no to, or the number is not the shop's. */
const isSettled = (attempts: readonly PastAttempt[]): boolean =>
  attempts.some(
    ({ channel, outcome, reachedItsEnd }) =>
      outcome === 'complete' ||
      outcome === 'bad-number' ||
      (outcome === 'partial' && reachedItsEnd) ||
      (channel === 'desk' && (outcome === 'refused' || outcome === 'unable' || outcome === 'not-eligible')),
  );
