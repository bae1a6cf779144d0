import type { Express } from 'express';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Field, openField } from '../support/field.ts';
import { playMonth, smallManagers, storeRules } from '../support/final-month.ts';
import { openProgram } from './api/program.ts';
import { formToken, openSite, signedIn, type Visitor, wordsOf } from './site.ts';

/** Ledger and district rewards by page and API: who sees whose lines, and money from the rule set to its proof. */
let field: Field;
let app: Express;
let admin: Visitor;
let supervisor: Visitor;
const period = '2027-01';
const all = <Row>(text: string, ...values: unknown[]) => field.city.database.query<Row>({ text, values });
const lineOf = async (managerId: string, kind: string): Promise<string> => {
  const [line] = await all<{ id: string }>(
    'SELECT id FROM ledger_line WHERE manager_id = $1 AND kind = $2 ORDER BY sequence LIMIT 1',
    managerId,
    kind,
  );
  return line?.id ?? expect.fail(`no ${kind} of ${managerId}`);
};

async function send(browser: Visitor, path: string, fields: Readonly<Record<string, string>>, from = '/board') {
  const page = await browser.get(from);
  return browser
    .post(path)
    .type('form')
    .send({ _csrf: formToken(page.text), ...fields });
}

async function managerBrowser(managerId: string): Promise<Visitor> {
  const browser = await signedIn(field, app, 'manager');
  await all(`UPDATE app_user SET manager_id = $1 WHERE role = 'manager' AND manager_id IS NULL`, managerId);
  return browser;
}

beforeAll(async () => {
  field = await openField('web-ledger', smallManagers(5));
  app = openSite(field);
  admin = await signedIn(field, app, 'admin');
  supervisor = await signedIn(field, app, 'supervisor', 'D1');
});
afterAll(() => field.close());

test('before anything is final the pages say what to do', async () => {
  expect(wordsOf((await admin.get('/ledger')).text)).toContain('还没有台账');
  expect(wordsOf((await supervisor.get('/rewards')).text)).toContain('还没有可奖励的考核期');
});

describe('after a month is final', () => {
  beforeAll(async () => {
    await storeRules(field, 'RS-L', {
      tiers: { start: 3, upStreak: 1, downStreak: 1, requirements: {} },
      ledger: { dueWorkdays: 5, rating: { excellent: '1300.10' }, move: { up: '200.00', floor: '-50.00' } },
    });
    const good = { overall: 5, unit: 100, except: { sales: 112 } };
    const results = { K01: good, K02: good, K03: good, K04: { overall: 1, unit: 40 }, K05: { overall: 1, unit: 40 } };
    await playMonth(field, period, { ruleSet: 'RS-L', results });
  });

  test('everybody sees what is his to see, and nothing of the others', async () => {
    const names = async (browser: Visitor, path = '/ledger') => {
      const words = wordsOf((await browser.get(path)).text);
      return ['经理1', '经理2', '经理3', '经理4', '经理5'].filter((name) => words.includes(name));
    };
    expect(await names(admin)).toEqual(['经理1', '经理2', '经理3', '经理4', '经理5']);
    expect(await names(await signedIn(field, app, 'auditor'))).toHaveLength(5);
    expect(await names(supervisor)).toEqual(['经理1', '经理5']);
    const own = await managerBrowser('K02');
    expect(await names(own)).toEqual(['经理2']);
    expect(await names(own, '/ledger?manager=K01')).toEqual(['经理2']);
    const others = `/ledger/lines/${await lineOf('K01', 'rating')}`;
    expect((await own.get(others)).status).toBe(404);
    expect((await supervisor.get(`/ledger/lines/${await lineOf('K02', 'rating')}`)).status).toBe(404);
    const mine = await own.get(`/ledger/lines/${await lineOf('K02', 'rating')}`);
    expect(wordsOf(mine.text)).toContain('定等：优秀');
    expect(mine.text).not.toContain('<form method="post" action="/ledger');
  });

  test('a line is honoured by its form, with proof, and taken back by a confirmed one', async () => {
    const path = `/ledger/lines/${await lineOf('K01', 'rating')}`;
    const without = await send(admin, `${path}/settlement`, { proof: ' ' });
    expect(without.status).toBe(400);
    expect(wordsOf(without.text)).toContain('请写明凭证');
    expect((await send(admin, `${path}/settlement`, { proof: '批次 1' })).status).toBe(303);
    expect(wordsOf((await admin.get(path)).text)).toContain('批次 1');
    expect(wordsOf((await admin.get(`${path}/reversal`)).text)).toContain('−¥1,300.10');
    expect((await send(admin, `${path}/reversal`, {})).status).toBe(400);
    expect((await send(admin, `${path}/reversal`, { reason: '更正' })).status).toBe(303);
    expect(wordsOf((await admin.get('/ledger?manager=K01')).text)).toContain('冲销 定等：优秀');
  });

  test('a district proposes within its budget, each fault beside its field, and the admin approves', async () => {
    const form = `/rewards/new?period=${period}`;
    const faulty = await send(supervisor, form, {
      managerId: 'K02',
      kind: 'over-fulfilment',
      indicator: 'service',
      amount: '0',
    });
    expect(faulty.status).toBe(400);
    for (const field of ['amount', 'reason', 'evidence']) expect(faulty.text).toContain(`id="${field}-fault"`);
    const wish = {
      managerId: 'K01',
      kind: 'over-fulfilment',
      indicator: 'sales',
      amount: '500.5',
      reason: '超额',
      evidence: '报表',
    };
    const wrongOne = await send(supervisor, form, { ...wish, managerId: 'K02' });
    expect(wrongOne.text).toContain('id="managerId-fault"');
    const { headers, status } = await send(supervisor, form, wish);
    expect(status).toBe(303);
    const reward = String(headers.location);
    expect((await send(admin, `${reward}/approval`, {})).status).toBe(409);
    const low = await send(admin, `/rewards/budgets?period=${period}`, { district: 'D1', amount: 'viel' });
    expect(low.text).toContain('id="budget-D1-fault"');
    expect((await send(admin, `/rewards/budgets?period=${period}`, { district: 'D1', amount: '2000' })).status).toBe(
      303,
    );
    expect((await send(admin, `${reward}/refusal`, {})).status).toBe(400);
    expect((await send(admin, `${reward}/approval`, {})).status).toBe(303);
    expect(wordsOf((await supervisor.get(`/rewards?period=${period}`)).text)).toContain('¥1,499.50');
    expect(wordsOf((await supervisor.get('/ledger?manager=K01')).text)).toContain('区域奖励：超额完成');
    const elsewhere = await signedIn(field, app, 'supervisor', 'D2');
    expect((await elsewhere.get(reward)).status).toBe(404);
  });

  test('a month is honoured by one payroll run, if its lines and their sum are still those that were looked at', async () => {
    const path = `/ledger/${period}/settlement`;
    const page = await admin.get(path);
    const shown = (name: string) => new RegExp(`name="${name}" value="([^"]+)"`).exec(page.text)?.[1] ?? '';
    const seen = { lines: shown('lines'), sum: shown('sum') };
    expect((await send(admin, path, { ...seen, proof: '批次 2', sum: '1.00' })).status).toBe(409);
    expect((await send(admin, path, { ...seen, proof: '批次 2', lines: '1' })).status).toBe(409);
    expect((await send(admin, path, { ...seen, proof: '' })).status).toBe(400);
    expect((await send(admin, path, { ...seen, proof: '批次 2' })).status).toBe(303);
    expect((await admin.get(path)).status).toBe(404);
    const file = await admin.get(`/ledger/${period}/payroll.csv`);
    expect(file.headers['content-disposition']).toContain(`payroll-${period}.csv`);
    expect(file.text.trim().split('\r\n').at(-1)).toMatch(/^合计,2027-01,,,,,[\d.]+,0\.00,/);
    expect((await admin.get('/ledger/2027-13/payroll.csv')).status).toBe(404);
  });

  test('programs read lines, sums, rewards and the payroll file, and say what they paid', async () => {
    const program = await openProgram(field, app);
    const { body } = await program.get(`/ledger/lines?period=${period}&limit=2`);
    expect(body.items).toHaveLength(2);
    const rest = await program.get(`/ledger/lines?period=${period}&after=${body.next}`);
    expect(rest.body.items.map(({ id }: { id: string }) => id)).not.toContain(body.items[0].id);
    const balances = await program.get(`/ledger/balances?period=${period}&limit=4`);
    expect(balances.body.items[1]).toMatchObject({
      managerId: 'K02',
      promised: '1500.10',
      settled: '1500.10',
      open: '0.00',
    });
    expect((await program.get(`/ledger/balances?after=${balances.body.next}`)).body.items).toHaveLength(1);
    const settled = await program.post(`/ledger/lines/${await lineOf('K02', 'rating')}/settlement`, {
      proof: '批次 2',
    });
    expect(settled).toMatchObject({ status: 200, body: { state: 'settled' } });
    const back = await program.post(`/ledger/lines/${await lineOf('K03', 'rating')}/reversal`, { reason: '更正' });
    expect(back).toMatchObject({ status: 201, body: { amount: '-1300.10', state: 'open' } });
    expect((await program.get('/rewards?district=D1')).body.items).toMatchObject([
      { amount: '500.50', state: 'approved' },
    ]);
    expect((await program.get(`/rewards/budgets?period=${period}`)).body.items[0]).toHaveProperty('left');
    expect((await program.get(`/ledger/${period}/payroll?format=xlsx`)).status).toBe(200);
    const reader = await openProgram(field, app, ['ledger:read']);
    expect((await reader.post(`/ledger/lines/${back.body.id}/settlement`, { proof: 'x' })).status).toBe(403);
  });
});
