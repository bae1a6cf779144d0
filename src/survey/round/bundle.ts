import type { Database, Query } from '../../platform/database.ts';
import { Refused } from '../../platform/errors.ts';
import type { Vault } from '../../platform/vault.ts';
import { usualShares } from '../desk/chosen.ts';
import type { DrawBundle, LoggedRelease, ManagerDraw, ReleaseKind } from '../draw/bundle.ts';
import { frameText, seedOf } from '../draw/satq1.ts';
import { countInvalid, invalidByManager } from '../quality/invalidate.ts';
import { type OrderedLine, sharedPhones } from './frame.ts';
import { openNonces, readNonces } from './nonces.ts';

interface RevealedDraw {
  readonly publicValue: string;
  readonly frameHash: string;
  readonly operatorTrusted: boolean;
  readonly sampling: NonNullable<DrawBundle['rules']>['sampling'];
  /** null = the rule set leaves them at their usual values. */
  readonly shares: { readonly silentShare: string; readonly recheckShare: string } | null;
}

/**
 * The auditors' bundle of a round's draw. Only ever of a round whose nonces are revealed.
 *
 * @throws Refused `not-revealed` while the round is open: with the seed anybody could tell who will be called.
 */
export async function readDrawBundle(
  { database, vault }: { database: Database; vault: Vault },
  roundId: string,
): Promise<DrawBundle> {
  const { query } = database;
  const [draw] = await query<RevealedDraw>({
    text: `
      SELECT d.public_value AS "publicValue", d.frame_hash AS "frameHash", d.operator_trusted AS "operatorTrusted",
             s.document->'sampling' AS sampling, s.document->'desk' AS shares
      FROM draw d JOIN round r ON r.id = d.round_id JOIN rule_set s ON s.id = r.rule_set_id
      WHERE d.round_id = $1 AND d.revealed_at IS NOT NULL AND r.fielding_at IS NOT NULL`,
    values: [roundId],
  });
  if (!draw)
    throw new Refused(
      'not-revealed',
      `轮次 ${roundId} 尚未结束，抽样仍封存 · round ${roundId} is not closed: its draw is sealed`,
    );
  const lines = await query<OrderedLine>({
    text: `
      SELECT manager_id AS "managerId", retailer_id AS "retailerId", stratum, position, phone_id AS "phoneId", resting
      FROM frame_line WHERE round_id = $1 ORDER BY position`,
    values: [roundId],
  });
  const excluded = await query<Excluded>({
    text: `SELECT manager_id AS "managerId", retailer_id AS id, reason FROM exclusion WHERE round_id = $1 ORDER BY retailer_id COLLATE "C"`,
    values: [roundId],
  });
  const releases = await readReleases(database, roundId);
  const stored = await readNonces(query, roundId);
  const nonces = openNonces(stored, vault) ?? [];
  const { frameHash, publicValue, operatorTrusted, sampling, shares } = draw;
  return {
    ...{ drawId: roundId, frame: frameText(lines), frameHash, nonces, publicValue },
    commitments: stored.flatMap(({ commitment }) => commitment ?? []),
    seed: seedOf({ drawId: roundId, frameHash, nonces, publicValue }),
    sharedPhones: sharedPhones(lines),
    managers: managerDraws(lines, excluded, releases, invalidByManager(await countInvalid(query, roundId))),
    ...{ releases, operatorTrusted, rules: { sampling }, desk: await readChosen(query, roundId, shares) },
    ...(await readVisits(query, roundId)),
  };
}

/** Whose shops were drawn to be visited, and in which order; nothing where none were. */
async function readVisits(query: Query, roundId: string): Promise<Pick<DrawBundle, 'visits'>> {
  const rows = await query<{ at: Date; manager: string; ids: string[] }>({
    text: `
      SELECT w.at, v.manager_id AS manager, array_agg(v.retailer_id ORDER BY v.position DESC) AS ids
      FROM visit_draw w JOIN visit v ON v.draw_id = w.id WHERE w.round_id = $1
      GROUP BY w.id, v.manager_id ORDER BY w.sequence, v.manager_id COLLATE "C"`,
    values: [roundId],
  });
  if (rows.length === 0) return {};
  const before = await query<{ id: string }>({
    text: `
      SELECT v.retailer_id AS id FROM visit v JOIN visit_draw w ON w.id = v.draw_id
      WHERE w.round_id <> $1 AND v.period = (SELECT period FROM round WHERE id = $1)
        AND w.sequence < (SELECT max(sequence) FROM visit_draw WHERE round_id = $1)
      ORDER BY 1`,
    values: [roundId],
  });
  const drawn = rows.map(({ at, ...taken }) => ({ at: at.toISOString(), ...taken }));
  return { visits: { before: before.map(({ id }) => id), drawn } };
}

/** Whom the seed chose to be called by people, of those released. */
async function readChosen(
  query: Query,
  roundId: string,
  shares: RevealedDraw['shares'],
): Promise<NonNullable<DrawBundle['desk']>> {
  const [chosen] = await query<Record<'notRated' | 'silent' | 'recheck', string[]>>({
    text: `
      SELECT coalesce(array_agg(DISTINCT manager_id) FILTER (WHERE if_silent = 'not-rated'), '{}') AS "notRated",
             coalesce(array_agg(retailer_id ORDER BY retailer_id COLLATE "C") FILTER (WHERE if_silent = 'silent-sample'), '{}') AS silent,
             coalesce(array_agg(retailer_id ORDER BY retailer_id COLLATE "C") FILTER (WHERE recheck), '{}') AS recheck
      FROM survey_case WHERE round_id = $1`,
    values: [roundId],
  });
  const { silentShare, recheckShare } = shares ?? usualShares;
  return { silentShare, recheckShare, ...(chosen ?? { notRated: [], silent: [], recheck: [] }) };
}

/**
 * The release log: waves list their retailers from the front of the order, spot checks from its back. Sorted by what
 * does not change from one run of the same round to the next.
 */
async function readReleases({ query }: Database, roundId: string): Promise<LoggedRelease[]> {
  const rows = await query<{ at: Date; kind: ReleaseKind; manager: string; ids: string[] }>({
    text: `
      SELECT e.at, e.kind, e.manager_id AS manager,
             array_agg(c.retailer_id ORDER BY CASE e.kind WHEN 'wave' THEN c.position ELSE -c.position END) AS ids
      FROM release e JOIN survey_case c ON c.release_id = e.id
      WHERE e.round_id = $1 GROUP BY e.id ORDER BY e.at, e.manager_id COLLATE "C", e.id`,
    values: [roundId],
  });
  return rows.map(({ at, ...logged }) => ({ at: at.toISOString(), ...logged }));
}

interface Excluded {
  readonly managerId: string;
  readonly id: string;
  readonly reason: string;
}

/** Per manager, in the order of their ids: what the frame, the exclusions and the log say of him. */
function managerDraws(
  lines: readonly OrderedLine[],
  excluded: readonly Excluded[],
  releases: readonly LoggedRelease[],
  invalid: ReadonlyMap<string, Record<string, number>>,
): Record<string, ManagerDraw> {
  const managers = new Map<string, ManagerDraw>();
  const of = (managerId: string): ManagerDraw => {
    const known = managers.get(managerId) ?? {
      ...{ frameSize: 0, released: [], resting: [], excluded: [] },
      invalid: invalid.get(managerId) ?? {},
    };
    managers.set(managerId, known);
    return known;
  };
  for (const { managerId, retailerId, resting } of lines) {
    const own = of(managerId);
    own.frameSize += 1;
    if (resting !== null) own.resting.push(retailerId);
  }
  for (const { managerId, id, reason } of excluded) of(managerId).excluded.push({ id, reason });
  for (const { manager, ids } of releases) of(manager).released.push(...ids);
  return Object.fromEntries([...managers].sort(([a], [b]) => (a < b ? -1 : 1)));
}
