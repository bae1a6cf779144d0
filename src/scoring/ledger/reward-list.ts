import type { Query } from '../../platform/database.ts';

/** Rewards that districts proposed, what became of them, and what is left of each budget. */
export const rewardKinds = ['over-fulfilment', 'service', 'other'] as const;
export type RewardKind = (typeof rewardKinds)[number];

/** What a district's rewards of a month come to: lines of the ledger, those that take some back among them. */
export const spent = (district: string, period: string) => `coalesce((
  SELECT sum(l.amount) FROM ledger_line l JOIN reward_proposal p ON p.id = l.reward_id
  WHERE p.district_id = ${district} AND p.period = ${period}), 0.00)`;

export const rewardStates = ['proposed', 'approved', 'refused', 'withdrawn'] as const;
export type RewardState = (typeof rewardStates)[number];

export interface ListedReward {
  readonly id: string;
  readonly managerId: string;
  readonly managerName: string;
  readonly districtId: string;
  readonly districtName: string;
  readonly period: string;
  readonly kind: RewardKind;
  readonly indicator: string | null;
  readonly amount: string;
  readonly reason: string;
  readonly evidence: string;
  readonly state: RewardState;
  readonly proposedBy: string;
  readonly proposedAt: Date;
  readonly decidedAt: Date | null;
  readonly decision: string | null;
}

export interface RewardFilter {
  readonly id?: string | undefined;
  readonly districtId: string | null;
  readonly period?: string | undefined;
  readonly state?: RewardState | undefined;
  readonly after: { readonly proposedAt: Date; readonly id: string } | null;
}

/** The latest first. */
export function listRewards(query: Query, filter: RewardFilter, limit: number): Promise<ListedReward[]> {
  const { id = null, districtId, period = null, state = null, after } = filter;
  return query<ListedReward>({
    name: 'rewards-list',
    text: `
      SELECT p.id, p.manager_id AS "managerId", m.name AS "managerName", p.district_id AS "districtId", d.name AS "districtName", p.period,
             p.kind, p.indicator, p.amount::text AS amount, p.reason, p.evidence, p.state, p.proposed_by AS "proposedBy",
             p.proposed_at AS "proposedAt", p.decided_at AS "decidedAt", p.decision
      FROM reward_proposal p JOIN manager m ON m.id = p.manager_id JOIN district d ON d.id = p.district_id
      WHERE ($1::text IS NULL OR p.district_id = $1) AND ($2::text IS NULL OR p.period = $2) AND ($3::text IS NULL OR p.state = $3)
        AND ($4::text IS NULL OR p.id::text = $4)
        AND ($5::timestamptz IS NULL OR (p.proposed_at, p.id) < ($5, $6::uuid))
      ORDER BY p.proposed_at DESC, p.id DESC LIMIT $7`,
    values: [districtId, period, state, id, after?.proposedAt ?? null, after?.id ?? null, limit],
  });
}

export interface Budget {
  readonly districtId: string;
  readonly districtName: string;
  /** null = none was set: nothing can be approved. */
  readonly amount: string | null;
  readonly approved: string;
  readonly left: string;
}

/** Of each district, what it may give for a month and has given. `districtId` null = all of them. */
export function readBudgets(query: Query, period: string, districtId: string | null): Promise<Budget[]> {
  return query<Budget>({
    name: 'rewards-budgets',
    text: `
      SELECT "districtId", "districtName", amount::text AS amount, approved::text AS approved, (coalesce(amount, 0.00) - approved)::text AS "left"
      FROM (
        SELECT d.id AS "districtId", d.name AS "districtName", b.amount, ${spent('d.id', '$1')} AS approved
        FROM district d LEFT JOIN reward_budget b ON b.district_id = d.id AND b.period = $1
        WHERE $2::text IS NULL OR d.id = $2
      ) AS budgets ORDER BY "districtName", "districtId"`,
    values: [period, districtId],
  });
}

/** Months with a final result whose rule set promises something, the latest first: those a reward can be for. */
export async function rewardablePeriods(query: Query, limit: number): Promise<string[]> {
  const rows = await query<{ period: string }>({
    text: `SELECT period FROM publication WHERE stage = 'final' AND document->'rules' ? 'ledger' GROUP BY period ORDER BY period DESC LIMIT $1`,
    values: [limit],
  });
  return rows.map(({ period }) => period);
}
