import type { Query } from '../../platform/database.ts';
import type { AppealedFact } from './mend.ts';

export interface GivenVerdict {
  /** A user's id and name; a user who was taken out has none. */
  readonly by: string;
  readonly name: string | null;
  readonly uphold: boolean;
  readonly reason: string;
}

/** An appeal as those who decide see it. Verdicts show once it is settled: the second person does not see what the first said. */
export interface ListedAppeal extends AppealedFact {
  readonly managerName: string;
  readonly districtName: string;
  /** Of the shop it is about, if it is about one. */
  readonly retailerName: string | null;
  /** Of a final result, and so of two admins alone. */
  readonly ofFinal: boolean;
  readonly statement: string;
  readonly evidence: string;
  readonly state: 'open' | 'upheld' | 'dismissed' | 'withdrawn';
  readonly filedAt: Date;
  readonly decidedAt: Date | null;
  readonly given: number;
  readonly verdicts: readonly GivenVerdict[];
  /** What whoever looks has said himself, if he has; whether he may is `mayJudge`. */
  readonly own: GivenVerdict | null;
  readonly mayJudge: boolean;
}

export interface AppealFilter {
  readonly id?: string | undefined;
  readonly period?: string | undefined;
  readonly managerId?: string | undefined;
  readonly state?: ListedAppeal['state'] | undefined;
  /** Corrections of final results, or appeals proper; both where it is left out. */
  readonly ofFinal?: boolean | undefined;
  /** The user who looks: of the appeals of his own district, and of his own, he is shown none. */
  readonly judge?: string | undefined;
  /** Only those that he may still decide. */
  readonly waiting?: boolean | undefined;
  readonly after: { readonly filedAt: Date; readonly id: string } | null;
}

/** Appeals, latest first. */
export function listAppeals(query: Query, filter: AppealFilter, limit: number): Promise<ListedAppeal[]> {
  const { id = null, period = null, managerId = null, state = null, ofFinal = null } = filter;
  const { judge = null, waiting = false, after } = filter;
  return query<ListedAppeal>({
    name: 'appeals-list',
    text: `
      SELECT * FROM (
        SELECT a.id, a.period, a.manager_id AS "managerId", m.name AS "managerName", d.name AS "districtName", a.kind,
               a.retailer_id AS "retailerId", s.name AS "retailerName", a.indicator, trim_scale(a.value)::text AS value,
               a.of_final AS "ofFinal", a.statement, a.evidence, a.state, a.filed_at AS "filedAt", a.decided_at AS "decidedAt",
               (SELECT count(*)::int FROM appeal_verdict v WHERE v.appeal_id = a.id) AS given,
               CASE WHEN a.state = 'open' THEN '[]' ELSE coalesce((
                 SELECT jsonb_agg(jsonb_build_object('by', by, 'name', j.name, 'uphold', uphold, 'reason', reason) ORDER BY at)
                 FROM appeal_verdict v LEFT JOIN app_user j ON j.id::text = v.by WHERE v.appeal_id = a.id), '[]') END AS verdicts,
               (SELECT jsonb_build_object('by', by, 'name', u.name, 'uphold', uphold, 'reason', reason)
                FROM appeal_verdict v WHERE v.appeal_id = a.id AND v.by = $6) AS own,
               coalesce(a.state = 'open' AND (u.role = 'admin' OR (u.role = 'supervisor' AND NOT a.of_final))
                 AND NOT EXISTS (SELECT FROM appeal_verdict v WHERE v.appeal_id = a.id AND v.by = $6), false) AS "mayJudge"
        FROM appeal a JOIN manager m ON m.id = a.manager_id JOIN district d ON d.id = m.district_id
        LEFT JOIN retailer s ON s.id = a.retailer_id LEFT JOIN app_user u ON u.id::text = $6
        WHERE ($10::boolean IS NULL OR a.of_final = $10) AND ($1::uuid IS NULL OR a.id = $1) AND ($2::text IS NULL OR a.period = $2) AND ($3::text IS NULL OR a.manager_id = $3)
          AND ($4::appeal_state IS NULL OR a.state = $4) AND ($7::timestamptz IS NULL OR (a.filed_at, a.id) < ($7, $8::uuid))
          AND ($6::text IS NULL OR ((u.role <> 'supervisor' OR u.district_id IS NOT NULL)
            AND u.district_id IS DISTINCT FROM m.district_id
            AND u.manager_id IS DISTINCT FROM a.manager_id AND a.filed_by <> $6))
      ) shown
      WHERE NOT $5 OR "mayJudge" ORDER BY "filedAt" DESC, id DESC LIMIT $9`,
    values: [id, period, managerId, state, waiting, judge, after?.filedAt ?? null, after?.id ?? null, limit, ofFinal],
  });
}
