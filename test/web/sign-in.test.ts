import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ensureFirstAdmin, makeSignInLink, signInLinkFor } from '../../src/web/sign-in.ts';
import { cityManagers, type Field, openField } from '../support/field.ts';
import {
  cookiesOf,
  follow,
  formToken,
  linkFor,
  makeUser,
  openSite,
  publicUrl,
  signedIn,
  type Visitor,
  visitor,
} from './site.ts';

let field: Field;
let app: ReturnType<typeof openSite>;

beforeAll(async () => {
  field = await openField('web-sign-in', cityManagers(1));
  app = openSite(field);
});
afterAll(() => field.close());

const isSignedIn = async (browser: Visitor): Promise<boolean> => (await browser.get('/board')).status === 200;

const query = <Row>(text: string, values: unknown[] = []): Promise<Row[]> =>
  field.city.database.query<Row>({ text, values });

describe('the first admin', () => {
  test('is made where there is nobody, once, and gets a link that works', async () => {
    const links = await Promise.all([1, 2, 3].map(() => ensureFirstAdmin(field.services, publicUrl)));
    const [link] = links.filter((one) => one !== null);
    expect(links.filter((one) => one !== null)).toHaveLength(1);
    expect(await query('SELECT name, role FROM app_user')).toEqual([{ name: '管理员', role: 'admin' }]);
    const browser = visitor(app);
    await follow(browser, (link ?? '').slice(publicUrl.length));
    expect(await isSignedIn(browser)).toBe(true);
    expect(await ensureFirstAdmin(field.services, publicUrl)).toBeNull();
  });
});

describe('a link', () => {
  test('signs in once', async () => {
    const link = await linkFor(field, await makeUser(field, 'auditor'));
    const first = visitor(app);
    expect((await follow(first, link)).headers.location).toBe('/');
    expect(await isSignedIn(first)).toBe(true);
    const second = visitor(app);
    expect((await follow(second, link)).status).toBe(403);
    expect((await second.get(link)).status).toBe(410);
    expect(await isSignedIn(second)).toBe(false);
  });

  test('is not used up by whoever only looks at it', async () => {
    const link = await linkFor(field, await makeUser(field, 'auditor'));
    for (let i = 0; i < 3; i++) expect((await visitor(app).get(link)).status).toBe(200);
    expect((await visitor(app).head(link)).status).toBe(200);
    const browser = visitor(app);
    await follow(browser, link);
    expect(await isSignedIn(browser)).toBe(true);
  });

  test('signs in one of two who press its button at the same moment', async () => {
    const link = await linkFor(field, await makeUser(field, 'auditor'));
    const browsers = [visitor(app), visitor(app), visitor(app), visitor(app)];
    const pages = await Promise.all(browsers.map((browser) => browser.get(link)));
    const answers = await Promise.all(
      browsers.map((browser, index) =>
        browser
          .post(link)
          .type('form')
          .send({ _csrf: formToken(pages[index]?.text ?? '') }),
      ),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([303, 410, 410, 410]);
  });

  test('expires by the clock of the service', async () => {
    const userId = await makeUser(field, 'auditor');
    const link = (await makeSignInLink(field.services, publicUrl, userId, { minutes: 10 })).slice(publicUrl.length);
    field.city.clock.advance(new Date(field.city.clock.now().getTime() + 9 * 60_000));
    expect((await visitor(app).get(link)).status).toBe(200);
    field.city.clock.advance(new Date(field.city.clock.now().getTime() + 60_000));
    expect((await visitor(app).get(link)).status).toBe(410);
  });

  test('is kept as the digest of its secret, and its secret nowhere', async () => {
    const userId = await makeUser(field, 'auditor');
    const link = await signInLinkFor(field.services, publicUrl, userId);
    const secret = link.split('/').at(-1) ?? '';
    expect(Buffer.from(secret, 'base64url')).toHaveLength(32);
    const [kept] = await query<{ digest: Buffer }>('SELECT digest FROM sign_in_link WHERE user_id = $1', [userId]);
    expect(kept?.digest).toEqual(createHash('sha256').update(secret).digest());
    const [audit] = await query<{ all: string }>(`SELECT string_agg(audit::text, ' ') AS all FROM audit`);
    expect(audit?.all).not.toContain(secret);
  });
});

describe('a session', () => {
  test('gets a new id at sign-in, and the one before is gone', async () => {
    const attacker = visitor(app);
    const planted = cookiesOf(await follow(attacker, await linkFor(field, await makeUser(field, 'manager'))));
    const link = await linkFor(field, await makeUser(field, 'admin'));
    const page = await attacker.get(link);
    const answer = await attacker
      .post(link)
      .type('form')
      .send({ _csrf: formToken(page.text) });
    expect(answer.status).toBe(303);
    expect(cookiesOf(answer)).toMatch(/^huifang-session=/);
    expect(cookiesOf(answer)).not.toBe(planted);
    expect((await attacker.get('/rounds')).status).toBe(200);
    expect((await visitor(app).get('/board').set('Cookie', planted)).status).toBe(303);
  });

  test('ends with signing out, everywhere', async () => {
    const browser = visitor(app);
    const cookie = cookiesOf(await follow(browser, await linkFor(field, await makeUser(field, 'auditor'))));
    expect((await visitor(app).get('/board').set('Cookie', cookie)).status).toBe(200);
    const page = await browser.get('/board');
    const answer = await browser
      .post('/sign-out')
      .type('form')
      .send({ _csrf: formToken(page.text) });
    expect(answer.headers.location).toBe('/sign-in?out');
    expect(await isSignedIn(browser)).toBe(false);
    expect((await visitor(app).get('/board').set('Cookie', cookie)).status).toBe(303);
  });

  test('knows a role that was taken away at once', async () => {
    const userId = await makeUser(field, 'admin');
    const browser = visitor(app);
    await follow(browser, await linkFor(field, userId));
    expect((await browser.get('/rounds')).status).toBe(200);
    await query(`UPDATE app_user SET role = 'manager' WHERE id = $1`, [userId]);
    expect((await browser.get('/rounds')).status).toBe(403);
  });

  test('over https is for https alone, also where the proxy does not say that it is', async () => {
    const https = openSite(field, 'https://huifang.example');
    const link = await linkFor(field, await makeUser(field, 'auditor'));
    const page = await visitor(https).get(link);
    const answer = await visitor(https)
      .post(link)
      .set('Cookie', cookiesOf(page))
      .type('form')
      .send({ _csrf: formToken(page.text) });
    expect(answer.status).toBe(303);
    expect(String(answer.headers['set-cookie'])).toMatch(
      /__Host-huifang-session=[^;]+; Path=\/;.*HttpOnly; Secure; SameSite=Lax/,
    );
  });
});

describe('a form', () => {
  test('that does not carry its token does nothing', async () => {
    const browser = await signedIn(field, app, 'admin');
    const answer = await browser.post('/rounds').type('form').send({ period: '2026-12' });
    expect(answer.status).toBe(403);
    expect(answer.text).toContain('页面已过期');
    expect(await query('SELECT FROM round')).toEqual([]);
  });

  test('is not served by another session’s token', async () => {
    const [one, other] = [await signedIn(field, app, 'admin'), await signedIn(field, app, 'admin')];
    const token = formToken((await other.get('/rounds/launch?period=2026-12')).text);
    expect(token).not.toBe('');
    expect((await one.post('/rounds').type('form').send({ period: '2026-12', _csrf: token })).status).toBe(403);
    expect((await one.post('/rounds').type('form').send('_csrf=a&_csrf=b&period=2026-12')).status).toBe(403);
  });

  test('keeps its token in no session but the one it was opened in', async () => {
    const link = await linkFor(field, await makeUser(field, 'auditor'));
    const browser = visitor(app);
    const before = formToken((await browser.get(link)).text);
    await follow(browser, link);
    const after = formToken((await browser.get('/board')).text);
    expect(after).not.toBe(before);
    expect((await browser.post('/sign-out').type('form').send({ _csrf: before })).status).toBe(403);
  });
});

test('who tries links is stopped after twenty, and told so', async () => {
  const site = openSite(field);
  const tried = async () => (await visitor(site).get('/sign-in/guess-guess-guess-guess-guess')).status;
  const statuses: number[] = [];
  for (let i = 0; i < 22; i++) statuses.push(await tried());
  expect(statuses.slice(0, 20)).toEqual(Array(20).fill(410));
  expect(statuses.slice(20)).toEqual([429, 429]);
  const answer = await visitor(site).get('/sign-in/guess-guess-guess-guess-guess');
  expect(answer.text).toContain('尝试太频繁');
});

test('sign-in, sign-out and links stand in the audit log', async () => {
  const userId = await makeUser(field, 'auditor');
  const browser = visitor(app);
  await follow(browser, await linkFor(field, userId));
  const page = await browser.get('/board');
  await browser
    .post('/sign-out')
    .type('form')
    .send({ _csrf: formToken(page.text) });
  const lines = await query<{ action: string; actor: string }>(
    'SELECT action, actor FROM audit WHERE subject = $1 ORDER BY sequence',
    [userId],
  );
  expect(lines).toEqual([
    { action: 'sign-in-link.make', actor: 'cli' },
    { action: 'user.sign-in', actor: userId },
    { action: 'user.sign-out', actor: userId },
  ]);
});
