import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Writable } from 'node:stream';
import twilio from 'twilio';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Activity } from '../../src/platform/activity.ts';
import { openLog } from '../../src/platform/log.ts';
import { openQueues } from '../../src/platform/queue.ts';
import { beginDialing, recordPlaced } from '../../src/survey/fieldwork/call.ts';
import { claimDue } from '../../src/survey/fieldwork/claim.ts';
import { beginSending, recordMessageReport } from '../../src/survey/fieldwork/message.ts';
import type { Lane } from '../../src/survey/fieldwork/pace.ts';
import { settle } from '../../src/survey/fieldwork/settle.ts';
import { openTwilio } from '../../src/telephony/twilio/twilio.ts';
import { createApp } from '../../src/web/app.ts';
import { catalogue } from '../../src/workers/catalogue.ts';
import type { Services } from '../../src/workers/services.ts';
import { type City, fieldRound, openCity, settleIn, shopsOf } from '../support/city.ts';

/**
 * What carriers do to our webhooks, over real HTTP: the whole app, its database and queues, and requests that Twilio's
 * own library signs. We stand behind a proxy here: signed is the public address, called another one.
 */

const publicUrl = 'https://huifang.example';
const token = 'the auth token of these tests';
const previousToken = 'the token before it';
const managers = Array.from({ length: 30 }, (_, index) => `W${String(index + 1).padStart(2, '0')}`);

let city: City;
let services: Services;
let server: Server;
let origin: string;
let logged = '';

beforeAll(async () => {
  city = await openCity('webhooks');
  await settleIn(
    city,
    managers.flatMap((manager) => shopsOf(manager, 10)),
  );
  await fieldRound(city);
  const log = openLog(
    'trace',
    new Writable({
      write(line, _encoding, done) {
        logged += line;
        done();
      },
    }),
  );
  const activity = new Activity();
  const queueSettings = { redisUrl: null, databaseUrl: city.url, prefix: 'huifang_jobs', alone: false };
  const queues = await openQueues(catalogue, queueSettings, { activity, chance: city.chance, log });
  const { voice, text } = openTwilio({
    ...{ accountSid: `AC${'0'.repeat(32)}`, authToken: token, baseUrl: 'http://127.0.0.1:9' },
    ...{ fromNumbers: ['+8679188000000'], messagingServiceSid: null, publicUrl },
  });
  services = {
    ...city,
    ...{ log, activity, queues },
    voice: { port: voice, lane: voiceLane },
    text: { port: text, lane: textLane },
  };
  const webSettings = { publicUrl, sessionSecret: 'a secret of the tests, long enough to be one' };
  const app = createApp(services, { twilio: { authTokens: [token, previousToken], publicUrl }, ...webSettings });
  server = createServer(app);
  // As the service has it: with Node's five seconds a slow machine closes connections that are about to be used.
  server.keepAliveTimeout = 65_000;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((closed) => server.close(closed));
  await services.queues.close();
  await city.close();
});

const voiceLane: Lane = { carrier: 'twilio', channel: 'voice', perSecond: 1000, concurrent: null };
const textLane: Lane = { carrier: 'twilio', channel: 'sms', perSecond: 1000, concurrent: null };
const all = <T>(text: string, ...values: unknown[]) => city.database.query<T>({ text, values });
const one = async <T>(text: string, ...values: unknown[]) => (await all<T>(text, ...values))[0];
const count = async (text: string, ...values: unknown[]) =>
  Number((await one<{ count: string }>(text, ...values))?.count);
const seconds = (amount: number) => new Date(city.clock.now().getTime() + amount * 1000);
/** Longer than any prompt takes: whoever answers now has heard the question. */
const listen = () => city.clock.advance(seconds(20));

type Fields = Readonly<Record<string, string>>;
interface Signing {
  /** The address that is signed, if not the one that is called. */
  readonly address?: string;
  readonly token?: string;
  readonly signed?: Fields;
}

/** A request as Twilio makes it. */
async function post(path: string, fields: Fields, signing: Signing | null = {}) {
  const { address = publicUrl + path, token: by = token, signed = fields } = signing ?? {};
  const response = await fetch(origin + path, {
    method: 'POST',
    headers: {
      'Content-Type': 'application/x-www-form-urlencoded; charset=UTF-8',
      ...(signing && { 'X-Twilio-Signature': twilio.getExpectedTwilioSignature(by, address, signed) }),
    },
    body: new URLSearchParams(fields),
  });
  return { status: response.status, type: response.headers.get('content-type'), body: await response.text() };
}

/** Claims what is due on a lane, `limit` at most, each with its shop's number in clear. */
async function claim(lane: Lane, limit: number) {
  city.clock.advance(seconds(5));
  const wish = { now: city.clock.now(), until: new Date(city.clock.now().getTime() + limit - 1), openZones: zones };
  const claims = await claimDue(city, lane, wish);
  expect(claims.attemptIds, 'cases that were due').toHaveLength(limit);
  return claims;
}
const zones = ['Asia/Shanghai'];

/** Calls the carrier has taken. */
async function placeCalls(howMany: number): Promise<readonly string[]> {
  const { attemptIds } = await claim(voiceLane, howMany);
  await Promise.all(
    attemptIds.map(async (id) => {
      await beginDialing(city.database.query, id, city.clock.now(), seconds(60));
      await recordPlaced(city.database.query, id, `CA${id}`, seconds(360));
    }),
  );
  return attemptIds;
}

async function placeCall(): Promise<string> {
  const [id = ''] = await placeCalls(1);
  return id;
}

const turnPath = (attempt: string, turn: number) => `/twilio/voice/${attempt}/${turn}`;
const press = (attempt: string, turn: number, digit: string, signing?: Signing | null) =>
  post(turnPath(attempt, turn), { CallSid: `CA${attempt}`, CallStatus: 'in-progress', Digits: digit }, signing);

/** Answers the phone and hears the greeting out: the next turn, 2, is the first question's. */
async function hearTheFirstQuestion(attempt: string): Promise<void> {
  await press(attempt, 0, '');
  listen();
  await press(attempt, 1, '');
  listen();
}

/** Everything a turn could have changed. */
const everything = async (attempt: string) => ({
  attempt: await all('SELECT * FROM attempt WHERE id = $1', attempt),
  turns: await all('SELECT * FROM turn WHERE attempt_id = $1 ORDER BY number', attempt),
  answers: await all('SELECT * FROM answer WHERE attempt_id = $1 ORDER BY turn', attempt),
  case: await all('SELECT c.* FROM survey_case c JOIN attempt a ON a.case_id = c.id WHERE a.id = $1', attempt),
  outbox: await all(
    'SELECT o.* FROM outbox o JOIN attempt a ON a.case_id = o.case_id WHERE a.id = $1 ORDER BY o.id',
    attempt,
  ),
});

const conclude = () => settle(city);

describe('who is let in', () => {
  let attempt: string;
  beforeAll(async () => {
    attempt = await placeCall();
  });

  test.each<[who: string, signing: Signing | null]>([
    ['nobody signed', null],
    ['a stranger signed', { token: 'a guess' }],
    ['was signed for another host', { address: `https://elsewhere.example/twilio/voice/x/0` }],
    ['was signed for the address behind the proxy', { address: 'http://127.0.0.1/twilio/voice/x/0' }],
    ['was signed with another key pressed', { signed: { Digits: '5' } }],
  ])('a request that %s is refused, and changes nothing', async (_who, signing) => {
    const before = await everything(attempt);
    const answer = await press(attempt, 0, '', signing);
    expect(answer).toMatchObject({ status: 403, body: 'not signed by the carrier\n' });
    expect(await everything(attempt)).toEqual(before);
  });

  test('a signature replayed to another attempt is refused', async () => {
    const other = await placeCall();
    const answer = await press(other, 0, '', { address: publicUrl + turnPath(attempt, 0) });
    expect(answer.status).toBe(403);
    expect(await count('SELECT count(*) FROM turn WHERE attempt_id = $1', other)).toBe(0);
  });

  test('every one of the carrier’s addresses is closed to a stranger, also those that do not exist', async () => {
    const paths = [turnPath(attempt, 0), `/twilio/voice/${attempt}/status`, `/twilio/text/${attempt}/status`];
    for (const path of [...paths, '/twilio/text', '/twilio/nothing'])
      expect({ path, ...(await post(path, { Body: '5' }, null)) }).toMatchObject({ path, status: 403 });
  });

  test('while the token is being changed, what was signed with the previous one is taken', async () => {
    expect(await press(attempt, 0, '', { token: previousToken })).toMatchObject({ status: 200 });
    expect(await count('SELECT count(*) FROM turn WHERE attempt_id = $1', attempt)).toBe(1);
  });
});

describe('a turn', () => {
  test('of an attempt nobody knows is 404, and ends the call', async () => {
    for (const path of [
      turnPath(crypto.randomUUID(), 0),
      '/twilio/voice/not-an-id/0',
      turnPath(crypto.randomUUID(), -1),
    ])
      expect((await post(path, {})).status).toBe(404);
    expect((await post(turnPath(crypto.randomUUID(), 0), {})).body).toContain('<Response><Hangup/></Response>');
  });

  test('from the future is 409, and changes nothing', async () => {
    const attempt = await placeCall();
    await press(attempt, 0, '');
    const before = await everything(attempt);
    const answer = await press(attempt, 2, '5');
    expect(answer.status).toBe(409);
    expect(answer.body).toContain('<Response><Hangup/></Response>');
    expect(await everything(attempt)).toEqual(before);
  });

  test('after turn, as Twilio follows the addresses, makes an interview', async () => {
    const attempt = await placeCall();
    await all(
      'UPDATE survey_case SET rotation = 7 FROM attempt a WHERE a.case_id = survey_case.id AND a.id = $1',
      attempt,
    );
    const heard: string[] = [];
    let next = publicUrl + turnPath(attempt, 0);
    for (const digit of ['', '', '4', '', '3', '5', '4', '0', '2', '1', '']) {
      const answer = await post(next.slice(publicUrl.length), { CallSid: `CA${attempt}`, Digits: digit });
      expect(answer).toMatchObject({ status: 200, type: 'text/xml; charset=utf-8' });
      heard.push(/<Say[^>]*>(?:<break[^>]*>)?(.{4})/.exec(answer.body)?.[1] ?? 'hang-up');
      next = /action="([^"]+)"/.exec(answer.body)?.[1] ?? '';
      listen();
    }
    expect(heard).toEqual([
      '您好,市',
      '第一题。',
      '您打的是',
      '第二题。',
      '第三题。',
      '第四题。',
      '第五题。',
      '第六题。',
      '最后一题',
      '答完了,',
      'hang-up',
    ]);
    const hungUp = { CallSid: `CA${attempt}`, CallStatus: 'completed', CallDuration: '96' };
    expect((await post(`/twilio/voice/${attempt}/status`, hungUp)).status).toBe(204);
    await conclude();

    expect(await all('SELECT turn, item, value FROM answer WHERE attempt_id = $1 ORDER BY turn', attempt)).toEqual([
      { turn: 2, item: 'Q1', value: 4 },
      { turn: 4, item: 'Q2', value: 3 },
      { turn: 5, item: 'Q3', value: 5 },
      { turn: 6, item: 'Q4', value: 4 },
      { turn: 7, item: 'Q5', value: 0 },
      { turn: 8, item: 'Q6', value: 2 },
      { turn: 9, item: 'Q7a', value: 1 },
    ]);
    const { attempt: attempts, case: cases } = await everything(attempt);
    expect(attempts).toMatchObject([{ state: 'ended', result: 'completed', outcome: 'complete', turn: 11 }]);
    const answers = { Q1: 4, Q2: 3, Q3: 5, Q4: 4, Q5: 0, Q6: 2, Q7a: 1 };
    expect(cases).toMatchObject([{ state: 'done', disposition: 'complete', overall: 4, answers, due_at: null }]);
  });

  test('that was taken, correctly signed again with other digits, gets its first answer and stores nothing', async () => {
    const attempt = await placeCall();
    await hearTheFirstQuestion(attempt);
    const first = await press(attempt, 2, '4');
    listen();
    const later = await press(attempt, 3, '');
    const before = await everything(attempt);
    for (const digit of ['1', '5', '9', '*', '']) expect(await press(attempt, 2, digit)).toEqual(first);
    expect(await press(attempt, 3, '2')).toEqual(later);
    expect(await everything(attempt)).toEqual(before);
    expect(before.answers).toMatchObject([{ item: 'Q1', value: 4 }]);
  });

  test('takes whatever the keypad holds, and of several keys the first', async () => {
    const attempt = await placeCall();
    await hearTheFirstQuestion(attempt);
    for (const [index, digits] of ['#', '*', 'A', '54'].entries()) {
      expect((await press(attempt, 2 + index, digits)).status).toBe(200);
      listen();
    }
    expect(await all('SELECT input FROM turn WHERE attempt_id = $1 AND number > 1 ORDER BY number', attempt)).toEqual([
      { input: { kind: 'key', key: '#' } },
      { input: { kind: 'key', key: '*' } },
      { input: { kind: 'silence' } },
      { input: { kind: 'key', key: '5' } },
    ]);
  });
});

/** Seen elsewhere: of 1,000 duplicates at once 908 were answered with 500, because turns were read-then-write transactions. */
test('a storm of duplicates: 200 turns, five copies of each at once, each with another key', async () => {
  await conclude();
  const attempts = await placeCalls(200);
  for (const turn of [0, 1]) {
    await Promise.all(attempts.map((attempt) => press(attempt, turn, '')));
    listen();
  }
  expect(await count('SELECT count(*) FROM outbox'), 'nothing posted before the storm').toBe(0);

  const copies = ['1', '2', '3', '4', '5'];
  const answers = await Promise.all(attempts.flatMap((attempt) => copies.map((key) => press(attempt, 2, key))));

  expect(answers.filter(({ status }) => status !== 200)).toEqual([]);
  const distinct = attempts.map((_, index) => new Set(answers.slice(index * 5, index * 5 + 5).map(({ body }) => body)));
  expect(distinct.filter(({ size }) => size !== 1)).toEqual([]);
  const these = 'attempt_id = ANY($1::uuid[])';
  expect(await count(`SELECT count(*) FROM answer WHERE ${these}`, attempts)).toBe(200);
  expect(await count(`SELECT count(*) FROM turn WHERE ${these} AND number = 2`, attempts)).toBe(200);
  expect(await count('SELECT count(*) FROM attempt WHERE id = ANY($1) AND turn = 3', attempts)).toBe(200);
  expect(await all('SELECT topic, count(*)::int AS lines FROM outbox GROUP BY topic')).toEqual([
    { topic: 'rated', lines: 200 },
  ]);
  const heardOtherwise = await all(
    `SELECT a.attempt_id FROM answer a JOIN turn t ON t.attempt_id = a.attempt_id AND t.number = a.turn
     JOIN survey_case c ON c.id = a.case_id
     WHERE a.${these} AND (t.input->>'key' <> a.value::text OR t.reply->'say'->0->'values'->>'score' <> a.value::text OR c.overall <> a.value)`,
    attempts,
  );
  expect(heardOtherwise, 'the key that was taken is the one stored and read back').toEqual([]);
}, 120_000);

interface Thread {
  readonly attempt: string;
  readonly message: string;
  readonly from: string;
}

/** A shop that was sent the first text, and its number. */
async function openThread(): Promise<Thread> {
  await conclude();
  const { id: due } = (await one<{ id: string }>(
    `SELECT c.id FROM survey_case c WHERE c.due_at IS NOT NULL AND NOT EXISTS (SELECT FROM attempt a WHERE a.phone_id = c.phone_id) ORDER BY position LIMIT 1`,
  )) ?? { id: '' };
  await all(`UPDATE survey_case SET due_channel = 'sms', due_at = 'epoch' WHERE id = $1`, due);
  const claims = await claim(textLane, 1);
  const [attempt = ''] = claims.attemptIds;
  const [message = ''] = claims.messageIds;
  const sealed = await beginSending(city.database.query, message, city.clock.now(), {
    checkAt: seconds(60),
    silentAt: seconds(60),
    segments: 1,
  });
  await recordMessageReport(city.database.query, message, `SM${message}`, { state: 'sent' }, city.clock.now());
  return { attempt, message, from: sealed ? city.vault.open(sealed) : '' };
}

describe('reports on a call', () => {
  const report = (attempt: string, CallStatus: string, more: Fields = {}) =>
    post(`/twilio/voice/${attempt}/status`, { CallSid: `CA${attempt}`, CallStatus, ...more });
  const statusOf = (attempt: string) => one('SELECT state, result, error_code FROM attempt WHERE id = $1', attempt);
  const orders = [
    ['ringing', 'in-progress', 'completed'],
    ['ringing', 'completed', 'in-progress'],
    ['in-progress', 'ringing', 'completed'],
    ['in-progress', 'completed', 'ringing'],
    ['completed', 'ringing', 'in-progress'],
    ['completed', 'in-progress', 'ringing'],
  ];

  test.each(orders)('%s, %s, %s, each of them twice: the call has ended, once', async (...statuses) => {
    await conclude();
    const attempt = await placeCall();
    for (const [at, status] of statuses.entries())
      for (const copy of ['first', 'retry'])
        expect((await report(attempt, status, { SequenceNumber: String(at), Copy: copy })).status).toBe(204);
    expect(await statusOf(attempt)).toEqual({ state: 'ended', result: 'completed', error_code: null });
    expect(await all('SELECT topic FROM outbox')).toEqual([{ topic: 'ended' }]);
  });

  test('a later ending does not replace the first', async () => {
    const attempt = await placeCall();
    await report(attempt, 'busy', { SipResponseCode: '486' });
    await report(attempt, 'completed');
    expect(await statusOf(attempt)).toEqual({ state: 'ended', result: 'busy', error_code: null });
  });

  test('a number that does not exist is told by the SIP answer', async () => {
    const attempt = await placeCall();
    await report(attempt, 'failed', { SipResponseCode: '404' });
    expect(await statusOf(attempt)).toEqual({ state: 'ended', result: 'bad-number', error_code: 404 });
  });

  test('that our settings are wrong stops the carrier with one incident, and what concerns the number does not', async () => {
    const [one = '', other = '', third = ''] = await placeCalls(3);
    await report(third, 'failed', { ErrorCode: '13224' });
    expect(await all('SELECT 1 FROM incident')).toEqual([]);
    await report(one, 'failed', { ErrorCode: '32205' });
    await report(one, 'failed', { ErrorCode: '32205' });
    await report(other, 'failed', { ErrorCode: '13227' });
    expect(await all('SELECT carrier, error_code, refusals FROM incident')).toEqual([
      { carrier: 'twilio/voice', error_code: 32205, refusals: 2 },
    ]);
    const { message } = await openThread();
    const spam = { MessageSid: `SM${message}`, MessageStatus: 'undelivered', ErrorCode: '30007' };
    await post(`/twilio/text/${message}/status`, spam);
    expect(await all(`SELECT carrier, error_code FROM incident WHERE carrier = 'twilio/sms'`)).toHaveLength(1);
    await all('DELETE FROM incident');
  });

  test('fields nobody has seen are ignored', async () => {
    const attempt = await placeCall();
    const unseen = { StirVerstat: 'TN-Validation-Passed-A', 新字段: '值', 'a[b]': 'c', __proto__x: 'y' };
    expect((await report(attempt, 'ringing', unseen)).status).toBe(204);
    expect(await statusOf(attempt)).toMatchObject({ state: 'ringing' });
  });

  test('come before the answer to our own request, and bring the carrier’s id', async () => {
    const [attempt = ''] = (await claim(voiceLane, 1)).attemptIds;
    await beginDialing(city.database.query, attempt, city.clock.now(), seconds(60));
    await report(attempt, 'ringing');
    await recordPlaced(city.database.query, attempt, `CA${attempt}`, seconds(360));
    expect(await one('SELECT state, carrier_id FROM attempt WHERE id = $1', attempt)).toEqual({
      state: 'ringing',
      carrier_id: `CA${attempt}`,
    });
  });

  test('of no call of ours are 404, and what cannot be read is 400', async () => {
    const attempt = await placeCall();
    expect((await report(crypto.randomUUID(), 'completed')).status).toBe(404);
    expect((await report('not-an-id', 'completed')).status).toBe(404);
    expect((await report(attempt, 'exploded')).status).toBe(400);
    expect((await post(`/twilio/voice/${attempt}/status`, { CallStatus: 'completed' })).status).toBe(400);
    expect(await statusOf(attempt)).toMatchObject({ state: 'queued', result: null });
  });
});

describe('a text that comes in', () => {
  const send = (From: string, Body: string, MessageSid = `SM${crypto.randomUUID()}`) =>
    post('/twilio/text', { MessageSid, From, To: '+8679188000000', Body, NumMedia: '0', Unseen: 'field' });
  const accepted = { status: 200, body: '<?xml version="1.0" encoding="UTF-8"?><Response/>' };
  const repliesIn = async ({ attempt, message }: Thread) =>
    (await all<{ text: string }>('SELECT text FROM message WHERE attempt_id = $1 AND id <> $2', attempt, message)).map(
      ({ text }) => text,
    );
  const answersIn = ({ attempt }: Thread) => all('SELECT item, value FROM answer WHERE attempt_id = $1', attempt);
  const q1 = (value: number) => [{ item: 'Q1', value }];

  test.each<[what: string, body: string, answers: unknown[], replies: string[], state: string]>([
    ['a digit', '5', q1(5), ['S2'], 'sent'],
    ['a full-width digit', '５', q1(5), ['S2'], 'sent'],
    ['a numeral', '五', q1(5), ['S2'], 'sent'],
    ['a score in words', '非常满意', q1(5), ['S2'], 'sent'],
    ['a digit with its unit', ' 2分。', q1(2), ['S2'], 'sent'],
    ['an emoji', '👍', [], ['SE1'], 'sent'],
    ['nothing', '', [], ['SE1'], 'sent'],
    ['1,600 characters', '好'.repeat(1600), [], ['SC'], 'sent'],
    ['a NUL byte among others', '5\u0000', q1(5), ['S2'], 'sent'],
    ['full marks on another scale', '100分', [], ['S10'], 'sent'],
    ['a digit outside the scale', '7', [], ['SE1'], 'sent'],
  ])('%s', async (_what, body, answers, replies, state) => {
    const thread = await openThread();
    expect(await send(thread.from, body)).toMatchObject(accepted);
    expect(await answersIn(thread)).toEqual(answers);
    expect(await repliesIn(thread)).toEqual(replies);
    expect(await one('SELECT state FROM attempt WHERE id = $1', thread.attempt)).toEqual({ state });
  });

  test.each(['R', 'ｒ', '退订', 'TD '])('%s stops calls and texts for good, at once', async (word) => {
    const thread = await openThread();
    expect(await send(thread.from, word)).toMatchObject(accepted);
    expect(await all('SELECT entry, source FROM opt_out WHERE attempt_id = $1', thread.attempt)).toEqual([
      { entry: 'stop', source: 'sms' },
    ]);
    expect(await repliesIn(thread)).toEqual(['SX']);
    await conclude();
    const { case: cases } = await everything(thread.attempt);
    expect(cases).toMatchObject([{ state: 'done', disposition: 'opted-out', due_at: null }]);
  });

  test('that Twilio itself took for a stop is one, whatever words the account has set there', async () => {
    const thread = await openThread();
    const fields = { MessageSid: `SM${crypto.randomUUID()}`, From: thread.from, To: '+8679188000000' };
    await post('/twilio/text', { ...fields, Body: 'basta', OptOutType: 'STOP' });
    expect(await all('SELECT entry, source FROM opt_out WHERE attempt_id = $1', thread.attempt)).toEqual([
      { entry: 'stop', source: 'sms' },
    ]);
  });

  test('delivered five times at once under one id counts once, also with other words', async () => {
    const thread = await openThread();
    const sid = `SM${crypto.randomUUID()}`;
    const answers = await Promise.all(['4', '4', '4', '4', '4'].map((body) => send(thread.from, body, sid)));
    for (const answer of answers) expect(answer).toMatchObject(accepted);
    expect(await send(thread.from, 'R', sid)).toMatchObject(accepted);
    expect(await answersIn(thread)).toEqual(q1(4));
    expect(await repliesIn(thread)).toEqual(['S2']);
    expect(await count('SELECT count(*) FROM inbound_text WHERE carrier_id = $1', sid)).toBe(1);
    expect(await count('SELECT count(*) FROM opt_out WHERE attempt_id = $1', thread.attempt)).toBe(0);
  });

  test('five different ones at once: one rates, a person is promised, and none is lost to an error', async () => {
    const thread = await openThread();
    const answers = await Promise.all(['3', '4', '5', '3分', '4分'].map((body) => send(thread.from, body)));
    for (const answer of answers) expect(answer).toMatchObject(accepted);
    expect(await answersIn(thread)).toHaveLength(1);
    expect((await repliesIn(thread)).sort()).toEqual(['S2', 'SE1b', 'SE2']);
    expect(await count('SELECT count(*) FROM turn WHERE attempt_id = $1', thread.attempt)).toBe(5);
  });

  test('all three answered end the thread, and what is said besides is kept sealed and nowhere else', async () => {
    const thread = await openThread();
    const comment = '他从来不来我店里,只会打电话催单';
    for (const body of ['2', '有', comment, '没有']) expect(await send(thread.from, body)).toMatchObject(accepted);
    expect(await answersIn(thread)).toEqual([
      { item: 'Q1', value: 2 },
      { item: 'Q6', value: 1 },
      { item: 'Q7b', value: 2 },
    ]);
    expect(await repliesIn(thread)).toEqual(['S2', 'S3', 'SE1b', 'S9']);
    const kept = await all<{ sealed: Buffer; channel: string }>(
      'SELECT sealed, channel FROM comment WHERE attempt_id = $1',
      thread.attempt,
    );
    expect(kept.map(({ sealed, channel }) => [channel, city.vault.open(sealed)])).toEqual([['sms', comment]]);
    expect(await count(`SELECT count(*) FROM turn WHERE input::text LIKE '%从来不来%'`)).toBe(0);
    await conclude();
    const { attempt: attempts, case: cases } = await everything(thread.attempt);
    expect(attempts).toMatchObject([{ state: 'ended', outcome: 'partial' }]);
    expect(cases).toMatchObject([{ state: 'done', disposition: 'partial', overall: 2, due_at: null }]);
  });

  test('a correction is one more answer, and the last one counts', async () => {
    const thread = await openThread();
    for (const body of ['1', '改成4']) await send(thread.from, body);
    expect(await answersIn(thread)).toEqual([...q1(1), ...q1(4)]);
    expect(
      await one('SELECT overall FROM survey_case c JOIN attempt a ON a.case_id = c.id WHERE a.id = $1', thread.attempt),
    ).toEqual({
      overall: 4,
    });
  });

  test.each<[from: string, noted: unknown[]]>([
    ['+8613999999999', [{ attempt_id: null }]],
    ['+4915112345678', [{ attempt_id: null }]],
    // What is no telephone number is no retailer.
    ['10086', []],
    ['HUIFANG', []],
  ])('from a stranger (%s) counts for nobody; on a mobile he is told that he is none of ours', async (from, noted) => {
    const soFar = async () => [await count('SELECT count(*) FROM message'), await count('SELECT count(*) FROM turn')];
    const [messages = 0, turns] = await soFar();
    const sid = `SM${crypto.randomUUID()}`;
    expect(await send(from, '5', sid)).toMatchObject(accepted);
    expect(await all('SELECT attempt_id FROM inbound_text WHERE carrier_id = $1', sid)).toEqual(noted);
    expect(await soFar()).toEqual([messages + noted.length, turns]);
  });

  test('that is longer than any text, or without an id, is 400', async () => {
    const thread = await openThread();
    expect((await send(thread.from, '5'.repeat(1601))).status).toBe(400);
    expect((await post('/twilio/text', { From: thread.from, Body: '5' })).status).toBe(400);
    expect(await answersIn(thread)).toEqual([]);
  });

  test('reports on a text of ours: in any order, twice, with fields nobody has seen', async () => {
    const thread = await openThread();
    const report = (MessageStatus: string) =>
      post(`/twilio/text/${thread.message}/status`, { MessageSid: 'SM1', MessageStatus, RawDlrDoneDate: '2612010930' });
    for (const status of ['delivered', 'sent', 'queued', 'delivered']) expect((await report(status)).status).toBe(204);
    expect(await one('SELECT state FROM message WHERE id = $1', thread.message)).toEqual({ state: 'delivered' });
    expect((await report('vanished')).status).toBe(400);
    const stranger = { MessageSid: 'SM1', MessageStatus: 'sent' };
    expect((await post(`/twilio/text/${crypto.randomUUID()}/status`, stranger)).status).toBe(404);
  });

  test('a text of ours that could not be delivered ends the thread and tells why', async () => {
    const thread = await openThread();
    const fields = { MessageSid: 'SM1', MessageStatus: 'undelivered', ErrorCode: '30005' };
    expect((await post(`/twilio/text/${thread.message}/status`, fields)).status).toBe(204);
    expect(await one('SELECT state, result FROM attempt WHERE id = $1', thread.attempt)).toEqual({
      state: 'ended',
      result: 'bad-number',
    });
  });
});

describe('the log', () => {
  /** Every secret and every name that went through this suite, in the forms they could be written in. */
  async function secrets(): Promise<string[]> {
    const phones = (await all<{ sealed: Buffer }>('SELECT sealed FROM phone')).map(({ sealed }) =>
      city.vault.open(sealed),
    );
    const names = (await all<{ name: string }>('SELECT name FROM manager UNION SELECT name FROM retailer')).map(
      ({ name }) => name,
    );
    return [token, previousToken, ...names, ...phones, ...phones.map((phone) => phone.slice(3)), '13999999999'];
  }

  test('holds nothing of it all: no number, no token, no name', async () => {
    const attempt = await placeCall();
    const [{ sealed } = { sealed: Buffer.alloc(0) }] = await all<{ sealed: Buffer }>(
      'SELECT sealed FROM phone p JOIN attempt a ON a.phone_id = p.id WHERE a.id = $1',
      attempt,
    );
    const phone = city.vault.open(sealed);
    // Given what makes us write: a request that cannot be read, and a defect whose error carries all there is to hide.
    await post(`/twilio/voice/${attempt}/status`, { CallSid: 'CA1', CallStatus: 'exploded', To: phone, From: phone });
    const { add } = services.queues;
    services.queues.add = async () => {
      const config = { headers: { Authorization: token }, form: { To: phone, manager: '经理W01' } };
      throw Object.assign(new Error(`could not call ${phone}`), { config });
    };
    const fields = { CallSid: 'CA1', CallStatus: 'busy', To: phone };
    const failed = await post(`/twilio/voice/${attempt}/status`, fields);
    services.queues.add = add;

    expect(failed.status).toBe(500);
    expect(failed.body).not.toContain(phone.slice(3));
    expect(logged).toContain('a signed request could not be read');
    expect(logged).toContain('could not call +86****');
    expect((await secrets()).filter((secret) => logged.includes(secret))).toEqual([]);
  });
});
