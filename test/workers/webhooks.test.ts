import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { openQueues } from '../../src/platform/queue.ts';
import { announce } from '../../src/platform/webhooks/announce.ts';
import { claimDue } from '../../src/platform/webhooks/delivery.ts';
import {
  addEndpoint,
  changeEndpoint,
  type Endpoint,
  mostEndpoints,
  readEndpoints,
  removeEndpoint,
  rotateSecret,
} from '../../src/platform/webhooks/endpoint.ts';
import { listDeliveries } from '../../src/platform/webhooks/listing.ts';
import { messageOf } from '../../src/platform/webhooks/message.ts';
import { ping, replay } from '../../src/platform/webhooks/replay.ts';
import { send } from '../../src/platform/webhooks/send.ts';
import { catalogue, concurrency } from '../../src/workers/catalogue.ts';
import { eventTypes } from '../../src/workers/events.ts';
import { handlersFor } from '../../src/workers/handlers.ts';
import { startHeartbeat } from '../../src/workers/heartbeat.ts';
import type { Services } from '../../src/workers/services.ts';
import { askForWebhooks, deliverWebhooks, nextWebhook } from '../../src/workers/webhooks.ts';
import { type Field, openField } from '../support/field.ts';
import { isBelieved, openReceiver, type Received, type Receiver } from '../support/receiver.ts';

/** Events as webhooks: at least once, each under one id, in order for each subject, whatever becomes of receiver and worker. */
const type = 'customer-evaluation.finalized';
const by = { known: eventTypes, actor: 'test' };
let field: Field;
let services: Services;
let receiver: Receiver;
/** Endpoints a job was asked for. */
const jobs: string[] = [];

beforeEach(async () => {
  field = await openField('webhooks', []);
  jobs.length = 0;
  const add: Services['queues']['add'] = async (_, ...payloads) => {
    for (const payload of payloads) if ('endpointId' in payload) jobs.push(payload.endpointId);
  };
  services = { ...field.services, queues: { ...field.services.queues, add } };
  receiver = await openReceiver();
  // The receiver's library asks the machine for the time.
  vi.useFakeTimers({ toFake: ['Date'], now: services.clock.now() });
});
afterEach(async () => {
  vi.useRealTimers();
  await receiver.close();
  await field.close();
});

function advance(to: Date): void {
  field.city.clock.advance(to);
  vi.setSystemTime(field.city.clock.now());
}
const later = (seconds: number) => advance(new Date(services.clock.now().getTime() + seconds * 1000));

async function subscribe(to: Receiver = receiver, types: readonly string[] = [type]): Promise<string> {
  const { id, secret } = await addEndpoint(services, { url: to.url, description: 'scores', types }, by);
  to.secret = secret;
  return id;
}

const tell = (...managers: string[]) =>
  services.database.transaction((query) =>
    announce(
      query,
      services.clock.now(),
      ...managers.map((managerId, index) => ({ type, subject: managerId, payload: { managerId, index } })),
    ),
  );

/** What the workers do at this moment, until there is nothing left to do in it. */
async function work(wait = 300): Promise<void> {
  await askForWebhooks(services);
  const take = async (): Promise<void> => {
    await Promise.all(jobs.splice(0).map((endpointId) => deliverWebhooks(services, endpointId, wait).then(take)));
  };
  await take();
}

/** Works through time until nothing waits any more; how often it had to wait. */
async function workOn(): Promise<number> {
  for (let waits = 0; ; waits += 1) {
    await work();
    const next = await nextWebhook(services.database.query, services.clock.now());
    if (!next) return waits;
    advance(next);
  }
}

const deliveries = (endpointId: string) =>
  listDeliveries(services.database.query, endpointId, { state: null, before: null, limit: 500 });
const only = async (): Promise<Endpoint> => {
  const [endpoint] = await readEndpoints(services.database.query);
  if (!endpoint) throw new Error('no endpoint');
  return endpoint;
};
const bySubject = (got: readonly Received[], subject: string) => got.filter((each) => each.subject === subject);

describe('an event', () => {
  test('arrives as Standard Webhooks has it, signed, under its own id and with nothing of ours beside it', async () => {
    await subscribe();
    const [id = ''] = await tell('K01');
    await work();
    const [{ headers, text, believed } = {} as Received] = receiver.got;
    expect(believed).toBe(true);
    expect(headers).toMatchObject({ 'webhook-id': id, 'content-type': 'application/json' });
    expect(JSON.parse(text)).toEqual({
      ...{ type, timestamp: services.clock.now().toISOString(), data: { managerId: 'K01', index: 0 } },
    });
    expect(await only()).toMatchObject({ waiting: 0, givenUp: 0, lastDeliveredAt: services.clock.now() });
  });

  test('that was tampered with on the way, or signed by somebody else, is not believed', async () => {
    await subscribe();
    await tell('K01');
    await work();
    const [{ headers, text } = {} as Received] = receiver.got;
    expect(isBelieved(receiver.secret, text, headers)).toBe(true);
    expect(isBelieved(receiver.secret, text.replace('K01', 'K02'), headers)).toBe(false);
    expect(isBelieved(receiver.secret, text, { ...headers, 'webhook-id': crypto.randomUUID() })).toBe(false);
    expect(isBelieved(`whsec_${Buffer.alloc(32).toString('base64')}`, text, headers)).toBe(false);
    vi.setSystemTime(services.clock.now().getTime() + 6 * 60_000);
    expect(isBelieved(receiver.secret, text, headers)).toBe(false);
  });

  test('goes to whoever wants its type, and to nobody else', async () => {
    await subscribe(receiver, ['publication.finalized']);
    await tell('K01');
    await work();
    expect(receiver.got).toEqual([]);
  });
});

describe('a receiver that fails, times out and comes back', () => {
  test('gets every event once by its id, and each manager’s in their order', async () => {
    const endpointId = await subscribe();
    const managers = Array.from({ length: 5 }, (_, index) => `K0${index}`);
    const ids = await tell(...managers, ...managers, ...managers);
    let asked = 0;
    const troubles = [{ status: 500 }, 'silence', 'cut', { status: 302 }, { status: 204 }, { status: 404 }] as const;
    receiver.answer = () => (asked < 60 ? (troubles[asked++ % troubles.length] ?? 'cut') : { status: 200 });
    await work();
    expect((await only()).waiting).toBeGreaterThan(10);
    await workOn();
    expect([...receiver.kept.keys()].sort()).toEqual([...ids].sort());
    expect(receiver.got.length).toBeGreaterThan(ids.length * 3);
    for (const manager of managers) {
      const taken = bySubject([...receiver.kept.values()], manager).map(({ id }) => ids.indexOf(id));
      expect(taken).toEqual([...taken].sort((a, b) => a - b));
      // None of his overtook: each try is of the one before or a later one, and of a later only once the one before was taken.
      const tried = bySubject(receiver.got, manager).map(({ id }) => ids.indexOf(id));
      expect(tried).toEqual([...tried].sort((a, b) => a - b));
    }
    expect((await deliveries(endpointId)).every(({ state }) => state === 'delivered')).toBe(true);
  });

  test('and took one without our hearing of it gets that one again, under the same id and with the same bytes', async () => {
    await subscribe();
    const [id] = await tell('K01');
    receiver.answer = () => (receiver.got.length === 1 ? 'cut' : { status: 200 });
    await workOn();
    expect(receiver.got.map((each) => each.id)).toEqual([id, id]);
    expect(new Set(receiver.got.map(({ text }) => text)).size).toBe(1);
    expect(receiver.got[0]?.headers['webhook-timestamp']).not.toBe(receiver.got[1]?.headers['webhook-timestamp']);
  });

  test('is asked ever more seldom, for three days, and then given up; then the manager’s next event has its three days', async () => {
    const endpointId = await subscribe();
    await tell('K01');
    const begun = services.clock.now().getTime();
    receiver.answer = () => ({ status: 503 });
    await work();
    later(3600);
    await tell('K01');
    await workOn();
    const hours = (services.clock.now().getTime() - begun) / 3_600_000;
    expect(hours).toBe(2 * 72);
    const [second, first] = await deliveries(endpointId);
    expect([first?.state, second?.state]).toEqual(['given-up', 'given-up']);
    expect([first?.lastStatus, first?.lastError]).toEqual([503, 'refused']);
    expect(first?.tries).toBeGreaterThanOrEqual(10);
    expect(first?.tries).toBeLessThanOrEqual(12);
    expect(await only()).toMatchObject({ waiting: 0, givenUp: 2, disabledAt: null });
    receiver.answer = () => ({ status: 204 });
    await tell('K01');
    await work();
    expect(receiver.kept.size).toBe(1);
  });

  test('and says for how long is left in peace so long, with all that waits for it', async () => {
    await subscribe();
    await tell('K01');
    receiver.answer = () => ({ status: 429, headers: { 'retry-after': '3600' } });
    await work();
    await tell('K02');
    receiver.answer = () => ({ status: 204 });
    later(3599);
    await work();
    expect(receiver.got).toHaveLength(1);
    later(1);
    await work();
    expect(receiver.kept.size).toBe(2);
  });

  test('is never followed elsewhere', async () => {
    const elsewhere = await openReceiver();
    const endpointId = await subscribe();
    await tell('K01');
    receiver.answer = () => ({ status: 307, headers: { location: elsewhere.url } });
    await work();
    expect(elsewhere.got).toEqual([]);
    expect(await deliveries(endpointId)).toMatchObject([
      { state: 'waiting', lastStatus: 307, lastError: 'redirected' },
    ]);
    await elsewhere.close();
  });

  test('that says it is gone (410) is disabled, and nothing more is kept for it', async () => {
    const endpointId = await subscribe();
    await tell(...Array.from({ length: 20 }, (_, index) => `K${index}`));
    receiver.answer = () => ({ status: 410 });
    await work();
    await tell('K01');
    expect(receiver.got.length).toBeLessThanOrEqual(8);
    expect(await only()).toMatchObject({ waiting: 0, givenUp: 20, disabledBy: 'gone' });
    expect(await nextWebhook(services.database.query, services.clock.now())).toBeNull();
    const lines = await services.database.query({
      text: `SELECT subject FROM audit WHERE action = 'webhook-endpoint.gone'`,
    });
    expect(lines).toEqual([{ subject: endpointId }]);
  });
});

describe('one slow endpoint', () => {
  test('holds up no other, and is sent no more at a time than it may be', async () => {
    const slow = await openReceiver();
    slow.answer = () => 'silence';
    await subscribe(slow);
    await subscribe();
    const managers = Array.from({ length: 40 }, (_, index) => `K${index}`);
    await tell(...managers);
    const quick = new Promise<void>((resolve) => {
      receiver.answer = () => {
        if (receiver.got.length === managers.length) resolve();
        return { status: 204 };
      };
    });
    const working = work(20_000);
    await quick;
    await work();
    expect(slow.got).toHaveLength(8);
    await slow.close();
    await working;
    expect(receiver.kept.size).toBe(managers.length);
  });
});

describe('a worker', () => {
  test('that is killed between sending and recording loses nothing: another sends it again once its lease is over', async () => {
    const endpointId = await subscribe();
    const [first, second] = await tell('K01', 'K01');
    const [claimed] = await claimDue(services.database.query, endpointId, services.clock.now());
    if (!claimed) throw new Error('nothing to claim');
    const event = { ...claimed, id: claimed.eventId };
    await send(claimed.url, messageOf(event, [services.vault.open(claimed.secret)], services.clock.now()));
    // Here it was killed.
    later(59);
    await work();
    expect(receiver.got.map(({ id }) => id)).toEqual([first]);
    later(1);
    await work();
    expect(receiver.got.map(({ id }) => id)).toEqual([first, first, second]);
    expect([...receiver.kept.keys()]).toEqual([first, second]);
  });

  test('and another take up no message together', async () => {
    const endpointId = await subscribe();
    const ids = await tell(...Array.from({ length: 30 }, (_, index) => `K${index}`));
    const workers = Array.from({ length: 6 }, async () => {
      for (let turn = 0; turn < 12; turn += 1) await deliverWebhooks(services, endpointId);
    });
    await Promise.all(workers);
    expect(receiver.got.map(({ id }) => id).sort()).toEqual([...ids].sort());
  });

  test('is told by the heartbeat, over the real queue', async () => {
    vi.useRealTimers();
    const settings = { redisUrl: null, databaseUrl: field.city.url, prefix: 'huifang_jobs', alone: false };
    const queues = await openQueues(catalogue, settings, services);
    const real: Services = { ...services, queues, clock: { now: () => new Date(), until: async () => {} } };
    await queues.work(handlersFor(real), concurrency);
    const stop = startHeartbeat(real);
    await subscribe();
    const facts = Array.from({ length: 20 }, (_, index) => ({ type, subject: `K${index % 7}`, payload: { index } }));
    const ids = await services.database.transaction((query) => announce(query, new Date(), ...facts));
    try {
      await expect.poll(() => receiver.kept.size, { timeout: 20_000 }).toBe(ids.length);
      expect(receiver.got).toHaveLength(ids.length);
    } finally {
      await stop();
      await queues.close();
    }
  });
});

describe('a secret', () => {
  test('that is replaced signs beside the new one as long as was said, and not after', async () => {
    const endpointId = await subscribe();
    const old = receiver.secret;
    const { secret } = await rotateSecret(services, endpointId, { overlapHours: 24, actor: 'test' });
    await tell('K01');
    await work();
    const [{ text, headers, believed } = {} as Received] = receiver.got;
    expect([believed, isBelieved(secret, text, headers), isBelieved(old, text, headers)]).toEqual([true, true, true]);
    later(24 * 3600);
    await tell('K02');
    await work();
    expect(receiver.got[1]?.believed).toBe(false);
    receiver.secret = secret;
    await workOn();
    expect([...receiver.kept.values()].map(({ subject }) => subject)).toEqual(['K01', 'K02']);
  });

  test('is nowhere in the clear, and no line of the audit log holds it', async () => {
    const endpointId = await subscribe();
    await rotateSecret(services, endpointId, { overlapHours: 1, actor: 'test' });
    const rows = await services.database.query({ text: 'SELECT row_to_json(e)::text FROM webhook_endpoint e' });
    const lines = await services.database.query({ text: 'SELECT row_to_json(a)::text FROM audit a' });
    expect(JSON.stringify([rows, lines])).not.toContain(receiver.secret.slice(6, 30));
    const [row] = await services.database.query<{ secret: Buffer }>({
      text: 'SELECT previous_secret AS secret FROM webhook_endpoint',
    });
    expect(row && services.vault.open(row.secret)).toBe(receiver.secret);
  });
});

describe('replaying', () => {
  test('sends one event again, under its id', async () => {
    const endpointId = await subscribe();
    const [first] = await tell('K01', 'K02');
    await work();
    expect(await replay(services, endpointId, { event: first ?? '' }, 'test')).toBe(1);
    await work();
    expect(receiver.got.map(({ id }) => id).filter((id) => id === first)).toHaveLength(2);
    expect(receiver.got).toHaveLength(3);
  });

  test('sends all since a moment or an event, also those from before the endpoint was there, in their order', async () => {
    const ids = await tell('K01', 'K01');
    later(60);
    const since = services.clock.now();
    ids.push(...(await tell('K01', 'K01')));
    const endpointId = await subscribe();
    await work();
    expect(receiver.got).toEqual([]);
    expect(await replay(services, endpointId, { since }, 'test')).toBe(2);
    await work();
    expect(receiver.got.map(({ id }) => id)).toEqual(ids.slice(2));
    expect(await replay(services, endpointId, { sinceEvent: ids[1] ?? '' }, 'test')).toBe(3);
    await work();
    expect(receiver.got.map(({ id }) => id).slice(2)).toEqual(ids.slice(1));
  });

  test('brings what waits forward, and has what was given up tried for three days more', async () => {
    const endpointId = await subscribe();
    await tell('K01');
    receiver.answer = () => ({ status: 500 });
    await workOn();
    expect((await only()).givenUp).toBe(1);
    await replay(services, endpointId, { since: new Date(0) }, 'test');
    await work();
    expect(await deliveries(endpointId)).toMatchObject([{ state: 'waiting', tries: 1 }]);
    receiver.answer = () => ({ status: 200 });
    await replay(services, endpointId, { since: new Date(0) }, 'test');
    await work();
    expect(await deliveries(endpointId)).toMatchObject([{ state: 'delivered', tries: 2 }]);
  });

  test('is refused of what there is not, of types it does not want, and to a disabled endpoint', async () => {
    const endpointId = await subscribe(receiver, ['publication.finalized']);
    const [id = ''] = await tell('K01');
    for (const event of [id, crypto.randomUUID()])
      await expect(replay(services, endpointId, { event }, 'test')).rejects.toMatchObject({ code: 'no-such-event' });
    await changeEndpoint(services, endpointId, { enabled: false }, by);
    await expect(replay(services, endpointId, { event: id }, 'test')).rejects.toMatchObject({
      code: 'endpoint-disabled',
    });
    await expect(ping(services, endpointId, 'test')).rejects.toMatchObject({ code: 'endpoint-disabled' });
  });
});

describe('an endpoint', () => {
  test('is sent a test message past whatever waits for it', async () => {
    const endpointId = await subscribe();
    await tell('K01');
    receiver.answer = ({ type: got }) => ({ status: got === type ? 500 : 200 });
    await work();
    const id = await ping(services, endpointId, 'test');
    await work();
    expect(receiver.kept.get(id)).toMatchObject({ type: 'webhook.ping', believed: true });
  });

  test('that is disabled hears nothing until it is enabled again', async () => {
    const endpointId = await subscribe();
    receiver.answer = () => ({ status: 500 });
    await tell('K01');
    await work();
    await changeEndpoint(services, endpointId, { enabled: false }, by);
    await tell('K02');
    expect(await only()).toMatchObject({ waiting: 0, givenUp: 1, disabledBy: 'test' });
    receiver.answer = () => ({ status: 204 });
    await changeEndpoint(services, endpointId, { enabled: true }, by);
    await tell('K03');
    await workOn();
    expect([...receiver.kept.values()].map(({ subject }) => subject)).toEqual(['K03']);
  });

  test('that is removed while messages wait for it takes them with it, and the events stay', async () => {
    const endpointId = await subscribe();
    await tell('K01');
    await removeEndpoint(services, endpointId, 'test');
    await work();
    expect(receiver.got).toEqual([]);
    expect(await services.database.query({ text: 'SELECT FROM webhook_event' })).toHaveLength(1);
  });

  test('has every fault named, and there are only so many', async () => {
    const wish = { url: 'http://scores.example.com', description: '', types: ['no.such', 'none.either'] };
    const refused = await addEndpoint(services, wish, by).catch((error) => error);
    expect(refused.faults.map(({ where }: { where: string }) => where)).toEqual(['url', 'types', 'types']);
    for (let index = 0; index < mostEndpoints; index += 1) await subscribe();
    await expect(subscribe()).rejects.toMatchObject({ code: 'too-many-endpoints' });
  });
});
