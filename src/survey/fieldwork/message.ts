import type { Query } from '../../platform/database.ts';
import type { Language, TextId } from '../questionnaire/questionnaire.ts';
import type { Reported } from './call.ts';
import { entering } from './opt-out.ts';

/** The life of one text of ours: planned, sending, then whatever its carrier says. */

/** The one text that a number which said stop still gets: that it was heard. */
const farewellToTexts = `m.text = 'SX'`;

export interface Planned {
  readonly text: TextId;
  readonly slotAt: Date;
  readonly createdAt: Date;
  /** It begins its thread. */
  readonly first: boolean;
  readonly timeZone: string;
  readonly language: Language;
  readonly managerName: string;
  readonly questionnaireId: string;
  /** The rating so far, which some texts repeat. */
  readonly overall: number | null;
  /** He was reminded once. */
  readonly reminded: boolean;
  /** The number is open to us and the round goes on, or he just wrote to us. */
  readonly allowed: boolean;
}

/**
 * A thread is begun in a round in the field alone. What asks on is sent until the round is over, for whoever wrote is
 * answered while it stands still; what only says something is sent whenever it was promised.
 */
const isInTime = `
  CASE WHEN m.text IN ('S9', 'SD', 'SG', 'SL', 'SX', 'SE2') THEN true
       WHEN a.dialed_at IS NULL THEN a.state = 'claimed' AND r.state = 'fielding'
       ELSE r.state IN ('fielding', 'paused') END`;

/** A planned text as its job finds it, or null where there is nothing (left) to send. */
export async function findPlanned(query: Query, messageId: string, now: Date): Promise<Planned | null> {
  const [row] = await query<Planned>({
    name: 'message-planned',
    text: `
      SELECT m.text, a.slot_at AS "slotAt", m.created_at AS "createdAt", a.dialed_at IS NULL AS first, c.time_zone AS "timeZone",
             shop.language, manager.name AS "managerName", r.questionnaire_id AS "questionnaireId", c.overall,
             EXISTS (SELECT FROM message sr WHERE sr.attempt_id = a.id AND sr.text = 'SR') AS reminded,
             ((p.opted_out_at IS NULL OR ${farewellToTexts})
               AND (m.text <> 'SR' OR (c.overall IS NULL AND a.state <> 'ended' AND r.state = 'fielding'))
               AND ${isInTime} AND (a.dialed_at IS NOT NULL OR r.closes_at IS NULL OR r.closes_at > $2)) AS allowed
      FROM message m JOIN attempt a ON a.id = m.attempt_id JOIN survey_case c ON c.id = a.case_id
      JOIN phone p ON p.id = a.phone_id JOIN round r ON r.id = a.round_id
      JOIN retailer shop ON shop.id = c.retailer_id JOIN manager ON manager.id = c.manager_id
      WHERE m.id = $1 AND m.state = 'planned'`,
    values: [messageId, now],
  });
  return row ?? null;
}

export interface Begun {
  /** When the reconciler looks after it, should nothing be heard. */
  readonly checkAt: Date;
  /** When the thread is, should nobody reply. */
  readonly silentAt: Date;
  readonly segments: number;
}

/**
 * Commits that the carrier is now being asked; lets one of two deliveries of the same job through, and begins no thread
 * on a number that opted out, or in a round that stands still, since the text was looked at.
 *
 * @returns the sealed number, or null where it is not to be sent by us.
 */
export async function beginSending(
  query: Query,
  messageId: string,
  now: Date,
  { checkAt, silentAt, segments }: Begun,
): Promise<Buffer | null> {
  const [row] = await query<{ sealed: Buffer }>({
    name: 'message-begin',
    text: `
      WITH sending AS (
        UPDATE message m SET state = 'sending', sent_at = $2, check_at = $3, segments = $5
        FROM attempt a JOIN phone p ON p.id = a.phone_id JOIN round r ON r.id = a.round_id
        WHERE m.id = $1 AND m.state = 'planned' AND a.id = m.attempt_id
          AND (p.opted_out_at IS NULL OR ${farewellToTexts}) AND ${isInTime}
        RETURNING m.attempt_id
      ), thread AS (
        UPDATE attempt a SET state = CASE WHEN a.state = 'claimed' THEN 'sending' ELSE a.state END,
               dialed_at = coalesce(a.dialed_at, $2::timestamptz), touched_at = $2, check_at = CASE WHEN a.state = 'ended' THEN NULL ELSE $4::timestamptz END
        FROM sending s WHERE a.id = s.attempt_id RETURNING a.phone_id
      )
      SELECT p.sealed FROM thread t JOIN phone p ON p.id = t.phone_id`,
    values: [messageId, now, checkAt, silentAt, segments],
  });
  return row?.sealed ?? null;
}

/** Of use later. One that another job is sending is left to it. */
export async function putOff(query: Query, messageId: string, until: Date): Promise<void> {
  await query({
    name: 'message-put-off',
    text: `UPDATE message SET check_at = $2 WHERE id = $1 AND state = 'planned'`,
    values: [messageId, until],
  });
}

/** Certainly not sent, says whoever asked the carrier, and of use later: planned again. */
export async function planAgain(query: Query, messageId: string, at: Date): Promise<void> {
  await query({
    name: 'message-plan-again',
    text: `UPDATE message SET state = 'planned', check_at = $2 WHERE id = $1 AND state = 'sending'`,
    values: [messageId, at],
  });
}

/** What a carrier says of a text: only ever forward, in whatever order it says it. */
export type MessageReport =
  | { readonly state: 'sent' | 'delivered' }
  | {
      readonly state: 'failed';
      readonly result: 'bad-number' | 'blocked' | 'technical' | 'lost';
      readonly errorCode: number | null;
      /** The carrier's code, where it is a word. */
      readonly errorName?: string;
      /** He told the carrier to stop, which is as good as telling us. */
      readonly optedOut?: true;
    };

const forward = (state: string) =>
  `array_position(ARRAY['planned', 'sending', 'unknown', 'sent', 'delivered', 'failed'], ${state})`;

/** The number that the text which `moved` went to. */
const isOfPhone = `EXISTS (
  SELECT FROM moved m LEFT JOIN attempt a ON a.id = m.attempt_id LEFT JOIN notice n ON n.message_id = m.id
  WHERE p.id = a.phone_id OR p.blind_index = n.blind_index)`;

/**
 * Records a report. A first text that failed ends its thread, since nobody was asked anything; a later one that failed
 * does not take back the answers, nor a reminder that failed the question before it. That he told the carrier to stop
 * goes into the ledger.
 */
export async function recordMessageReport(
  query: Query,
  messageId: string,
  carrierId: string | null,
  report: MessageReport,
  now: Date,
  only: 'planned' | null = null,
): Promise<Reported> {
  const [row] = await query<{ reported: Reported }>({
    name: 'message-report',
    text: `
      WITH moved AS (
        UPDATE message SET state = $2::text::message_state, carrier_id = coalesce(carrier_id, $3), error_code = coalesce($6::int, error_code),
               error_name = coalesce($7::text, error_name), check_at = NULL
        WHERE id = $1 AND ${forward('state::text')} < ${forward('$2')} AND ($8::text IS NULL OR state::text = $8)
        RETURNING id, attempt_id, $2 = 'failed' AND NOT EXISTS (
          SELECT FROM message earlier WHERE earlier.attempt_id = message.attempt_id AND earlier.created_at < message.created_at) AS in_vain
      ), thread AS (
        UPDATE attempt a
        SET state = CASE WHEN m.in_vain AND a.turn = 0 THEN 'ended' ELSE $2 END::attempt_state,
            result = CASE WHEN m.in_vain AND a.turn = 0 THEN $5::text WHEN $2 = 'delivered' THEN 'delivered' ELSE a.result END,
            ended_at = CASE WHEN m.in_vain AND a.turn = 0 THEN $4::timestamptz ELSE a.ended_at END,
            check_at = CASE WHEN m.in_vain AND a.turn = 0 THEN NULL ELSE a.check_at END, touched_at = $4::timestamptz
        FROM moved m WHERE a.id = m.attempt_id AND a.state <> 'ended' AND ($2 <> 'failed' OR (m.in_vain AND a.turn = 0))
        RETURNING a.case_id, a.state
      ), posted AS (
        INSERT INTO outbox (topic, case_id, at) SELECT 'ended', case_id, $4 FROM thread WHERE state = 'ended'
      ), ${entering(`$9::boolean AND ${isOfPhone}`, 'carrier', '$4::timestamptz')}
      SELECT CASE WHEN EXISTS (SELECT FROM moved) THEN 'moved'
                  WHEN EXISTS (SELECT FROM message WHERE id = $1) THEN 'known' ELSE 'unknown' END AS reported`,
    values: [
      messageId,
      report.state,
      carrierId,
      now,
      report.state === 'failed' ? report.result : null,
      report.state === 'failed' ? report.errorCode : null,
      report.state === 'failed' ? (report.errorName ?? null) : null,
      only,
      report.state === 'failed' && report.optedOut === true,
    ],
  });
  return row?.reported ?? 'unknown';
}

/** Nobody knows whether the text went out: it is looked up, and never sent again. */
export async function recordTextUnknown(query: Query, messageId: string, now: Date): Promise<void> {
  await query({
    text: `UPDATE message SET state = 'unknown', check_at = $2 WHERE id = $1 AND state = 'sending'`,
    values: [messageId, now],
  });
}

/** Texts of a round: of its threads, and the notices about its cases. */
export const isOfRound = (roundId: string): string => `m.id IN (
  SELECT t.id FROM attempt a JOIN message t ON t.attempt_id = a.id WHERE a.round_id = ${roundId} AND a.channel = 'sms'
  UNION ALL SELECT n.message_id FROM survey_case c JOIN notice n ON n.case_id = c.id WHERE c.round_id = ${roundId})`;
