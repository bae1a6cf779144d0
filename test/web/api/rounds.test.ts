import Fraction from 'fraction.js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { dispositions } from '../../../src/survey/disposition/disposition.ts';
import { cityManagers, type Field, openField, workField } from '../../support/field.ts';
import { formToken, openSite, signedIn, type Visitor, wordsOf } from '../site.ts';
import { openProgram, type Program } from './program.ts';

/** Rounds by API and by page: planned, launched, paused, closed, cancelled, counted. */
let field: Field;
let app: ReturnType<typeof openSite>;
let program: Program;
let admin: Visitor;
const roundId = '2026-12-R1';
const query = <Row>(text: string, values: unknown[] = []) => field.city.database.query<Row>({ text, values });

beforeAll(async () => {
  field = await openField('api-rounds', cityManagers(4));
  await workField(field, 0.6);
  app = openSite(field);
  program = await openProgram(field, app);
  admin = await signedIn(field, app, 'admin');
});
afterAll(() => field.close());

describe('a plan', () => {
  test('tells what would happen, and launches nothing', async () => {
    const { status, body } = await program.post('/rounds/plan', { period: '2027-01', pricePerMinute: '0.12' });
    expect(status).toBe(200);
    expect(body).toMatchObject({ roundId: '2027-01-R1', ruleSetId: 'RS-1' });
    expect(body.managers).toHaveLength(4);
    expect(body.completes).toBeGreaterThan(0);
    expect(Number(body.cost)).toBeCloseTo(body.minutes * 0.12, 2);
    expect(await query(`SELECT FROM round WHERE period = '2027-01'`)).toEqual([]);
  });

  test('of whoever rests counts them out', async () => {
    const [{ frame, available } = { frame: 0, available: 0 }] = (
      await program.post('/rounds/plan', { period: '2027-01' })
    ).body.managers.map((one: { frameSize: number; available: number }) => ({
      frame: one.frameSize,
      available: one.available,
    }));
    expect(available).toBeLessThan(frame);
  });

  test('at fault says every fault', async () => {
    const { status, body } = await program.post('/rounds/plan', { period: '2027-13', pricePerMinute: 'cheap' });
    expect(status).toBe(400);
    expect(body.faults.map(({ where }: { where: string }) => where)).toEqual(['body.period', 'body.pricePerMinute']);
  });
});

describe('launching', () => {
  test('twice under one Idempotency-Key launches once and answers the same', async () => {
    const ask = () =>
      program
        .post('/rounds', { period: '2027-02', closesAt: '2027-02-20T17:00:00+08:00' })
        .set('Idempotency-Key', 'launch-2027-02');
    const first = await ask();
    const second = await ask();
    expect(first.status).toBe(201);
    expect(first.body).toMatchObject({ id: '2027-02-R1', state: 'committed', closesAt: '2027-02-20T09:00:00.000Z' });
    expect([second.status, second.body]).toEqual([201, first.body]);
    expect(field.asked.filter(({ name }) => name === 'draw')).toEqual([
      { name: 'draw', payload: { roundId: '2027-02-R1' } },
    ]);
    expect(await query(`SELECT actor FROM audit WHERE action = 'round.launch' AND subject = '2027-02-R1'`)).toEqual([
      { actor: program.actor },
    ]);
  });

  test('a month that has a round is refused', async () => {
    const { status, body } = await program.post('/rounds', { period: '2026-12' });
    expect({ status, code: body.code }).toEqual({ status: 409, code: 'round-exists' });
  });
});

describe('cases', () => {
  test('come in pages, masked, without an answer or a shop, and the reading is in the audit log', async () => {
    const [{ cases } = { cases: 0 }] = await query<{ cases: number }>('SELECT count(*)::int AS cases FROM survey_case');
    const seen: string[] = [];
    for (let next: string | null = ''; next !== null; ) {
      const { body } = await program.get(`/rounds/${roundId}/cases?limit=50${next && `&after=${next}`}`);
      for (const one of body.items) {
        seen.push(one.id);
        expect(one.phone).toContain('****');
        expect(Object.keys(one)).not.toContain('overall');
      }
      expect(JSON.stringify(body)).not.toMatch(/3601K\d/);
      next = body.next;
    }
    expect(new Set(seen).size).toBe(cases);
    const [read] = await query<{ lines: number }>(
      `SELECT count(*)::int AS lines FROM audit WHERE action = 'api.rounds.cases'`,
    );
    expect(read?.lines).toBe(Math.ceil(cases / 50));
  });
});

describe('tallies', () => {
  test('sum to released, at every level, and say what the page says', async () => {
    const { body } = await program.get(`/rounds/${roundId}/tallies`);
    const at = (level: string) => body.lines.filter((line: { level: string }) => line.level === level);
    const [whole] = at('round');
    const sum = (lines: { released: number }[]) => lines.reduce((total, { released }) => total + released, 0);
    expect(sum(at('district'))).toBe(whole.released);
    expect(sum(at('manager'))).toBe(whole.released);
    for (const { released, dispositions } of body.lines)
      expect(Object.values<number>(dispositions).reduce((total, n) => total + n, 0)).toBe(released);
    const words = wordsOf((await admin.get(`/rounds/${roundId}`)).text);
    expect(words).toContain(`已抽取 ${whole.released.toLocaleString('en')} 户`);
    const { I, P } = whole.groups;
    expect(words).toContain(`有效回访 ${I + P}`);
    expect(whole.channels.voice + whole.channels.sms + whole.channels.desk).toBeLessThanOrEqual(I + P);
  });
});

describe('exports', () => {
  const lines = async (kind: string) =>
    JSON.parse((await program.get(`/rounds/${roundId}/results/${kind}?format=json`)).text);

  test('agree with the page and with each other, in counts and in rates', async () => {
    const cases: { manager: string; disposition: string }[] = await lines('cases');
    const attempts: { case: string }[] = await lines('attempts');
    const tallies: Record<string, string | number | null>[] = await lines('tallies');
    const [whole] = tallies;
    const words = wordsOf((await admin.get(`/rounds/${roundId}`)).text);
    expect(words).toContain(`已抽取 ${cases.length.toLocaleString('en')} 户`);
    expect(whole?.released).toBe(cases.length);
    for (const { level, id, ...tally } of tallies) {
      if (level !== 'manager') continue;
      const own = cases.filter(({ manager }) => manager === id);
      expect(tally.released).toBe(own.length);
      for (const disposition of dispositions)
        expect(tally[disposition]).toBe(own.filter((one) => one.disposition === disposition).length);
    }
    const [{ made } = { made: 0 }] = await query<{ made: number }>('SELECT count(*)::int AS made FROM attempt');
    expect(attempts).toHaveLength(made);
    const rr2 = new Fraction(String(whole?.RR2)).mul(100).valueOf().toFixed(1);
    expect(words).toContain(`${rr2}%`);
  });

  test('in CSV hold the same lines, and open in a spreadsheet', async () => {
    for (const kind of ['cases', 'attempts', 'tallies']) {
      const { text, headers } = await program.get(`/rounds/${roundId}/results/${kind}`).buffer(true);
      expect(headers['content-disposition']).toContain(`huifang-${roundId}-${kind}.csv`);
      expect(text.charCodeAt(0)).toBe(0xfeff);
      expect(text.trim().split('\n')).toHaveLength((await lines(kind)).length + 1);
    }
  });

  test('hold no shop and no rating, whatever was answered', async () => {
    const all = async () => JSON.stringify([await lines('cases'), await lines('attempts'), await lines('tallies')]);
    const before = await all();
    await query(`UPDATE survey_case SET overall = 6 - overall WHERE overall IS NOT NULL`);
    await query(`UPDATE answer SET value = 6 - value`);
    expect(await all()).toBe(before);
    for (const { id } of await query<{ id: string }>('SELECT id FROM retailer')) expect(before).not.toContain(id);
  });
});

describe('changes', () => {
  test('by page: says first what will happen, and asks why', async () => {
    const path = `/rounds/${roundId}/change/pause`;
    const page = (await admin.get(path)).text;
    expect(wordsOf(page)).toContain('不再拨出');
    expect((await query<{ state: string }>(`SELECT state FROM round WHERE id = $1`, [roundId]))[0]?.state).toBe(
      'fielding',
    );
    const silent = await admin
      .post(path)
      .type('form')
      .send({ reason: ' ', _csrf: formToken(page) });
    expect(silent.status).toBe(400);
    expect(silent.text).toContain('请写明原因');
    const done = await admin
      .post(path)
      .type('form')
      .send({ reason: '停电', _csrf: formToken(page) });
    expect(done.headers.location).toBe(`/rounds/${roundId}`);
    expect(await query(`SELECT state, reason FROM round WHERE id = $1`, [roundId])).toEqual([
      { state: 'paused', reason: '停电' },
    ]);
    expect((await admin.get(`/rounds/${roundId}`)).text).toContain('/change/resume');
  });

  test('by API: resumed, closed early, and refused once it cannot be', async () => {
    expect((await program.post(`/rounds/${roundId}/resume`)).body.state).toBe('fielding');
    const again = await program.post(`/rounds/${roundId}/resume`);
    expect({ status: again.status, code: again.body.code }).toEqual({ status: 409, code: 'wrong-state' });
    const closing = await program.post(`/rounds/${roundId}/close`, { reason: '样本已够' });
    expect(closing.status).toBe(202);
    expect(closing.body.closesAt).not.toBeNull();
    expect(field.asked.at(-1)).toEqual({ name: 'close', payload: { roundId } });
    expect((await program.post(`/rounds/${roundId}/cancel`, {})).status).toBe(400);
    expect((await program.post(`/rounds/${roundId}/cancel`, { reason: '名册有误' })).body).toMatchObject({
      ...{ state: 'cancelled', reason: '名册有误' },
    });
  });
});
