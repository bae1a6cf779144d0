import { audit } from '../../platform/audit.ts';
import type { Query } from '../../platform/database.ts';
import { BadInput, type Fault, KnownError, Refused } from '../../platform/errors.ts';
import type { DrawRules } from './draw.ts';
import { launchRound, type RoundServices } from './launch.ts';
import { launchOf, nextLaunch, type Place, periodAt } from './schedule-dates.ts';
import { termsFor } from './terms.ts';

/** Rounds that are launched by themselves, once or every month; why one was not is kept and shown. */
export interface Schedule {
  readonly id: string;
  readonly monthly: boolean;
  readonly day: number;
  readonly time: string;
  /** null once it has ended. */
  readonly nextAt: Date | null;
  readonly questionnaireId: string;
  readonly createdBy: string;
  readonly endedAt: Date | null;
  readonly lastRoundId: string | null;
  readonly lastFault: string | null;
}

export interface ScheduleWish {
  /** The one month to launch in, `2026-12`; null = every month. */
  readonly period: string | null;
  readonly day: number;
  readonly time: string;
  readonly questionnaireId?: string | undefined;
  readonly actor: string;
}

export type ScheduleServices = RoundServices & { readonly rules: (ruleSetId: string) => Promise<DrawRules> };

const columns = `
  id, monthly, day, time, next_at AS "nextAt", questionnaire_id AS "questionnaireId",
  created_by AS "createdBy", ended_at AS "endedAt", last_round_id AS "lastRoundId", last_fault AS "lastFault"`;

/** Those that are to come first. */
export const listSchedules = (query: Query): Promise<Schedule[]> =>
  query<Schedule>({ text: `SELECT ${columns} FROM round_schedule ORDER BY next_at NULLS LAST, created_at DESC, id` });

export async function readSchedule(query: Query, id: string): Promise<Schedule | null> {
  const [found] = await query<Schedule>({
    text: `SELECT ${columns} FROM round_schedule WHERE id::text = $1`,
    values: [id],
  });
  return found ?? null;
}

/**
 * Which questionnaire will be asked is fixed here. The rule set is not: each round is launched under the one in force in
 * its month.
 *
 * @throws BadInput with every fault; Refused where a version is missing.
 */
export async function makeSchedule(services: ScheduleServices, wish: ScheduleWish): Promise<string> {
  const { database, clock, chance, rules } = services;
  const now = clock.now();
  const faults = faultsOf(wish);
  if (faults.length > 0) throw new BadInput('无法排定 · the round cannot be scheduled', faults);
  const questionnaireId = await questionnaireFor(database.query, wish);
  const place = await placeAt(database.query, rules, now);
  const nextAt = wish.period === null ? nextLaunch(wish, now, place) : launchOf(wish.period, wish, place);
  if (nextAt <= now)
    throw new BadInput('无法排定 · the round cannot be scheduled', [
      { where: 'period', message: `${nextAt.toISOString()} 已经过去 · is past: choose a time to come` },
    ]);
  const id = chance.id();
  await database.transaction(async (query) => {
    await query({
      text: `
        INSERT INTO round_schedule (id, monthly, day, time, next_at, questionnaire_id, created_by, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
      values: [id, wish.period === null, wish.day, wish.time, nextAt, questionnaireId, wish.actor, now],
    });
    const detail = { period: wish.period, day: wish.day, time: wish.time, nextAt: nextAt.toISOString() };
    await audit(query, now, { actor: wish.actor, action: 'round-schedule.make', subject: id, detail });
  });
  return id;
}

function faultsOf({ period, day, time }: ScheduleWish): Fault[] {
  return [
    ...(period !== null && !/^\d{4}-(0[1-9]|1[0-2])$/.test(period)
      ? [{ where: 'period', message: '应写成“年-月” · must be a month such as 2026-12' }]
      : []),
    ...(Number.isInteger(day) && day >= 1 && day <= 31
      ? []
      : [{ where: 'day', message: '应为 1–31 · must be a day of the month, 1 to 31' }]),
    ...(/^([01]\d|2[0-3]):[0-5]\d$/.test(time)
      ? []
      : [{ where: 'time', message: '应写成“时:分” · must be a time such as 09:30' }]),
  ];
}

async function questionnaireFor(query: Query, { questionnaireId }: ScheduleWish): Promise<string> {
  const [found] = await query<{ id: string }>({
    text: `
      SELECT id FROM questionnaire WHERE published_at IS NOT NULL AND ($1::text IS NULL OR id = $1)
      ORDER BY published_at DESC, id DESC LIMIT 1`,
    values: [questionnaireId ?? null],
  });
  if (found) return found.id;
  throw new Refused('no-questionnaire', '没有已发布的问卷 · no such questionnaire is published');
}

/** Whose clock and holidays the company goes by, as of now. */
async function placeAt(query: Query, rules: ScheduleServices['rules'], now: Date): Promise<Place> {
  const [inForce] = await query<{ id: string | null }>({ text: 'SELECT rule_set_at($1) AS id', values: [now] });
  if (!inForce?.id) throw new Refused('no-rules', '没有考核办法 · there is no rule set');
  const { timeZone, contact } = await rules(inForce.id);
  return { timeZone, holidays: contact.holidays };
}

/** @throws Refused where none of this id is to come. */
export async function endSchedule(
  { database, clock }: Pick<RoundServices, 'database' | 'clock'>,
  id: string,
  actor: string,
): Promise<void> {
  const now = clock.now();
  await database.transaction(async (query) => {
    const ended = await query({
      text: `UPDATE round_schedule SET next_at = NULL, ended_at = $2 WHERE id::text = $1 AND next_at IS NOT NULL RETURNING id`,
      values: [id, now],
    });
    if (ended.length === 0)
      throw new Refused('no-such-schedule', `没有待启动的排定 ${id} · no schedule ${id} that is to come`);
    await audit(query, now, { actor, action: 'round-schedule.end', subject: id });
  });
}

/**
 * Launches what is due. The schedule is locked while its round is launched, so two processes launch it once; cut off in
 * between, it is launched again and finds its own round there. What cannot be launched is skipped, with the reason.
 *
 * @returns the rounds that are launched now and have to be drawn.
 */
export async function launchDue(services: ScheduleServices): Promise<string[]> {
  const launched: string[] = [];
  for (let more = true; more; ) {
    more = await services.database.transaction(async (query) => {
      const [due] = await query<Schedule & { readonly nextAt: Date }>({
        text: `SELECT ${columns} FROM round_schedule WHERE next_at <= $1 ORDER BY next_at, id LIMIT 1 FOR UPDATE SKIP LOCKED`,
        values: [services.clock.now()],
      });
      if (!due) return false;
      const came = await launchOne(services, query, due);
      if (came.roundId !== null) launched.push(came.roundId);
      await recordLaunch(services, query, due, came);
      return true;
    });
  }
  return launched;
}

interface Came {
  readonly roundId: string | null;
  readonly fault: string | null;
}

async function launchOne(
  services: ScheduleServices,
  query: Query,
  due: Schedule & { readonly nextAt: Date },
): Promise<Came> {
  const { timeZone } = await placeAt(query, services.rules, services.clock.now());
  const period = periodAt(due.nextAt, timeZone);
  if (periodAt(services.clock.now(), timeZone) !== period)
    return { roundId: null, fault: `${period} 已过，没有启动 · ${period} was over before it could be launched` };
  const actor = `schedule:${due.id}`;
  const [own] = await query<{ id: string }>({
    text: `
      SELECT id FROM round r WHERE period = $1 AND state <> 'cancelled'
        AND EXISTS (SELECT FROM audit a WHERE a.action = 'round.launch' AND a.subject = r.id AND a.actor = $2)`,
    values: [period, actor],
  });
  if (own) return { roundId: own.id, fault: null };
  try {
    const terms = await termsFor(query, period, { questionnaireId: due.questionnaireId });
    await launchRound(services, { ...terms, period, actor });
    return { roundId: terms.roundId, fault: null };
  } catch (error) {
    if (error instanceof KnownError) return { roundId: null, fault: error.message };
    throw error;
  }
}

async function recordLaunch(
  { clock, rules }: ScheduleServices,
  query: Query,
  { id, monthly, day, time }: Schedule,
  { roundId, fault }: Came,
): Promise<void> {
  const now = clock.now();
  const nextAt = monthly ? nextLaunch({ day, time }, now, await placeAt(query, rules, now)) : null;
  await query({
    text: `
      UPDATE round_schedule SET next_at = $2, ended_at = CASE WHEN $2::timestamptz IS NULL THEN $3::timestamptz END,
             last_round_id = coalesce($4, last_round_id), last_fault = $5 WHERE id = $1`,
    values: [id, nextAt, now, roundId, fault],
  });
  if (fault !== null)
    await audit(query, now, { actor: 'system', action: 'round-schedule.fault', subject: id, detail: { fault } });
}
