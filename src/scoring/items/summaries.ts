/**
 * What a manager's shops said item by item (method §3, §7): means and distributions, published beside his score and never
 * scored. Made once, with the notice of a month, from the answers his score was made of; a correction does not make them
 * anew, since the difference would be one shop's answers. For the same reason an item is carried over where fewer than
 * the rule set's number of its answers are new.
 *
 * The thresholds stand in the statements, so that no page can forget them: what is too few is not stored at all.
 */
import type { Query } from '../../platform/database.ts';
import { grouped } from '../../platform/grouped.ts';
import type { Provenance } from '../periods/input.ts';
import { isCounted } from '../responses.ts';
import type { RuleSet } from '../rules.ts';

export interface ItemSummary {
  readonly item: string;
  /** n, at least the rule set's `privacy.minimumForDistribution`. */
  readonly responses: number;
  /** How many gave 1 to 5. */
  readonly distribution: readonly [number, number, number, number, number];
  /** The months the answers are from. */
  readonly first: string;
  readonly last: string;
}

export interface SummaryWish {
  readonly period: string;
  /** Rating items of the questionnaire, by id. */
  readonly items: readonly string[];
  /** By manager id. */
  readonly provenance: ReadonlyMap<string, Provenance>;
  readonly rules: Pick<RuleSet, 'privacy' | 'customer'>;
}

/** Stores the summaries of a month. Asked again for the same month it changes nothing. */
export async function storeItemSummaries(
  query: Query,
  { period, items, provenance, rules }: SummaryWish,
): Promise<void> {
  const fresh = [...provenance].filter(([, { standing }]) => !standing);
  await query({
    name: 'item-summaries',
    text: `
      WITH span AS (
        SELECT * FROM unnest($2::text[], $3::text[], $4::text[]) AS s (manager_id, first, last)
      ), before AS (
        SELECT DISTINCT ON (manager_id, item) * FROM item_summary WHERE period < $1 ORDER BY manager_id, item, period DESC
      ), latest AS (
        SELECT DISTINCT ON (c.manager_id, c.retailer_id) c.manager_id, r.period, c.answers, s.first, s.last
        FROM span s JOIN survey_case c ON c.manager_id = s.manager_id
        JOIN round r ON r.id = c.round_id AND r.state = 'closed' AND r.period BETWEEN s.first AND s.last
        WHERE ${isCounted}
        ORDER BY c.manager_id, c.retailer_id, r.period DESC, r.launched_at DESC, r.id DESC
      ), given AS (
        SELECT l.manager_id, i.item, l.first, l.last, l.period, (l.answers->>i.item)::int AS value
        FROM latest l CROSS JOIN unnest($5::text[]) AS i (item) WHERE (l.answers->>i.item)::int BETWEEN 1 AND 5
      ), made AS (
        SELECT g.manager_id, g.item, count(*)::int AS responses,
               ARRAY[count(*) FILTER (WHERE value = 1), count(*) FILTER (WHERE value = 2), count(*) FILTER (WHERE value = 3),
                     count(*) FILTER (WHERE value = 4), count(*) FILTER (WHERE value = 5)]::int[] AS distribution, g.first, g.last
        FROM given g LEFT JOIN before b USING (manager_id, item) GROUP BY g.manager_id, g.item, g.first, g.last
        HAVING count(*) >= $6 AND count(*) FILTER (WHERE g.period > coalesce(b.window_last, '')) >= $7
      )
      INSERT INTO item_summary (period, manager_id, item, responses, distribution, window_first, window_last)
      SELECT $1, manager_id, item, responses, distribution, first, last FROM made
      UNION ALL
      SELECT $1, manager_id, item, responses, distribution, window_first, window_last FROM before b
      WHERE manager_id = ANY($8) AND NOT EXISTS (SELECT FROM made m WHERE m.manager_id = b.manager_id AND m.item = b.item)
      ON CONFLICT DO NOTHING`,
    values: [
      period,
      fresh.map(([id]) => id),
      fresh.map(([, { window }]) => window.first),
      fresh.map(([, { window }]) => window.last),
      items,
      rules.privacy.minimumForDistribution,
      rules.customer.minimumNewResponses,
      [...provenance.keys()],
    ],
  });
}

/** A manager's own items of a month; those with too few answers are not there. */
export function readItemSummaries(query: Query, period: string, managerId: string): Promise<ItemSummary[]> {
  return query<ItemSummary>({
    name: 'items-of-manager',
    text: `
      SELECT item, responses, distribution, window_first AS first, window_last AS last FROM item_summary
      WHERE period = $1 AND manager_id = $2 ORDER BY item COLLATE "C"`,
    values: [period, managerId],
  });
}

/** The same of every manager, by his id. */
export async function readAllItemSummaries(query: Query, period: string): Promise<Map<string, ItemSummary[]>> {
  const rows = await query<ItemSummary & { managerId: string }>({
    text: `
      SELECT manager_id AS "managerId", item, responses, distribution, window_first AS first, window_last AS last
      FROM item_summary WHERE period = $1 ORDER BY item COLLATE "C"`,
    values: [period],
  });
  return grouped(rows, ({ managerId }) => managerId);
}

/** Fewer of others than this would let whoever knows his own take them off and read theirs (method §7). */
const leastOfOthers = 5;

export type CityItem = Pick<ItemSummary, 'item' | 'responses' | 'distribution'>;

/**
 * The city's items of a month, or a district's: the managers' own added up. Left out where any one manager's answers
 * are so much of them that too few would be left without his; a district also where the rest of the city is that few.
 */
export function readCityItems(query: Query, period: string, districtId: string | null = null): Promise<CityItem[]> {
  return query<CityItem>({
    name: 'items-of-city',
    text: `
      WITH known AS (
        SELECT s.item, s.responses, s.distribution, $2::text IS NULL OR m.district_id = $2 AS within
        FROM item_summary s JOIN manager m ON m.id = s.manager_id WHERE s.period = $1
      )
      SELECT item, sum(responses)::int AS responses,
             ARRAY[sum(distribution[1]), sum(distribution[2]), sum(distribution[3]), sum(distribution[4]), sum(distribution[5])]::int[] AS distribution
      FROM known k WHERE within GROUP BY item
      HAVING sum(responses) - max(responses) >= $3
         AND ($2::text IS NULL OR (SELECT coalesce(sum(o.responses), 0) FROM known o WHERE o.item = k.item AND NOT o.within) >= $3)
      ORDER BY item COLLATE "C"`,
    values: [period, districtId, leastOfOthers],
  });
}
