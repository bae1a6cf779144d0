import { DateTime } from 'luxon';
import type { Query } from '../../platform/database.ts';

/**
 * Threads nobody answers (script §8). Whoever has not given the rating is reminded once, a day later at ten; whoever
 * has, and falls silent at a question after it, has given a part. A reply that comes later still counts until the close.
 */
const reminderHour = 10;
const lastDayHours = 24;
const partialHours = 2;

/** When a thread that was just written to is looked after, should nothing come back. */
export function silentAt(
  now: Date,
  { timeZone, rated, reminded }: { readonly timeZone: string; readonly rated: boolean; readonly reminded: boolean },
): Date {
  const local = DateTime.fromJSDate(now, { zone: timeZone });
  if (rated) return local.plus({ hours: partialHours }).toJSDate();
  const dayLater = local.plus({ hours: lastDayHours });
  if (reminded) return dayLater.toJSDate();
  const ten = dayLater.set({ hour: reminderHour, minute: 0, second: 0, millisecond: 0 });
  return (ten < dayLater ? ten.plus({ days: 1 }) : ten).toJSDate();
}

/**
 * Reminds or ends the threads that were silent for so long; one of a round that stands still waits for it.
 *
 * @returns the reminders to send.
 */
export async function lookAfterSilence(query: Query, now: Date): Promise<string[]> {
  const rows = await query<{ id: string }>({
    name: 'silent-threads',
    text: `
      WITH silent AS (
        SELECT a.id, a.case_id, CASE WHEN NOT asks.rating THEN 'end' WHEN r.state = 'paused' THEN 'wait' WHEN r.state = 'fielding' THEN 'remind' ELSE 'end' END AS next
        FROM attempt a JOIN survey_case c ON c.id = a.case_id JOIN phone p ON p.id = a.phone_id
        JOIN round r ON r.id = a.round_id JOIN questionnaire q ON q.id = r.questionnaire_id
        CROSS JOIN LATERAL (SELECT
          c.overall IS NULL AND p.opted_out_at IS NULL AND (r.closes_at IS NULL OR r.closes_at > $1)
          AND coalesce(a.conversation ->> 'is', 'asked') = 'asked' AND q.document -> 'texts' ? 'SR'
          AND NOT EXISTS (SELECT FROM message m WHERE m.attempt_id = a.id AND m.text = 'SR') AS rating) AS asks
        WHERE a.check_at <= $1 AND a.channel = 'sms' AND a.state IN ('sending', 'sent', 'delivered', 'unknown')
        FOR UPDATE OF a SKIP LOCKED
      ), reminded AS (
        INSERT INTO message (id, attempt_id, text, created_at, check_at)
        SELECT gen_random_uuid(), id, 'SR', $1, $1::timestamptz + interval '1 minute' FROM silent WHERE next = 'remind' RETURNING id
      ), waiting AS (
        UPDATE attempt SET check_at = $1::timestamptz + CASE silent.next WHEN 'wait' THEN interval '1 hour' ELSE interval '${lastDayHours} hours' END
        FROM silent WHERE attempt.id = silent.id AND silent.next <> 'end'
      ), ended AS (
        UPDATE attempt SET state = 'ended', ended_at = $1, check_at = NULL, touched_at = $1
        FROM silent WHERE attempt.id = silent.id AND silent.next = 'end' RETURNING attempt.case_id
      ), posted AS (
        INSERT INTO outbox (topic, case_id, at) SELECT 'ended', case_id, $1 FROM ended
      )
      SELECT id FROM reminded`,
    values: [now],
  });
  return rows.map(({ id }) => id);
}
