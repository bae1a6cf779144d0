import { z } from 'zod';
import { NotFound } from '../faults.ts';
import { roles } from '../roles.ts';
import { addUser, changeUser, linkFor, revokeUser } from '../users/change.ts';
import { readUser, readUsers } from '../users/store.ts';
import { longestName } from '../users/user.ts';
import { type Call, moment, type Operation, operation } from './operation.ts';

/** Users by API: who may use Huifang, and as what. */
const user = z.object({
  ...{ id: z.uuid(), name: z.string(), role: z.enum(roles) },
  ...{ districtId: z.string().nullable(), districtName: z.string().nullable() },
  managerId: z.string().nullable().describe('employee number, of a customer manager'),
  ...{ createdAt: moment, sessions: z.int().describe('browsers signed in') },
});

const wish = z.strictObject({
  name: z.string().max(longestName),
  role: z.enum(roles),
  district: z.string().nullable().default(null).describe('id or name; a supervisor needs one, the desk may have one'),
  managerId: z.string().nullable().default(null).describe('employee number; a customer manager needs one'),
});

const params = z.object({ user: z.uuid() });

/** @throws NotFound */
async function find({ services }: Pick<Call, 'services'>, id: string) {
  const found = await readUser(services.database.query, id);
  if (!found) throw new NotFound();
  return found;
}

export const userOperations: readonly Operation[] = [
  operation({
    ...{ id: 'users.list', method: 'get', path: '/users', scope: 'users:read', personal: true },
    summary: 'Everybody, by role and name',
    answer: z.object({ items: z.array(user) }),
    async run({ services }) {
      return { items: await readUsers(services.database.query) };
    },
  }),
  operation({
    ...{ id: 'users.read', method: 'get', path: '/users/{user}', scope: 'users:read', personal: true },
    summary: 'One user',
    ...{ params, answer: user },
    run: ({ services, params: { user: id } }) => find({ services }, id),
  }),
  operation({
    ...{ id: 'users.add', method: 'post', path: '/users', scope: 'users:write', status: 201, creates: true },
    summary: 'Add somebody; he comes in by a sign-in link',
    ...{ body: wish, answer: user },
    async run({ services, actor, body }) {
      return find({ services }, await addUser(services, body, actor));
    },
  }),
  operation({
    ...{ id: 'users.change', method: 'put', path: '/users/{user}', scope: 'users:write' },
    summary: 'Name, role, district and employee number as they shall be; holds at once',
    ...{ params, body: wish, answer: user },
    async run({ services, actor, params: { user: id }, body }) {
      await find({ services }, id);
      await changeUser(services, id, body, actor);
      return find({ services }, id);
    },
  }),
  operation({
    ...{ id: 'users.revoke', method: 'post', path: '/users/{user}/revocation', scope: 'users:write' },
    summary: 'Sign somebody out everywhere and spoil the links he has not used',
    ...{ params, answer: user },
    async run({ services, actor, params: { user: id } }) {
      await find({ services }, id);
      await revokeUser(services, id, actor);
      return find({ services }, id);
    },
  }),
  // Not idempotent: an answer kept for asking again would keep the link in clear.
  operation({
    ...{ id: 'users.sign-in-link', method: 'post', path: '/users/{user}/sign-in-link', scope: 'users:sign-in' },
    summary: 'A link that signs him in once, within the hour; whoever may ask for it may become anybody',
    ...{ params, answer: z.object({ link: z.url() }) },
    async run({ services, actor, publicUrl, params: { user: id } }) {
      await find({ services }, id);
      return { link: await linkFor(services, publicUrl, id, actor) };
    },
  }),
];
