import type { Express } from 'express';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RuleSetDocument } from '../../src/scoring/rules.ts';
import { type Field, openField } from '../support/field.ts';
import { playMonth, smallManagers } from '../support/final-month.ts';
import { openProgram, type Program } from './api/program.ts';
import { formToken, openSite, signedIn, type Visitor, wordsOf } from './site.ts';

/** Rule sets by page and by API: drafts with their faults, what they change, past months, publication, who took note. */
let field: Field;
let app: Express;
let admin: Visitor;
let supervisor: Visitor;
let manager: Visitor;
let program: Program;
beforeAll(async () => {
  field = await openField('web-rules', smallManagers(5));
  app = openSite(field);
  const good = { overall: 5, unit: 96 };
  const fair = { overall: 4, unit: 90 };
  for (const period of ['2027-01', '2027-02'])
    await playMonth(field, period, {
      ruleSet: 'RS-1',
      results: { K01: good, K02: good, K03: fair, K04: fair, K05: { overall: 1, unit: 40 } },
    });
  admin = await signedIn(field, app, 'admin');
  supervisor = await signedIn(field, app, 'supervisor', 'D1');
  manager = await signedIn(field, app, 'manager');
  await field.city.database.query({ text: `UPDATE app_user SET manager_id = 'K01' WHERE role = 'manager'` });
  program = await openProgram(field, app);
});
afterAll(() => field.close());

const page = async (path: string, browser = admin): Promise<string> => {
  const answer = await browser.get(path);
  expect([path, answer.status]).toEqual([path, 200]);
  return answer.text;
};
const draft = async (changes: Partial<RuleSetDocument>): Promise<object> => ({
  ...(await field.city.rules('RS-1')).document,
  ...changes,
});
const upload = async (document: object | string) => {
  const token = formToken(await page('/rules'));
  return admin
    .post('/rules/drafts')
    .field('_csrf', token)
    .attach('file', Buffer.from(typeof document === 'string' ? document : JSON.stringify(document)), 'draft.json');
};
const press = async (at: string, to: string, browser = admin, more: object = {}) => {
  const token = formToken(await page(at, browser));
  return browser
    .post(to)
    .type('form')
    .send({ _csrf: token, ...more });
};
const oneStreak = { start: 3, upStreak: 1, downStreak: 1, requirements: {} } as const;

describe('a draft', () => {
  test('with faults is refused with all of them, beside the file, and not kept', async () => {
    const { combined } = (await field.city.rules('RS-1')).document;
    const bad = await draft({ id: 'RS-2', combined: { ...combined, maximumSellingShareBp: 3000 }, timeZone: 'Mars' });
    const answer = await upload(bad);
    expect(answer.status).toBe(400);
    const words = wordsOf(answer.text);
    expect(words).toMatch(/没有保存。.*timeZone must be a time zone.*combined\.maximumSellingShareBp may be lower/);
    expect(words).toContain('没有草稿');
    expect(wordsOf((await upload('{"id":')).text)).toMatch(/从这里起不是 JSON/);
  });

  test('is kept, says what it changes and why it cannot be published yet', async () => {
    const kept = await upload(await draft({ id: 'RS-2', effectiveFrom: '2027-02', tiers: oneStreak }));
    expect([kept.status, kept.headers.location]).toEqual([303, '/rules/drafts/RS-2']);
    const words = wordsOf(await page('/rules/drafts/RS-2'));
    expect(words).toMatch(/与 RS-1 相比.*升一档所需连续优秀 2 个月 1 个月/);
    expect(words).toMatch(
      /还不能发布.*effectiveFrom 2027-02 已有轮次或公布的结果.*effectiveFrom 须在生效考核期首日之前满 7 天/,
    );
    expect(wordsOf(await page('/rules/drafts/RS-2?lang=en'))).toContain('excellent months in a row that rise');
    await page('/rules?lang=zh');
  });

  test('is tried on past months: who would have risen a month earlier', async () => {
    const words = wordsOf(await page('/rules/drafts/RS-2/what-if'));
    expect(words).toMatch(/2027 年 2 月 5 人中 \d 人的等级、档位或升降会不同/);
    expect(words).toMatch(/2027 年 1 月 5 人中 2 人的等级、档位或升降会不同。/);
    expect(words).toMatch(/经理1 K01 · .*优秀，第 3 档，不变 .*优秀，第 2 档，升档/);
  });

  test('is published after a confirmation, as it was looked at', async () => {
    await upload(await draft({ id: 'RS-2', effectiveFrom: '2027-06', tiers: oneStreak }));
    const confirmation = await page('/rules/drafts/RS-2/publication');
    expect(wordsOf(confirmation)).toContain('自 2027 年 6 月起全公司按这一版考核');
    const path = '/rules/drafts/RS-2/publication';
    const unseen = await press(path, path, admin, { hash: '0'.repeat(64) });
    expect(unseen.status).toBe(409);
    const hash = /name="hash" value="([^"]+)"/.exec(confirmation)?.[1] ?? '';
    const done = await press(path, path, admin, { hash });
    expect([done.status, done.headers.location]).toEqual([303, '/rules/versions/RS-2']);
    expect((await admin.get('/rules/drafts/RS-2')).status).toBe(404);
    expect(wordsOf(await page('/rules'))).toMatch(/RS-2 待生效 2027 年 6 月.*RS-1 生效中/);
    expect((await upload(await draft({ id: 'RS-2' }))).status).toBe(409);
  });

  test('is deleted after a confirmation', async () => {
    await upload(await draft({ id: 'RS-9' }));
    expect((await press('/rules/drafts/RS-9/discard', '/rules/drafts/RS-9/discard')).status).toBe(303);
    expect((await admin.get('/rules/drafts/RS-9')).status).toBe(404);
  });
});

describe('a version', () => {
  test('is read by everybody, compared, and downloaded as it was published', async () => {
    const words = wordsOf(await page('/rules/versions/RS-2', manager));
    expect(words).toMatch(/自 2027 年 6 月起生效.*客户评价占综合得分 40 %.*优秀的最低得分 90 分/);
    expect(words).not.toContain('签收情况');
    expect(wordsOf(await page('/rules/versions/RS-2/comparison?with=RS-1', manager))).toContain('2 个月 1 个月');
    expect((await manager.get('/rules/versions/RS-2/comparison?with=RS-7')).status).toBe(404);
    const file = await manager.get('/rules/versions/RS-2/document.json');
    expect(file.body).toEqual(await draft({ id: 'RS-2', effectiveFrom: '2027-06', tiers: oneStreak }));
  });

  test('is acknowledged by a manager, once, and the list says who has not, in his own district to a supervisor', async () => {
    expect(wordsOf(await page('/rules/versions/RS-2/acknowledgements'))).toMatch(/2 人中 2 人未签收/);
    const signed = await press('/rules/versions/RS-2', '/rules/versions/RS-2/acknowledgement', manager);
    expect([signed.status, signed.headers.location]).toEqual([303, '/rules/versions/RS-2']);
    expect(wordsOf(await page('/rules/versions/RS-2', manager))).toMatch(/您已于 .* 签收/);
    expect(wordsOf(await page('/rules/versions/RS-2'))).toContain('签收情况（1 人已签收）');
    const own = wordsOf(await page('/rules/versions/RS-2/acknowledgements', supervisor));
    expect(own).toMatch(/2 人中 1 人未签收.*经理5 K05 未签收 经理1 K01/);
    expect(own).not.toContain('K02');
  });
});

describe('by API', () => {
  test('versions are listed, compared in both languages, and signatures read', async () => {
    expect((await program.get('/rule-sets')).body.items).toMatchObject([
      { id: 'RS-2', effectiveFrom: '2027-06', acknowledged: 1 },
      { id: 'RS-1', publishedAt: null, rounds: 2 },
    ]);
    const { body } = await program.get('/rule-sets/RS-2/comparison?with=RS-1');
    expect(body.changes[0]).toMatchObject({
      ...{
        pattern: 'tiers.upStreak',
        before: { zh: '2 个月', en: '2 months' },
        after: { zh: '1 个月', en: '1 month' },
      },
    });
    const { items } = (await program.get('/rule-sets/RS-2/acknowledgements')).body;
    expect(items.filter(({ at }: { at: string | null }) => at !== null)).toMatchObject([{ managerId: 'K01' }]);
    expect((await program.get('/rule-sets/RS-7')).status).toBe(404);
    expect((await program.get('/rule-sets/RS-1/document')).body.id).toBe('RS-1');
  });

  test('a draft is checked, kept, tried and published', async () => {
    const bad = await program.post('/rule-sets/check', await draft({ effectiveFrom: '2027-06' }));
    expect(bad.body.faults.map(({ where }: { where: string }) => where)).toEqual(['id', 'effectiveFrom']);
    const good = await draft({ id: 'RS-3', effectiveFrom: '2027-08', tiers: oneStreak });
    expect((await program.post('/rule-sets/check', good)).body.faults).toEqual([]);
    const kept = await program.post('/rule-sets/drafts', good);
    expect(kept.status).toBe(201);
    const tried = (await program.get('/rule-sets/drafts/RS-3/what-if')).body;
    expect(
      tried.months.map(({ period, differing }: { period: string; differing: object[] }) => [
        period,
        differing.length,
      ])[0],
    ).toEqual(['2027-01', 2]);
    const done = await program.post('/rule-sets/drafts/RS-3/publication', { hash: kept.body.hash });
    expect(done.body).toMatchObject({ id: 'RS-3', publishedBy: program.actor, rounds: 0 });
    expect((await program.post('/rule-sets/drafts/RS-3/publication', { hash: kept.body.hash })).status).toBe(404);
  });
});
