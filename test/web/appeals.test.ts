import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { PublishedManager } from '../../src/scoring/publication.ts';
import { findPublished } from '../../src/scoring/store.ts';
import { file } from '../support/appeals.ts';
import { cityManagers, type Field, openField, publishField } from '../support/field.ts';
import { formToken, openSite, signedIn, type Visitor, wordsOf } from './site.ts';

/** Appeals by page: K04 of D4 files, an admin and a supervisor of another district decide. */
let field: Field;
let app: ReturnType<typeof openSite>;
const people = {} as Record<'manager' | 'other' | 'admin' | 'elsewhere' | 'neighbour' | 'auditor', Visitor>;
const period = '2026-12';
const all = <Row>(text: string, ...values: unknown[]) => field.city.database.query<Row>({ text, values });

beforeAll(async () => {
  field = await openField('web-appeals', cityManagers(5));
  await publishField(field);
  app = openSite(field);
  people.manager = await signedInAs('K04');
  people.other = await signedInAs('K01');
  people.admin = await signedIn(field, app, 'admin');
  people.elsewhere = await signedIn(field, app, 'supervisor', 'D1');
  people.neighbour = await signedIn(field, app, 'supervisor', 'D4');
  people.auditor = await signedIn(field, app, 'auditor');
});
afterAll(() => field.close());

async function signedInAs(managerId: string): Promise<Visitor> {
  const browser = await signedIn(field, app, 'manager');
  await all(`UPDATE app_user SET manager_id = $1 WHERE role = 'manager' AND manager_id IS NULL`, managerId);
  return browser;
}

const read = async (who: Visitor, path: string) => (await who.get(path)).text;
const words = async (who: Visitor, path: string) => wordsOf(await read(who, path));
async function send(who: Visitor, path: string, form: Readonly<Record<string, string>>) {
  const token = formToken(await read(who, '/board'));
  return who
    .post(path)
    .type('form')
    .send({ _csrf: token, ...form });
}
async function lineOf(id: string): Promise<PublishedManager> {
  const published = await findPublished(field.city.database.query, period);
  return published?.document.managers.find((one) => one.id === id) ?? expect.fail(`${id} is not published`);
}
const formAt = `/appeals/mine/${period}`;
const wish = { indicator: 'service', value: '99.5', statement: '录入有误', evidence: '走访记录第 3 页' };

/** Files K04's appeal about an indicator and says under which id. */
async function filed(form: Readonly<Record<string, string>> = wish, kind = 'indicator'): Promise<string> {
  expect((await send(people.manager, `${formAt}/${kind}`, form)).status).toBe(303);
  const [open] = await all<{ id: string }>(`SELECT id FROM appeal WHERE state = 'open'`);
  return open?.id ?? expect.fail('no appeal is open');
}

describe('a manager', () => {
  test('finds the notice he can appeal against, to which day, and the three kinds of fact', async () => {
    const html = await read(people.manager, '/appeals/mine');
    expect(wordsOf(html)).toContain('可申诉至 2026 年 12 月 15 日（含当日）');
    for (const kind of ['indicator', 'wrong-assignment', 'invalid-call'])
      expect(html).toContain(`href="${formAt}/${kind}"`);
    const { indicators } = await lineOf('K04');
    expect(await words(people.manager, `${formAt}/indicator`)).toContain(`服务规范（公示为 ${indicators.service}）`);
  });

  test('gets the form back as he filled it in, each fault beside its field', async () => {
    const bad = { ...wish, value: 'much', evidence: ' ' };
    const answer = await send(people.manager, `${formAt}/indicator`, bad);
    expect(answer.status).toBe(400);
    expect(answer.text).toMatch(/id="value-fault"[^>]*>请填数字/);
    expect(answer.text).toMatch(/id="evidence-fault"/);
    expect(answer.text).not.toMatch(/id="(statement|indicator)-fault"/);
    expect(answer.text).toContain('value="much"');
    expect(answer.text).toContain('value="service" selected');
    const shop = await send(people.manager, `${formAt}/invalid-call`, { ...wish, retailerId: 'nobody' });
    expect([shop.status, shop.text]).toEqual([
      400,
      expect.stringMatching(/id="retailerId-fault"[^>]*>没有这个许可证号/),
    ]);
    expect(await all('SELECT FROM appeal')).toEqual([]);
  });

  test('writes two thousand characters of either', async () => {
    const long = '错'.repeat(2000);
    const id = await filed({ ...wish, statement: long, evidence: long });
    await send(people.manager, `/appeals/${id}/withdrawal`, {});
  });

  test('sees what he filed, takes it back only after a confirmation, and nobody else’s', async () => {
    const id = await filed();
    const mine = await words(people.manager, '/appeals/mine');
    expect(mine).toMatch(/服务规范 应为 99\.5 待裁定 .*尚无人裁定/);
    expect(await words(people.other, '/appeals/mine')).not.toContain('99.5');
    const path = `/appeals/${id}/withdrawal`;
    expect((await people.other.get(path)).status).toBe(404);
    expect((await send(people.other, path, {})).status).toBe(404);
    expect(await words(people.manager, path)).toContain('撤回后不再裁定');
    expect(await all('SELECT state FROM appeal WHERE id = $1', id)).toEqual([{ state: 'open' }]);
    expect((await send(people.manager, path, {})).status).toBe(303);
    expect(await words(people.manager, '/appeals/mine')).toContain('已撤回');
    expect(
      await all(`SELECT FROM audit WHERE action IN ('appeal.file', 'appeal.withdraw') AND subject = $1`, id),
    ).toHaveLength(2);
  });

  test('without an employee number is told whom to ask', async () => {
    const answer = await (await signedIn(field, app, 'manager')).get('/appeals/mine');
    expect([answer.status, wordsOf(answer.text)]).toEqual([403, expect.stringContaining('没有对应的工号')]);
  });
});

describe('those who decide', () => {
  let id: string;
  const verdict = (who: Visitor, form: Readonly<Record<string, string>>) => send(who, `/appeals/${id}/verdict`, form);
  const yes = { verdict: 'uphold', reason: '记录属实' };

  beforeAll(async () => {
    id = await filed();
  });

  test('are not of the manager’s district, whose people do not even see it', async () => {
    for (const who of [people.admin, people.elsewhere]) {
      expect(await words(who, '/appeals')).toMatch(/等我裁定 .*服务规范 应为 99\.5/);
      expect(await words(who, `/appeals/${id}`)).toContain('走访记录第 3 页');
    }
    expect(await words(people.neighbour, '/appeals')).not.toContain('99.5');
    expect((await people.neighbour.get(`/appeals/${id}`)).status).toBe(404);
    expect((await verdict(people.neighbour, { ...yes, confirmed: 'yes' })).status).toBe(404);
    const nowhere = await signedIn(field, app, 'supervisor');
    expect((await nowhere.get(`/appeals/${id}`)).status).toBe(404);
  });

  test('auditors read and decide nothing', async () => {
    const page = await read(people.auditor, `/appeals/${id}`);
    expect(page).toContain('录入有误');
    expect(page).not.toContain(`/appeals/${id}/verdict`);
    expect((await verdict(people.auditor, { ...yes, confirmed: 'yes' })).status).toBe(403);
  });

  test('are told what is missing beside its field', async () => {
    const answer = await verdict(people.admin, { verdict: '', reason: ' ' });
    expect(answer.status).toBe(400);
    expect(answer.text).toMatch(/id="verdict-fault"[\s\S]*id="reason-fault"/);
  });

  test('are told first what would change, and nothing happens before they confirm', async () => {
    const before = await lineOf('K04');
    const { status, text } = await verdict(people.admin, yes);
    expect(status).toBe(200);
    const said = wordsOf(text);
    expect(said).toContain('服务规范 改为 99.5');
    expect(said).toMatch(new RegExp(`单位评价 ${before.unit} \\d+\\.\\d\\d`));
    expect(await all('SELECT FROM appeal_verdict')).toEqual([]);
  });

  test('do not see what the first said; two of one mind correct the notice, and the board says so', async () => {
    const before = await lineOf('K04');
    expect((await verdict(people.admin, { ...yes, reason: '核对过原始记录', confirmed: 'yes' })).status).toBe(303);
    expect(await words(people.admin, `/appeals/${id}`)).toContain('您的意见： 属实，更正。核对过原始记录');
    expect(await read(people.elsewhere, `/appeals/${id}`)).not.toContain('核对过原始记录');
    expect(wordsOf((await verdict(people.elsewhere, yes)).text)).not.toContain('核对过原始记录');
    expect((await lineOf('K04')).unit).toBe(before.unit);
    const shown = /单位评价 \S+ (\d+\.\d\d)/.exec(wordsOf((await verdict(people.elsewhere, yes)).text))?.[1];
    expect((await verdict(people.elsewhere, { ...yes, confirmed: 'yes' })).status).toBe(303);
    expect((await lineOf('K04')).unit).toBe(shown);
    expect(await words(people.auditor, `/appeals/${id}`)).toMatch(
      /某admin · 属实，更正。核对过原始记录 .*某supervisor · /,
    );
    expect(await words(people.manager, '/appeals/mine')).toMatch(/属实，已更正.*属实，更正。核对过原始记录/);
    expect(await read(people.manager, '/appeals/mine')).not.toContain('某admin');
    const name = (await lineOf('K04')).name;
    expect(await words(people.other, '/board')).toContain(`${name} 的成绩经申诉更正`);
    expect(await all(`SELECT FROM audit WHERE action = 'appeal.verdict' AND subject = $1`, id)).toHaveLength(2);
    expect((await verdict(people.admin, { ...yes, confirmed: 'yes' })).status).toBe(409);
  });

  test('are told no score beforehand where a shop’s answer would follow from it', async () => {
    const [shop] = await all<{ id: string }>(
      `SELECT retailer_id AS id FROM survey_case WHERE manager_id = 'K04' LIMIT 1`,
    );
    id = await file(field.services, period, 'K04', { kind: 'invalid-call', retailerId: shop?.id ?? '' });
    const { text } = await verdict(people.admin, yes);
    expect(wordsOf(text)).toContain('两个得分之差会泄露该户怎么答的');
    expect(text).not.toContain('<table');
    const english = await words(people.admin, `/appeals/${id}?lang=en`);
    expect(english).toContain('The call to');
  });
});

test('after the term there is nothing to appeal against', async () => {
  field.city.clock.advance(new Date('2026-12-16T00:00:00+08:00'));
  expect(await words(people.manager, '/appeals/mine')).toContain('现在没有可以申诉的公示');
  expect((await people.manager.get(`${formAt}/indicator`)).status).toBe(404);
  expect((await send(people.manager, `${formAt}/indicator`, wish)).status).toBe(404);
});
