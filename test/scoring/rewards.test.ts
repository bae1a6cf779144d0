import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { decideAppeal } from '../../src/scoring/appeals/appeal.ts';
import { proposeCorrection } from '../../src/scoring/appeals/final-correction.ts';
import { reverseLine } from '../../src/scoring/ledger/keep.ts';
import { listLines } from '../../src/scoring/ledger/lines.ts';
import { listRewards, readBudgets, rewardablePeriods } from '../../src/scoring/ledger/reward-list.ts';
import {
  approveReward,
  proposeReward,
  type RewardWish,
  refuseReward,
  setBudget,
  withdrawReward,
} from '../../src/scoring/ledger/rewards.ts';
import { judge } from '../support/appeals.ts';
import { type Field, openField } from '../support/field.ts';
import { playMonth, smallManagers, storeRules } from '../support/final-month.ts';

/** District rewards: proposed by one, approved by another within the budget, and then a promise. */
let field: Field;
const period = '2027-01';
const all = <Row>(text: string, ...values: unknown[]) => field.city.database.query<Row>({ text, values });
const supervisor = 'the supervisor of D1';
const admin = 'an admin';

const wish: RewardWish = {
  ...{ managerId: 'K01', kind: 'over-fulfilment', indicator: 'sales', amount: '300' },
  ...{ reason: '超额完成销量', evidence: '销售系统 1 月报表' },
};
const propose = (change: Partial<RewardWish> = {}, at = { period, districtId: 'D1', actor: supervisor }) =>
  proposeReward(field.services, at, { ...wish, ...change });
const approve = (id: string, actor = admin) => approveReward(field.services, { id, actor });
const budget = (amount: string, districtId = 'D1') =>
  setBudget(field.services, { districtId, period, amount, actor: admin });
const budgetOf = async (districtId = 'D1') => (await readBudgets(field.city.database.query, period, districtId))[0];

/** A proposal whose over-fulfilment was an error, corrected since. */
let mended: string;

async function correctToNinety(managerId: string, indicator: string): Promise<void> {
  const [first, second] = [await judge(field.services), await judge(field.services)];
  const about = { kind: 'indicator', indicator, value: '90' } as const;
  const error = { about, statement: '录入时错行', evidence: '原始记录第 9 页' };
  const id = await proposeCorrection(field.services, period, { managerId, actor: first }, error);
  await decideAppeal(field.services, id, { actor: second, uphold: true, reason: '核对过' });
}

beforeAll(async () => {
  field = await openField('rewards', smallManagers(5));
  await storeRules(field, 'RS-L', { ledger: { dueWorkdays: 5 } });
  const results = {
    K01: { overall: 5, unit: 90, except: { sales: 108.5 } },
    K05: { overall: 5, unit: 90, except: { brand: 130 } },
    K02: { overall: 5, unit: 110 },
  };
  await playMonth(field, period, { ruleSet: 'RS-L', results });
  mended = await propose({ managerId: 'K05', indicator: 'brand' });
  await correctToNinety('K05', 'brand');
  await playMonth(field, '2027-02', { ruleSet: 'RS-1', results });
  await playMonth(field, '2027-03', { ruleSet: 'RS-L', results, final: false });
});
afterAll(() => field.close());

describe('a proposal', () => {
  test('is for a month whose result is final and whose rule set says what is paid', async () => {
    const at = (of: string) => propose({}, { period: of, districtId: 'D1', actor: supervisor });
    await expect(at('2027-02')).rejects.toMatchObject({ code: 'no-ledger' });
    await expect(at('2027-03')).rejects.toMatchObject({ code: 'not-final' });
    expect(await rewardablePeriods(field.city.database.query, 10)).toEqual([period]);
  });

  test('is for a manager of the district, and for over-fulfilment that was published', async () => {
    const refused = (change: Partial<RewardWish>) =>
      propose(change).then(
        () => [],
        ({ faults }) => faults.map(({ where }: { where: string }) => where),
      );
    expect(await refused({ managerId: 'K02' })).toEqual(['managerId']);
    expect(await refused({ managerId: 'K09' })).toEqual(['managerId']);
    expect(await refused({ indicator: 'service' })).toEqual(['indicator']);
    expect(await refused({ managerId: 'K05' })).toEqual(['indicator']);
    expect(await refused({ indicator: null })).toEqual(['indicator']);
    expect(await refused({ kind: 'service' })).toEqual(['indicator']);
    expect(await refused({ managerId: 'K05', kind: 'service', indicator: null })).toEqual([]);
  });

  test('is withdrawn by its proposer alone, refused by another, each for a reason, and decided once', async () => {
    const id = await propose();
    const withdraw = (actor: string, reason = '数据有误') => withdrawReward(field.services, { id, reason, actor });
    await expect(withdraw(admin)).rejects.toMatchObject({ code: 'not-his-proposal' });
    await expect(withdraw(supervisor, ' ')).rejects.toMatchObject({ faults: [{ where: 'reason' }] });
    await withdraw(supervisor);
    await expect(withdraw(supervisor)).rejects.toMatchObject({ code: 'reward-decided' });
    const other = await propose();
    const refuse = (actor: string) => refuseReward(field.services, { id: other, reason: '依据不足', actor });
    await expect(refuse(supervisor)).rejects.toMatchObject({ code: 'own-proposal' });
    await refuse(admin);
    await expect(approve(other)).rejects.toMatchObject({ code: 'reward-decided' });
    const listed = await listRewards(field.city.database.query, { districtId: 'D1', after: null }, 10);
    expect(listed.flatMap(({ state, decision }) => (decision === null ? [] : [[state, decision]])).sort()).toEqual([
      ['refused', '依据不足'],
      ['withdrawn', '数据有误'],
    ]);
    await expect(all('UPDATE reward_proposal SET amount = 1')).rejects.toThrow('decided once');
  });
});

describe('an approval', () => {
  test('is refused without a budget, above it, and of one’s own proposal', async () => {
    const id = await propose();
    await expect(approve(id)).rejects.toMatchObject({ code: 'over-budget' });
    await budget('299.99');
    await expect(approve(id)).rejects.toMatchObject({ code: 'over-budget' });
    await budget('1000');
    await expect(approve(id, supervisor)).rejects.toMatchObject({ code: 'own-proposal' });
    expect(await budgetOf()).toMatchObject({ amount: '1000.00', approved: '0.00', left: '1000.00' });
  });

  test('is a line of the ledger, with the publication it follows from', async () => {
    const id = await propose();
    await approve(id);
    const lines = await listLines(
      field.city.database.query,
      { districtId: null, managerId: null },
      { today: '2027-01-01', after: null },
      10,
    );
    const [final] = await all<{ hash: string }>(
      `SELECT hash FROM publication WHERE period = $1 AND stage = 'final' ORDER BY sequence DESC LIMIT 1`,
      period,
    );
    expect(lines).toMatchObject([
      {
        managerId: 'K01',
        kind: 'reward',
        about: 'over-fulfilment',
        amount: '300.00',
        rewardId: id,
        publication: final?.hash,
      },
    ]);
    expect(await budgetOf()).toMatchObject({ approved: '300.00', left: '700.00' });
  });

  test('looks at the result as it stands, and rewards one over-fulfilment once', async () => {
    await expect(approve(mended)).rejects.toMatchObject({ code: 'not-over-fulfilled' });
    await expect(approve(await propose())).rejects.toMatchObject({ code: 'rewarded-already' });
    expect(await budgetOf()).toMatchObject({ approved: '300.00', left: '700.00' });
  });

  test('of several at the same moment never goes over the budget', async () => {
    const ids = [];
    for (const amount of ['300', '300', '300', '300'])
      ids.push(await propose({ kind: 'service', indicator: null, amount }));
    const outcomes = await Promise.allSettled(ids.map((id) => approve(id)));
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(2);
    expect(await budgetOf()).toMatchObject({ approved: '900.00', left: '100.00' });
  });

  test('leaves its money to the budget again when it is taken back', async () => {
    const [line] = await all<{ id: string }>('SELECT id FROM ledger_line ORDER BY sequence LIMIT 1');
    await reverseLine(field.services, { id: line?.id ?? '', reason: '报表更正', actor: admin });
    expect(await budgetOf()).toMatchObject({ approved: '600.00', left: '400.00' });
    // So the same may be rewarded after all.
    await approve(await propose({ amount: '0.01' }));
    expect(await budgetOf()).toMatchObject({ approved: '600.01', left: '399.99' });
  });
});

describe('a budget', () => {
  test('is an amount, of a district there is, and not below what was approved', async () => {
    const refused = (amount: string, district?: string) =>
      budget(amount, district).then(
        () => [],
        ({ faults }) => faults.map(({ where }: { where: string }) => where),
      );
    expect(await refused('-5')).toEqual(['amount']);
    expect(await refused('1e3')).toEqual(['amount']);
    expect(await refused('100', 'D9')).toEqual(['district']);
    expect(await refused('600')).toEqual(['amount']);
    expect(await refused('600.01')).toEqual([]);
    expect(await budgetOf()).toMatchObject({ amount: '600.01', left: '0.00' });
  });
});
