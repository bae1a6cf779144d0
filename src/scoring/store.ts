import type { Query } from '../platform/database.ts';
import type { Publication } from './publication.ts';
import type { RuleSetDocument } from './rules.ts';

/**
 * What the score of a round is computed from, summed in the database, and the chain of publications. A rating belongs
 * to the manager of the freeze date; whoever was left out of the frame is not counted in it, nor is a response that a
 * rule has struck: its disposition stays what happened in the field.
 */

/** A score document in the form that `huifang score` reads. */
export interface ScoreInput {
  readonly rules: RuleSetDocument;
  readonly managers: readonly ScoreInputManager[];
}

export interface ScoreInputManager {
  readonly id: string;
  readonly frameSize: number;
  readonly ratings: Readonly<Record<'1' | '2' | '3' | '4' | '5', number>>;
  readonly unit: Readonly<Record<string, string | null>>;
  readonly badNumberShare: string;
  readonly tier: 1 | 2 | 3;
  readonly previousRating: string | null;
}

interface Sums {
  readonly id: string;
  readonly frameSize: number;
  readonly released: number;
  readonly badNumbers: number;
  readonly ratings: [number, number, number, number, number];
  readonly unit: Record<string, string | null>;
}

/** Managers by id, as UTF-8 bytes order them, so that equal rounds give equal documents. */
export async function readScoreInput(query: Query, roundId: string): Promise<ScoreInput> {
  const [round] = await query<{ rules: RuleSetDocument; period: string }>({
    text: 'SELECT s.document AS rules, r.period FROM round r JOIN rule_set s ON s.id = r.rule_set_id WHERE r.id = $1',
    values: [roundId],
  });
  if (!round) throw new Error(`no round ${roundId}`);
  const sums = await query<Sums>({
    text: `
      WITH frame AS (
        SELECT manager_id, count(*)::int AS size FROM frame_line WHERE round_id = $1 GROUP BY manager_id
      ), heard AS (
        SELECT manager_id, count(*)::int AS released,
               count(*) FILTER (WHERE disposition = 'bad-number')::int AS bad,
               ARRAY[count(*) FILTER (WHERE counted = 1), count(*) FILTER (WHERE counted = 2), count(*) FILTER (WHERE counted = 3),
                     count(*) FILTER (WHERE counted = 4), count(*) FILTER (WHERE counted = 5)]::int[] AS ratings
        FROM (
          SELECT manager_id, disposition, CASE WHEN NOT EXISTS (
                   SELECT FROM invalidation i WHERE i.case_id = c.id AND i.withdrawn_at IS NULL) THEN overall END AS counted
          FROM survey_case c WHERE round_id = $1
        ) asked GROUP BY manager_id
      ), unit AS (
        SELECT manager_id, jsonb_object_agg(code, trim_scale(value)::text) AS values FROM unit_indicator WHERE period = $2 GROUP BY manager_id
      ), concerned AS (
        SELECT manager_id FROM frame UNION SELECT manager_id FROM exclusion WHERE round_id = $1 UNION SELECT manager_id FROM unit
      )
      SELECT c.manager_id AS id, coalesce(f.size, 0) AS "frameSize", coalesce(h.released, 0) AS released, coalesce(h.bad, 0) AS "badNumbers",
             coalesce(h.ratings, '{0,0,0,0,0}') AS ratings, coalesce(u.values, '{}') AS unit
      FROM concerned c LEFT JOIN frame f USING (manager_id) LEFT JOIN heard h USING (manager_id) LEFT JOIN unit u USING (manager_id)
      ORDER BY c.manager_id COLLATE "C"`,
    values: [roundId, round.period],
  });
  const before = new Map(
    (await publicationBefore(query, round.period))?.managers.map((manager) => [manager.id, manager]),
  );
  return {
    rules: round.rules,
    managers: sums.map(({ id, frameSize, released, badNumbers, ratings: [one, two, three, four, five], unit }) => ({
      id,
      frameSize,
      ratings: { '1': one, '2': two, '3': three, '4': four, '5': five },
      unit,
      badNumberShare: released === 0 ? '0' : `${badNumbers}/${released}`,
      ...standing(before.get(id), round.rules.tiers.start),
    })),
  };
}

const moves: readonly string[] = ['up', 'down', 'floor'];

/** Where a manager stands from the last publication on. A move or a floor starts the streak anew; an unrated month neither counts nor resets. */
function standing(
  last: Publication['managers'][number] | undefined,
  start: 1 | 2 | 3,
): Pick<ScoreInputManager, 'tier' | 'previousRating'> {
  if (!last) return { tier: start, previousRating: null };
  const { tier, move, rating } = last;
  return { tier, previousRating: moves.includes(move) ? null : rating === 'unrated' ? last.previousRating : rating };
}

async function publicationBefore(query: Query, period: string): Promise<Publication | null> {
  const [row] = await query<{ document: Publication }>({
    text: 'SELECT document FROM publication WHERE period < $1 ORDER BY period DESC, sequence DESC LIMIT 1',
    values: [period],
  });
  return row?.document ?? null;
}

/** The publication that stands for a period, or the latest of all. */
export async function findPublication(query: Query, period: string | null): Promise<Publication | null> {
  const [row] = await query<{ document: Publication }>({
    text: `SELECT document FROM publication WHERE $1::text IS NULL OR period = $1 ORDER BY period DESC, sequence DESC LIMIT 1`,
    values: [period],
  });
  return row?.document ?? null;
}

/** The last link of the chain, to which the next publication is joined. */
export async function lastHash(query: Query): Promise<string | null> {
  const [row] = await query<{ hash: string }>({
    text: 'SELECT hash FROM publication p WHERE NOT EXISTS (SELECT FROM publication n WHERE n.previous_hash = p.hash)',
  });
  return row?.hash ?? null;
}

/** Joins a publication to the chain. A unique violation means that somebody else joined one first. */
export async function storePublication(query: Query, publication: Publication, now: Date): Promise<void> {
  await query({
    text: `
      INSERT INTO publication (hash, previous_hash, period, sequence, document, published_at)
      SELECT $1, $2, $3, coalesce(max(sequence), 0) + 1, $4, $5 FROM publication WHERE period = $3`,
    values: [publication.hash, publication.previousHash, publication.period, JSON.stringify(publication), now],
  });
}
