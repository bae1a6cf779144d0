import { createServer } from 'node:http';
import twilio from 'twilio';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Activity } from '../../src/platform/activity.ts';
import { silentLog } from '../../src/platform/log.ts';
import { claimDue } from '../../src/survey/fieldwork/claim.ts';
import { numberFor } from '../../src/survey/fieldwork/number-pool.ts';
import type { Lane } from '../../src/survey/fieldwork/pace.ts';
import { type Simulator, startSimulator } from '../../src/telephony/simulator/server.ts';
import { openTwilio } from '../../src/telephony/twilio/twilio.ts';
import { createApp } from '../../src/web/app.ts';
import type { JobHandlers } from '../../src/workers/catalogue.ts';
import { handlersFor } from '../../src/workers/handlers.ts';
import type { Services } from '../../src/workers/services.ts';
import { type City, fieldRound, openCity, settleIn, shopsOf, tuesdayMorning } from '../support/city.ts';
import { closed, fine, goneOut, listening, type Network, openNetwork } from '../telephony/weather.ts';
import { openSite, signedIn, wordsOf } from '../web/site.ts';

/** Several numbers of ours, what they are answered, and what calls cost: over the simulated carrier. */

const account = { accountSid: 'AC0123456789abcdef0123456789abcdef', authToken: 'a token known to both sides' };
const numbers = ['+8679188000001', '+8679188000002', '+8679188000003'] as const;

let city: City;
let simulator: Simulator;
let network: Network;
let services: Services;
let jobs: JobHandlers;
let publicUrl: string;
let roundId: string;
const app = createServer();

beforeAll(async () => {
  city = await openCity('our_numbers');
  await settleIn(city, Array.from({ length: 20 }, (_, index) => shopsOf(`W${10 + index}`, 10)).flat());
  roundId = await fieldRound(city);
  publicUrl = await listening(app);
  simulator = await startSimulator({
    ...{ ...account, seed: 'numbers', start: tuesdayMorning, controlToken: 'control' },
    personBehind: () => ({
      ...{ texts: { arrive: true }, patience: 60, ring: () => ({ does: 'answer', connect: 1, after: 2 }) },
      ...{ hear: () => ({ does: 'hang-up', at: 15 }), read: () => null, nameIn: () => null },
    }),
  });
  network = await openNetwork(simulator.url);
  services = servicesWith(numbers);
  // Nobody waits for his slot here: the pace is another suite's.
  jobs = handlersFor({ ...services, clock: { now: () => city.clock.now(), until: async () => {} } });
  app.on(
    'request',
    createApp(services, {
      ...{ twilio: { authTokens: [account.authToken], publicUrl }, publicUrl },
      sessionSecret: 'a secret of the tests, long enough to be one',
    }),
  );
});
afterAll(async () => {
  await simulator.close();
  await network.close();
  await closed(app);
  await city.close();
});

function servicesWith(pool: readonly string[]): Services {
  const settings = { fromNumbers: pool, messagingServiceSid: null, requestTimeout: 20_000 };
  const { voice, text } = openTwilio({ ...account, ...settings, publicUrl, baseUrl: network.url });
  return {
    ...city,
    ...{ log: silentLog, activity: new Activity() },
    voice: { port: voice, lane },
    text: { port: text, lane: { ...lane, channel: 'sms' } },
    queues: { ...emptyQueues },
  };
}
const emptyQueues: Services['queues'] = {
  async add() {},
  async work() {},
  async clear() {},
  async ping() {},
  async waiting() {
    return 0;
  },
  async close() {},
};

const lane: Lane = { carrier: 'twilio', channel: 'voice', perSecond: 50, concurrent: null };
const all = <T>(text: string, ...values: unknown[]) => city.database.query<T>({ text, values });
async function wait(seconds: number): Promise<void> {
  const to = new Date(city.clock.now().getTime() + seconds * 1000);
  city.clock.advance(to);
  await fetch(`${simulator.url}/_control/control/advance`, { method: 'POST', body: JSON.stringify({ to }) });
}

/** Calls so many shops that are due and tells whom from where. */
async function call(howMany: number): Promise<{ id: string; phone_id: string; from: string }[]> {
  const until = new Date(city.clock.now().getTime() + howMany * 20 - 1);
  const { attemptIds } = await claimDue(city, lane, { now: city.clock.now(), until, openZones: ['Asia/Shanghai'] });
  expect(attemptIds).toHaveLength(howMany);
  await Promise.all(attemptIds.map((attemptId) => jobs.dial({ attemptId })));
  return all('SELECT id, phone_id, from_number AS from FROM attempt WHERE id = ANY($1) ORDER BY number', attemptIds);
}
const orders = () =>
  network.seen
    .filter(({ method, url }) => method === 'POST' && url.endsWith('/Calls.json'))
    .map(({ body }) => new URLSearchParams(body));

describe('a shop', () => {
  let first: { id: string; phone_id: string; from: string }[];

  test('is called from one of our numbers, each about as often, and it is stored which', async () => {
    first = await call(90);
    const used = new Map<string, number>();
    for (const { from } of first) used.set(from, (used.get(from) ?? 0) + 1);
    expect([...used.keys()].sort()).toEqual([...numbers]);
    for (const times of used.values()) expect(times).toBeGreaterThanOrEqual(15);
    const ordered = orders();
    expect(ordered).toHaveLength(90);
    for (const { id, from } of first)
      expect(ordered.find((order) => order.get('Url')?.includes(id))?.get('From')).toBe(from);
  });

  test('is called from the same number ever after, also where others are added; one given up is not used', async () => {
    const { query } = city.database;
    for (const { phone_id, from } of first.slice(0, 30)) {
      expect(await numberFor(query, phone_id, numbers)).toBe(from);
      expect(await numberFor(query, phone_id, ['+8679188000009', ...numbers.toReversed()])).toBe(from);
      const others = numbers.filter((number) => number !== from);
      expect(others).toContain(await numberFor(query, phone_id, others));
      expect(await numberFor(query, phone_id, ['+8679188000009'])).toBe('+8679188000009');
    }
  });

  test('that a person called from a number sees that one from the machine as well', async () => {
    const { query } = city.database;
    const [{ id = '', own = '' } = {}] = await all<{ id: string; own: string }>(
      `SELECT p.id, ($1::text[])[1 + (256 * get_byte(p.blind_index, 0) + get_byte(p.blind_index, 1)) % 3] AS own
       FROM phone p WHERE NOT EXISTS (SELECT FROM attempt a WHERE a.phone_id = p.id) LIMIT 1`,
      numbers,
    );
    expect(await numberFor(query, id, numbers)).toBe(own);
    const other = numbers.find((number) => number !== own) ?? '';
    await all(
      `INSERT INTO desk_call (id, user_id, phone_id, state, from_number, dialed_at) VALUES (gen_random_uuid(), 'u', $1, 'ended', $2, now())`,
      id,
      other,
    );
    expect(await numberFor(query, id, numbers)).toBe(other);
  });

  test('whose call nobody knows the fate of is looked up under the number it was made from', async () => {
    await wait(10);
    network.weather = goneOut('torn');
    const [unknown] = await call(1);
    network.weather = fine;
    network.seen.length = 0;
    await jobs.reconcile({});
    const lookUps = network.seen.filter(({ url }) => url.includes('To='));
    expect(lookUps.map(({ url }) => new URLSearchParams(url.split('?')[1]).get('From'))).toEqual([unknown?.from]);
    expect(await all('SELECT state FROM attempt WHERE id = $1', unknown?.id)).toMatchObject([{ state: 'queued' }]);
  });

  test('that rings any of them back is in its own case', async () => {
    await wait(120);
    await jobs.settle({});
    for (const number of numbers) {
      const one = first.find(({ from }) => from === number);
      const [{ sealed = Buffer.alloc(0) } = {}] = await all<{ sealed: Buffer }>(
        'SELECT sealed FROM phone WHERE id = $1',
        one?.phone_id,
      );
      const url = `${publicUrl}/twilio/voice/inbound`;
      const fields = { CallSid: `CA-ring-${number.slice(1)}`, From: city.vault.open(sealed), To: number };
      const signature = twilio.getExpectedTwilioSignature(account.authToken, url, fields);
      const headers = { 'X-Twilio-Signature': signature };
      const answer = await fetch(url, { method: 'POST', headers, body: new URLSearchParams(fields) });
      expect(await answer.text()).toContain('刚才是我们打给您的');
      expect(await all('SELECT inbound FROM attempt WHERE carrier_id = $1', fields.CallSid)).toEqual([
        { inbound: true },
      ]);
    }
  });
});

describe('what a call costs', () => {
  const prices = () =>
    all<{ priced: number; unpriced: number; amount: string | null; units: string[] }>(
      `SELECT count(price)::int AS priced, (count(*) - count(price))::int AS unpriced, sum(price)::text AS amount, array_agg(DISTINCT price_unit) FILTER (WHERE price IS NOT NULL) AS units
       FROM attempt WHERE conversation IS NOT NULL AND NOT inbound AND state = 'ended'`,
    );
  const askings = () => network.seen.filter(({ url }) => url.includes('StartTime%3C')).length;

  test('is asked for after it, of all at once, and again where it was not settled', async () => {
    network.seen.length = 0;
    await wait(400);
    await jobs.reconcile({});
    expect(askings()).toBe(1);
    // Under a minute each.
    expect(await prices()).toEqual([{ priced: 91, unpriced: 0, amount: (91 * 0.014).toFixed(6), units: ['USD'] }]);
    await jobs.reconcile({});
    expect(askings(), 'nothing is left to ask for').toBe(1);
  });

  test('is asked for again after a quarter of an hour where it is not settled, for three days', async () => {
    await all(`UPDATE attempt SET price = NULL, carrier_id = 'CA' || md5(id::text) WHERE price IS NOT NULL`);
    network.seen.length = 0;
    const asked: number[] = [];
    for (const minutes of [0, 14, 1, 15, 3 * 24 * 60]) {
      await wait(minutes * 60);
      await jobs.reconcile({});
      asked.push(askings());
    }
    expect(asked).toEqual([0, 0, 1, 2, 2]);
    expect(await prices()).toMatchObject([{ priced: 0 }]);
  });

  test('is summed on the round’s page, for who may change it', async () => {
    await all(
      `UPDATE attempt SET price = 0.0140, price_unit = 'USD' WHERE id IN (SELECT id FROM attempt WHERE state = 'ended' LIMIT 3)`,
    );
    const field = { city, services, asked: [], managers: [], close: city.close };
    const site = openSite(field);
    const page = await (await signedIn(field, site, 'admin')).get(`/rounds/${roundId}`);
    expect(wordsOf(page.text)).toContain('目前花费 USD 0.04（运营商已计价：电话 3 通，短信 0 条）');
    expect((await (await signedIn(field, site, 'auditor')).get(`/rounds/${roundId}`)).text).not.toContain('目前花费');
  });
});

test('a number that is answered less than the others is shown with an alarm', async () => {
  await all(`UPDATE attempt SET from_number = NULL`);
  const made = (from: string, answered: number, days: number) =>
    all(
      `INSERT INTO attempt (id, case_id, round_id, phone_id, channel, number, slot_at, state, result, outcome, conversation, from_number, created_at, touched_at, dialed_at, ended_at)
       SELECT gen_random_uuid(), c.id, c.round_id, c.phone_id, 'voice', 1000 + 100 * $4::int + c.n, $1::timestamptz, 'ended', CASE WHEN c.n <= $3 THEN 'completed' ELSE 'no-answer' END,
              CASE WHEN c.n <= $3 THEN 'refused' ELSE 'no-answer' END, CASE WHEN c.n <= $3 THEN '{}'::jsonb END, $2, $1, $1, $1::timestamptz - make_interval(days => $4::int), $1
       FROM (SELECT *, row_number() OVER (ORDER BY id) AS n FROM survey_case) c WHERE c.n <= 60`,
      city.clock.now(),
      from,
      answered,
      days,
    );
  await made(numbers[0], 30, 1);
  await made(numbers[1], 10, 2);
  await made(numbers[0], 31, 20);
  const field = { city, services, asked: [], managers: [], close: city.close };
  const page = wordsOf((await (await signedIn(field, openSite(field), 'admin')).get('/carriers')).text);
  expect(page).toContain(`${numbers[1]} 比其他号码低三成以上`);
  expect(page).not.toContain(`${numbers[0]} 比其他`);
  expect(page).toContain('50.0%（60 通）');
  expect(page).toContain('51.7%（60 通）');
});

test('a shop is written to from the number that it is called from, so that its reply comes back to that one', async () => {
  const { query } = city.database;
  await all(`UPDATE survey_case SET due_channel = 'sms' WHERE state = 'pending'`);
  const texts: Lane = { ...lane, channel: 'sms' };
  const until = new Date(city.clock.now().getTime() + 12 * 20 - 1);
  const { messageIds } = await claimDue(city, texts, { now: city.clock.now(), until, openZones: ['Asia/Shanghai'] });
  expect(messageIds).toHaveLength(12);
  await Promise.all(messageIds.map((messageId) => jobs.text({ messageId })));
  const written = network.seen
    .filter(({ method, url }) => method === 'POST' && url.endsWith('/Messages.json'))
    .map(({ body }) => new URLSearchParams(body));
  expect(written).toHaveLength(12);
  for (const order of written) {
    const [phone] = await all<{ id: string }>(
      'SELECT id FROM phone WHERE blind_index = $1',
      city.vault.digest(order.get('To') ?? ''),
    );
    expect(order.get('From')).toBe(await numberFor(query, phone?.id ?? '', numbers));
  }
  expect(new Set(written.map((order) => order.get('From'))).size).toBeGreaterThan(1);
});
