import type { Database } from '../../platform/database.ts';
import { Refused } from '../../platform/errors.ts';
import type { Vault } from '../../platform/vault.ts';
import type { ReleaseKind } from '../draw/bundle.ts';
import { seedOf } from '../draw/satq1.ts';
import { countInvalid, invalidByManager } from '../quality/invalidate.ts';
import { openNonces, readNonces } from './nonces.ts';

/**
 * The public bundle of a draw (method §1, "Two bundles"): for everybody, at any time. Counts and hashes, and once the
 * round is over the nonces; never a retailer's id, for a licence number is known to the manager who is rated.
 */
export interface PublicBundle {
  readonly drawId: string;
  readonly period: string;
  readonly state: string;
  /** Why it was cancelled, if it was. */
  readonly reason: string | null;
  readonly operatorTrusted: boolean;
  readonly publicEvent: { readonly name: string; readonly at: string } | null;
  readonly publicValue: string | null;
  readonly commitments: readonly string[];
  readonly frameHash: string | null;
  readonly frozenAt: string | null;
  /** null until they are revealed. */
  readonly nonces: readonly string[] | null;
  readonly seed: string | null;
  readonly managers: Readonly<Record<string, PublicManager>>;
  readonly releases: readonly PublicRelease[];
}

export interface PublicManager {
  readonly frameSize: number;
  readonly resting: number;
  readonly released: number;
  /** Counts by reason. */
  readonly excluded: Readonly<Record<string, number>>;
  /** Responses struck by each rule; null until the draw is revealed, since nothing of the field is told live. */
  readonly invalid: Readonly<Record<string, number>> | null;
}

export interface PublicRelease {
  readonly at: string;
  readonly kind: ReleaseKind;
  readonly manager: string;
  readonly count: number;
}

interface PublicDraw {
  readonly period: string;
  readonly state: string;
  readonly reason: string | null;
  readonly operatorTrusted: boolean;
  readonly publicEvent: string | null;
  readonly publicEventAt: Date | null;
  readonly publicValue: string | null;
  readonly frameHash: string | null;
  readonly frozenAt: Date | null;
  readonly revealed: boolean;
}

/** @throws Refused `no-such-round`. */
export async function readPublicBundle(
  { database, vault }: { readonly database: Database; readonly vault: Vault },
  roundId: string,
): Promise<PublicBundle> {
  const { query } = database;
  const [draw] = await query<PublicDraw>({
    text: `
      SELECT r.period, r.state, CASE r.state WHEN 'cancelled' THEN r.reason END AS reason, d.operator_trusted AS "operatorTrusted",
             d.public_event AS "publicEvent", d.public_event_at AS "publicEventAt", d.public_value AS "publicValue",
             d.frame_hash AS "frameHash", d.frozen_at AS "frozenAt", d.revealed_at IS NOT NULL AS revealed
      FROM round r JOIN draw d ON d.round_id = r.id WHERE r.id = $1`,
    values: [roundId],
  });
  if (!draw) throw new Refused('no-such-round', `没有轮次 ${roundId} · there is no round ${roundId}`);
  const { publicEvent, publicEventAt, frozenAt, revealed, ...shown } = draw;
  const stored = await readNonces(query, roundId);
  const nonces = revealed ? openNonces(stored, vault) : null;
  const { frameHash, publicValue } = draw;
  return {
    ...{ drawId: roundId, ...shown, frozenAt: frozenAt?.toISOString() ?? null },
    publicEvent: publicEvent && publicEventAt ? { name: publicEvent, at: publicEventAt.toISOString() } : null,
    commitments: stored.flatMap(({ commitment }) => commitment ?? []),
    nonces,
    seed: nonces && frameHash && publicValue ? seedOf({ drawId: roundId, frameHash, nonces, publicValue }) : null,
    managers: await countManagers(database, roundId, revealed),
    releases: await countReleases(database, roundId),
  };
}

async function countManagers(
  { query }: Database,
  roundId: string,
  revealed: boolean,
): Promise<Record<string, PublicManager>> {
  const invalid = revealed ? invalidByManager(await countInvalid(query, roundId)) : null;
  const rows = await query<
    { managerId: string } & Omit<PublicManager, 'excluded' | 'invalid'> & { excluded: Record<string, number> | null }
  >({
    text: `
      SELECT coalesce(f.manager_id, e.manager_id) AS "managerId", coalesce(f.size, 0) AS "frameSize", coalesce(f.resting, 0) AS resting,
             (SELECT count(*)::int FROM survey_case c WHERE c.round_id = $1 AND c.manager_id = f.manager_id) AS released, e.excluded
      FROM (SELECT manager_id, count(*)::int AS size, count(resting)::int AS resting FROM frame_line WHERE round_id = $1 GROUP BY 1) f
      FULL JOIN (
        SELECT manager_id, json_object_agg(reason, excluded ORDER BY reason) AS excluded
        FROM (SELECT manager_id, reason, count(*)::int AS excluded FROM exclusion WHERE round_id = $1 GROUP BY 1, 2) counted GROUP BY 1
      ) e ON e.manager_id = f.manager_id
      ORDER BY 1`,
    values: [roundId],
  });
  return Object.fromEntries(
    rows.map(({ managerId, excluded, ...counts }) => [
      managerId,
      { ...counts, excluded: excluded ?? {}, invalid: invalid && (invalid.get(managerId) ?? {}) },
    ]),
  );
}

async function countReleases({ query }: Database, roundId: string): Promise<PublicRelease[]> {
  const rows = await query<Omit<PublicRelease, 'at'> & { at: Date }>({
    text: `SELECT at, kind, manager_id AS manager, count FROM release WHERE round_id = $1 ORDER BY at, manager_id COLLATE "C", id`,
    values: [roundId],
  });
  return rows.map(({ at, ...release }) => ({ at: at.toISOString(), ...release }));
}
