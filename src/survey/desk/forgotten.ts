import type { Query } from '../../platform/database.ts';

/** How long a task may lie in somebody's hands without a call, and an interview without its end. */
const patience = `interval '1 hour'`;

/**
 * Somebody took a task and went home, or never said what came of his call: the interview ends as it stands, and the task
 * is anybody's again. Nothing that was answered is lost.
 */
export async function releaseForgotten(query: Query, now: Date): Promise<void> {
  await query({
    name: 'desk-forgotten',
    text: `
      WITH idle AS (
        SELECT t.id FROM desk_task t
        WHERE t.state = 'taken' AND t.taken_at < $1::timestamptz - ${patience}
          AND NOT EXISTS (SELECT FROM desk_call d WHERE d.task_id = t.id AND (d.state <> 'ended' OR d.ended_at > $1::timestamptz - ${patience}))
        FOR UPDATE SKIP LOCKED
      ), ended AS (
        UPDATE attempt a SET state = 'ended', result = 'finished', ended_at = $1, touched_at = $1
        FROM desk_call d JOIN idle ON idle.id = d.task_id WHERE a.id = d.attempt_id AND a.state <> 'ended' RETURNING a.case_id
      ), posted AS (
        INSERT INTO outbox (topic, case_id, at) SELECT 'ended', case_id, $1 FROM ended
      )
      UPDATE desk_task t SET state = 'waiting', taken_by = NULL, taken_at = NULL FROM idle WHERE t.id = idle.id`,
    values: [now],
  });
}
