import type { Database } from '../../platform/database.ts';
import { Refused } from '../../platform/errors.ts';
import type { Vault } from '../../platform/vault.ts';
import { frameText, seedOf } from '../draw/satq1.ts';
import { type OrderedLine, sharedPhones } from './frame.ts';
import { openNonces, readNonces } from './nonces.ts';

/** The auditors' bundle of a draw: everything its replay needs. Only ever of a closed round, whose nonces are revealed. */
export interface DrawBundle {
  readonly drawId: string;
  readonly frame: string;
  readonly frameHash: string;
  readonly nonces: readonly string[];
  readonly commitments: readonly string[];
  readonly publicValue: string;
  readonly seed: string;
  /** Groups of ids on one phone. */
  readonly sharedPhones: readonly (readonly string[])[];
  readonly managers: Readonly<Record<string, ManagerDraw>>;
}

export interface ManagerDraw {
  readonly frameSize: number;
  /** In the order they were released. */
  readonly released: readonly string[];
  readonly resting: readonly string[];
  readonly excluded: readonly { readonly id: string; readonly reason: string }[];
}

/** @throws Refused `not-revealed` while the round is open: with the seed anybody could tell who will be called. */
export async function readDrawBundle(
  { database, vault }: { database: Database; vault: Vault },
  roundId: string,
): Promise<DrawBundle> {
  const { query } = database;
  const [draw] = await query<{ publicValue: string; frameHash: string }>({
    text: `
      SELECT public_value AS "publicValue", frame_hash AS "frameHash"
      FROM draw WHERE round_id = $1 AND revealed_at IS NOT NULL`,
    values: [roundId],
  });
  if (!draw)
    throw new Refused('not-revealed', `round ${roundId} is not closed: its draw is sealed 轮次尚未结束，抽样仍封存`);
  const lines = await query<OrderedLine & { released: boolean }>({
    text: `
      SELECT f.manager_id AS "managerId", f.retailer_id AS "retailerId", f.stratum, f.position, f.phone_id AS "phoneId", f.resting,
             c.id IS NOT NULL AS released
      FROM frame_line f LEFT JOIN survey_case c ON c.round_id = f.round_id AND c.retailer_id = f.retailer_id
      WHERE f.round_id = $1 ORDER BY f.position`,
    values: [roundId],
  });
  const excluded = await query<{ managerId: string; id: string; reason: string }>({
    text: `SELECT manager_id AS "managerId", retailer_id AS id, reason FROM exclusion WHERE round_id = $1 ORDER BY retailer_id COLLATE "C"`,
    values: [roundId],
  });
  const stored = await readNonces(query, roundId);
  const nonces = openNonces(stored, vault);
  const commitments = stored.map(({ commitment }) => commitment);
  const { frameHash, publicValue } = draw;
  const managerIds = [...new Set([...lines, ...excluded].map(({ managerId }) => managerId))].sort((a, b) =>
    a < b ? -1 : 1,
  );
  return {
    ...{ drawId: roundId, frame: frameText(lines), frameHash, nonces, commitments, publicValue },
    seed: seedOf({ drawId: roundId, frameHash, nonces, publicValue }),
    sharedPhones: sharedPhones(lines),
    managers: Object.fromEntries(
      managerIds.map((managerId) => {
        const own = lines.filter((line) => line.managerId === managerId);
        return [
          managerId,
          {
            frameSize: own.length,
            released: own.filter(({ released }) => released).map(({ retailerId }) => retailerId),
            resting: own.filter(({ resting }) => resting !== null).map(({ retailerId }) => retailerId),
            excluded: excluded.filter((line) => line.managerId === managerId).map(({ id, reason }) => ({ id, reason })),
          },
        ];
      }),
    ),
  };
}
