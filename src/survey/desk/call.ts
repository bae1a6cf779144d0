import { audit } from '../../platform/audit.ts';
import type { Chance } from '../../platform/chance.ts';
import type { Clock } from '../../platform/clock.ts';
import { type Database, type Query, uniqueViolation } from '../../platform/database.ts';
import { Refused } from '../../platform/errors.ts';
import { halfDayOf, openWindow } from '../fieldwork/calendar.ts';
import { type Lane, lockPace, reserveSlot } from '../fieldwork/pace.ts';
import type { Questionnaire } from '../questionnaire/questionnaire.ts';
import { callIsUp, idle, unsaid } from './queue.ts';

/**
 * Click-to-dial. The caller's own telephone rings first; once he has answered, the shop is rung through the same trunk
 * and under the same number as by machine. He never sees the shop's number. The call is committed before the carrier is
 * asked, and the shop's end is dialled at one place only, so that nobody's telephone rings twice.
 */
export interface DeskCallServices {
  readonly database: Database;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly questionnaire: (id: string) => Promise<Questionnaire>;
}

/** What is called about: a task, or a shop's own wish. */
export type About = { readonly taskId: string } | { readonly followUpId: string };

export interface BegunCall {
  readonly callId: string;
  /** Of the shop. */
  readonly phoneId: string;
  /** When the carrier may be asked. */
  readonly slotAt: Date;
  /** Sealed: his own telephone. */
  readonly callersPhone: Buffer;
}

/** After this long without a word from the carrier it is looked up. */
const checkSeconds = 120;

/**
 * Commits that a call is about to be made. The pace's lock keeps the machine's dispatcher and other callers out
 * meanwhile, so what is seen to be idle stays so.
 *
 * @throws Refused `carrier-stopped` while it is stopped for its settings; `no-phone` where the caller gave no telephone of his own; `busy` where somebody is in a call with the
 *   shop or he is in one; `opted-out` where it said stop; `over` where the round takes no answers any more, or the shop
 *   has answered by itself meanwhile, or is of his own district by now; `call-is-up` where he has not said what came of
 *   the last one; `closed` outside the desk's hours and in the shop's half-days, for he may have taken it earlier.
 */
export async function beginDeskCall(
  { database, clock, chance, questionnaire }: DeskCallServices,
  lane: Lane,
  callerId: string,
  about: About,
): Promise<BegunCall> {
  const now = clock.now();
  const callId = chance.id();
  try {
    return await database.transaction(async (query) => {
      const pace = await lockPace(query, lane);
      if (pace.stopped) throw carrierStopped();
      const callersPhone = await phoneOf(query, callerId);
      const place = await placeOf(query, callerId, about, now);
      if (place.optedOut) throw new Refused('opted-out', '这个号码已停止接听 · this number said stop');
      if (place.unsaid) throw callIsUp();
      await keepHours(questionnaire, place, now);
      if (!place.idle) throw busy();
      const attemptId = place.interview ? await openAttempt(query, chance.id(), place, now) : null;
      await query({
        name: 'desk-call-begin',
        text: `
          INSERT INTO desk_call (id, user_id, phone_id, task_id, follow_up_id, attempt_id, dialed_at, check_at)
          VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
        values: [
          ...[callId, callerId, place.phoneId],
          ...['taskId' in about ? about.taskId : null, 'followUpId' in about ? about.followUpId : null],
          ...[attemptId, now, new Date(now.getTime() + checkSeconds * 1000)],
        ],
      });
      const subject = 'taskId' in about ? about.taskId : about.followUpId;
      await audit(query, now, { actor: callerId, action: 'desk.call', subject, detail: { callId } });
      return { callId, phoneId: place.phoneId, callersPhone, slotAt: await reserveSlot(query, lane, now) };
    });
  } catch (error) {
    if ((error as { code?: string }).code === uniqueViolation) throw busy();
    throw error;
  }
}

const carrierStopped = () =>
  new Refused(
    'carrier-stopped',
    '线路已停：运营商因设置有误拒绝请求，请管理员先恢复 · the carrier is stopped for our settings: an administrator has to let it go on',
  );

const busy = () =>
  new Refused('busy', '正在通话：对方或您有一通电话还没结束 · a call with this number, or one of yours, is still up');

async function phoneOf(query: Query, callerId: string): Promise<Buffer> {
  const [user] = await query<{ phone: Buffer | null }>({
    text: 'SELECT phone FROM app_user WHERE id = $1',
    values: [callerId],
  });
  if (user?.phone) return user.phone;
  throw new Refused('no-phone', '请先登记您接听用的电话 · give your own telephone first');
}

interface Place {
  readonly caseId: string | null;
  readonly roundId: string | null;
  readonly phoneId: string;
  readonly optedOut: boolean;
  readonly idle: boolean;
  /** Its questions are put as part of the case. */
  readonly interview: boolean;
  /** What came of his last call of it is not said. */
  readonly unsaid: boolean;
  /** null where none is published. */
  readonly questionnaireId: string | null;
  readonly timeZone: string;
  readonly halfDays: readonly string[];
}

async function keepHours(
  questionnaire: DeskCallServices['questionnaire'],
  { questionnaireId, timeZone, halfDays }: Place,
  now: Date,
): Promise<void> {
  if (questionnaireId === null) return;
  const { desk } = await questionnaire(questionnaireId);
  if (openWindow(now, timeZone, desk) !== null && !halfDays.includes(halfDayOf(now, timeZone))) return;
  throw new Refused('closed', '现在不是拨打时间 · this is no hour at which this shop is called');
}

async function placeOf(query: Query, callerId: string, about: About, now: Date): Promise<Place> {
  const [place] = await query<Place>(
    'taskId' in about
      ? {
          name: 'desk-call-task',
          text: `
            SELECT c.id AS "caseId", c.round_id AS "roundId", p.id AS "phoneId", p.opted_out_at IS NOT NULL AS "optedOut", ${idle} AS idle,
                   t.reason <> 'recheck' AS interview, ${unsaid} AS unsaid, r.questionnaire_id AS "questionnaireId", c.time_zone AS "timeZone",
                   c.ordering_half_days || c.delivery_half_days AS "halfDays"
            FROM desk_task t JOIN survey_case c ON c.id = t.case_id JOIN phone p ON p.id = c.phone_id JOIN round r ON r.id = c.round_id
            JOIN manager m ON m.id = c.manager_id
            WHERE t.id = $1 AND t.taken_by = $2 AND t.state = 'taken' AND t.reason <> 'number-check' AND ${notHisDistrict}
              AND (t.reason = 'recheck' OR (c.state <> 'done' AND r.state = 'fielding' AND (r.closes_at IS NULL OR r.closes_at > $3)))
            FOR UPDATE OF t`,
          values: [about.taskId, callerId, now],
        }
      : {
          name: 'desk-call-follow-up',
          text: `
            SELECT NULL AS "caseId", NULL AS "roundId", p.id AS "phoneId", coalesce(p.opted_out_at >= f.created_at, false) AS "optedOut",
                   ${idle} AS idle, false AS interview, false AS unsaid, '{}'::text[] AS "halfDays",
                   coalesce(r.questionnaire_id, (SELECT id FROM questionnaire WHERE published_at IS NOT NULL ORDER BY published_at DESC, id DESC LIMIT 1)) AS "questionnaireId",
                   coalesce(c.time_zone, (SELECT document->>'timeZone' FROM rule_set WHERE id = rule_set_at($3)), 'Asia/Shanghai') AS "timeZone"
            FROM follow_up f JOIN phone p ON p.id = f.phone_id LEFT JOIN survey_case c ON c.id = f.case_id
            LEFT JOIN round r ON r.id = c.round_id LEFT JOIN manager m ON m.id = c.manager_id
            WHERE f.id = $1 AND f.taken_by = $2 AND f.state = 'taken' AND (m.id IS NULL OR ${notHisDistrict}) FOR UPDATE OF f`,
          values: [about.followUpId, callerId, now],
        },
  );
  if (place) return place;
  throw new Refused(
    'over',
    '这条任务已不在您手里，或轮次已停止 · this task is not yours any more, or its round stands still',
  );
}

/** His district may have changed since he took it: whom he may know he does not call. `m` is the manager, `$2` he. */
const notHisDistrict = `NOT EXISTS (SELECT FROM app_user u WHERE u.id::text = $2 AND u.district_id = m.district_id)`;

/** The interview's attempt. */
async function openAttempt(query: Query, id: string, { caseId, roundId, phoneId }: Place, now: Date): Promise<string> {
  await query({
    name: 'desk-attempt',
    text: `
      INSERT INTO attempt (id, case_id, round_id, phone_id, channel, number, slot_at, state, created_at, dialed_at, touched_at)
      SELECT $1, $2, $3, $4, 'desk', (SELECT coalesce(max(a.number), 0) + 1 FROM attempt a WHERE a.case_id = $2), $5, 'dialing', $5, $5, $5`,
    values: [id, caseId, roundId, phoneId, now],
  });
  return id;
}

/** The carrier took the call to the caller's own telephone. `from`: the number of ours that both ends see. */
export async function recordConnecting(query: Query, callId: string, carrierId: string, from: string): Promise<void> {
  await query({
    name: 'desk-call-placed',
    text: `UPDATE desk_call SET carrier_id = coalesce(carrier_id, $2), from_number = $3 WHERE id = $1`,
    values: [callId, carrierId, from],
  });
}

/**
 * The caller answered: from here on the shop's telephone rings. A repeated request of the carrier is told the same, as
 * long as the call is up; one that was over is told nothing, nor is one to a shop that said stop or rang us while his
 * own telephone rang.
 *
 * @returns the shop's sealed number, or null.
 */
export async function bridge(query: Query, callId: string, now: Date): Promise<Buffer | null> {
  const [row] = await query<{ sealed: Buffer }>({
    name: 'desk-call-bridge',
    text: `
      UPDATE desk_call d SET state = 'bridged', bridged_at = coalesce(d.bridged_at, $2), check_at = $2::timestamptz + interval '10 minutes'
      FROM phone p WHERE d.id = $1 AND d.state <> 'ended' AND p.id = d.phone_id
        AND (d.state = 'bridged' OR ((p.opted_out_at IS NULL OR p.opted_out_at < d.dialed_at) AND NOT EXISTS (
          SELECT FROM attempt live WHERE live.phone_id = p.id AND live.channel = 'voice' AND live.state <> 'ended')))
      RETURNING p.sealed`,
    values: [callId, now],
  });
  return row?.sealed ?? null;
}

/** What became of the shop's end: the caller is shown it, and says himself what came of it. */
export async function recordShopsEnd(query: Query, callId: string, result: string): Promise<boolean> {
  const rows = await query({
    name: 'desk-call-shop',
    text: `UPDATE desk_call SET result = $2 WHERE id = $1 RETURNING id`,
    values: [callId, result],
  });
  return rows.length > 0;
}

/** The line is free again. The interview stays open until the caller says what came of it. */
export async function endDeskCall(query: Query, callId: string, now: Date): Promise<boolean> {
  const rows = await query({
    name: 'desk-call-end',
    text: `UPDATE desk_call SET state = 'ended', ended_at = coalesce(ended_at, $2), check_at = NULL WHERE id = $1 RETURNING id`,
    values: [callId, now],
  });
  return rows.length > 0;
}

/**
 * What came of a call was said. One that never reached the shop is over with it; one that did is over when the carrier
 * says so: while he is still on the line the number is not idle. It is looked up soon.
 */
export async function leaveLine(query: Query, callId: string, now: Date): Promise<void> {
  await query({
    name: 'desk-call-leave',
    text: `
      UPDATE desk_call
      SET state = CASE WHEN bridged_at IS NULL THEN 'ended' ELSE state END,
          ended_at = CASE WHEN bridged_at IS NULL THEN coalesce(ended_at, $2) ELSE ended_at END,
          check_at = CASE WHEN bridged_at IS NOT NULL AND state <> 'ended' THEN $2::timestamptz END
      WHERE id = $1`,
    values: [callId, now],
  });
}

/** The caller's latest call for a task or a wish. */
export interface LastCall {
  readonly id: string;
  readonly state: 'dialing' | 'bridged' | 'ended';
  readonly result: string | null;
  readonly attemptId: string | null;
  /** He has not yet said what came of it. */
  readonly open: boolean;
  /** The shop's telephone was rung: until then there is nothing to say of it, and nobody to have answered anything. */
  readonly rung: boolean;
  readonly turn: number;
}

/** Somebody may have spoken with him: the shop was rung, and the carrier does not say that nobody answered. */
export const mayHaveTalked = ({ rung, result }: LastCall): boolean =>
  rung && (result === null || result === 'completed');

/**
 * The interview that his call is to be keyed into.
 *
 * @throws Refused `no-call` where none is open, or nobody can have spoken with him yet.
 */
export async function talkOf(query: Query, taskId: string): Promise<{ readonly attemptId: string }> {
  const call = await lastCallOf(query, { taskId });
  if (call?.attemptId && call.open && mayHaveTalked(call)) return { attemptId: call.attemptId };
  throw new Refused('no-call', '还没有接通 · nobody of the shop was on the line yet');
}

export async function lastCallOf(query: Query, about: About): Promise<LastCall | null> {
  const [call] = await query<LastCall>({
    text: `
      SELECT d.id, d.state, d.result, d.attempt_id AS "attemptId", d.bridged_at IS NOT NULL AS rung, coalesce(a.turn, 0) AS turn,
             coalesce(a.state <> 'ended', d.state <> 'ended' OR coalesce(d.dialed_at >= t.taken_at, false)) AS open
      FROM desk_call d LEFT JOIN attempt a ON a.id = d.attempt_id LEFT JOIN desk_task t ON t.id = d.task_id
      WHERE d.task_id = $1 OR d.follow_up_id = $2 ORDER BY d.dialed_at DESC, d.id DESC LIMIT 1`,
    values: ['taskId' in about ? about.taskId : null, 'followUpId' in about ? about.followUpId : null],
  });
  return call ?? null;
}
