import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Webhook } from 'standardwebhooks';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { announce } from '../../../src/platform/webhooks/announce.ts';
import { scoringEvents } from '../../../src/scoring/events.ts';
import { deliverWebhooks } from '../../../src/workers/webhooks.ts';
import { type Field, openField } from '../../support/field.ts';
import { openReceiver, type Receiver } from '../../support/receiver.ts';
import { repository } from '../../support/server-processes.ts';
import { openSite } from '../site.ts';
import { openProgram, type Program } from './program.ts';

/** Webhook endpoints and events by API. */
const type = 'publication.finalized';
let field: Field;
let program: Program;
let receiver: Receiver;

beforeAll(async () => {
  field = await openField('api-webhooks', []);
  program = await openProgram(field, openSite(field));
  receiver = await openReceiver();
});
afterEach(() => vi.useRealTimers());
afterAll(async () => {
  await receiver.close();
  await field.close();
});

const tell = (...subjects: (string | null)[]) =>
  field.services.database.transaction((query) =>
    announce(query, field.city.clock.now(), ...subjects.map((subject) => ({ type, subject, payload: { subject } }))),
  );
const at = (id: string, path = '') => `/webhook-endpoints/${id}${path}`;
async function work(endpointId: string): Promise<void> {
  vi.useFakeTimers({ toFake: ['Date'], now: field.city.clock.now() });
  for (let turn = 0; turn < 10; turn += 1) await deliverWebhooks(field.services, endpointId, 1000);
}

describe('an endpoint', () => {
  let id: string;

  test('is added, and its secret answered this once', async () => {
    const { status, body } = await program.post('/webhook-endpoints', { url: receiver.url, types: [type] });
    expect(status).toBe(200);
    const { secret, ...shown } = body;
    expect(secret).toMatch(/^whsec_/);
    expect(shown).toMatchObject({ url: receiver.url, types: [type], disabledAt: null, createdBy: program.actor });
    ({ id } = body);
    receiver.secret = secret;
    expect((await program.get(at(id))).body).toEqual(shown);
    expect((await program.get('/webhook-endpoints')).body).toEqual({ items: [shown] });
    expect(JSON.stringify((await program.get('/webhook-endpoints')).body)).not.toContain('whsec_');
  });

  test('with faults is refused with each of them', async () => {
    const faults = async (wish: object) =>
      (await program.post('/webhook-endpoints', wish)).body.faults.map(({ where }: { where: string }) => where);
    expect(await faults({ url: 'ftp://x', types: [type] })).toEqual(['url']);
    expect(await faults({ url: receiver.url, types: ['no.such'] })).toEqual(['body.types.0']);
    expect(await faults({ url: receiver.url, types: [] })).toEqual(['body.types']);
  });

  test('is tested, and its deliveries are listed page by page', async () => {
    const { status, body } = await program.post(at(id, '/test'));
    expect(status).toBe(202);
    await tell('K01', 'K02');
    await work(id);
    expect(receiver.kept.get(body.eventId)?.type).toBe('webhook.ping');
    const first = (await program.get(at(id, '/deliveries?limit=2'))).body;
    const second = (await program.get(at(id, `/deliveries?limit=2&after=${first.next}`))).body;
    const all = [...first.items, ...second.items];
    expect(all.map(({ type: own, subject, state }) => [own, subject, state])).toEqual([
      [type, 'K02', 'delivered'],
      [type, 'K01', 'delivered'],
      ['webhook.ping', expect.stringContaining('ping'), 'delivered'],
    ]);
    expect(second.next).toBeNull();
    expect((await program.get(at(id, '/deliveries?state=waiting'))).body.items).toEqual([]);
  });

  test('is sent events again: one, all since one, all since a moment', async () => {
    const [eventId] = await tell('K03');
    const again = async (body: object) => (await program.post(at(id, '/replays'), body)).body;
    expect(await again({ event: eventId })).toEqual({ events: 1 });
    expect(await again({ sinceEvent: eventId })).toEqual({ events: 1 });
    expect(await again({ since: '2020-01-01T00:00:00+08:00' })).toEqual({ events: 3 });
    expect((await again({ event: crypto.randomUUID() })).code).toBe('no-such-event');
    expect((await again({ event: eventId, since: '2020-01-01T00:00:00Z' })).status).toBe(400);
    await work(id);
    expect(receiver.got.filter(({ id: one }) => one === eventId)).toHaveLength(1);
  });

  test('gets a new secret, is changed, disabled, enabled and removed, each on record', async () => {
    const { body } = await program.post(at(id, '/rotation'), { overlapHours: 48 });
    expect(body.secret).not.toBe(receiver.secret);
    expect((await program.get(at(id))).body.previousUntil).toBe(body.previousUntil);
    const put = (wish: object) => program.put(at(id), { url: receiver.url, types: [type], ...wish });
    expect((await put({ enabled: false })).body).toMatchObject({ disabledBy: program.actor });
    expect((await program.post(at(id, '/test'))).body.code).toBe('endpoint-disabled');
    const types = ['appeal.decided', type];
    expect((await put({ enabled: true, types, description: '评分' })).body).toMatchObject({ disabledAt: null, types });
    expect((await program.delete(at(id))).status).toBe(204);
    for (const gone of [
      program.get(at(id)),
      program.delete(at(id)),
      put({ enabled: true }),
      program.post(at(id, '/test')),
    ])
      expect((await gone).status).toBe(404);
    const lines = await field.services.database.query<{ action: string }>({
      text: `SELECT action FROM audit WHERE actor = $1 AND subject = $2 ORDER BY sequence`,
      values: [program.actor, id],
    });
    expect(lines.map(({ action }) => action.replace('webhook-endpoint.', ''))).toEqual(
      'add ping replay replay replay rotate change change remove'.split(' '),
    );
  });
});

describe('events', () => {
  test('are fetched page by page in their order; where nothing has come about the place is kept', async () => {
    const all: string[] = [];
    let after = '';
    for (;;) {
      const { body } = await program.get(`/events?limit=2${after && `&after=${after}`}`);
      all.push(...body.items.map(({ subject }: { subject: string }) => subject));
      after = body.next;
      if (!body.more) break;
    }
    expect(all).toEqual(['K01', 'K02', 'K03']);
    const nothing = (await program.get(`/events?after=${after}`)).body;
    expect(nothing).toEqual({ items: [], next: after, more: false });
    const [eventId] = await tell('K04', null);
    const { body } = await program.get(`/events?after=${after}&subject=K04`);
    expect(body.items).toEqual([
      { id: eventId, type, subject: 'K04', timestamp: field.city.clock.now().toISOString(), data: { subject: 'K04' } },
    ]);
    expect((await program.get('/events?type=appeal.decided')).body).toEqual({ items: [], next: null, more: false });
    expect((await program.get('/events?type=no.such')).status).toBe(400);
    expect((await program.get('/events?after=x')).body.faults[0].where).toBe('query.after');
  });

  test('that are fetched are on record', async () => {
    const lines = await field.services.database.query({ text: `SELECT FROM audit WHERE action = 'api.events.list'` });
    expect(lines.length).toBeGreaterThan(3);
  });
});

test('the document describes what each webhook brings', async () => {
  const { webhooks } = (await program.get('/openapi.json')).body;
  expect(Object.keys(webhooks)).toEqual([...Object.keys(scoringEvents), 'webhook.ping']);
  const { schema } = webhooks['customer-evaluation.finalized'].post.requestBody.content['application/json'];
  expect(Object.keys(schema.properties.data.properties)).toContain('reliability');
  expect(schema.properties.data.additionalProperties).toBe(false);
});

describe('the receiver of docs/webhooks.md', () => {
  const guide = readFileSync(join(repository, 'docs/webhooks.md'), 'utf8');
  const example = /```js\n(.*?)```/s.exec(guide)?.[1] ?? '';
  let folder: string;
  let running: ChildProcess;
  let url: string;
  const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;

  beforeAll(async () => {
    // Within the repository, where its imports are found.
    folder = mkdtempSync(join(repository, 'node_modules/.receiver-'));
    writeFileSync(join(folder, 'receiver.mjs'), example);
    running = spawn(process.execPath, ['receiver.mjs'], {
      ...{ cwd: folder, env: { PATH: process.env.PATH, PORT: '0', HUIFANG_SECRET: secret } },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = await once(running.stdout ?? process.stdin, 'data');
    url = `${/http:\S+/.exec(String(line))?.[0]}`;
  });
  afterAll(async () => {
    running.kill();
    await once(running, 'exit');
    rmSync(folder, { recursive: true });
  });

  const post = (id: string, body: string, signedWith = secret) => {
    const now = new Date();
    return fetch(url, {
      ...{ method: 'POST', body },
      headers: {
        ...{ 'webhook-id': id, 'webhook-timestamp': String(Math.floor(now.getTime() / 1000)) },
        'webhook-signature': new Webhook(signedWith).sign(id, now, body),
      },
    });
  };

  test('takes what is signed, once by its id, and refuses what is not', async () => {
    const body = JSON.stringify({ type, timestamp: new Date().toISOString(), data: {} });
    const first = await post('one', body);
    expect([first.status, await first.text()]).toEqual([200, 'kept']);
    const again = await post('one', body);
    expect([again.status, await again.text()]).toEqual([200, 'had it']);
    const stranger = `whsec_${Buffer.alloc(32, 8).toString('base64')}`;
    expect((await post('two', body, stranger)).status).toBe(401);
    expect((await post('two', body)).status).toBe(200);
  });
});
