import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { CallResult } from '../../src/survey/disposition/outcome.ts';
import { type CallReport, recordCallReport } from '../../src/survey/fieldwork/call.ts';
import { claimDue } from '../../src/survey/fieldwork/claim.ts';
import type { Lane } from '../../src/survey/fieldwork/pace.ts';
import { takeVoiceTurn } from '../../src/survey/fieldwork/turn.ts';
import type { Key } from '../../src/survey/interview/conversation.ts';
import { CarrierUnreachable } from '../../src/telephony/carrier-unreachable.ts';
import type { Placing } from '../../src/telephony/ports.ts';
import { handlersFor } from '../../src/workers/handlers.ts';
import { agenda } from '../../src/workers/heartbeat.ts';
import type { Services } from '../../src/workers/services.ts';
import { fieldRound, settleIn, shopsOf } from '../support/city.ts';
import { type Field, openField } from '../support/field.ts';

/**
 * Whatever moment it is after which nothing is heard of a call any more, the reconciler finds it, at the times that the
 * database names: it is placed once at the most, ends as its carrier says, and keeps what was answered.
 */
let field: Field;
let services: Services;
let waiting: { readonly name: string; readonly payload: unknown }[];

/** What the carrier has; `null` = it knows of the call no more. */
interface Carried {
  readonly carrierId: string;
  readonly to: string;
  readonly at: Date;
  report: CallReport | null;
}
let carried: Carried[];
let orders: number;
let looks: number;
/** What happens to the next order. */
let fate: 'taken' | 'killed before' | 'killed after' | '500, taken' | '500, not taken';
let away: boolean;

const voice: Lane = { carrier: 'test', channel: 'voice', perSecond: 1000, concurrent: null };
const all = <T>(text: string, ...values: unknown[]) => field.city.database.query<T>({ text, values });
const now = () => field.city.clock.now();
const later = (seconds: number) => new Date(now().getTime() + seconds * 1000);
const minutes = (count: number) => count * 60;
const day = minutes(24 * 60);
const query: Services['database']['query'] = (statement) => field.city.database.query(statement);

beforeEach(async () => {
  field = await openField('reconciler', []);
  await settleIn(field.city, shopsOf('W01', 1));
  await fieldRound(field.city);
  [waiting, carried, orders, looks, fate, away] = [[], [], 0, 0, 'taken', false];
  const look = () => {
    if (away) throw new CarrierUnreachable('no answer');
    looks += 1;
  };
  const known = ({ carrierId, report }: Carried) => (report ? [{ carrierId, report }] : []);
  const port: Services['voice']['port'] = {
    ...field.services.voice.port,
    async place({ to }): Promise<Placing> {
      orders += 1;
      if (fate === 'killed before') throw new Error('killed');
      const carrierId = `CA${orders}`;
      if (fate !== '500, not taken') carried.push({ carrierId, to, at: now(), report: { state: 'queued' } });
      if (fate === 'killed after') throw new Error('killed');
      return fate === 'taken' ? { kind: 'placed', carrierId } : { kind: 'unknown', reason: 'HTTP 500' };
    },
    async callsTo(to, since) {
      look();
      return carried.filter((call) => call.to === to && call.at >= since).flatMap(known);
    },
    async call(carrierId) {
      look();
      return carried.filter((call) => call.carrierId === carrierId).flatMap(known)[0] ?? null;
    },
  };
  const queues: Services['queues'] = {
    ...field.services.queues,
    async add(name, ...payloads) {
      waiting.push(...payloads.map((payload) => ({ name, payload })));
    },
  };
  services = { ...field.services, queues, voice: { port, lane: voice } };
});
afterEach(() => field.close());

/** The one case is due and taken up; nothing else is planned. */
async function takeUp(): Promise<string> {
  const wish = { now: now(), until: later(1), openZones: ['Asia/Shanghai'] };
  const { attemptIds } = await claimDue(field.city, voice, wish);
  return attemptIds[0] ?? expect.fail('nothing was due');
}
const dial = (attemptId: string) => work({ name: 'dial', payload: { attemptId } });

/** Works a job and those that follow from it; one that is killed leaves what it left. */
async function work(...jobs: { readonly name: string; readonly payload: unknown }[]): Promise<void> {
  waiting.push(...jobs);
  const handlers = handlersFor(services) as unknown as Record<string, (payload: unknown) => Promise<void>>;
  for (let job = waiting.shift(); job; job = waiting.shift()) {
    if (!['dial', 'settle', 'reconcile'].includes(job.name)) continue;
    const done = handlers[job.name]?.(job.payload).catch((error: Error) => {
      if (error.message !== 'killed') throw error;
    });
    // Whoever waits for a slot waits for the clock.
    await field.city.clock.advance(later(1));
    await done;
  }
}

/** As the heartbeat beats: the reconciler looks whenever something is due for it, until then. */
async function pass(seconds: number): Promise<void> {
  const end = later(seconds);
  for (;;) {
    const { reconcile } = await agenda(services);
    if (!reconcile || reconcile > end) break;
    field.city.clock.advance(reconcile > now() ? reconcile : now());
    await work({ name: 'reconcile', payload: {} });
  }
  if (end > now()) field.city.clock.advance(end);
}

/** The carrier cannot be asked: tried every two minutes at first, and once more at the end. */
async function beAwayForTwoDays(): Promise<void> {
  away = true;
  await pass(minutes(15));
  field.city.clock.advance(later(2 * day));
  await work({ name: 'reconcile', payload: {} });
}

/** Turn 0 answers, then one key a turn; `-` is silence. */
async function talk(attemptId: string, keys: string): Promise<void> {
  await takeVoiceTurn(services, attemptId, 0, { kind: 'answered' });
  for (const [index, key] of [...keys].entries()) {
    field.city.clock.advance(later(20));
    const input = key === '-' ? ({ kind: 'silence' } as const) : ({ kind: 'key', key: key as Key } as const);
    await takeVoiceTurn(services, attemptId, index + 1, input);
  }
}
const itEnds = (result: CallResult) => {
  for (const call of carried) call.report = { state: 'ended', result, errorCode: null };
};

const attempt = async () =>
  (
    await all<{ state: string; result: string | null; outcome: string | null; checks: number; due: Date | null }>(
      `SELECT state, result, outcome, checks, check_at AS due FROM attempt WHERE number = 1`,
    )
  )[0] ?? expect.fail('no attempt');
const theCase = async () =>
  (
    await all<{ disposition: string; answers: object; due_at: Date | null; due_channel: string | null }>(
      'SELECT disposition, answers, due_at, due_channel FROM survey_case',
    )
  )[0] ?? expect.fail('no case');

interface Moment {
  readonly after: string;
  readonly fate?: typeof fate;
  /** Brings the call there. */
  readonly comes?: (attemptId: string) => Promise<unknown>;
  /** What the carrier then knows of its end; null = it never had the call. */
  readonly ends: CallResult | null;
  readonly result: string;
  readonly disposition: string;
  readonly answers?: Record<string, number>;
  /** How long it takes to find out, at most. */
  readonly within: number;
}

const report = (attemptId: string, state: 'ringing') => recordCallReport(query, attemptId, null, { state }, now());
const heard = (keys: string) => async (attemptId: string) => {
  await dial(attemptId);
  await talk(attemptId, keys);
};

const moments: readonly Moment[] = [
  {
    after: 'it was taken up, its job lost',
    comes: async () => {},
    ...{ ends: 'no-answer', result: 'no-answer', disposition: 'no-answer', within: minutes(10) },
  },
  {
    after: 'it was committed, the worker killed before it asked',
    fate: 'killed before',
    ...{ ends: null, result: 'lost', disposition: 'technical', within: day },
  },
  {
    after: 'the carrier took it, the worker killed before it wrote that down',
    fate: 'killed after',
    ...{ ends: 'no-answer', result: 'no-answer', disposition: 'no-answer', within: minutes(2) },
  },
  {
    after: 'the carrier answered 500 and took it',
    fate: '500, taken',
    ...{ ends: 'busy', result: 'busy', disposition: 'busy', within: minutes(1) },
  },
  {
    after: 'the carrier answered 500 and did not take it',
    fate: '500, not taken',
    ...{ ends: null, result: 'lost', disposition: 'technical', within: day },
  },
  {
    after: 'it was taken, and not one report came',
    ...{ ends: 'no-answer', result: 'no-answer', disposition: 'no-answer', within: minutes(6) },
  },
  {
    after: 'it rang',
    comes: async (id) => dial(id).then(() => report(id, 'ringing')),
    ...{ ends: 'busy', result: 'busy', disposition: 'busy', within: minutes(6) },
  },
  {
    after: 'somebody answered',
    comes: heard(''),
    ...{ ends: 'completed', result: 'completed', disposition: 'refused', within: minutes(6) },
  },
  {
    after: 'the rating',
    comes: heard('-4'),
    ...{ ends: 'completed', result: 'completed', disposition: 'partial', answers: { Q1: 4 }, within: minutes(7) },
  },
  {
    after: 'he said stop',
    comes: heard('-9'),
    ...{ ends: 'completed', result: 'completed', disposition: 'opted-out', within: minutes(7) },
  },
  {
    after: 'the last answer',
    comes: heard('-4-555521'),
    ...{ ends: 'completed', result: 'completed', disposition: 'complete', within: minutes(10) },
    answers: { Q1: 4, Q2: 5, Q3: 5, Q4: 5, Q5: 5, Q6: 2 },
  },
];

describe('nothing is heard any more after', () => {
  test.each(moments)('$after: $disposition', async (moment) => {
    const { comes = dial, ends, within, result, disposition, answers = {} } = moment;
    fate = moment.fate ?? 'taken';
    const attemptId = await takeUp();
    await comes(attemptId);
    if (orders === 0) await pass(minutes(2));
    if (ends) itEnds(ends);
    await pass(within);
    expect(await attempt()).toMatchObject({ state: 'ended', result, due: null });
    expect(orders, 'it was asked for once').toBe(1);
    const settled = await theCase();
    expect(settled).toMatchObject({ disposition, answers: expect.objectContaining(answers) });
    // What is to come is planned, and what is over is over: nothing waits for a report that never comes.
    expect(await all('SELECT FROM outbox')).toEqual([]);
    const isOver = ['complete', 'opted-out'].includes(disposition);
    expect(settled.due_channel).toBe(isOver ? null : disposition === 'partial' ? settled.due_channel : 'voice');
    if (!isOver && disposition !== 'partial')
      expect((settled.due_at?.getTime() ?? 0) - now().getTime()).toBeGreaterThan(minutes(60) * 1000);
  });
});

describe('a call', () => {
  test('that the carrier took and knows no more is looked for as one of unknown fate, and lost after a day', async () => {
    await dial(await takeUp());
    for (const call of carried) call.report = null;
    await pass(minutes(9));
    expect(await attempt()).toMatchObject({ state: 'unknown', checks: 1 });
    await pass(day - minutes(15));
    expect(await attempt()).toMatchObject({ state: 'unknown', checks: 2 });
    await pass(minutes(15));
    expect(await attempt()).toMatchObject({ state: 'ended', result: 'lost' });
    expect({ orders, looks }).toEqual({ orders: 1, looks: 3 });
  });

  test('that goes on at the carrier is looked at every two minutes, and not given up for being long', async () => {
    await dial(await takeUp());
    await pass(minutes(66));
    expect(await attempt()).toMatchObject({ state: 'queued', checks: 0 });
    expect(looks).toBe(31);
    itEnds('no-answer');
    await pass(minutes(2));
    expect(await attempt()).toMatchObject({ state: 'ended', result: 'no-answer' });
  });

  test('is not lost while the carrier cannot be asked, however long: three times it has to say that it knows none', async () => {
    fate = '500, taken';
    await dial(await takeUp());
    await beAwayForTwoDays();
    expect(await attempt()).toMatchObject({ state: 'unknown', checks: 0 });
    away = false;
    for (const call of carried) call.report = null;
    await work({ name: 'reconcile', payload: {} });
    expect(await attempt()).toMatchObject({ state: 'unknown' });
    await pass(minutes(2));
    expect(await attempt()).toMatchObject({ state: 'ended', result: 'lost' });
    expect({ orders, looks }).toEqual({ orders: 1, looks: 3 });
  });

  test('found after the carrier came back is what it was, two days later', async () => {
    fate = '500, taken';
    await dial(await takeUp());
    itEnds('busy');
    await beAwayForTwoDays();
    away = false;
    await pass(minutes(3));
    expect(await attempt()).toMatchObject({ state: 'ended', result: 'busy' });
    expect(orders).toBe(1);
  });

  test('ends also while its round stands still, and is not made again when that goes on', async () => {
    await dial(await takeUp());
    await all(`UPDATE round SET state = 'paused'`);
    itEnds('no-answer');
    await pass(minutes(7));
    expect(await attempt()).toMatchObject({ state: 'ended', outcome: 'no-answer' });
    expect(orders).toBe(1);
  });
});

test('one that cannot be looked up keeps no other waiting', async () => {
  await settleIn(field.city, shopsOf('W02', 3));
  await fieldRound(field.city, '2027-03-R1', '2027-03');
  const wish = { now: now(), until: later(1), openZones: ['Asia/Shanghai'] };
  const { attemptIds } = await claimDue(field.city, voice, wish);
  expect(attemptIds.length).toBeGreaterThan(2);
  for (const attemptId of attemptIds) await dial(attemptId);
  itEnds('no-answer');
  const { port } = services.voice;
  const [first] = carried;
  const call: typeof port.call = (id) =>
    id === first?.carrierId ? Promise.reject(new CarrierUnreachable('HTTP 500')) : port.call(id);
  services = { ...services, voice: { port: { ...port, call }, lane: voice } };
  await pass(minutes(7));
  const open = await all(`SELECT state, carrier_id FROM attempt WHERE state <> 'ended'`);
  expect(open).toEqual([{ state: 'queued', carrier_id: first?.carrierId }]);
});
