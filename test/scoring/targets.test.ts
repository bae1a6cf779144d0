import { afterAll, beforeAll, expect, test } from 'vitest';
import { storeComputed } from '../../src/scoring/evidence/compute.ts';
import { publishDocument } from '../../src/scoring/rule-sets/publish.ts';
import type { BadFile } from '../../src/survey/roster/faults.ts';
import { importEvents, importTargets } from '../../src/survey/roster/import.ts';
import { type City, openCity, settleIn, shopsOf } from '../support/city.ts';

/** A manager's own target: base and facts brought before, by file, what came of it afterwards, per cent by the formula. */
let city: City;
const period = '2027-01';

beforeAll(async () => {
  city = await openCity('targets');
  await settleIn(city, [...shopsOf('W01', 1), ...shopsOf('W02', 1), ...shopsOf('W03', 1), ...shopsOf('W04', 1)]);
  const { document } = await city.rules('RS-1');
  const targets = [
    { code: 'sales', factors: [{ fact: '距离', from: '30', per: '10', change: '-0.02' }], least: '0.8', most: '1.1' },
  ];
  await publishDocument(city, { ...document, id: 'RS-T', effectiveFrom: period, targets }, 'test');
});
afterAll(() => city.close());

const bring = (...lines: string[]) => importTargets(city, Buffer.from(lines.join('\n')));
const faultsOf = (bringing: Promise<unknown>): Promise<string[]> =>
  bringing.then(
    () => [],
    (error: BadFile) => error.found.map(({ message }) => message),
  );
const made = async (of = period) => {
  await storeComputed(city.database.query, of, await city.rules('RS-T'));
  return city.database.query({
    text: `
      SELECT manager_id AS id, code, trim_scale(value)::text AS value, source::text AS source, trim_scale(done)::text AS done, trim_scale(due)::text AS due
      FROM unit_indicator WHERE period = $1 ORDER BY 1, 2`,
    values: [of],
  });
};
const heading = '考核期,工号,指标,基数,距离,实绩';

test('is refused with every fault: no formula, no fact, no base, and figures of a month that has not begun', async () => {
  expect(
    await faultsOf(
      bring(heading, '2027-01,W01,品牌,1000,30,', '2027-01,W02,销量,1000,,', '2027-01,W03,销量,1000,30,900'),
    ),
  ).toEqual([
    expect.stringContaining('2027-01 的考核办法没有 brand 的目标公式'),
    expect.stringContaining('缺少“距离”'),
    expect.stringContaining('2027-01 还没有开始'),
  ]);
  expect(await faultsOf(bring(heading, '2027-01,W01,销量,0,30,'))).toEqual([expect.stringContaining('大于 0')]);
  expect(await faultsOf(bring(heading, '2026-12,W01,销量,1000,30,'))).toEqual([expect.stringContaining('2026-12')]);
});

test('is set before, filled in afterwards, and makes the indicator; again changes nothing', async () => {
  const before = [heading, '2027-01,W01,销量,1000,55,', '2027-01,W02,销量,1000,30,'];
  await bring(heading, '2027-01,W01,销量,900,55,');
  expect(await bring(...before)).toMatchObject({ created: 1, changed: 1 });
  expect(await made()).toEqual([]);
  city.clock.advance(new Date('2027-01-20T10:00:00+08:00'));
  const after = [heading, '2027-01,W01,销量,1000,55,855', '2027-01,W02,销量,1000,30,1010'];
  expect(await bring(...after)).toMatchObject({ created: 0, changed: 2 });
  expect(await bring(...before)).toMatchObject({ changed: 0, unchanged: 2 });
  // 25 km beyond 30 take 5 % off the target. Nobody said anything of W03, who is in no frame: he is not there.
  expect(await made()).toEqual([
    { id: 'W01', code: 'sales', value: '90', source: 'computed', done: '855', due: '950' },
    { id: 'W02', code: 'sales', value: '101', source: 'computed', done: '1010', due: '1000' },
  ]);
});

test('stands once its month has begun, whoever knows by then what comes of it; a first one may still be set', async () => {
  expect(await faultsOf(bring(heading, '2027-01,W01,销量,900,55,855', '2027-01,W02,销量,1000,45,1010'))).toEqual([
    expect.stringContaining('2027-01 已开始'),
    expect.stringContaining('2027-01 已开始'),
  ]);
  const late = bring(heading, '2027-01,W01,销量,1000,55,855', '2027-01,W04,销量,500,30,');
  expect(await late).toMatchObject({ created: 1, changed: 0, unchanged: 1 });
});

test('stands once its month is over, but for what came of it', async () => {
  city.clock.advance(new Date('2027-02-01T00:00:00+08:00'));
  expect(await faultsOf(bring(heading, '2027-01,W01,销量,900,55,855', '2027-01,W03,销量,1000,30,900'))).toEqual([
    expect.stringContaining('2027-01 已结束'),
    expect.stringContaining('2027-01 已结束'),
  ]);
  expect(await bring(heading, '2027-01,W01,销量,1000,55,950')).toMatchObject({ changed: 1 });
  expect(await made()).toMatchObject([
    { id: 'W01', value: '100' },
    { id: 'W02', value: '101' },
  ]);
});

test('gives way to a file that has the indicator itself', async () => {
  await city.database.query({
    text: `DELETE FROM unit_indicator`,
  });
  await city.database.query({
    text: `INSERT INTO unit_indicator (period, manager_id, code, value) VALUES ($1, 'W02', 'sales', 70)`,
    values: [period],
  });
  expect(await made()).toMatchObject([{ id: 'W02', value: '70', source: 'imported' }]);
});

test('and an event of somebody else bring every indicator to both, or the month could not be put to notice', async () => {
  await city.database.query({ text: `DELETE FROM unit_indicator` });
  const event = '日期,工号,类别,编号,完成,应完成,依据\n2027-01-15,W03,价签检查,J-1,18,20,\n';
  await importEvents(city, Buffer.from(event));
  expect(await made()).toMatchObject([
    { id: 'W01', code: 'price-marking', value: null },
    { id: 'W01', code: 'sales', value: '100' },
    { id: 'W02', code: 'price-marking', value: null },
    { id: 'W02', code: 'sales', value: '101' },
    { id: 'W03', code: 'price-marking', value: '90' },
    { id: 'W03', code: 'sales', value: null },
  ]);
});

test('is no indicator at all where nobody has a target, though everybody has a figure', async () => {
  // Nothing is left of such a base once it is rounded.
  await bring(heading, '2027-02,W01,销量,0.0001,30,0.007', '2027-02,W02,销量,0.0001,30,0.008');
  expect(await made('2027-02')).toEqual([]);
});

test('is refused in another unit than its figure, which no indicator could hold', async () => {
  expect(await faultsOf(bring(heading, '2027-02,W03,销量,1.2,30,1300000'))).toEqual([
    expect.stringContaining('实绩 1300000 超过基数 1.2 的 100 倍'),
  ]);
  expect(await bring(heading, '2027-02,W03,销量,1.2,30,120')).toMatchObject({ created: 1 });
});
