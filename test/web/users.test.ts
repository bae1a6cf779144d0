import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { addUser, changeUser } from '../../src/web/users/change.ts';
import { cityManagers, type Field, openField } from '../support/field.ts';
import { openProgram, type Program } from './api/program.ts';
import { follow, formToken, linkFor, makeUser, openSite, publicUrl, type Visitor, visitor, wordsOf } from './site.ts';

/** Users by page and by API: who is made what, by which link he comes in, and how he is put out. */
let field: Field;
let app: ReturnType<typeof openSite>;
let program: Program;
let adminId: string;
let admin: Visitor;

const query = <Row>(text: string, values: unknown[] = []) => field.city.database.query<Row>({ text, values });
async function send(from: string, to: string, form: object = {}) {
  const _csrf = formToken((await admin.get(from)).text);
  return admin
    .post(to)
    .type('form')
    .send({ _csrf, ...form });
}
const linkIn = (html: string) => /http:\/\/127\.0\.0\.1(\/sign-in\/[\w-]+)/.exec(html)?.[1] ?? '';
const auditOf = (subject: string) =>
  query<{ action: string; actor: string }>('SELECT action, actor FROM audit WHERE subject = $1 ORDER BY sequence', [
    subject,
  ]);

beforeAll(async () => {
  field = await openField('web-users', cityManagers(6));
  app = openSite(field);
  program = await openProgram(field, app);
  adminId = await makeUser(field, 'admin');
  admin = visitor(app);
  await follow(admin, await linkFor(field, adminId));
});
afterAll(() => field.close());

describe('by page', () => {
  let id = '';
  let manager: Visitor;

  test('a manager is added, gets a link, and sees his own list', async () => {
    const added = await send('/users', '/users', { name: '李娜', role: 'manager', district: '', managerId: 'K01' });
    expect(added.status).toBe(303);
    id = added.headers.location?.split('/').at(-1) ?? '';
    const given = await send(`/users/${id}`, `/users/${id}/link`);
    expect(given.headers['cache-control']).toBe('no-store');
    manager = visitor(app);
    await follow(manager, linkIn(given.text));
    const list = await manager.get('/roster/mine');
    expect(list.status).toBe(200);
    expect(list.text).toContain('3601K010000');
    expect(await auditOf(id)).toEqual([
      { action: 'user.make', actor: adminId },
      { action: 'users.read', actor: adminId },
      { action: 'sign-in-link.make', actor: adminId },
      { action: 'user.sign-in', actor: id },
    ]);
  });

  test('everybody stands in the list, with role, district and number', async () => {
    await addUser(field.services, { name: '陈主管', role: 'supervisor', district: 'D2', managerId: null }, adminId);
    const words = wordsOf((await admin.get('/users')).text);
    expect(words).toContain('李娜 客户经理 — K01 1');
    expect(words).toContain('陈主管 主管 西苑营销部 — 0');
  });

  test('what a role needs is told, field by field, and nothing is kept', async () => {
    const before = await query('SELECT FROM app_user');
    const bad = await send('/users', '/users', { name: ' ', role: 'supervisor', district: '', managerId: 'K02' });
    expect(bad.status).toBe(400);
    for (const told of ['请写姓名', 'supervisor 须有营销部', 'supervisor 没有工号'])
      expect(wordsOf(bad.text)).toContain(told);
    const taken = await send('/users', '/users', { name: '另一人', role: 'manager', district: '', managerId: 'K01' });
    expect(wordsOf(taken.text)).toContain('K01 已是用户 李娜');
    expect(await query('SELECT FROM app_user')).toHaveLength(before.length);
  });

  test('another role holds at once', async () => {
    const path = `/users/${id}`;
    const to = { name: '李娜', role: 'desk', district: 'D3', managerId: '' };
    expect((await send(path, path, to)).status).toBe(303);
    expect((await manager.get('/roster/mine')).status).toBe(403);
    expect(await query('SELECT role, district_id, manager_id FROM app_user WHERE id = $1', [id])).toEqual([
      { role: 'desk', district_id: 'D3', manager_id: null },
    ]);
    expect((await auditOf(id)).at(-1)).toEqual({ action: 'user.change', actor: adminId });
    const back = { name: '李娜', role: 'manager', district: '', managerId: 'K01' };
    expect((await send(path, path, back)).status).toBe(303);
    expect((await manager.get('/roster/mine')).status).toBe(200);
  });

  test('revoked, he is out everywhere and his links are spoilt, and nobody else’s', async () => {
    const path = `/users/${id}`;
    const unused = linkIn((await send(path, `${path}/link`)).text);
    const page = await admin.get(`${path}/revoke`);
    expect(wordsOf(page.text)).toContain('立即退出');
    expect((await manager.get('/roster/mine')).status).toBe(200);
    await send(path, `${path}/revoke`);
    expect((await manager.get('/roster/mine')).headers.location).toBe('/sign-in');
    expect((await visitor(app).get(unused)).status).toBe(410);
    expect((await admin.get('/users')).status).toBe(200);
    await follow(manager, linkIn((await send(path, `${path}/link`)).text));
    expect((await manager.get('/roster/mine')).status).toBe(200);
  });

  test('nobody of that id is 404', async () => {
    for (const other of [crypto.randomUUID(), 'nobody']) expect((await admin.get(`/users/${other}`)).status).toBe(404);
  });
});

describe('at least one admin', () => {
  const plain = (name: string) => ({ name, role: 'auditor', district: null, managerId: null });

  test('remains, also when two take each other’s role at the same moment', async () => {
    await expect(changeUser(field.services, adminId, plain('某admin'), 'cli')).rejects.toMatchObject({
      code: 'last-admin',
    });
    const second = await addUser(field.services, { ...plain('二号'), role: 'admin' }, 'cli');
    const both = await Promise.allSettled(
      [adminId, second].map((id) => changeUser(field.services, id, plain('降级'), 'cli')),
    );
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(await query(`SELECT FROM app_user WHERE role = 'admin'`)).toHaveLength(1);
    await query(`UPDATE app_user SET role = 'admin' WHERE id = $1`, [adminId]);
  });

  test('may change his own name', async () => {
    await query(`UPDATE app_user SET role = 'auditor' WHERE role = 'admin' AND id <> $1`, [adminId]);
    const same = { ...plain('王组长'), role: 'admin' };
    await changeUser(field.services, adminId, same, adminId);
    expect(await query('SELECT name FROM app_user WHERE id = $1', [adminId])).toEqual([{ name: '王组长' }]);
  });
});

test('of two who are made the same manager at once, one is', async () => {
  const wish = { role: 'manager', district: null, managerId: 'K03' };
  const both = await Promise.allSettled(['甲', '乙'].map((name) => addUser(field.services, { ...wish, name }, 'cli')));
  expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  for (const one of both) if (one.status === 'rejected') expect(one.reason).toMatchObject({ code: 'bad-input' });
});

test('whoever keeps a nonce of an open round does not become the operator', async () => {
  const [holder, substitute] = [await makeUser(field, 'auditor'), await makeUser(field, 'desk')];
  const launched = await program.post('/rounds', { period: '2026-12', holders: [{ userId: holder, substitute }] });
  const promote = (id: string) =>
    changeUser(field.services, id, { name: '某人', role: 'admin', district: null, managerId: null }, adminId);
  for (const id of [holder, substitute]) await expect(promote(id)).rejects.toMatchObject({ code: 'keeps-a-nonce' });
  await query(`UPDATE round SET state = 'cancelled' WHERE id = $1`, [launched.body.id]);
  await promote(holder);
  await changeUser(field.services, holder, { name: '某人', role: 'auditor', district: null, managerId: null }, adminId);
});

describe('by API', () => {
  test('a user is added once under one key, changed, linked and revoked', async () => {
    const wish = { name: '赵主管', role: 'supervisor', district: '南港营销部' };
    const add = () => program.post('/users', wish).set('Idempotency-Key', 'the-supervisor-of-D3');
    const { status, body } = await add();
    expect([status, body]).toEqual([201, expect.objectContaining({ districtId: 'D3', managerId: null, sessions: 0 })]);
    expect((await add()).body).toEqual(body);
    const path = `/users/${body.id}`;
    const { link } = (await program.post(`${path}/sign-in-link`)).body;
    expect(link).toContain(publicUrl);
    const browser = visitor(app);
    await follow(browser, link.slice(publicUrl.length));
    expect((await program.get(path)).body.sessions).toBe(1);
    const changed = await program.put(path, { ...wish, district: 'D4' });
    expect(changed.body).toMatchObject({ districtId: 'D4', districtName: '北湖营销部' });
    expect((await program.post(`${path}/revocation`)).body.sessions).toBe(0);
    expect((await browser.get('/rounds')).headers.location).toBe('/sign-in');
    const actions = (await auditOf(body.id)).filter(({ actor }) => actor === program.actor);
    expect(actions.map(({ action }) => action)).toEqual([
      'user.make',
      'sign-in-link.make',
      'api.users.read',
      'user.change',
      'user.revoke',
    ]);
  });

  test('faults name their fields, and strangers are 404', async () => {
    const where = ({ body }: { body: { faults: { where: string }[] } }) => body.faults.map((fault) => fault.where);
    expect(where(await program.post('/users', { name: '', role: 'king' }))).toEqual(['body.role']);
    expect(where(await program.post('/users', { name: '', role: 'manager', managerId: 'K99' }))).toEqual([
      'name',
      'managerId',
    ]);
    const wish = { name: '无名', role: 'auditor' };
    const path = `/users/${crypto.randomUUID()}`;
    for (const asked of [program.get(path), program.put(path, wish), program.post(`${path}/revocation`)])
      expect((await asked).status).toBe(404);
    expect((await program.post(`${path}/sign-in-link`)).status).toBe(404);
    const last = await program.put(`/users/${adminId}`, wish);
    expect([last.status, last.body.code]).toEqual([409, 'last-admin']);
  });

  test('a link is never kept, and takes a scope of its own', async () => {
    const id = await makeUser(field, 'auditor');
    const writer = await openProgram(field, app, ['users:write', 'users:read']);
    expect((await writer.post(`/users/${id}/sign-in-link`)).status).toBe(403);
    const { body } = await program.post(`/users/${id}/sign-in-link`).set('Idempotency-Key', 'a-link-of-the-auditor');
    const [kept] = await query<{ all: string }>(
      `SELECT (SELECT string_agg(r::text, ' ') FROM api_request r) || (SELECT string_agg(a::text, ' ') FROM audit a) AS all`,
    );
    expect(kept?.all).not.toContain(body.link.split('/').at(-1));
  });

  test('everybody is listed, and the reading is on record', async () => {
    const { body } = await program.get('/users');
    expect(body.items.length).toBe((await query('SELECT FROM app_user')).length);
    expect(
      await query(`SELECT FROM audit WHERE action = 'api.users.list' AND actor = $1`, [program.actor]),
    ).toHaveLength(1);
  });
});
