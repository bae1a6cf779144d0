import type { Chance } from '../../platform/chance.ts';
import type { Database, Query } from '../../platform/database.ts';
import { halfDayOf } from './calendar.ts';
import { isAskedOfAWish } from './notice.ts';
import { freeSlots, type Lane, lockPace, noteSlots, paceOf } from './pace.ts';

/**
 * Takes up due cases: reserves a slot at the carrier for each and makes it one attempt. What must hold holds in the
 * database, however many dispatchers run: one transaction locks the carrier's pace, so slots are given out one after
 * the other; cases are skipped where another took them; and a unique index allows one live call a number.
 */
export interface ClaimWish {
  readonly now: Date;
  /** Slots are given out up to this moment; whoever works an attempt waits for its slot. */
  readonly until: Date;
  /** Time zones in which contact is allowed now. */
  readonly openZones: readonly string[];
}

export interface Claims {
  readonly attemptIds: readonly string[];
  /** The first text of each thread, in the same order; empty for calls. */
  readonly messageIds: readonly string[];
}

const none: Claims = { attemptIds: [], messageIds: [] };

export async function claimDue(
  { database, chance }: { database: Database; chance: Chance },
  lane: Lane,
  { now, until, openZones }: ClaimWish,
): Promise<Claims> {
  if (openZones.length === 0) return none;
  return database.transaction(async (query) => {
    const pace = await lockPace(query, lane);
    const slots = freeSlots(pace, lane, now, until);
    const room =
      lane.concurrent === null
        ? slots.length
        : Math.min(slots.length, lane.concurrent - (await alive(query, lane, now)));
    if (room <= 0) return none;
    const due = await takeDue(query, lane, now, openZones, room);
    const last = slots[due.length - 1];
    if (!last) return none;
    await noteSlots(query, lane, pace, last, now);
    const attemptIds = due.map(() => chance.id());
    const messageIds = lane.channel === 'sms' ? due.map(() => chance.id()) : [];
    await makeAttempts(query, lane, now, due, attemptIds, slots);
    if (lane.channel === 'sms') await planFirstTexts(query, attemptIds, messageIds, now);
    return { attemptIds, messageIds };
  });
}

/**
 * An attempt takes up one of the carrier's lines until it is over; one nobody knows the fate of, until its call must be
 * over by the longest that a call can take. It blocks its own number until it is settled.
 */
export const holdsALine = (now: string): string =>
  `a.state <> 'ended' AND NOT (a.state = 'unknown' AND a.dialed_at < ${now}::timestamptz - interval '330 seconds')`;

/** A call of the desk takes two lines: the caller's own and the shop's. */
async function alive(query: Query, { channel }: Lane, now: Date): Promise<number> {
  const [row] = await query<{ alive: number }>({
    name: 'claim-alive',
    text: `
      SELECT (SELECT count(*) FROM attempt a WHERE a.channel = $1::channel AND ${holdsALine('$2')})::int
             + CASE WHEN $1 = 'voice' THEN 2 * (SELECT count(*) FROM desk_call WHERE state <> 'ended')::int ELSE 0 END AS alive`,
    values: [channel, now],
  });
  return row?.alive ?? 0;
}

interface DueCase {
  readonly id: string;
  readonly round_id: string;
  readonly phone_id: string;
  readonly number: number;
}

/**
 * Which cases a dispatcher may take up on a lane, once they are due: on a number that is open to us and not in a call.
 * A text waits for a call on its number to end, so that nobody gets both at once, and there is one open thread a
 * number. Written so that the partial indexes on live attempts answer it.
 */
const claimable = (channel: string): string => `
  c.due_channel = ${channel} AND c.due_at IS NOT NULL
  AND EXISTS (SELECT FROM phone p WHERE p.id = c.phone_id AND p.opted_out_at IS NULL)
  AND NOT EXISTS (SELECT FROM attempt a WHERE a.phone_id = c.phone_id AND a.channel = 'voice' AND a.state <> 'ended')
  AND NOT EXISTS (SELECT FROM desk_call d WHERE d.phone_id = c.phone_id AND d.state <> 'ended')
  AND (${channel} = 'voice' OR NOT EXISTS (SELECT FROM attempt a WHERE a.phone_id = c.phone_id AND a.channel = 'sms' AND a.state <> 'ended'))
  AND (${channel} = 'voice' OR NOT EXISTS (SELECT FROM phone p WHERE p.id = c.phone_id AND ${isAskedOfAWish('p', '$2')}))`;

/** Shops whose ordering or delivery half-day it is are not called; texts disturb nobody at the counter. */
const ordersNow = 'open.half_day = ANY(c.ordering_half_days || c.delivery_half_days)';

/**
 * Spot checks before waves, for somebody asked for them now. Among either, rounds take turns, the one that was served
 * longest ago first, so that a small round does not wait until a large one is done; within a round by due time, then
 * by place in the draw. Two cases of one number: the first. Two looks, so that each has its own partial index.
 */
async function takeDue(
  query: Query,
  lane: Lane,
  now: Date,
  openZones: readonly string[],
  limit: number,
): Promise<DueCase[]> {
  return query<DueCase>({
    name: 'claim-due',
    text: `
      WITH spot AS MATERIALIZED (
        ${dueCases('c.wave = 0', '$4')}
      ), planned AS MATERIALIZED (
        ${dueCases('c.wave > 0', '$4 - (SELECT count(*) FROM spot)')}
      ), due AS (
        SELECT id FROM spot UNION ALL SELECT id FROM planned
      ), first_of_phone AS (
        SELECT DISTINCT ON (c.phone_id) c.id FROM survey_case c JOIN due ON due.id = c.id ORDER BY c.phone_id, c.wave > 0, c.due_at, c.position, c.id
      ), taken AS (
        UPDATE survey_case c SET state = 'active', due_at = NULL, due_channel = NULL FROM first_of_phone f WHERE c.id = f.id
        RETURNING c.id, c.round_id, c.phone_id, c.position, c.wave
      ), served AS (
        INSERT INTO round_served (carrier, round_id, at) SELECT $6, round_id, $2::timestamptz + count(*) * interval '1 millisecond' FROM taken GROUP BY round_id
        ON CONFLICT (carrier, round_id) DO UPDATE SET at = excluded.at
      )
      SELECT id, round_id, phone_id, (SELECT coalesce(max(a.number), 0)::int + 1 FROM attempt a WHERE a.case_id = taken.id) AS number
      FROM taken ORDER BY wave > 0, position, id`,
    values: [lane.channel, now, openZones, limit, openZones.map((zone) => halfDayOf(now, zone)), paceOf(lane)],
  });
}

/** The first due cases of every round whose time is not up, one of each before a second of any. */
const dueCases = (which: string, limit: string): string => `
  SELECT id FROM (
    SELECT own.*, r.id AS round_id, served.at AS served_at, row_number() OVER (PARTITION BY r.id ORDER BY own.due_at, own.position, own.id) AS place
    FROM round r
    LEFT JOIN round_served served ON served.carrier = $6 AND served.round_id = r.id
    CROSS JOIN LATERAL (
      SELECT c.id, c.due_at, c.position FROM survey_case c JOIN unnest($3::text[], $5::text[]) AS open (zone, half_day) ON open.zone = c.time_zone
      WHERE c.round_id = r.id AND ${which} AND ${claimable('$1::channel')} AND c.due_at <= $2 AND NOT ($1::channel = 'voice' AND ${ordersNow})
      ORDER BY c.due_at, c.position, c.id LIMIT ${limit}
      FOR UPDATE OF c SKIP LOCKED
    ) AS own
    WHERE r.state = 'fielding' AND (r.closes_at IS NULL OR r.closes_at > $2)
  ) AS ready
  ORDER BY place, served_at NULLS FIRST, due_at, position, id LIMIT ${limit}`;

/**
 * Posts the due calls to shops that are ordering or being delivered to at this hour: they were not reached before it
 * began, and are planned anew for after it.
 *
 * @returns whether there were any.
 */
export async function postponeOrdering(query: Query, now: Date, openZones: readonly string[]): Promise<boolean> {
  const posted = await query({
    name: 'claim-ordering',
    text: `
      INSERT INTO outbox (topic, case_id, at)
      SELECT 'ordering', c.id, $1 FROM survey_case c JOIN unnest($2::text[], $3::text[]) AS open (zone, half_day) ON open.zone = c.time_zone
      WHERE c.due_channel = 'voice' AND c.due_at <= $1 AND ${ordersNow}
        AND NOT EXISTS (SELECT FROM outbox o WHERE o.case_id = c.id AND o.topic = 'ordering')
      RETURNING id`,
    values: [now, openZones, openZones.map((zone) => halfDayOf(now, zone))],
  });
  return posted.length > 0;
}

async function makeAttempts(
  query: Query,
  { channel }: Lane,
  now: Date,
  due: readonly DueCase[],
  ids: readonly string[],
  slots: readonly Date[],
): Promise<void> {
  await query({
    name: 'claim-attempts',
    text: `
      INSERT INTO attempt (id, case_id, round_id, phone_id, channel, number, slot_at, created_at, touched_at, check_at)
      SELECT id, case_id, round_id, phone_id, $1::channel, number, slot_at, $2, $2, slot_at + interval '1 minute'
      FROM unnest($3::uuid[], $4::uuid[], $5::text[], $6::uuid[], $7::int[], $8::timestamptz[])
        AS made (id, case_id, round_id, phone_id, number, slot_at)`,
    values: [
      channel,
      now,
      ids,
      due.map(({ id }) => id),
      due.map(({ round_id }) => round_id),
      due.map(({ phone_id }) => phone_id),
      due.map(({ number }) => number),
      slots.slice(0, due.length),
    ],
  });
}

/** The questionnaire's first question, or the one that goes on where a call broke off after the rating. */
const firstText = `
  CASE WHEN c.overall IS NULL THEN q.document #>> '{thread,0,ask}'
       ELSE coalesce(jsonb_path_query_first(q.document, '$.thread[*].resume') #>> '{}', q.document #>> '{thread,0,ask}') END`;

async function planFirstTexts(
  query: Query,
  attemptIds: readonly string[],
  messageIds: readonly string[],
  now: Date,
): Promise<void> {
  await query({
    name: 'claim-texts',
    text: `
      INSERT INTO message (id, attempt_id, text, created_at, check_at)
      SELECT made.id, made.attempt_id, ${firstText}, $1::timestamptz, $1::timestamptz + interval '1 minute'
      FROM unnest($2::uuid[], $3::uuid[]) AS made (id, attempt_id)
      JOIN attempt a ON a.id = made.attempt_id JOIN survey_case c ON c.id = a.case_id
      JOIN round r ON r.id = c.round_id JOIN questionnaire q ON q.id = r.questionnaire_id`,
    values: [now, messageIds, attemptIds],
  });
}
