import type { Express } from 'express';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Field, openField } from '../support/field.ts';
import { openProgram, type Program } from './api/program.ts';
import { formToken, openSite, signedIn, type Visitor, wordsOf } from './site.ts';

/** Who has handed in what, and the events behind it, by page and by API: three managers of two districts, December 2026. */
let field: Field;
let app: Express;
let admin: Visitor;
let program: Program;
const all = <Row>(text: string, ...values: unknown[]) => field.city.database.query<Row>({ text, values });

beforeAll(async () => {
  field = await openField('web-indicators', [
    { id: 'K01', name: '李娜', district: 'D1', shops: 4, good: 0.9, answering: 1 },
    { id: 'K02', name: '赵敏', district: 'D1', shops: 4, good: 0.9, answering: 1 },
    { id: 'K03', name: '张伟', district: 'D2', shops: 4, good: 0.9, answering: 1 },
  ]);
  await all(`DELETE FROM unit_indicator WHERE code = 'service' OR (code = 'sales' AND manager_id = 'K02')`);
  app = openSite(field);
  admin = await signedIn(field, app, 'admin');
  program = await openProgram(field, app);
});
afterAll(() => field.close());

const page = async (browser: Visitor, path: string) => {
  const { status, text } = await browser.get(path);
  expect(status).toBe(200);
  return wordsOf(text);
};

async function send(browser: Visitor, from: string, to: string, fields: Record<string, string>) {
  const _csrf = formToken((await browser.get(from)).text);
  return browser
    .post(to)
    .type('form')
    .send({ ...fields, _csrf });
}

describe('who has not handed in', () => {
  test('is told indicator by indicator and by name, with the day by which it must be there', async () => {
    const words = await page(admin, '/indicators');
    expect(words).toMatch(/须在 2027 年 1 月 \d 日前交齐（考核办法 RS-1）/);
    expect(words).toContain('销售指标 2 / 3 文件 1 赵敏 K02');
    expect(words).toContain('服务规范 0 / 3 — 都没有交');
    expect(words).toContain('张伟 K03 · 西苑营销部 服务规范');
    expect(words).not.toContain('已过');
  });

  test('a supervisor is told of his own district alone', async () => {
    const supervisor = await signedIn(field, app, 'supervisor', 'D2');
    const words = await page(supervisor, '/indicators/2026-12');
    expect(words).toContain('销售指标 1 / 1 文件 全部已交');
    expect(words).not.toContain('赵敏');
    expect((await supervisor.get('/indicators/2026-12/K02')).status).toBe(404);
    expect((await supervisor.get('/indicators/2026-12/K03')).text).not.toContain('action="/indicators/events"');
  });

  test('a month nobody has begun says what to do, and one that is none is not found', async () => {
    expect(await page(admin, '/indicators/2019-01?lang=en')).toContain('No rule set is in force yet');
    await admin.get('/indicators?lang=zh');
    expect((await admin.get('/indicators/2026-13')).status).toBe(404);
  });

  test('a program is told the same', async () => {
    const { status, body } = await program.get('/periods/2026-12/indicators?missing=true');
    expect(status).toBe(200);
    expect(body).toMatchObject({
      period: '2026-12',
      ruleSet: 'RS-1',
      due: expect.stringMatching(/^2027-01-0\d$/),
      onTheBoard: false,
    });
    expect(body.items.map(({ managerId, code }: Record<string, string>) => `${managerId} ${code}`).sort()).toEqual([
      ...['K01 service', 'K02 sales', 'K02 service', 'K03 service'],
    ]);
  });
});

describe('an event', () => {
  const own = '/indicators/2026-12/K01';
  const event = { period: '2026-12', manager: 'K01', kind: 'request', reference: 'R-7', day: '2026-12-01', done: '是' };

  test('that is written wrongly is shown again with each fault beside its field, and nothing is recorded', async () => {
    const { status, text } = await send(admin, own, '/indicators/events', {
      ...{ ...event, day: '2027-05-01', done: '也许', due: '0' },
    });
    expect(status).toBe(400);
    for (const [id, fault] of [
      ['day', '将来'],
      ['done', '也许'],
      ['due', '大于 0'],
    ])
      expect(text).toMatch(new RegExp(`id="${id}-fault" class="fault" role="alert">[^<]*${fault}`));
    expect(text).toContain('value="R-7"');
    expect(await all('SELECT FROM work_event')).toEqual([]);
  });

  test('is recorded once and stands in the indicator, with what it is made of', async () => {
    for (let times = 0; times < 2; times += 1)
      expect(await send(admin, own, '/indicators/events', event)).toMatchObject({
        ...{ status: 303, headers: { location: own } },
      });
    const words = await page(admin, own);
    expect(words).toContain('服务规范 100 工作记录 1 / 1，1 条记录');
    expect(await page(admin, '/indicators/2026-12')).toContain('服务规范 1 / 3 工作记录 2 赵敏 K02 张伟 K03');
    expect(await all('SELECT FROM work_event')).toHaveLength(1);
  });

  test('comes in by a program too, and is read by one', async () => {
    const body = { managerId: 'K02', kind: 'request', reference: 'R-8', day: '2026-12-01', done: '1', due: '2' };
    expect(await program.post('/work-events', body)).toMatchObject({ status: 204 });
    const refused = await program.post('/work-events', { ...body, managerId: 'K77', day: '2027-12-01', done: '-1' });
    expect(refused).toMatchObject({ status: 400 });
    const { body: list } = await program.get('/periods/2026-12/work-events?manager=K02');
    expect(list.items).toEqual([
      expect.objectContaining({ ...body, source: 'api', recordedBy: program.actor, takenBack: null }),
    ]);
  });

  test('is taken back with a reason and stays to be seen', async () => {
    const [row] = await all<{ id: string }>(`SELECT id FROM work_event WHERE reference = 'R-7'`);
    const path = `/indicators/events/${row?.id}/take-back`;
    expect(await page(admin, path)).toContain('编号不能再用');
    const without = await send(admin, path, path, { reason: ' ' });
    expect(without).toMatchObject({ status: 400, text: expect.stringContaining('id="reason-fault"') });
    expect(await send(admin, path, path, { reason: '记错了人' })).toMatchObject({ headers: { location: own } });
    expect(await page(admin, own)).toContain('已撤销 12 月 1 日 09:30：记错了人');
    expect((await admin.get(path)).status).toBe(404);
    expect(await program.post(`/work-events/${row?.id}/take-back`, { reason: '再一次' })).toMatchObject({
      ...{ status: 409, body: { code: 'not-standing' } },
    });
  });

  test('every look and every change is in the audit log', async () => {
    const actions = await all<{ action: string }>('SELECT DISTINCT action FROM audit ORDER BY 1');
    expect(actions.map(({ action }) => action)).toEqual(
      expect.arrayContaining(['indicators.read', 'work-event.record', 'work-event.take-back']),
    );
  });
});

test('after the last day the page says that not everything is in', async () => {
  field.city.clock.advance(new Date('2027-01-12T10:00:00+08:00'));
  expect(await page(admin, '/indicators/2026-12')).toMatch(/已过 2027 年 1 月 \d 日，仍有未交/);
});
