import { audit } from '../../platform/audit.ts';
import type { Query } from '../../platform/database.ts';
import { BadInput, Refused } from '../../platform/errors.ts';
import type { Services } from '../../workers/services.ts';
import type { Role } from '../roles.ts';
import { signInLinkFor } from '../sign-in.ts';
import {
  endSessions,
  insertUser,
  keepsNonce,
  otherAdmins,
  readKnown,
  readUser,
  type User,
  updateUser,
} from './store.ts';
import { faultsOfUser, isRole, type UserWish } from './user.ts';

/** What is done to users, by page, command and API alike. Nobody is ever removed: the audit log names him. */
export type UserServices = Pick<Services, 'database' | 'clock' | 'chance'>;

/** One change of users at a time, so that two admins cannot take each other's role, and one manager is one user. */
const usersLock = 7_310_020;

const lockUsers = (query: Query) => query({ text: 'SELECT pg_advisory_xact_lock($1)', values: [usersLock] });

/** @returns his id. He signs in with a link (`linkFor`). @throws BadInput with every fault. */
export async function addUser(
  { database, clock, chance }: UserServices,
  wish: UserWish,
  actor: string,
): Promise<string> {
  const now = clock.now();
  const id = chance.id();
  await database.transaction(async (query) => {
    await lockUsers(query);
    const detail = await checked(query, wish, null);
    await insertUser(query, { id, name: wish.name.trim(), ...detail }, now);
    await audit(query, now, { actor, action: 'user.make', subject: id, detail });
  });
  return id;
}

/**
 * Gives somebody another name, role, district or employee number: all four as they shall be.
 *
 * @throws BadInput with every fault; Refused `no-such-user`, `last-admin` where nobody would be left to administer, or
 * `keeps-a-nonce` where the operator would come to hold a nonce that is meant to be out of his hands (method §1).
 */
export async function changeUser(
  { database, clock }: UserServices,
  id: string,
  wish: UserWish,
  actor: string,
): Promise<void> {
  const now = clock.now();
  await database.transaction(async (query) => {
    await lockUsers(query);
    const before = await found(query, id);
    const detail = await checked(query, wish, id);
    if (before.role === 'admin' && detail.role !== 'admin' && !(await otherAdmins(query, id)))
      throw new Refused(
        'last-admin',
        `${before.name} 是唯一的考核小组成员，须先有另一名 · ${before.name} is the only admin: make another one first`,
      );
    if (before.role !== 'admin' && detail.role === 'admin' && (await keepsNonce(query, id)))
      throw new Refused(
        'keeps-a-nonce',
        `${before.name} 保管着未揭示的随机数，轮次结束前不能进考核小组 · ${before.name} keeps a nonce of an open round and cannot become an admin before its round is over`,
      );
    await updateUser(query, { id, name: wish.name.trim(), ...detail });
    await audit(query, now, { actor, action: 'user.change', subject: id, detail });
  });
}

/**
 * Signs somebody out everywhere and spoils the links he has not used. He comes in again with a new link only.
 *
 * @throws Refused `no-such-user`.
 */
export async function revokeUser({ database, clock }: UserServices, id: string, actor: string): Promise<void> {
  const now = clock.now();
  await database.transaction(async (query) => {
    await found(query, id);
    const detail = await endSessions(query, id, now);
    await audit(query, now, { actor, action: 'user.revoke', subject: id, detail });
  });
}

/** A link that signs him in once, to be handed over. @throws Refused `no-such-user`. */
export async function linkFor(services: UserServices, publicUrl: string, id: string, actor: string): Promise<string> {
  await found(services.database.query, id);
  return signInLinkFor(services, publicUrl, id, actor);
}

async function found(query: Query, id: string): Promise<User> {
  const user = await readUser(query, id);
  if (user) return user;
  throw new Refused('no-such-user', `没有用户 ${id} · there is no user ${id}`);
}

async function checked(
  query: Query,
  wish: UserWish,
  id: string | null,
): Promise<{ role: Role; districtId: string | null; managerId: string | null }> {
  const known = await readKnown(query, wish, id);
  const faults = faultsOfUser(wish, known);
  const { role } = wish;
  if (faults.length > 0 || !isRole(role)) throw new BadInput('没有保存 · nothing was kept', faults);
  return { role, districtId: known.districtId, managerId: known.managerId };
}
