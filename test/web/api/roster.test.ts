import { afterAll, beforeAll, expect, test } from 'vitest';
import { cityManagers, type Field, openField, workField } from '../../support/field.ts';
import { makeUser, openSite } from '../site.ts';
import { openProgram, type Program } from './program.ts';

/** The roster by API: the same imports, exports and lists as by page. */
let field: Field;
let program: Program;

beforeAll(async () => {
  field = await openField('api-roster', cityManagers(2));
  await workField(field, 0);
  program = await openProgram(field, openSite(field), ['roster:read', 'roster:write']);
});
afterAll(() => field.close());

const file = '许可证号,店名,工号,电话,城乡\nN1,新店,K01,13800138000,城镇\n';
const bring = (query: string, content = file) =>
  program.post(`/roster/imports?kind=retailers&${query}`, Buffer.from(content)).type('text/csv');

test('a file is tried, and then imported', async () => {
  const tried = await bring('dryRun=true');
  expect(tried.body).toMatchObject({ rows: 1, created: 1, shown: { created: ['N1'] } });
  expect((await bring('dryRun=true')).body).toEqual(tried.body);
  expect((await bring('fileName=a.csv')).body).toEqual(tried.body);
  expect((await bring('')).body).toMatchObject({ created: 0, unchanged: 1 });
  expect(await field.city.database.query({ text: 'SELECT actor, file_name FROM roster_import' })).toEqual([
    { actor: program.actor, file_name: 'a.csv' },
  ]);
});

test('a file with faults is refused with each of them by its place', async () => {
  const { status, body } = await bring('', file.replace('13800138000', '110').replace('新店', ''));
  expect(status).toBe(400);
  expect(JSON.stringify(body)).toContain('第 2 行，列“店名”');
  expect(JSON.stringify(body)).toContain('第 2 行，列“电话”');
});

test('an export is masked, and comes back without a change', async () => {
  const { text, headers } = await program.get('/roster/exports/retailers');
  expect(headers['content-disposition']).toBe('attachment; filename=retailers.csv');
  expect(text).toContain('N1,新店,K01,138****8000');
  expect((await bring('dryRun=true&full=true', text)).body).toMatchObject({ created: 0, changed: 0, gone: 0 });
});

test('the lists are compared with the last frame', async () => {
  const { body } = await program.get('/roster/completeness');
  expect(body).toMatchObject({ roundId: null, formerId: '2026-12-R1' });
  expect(body.managers).toContainEqual(expect.objectContaining({ managerId: 'K01', added: 1, vanished: [] }));
  expect((await program.get('/roster/completeness?round=2020-01-R1')).status).toBe(404);
  expect((await program.get('/roster/confirmations')).body).toEqual({ period: '2027-01', items: [] });
});

test('a manager’s list is read without a number, and confirmed for him, with both on record', async () => {
  const { body: list, text } = await program.get('/roster/managers/K01/retailers');
  expect(list.items.length).toBeGreaterThan(100);
  expect(list.items.find(({ id }: { id: string }) => id === 'N1')).toMatchObject({ name: '新店', hasPhone: true });
  expect(text).not.toMatch(/138\*|13800138000/);
  expect((await program.get('/roster/managers/K99/retailers')).status).toBe(404);
  const userId = await makeUser(field, 'manager');
  const confirm = () => program.post('/roster/confirmations', { onBehalfOf: userId, remark: '少一户' });
  const without = await confirm();
  expect([without.status, without.body.faults[0].where]).toEqual([400, 'body.onBehalfOf']);
  await field.city.database.query({ text: `UPDATE app_user SET manager_id = 'K01' WHERE id = $1`, values: [userId] });
  const confirmed = await confirm();
  expect([confirmed.status, confirmed.body]).toEqual([
    201,
    expect.objectContaining({ managerId: 'K01', period: '2027-01', retailers: list.items.length, remark: '少一户' }),
  ]);
  expect((await program.get('/roster/confirmations')).body.items).toEqual([confirmed.body]);
  const early = await program.post('/roster/confirmations', { onBehalfOf: userId, period: '2026-12' });
  expect([early.status, early.body.code]).toEqual([409, 'frame-frozen']);
  expect(
    await field.city.database.query({
      text: `SELECT actor, detail->>'onBehalfOf' AS by FROM audit WHERE action = 'list.confirm'`,
    }),
  ).toEqual([{ actor: program.actor, by: userId }]);
  const auditor = await makeUser(field, 'auditor');
  expect((await program.post('/roster/confirmations', { onBehalfOf: auditor })).status).toBe(400);
});

test('a file of every shop that lacks a manager’s is refused until the number is said', async () => {
  const tried = (await bring('dryRun=true&full=true')).body;
  expect(tried).toMatchObject({ emptied: 1, shown: { emptied: ['K02'] } });
  const refused = await bring('full=true');
  expect([refused.status, refused.body.code]).toEqual([409, 'closes-many']);
  expect((await bring('full=true&closing=many')).body.faults[0].where).toBe('query.closing');
  expect((await bring(`full=true&closing=${tried.gone - 1}`)).status).toBe(409);
  expect((await bring(`full=true&closing=${tried.gone}`)).body).toEqual(tried);
});

test('the company’s own numbers are listed masked, brought by file and one by one, and taken off', async () => {
  const staff = async () => (await program.get('/roster/staff')).body.items;
  const file = '工号,电话\nE01,13911110001\nE02,13911110002\n';
  const brought = await program.post('/roster/imports?kind=staff', Buffer.from(file)).type('text/csv');
  expect(brought.body).toMatchObject({ rows: 2, created: 2 });
  const bad = await program.post('/roster/staff', { employee: '', phone: '110' });
  expect([bad.status, bad.body.faults.length]).toEqual([400, 2]);
  const add = () =>
    program.post('/roster/staff', { employee: 'E03', phone: '139 1111 0003' }).set('Idempotency-Key', 'number-of-E03');
  expect([(await add()).status, (await add()).status]).toEqual([204, 204]);
  const [first, ...others] = await staff();
  expect(first).toMatchObject({ employee: 'E01', masked: '139****0001', addedBy: program.actor });
  expect(others.map(({ employee }: { employee: string }) => employee)).toEqual(['E02', 'E03']);
  const second = (await program.get('/roster/staff?limit=1')).body;
  expect((await program.get(`/roster/staff?limit=5&after=${second.next}`)).body.items).toEqual(others);
  expect((await program.delete(`/roster/staff/${first.id}`)).status).toBe(204);
  expect((await program.delete(`/roster/staff/${first.id}`)).body.code).toBe('no-such-phone');
  expect(await staff()).toEqual(others);
});
