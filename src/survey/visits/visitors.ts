import type { Query } from '../../platform/database.ts';

/** Who may be sent to a shop: admins, supervisors and the desk, never of the district that the shop's manager is of. */
export interface Visitor {
  readonly id: string;
  readonly name: string;
  readonly role: 'admin' | 'supervisor' | 'desk';
  /** null = he belongs to none. */
  readonly districtId: string | null;
  readonly district: string | null;
}

export const readVisitors = (query: Query): Promise<Visitor[]> =>
  query<Visitor>({
    text: `
      SELECT u.id, u.name, u.role, u.district_id AS "districtId", d.name AS district
      FROM app_user u LEFT JOIN district d ON d.id = u.district_id
      WHERE u.role IN ('admin', 'supervisor', 'desk') ORDER BY d.name NULLS FIRST, u.name, u.id`,
  });

/** Whether he is of another district than `districtId`. */
export const elsewhere = (visitor: Pick<Visitor, 'districtId'>, districtId: string): boolean =>
  visitor.districtId !== districtId;
