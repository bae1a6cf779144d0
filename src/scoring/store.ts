import type { Query } from '../platform/database.ts';
import type { Publication, Stage } from './publication.ts';

/** The chain of publications, and each manager's line of them. */

/** A publication as it was stored. */
export interface Published {
  readonly document: Publication;
  readonly sequence: number;
  /** Of publications from before there were notices, whose documents do not say. */
  readonly stage: Stage;
  readonly appealsUntil: Date;
  readonly publishedAt: Date;
}

/** The publication that stands for a period, or for the latest there is. */
export async function findPublished(query: Query, period: string | null): Promise<Published | null> {
  const [row] = await query<Published>({
    name: 'publication-standing',
    text: `
      SELECT document, sequence, stage, appeals_until AS "appealsUntil", published_at AS "publishedAt" FROM publication
      WHERE $1::text IS NULL OR period = $1 ORDER BY period DESC, sequence DESC LIMIT 1`,
    values: [period],
  });
  return row ?? null;
}

export const findPublication = async (query: Query, period: string | null): Promise<Publication | null> =>
  (await findPublished(query, period))?.document ?? null;

/** The last link of the chain, to which the next publication is joined. */
export async function lastHash(query: Query): Promise<string | null> {
  const [row] = await query<{ hash: string }>({
    text: 'SELECT hash FROM publication p WHERE NOT EXISTS (SELECT FROM publication n WHERE n.previous_hash = p.hash)',
  });
  return row?.hash ?? null;
}

/** Joins a publication to the chain, each manager's line beside it. A unique violation means that somebody else joined one first. */
export async function storePublication(query: Query, publication: Publication, now: Date): Promise<void> {
  await query({
    text: `
      WITH joined AS (
        INSERT INTO publication (hash, previous_hash, period, sequence, stage, appeals_until, document, published_at)
        SELECT $1, $2, $3, coalesce(max(sequence), 0) + 1, $4, $5, $6::jsonb, $7 FROM publication WHERE period = $3
        RETURNING hash
      )
      INSERT INTO result (publication_hash, manager_id, period, rating, tier, streak_restarts, window_last, document)
      SELECT joined.hash, m->>'id', $3, m->>'rating', (m->>'tier')::smallint, (m->>'streakRestarts')::boolean,
             CASE WHEN m->>'customer' IS NOT NULL THEN m#>>'{window,last}' END, m
      FROM joined, jsonb_array_elements($6::jsonb->'managers') AS m`,
    values: [
      ...[publication.hash, publication.previousHash, publication.period, publication.stage, publication.appealsUntil],
      ...[JSON.stringify(publication), now],
    ],
  });
}
