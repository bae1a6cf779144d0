import { audit } from '../../platform/audit.ts';
import type { RoundServices } from './launch.ts';

/**
 * Closes a round whose every case is final, and reveals its nonces: from here on anybody can replay the draw. Does
 * nothing while a case is open, a call is alive or a spot check is to come; asking twice closes once.
 *
 * @returns whether it was this call that closed.
 */
export async function closeRound({ database, clock }: RoundServices, roundId: string, actor: string): Promise<boolean> {
  const now = clock.now();
  return database.transaction(async (query) => {
    const closed = await query({
      text: `
        UPDATE round SET state = 'closed', closed_at = $2
        WHERE id = $1 AND state = 'fielding'
          AND NOT EXISTS (SELECT FROM survey_case c WHERE c.round_id = $1 AND c.state <> 'done')
          AND NOT EXISTS (SELECT FROM attempt a WHERE a.round_id = $1 AND a.state <> 'ended')
          AND NOT EXISTS (SELECT FROM spot_check s WHERE s.round_id = $1 AND s.state = 'scheduled')
        RETURNING id`,
      values: [roundId, now],
    });
    if (closed.length === 0) return false;
    await query({ text: 'UPDATE draw SET revealed_at = $2 WHERE round_id = $1', values: [roundId, now] });
    await audit(query, now, { actor, action: 'round.close', subject: roundId });
    return true;
  });
}
