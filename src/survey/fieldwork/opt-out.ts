import type { Query } from '../../platform/database.ts';

/**
 * Enters a stop by text for a number that has no thread: it was called and never written to. Posted for its open cases,
 * which otherwise would wait for a call that is never made. A number we do not know, or one that is stopped, is left.
 *
 * @returns whether this stopped it.
 */
export async function enterStop(query: Query, phoneIndex: Buffer, now: Date): Promise<boolean> {
  const entered = await query({
    name: 'opt-out-enter',
    text: `
      WITH stopped AS (
        UPDATE phone SET opted_out_at = $2 WHERE blind_index = $1 AND opted_out_at IS NULL RETURNING id
      ), posted AS (
        INSERT INTO outbox (topic, case_id, at)
        SELECT 'opt-out', c.id, $2 FROM stopped JOIN survey_case c ON c.phone_id = stopped.id AND c.state <> 'done'
      )
      INSERT INTO opt_out (phone_id, entry, source, at) SELECT id, 'stop', 'sms', $2 FROM stopped RETURNING phone_id`,
    values: [phoneIndex, now],
  });
  return entered.length > 0;
}

/**
 * Somebody told a person of the desk, outside the questions, to stop for good: both channels, every case of the number.
 *
 * @param about the case or the wish that he was called for.
 */
export async function enterStopAtDesk(query: Query, about: string, now: Date): Promise<void> {
  await query({
    name: 'opt-out-desk',
    text: `
      WITH stopped AS (
        UPDATE phone SET opted_out_at = $2 WHERE opted_out_at IS NULL
          AND id IN (SELECT phone_id FROM survey_case WHERE id = $1 UNION ALL SELECT phone_id FROM follow_up WHERE id = $1)
        RETURNING id
      ), posted AS (
        INSERT INTO outbox (topic, case_id, at)
        SELECT 'opt-out', c.id, $2 FROM stopped JOIN survey_case c ON c.phone_id = stopped.id AND c.state <> 'done'
      )
      INSERT INTO opt_out (phone_id, entry, source, at) SELECT id, 'stop', 'desk', $2 FROM stopped`,
    values: [about, now],
  });
}
