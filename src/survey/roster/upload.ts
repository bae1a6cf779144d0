import type { Query } from '../../platform/database.ts';
import type { imports, RosterServices } from './import.ts';

/**
 * A roster file between the look at it and its import. It is sealed, because it holds numbers in clear, and does not
 * stay: it is gone once it is applied, when its owner brings another, and after an hour.
 */
export type UploadKind = keyof typeof imports;

export interface Upload {
  readonly id: string;
  readonly kind: UploadKind;
  readonly fileName: string;
  /** Of retailers: shops that are not in the file are to be closed. */
  readonly full: boolean;
  readonly bytes: Buffer;
}

const keptMinutes = 60;

/** @returns its id. */
export async function keepUpload(
  { database, vault, chance, clock }: RosterServices,
  userId: string,
  { kind, fileName, full, bytes }: Omit<Upload, 'id'>,
): Promise<string> {
  const id = chance.id();
  const now = clock.now();
  await database.transaction(async (query) => {
    await query({
      text: `DELETE FROM roster_upload WHERE user_id = $1 OR at < $2`,
      values: [userId, new Date(now.getTime() - keptMinutes * 60_000)],
    });
    await query({
      text: `INSERT INTO roster_upload (id, kind, file_name, "full", sealed, user_id, at) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
      values: [id, kind, fileName, full, vault.seal(bytes.toString('base64')), userId, now],
    });
  });
  return id;
}

/** Null where there is none of this id that is the user's own and not older than an hour. */
export async function findUpload(
  { database, vault, clock }: RosterServices,
  userId: string,
  id: string,
): Promise<Upload | null> {
  const [row] = await database.query<Omit<Upload, 'bytes'> & { readonly sealed: Buffer }>({
    text: `
      SELECT id, kind, file_name AS "fileName", "full", sealed FROM roster_upload
      WHERE id::text = $1 AND user_id = $2 AND at >= $3`,
    values: [id, userId, new Date(clock.now().getTime() - keptMinutes * 60_000)],
  });
  if (!row) return null;
  const { sealed, ...known } = row;
  return { ...known, bytes: Buffer.from(vault.open(sealed), 'base64') };
}

export async function dropUpload(query: Query, id: string): Promise<void> {
  await query({ text: 'DELETE FROM roster_upload WHERE id = $1', values: [id] });
}
