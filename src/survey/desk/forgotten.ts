import type { Query } from '../../platform/database.ts';
import { unsaid } from './queue.ts';
import { deskTries, restHours } from './times.ts';

/** How long a task may lie in somebody's hands without a call, and an interview without its end. */
const patience = `interval '1 hour'`;

/** What the carrier's word leaves of a call nobody told about: silent is only who was heard to answer. */
const resultLeft = `
  CASE WHEN a.conversation IS NOT NULL OR d.result = 'completed' THEN 'finished'
       WHEN d.result IN ('no-answer', 'busy') THEN d.result ELSE 'technical' END`;

/**
 * Somebody took a task and went home, or never said what came of his call: the interview ends as it stands, and the task
 * is anybody's again. Nothing that was answered is lost; and a shop that was rung was rung, so it counts as a try and
 * has its rest. What a user holds who is not of the desk any more is given free as well.
 */
export async function releaseForgotten(query: Query, now: Date): Promise<void> {
  await query({
    name: 'desk-forgotten',
    text: `
      WITH idle AS (
        SELECT t.id, t.case_id, ${unsaid} AND EXISTS (
          SELECT FROM desk_call d WHERE d.task_id = t.id AND d.bridged_at IS NOT NULL AND d.dialed_at >= t.taken_at
        ) AS rung
        FROM desk_task t
        WHERE t.state = 'taken' AND t.taken_at < $1::timestamptz - ${patience}
          AND NOT EXISTS (SELECT FROM desk_call d WHERE d.task_id = t.id AND (d.state <> 'ended' OR d.ended_at > $1::timestamptz - ${patience}))
        FOR UPDATE SKIP LOCKED
      ), ended AS (
        UPDATE attempt a SET state = 'ended', result = ${resultLeft}, ended_at = $1, touched_at = $1
        FROM desk_call d JOIN idle ON idle.id = d.task_id WHERE a.id = d.attempt_id AND a.state <> 'ended'
      ), posted AS (
        INSERT INTO outbox (topic, case_id, at) SELECT 'ended', case_id, $1 FROM idle
      )
      UPDATE desk_task t
      SET attempts = t.attempts + idle.rung::int, taken_by = NULL, taken_at = NULL,
          state = CASE WHEN idle.rung AND t.attempts + 1 >= ${deskTries} THEN 'done' ELSE 'waiting' END::desk_task_state,
          outcome = CASE WHEN idle.rung AND t.attempts + 1 >= ${deskTries} THEN coalesce(t.outcome, 'silent') ELSE t.outcome END,
          done_at = CASE WHEN idle.rung AND t.attempts + 1 >= ${deskTries} THEN $1::timestamptz END,
          from_at = CASE WHEN idle.rung THEN $1::timestamptz + interval '${restHours} hours' ELSE t.from_at END
      FROM idle WHERE t.id = idle.id`,
    values: [now],
  });
  await query({
    name: 'desk-left-wishes',
    text: `
      UPDATE follow_up SET state = 'reopened', taken_by = NULL
      WHERE state = 'taken' AND NOT EXISTS (SELECT FROM app_user u WHERE u.id::text = taken_by AND u.role = 'desk')`,
  });
}

/**
 * Takes back what was to be done by now and nobody can do: the last of the desk has left, or whoever is left is of the
 * shop's own district, or could not understand it. Else such a case would hold its round for ever. Not before it is
 * overdue, for whoever leaves may be followed by somebody else.
 */
export async function withdrawUnstaffed(query: Query, now: Date): Promise<void> {
  await query({
    name: 'desk-unstaffed',
    text: `
      WITH withdrawn AS (
        UPDATE desk_task t SET state = 'done', outcome = 'withdrawn', done_at = $1
        FROM survey_case c JOIN manager m ON m.id = c.manager_id
        WHERE c.id = t.case_id AND t.state = 'waiting' AND t.due_at < $1 AND t.reason NOT IN ('recheck', 'number-check')
          AND NOT EXISTS (
            SELECT FROM app_user u
            WHERE u.role = 'desk' AND u.id::text IS DISTINCT FROM t.not_for AND u.district_id IS DISTINCT FROM m.district_id)
        RETURNING t.case_id
      )
      INSERT INTO outbox (topic, case_id, at) SELECT 'unstaffed', case_id, $1 FROM withdrawn`,
    values: [now],
  });
}
