import { afterAll, beforeAll, expect, test } from 'vitest';
import { correctFinal } from '../../src/scoring/periods/publish.ts';
import { readRoleModels } from '../../src/scoring/role-models/read.ts';
import { type Field, openField } from '../support/field.ts';
import { playMonth, smallManagers, storeRules } from '../support/final-month.ts';
import { openProgram } from '../web/api/program.ts';
import { openSite, signedIn, wordsOf } from '../web/site.ts';

/** Role models and progress, from final results alone. */
let field: Field;
const all = <Row>(text: string, ...values: unknown[]) => field.city.database.query<Row>({ text, values });
const read = (period: string) => readRoleModels(field.city.database.query, period);
const best = { overall: 5, unit: 100, mixed: true };

beforeAll(async () => {
  field = await openField('role-models', smallManagers(4));
  const tiers = { start: 3, upStreak: 1, downStreak: 1, requirements: {} };
  const roleModels = { excellentInARow: 2, firm: true, noOpenAlarm: true };
  await storeRules(field, 'RS-M', { tiers, roleModels });
  await storeRules(field, 'RS-N', { tiers });
  const play = (period: string, ruleSet: string, k3: object, final = true) =>
    playMonth(field, period, {
      ruleSet,
      final,
      results: { K01: best, K02: best, K03: { ...best, ...k3 }, K04: { overall: 3, unit: 80, mixed: true } },
    });
  await play('2027-01', 'RS-M', { overall: 3, unit: 70 });
  // An alarm about K02 that is open when February becomes final, and closed before March does.
  await all(
    `INSERT INTO alarm (id, kind, level, subject_kind, subject_id, period, value, "limit", opened_at, closed_at)
     VALUES (gen_random_uuid(), 'ewma', 'amber', 'manager', 'K02', '2027-02', '1', '2', '2027-02-20', '2027-03-20')`,
  );
  await play('2027-02', 'RS-M', {});
  await play('2027-03', 'RS-M', {});
  await play('2027-04', 'RS-N', {});
  await play('2027-05', 'RS-M', {}, false);
});
afterAll(() => field.close());

test('candidates are those who meet every stated condition, with the months they are so by', async () => {
  expect((await read('2027-01'))?.candidates).toEqual([]);
  expect((await read('2027-02'))?.candidates).toEqual([
    { id: 'K01', name: '经理1', district: '城东营销部', months: ['2027-02', '2027-01'] },
  ]);
  expect((await read('2027-03'))?.candidates.map(({ id }) => id)).toEqual(['K01', 'K02', 'K03']);
});

test('an alarm that was open when a month first became final counts, whenever that result is corrected', async () => {
  const before = await read('2027-02');
  const mended = { period: '2027-02', managerId: 'K04', kind: 'indicator' } as const;
  await field.city.database.transaction((query) => correctFinal(query, mended, field.city.clock.now()));
  const after = await read('2027-02');
  expect(after?.hash).not.toBe(before?.hash);
  expect(after?.candidates).toEqual(before?.candidates);
});

test('without conditions in the rule set there are none, and without a final result nothing at all', async () => {
  expect(await read('2027-04')).toMatchObject({ conditions: null, candidates: [] });
  expect(await read('2027-05')).toBeNull();
});

test('progress is who moved up, and whose S rose by more than chance explains', async () => {
  const february = await read('2027-02');
  expect(february?.movedUp.map(({ id, tierBefore, tier }) => [id, tierBefore, tier])).toEqual([
    ['K01', 2, 1],
    ['K02', 2, 1],
    ['K03', 3, 2],
  ]);
  expect(february?.improved.map(({ id, since }) => [id, since])).toEqual([['K03', '2027-01']]);
  expect(Number(february?.improved[0]?.interval[0])).toBeGreaterThan(0);
  expect(await read('2027-01')).toMatchObject({ improved: [], withinChance: 0, notCompared: 4 });
  // Another rule set is another measure.
  expect(await read('2027-04')).toMatchObject({ improved: [], notCompared: 4 });
});

test('everybody reads it, by page and by API', async () => {
  const app = openSite(field);
  const manager = await signedIn(field, app, 'manager');
  const words = wordsOf((await manager.get('/role-models?period=2027-02')).text);
  for (const said of ['经理1', '2027 年 1 月', '经理3', '二档']) expect(words).toContain(said);
  expect(wordsOf((await manager.get('/role-models')).text)).toContain('没有写明标杆条件');
  const program = await openProgram(field, app, ['results:read']);
  expect((await program.get('/role-models/2027-02')).body).toMatchObject({
    candidates: [{ id: 'K01' }],
    improved: [{ id: 'K03', since: '2027-01' }],
  });
  expect((await program.get('/role-models/2027-05')).status).toBe(404);
});
