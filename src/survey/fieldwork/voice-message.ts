import type { Query } from '../../platform/database.ts';
import type { Input } from '../interview/conversation.ts';

/**
 * Recordings that lie with a carrier. One of an interview that counted is fetched, sealed here, and then deleted there,
 * in this order and each step once; any other is only deleted. Whatever is still to be done is looked after until it is.
 */
export type Recording = Extract<Input, { kind: 'recorded' }>;

/** A recording that no turn took in: of a call that counts no more, of a repeated turn, or without a word in it. */
export async function noteRecording(
  query: Query,
  attemptId: string,
  { id, seconds }: Recording,
  now: Date,
): Promise<void> {
  await query({
    name: 'recording-note',
    text: `
      INSERT INTO voice_message (recording_id, case_id, attempt_id, seconds, counts, at, check_at)
      SELECT $2, case_id, id, $3, false, $4, $4 FROM attempt WHERE id = $1 ON CONFLICT (recording_id) DO NOTHING`,
    values: [attemptId, id, seconds, now],
  });
}

/** What is left to be done with a recording. */
export interface PendingRecording {
  /** It is to be kept, and is not yet. */
  readonly fetch: boolean;
  /** How often it was looked after. */
  readonly checks: number;
}

/** null where nothing is left to be done. */
export async function findPending(query: Query, recordingId: string): Promise<PendingRecording | null> {
  const [row] = await query<PendingRecording>({
    name: 'recording-pending',
    text: `
      SELECT counts AND sealed IS NULL AS fetch, checks FROM voice_message
      WHERE recording_id = $1 AND deleted_at_carrier IS NULL`,
    values: [recordingId],
  });
  return row ?? null;
}

/** Keeps the audio; who comes second leaves the first. */
export async function keepAudio(query: Query, recordingId: string, sealed: Buffer, now: Date): Promise<void> {
  await query({
    name: 'recording-keep',
    text: 'UPDATE voice_message SET sealed = $2, fetched_at = $3 WHERE recording_id = $1 AND sealed IS NULL',
    values: [recordingId, sealed, now],
  });
}

export async function recordDeleted(query: Query, recordingId: string, now: Date): Promise<void> {
  await query({
    name: 'recording-deleted',
    text: `
      UPDATE voice_message SET deleted_at_carrier = $2, check_at = NULL
      WHERE recording_id = $1 AND deleted_at_carrier IS NULL`,
    values: [recordingId, now],
  });
}

/** The carrier has lost it: there is nothing to keep, and nothing to delete. */
export async function recordLost(query: Query, recordingId: string, now: Date): Promise<void> {
  await query({
    name: 'recording-lost',
    text: `
      UPDATE voice_message SET counts = false, deleted_at_carrier = $2, check_at = NULL
      WHERE recording_id = $1 AND sealed IS NULL`,
    values: [recordingId, now],
  });
}

/** Takes what is due to be looked after, and puts the next look off: minutes at first, then once a day. */
export async function dueRecordings(query: Query, now: Date): Promise<string[]> {
  const rows = await query<{ id: string }>({
    name: 'recording-due',
    text: `
      WITH due AS (
        SELECT recording_id FROM voice_message WHERE check_at <= $1 ORDER BY check_at LIMIT 100 FOR UPDATE SKIP LOCKED
      )
      UPDATE voice_message v
      SET checks = checks + 1,
          check_at = $1::timestamptz + make_interval(mins => coalesce((ARRAY[2, 10, 60, 240])[v.checks + 1], 1440))
      FROM due WHERE v.recording_id = due.recording_id RETURNING v.recording_id AS id`,
    values: [now],
  });
  return rows.map(({ id }) => id);
}

/** A call that ended while a message was being recorded, and whose turn has not arrived. */
export interface BrokenMessage {
  readonly attemptId: string;
  readonly carrierId: string;
  readonly turn: number;
  /** The carrier was asked long enough: what it does not have by now there is not. */
  readonly last: boolean;
}

/** How long after a call's end its carrier may still make a recording known. */
const patienceMinutes = 60;

/** Takes the calls whose message is due to be asked for, and puts the next look off. */
export function dueBrokenMessages(query: Query, now: Date): Promise<BrokenMessage[]> {
  return query<BrokenMessage>({
    name: 'recording-broken',
    text: `
      WITH due AS (
        SELECT id, ended_at + interval '${patienceMinutes} minutes' AS until FROM attempt
        WHERE check_at <= $1 AND channel = 'voice' AND state = 'ended' ORDER BY check_at LIMIT 100 FOR UPDATE SKIP LOCKED
      ), looked AS (
        UPDATE attempt a
        SET check_at = CASE WHEN a.conversation #>> '{place,is}' = 'recording' AND a.carrier_id IS NOT NULL
                            THEN greatest(due.until, $1::timestamptz + interval '10 minutes') END
        FROM due WHERE a.id = due.id RETURNING a.id, a.carrier_id, a.turn, a.check_at, due.until
      )
      SELECT id AS "attemptId", carrier_id AS "carrierId", turn, until <= $1 AS last FROM looked WHERE check_at IS NOT NULL`,
    values: [now],
  });
}

/** There is nothing more to be asked for. */
export async function endLooking(query: Query, attemptId: string): Promise<void> {
  await query({
    name: 'recording-end',
    text: `UPDATE attempt SET check_at = NULL WHERE id = $1 AND state = 'ended'`,
    values: [attemptId],
  });
}
