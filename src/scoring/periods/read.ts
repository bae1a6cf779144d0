/**
 * What a period's scores are computed from, summed in the database. A rating belongs to the manager of the freeze date.
 * Whoever was left out of the frame is not counted in it, nor is a response that a rule or an appeal has struck: its
 * disposition stays what happened in the field. While its rounds are under way it is what there is so far, which nobody
 * is shown.
 */
import type { Query } from '../../platform/database.ts';
import { grouped } from '../../platform/grouped.ts';
import { monthsLater } from '../../platform/months.ts';
import type { RatingCounts } from '../customer.ts';
import type { PublishedManager } from '../publication.ts';
import { isCounted } from '../responses.ts';
import { type CustomerRules, parseRules } from '../rules.ts';
import type { PastMonth } from './history.ts';
import type { MonthSums } from './sums.ts';

/** Managers of the period, by id as UTF-8 bytes order them: in its frame, left out of it, or with an indicator. */
export function readConcerned(query: Query, period: string): Promise<{ readonly id: string }[]> {
  return query<{ id: string }>({
    text: `
      WITH asked AS (SELECT id FROM round WHERE period = $1 AND state IN ('fielding', 'paused', 'closed'))
      SELECT manager_id AS id FROM (
        SELECT manager_id FROM frame_line WHERE round_id IN (SELECT id FROM asked)
        UNION SELECT manager_id FROM exclusion WHERE round_id IN (SELECT id FROM asked)
        UNION SELECT manager_id FROM unit_indicator WHERE period = $1
      ) concerned ORDER BY manager_id COLLATE "C"`,
    values: [period],
  });
}

/**
 * Room in memory to find a million retailers' latest answers, until the transaction ends: with the usual 4 MB they go
 * through files.
 */
export const makeRoomToSum = (query: Query): Promise<unknown> => query({ text: `SET LOCAL work_mem = '256MB'` });

/**
 * Each manager's months up to `period`, `months` of them, a line for each round; those without anything are left out.
 * `managers` null = all. Rounds are numbered in the order of time, and a retailer's latest answer is the highest number
 * of round and rating in one: found by hashing, where the latest of each by sorting took three times as long.
 */
export async function readMonths(
  query: Query,
  { period, months, managers = null }: { period: string; months: number; managers?: readonly string[] | null },
): Promise<Map<string, MonthSums[]>> {
  const rows = await query<Omit<MonthSums, 'ratings'> & { id: string; ratings: RatingCounts }>({
    name: 'score-months',
    text: `
      WITH asked AS (
        SELECT id, period, (row_number() OVER (ORDER BY period, launched_at, id))::int AS place FROM round
        WHERE period BETWEEN $1 AND $2 AND (state = 'closed' OR (period = $2 AND state IN ('fielding', 'paused')))
      ), framed AS (
        SELECT manager_id, place, count(*)::int AS frame FROM (
          SELECT f.manager_id, max(a.place) AS place FROM frame_line f JOIN asked a ON a.id = f.round_id
          WHERE ($3::text[] IS NULL OR f.manager_id = ANY($3))
            AND NOT EXISTS (SELECT FROM frame_correction x WHERE x.round_id = f.round_id AND x.retailer_id = f.retailer_id)
          GROUP BY f.manager_id, f.retailer_id
        ) last GROUP BY 1, 2
      ), released AS (
        SELECT c.manager_id, a.place, count(*)::int AS released, count(*) FILTER (WHERE c.disposition = 'bad-number')::int AS bad
        FROM survey_case c JOIN asked a ON a.id = c.round_id
        WHERE ($3::text[] IS NULL OR c.manager_id = ANY($3))
          AND NOT EXISTS (SELECT FROM frame_correction x WHERE x.round_id = c.round_id AND x.retailer_id = c.retailer_id)
        GROUP BY 1, 2
      ), heard AS (
        SELECT manager_id, latest / 8 AS place,
               ARRAY[count(*) FILTER (WHERE latest % 8 = 1), count(*) FILTER (WHERE latest % 8 = 2), count(*) FILTER (WHERE latest % 8 = 3),
                     count(*) FILTER (WHERE latest % 8 = 4), count(*) FILTER (WHERE latest % 8 = 5)]::int[] AS ratings
        FROM (
          SELECT c.manager_id, max(a.place * 8 + c.overall) AS latest FROM survey_case c JOIN asked a ON a.id = c.round_id
          WHERE ($3::text[] IS NULL OR c.manager_id = ANY($3)) AND ${isCounted}
          GROUP BY c.manager_id, c.retailer_id
        ) answer GROUP BY 1, 2
      )
      SELECT manager_id AS id, period, coalesce(frame, 0) AS frame, coalesce(released, 0) AS released, coalesce(bad, 0) AS "badNumbers",
             coalesce(ratings, '{0,0,0,0,0}') AS ratings
      FROM framed FULL JOIN released USING (manager_id, place) FULL JOIN heard USING (manager_id, place) JOIN asked USING (place)`,
    values: [monthsLater(period, 1 - months), period, managers],
  });
  return grouped(rows, ({ id }) => id);
}

/** Unit indicators of the period, as they came in; a manager who has none is left out. */
export async function readIndicators(
  query: Query,
  period: string,
): Promise<Map<string, Readonly<Record<string, string | null>>>> {
  const rows = await query<{ id: string; unit: Record<string, string | null> }>({
    text: `
      SELECT manager_id AS id, jsonb_object_agg(code, trim_scale(value)::text) AS unit
      FROM unit_indicator WHERE period = $1 GROUP BY manager_id`,
    values: [period],
  });
  return new Map(rows.map(({ id, unit }) => [id, unit]));
}

/** A manager's past: what stands for each earlier month, latest first, and the last line with a customer score in it, beside the rules it was made by. */
export interface Past {
  readonly months: readonly PastMonth[];
  readonly lastScored: { readonly line: PublishedManager; readonly rules: CustomerRules } | null;
}

/** Streaks are of two months, and six is the longest window: nobody's memory is longer than this, his tier excepted. */
const memory = 36;

export async function readPasts(query: Query, period: string): Promise<Map<string, Past>> {
  const rows = await query<PastMonth & { id: string; hash: string; document: PublishedManager | null }>({
    name: 'score-pasts',
    text: `
      WITH standing AS (
        SELECT DISTINCT ON (period) hash, period FROM publication WHERE period < $1 ORDER BY period DESC, sequence DESC
      ), past AS (
        SELECT r.*, row_number() OVER (PARTITION BY manager_id ORDER BY r.period DESC) AS back,
               row_number() OVER (PARTITION BY manager_id ORDER BY (window_last IS NOT NULL) DESC, r.period DESC) AS scored
        FROM standing s JOIN result r ON r.publication_hash = s.hash
      )
      SELECT manager_id AS id, publication_hash AS hash, period, rating, tier, streak_restarts AS "streakRestarts", window_last AS "windowLast",
             CASE WHEN scored = 1 AND window_last IS NOT NULL THEN document END AS document
      FROM past WHERE back = 1 OR scored = 1 OR period >= $2
      ORDER BY manager_id, period DESC`,
    values: [period, monthsLater(period, -memory)],
  });
  const scored = rows.flatMap(({ id, hash, document }) => (document ? [{ id, hash, line: document }] : []));
  const rules = await readCustomerRules(query, [...new Set(scored.map(({ hash }) => hash))]);
  const last = new Map(
    scored.flatMap(({ id, hash, line }) => {
      const madeBy = rules.get(hash);
      return madeBy ? [[id, { line, rules: madeBy }]] : [];
    }),
  );
  return new Map(
    [...grouped(rows, ({ id }) => id)].map(([id, months]) => [id, { months, lastScored: last.get(id) ?? null }]),
  );
}

/** Of publications, by hash. */
async function readCustomerRules(query: Query, hashes: readonly string[]): Promise<Map<string, CustomerRules>> {
  const rows = await query<{ hash: string; rules: unknown }>({
    text: `SELECT hash, document->'rules' AS rules FROM publication WHERE hash = ANY($1)`,
    values: [hashes],
  });
  return new Map(rows.map(({ hash, rules }) => [hash, parseRules(rules).customer]));
}
