import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readScoreInput } from '../../src/scoring/periods/input.ts';
import { readReport } from '../../src/survey/disposition/read-report.ts';
import { nextOpening, openWindow } from '../../src/survey/fieldwork/calendar.ts';
import { beginDialing, recordCallReport, recordPlaced } from '../../src/survey/fieldwork/call.ts';
import { claimDue } from '../../src/survey/fieldwork/claim.ts';
import { type ContactRules, type PastAttempt, plan } from '../../src/survey/fieldwork/plan.ts';
import { takeRingBack } from '../../src/survey/fieldwork/ring-back.ts';
import { settle } from '../../src/survey/fieldwork/settle.ts';
import { takeText } from '../../src/survey/fieldwork/text-turn.ts';
import { takeVoiceTurn } from '../../src/survey/fieldwork/turn.ts';
import type { Key } from '../../src/survey/interview/conversation.ts';
import { standardQuestionnaire } from '../../src/survey/questionnaire/questionnaire.ts';
import { cancelRound } from '../../src/survey/round/cancel.ts';
import { closeEarly, closeRound } from '../../src/survey/round/close.ts';
import { drawRound } from '../../src/survey/round/draw.ts';
import { launchRound } from '../../src/survey/round/launch.ts';
import { readMinute } from '../../src/survey/round/minute.ts';
import { readPublicBundle } from '../../src/survey/round/public-bundle.ts';
import { launchDue, makeSchedule } from '../../src/survey/round/schedule.ts';
import { releaseDueSpotChecks, scheduleSpotCheck } from '../../src/survey/round/spot-check.ts';
import { dial } from '../../src/workers/dial.ts';
import { dispatch } from '../../src/workers/dispatch.ts';
import { drawRules } from '../../src/workers/rules.ts';
import type { Services } from '../../src/workers/services.ts';
import { fieldRound, settleIn, shopsOf } from '../support/city.ts';
import { type Field, openField } from '../support/field.ts';

/** What goes wrong by bad luck: clocks, calendars, people and rounds that get into each other's way. */
let field: Field;
let services: Services;
/** Attempts the carrier was asked for. */
let placed: string[];
const voice = { carrier: 'test', channel: 'voice', perSecond: 100, concurrent: null } as const;
const all = <T>(text: string, ...values: unknown[]) => field.city.database.query<T>({ text, values });
const at = (local: string) => field.city.clock.advance(new Date(`${local}+08:00`));
const later = (seconds: number) => new Date(field.city.clock.now().getTime() + seconds * 1000);
const drawing = () => ({ ...field.city, rules: async (id: string) => drawRules(await field.city.rules(id)) });

async function open(shops: Parameters<typeof settleIn>[1]): Promise<void> {
  field = await openField('worse luck', []);
  placed = [];
  await settleIn(field.city, shops);
  const port: Services['voice']['port'] = {
    ...field.services.voice.port,
    place: async ({ attemptId }) => {
      placed.push(attemptId);
      return { kind: 'placed', carrierId: `CA${attemptId}` };
    },
  };
  services = { ...field.services, voice: { port, lane: voice } };
}
afterEach(() => field?.close());

/** Takes up what is due, as the dispatcher does; gives the attempts. */
async function claim(): Promise<readonly string[]> {
  const wish = { now: field.city.clock.now(), until: later(1), openZones: ['Asia/Shanghai'] };
  return (await claimDue(field.city, voice, wish)).attemptIds;
}

async function call(attemptId: string): Promise<void> {
  const { query } = field.city.database;
  if (!(await beginDialing(query, attemptId, field.city.clock.now(), later(60)))) throw new Error('was not dialled');
  await recordPlaced(query, attemptId, `CA${attemptId}`, later(360));
}

/** Turn 0 answers, then one key a turn; `-` is silence. Gives the last reply. */
async function talk(attemptId: string, keys: string) {
  let turn = await takeVoiceTurn(field.city, attemptId, 0, { kind: 'answered' });
  for (const [index, key] of [...keys].entries()) {
    field.city.clock.advance(later(20));
    const input = key === '-' ? ({ kind: 'silence' } as const) : ({ kind: 'key', key: key as Key } as const);
    turn = await takeVoiceTurn(field.city, attemptId, index + 1, input);
  }
  return turn;
}

async function hangUp(attemptId: string, result: 'completed' | 'no-answer' = 'completed'): Promise<void> {
  const report = { state: 'ended', result, errorCode: null } as const;
  await recordCallReport(field.city.database.query, attemptId, null, report, field.city.clock.now());
  await settle(field.city);
}

const caseOf = async (retailerId: string, roundId = '2026-12-R1') =>
  (
    await all<{ state: string; disposition: string; overall: number | null; due_at: Date | null; phone_id: string }>(
      'SELECT * FROM survey_case WHERE retailer_id = $1 AND round_id = $2',
      retailerId,
      roundId,
    )
  )[0];
const phoneIndexOf = async (retailerId: string) =>
  (
    await all<{ index: Buffer }>(
      'SELECT p.blind_index AS index FROM retailer s JOIN phone p ON p.id = s.phone_id WHERE s.id = $1',
      retailerId,
    )
  )[0]?.index ?? expect.fail('no phone');

describe('clocks that change', () => {
  const rules: ContactRules = {
    ...{ attempts: 4, minimumDistinctDays: 3, minimumHoursBetweenAttempts: 2, smsAfterAttempt: 3 },
    ...{ windows: ['09:30-11:30', '14:00-17:00'], holidays: null },
  };
  const zone = 'Europe/Berlin';
  const night = { ...rules, windows: ['00:30-06:00'] };
  const shop = { timeZone: zone, textable: false, proven: false, optedOut: false, halfDays: [], closesAt: null };
  const unanswered = (moment: Date): PastAttempt => ({
    ...{ channel: 'voice', outcome: 'no-answer', at: moment, endedAt: moment, spared: false, mayHaveRung: true },
    ...{ reachedItsEnd: false, wanted: null, handOver: null },
  });

  test.each([
    ['the day before spring', '2027-03-27T08:30:00Z', '2027-03-27T10:30:00Z'],
    ['in spring', '2027-03-28T07:30:00Z', '2027-03-28T09:30:00Z'],
    ['the day before autumn', '2026-10-24T07:30:00Z', '2026-10-24T09:30:00Z'],
    ['in autumn', '2026-10-25T08:30:00Z', '2026-10-25T10:30:00Z'],
  ])('leave half past nine on the wall where it is: %s', (_, start, end) => {
    expect(openWindow(new Date(new Date(start).getTime() - 1), zone, rules)).toBeNull();
    expect(openWindow(new Date(start), zone, rules)).toMatchObject({ start: new Date(start), end: new Date(end) });
    expect(openWindow(new Date(end), zone, rules)).toBeNull();
  });

  test.each([
    // At 01:00 UTC, 02:00 becomes 03:00: two hours after 01:45 it is 04:45 on the wall.
    ['forward', '2027-03-28T00:45:00Z', '2027-03-28T02:45:00Z'],
    // At 01:00 UTC, 03:00 becomes 02:00: two hours after 02:45 it is 03:45.
    ['back', '2026-10-25T00:45:00Z', '2026-10-25T02:45:00Z'],
  ])('%s leave the rest between two calls two hours long', (_, last, next) => {
    const history = { ...shop, attempts: [unanswered(new Date(last))], resumable: false };
    const eager = { ...night, minimumDistinctDays: 1 };
    const { due } = plan(history, new Date(last), eager);
    // Both fall in the morning, so the other daypart is not to be had.
    expect(due).toEqual({ channel: 'voice', at: new Date(next) });
  });

  test('a window that begins in the hour that is skipped opens once the clocks are on', () => {
    const early = { ...rules, windows: ['02:15-06:00'] };
    expect(nextOpening(new Date('2027-03-28T00:00:00Z'), zone, early)).toEqual(new Date('2027-03-28T01:15:00Z'));
  });

  test('a spot check for a minute on the clocks of a zone comes in it, on either side of the change', async () => {
    await open(shopsOf('W01', 100));
    await fieldRound(field.city);
    for (const [local, moment] of [
      ['2027-03-26T10:00', '2027-03-26T09:00:00Z'],
      ['2027-03-29T10:00', '2027-03-29T08:00:00Z'],
    ] as const) {
      const due = readMinute({ local, timeZone: zone });
      if (!(due instanceof Date)) return expect.fail(due.message);
      expect(due).toEqual(new Date(moment));
      await scheduleSpotCheck(drawing(), {
        ...{ roundId: '2026-12-R1', askedBy: field.city.chance.id(), reason: '投诉较多', districtId: null },
        ...{ managers: { named: ['W01'] }, perManager: 1, dueAt: due },
      });
      field.city.clock.advance(new Date(due.getTime() - 1));
      expect(await releaseDueSpotChecks(drawing())).toBe(0);
      field.city.clock.advance(due);
      expect(await releaseDueSpotChecks(drawing())).toBe(1);
    }
  });
});

describe('the end of a month', () => {
  test('a round for the 31st comes on the last day where there is none, once a month', async () => {
    await open(shopsOf('W01', 6));
    await makeSchedule(drawing(), { period: null, day: 31, time: '09:30', actor: 'A1' });
    const next = async () => (await all<{ next_at: Date }>('SELECT next_at FROM round_schedule'))[0]?.next_at;
    const launched: [string, string[]][] = [];
    for (let month = 0; month < 4; month += 1) {
      const due = (await next()) ?? expect.fail('nothing is scheduled');
      field.city.clock.advance(due);
      launched.push([due.toISOString(), await launchDue(drawing())]);
    }
    // 31 January 2027 is a Sunday; February has 28 days, the 28th a Sunday too.
    expect(launched).toEqual([
      ['2026-12-31T01:30:00.000Z', ['2026-12-R1']],
      ['2027-01-29T01:30:00.000Z', ['2027-01-R1']],
      ['2027-02-26T01:30:00.000Z', ['2027-02-R1']],
      ['2027-03-31T01:30:00.000Z', ['2027-03-R1']],
    ]);
  });

  test('a round runs over it, and its calls go on in the next year', async () => {
    await open(shopsOf('W01', 1));
    at('2026-12-31T16:30:00');
    await fieldRound(field.city);
    const [attempt = ''] = await claim();
    await call(attempt);
    await hangUp(attempt, 'no-answer');
    const { due_at: due, state } = (await caseOf('W01-0000')) ?? expect.fail('no case');
    expect(state).toBe('active');
    expect(due?.getTime()).toBeGreaterThan(new Date('2027-01-01T09:00:00+08:00').getTime());
    field.city.clock.advance(due ?? expect.fail('nothing is planned'));
    expect(await claim()).toHaveLength(1);
  });

  test('who was released rests the next two months, over the year’s end, and may be asked in the third', async () => {
    await open(shopsOf('W01', 4));
    const released: Record<string, number> = {};
    for (const [day, period] of [
      ['2026-12-31T16:30:00', '2026-12'],
      ['2027-01-29T09:30:00', '2027-01'],
      ['2027-02-26T09:30:00', '2027-02'],
      ['2027-03-31T09:30:00', '2027-03'],
    ] as const) {
      at(day);
      await fieldRound(field.city, `${period}-R1`, period);
      const [row] = await all<{ count: string }>(
        `SELECT count(*) FROM survey_case WHERE round_id = $1`,
        `${period}-R1`,
      );
      released[period] = Number(row?.count);
    }
    expect(released).toEqual({ '2026-12': 4, '2027-01': 0, '2027-02': 0, '2027-03': 4 });
  });
});

describe('the last minute', () => {
  beforeEach(async () => {
    await open(shopsOf('W01', 1));
    await fieldRound(field.city);
  });

  /** What the dispatcher handed to the dial jobs. */
  const handedOn = () =>
    field.asked.flatMap(({ name, payload }) => (name === 'dial' ? [(payload as { attemptId: string }).attemptId] : []));

  async function dispatchOne(): Promise<string> {
    await dispatch(services);
    const [attemptId] = handedOn();
    return attemptId ?? expect.fail('nothing was taken up');
  }

  test('of a window: taken up at 11:29:59 and in time, it is dialled', async () => {
    at('2026-12-01T11:29:59');
    const attemptId = await dispatchOne();
    await dial(services, attemptId);
    expect(placed).toEqual([attemptId]);
  });

  test('of a window: taken up at 11:29:59, its job comes at 11:30:01 and dials nobody; it is planned for the afternoon', async () => {
    at('2026-12-01T11:29:59');
    const attemptId = await dispatchOne();
    at('2026-12-01T11:30:01');
    await dial(services, attemptId);
    await settle(field.city);
    expect(placed).toEqual([]);
    expect(await caseOf('W01-0000')).toMatchObject({ state: 'active', due_at: new Date('2026-12-01T14:00:00+08:00') });
    expect(await all('SELECT dialed_at FROM attempt')).toEqual([{ dialed_at: null }]);
  });

  test('before a shop’s ordering half-day: a job that comes in it dials nobody, though calling hours are open', async () => {
    await all(`UPDATE survey_case SET ordering_half_days = '{2-afternoon}'`);
    at('2026-12-01T11:29:59');
    const attemptId = await dispatchOne();
    at('2026-12-01T14:00:01');
    await dial(services, attemptId);
    await settle(field.city);
    expect(placed).toEqual([]);
    expect((await caseOf('W01-0000'))?.due_at).toEqual(new Date('2026-12-02T09:30:00+08:00'));
  });

  test('before a delivery: the same', async () => {
    await all(`UPDATE survey_case SET delivery_half_days = '{2-afternoon}'`);
    at('2026-12-01T11:29:59');
    const attemptId = await dispatchOne();
    at('2026-12-01T14:00:01');
    await dial(services, attemptId);
    expect(placed).toEqual([]);
  });

  test('of a round: taken up before it closes, its job comes after and dials nobody', async () => {
    await all(`UPDATE round SET closes_at = '2026-12-01T10:00:00+08:00'`);
    at('2026-12-01T09:59:59');
    const attemptId = await dispatchOne();
    at('2026-12-01T10:00:00');
    await dial(services, attemptId);
    expect(placed).toEqual([]);
  });

  test('of a window in the middle of a call: it is finished and stored', async () => {
    at('2026-12-01T11:29:59');
    const attemptId = await dispatchOne();
    await dial(services, attemptId);
    at('2026-12-01T11:31:00');
    await talk(attemptId, '-4');
    expect((await caseOf('W01-0000'))?.overall).toBe(4);
  });
});

describe('a shop that moves to another manager while its round is on', () => {
  beforeEach(async () => {
    await open([...shopsOf('W01', 2), ...shopsOf('W02', 2)]);
    await fieldRound(field.city);
    await all(`UPDATE assignment SET until_day = '2026-12-01' WHERE retailer_id = 'W01-0000'`);
    await all(`INSERT INTO assignment (retailer_id, manager_id, from_day) VALUES ('W01-0000', 'W02', '2026-12-01')`);
    for (const attempt of await claim()) {
      const [own] = await all(
        `SELECT FROM attempt a JOIN survey_case c ON c.id = a.case_id WHERE a.id = $1 AND c.retailer_id = 'W01-0000'`,
        attempt,
      );
      if (!own) continue;
      await call(attempt);
      const greeting = await takeVoiceTurn(field.city, attempt, 0, { kind: 'answered' });
      expect(greeting.reply.say.map(({ clip }) => clip)).toEqual(['A1c']);
      expect(greeting.speaking.managerName).toBe('经理W01');
      await talk(attempt, '-5');
      await hangUp(attempt);
    }
  });

  test('is asked about last month’s manager, and rates him', async () => {
    const { managers } = await readScoreInput(field.city.database.query, '2026-12-R1');
    const rated = managers.map(({ id, frameSize, ratings }) => [id, frameSize, ratings?.['5']]);
    expect(rated).toEqual([
      ['W01', 2, 1],
      ['W02', 2, 0],
    ]);
  });

  test('counts with him in the report and in the public bundle', async () => {
    const lines = await readReport(field.city.database.query, '2026-12-R1', standardQuestionnaire());
    const counted = lines
      .filter(({ level }) => level === 'manager')
      .map(({ id, released, groups }) => [id, released, groups.P]);
    expect(counted).toEqual([
      ['W01', 2, 1],
      ['W02', 2, 0],
    ]);
    const { managers } = await readPublicBundle(field.city, '2026-12-R1');
    expect(managers).toMatchObject({ W01: { frameSize: 2, released: 2 }, W02: { frameSize: 2, released: 2 } });
  });

  test('is its new manager’s in the next frame', async () => {
    at('2027-03-01T09:30:00');
    await fieldRound(field.city, '2027-03-R1', '2027-03');
    expect(
      await all(`SELECT manager_id FROM frame_line WHERE round_id = '2027-03-R1' AND retailer_id = 'W01-0000'`),
    ).toEqual([{ manager_id: 'W02' }]);
  });
});

describe('a number that two rounds want', () => {
  const shops = shopsOf('W01', 2);

  /** The second round is begun while the first is in the field. */
  async function twoRounds(period: string): Promise<void> {
    await open(shops);
    await fieldRound(field.city);
    await fieldRound(field.city, `${period}-R2`, period);
  }

  const casesOf = async (roundId: string) => (await all('SELECT FROM survey_case WHERE round_id = $1', roundId)).length;

  test('is asked by one of them: in the same month, in the next, and when both draw at once', async () => {
    await twoRounds('2026-12');
    expect([await casesOf('2026-12-R1'), await casesOf('2026-12-R2')]).toEqual([2, 0]);
    await fieldRound(field.city, '2027-01-R1', '2027-01');
    expect(await casesOf('2027-01-R1')).toBe(0);
    await field.close();
    await open(shops);
    const ids = ['2026-12-R1', '2026-12-R2', '2026-12-R3'];
    for (const roundId of ids)
      await launchRound(field.city, {
        ...{ roundId, period: '2026-12', questionnaireId: 'HF-1', ruleSetId: 'RS-1', actor: 'test' },
      });
    await Promise.all(ids.map((roundId) => drawRound(drawing(), roundId)));
    expect(await all('SELECT retailer_id FROM survey_case ORDER BY 1')).toEqual(
      shops.map(({ id }) => ({ retailer_id: id })),
    );
  });

  test('rests also when it was handed on to another shop', async () => {
    await open(shops);
    await fieldRound(field.city);
    const [phone] = await all<{ id: string }>(`SELECT phone_id AS id FROM retailer WHERE id = 'W01-0000'`);
    await settleIn(field.city, [{ id: 'W01-0009', manager: 'W01', phone: null }]);
    await all(`UPDATE retailer SET phone_id = NULL, status = 'closed' WHERE id = 'W01-0000'`);
    await all(`UPDATE retailer SET phone_id = $1 WHERE id = 'W01-0009'`, phone?.id);
    await fieldRound(field.city, '2027-01-R1', '2027-01');
    expect(await all(`SELECT retailer_id, resting FROM frame_line WHERE round_id = '2027-01-R1' ORDER BY 1`)).toEqual([
      { retailer_id: 'W01-0001', resting: 'rested' },
      { retailer_id: 'W01-0009', resting: 'rested' },
    ]);
  });

  test('may be asked by the round that takes the place of a cancelled one, unless it was called', async () => {
    await open(shops);
    await fieldRound(field.city);
    const [first = ''] = await claim();
    await call(first);
    await hangUp(first, 'no-answer');
    await cancelRound(field.city, { roundId: '2026-12-R1', actor: 'test', reason: '名册有误' });
    await fieldRound(field.city, '2026-12-R2', '2026-12');
    expect(await casesOf('2026-12-R2')).toBe(1);
  });

  /** As it comes when a frame was frozen before another round released anybody. */
  async function bothWantIt(): Promise<void> {
    await open(shopsOf('W01', 1));
    await fieldRound(field.city);
    await all(`INSERT INTO round (id, period, state, questionnaire_id, rule_set_id, launched_at, fielding_at)
               SELECT '2027-01-R1', '2027-01', state, questionnaire_id, rule_set_id, launched_at, fielding_at FROM round`);
    await all(`INSERT INTO survey_case (id, round_id, retailer_id, manager_id, phone_id, position, wave, time_zone, due_at, due_channel)
               SELECT gen_random_uuid(), '2027-01-R1', retailer_id, manager_id, phone_id, position, wave, time_zone, due_at, due_channel FROM survey_case`);
  }

  test('is in one call at a time, however many dispatchers look', async () => {
    await bothWantIt();
    const claims = await Promise.all([claim(), claim(), claim()]);
    expect(claims.flat()).toHaveLength(1);
    const [attempt = ''] = claims.flat();
    await call(attempt);
    field.city.clock.advance(later(2));
    expect(await claim()).toEqual([]);
  });

  test('that says stop in mid-call is called by neither; with # by both, as before', async () => {
    await bothWantIt();
    const [attempt = ''] = await claim();
    await call(attempt);
    await talk(attempt, '-9');
    await settle(field.city);
    expect(await all(`SELECT DISTINCT disposition FROM survey_case WHERE state = 'done'`)).toEqual([
      { disposition: 'opted-out' },
    ]);
    field.city.clock.advance(later(3));
    await takeVoiceTurn(field.city, attempt, 3, { kind: 'key', key: '#' });
    await hangUp(attempt);
    const cases = await all<{ disposition: string; due: boolean }>(
      // Which of the two was called is chance: they are equal in everything.
      'SELECT disposition, due_at IS NOT NULL AS due FROM survey_case ORDER BY disposition',
    );
    expect(cases).toEqual([
      { disposition: 'broke-off', due: true },
      { disposition: 'never-attempted', due: true },
    ]);
  });

  test('that says stop and hangs up is called by neither', async () => {
    await bothWantIt();
    const [attempt = ''] = await claim();
    await call(attempt);
    await talk(attempt, '-9');
    await hangUp(attempt);
    expect(await all('SELECT state, disposition, due_at FROM survey_case')).toEqual(
      Array(2).fill({ state: 'done', disposition: 'opted-out', due_at: null }),
    );
    at('2026-12-03T14:00:00');
    expect(await claim()).toEqual([]);
  });
});

describe('a shop that comes back after its round closed', () => {
  let phoneIndex: Buffer;
  let missed: string;
  beforeEach(async () => {
    await open(shopsOf('W01', 1));
    await fieldRound(field.city);
    phoneIndex = await phoneIndexOf('W01-0000');
    const [attempt = ''] = await claim();
    missed = attempt;
    await call(missed);
  });

  async function close(): Promise<void> {
    await closeEarly(field.city, { roundId: '2026-12-R1', actor: 'test', reason: '样本已够' });
    expect(await closeRound(field.city, '2026-12-R1', 'test')).toBe(true);
  }
  const stored = async () => ({
    answers: (await all('SELECT FROM answer')).length,
    attempts: (await all('SELECT FROM attempt')).length,
    case: await caseOf('W01-0000'),
  });

  test('by telephone is thanked as one that was not drawn, and nothing is stored', async () => {
    await hangUp(missed, 'no-answer');
    await close();
    const before = await stored();
    expect(await takeRingBack(field.city, { carrierId: 'CA-late', phoneIndex })).toMatchObject({ kind: 'known' });
    expect(await stored()).toEqual(before);
    expect(before).toMatchObject({ answers: 0, attempts: 1, case: { state: 'done', disposition: 'no-answer' } });
  });

  test('by text hears that it was too late, and nothing is counted', async () => {
    await hangUp(missed, 'no-answer');
    await all(`UPDATE survey_case SET due_at = $1, due_channel = 'sms'`, field.city.clock.now());
    const sms = { ...voice, channel: 'sms' } as const;
    await claimDue(field.city, sms, { now: field.city.clock.now(), until: later(1), openZones: ['Asia/Shanghai'] });
    await all(`UPDATE attempt SET state = 'sent' WHERE channel = 'sms'`);
    await closeEarly(field.city, { roundId: '2026-12-R1', actor: 'test', reason: '样本已够' });
    await closeRound(field.city, '2026-12-R1', 'test');
    await settle(field.city);
    expect(await closeRound(field.city, '2026-12-R1', 'test')).toBe(true);
    await takeText(field.city, { carrierId: 'SM-late', phoneIndex, text: '5' });
    expect(await all('SELECT text FROM message WHERE attempt_id IS NOT NULL ORDER BY created_at, text')).toEqual([
      { text: 'S1' },
      { text: 'SL' },
    ]);
    expect(await stored()).toMatchObject({ answers: 0, case: { overall: null } });
  });

  test('in a call whose hang-up came before its last key: answered politely, not recorded', async () => {
    await talk(missed, '-');
    await hangUp(missed);
    await close();
    await takeVoiceTurn(field.city, missed, 2, { kind: 'key', key: '5' });
    expect(await stored()).toMatchObject({ answers: 0, case: { overall: null } });
  });
});
