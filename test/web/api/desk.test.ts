import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { settle } from '../../../src/survey/fieldwork/settle.ts';
import type { DeskCall } from '../../../src/telephony/ports.ts';
import { fieldRound, settleIn, shopsOf } from '../../support/city.ts';
import { type Field, openField } from '../../support/field.ts';
import { makeUser, openSite } from '../site.ts';
import { openProgram, type Program } from './program.ts';

/** The desk by API: the same verbs as by page, for a person who works through a program. */
let field: Field;
let program: Program;
let app: ReturnType<typeof openSite>;
let caller: string;
const query = <Row>(text: string) => field.city.database.query<Row>({ text });
const later = (minutes: number) =>
  field.city.clock.advance(new Date(field.city.clock.now().getTime() + minutes * 60_000));

beforeAll(async () => {
  field = await openField('api-desk', []);
  const { voice, vault } = field.services;
  const connect = async (_: DeskCall) => ({ kind: 'placed', carrierId: 'CA-desk' }) as const;
  app = openSite({ ...field, services: { ...field.services, voice: { ...voice, port: { ...voice.port, connect } } } });
  program = await openProgram(field, app);
  await settleIn(field.city, shopsOf('W01', 3));
  await fieldRound(field.city);
  caller = await makeUser(field, 'desk');
  await field.city.database.query({
    text: 'UPDATE app_user SET phone = $2 WHERE id = $1',
    values: [caller, vault.seal('+8613900000001')],
  });
  // Two shops asked for a person, one of them in the last minute.
  await query(`
    INSERT INTO attempt (id, case_id, round_id, phone_id, channel, number, slot_at, state, result, created_at, dialed_at, ended_at, touched_at, conversation)
    SELECT gen_random_uuid(), id, round_id, phone_id, 'voice', 1, now(), 'ended', 'completed', now(), now(), now(), now(),
           '{"place":{"is":"over","because":"person"},"keyed":true,"wanted":null}'
    FROM survey_case WHERE retailer_id < 'W01-0002'`);
  await query(`INSERT INTO outbox (topic, case_id, at) SELECT 'ended', id, now() FROM survey_case`);
  await settle(field.city);
});
afterAll(() => field.close());

describe('tasks', () => {
  test('are listed page by page under masked numbers, and each look is on record', async () => {
    const first = await program.get('/desk/tasks?limit=1');
    const second = await program.get(`/desk/tasks?limit=1&after=${first.body.next}`);
    const both = [...first.body.items, ...second.body.items];
    expect(both.map(({ reason, state }) => [reason, state])).toEqual([
      ['person-wanted', 'waiting'],
      ['person-wanted', 'waiting'],
    ]);
    expect(JSON.stringify(both)).not.toMatch(/\+86|店W01/);
    expect(await query(`SELECT FROM audit WHERE actor LIKE 'key:%'`)).toHaveLength(2);
  });

  test('are worked for a person of the desk, and for nobody else', async () => {
    const admin = await makeUser(field, 'admin');
    const refused = await program.post('/desk/tasks/next', { onBehalfOf: admin });
    expect([refused.status, refused.body.faults[0].where]).toEqual([400, 'body.onBehalfOf']);
    const { task } = (await program.post('/desk/tasks/next', { onBehalfOf: caller })).body;
    expect(task).toMatchObject({ state: 'taken', takenBy: caller });
    const at = (path: string, body: object = {}) =>
      program.post(`/desk/tasks/${task.id}/${path}`, { onBehalfOf: caller, ...body });
    expect((await at('conclusion', { result: 'busy' })).status).toBe(409);
    later(1);
    expect((await at('calls')).body).toEqual({ placing: 'placed' });
    expect((await at('calls')).status).toBe(409);
    expect((await at('turns', { turn: 3, key: '1' })).status).toBe(409);
    expect((await at('turns', { turn: 0, key: null })).status).toBe(409);
    await query(`UPDATE desk_call SET state = 'bridged', bridged_at = dialed_at`);
    await at('turns', { turn: 0, key: null });
    const asked = await at('turns', { turn: 1, key: null });
    expect(asked.body.say.join('')).toContain('只说他本人的服务');
    const rated = await at('turns', { turn: 2, key: '3' });
    expect((await at('turns', { turn: 2, key: '5' })).body).toEqual(rated.body);
    expect((await at('conclusion', { result: 'nonsense' })).status).toBe(400);
    expect((await at('conclusion', { result: 'finished' })).body).toMatchObject({
      state: 'waiting',
      attempts: 1,
      outcome: 'partial',
    });
    await settle(field.city);
    expect(await query('SELECT overall FROM survey_case WHERE overall IS NOT NULL')).toEqual([{ overall: 3 }]);
  });

  test('need their scope', async () => {
    const reader = await openProgram(field, app, ['desk:read']);
    expect((await reader.get('/desk/tasks')).status).toBe(200);
    expect((await reader.post('/desk/tasks/next', { onBehalfOf: caller })).status).toBe(403);
    expect((await (await openProgram(field, app, ['rounds:read'])).get('/follow-ups')).status).toBe(403);
  });
});

test('a shop’s wish is taken, seen to and opened again', async () => {
  await query(
    `INSERT INTO follow_up (id, case_id, phone_id, named, created_at, due_at) SELECT gen_random_uuid(), id, phone_id, false, now(), now() FROM survey_case LIMIT 1`,
  );
  const [wish] = (await program.get('/follow-ups')).body.items;
  expect(wish).toMatchObject({ state: 'open', shop: null });
  const at = (path: string, body: object = {}) =>
    program.post(`/follow-ups/${wish.id}/${path}`, { onBehalfOf: caller, ...body });
  expect((await at('finish', { note: '好了' })).status).toBe(409);
  expect((await at('take')).status).toBe(200);
  expect((await at('finish', { note: '' })).status).toBe(400);
  expect((await at('finish', { note: '已办' })).status).toBe(200);
  expect((await at('reopen')).status).toBe(200);
  expect((await program.get('/follow-ups')).body.items[0].state).toBe('reopened');
});
