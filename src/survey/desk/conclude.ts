import { audit } from '../../platform/audit.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Database, Query } from '../../platform/database.ts';
import { BadInput, Refused } from '../../platform/errors.ts';
import { type DeskResult, deskResults, outcomeOfDesk, reachedItsEnd } from '../disposition/outcome.ts';
import { enterStopAtDesk } from '../fieldwork/opt-out.ts';
import type { Answers, Conversation } from '../interview/conversation.ts';
import { type Item, itemsFor, overallItem, type Questionnaire } from '../questionnaire/questionnaire.ts';
import { type LastCall, lastCallOf, leaveLine, mayHaveTalked } from './call.ts';
import { ownTask, type Task } from './queue.ts';
import { afterCall, spanOf } from './times.ts';

/** What a person of the desk says when a call is over; the task is done with it, or goes back to the queue. */
export interface ConcludeServices {
  readonly database: Database;
  readonly clock: Clock;
  readonly questionnaire: (id: string) => Promise<Questionnaire>;
}

const isDeskResult = (text: string): text is DeskResult => (deskResults as readonly string[]).includes(text);

/**
 * Ends his call of a task and posts the case to be settled.
 *
 * @returns `done`, or when it is tried again.
 * @throws BadInput for a result there is none of; Refused `not-yours`, `no-call` where he has called nobody yet, or says
 *   of a shop what he cannot know: its telephone did not ring, or nobody answered it.
 */
export async function concludeCall(
  services: ConcludeServices,
  callerId: string,
  taskId: string,
  result: string,
): Promise<'done' | Date> {
  if (!isDeskResult(result))
    throw new BadInput('没有记录 · nothing was recorded', [
      { where: 'result', message: `请选一项结果 · must be one of ${deskResults.join(', ')}` },
    ]);
  const now = services.clock.now();
  return services.database.transaction(async (query) => {
    const task = await ownTask(query, taskId, callerId);
    const call = await lastCallOf(query, { taskId });
    if (!call?.open) throw new Refused('no-call', '还没有拨打 · nobody was called yet');
    if (!canKnow(result, call))
      throw new Refused('no-call', '对方没有接通，不能这样填 · nobody was on the line: this cannot be what came of it');
    const ended = call.attemptId ? await endAttempt(query, call.attemptId, result, now) : null;
    if (call.attemptId && !ended) throw new Refused('no-call', '这次通话已记录 · this call is on record already');
    await leaveLine(query, call.id, now);
    const questionnaire = await services.questionnaire(task.questionnaireId);
    const conversation = ended?.conversation ?? null;
    const outcome = outcomeOfDesk(result, conversation, ended?.answers ?? {}, questionnaire);
    const failed = outcome === 'technical' && (!call.rung || call.result === 'technical');
    const tries = task.attempts + (failed ? 0 : 1);
    const time = { now, timeZone: task.timeZone, hours: questionnaire.desk };
    const next = afterCall(
      { outcome, reachedItsEnd: reachedItsEnd(conversation), wanted: conversation?.wanted ?? null, tries },
      time,
    );
    await query({
      text: `
        UPDATE desk_task SET state = $2::desk_task_state, attempts = $3, outcome = $4, done_at = CASE WHEN $2 = 'done' THEN $5::timestamptz END,
               taken_by = CASE WHEN $2 = 'done' THEN taken_by END, taken_at = CASE WHEN $2 = 'done' THEN taken_at END,
               from_at = coalesce($6, from_at), due_at = coalesce($7, due_at)
        WHERE id = $1`,
      values: [taskId, next ? 'waiting' : 'done', tries, outcome, now, next?.from ?? null, next?.due ?? null],
    });
    if (result === 'opted-out') await enterStopAtDesk(query, task.caseId, now);
    if (outcome === 'language' && task.reason !== 'language')
      await passOn(query, task, callerId, spanOf('language', time), now);
    await query({
      text: `INSERT INTO outbox (topic, case_id, at) VALUES ('ended', $1, $2)`,
      values: [task.caseId, now],
    });
    await audit(query, now, { actor: callerId, action: 'desk.conclude', subject: taskId, detail: { result, outcome } });
    return next ? next.from : 'done';
  });
}

/** What has to have happened before a result can be one. */
const needs: Readonly<Record<DeskResult, 'nothing' | 'ring' | 'talk'>> = {
  finished: 'talk',
  'no-answer': 'ring',
  busy: 'ring',
  refused: 'talk',
  language: 'talk',
  unable: 'talk',
  'bad-number': 'ring',
  'not-eligible': 'talk',
  'opted-out': 'talk',
  technical: 'nothing',
};

const canKnow = (result: DeskResult, call: LastCall): boolean =>
  needs[result] === 'nothing' || (needs[result] === 'ring' ? call.rung : mayHaveTalked(call));

interface Ended {
  readonly conversation: Conversation | null;
  readonly answers: Answers;
}

/** The answers are those of this call, with what was known before: as the case's settling will see it. */
async function endAttempt(query: Query, attemptId: string, result: DeskResult, now: Date): Promise<Ended | null> {
  const [ended] = await query<Ended>({
    text: `
      UPDATE attempt a SET state = 'ended', result = $2, ended_at = $3, touched_at = $3, check_at = NULL
      FROM survey_case c WHERE a.id = $1 AND a.state <> 'ended' AND c.id = a.case_id
      RETURNING a.conversation, CASE WHEN EXISTS (SELECT FROM answer n WHERE n.attempt_id = a.id) THEN c.answers ELSE '{}' END AS answers`,
    values: [attemptId, result, now],
  });
  return ended ?? null;
}

/** Somebody else, who speaks as this shop does, is to call it. */
async function passOn(
  query: Query,
  { caseId }: Task,
  callerId: string,
  { from, due }: { from: Date; due: Date },
  now: Date,
): Promise<void> {
  await query({
    text: `
      INSERT INTO desk_task (id, case_id, reason, created_at, from_at, due_at, not_for)
      VALUES (gen_random_uuid(), $1, 'language', $2, $3, $4, $5) ON CONFLICT (case_id, reason) DO NOTHING`,
    values: [caseId, now, from, due, callerId],
  });
}

/** What somebody said of a number: whether it is the shop's. */
export const numberFindings = ['right', 'wrong', 'unclear'] as const;
export type NumberFinding = (typeof numberFindings)[number];

/** Ends a number check. It changes no number: whoever looks after the roster does. */
export async function concludeNumberCheck(
  { database, clock }: Pick<ConcludeServices, 'database' | 'clock'>,
  callerId: string,
  taskId: string,
  finding: string,
): Promise<void> {
  if (!(numberFindings as readonly string[]).includes(finding))
    throw new BadInput('没有记录 · nothing was recorded', [
      { where: 'finding', message: `请选一项 · must be one of ${numberFindings.join(', ')}` },
    ]);
  const now = clock.now();
  await database.transaction(async (query) => {
    const task = await ownTask(query, taskId, callerId);
    if (task.reason !== 'number-check')
      throw new Refused('no-number-check', '这不是号码核对 · this is no number check');
    await finish(query, taskId, finding, null, now);
    await audit(query, now, { actor: callerId, action: 'desk.number-check', subject: taskId, detail: { finding } });
  });
}

/**
 * Ends a recheck with what was answered this time. The case keeps its answers: a difference opens a review and nothing
 * else (method §3).
 *
 * @param answers by item id, as the form brings them.
 * @throws BadInput where the overall rating is missing or an answer is none.
 */
export async function concludeRecheck(
  services: ConcludeServices,
  callerId: string,
  taskId: string,
  answers: Readonly<Record<string, unknown>>,
): Promise<void> {
  const now = services.clock.now();
  await services.database.transaction(async (query) => {
    const task = await ownTask(query, taskId, callerId);
    if (task.reason !== 'recheck') throw new Refused('no-recheck', '这不是复核 · this is no recheck');
    const call = await lastCallOf(query, { taskId });
    if (!call?.open || !mayHaveTalked(call))
      throw new Refused('no-call', '还没有接通 · nobody of the shop was on the line yet');
    const questionnaire = await services.questionnaire(task.questionnaireId);
    const read = readAnswers(recheckItems(questionnaire, task.rotation), answers, overallItem(questionnaire).id);
    await leaveLine(query, call.id, now);
    await finish(query, taskId, 'complete', read, now);
    await audit(query, now, { actor: callerId, action: 'desk.recheck', subject: taskId });
  });
}

/** What is asked again: all but comments. */
export const recheckItems = (questionnaire: Questionnaire, rotation: number): Item[] =>
  itemsFor(questionnaire, rotation).filter(({ kind }) => kind !== 'comment');

export const bestOf = ({ kind, options }: Item): number =>
  kind === 'rating' ? 5 : kind === 'choice' ? (options ?? 0) : 2;

function readAnswers(items: readonly Item[], given: Readonly<Record<string, unknown>>, overall: string): Answers {
  const faults = [];
  const answers: Record<string, number> = {};
  for (const item of items) {
    const text = given[item.id];
    if (text === undefined || text === '') {
      if (item.id === overall)
        faults.push({ where: item.id, message: '总体评分必填 · the overall rating is required' });
      continue;
    }
    const value = /^[0-9]$/.test(String(text)) ? Number(text) : Number.NaN;
    if (!(value >= (item.id === overall ? 1 : 0) && value <= bestOf(item)))
      faults.push({ where: item.id, message: `不是这一题的答案 · is no answer to this item` });
    else answers[item.id] = value;
  }
  if (faults.length > 0) throw new BadInput('没有记录 · nothing was recorded', faults);
  return answers;
}

async function finish(
  query: Query,
  taskId: string,
  outcome: string,
  answers: Answers | null,
  now: Date,
): Promise<void> {
  await query({
    text: `UPDATE desk_task SET state = 'done', outcome = $2, answers = $3, done_at = $4, attempts = attempts + 1 WHERE id = $1`,
    values: [taskId, outcome, answers && JSON.stringify(answers), now],
  });
}
