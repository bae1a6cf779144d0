import { DateTime } from 'luxon';
import { type DeskStanding, type InterviewReason, reasonToCall } from '../desk/reason.ts';
import { caseDisposition, type Disposition } from '../disposition/disposition.ts';
import type { Daypart } from '../interview/conversation.ts';
import { type Hours, halfDayOf, nextOpening, type Window, windowsFrom } from './calendar.ts';

/**
 * What happens next to a case, from all that was tried so far. Pure and total: the same history gives the same plan,
 * so it can be drawn anew after every fact and a lost plan is no loss.
 */
export interface ContactRules {
  readonly attempts: number;
  readonly minimumDistinctDays: number;
  readonly minimumHoursBetweenAttempts: number;
  readonly smsAfterAttempt: number;
  readonly windows: readonly string[];
  readonly holidays: 'CN' | null;
}

/** Texts may come any day, but not at night (script §8). */
export const textHours: Hours = { windows: ['09:00-20:00'], holidays: null };

export interface PastAttempt {
  readonly channel: 'voice' | 'sms' | 'desk';
  /** null while it is under way. */
  readonly outcome: Disposition | null;
  /** When the carrier was asked, or when it ended if it never was. */
  readonly at: Date;
  readonly endedAt: Date | null;
  /** Our or the carrier's failure: uses up no attempt (method §2, `technical`). */
  readonly spared: boolean;
  /** The carrier took it, so somebody may have been disturbed: the rest between attempts holds whatever came of it. */
  readonly mayHaveRung: boolean;
  /** The shop rang us. */
  readonly inbound?: boolean;
  /** The conversation came to its own end; nothing of it is left to resume. */
  readonly reachedItsEnd: boolean;
  /** When he asked to be called, if he pressed 7. */
  readonly wanted: Daypart | null;
  /** He asked for a person, or keyed no score twice. */
  readonly handOver: 'person' | 'no-score' | null;
}

export interface CaseHistory {
  readonly attempts: readonly PastAttempt[];
  readonly timeZone: string;
  /** A mobile, and somebody carries our texts. */
  readonly textable: boolean;
  readonly proven: boolean;
  readonly optedOut: boolean;
  /** A text may go on where a call broke off: the question it would ask is open. */
  readonly resumable: boolean;
  /** The shop orders or is delivered to then, and is never called (script §2): `2-morning`. */
  readonly halfDays: readonly string[];
  /** Nothing new is begun from here on; null = until every case is final. */
  readonly closesAt: Date | null;
  /** null = nobody sits at a desk: whoever asks for a person is an appointment that was not kept (script §5, 10). */
  readonly desk?: DeskStanding | null;
}

export interface Plan {
  readonly state: 'pending' | 'active' | 'done';
  readonly disposition: Disposition;
  readonly due: { readonly at: Date; readonly channel: 'voice' | 'sms' } | null;
  /** Why a person is to call; the case is not final before he has. */
  readonly desk: InterviewReason | null;
}

/** Failures of ours in a row after which a case is tried once a day only, until somebody has mended the settings. */
const patience = 5;
const afterFailureMinutes = 10;
/** Texts that could not be sent before we go on by telephone. */
const textTries = 2;
const refusedRestDays = 2;

export function plan(history: CaseHistory, now: Date, rules: ContactRules): Plan {
  const outcomes = outcomesThatCount(history.attempts);
  const reached = caseDisposition(outcomes, history.proven);
  const disposition = history.optedOut && !isResponse(reached) ? 'opted-out' : reached;
  const underWay = history.attempts.some(({ outcome }) => outcome === null);
  // Once a person has the case, the machine leaves it alone, also after he has tried in vain.
  const ofTheDesk =
    (history.desk?.tasks.length ?? 0) > 0 || reasonToCall(history, false, rules.smsAfterAttempt) !== null;
  const due = ofTheDesk ? null : beforeClose(nextContact(history, now, rules), history.closesAt);
  const closing = history.closesAt !== null && history.closesAt <= now;
  const desk = closing ? null : reasonToCall(history, !due && !underWay, rules.smsAfterAttempt);
  const state = due || underWay || desk ? (history.attempts.length === 0 ? 'pending' : 'active') : 'done';
  return { state, disposition, due, desk };
}

/** Whoever asked for a person and was then not reached by one stays an appointment (script §5, 10). */
function outcomesThatCount(attempts: readonly PastAttempt[]): Disposition[] {
  const asked = attempts.some(({ handOver }) => handOver === 'person');
  return attempts.flatMap(({ channel, outcome }) =>
    outcome && !(asked && channel === 'desk' && (outcome === 'no-answer' || outcome === 'busy')) ? [outcome] : [],
  );
}

const beforeClose = (due: Plan['due'], closesAt: Date | null): Plan['due'] =>
  due && closesAt && due.at >= closesAt ? null : due;

const isResponse = (disposition: Disposition): boolean => disposition === 'complete' || disposition === 'partial';

function nextContact(history: CaseHistory, now: Date, rules: ContactRules): Plan['due'] {
  const { attempts } = history;
  if (history.optedOut || isOver(attempts)) return null;
  if (attempts.some(({ channel, outcome }) => channel === 'voice' && outcome === null)) return null;
  const calls = attempts.filter(({ channel, spared }) => channel === 'voice' && !spared);
  if (wantsText(history, calls, rules))
    return { channel: 'sms', at: nextOpening(afterFailures(attempts, 'sms', now), history.timeZone, textHours) };
  // A text asks whoever keyed no score; where none can, a person does, and no second call by machine.
  if (calls.some(({ handOver }) => handOver === 'no-score') || !mayCallAgain(calls, rules)) return null;
  const window = nextWindow(history, calls, now, rules);
  return window && { channel: 'voice', at: window.start > now ? window.start : now };
}

/** Something happened after which nobody calls or writes again by machine. */
function isOver(attempts: readonly PastAttempt[]): boolean {
  return attempts.some(
    ({ outcome, reachedItsEnd, handOver }) =>
      outcome === 'complete' ||
      outcome === 'bad-number' ||
      (outcome === 'partial' && reachedItsEnd) ||
      handOver === 'person',
  );
}

/** One text thread a case: after the third call without an answer, or where keys gave no score. Mobiles only. */
function wantsText(
  { attempts, textable, resumable }: CaseHistory,
  calls: readonly PastAttempt[],
  rules: ContactRules,
): boolean {
  const texts = attempts.filter(({ channel }) => channel === 'sms');
  if (!textable || texts.length >= textTries || texts.some(({ spared }) => !spared)) return false;
  const broken = talksIn(attempts).findLast(({ outcome }) => outcome === 'partial');
  // He hung up after the rating, and did not ask to be called later: one question more, in writing (script §5, 11).
  if (broken) return resumable && broken.wanted === null;
  if (calls.some(({ outcome }) => outcome === 'refused')) return false;
  return calls.length >= rules.smsAfterAttempt || calls.some(({ handOver }) => handOver === 'no-score');
}

/** Calls that use up an attempt, and those the shop made itself, which do not: one may break off as the other. */
const talksIn = (attempts: readonly PastAttempt[]): PastAttempt[] =>
  attempts.filter(({ channel, spared, inbound }) => channel === 'voice' && (!spared || inbound));

const hungUp: readonly Disposition[] = ['refused', 'broke-off'];

function mayCallAgain(calls: readonly PastAttempt[], rules: ContactRules): boolean {
  // After a 7 at most two more, also beyond the usual number.
  const asked = calls.findIndex(({ wanted }) => wanted !== null);
  const limit = asked < 0 ? rules.attempts : asked + 1 + 2;
  const hangUps = calls.filter(({ outcome, wanted }) => wanted === null && outcome && hungUp.includes(outcome)).length;
  return calls.length < limit && hangUps < 2;
}

/** How far ahead a window is looked for: over every holiday there is, and every half-day of four weeks. */
const horizonDays = 42;

/**
 * The next window that keeps the rest between attempts, another daypart than the last call's, and leaves room for the
 * calls to fall on enough different days. Its start is brought forward to the moment the rest is over. A shop whose
 * half-days leave no such daypart is called in the other one; one whose half-days leave none at all is not called.
 */
function nextWindow(
  history: CaseHistory,
  calls: readonly PastAttempt[],
  now: Date,
  rules: ContactRules,
): Window | null {
  const { timeZone, halfDays } = history;
  const last = calls.at(-1);
  const talk = talksIn(history.attempts).at(-1);
  const local = (at: Date) => DateTime.fromJSDate(at, { zone: timeZone });
  const dayOf = (at: Date) => local(at).toFormat('yyyy-MM-dd');
  const days = new Set(calls.map(({ at }) => dayOf(at)));
  const callsAfterNext = Math.max(rules.attempts - calls.length - 1, 0);
  const daypart = wantedDaypart(last) ?? (last && (local(last.at).hour < 12 ? 'afternoon' : 'morning'));
  const earliest = earliestAfter(history, last, now, rules);
  const horizon = local(earliest).plus({ days: horizonDays }).toJSDate();
  let inOtherDaypart: Window | null = null;
  for (const window of windowsFrom(earliest, timeZone, rules)) {
    if (window.start > horizon) break;
    const roomForDays = new Set([...days, window.day]).size + callsAfterNext >= rules.minimumDistinctDays;
    const sameDayTwiceAfterHangUp = talk?.outcome === 'partial' && window.day === dayOf(talk.at);
    if (isShopsHalfDay(window, timeZone, halfDays) || !roomForDays || sameDayTwiceAfterHangUp) continue;
    const found = { ...window, start: window.start > earliest ? window.start : earliest };
    if (!daypart || window.daypart === daypart) return found;
    inOtherDaypart ??= found;
  }
  return inOtherDaypart;
}

/** Also one that only reaches into the half-day. */
const isShopsHalfDay = ({ start, end }: Window, timeZone: string, halfDays: readonly string[]): boolean =>
  halfDays.includes(halfDayOf(start, timeZone)) || halfDays.includes(halfDayOf(new Date(end.getTime() - 1), timeZone));

const wantedDaypart = (last: PastAttempt | undefined): Window['daypart'] | null =>
  last?.wanted === 'morning' || last?.wanted === 'afternoon' ? last.wanted : null;

function earliestAfter(
  { attempts, timeZone }: CaseHistory,
  last: PastAttempt | undefined,
  now: Date,
  rules: ContactRules,
): Date {
  const candidates = [afterFailures(attempts, 'voice', now)];
  const endOf = ({ at, endedAt }: PastAttempt) => DateTime.fromJSDate(endedAt ?? at, { zone: timeZone });
  const rung = attempts.findLast(({ channel, mayHaveRung }) => channel === 'voice' && mayHaveRung);
  if (rung) candidates.push(endOf(rung).plus({ hours: rules.minimumHoursBetweenAttempts }).toJSDate());
  if (last?.outcome === 'refused') candidates.push(endOf(last).plus({ days: refusedRestDays }).toJSDate());
  if (last?.wanted === 'morning') candidates.push(endOf(last).plus({ days: 1 }).startOf('day').toJSDate());
  return new Date(Math.max(...candidates.map((at) => at.getTime())));
}

/** Not before the failures in a row have had their time to pass: ten minutes each, and from the fifth on a day. */
function afterFailures(attempts: readonly PastAttempt[], channel: PastAttempt['channel'], now: Date): Date {
  const own = attempts.filter((attempt) => attempt.channel === channel);
  const failures = own.length - 1 - own.findLastIndex(({ spared, inbound }) => !spared || inbound);
  const failed = failures > 0 ? own.at(-1)?.endedAt : null;
  if (!failed) return now;
  const minutes = failures < patience ? failures * afterFailureMinutes : 24 * 60;
  return new Date(Math.max(now.getTime(), failed.getTime() + minutes * 60_000));
}
