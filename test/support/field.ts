import { createHash, randomUUID } from 'node:crypto';
import { Activity } from '../../src/platform/activity.ts';
import { seededChance } from '../../src/platform/chance.ts';
import { silentLog } from '../../src/platform/log.ts';
import { makePublication } from '../../src/scoring/publication.ts';
import { scoreDocument } from '../../src/scoring/score.ts';
import { storePublication } from '../../src/scoring/store.ts';
import { closeRound } from '../../src/survey/round/close.ts';
import { drawRound } from '../../src/survey/round/draw.ts';
import { launchRound } from '../../src/survey/round/launch.ts';
import type { Jobs } from '../../src/workers/catalogue.ts';
import { drawRules } from '../../src/workers/rules.ts';
import { score } from '../../src/workers/score.ts';
import type { Services } from '../../src/workers/services.ts';
import { type City, openCity } from './city.ts';

/**
 * A city with districts, managers and shops, for suites that look at a round. Draw, close, score and publication are
 * the real ones; made up is only what retailers did, the same on every run.
 */
export interface Field {
  readonly city: City;
  readonly services: Services;
  /** Jobs that were asked for, in order; nobody works them. */
  readonly asked: readonly { readonly name: string; readonly payload: unknown }[];
  readonly managers: readonly FieldManager[];
  close(): Promise<void>;
}

export interface FieldManager {
  readonly id: string;
  readonly name: string;
  readonly district: string;
  readonly shops: number;
  /** How content his shops are, 0–1. */
  readonly good: number;
  /** How many of them answer, 0–1. */
  readonly answering: number;
}

export const districts = { D1: '城东营销部', D2: '西苑营销部', D3: '南港营销部', D4: '北湖营销部' } as const;

const surnames = '李赵张孙周吴郑王陈刘林何高梁宋唐许韩冯邓';
const givenNames = '娜 敏 伟 丽 凯 静 浩 强 静怡 志远 芳 建国 晓东 秀英 子涵 桂兰 海燕 立新 小军 文博'.split(' ');

/** Numbers in [0, 1) that are the same on every run. */
function dice(seed: string): () => number {
  let thrown = 0;
  return () => createHash('sha256').update(`${seed}|${thrown++}`).digest().readUInt32BE() / 2 ** 32;
}

/** Twenty managers with 8 to 300 shops each, most between 150 and 250, or as many as are asked for. */
export function cityManagers(count = 20): FieldManager[] {
  const roll = dice('managers');
  const small = [8, 24, 60];
  return Array.from({ length: count }, (_, index) => ({
    id: `K${String(index + 1).padStart(2, '0')}`,
    name: `${surnames[index % surnames.length]}${givenNames[index % givenNames.length]}`,
    district: Object.keys(districts)[index % 4] ?? 'D1',
    shops: index < small.length && count > 4 ? (small[index] ?? 8) : 150 + Math.floor(roll() * 100),
    good: 0.25 + 0.7 * roll(),
    answering: index === 7 ? 0.18 : 0.4 + 0.25 * roll(),
  }));
}

export async function openField(name: string, managers: readonly FieldManager[] = cityManagers()): Promise<Field> {
  const city = await openCity(name);
  await settleRoster(city, managers);
  const asked: { name: string; payload: unknown }[] = [];
  return { city, services: servicesOf(city, asked), asked, managers, close: city.close };
}

function servicesOf(city: City, asked: { name: string; payload: unknown }[]): Services {
  const queues: Services['queues'] = {
    async add<Name extends keyof Jobs & string>(name: Name, ...payloads: unknown[]) {
      for (const payload of payloads) asked.push({ name, payload });
    },
    async work() {},
    async clear() {},
    async ping() {},
    waiting: async () => 0,
    async close() {},
  };
  const voice: Services['voice'] = {
    port: {
      carrier: 'nobody',
      numbers: ['+8679188000000'],
      place: async () => ({ kind: 'unknown', reason: 'nobody carries calls here' }),
      connect: async () => ({ kind: 'unknown', reason: 'nobody carries calls here' }),
      hangUp: async () => {},
      interrupt: async () => {},
      callsTo: async () => [],
      call: async () => null,
      recordingsOf: async () => [],
      audioOf: async () => null,
      deleteRecording: async () => {},
      health: async () => {},
    },
    lane: { carrier: 'nobody', channel: 'voice', perSecond: 1, concurrent: 10 },
  };
  const { database, clock, chance, vault, questionnaire, rules } = city;
  return {
    ...{ database, clock, chance, vault, questionnaire, rules, queues, voice },
    ...{ log: silentLog, activity: new Activity(), text: null },
  };
}

/** Rows of one table, by column; columns that are left out have their defaults. */
async function insert({ database: { query } }: City, table: string, rows: readonly object[]): Promise<void> {
  const columns = Object.keys(rows[0] ?? {});
  if (columns.length === 0) return;
  await query({
    text: `INSERT INTO ${table} (${columns.join(', ')}) SELECT ${columns.join(', ')} FROM json_populate_recordset(NULL::${table}, $1)`,
    values: [JSON.stringify(rows)],
  });
}

const hex = (bytes: Buffer): string => `\\x${bytes.toString('hex')}`;

async function settleRoster(city: City, managers: readonly FieldManager[]): Promise<void> {
  const { vault } = city;
  const roll = dice('roster');
  const shops = managers.flatMap((manager) =>
    Array.from({ length: manager.shops }, (_, index) => ({ manager, index })),
  );
  const roster = shops.map(({ manager, index }, position) => {
    const landline = roll() < 0.1;
    const serial = String(10_000_000 + position * 7919).slice(-8);
    const number = landline ? `+86791${serial.slice(-8)}` : `+8613${8 + (position % 2)}${serial}`;
    return {
      manager,
      ...{ number, landline, id: `3601${manager.id}${String(index).padStart(4, '0')}`, phoneId: randomUUID() },
      masked: landline ? `0791-****${number.slice(-3)}` : `${number.slice(3, 6)}****${number.slice(-4)}`,
      status: roll() < 0.02 ? 'closed' : 'active',
      phone: roll() < 0.97,
      proven: roll() < 0.5,
    };
  });
  await insert(
    city,
    'district',
    Object.entries(districts).map(([id, name]) => ({ id, name })),
  );
  await insert(
    city,
    'manager',
    managers.map(({ id, name, district }) => ({ id, name, district_id: district })),
  );
  await insert(
    city,
    'phone',
    roster.map(({ phoneId, number, masked, landline, proven }) => ({
      ...{ id: phoneId, masked, kind: landline ? 'landline' : 'mobile' },
      ...{ blind_index: hex(vault.digest(number)), sealed: hex(vault.seal(number)) },
      proven_at: proven ? '2026-09-10T02:00:00Z' : null,
    })),
  );
  await insert(
    city,
    'retailer',
    roster.map(({ id, status, phoneId, phone }) => ({
      ...{ id, name: `零售户${id}`, stratum: 'urban', language: 'zh-CN', time_zone: 'Asia/Shanghai', status },
      phone_id: phone ? phoneId : null,
    })),
  );
  await insert(
    city,
    'assignment',
    roster.map(({ id, manager }) => ({ retailer_id: id, manager_id: manager.id, from_day: '2020-01-01' })),
  );
  await insert(city, 'unit_indicator', managers.flatMap(indicatorsOf));
}

const codes = 'sales brand price-marking e-settlement knowledge service daily-work market-visits'.split(' ');

/** Who had a bad month: without them a board would show two ratings of five. */
const setback: Readonly<Record<string, number>> = { K13: 22, K16: 12, K18: 40 };

function indicatorsOf({ id, good }: FieldManager) {
  const roll = dice(`unit|${id}`);
  return codes.map((code) => {
    const value = Math.min(112, 68 + 22 * good + 18 * roll()) - (setback[id] ?? 0);
    // One manager excels everywhere but in his visits.
    return {
      period: '2026-12',
      manager_id: id,
      code,
      value: id === 'K06' && code === 'market-visits' ? 55 : Number(value.toFixed(1)),
    };
  });
}

/** Launches and draws the round of December 2026 and works it: `worked` of its cases have been tried (1 = all, to the end). */
export async function workField(field: Field, worked: number): Promise<string> {
  const { city, managers } = field;
  const roundId = '2026-12-R1';
  const terms = { roundId, period: '2026-12', questionnaireId: 'HF-1', ruleSetId: 'RS-1', actor: 'test' };
  await launchRound(city, { ...terms, nonceChance: seededChance('field') });
  await drawRound({ ...city, rules: async (id) => drawRules(await city.rules(id)) }, roundId);
  city.clock.advance(new Date('2026-12-01T10:17:30+08:00'));
  await workCases(field, roundId, worked, new Map(managers.map((manager) => [manager.id, manager])));
  return roundId;
}

/** Hangs up a publication of the month before, by the real scoring, so that tiers have somewhere to move from. */
export async function hangNovember({ city, managers }: Field): Promise<void> {
  const { query } = city.database;
  const roll = dice('november');
  const few = { '1': 0, '2': 0, '3': 2, '4': 2, '5': 3 };
  const scored = scoreDocument({
    rules: (await city.rules('RS-1')).document,
    managers: managers.map((manager, index) => ({
      ...{
        id: manager.id,
        frameSize: manager.shops,
        tier: 3 - (index % 3),
        previousRating: index % 4 === 3 ? 'excellent' : null,
      },
      ratings:
        manager.shops < 30
          ? few
          : { ...few, '4': Math.round(16 - 14 * manager.good), '5': 8 + Math.round(12 * roll()) },
      unit: Object.fromEntries(indicatorsOf(manager).map(({ code, value }) => [code, String(value)])),
    })),
  });
  const people = new Map(
    managers.map(({ id, name, district }) => [
      id,
      { name, district: districts[district as keyof typeof districts], window: { first: '2026-11', last: '2026-11' } },
    ]),
  );
  const term = { stage: 'final', appealsUntil: new Date('2026-11-09T00:00:00+08:00') } as const;
  const facts = {
    ...term,
    period: '2026-11',
    drawId: '2026-11-R1',
    questionnaire: 'HF-1',
    scored,
    people,
    previousHash: null,
  };
  await storePublication(query, makePublication(facts), new Date('2026-11-09T10:00:00+08:00'));
}

/** Works the whole round, closes it, and publishes its score. */
export async function publishField(field: Field): Promise<string> {
  const { city, services } = field;
  const roundId = await workField(field, 1);
  city.clock.advance(new Date('2026-12-08T16:40:00+08:00'));
  if (!(await closeRound(services, roundId, 'test'))) throw new Error('the round did not close');
  await score(services, roundId);
  return roundId;
}

interface CaseRow {
  readonly id: string;
  readonly manager_id: string;
  readonly phone_id: string;
  readonly kind: 'mobile' | 'landline';
}

interface Fate {
  readonly disposition: string;
  readonly result: string;
  readonly rating: number | null;
  readonly answered: boolean;
}

async function workCases(
  { city }: Field,
  roundId: string,
  worked: number,
  managers: ReadonlyMap<string, FieldManager>,
): Promise<void> {
  const { query } = city.database;
  const cases = await query<CaseRow>({
    text: `
      SELECT c.id, c.manager_id, c.phone_id, p.kind FROM survey_case c JOIN phone p ON p.id = c.phone_id
      WHERE c.round_id = $1 ORDER BY c.position`,
    values: [roundId],
  });
  const now = city.clock.now().getTime();
  const roll = dice(`work|${roundId}`);
  const tried = cases.slice(0, Math.round(cases.length * worked));
  const attempts: object[] = [];
  const answers: object[] = [];
  const settled = tried.map((one, index) => {
    const fate = fateOf(managers.get(one.manager_id), roll);
    const open = worked < 1 && !finalFates.includes(fate.disposition) && roll() < 0.7;
    const bySms = fate.rating !== null && one.kind === 'mobile' && roll() < 0.12;
    const minutes = worked === 1 ? (index * 2400) / tried.length : (index * 45) / tried.length;
    const at = new Date(now + (worked === 1 ? minutes : minutes - 45) * 60_000).toISOString();
    const attempt = {
      ...{ id: randomUUID(), case_id: one.id, round_id: roundId, phone_id: one.phone_id, number: 1 },
      ...{ channel: bySms ? 'sms' : 'voice', slot_at: at, state: 'ended', result: bySms ? 'delivered' : fate.result },
      ...{ outcome: fate.disposition, turn: fate.answered ? 8 : 0, conversation: null, created_at: at, dialed_at: at },
      ...{ answered_at: fate.answered ? at : null, ended_at: at, touched_at: at, checks: 0 },
    };
    attempts.push(attempt);
    if (fate.rating !== null)
      answers.push({ attempt_id: attempt.id, turn: 1, case_id: one.id, item: 'Q1', value: fate.rating, at });
    return { ...one, fate, open };
  });
  await insert(city, 'attempt', attempts);
  await insert(city, 'answer', answers);
  const again = new Date('2026-12-01T14:00:00+08:00').toISOString();
  await query({
    text: `
      UPDATE survey_case c SET state = new.state::case_state, disposition = new.disposition, overall = new.overall,
             answers = CASE WHEN new.overall IS NULL THEN '{}' ELSE jsonb_build_object('Q1', new.overall) END,
             due_at = new.due_at, due_channel = CASE WHEN new.due_at IS NULL THEN NULL ELSE 'voice'::channel END
      FROM unnest($1::uuid[], $2::text[], $3::text[], $4::int[], $5::timestamptz[]) AS new (id, state, disposition, overall, due_at)
      WHERE c.id = new.id`,
    values: [
      settled.map(({ id }) => id),
      settled.map(({ open }) => (open ? 'active' : 'done')),
      settled.map(({ fate }) => fate.disposition),
      settled.map(({ fate }) => fate.rating),
      settled.map(({ open }) => (open ? again : null)),
    ],
  });
  if (worked < 1) await putOnThePhone(city, roundId, cases.slice(tried.length));
}

/** After these nobody is contacted again. */
const finalFates = ['complete', 'opted-out', 'bad-number'];

/** Most give a five, some a four; the less content, the more spread. */
function rating(good: number, thrown: number): number {
  const spread = 1 - good;
  const weights = [0.06 * spread + 0.01, 0.1 * spread, 0.25 * spread, 0.35 * spread + 0.12, 0.25 + 0.6 * good];
  const whole = weights.reduce((sum, weight) => sum + weight, 0);
  let upTo = 0;
  for (const [index, weight] of weights.entries()) {
    upTo += weight / whole;
    if (thrown < upTo) return index + 1;
  }
  return 5;
}

function fateOf(manager: FieldManager | undefined, roll: () => number): Fate {
  const { good = 0.5, answering = 0.5 } = manager ?? {};
  if (roll() < answering) {
    const disposition = roll() < 0.93 ? 'complete' : 'partial';
    return { disposition, result: 'completed', rating: rating(good, roll()), answered: true };
  }
  const badNumbers = manager?.id === 'K05' ? 0.4 : 0.08;
  const table: readonly (readonly [number, string, string, boolean])[] = [
    [badNumbers, 'bad-number', 'bad-number', false],
    [0.12, 'refused', 'completed', true],
    [0.04, 'opted-out', 'completed', true],
    [0.05, 'broke-off', 'completed', true],
    [0.05, 'appointment', 'completed', true],
    [0.08, 'silent', 'completed', true],
    [0.06, 'rejected', 'rejected', false],
    [0.12, 'busy', 'busy', false],
    [0.02, 'technical', 'technical', false],
    [1, 'no-answer', 'no-answer', false],
  ];
  const thrown = roll();
  let upTo = 0;
  for (const [share, disposition, result, answered] of table) {
    upTo += share;
    if (thrown < upTo) return { disposition, result, rating: null, answered };
  }
  throw new Error('the table ends with everything');
}

/** A few calls that are on right now, each at another step. */
async function putOnThePhone(city: City, roundId: string, cases: readonly CaseRow[]): Promise<void> {
  const now = city.clock.now();
  const places = [
    { state: 'dialing', place: null },
    { state: 'ringing', place: null },
    { state: 'ringing', place: null },
    { state: 'in-progress', place: { is: 'greeting' } },
    { state: 'in-progress', place: { is: 'question', item: 2 } },
    { state: 'in-progress', place: { is: 'read-back', item: 0 } },
    { state: 'in-progress', place: { is: 'stopping' } },
  ];
  const on = cases.slice(0, places.length);
  await insert(
    city,
    'attempt',
    on.map((one, index) => ({
      ...{ id: randomUUID(), case_id: one.id, round_id: roundId, phone_id: one.phone_id, channel: 'voice', number: 1 },
      ...{ slot_at: now, state: places[index]?.state, turn: index, created_at: now, dialed_at: now, checks: 0 },
      conversation: places[index]?.place && { place: places[index]?.place, lastKey: { key: '4', at: 0 } },
      answered_at: places[index]?.place ? now : null,
      touched_at: new Date(now.getTime() - index * 2000),
    })),
  );
  await city.database.query({
    text: `UPDATE survey_case SET state = 'active', due_at = NULL, due_channel = NULL WHERE id = ANY($1)`,
    values: [on.map(({ id }) => id)],
  });
}
