import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { addEndpoint } from '../../../src/platform/webhooks/endpoint.ts';
import { findPublished } from '../../../src/scoring/store.ts';
import { eventTypes } from '../../../src/workers/events.ts';
import { finalisePeriod } from '../../../src/workers/score.ts';
import { deliverWebhooks } from '../../../src/workers/webhooks.ts';
import { cityManagers, type Field, openField, publishField } from '../../support/field.ts';
import { openReceiver, type Receiver } from '../../support/receiver.ts';
import { openSite } from '../site.ts';
import { openProgram, type Program } from './program.ts';

/** Results by API and by webhook: the same, of the same publication, and nothing of a retailer in either. */
const period = '2026-12';
let field: Field;
let program: Program;
let receiver: Receiver;
let endpointId: string;

beforeAll(async () => {
  field = await openField('api-results', cityManagers(6));
  program = await openProgram(field, openSite(field));
  receiver = await openReceiver();
  const wish = { url: receiver.url, description: '', types: eventTypes };
  const { id, secret } = await addEndpoint(field.services, wish, { known: eventTypes, actor: 'test' });
  endpointId = id;
  receiver.secret = secret;
  await publishField(field);
});
afterEach(() => vi.useRealTimers());
afterAll(async () => {
  await receiver.close();
  await field.close();
});

const of = async (path: string) => (await program.get(`/results${path}`)).body;
async function heard(): Promise<{ type: string; timestamp: string; data: { managerId: string } }[]> {
  vi.useFakeTimers({ toFake: ['Date'], now: field.city.clock.now() });
  for (let turn = 0; turn < 5; turn += 1) await deliverWebhooks(field.services, endpointId);
  return [...receiver.kept.values()].map(({ text }) => JSON.parse(text));
}

test('of a notice are there for whoever asks for what may still change, and for nobody else', async () => {
  expect((await heard()).map(({ type, data }) => [type, data])).toEqual([
    ['publication.noticed', expect.objectContaining({ period, appealsUntil: expect.any(String) })],
  ]);
  expect((await program.get(`/results?period=${period}`)).status).toBe(404);
  expect((await program.get(`/results/${period}/K01`)).status).toBe(404);
  const standing = await of(`?period=${period}&stage=standing`);
  expect(standing).toMatchObject({ stage: 'notice', next: null });
  expect(standing.items.map(({ managerId }: { managerId: string }) => managerId)).toEqual([
    'K01',
    'K02',
    'K03',
    'K04',
    'K05',
    'K06',
  ]);
});

test('once final are the same by webhook, by list and one by one', async () => {
  const begun = await of(`?period=${period}&stage=standing&limit=2`);
  const published = await findPublished(field.services.database.query, period);
  field.city.clock.advance(published?.appealsUntil ?? new Date(Number.NaN));
  await finalisePeriod(field.services, period);
  const events = await heard();
  const told = events.filter(({ type }) => type === 'customer-evaluation.finalized').map(({ data }) => data);
  const byManager = (a: { managerId: string }, b: { managerId: string }) => (a.managerId < b.managerId ? -1 : 1);
  const { items, ...head } = await of(`?period=${period}`);
  expect(head).toMatchObject({ stage: 'final', next: null });
  expect(items).toEqual([...told].sort(byManager));
  expect(items).toHaveLength(6);
  for (const item of items) {
    expect(item.publication).toBe(head.publication);
    expect((await of(`/${period}/${item.managerId}`)).result).toEqual(item);
  }
  expect(events.find(({ type }) => type === 'publication.finalized')?.data).toMatchObject({
    ...{ hash: head.publication, supersedes: begun.publication },
  });
  // Whoever began to read the notice reads it to its end.
  const rest = await of(`?period=${period}&stage=standing&limit=10&after=${begun.next}`);
  expect([rest.stage, rest.publication, rest.items.length]).toEqual(['notice', begun.publication, 4]);
});

test('hold no shop, no telephone number and no name', async () => {
  const everything = JSON.stringify([
    await heard(),
    await of(`?period=${period}`),
    (await program.get('/events')).body,
  ]);
  const shops = await field.services.database.query<{ id: string; name: string }>({
    text: 'SELECT id, name FROM retailer',
  });
  expect(shops.length).toBeGreaterThan(500);
  for (const { id, name } of shops) expect(everything.includes(id) || everything.includes(name)).toBe(false);
  expect(everything).not.toMatch(/\+86|1[3-9]\d{9}|\d{3}\*{4}\d/);
  for (const { name } of field.managers) expect(everything).not.toContain(name);
});

test('of nobody, of no month and after no page are refused', async () => {
  expect((await program.get(`/results/${period}/K99`)).status).toBe(404);
  expect((await program.get('/results?period=2031-01')).status).toBe(404);
  expect((await program.get('/results')).body.faults[0].where).toBe('query.period');
  expect((await program.get('/results?period=2026-13')).body.faults[0].where).toBe('query.period');
  expect((await program.get(`/results?period=${period}&after=x`)).body.faults[0].where).toBe('query.after');
});
