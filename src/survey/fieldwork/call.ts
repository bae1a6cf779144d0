import type { Query } from '../../platform/database.ts';
import type { CallResult } from '../disposition/outcome.ts';

/** The life of one call, as its carrier tells it: reports come late, twice, in any order, or not at all. */

/** What a carrier reports, in our words. */
export type CallReport =
  | { readonly state: 'queued' | 'ringing' | 'in-progress' }
  | { readonly state: 'ended'; readonly result: CallResult; readonly errorCode: number | null };

/** Only ever forward: a report is taken where the call has not come as far yet. `unknown` is settled by any report. */
const forward = `array_position(ARRAY['claimed', 'dialing', 'unknown', 'queued', 'ringing', 'in-progress', 'ended'], state::text)`;
const forwardTo = forward.replace('state::text', '$2');

/** What a report did: moved the call on, told nothing new, or was of no call of ours. */
export type Reported = 'moved' | 'known' | 'unknown';

/** Records a report. An ended call is posted to be settled, in the same statement. */
export async function recordCallReport(
  query: Query,
  attemptId: string,
  carrierId: string | null,
  report: CallReport,
  now: Date,
): Promise<Reported> {
  const [row] = await query<{ reported: Reported }>({
    name: 'call-report',
    text: `
      WITH moved AS (
        UPDATE attempt
        SET state = $2::text::attempt_state, carrier_id = coalesce(carrier_id, $3), touched_at = $4::timestamptz,
            result = CASE WHEN $2 = 'ended' THEN $5::text ELSE result END,
            error_code = CASE WHEN $2 = 'ended' THEN $6::int ELSE error_code END,
            ended_at = CASE WHEN $2 = 'ended' THEN $4::timestamptz ELSE ended_at END,
            -- Cut off in a message: its turn may be lost, and then the recording is asked for.
            check_at = CASE WHEN $2 <> 'ended' THEN check_at
                            WHEN conversation #>> '{place,is}' = 'recording' THEN $4::timestamptz + interval '2 minutes' END
        WHERE id = $1 AND channel = 'voice' AND ${forward} < ${forwardTo}
        RETURNING case_id
      ), posted AS (
        INSERT INTO outbox (topic, case_id, at) SELECT 'ended', case_id, $4 FROM moved WHERE $2 = 'ended'
      )
      SELECT CASE WHEN EXISTS (SELECT FROM moved) THEN 'moved'
                  WHEN EXISTS (SELECT FROM attempt WHERE id = $1) THEN 'known' ELSE 'unknown' END AS reported`,
    values: [
      attemptId,
      report.state,
      carrierId,
      now,
      report.state === 'ended' ? report.result : null,
      report.state === 'ended' ? report.errorCode : null,
    ],
  });
  return row?.reported ?? 'unknown';
}

/** A claimed call as its dial job finds it. */
export interface Claimed {
  readonly phoneId: string;
  readonly slotAt: Date;
  readonly createdAt: Date;
  readonly timeZone: string;
  readonly ruleSetId: string;
  /** When the shop orders or is delivered to. */
  readonly halfDays: readonly string[];
}

/** null where there is nothing (left) to dial. */
export async function findClaimed(query: Query, attemptId: string): Promise<Claimed | null> {
  const [row] = await query<Claimed>({
    name: 'call-claimed',
    text: `
      SELECT a.phone_id AS "phoneId", a.slot_at AS "slotAt", a.created_at AS "createdAt", c.time_zone AS "timeZone", r.rule_set_id AS "ruleSetId",
             c.ordering_half_days || c.delivery_half_days AS "halfDays"
      FROM attempt a JOIN survey_case c ON c.id = a.case_id JOIN round r ON r.id = a.round_id
      WHERE a.id = $1 AND a.state = 'claimed'`,
    values: [attemptId],
  });
  return row ?? null;
}

/**
 * Commits that the carrier is now being asked; from here on the shop may have been called, whatever happens to us.
 * One of two deliveries of the same job gets through, and none once the number opted out, the round stands still, its
 * time is up, or a text thread of the case was answered to its end.
 *
 * @param checkAt when the reconciler looks after it if nothing is heard.
 * @param from the number of ours that it is made from.
 * @returns the sealed number, or null.
 */
export async function beginDialing(
  query: Query,
  attemptId: string,
  now: Date,
  checkAt: Date,
  from: string | null = null,
): Promise<Buffer | null> {
  const [row] = await query<{ sealed: Buffer }>({
    name: 'call-begin',
    text: `
      UPDATE attempt a SET state = 'dialing', dialed_at = $2, touched_at = $2, check_at = $3, from_number = $4
      FROM phone p, round r
      WHERE a.id = $1 AND a.state = 'claimed' AND p.id = a.phone_id AND p.opted_out_at IS NULL AND r.id = a.round_id
        AND r.state = 'fielding' AND (r.closes_at IS NULL OR r.closes_at > $2)
        AND NOT EXISTS (SELECT FROM attempt t WHERE t.case_id = a.case_id AND t.conversation ->> 'because' = 'finished')
      RETURNING p.sealed`,
    values: [attemptId, now, checkAt, from],
  });
  return row?.sealed ?? null;
}

/** Lets a claimed call go that is not to be made after all. Nobody was asked, so it uses up no attempt. */
export async function releaseClaim(query: Query, attemptId: string, now: Date): Promise<void> {
  await query({
    name: 'call-release',
    text: `
      WITH released AS (
        UPDATE attempt SET state = 'ended', result = 'technical', ended_at = $2, touched_at = $2, check_at = NULL
        WHERE id = $1 AND state = 'claimed' RETURNING case_id
      )
      INSERT INTO outbox (topic, case_id, at) SELECT 'ended', case_id, $2 FROM released`,
    values: [attemptId, now],
  });
}

/** The carrier took the call. Reports may have been quicker than its answer. */
export async function recordPlaced(query: Query, attemptId: string, carrierId: string, checkAt: Date): Promise<void> {
  await query({
    name: 'call-placed',
    text: `
      UPDATE attempt SET carrier_id = coalesce(carrier_id, $2), state = CASE WHEN state IN ('dialing', 'unknown') THEN 'queued' ELSE state END,
             check_at = CASE WHEN state = 'ended' THEN NULL ELSE $3::timestamptz END
      WHERE id = $1`,
    values: [attemptId, carrierId, checkAt],
  });
}

/** The carrier refused, or nobody was asked: this call was certainly not made. */
export async function recordNotPlaced(
  query: Query,
  attemptId: string,
  result: Exclude<CallResult, 'completed' | 'lost'>,
  errorCode: number | null,
  now: Date,
): Promise<void> {
  await recordCallReport(query, attemptId, null, { state: 'ended', result, errorCode }, now);
}

/** Nobody knows whether the carrier made the call: it is looked up at once, and never asked for again. */
export async function recordUnknown(query: Query, attemptId: string, now: Date): Promise<void> {
  await query({
    name: 'call-unknown',
    text: `UPDATE attempt SET state = 'unknown', touched_at = $2, check_at = $2 WHERE id = $1 AND state = 'dialing'`,
    values: [attemptId, now],
  });
}
