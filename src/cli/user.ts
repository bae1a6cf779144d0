import { Refused } from '../platform/errors.ts';
import { addUser, changeUser, linkFor, revokeUser } from '../web/users/change.ts';
import { readUsers, type User } from '../web/users/store.ts';
import type { Installation } from './installation.ts';

/** `huifang user list|add|change|link|revoke`. A user is named by his id, or by his name where only one has it. */
export interface UserOptions {
  readonly name?: string;
  readonly role?: string;
  readonly district?: string;
  readonly manager?: string;
}

type Out = NodeJS.WritableStream;

export async function listAllUsers({ database }: Installation, out: Out): Promise<void> {
  for (const { id, name, role, districtName, managerId } of await readUsers(database.query))
    out.write(`${id}  ${role.padEnd(10)}  ${name}  ${districtName ?? '—'}  ${managerId ?? '—'}\n`);
}

/** His id and the link he comes in by: one line each. */
export async function addOne(services: Installation, name: string, options: UserOptions, out: Out): Promise<void> {
  const { role = '', district = null, manager: managerId = null } = options;
  const id = await addUser(services, { name, role, district, managerId }, 'cli');
  out.write(`${id}\n${await linkFor(services, services.publicUrl, id, 'cli')}\n`);
}

/** What is not named stays, apart from what another role cannot have. */
export async function changeOne(services: Installation, called: string, options: UserOptions, out: Out): Promise<void> {
  const before = await userCalled(services, called);
  const { name = before.name, role = before.role } = options;
  const kept = role === before.role ? before : { districtId: null, managerId: null };
  const { district = kept.districtId, manager = kept.managerId } = options;
  const wish = { name, role, district: district || null, managerId: manager || null };
  await changeUser(services, before.id, wish, 'cli');
  out.write(`已更改 · changed: ${before.id}\n`);
}

/** The link alone, so that a script can take it: works once, within an hour. */
export async function linkForOne(services: Installation, called: string, out: Out): Promise<void> {
  const { id } = await userCalled(services, called);
  out.write(`${await linkFor(services, services.publicUrl, id, 'cli')}\n`);
}

export async function revokeOne(services: Installation, called: string, out: Out): Promise<void> {
  const { id } = await userCalled(services, called);
  await revokeUser(services, id, 'cli');
  out.write(`已在所有设备上退出，链接作废 · signed out everywhere, links spoilt: ${id}\n`);
}

/** @throws Refused where nobody is called so, or several are. */
async function userCalled({ database }: Installation, called: string): Promise<User> {
  const found = (await readUsers(database.query)).filter(({ id, name }) => id === called || name === called);
  const [only] = found;
  if (only && found.length === 1) return only;
  throw new Refused(
    'no-such-user',
    found.length === 0
      ? `没有用户 ${called} · there is no user ${called}`
      : `${called} 有 ${found.length} 名，请用编号 · ${found.length} users are called ${called}: name one by his id`,
  );
}
