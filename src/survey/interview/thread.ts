import { DateTime } from 'luxon';
import { never } from '../../platform/errors.ts';
import { type Item, overallItem, type Questionnaire, type Step, type TextId } from '../questionnaire/questionnaire.ts';
import type { Answers, Effect } from './conversation.ts';
import { type Meaning, read } from './reading.ts';

/**
 * The same interview in writing: few questions, one at a time, answered in the forms people type. Pure, as the spoken
 * one; a text carries no turn number, so the carrier's message id is what keeps a reply from counting twice. Answers
 * belong to the case: what was answered on the telephone is not asked again.
 */
export type Thread =
  | {
      readonly is: 'asked';
      /** The question last put. */
      readonly item: string;
      /** It goes on where a call broke off, and ends with this question. */
      readonly resumed: boolean;
      /** How often the reply to it was not understood. */
      readonly misread: number;
      /** He asked who we are, and was told. */
      readonly identified: boolean;
      readonly ratedAt: number | null;
    }
  | {
      readonly is: 'over';
      readonly because: 'finished' | 'opted-out' | 'misread' | 'person' | 'closed';
      /** He wrote after the end and was told so; from then on we are silent. */
      readonly told: boolean;
      readonly ratedAt: number | null;
      /** The question he was left with: his answer to it still counts. */
      readonly open?: string;
    };

type Asked = Extract<Thread, { is: 'asked' }>;

export interface WrittenDecision {
  readonly thread: Thread;
  /** The text to send back, or null to stay silent. */
  readonly send: TextId | null;
  readonly effects: readonly Effect[];
}

export interface WrittenSetting {
  readonly questionnaire: Questionnaire;
  /** Of the case, from whichever channel. */
  readonly answers: Answers;
  readonly now: Date;
  /** Where the shop is: a rating is corrected the same day. */
  readonly timeZone: string;
  /** The round still takes answers. */
  readonly open: boolean;
  /** His number said stop, in whatever channel: nothing is asked and nothing is stored any more. */
  readonly optedOut: boolean;
  /** It did so in a call that is still on, and may take it back there. */
  readonly mayBeUndone?: boolean;
}

/** A thread as its first text leaves it. */
export function beginThread({ thread }: Questionnaire, firstText: TextId): Asked {
  const resumed = thread.find(({ resume }) => resume === firstText);
  const item = (resumed ?? thread.find(({ ask }) => ask === firstText) ?? thread[0])?.item ?? '';
  return { is: 'asked', item, resumed: resumed !== undefined, misread: 0, identified: false, ratedAt: null };
}

/** One text in. An opt-out counts at any time; whatever else comes after the end changes nothing but a slip. */
export function decideText(thread: Thread, text: string, setting: WrittenSetting): WrittenDecision {
  const { questionnaire } = setting;
  const step = thread.is === 'asked' ? stepOf(questionnaire, thread.item) : null;
  const item = step ? itemOf(questionnaire, step) : overallItem(questionnaire);
  const meaning = read(text, item);
  if (meaning.kind === 'stop') return stop(thread, setting.optedOut && !setting.mayBeUndone);
  if (setting.optedOut) return { thread: over(thread, 'opted-out', true), send: null, effects: [] };
  if (!setting.open) return afterClose(thread);
  if (thread.is === 'over' || !step)
    return lateAnswer(thread, text, setting) ?? afterEnd(thread, meaning, text, setting);
  if (isAnswered(item, setting.answers)) return answeredElsewhere(thread, setting);
  return atQuestion(thread, step, item, meaning, text, setting);
}

function atQuestion(
  thread: Asked,
  step: Step,
  item: Item,
  meaning: Exclude<Meaning, { kind: 'stop' }>,
  text: string,
  setting: WrittenSetting,
): WrittenDecision {
  switch (meaning.kind) {
    case 'answer':
      return answered(thread, item, meaning.value, setting);
    case 'correction':
      if (item.overall) return answered(thread, item, meaning.value, setting);
      return mayCorrect(thread, setting)
        ? { thread, send: 'SG', effects: [rating(meaning.value, setting)] }
        : misread(thread, step.unclear);
    case 'eight':
      return step.eight === 'follow-up'
        ? { thread: over(thread, 'finished', true), send: 'SE2', effects: [{ kind: 'follow-up-wanted' }] }
        : handOver(thread, 'person');
    case 'off-scale':
      return misread(thread, step.offScale ?? step.unclear);
    case 'who-are-you':
      return step.whoAreYou && !thread.identified
        ? { thread: { ...thread, identified: true }, send: step.whoAreYou, effects: [] }
        : misread(thread, step.unclear);
    case 'sentence': {
      const said: Effect = { kind: 'comment', text };
      if (item.kind === 'comment') return withEffects([said], answered(thread, item, 1, setting));
      return withEffects([said], misread(thread, step.sentence ?? step.unclear));
    }
    case 'unclear':
      return misread(thread, step.unclear);
    default:
      return never(meaning);
  }
}

/** The answer, and the next question that is open; after a resumed one there is none. */
function answered(thread: Asked, item: Item, value: number, setting: WrittenSetting): WrittenDecision {
  const { questionnaire, now } = setting;
  const answers = { ...setting.answers, [item.id]: value };
  const rated = item.overall ? { ...thread, ratedAt: now.getTime() } : thread;
  const effects: Effect[] = [{ kind: 'answer', item: item.id, value }];
  const at = questionnaire.thread.findIndex((step) => step.item === thread.item);
  const next = questionnaire.thread.find(
    (step, index) => index > at && !isAnswered(itemOf(questionnaire, step), answers),
  );
  if (!next || thread.resumed) return { thread: over(rated, 'finished'), send: 'S9', effects };
  return { thread: { ...rated, item: next.item, misread: 0 }, send: next.ask, effects };
}

/** The telephone was quicker: what is left is asked for, or he is thanked. */
function answeredElsewhere(thread: Asked, { questionnaire, answers }: WrittenSetting): WrittenDecision {
  const next = questionnaire.thread.find((step) => !isAnswered(itemOf(questionnaire, step), answers));
  if (!next?.resume) return { thread: over(thread, 'finished', true), send: 'SD', effects: [] };
  return { thread: { ...thread, item: next.item, resumed: true, misread: 0 }, send: next.resume, effects: [] };
}

/** What is not understood is explained once; then a person calls. */
function misread(thread: Asked, explanation: TextId): WrittenDecision {
  if (thread.misread > 0) return handOver(thread, 'misread');
  return { thread: { ...thread, misread: 1 }, send: explanation, effects: [] };
}

const handOver = (thread: Asked, because: 'person' | 'misread'): WrittenDecision => ({
  thread: { ...over(thread, because, true), open: thread.item },
  send: 'SE2',
  effects: [{ kind: 'person-wanted' }],
});

/**
 * The question he was left with when a person was promised, answered after all: a lost answer is a failure, so it is
 * stored. Nothing is sent back, he was told that no reply is needed; the person may still call.
 */
function lateAnswer(thread: Thread, text: string, setting: WrittenSetting): WrittenDecision | null {
  if (thread.is !== 'over' || thread.open === undefined) return null;
  const step = stepOf(setting.questionnaire, thread.open);
  const item = step && itemOf(setting.questionnaire, step);
  if (!item || isAnswered(item, setting.answers)) return null;
  const meaning = read(text, item);
  if (meaning.kind !== 'answer' && !(meaning.kind === 'correction' && item.overall)) return null;
  return {
    thread: item.overall ? { ...thread, ratedAt: setting.now.getTime() } : thread,
    send: null,
    effects: [{ kind: 'answer', item: item.id, value: meaning.value }],
  };
}

/** @param already his number is stopped. How the thread ended says nothing: he may have taken it back since. */
function stop(thread: Thread, already: boolean): WrittenDecision {
  return {
    thread: over(thread, 'opted-out', true),
    send: already ? null : 'SX',
    effects: already ? [] : [{ kind: 'opt-out' }],
  };
}

/** Said once, and nothing counts any more. */
function afterClose(thread: Thread): WrittenDecision {
  const told = thread.is === 'over' && (thread.because === 'closed' || thread.because === 'opted-out');
  return told ? { thread, send: null, effects: [] } : { thread: over(thread, 'closed', true), send: 'SL', effects: [] };
}

/** A slip may still be put right, and what somebody has to say is kept; everything else is thanked for once. */
function afterEnd(
  thread: Thread,
  meaning: Exclude<Meaning, { kind: 'stop' }>,
  text: string,
  setting: WrittenSetting,
): WrittenDecision {
  const optedOut = thread.is === 'over' && thread.because === 'opted-out';
  if (meaning.kind === 'correction' && !optedOut && mayCorrect(thread, setting))
    return { thread, send: 'SG', effects: [rating(meaning.value, setting)] };
  const effects: Effect[] = meaning.kind === 'sentence' ? [{ kind: 'comment', text }] : [];
  if (thread.is !== 'over' || thread.told) return { thread, send: null, effects };
  return { thread: { ...thread, told: true }, send: 'SD', effects };
}

const rating = (value: number, { questionnaire }: WrittenSetting): Effect => ({
  kind: 'answer',
  item: overallItem(questionnaire).id,
  value,
});

/** A rating given in this thread, the same day, while texts are welcome. */
function mayCorrect({ ratedAt }: Thread, { now, timeZone, questionnaire }: WrittenSetting): boolean {
  if (ratedAt === null) return false;
  const local = DateTime.fromJSDate(now, { zone: timeZone });
  const sameDay = local.hasSame(DateTime.fromMillis(ratedAt, { zone: timeZone }), 'day');
  return sameDay && local.toFormat('HH:mm') < questionnaire.limits.correctUntil;
}

/** At the overall item a 0 is no answer yet. */
const isAnswered = (item: Item, answers: Answers): boolean => {
  const value = answers[item.id];
  return value !== undefined && !(item.overall && value === 0);
};

/** Nothing that a thread would ask is open. */
export const threadIsAnswered = (questionnaire: Questionnaire, answers: Answers): boolean =>
  questionnaire.thread.every((step) => isAnswered(itemOf(questionnaire, step), answers));

/** A text that goes on where a call broke off would ask what is still open. */
export const mayResume = (questionnaire: Questionnaire, answers: Answers): boolean =>
  questionnaire.thread.some((step) => step.resume && !isAnswered(itemOf(questionnaire, step), answers));

const over = (
  { ratedAt }: Thread,
  because: Extract<Thread, { is: 'over' }>['because'],
  told = false,
): Extract<Thread, { is: 'over' }> => ({ is: 'over', because, told, ratedAt });

const withEffects = (effects: readonly Effect[], decision: WrittenDecision): WrittenDecision => ({
  ...decision,
  effects: [...effects, ...decision.effects],
});

const stepOf = ({ thread }: Questionnaire, item: string): Step | null =>
  thread.find((step) => step.item === item) ?? null;

function itemOf({ items }: Questionnaire, step: Step): Item {
  const item = items.find(({ id }) => id === step.item);
  if (!item) throw new Error(`the questionnaire has no item ${step.item}`);
  return item;
}
