import type { Query } from '../../platform/database.ts';
import type { Vault } from '../../platform/vault.ts';
import type { Findings } from './checklist.ts';

/** A visit as it is told. */
export interface ListedVisit {
  readonly id: string;
  readonly drawId: string;
  readonly period: string;
  readonly managerId: string;
  readonly managerName: string;
  /** Of the manager, now. */
  readonly districtId: string;
  readonly district: string;
  readonly retailerId: string;
  readonly shop: string;
  readonly address: string;
  readonly visitorId: string;
  /** null where he is no user any more. */
  readonly visitorName: string | null;
  readonly visitorDistrictId: string | null;
  /** The last day, `2026-12-18`. */
  readonly dueOn: string;
  readonly state: 'open' | 'made' | 'not-possible' | 'cancelled';
  readonly checklist: string | null;
  readonly findings: Findings | null;
  readonly reason: string | null;
  readonly note: string | null;
  readonly counted: boolean;
  readonly lockedUntil: Date | null;
  readonly endedAt: Date | null;
}

export interface VisitFilter {
  readonly id?: string;
  /** Only his. */
  readonly visitorId?: string;
  /** Only to shops of this district's managers; null = all. */
  readonly districtId?: string | null;
  readonly period?: string;
  readonly state?: ListedVisit['state'] | undefined;
}

const listed = `
  SELECT v.id, v.draw_id AS "drawId", v.period, v.manager_id AS "managerId", m.name AS "managerName", d.id AS "districtId", d.name AS district,
         v.retailer_id AS "retailerId", r.name AS shop, r.address, v.visitor_id AS "visitorId", u.name AS "visitorName",
         u.district_id AS "visitorDistrictId", v.due_on::text AS "dueOn", v.state, v.checklist, v.findings, v.reason, v.note AS sealed,
         v.counted, v.locked_until AS "lockedUntil", v.ended_at AS "endedAt"
  FROM visit v JOIN manager m ON m.id = v.manager_id JOIN district d ON d.id = m.district_id JOIN retailer r ON r.id = v.retailer_id
  LEFT JOIN app_user u ON u.id::text = v.visitor_id`;

/** Open ones first, by when they are due, then the latest that ended. */
export async function listVisits(
  query: Query,
  vault: Pick<Vault, 'open'>,
  { id, visitorId, districtId, period, state }: VisitFilter,
  limit: number,
): Promise<ListedVisit[]> {
  const rows = await query<Omit<ListedVisit, 'note'> & { readonly sealed: Buffer | null }>({
    text: `
      ${listed}
      WHERE ($1::uuid IS NULL OR v.id = $1) AND ($2::text IS NULL OR v.visitor_id = $2) AND ($3::text IS NULL OR m.district_id = $3)
        AND ($4::text IS NULL OR v.period = $4) AND ($5::visit_state IS NULL OR v.state = $5)
      ORDER BY v.state <> 'open', CASE WHEN v.state = 'open' THEN v.due_on END, v.ended_at DESC, v.id LIMIT $6`,
    values: [id ?? null, visitorId ?? null, districtId ?? null, period ?? null, state ?? null, limit],
  });
  return rows.map(({ sealed, ...visit }) => ({ ...visit, note: sealed && vault.open(sealed) }));
}

/** The visit that this person is to make, or has made; null where it is not his. */
export async function findOwnVisit(
  query: Query,
  vault: Pick<Vault, 'open'>,
  id: string,
  visitorId: string,
): Promise<ListedVisit | null> {
  return (await listVisits(query, vault, { id, visitorId }, 1))[0] ?? null;
}

export const isOverdue = ({ state, dueOn }: Pick<ListedVisit, 'state' | 'dueOn'>, today: string): boolean =>
  state === 'open' && dueOn < today;
