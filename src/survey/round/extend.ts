import { audit } from '../../platform/audit.ts';
import type { Query } from '../../platform/database.ts';
import { extensionWave, targetCompletes } from '../draw/sizes.ts';
import { protocolEnds } from '../fieldwork/protocol.ts';
import { validResponse } from '../quality/invalidate.ts';
import type { DrawRules } from './draw.ts';
import type { RoundServices } from './launch.ts';
import { readSeed } from './nonces.ts';
import { readAvailable, release, type Stretch } from './release.ts';

/**
 * Releases further waves: to each manager whose every case is final and whose valid responses fall short of the target,
 * further along his own order (method §1, "Sizes"). Decided per manager and only when nothing of his is open, so it
 * depends on what retailers did and not on when; asked again, it finds nothing more to do.
 *
 * @returns how many retailers were released.
 */
export async function extendRound(
  services: RoundServices & { rules: (ruleSetId: string) => Promise<DrawRules> },
  roundId: string,
): Promise<number> {
  const now = services.clock.now();
  return services.database.transaction(async (query) => {
    const [round] = await query<{ ruleSetId: string; closesAt: Date | null }>({
      text: `SELECT rule_set_id AS "ruleSetId", closes_at AS "closesAt" FROM round WHERE id = $1 AND state = 'fielding' FOR UPDATE`,
      values: [roundId],
    });
    if (!round) return 0;
    const { sampling, contact, desk, timeZone } = await services.rules(round.ruleSetId);
    // A retailer who could not get the whole protocol would count as one who did not answer.
    if (round.closesAt && protocolEnds(now, timeZone, contact) > round.closesAt) return 0;
    const short = (await readFinished(query, roundId, sampling.waves)).filter(
      ({ frameSize, valid }) => valid < targetCompletes(frameSize, sampling),
    );
    if (short.length === 0) return 0;
    const available = await readAvailable(
      query,
      roundId,
      short.map(({ managerId }) => managerId),
    );
    const stretches = short.flatMap((manager): Stretch[] => {
      const lines = available.get(manager.managerId) ?? [];
      const size = extensionWave({ ...manager, available: lines.length }, sampling);
      return size > 0 ? [{ managerId: manager.managerId, wave: manager.waves + 1, lines: lines.slice(0, size) }] : [];
    });
    const seed = await readSeed(query, services.vault, roundId);
    const wish = { roundId, seed, spotCheckId: null, contact, desk, now };
    const released = await release(services, query, wish, stretches);
    if (released > 0)
      await audit(query, now, {
        actor: 'system',
        action: 'round.extend',
        subject: roundId,
        detail: {
          released,
          waves: stretches.map(({ managerId, wave, lines }) => ({ managerId, wave, released: lines.length })),
        },
      });
    return released;
  });
}

interface FinishedManager {
  readonly managerId: string;
  readonly frameSize: number;
  /** By waves and spot checks together. */
  readonly released: number;
  readonly releasedInWaves: number;
  readonly valid: number;
  readonly waves: number;
}

/** Managers whose every case is final and who may have another wave. */
function readFinished(query: Query, roundId: string, mostWaves: number): Promise<FinishedManager[]> {
  return query<FinishedManager>({
    text: `
      SELECT done.*, (SELECT count(*)::int FROM frame_line f WHERE f.round_id = $1 AND f.manager_id = done."managerId") AS "frameSize"
      FROM (
        SELECT c.manager_id AS "managerId", count(*)::int AS released, max(c.wave) AS waves,
               count(*) FILTER (WHERE c.wave > 0)::int AS "releasedInWaves",
               count(*) FILTER (WHERE ${validResponse})::int AS valid
        FROM survey_case c WHERE c.round_id = $1
        GROUP BY 1 HAVING bool_and(c.state = 'done') AND max(c.wave) BETWEEN 1 AND $2 - 1
      ) AS done ORDER BY 1`,
    values: [roundId, mostWaves],
  });
}
