import { afterAll, beforeAll, expect, test } from 'vitest';
import { type AppealWish, decideAppeal, withdrawAppeal } from '../../src/scoring/appeals/appeal.ts';
import { proposeCorrection } from '../../src/scoring/appeals/final-correction.ts';
import { reverseLine } from '../../src/scoring/ledger/keep.ts';
import { judge } from '../support/appeals.ts';
import { type Field, openField } from '../support/field.ts';
import { playMonth, smallManagers, storeRules } from '../support/final-month.ts';

/** What a correction of a final result does to what was promised. K01 and K02 were both excellent, K03 basically competent. */
let field: Field;
const period = '2027-01';

beforeAll(async () => {
  field = await openField('final-correction', smallManagers(3));
  await storeRules(field, 'RS-L', {
    tiers: { start: 3, upStreak: 1, downStreak: 1, requirements: {} },
    ledger: {
      dueWorkdays: 8,
      rating: { excellent: '300.10', 'basically-competent': '100.00' },
      tier: { 2: '500.20', 3: '0.05' },
      move: { up: '200.00' },
    },
  });
  const good = { overall: 5, unit: 100 };
  await playMonth(field, period, { ruleSet: 'RS-L', results: { K01: good, K02: good, K03: { overall: 4, unit: 52 } } });
});
afterAll(() => field.close());

const lines = (managerId: string) =>
  field.city.database.query<{ kind: string; about: string; amount: string; by: string; reverses: boolean }>({
    text: `SELECT kind, about, amount::text, by, reverses IS NOT NULL AS reverses FROM ledger_line WHERE manager_id = $1 ORDER BY sequence`,
    values: [managerId],
  });

/** Proposed by one admin, upheld by another. */
async function correct(managerId: string, about: AppealWish['about']): Promise<void> {
  const proposal = { managerId, actor: await judge(field.services) };
  const wish = { about, statement: '录入时错行', evidence: '原始记录第 9 页' };
  const before = await lines(managerId);
  const id = await proposeCorrection(field.services, period, proposal, wish);
  // It is not his to take back.
  await expect(withdrawAppeal(field.services, id, { managerId, actor: 'his own user' })).rejects.toMatchObject({
    code: 'appeal-settled',
  });
  expect(await lines(managerId)).toEqual(before);
  await decideAppeal(field.services, id, { actor: await judge(field.services), uphold: true, reason: '核对过' });
}

test('what no longer holds is taken back line by line, what holds now is promised, and nobody else’s lines are touched', async () => {
  const before = { K01: await lines('K01'), K02: await lines('K02') };
  expect(before.K02.map(({ about }) => about)).toEqual(['excellent', '2', 'up']);
  // Below sixty in one indicator nobody is excellent.
  await correct('K02', { kind: 'indicator', indicator: 'service', value: '50' });

  const after = await lines('K02');
  expect(after.slice(0, 3)).toEqual(before.K02);
  expect(after.slice(3).map(({ kind, amount, reverses }) => [kind, amount, reverses])).toEqual([
    ['rating', '-300.10', true],
    ['tier', '-500.20', true],
    ['move', '-200.00', true],
    ['tier', '0.05', false],
  ]);
  expect(await lines('K01')).toEqual(before.K01);
});

test('what was taken back by hand is not promised again where the correction leaves it as it was', async () => {
  const [rating, tier] = await lines('K03');
  expect([rating?.about, tier?.about]).toEqual(['basically-competent', '3']);
  const [line] = await field.city.database.query<{ id: string }>({
    text: `SELECT id FROM ledger_line WHERE manager_id = 'K03' AND kind = 'tier'`,
  });
  await reverseLine(field.services, { id: line?.id ?? '', reason: '重复发放', actor: 'an admin' });
  await correct('K03', { kind: 'indicator', indicator: 'service', value: '0' });
  expect((await lines('K03')).slice(3).map(({ kind, amount, reverses }) => [kind, amount, reverses])).toEqual([
    ['rating', '-100.00', true],
  ]);
});
