import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { consoleRoutes } from '../../src/web/console.ts';
import { cityManagers, type Field, openField, publishField } from '../support/field.ts';
import { openSite, signedIn, visitor } from './site.ts';

/** What somebody gets who is not signed in: as good as nothing, whatever he asks for. */

let field: Field;
let app: ReturnType<typeof openSite>;

beforeAll(async () => {
  field = await openField('web-strangers', cityManagers(3));
  await publishField(field);
  app = openSite(field);
});
afterAll(() => field.close());

interface Layer {
  readonly name: string;
  readonly route?: { readonly path: string; readonly methods: Readonly<Record<string, boolean>> };
  readonly handle: { readonly stack?: readonly Layer[] };
}

const layersOf = (): readonly Layer[] => (app as unknown as { router: { stack: readonly Layer[] } }).router.stack;

/** Every route that was put on the app itself, as `get /rounds/:round`. */
const routes = (): string[] =>
  layersOf().flatMap(({ route }) =>
    route ? Object.keys(route.methods).map((method) => `${method} ${route.path}`) : [],
  );

const filledIn: Readonly<Record<string, string>> = {
  ':round': '2026-12-R1',
  ':period': '2026-12',
  ':secret': 'no-secret-of-anybody-at-all',
};

const pathOf = (path: string): string => path.replace(/:\w+/g, (name) => filledIn[name] ?? name);

const open = ['get /healthz', 'get /readyz', 'get /sign-in', 'get /sign-in/:secret', 'post /sign-in/:secret'];

describe('every route of the app', () => {
  test('is open on purpose, or one of the console, or signing out', () => {
    const known = [...open, 'post /sign-out', ...consoleRoutes.map(({ method, path }) => `${method} ${path}`)];
    expect(routes().sort()).toEqual(known.sort());
  });

  test('stands on the app itself, apart from the carrier’s and the API’s (test/web/api)', () => {
    const routers = layersOf().filter(({ handle }) => handle.stack);
    expect(routers).toHaveLength(2);
    const [carrier] = routers;
    // Both of texts' addresses stand in one loop; each of these is walked in carrier-strangers.test.ts.
    expect(carrier?.handle.stack?.filter(({ route }) => route).map(({ route }) => route?.path)).toEqual([
      ...['/voice/fallback', '/voice/inbound', '/voice/inbound/status', '/voice/inbound/wanted'],
      ...['/voice/:attempt/status', '/voice/:attempt/detected', '/voice/:attempt/:turn'],
      ...['/desk/:call/bridge', '/desk/:call/shop', '/desk/:call/status'],
      ...['/text/:message/status', '/text', '/text/fallback'],
    ]);
  });

  test('that is not open leads a stranger to the sign-in page, or nowhere', async () => {
    const closed = routes().filter((route) => !open.includes(route));
    expect(closed.length).toBeGreaterThan(8);
    for (const route of closed) {
      const [method, path] = route.split(' ') as ['get' | 'post', string];
      const answer = await visitor(app)[method](pathOf(path));
      expect({ route, status: answer.status }).toEqual({ route, status: method === 'get' ? 303 : 403 });
      if (method === 'get') expect(answer.headers.location).toBe('/sign-in');
      for (const { name } of field.managers) expect(answer.text).not.toContain(name);
    }
  });
});

test('an address that does not exist looks to a stranger like one that does', async () => {
  const [missing, there] = [await visitor(app).get('/no/such/page'), await visitor(app).get('/rounds/2026-12-R1')];
  expect([missing.status, missing.headers.location]).toEqual([there.status, there.headers.location]);
});

test('a session that was made up, or belongs to nobody any more, is a stranger’s', async () => {
  const madeUp = await visitor(app).get('/board').set('Cookie', 'huifang-session=s%3Amade-up.signature');
  expect(madeUp.headers.location).toBe('/sign-in');
  const browser = await signedIn(field, app, 'auditor');
  expect((await browser.get('/board')).status).toBe(200);
  await field.city.database.query({
    text: `UPDATE session SET sess = jsonb_set(sess::jsonb, '{userId}', '"${crypto.randomUUID()}"')`,
  });
  expect((await browser.get('/board')).headers.location).toBe('/sign-in');
});

test('a session is over in real time, whatever the round’s clock says', async () => {
  const browser = await signedIn(field, app, 'auditor');
  await field.city.database.query({ text: `UPDATE session SET expire = now() - interval '1 minute'` });
  expect((await browser.get('/board')).headers.location).toBe('/sign-in');
});

test('a carrier’s path without its signature is refused', async () => {
  for (const path of ['/twilio/text', `/twilio/voice/${crypto.randomUUID()}/0`, '/twilio/anything'])
    expect((await visitor(app).post(path).type('form').send({ Body: '5' })).status).toBe(403);
});

describe('headers', () => {
  test('let nothing in from elsewhere and nothing out', async () => {
    const { headers } = await visitor(app).get('/sign-in');
    const policy = headers['content-security-policy'];
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toContain('unsafe');
    expect(policy).toContain("frame-ancestors 'none'");
    expect(headers).toMatchObject({
      ...{ 'x-frame-options': 'DENY', 'x-content-type-options': 'nosniff', 'referrer-policy': 'no-referrer' },
      'cache-control': 'no-store',
    });
    expect(headers).not.toHaveProperty('x-powered-by');
  });

  test('over https ask for https, and let cookies go nowhere else', async () => {
    const https = openSite(field, 'https://huifang.example');
    const { headers } = await visitor(https).get('/sign-in?lang=en');
    expect(headers['strict-transport-security']).toContain('max-age=');
    const cookies = headers['set-cookie'] as unknown as string[];
    expect(cookies.length).toBeGreaterThan(0);
    for (const cookie of cookies) expect(cookie).toMatch(/^__Host-huifang-.*HttpOnly; Secure; SameSite=Lax/);
  });

  test('a stranger gets no session, and so no cookie of one', async () => {
    const { headers } = await visitor(app).get('/sign-in');
    expect(String(headers['set-cookie'])).not.toContain('session');
  });
});

test('no page has inline script or style, which the policy would not run', async () => {
  const browser = await signedIn(field, app, 'admin');
  for (const path of [
    '/sign-in',
    '/board',
    '/rounds',
    '/rounds/2026-12-R1',
    '/rounds/launch?period=2027-01',
    '/nowhere',
  ]) {
    const { text } = await browser.get(path);
    expect(text).not.toMatch(/<style|\sstyle=|\son\w+=|<script(?! src="\/static\/)/);
    expect(text).not.toMatch(/(src|href)="(https?:)?\/\//);
  }
});

describe('health', () => {
  test('alive as long as the process answers', async () => {
    expect(await visitor(app).get('/healthz')).toMatchObject({ status: 200, text: 'ok\n' });
  });

  test('ready while database, queue and carrier answer', async () => {
    expect(await visitor(app).get('/readyz')).toMatchObject({
      status: 200,
      body: { database: 'ok', queue: 'ok', carrier: 'ok', texts: 'none' },
    });
  });

  test('not ready when one of them fails; asking often does not ask them often', async () => {
    let asked = 0;
    const { services } = field;
    const health = async () => {
      asked += 1;
      throw new Error('carrier down, account AC123');
    };
    const voice = { ...services.voice, port: { ...services.voice.port, health } };
    const site = openSite({ ...field, services: { ...services, voice } });
    for (let i = 0; i < 5; i++) {
      const answer = await visitor(site).get('/readyz');
      expect(answer.status).toBe(503);
      expect(answer.body).toEqual({ database: 'ok', queue: 'ok', carrier: 'failed', texts: 'none' });
    }
    expect(asked).toBe(1);
  });

  test.each([
    ['well', async () => {}, 'ok'],
    ['down, which is said and takes no process out of service', () => Promise.reject(new Error('away')), 'failed'],
  ])('the carrier of texts is %s', async (_how, health, texts) => {
    const { services } = field;
    const port = { carrier: 'texts', send: () => expect.fail(), textsTo: async () => [], health };
    const text = { port, lane: { ...services.voice.lane, channel: 'sms' as const } };
    const answer = await visitor(openSite({ ...field, services: { ...services, text } })).get('/readyz');
    expect(answer).toMatchObject({ status: 200, body: { database: 'ok', queue: 'ok', carrier: 'ok', texts } });
  });
});

test('every request is counted while it lasts, and none is left behind', async () => {
  const { activity } = field.services;
  const before = activity.begun;
  await visitor(app).get('/sign-in');
  await visitor(app).get('/nowhere');
  await activity.quiet();
  expect(activity.begun).toBe(before + 2);
});
