import { audit } from '../../platform/audit.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Database, Query } from '../../platform/database.ts';
import { Refused } from '../../platform/errors.ts';
import { halfDayOf, openWindow } from '../fieldwork/calendar.ts';
import type { Language, Questionnaire } from '../questionnaire/questionnaire.ts';
import type { DeskReason } from './reason.ts';

/**
 * The desk's queue. A person takes the most urgent task there is for him now, one at a time: never of his own district
 * (he may know the manager), never a recheck of what he keyed in himself, never outside the desk's hours or in the
 * shop's ordering half-day, and never of a number that said stop or is in a call. Each taking and giving back is on
 * record: who picks until a wanted shop comes is seen.
 */
export interface Caller {
  readonly id: string;
  /** His own district, whose shops he never calls; null = he belongs to none. */
  readonly districtId: string | null;
}

/** A task as he sees it: no name of the shop, no earlier answer, a masked number. */
export interface Task {
  readonly id: string;
  readonly caseId: string;
  readonly roundId: string;
  readonly reason: DeskReason;
  readonly state: 'waiting' | 'taken' | 'done';
  readonly phone: string;
  readonly managerName: string;
  readonly managerId: string;
  readonly language: Language;
  readonly timeZone: string;
  readonly dueAt: Date;
  readonly takenBy: string | null;
  readonly attempts: number;
  readonly outcome: string | null;
  readonly questionnaireId: string;
  readonly rotation: number;
}

const columns = `
  t.id, t.case_id AS "caseId", c.round_id AS "roundId", t.reason, t.state, p.masked AS phone, m.name AS "managerName", m.id AS "managerId",
  s.language, c.time_zone AS "timeZone", t.due_at AS "dueAt", t.taken_by AS "takenBy", t.attempts, t.outcome,
  r.questionnaire_id AS "questionnaireId", c.rotation`;
const tables = `
  desk_task t JOIN survey_case c ON c.id = t.case_id JOIN phone p ON p.id = c.phone_id JOIN retailer s ON s.id = c.retailer_id
  JOIN manager m ON m.id = c.manager_id JOIN round r ON r.id = c.round_id`;

export async function readTask(query: Query, id: string): Promise<Task | null> {
  const [task] = await query<Task>({
    name: 'desk-task',
    text: `SELECT ${columns} FROM ${tables} WHERE t.id = $1`,
    values: [id],
  });
  return task ?? null;
}

/** What he is at. */
export async function taskOf(query: Query, callerId: string): Promise<Task | null> {
  const [task] = await query<Task>({
    name: 'desk-own',
    text: `SELECT ${columns} FROM ${tables} WHERE t.taken_by = $1 AND t.state = 'taken'`,
    values: [callerId],
  });
  return task ?? null;
}

/** His own task. @throws Refused `not-yours` where somebody else has it, or it is over. */
export async function ownTask(query: Query, id: string, callerId: string): Promise<Task> {
  const task = await readTask(query, id);
  if (task?.state === 'taken' && task.takenBy === callerId) return task;
  throw new Refused('not-yours', '这条任务已不在您手里 · this task is not yours any more');
}

interface QueueServices {
  readonly database: Database;
  readonly clock: Clock;
}

interface Waiting {
  readonly id: string;
  readonly dueAt: Date;
  readonly timeZone: string;
  readonly questionnaireId: string;
  readonly halfDays: readonly string[];
  /** It is a call; a number check is not. */
  readonly calls: boolean;
}

/** Tasks looked at in one go: those whose shops may not be called now are passed over, be they ever so many. */
const looked = 200;

/**
 * Takes the next task for this caller, or gives back the one he has.
 *
 * @returns its id, or null: nothing to do now.
 */
export async function takeNext(
  services: QueueServices & { readonly questionnaire: (id: string) => Promise<Questionnaire> },
  caller: Caller,
): Promise<string | null> {
  const { query } = services.database;
  const now = services.clock.now();
  const own = await taskOf(query, caller.id);
  if (own) return own.id;
  let last: Waiting | undefined;
  do {
    const some = await waitingFor(query, caller, now, last);
    for (const task of some)
      if ((await mayBeCalled(services.questionnaire, task, now)) && (await take(services, task.id, caller.id)))
        return task.id;
    last = some[looked - 1];
  } while (last);
  return null;
}

function waitingFor(
  query: Query,
  { id, districtId }: Caller,
  now: Date,
  after: Waiting | undefined,
): Promise<Waiting[]> {
  return query<Waiting>({
    name: 'desk-waiting',
    text: `
      SELECT t.id, t.due_at AS "dueAt", c.time_zone AS "timeZone", r.questionnaire_id AS "questionnaireId",
             c.ordering_half_days || c.delivery_half_days AS "halfDays", t.reason <> 'number-check' AS calls
      FROM ${tables}
      WHERE t.state = 'waiting' AND t.from_at <= $1 AND t.not_for IS DISTINCT FROM $2
        AND ($3::text IS NULL OR m.district_id <> $3)
        AND (t.reason IN ('recheck', 'number-check') OR (c.state <> 'done' AND r.state = 'fielding' AND (r.closes_at IS NULL OR r.closes_at > $1)))
        AND (t.reason = 'number-check' OR (p.opted_out_at IS NULL AND ${idle}))
        AND (t.reason <> 'recheck' OR NOT EXISTS (
          SELECT FROM desk_call d JOIN desk_task own ON own.id = d.task_id WHERE own.case_id = c.id AND d.user_id = $2 AND own.id <> t.id))
        AND ($4::timestamptz IS NULL OR (t.due_at, t.id) > ($4, $5::uuid))
      ORDER BY t.due_at, t.id LIMIT ${looked}`,
    values: [now, id, districtId, after?.dueAt ?? null, after?.id ?? null],
  });
}

/** Nobody is in a call with the number, or about to be. `p` is the phone. */
export const idle = `
  NOT EXISTS (SELECT FROM attempt live WHERE live.phone_id = p.id AND live.channel = 'voice' AND live.state <> 'ended')
  AND NOT EXISTS (SELECT FROM desk_call live WHERE live.phone_id = p.id AND live.state <> 'ended')`;

async function mayBeCalled(
  questionnaire: (id: string) => Promise<Questionnaire>,
  { timeZone, questionnaireId, halfDays, calls }: Waiting,
  now: Date,
): Promise<boolean> {
  if (!calls) return true;
  const { desk } = await questionnaire(questionnaireId);
  return openWindow(now, timeZone, desk) !== null && !halfDays.includes(halfDayOf(now, timeZone));
}

/** One of two who reach for it gets it; the partial index lets nobody hold two. */
function take({ database, clock }: QueueServices, id: string, callerId: string): Promise<boolean> {
  const now = clock.now();
  return database.transaction(async (query) => {
    const taken = await query({
      name: 'desk-take',
      text: `
        UPDATE desk_task SET state = 'taken', taken_by = $2, taken_at = $3
        WHERE id = $1 AND state = 'waiting' AND NOT EXISTS (SELECT FROM desk_task WHERE taken_by = $2 AND state = 'taken') RETURNING id`,
      values: [id, callerId, now],
    });
    if (taken.length > 0) await audit(query, now, { actor: callerId, action: 'desk.take', subject: id });
    return taken.length > 0;
  });
}

/**
 * He called and has not said what came of it; a recheck has no interview that would be open. `t` is the task. One call
 * after the other without a word of it would ring a shop as often as he likes.
 */
export const unsaid = `
  EXISTS (SELECT FROM desk_call d LEFT JOIN attempt a ON a.id = d.attempt_id
          WHERE d.task_id = t.id AND coalesce(a.state <> 'ended', d.dialed_at >= t.taken_at))`;

/**
 * Puts a task back for somebody else, and posts its case: the shop may have answered by itself meanwhile. Not while a
 * call of it is up.
 */
export async function giveBack({ database, clock }: QueueServices, id: string, callerId: string): Promise<void> {
  const now = clock.now();
  await database.transaction(async (query) => {
    const given = await query({
      text: `
        WITH given AS (
          UPDATE desk_task t SET state = 'waiting', taken_by = NULL, taken_at = NULL
          WHERE id = $1 AND state = 'taken' AND taken_by = $2
            AND NOT EXISTS (SELECT FROM desk_call d WHERE d.task_id = t.id AND d.state <> 'ended') AND NOT ${unsaid}
          RETURNING id, case_id
        ), posted AS (
          INSERT INTO outbox (topic, case_id, at) SELECT 'given-back', case_id, $3 FROM given
        )
        SELECT id FROM given`,
      values: [id, callerId, now],
    });
    if (given.length === 0) throw callIsUp();
    await audit(query, now, { actor: callerId, action: 'desk.give-back', subject: id });
  });
}

export const callIsUp = () =>
  new Refused('call-is-up', '请先填写这一次通话的结果 · say first what became of this call');

/** How much there is to do, by reason: for this caller, waiting by now, and of that overdue. */
export interface Load {
  readonly reason: DeskReason;
  readonly waiting: number;
  readonly later: number;
  readonly overdue: number;
}

export function readLoad(query: Query, districtId: string | null, now: Date): Promise<Load[]> {
  return query<Load>({
    name: 'desk-load',
    text: `
      SELECT t.reason, count(*) FILTER (WHERE t.from_at <= $1)::int AS waiting, count(*) FILTER (WHERE t.from_at > $1)::int AS later,
             count(*) FILTER (WHERE t.due_at < $1)::int AS overdue
      FROM desk_task t JOIN survey_case c ON c.id = t.case_id JOIN manager m ON m.id = c.manager_id
      WHERE t.state = 'waiting' AND ($2::text IS NULL OR m.district_id <> $2) GROUP BY 1 ORDER BY 1`,
    values: [now, districtId],
  });
}

/** Tasks by id, for programs. */
export function listTasks(query: Query, after: string | null, limit: number): Promise<Task[]> {
  return query<Task>({
    text: `SELECT ${columns} FROM ${tables} WHERE $1::uuid IS NULL OR t.id > $1 ORDER BY t.id LIMIT $2`,
    values: [after, limit],
  });
}
