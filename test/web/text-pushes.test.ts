import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Writable } from 'node:stream';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Activity } from '../../src/platform/activity.ts';
import { openLog } from '../../src/platform/log.ts';
import { claimDue } from '../../src/survey/fieldwork/claim.ts';
import { beginSending, recordMessageReport } from '../../src/survey/fieldwork/message.ts';
import type { Lane } from '../../src/survey/fieldwork/pace.ts';
import { createApp } from '../../src/web/app.ts';
import { handlersFor } from '../../src/workers/handlers.ts';
import type { Services } from '../../src/workers/services.ts';
import { type City, fieldRound, openCity, settleIn, shopsOf } from '../support/city.ts';

/** What Aliyun and a gateway of the company's own push to us, over real HTTP: replies and reports, signed or refused. */

const pushToken = 'f00dfeedf00dfeedf00dfeedf00dfeed';
const secret = `whsec_${Buffer.from('a secret of the tests, long enough').toString('base64')}`;
const lane: Lane = { carrier: 'test', channel: 'sms', perSecond: 1000, concurrent: null };

let city: City;
let services: Services;
let server: Server;
let origin: string;
let asked: { readonly name: string; readonly payload: unknown }[] = [];
let logged = '';

const all = <T>(text: string, ...values: unknown[]) => city.database.query<T>({ text, values });
const later = (seconds: number) => new Date(city.clock.now().getTime() + seconds * 1000);

beforeAll(async () => {
  city = await openCity('text pushes');
  await settleIn(city, Array.from({ length: 12 }, (_, index) => shopsOf(`W${10 + index}`, 12)).flat());
  await fieldRound(city);
  const keep = new Writable({
    write(line, _encoding, done) {
      logged += line;
      done();
    },
  });
  const nobody = { carrier: 'test' } as unknown as Services['voice']['port'];
  services = {
    ...city,
    ...{ log: openLog('trace', keep), activity: new Activity() },
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
    voice: { port: nobody, lane: { ...lane, channel: 'voice' } },
    text: null,
  };
  const publicUrl = 'http://127.0.0.1';
  const app = createApp(services, {
    ...{
      twilio: { authTokens: ['a token'], publicUrl },
      publicUrl,
      sessionSecret: 'a secret of the tests, long enough',
    },
    ...{ aliyun: { pushToken }, gateway: { secret } },
  });
  server = createServer(app);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((closed) => server.close(closed));
  await city.close();
});
beforeEach(() => {
  asked = [];
});

interface Open {
  readonly attemptId: string;
  readonly messageId: string;
  /** Eleven digits, as Aliyun writes a number. */
  readonly phone: string;
}

/** So many threads, each with its first text out. */
async function threads(count: number): Promise<Open[]> {
  await all(`UPDATE survey_case SET due_channel = 'sms' WHERE due_at IS NOT NULL`);
  await all(`UPDATE pace SET last_slot = 'epoch'`);
  const wish = { now: city.clock.now(), until: later(1), openZones: ['Asia/Shanghai'] };
  const { attemptIds, messageIds } = await claimDue(city, lane, wish);
  const open: Open[] = [];
  for (const [index, attemptId] of attemptIds.slice(0, count).entries()) {
    const messageId = messageIds[index] ?? '';
    await beginSending(city.database.query, messageId, city.clock.now(), {
      checkAt: later(60),
      silentAt: later(60),
      segments: 1,
    });
    await recordMessageReport(city.database.query, messageId, `B${messageId}`, { state: 'sent' }, city.clock.now());
    const [row] = await all<{ sealed: Buffer }>(
      'SELECT p.sealed FROM attempt a JOIN phone p ON p.id = a.phone_id WHERE a.id = $1',
      attemptId,
    );
    open.push({ attemptId, messageId, phone: city.vault.open(row?.sealed ?? Buffer.alloc(0)).slice(3) });
  }
  // What was claimed besides is due again for the next test.
  await all(
    `UPDATE survey_case SET due_at = $1, due_channel = 'sms' WHERE id IN (SELECT case_id FROM attempt WHERE id = ANY($2))`,
    city.clock.now(),
    attemptIds.slice(count),
  );
  await all('DELETE FROM message WHERE attempt_id = ANY($1)', attemptIds.slice(count));
  await all('DELETE FROM attempt WHERE id = ANY($1)', attemptIds.slice(count));
  return open;
}
const thread = async (): Promise<Open> => (await threads(1))[0] ?? expect.fail('nothing is due');

const post = async (path: string, body: string, headers: Record<string, string> = {}) => {
  const response = await fetch(origin + path, {
    ...{ method: 'POST', body, headers: { 'Content-Type': 'application/json', ...headers } },
  });
  const text = await response.text();
  return { status: response.status, text };
};
const pushUp = (items: unknown, token = pushToken) => post(`/aliyun/${token}/sms-up`, JSON.stringify(items));
const pushReport = (items: unknown) => post(`/aliyun/${pushToken}/sms-report`, JSON.stringify(items));
const up = (phone: string, content: string, sequence: string) => ({
  ...{ phone_number: phone, content, send_time: '2026-12-01 09:31:00', dest_code: '10690999', sequence_id: sequence },
  sign_name: '东湖烟草',
});
const work = () => handlersFor(services)['text-push']({});
const overallOf = async (attemptId: string) =>
  (
    await all<{ overall: number | null }>(
      'SELECT overall FROM survey_case c JOIN attempt a ON a.case_id = c.id WHERE a.id = $1',
      attemptId,
    )
  )[0]?.overall;
const answers = async (attemptId: string) => (await all('SELECT FROM answer WHERE attempt_id = $1', attemptId)).length;

describe('Aliyun pushes replies', () => {
  test('acknowledged as it wants it, and the answer counts', async () => {
    const { attemptId, phone } = await thread();
    expect(await pushUp([up(phone, '４分', 'u-1')])).toEqual({ status: 200, text: '{"code":0,"msg":"成功"}' });
    expect(asked).toContainEqual({ name: 'text-push', payload: {} });
    expect(await overallOf(attemptId)).toBeNull();
    await work();
    expect(await overallOf(attemptId)).toBe(4);
    expect(asked.filter(({ name }) => name === 'text')).toHaveLength(1);
    expect(await all('SELECT FROM text_push')).toEqual([]);
  });

  test('again and again, before the work and after it: each counts once', async () => {
    const { attemptId, phone } = await thread();
    const items = [up(phone, '5', 'u-2')];
    await Promise.all([pushUp(items), pushUp(items), pushUp([...items, ...items])]);
    expect(await all('SELECT FROM text_push')).toHaveLength(1);
    await Promise.all([work(), work()]);
    await pushUp(items);
    await work();
    expect(await answers(attemptId)).toBe(1);
    expect((await all(`SELECT FROM message WHERE attempt_id = $1 AND text = 'S2'`, attemptId)).length).toBe(1);
  });

  test('without a number of its own: the same words of the same second are the same text', async () => {
    const { attemptId, phone } = await thread();
    const { sequence_id: _, ...item } = up(phone, '3', '');
    for (let time = 0; time < 2; time++) {
      await pushUp([item]);
      await work();
    }
    expect(await answers(attemptId)).toBe(1);
  });

  test('two texts of one number in one push are two', async () => {
    const { attemptId, phone } = await thread();
    await pushUp([up(phone, '5', 'u-3'), up(phone, '没有', 'u-4')]);
    await work();
    expect(await answers(attemptId)).toBe(2);
  });

  test('five hundred at once: acknowledged within its 700 ms', async () => {
    const items = Array.from({ length: 500 }, (_, index) =>
      up(`1390000${String(index).padStart(4, '0')}`, '5', `m-${index}`),
    );
    const began = performance.now();
    expect((await pushUp(items)).status).toBe(200);
    expect(performance.now() - began).toBeLessThan(700);
    await all('DELETE FROM text_push');
  });

  test('a hundred that cannot be worked on keep no other waiting, rest longer each time, and are not lost', async () => {
    const { attemptId, phone } = await thread();
    await all(`
      INSERT INTO text_push (id, kind, sealed, at, due_at)
      SELECT 'aliyun:broken-' || n, 'reply', 'x', '2026-11-01', '2026-11-01' FROM generate_series(1, 100) AS n`);
    await pushUp([up(phone, '2', 'u-5')]);
    asked = [];
    await work();
    // A whole batch was taken up and more may be due: the job asks for itself.
    expect(asked).toContainEqual({ name: 'text-push', payload: {} });
    await work();
    expect(await overallOf(attemptId)).toBe(2);
    const minutes = async () =>
      all<{ tries: number; rest: number }>(
        `SELECT DISTINCT tries, extract(epoch FROM due_at - $1)::int / 60 AS rest FROM text_push`,
        city.clock.now(),
      );
    expect(await minutes()).toEqual([{ tries: 1, rest: 1 }]);
    city.clock.advance(later(60));
    await work();
    expect(await minutes()).toEqual([{ tries: 2, rest: 2 }]);
    expect(await all('SELECT count(*)::int AS kept FROM text_push')).toEqual([{ kept: 100 }]);
    await all('DELETE FROM text_push');
  });

  test('a NUL anywhere in it is left out', async () => {
    const { attemptId, phone } = await thread();
    await pushUp([{ ...up(phone, '3', 'u-\u0000nul'), dest_code: '10\u00006' }]);
    await work();
    expect(await overallOf(attemptId)).toBe(3);
    expect(await all('SELECT FROM text_push')).toEqual([]);
  });

  test('a job that was lost: what it was to work on is asked for again', async () => {
    const { attemptId, phone } = await thread();
    await pushUp([up(phone, '5', 'u-6')]);
    asked = [];
    await handlersFor(services).reconcile({});
    expect(asked).toContainEqual({ name: 'text-push', payload: {} });
    await work();
    expect(await overallOf(attemptId)).toBe(5);
  });

  test('nobody else can: 403, and nothing is stored', async () => {
    const { phone } = await thread();
    expect((await pushUp([up(phone, '1', 'u-7')], 'f00dfeedf00dfeedf00dfeedf00dfeee')).status).toBe(403);
    expect((await post('/aliyun/sms-up', '[]')).status).toBe(403);
    expect(await all('SELECT FROM text_push')).toEqual([]);
  });

  test.each([
    ['no JSON', '{', 400],
    ['no array', '{"phone_number":"1"}', 400],
    ['too large', JSON.stringify([up('13800000000', '好'.repeat(600_000), 'x')]), 413],
  ])('%s: said so, and nothing is stored', async (_, body, status) => {
    expect((await post(`/aliyun/${pushToken}/sms-up`, body)).status).toBe(status);
    expect(await all('SELECT FROM text_push')).toEqual([]);
  });
});

describe('Aliyun pushes reports', () => {
  const report = (messageId: string, success: boolean, code = 'DELIVERED') => ({
    ...{ phone_number: '13800000000', send_time: '2026-12-01 09:30:00', report_time: '2026-12-01 09:30:05', success },
    ...{ err_code: code, err_msg: '用户接收成功', sms_size: '1', biz_id: `B${messageId}`, out_id: messageId },
  });
  const messageOf = async (id: string) => (await all('SELECT state, error_name FROM message WHERE id = $1', id))[0];

  test('delivered', async () => {
    const { messageId } = await thread();
    expect((await pushReport([report(messageId, true)])).text).toBe('{"code":0,"msg":"成功"}');
    await work();
    expect(await messageOf(messageId)).toEqual({ state: 'delivered', error_name: null });
  });

  test('failed, by the carrier’s word; a later one does not take it back', async () => {
    const { messageId, attemptId } = await thread();
    await pushReport([report(messageId, false, 'MOBILE_ILLEGAL')]);
    await work();
    await pushReport([report(messageId, true)]);
    await work();
    expect(await messageOf(messageId)).toEqual({ state: 'failed', error_name: 'MOBILE_ILLEGAL' });
    expect(await all('SELECT state, result FROM attempt WHERE id = $1', attemptId)).toEqual([
      { state: 'ended', result: 'bad-number' },
    ]);
  });

  test('of a text that is none of ours is acknowledged and left', async () => {
    const items = [
      { ...report('x', true), out_id: 'of another system' },
      report('0199c0de-0000-4000-8000-00000000ffff', true),
    ];
    expect((await pushReport(items)).status).toBe(200);
    await work();
    expect(await all('SELECT FROM text_push')).toEqual([]);
  });
});

describe('a gateway of the company’s own', () => {
  const webhook = new Webhook(secret);
  let sent = 0;
  function signed(
    path: string,
    payload: unknown,
    { at = new Date(), by = webhook, body = JSON.stringify(payload) } = {},
  ) {
    const id = `msg_${++sent}`;
    return post(path, body, {
      ...{ 'webhook-id': id, 'webhook-timestamp': String(Math.floor(at.getTime() / 1000)) },
      'webhook-signature': by.sign(id, at, JSON.stringify(payload)),
    });
  }

  test('brings a reply, twice: it counts once', async () => {
    const { attemptId, phone } = await thread();
    const reply = { id: 'r-1', from: `+86${phone}`, text: '非常满意' };
    expect((await signed('/sms/gateway/replies', reply)).status).toBe(204);
    expect((await signed('/sms/gateway/replies', reply)).status).toBe(204);
    expect(await overallOf(attemptId)).toBe(5);
    expect(await answers(attemptId)).toBe(1);
    expect(asked.filter(({ name }) => name === 'text')).toHaveLength(1);
  });

  test('and a report; of a text we do not know 404', async () => {
    const { messageId, attemptId } = await thread();
    const failed = { messageId, id: `G-${messageId}`, state: 'failed', error: 'blocked' };
    expect((await signed('/sms/gateway/reports', failed)).status).toBe(204);
    expect(await all('SELECT result FROM attempt WHERE id = $1', attemptId)).toEqual([{ result: 'blocked' }]);
    const unknown = { ...failed, messageId: '0199c0de-0000-4000-8000-00000000ffff' };
    expect((await signed('/sms/gateway/reports', unknown)).status).toBe(404);
  });

  test('wrongly signed, of another time, changed, or not signed at all: 403, and nothing is stored', async () => {
    const { attemptId, phone } = await thread();
    const reply = { id: 'r-2', from: `+86${phone}`, text: '1' };
    const stranger = new Webhook(`whsec_${Buffer.from('a secret that somebody else thought of').toString('base64')}`);
    const path = '/sms/gateway/replies';
    const answered = [
      await signed(path, reply, { by: stranger }),
      await signed(path, reply, { at: new Date(Date.now() - 3_600_000) }),
      await signed(path, reply, { body: JSON.stringify({ ...reply, text: '5' }) }),
      await post(path, JSON.stringify(reply)),
    ];
    expect(answered.map(({ status }) => status)).toEqual([403, 403, 403, 403]);
    expect(await overallOf(attemptId)).toBeNull();
  });

  test('what cannot be read is said so', async () => {
    expect((await signed('/sms/gateway/replies', { id: 'r-3' })).status).toBe(400);
    expect((await signed('/sms/gateway/reports', { messageId: 'x' })).status).toBe(400);
    expect((await post('/sms/gateway/replies', 'x'.repeat(70_000))).status).toBe(413);
  });
});

test('an address that fails shows its secret to nobody: not in the log, not on the page', async () => {
  const { add } = services.queues;
  const before = logged.length;
  services.queues.add = () => Promise.reject(new Error('the queue is away'));
  try {
    for (const base of ['/aliyun', '/ALIYUN']) {
      const body = JSON.stringify([up('13800138000', '5', 'u-failed')]);
      const failed = await post(`${base}/${pushToken}/sms-up`, body);
      expect(failed).toMatchObject({ status: 500, text: expect.not.stringContaining(pushToken) });
    }
    const nowhere = await post(`/aliyun/${pushToken}/nowhere`, '[]');
    expect(nowhere.text).not.toContain(pushToken);
  } finally {
    services.queues.add = add;
  }
  const said = logged.slice(before);
  expect(said).toContain('"path":"/aliyun/…"');
  expect(said).not.toContain(pushToken);
});

test('where another carrier is in use, none of it is open', async () => {
  const publicUrl = 'http://127.0.0.1';
  const closed = createServer(
    createApp(services, {
      ...{
        twilio: { authTokens: ['a token'], publicUrl },
        publicUrl,
        sessionSecret: 'a secret of the tests, long enough',
      },
    }),
  );
  await new Promise<void>((resolve) => closed.listen(0, '127.0.0.1', resolve));
  const at = `http://127.0.0.1:${(closed.address() as AddressInfo).port}`;
  for (const path of [`/aliyun/${pushToken}/sms-up`, '/sms/gateway/replies']) {
    const response = await fetch(at + path, { method: 'POST', body: '[]', redirect: 'manual' });
    expect([403, 404]).toContain(response.status);
  }
  await new Promise((done) => closed.close(done));
});

test('no log line holds a number or a word of anybody', () => {
  expect(logged).not.toMatch(/\b1[3-9]\d{9}\b/);
  expect(logged).not.toMatch(/非常满意|没有/);
});
