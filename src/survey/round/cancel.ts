import { endTasks } from '../desk/tasks.ts';
import { endThreads } from './close.ts';
import type { RoundServices } from './launch.ts';
import { moveRound, type RoundChange, reasonOf } from './move.ts';

/**
 * Cancels a round for good, in public: its reason stays on its page, and its nonces are revealed, so that nobody can say
 * that a sample was thrown away because it did not suit. Nobody is called any more, threads of
 * texts end, whoever is on the line is told goodbye at his next key, and nothing of the round is scored.
 *
 * @throws BadInput without a reason; Refused where the round is closed or cancelled already.
 */
export async function cancelRound(
  { database, clock }: Pick<RoundServices, 'database' | 'clock'>,
  change: RoundChange,
): Promise<void> {
  const reason = reasonOf(change);
  const now = clock.now();
  await database.transaction(async (query) => {
    await moveRound(query, now, 'cancel', { ...change, reason });
    await query({
      text: `UPDATE survey_case SET due_at = NULL, due_channel = NULL WHERE round_id = $1 AND due_at IS NOT NULL`,
      values: [change.roundId],
    });
    await query({
      text: `UPDATE spot_check SET state = 'cancelled', done_at = $2 WHERE round_id = $1 AND state = 'scheduled'`,
      values: [change.roundId, now],
    });
    await query({ text: 'UPDATE draw SET revealed_at = $2 WHERE round_id = $1', values: [change.roundId, now] });
    await endThreads(query, change.roundId, now);
    await endTasks(query, change.roundId, 'round-cancelled', now);
  });
}
