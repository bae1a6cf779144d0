import type { Query } from '../../platform/database.ts';
import type { Publication } from '../publication.ts';
import type { RuleSetDocument } from '../rules.ts';
import type { Standing } from './publishable.ts';

/** Versions of the rule set, and drafts of versions to come. */

export interface Version {
  readonly id: string;
  readonly effectiveFrom: string;
  readonly hash: string;
  /** null = it came with Huifang. */
  readonly publishedAt: Date | null;
  /** A user's id, or `cli`. */
  readonly publishedBy: string | null;
  /** How many rounds were launched under it. */
  readonly rounds: number;
  /** Managers who have acknowledged it. */
  readonly acknowledged: number;
}

export interface StoredVersion extends Version {
  readonly document: RuleSetDocument;
}

export interface Draft {
  readonly id: string;
  readonly document: RuleSetDocument;
  readonly hash: string;
  readonly savedAt: Date;
  readonly savedBy: string;
}

const columns = `
  id, effective_from AS "effectiveFrom", hash, published_at AS "publishedAt", published_by AS "publishedBy",
  (SELECT count(*)::int FROM round r WHERE r.rule_set_id = s.id) AS rounds,
  (SELECT count(*)::int FROM rule_set_acknowledgement a WHERE a.rule_set_id = s.id) AS acknowledged`;

/** The one that holds last comes first. */
export const readVersions = (query: Query): Promise<Version[]> =>
  query<Version>({ text: `SELECT ${columns} FROM rule_set s ORDER BY effective_from DESC` });

export async function readVersion(query: Query, id: string): Promise<StoredVersion | null> {
  const [found] = await query<StoredVersion>({
    text: `SELECT ${columns}, document FROM rule_set s WHERE id = $1`,
    values: [id],
  });
  return found ?? null;
}

/** The version that holds in a month, or null where none does. */
export async function readInForce(query: Query, period: string): Promise<StoredVersion | null> {
  const [found] = await query<StoredVersion>({
    text: `SELECT ${columns}, document FROM rule_set s WHERE id = rule_set_in_force($1)`,
    values: [period],
  });
  return found ?? null;
}

/** The version that held before `effectiveFrom`, for whoever asks what a version changes. */
export async function readBefore(query: Query, effectiveFrom: string): Promise<StoredVersion | null> {
  const [found] = await query<StoredVersion>({
    text: `SELECT ${columns}, document FROM rule_set s WHERE effective_from < $1 ORDER BY effective_from DESC LIMIT 1`,
    values: [effectiveFrom],
  });
  return found ?? null;
}

export async function insertVersion(
  query: Query,
  { id, effectiveFrom, document, hash }: Pick<StoredVersion, 'id' | 'effectiveFrom' | 'document' | 'hash'>,
  actor: string,
  now: Date,
): Promise<void> {
  await query({
    text: `INSERT INTO rule_set (id, effective_from, document, hash, published_at, published_by) VALUES ($1, $2, $3, $4, $5, $6)`,
    values: [id, effectiveFrom, JSON.stringify(document), hash, now, actor],
  });
}

const draftColumns = `id, document, hash, saved_at AS "savedAt", saved_by AS "savedBy"`;

export const readDrafts = (query: Query): Promise<Draft[]> =>
  query<Draft>({ text: `SELECT ${draftColumns} FROM rule_draft ORDER BY saved_at DESC, id` });

export async function readDraft(query: Query, id: string): Promise<Draft | null> {
  const [found] = await query<Draft>({ text: `SELECT ${draftColumns} FROM rule_draft WHERE id = $1`, values: [id] });
  return found ?? null;
}

export async function writeDraft(query: Query, draft: Draft): Promise<void> {
  await query({
    text: `
      INSERT INTO rule_draft (id, document, hash, saved_at, saved_by) VALUES ($1, $2, $3, $4, $5)
      ON CONFLICT (id) DO UPDATE SET document = excluded.document, hash = excluded.hash, saved_at = excluded.saved_at, saved_by = excluded.saved_by`,
    values: [draft.id, JSON.stringify(draft.document), draft.hash, draft.savedAt, draft.savedBy],
  });
}

export async function dropDraft(query: Query, id: string): Promise<boolean> {
  return (await query({ text: 'DELETE FROM rule_draft WHERE id = $1 RETURNING id', values: [id] })).length > 0;
}

/** What stands for the latest months, for whoever tries a draft on them. Two years are enough to see streaks. */
export async function readPastMonths(query: Query, months = 24): Promise<Publication[]> {
  const rows = await query<{ document: Publication }>({
    text: 'SELECT DISTINCT ON (period) document FROM publication ORDER BY period DESC, sequence DESC LIMIT $1',
    values: [months],
  });
  return rows.map(({ document }) => document);
}

/** What a version published at `now` has to fit in with. */
export async function readStanding(query: Query, now: Date): Promise<Standing> {
  const [found] = await query<Standing>({
    text: `
      SELECT (SELECT jsonb_agg(jsonb_build_object('id', id, 'effectiveFrom', effective_from)) FROM rule_set) AS versions,
             (SELECT max(period) FROM (SELECT period FROM round WHERE state <> 'cancelled' UNION ALL SELECT period FROM publication) AS busy) AS "lastPeriod",
             (SELECT document->>'timeZone' FROM rule_set WHERE id = rule_set_at($1)) AS "timeZone"`,
    values: [now],
  });
  return {
    versions: found?.versions ?? [],
    lastPeriod: found?.lastPeriod ?? null,
    timeZone: found?.timeZone ?? 'Asia/Shanghai',
  };
}
