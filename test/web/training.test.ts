import type { Express } from 'express';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Field, openField } from '../support/field.ts';
import { playMonth, smallManagers, storeRules } from '../support/final-month.ts';
import { openProgram } from './api/program.ts';
import { formToken, openSite, signedIn, type Visitor, wordsOf } from './site.ts';

/** Training by page and API: entered, taken back, followed up, and on the board what a promotion still asks for. */
let field: Field;
let app: Express;
let admin: Visitor;
const record = { manager: 'K01', kind: '证书', name: '中级', hours: '', day: '2027-01-20', evidence: '证书 17' };

async function send(browser: Visitor, path: string, fields: Readonly<Record<string, string>>) {
  const page = await browser.get('/board');
  return browser
    .post(path)
    .type('form')
    .send({ _csrf: formToken(page.text), ...fields });
}

beforeAll(async () => {
  field = await openField('web-training', smallManagers(3));
  field.city.clock.advance(new Date('2027-01-25T10:00:00+08:00'));
  app = openSite(field);
  admin = await signedIn(field, app, 'admin');
});
afterAll(() => field.close());

test('a record is entered with each fault beside its field, seen by whom it concerns, and taken back', async () => {
  expect(wordsOf((await admin.get('/training')).text)).toContain('还没有培训记录');
  const faulty = await send(admin, '/training', { ...record, manager: 'K99', day: '2028-01-01', evidence: '' });
  expect(faulty.status).toBe(400);
  for (const name of ['day', 'evidence']) expect(faulty.text).toContain(`id="${name}-fault"`);
  expect((await send(admin, '/training', { ...record, manager: 'K99' })).text).toContain('id="manager-fault"');
  expect((await send(admin, '/training', record)).status).toBe(303);
  expect((await send(admin, '/training', { ...record, kind: '课程', name: '服务', hours: '3' })).status).toBe(303);
  const elsewhere = await signedIn(field, app, 'supervisor', 'D2');
  expect(wordsOf((await elsewhere.get('/training?manager=K01')).text)).not.toContain('中级');
  const other = await signedIn(field, app, 'manager');
  await field.city.database.query({ text: `UPDATE app_user SET manager_id = 'K02' WHERE role = 'manager'` });
  expect(wordsOf((await other.get('/training?manager=K01')).text)).not.toContain('中级');

  const path = /href="(\/training\/[^"]+\/take-back)"/.exec((await admin.get('/training')).text)?.[1] ?? '';
  expect((await send(admin, path, { reason: ' ' })).text).toContain('id="reason-fault"');
  expect((await send(admin, path, { reason: '重复' })).status).toBe(303);
  expect((await admin.get(path)).status).toBe(404);
  expect(wordsOf((await admin.get('/training?manager=K01')).text)).toContain('已撤销：重复');
});

test('the board says what a held promotion still asks for, and a fall is followed up in its district', async () => {
  const requirements = { 2: { certificates: ['高级'], exams: ['业务'], trainingHours: 40 } };
  await storeRules(field, 'RS-T', { tiers: { start: 3, upStreak: 1, downStreak: 1, requirements } });
  const results = { K01: { overall: 5, unit: 100 }, K02: { overall: 1, unit: 40 } };
  await playMonth(field, '2027-01', { ruleSet: 'RS-T', results });
  expect(wordsOf((await admin.get('/board')).text)).toMatch(/升档还缺：高级 · 业务 · \d+ 学时/);

  const [own, elsewhere] = [
    await signedIn(field, app, 'supervisor', 'D2'),
    await signedIn(field, app, 'supervisor', 'D1'),
  ];
  const path = /action="(\/training\/follow-ups\/[^"]+)"/.exec((await own.get('/training')).text)?.[1] ?? '';
  expect(path).not.toBe('');
  expect((await elsewhere.get('/training')).text).not.toContain(path);
  expect((await send(elsewhere, path, { proof: '签到表' })).status).toBe(409);
  const without = await send(own, path, { proof: '' });
  expect([without.status, wordsOf(without.text).includes('请写明凭证')]).toEqual([400, true]);
  expect((await send(own, path, { proof: '签到表 2' })).status).toBe(303);
  expect(wordsOf((await own.get('/training')).text)).toContain('签到表 2');

  const program = await openProgram(field, app, ['training:read']);
  expect((await program.get('/training/follow-ups?open=true')).body.items).toEqual([]);
  expect((await program.get('/training/follow-ups?manager=K02')).body.items).toMatchObject([
    { managerId: 'K02', period: '2027-01', move: 'floor', proof: '签到表 2' },
  ]);
  const first = await program.get('/training/records?limit=1');
  const rest = await program.get(`/training/records?after=${first.body.next}`);
  expect([...first.body.items, ...rest.body.items].map(({ name }: { name: string }) => name).sort()).toEqual([
    '中级',
    '服务',
  ]);
});
