import { z } from 'zod';
import type { Query } from '../../platform/database.ts';
import { BadInput } from '../../platform/errors.ts';
import { may, type Permission, type Role } from '../roles.ts';

/**
 * What a person asks for through a program. The key says that the program may bring such wishes at all; what it brings
 * for somebody goes no further than his own role and district would let him go by page.
 */
export const personField = z.uuid().describe('a user’s id: the person who asks for it, for the record');

export interface Person {
  readonly id: string;
  /** Of a manager: which one he is. */
  readonly managerId: string | null;
  /** The only district he may act in; null = the whole city. */
  readonly districtId: string | null;
}

/** @throws BadInput where there is no such user, or he may not do this himself. */
export async function personAsking(query: Query, userId: string, what: Permission): Promise<Person> {
  const [user] = await query<Person & { role: Role }>({
    text: 'SELECT id, role, manager_id AS "managerId", district_id AS "districtId" FROM app_user WHERE id = $1',
    values: [userId],
  });
  if (!user) throw notForHim('没有这个用户 · there is no such user');
  const { role, ...person } = user;
  const reach = may(role, what);
  if (reach === 'everything') return { ...person, districtId: null };
  if (reach === 'own-district' && person.districtId !== null) return person;
  throw notForHim(
    '此人的角色不能这样做，或没有营销部 · may not do this himself: by his role, or for want of a district',
  );
}

export const notForHim = (message: string): BadInput =>
  new BadInput('没有执行 · nothing was done', [{ where: 'body.onBehalfOf', message }]);
