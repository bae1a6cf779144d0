import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { commitmentOf } from '../../../src/survey/draw/satq1.ts';
import { verifyDraw } from '../../../src/survey/draw/verify.ts';
import { closeRound } from '../../../src/survey/round/close.ts';
import { drawRound } from '../../../src/survey/round/draw.ts';
import { releaseDueSpotChecks } from '../../../src/survey/round/spot-check.ts';
import { drawRules } from '../../../src/workers/rules.ts';
import { cityManagers, type Field, openField } from '../../support/field.ts';
import { makeUser, openSite, signedIn, wordsOf } from '../site.ts';
import { openProgram, type Program } from './program.ts';

/** A draw and its spot checks by API, from the launch with holders to the bundle that an auditor replays. */
const roundId = '2026-12-R1';
const draw = `/draws/${roundId}`;
const checks = `/rounds/${roundId}/spot-checks`;
const nonces = { auditor: '5a'.repeat(32), desk: '6b'.repeat(32) } as const;
let field: Field;
let app: ReturnType<typeof openSite>;
let program: Program;
const who = {} as Record<'admin' | 'auditor' | 'desk' | 'manager' | 'supervisor', string>;

const query = <Row>(text: string, values: unknown[] = []) => field.city.database.query<Row>({ text, values });
const drawing = () => ({ ...field.services, rules: async (id: string) => drawRules(await field.services.rules(id)) });
const drawJobs = () => field.asked.filter(({ name }) => name === 'draw').length;
const faults = (body: { faults?: { where: string }[] }) => body.faults?.map(({ where }) => where);
const auditOf = (action: string) =>
  query<{ actor: string; detail: object }>('SELECT actor, detail FROM audit WHERE action = $1 ORDER BY sequence', [
    action,
  ]);

beforeAll(async () => {
  field = await openField('api-draws', cityManagers(8));
  app = openSite(field);
  program = await openProgram(field, app);
  for (const role of ['admin', 'auditor', 'desk', 'manager'] as const) who[role] = await makeUser(field, role);
  who.supervisor = await makeUser(field, 'supervisor', 'D1');
});
afterAll(() => field.close());

describe('a draw with holders', () => {
  test('is launched with them and with a public event, and every fault of both is told', async () => {
    const publicEvent = { name: '双色球 2026141 期', at: '2026-12-02T21:15:00+08:00' };
    const bad = await program.post('/rounds', {
      ...{ period: '2026-12', holders: [{ userId: who.auditor }, { userId: crypto.randomUUID() }] },
      publicEvent: { ...publicEvent, at: '2020-01-01T00:00:00Z' },
    });
    expect([bad.status, faults(bad.body)]).toEqual([400, ['holders', 'publicEventAt']]);
    const holders = [{ userId: who.auditor }, { userId: who.desk, substitute: who.manager }];
    const { status, body } = await program.post('/rounds', { period: '2026-12', holders, publicEvent });
    expect([status, body.state]).toEqual([201, 'draft']);
    const { body: standing } = await program.get(draw);
    expect(standing).toMatchObject({ roundId, state: 'draft', operatorTrusted: false, commitments: [] });
    expect(standing.publicEvent).toEqual({ ...publicEvent, at: '2026-12-02T13:15:00.000Z', value: null });
    expect(standing.holders[1]).toMatchObject({ holder: who.desk, substitute: who.manager, committedAt: null });
  });

  test('is committed to by its holders alone; with the last of them it is frozen', async () => {
    const commit = (holder: string, commitment: string, key: string = crypto.randomUUID()) =>
      program.post(`${draw}/commitments`, { holder, commitment }).set('Idempotency-Key', key);
    const bad = await commit(who.auditor, 'ABC');
    expect([bad.status, faults(bad.body)]).toEqual([400, ['body.commitment']]);
    const stranger = await commit(who.manager, commitmentOf(nonces.desk));
    expect([stranger.status, stranger.body.code]).toEqual([409, 'committed-already']);
    const before = drawJobs();
    const first = await commit(who.auditor, commitmentOf(nonces.auditor), 'commit-of-the-auditor');
    expect(first.body.commitments).toEqual([commitmentOf(nonces.auditor)]);
    expect(drawJobs()).toBe(before);
    const again = await commit(who.auditor, commitmentOf(nonces.auditor), 'commit-of-the-auditor');
    expect([again.status, again.body]).toEqual([200, first.body]);
    const early = await program.post(`${draw}/nonces`, { by: who.auditor, nonce: nonces.auditor });
    expect(early.body.code).toBe('wrong-state');
    const last = await commit(who.desk, commitmentOf(nonces.desk));
    expect([last.body.state, drawJobs()]).toEqual(['committed', before + 1]);
    expect((await auditOf('draw.commit')).map(({ actor }) => actor)).toEqual([program.actor, program.actor]);
    await drawRound(drawing(), roundId);
  });

  test('takes its nonces of holder and substitute, each its own', async () => {
    const handIn = (by: string, nonce: string) => program.post(`${draw}/nonces`, { by, nonce });
    const others = await handIn(who.auditor, nonces.desk);
    expect([others.status, others.body.code]).toEqual([409, 'no-such-commitment']);
    expect((await handIn(who.admin, nonces.desk)).body.code).toBe('no-such-commitment');
    const own = await handIn(who.auditor, nonces.auditor);
    expect([own.status, own.body.holders[0].handedInAt]).toEqual([200, field.city.clock.now().toISOString()]);
    expect((await handIn(who.auditor, nonces.auditor)).body.code).toBe('handed-in');
    await handIn(who.manager, nonces.desk);
    expect(await auditOf('draw.hand-in')).toEqual([
      { actor: program.actor, detail: { place: 0, onBehalfOf: who.auditor } },
      { actor: program.actor, detail: { place: 1, onBehalfOf: who.manager } },
    ]);
    expect(await query('SELECT handed_in_by AS by FROM nonce ORDER BY place')).toEqual([
      { by: who.auditor },
      { by: who.manager },
    ]);
  });

  test('waits for the outcome of its event, and takes it once', async () => {
    const enter = () => program.post(`${draw}/public-value`, { value: '03 07 12 19 25 31 + 08' });
    expect((await enter()).body.code).toBe('event-to-come');
    field.city.clock.advance(new Date('2026-12-03T09:30:00+08:00'));
    expect((await enter()).body.publicEvent.value).toBe('03 07 12 19 25 31 + 08');
    expect((await enter()).body.code).toBe('no-event');
    expect(await drawRound(drawing(), roundId)).toBe(true);
  });

  test('shows who was left out in numbers, and no retailer and no nonce while it is open', async () => {
    const [frame] = await query<{ size: number }>('SELECT count(*)::int AS size FROM frame_line');
    const { body, text } = await program.get(draw);
    expect(body).toMatchObject({ state: 'fielding', frameSize: frame?.size });
    expect(body.excluded['no-phone']).toBeGreaterThan(0);
    const open = await program.get(`${draw}/public`);
    expect(open.body).toMatchObject({ drawId: roundId, nonces: null, seed: null, frameHash: body.frameHash });
    const released = open.body.releases.reduce((sum: number, { count }: { count: number }) => sum + count, 0);
    expect(released).toBe((await program.get(`/rounds/${roundId}`)).body.released);
    for (const secret of [nonces.auditor, '3601K']) expect(text + open.text).not.toContain(secret);
    const sealed = await program.get(`${draw}/bundle`);
    expect([sealed.status, sealed.body.code]).toEqual([409, 'not-revealed']);
    expect((await program.get('/draws')).body.items.map((one: { roundId: string }) => one.roundId)).toEqual([roundId]);
  });

  test('that does not exist is 404', async () => {
    for (const path of ['', '/public', '/bundle'])
      expect((await program.get(`/draws/2031-01-R1${path}`)).status).toBe(404);
  });
});

describe('a spot check', () => {
  const wish = () => ({
    ...{ onBehalfOf: who.supervisor, managers: { named: ['K05'] }, perManager: 2, at: 'now', reason: '投诉较多' },
  });
  let waiting = '';

  test('asked for under one Idempotency-Key twice is one, of a person and through a key that are both on record', async () => {
    const ask = () => program.post(checks, wish()).set('Idempotency-Key', 'a-spot-check-of-K05');
    const { status, body } = await ask();
    expect(status).toBe(201);
    expect(body).toMatchObject({ askedBy: who.supervisor, via: program.actor, state: 'scheduled', districtId: 'D1' });
    expect((await ask()).body).toEqual(body);
    expect((await program.get(checks)).body.items).toEqual([body]);
    expect(field.asked.at(-1)).toEqual({ name: 'reconcile', payload: {} });
    expect(await auditOf('spot-check.schedule')).toEqual([
      { actor: program.actor, detail: expect.objectContaining({ onBehalfOf: who.supervisor, roundId }) },
    ]);
    await releaseDueSpotChecks(drawing());
    const [done] = (await program.get(checks)).body.items;
    expect(done).toMatchObject({ id: body.id, state: 'released', released: 2 });
    const page = wordsOf((await (await signedIn(field, app, 'admin')).get(checks)).text);
    expect(page).toContain('某supervisor，经程序 a program of the tests');
  });

  test('goes no further than the person’s own role and district', async () => {
    const elsewhere = await program.post(checks, { ...wish(), managers: { named: ['K06'] } });
    expect([elsewhere.status, faults(elsewhere.body)]).toEqual([400, ['managers']]);
    for (const onBehalfOf of [who.manager, who.auditor, await makeUser(field, 'supervisor'), crypto.randomUUID()]) {
      const { status, body } = await program.post(checks, { ...wish(), onBehalfOf });
      expect([status, faults(body)]).toEqual([400, ['body.onBehalfOf']]);
    }
    const city = await program.post(checks, { ...wish(), onBehalfOf: who.admin, managers: { random: 3 } });
    expect(city.body).toMatchObject({ random: 3, districtId: null, managerIds: [] });
  });

  test('for a minute to come waits for it, and a minute that is none is named', async () => {
    const at = { local: '2026-12-04T10:00', timeZone: 'Asia/Urumqi' };
    const { body } = await program.post(checks, { ...wish(), perManager: 1, at });
    expect(body.dueAt).toBe('2026-12-04T04:00:00.000Z');
    waiting = body.id;
    const ask = async (change: object) => faults((await program.post(checks, { ...wish(), ...change })).body);
    expect(await ask({ at: { ...at, timeZone: 'Mars' } })).toEqual(['timeZone']);
    expect(await ask({ at: { ...at, local: '2026-11-04T10:00' } })).toEqual(['at']);
    expect(await ask({ reason: ' ', perManager: 0 })).toEqual(['body.perManager', 'body.reason']);
  });

  test('is taken back before its time, by somebody of its district, once', async () => {
    const takeBack = (onBehalfOf: string) => program.post(`${checks}/${waiting}/cancel`, { onBehalfOf });
    const other = await makeUser(field, 'supervisor', 'D2');
    expect((await takeBack(other)).body.code).toBe('not-scheduled');
    expect((await takeBack(who.auditor)).status).toBe(400);
    expect((await takeBack(who.supervisor)).body).toMatchObject({ id: waiting, state: 'cancelled' });
    expect((await takeBack(who.supervisor)).body.code).toBe('not-scheduled');
    expect(await auditOf('spot-check.cancel')).toEqual([
      { actor: program.actor, detail: { onBehalfOf: who.supervisor } },
    ]);
    const none = await program.post(`${checks}/${crypto.randomUUID()}/cancel`, { onBehalfOf: who.supervisor });
    expect(none.status).toBe(404);
  });

  test('is offered of those of whom any are left this month', async () => {
    const left = async () =>
      (await program.get(`${checks}/managers`)).body.items.find(({ id }: { id: string }) => id === 'K05');
    const { frameSize, left: now } = await left();
    expect(now).toBe(Math.ceil(frameSize / 30) - 2);
  });
});

test('over, the draw gives its auditors a bundle that replays, under a scope of its own and on record', async () => {
  await query(`UPDATE survey_case SET state = 'done', due_at = NULL, due_channel = NULL`);
  await query(`UPDATE spot_check SET state = 'cancelled' WHERE state = 'scheduled'`);
  expect(await closeRound(field.services, roundId, 'test')).toBe(true);
  expect((await (await openProgram(field, app, ['draws:read'])).get(`${draw}/bundle`)).status).toBe(403);
  const { status, headers, body } = await (await openProgram(field, app, ['draws:audit'])).get(`${draw}/bundle`);
  expect([status, headers['content-disposition']]).toEqual([200, expect.stringContaining(`${roundId}-draw.json`)]);
  expect(verifyDraw(body)).toEqual([]);
  expect(body.nonces).toEqual([nonces.auditor, nonces.desk]);
  expect((await program.get(`${draw}/public`)).body).toMatchObject({ nonces: body.nonces, seed: body.seed });
  expect(
    await query(`SELECT subject FROM audit WHERE action = 'api.draws.audit' AND subject = $1`, [roundId]),
  ).toHaveLength(2);
});
