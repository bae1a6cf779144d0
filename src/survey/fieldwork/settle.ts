import type { Clock } from '../../platform/clock.ts';
import type { Database, Query } from '../../platform/database.ts';
import { grouped } from '../../platform/grouped.ts';
import type { DeskStanding, InterviewReason } from '../desk/reason.ts';
import { recordTasks, type TaskFacts } from '../desk/tasks.ts';
import type { Disposition } from '../disposition/disposition.ts';
import {
  type CallResult,
  type DeskResult,
  outcomeOfCall,
  outcomeOfDesk,
  outcomeOfThread,
  reachedItsEnd,
  responseOf,
} from '../disposition/outcome.ts';
import { provenNumber } from '../disposition/progress.ts';
import type { Answers, Conversation } from '../interview/conversation.ts';
import { mayResume, type Thread, threadIsAnswered } from '../interview/thread.ts';
import { applyInvalidationRules } from '../quality/invalidate.ts';
import type { Questionnaire } from '../questionnaire/questionnaire.ts';
import { noticeMissedCalls } from './notice.ts';
import { type CaseHistory, type ContactRules, type PastAttempt, plan } from './plan.ts';

/**
 * Draws conclusions from facts: webhooks and jobs record what happened and post the case to the outbox; here its
 * outcomes, disposition and next contact are worked out anew from everything known of it. Posting a case twice, or
 * settling it twice, changes nothing. Outbox lines go in the same transaction as the conclusions come.
 */
export interface SettleServices {
  readonly database: Database;
  readonly clock: Clock;
  readonly questionnaire: (id: string) => Promise<Questionnaire>;
  readonly contactRules: (ruleSetId: string) => Promise<ContactRules>;
  /** Somebody carries our texts. */
  readonly texts: boolean;
}

export interface Settled {
  readonly cases: number;
  /** There was more than one batch holds. */
  readonly more: boolean;
  /**
   * Rounds in which a manager's every case is final now: either he gets a further wave, or the round may be over. Also
   * those whose time is up.
   */
  readonly finishedRounds: readonly string[];
}

const batch = 500;
/** Any number that is nobody else's: one settler at a time, so that no conclusion is overwritten by an older one. */
const settlersLock = 7_310_001;

export async function settle(services: SettleServices): Promise<Settled> {
  const now = services.clock.now();
  return services.database.transaction(async (query) => {
    await query({ text: 'SELECT pg_advisory_xact_lock($1)', values: [settlersLock] });
    const posted = await takePosted(query);
    if (posted.lines === 0) return { cases: 0, more: false, finishedRounds: [] };
    const cases = await findCases(query, posted.caseIds);
    await closeAnsweredThreads(services, query, cases, now);
    const attempts = grouped(await findAttempts(query, posted.caseIds), ({ caseId }) => caseId);
    const staffed = await deskIsStaffed(query);
    const settled = await Promise.all(
      cases.map((one) => conclude(services, one, attempts.get(one.id) ?? [], now, staffed)),
    );
    await recordOutcomes(
      query,
      settled.flatMap(({ outcomes }) => outcomes),
    );
    await recordPlans(query, settled, now);
    if (services.texts) await noticeMissedCalls(query, posted.caseIds, now);
    const roundIds = [...new Set(cases.map(({ roundId }) => roundId))];
    await applyInvalidationRules(query, { roundIds, caseIds: cases.map(({ id }) => id) }, now);
    await recordTasks(query, settled.map(staffed ? taskFacts : nothingForTheDesk), now);
    const finishedRounds = await roundsWithFinishedManagers(query, cases, now);
    return { cases: cases.length, more: posted.lines === batch, finishedRounds };
  });
}

/** Takes the oldest lines. An opt-out concerns every case of its number that is still open. */
async function takePosted(query: Query): Promise<{ lines: number; caseIds: string[] }> {
  const rows = await query<{ topic: string; case_id: string }>({
    name: 'settle-take',
    text: `DELETE FROM outbox WHERE id IN (SELECT id FROM outbox ORDER BY id LIMIT ${batch} FOR UPDATE SKIP LOCKED) RETURNING topic, case_id`,
  });
  const optedOut = rows.filter(({ topic }) => topic === 'opt-out').map(({ case_id }) => case_id);
  const others =
    optedOut.length === 0
      ? []
      : await query<{ id: string }>({
          text: `SELECT o.id FROM survey_case c JOIN survey_case o ON o.phone_id = c.phone_id WHERE c.id = ANY($1)`,
          values: [optedOut],
        });
  return {
    lines: rows.length,
    caseIds: [...new Set([...rows.map(({ case_id }) => case_id), ...others.map(({ id }) => id)])],
  };
}

/**
 * Whichever channel answers a question first closes it in the other, so a thread with nothing left to ask is over, and
 * one of a number that opted out. What is open after a call that broke off is still worth a reply.
 */
async function closeAnsweredThreads(
  services: SettleServices,
  query: Query,
  cases: readonly CaseRow[],
  now: Date,
): Promise<void> {
  const done = await Promise.all(
    cases.map(async ({ id, answers, optedOutAt, questionnaireId }) => {
      const questionnaire = await services.questionnaire(questionnaireId);
      const answered = responseOf(answers, questionnaire) === 'complete' || threadIsAnswered(questionnaire, answers);
      return answered || optedOutAt !== null ? [id] : [];
    }),
  );
  await query({
    name: 'settle-threads',
    text: `
      UPDATE attempt a SET state = 'ended', ended_at = $2, check_at = NULL, touched_at = $2
      WHERE a.case_id = ANY($1) AND a.channel = 'sms' AND a.state NOT IN ('ended', 'claimed')`,
    values: [done.flat(), now],
  });
}

interface CaseRow {
  readonly id: string;
  readonly roundId: string;
  readonly managerId: string;
  readonly ruleSetId: string;
  readonly questionnaireId: string;
  readonly answers: Answers;
  readonly timeZone: string;
  readonly dueAt: Date | null;
  readonly mobile: boolean;
  readonly proven: boolean;
  readonly optedOutAt: Date | null;
  readonly halfDays: readonly string[];
  readonly closesAt: Date | null;
  readonly ifSilent: InterviewReason | null;
  readonly recheck: boolean;
  readonly tasks: DeskStanding['tasks'];
}

/** Whether anybody sits at a desk: without one nobody is promised to it. */
async function deskIsStaffed(query: Query): Promise<boolean> {
  const found = await query({ name: 'settle-desk', text: `SELECT FROM app_user WHERE role = 'desk' LIMIT 1` });
  return found.length > 0;
}

function findCases(query: Query, caseIds: readonly string[]): Promise<CaseRow[]> {
  return query<CaseRow>({
    name: 'settle-cases',
    text: `
      SELECT c.id, c.round_id AS "roundId", c.manager_id AS "managerId", r.rule_set_id AS "ruleSetId", r.questionnaire_id AS "questionnaireId", c.answers,
             c.time_zone AS "timeZone", c.due_at AS "dueAt", p.kind = 'mobile' AS mobile, ${provenNumber} AS proven, p.opted_out_at AS "optedOutAt",
             c.ordering_half_days || c.delivery_half_days AS "halfDays", r.closes_at AS "closesAt",
             c.if_silent AS "ifSilent", c.recheck, (
               SELECT coalesce(jsonb_agg(jsonb_build_object('reason', t.reason, 'done', t.state = 'done')), '[]') FROM desk_task t
               WHERE t.case_id = c.id AND t.reason NOT IN ('recheck', 'number-check')
             ) AS tasks
      FROM survey_case c JOIN round r ON r.id = c.round_id JOIN phone p ON p.id = c.phone_id
      WHERE c.id = ANY($1) AND r.state IN ('fielding', 'paused')`,
    values: [caseIds],
  });
}

interface AttemptRow {
  readonly id: string;
  readonly caseId: string;
  readonly channel: 'voice' | 'sms' | 'desk';
  readonly ended: boolean;
  readonly result: CallResult | DeskResult | 'delivered' | null;
  readonly outcome: Disposition | null;
  readonly conversation: Conversation | Thread | null;
  readonly createdAt: Date;
  readonly dialedAt: Date | null;
  readonly endedAt: Date | null;
  /** The carrier told us its id of it. */
  readonly taken: boolean;
  /** What was known of the case by this attempt's last answer; null where it brought none. */
  readonly known: Answers | null;
  /** The shop rang us. */
  readonly inbound: boolean;
}

function findAttempts(query: Query, caseIds: readonly string[]): Promise<AttemptRow[]> {
  return query<AttemptRow>({
    name: 'settle-attempts',
    text: `
      SELECT a.id, a.case_id AS "caseId", a.channel, a.state = 'ended' AS ended, a.result, a.outcome, a.conversation,
             a.created_at AS "createdAt", a.dialed_at AS "dialedAt", a.ended_at AS "endedAt", a.carrier_id IS NOT NULL AS taken, a.inbound,
             (SELECT jsonb_object_agg(item, value) FROM (
               SELECT DISTINCT ON (item) item, value FROM answer
               WHERE case_id = a.case_id AND at <= (SELECT max(at) FROM answer WHERE attempt_id = a.id)
               ORDER BY item, at DESC, turn DESC
             ) AS last) AS known
      FROM attempt a WHERE a.case_id = ANY($1) ORDER BY a.case_id, a.number`,
    values: [caseIds],
  });
}

interface Conclusion {
  readonly case: CaseRow;
  readonly outcomes: readonly { readonly attemptId: string; readonly outcome: Disposition }[];
  readonly plan: ReturnType<typeof plan>;
  readonly questionnaire: Questionnaire;
}

const taskFacts = ({ case: one, plan: { state, disposition, desk }, questionnaire }: Conclusion): TaskFacts => ({
  ...{ caseId: one.id, timeZone: one.timeZone, hours: questionnaire.desk, reason: desk },
  numberFails: disposition === 'bad-number',
  recheck: one.recheck && state === 'done' && disposition === 'complete' && one.optedOutAt === null,
});

/** Nobody is promised to a desk where nobody sits, and what waits for it is taken back. */
const nothingForTheDesk = (conclusion: Conclusion): TaskFacts => ({
  ...taskFacts(conclusion),
  ...{ reason: null, numberFails: false, recheck: false },
});

async function conclude(
  services: SettleServices,
  one: CaseRow,
  rows: readonly AttemptRow[],
  now: Date,
  staffed: boolean,
): Promise<Conclusion> {
  const questionnaire = await services.questionnaire(one.questionnaireId);
  const attempts = rows.map((row) => ({ row, past: pastAttempt(row, questionnaire) }));
  const history: CaseHistory = {
    attempts: attempts.map(({ past }) => past),
    timeZone: one.timeZone,
    textable: services.texts && one.mobile,
    proven: one.proven,
    resumable: mayResume(questionnaire, one.answers),
    ...{ optedOut: one.optedOutAt !== null, halfDays: one.halfDays, closesAt: one.closesAt },
    desk: staffed ? { landline: !one.mobile, ifSilent: one.ifSilent, tasks: one.tasks } : null,
  };
  return {
    case: one,
    outcomes: attempts.flatMap(({ row, past }) =>
      past.outcome && past.outcome !== row.outcome ? [{ attemptId: row.id, outcome: past.outcome }] : [],
    ),
    plan: plan(history, now, await services.contactRules(one.ruleSetId)),
    questionnaire,
  };
}

/** An attempt is worth what it brought itself, with what was known before: a later one's answers are not its own. */
function pastAttempt(row: AttemptRow, questionnaire: Questionnaire): PastAttempt {
  const answers = row.known ?? {};
  const spared = row.ended && (row.dialedAt === null || row.result === 'technical');
  const common = {
    ...{ at: row.dialedAt ?? row.endedAt ?? row.createdAt, endedAt: row.endedAt },
    ...{ spared, mayHaveRung: row.dialedAt !== null && (row.taken || !spared) },
  };
  if (row.channel === 'sms') {
    const thread = row.conversation as Thread | null;
    const outcome = row.ended ? outcomeOfThread(threadResult(row.result), thread, answers, questionnaire) : null;
    const ending = thread?.is === 'over' ? thread.because : null;
    // Whoever asked for a person, or was not understood twice, was promised one.
    const handOver = ending === 'person' || ending === 'misread' ? 'person' : null;
    return { channel: 'sms', outcome, ...common, reachedItsEnd: ending === 'finished', wanted: null, handOver };
  }
  const conversation = row.conversation as Conversation | null;
  if (row.channel === 'desk') {
    const outcome = row.ended
      ? outcomeOfDesk((row.result ?? 'technical') as DeskResult, conversation, answers, questionnaire)
      : null;
    return {
      ...{ channel: 'desk', outcome, ...common, reachedItsEnd: reachedItsEnd(conversation) },
      ...{ wanted: conversation?.wanted ?? null, handOver: null },
    };
  }
  const ending = conversation?.place.is === 'over' ? conversation.place.because : null;
  const wanted = conversation?.wanted ?? (conversation?.place.is === 'later' ? 'any' : null);
  const handOver =
    ending === 'person' || ending === 'no-score' ? ending : conversation?.place.is === 'person' ? 'person' : null;
  return {
    channel: 'voice',
    outcome: row.ended ? outcomeOfCall(row.result as CallResult, conversation, answers, questionnaire) : null,
    ...common,
    // Ringing back uses up no attempt; what was asked for in it is kept to all the same.
    ...(row.inbound && { inbound: true, spared: wanted === null && handOver === null, mayHaveRung: true }),
    reachedItsEnd: reachedItsEnd(conversation),
    ...{ wanted, handOver },
  };
}

/** A text whose fate the carrier never told is taken as delivered: it says so of most, and only later. */
const threadResult = (result: AttemptRow['result']) =>
  result === 'bad-number' || result === 'blocked' || result === 'technical' || result === 'lost' ? result : 'delivered';

async function recordOutcomes(query: Query, outcomes: Conclusion['outcomes']): Promise<void> {
  if (outcomes.length === 0) return;
  await query({
    name: 'settle-outcomes',
    text: `UPDATE attempt a SET outcome = new.outcome FROM unnest($1::uuid[], $2::text[]) AS new (id, outcome) WHERE a.id = new.id`,
    values: [outcomes.map(({ attemptId }) => attemptId), outcomes.map(({ outcome }) => outcome)],
  });
}

/**
 * A case that the dispatcher took up meanwhile has another due time than we read: its attempt's end settles it again.
 * What was due already keeps its due time, and with it its place in the queue.
 */
async function recordPlans(query: Query, conclusions: readonly Conclusion[], now: Date): Promise<void> {
  await query({
    name: 'settle-plans',
    text: `
      UPDATE survey_case c
      SET state = new.state::case_state, disposition = new.disposition, due_channel = new.due_channel::channel,
          due_at = CASE WHEN c.due_channel = new.due_channel::channel AND c.due_at < new.due_at AND new.due_at <= $7 THEN c.due_at ELSE new.due_at END
      FROM unnest($1::uuid[], $2::text[], $3::text[], $4::timestamptz[], $5::text[], $6::timestamptz[])
        AS new (id, state, disposition, due_at, due_channel, read_due_at)
      WHERE c.id = new.id AND c.due_at IS NOT DISTINCT FROM new.read_due_at`,
    values: [
      conclusions.map((one) => one.case.id),
      conclusions.map((one) => one.plan.state),
      conclusions.map((one) => one.plan.disposition),
      conclusions.map((one) => one.plan.due?.at ?? null),
      conclusions.map((one) => one.plan.due?.channel ?? null),
      conclusions.map((one) => one.case.dueAt),
      now,
    ],
  });
}

async function roundsWithFinishedManagers(query: Query, cases: readonly CaseRow[], now: Date): Promise<string[]> {
  const rows = await query<{ id: string }>({
    name: 'settle-finished',
    text: `
      SELECT DISTINCT r.id FROM (SELECT DISTINCT * FROM unnest($1::text[], $2::text[])) AS settled (round_id, manager_id)
      JOIN round r ON r.id = settled.round_id AND r.state IN ('fielding', 'paused')
      WHERE r.closes_at <= $3 OR (r.state = 'fielding' AND NOT EXISTS (
        SELECT FROM survey_case c WHERE c.round_id = r.id AND c.manager_id = settled.manager_id AND c.state <> 'done'))`,
    values: [cases.map(({ roundId }) => roundId), cases.map(({ managerId }) => managerId), now],
  });
  return rows.map(({ id }) => id);
}
