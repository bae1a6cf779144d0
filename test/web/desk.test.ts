import supertest from 'supertest';
import twilio from 'twilio';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { lastCallOf } from '../../src/survey/desk/call.ts';
import { releaseForgotten, withdrawUnstaffed } from '../../src/survey/desk/forgotten.ts';
import { claimDue } from '../../src/survey/fieldwork/claim.ts';
import { settle } from '../../src/survey/fieldwork/settle.ts';
import { cancelRound } from '../../src/survey/round/cancel.ts';
import { closeEarly, closeRound } from '../../src/survey/round/close.ts';
import type { DeskCall, Placing } from '../../src/telephony/ports.ts';
import { fieldRound, settleIn, shopsOf } from '../support/city.ts';
import { type Field, openField } from '../support/field.ts';
import { follow, formToken, linkFor, makeUser, openSite, publicUrl, type Visitor, visitor, wordsOf } from './site.ts';

/** The desk over real HTTP: people call whom the machine cannot, and the carrier's requests are signed as Twilio signs them. */
let field: Field;
let app: ReturnType<typeof openSite>;
let placing: Placing;
const connected: DeskCall[] = [];
const all = <T>(text: string, ...values: unknown[]) => field.city.database.query<T>({ text, values });
const one = async <T>(text: string, ...values: unknown[]) => (await all<T>(text, ...values))[0];
const number = (shop: number) => `+861380001${String(shop).padStart(4, '0')}`;
const later = (minutes: number) =>
  field.city.clock.advance(new Date(field.city.clock.now().getTime() + minutes * 60_000));

beforeEach(async () => {
  field = await openField('desk', []);
  await settleIn(field.city, shopsOf('W01', 6));
  connected.length = 0;
  placing = { kind: 'placed', carrierId: 'CA-desk' };
  const { voice } = field.services;
  const connect = async (call: DeskCall) => {
    connected.push(call);
    return placing;
  };
  app = openSite({ ...field, services: { ...field.services, voice: { ...voice, port: { ...voice.port, connect } } } });
});
afterEach(() => field.close());

const post = (path: string, fields: Record<string, string>) =>
  supertest(app)
    .post(path)
    .type('form')
    .set('X-Twilio-Signature', twilio.getExpectedTwilioSignature('token of the tests', publicUrl + path, fields))
    .send(fields);

/** A round in the field of which the draw chose nobody: whom it would depends on the day's seed. */
async function launch(): Promise<void> {
  await fieldRound(field.city);
  await all('UPDATE survey_case SET recheck = false, if_silent = NULL');
}

interface Desk {
  readonly id: string;
  readonly browser: Visitor;
}
async function desk(district: string | null = 'D2', phone = '13900000001'): Promise<Desk> {
  const id = await makeUser(field, 'desk', district);
  const browser = visitor(app);
  await follow(browser, await linkFor(field, id));
  if (phone) await act({ id, browser }, '/desk/phone', { phone });
  return { id, browser };
}
/** Posts a form of the page at `/desk`, with the session's token. */
async function act({ browser }: Desk, path: string, fields: Record<string, string> = {}) {
  const _csrf = formToken((await browser.get('/desk')).text);
  return browser
    .post(path)
    .type('form')
    .send({ _csrf, ...fields });
}
const next = async (who: Desk): Promise<string> => (await act(who, '/desk/next')).headers.location ?? '';

/** The shop rings back and keys: greeting, then each key. */
async function shopKeys(shop: number, ...pressed: string[]): Promise<void> {
  const sid = `CA-in-${shop}-${field.city.clock.now().getTime()}`;
  const nextOf = (twiml: string) => new URL(/action="([^"]+)"/.exec(twiml)?.[1] ?? 'http://none/').pathname;
  let path = nextOf((await post('/twilio/voice/inbound', { CallSid: sid, From: number(shop) })).text);
  for (const Digits of pressed) {
    field.city.clock.advance(new Date(field.city.clock.now().getTime() + 20_000));
    path = nextOf((await post(path, { CallSid: sid, Digits })).text);
  }
  await post('/twilio/voice/inbound/status', { CallSid: sid, CallStatus: 'completed' });
  await settle(field.city);
}
const caseOf = (shop: number) =>
  one<{ id: string; state: string; disposition: string; overall: number | null; answers: object }>(
    `SELECT * FROM survey_case WHERE retailer_id = $1`,
    `W01-${String(shop).padStart(4, '0')}`,
  );
const tasks = () =>
  all<{ reason: string; state: string; outcome: string | null }>(
    'SELECT reason, state, outcome FROM desk_task ORDER BY created_at, reason',
  );

/** His own telephone is answered, the shop rung, and both hang up. */
async function talk(result = 'completed'): Promise<string> {
  const callId = connected.at(-1)?.callId ?? '';
  const bridged = await post(`/twilio/desk/${callId}/bridge`, {
    CallSid: 'CA-desk',
    From: '+8679188000000',
    CallStatus: 'in-progress',
  });
  await post(`/twilio/desk/${callId}/shop`, { CallSid: 'CA-desk', DialCallStatus: result });
  await post(`/twilio/desk/${callId}/status`, { CallSid: 'CA-desk', CallStatus: 'completed' });
  return bridged.text;
}
/** One turn after the other, as the buttons send them. */
async function key(who: Desk, task: string, ...pressed: string[]): Promise<void> {
  for (const each of pressed) {
    const turn = /name="turn" value="(\d+)"/.exec((await who.browser.get(task)).text)?.[1] ?? '';
    await act(who, `${task}/turn`, { turn, key: each });
  }
}

describe('a shop that pressed 8', () => {
  test('is called by a person who reads the same questions and keys in the same conversation', async () => {
    await launch();
    const caller = await desk();
    await shopKeys(0, '8');
    expect(await caseOf(0)).toMatchObject({ state: 'active', disposition: 'appointment' });
    const task = await next(caller);
    const page = await caller.browser.get(task);
    expect(wordsOf(page.text)).toContain('138****0000');
    expect(page.text).not.toContain(number(0).slice(3));
    expect(page.text).not.toContain('店W01-0000');
    await act(caller, `${task}/call`);
    expect(connected[0]?.to).toBe('+8613900000001');
    const twiml = await talk();
    expect(twiml).toContain(`<Number>${number(0)}</Number>`);
    expect(twiml).toContain('callerId="+8679188000000"');

    await key(caller, task, 'silence');
    expect(wordsOf((await caller.browser.get(task)).text)).toContain('想请您给客户经理经理W01的服务打个分');
    await key(caller, task, 'silence');
    expect(wordsOf((await caller.browser.get(task)).text)).toContain('只说他本人的服务');
    // Nothing is a slip, an echo or read back, however quickly he keys.
    await key(caller, task, '4', '4', '0', '5', '5', '2', '1', '8');
    const done = await act(caller, `${task}/conclude`, { result: 'finished' });
    expect(done.headers.location).toBe('/desk');
    await settle(field.city);
    expect(await caseOf(0)).toMatchObject({
      ...{ state: 'done', disposition: 'complete', overall: 4 },
      answers: expect.objectContaining({ Q1: 4, Q2: 4, Q3: 0, Q4: 5, Q5: 5, Q6: 2 }),
    });
    expect(await tasks()).toMatchObject([{ reason: 'person-wanted', state: 'done', outcome: 'complete' }]);
    expect(await all(`SELECT channel, outcome FROM attempt ORDER BY number`)).toEqual([
      { channel: 'voice', outcome: 'appointment' },
      { channel: 'desk', outcome: 'complete' },
    ]);
    expect(await all('SELECT named, state FROM follow_up')).toEqual([{ named: true, state: 'open' }]);
  });

  test('stays an appointment while nobody sits at the desk', async () => {
    await launch();
    await shopKeys(0, '8');
    expect(await caseOf(0)).toMatchObject({ state: 'done', disposition: 'appointment' });
    expect(await tasks()).toEqual([]);
  });

  test('is given to nobody of its own district, and to one person only', async () => {
    await launch();
    const [neighbour, first, second] = [
      await desk('D1'),
      await desk('D2', '13900000002'),
      await desk(null, '13900000003'),
    ];
    await shopKeys(0, '8');
    expect(await next(neighbour)).toBe('/desk?nothing=1');
    const reached = await Promise.all([next(first), next(second)]);
    expect(reached.filter((where) => where.startsWith('/desk/tasks/'))).toHaveLength(1);
    const [winner, loser] = reached[0]?.startsWith('/desk/tasks/') ? [first, second] : [second, first];
    const task = reached.find((where) => where.startsWith('/desk/tasks/')) ?? '';
    expect((await loser.browser.get(task)).status).toBe(409);
    expect((await act(loser, `${task}/call`)).status).toBe(409);
    expect(await next(winner)).toBe(task);
  });

  test('is not called at night, nor while it orders', async () => {
    await launch();
    const caller = await desk();
    await shopKeys(0, '8');
    await all(`UPDATE survey_case SET ordering_half_days = '{2-morning}'`);
    expect(await next(caller)).toBe('/desk?nothing=1');
    field.city.clock.advance(new Date('2026-12-01T14:30:00+08:00'));
    const task = await next(caller);
    expect(task).toContain('/desk/tasks/');
    await act(caller, `${task}/give-back`);
    expect(await next(caller)).toBe(task);
    await act(caller, `${task}/give-back`);
    // Who picks until a wanted shop comes is seen.
    expect(
      await all(
        `SELECT action FROM audit WHERE subject = $1 AND actor = $2 ORDER BY sequence`,
        task.split('/').at(-1),
        caller.id,
      ),
    ).toEqual(['desk.take', 'desk.give-back', 'desk.take', 'desk.give-back'].map((action) => ({ action })));
    field.city.clock.advance(new Date('2026-12-01T20:00:00+08:00'));
    expect(await next(caller)).toBe('/desk?nothing=1');
  });

  test('and answered by itself meanwhile, is nobody’s task any more', async () => {
    await launch();
    const caller = await desk();
    await shopKeys(0, '8');
    later(1);
    await shopKeys(0, '', '5', '', '5', '5', '5', '5', '2', '1');
    expect(await caseOf(0)).toMatchObject({ disposition: 'complete' });
    expect(await tasks()).toMatchObject([{ state: 'done', outcome: 'withdrawn' }]);
    expect(await next(caller)).toBe('/desk?nothing=1');
  });
});

describe('a call of the desk', () => {
  let caller: Desk;
  let task: string;
  beforeEach(async () => {
    await launch();
    caller = await desk();
    await shopKeys(0, '8');
    task = await next(caller);
  });
  const taskId = () => task.split('/').at(-1) ?? '';

  test('is one: a second click, a repeated request and the machine ring nobody twice', async () => {
    await Promise.all([act(caller, `${task}/call`), act(caller, `${task}/call`)]);
    expect(connected).toHaveLength(1);
    const path = `/twilio/desk/${connected[0]?.callId}/bridge`;
    const asked = { CallSid: 'CA-desk', From: '+8679188000000' };
    const [first, again] = [await post(path, asked), await post(path, asked)];
    expect(again.text).toBe(first.text);
    await all(
      `UPDATE survey_case SET due_at = $1, due_channel = 'voice', state = 'active' WHERE retailer_id = 'W01-0000'`,
      field.city.clock.now(),
    );
    const now = field.city.clock.now();
    const wish = { now, until: new Date(now.getTime() + 1000), openZones: ['Asia/Shanghai'] };
    const lane = { carrier: 'test', channel: 'voice', perSecond: 100, concurrent: null } as const;
    await claimDue(field.city, lane, wish);
    expect(
      await all(
        `SELECT FROM attempt a JOIN survey_case c ON c.id = a.case_id WHERE c.retailer_id = 'W01-0000' AND a.channel = 'voice' AND a.state <> 'ended'`,
      ),
    ).toEqual([]);
    await talk();
    expect((await post(path, asked)).text).not.toContain('<Dial');
  });

  test('to a number that a machine is talking with is not made', async () => {
    await all(`
      INSERT INTO attempt (id, case_id, round_id, phone_id, channel, number, slot_at, state, created_at, touched_at)
      SELECT gen_random_uuid(), id, round_id, phone_id, 'voice', 9, now(), 'ringing', now(), now() FROM survey_case WHERE retailer_id = 'W01-0000'`);
    const refused = await act(caller, `${task}/call`);
    expect([refused.status, connected.length]).toEqual([409, 0]);
  });

  test('needs his own telephone, which must be one', async () => {
    const other = await desk(null, '');
    await act(caller, `${task}/give-back`);
    const again = await next(other);
    expect(wordsOf((await act(other, `${again}/call`)).text)).toContain('请先登记您接听用的电话');
    expect((await act(other, '/desk/phone', { phone: '12' })).status).toBe(400);
  });

  test('refused by the carrier leaves the line free and counts as no try', async () => {
    placing = { kind: 'refused', result: 'technical', errorCode: 21210 };
    await act(caller, `${task}/call`);
    await act(caller, `${task}/conclude`, { result: 'technical' });
    await settle(field.city);
    expect(await one('SELECT state, attempts, outcome FROM desk_task')).toEqual({
      state: 'waiting',
      attempts: 0,
      outcome: 'technical',
    });
    placing = { kind: 'placed', carrierId: 'CA-2' };
    later(1);
    expect(await next(caller)).toBe(task);
    await act(caller, `${task}/call`);
    expect(connected).toHaveLength(2);
  });

  test('that nobody answers is tried three times, in other parts of the day, and then let be', async () => {
    const seen: string[] = [];
    for (let count = 0; count < 3; count++) {
      expect(await next(caller)).toBe(task);
      await act(caller, `${task}/call`);
      await talk('no-answer');
      expect(wordsOf((await caller.browser.get(task)).text)).toContain('对方没接');
      await act(caller, `${task}/conclude`, { result: 'no-answer' });
      await settle(field.city);
      const waiting = await one<{ state: string; from_at: Date }>('SELECT state, from_at FROM desk_task');
      seen.push(waiting?.state ?? '');
      expect(await next(caller)).toBe('/desk?nothing=1');
      if (waiting?.state === 'waiting') field.city.clock.advance(waiting.from_at);
    }
    expect(seen).toEqual(['waiting', 'waiting', 'done']);
    expect(await caseOf(0)).toMatchObject({ state: 'done', disposition: 'appointment' });
  });

  test('stops for good where the shop says so, on the turn, and takes it back', async () => {
    await act(caller, `${task}/call`);
    await talk();
    await key(caller, task, 'silence', '9');
    const stopped = () =>
      one<{ stopped: boolean }>(
        `SELECT opted_out_at IS NOT NULL AS stopped FROM phone p JOIN survey_case c ON c.phone_id = p.id WHERE c.retailer_id = 'W01-0000'`,
      );
    expect(await stopped()).toEqual({ stopped: true });
    later(5);
    await key(caller, task, '#');
    expect(await stopped()).toEqual({ stopped: false });
    await key(caller, task, '9', 'silence');
    await act(caller, `${task}/conclude`, { result: 'finished' });
    await settle(field.city);
    expect(await caseOf(0)).toMatchObject({ state: 'done', disposition: 'opted-out' });
    expect(await all(`SELECT entry, source FROM opt_out ORDER BY id`)).toEqual([
      { entry: 'stop', source: 'desk' },
      { entry: 'undo', source: 'desk' },
      { entry: 'stop', source: 'desk' },
    ]);
  });

  test('takes a turn once, however often its button is pressed', async () => {
    await act(caller, `${task}/call`);
    await talk();
    await key(caller, task, 'silence', 'silence');
    const pressed = await Promise.all(
      Array.from({ length: 5 }, () => act(caller, `${task}/turn`, { turn: '2', key: '3' })),
    );
    expect(new Set(pressed.map(({ status }) => status))).toEqual(new Set([303]));
    expect(await all(`SELECT item, value FROM answer`)).toEqual([{ item: 'Q1', value: 3 }]);
  });

  test('shows nothing that was answered before, and goes on at the first open question', async () => {
    await act(caller, `${task}/call`);
    await talk();
    await key(caller, task, 'silence', 'silence', '2');
    await act(caller, `${task}/conclude`, { result: 'finished' });
    await settle(field.city);
    expect(await caseOf(0)).toMatchObject({ disposition: 'partial', state: 'active' });
    field.city.clock.advance((await one<{ from_at: Date }>('SELECT from_at FROM desk_task'))?.from_at ?? new Date());
    await next(caller);
    await act(caller, `${task}/call`);
    await talk();
    await key(caller, task, 'silence', 'silence');
    const page = wordsOf((await caller.browser.get(task)).text);
    expect(page).toContain('他建议您订的烟');
    expect(page).not.toContain('您打的是2分');
  });

  test('is not begun again before he has said what came of it', async () => {
    await act(caller, `${task}/call`);
    await talk('no-answer');
    later(1);
    expect((await act(caller, `${task}/call`)).status).toBe(409);
    expect((await act(caller, `${task}/give-back`)).status).toBe(409);
    expect(connected).toHaveLength(1);
    await act(caller, `${task}/conclude`, { result: 'no-answer' });
    expect(await all(`SELECT FROM attempt WHERE state <> 'ended'`)).toEqual([]);
  });

  test('tells nothing of a shop whose telephone did not ring, or that did not answer', async () => {
    await act(caller, `${task}/call`);
    const tell = async (result: string) => (await act(caller, `${task}/conclude`, { result })).status;
    expect([await tell('refused'), await tell('no-answer'), await tell('finished')]).toEqual([409, 409, 409]);
    expect((await act(caller, `${task}/turn`, { turn: '0', key: 'silence' })).status).toBe(409);
    await talk('busy');
    expect([await tell('refused'), await tell('unable')]).toEqual([409, 409]);
    expect((await act(caller, `${task}/turn`, { turn: '0', key: 'silence' })).status).toBe(409);
    expect(await tell('busy')).toBe(303);
    expect(await all('SELECT FROM turn WHERE attempt_id IN (SELECT attempt_id FROM desk_call)')).toEqual([]);
  });

  test('in which the shop was rung is a try, also where he calls it a failure', async () => {
    await act(caller, `${task}/call`);
    await talk();
    await act(caller, `${task}/conclude`, { result: 'technical' });
    expect(await one('SELECT attempts FROM desk_task')).toEqual({ attempts: 1 });
  });

  test('is not begun on a task of his own district, outside hours or after the round’s time, whenever he took it', async () => {
    const status = async () => (await act(caller, `${task}/call`)).status;
    await all(`UPDATE app_user SET district_id = 'D1' WHERE role = 'desk'`);
    expect(await status()).toBe(409);
    await all(`UPDATE app_user SET district_id = 'D2' WHERE role = 'desk'`);
    await all(`UPDATE survey_case SET ordering_half_days = '{2-morning}'`);
    expect(await status()).toBe(409);
    await all(`UPDATE survey_case SET ordering_half_days = '{}'`);
    await all(`UPDATE round SET closes_at = $1`, field.city.clock.now());
    expect(await status()).toBe(409);
    await all(`UPDATE round SET closes_at = NULL`);
    field.city.clock.advance(new Date('2026-12-01T20:30:00+08:00'));
    expect(await status()).toBe(409);
    expect(connected).toEqual([]);
  });

  test('rings nobody who said stop while the caller’s own telephone rang', async () => {
    await act(caller, `${task}/call`);
    later(1);
    await all(
      `UPDATE phone SET opted_out_at = $1 WHERE id = (SELECT phone_id FROM survey_case WHERE retailer_id = 'W01-0000')`,
      field.city.clock.now(),
    );
    expect(await talk()).not.toContain('<Dial');
  });

  test('rings nobody who rang us in the moment it was begun', async () => {
    await act(caller, `${task}/call`);
    await all(`
      INSERT INTO attempt (id, case_id, round_id, phone_id, channel, inbound, number, slot_at, state, created_at, touched_at)
      SELECT gen_random_uuid(), id, round_id, phone_id, 'voice', true, 9, now(), 'in-progress', now(), now() FROM survey_case WHERE retailer_id = 'W01-0000'`);
    expect(await talk()).not.toContain('<Dial');
  });

  test('is not asked again by whoever keyed it in, also where he never said what came of it', async () => {
    await all(`UPDATE survey_case SET recheck = true WHERE retailer_id = 'W01-0000'`);
    await act(caller, `${task}/call`);
    await talk();
    await key(caller, task, 'silence', 'silence', '5', '5', '5', '5', '5', '2', '1', '1');
    later(61);
    await releaseForgotten(field.city.database.query, field.city.clock.now());
    await settle(field.city);
    expect(await caseOf(0)).toMatchObject({ state: 'done', disposition: 'complete' });
    field.city.clock.advance(new Date('2026-12-01T14:30:00+08:00'));
    expect(await next(caller)).toBe('/desk?nothing=1');
    expect(await next(await desk(null, '13900000009'))).toContain('/desk/tasks/');
  });

  test('to somebody he cannot understand is passed to another', async () => {
    const other = await desk(null, '13900000009');
    await act(caller, `${task}/call`);
    await talk();
    await act(caller, `${task}/conclude`, { result: 'language' });
    await settle(field.city);
    expect(await next(caller)).toBe('/desk?nothing=1');
    expect(await caseOf(0)).toMatchObject({ state: 'active', disposition: 'language' });
    expect(wordsOf((await other.browser.get(await next(other))).text)).toContain('上一位同事听不懂他的话');
  });

  test('forgotten by its caller ends as it stands, and the task is anybody’s again', async () => {
    await act(caller, `${task}/call`);
    await talk();
    await key(caller, task, 'silence', 'silence', '5');
    later(30);
    await releaseForgotten(field.city.database.query, field.city.clock.now());
    expect(await lastCallOf(field.city.database.query, { taskId: taskId() })).toMatchObject({ open: true });
    later(31);
    await releaseForgotten(field.city.database.query, field.city.clock.now());
    await settle(field.city);
    expect(await one('SELECT state, taken_by FROM desk_task')).toEqual({ state: 'waiting', taken_by: null });
    expect(await caseOf(0)).toMatchObject({ overall: 5, disposition: 'partial' });
  });

  test('forgotten counts as a try, and the shop has its rest; one of which nobody was reached is told as the carrier says', async () => {
    await act(caller, `${task}/call`);
    await talk('no-answer');
    later(61);
    const now = field.city.clock.now();
    await releaseForgotten(field.city.database.query, now);
    expect(await one('SELECT attempts, from_at FROM desk_task')).toEqual({
      attempts: 1,
      from_at: new Date(now.getTime() + 2 * 3_600_000),
    });
    await settle(field.city);
    expect(await all(`SELECT outcome FROM attempt WHERE channel = 'desk'`)).toEqual([{ outcome: 'no-answer' }]);
    await all(`UPDATE desk_task SET attempts = 2, from_at = created_at`);
    await next(caller);
    await act(caller, `${task}/call`);
    await talk('no-answer');
    later(61);
    await releaseForgotten(field.city.database.query, field.city.clock.now());
    await settle(field.city);
    expect(await caseOf(0)).toMatchObject({ state: 'done', disposition: 'appointment' });
  });

  test('keeps its number busy while he is still on the line, also when he has said what came of it', async () => {
    await act(caller, `${task}/call`);
    const callId = connected[0]?.callId;
    await post(`/twilio/desk/${callId}/bridge`, { CallSid: 'CA-desk', From: '+8679188000000' });
    expect((await act(caller, `${task}/conclude`, { result: 'refused' })).status).toBe(303);
    expect(await one('SELECT state FROM desk_call')).toEqual({ state: 'bridged' });
    await post(`/twilio/desk/${callId}/status`, { CallSid: 'CA-desk', CallStatus: 'completed' });
    expect(await one('SELECT state, check_at FROM desk_call')).toEqual({ state: 'ended', check_at: null });
  });

  test('is not made to a shop that answered by itself since he took it, and giving it back ends the task', async () => {
    later(1);
    await shopKeys(0, '', '5', '', '5', '5', '5', '5', '2', '1');
    expect(await caseOf(0)).toMatchObject({ state: 'done', disposition: 'complete' });
    expect((await act(caller, `${task}/call`)).status).toBe(409);
    await act(caller, `${task}/give-back`);
    expect(await next(caller)).toBe('/desk?nothing=1');
    await settle(field.city);
    expect(await tasks()).toMatchObject([{ state: 'done', outcome: 'withdrawn' }]);
  });

  test('is nobody’s any more once the last of the desk has left and its time is over', async () => {
    await act(caller, `${task}/give-back`);
    await all(`UPDATE app_user SET role = 'auditor' WHERE role = 'desk'`);
    await settle(field.city);
    await all(`UPDATE desk_task SET state = 'waiting', outcome = NULL, done_at = NULL`);
    await all(`UPDATE survey_case SET state = 'active' WHERE retailer_id = 'W01-0000'`);
    await withdrawUnstaffed(field.city.database.query, field.city.clock.now());
    await settle(field.city);
    expect(await caseOf(0)).toMatchObject({ state: 'active' });
    later(60 * 24);
    await withdrawUnstaffed(field.city.database.query, field.city.clock.now());
    await settle(field.city);
    expect(await caseOf(0)).toMatchObject({ state: 'done', disposition: 'appointment' });
    expect(await tasks()).toMatchObject([{ state: 'done', outcome: 'withdrawn' }]);
  });

  test('to somebody whom nobody at the desk understands holds no round', async () => {
    await act(caller, `${task}/call`);
    await talk();
    await act(caller, `${task}/conclude`, { result: 'language' });
    await settle(field.city);
    later(60 * 24 * 4);
    const neighbour = await desk('D1', '13900000009');
    expect([await next(caller), await next(neighbour)]).toEqual(['/desk?nothing=1', '/desk?nothing=1']);
    await withdrawUnstaffed(field.city.database.query, field.city.clock.now());
    await settle(field.city);
    expect(await caseOf(0)).toMatchObject({ state: 'done', disposition: 'language' });
  });

  test('keeps a shop that rings back meanwhile from a second conversation, and from being told that it was not drawn', async () => {
    await act(caller, `${task}/call`);
    const heard = await post('/twilio/voice/inbound', { CallSid: 'CA-meanwhile', From: number(0) });
    expect(heard.text).not.toContain('/wanted');
    expect(heard.text).not.toContain('<Gather');
    expect(await all(`SELECT FROM attempt WHERE inbound AND state <> 'ended'`)).toEqual([]);
  });

  test('waits behind no number of shops that order at this hour', async () => {
    await act(caller, `${task}/give-back`);
    await all(`UPDATE desk_task SET due_at = due_at + interval '1 day'`);
    await all(`UPDATE survey_case SET ordering_half_days = '{2-morning}' WHERE retailer_id = 'W01-0001'`);
    await all(`
      WITH shops AS (
        INSERT INTO retailer SELECT (jsonb_populate_record(s, jsonb_build_object('id', 'copy-' || n))).*
        FROM retailer s, generate_series(1, 250) AS n WHERE s.id = 'W01-0001'
      ), made AS (
        INSERT INTO survey_case SELECT (jsonb_populate_record(c, jsonb_build_object('id', gen_random_uuid(), 'retailer_id', 'copy-' || n, 'ticket', n::text, 'position', 1000 + n))).*
        FROM survey_case c, generate_series(1, 250) AS n WHERE c.retailer_id = 'W01-0001' RETURNING id
      )
      INSERT INTO desk_task (id, case_id, reason, created_at, from_at, due_at)
      SELECT gen_random_uuid(), made.id, 'no-keypad', t.created_at, t.from_at, t.from_at FROM made, desk_task t`);
    expect(await next(caller)).toBe(task);
  });

  test('of a cancelled round is not made, and waits in no queue', async () => {
    await act(caller, `${task}/give-back`);
    await cancelRound(field.city, { roundId: '2026-12-R1', actor: 'test', reason: '测试' });
    expect(await tasks()).toMatchObject([{ state: 'done', outcome: 'round-cancelled' }]);
  });

  test('holds its round open, and what is not asked by its close is asked no more', async () => {
    await act(caller, `${task}/call`);
    await closeEarly(field.city, { roundId: '2026-12-R1', actor: 'test', reason: '测试' });
    await settle(field.city);
    expect(await closeRound(field.city, '2026-12-R1', 'test')).toBe(false);
    await talk();
    await key(caller, task, 'silence', 'silence', '4');
    await act(caller, `${task}/conclude`, { result: 'finished' });
    await settle(field.city);
    expect(await closeRound(field.city, '2026-12-R1', 'test')).toBe(true);
    expect(await caseOf(0)).toMatchObject({ state: 'done', overall: 4 });
    expect(await tasks()).toMatchObject([{ state: 'done' }]);
  });
});

describe('a recheck', () => {
  test('asks one of the complete again, keeps the answers apart, and changes nothing', async () => {
    await launch();
    await all(`UPDATE survey_case SET recheck = true WHERE retailer_id = 'W01-0001'`);
    const caller = await desk();
    await shopKeys(1, '', '5', '', '5', '5', '5', '5', '2', '1');
    expect(await tasks()).toMatchObject([{ reason: 'recheck', state: 'waiting' }]);
    expect(await caseOf(1)).toMatchObject({ state: 'done' });
    const task = await next(caller);
    expect((await act(caller, `${task}/recheck`, { Q1: '2' })).status).toBe(409);
    await act(caller, `${task}/call`);
    await talk();
    const page = (await caller.browser.get(task)).text;
    expect(wordsOf(page)).toContain('只说他本人的服务');
    expect(page).not.toContain('checked');
    const wrong = await act(caller, `${task}/recheck`, { Q1: '0', Q6: '7' });
    expect(wrong.status).toBe(400);
    expect(wordsOf(wrong.text)).toContain('Q6');
    await act(caller, `${task}/recheck`, { Q1: '2', Q6: '1' });
    expect(await one('SELECT state, outcome, answers FROM desk_task')).toEqual({
      state: 'done',
      outcome: 'complete',
      answers: { Q1: 2, Q6: 1 },
    });
    expect(await caseOf(1)).toMatchObject({ overall: 5, disposition: 'complete' });
    expect(await all(`SELECT FROM attempt WHERE channel = 'desk'`)).toEqual([]);
  });
});

describe('a recheck that reached nobody', () => {
  test('is said to be so after the line is free, and tried three times at most', async () => {
    await launch();
    await all(`UPDATE survey_case SET recheck = true WHERE retailer_id = 'W01-0001'`);
    const caller = await desk();
    await shopKeys(1, '', '5', '', '5', '5', '5', '5', '2', '1');
    for (const state of ['waiting', 'waiting', 'done']) {
      const task = await next(caller);
      await act(caller, `${task}/call`);
      await talk('no-answer');
      expect((await act(caller, `${task}/call`)).status).toBe(409);
      expect((await act(caller, `${task}/give-back`)).status).toBe(409);
      expect((await act(caller, `${task}/recheck`, { Q1: '2' })).status).toBe(409);
      expect((await act(caller, `${task}/conclude`, { result: 'no-answer' })).status).toBe(303);
      const after = await one<{ state: string; from_at: Date }>('SELECT state, from_at FROM desk_task');
      expect(after?.state).toBe(state);
      if (after?.state === 'waiting') field.city.clock.advance(after.from_at);
    }
    expect(connected).toHaveLength(3);
  });
});

describe('a recheck in which the shop says never again', () => {
  test('stops calls and texts, and takes back no answer', async () => {
    await launch();
    await all(`UPDATE survey_case SET recheck = true WHERE retailer_id = 'W01-0001'`);
    const caller = await desk();
    await shopKeys(1, '', '5', '', '5', '5', '5', '5', '2', '1');
    const task = await next(caller);
    await act(caller, `${task}/call`);
    await talk();
    await act(caller, `${task}/conclude`, { result: 'opted-out' });
    await settle(field.city);
    expect(await all('SELECT entry, source FROM opt_out')).toEqual([{ entry: 'stop', source: 'desk' }]);
    expect(await all(`SELECT FROM phone WHERE opted_out_at IS NOT NULL`)).toHaveLength(1);
    expect(await tasks()).toEqual([{ reason: 'recheck', state: 'done', outcome: 'opted-out' }]);
    expect(await caseOf(1)).toMatchObject({ disposition: 'complete', overall: 5 });
  });
});

describe('a number that does not work', () => {
  test('is looked up by somebody, and changed by nobody here', async () => {
    await launch();
    const caller = await desk();
    const attempt = await one<{ id: string }>(`
      INSERT INTO attempt (id, case_id, round_id, phone_id, channel, number, slot_at, state, result, created_at, dialed_at, ended_at, touched_at)
      SELECT gen_random_uuid(), id, round_id, phone_id, 'voice', 1, now(), 'ended', 'bad-number', now(), now(), now(), now()
      FROM survey_case WHERE retailer_id = 'W01-0002' RETURNING id`);
    expect(attempt).toBeDefined();
    await all(
      `INSERT INTO outbox (topic, case_id, at) SELECT 'ended', id, now() FROM survey_case WHERE retailer_id = 'W01-0002'`,
    );
    await settle(field.city);
    expect(await caseOf(2)).toMatchObject({ state: 'done', disposition: 'bad-number' });
    const task = await next(caller);
    expect((await act(caller, `${task}/call`)).status).toBe(409);
    await act(caller, `${task}/number-check`, { finding: 'wrong' });
    expect(await tasks()).toEqual([{ reason: 'number-check', state: 'done', outcome: 'wrong' }]);
  });
});

describe('a shop that asked for something', () => {
  test('is called back by somebody outside its district, named only where it agreed', async () => {
    await launch();
    const [caller, neighbour] = [await desk(), await desk('D1', '13900000004')];
    await shopKeys(0, '', '5', '', '5', '5', '5', '5', '2', '1', '8');
    await post('/twilio/voice/inbound/wanted', { CallSid: 'CA-x', From: number(5), Digits: '8' });
    expect(wordsOf((await neighbour.browser.get('/desk/follow-ups')).text)).not.toContain('店W01-0000');
    const list = (await caller.browser.get('/desk/follow-ups')).text;
    expect(wordsOf(list)).toContain('店W01-0000');
    expect(wordsOf(list)).toContain('没有同意记店名');
    const wish = `/desk/follow-ups/${(await one<{ id: string }>('SELECT id FROM follow_up WHERE named'))?.id}`;
    expect((await neighbour.browser.get(wish)).status).toBe(404);
    expect((await act(caller, `${wish}/call`)).status).toBe(409);
    await act(caller, `${wish}/take`);
    expect((await act(await desk(null, '13900000005'), `${wish}/take`)).status).toBe(409);
    await act(caller, `${wish}/call`);
    expect(await talk()).toContain(number(0));
    expect((await act(caller, `${wish}/finish`, { note: ' ' })).status).toBe(400);
    await act(caller, `${wish}/finish`, { note: '已补送价签' });
    expect(await one('SELECT state, note FROM follow_up WHERE named')).toEqual({ state: 'done', note: '已补送价签' });
    expect((await act(neighbour, `${wish}/reopen`)).status).toBe(409);
    await act(caller, `${wish}/reopen`);
    expect(await one('SELECT state FROM follow_up WHERE named')).toEqual({ state: 'reopened' });
    // Whoever lets it lie until it is overdue loses it to the next.
    await act(caller, `${wish}/take`);
    const other = await desk(null, '13900000006');
    expect((await act(other, `${wish}/take`)).status).toBe(409);
    await all(`UPDATE follow_up SET due_at = $1 WHERE named`, new Date(field.city.clock.now().getTime() - 1000));
    expect((await act(other, `${wish}/take`)).status).toBe(303);
    expect(
      (await all<{ action: string }>(`SELECT action FROM audit WHERE action LIKE 'follow-up.%' ORDER BY sequence`)).map(
        ({ action }) => action,
      ),
    ).toEqual(expect.arrayContaining(['follow-up.take', 'follow-up.finish', 'follow-up.reopen']));
  });

  test('is not called at night, nor once it has said stop, nor by his own district', async () => {
    await launch();
    const caller = await desk();
    await shopKeys(0, '', '5', '', '5', '5', '5', '5', '2', '1', '8');
    const wish = `/desk/follow-ups/${(await one<{ id: string }>('SELECT id FROM follow_up'))?.id}`;
    await act(caller, `${wish}/take`);
    const status = async () => (await act(caller, `${wish}/call`)).status;
    await all(`UPDATE app_user SET district_id = 'D1' WHERE role = 'desk'`);
    expect(await status()).toBe(409);
    await all(`UPDATE app_user SET district_id = NULL WHERE role = 'desk'`);
    await all(`UPDATE phone SET opted_out_at = $1`, field.city.clock.now());
    expect(await status()).toBe(409);
    await all(`UPDATE phone SET opted_out_at = NULL`);
    field.city.clock.advance(new Date('2026-12-01T21:00:00+08:00'));
    expect(await status()).toBe(409);
    field.city.clock.advance(new Date('2026-12-02T09:30:00+08:00'));
    expect([await status(), connected.length]).toEqual([303, 1]);
    await talk();
    expect((await act(await desk(null, '13900000007'), `${wish}/stop`)).status).toBe(409);
    await act(caller, `${wish}/stop`);
    expect(await status()).toBe(409);
    expect(await all('SELECT entry, source FROM opt_out')).toEqual([{ entry: 'stop', source: 'desk' }]);
    expect(await caseOf(0)).toMatchObject({ disposition: 'complete' });
  });

  test('is anybody’s again once whoever had it left the desk', async () => {
    await launch();
    const [caller, other] = [await desk(), await desk(null, '13900000006')];
    await shopKeys(0, '', '5', '', '5', '5', '5', '5', '2', '1', '8');
    const wish = `/desk/follow-ups/${(await one<{ id: string }>('SELECT id FROM follow_up'))?.id}`;
    await act(caller, `${wish}/take`);
    await releaseForgotten(field.city.database.query, field.city.clock.now());
    expect((await act(other, `${wish}/take`)).status).toBe(409);
    await all(`UPDATE app_user SET role = 'auditor' WHERE id::text = $1`, caller.id);
    await releaseForgotten(field.city.database.query, field.city.clock.now());
    expect((await act(other, `${wish}/take`)).status).toBe(303);
  });

  test('is one wish, also when it asks twice, and when it was never drawn', async () => {
    await settleIn(field.city, [{ id: 'X-1', manager: 'W01', phone: '+8613811112222' }]);
    const caller = await desk();
    for (let times = 0; times < 2; times++)
      await post('/twilio/voice/inbound/wanted', { CallSid: `CA-${times}`, From: '+8613811112222', Digits: '8' });
    expect(await all('SELECT case_id, named, state FROM follow_up')).toEqual([
      { case_id: null, named: false, state: 'open' },
    ]);
    expect(wordsOf((await caller.browser.get('/desk/follow-ups')).text)).toContain('打进来的，没有抽到');
  });
});
