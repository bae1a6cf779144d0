import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Activity } from '../../src/platform/activity.ts';
import { silentLog } from '../../src/platform/log.ts';
import { finishFollowUp, reopenFollowUp } from '../../src/survey/desk/follow-up.ts';
import type { CallResult } from '../../src/survey/disposition/outcome.ts';
import { announce as announceFor, readAnnouncement } from '../../src/survey/fieldwork/announcement.ts';
import { beginDialing, recordCallReport, recordPlaced } from '../../src/survey/fieldwork/call.ts';
import { claimDue } from '../../src/survey/fieldwork/claim.ts';
import type { Lane } from '../../src/survey/fieldwork/pace.ts';
import { takeVoiceTurn } from '../../src/survey/fieldwork/turn.ts';
import type { Key } from '../../src/survey/interview/conversation.ts';
import { openGateway } from '../../src/telephony/sms-gateway/gateway.ts';
import { handlersFor } from '../../src/workers/handlers.ts';
import { receiveText } from '../../src/workers/inbound-text.ts';
import type { Services } from '../../src/workers/services.ts';
import { type City, fieldRound, openCity, settleIn, shopsOf } from '../support/city.ts';
import { gatewayServer } from '../telephony/gateway-server.ts';
import { type Network, openNetwork } from '../telephony/network.ts';

/**
 * Every text of script §8 that no reply brings about, over a real gateway: after a missed call, a day of silence, a
 * closed wish, a quarter's announcement, somebody nobody knows. Jobs are worked as they are asked for; the clock stands
 * until a test moves it.
 */

const token = 'a bearer token of the tests only';
const textLane: Lane = { carrier: 'http', channel: 'sms', perSecond: 100, concurrent: null };
const voiceLane: Lane = { carrier: 'test', channel: 'voice', perSecond: 100, concurrent: null };

let city: City;
let gateway: ReturnType<typeof gatewayServer>;
let network: Network;
let services: Services;
let waiting: { name: string; payload: unknown }[];

const all = <T>(text: string, ...values: unknown[]) => city.database.query<T>({ text, values });
const one = async <T>(text: string, ...values: unknown[]) => (await all<T>(text, ...values))[0] ?? expect.fail(text);
const later = (seconds: number) => new Date(city.clock.now().getTime() + seconds * 1000);
const hours = (count: number) => count * 3600;

beforeEach(async () => {
  city = await openCity('texts');
  await settleIn(city, shopsOf('W01', 12));
  await fieldRound(city);
  gateway = gatewayServer(token, () => city.clock.now());
  network = await openNetwork((request, body) => gateway.answer(request, body));
  waiting = [];
  const nobody = { carrier: 'test', health: async () => {} } as unknown as Services['voice']['port'];
  services = {
    ...city,
    ...{ log: silentLog, activity: new Activity() },
    queues: {
      async add(name, ...payloads) {
        waiting.push(...payloads.map((payload) => ({ name, payload })));
      },
      async work() {},
      waiting: async () => 0,
      async clear() {},
      async ping() {},
      async close() {},
    },
    voice: { port: nobody, lane: voiceLane },
    text: { port: openGateway({ url: network.url, token, requestTimeout: 2000 }), lane: textLane },
  };
});
afterEach(async () => {
  await network.close();
  await city.close();
});

/** Works every job that is asked for, and the reconciler's, until there is nothing left to do now. */
async function work(): Promise<void> {
  const jobs = handlersFor(services) as unknown as Record<string, (payload: unknown) => Promise<void>>;
  waiting.push({ name: 'reconcile', payload: {} });
  for (let round = 0; waiting.length > 0 && round < 500; round++) {
    const { name, payload } = waiting.shift() ?? expect.fail();
    if (name === 'draw' || name === 'score' || name === 'dispatch' || name === 'dial') continue;
    const done = jobs[name]?.(payload);
    // Whoever waits for a slot waits for the clock.
    await city.clock.advance(later(1));
    await done;
  }
}
/** Looks again so many times, a minute apart. */
async function pass(seconds: number): Promise<void> {
  city.clock.advance(later(seconds));
  await work();
}

const sent = () => gateway.sent.map(({ template }) => template.id);
const sentTo = (phone: string) => gateway.sent.filter(({ to }) => to === phone).map(({ template }) => template.id);

let texts = 0;
const write = async (from: string, text: string) => {
  await receiveText(services, { carrierId: `in-${++texts}`, from, text });
  await work();
};

interface Shop {
  readonly caseId: string;
  readonly phone: string;
  readonly attemptId: string;
}

const phoneOf = async (caseId: string) =>
  city.vault.open(
    (
      await one<{ sealed: Buffer }>(
        'SELECT p.sealed FROM survey_case c JOIN phone p ON p.id = c.phone_id WHERE c.id = $1',
        caseId,
      )
    ).sealed,
  );

/** Only one case is due, by `channel`, and taken up. */
async function takeUp(lane: Lane, caseId?: string): Promise<Shop & { readonly messageId: string }> {
  const chosen =
    caseId ??
    (
      await one<{ id: string }>(
        'SELECT c.id FROM survey_case c WHERE NOT EXISTS (SELECT FROM attempt a WHERE a.phone_id = c.phone_id) ORDER BY c.position LIMIT 1',
      )
    ).id;
  await all('UPDATE survey_case SET due_at = NULL, due_channel = NULL WHERE id <> $1', chosen);
  await all(
    'UPDATE survey_case SET due_at = $2, due_channel = $3::channel WHERE id = $1',
    chosen,
    city.clock.now(),
    lane.channel,
  );
  const wish = { now: city.clock.now(), until: later(1), openZones: ['Asia/Shanghai'] };
  const { attemptIds, messageIds } = await claimDue(city, lane, wish);
  return {
    caseId: chosen,
    phone: await phoneOf(chosen),
    attemptId: attemptIds[0] ?? '',
    messageId: messageIds[0] ?? '',
  };
}

/** One call, `keys` one a turn, `-` for silence; null = nobody picked up. */
async function call(keys: string | null, result: CallResult = 'completed', caseId?: string): Promise<Shop> {
  const shop = await takeUp(voiceLane, caseId);
  await beginDialing(city.database.query, shop.attemptId, city.clock.now(), later(60), '+8679188000000');
  await recordPlaced(city.database.query, shop.attemptId, `CA${shop.attemptId}`, later(360));
  if (keys !== null) {
    await takeVoiceTurn(city, shop.attemptId, 0, { kind: 'answered' });
    for (const [index, key] of [...keys].entries()) {
      city.clock.advance(later(20));
      const input = key === '-' ? ({ kind: 'silence' } as const) : ({ kind: 'key', key: key as Key } as const);
      await takeVoiceTurn(city, shop.attemptId, index + 1, input);
    }
  }
  const report = { state: 'ended', result, errorCode: null } as const;
  await recordCallReport(city.database.query, shop.attemptId, null, report, city.clock.now());
  waiting.push({ name: 'settle', payload: {} });
  await work();
  return shop;
}

/** A thread whose first question is out. */
async function thread(): Promise<Shop> {
  const shop = await takeUp(textLane);
  waiting.push({ name: 'text', payload: { messageId: shop.messageId } });
  await work();
  expect(sentTo(shop.phone)).toEqual(['S1']);
  return shop;
}

describe('after a call that nobody took (SM)', () => {
  test.each(['no-answer', 'busy', 'rejected'] as const)(
    '%s: one text that says whose number it was',
    async (result) => {
      const { phone } = await call(null, result);
      expect(sentTo(phone)).toEqual(['SM']);
      expect(gateway.sent[0]?.text).toMatch(/^【.+】刚才是我们的回访电话/);
    },
  );

  test('also where somebody listened and keyed nothing', async () => {
    const { phone } = await call('----');
    expect(sentTo(phone)).toEqual(['SM']);
  });

  test('once a case, however many calls are missed', async () => {
    const { phone, caseId } = await call(null, 'no-answer');
    city.clock.advance(later(hours(5)));
    await call(null, 'busy', caseId);
    expect(sentTo(phone)).toEqual(['SM']);
  });

  test('not to whoever answered, refused, has a wrong number, or said stop', async () => {
    await call('-414404422');
    await call('-');
    await call(null, 'bad-number');
    await call('9-');
    expect(sent()).toEqual([]);
  });

  test('not to a landline', async () => {
    await all(`UPDATE phone SET kind = 'landline'`);
    await call(null, 'no-answer');
    expect(sent()).toEqual([]);
  });

  test('not hours later: 「刚才」 would not be true', async () => {
    network.weather = () => ({ kind: 'answer', status: 429, type: 'application/json', body: '{"error":"busy"}' });
    const { phone } = await call(null, 'no-answer');
    network.clear();
    await pass(hours(3));
    expect(sentTo(phone)).toEqual([]);
    expect(await all('SELECT state FROM message')).toEqual([{ state: 'failed' }]);
  });

  test('a gateway that was busy gets it again, once it is not: one arrives', async () => {
    network.weather = () => ({ kind: 'answer', status: 429, type: 'application/json', body: '{"error":"busy"}' });
    const { phone } = await call(null, 'no-answer');
    network.clear();
    await pass(15 * 60);
    expect(sentTo(phone)).toEqual(['SM']);
  });

  test('one whose fate nobody knows is looked for and never sent again', async () => {
    network.weather = ({ method }) => (method === 'POST' ? { kind: 'lost' } : { kind: 'fine' });
    const { phone } = await call(null, 'no-answer');
    network.clear();
    await pass(120);
    await pass(hours(1));
    expect(sentTo(phone)).toEqual(['SM']);
    expect(await all('SELECT state FROM message')).toEqual([{ state: 'sent' }]);
  });
});

describe('a thread that nobody answers', () => {
  const next = async (attemptId: string) =>
    (await one<{ check_at: Date | null }>('SELECT check_at FROM attempt WHERE id = $1', attemptId)).check_at;
  const stateOf = async (attemptId: string) =>
    one<{ state: string; outcome: string | null }>('SELECT state, outcome FROM attempt WHERE id = $1', attemptId);

  test('is reminded once, at ten the day after, and over a day later', async () => {
    const { attemptId, phone } = await thread();
    expect(await next(attemptId)).toEqual(new Date('2026-12-02T10:00:00+08:00'));
    city.clock.advance(new Date('2026-12-02T10:00:00+08:00'));
    await work();
    expect(sentTo(phone)).toEqual(['S1', 'SR']);
    await pass(hours(24) + 60);
    await pass(hours(24));
    expect(sentTo(phone)).toEqual(['S1', 'SR']);
    expect(await stateOf(attemptId)).toEqual({ state: 'ended', outcome: 'sms-silent' });
  });

  test('whose reminder fails is a thread that was asked all the same: nobody is asked a second time', async () => {
    const { attemptId, phone } = await thread();
    network.weather = () => ({ kind: 'answer', status: 422, type: 'application/json', body: '{"error":"failed"}' });
    city.clock.advance(new Date('2026-12-02T10:00:00+08:00'));
    await work();
    network.clear();
    expect((await stateOf(attemptId)).state).toBe('sent');
    await pass(hours(25));
    expect(await stateOf(attemptId)).toEqual({ state: 'ended', outcome: 'sms-silent' });
    expect(sentTo(phone)).toEqual(['S1']);
  });

  test('and still counts an answer to the reminder, and one after the end', async () => {
    const { attemptId, phone } = await thread();
    city.clock.advance(new Date('2026-12-02T10:00:00+08:00'));
    await work();
    await pass(hours(25));
    expect((await stateOf(attemptId)).state).toBe('ended');
    await write(phone, '给５分');
    expect(
      (
        await one<{ overall: number }>(
          'SELECT overall FROM survey_case c JOIN attempt a ON a.case_id = c.id WHERE a.id = $1',
          attemptId,
        )
      ).overall,
    ).toBe(5);
    expect(sentTo(phone)).toEqual(['S1', 'SR', 'S2']);
  });

  test('once rated it is a part after two hours, without a reminder; a later answer counts', async () => {
    const { attemptId, phone } = await thread();
    await write(phone, '4');
    expect(sentTo(phone)).toEqual(['S1', 'S2']);
    await pass(hours(2) - 60);
    expect((await stateOf(attemptId)).state).not.toBe('ended');
    await pass(120);
    expect(await stateOf(attemptId)).toEqual({ state: 'ended', outcome: 'partial' });
    await pass(hours(24));
    expect(sentTo(phone)).toEqual(['S1', 'S2']);
    await write(phone, '没有');
    expect(sentTo(phone)).toEqual(['S1', 'S2', 'S3']);
    expect(await all(`SELECT item, value FROM answer ORDER BY at`)).toEqual([
      { item: 'Q1', value: 4 },
      { item: 'Q6', value: 2 },
    ]);
  });

  test.each([
    ['he said stop', async ({ phone }: Shop) => write(phone, '退订')],
    ['the telephone was quicker', async ({ caseId }: Shop) => void (await call('-4144044', 'completed', caseId))],
    ['the round is over', async () => void (await all(`UPDATE round SET state = 'closed'`))],
  ])('is not reminded where %s', async (_, given) => {
    const shop = await thread();
    await given(shop);
    city.clock.advance(new Date('2026-12-02T10:00:00+08:00'));
    await work();
    expect(sentTo(shop.phone)).not.toContain('SR');
  });

  test('of a round that stands still waits, and is reminded when it goes on', async () => {
    const { phone } = await thread();
    await all(`UPDATE round SET state = 'paused'`);
    city.clock.advance(new Date('2026-12-02T10:00:00+08:00'));
    await work();
    expect(sentTo(phone)).toEqual(['S1']);
    await all(`UPDATE round SET state = 'fielding'`);
    await pass(hours(1));
    expect(sentTo(phone)).toEqual(['S1', 'SR']);
  });

  test('is not reminded at night: in the morning, where we were away at ten', async () => {
    const { phone } = await thread();
    city.clock.advance(new Date('2026-12-02T21:00:00+08:00'));
    await work();
    expect(sentTo(phone)).toEqual(['S1']);
    city.clock.advance(new Date('2026-12-03T09:00:00+08:00'));
    await work();
    expect(sentTo(phone)).toEqual(['S1', 'SR']);
  });
});

describe('whoever has no thread', () => {
  test('and is not one of ours is told so, without a shop’s name, once a day', async () => {
    for (const text of ['5', '你是谁', '满意']) await write('13900009999', text);
    expect(sentTo('+8613900009999')).toEqual(['SU']);
    await pass(hours(24));
    await write('13900009999', '5');
    expect(sentTo('+8613900009999')).toEqual(['SU', 'SU']);
  });

  test('two hundred of them a day: whoever writes under many numbers does not have us text them all', async () => {
    await all(
      `WITH made AS (INSERT INTO message (id, text, created_at) SELECT gen_random_uuid(), 'SU', $1 FROM generate_series(1, 200) RETURNING id)
       INSERT INTO notice (message_id, text, occasion, blind_index, sealed, language, time_zone)
       SELECT id, 'SU', $2, decode(replace(id::text, '-', ''), 'hex'), '', 'zh-CN', 'Asia/Shanghai' FROM made`,
      ...[city.clock.now(), city.clock.now().toISOString().slice(0, 10)],
    );
    await write('13900009999', '5');
    expect(sent()).toEqual([]);
  });

  test('not on a landline, a service number, or something that is no number', async () => {
    for (const from of ['079188123456', '10690999', '东湖烟草']) await write(from, '5');
    expect(sent()).toEqual([]);
  });

  test('nor where it says stop', async () => {
    await write('13900009999', '退订');
    expect(sent()).toEqual([]);
  });

  test('one of ours who answers a missed call in writing is asked in writing, at once', async () => {
    const { phone } = await call(null, 'no-answer');
    await write(phone, '5');
    const { attemptIds, messageIds } = await claimDue(city, textLane, {
      ...{ now: city.clock.now(), until: later(1), openZones: ['Asia/Shanghai'] },
    });
    expect(attemptIds).toHaveLength(1);
    waiting.push({ name: 'text', payload: { messageId: messageIds[0] } });
    await work();
    expect(sentTo(phone)).toEqual(['SM', 'S1']);
    expect(await all('SELECT FROM answer')).toEqual([]);
    await write(phone, '5');
    expect(await all('SELECT value FROM answer')).toEqual([{ value: 5 }]);
  });

  test('and not where he has answered, or nothing is to be asked of him any more', async () => {
    const { phone } = await call('-414404422');
    await all(`UPDATE survey_case SET due_at = NULL, due_channel = NULL`);
    await write(phone, '谢谢');
    expect(await all(`SELECT FROM survey_case WHERE due_channel = 'sms'`)).toEqual([]);
  });

  test('one of ours is not told that he is not', async () => {
    const { caseId } = await takeUp(voiceLane);
    await write(await phoneOf(caseId), '5');
    expect(sent()).toEqual([]);
  });

  test('one of ours who says stop is heard, told so once, and nothing more is sent to him', async () => {
    const { phone, caseId } = await call(null, 'no-answer');
    await write(phone, ' Ｔ ');
    await write(phone, 'R');
    expect(sentTo(phone)).toEqual(['SM', 'SX']);
    expect(await all('SELECT entry, source FROM opt_out')).toEqual([{ entry: 'stop', source: 'sms' }]);
    expect(await one('SELECT disposition, state FROM survey_case WHERE id = $1', caseId)).toEqual({
      ...{ disposition: 'opted-out', state: 'done' },
    });
  });
});

describe('a wish that was seen to (SF)', () => {
  async function wish(named = true): Promise<{ readonly id: string; readonly phone: string }> {
    const { caseId } = await takeUp(voiceLane);
    await all('UPDATE survey_case SET due_at = NULL, due_channel = NULL');
    await all(`UPDATE attempt SET state = 'ended', check_at = NULL`);
    const id = city.chance.id();
    await all(
      `INSERT INTO follow_up (id, case_id, phone_id, named, state, created_at, due_at, taken_by)
       SELECT $1, id, phone_id, $3, 'taken', $4, $4, 'desk-1' FROM survey_case WHERE id = $2`,
      ...[id, caseId, named, new Date('2026-11-30T09:00:00+08:00')],
    );
    return { id, phone: await phoneOf(caseId) };
  }
  const stateOf = async (id: string) =>
    (await one<{ state: string }>('SELECT state FROM follow_up WHERE id = $1', id)).state;
  const confirmed = async (id: string) =>
    (await one<{ is: boolean }>('SELECT confirmed_at IS NOT NULL AS is FROM follow_up WHERE id = $1', id)).is;

  test('is asked about, with its day; 1 leaves it closed', async () => {
    const { id, phone } = await wish();
    await finishFollowUp(services, 'desk-1', id, '已换货');
    await work();
    expect(gateway.sent.map(({ text }) => text)).toEqual([expect.stringContaining('您30日让我们办的事已办结')]);
    await write(phone, '办好了');
    expect(await confirmed(id)).toBe(false);
    await write(phone, '1');
    expect(await stateOf(id)).toBe('done');
    expect(await confirmed(id)).toBe(true);
    expect(sentTo(phone)).toEqual(['SF']);
  });

  test('is confirmed by the shop’s own 1 alone, and not any more once it is opened again', async () => {
    const { id, phone } = await wish();
    await finishFollowUp(services, 'desk-1', id, '已换货');
    await work();
    await write(phone, '2');
    expect(await confirmed(id)).toBe(false);
    await all(`UPDATE follow_up SET state = 'taken', taken_by = 'desk-2'`);
    await finishFollowUp(services, 'desk-2', id, '再换');
    await work();
    await write(phone, '1');
    expect(await confirmed(id)).toBe(true);
    await reopenFollowUp(services, { id: 'desk-3', districtId: null }, id);
    expect(await confirmed(id)).toBe(false);
  });

  test('1 to an earlier question does not confirm a later closing', async () => {
    const { id, phone } = await wish();
    await finishFollowUp(services, 'desk-1', id, '已换货');
    await work();
    await all('UPDATE follow_up SET done_at = $1', later(60));
    await write(phone, '1');
    expect(await confirmed(id)).toBe(false);
  });

  test('2 opens it again for somebody else, with a new promise, and that is on record', async () => {
    const { id, phone } = await wish();
    await finishFollowUp(services, 'desk-1', id, '已换货');
    await work();
    await write(phone, '２');
    const row = await one<{ state: string; taken_by: string | null; due_at: Date }>(
      'SELECT state, taken_by, due_at FROM follow_up WHERE id = $1',
      id,
    );
    expect(row).toMatchObject({ state: 'reopened', taken_by: null });
    expect(row.due_at.getTime()).toBeGreaterThan(city.clock.now().getTime());
    expect(await all(`SELECT FROM audit WHERE action = 'follow-up.reopen'`)).toHaveLength(1);
    // Said once: a second one changes nothing.
    await all(`UPDATE follow_up SET state = 'done'`);
    await write(phone, '2');
    expect(await stateOf(id)).toBe('done');
  });

  test('is asked about again when it was closed again', async () => {
    const { id, phone } = await wish();
    await finishFollowUp(services, 'desk-1', id, '已换货');
    await work();
    await write(phone, '2');
    await all(`UPDATE follow_up SET state = 'taken', taken_by = 'desk-2'`);
    await finishFollowUp(services, 'desk-2', id, '再换');
    await work();
    expect(sentTo(phone)).toEqual(['SF', 'SF']);
  });

  test('is not asked about where the shop did not agree to be named, said stop, or the wish was opened again', async () => {
    const unnamed = await wish(false);
    await finishFollowUp(services, 'desk-1', unnamed.id, '已换货');
    await work();
    const stopped = await wish();
    await all('UPDATE phone SET opted_out_at = now()');
    await finishFollowUp(services, 'desk-1', stopped.id, '已换货');
    await work();
    await all('UPDATE phone SET opted_out_at = NULL');
    const again = await wish();
    await finishFollowUp(services, 'desk-1', again.id, '已换货');
    await reopenFollowUp(
      services,
      { id: 'desk-1', districtId: null } as Parameters<typeof reopenFollowUp>[1],
      again.id,
    );
    await work();
    expect(sent()).toEqual([]);
  });

  test('keeps a question of the survey waiting for a day: its 2 would be somebody’s rating', async () => {
    const { id, phone } = await wish();
    await finishFollowUp(services, 'desk-1', id, '已换货');
    await work();
    expect(sentTo(phone)).toEqual(['SF']);
    await all(
      `UPDATE survey_case c SET due_at = $1, due_channel = 'sms' FROM follow_up f WHERE f.case_id = c.id AND f.id = $2`,
      ...[city.clock.now(), id],
    );
    const wishAt = () => ({ now: city.clock.now(), until: later(1), openZones: ['Asia/Shanghai'] });
    expect((await claimDue(city, textLane, wishAt())).attemptIds).toEqual([]);
    await write(phone, '1');
    expect((await claimDue(city, textLane, wishAt())).attemptIds).toHaveLength(1);
  });

  test('waits while a question of the survey is open on the number: two could not be told apart', async () => {
    const { phone, caseId } = await thread();
    const id = city.chance.id();
    await all(
      `INSERT INTO follow_up (id, case_id, phone_id, named, state, created_at, due_at, taken_by)
       SELECT $1, id, phone_id, true, 'taken', $3, $3, 'desk-1' FROM survey_case WHERE id = $2`,
      ...[id, caseId, city.clock.now()],
    );
    await finishFollowUp(services, 'desk-1', id, '已换货');
    await work();
    expect(sentTo(phone)).toEqual(['S1']);
    await write(phone, '5');
    await write(phone, '2');
    await write(phone, '2');
    expect(sentTo(phone)).toEqual(['S1', 'S2', 'S3', 'S9']);
    expect(await stateOf(id)).toBe('done');
    await pass(hours(1));
    expect(sentTo(phone).at(-1)).toBe('SF');
    await write(phone, '2');
    expect(await stateOf(id)).toBe('reopened');
  });
});

describe('a quarter is announced (P0)', () => {
  const wish = { quarter: '2026Q4', timeZone: 'Asia/Shanghai', actor: 'test' };
  const announce = () => announceFor(services, wish);

  test('is refused where nobody carries texts, and once its quarter is over', async () => {
    await expect(announceFor({ ...services, text: null }, wish)).rejects.toMatchObject({ code: 'no-texts' });
    city.clock.advance(new Date('2027-01-01T00:00:00+08:00'));
    await expect(announce()).rejects.toMatchObject({ code: 'changed' });
    expect(await all('SELECT FROM notice')).toEqual([]);
  });

  test('to every mobile that did not say stop, once a quarter, and nobody is told twice', async () => {
    const [stopped] = await all<{ id: string }>(
      'UPDATE phone SET opted_out_at = now() WHERE id = (SELECT id FROM phone ORDER BY id LIMIT 1) RETURNING id',
    );
    await all(
      `UPDATE phone SET kind = 'landline' WHERE id = (SELECT id FROM phone WHERE id <> $1 ORDER BY id LIMIT 1)`,
      stopped?.id,
    );
    const { query } = city.database;
    expect((await readAnnouncement(query, '2026Q4')).toTell).toEqual({ 'zh-CN': 10 });
    expect(await announce()).toBe(10);
    expect(await announce()).toBe(0);
    await work();
    await pass(60);
    expect(sent()).toEqual(Array.from({ length: 10 }, () => 'P0'));
    expect(new Set(gateway.sent.map(({ to }) => to)).size).toBe(10);
    expect(await readAnnouncement(query, '2026Q4')).toEqual({
      toTell: {},
      planned: 0,
      sent: 10,
      failed: 0,
      segments: 10,
    });
    expect(await all(`SELECT subject, detail FROM audit WHERE action = 'texts.announce' ORDER BY sequence`)).toEqual([
      { subject: '2026Q4', detail: { planned: 10 } },
      { subject: '2026Q4', detail: { planned: 0 } },
    ]);
    expect((await readAnnouncement(query, '2027Q1')).toTell).toEqual({ 'zh-CN': 10 });
  });

  test('at the carrier’s pace, so that nobody’s reply waits behind it', async () => {
    services = { ...services, text: { ...(services.text ?? expect.fail()), lane: { ...textLane, perSecond: 1 } } };
    await announce();
    waiting = [];
    await handlersFor(services).reconcile({});
    expect(waiting.filter(({ name }) => name === 'text').length).toBeLessThanOrEqual(3);
  });

  test('waits for a carrier that is stopped, a minute at a time; where nobody carries texts, none is kept', async () => {
    await announce();
    await all(
      `INSERT INTO incident (id, carrier, opened_at, last_at) VALUES ($1, 'http/sms', $2, $2)`,
      city.chance.id(),
      city.clock.now(),
    );
    waiting = [];
    await handlersFor(services).reconcile({});
    expect(waiting.filter(({ name }) => name === 'text')).toEqual([]);
    expect((await one<{ first: Date }>('SELECT min(check_at) AS first FROM message')).first).toEqual(later(60));
    await all('DELETE FROM incident');
    city.clock.advance(later(60));
    await handlersFor({ ...services, text: null }).reconcile({});
    expect(await all('SELECT DISTINCT state, check_at FROM message')).toEqual([{ state: 'failed', check_at: null }]);
  });

  test('not at night', async () => {
    city.clock.advance(new Date('2026-12-01T20:30:00+08:00'));
    await announce();
    await work();
    expect(sent()).toEqual([]);
    city.clock.advance(new Date('2026-12-02T09:00:00+08:00'));
    await work();
    expect(sent()).toHaveLength(12);
  });

  test('and whoever answers it with R is stopped and told so', async () => {
    await announce();
    await work();
    const phone = gateway.sent[0]?.to ?? '';
    await write(phone, 'r');
    expect(sentTo(phone)).toEqual(['P0', 'SX']);
    expect(await all('SELECT FROM opt_out')).toHaveLength(1);
  });
});

describe('when texts are switched off in mid-round', () => {
  test('what was planned is called off, what nobody knows of is lost, what runs runs out: nothing stays open', async () => {
    const running = await thread();
    const unknown = await thread();
    await all(
      `UPDATE message SET state = 'unknown', carrier_id = NULL, check_at = $2 WHERE attempt_id = $1`,
      ...[unknown.attemptId, later(60)],
    );
    const planned = await takeUp(textLane);
    const due = await one<{ id: string }>(
      `UPDATE survey_case SET due_channel = 'sms', due_at = $1 WHERE id = (SELECT id FROM survey_case WHERE state = 'pending' LIMIT 1) RETURNING id`,
      later(3600),
    );
    services = { ...services, text: null };
    await pass(60);

    expect(await one('SELECT due_channel AS channel FROM survey_case WHERE id = $1', due.id)).toEqual({
      channel: 'voice',
    });
    expect(await one('SELECT state, result FROM attempt WHERE id = $1', planned.attemptId)).toEqual({
      state: 'ended',
      result: 'technical',
    });
    for (const seconds of [600, ...Array.from({ length: 6 }, () => hours(24))]) await pass(seconds);

    expect(await one('SELECT result FROM attempt WHERE id = $1', unknown.attemptId)).toEqual({ result: 'lost' });
    expect(await one('SELECT state, outcome FROM attempt WHERE id = $1', running.attemptId)).toEqual({
      state: 'ended',
      outcome: 'sms-silent',
    });
    expect(await all(`SELECT FROM attempt WHERE state <> 'ended'`)).toEqual([]);
    expect(await all(`SELECT FROM message WHERE check_at IS NOT NULL`)).toEqual([]);
    expect(await all(`SELECT FROM survey_case WHERE due_channel = 'sms'`)).toEqual([]);
  });
});

test('each text keeps how many segments it was', async () => {
  const { phone } = await thread();
  await all(`UPDATE manager SET name = '欧阳阿依古丽·买买提江·艾则孜·图尔荪'`);
  await write(phone, '好');
  expect(await all('SELECT text, segments FROM message ORDER BY created_at')).toEqual([
    { text: 'S1', segments: 1 },
    { text: 'SE1', segments: 1 },
  ]);
  city.clock.advance(new Date('2026-12-02T10:00:00+08:00'));
  await work();
  expect(await one(`SELECT segments FROM message WHERE text = 'SR'`)).toEqual({ segments: 2 });
});
