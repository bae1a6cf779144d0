import type { Query } from '../../platform/database.ts';
import type { AppealedFact } from './mend.ts';

/** An appeal as those who decide see it. Verdicts show once it is settled: the second person does not see what the first said. */
export interface ListedAppeal extends AppealedFact {
  readonly statement: string;
  readonly evidence: string;
  readonly state: 'open' | 'upheld' | 'dismissed' | 'withdrawn';
  readonly filedAt: Date;
  readonly decidedAt: Date | null;
  readonly given: number;
  readonly verdicts: readonly { readonly by: string; readonly uphold: boolean; readonly reason: string }[];
}

export interface AppealFilter {
  readonly period?: string | undefined;
  readonly managerId?: string | undefined;
  readonly state?: ListedAppeal['state'] | undefined;
  readonly after: { readonly filedAt: Date; readonly id: string } | null;
}

/** Appeals, latest first. */
export function listAppeals(query: Query, filter: AppealFilter, limit: number): Promise<ListedAppeal[]> {
  const { period = null, managerId = null, state = null, after } = filter;
  return query<ListedAppeal>({
    name: 'appeals-list',
    text: `
      SELECT id, period, manager_id AS "managerId", kind, retailer_id AS "retailerId", indicator, trim_scale(value)::text AS value,
             statement, evidence, state, filed_at AS "filedAt", decided_at AS "decidedAt",
             (SELECT count(*)::int FROM appeal_verdict v WHERE v.appeal_id = a.id) AS given,
             CASE WHEN state = 'open' THEN '[]' ELSE coalesce((
               SELECT jsonb_agg(jsonb_build_object('by', by, 'uphold', uphold, 'reason', reason) ORDER BY at)
               FROM appeal_verdict v WHERE v.appeal_id = a.id), '[]') END AS verdicts
      FROM appeal a
      WHERE ($1::text IS NULL OR period = $1) AND ($2::text IS NULL OR manager_id = $2) AND ($3::appeal_state IS NULL OR state = $3)
        AND ($4::timestamptz IS NULL OR (filed_at, id) < ($4, $5::uuid))
      ORDER BY filed_at DESC, id DESC LIMIT $6`,
    values: [period, managerId, state, after?.filedAt ?? null, after?.id ?? null, limit],
  });
}
