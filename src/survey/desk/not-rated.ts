import type { Query } from '../../platform/database.ts';

/**
 * Managers whom the last two published months left without a rating: the desk is obliged to ask their silent shops in
 * person (method §3). The latest publication of a month counts.
 */
export async function readNotRatedTwice(query: Query, before: string): Promise<ReadonlySet<string>> {
  const rows = await query<{ id: string }>({
    text: `
      WITH latest AS (
        SELECT DISTINCT ON (period) period, document FROM publication WHERE period < $1 ORDER BY period DESC, sequence DESC LIMIT 2
      )
      SELECT m->>'id' AS id FROM latest, jsonb_array_elements(document->'managers') AS m
      WHERE m->>'status' = 'not-rated' GROUP BY 1 HAVING count(*) = 2`,
    values: [before],
  });
  return new Set(rows.map(({ id }) => id));
}
