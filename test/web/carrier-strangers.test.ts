import { createServer } from 'node:http';
import { Writable } from 'node:stream';
import twilio from 'twilio';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Activity } from '../../src/platform/activity.ts';
import { openLog } from '../../src/platform/log.ts';
import { createApp } from '../../src/web/app.ts';
import { twilioRouter } from '../../src/web/twilio.ts';
import type { Services } from '../../src/workers/services.ts';
import { type Field, openField } from '../support/field.ts';
import { closed, listening } from '../telephony/weather.ts';

/**
 * Who may use the carrier's addresses, each of them: unsigned or wrongly signed is 403, what is about nothing of ours
 * is 404, a correctly signed duplicate gets its first answer again; and none of it leaves a row or a line in the log,
 * so that a stranger can fill neither. We stand behind a proxy: signed is the public address, called another one.
 */

const publicUrl = 'https://huifang.example';
const token = 'the auth token of these tests';
const previous = 'the token before it';
const nobody = '00000000-0000-4000-8000-000000000000';

/** Every address of the router, with what a carrier sends there, about nothing of ours. */
const addresses: Readonly<Record<string, { readonly fields: Fields; readonly unknown: 404 | 'of nobody' }>> = {
  '/voice/fallback': {
    ...{ fields: { CallSid: 'CA1', ErrorUrl: `${publicUrl}/twilio/voice/${nobody}/1` }, unknown: 404 },
  },
  // Whoever rings a number of ours is somebody; nothing of him is kept.
  '/voice/inbound': { fields: { CallSid: 'CA1', From: '+8613900000000' }, unknown: 'of nobody' },
  '/voice/inbound/status': { fields: { CallSid: 'CA1', CallStatus: 'completed' }, unknown: 'of nobody' },
  '/voice/inbound/wanted': { fields: { CallSid: 'CA1', From: '+8613900000000', Digits: '1' }, unknown: 'of nobody' },
  '/voice/:attempt/status': { fields: { CallSid: 'CA1', CallStatus: 'completed' }, unknown: 404 },
  '/voice/:attempt/detected': { fields: { CallSid: 'CA1', AnsweredBy: 'machine_end_beep' }, unknown: 404 },
  '/voice/:attempt/:turn': { fields: { CallSid: 'CA1', Digits: '5' }, unknown: 404 },
  '/desk/:call/bridge': { fields: { CallSid: 'CA1', From: '+8679188000000' }, unknown: 'of nobody' },
  '/desk/:call/shop': { fields: { CallSid: 'CA1', DialCallStatus: 'completed' }, unknown: 404 },
  '/desk/:call/status': { fields: { CallSid: 'CA1', CallStatus: 'completed' }, unknown: 404 },
  '/text/:message/status': { fields: { MessageSid: 'SM1', MessageStatus: 'delivered' }, unknown: 404 },
  '/text': { fields: { MessageSid: 'SM1', From: 'nobody', Body: '5' }, unknown: 'of nobody' },
  '/text/fallback': { fields: { MessageSid: 'SM1', From: 'nobody', Body: '5' }, unknown: 'of nobody' },
};
const all = Object.entries(addresses).map(([path, about]) => ({
  ...about,
  path: `/twilio${path.replace(':attempt', nobody).replace(':call', nobody).replace(':message', nobody).replace(':turn', '1')}`,
}));

type Fields = Readonly<Record<string, string>>;

let field: Field;
let services: Services;
let origin: string;
let logged = '';
const server = createServer();

beforeAll(async () => {
  field = await openField('carrier-strangers', []);
  const log = openLog(
    'trace',
    new Writable({
      write(line, _encoding, done) {
        logged += line;
        done();
      },
    }),
  );
  services = { ...field.services, log, activity: new Activity() };
  const settings = { publicUrl, sessionSecret: 'a secret of the tests, long enough to be one' };
  server.on('request', createApp(services, { twilio: { authTokens: [token, previous], publicUrl }, ...settings }));
  origin = await listening(server);
});
afterAll(async () => {
  await closed(server);
  await field.close();
});

const signature = (address: string, fields: Fields, by = token) =>
  twilio.getExpectedTwilioSignature(by, address, { ...fields });

async function post(path: string, fields: Fields, headers: Record<string, string> = {}) {
  const response = await fetch(origin + path, { method: 'POST', headers, body: new URLSearchParams(fields) });
  return { status: response.status, body: await response.text() };
}
const signed = (path: string, fields: Fields) =>
  post(path, fields, { 'X-Twilio-Signature': signature(publicUrl + path, fields) });

/** How many rows there are in every table, and in which state each attempt and message is. */
async function everything(): Promise<unknown> {
  const { query } = field.city.database;
  const tables = await query<{ name: string }>({
    text: `SELECT table_schema || '.' || quote_ident(table_name) AS name FROM information_schema.tables
           WHERE table_type = 'BASE TABLE' AND table_schema NOT IN ('pg_catalog', 'information_schema') ORDER BY 1`,
  });
  const counts = tables.map(
    ({ name }) =>
      `SELECT '${name}' AS name, count(*)::int AS rows, md5(coalesce(string_agg(t::text, '' ORDER BY t::text), '')) FROM ${name} t`,
  );
  // Read side by side, they come back in any order.
  return query({ text: `${counts.join(' UNION ALL ')} ORDER BY name` });
}

test('here stands every address that the carrier has', () => {
  const routes = twilioRouter(services, { authTokens: [token], publicUrl }).stack.flatMap(({ route }) =>
    route ? [String(route.path)] : [],
  );
  expect(routes.toSorted()).toEqual(Object.keys(addresses).toSorted());
});

describe.each(all)('$path', ({ path, fields, unknown }) => {
  test.each<[who: string, headers: (path: string, fields: Fields) => Record<string, string>]>([
    ['nobody signed', () => ({})],
    ['is signed with nothing', () => ({ 'X-Twilio-Signature': '' })],
    ['a stranger signed', () => ({ 'X-Twilio-Signature': signature(publicUrl + path, fields, 'a guess') })],
    [
      'was signed for another host',
      () => ({ 'X-Twilio-Signature': signature(`https://elsewhere.example${path}`, fields) }),
    ],
    ['was signed for another port', () => ({ 'X-Twilio-Signature': signature(`${publicUrl}:8443${path}`, fields) })],
    ['was signed for http', () => ({ 'X-Twilio-Signature': signature(`http://huifang.example${path}`, fields) })],
    ['was signed for the address behind the proxy', () => ({ 'X-Twilio-Signature': signature(origin + path, fields) })],
    [
      'names its own host, and is signed for that',
      () => ({
        ...{
          'X-Forwarded-Host': 'elsewhere.example',
          'X-Forwarded-Proto': 'https',
          Forwarded: 'host=elsewhere.example',
        },
        'X-Twilio-Signature': signature(`https://elsewhere.example${path}`, fields),
      }),
    ],
    [
      'was signed for another address of ours',
      () => ({ 'X-Twilio-Signature': signature(`${publicUrl}${path}x`, fields) }),
    ],
    [
      'was signed with another field',
      () => ({ 'X-Twilio-Signature': signature(publicUrl + path, { ...fields, Digits: '9' }) }),
    ],
  ])('a request that %s is 403, and leaves nothing', async (_who, headers) => {
    const [before, lines] = [await everything(), logged];
    expect(await post(path, fields, headers(path, fields))).toEqual({
      status: 403,
      body: 'not signed by the carrier\n',
    });
    expect(await everything()).toEqual(before);
    expect(logged).toBe(lines);
  });

  test(`about nothing of ours, rightly signed, is ${unknown}, twice alike, and leaves nothing`, async () => {
    const [before, lines] = [await everything(), logged];
    const first = await signed(path, fields);
    if (unknown === 404) expect(first.status).toBe(404);
    else expect([200, 204]).toContain(first.status);
    expect(await signed(path, fields)).toEqual(first);
    expect(await everything()).toEqual(before);
    expect(logged).toBe(lines);
  });

  test('is taken behind a proxy, whatever that says of itself, signed with either token', async () => {
    const proxied = { 'X-Forwarded-Host': '10.0.0.7:3000', 'X-Forwarded-Proto': 'http', Host: '10.0.0.7:3000' };
    for (const by of [token, previous]) {
      const headers = { ...proxied, 'X-Twilio-Signature': signature(publicUrl + path, fields, by) };
      expect((await post(path, fields, headers)).status).not.toBe(403);
    }
  });
});

test('what nobody signed leaves no line in the log, however it is broken', async () => {
  const [before, lines] = [await everything(), logged];
  const broken: [body: string, type: string][] = [
    ['x'.repeat(100_000), 'application/x-www-form-urlencoded'],
    [Array.from({ length: 500 }, (_, index) => `f${index}=1`).join('&'), 'application/x-www-form-urlencoded'],
    ['%', 'application/x-www-form-urlencoded'],
    ['{"a":', 'application/json'],
    ['a=1', 'application/x-www-form-urlencoded; charset=klingon'],
  ];
  for (const [body, type] of broken) {
    const response = await fetch(`${origin}/twilio/text`, { method: 'POST', headers: { 'Content-Type': type }, body });
    expect(response.status).toBeGreaterThanOrEqual(400);
    expect(response.status).toBeLessThan(500);
  }
  expect((await fetch(`${origin}/twilio/voice/inbound`)).status).toBe(403);
  expect(await everything()).toEqual(before);
  expect(logged).toBe(lines);
});
