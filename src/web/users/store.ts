import type { Query } from '../../platform/database.ts';
import type { Role } from '../roles.ts';
import type { Known, UserWish } from './user.ts';

/** Users in the database. */
export interface User {
  readonly id: string;
  readonly name: string;
  readonly role: Role;
  readonly districtId: string | null;
  readonly districtName: string | null;
  /** Of a manager: his employee number. */
  readonly managerId: string | null;
  readonly createdAt: Date;
  /** How many browsers he is signed in with, in real time. */
  readonly sessions: number;
}

const listed = `
  SELECT u.id, u.name, u.role, u.district_id AS "districtId", d.name AS "districtName", u.manager_id AS "managerId",
         u.created_at AS "createdAt",
         (SELECT count(*)::int FROM session s WHERE s.sess ->> 'userId' = u.id::text AND s.expire > now()) AS sessions
  FROM app_user u LEFT JOIN district d ON d.id = u.district_id`;

/** By role, then by name. */
export const readUsers = (query: Query): Promise<User[]> =>
  query<User>({ text: `${listed} ORDER BY u.role, u.name, u.id` });

/** null where the id is nobody's, or no id at all. */
export async function readUser(query: Query, id: string): Promise<User | null> {
  const [user] = await query<User>({ text: `${listed} WHERE u.id::text = $1`, values: [id] });
  return user ?? null;
}

/** What a wish names, as it stands in the roster; `id` is whom it is for, where he is there already. */
export async function readKnown(query: Query, { district, managerId }: UserWish, id: string | null): Promise<Known> {
  const [known] = await query<Known>({
    text: `
      SELECT (SELECT min(id) FROM district WHERE id = $1 OR name = $1) AS "districtId",
             (SELECT id FROM manager WHERE id = $2) AS "managerId",
             (SELECT name FROM app_user WHERE manager_id = $2 AND id::text IS DISTINCT FROM $3) AS "managerTakenBy"`,
    values: [district, managerId, id],
  });
  return known ?? { districtId: null, managerId: null, managerTakenBy: null };
}

export interface StoredUser {
  readonly id: string;
  readonly name: string;
  readonly role: Role;
  readonly districtId: string | null;
  readonly managerId: string | null;
}

export async function insertUser(query: Query, user: StoredUser, now: Date): Promise<void> {
  const { id, name, role, districtId, managerId } = user;
  await query({
    text: 'INSERT INTO app_user (id, name, role, district_id, manager_id, created_at) VALUES ($1, $2, $3, $4, $5, $6)',
    values: [id, name, role, districtId, managerId, now],
  });
}

export async function updateUser(query: Query, user: StoredUser): Promise<void> {
  const { id, name, role, districtId, managerId } = user;
  await query({
    text: 'UPDATE app_user SET name = $2, role = $3, district_id = $4, manager_id = $5 WHERE id = $1',
    values: [id, name, role, districtId, managerId],
  });
}

/** Whether anybody else is an admin. */
export async function otherAdmins(query: Query, id: string): Promise<boolean> {
  const rows = await query({
    text: `SELECT FROM app_user WHERE role = 'admin' AND id <> $1 LIMIT 1`,
    values: [id],
  });
  return rows.length > 0;
}

/** Whether he keeps a nonce, or may hand one in, of a round that is not over. */
export async function keepsNonce(query: Query, id: string): Promise<boolean> {
  const rows = await query({
    text: `
      SELECT FROM nonce n JOIN round r ON r.id = n.round_id
      WHERE r.state NOT IN ('closed', 'cancelled') AND $1::text IN (n.holder, n.substitute) LIMIT 1`,
    values: [id],
  });
  return rows.length > 0;
}

/** Ends his sessions and spoils his links. @returns how many of each there were. */
export async function endSessions(query: Query, id: string, now: Date): Promise<{ sessions: number; links: number }> {
  const sessions = await query({
    text: `DELETE FROM session WHERE sess ->> 'userId' = $1 RETURNING sid`,
    values: [id],
  });
  const links = await query({
    text: 'UPDATE sign_in_link SET expires_at = $2 WHERE user_id = $1 AND used_at IS NULL AND expires_at > $2 RETURNING digest',
    values: [id, now],
  });
  return { sessions: sessions.length, links: links.length };
}
