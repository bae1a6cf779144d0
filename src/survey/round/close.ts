import { audit } from '../../platform/audit.ts';
import type { Query } from '../../platform/database.ts';
import { endTasks } from '../desk/tasks.ts';
import { applyInvalidationRules } from '../quality/invalidate.ts';
import type { RoundServices } from './launch.ts';
import { type RoundChange, reasonOf, refusal } from './move.ts';

/**
 * Closes a round and reveals its nonces: from here on anybody can replay the draw. A round is closed when its every
 * case is final and no spot check is to come, or when its time is up: then cases that are still open keep the
 * disposition they have. Does nothing while a call is alive or something heard is not settled; asking twice closes once.
 *
 * @returns whether it was this call that closed.
 */
export async function closeRound({ database, clock }: RoundServices, roundId: string, actor: string): Promise<boolean> {
  const now = clock.now();
  return database.transaction(async (query) => {
    const timeIsUp = await lockOverdue(query, roundId, now);
    if (timeIsUp) await endThreads(query, roundId, now);
    const closed = await query({
      text: `
        UPDATE round SET state = 'closed', closed_at = $2
        WHERE id = $1 AND (state = 'fielding' OR (state = 'paused' AND $3))
          AND ($3 OR NOT EXISTS (SELECT FROM survey_case c WHERE c.round_id = $1 AND c.state <> 'done'))
          AND NOT EXISTS (SELECT FROM attempt a WHERE a.round_id = $1 AND a.state <> 'ended')
          AND ($3 OR NOT EXISTS (SELECT FROM spot_check s WHERE s.round_id = $1 AND s.state = 'scheduled'))
          AND NOT EXISTS (SELECT FROM outbox o JOIN survey_case c ON c.id = o.case_id WHERE c.round_id = $1)
        RETURNING id`,
      values: [roundId, now, timeIsUp],
    });
    if (closed.length === 0) return false;
    await query({
      text: `UPDATE survey_case SET state = 'done', due_at = NULL, due_channel = NULL WHERE round_id = $1 AND state <> 'done'`,
      values: [roundId],
    });
    await query({
      text: `UPDATE spot_check SET state = 'cancelled', done_at = $2, note = '轮次已结束 · the round was closed' WHERE round_id = $1 AND state = 'scheduled'`,
      values: [roundId, now],
    });
    await applyInvalidationRules(query, { roundIds: [roundId], caseIds: null }, now);
    await endTasks(query, roundId, 'round-closed', now);
    await query({ text: 'UPDATE draw SET revealed_at = $2 WHERE round_id = $1', values: [roundId, now] });
    await audit(query, now, { actor, action: 'round.close', subject: roundId });
    return true;
  });
}

/**
 * Closes a round before its every case is final: nothing new is begun, what runs is finished, then it closes (the
 * close job does that, as soon as it can). Also brings a planned close forward.
 *
 * @throws BadInput without a reason; Refused where the round is not in the field, or is closing already.
 */
export async function closeEarly(
  { database, clock }: Pick<RoundServices, 'database' | 'clock'>,
  change: RoundChange,
): Promise<void> {
  const { roundId, actor } = change;
  const reason = reasonOf(change);
  const now = clock.now();
  await database.transaction(async (query) => {
    const closing = await query({
      text: `
        UPDATE round SET closes_at = $2, reason = $3
        WHERE id = $1 AND state IN ('fielding', 'paused') AND (closes_at IS NULL OR closes_at > $2) RETURNING id`,
      values: [roundId, now, reason],
    });
    if (closing.length === 0) throw await refusal(query, roundId);
    await audit(query, now, { actor, action: 'round.close-early', subject: roundId, detail: { reason } });
  });
}

/** Locks the round if its time is up, so that two jobs at once end its threads once. */
async function lockOverdue(query: Query, roundId: string, now: Date): Promise<boolean> {
  const overdue = await query({
    text: `SELECT FROM round WHERE id = $1 AND state IN ('fielding', 'paused') AND closes_at <= $2 FOR UPDATE`,
    values: [roundId, now],
  });
  return overdue.length > 0;
}

/** Ends a round's threads of texts: a reply is answered from here on with "closed", and counts no more. */
export async function endThreads(query: Query, roundId: string, now: Date): Promise<void> {
  await query({
    text: `
      WITH ended AS (
        UPDATE attempt SET state = 'ended', ended_at = $2, touched_at = $2, check_at = NULL
        WHERE round_id = $1 AND channel = 'sms' AND state <> 'ended' RETURNING case_id
      )
      INSERT INTO outbox (topic, case_id, at) SELECT 'ended', case_id, $2 FROM ended`,
    values: [roundId, now],
  });
}
