import Fraction from 'fraction.js';
import { DateTime } from 'luxon';
import type { Query } from '../../platform/database.ts';
import { grouped } from '../../platform/grouped.ts';
import { tellable } from '../../platform/slices.ts';

/**
 * The share mended: of the shops that asked to be called back, how many said themselves that it is. What the desk says
 * of its own work does not count.
 */
export interface Mended {
  /** The month in which they asked. */
  readonly period: string;
  /** null = the whole city. */
  readonly districtId: string | null;
  readonly wishes: number;
  readonly confirmed: number;
  /** Confirmed of wishes, exact. */
  readonly share: string;
}

interface Counted {
  readonly period: string;
  /** null = of a shop that had never been drawn. */
  readonly districtId: string | null;
  readonly wishes: number;
  readonly confirmed: number;
}

/** Of a month, and of a month and district (method §7). */
const fewest = 5;

/** Pure: what may be told of these counts, by month, the city's before its districts'. */
export function mendedOf(counted: readonly Counted[]): Mended[] {
  return [...grouped(counted, ({ period }) => period)]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([period, own]) => {
      const sum = (of: (one: Counted) => number) => own.reduce((total, one) => total + of(one), 0);
      const city = {
        period,
        districtId: null,
        wishes: sum(({ wishes }) => wishes),
        confirmed: sum((one) => one.confirmed),
      };
      if (city.wishes < fewest) return [];
      const districts = tellable(own, ({ wishes }) => wishes, fewest).filter(({ districtId }) => districtId !== null);
      return [city, ...districts].map((one) => ({
        ...one,
        share: new Fraction(one.confirmed, one.wishes).toFraction(),
      }));
    });
}

interface Span {
  readonly timeZone: string;
  readonly now: Date;
  readonly from: string | null;
  readonly to: string | null;
}

/** Of months that are over: nothing is told of the one that runs but how many wait. */
export async function readMended(query: Query, { timeZone, now, from, to }: Span) {
  const counted = await query<Counted>({
    name: 'follow-ups-mended',
    text: `
      SELECT to_char(f.created_at AT TIME ZONE $1, 'YYYY-MM') AS period, m.district_id AS "districtId",
             count(*)::int AS wishes, count(f.confirmed_at)::int AS confirmed
      FROM follow_up f LEFT JOIN survey_case c ON c.id = f.case_id LEFT JOIN manager m ON m.id = c.manager_id
      WHERE to_char(f.created_at AT TIME ZONE $1, 'YYYY-MM') < $2
        AND ($3::text IS NULL OR to_char(f.created_at AT TIME ZONE $1, 'YYYY-MM') >= $3)
        AND ($4::text IS NULL OR to_char(f.created_at AT TIME ZONE $1, 'YYYY-MM') <= $4)
      GROUP BY 1, 2 ORDER BY 1, 2`,
    values: [timeZone, DateTime.fromJSDate(now, { zone: timeZone }).toFormat('yyyy-MM'), from, to],
  });
  const [waiting] = await query<{ open: number; overdue: number }>({
    name: 'follow-ups-waiting',
    text: `SELECT count(*)::int AS open, count(*) FILTER (WHERE due_at < $1)::int AS overdue FROM follow_up WHERE state <> 'done'`,
    values: [now],
  });
  return { items: mendedOf(counted), open: waiting?.open ?? 0, overdue: waiting?.overdue ?? 0 };
}
