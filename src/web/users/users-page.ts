import { z } from 'zod';
import { BadInput } from '../../platform/errors.ts';
import type { Visit } from '../console.ts';
import { NotFound } from '../faults.ts';
import { count, moment } from '../figures.ts';
import { languageOf } from '../language.ts';
import { type Messages, messagesIn } from '../messages.ts';
import { sendPage } from '../page.ts';
import { type Role, roles } from '../roles.ts';
import { companyTimeZone } from '../round/rounds-page.ts';
import { addUser, changeUser, linkFor, revokeUser } from './change.ts';
import { readUser, readUsers, type User } from './store.ts';
import { longestName, type UserWish } from './user.ts';

/** The people who use Huifang: who they are, as what, and the link each of them comes in by. For admins alone. */

/** `GET /users` */
export async function listUsers(visit: Visit): Promise<void> {
  const { web, request, response, viewer } = visit;
  const language = languageOf(response);
  const m = messagesIn(language);
  const { query } = web.services.database;
  const users = (await readUsers(query)).map((user) => ({
    ...{ id: user.id, name: user.name, role: m.roles[user.role] },
    ...{ district: user.districtName ?? '—', managerId: user.managerId ?? '—' },
    sessions: count(user.sessions, language),
  }));
  await web.look({ actor: viewer.id, action: 'users.read', subject: 'all' });
  const page = { title: m.users.title, at: 'users' } as const;
  sendPage(web, request, response, 'users', page, { users, form: await formFor(visit, null) });
}

/** `POST /users` */
export async function makeUser({ web, request, response, viewer }: Visit): Promise<void> {
  const id = await addUser(web.services, readWish(request.body), viewer.id);
  response.redirect(303, pathOf(id));
}

/** `GET /users/:user` */
export async function showUser(visit: Visit): Promise<void> {
  const { web, request, response, viewer } = visit;
  const language = languageOf(response);
  const m = messagesIn(language);
  const user = await userAsked(visit);
  const place = { language, timeZone: await companyTimeZone(web.services) };
  await web.look({ actor: viewer.id, action: 'users.read', subject: user.id });
  const page = { title: user.name, at: 'users' } as const;
  sendPage(web, request, response, 'user', page, {
    ...{ title: user.name, path: pathOf(user.id), form: await formFor(visit, user) },
    lead: m.users.lead(
      m.roles[user.role],
      moment(user.createdAt, web.services.clock.now(), place),
      count(user.sessions, language),
    ),
  });
}

/** `POST /users/:user` */
export async function keepUser(visit: Visit): Promise<void> {
  const { web, request, response, viewer } = visit;
  const { id } = await userAsked(visit);
  await changeUser(web.services, id, readWish(request.body), viewer.id);
  response.redirect(303, pathOf(id));
}

/** `POST /users/:user/link`: shown in the answer itself and nowhere again, for it signs whoever has it in. */
export async function showFreshLink(visit: Visit): Promise<void> {
  const { web, request, response, viewer } = visit;
  const m = messagesIn(languageOf(response));
  const user = await userAsked(visit);
  const link = await linkFor(web.services, web.publicUrl, user.id, viewer.id);
  const page = { title: m.users.linkTitle(user.name), at: 'users' } as const;
  sendPage(web, request, response, 'user-link', page, { title: page.title, link, path: pathOf(user.id) });
}

/** `GET /users/:user/revoke`: what will happen, and only its button does it. */
export async function confirmRevoke(visit: Visit): Promise<void> {
  const { web, request, response } = visit;
  const m = messagesIn(languageOf(response));
  const user = await userAsked(visit);
  const page = { title: m.users.revokeTitle(user.name), at: 'users' } as const;
  sendPage(web, request, response, 'user-revoke', page, { title: page.title, path: pathOf(user.id) });
}

/** `POST /users/:user/revoke` */
export async function revoke(visit: Visit): Promise<void> {
  const { web, response, viewer } = visit;
  const { id } = await userAsked(visit);
  await revokeUser(web.services, id, viewer.id);
  response.redirect(303, viewer.id === id ? '/sign-in?out' : pathOf(id));
}

const pathOf = (id: string): string => `/users/${id}`;

async function userAsked({ web, request }: Visit): Promise<User> {
  const user = await readUser(web.services.database.query, String(request.params.user));
  if (!user) throw new NotFound();
  return user;
}

const form = z.object({
  name: z.string().default(''),
  role: z.string().default(''),
  district: z.string().default(''),
  managerId: z.string().default(''),
});

function readWish(body: unknown): UserWish {
  const read = form.safeParse(body ?? {});
  if (!read.success) throw new BadInput('nothing was kept', [{ where: 'form', message: read.error.message }]);
  const { name, role, district, managerId } = read.data;
  return { name, role, district: district.trim() || null, managerId: managerId.trim() || null };
}

/** What the form offers, filled in for `user`. */
async function formFor({ web, response }: Visit, user: User | null) {
  const m: Messages = messagesIn(languageOf(response));
  const districts = await web.services.database.query<{ id: string; name: string }>({
    text: 'SELECT id, name FROM district ORDER BY name, id',
  });
  const roleOf = (role: Role) => ({ role, words: m.roles[role], chosen: role === (user?.role ?? 'supervisor') });
  return {
    ...{ action: user ? pathOf(user.id) : '/users', name: user?.name ?? '', longestName },
    ...{ managerId: user?.managerId ?? '', roles: roles.map(roleOf) },
    districts: districts.map(({ id, name }) => ({ id, name, chosen: id === user?.districtId })),
  };
}
