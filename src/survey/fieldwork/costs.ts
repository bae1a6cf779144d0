import type { Query } from '../../platform/database.ts';

/** What a round's calls and texts have cost so far, in one currency. */
export interface Cost {
  /** ISO 4217. */
  readonly unit: string;
  /** Exact, as the carrier charged it. */
  readonly amount: string;
  /** Calls and texts with a price. Those that nobody answered have none. */
  readonly calls: number;
  readonly texts: number;
}

export function readCosts(query: Query, roundId: string): Promise<Cost[]> {
  return query<Cost>({
    name: 'round-costs',
    text: `
      WITH charged AS (
        SELECT a.price, a.price_unit AS unit, 1 AS call FROM attempt a WHERE a.round_id = $1 AND a.price IS NOT NULL
        UNION ALL
        SELECT m.price, m.price_unit, 0 FROM message m JOIN attempt a ON a.id = m.attempt_id WHERE a.round_id = $1 AND m.price IS NOT NULL
      )
      SELECT unit, sum(price)::text AS amount, sum(call)::int AS calls, (count(*) - sum(call))::int AS texts
      FROM charged GROUP BY unit ORDER BY unit`,
    values: [roundId],
  });
}
