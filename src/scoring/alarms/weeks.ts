import type { Query } from '../../platform/database.ts';
import { isCounted } from '../responses.ts';
import type { CountedWeek, Week } from './chart.ts';

/** Weeks of ratings in the database: counted by it once for each closed round, and kept. */

/** Closed rounds of which no week is kept yet; those of long ago will not be charted any more. */
export async function roundsToChart(
  query: Query,
  since: Date,
): Promise<{ readonly id: string; readonly ruleSetId: string }[]> {
  return query({
    name: 'alarms-rounds',
    text: `
      SELECT r.id, r.rule_set_id AS "ruleSetId" FROM round r
      WHERE r.state = 'closed' AND r.closed_at >= $1 AND NOT EXISTS (SELECT FROM charted_week w WHERE w.round_id = r.id)
      ORDER BY r.closed_at, r.id`,
    values: [since],
  });
}

/**
 * Valid responses of a closed round by manager, week and rating. A response is of the week, on the company's clock, in
 * which its overall rating was given last.
 */
export function countWeeks(query: Query, roundId: string, timeZone: string): Promise<CountedWeek[]> {
  const given = [1, 2, 3, 4, 5].map((rating) => `count(*) FILTER (WHERE rated.overall = ${rating})`).join(', ');
  return query<CountedWeek>({
    name: 'alarms-count-weeks',
    text: `
      SELECT rated.manager_id AS "managerId", m.district_id AS "districtId", to_char(rated.week, 'YYYY-MM-DD') AS week,
             ARRAY[${given}]::int[] AS ratings
      FROM (
        SELECT c.manager_id, c.overall, (
                 SELECT date_trunc('week', max(n.at) AT TIME ZONE $2) FROM answer n
                 WHERE n.case_id = c.id AND n.item = q.document #>> '{items,0,id}') AS week
        FROM survey_case c JOIN round r ON r.id = c.round_id JOIN questionnaire q ON q.id = r.questionnaire_id
        WHERE c.round_id = $1 AND r.state = 'closed' AND ${isCounted}
      ) AS rated JOIN manager m ON m.id = rated.manager_id
      WHERE rated.week IS NOT NULL GROUP BY 1, 2, rated.week ORDER BY rated.manager_id COLLATE "C", rated.week`,
    values: [roundId, timeZone],
  });
}

/** Keeps a round's weeks. All of them or, where another worker was quicker, none. */
export async function keepWeeks(query: Query, roundId: string, weeks: readonly Week[]): Promise<void> {
  await query({
    name: 'alarms-keep-weeks',
    text: `
      INSERT INTO charted_week (round_id, manager_id, district_id, week, responses, points, squares)
      SELECT $1, new.* FROM unnest($2::text[], $3::text[], $4::date[], $5::int[], $6::float8[], $7::float8[]) AS new
      WHERE NOT EXISTS (SELECT FROM charted_week w WHERE w.round_id = $1)
      ON CONFLICT DO NOTHING`,
    values: [
      roundId,
      weeks.map(({ managerId }) => managerId),
      weeks.map(({ districtId }) => districtId),
      weeks.map(({ week }) => week),
      weeks.map(({ responses }) => responses),
      weeks.map(({ points }) => points),
      weeks.map(({ squares }) => squares),
    ],
  });
}

/** @param from first Monday. */
export function readWeeks(query: Query, from: string): Promise<Week[]> {
  return query<Week>({
    name: 'alarms-weeks',
    text: `
      SELECT manager_id AS "managerId", district_id AS "districtId", to_char(week, 'YYYY-MM-DD') AS week, responses, points, squares
      FROM charted_week WHERE week >= $1::date ORDER BY manager_id COLLATE "C", week, round_id`,
    values: [from],
  });
}
