import { randomUUID } from 'node:crypto';
import type { Express } from 'express';
import supertest from 'supertest';
import { createApp } from '../../src/web/app.ts';
import type { Role } from '../../src/web/roles.ts';
import { signInLinkFor } from '../../src/web/sign-in.ts';
import type { Field } from '../support/field.ts';

/** The real app over a made-up city, and people who look at it. */
export const publicUrl = 'http://127.0.0.1';

export const openSite = ({ services }: Field, at = publicUrl): Express =>
  createApp(services, {
    twilio: { authTokens: ['token of the tests'], publicUrl: at },
    publicUrl: at,
    sessionSecret: 'a secret of the tests, long enough to be one',
  });

export type Visitor = ReturnType<typeof supertest.agent>;

/** A browser of its own, with nobody signed in. */
export const visitor = (app: Express): Visitor => supertest.agent(app);

export async function makeUser({ city }: Field, role: Role, districtId: string | null = null): Promise<string> {
  const { id } = await city.database.prisma.user.create({
    data: { id: randomUUID(), name: `某${role}`, role, districtId, createdAt: city.clock.now() },
  });
  return id;
}

/** Where a link leads, without the host. */
export async function linkFor({ services }: Field, userId: string): Promise<string> {
  return (await signInLinkFor(services, publicUrl, userId)).slice(publicUrl.length);
}

/** The token that the forms of this page carry. */
export const formToken = (html: string): string => /name="_csrf" value="([^"]+)"/.exec(html)?.[1] ?? '';

/** Opens a link and presses its button. */
export async function follow(browser: Visitor, link: string) {
  const page = await browser.get(link);
  return browser
    .post(link)
    .type('form')
    .send({ _csrf: formToken(page.text) });
}

export async function signedIn(
  field: Field,
  app: Express,
  role: Role,
  districtId: string | null = null,
): Promise<Visitor> {
  const browser = visitor(app);
  await follow(browser, await linkFor(field, await makeUser(field, role, districtId)));
  return browser;
}

/** The cookies an answer sets, as a browser would send them back. */
export const cookiesOf = ({ headers }: { readonly headers: Readonly<Record<string, unknown>> }): string =>
  [headers['set-cookie'] ?? []]
    .flat()
    .map((cookie) => String(cookie).split(';')[0])
    .join('; ');

/** Words as a reader sees them: no tags, no doubled blanks. */
export const wordsOf = (html: string): string =>
  html
    .replace(/<[^>]+>/g, ' ')
    .replaceAll('&#x3D;', '=')
    .replaceAll('&lt;', '<')
    .replace(/\s+/g, ' ');
