import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { doubleCalls, readCallLog } from '../../src/cli/demo/bundle.ts';
import { turn } from '../../src/cli/demo/clockwork.ts';
import { openControl } from '../../src/cli/demo/control.ts';
import { readConfig } from '../../src/config.ts';
import { type Service, startService } from '../../src/main.ts';
import { StandingClock } from '../../src/platform/clock.ts';
import { silentLog } from '../../src/platform/log.ts';
import type { CastFile } from '../../src/telephony/simulator/cast.ts';
import { type City, fieldRound, settleIn, shopsOf, tuesdayMorning } from '../support/city.ts';
import { createTestDatabase } from '../support/database.ts';

/**
 * Everything that a carrier and its people will do to us, each to a shop of its own, in one round that is played from
 * its draw to its close over real HTTP; and what became of each case. (`telephony.md` has the list.)
 */
type Script = NonNullable<CastFile['numbers']>[string];
interface Item {
  readonly item: string;
  readonly script: Script;
  /** What the case came to. */
  readonly comes: string | RegExp;
  /** How often the phone was called. */
  readonly calls?: number;
}

/** Picks up at once and answers everything. */
const willing: Script = { persona: 'content', calls: [{}] };
const faulty = (...faults: NonNullable<Script['faults']>): Script => ({ ...willing, faults });
const once = { faultyFor: 1 };
const stranger = '+8619999999999';

const items: readonly Item[] = [
  { item: 'callbacks twice', script: faulty('doubled'), comes: 'complete', calls: 1 },
  { item: 'callbacks in reverse order', script: faulty('reversed'), comes: 'complete', calls: 1 },
  { item: 'terminal status before answered', script: faulty('end-before-answered'), comes: 'complete', calls: 1 },
  { item: 'no terminal status at all', script: faulty('end-lost'), comes: 'complete', calls: 1 },
  { item: 'webhook before the create response', script: faulty('webhook-first'), comes: 'complete', calls: 1 },
  {
    item: 'create is never answered but the call goes out',
    script: faulty('no-response'),
    comes: 'complete',
    calls: 1,
  },
  { item: 'create breaks off but the call goes out', script: faulty('connection-reset'), comes: 'complete', calls: 1 },
  { item: 'create answers 502 in HTML', script: faulty('proxy-page'), comes: 'complete', calls: 1 },
  { item: 'create answers 500', script: { ...faulty('server-error'), ...once }, comes: 'complete', calls: 1 },
  { item: 'create answers 503', script: { ...faulty('unavailable'), ...once }, comes: 'complete', calls: 1 },
  { item: 'create answers 429', script: { ...faulty('throttled'), ...once }, comes: 'complete', calls: 1 },
  {
    item: 'keys of an earlier question come again at a later one',
    script: faulty('keys-replayed'),
    comes: 'complete',
    calls: 1,
  },
  { item: 'two turns at once', script: faulty('turns-doubled'), comes: 'complete', calls: 1 },
  {
    item: 'hang-up between turns, in every call: the next goes on where the last broke off',
    script: { calls: [{ does: [{ question: 3, hangsUp: true, after: -1 }] }] },
    comes: 'complete',
  },
  { item: 'silence throughout', script: { persona: 'silent' }, comes: 'silent' },
  { item: '*, #, 0, 6 and two digits', script: { persona: 'every-key' }, comes: /complete|partial/ },
  {
    item: 'keys pressed before the prompt ends',
    script: { persona: 'impatient', calls: [{}] },
    comes: 'complete',
    calls: 1,
  },
  { item: 'answering machine', script: { persona: 'voicemail' }, comes: /voicemail|screened/ },
  { item: 'fax', script: { persona: 'fax' }, comes: /no-answer|voicemail|sms-silent/ },
  { item: 'call-screening assistant', script: { persona: 'assistant' }, comes: /screened|complete/ },
  {
    item: 'the shop rings back',
    script: { calls: [{ rings: 'ring-out' }], ringsBack: 300 },
    comes: 'complete',
    calls: 1,
  },
  {
    item: 'number busy',
    script: { persona: 'silent', calls: [{ rings: 'busy' }] },
    comes: /busy|sms-silent/,
    calls: 4,
  },
  { item: 'number off', script: { persona: 'off' }, comes: /no-answer|sms-silent/, calls: 4 },
  { item: 'number suspended', script: { persona: 'suspended' }, comes: /rejected|sms-silent|partial/ },
  { item: 'number nonexistent', script: { persona: 'dead-number' }, comes: 'bad-number', calls: 1 },
  { item: 'forged signatures', script: faulty('forged'), comes: 'complete', calls: 1 },
  { item: 'unknown attempt id', script: faulty('unknown-attempt'), comes: 'complete', calls: 1 },
  {
    item: 'opt-out in the middle of a question: answers stay, and nobody calls again',
    script: { persona: 'opts-out-midway', calls: [{}] },
    comes: 'partial',
    calls: 1,
  },
  { item: 'texts in every form, hours later', script: { persona: 'writes-oddly' }, comes: /./ },
  { item: 'a callback with fields nobody has seen', script: faulty('new-fields'), comes: 'complete', calls: 1 },
];

const shops = ['W01', 'W02', 'W03'].flatMap((manager) => shopsOf(manager, 10));
const phoneOf = (index: number) => shops[index]?.phone ?? '';
const notDrawn = { id: 'W01-0500', manager: 'W01', phone: '+8613800010500' };
const folder = mkdtempSync(join(tmpdir(), 'huifang-worst-'));
let database: Awaited<ReturnType<typeof createTestDatabase>>;
let service: Service;
let carrier: { readonly calls: ReturnType<typeof readCallLog>; readonly tally: Tally; readonly transcripts: string };
interface Tally {
  readonly probes: Readonly<Record<string, number>>;
  readonly ringBacks: number;
}
const isOver = async () =>
  (await all(`SELECT FROM round WHERE state = 'closed' AND NOT EXISTS (SELECT FROM attempt WHERE state <> 'ended')`))
    .length > 0;
const all = <T>(text: string, ...values: unknown[]) => service.services.database.query<T>({ text, values });

beforeAll(async () => {
  database = await createTestDatabase('worst');
  const cast: CastFile = {
    numbers: Object.fromEntries(items.map(({ script }, index) => [phoneOf(index), script])),
    inbound: [
      ...['5', '５', '五', '5分', '非常满意', '😡', '', '满'.repeat(1600), 'R'].map((writes) => ({
        from: stranger,
        at: 60,
        writes,
      })),
      { from: stranger, at: 90, calls: true },
      { from: notDrawn.phone, at: 120, calls: true },
    ],
  };
  const file = join(folder, 'cast.json');
  writeFileSync(file, JSON.stringify(cast));
  const clock = new StandingClock(tuesdayMorning);
  const key = Buffer.alloc(32, 9).toString('base64');
  const config = readConfig({
    ...{ DATABASE_URL: database.url, DATA_KEY: key, SESSION_SECRET: key, PORT: '0', CARRIER: 'simulator' },
    ...{ CALLS_PER_SECOND: '5', MAX_CONCURRENT_CALLS: '100', TWILIO_FROM_NUMBER: '+8679188000000' },
  });
  const args = [
    '--seed',
    'worst',
    '--start',
    tuesdayMorning.toISOString(),
    '--cast',
    file,
    '--number',
    '+8679188000000',
  ];
  const simulator = { args, env: { SIMULATOR_CONTROL_TOKEN: 'worst' } };
  service = await startService(config, { log: silentLog, clock, folder, alone: true, simulator });
  const { services } = service;
  const city = { ...services, clock } as unknown as City;
  await settleIn(city, shops);
  await settleIn(city, [{ ...notDrawn, closed: true }]);
  await fieldRound(city);
  await service.work({ heartbeat: false });
  await services.queues.add('reconcile', {});
  const control = openControl(service.simulatorUrl ?? '', 'worst');
  await turn({ services, clock, simulator: control }, isOver);
  const ask = async (path: string) => (await fetch(`${service.simulatorUrl}/_control/worst/${path}`)).text();
  carrier = {
    calls: readCallLog(await ask('calls')),
    tally: JSON.parse(await ask('tally')) as Tally,
    transcripts: await ask('transcripts'),
  };
}, 300_000);
afterAll(async () => {
  await service.stop();
  await database.drop();
  rmSync(folder, { recursive: true, force: true });
});

test.each(items.map((one, index) => ({ ...one, index })))('$item: $comes', async ({ index, comes, calls }) => {
  const [one] = await all<{ disposition: string; state: string; attempts: string[] }>(
    `SELECT c.disposition, c.state, array(SELECT a.id::text FROM attempt a WHERE a.case_id = c.id AND a.channel = 'voice') AS attempts
     FROM survey_case c WHERE c.retailer_id = $1`,
    shops[index]?.id,
  );
  expect(one?.state).toBe('done');
  expect(one?.disposition).toMatch(comes);
  const made = carrier.calls.filter(({ attempt }) => one?.attempts.includes(attempt ?? ''));
  if (calls !== undefined) expect(made).toHaveLength(calls);
});

describe('after all of it', () => {
  test('nobody was called twice, and nothing is left open', async () => {
    expect(doubleCalls(carrier.calls)).toBe(0);
    expect(await all(`SELECT id FROM attempt WHERE state <> 'ended'`)).toEqual([]);
    expect(await all('SELECT * FROM outbox')).toEqual([]);
    expect(await all(`SELECT id FROM survey_case WHERE state <> 'done'`)).toEqual([]);
  });

  test('every forgery was turned away, and every call of nobody', () => {
    expect(Object.keys(carrier.tally.probes).sort()).toEqual(['forged 403', 'unknown-attempt 404']);
  });

  test('strangers changed nothing, and a shop that was not drawn rated nobody', async () => {
    expect(await all('SELECT id FROM survey_case WHERE retailer_id = $1', notDrawn.id)).toEqual([]);
    expect(await all(`SELECT id FROM phone WHERE opted_out_at IS NOT NULL`)).toHaveLength(1);
    expect(carrier.tally.ringBacks).toBeGreaterThanOrEqual(3);
    const told = carrier.transcripts.split('\n').filter((line) => line.includes('"direction":"inbound"'));
    expect(told.filter((line) => /"answer":"(?!200|204)/.test(line))).toEqual([]);
  });

  test('each answer given by voice was given in one turn, and the last one counts', async () => {
    const wrong = await all(`
      SELECT c.id FROM survey_case c WHERE c.answers <> coalesce((
        SELECT jsonb_object_agg(item, value) FROM (
          SELECT DISTINCT ON (a.item) a.item, a.value FROM answer a WHERE a.case_id = c.id ORDER BY a.item, a.at DESC, a.turn DESC
        ) AS last), '{}')`);
    expect(wrong).toEqual([]);
  });
});
