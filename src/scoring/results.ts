import type { Query } from '../platform/database.ts';
import { grouped } from '../platform/grouped.ts';
import type { Head } from './events.ts';
import type { PublishedManager, Stage } from './publication.ts';

/** Results of a period as other programs fetch them: the publication that stands, and its managers line by line. */
export interface Standing {
  readonly head: Head;
  readonly stage: Stage;
  readonly publishedAt: Date;
}

const columns = `document - 'managers' AS head, stage, published_at AS "publishedAt"`;

/** The publication that stands for a period: the final one, or whatever there is by now. */
export async function findStanding(
  query: Query,
  period: string,
  which: 'final' | 'standing',
): Promise<Standing | null> {
  const [found] = await query<Standing>({
    text: `SELECT ${columns} FROM publication WHERE period = $1 AND (stage = 'final' OR $2) ORDER BY sequence DESC LIMIT 1`,
    values: [period, which === 'standing'],
  });
  return found ?? null;
}

/** The publication of this hash, if it is of the period. */
export async function findByHash(query: Query, period: string, hash: string): Promise<Standing | null> {
  const [found] = await query<Standing>({
    text: `SELECT ${columns} FROM publication WHERE period = $1 AND hash = $2`,
    values: [period, hash],
  });
  return found ?? null;
}

/** Its managers by id, as UTF-8 bytes order them, after one of them; `limit` of them and one more where there are more. */
export async function listResults(
  query: Query,
  hash: string,
  { after, limit }: { readonly after: string; readonly limit: number },
): Promise<PublishedManager[]> {
  const rows = await query<{ document: PublishedManager }>({
    text: `
      SELECT document FROM result WHERE publication_hash = $1 AND manager_id COLLATE "C" > $2
      ORDER BY manager_id COLLATE "C" LIMIT $3`,
    values: [hash, after, limit + 1],
  });
  return rows.map(({ document }) => document);
}

export async function findResult(query: Query, hash: string, managerId: string): Promise<PublishedManager | null> {
  const [row] = await query<{ document: PublishedManager }>({
    text: 'SELECT document FROM result WHERE publication_hash = $1 AND manager_id = $2',
    values: [hash, managerId],
  });
  return row?.document ?? null;
}

/** A month of one manager, as it stands. */
export interface ManagerMonth {
  readonly period: string;
  readonly stage: Stage;
  readonly manager: PublishedManager;
}

/** The published months of some managers from one month to another, earliest first. */
export async function readManagerMonths(
  query: Query,
  managerIds: readonly string[],
  { from, to }: { readonly from: string; readonly to: string },
): Promise<Map<string, ManagerMonth[]>> {
  const rows = await query<ManagerMonth>({
    name: 'results-of-managers',
    text: `
      SELECT DISTINCT ON (r.manager_id, r.period) r.period, p.stage, r.document AS manager
      FROM result r JOIN publication p ON p.hash = r.publication_hash
      WHERE r.manager_id = ANY($1) AND r.period BETWEEN $2 AND $3 ORDER BY r.manager_id, r.period, p.sequence DESC`,
    values: [managerIds, from, to],
  });
  return grouped(rows, ({ manager }) => manager.id);
}
