import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { importRetailers } from '../../src/survey/roster/import.ts';
import { cityManagers, type Field, openField, workField } from '../support/field.ts';
import { follow, formToken, linkFor, makeUser, openSite, signedIn, type Visitor, visitor, wordsOf } from './site.ts';

/** The roster by page: a file looked at and then imported, a file taken away, and lists that their managers confirm. */
let field: Field;
let app: ReturnType<typeof openSite>;
let admin: Visitor;

beforeAll(async () => {
  field = await openField('web-roster', cityManagers(3));
  await workField(field, 0.1);
  app = openSite(field);
  admin = await signedIn(field, app, 'admin');
});
afterAll(() => field.close());

const rows = <Row>(text: string, values: unknown[] = []): Promise<Row[]> =>
  field.city.database.query<Row>({ text, values });
const later = (at: string) => field.city.clock.advance(new Date(at));

const headings = '许可证号,店名,工号,电话,城乡';
const file = (...lines: string[]): Buffer => Buffer.from([headings, ...lines].map((line) => `${line}\r\n`).join(''));

/** Sends the form of /roster with a file in it; follows to where it leads. */
async function bring(content: Buffer, fields: Record<string, string> = {}) {
  const token = formToken((await admin.get('/roster')).text);
  const form = admin.post('/roster/uploads').field({ _csrf: token, kind: 'retailers', ...fields });
  const taken = await form.attach('file', content, '十二月.csv');
  expect(taken.status).toBe(303);
  return { at: taken.headers.location ?? '', page: await admin.get(taken.headers.location ?? '') };
}

const hidden = (html: string, name: string): string =>
  new RegExp(`name="${name}" value="([^"]*)"`).exec(html)?.[1] ?? '';
const press = (at: string, html: string) =>
  admin
    .post(`${at}/import`)
    .type('form')
    .send({ _csrf: formToken(html), seen: hidden(html, 'seen') });

const exported = async (): Promise<Buffer> => {
  const form = { _csrf: formToken((await admin.get('/roster')).text), kind: 'retailers', format: 'csv' };
  return Buffer.from((await admin.post('/roster/export').type('form').send(form)).text);
};

describe('a roster file', () => {
  test('is looked at first, and imported as it was shown', async () => {
    const { at, page } = await bring(file('N1,新店,K01,13800138000,城镇', 'N2,又一店,K02,,乡村'));
    expect(page.status).toBe(200);
    expect(wordsOf(page.text)).toMatch(/十二月\.csv 零售户 共 2 行。.*新增 2 N1 N2 .*文件中没有，保持不变/);
    expect(await rows(`SELECT id FROM retailer WHERE id LIKE 'N%'`)).toEqual([]);
    expect((await press(at, page.text)).headers.location).toBe('/roster');
    expect(await rows(`SELECT id FROM retailer WHERE id LIKE 'N%' ORDER BY id`)).toEqual([{ id: 'N1' }, { id: 'N2' }]);
    expect(wordsOf((await admin.get('/roster')).text)).toContain('十二月.csv 新增 2 户，变更 0 户 某admin');
    expect(await rows('SELECT count(*)::int AS kept FROM roster_upload')).toEqual([{ kept: 0 }]);
    expect((await admin.get(at)).status).toBe(404);
  });

  test('is not imported when the roster has changed since it was looked at', async () => {
    const { at, page } = await bring(file('N3,三店,K01,13700137000,城镇'));
    await importRetailers(field.city, file('N3,三店,K01,13700137000,城镇'));
    const refused = await press(at, page.text);
    expect(refused.status).toBe(409);
    expect(wordsOf(refused.text)).toContain('核对之后名册有变，未导入');
  });

  test('of every shop that lacks most of them is imported only with its box ticked', async () => {
    const { at, page } = await bring(file('N1,新店,K01,13800138000,城镇'), { full: 'yes' });
    const [active] = await rows<{ shops: number }>(
      `SELECT count(*)::int AS shops FROM retailer WHERE status = 'active'`,
    );
    const gone = (active?.shops ?? 0) - 1;
    expect(hidden(page.text, 'closing')).toBe(String(gone));
    expect(wordsOf(page.text)).toMatch(/文件若只是一部分，请返回.* K02 /);
    const refused = await press(at, page.text);
    expect(refused.status).toBe(409);
    expect(wordsOf(refused.text)).toContain(`请写明停业户数 ${gone}`);
    expect(await rows(`SELECT count(*)::int AS shops FROM retailer WHERE status = 'active'`)).toEqual([active]);
    const few = await bring(await exported(), { full: 'yes' });
    expect(few.page.text).not.toContain('name="closing"');
  });

  test('with faults shows them, and gives them as a table', async () => {
    const { at, page } = await bring(file('N4,,K01,1380013800,城镇', 'N5,五店,K99,,城镇'));
    expect(page.status).toBe(400);
    expect(wordsOf(page.text)).toContain('文件有 3 处错误，没有导入任何内容');
    expect(wordsOf(page.text)).toContain('第 2 行，列“店名” (row 2, column 店名) 不能为空');
    const { text, headers } = await admin.get(`${at}/faults.csv`);
    expect(headers['content-disposition']).toBe('attachment; filename=faults.csv');
    expect(text.split('\r\n')).toHaveLength(5);
  });

  test('is nobody’s but whose it is, and sealed while it waits', async () => {
    const { at } = await bring(file('N6,六店,K01,13612345678,城镇'));
    const another = await signedIn(field, app, 'admin');
    expect((await another.get(at)).status).toBe(404);
    const [upload] = await rows<{ sealed: Buffer }>('SELECT sealed FROM roster_upload');
    expect(upload?.sealed.includes('13612345678')).toBe(false);
    later('2026-12-01T12:30:00+08:00');
    expect((await admin.get(at)).status).toBe(404);
  });

  test('is taken only from the assessment group, and with the token of its form', async () => {
    for (const role of ['supervisor', 'desk', 'manager', 'auditor'] as const) {
      const browser = await signedIn(field, app, role, 'D1');
      expect((await browser.get('/roster')).status).toBe(403);
      const sent = await browser.post('/roster/uploads').field('kind', 'retailers').attach('file', file('x'), 'x.csv');
      expect(sent.status).toBe(403);
    }
    const forged = await admin.post('/roster/uploads').field('kind', 'retailers').attach('file', file('x'), 'x.csv');
    expect(forged.status).toBe(403);
    expect(await rows('SELECT FROM roster_upload WHERE at > $1', [new Date('2026-12-01T12:00:00+08:00')])).toEqual([]);
  });
});

test('an export is masked unless numbers are asked for', async () => {
  const token = formToken((await admin.get('/roster')).text);
  const take = (fields: object) =>
    admin
      .post('/roster/export')
      .type('form')
      .send({ _csrf: token, kind: 'retailers', format: 'csv', ...fields });
  const masked = await take({});
  expect(masked.headers['content-disposition']).toBe('attachment; filename=retailers.csv');
  expect(masked.text).toContain('N1,新店,K01,138****8000');
  expect(masked.text).not.toContain('13800138000');
  expect((await take({ clear: 'yes' })).text).toContain('N1,新店,K01,13800138000');
});

describe('lists before a freeze', () => {
  test('show who vanished, lost his number or got another one since the last frame', async () => {
    const [gone, closed, silent] = await rows<{ id: string }>(
      `SELECT retailer_id AS id FROM frame_line WHERE manager_id = 'K01' AND resting IS NULL ORDER BY retailer_id LIMIT 3`,
    );
    await rows(`UPDATE assignment SET until_day = '2026-12-02' WHERE retailer_id = $1`, [gone?.id]);
    await rows(`UPDATE retailer SET status = 'closed' WHERE id = $1`, [closed?.id]);
    await importRetailers(field.city, file(`${silent?.id},静店,K01,,城镇`));
    later('2027-01-04T09:30:00+08:00');
    await importRetailers(field.city, file('N1,新店,K01,13900139000,城镇'));
    later('2027-01-06T09:30:00+08:00');
    const words = wordsOf((await admin.get('/roster/completeness')).text);
    expect(words).toContain('现在的名册与 2026-12-R1 的抽样框相比');
    expect(words).toContain(`不在名册: ${gone?.id}`);
    expect(words).toContain(`已停业: ${closed?.id}`);
    expect(words).toContain(`没有了电话: ${silent?.id}`);
    expect(words).toContain('刚换号码: N1');
    later('2027-01-12T09:30:00+08:00');
    expect(wordsOf((await admin.get('/roster/completeness')).text)).not.toContain('刚换号码: N1');
  });

  test('a supervisor sees those of his own district', async () => {
    const words = wordsOf((await (await signedIn(field, app, 'supervisor', 'D2')).get('/roster/completeness')).text);
    expect(words).toContain('K02');
    expect(words).not.toContain('K01');
    expect((await (await signedIn(field, app, 'manager')).get('/roster/completeness')).status).toBe(403);
  });

  test('are confirmed by their managers, who see no number', async () => {
    const manager = await signedIn(field, app, 'manager');
    expect((await manager.get('/roster/mine')).status).toBe(403);
    const own = await managerOfK01();
    const page = await own.get('/roster/mine');
    expect(wordsOf(page.text)).toContain('2027 年 1 月抽样之前，请核对您名下的');
    expect(page.text).toContain('新店');
    // Its words: a form's token may happen to hold eleven digits.
    expect(wordsOf(page.text)).not.toMatch(/\d{3}\*{4}|1\d{10}/);
    expect(page.text).not.toContain('又一店');
    const said = await own
      .post('/roster/mine')
      .type('form')
      .send({ _csrf: formToken(page.text), period: '2027-01', remark: '少一家：N9' });
    expect(said.headers.location).toBe('/roster/mine');
    expect(wordsOf((await own.get('/roster/mine')).text)).toMatch(/1 月 12 日 09:30 确认，\d+ 户/);
    expect(wordsOf((await admin.get('/roster/completeness')).text)).toContain('少一家：N9');
    expect(await rows(`SELECT subject, detail->>'period' AS period FROM audit WHERE action = 'list.confirm'`)).toEqual([
      { subject: 'K01', period: '2027-01' },
    ]);
  });

  test('cannot be confirmed for a frame that is frozen', async () => {
    const own = await managerOfK01();
    const token = formToken((await own.get('/roster/mine')).text);
    const late = await own.post('/roster/mine').type('form').send({ _csrf: token, period: '2026-12', remark: '' });
    expect(late.status).toBe(409);
  });
});

/** Signed in as the manager K01. */
async function managerOfK01(): Promise<Visitor> {
  const id = await makeUser(field, 'manager');
  await rows(`UPDATE app_user SET manager_id = CASE WHEN id::text = $1 THEN 'K01' END`, [id]);
  const browser = visitor(app);
  await follow(browser, await linkFor(field, id));
  return browser;
}
