import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { cityManagers, type Field, openField, workField } from '../support/field.ts';
import { openProgram } from './api/program.ts';
import { formToken, openSite, signedIn, type Visitor, wordsOf } from './site.ts';

/** Reviews and the company's own numbers by page: who looks, who judges, and what neither of them gets to see. */
let field: Field;
let app: ReturnType<typeof openSite>;
const people = {} as Record<'admin' | 'auditor' | 'neighbour', Visitor>;
let flagId: string;
let shop: { case: string; retailer: string; name: string; masked: string };

const all = <Row>(text: string, ...values: unknown[]) => field.city.database.query<Row>({ text, values });

beforeAll(async () => {
  field = await openField('web-reviews', cityManagers(4));
  await workField(field, 0.6);
  app = openSite(field);
  people.admin = await signedIn(field, app, 'admin');
  people.auditor = await signedIn(field, app, 'auditor');
  people.neighbour = await signedIn(field, app, 'auditor', 'D1');
  const [one] = await all<typeof shop>(
    `SELECT c.id AS case, s.id AS retailer, s.name, p.masked FROM survey_case c JOIN retailer s ON s.id = c.retailer_id JOIN phone p ON p.id = c.phone_id
     WHERE c.manager_id = 'K01' AND c.overall IS NOT NULL LIMIT 1`,
  );
  if (one) shop = one;
});
afterAll(() => field.close());

beforeEach(async () => {
  await all('DELETE FROM flag');
  flagId = await flag('keys-too-fast', { answers: 6, seconds: '6.1', words: '49.7' }, shop.case);
});

async function flag(kind: string, evidence: object, caseId: string | null = null): Promise<string> {
  const id = randomUUID();
  await all(
    `INSERT INTO flag (id, round_id, manager_id, case_id, kind, evidence, raised_at) VALUES ($1, '2026-12-R1', 'K01', $2, $3, $4, $5)`,
    ...[id, caseId, kind, JSON.stringify(evidence), field.city.clock.now()],
  );
  return id;
}

const read = async (who: Visitor, path = '/reviews') => (await who.get(path)).text;
async function say(who: Visitor, verdict: string, reason = '核对过话单', id = flagId) {
  const token = formToken(await read(who, '/board'));
  return who.post(`/reviews/${id}/verdict`).type('form').send({ _csrf: token, verdict, reason });
}
const asksIn = (html: string): boolean => html.includes(`/reviews/${flagId}/verdict`);

describe('the page of reviews', () => {
  test('says what was measured, of whom, and that a verdict changes no score', async () => {
    const words = wordsOf(await read(people.admin));
    expect(words).toContain('没听完就按键 待两人核查');
    expect(words).toContain('6 个回答共用 6.1 秒，把题听完要 49.7 秒');
    expect(words).toContain('K01 · 轮次 2026-12-R1');
    expect(words).toContain('不改变任何评分');
    const english = wordsOf(await read(await signedIn(field, app, 'auditor'), '/reviews?lang=en'));
    expect(english).toContain('6 answers took 6.1 s together');
    expect(english).toContain('changes no score');
  });

  test('names no shop and no number', async () => {
    const html = await read(people.auditor);
    expect(html).toContain(shop.case.slice(0, 8));
    for (const secret of [shop.retailer, shop.name, shop.masked, shop.case]) expect(html).not.toContain(secret);
    expect(await all(`SELECT FROM audit WHERE action = 'reviews.read'`)).not.toEqual([]);
  });

  test.each([
    [
      'five-share',
      { counted: 25, responses: 25, othersCounted: 100, othersResponses: 200, z: '4.74' },
      '本人 25/25，全市其他人 100/200，z = 4.74',
    ],
    ['straight-line', { counted: 5, responses: 24, repeated: 5 }, '本人 5/24。 连续两次各题同分的店：5 家'],
    [
      'told-how',
      { counted: 4, responses: 10, othersCounted: 0, othersResponses: 90, z: '6.15' },
      '本人 4/10，全市其他人 0/90',
    ],
    ['phone-changed', { days: 3 }, '冻结前 3 天'],
    ['recheck-mismatch', { points: 3, items: ['Q6'] }, '相差 3 分，说法相反的题：Q6'],
    ['late-staff-number', { employee: 'E7' }, '工号 E7'],
    ['staff-ring-back', {}, '员工号码回拨'],
  ])('tells the figures of %s', async (kind, evidence, words) => {
    await flag(kind, evidence);
    expect(wordsOf(await read(people.admin))).toContain(words);
  });

  test('is empty where nothing is odd', async () => {
    await all('DELETE FROM flag');
    expect(wordsOf(await read(people.admin))).toContain('没有要核查的');
  });

  test('goes on on a second page', async () => {
    for (let index = 0; index < 101; index += 1)
      await flag('recheck-mismatch', { points: index, items: [] }, await anyCase(index));
    const first = await read(people.admin);
    const next =
      /href="(\/reviews\?rank[^"]+)"/.exec(first)?.[1]?.replaceAll('&amp;', '&').replaceAll('&#x3D;', '=') ?? '';
    const second = await read(people.admin, next);
    const count = (html: string) => html.match(/aria-labelledby="flag-/g)?.length ?? 0;
    expect([count(first), count(second)]).toEqual([100, 2]);
  });
});

const anyCase = async (index: number): Promise<string> =>
  (await all<{ id: string }>('SELECT id FROM survey_case ORDER BY position OFFSET $1 LIMIT 1', index))[0]?.id ?? '';

describe('a verdict', () => {
  test('is given by two people, the second without seeing the first, and then shown to all', async () => {
    expect((await say(people.admin, 'founded', '号码在店里')).status).toBe(303);
    expect(wordsOf(await read(people.admin))).toContain('某admin：属实。号码在店里');
    expect(asksIn(await read(people.admin))).toBe(false);
    const half = await read(people.auditor);
    expect(half).not.toContain('号码在店里');
    expect(asksIn(half)).toBe(true);
    expect((await say(people.auditor, 'unfounded', '看不出')).status).toBe(303);
    const whole = wordsOf(await read(people.neighbour));
    expect(whole).toContain('两人不一致，请考核小组商议');
    expect(whole).toMatch(/某admin：属实。号码在店里.*某auditor：不属实。看不出/);
  });

  test('twice by one person, or by somebody of the manager’s district, is refused and says why', async () => {
    await say(people.admin, 'founded');
    const again = await say(people.admin, 'founded');
    expect([again.status, wordsOf(again.text)]).toEqual([409, expect.stringContaining('另一结论须由他人给出')]);
    expect(asksIn(await read(people.neighbour))).toBe(false);
    const neighbour = await say(people.neighbour, 'founded');
    expect([neighbour.status, wordsOf(neighbour.text)]).toEqual([
      409,
      expect.stringContaining('不属于该客户经理的区域'),
    ]);
    expect(await all('SELECT second_by FROM flag')).toEqual([{ second_by: null }]);
  });

  test('without a choice or a reason is refused, one without its token too', async () => {
    expect((await say(people.admin, 'perhaps')).status).toBe(400);
    expect((await say(people.admin, 'founded', ' ')).status).toBe(400);
    const bare = await people.admin
      .post(`/reviews/${flagId}/verdict`)
      .type('form')
      .send({ verdict: 'founded', reason: 'x' });
    expect(bare.status).toBe(403);
    expect(await all('SELECT first_by FROM flag')).toEqual([{ first_by: null }]);
  });
});

describe('by API', () => {
  test('reviews are read under their scope; verdicts only once both are in, and none is given', async () => {
    const program = await openProgram(field, app, ['quality:read']);
    await say(people.admin, 'founded', '号码在店里');
    const { body } = await program.get('/reviews');
    expect(body).toMatchObject({
      items: [{ id: flagId, kind: 'keys-too-fast', state: 'half', verdicts: [] }],
      next: null,
    });
    expect(JSON.stringify(body)).not.toContain('号码在店里');
    await say(people.auditor, 'founded');
    expect((await program.get('/reviews')).body.items[0]).toMatchObject({
      state: 'founded',
      verdicts: [{ verdict: 'founded', reason: '号码在店里' }, { verdict: 'founded' }],
    });
    await flag('told-how', {});
    const first = await program.get('/reviews?limit=1');
    expect(first.body.items).toMatchObject([{ state: 'open' }]);
    const second = await program.get(`/reviews?limit=1&after=${first.body.next}`);
    expect(second.body).toMatchObject({ items: [{ state: 'founded' }], next: null });
    expect((await program.post(`/reviews/${flagId}/verdict`, { verdict: 'founded', reason: 'x' })).status).toBe(404);
    const other = await openProgram(field, app, ['rounds:read']);
    expect((await other.get('/reviews')).status).toBe(403);
  });
});

describe('the company’s own numbers', () => {
  const add = async (employee: string, phone: string) =>
    people.admin
      .post('/staff-phones')
      .type('form')
      .send({ _csrf: formToken(await read(people.admin, '/staff-phones')), employee, phone });

  test('are put on the list and taken off by page, and shown masked', async () => {
    expect(wordsOf(await read(people.admin, '/staff-phones'))).toContain('还没有登记员工号码');
    expect((await add('E1001', '139 0000 1111')).status).toBe(303);
    const html = await read(people.admin, '/staff-phones');
    expect(wordsOf(html)).toContain('E1001 139****1111');
    expect(html).not.toContain('13900001111');
    const path = /action="(\/staff-phones\/[^"]+\/remove)"/.exec(html)?.[1] ?? '';
    const removed = await people.admin
      .post(path)
      .type('form')
      .send({ _csrf: formToken(html) });
    expect(removed.status).toBe(303);
    expect(wordsOf(await read(people.admin, '/staff-phones'))).toContain('还没有登记员工号码');
    const told = await all<{ action: string }>(
      `SELECT action FROM audit WHERE action LIKE 'staff-phone.%' ORDER BY sequence`,
    );
    expect(told.map(({ action }) => action)).toEqual(['staff-phone.add', 'staff-phone.remove']);
  });

  test('are refused with what is wrong, and without repeating the number', async () => {
    const refused = await add('', '1390000');
    expect(refused.status).toBe(400);
    expect(wordsOf(refused.text)).toContain('不是有效的手机或固定电话号码');
    expect(refused.text).not.toContain('1390000');
  });

  test('come by file through the roster page, looked at first', async () => {
    const token = formToken(await read(people.admin, '/roster'));
    const file = Buffer.from('工号,电话\nE1,13900002222\nE2,13900003333\n');
    const taken = await people.admin
      .post('/roster/uploads')
      .field({ _csrf: token, kind: 'staff' })
      .attach('file', file, '员工.csv');
    const at = taken.headers.location ?? '';
    const html = await read(people.admin, at);
    expect(wordsOf(html)).toMatch(/员工号码.*新增 2/);
    expect(await all('SELECT FROM staff_phone WHERE until IS NULL')).toEqual([]);
    const seen = /name="seen" value="([^"]*)"/.exec(html)?.[1] ?? '';
    await people.admin
      .post(`${at}/import`)
      .type('form')
      .send({ _csrf: formToken(html), seen });
    expect(await all('SELECT FROM staff_phone WHERE until IS NULL')).toHaveLength(2);
  });
});

test('a struck response is no longer among the valid ones, and the page says so; the response rate stays', async () => {
  const figures = async () => {
    const words = wordsOf(await read(people.admin, '/rounds/2026-12-R1'));
    const [, valid = ''] = /有效回访 ([\d,]+)/.exec(words) ?? [];
    const [, rate = ''] = /应答率 RR2 ([\d.]+%)/.exec(words) ?? [];
    return { valid: Number(valid.replace(',', '')), rate, words };
  };
  const before = await figures();
  expect(before.words).not.toContain('按公布的规则无效');
  await all(
    `INSERT INTO invalidation (case_id, rule, detail, by, at) VALUES ($1, 'staff-number', '{}', 'system', $2)`,
    ...[shop.case, field.city.clock.now()],
  );
  const after = await figures();
  expect(after.valid).toBe(before.valid - 1);
  expect(after.rate).toBe(before.rate);
  expect(after.words).toContain('另有 1 份按公布的规则无效');
  expect(wordsOf(await read(people.admin, '/rounds'))).toContain(`${after.valid} / `);
});
