import type { Query } from '../../platform/database.ts';
import type { Disposition } from '../disposition/disposition.ts';
import type { Language, TextId } from '../questionnaire/questionnaire.ts';

/**
 * Texts that belong to no thread: that we rang (SM), that a wish is closed (SF), that calls are to come (P0), that a
 * stop was heard (SX), that a number is nobody's (SU). One a number and occasion, which a unique index keeps; each is a
 * message, and sent by the same protocol as any other.
 */

/** Inserts the notices of a query that gives message_id, text, occasion, blind_index, sealed, language, time_zone, case_id, follow_up_id, expires_at. */
export const planned = (wanted: string, now: string, dueAt = now): string => `
  WITH wanted AS (${wanted}), noted AS (
    INSERT INTO notice (message_id, text, occasion, blind_index, sealed, language, time_zone, case_id, follow_up_id, expires_at)
    SELECT * FROM wanted ON CONFLICT (text, blind_index, occasion) DO NOTHING RETURNING message_id, text
  )
  INSERT INTO message (id, text, created_at, check_at)
  SELECT message_id, text, (${now})::timestamptz, (${dueAt})::timestamptz FROM noted RETURNING id`;

/** Nobody picked up, or nobody could be asked: whoever owns the telephone sees a number, and is told whose it is. */
const missed: readonly Disposition[] = ['no-answer', 'busy', 'rejected', 'silent', 'voicemail', 'screened'];

/** 「刚才」: later than this it is not true any more. */
const justNowMinutes = 120;

/** Of these cases, those whose call was just missed and that are mobiles: one text a case (script §5, 8, 13, 14, 17). */
export async function noticeMissedCalls(query: Query, caseIds: readonly string[], now: Date): Promise<void> {
  const wanted = `
    SELECT gen_random_uuid(), 'SM', c.id::text, p.blind_index, p.sealed, s.language, c.time_zone, c.id, NULL::uuid,
           max(a.ended_at) + interval '${justNowMinutes} minutes'
    FROM survey_case c JOIN phone p ON p.id = c.phone_id JOIN retailer s ON s.id = c.retailer_id JOIN round r ON r.id = c.round_id
    JOIN attempt a ON a.case_id = c.id AND a.channel = 'voice' AND NOT a.inbound AND a.outcome = ANY($2)
    WHERE c.id = ANY($1) AND c.state <> 'done' AND c.overall IS NULL AND r.state = 'fielding'
      AND p.kind = 'mobile' AND p.opted_out_at IS NULL
    GROUP BY c.id, p.blind_index, p.sealed, s.language HAVING max(a.ended_at) > $3::timestamptz - interval '${justNowMinutes} minutes'`;
  await query({ name: 'notice-missed', text: planned(wanted, '$3'), values: [caseIds, missed, now] });
}

/** A wish of a shop that agreed to be named is closed: it is asked whether it is (script §8, SF). Of use for three days. */
export async function noticeClosedWish(query: Query, followUpId: string, now: Date): Promise<void> {
  const wanted = `
    SELECT gen_random_uuid(), 'SF', f.id || ' ' || $2::timestamptz, p.blind_index, p.sealed, coalesce(s.language, 'zh-CN'),
           coalesce(c.time_zone, 'Asia/Shanghai'), f.case_id, f.id, $2::timestamptz + interval '3 days'
    FROM follow_up f JOIN phone p ON p.id = f.phone_id LEFT JOIN survey_case c ON c.id = f.case_id LEFT JOIN retailer s ON s.id = c.retailer_id
    WHERE f.id = $1 AND f.state = 'done' AND f.named AND p.kind = 'mobile' AND p.opted_out_at IS NULL`;
  await query({ name: 'notice-wish', text: planned(wanted, '$2'), values: [followUpId, now] });
}

/** Whoever writes under many numbers does not have us write to them all. */
const mostStrangersADay = 200;

/** @param sealed the number of somebody we do not know, who wrote to us. Once a day, so that two machines do not talk. */
export async function noticeStranger(
  query: Query,
  { phoneIndex, sealed, day }: { readonly phoneIndex: Buffer; readonly sealed: Buffer; readonly day: string },
  now: Date,
): Promise<string | null> {
  const wanted = `
    SELECT gen_random_uuid(), 'SU', $3::text, $1::bytea, $2::bytea, 'zh-CN', 'Asia/Shanghai', NULL::uuid, NULL::uuid,
           $4::timestamptz + interval '1 hour'
    WHERE NOT EXISTS (SELECT FROM phone WHERE blind_index = $1)
      AND (SELECT count(*) FROM notice WHERE text = 'SU' AND occasion = $3) < ${mostStrangersADay}`;
  const [row] = await query<{ id: string }>({
    name: 'notice-stranger',
    text: planned(wanted, '$4', `$4::timestamptz + interval '1 minute'`),
    values: [phoneIndex, sealed, day, now],
  });
  return row?.id ?? null;
}

/** A stop of a number that no thread answers: it is told once that it was heard. */
export async function noticeStop(query: Query, phoneIndex: Buffer, now: Date): Promise<string | null> {
  const wanted = `
    SELECT gen_random_uuid(), 'SX', $2::timestamptz::text, p.blind_index, p.sealed, coalesce(s.language, 'zh-CN'),
           coalesce(s.time_zone, 'Asia/Shanghai'), NULL::uuid, NULL::uuid, NULL::timestamptz
    FROM phone p LEFT JOIN LATERAL (SELECT language, time_zone FROM retailer WHERE phone_id = p.id ORDER BY id LIMIT 1) AS s ON true
    WHERE p.blind_index = $1 AND p.kind = 'mobile'`;
  const [row] = await query<{ id: string }>({
    name: 'notice-stop',
    text: planned(wanted, '$2', `$2::timestamptz + interval '1 minute'`),
    values: [phoneIndex, now],
  });
  return row?.id ?? null;
}

/** Takes so many notices whose time has come, the oldest first, and puts the next look at each off. */
export async function takeDueNotices(query: Query, now: Date, most: number): Promise<string[]> {
  const rows = await query<{ id: string }>({
    name: 'notice-take',
    text: `
      UPDATE message SET check_at = $1::timestamptz + interval '2 minutes' WHERE id IN (
        SELECT id FROM message WHERE check_at <= $1 AND state = 'planned' AND attempt_id IS NULL ORDER BY check_at, id LIMIT $2 FOR UPDATE SKIP LOCKED)
      RETURNING id`,
    values: [now, most],
  });
  return rows.map(({ id }) => id);
}

/** Due notices that cannot go out now: looked at again then, or, with null, of no use any more. */
export async function holdDueNotices(query: Query, now: Date, until: Date | null): Promise<void> {
  await query({
    name: 'notice-hold',
    text: `
      UPDATE message SET check_at = $2, state = CASE WHEN $2::timestamptz IS NULL THEN 'failed' ELSE state END
      WHERE check_at <= $1 AND state = 'planned' AND attempt_id IS NULL`,
    values: [now, until],
  });
}

export interface PlannedNotice {
  readonly text: TextId;
  readonly createdAt: Date;
  readonly timeZone: string;
  readonly language: Language;
  /** Of the case's round; of what belongs to none, whichever was published last. */
  readonly questionnaireId: string;
  /** When the shop said what it wished for. */
  readonly wishedAt: Date | null;
  /** It is still true, of use, and wanted. */
  readonly allowed: boolean;
  /** A question of ours is open on this number: two at a time cannot be told apart by their answers (script §9). */
  readonly waits: boolean;
}

export async function findNotice(query: Query, messageId: string, now: Date): Promise<PlannedNotice | null> {
  const [row] = await query<PlannedNotice>({
    name: 'notice-planned',
    text: `
      SELECT n.text, m.created_at AS "createdAt", n.time_zone AS "timeZone", n.language, f.created_at AS "wishedAt",
             coalesce(r.questionnaire_id, (SELECT id FROM questionnaire WHERE published_at IS NOT NULL ORDER BY published_at DESC, id DESC LIMIT 1)) AS "questionnaireId",
             ${isWanted('$2')} AS allowed,
             n.text = 'SF' AND EXISTS (
               SELECT FROM attempt a JOIN phone p ON p.id = a.phone_id WHERE p.blind_index = n.blind_index AND a.channel = 'sms' AND a.state <> 'ended') AS waits
      FROM message m JOIN notice n ON n.message_id = m.id LEFT JOIN survey_case c ON c.id = n.case_id LEFT JOIN round r ON r.id = c.round_id
      LEFT JOIN follow_up f ON f.id = n.follow_up_id
      WHERE m.id = $1 AND m.state = 'planned'`,
    values: [messageId, now],
  });
  return row ?? null;
}

const isWanted = (now: string): string => `(
  (n.expires_at IS NULL OR n.expires_at > ${now})
  AND (n.text = 'SX' OR NOT EXISTS (SELECT FROM phone p WHERE p.blind_index = n.blind_index AND p.opted_out_at IS NOT NULL))
  AND (n.text <> 'SM' OR (c.state <> 'done' AND c.overall IS NULL AND r.state = 'fielding'))
  AND (n.text <> 'SF' OR (f.state = 'done' AND f.named)))`;

/** Commits that the carrier is now being asked, as `beginSending` does. @returns the sealed number, or null. */
export async function beginNotice(
  query: Query,
  messageId: string,
  now: Date,
  { checkAt, segments }: { readonly checkAt: Date; readonly segments: number },
): Promise<Buffer | null> {
  const [row] = await query<{ sealed: Buffer }>({
    name: 'notice-begin',
    text: `
      UPDATE message m SET state = 'sending', sent_at = $2, check_at = $3, segments = $4
      FROM notice n LEFT JOIN survey_case c ON c.id = n.case_id LEFT JOIN round r ON r.id = c.round_id LEFT JOIN follow_up f ON f.id = n.follow_up_id
      WHERE m.id = $1 AND m.state = 'planned' AND n.message_id = m.id AND ${isWanted('$2')}
        AND (n.text <> 'SF' OR NOT EXISTS (
          SELECT FROM attempt a JOIN phone p ON p.id = a.phone_id WHERE p.blind_index = n.blind_index AND a.channel = 'sms' AND a.state <> 'ended'))
      RETURNING n.sealed`,
    values: [messageId, now, checkAt, segments],
  });
  return row?.sealed ?? null;
}

/**
 * Whether a number was asked within a day whether its wish was seen to, and has not said: a second question would take
 * the answer to the first for its own, and a 2 would be somebody's rating.
 */
export const isAskedOfAWish = (phone: string, now: string): string => `EXISTS (
  SELECT FROM notice n JOIN message m ON m.id = n.message_id
  WHERE n.blind_index = ${phone}.blind_index AND n.text = 'SF' AND n.answer IS NULL
    AND m.state NOT IN ('planned', 'failed') AND m.sent_at > ${now}::timestamptz - interval '1 day')`;

/**
 * One of ours wrote who has no thread: he answers 「方便时打回」 in writing, so he is asked in writing (script §8, S1:
 * or when asked for). Only of a case that is to be called still, and once a case.
 */
export async function askInWriting(query: Query, phoneIndex: Buffer, now: Date): Promise<void> {
  await query({
    name: 'notice-ask-in-writing',
    text: `
      UPDATE survey_case c SET due_at = $2, due_channel = 'sms'
      FROM phone p, round r
      WHERE p.blind_index = $1 AND p.kind = 'mobile' AND c.phone_id = p.id AND r.id = c.round_id AND r.state = 'fielding'
        AND c.state = 'active' AND c.overall IS NULL AND c.due_channel = 'voice'
        AND NOT EXISTS (SELECT FROM attempt a WHERE a.case_id = c.id AND (a.channel = 'sms' OR a.state <> 'ended'))`,
    values: [phoneIndex, now],
  });
}

/** A wish whose closing this number was asked to confirm, and that it has not: what it replies now is about that. */
export async function wishInQuestion(
  query: Query,
  phoneIndex: Buffer,
  now: Date,
): Promise<{ readonly messageId: string; readonly timeZone: string; readonly questionnaireId: string } | null> {
  const [row] = await query<{ messageId: string; timeZone: string; questionnaireId: string }>({
    name: 'notice-in-question',
    text: `
      SELECT m.id AS "messageId", n.time_zone AS "timeZone",
             (SELECT id FROM questionnaire WHERE published_at IS NOT NULL ORDER BY published_at DESC, id DESC LIMIT 1) AS "questionnaireId"
      FROM notice n JOIN message m ON m.id = n.message_id
      WHERE n.blind_index = $1 AND n.text = 'SF' AND n.answer IS NULL AND m.state NOT IN ('planned', 'failed') AND m.sent_at > $2::timestamptz - interval '7 days'
        AND NOT EXISTS (
          SELECT FROM attempt a JOIN phone p ON p.id = a.phone_id
          WHERE p.blind_index = n.blind_index AND a.channel = 'sms'
            AND (a.state <> 'ended' OR EXISTS (SELECT FROM message later WHERE later.attempt_id = a.id AND later.sent_at > m.sent_at)))
      ORDER BY m.sent_at DESC LIMIT 1`,
    values: [phoneIndex, now],
  });
  return row ?? null;
}

/**
 * The shop's own word on its wish: done, or not done, which opens it again for somebody else to see to.
 *
 * @returns the wish that was opened again.
 * @throws a unique violation when the text's carrier id was taken in before.
 */
export async function recordWishAnswer(
  query: Query,
  answer: { readonly carrierId: string; readonly messageId: string; readonly done: boolean; readonly dueAt: Date },
  now: Date,
): Promise<string | null> {
  const [row] = await query<{ id: string }>({
    name: 'notice-answer',
    text: `
      WITH heard AS (
        INSERT INTO inbound_text (carrier_id, attempt_id, at) VALUES ($1, NULL, $5)
      ), answered AS (
        UPDATE notice SET answer = $3 WHERE message_id = $2 AND answer IS NULL RETURNING follow_up_id
      ), confirmed AS (
        UPDATE follow_up f SET confirmed_at = $5 FROM answered, message m
        WHERE f.id = answered.follow_up_id AND $3 = 1 AND f.state = 'done' AND m.id = $2 AND f.done_at <= m.sent_at
      )
      UPDATE follow_up f SET state = 'reopened', taken_by = NULL, done_at = NULL, due_at = $4
      FROM answered WHERE f.id = answered.follow_up_id AND $3 = 2 AND f.state = 'done' RETURNING f.id`,
    values: [answer.carrierId, answer.messageId, answer.done ? 1 : 2, answer.dueAt, now],
  });
  return row?.id ?? null;
}
