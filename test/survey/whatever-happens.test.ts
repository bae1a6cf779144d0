import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import chineseDays from 'chinese-days';
import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { CallResult } from '../../src/survey/disposition/outcome.ts';
import { readReport } from '../../src/survey/disposition/read-report.ts';
import { recordCallReport } from '../../src/survey/fieldwork/call.ts';
import { takeRingBack } from '../../src/survey/fieldwork/ring-back.ts';
import { settle } from '../../src/survey/fieldwork/settle.ts';
import { takeText } from '../../src/survey/fieldwork/text-turn.ts';
import { takeVoiceTurn } from '../../src/survey/fieldwork/turn.ts';
import type { Key } from '../../src/survey/interview/conversation.ts';
import { standardQuestionnaire } from '../../src/survey/questionnaire/questionnaire.ts';
import { readPublicBundle } from '../../src/survey/round/public-bundle.ts';
import { type ExportKind, exportResults } from '../../src/survey/round/results-export.ts';
import { releaseDueSpotChecks, scheduleSpotCheck } from '../../src/survey/round/spot-check.ts';
import { dial } from '../../src/workers/dial.ts';
import { dispatch } from '../../src/workers/dispatch.ts';
import { drawRules } from '../../src/workers/rules.ts';
import type { Services } from '../../src/workers/services.ts';
import { fieldRound, settleIn, shopsOf } from '../support/city.ts';
import { type Field, openField } from '../support/field.ts';
import { openSite, signedIn } from '../web/site.ts';

/**
 * Fieldwork as chance has it, through the dispatcher, the dial job, the turns and the settler on a real database. Every
 * order that leaves us is held against the calendar as people read it on the wall, not against our own; and in the end
 * everybody who was released is counted once, on the page, in the report and in every export.
 */
const roundId = '2026-12-R1';
const zones = ['Asia/Shanghai', 'Asia/Urumqi', 'Europe/Berlin'];
const hour = 3600;

interface Order {
  readonly attemptId: string;
  readonly at: Date;
}

interface World {
  readonly field: Field;
  readonly services: Services;
  readonly orders: Order[];
  /** Dial jobs that were asked for and not worked yet. */
  readonly jobs: string[];
}

const shopWish = fc.record({
  zone: fc.constantFrom(...zones),
  landline: fc.boolean(),
  proven: fc.boolean(),
  orders: fc.uniqueArray(
    fc.tuple(fc.integer({ min: 1, max: 7 }), fc.constantFrom('morning', 'afternoon')).map((half) => half.join('-')),
    { maxLength: 4 },
  ),
});
const result = fc.constantFrom<CallResult>(
  'busy',
  'no-answer',
  'no-answer',
  'completed',
  'rejected',
  'technical',
  'bad-number',
);
const passing = fc.tuple(
  // As the heartbeat comes, or well after it: to when the next case is due.
  fc.record({
    is: fc.constant('next' as const),
    late: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(4 * hour) }),
  }),
  // Jobs may wait for a worker, some of them for hours.
  fc.record({
    is: fc.constant('dispatch' as const),
    late: fc.oneof({ weight: 2, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(4 * hour) }),
  }),
);
const event = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      is: fc.constant('end' as const),
      results: fc.array(result, { minLength: 1, maxLength: 5 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      ...{ is: fc.constant('talk' as const), pick: fc.nat() },
      keys: fc.array(fc.constantFrom(...'-1234507890#*'), { maxLength: 9 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ is: fc.constant('ring' as const), pick: fc.nat() }) },
  {
    weight: 2,
    arbitrary: fc.record({
      ...{ is: fc.constant('write' as const), pick: fc.nat() },
      text: fc.constantFrom('5', '满分', 'R', '改4', '你是谁', '2', '8', ''),
    }),
  },
  { weight: 1, arbitrary: fc.record({ is: fc.constant('check' as const) }) },
  // A standstill, as of a machine that was switched off.
  { weight: 1, arbitrary: fc.record({ is: fc.constant('wait' as const), seconds: fc.nat(48 * hour) }) },
);
const beat = fc.tuple(passing, event).map(([both, one]) => [...both, one]);
type Step = typeof beat extends fc.Arbitrary<(infer T)[]> ? T : never;
type ShopWish = typeof shopWish extends fc.Arbitrary<infer T> ? T : never;

const all = <T>({ field }: World, statement: string, ...values: unknown[]) =>
  field.city.database.query<T>({ text: statement, values });
const pass = ({ field }: World, seconds: number) =>
  field.city.clock.advance(new Date(field.city.clock.now().getTime() + seconds * 1000));
const drawing = ({ field }: World) => ({
  ...field.city,
  rules: async (id: string) => drawRules(await field.city.rules(id)),
});

async function openWorld(shops: readonly ShopWish[]): Promise<World> {
  const field = await openField('whatever happens', []);
  // W03 has enough shops for a spot check.
  await settleIn(field.city, [...shopsOf('W01', 5), ...shopsOf('W02', 5), ...shopsOf('W03', 16)]);
  const orders: Order[] = [];
  const port: Services['voice']['port'] = {
    ...field.services.voice.port,
    place: async ({ attemptId }) => {
      orders.push({ attemptId, at: field.city.clock.now() });
      return { kind: 'placed', carrierId: `CA${attemptId}` };
    },
  };
  const lane = { carrier: 'chance', channel: 'voice', perSecond: 5, concurrent: null } as const;
  const text: Services['text'] = {
    port: {
      ...{ carrier: 'chance', send: async () => ({ kind: 'unknown', reason: 'nobody carries texts here' }) },
      ...{ textsTo: async () => [], health: async () => {} },
    } as unknown as NonNullable<Services['text']>['port'],
    lane: { ...lane, channel: 'sms' },
  };
  const { clock } = field.city;
  // Whoever waits for his slot gets there.
  const patient = { now: () => clock.now(), until: async (at: Date) => clock.advance(at) };
  const world = {
    field,
    orders,
    jobs: [],
    services: { ...field.services, clock: patient, voice: { port, lane }, text },
  };
  await all(world, `INSERT INTO district VALUES ('D2', '西苑') ON CONFLICT DO NOTHING`);
  await all(world, `UPDATE manager SET district_id = 'D2' WHERE id = 'W02'`);
  const ids = (await all<{ id: string }>(world, 'SELECT id FROM retailer ORDER BY id')).map(({ id }) => id);
  for (const [index, id] of ids.entries()) {
    const {
      zone = 'Asia/Shanghai',
      landline = false,
      proven = false,
      orders: halves = [],
    } = shops[index % shops.length] ?? {};
    await all(
      world,
      'UPDATE retailer SET time_zone = $2, ordering_half_days = $3, delivery_half_days = $4 WHERE id = $1',
      ...[id, zone, halves.slice(1), halves.slice(0, 1)],
    );
    await all(
      world,
      `UPDATE phone p SET kind = $2, proven_at = $3 FROM retailer s WHERE s.phone_id = p.id AND s.id = $1`,
      ...[id, landline ? 'landline' : 'mobile', proven ? '2026-09-01' : null],
    );
  }
  await fieldRound(field.city);
  return world;
}

const live = (world: World, channel: 'voice' | 'sms') =>
  all<{ id: string; index: Buffer; turn: number }>(
    world,
    `SELECT a.id, p.blind_index AS index, a.turn FROM attempt a JOIN phone p ON p.id = a.phone_id
     WHERE a.channel = $1::channel AND a.state NOT IN ('ended', 'claimed') ORDER BY a.created_at, a.id`,
    channel,
  );
const picked = <T>(list: readonly T[], pick: number): T | undefined => list[pick % Math.max(list.length, 1)];

async function happen(world: World, one: Step): Promise<void> {
  const { field, services, jobs } = world;
  switch (one.is) {
    case 'dispatch': {
      const before = field.asked.length;
      await dispatch(services);
      for (const { name, payload } of field.asked.slice(before))
        if (name === 'dial') jobs.push((payload as { attemptId: string }).attemptId);
      // Each is delivered twice.
      pass(world, one.late);
      for (const attemptId of jobs.splice(0)) {
        await Promise.all([dial(services, attemptId), dial(services, attemptId)]);
      }
      return;
    }
    case 'next': {
      const [next] = await all<{ at: Date | null }>(world, 'SELECT min(due_at) AS at FROM survey_case');
      if (next?.at) field.city.clock.advance(next.at);
      return pass(world, one.late);
    }
    case 'end': {
      pass(world, 30);
      for (const [index, call] of (await live(world, 'voice')).entries())
        await report(world, call.id, one.results[index % one.results.length] ?? 'busy');
      return;
    }
    case 'talk': {
      const call = picked(await live(world, 'voice'), one.pick);
      if (!call || call.turn > 0) return;
      await takeVoiceTurn(field.city, call.id, 0, { kind: 'answered' });
      for (const [index, key] of one.keys.entries()) {
        pass(world, 15);
        const input = key === '-' ? ({ kind: 'silence' } as const) : ({ kind: 'key', key: key as Key } as const);
        await takeVoiceTurn(field.city, call.id, index + 1, input);
      }
      await report(world, call.id, 'completed');
      return;
    }
    case 'ring': {
      const [phone] = await all<{ index: Buffer }>(
        world,
        'SELECT blind_index AS index FROM phone ORDER BY id OFFSET $1 LIMIT 1',
        one.pick % 26,
      );
      await takeRingBack(field.city, { carrierId: field.city.chance.id(), phoneIndex: phone?.index ?? null });
      return;
    }
    case 'write': {
      const thread = picked(await live(world, 'sms'), one.pick);
      if (thread)
        await takeText(field.city, { carrierId: field.city.chance.id(), phoneIndex: thread.index, text: one.text });
      return;
    }
    case 'check':
      await scheduleSpotCheck(drawing(world), {
        ...{ roundId, askedBy: field.city.chance.id(), reason: '投诉较多', districtId: null },
        ...{ managers: { named: ['W03'] }, perManager: 1, dueAt: field.city.clock.now() },
      }).catch(() => null);
      await releaseDueSpotChecks(drawing(world));
      return;
    case 'wait':
      pass(world, one.seconds);
  }
}

async function report({ field }: World, attemptId: string, came: CallResult): Promise<void> {
  const ended = { state: 'ended', result: came, errorCode: null } as const;
  await recordCallReport(field.city.database.query, attemptId, null, ended, field.city.clock.now());
}

interface Placed {
  readonly id: string;
  readonly caseId: string;
  readonly phoneId: string;
  readonly zone: string;
  readonly halfDays: string[];
  readonly endedAt: Date | null;
  readonly result: string | null;
  readonly wanted: string | null;
  readonly inbound: boolean;
}

/** What the wall says: day, weekday and time of the shop, read without our own calendar. */
function onTheWall(at: Date, timeZone: string) {
  const written = new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'medium' }).format(at);
  const [date = '', time = ''] = written.split(' ');
  const weekday = new Date(`${date}T00:00:00Z`).getUTCDay() || 7;
  return { date, time, half: `${weekday}-${time < '12' ? 'morning' : 'afternoon'}` };
}

async function expectDecentCalls(world: World): Promise<void> {
  const placed = await all<Placed>(
    world,
    `SELECT a.id, a.case_id AS "caseId", a.phone_id AS "phoneId", s.time_zone AS zone, a.ended_at AS "endedAt", a.result,
            s.ordering_half_days || s.delivery_half_days AS "halfDays", a.inbound,
            coalesce(a.conversation ->> 'wanted', CASE WHEN a.conversation #>> '{place,is}' = 'later' THEN 'any' END) AS wanted
     FROM attempt a JOIN survey_case c ON c.id = a.case_id JOIN retailer s ON s.id = c.retailer_id ORDER BY a.case_id, a.number`,
  );
  const byId = new Map(placed.map((one) => [one.id, one]));
  const perCase = new Map<string, { at: Date; one: Placed }[]>();
  for (const { attemptId, at } of world.orders) {
    const one = byId.get(attemptId) ?? expect.fail('an order of no attempt');
    const { date, time, half } = onTheWall(at, one.zone);
    expect(chineseDays.isWorkday(date), `${date} is no working day`).toBe(true);
    const inWindow = (time >= '09:30' && time < '11:30') || (time >= '14:00' && time < '17:00');
    expect(inWindow, `${time} in ${one.zone}`).toBe(true);
    expect(one.halfDays).not.toContain(half);
    perCase.set(one.caseId, [...(perCase.get(one.caseId) ?? []), { at, one }]);
  }
  expect(new Set(world.orders.map(({ attemptId }) => attemptId)).size).toBe(world.orders.length);
  for (const [caseId, orders] of perCase) {
    for (const [index, { at }] of orders.slice(1).entries()) {
      const before = orders[index]?.one.endedAt ?? expect.fail('called while a call was on');
      expect(at.getTime() - before.getTime()).toBeGreaterThanOrEqual(2 * 3_600_000);
    }
    const used = orders.filter(({ one }) => one.result !== 'technical');
    // A 7 counts as well where the shop rang us: two calls more, and no other limit.
    const ids = new Set(used.map(({ one }) => one.id));
    const talks = placed.filter((one) => one.caseId === caseId && (ids.has(one.id) || (one.inbound && one.wanted)));
    const asked = talks.findIndex(({ wanted }) => wanted !== null);
    const ours = (some: Placed[]) => some.filter(({ id }) => ids.has(id)).length;
    expect(ours(asked < 0 ? talks : talks.slice(0, asked))).toBeLessThanOrEqual(4);
    expect(asked < 0 ? 0 : ours(talks.slice(asked + 1))).toBeLessThanOrEqual(2);
  }
}

async function exported<Line>({ field }: World, kind: ExportKind, format: 'csv' | 'json'): Promise<Line[]> {
  const out = new PassThrough();
  const written = text(out);
  await exportResults({ ...field.services, ...field.city }, { roundId, kind, format, actor: 'test' }, out);
  return format === 'json' ? JSON.parse(await written) : parse(await written, { columns: true, bom: true });
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);
const countBy = <T>(list: readonly T[], key: (each: T) => string): Record<string, number> => {
  const counts: Record<string, number> = {};
  for (const each of list) counts[key(each)] = (counts[key(each)] ?? 0) + 1;
  return counts;
};

interface CaseLine {
  readonly case: string;
  readonly manager: string;
  readonly district: string;
  readonly state: string;
  readonly disposition: string;
  readonly group: string;
  readonly attempts: number | string;
}

async function expectEverybodyCounted(world: World): Promise<void> {
  const lines = await readReport(world.field.city.database.query, roundId, standardQuestionnaire());
  const cases = await exported<CaseLine>(world, 'cases', 'json');
  const released = await all<{ manager: string; count: number }>(
    world,
    'SELECT manager_id AS manager, sum(count)::int AS count FROM release WHERE round_id = $1 GROUP BY 1',
    roundId,
  );
  expect(Object.fromEntries(released.map(({ manager, count }) => [manager, count]))).toEqual(
    countBy(cases, ({ manager }) => manager),
  );
  for (const line of lines) {
    const own = cases.filter(
      ({ manager, district }) => line.level === 'round' || line.id === (line.level === 'manager' ? manager : district),
    );
    expect(sum(Object.values(line.dispositions))).toBe(line.released);
    expect(sum(Object.values(line.groups))).toBe(line.released);
    expect(line.released).toBe(own.length);
    expect(line.dispositions).toEqual(countBy(own, ({ disposition }) => disposition));
    expect(line.open).toBe(own.filter(({ state }) => state !== 'done').length);
    const groups = Object.entries(line.groups).filter(([, count]) => count > 0);
    expect(Object.fromEntries(groups)).toEqual(countBy(own, ({ group }) => group));
    // Every valid response was given in some channel, and in one only.
    expect(sum(Object.values(line.channels))).toBe(line.groups.I + line.groups.P);
  }
  const { managers } = await readPublicBundle(world.field.city, roundId);
  for (const line of lines.filter(({ level }) => level === 'manager'))
    expect(managers[line.id]?.released).toBe(line.released);
  await expectSameInEveryFile(world, lines, cases);
}

async function expectSameInEveryFile(
  world: World,
  lines: Awaited<ReturnType<typeof readReport>>,
  cases: readonly CaseLine[],
): Promise<void> {
  const written = await exported<Record<string, string>>(world, 'cases', 'csv');
  expect(written).toEqual(
    cases.map((line) => Object.fromEntries(Object.entries(line).map(([k, v]) => [k, String(v)]))),
  );
  const attempts = await exported<{ attempt: string; case: string }>(world, 'attempts', 'csv');
  expect(countBy(attempts, (attempt) => attempt.case)).toEqual(
    Object.fromEntries(cases.flatMap((one) => (Number(one.attempts) > 0 ? [[one.case, Number(one.attempts)]] : []))),
  );
  const tallies = await exported<Record<string, string>>(world, 'tallies', 'csv');
  expect(tallies.map(({ level, id, released, open }) => [level, id, Number(released), Number(open)])).toEqual(
    lines.map(({ level, id, released, open }) => [level, id, released, open]),
  );
  const page = await signedIn(world.field, openSite(world.field), 'auditor');
  const { text: html } = await page.get(`/rounds/${roundId}`);
  const table = /按 AAPOR[\s\S]*?<\/table>/.exec(html)?.[0] ?? '';
  const shown = [...table.matchAll(/<td class="num">([\d,]+)<\/td><td class="num">[\d.]+%/g)].map(([, n]) => Number(n));
  expect(shown.pop()).toBe(cases.length);
  // One row a disposition, or two where it is worth more on a number that somebody was reached under.
  const rows = Object.values(countBy(cases, ({ disposition, group }) => `${disposition} ${group}`));
  expect(shown.toSorted((x, y) => x - y)).toEqual(rows.toSorted((x, y) => x - y));
}

test('nobody is called outside his hours or above the caps, and everybody released is counted once, everywhere', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(shopWish, { minLength: 6, maxLength: 6 }),
      fc.array(beat, { minLength: 30, maxLength: 30 }),
      async (shops, beats) => {
        const world = await openWorld(shops);
        try {
          for (const one of beats.flat()) {
            await happen(world, one);
            await settle(world.field.city);
          }
          await expectDecentCalls(world);
          await expectEverybodyCounted(world);
        } finally {
          await world.field.close();
        }
      },
    ),
    { numRuns: 6, endOnFailure: true },
  );
}, 120_000);
