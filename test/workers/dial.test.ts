import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Activity } from '../../src/platform/activity.ts';
import { silentLog } from '../../src/platform/log.ts';
import { beginDialing } from '../../src/survey/fieldwork/call.ts';
import { claimDue } from '../../src/survey/fieldwork/claim.ts';
import { beginSending } from '../../src/survey/fieldwork/message.ts';
import type { Lane } from '../../src/survey/fieldwork/pace.ts';
import { takeText } from '../../src/survey/fieldwork/text-turn.ts';
import { type Simulator, startSimulator } from '../../src/telephony/simulator/server.ts';
import { openTwilio } from '../../src/telephony/twilio/twilio.ts';
import { createApp } from '../../src/web/app.ts';
import type { JobHandlers } from '../../src/workers/catalogue.ts';
import { handlersFor } from '../../src/workers/handlers.ts';
import type { Services } from '../../src/workers/services.ts';
import { type City, fieldRound, openCity, settleIn, shopsOf, tuesdayMorning } from '../support/city.ts';

/**
 * Never call twice. A carrier knows no idempotency key for a call, so whatever goes wrong while we ask for one, it is
 * asked for once. Here the real simulator carries calls and texts, our real webhooks hear of them, and between us and
 * the simulator stands a network that does what each test says.
 */

const account = { accountSid: 'AC0123456789abcdef0123456789abcdef', authToken: 'a token known to both sides' };

/** What becomes of the next orders. `delivered`: the carrier takes it, whatever we get to hear. */
interface Weather {
  readonly delivered: boolean;
  /** The carrier's own answer, nothing for ever, a torn connection, or somebody else's answer. */
  readonly answer: 'its own' | 'none' | 'torn' | { status: number; type: string; body: string };
  /** Done once the carrier has the order, before we get any answer. */
  readonly meanwhile?: () => Promise<void>;
}

const ourNumber = '+8679188000000';
const fine: Weather = { delivered: true, answer: 'its own' };
const json = (status: number, code: number) => ({
  ...{ status, type: 'application/json' },
  body: JSON.stringify({ code, message: 'as the carrier words it', more_info: '', status }),
});
const page = (status: number) => ({ status, type: 'text/html', body: `<html><h1>${status}</h1></html>` });
const lost = (answer: Weather['answer']): Weather => ({ delivered: false, answer });
const goneOut = (answer: Weather['answer']): Weather => ({ delivered: true, answer });

let city: City;
let simulator: Simulator;
let network: Server;
let app: Server;
let services: Services;
let jobs: JobHandlers;
/** Straight to the simulator: what it would have taken by another way. */
let direct: ReturnType<typeof openTwilio>;
let weather: Weather;
/** Orders that left us, by attempt or message id, in order. */
let orders: string[];
let lookUps: number;
let asked: { readonly name: string; readonly payload: unknown }[];

const listen = async (server: Server) => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
};
const close = async (server: Server) => {
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
};

const uuid = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/;

async function carry(request: IncomingMessage, response: ServerResponse): Promise<void> {
  let body = '';
  for await (const chunk of request) body += chunk;
  const isOrder = request.method === 'POST';
  if (isOrder) orders.push(uuid.exec(decodeURIComponent(body))?.[0] ?? '');
  // What calls cost is asked for by time, of all at once.
  else if (!/(?:StartTime|DateSent)%3C/.test(request.url ?? '')) lookUps += 1;
  const { delivered, answer, meanwhile } = weather;
  const passed = delivered
    ? await fetch(simulator.url + request.url, {
        method: request.method ?? 'GET',
        headers: {
          authorization: String(request.headers.authorization),
          'content-type': 'application/x-www-form-urlencoded',
        },
        ...(isOrder && { body }),
      })
    : null;
  await meanwhile?.();
  if (answer === 'none') return;
  if (answer === 'torn') return void request.socket.destroy();
  const {
    status,
    type,
    body: words,
  } = answer === 'its own'
    ? { status: passed?.status ?? 0, type: 'application/json', body: (await passed?.text()) ?? '' }
    : answer;
  response.writeHead(status, { 'Content-Type': type }).end(words);
}

beforeAll(async () => {
  city = await openCity('dial');
  await settleIn(city, Array.from({ length: 20 }, (_, index) => shopsOf(`W${10 + index}`, 10)).flat());
  await fieldRound(city);
  app = createServer();
  const publicUrl = await listen(app);
  simulator = await startSimulator({
    ...{ ...account, seed: 'dial', start: tuesdayMorning, controlToken: 'control' },
    // Everybody's phone rings out; texts arrive and nobody answers.
    personBehind: () => ({
      ...{ texts: { arrive: true }, patience: 60, ring: () => ({ does: 'ring-out', connect: 1 }) },
      ...{ hear: () => ({ does: 'nothing' }), read: () => null, nameIn: () => null },
    }),
  });
  network = createServer((request, response) => void carry(request, response));
  const settings = { ...account, fromNumbers: [ourNumber], messagingServiceSid: null, publicUrl };
  direct = openTwilio({ ...settings, baseUrl: simulator.url });
  const carrier = openTwilio({ ...settings, baseUrl: await listen(network) });
  services = {
    ...city,
    ...{ log: silentLog, activity: new Activity() },
    queues: {
      async add(name, ...payloads) {
        asked.push(...payloads.map((payload) => ({ name, payload })));
      },
      async work() {},
      async clear() {},
      async ping() {},
      waiting: async () => 0,
      async close() {},
    },
    voice: { port: carrier.voice, lane: voiceLane },
    text: { port: carrier.text, lane: textLane },
  };
  jobs = handlersFor(services);
  const secret = { publicUrl, sessionSecret: 'a secret of the tests, long enough to be one' };
  app.on('request', createApp(services, { twilio: { authTokens: [account.authToken], publicUrl }, ...secret }));
});
afterAll(async () => {
  await simulator.close();
  await close(network);
  await close(app);
  await city.close();
});
beforeEach(async () => {
  weather = fine;
  orders = [];
  lookUps = 0;
  asked = [];
  await morning();
});

const voiceLane: Lane = { carrier: 'twilio', channel: 'voice', perSecond: 10, concurrent: null };
const textLane: Lane = { carrier: 'twilio', channel: 'sms', perSecond: 10, concurrent: null };
const all = <T>(text: string, ...values: unknown[]) => city.database.query<T>({ text, values });
const one = async <T>(text: string, ...values: unknown[]) => (await all<T>(text, ...values))[0];
const inSeconds = (seconds: number) => new Date(city.clock.now().getTime() + seconds * 1000);

/** Our clock and the carrier's, to `at`; what the carrier does until then, it does. */
async function goTo(at: Date): Promise<void> {
  city.clock.advance(at);
  await fetch(`${simulator.url}/_control/control/advance`, { method: 'POST', body: JSON.stringify({ to: at }) });
}
const wait = (seconds: number) => goTo(inSeconds(seconds));
const minutes = (count: number) => count * 60;

/** Half past nine of the next calling day: every test begins there, with nothing of the last one left to happen. */
async function morning(): Promise<void> {
  await all(
    `UPDATE attempt SET state = 'ended', result = coalesce(result, 'no-answer'), ended_at = now(), check_at = NULL WHERE state <> 'ended'`,
  );
  await all('UPDATE message SET check_at = NULL');
  await all('DELETE FROM outbox');
  await all('DELETE FROM incident');
  await all('UPDATE pace SET silences = 0, troubles = 0, troubled_at = NULL, rest_until = NULL');
  await all('UPDATE survey_case SET due_at = NULL, due_channel = NULL');
  const day = 86_400_000;
  let next =
    tuesdayMorning.getTime() + day * Math.ceil((city.clock.now().getTime() - tuesdayMorning.getTime() + 1) / day);
  while ([0, 6].includes(new Date(next + 8 * 3_600_000).getUTCDay())) next += day;
  await goTo(new Date(next));
}

/** A case that nothing was tried with yet is due now on this lane; the dispatcher has taken it up and its slot has come. */
async function claim(lane: Lane): Promise<{ readonly attemptId: string; readonly messageId: string }> {
  await all(
    `UPDATE survey_case c SET due_at = $1, due_channel = $2::channel
     WHERE c.id = (SELECT f.id FROM survey_case f WHERE NOT EXISTS (SELECT FROM attempt a WHERE a.phone_id = f.phone_id) ORDER BY f.position LIMIT 1)`,
    city.clock.now(),
    lane.channel,
  );
  const wish = { now: city.clock.now(), until: inSeconds(1), openZones: ['Asia/Shanghai'] };
  const { attemptIds, messageIds } = await claimDue(city, lane, wish);
  expect(attemptIds).toHaveLength(1);
  await wait(1);
  return { attemptId: attemptIds[0] ?? '', messageId: messageIds[0] ?? '' };
}
const claimCall = async () => (await claim(voiceLane)).attemptId;

/** Jobs that go on from their slot only when so many have come there: all of them found something to do. */
function meeting(size: number): JobHandlers {
  let here = 0;
  let open = () => {};
  const everybody = new Promise<void>((resolve) => {
    open = resolve;
  });
  const until = async () => {
    here += 1;
    if (here === size) open();
    await everybody;
  };
  return handlersFor({ ...services, clock: { now: () => city.clock.now(), until } });
}

interface Attempt {
  readonly state: string;
  readonly result: string | null;
  readonly error_code: number | null;
  readonly outcome: string | null;
  readonly carrier_id: string | null;
  readonly dialed_at: Date | null;
}
const attemptOf = (id: string) => one<Attempt>('SELECT * FROM attempt WHERE id = $1', id);
const caseOf = (attemptId: string) =>
  one<{ id: string; state: string; disposition: string; due_at: Date | null; due_channel: string | null }>(
    'SELECT c.* FROM survey_case c JOIN attempt a ON a.case_id = c.id WHERE a.id = $1',
    attemptId,
  );
/** Local time of the next contact, as `12-03 09:40`. */
const shown = (at: Date | null | undefined) => at && new Date(at.getTime() + 8 * 3_600_000).toISOString().slice(11, 16);

const phoneOf = async (attemptId: string) => {
  const row = await one<{ sealed: Buffer }>(
    'SELECT p.sealed FROM phone p JOIN attempt a ON a.phone_id = p.id WHERE a.id = $1',
    attemptId,
  );
  return city.vault.open(row?.sealed ?? Buffer.alloc(0));
};
/** Calls and texts that the carrier has to a shop. */
const carried = async (attemptId: string) => {
  const to = await phoneOf(attemptId);
  const [calls, texts] = await Promise.all([
    direct.voice.callsTo(to, new Date(0), null),
    direct.text.textsTo(to, new Date(0)),
  ]);
  return calls.length + texts.length;
};
const takenBy = async (attemptId: string) =>
  direct.voice.place({ attemptId, to: await phoneOf(attemptId), from: ourNumber, ringSeconds: 30, limitSeconds: 240 });

describe('a call that the carrier takes', () => {
  test('is placed under its number at the carrier, and ends as the carrier says', async () => {
    const attemptId = await claimCall();
    await jobs.dial({ attemptId });
    expect(await attemptOf(attemptId)).toMatchObject({ state: 'queued', carrier_id: expect.stringMatching(/^CA/) });
    await wait(60);
    await jobs.settle({});
    expect(await attemptOf(attemptId)).toMatchObject({ state: 'ended', result: 'no-answer', outcome: 'no-answer' });
    expect(orders).toEqual([attemptId]);
  });

  test('and reports on before it answers us, keeps the report', async () => {
    const attemptId = await claimCall();
    weather = { ...fine, meanwhile: () => wait(60) };
    await jobs.dial({ attemptId });
    expect(await attemptOf(attemptId)).toMatchObject({
      ...{ state: 'ended', result: 'no-answer', carrier_id: expect.stringMatching(/^CA/) },
    });
  });

  test('is asked for once, though its job is delivered twice at once, and again later', async () => {
    const attemptId = await claimCall();
    const { dial } = meeting(3);
    await Promise.all([dial({ attemptId }), dial({ attemptId }), dial({ attemptId })]);
    await jobs.dial({ attemptId });
    expect(orders).toEqual([attemptId]);
    expect(await carried(attemptId)).toBe(1);
    expect(await attemptOf(attemptId)).toMatchObject({ state: 'queued' });
  });
});

describe('a call that is refused', () => {
  test.each<[name: string, answer: Weather['answer'], result: string, code: number]>([
    ['the number does not exist', json(400, 21211), 'bad-number', 21211],
    ['the number cannot be reached', json(400, 21214), 'bad-number', 21214],
    ['the recipient has told the carrier to stop', json(400, 21610), 'blocked', 21610],
    ['our number is not verified', json(400, 21210), 'technical', 21210],
    ['our credentials are wrong', json(401, 20003), 'technical', 20003],
    ['too many at once', json(429, 20429), 'technical', 20429],
    ['for a reason nobody has listed', json(400, 29999), 'technical', 29999],
  ])('because %s was certainly not made', async (_name, answer, result, code) => {
    const attemptId = await claimCall();
    weather = lost(answer);
    await jobs.dial({ attemptId });
    expect(await attemptOf(attemptId)).toMatchObject({ state: 'ended', result, error_code: code, carrier_id: null });
    expect(asked).toContainEqual({ name: 'settle', payload: {} });
    expect(orders).toEqual([attemptId]);
    await jobs.reconcile({});
    expect(lookUps, 'nothing to look up').toBe(0);
  });

  test('for the number’s sake is never tried again', async () => {
    const attemptId = await claimCall();
    weather = lost(json(400, 21211));
    await jobs.dial({ attemptId });
    await jobs.settle({});
    expect(await caseOf(attemptId)).toMatchObject({ state: 'done', disposition: 'bad-number', due_at: null });
  });

  test.each<[what: string, answer: Weather['answer']]>([
    ['for now', json(429, 20429)],
    ['for our settings’ sake', json(400, 21210)],
  ])('%s is tried again ten minutes later, as another attempt', async (_what, answer) => {
    const attemptId = await claimCall();
    weather = lost(answer);
    await jobs.dial({ attemptId });
    await jobs.settle({});
    const again = await caseOf(attemptId);
    expect(again).toMatchObject({ state: 'active', due_channel: 'voice' });
    expect(shown(again?.due_at)).toBe('09:40');
  });

  test('because nobody listens at the carrier’s address was not made either', async () => {
    const attemptId = await claimCall();
    const nobody = createServer();
    const baseUrl = await listen(nobody);
    await close(nobody);
    const { voice: port } = openTwilio({
      ...{ ...account, baseUrl, fromNumbers: [ourNumber], messagingServiceSid: null, publicUrl: baseUrl },
    });
    await handlersFor({ ...services, voice: { port, lane: voiceLane } }).dial({ attemptId });
    await jobs.settle({});
    expect(await attemptOf(attemptId)).toMatchObject({ state: 'ended', result: 'technical', error_code: null });
    expect(shown((await caseOf(attemptId))?.due_at)).toBe('09:40');
  });
});

describe('a call of which nobody knows whether it was made', () => {
  const unclear: readonly [name: string, answer: Weather['answer']][] = [
    ['408', json(408, 20408)],
    ['500 in the carrier’s own words', json(500, 20500)],
    ['503 in the carrier’s own words', json(503, 20503)],
    ['500 without a word', { status: 500, type: 'text/plain', body: '' }],
    ['the page of a proxy that gave up (502)', page(502)],
    ['the page of a proxy that says no (403)', page(403)],
    ['JSON with no code of the carrier’s (400)', { status: 400, type: 'application/json', body: '{"error":"no"}' }],
    ['a torn connection', 'torn'],
  ];

  test.each(unclear)('%s, though it went out: found at once, and never asked for again', async (_name, answer) => {
    const attemptId = await claimCall();
    weather = goneOut(answer);
    await jobs.dial({ attemptId });
    expect(await attemptOf(attemptId)).toMatchObject({ state: 'unknown', carrier_id: null });
    await jobs.dial({ attemptId });
    weather = fine;
    await jobs.reconcile({});
    expect(await attemptOf(attemptId)).toMatchObject({ state: 'queued', carrier_id: expect.stringMatching(/^CA/) });
    expect({ orders, carried: await carried(attemptId) }).toEqual({ orders: [attemptId], carried: 1 });
  });

  test.each(unclear)('%s, and it did not go out: looked for, and never asked for again', async (_name, answer) => {
    const attemptId = await claimCall();
    weather = lost(answer);
    await jobs.dial({ attemptId });
    weather = fine;
    await jobs.reconcile({});
    await jobs.dial({ attemptId });
    expect(await attemptOf(attemptId)).toMatchObject({ state: 'unknown' });
    expect({ orders, lookUps, carried: await carried(attemptId) }).toEqual({
      ...{ orders: [attemptId], lookUps: 1, carried: 0 },
    });
  });

  test('is settled by the first report that arrives', async () => {
    const attemptId = await claimCall();
    weather = goneOut('torn');
    await jobs.dial({ attemptId });
    expect(await attemptOf(attemptId)).toMatchObject({ state: 'unknown' });
    await wait(10);
    expect(await attemptOf(attemptId)).toMatchObject({ state: 'ringing', carrier_id: expect.stringMatching(/^CA/) });
    await wait(60);
    await jobs.settle({});
    expect(await attemptOf(attemptId)).toMatchObject({ state: 'ended', outcome: 'no-answer' });
    expect({ orders, lookUps }).toEqual({ orders: [attemptId], lookUps: 0 });
  });

  test('whose report came before the connection broke is known already', async () => {
    const attemptId = await claimCall();
    weather = { ...goneOut('torn'), meanwhile: () => wait(60) };
    await jobs.dial({ attemptId });
    expect(await attemptOf(attemptId)).toMatchObject({ state: 'ended', result: 'no-answer' });
  });

  test('is looked for at once, after ten minutes and after a day; then it counts as made and lost', async () => {
    const attemptId = await claimCall();
    weather = lost(page(502));
    await jobs.dial({ attemptId });
    const dialed = city.clock.now().getTime();
    const looksBy = async (minute: number) => {
      await goTo(new Date(dialed + minute * 60_000));
      await jobs.reconcile({});
      return lookUps;
    };
    weather = fine;
    expect([await looksBy(0), await looksBy(9), await looksBy(10), await looksBy(1439)]).toEqual([1, 1, 2, 2]);
    expect(await attemptOf(attemptId)).toMatchObject({ state: 'unknown' });
    expect(await looksBy(1440)).toBe(3);
    await jobs.settle({});
    expect(await attemptOf(attemptId)).toMatchObject({ state: 'ended', result: 'lost', outcome: 'technical' });
    expect(orders).toEqual([attemptId]);
    // It used up an attempt: the next one is not ten minutes away, as after a failure that disturbed nobody.
    const next = await caseOf(attemptId);
    expect(next).toMatchObject({ state: 'active', due_channel: 'voice' });
    expect((next?.due_at?.getTime() ?? 0) - city.clock.now().getTime()).toBeGreaterThanOrEqual(2 * 3_600_000);
    expect(await looksBy(3000)).toBe(3);
  });

  test.each([
    ['ten minutes', 10],
    ['a day', 1440],
  ])('that the carrier shows only after %s is found then', async (_when, minute) => {
    const attemptId = await claimCall();
    weather = lost('torn');
    await jobs.dial({ attemptId });
    const dialed = city.clock.now().getTime();
    weather = fine;
    for (const earlier of [0, 10].filter((at) => at < minute)) {
      await goTo(new Date(dialed + earlier * 60_000));
      await jobs.reconcile({});
      expect(await attemptOf(attemptId)).toMatchObject({ state: 'unknown' });
    }
    await goTo(new Date(dialed + minute * 60_000));
    await takenBy(attemptId);
    await jobs.reconcile({});
    expect(await attemptOf(attemptId)).toMatchObject({ state: 'queued', carrier_id: expect.stringMatching(/^CA/) });
    expect(orders).toEqual([attemptId]);
  });

  test('is looked for again two minutes later where the carrier could not be asked; that was no look', async () => {
    const attemptId = await claimCall();
    weather = lost(page(502));
    await jobs.dial({ attemptId });
    await jobs.reconcile({});
    await wait(minutes(1));
    await jobs.reconcile({});
    expect(lookUps).toBe(1);
    expect(await attemptOf(attemptId)).toMatchObject({ state: 'unknown', checks: 0 });
    await wait(minutes(1));
    await takenBy(attemptId);
    weather = fine;
    await jobs.reconcile({});
    expect(lookUps).toBe(2);
    expect(await attemptOf(attemptId)).toMatchObject({ state: 'queued', carrier_id: expect.stringMatching(/^CA/) });
  });

  test('keeps its number from any other call until it is settled', async () => {
    const attemptId = await claimCall();
    weather = lost('torn');
    await jobs.dial({ attemptId });
    await all(
      `UPDATE survey_case SET due_at = $1, due_channel = 'voice' WHERE id = $2`,
      city.clock.now(),
      (await caseOf(attemptId))?.id,
    );
    const wish = { now: inSeconds(5), until: inSeconds(10), openZones: ['Asia/Shanghai'] };
    expect((await claimDue(city, voiceLane, wish)).attemptIds).toEqual([]);
  });

  /** The only test here that takes real time: the carrier says nothing for as long as we wait for it. */
  test('because the carrier never answered: a call and a text, both gone out, both found', async () => {
    const attemptId = await claimCall();
    const { attemptId: thread, messageId } = await claim(textLane);
    weather = goneOut('none');
    await Promise.all([jobs.dial({ attemptId }), jobs.text({ messageId })]);
    expect(await attemptOf(attemptId)).toMatchObject({ state: 'unknown' });
    expect(await messageOf(messageId)).toMatchObject({ state: 'unknown' });
    weather = fine;
    await jobs.reconcile({});
    expect(await attemptOf(attemptId)).toMatchObject({ state: 'queued' });
    expect(await messageOf(messageId)).toMatchObject({ state: 'sent' });
    expect([orders.toSorted(), await carried(attemptId), await carried(thread)]).toEqual([
      [attemptId, messageId].sort(),
      1,
      1,
    ]);
  });
});

describe('a process that dies', () => {
  /** Committed, and gone before anything was heard of it. */
  async function cutOff(): Promise<string> {
    const attemptId = await claimCall();
    await beginDialing(city.database.query, attemptId, city.clock.now(), inSeconds(60));
    return attemptId;
  }

  test('after it committed to dial and before it asked: looked up after a minute, not dialled by anybody', async () => {
    const attemptId = await cutOff();
    await jobs.dial({ attemptId });
    await wait(59);
    await jobs.reconcile({});
    expect(lookUps, 'somebody may still be asking').toBe(0);
    await wait(1);
    await jobs.reconcile({});
    await jobs.dial({ attemptId });
    expect(await attemptOf(attemptId)).toMatchObject({ state: 'unknown' });
    expect({ orders, lookUps }).toEqual({ orders: [], lookUps: 1 });
    expect(asked.filter(({ name }) => name === 'dial')).toEqual([]);
  });

  test('after the carrier took the call: found there', async () => {
    const attemptId = await cutOff();
    city.clock.advance(inSeconds(60));
    await takenBy(attemptId);
    await jobs.reconcile({});
    expect(await attemptOf(attemptId)).toMatchObject({ state: 'queued', carrier_id: expect.stringMatching(/^CA/) });
    expect(orders).toEqual([]);
  });

  test('before it committed anything: its job is asked for again, and dials', async () => {
    const attemptId = await claimCall();
    await wait(minutes(1));
    await jobs.reconcile({});
    expect(asked).toContainEqual({ name: 'dial', payload: { attemptId } });
    const dialing = jobs.dial({ attemptId });
    // Its slot went by while nobody worked it: it has to wait for a new one.
    await wait(2);
    await dialing;
    expect(orders).toEqual([attemptId]);
  });

  test('while another reconciler looks: one look between the two of them', async () => {
    const attemptId = await cutOff();
    await wait(60);
    await Promise.all([jobs.reconcile({}), jobs.reconcile({})]);
    expect(lookUps).toBe(1);
    expect(await attemptOf(attemptId)).toMatchObject({ state: 'unknown' });
  });
});

describe('a call that is not to be made after all', () => {
  /** Nobody was asked, so it uses up nothing. */
  async function expectNobodyAsked(attemptId: string): Promise<void> {
    await jobs.dial({ attemptId });
    await jobs.settle({});
    expect(orders).toEqual([]);
    expect(await attemptOf(attemptId)).toMatchObject({ state: 'ended', result: 'technical', dialed_at: null });
  }

  test('because the calling window has ended goes back in the queue for the next one', async () => {
    await wait(minutes(120) - 2);
    const attemptId = await claimCall();
    await wait(1);
    expect(shown(city.clock.now())).toBe('11:30');
    await expectNobodyAsked(attemptId);
    expect(shown((await caseOf(attemptId))?.due_at)).toBe('14:00');
  });

  test('because the number opted out meanwhile is over', async () => {
    const attemptId = await claimCall();
    await all(
      'UPDATE phone p SET opted_out_at = $1 FROM attempt a WHERE a.id = $2 AND p.id = a.phone_id',
      city.clock.now(),
      attemptId,
    );
    await expectNobodyAsked(attemptId);
    expect(await caseOf(attemptId)).toMatchObject({ state: 'done', disposition: 'opted-out', due_at: null });
  });

  test('because the round stands still waits until it goes on', async () => {
    const attemptId = await claimCall();
    await all(`UPDATE round SET state = 'paused'`);
    await expectNobodyAsked(attemptId);
    await all(`UPDATE round SET state = 'fielding'`);
    expect(await caseOf(attemptId)).toMatchObject({ state: 'active', due_channel: 'voice' });
  });
});

interface Message {
  readonly state: string;
  readonly carrier_id: string | null;
  readonly error_code: number | null;
}
const messageOf = (id: string) => one<Message>('SELECT * FROM message WHERE id = $1', id);

describe('a text', () => {
  test('is sent once, though its job is delivered twice at once, and is known to have arrived', async () => {
    const { attemptId, messageId } = await claim(textLane);
    const { text } = meeting(2);
    await Promise.all([text({ messageId }), text({ messageId })]);
    await jobs.text({ messageId });
    expect(await messageOf(messageId)).toMatchObject({ state: 'sent', carrier_id: expect.stringMatching(/^SM/) });
    await wait(60);
    expect(await messageOf(messageId)).toMatchObject({ state: 'delivered' });
    expect([orders, await carried(attemptId)]).toEqual([[messageId], 1]);
  });

  test.each<[name: string, code: number, result: string]>([
    ['its number takes no texts', 21614, 'bad-number'],
    ['the recipient has told the carrier to stop', 21610, 'blocked'],
    ['our number cannot send', 21606, 'technical'],
  ])('that is refused because %s ends its thread', async (_name, code, result) => {
    const { attemptId, messageId } = await claim(textLane);
    weather = lost(json(400, code));
    await jobs.text({ messageId });
    expect(await messageOf(messageId)).toMatchObject({ state: 'failed', error_code: code });
    expect(await attemptOf(attemptId)).toMatchObject({ state: 'ended', result });
    expect(orders).toEqual([messageId]);
  });

  test.each<[name: string, answer: Weather['answer']]>([
    ['500', json(500, 20500)],
    ['a page of a proxy (502)', page(502)],
    ['a torn connection', 'torn'],
  ])('answered with %s is unknown, found, and not sent again', async (_name, answer) => {
    const { attemptId, messageId } = await claim(textLane);
    weather = goneOut(answer);
    await jobs.text({ messageId });
    expect(await messageOf(messageId)).toMatchObject({ state: 'unknown', carrier_id: null });
    weather = fine;
    await jobs.text({ messageId });
    await jobs.reconcile({});
    expect(await messageOf(messageId)).toMatchObject({ state: 'sent', carrier_id: expect.stringMatching(/^SM/) });
    expect([orders, await carried(attemptId)]).toEqual([[messageId], 1]);
  });

  test('that never went out is looked for at once, after ten minutes and after a day, then lost', async () => {
    const { attemptId, messageId } = await claim(textLane);
    weather = lost('torn');
    await jobs.text({ messageId });
    const sent = city.clock.now().getTime();
    weather = fine;
    const looks: number[] = [];
    for (const minute of [0, 9, 10, 1439, 1440]) {
      await goTo(new Date(sent + minute * 60_000));
      await jobs.reconcile({});
      looks.push(lookUps);
    }
    expect(looks).toEqual([1, 1, 2, 2, 3]);
    expect(await messageOf(messageId)).toMatchObject({ state: 'failed' });
    expect(await attemptOf(attemptId)).toMatchObject({ state: 'ended' });
    expect(orders).toEqual([messageId]);
  });

  test('cut off between commit and sending is looked up, not sent again', async () => {
    const { messageId } = await claim(textLane);
    await beginSending(city.database.query, messageId, city.clock.now(), {
      checkAt: inSeconds(60),
      silentAt: inSeconds(60),
      segments: 1,
    });
    await jobs.text({ messageId });
    await wait(60);
    await jobs.reconcile({});
    expect(await messageOf(messageId)).toMatchObject({ state: 'unknown' });
    expect({ orders, lookUps }).toEqual({ orders: [], lookUps: 1 });
  });

  test('that begins a thread is not sent at night, to a number that opted out, or in a round that stands still', async () => {
    for (const hinder of [
      async () => goTo(new Date(city.clock.now().getTime() + 10.5 * 3_600_000)),
      async () => void (await all('UPDATE phone SET opted_out_at = now()')),
      async () => void (await all(`UPDATE round SET state = 'paused'`)),
    ]) {
      await morning();
      const { attemptId, messageId } = await claim(textLane);
      await hinder();
      await jobs.text({ messageId });
      await all('UPDATE phone SET opted_out_at = NULL');
      await all(`UPDATE round SET state = 'fielding'`);
      expect(await messageOf(messageId)).toMatchObject({ state: 'failed' });
      expect(await attemptOf(attemptId)).toMatchObject({ state: 'ended', result: 'technical', dialed_at: null });
    }
    expect(orders).toEqual([]);
  });

  test('that answers somebody who just wrote goes out at any hour', async () => {
    const { attemptId, messageId } = await claim(textLane);
    await jobs.text({ messageId });
    await goTo(new Date(city.clock.now().getTime() + 12 * 3_600_000));
    const phoneIndex = city.vault.digest(await phoneOf(attemptId));
    const answer = await takeText(services, { carrierId: `SM${attemptId}`, phoneIndex, text: '5' });
    await jobs.text(answer ?? { messageId: '' });
    expect(orders).toEqual([messageId, answer?.messageId]);
    expect(await carried(attemptId)).toBe(2);
  });
});
