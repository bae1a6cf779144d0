import type { Query } from '../../platform/database.ts';
import type { Vault } from '../../platform/vault.ts';
import { seedOf } from '../draw/satq1.ts';

/** A draw's nonces as they are stored: the commitment in the open, the nonce sealed until the round closes. */
export interface StoredNonce {
  /** null until its holder has committed. */
  readonly commitment: string | null;
  /** null until its holder has handed it in. */
  readonly sealed: Buffer | null;
}

/** Those of a draw, in commitment order: the order in which they stand in the seed. */
export function readNonces(query: Query, roundId: string): Promise<StoredNonce[]> {
  return query<StoredNonce>({
    text: 'SELECT commitment, sealed FROM nonce WHERE round_id = $1 ORDER BY place',
    values: [roundId],
  });
}

/** All of them, or null while one is still in its holder's hands. */
export function openNonces(nonces: readonly StoredNonce[], vault: Vault): string[] | null {
  const sealed = nonces.flatMap((nonce) => (nonce.sealed ? [nonce.sealed] : []));
  return sealed.length === nonces.length ? sealed.map((each) => vault.open(each)) : null;
}

/** The seed of a drawn round, which the service knows during fieldwork and nobody else before its close. */
export async function readSeed(query: Query, vault: Vault, roundId: string): Promise<string> {
  const [draw] = await query<{ frameHash: string; publicValue: string }>({
    text: `SELECT frame_hash AS "frameHash", public_value AS "publicValue" FROM draw WHERE round_id = $1`,
    values: [roundId],
  });
  const nonces = openNonces(await readNonces(query, roundId), vault);
  if (!draw || !nonces) throw new Error(`round ${roundId} is not drawn`);
  return seedOf({ drawId: roundId, ...draw, nonces });
}
