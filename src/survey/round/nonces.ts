import type { Query } from '../../platform/database.ts';
import type { Vault } from '../../platform/vault.ts';
import { seedOf } from '../draw/satq1.ts';

/** A draw's nonces as they are stored: the commitment in the open, the nonce sealed until the round closes. */
export interface StoredNonce {
  readonly commitment: string;
  readonly sealed: Buffer;
}

/** Those of a draw, in commitment order: the order in which they stand in the seed. */
export function readNonces(query: Query, roundId: string): Promise<StoredNonce[]> {
  return query<StoredNonce>({
    text: 'SELECT commitment, sealed FROM nonce WHERE round_id = $1 ORDER BY place',
    values: [roundId],
  });
}

export const openNonces = (nonces: readonly StoredNonce[], vault: Vault): string[] =>
  nonces.map(({ sealed }) => vault.open(sealed));

/** The seed of a drawn round, which the service knows during fieldwork and nobody else before its close. */
export async function readSeed(query: Query, vault: Vault, roundId: string): Promise<string> {
  const [draw] = await query<{ frameHash: string; publicValue: string }>({
    text: `SELECT frame_hash AS "frameHash", public_value AS "publicValue" FROM draw WHERE round_id = $1`,
    values: [roundId],
  });
  if (!draw) throw new Error(`round ${roundId} has no draw`);
  return seedOf({ drawId: roundId, ...draw, nonces: openNonces(await readNonces(query, roundId), vault) });
}
