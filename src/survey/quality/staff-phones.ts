import { audit } from '../../platform/audit.ts';
import type { Query } from '../../platform/database.ts';
import { BadInput, Refused } from '../../platform/errors.ts';
import type { Vault } from '../../platform/vault.ts';
import { readId } from '../roster/cells.ts';
import type { RosterServices } from '../roster/import.ts';
import { maskPhone, readPhone } from '../roster/phone.ts';
import type { StaffRow } from '../roster/staff.ts';
import { type Counts, lockRoster } from '../roster/store.ts';

/**
 * The company's own telephone numbers. A response from one of them is nobody's opinion of a manager, so it is invalid by
 * rule (rules.ts), and whoever rings back from one hears that it is not registered (script §6). A round goes by the list
 * of its freeze, so that nobody can strike out a response afterwards by calling its number the company's.
 */
export interface StaffPhone {
  readonly id: string;
  readonly employee: string;
  readonly masked: string;
  readonly since: Date;
  readonly addedBy: string;
}

type StaffServices = Pick<RosterServices, 'database' | 'clock' | 'vault' | 'chance'>;

/** Where a page of numbers begins: after this one, by employee. */
export interface StaffPlace {
  readonly employee: string;
  readonly id: string;
}

/** Those in force, by employee number; masked, since nobody needs them in clear. */
export function listStaffPhones(query: Query, after: StaffPlace | null, limit: number): Promise<StaffPhone[]> {
  return query<StaffPhone>({
    text: `
      SELECT id, employee, masked, since, added_by AS "addedBy" FROM staff_phone
      WHERE until IS NULL AND ($1::text IS NULL OR (employee COLLATE "C", id) > ($1 COLLATE "C", $2::uuid))
      ORDER BY employee COLLATE "C", id LIMIT $3`,
    values: [after?.employee ?? null, after?.id ?? null, limit],
  });
}

/** Whether somebody of the company calls from this number now. */
export async function isStaffPhone(query: Query, phoneIndex: Buffer): Promise<boolean> {
  const rows = await query({
    name: 'staff-phone-known',
    text: 'SELECT FROM staff_phone WHERE blind_index = $1 AND until IS NULL',
    values: [phoneIndex],
  });
  return rows.length > 0;
}

export interface StaffPhoneWish {
  readonly employee: string;
  /** As people write it. */
  readonly phone: string;
  readonly actor: string;
}

/**
 * Puts one number on the list. One that is there already, of the same employee, stays as it is.
 *
 * @throws BadInput with what is wrong with either.
 */
export async function addStaffPhone(services: StaffServices, { employee, phone, actor }: StaffPhoneWish) {
  const whose = readId(employee.normalize('NFC').trim(), 1);
  const number = readPhone(phone);
  if ('fault' in whose || 'fault' in number)
    throw new BadInput('号码没有登记 · the number was not put on the list', [
      ...('fault' in whose ? [{ where: '工号 (employee)', message: whose.fault }] : []),
      ...('fault' in number ? [{ where: '电话 (phone)', message: number.fault }] : []),
    ]);
  const { database, clock } = services;
  const now = clock.now();
  const rows = [{ row: 1, employee: whose.value, phone: number.value }];
  await database.transaction(async (query) => {
    await lockRoster(query);
    const counts = await storeStaffPhones(query, rows, { ...services, now, actor });
    if (counts.unchanged === 0) await audit(query, now, { actor, action: 'staff-phone.add', subject: whose.value });
  });
}

/** Takes one number off the list: the line is closed, and rounds frozen before still go by it. @throws Refused `no-such-phone`. */
export async function removeStaffPhone(
  { database, clock }: Pick<StaffServices, 'database' | 'clock'>,
  { id, actor }: { readonly id: string; readonly actor: string },
): Promise<void> {
  const now = clock.now();
  await database.transaction(async (query) => {
    const [closed] = await query<{ employee: string }>({
      text: 'UPDATE staff_phone SET until = $2, removed_by = $3 WHERE id = $1 AND until IS NULL RETURNING employee',
      values: [id, now, actor],
    });
    if (!closed) throw new Refused('no-such-phone', '没有这个号码 · there is no such number on the list');
    await audit(query, now, { actor, action: 'staff-phone.remove', subject: closed.employee, detail: { id } });
  });
}

/** Stores rows whose numbers differ. A number that changed hands has its line closed and another one opened. */
export async function storeStaffPhones(
  query: Query,
  rows: readonly StaffRow[],
  { vault, chance, now, actor }: Pick<StaffServices, 'chance'> & { vault: Vault; now: Date; actor: string },
): Promise<Counts> {
  const digests = rows.map(({ phone }) => vault.digest(phone.e164));
  const employees = rows.map(({ employee }) => employee);
  const [counts] = await query<Counts>({
    text: `
      WITH compared AS (
        SELECT s.id, s.id IS NULL AS created, s.employee IS DISTINCT FROM g.employee AS differs
        FROM unnest($1::bytea[], $2::text[]) AS g (digest, employee) LEFT JOIN staff_phone s ON s.blind_index = g.digest AND s.until IS NULL
      ), closed AS (
        UPDATE staff_phone s SET until = $3, removed_by = $4 FROM compared WHERE s.id = compared.id AND compared.differs
      )
      SELECT (count(*) FILTER (WHERE created))::int AS created, (count(*) FILTER (WHERE differs AND NOT created))::int AS changed,
             (count(*) FILTER (WHERE NOT differs))::int AS unchanged
      FROM compared`,
    values: [digests, employees, now, actor],
  });
  // Afterwards and on its own: an index does not see a line that the same statement closes.
  await query({
    text: `
      INSERT INTO staff_phone (id, blind_index, sealed, masked, employee, since, added_by)
      SELECT g.id, g.digest, g.sealed, g.masked, g.employee, $6, $7
      FROM unnest($1::uuid[], $2::bytea[], $3::bytea[], $4::text[], $5::text[]) AS g (id, digest, sealed, masked, employee)
      WHERE NOT EXISTS (SELECT FROM staff_phone s WHERE s.blind_index = g.digest AND s.until IS NULL)`,
    values: [
      rows.map(() => chance.id()),
      digests,
      rows.map(({ phone }) => vault.seal(phone.e164)),
      rows.map(({ phone }) => maskPhone(phone.e164)),
      employees,
      now,
      actor,
    ],
  });
  return counts ?? { created: 0, changed: 0, unchanged: 0 };
}
