import type { Query } from '../../platform/database.ts';
import { Refused } from '../../platform/errors.ts';

/** Versions as they are stored. A database trigger refuses any change of a published one. */
export interface VersionLine {
  readonly id: string;
  readonly hash: string;
  /** null = a draft. */
  readonly publishedAt: Date | null;
  readonly publishedBy: string | null;
  /** How many rounds have asked it. */
  readonly rounds: number;
}

export interface StoredVersion extends VersionLine {
  readonly document: unknown;
}

const columns = `
  q.id, q.hash, q.published_at AS "publishedAt", q.published_by AS "publishedBy",
  (SELECT count(*)::int FROM round r WHERE r.questionnaire_id = q.id) AS rounds`;

/** Drafts first, then the latest published. */
export const readVersions = (query: Query): Promise<VersionLine[]> =>
  query<VersionLine>({
    text: `SELECT ${columns} FROM questionnaire q ORDER BY q.published_at DESC NULLS FIRST, q.id DESC`,
  });

export async function readVersion(query: Query, id: string): Promise<StoredVersion | null> {
  const [row] = await query<StoredVersion>({
    text: `SELECT ${columns}, q.document FROM questionnaire q WHERE q.id = $1`,
    values: [id],
  });
  return row ?? null;
}

/** The one that the next round asks. @throws Refused `no-questionnaire` where none is published. */
export async function latestPublished(query: Query): Promise<StoredVersion> {
  const [row] = await query<StoredVersion>({
    text: `SELECT ${columns}, q.document FROM questionnaire q WHERE q.published_at IS NOT NULL ORDER BY q.published_at DESC, q.id DESC LIMIT 1`,
  });
  if (!row) throw new Refused('no-questionnaire', '还没有发布问卷 · no questionnaire is published');
  return row;
}

/** @returns whether it was written: a published version of this id is left as it is. */
export async function writeDraft(query: Query, id: string, document: unknown, hash: string): Promise<boolean> {
  const rows = await query({
    text: `
      INSERT INTO questionnaire (id, document, hash) VALUES ($1, $2, $3)
      ON CONFLICT (id) DO UPDATE SET document = excluded.document, hash = excluded.hash
      WHERE questionnaire.published_at IS NULL RETURNING id`,
    values: [id, JSON.stringify(document), hash],
  });
  return rows.length > 0;
}

/** @returns whether it is published by this call; only with the hash that was looked at. */
export async function markPublished(query: Query, id: string, hash: string, by: string, now: Date): Promise<boolean> {
  const rows = await query({
    text: `
      UPDATE questionnaire SET published_at = $4, published_by = $3
      WHERE id = $1 AND hash = $2 AND published_at IS NULL RETURNING id`,
    values: [id, hash, by, now],
  });
  return rows.length > 0;
}
