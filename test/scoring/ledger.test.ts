import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { exportLedger } from '../../src/cli/ledger.ts';
import { reverseLine, settleLine, settleMonth, writePromises } from '../../src/scoring/ledger/keep.ts';
import { type Line, listLines, openOf, readBalances } from '../../src/scoring/ledger/lines.ts';
import { exportPayroll } from '../../src/scoring/ledger/payroll.ts';
import type { Published } from '../../src/scoring/store.ts';
import { Faults } from '../../src/survey/roster/faults.ts';
import { readXlsx } from '../../src/survey/roster/xlsx.ts';
import { askForAlarms, lookForAlarms } from '../../src/workers/alarms.ts';
import { finalisePeriod } from '../../src/workers/score.ts';
import { type Field, openField } from '../support/field.ts';
import { playMonth, smallManagers, storeRules } from '../support/final-month.ts';

/** What final results promise: written with them, honoured with proof, taken back by lines, summed and exported. */
let field: Field;
let final: Published;
const period = '2027-01';
const everybody = { districtId: null, managerId: null };
const all = <Row>(text: string, ...values: unknown[]) => field.city.database.query<Row>({ text, values });
const actor = 'somebody of the tests';
const dueOn = '2027-02-19';

const linesOf = async (managerId?: string, today = dueOn): Promise<Line[]> =>
  (await listLines(field.city.database.query, everybody, { managerId, today, after: null }, 100)).toReversed();
const lineOf = async (managerId: string, kind: string): Promise<Line> =>
  (await linesOf(managerId)).find((line) => line.kind === kind && line.reverses === null) ??
  expect.fail('no such line');
const balanceOf = async (managerId: string, today = dueOn) =>
  (await readBalances(field.city.database.query, { ...everybody, managerId }, { today }, null, 10))[0];

beforeAll(async () => {
  field = await openField('ledger', smallManagers(5));
  await all(`UPDATE manager SET name = '=1+1' WHERE id = 'K05'`);
  await storeRules(field, 'RS-L', {
    tiers: { start: 3, upStreak: 1, downStreak: 1, requirements: {} },
    ledger: {
      dueWorkdays: 8,
      rating: { excellent: '300.10', 'not-competent': '-100.00' },
      tier: { 2: '500.20', 3: '0.05' },
      move: { up: '200.00', floor: '-50.00' },
    },
  });
  const good = { overall: 5, unit: 100 };
  const fair = { overall: 4, unit: 90 };
  final = await playMonth(field, period, {
    ruleSet: 'RS-L',
    results: { K01: good, K02: good, K03: fair, K04: { overall: 1, unit: 40 }, K05: { overall: 1, unit: 40 } },
  });
});
afterAll(() => field.close());

describe('a month that becomes final', () => {
  test('promises what its rule set says, each line with its publication and the day it is due', async () => {
    expect(final.stage).toBe('final');
    expect((await linesOf()).map(({ managerId, kind, about, amount }) => [managerId, kind, about, amount])).toEqual([
      ['K01', 'rating', 'excellent', '300.10'],
      ['K01', 'tier', '2', '500.20'],
      ['K01', 'move', 'up', '200.00'],
      ['K02', 'rating', 'excellent', '300.10'],
      ['K02', 'tier', '2', '500.20'],
      ['K02', 'move', 'up', '200.00'],
      ['K03', 'tier', '3', '0.05'],
      ['K04', 'rating', 'not-competent', '-100.00'],
      ['K04', 'tier', '3', '0.05'],
      ['K04', 'move', 'floor', '-50.00'],
      ['K05', 'rating', 'not-competent', '-100.00'],
      ['K05', 'tier', '3', '0.05'],
      ['K05', 'move', 'floor', '-50.00'],
    ]);
    for (const line of await linesOf())
      expect(line).toMatchObject({ publication: final.document.hash, dueOn, state: 'open', overdue: false });
  });

  test('promises it once, whoever asks again', async () => {
    await finalisePeriod(field.services, period);
    await field.city.database.transaction((query) => writePromises(query, final.document, field.city.clock.now()));
    expect(await linesOf()).toHaveLength(13);
  });

  test('promises nothing under a rule set without amounts, nor while it is on notice', async () => {
    const results = { K03: { overall: 5, unit: 100 } };
    await playMonth(field, '2027-02', { ruleSet: 'RS-1', results });
    await playMonth(field, '2027-03', { ruleSet: 'RS-L', results, final: false });
    expect(await linesOf()).toHaveLength(13);
  });

  test('leaves lines that nobody can change', async () => {
    await expect(all('UPDATE ledger_line SET amount = 1')).rejects.toThrow('append-only');
    await expect(all('DELETE FROM ledger_line')).rejects.toThrow('append-only');
  });
});

describe('a promise', () => {
  test('is honoured with proof, once', async () => {
    const { id } = await lineOf('K01', 'rating');
    const settle = (proof: string) => settleLine(field.services, { id, proof, actor });
    await expect(settle('  ')).rejects.toMatchObject({ faults: [{ where: 'proof' }] });
    expect(await settle('发薪批次 17')).toBe(true);
    expect(await settle(' 发薪批次 17 ')).toBe(false);
    await expect(settle('发薪批次 18')).rejects.toMatchObject({ code: 'line-settled' });
    expect(await lineOf('K01', 'rating')).toMatchObject({ state: 'settled', proof: '发薪批次 17', overdue: false });
    await expect(all('UPDATE ledger_settlement SET proof = $1', 'x')).rejects.toThrow('append-only');
    await expect(settleLine(field.services, { id: 'nothing', proof: 'x', actor })).rejects.toMatchObject({
      code: 'no-such-line',
    });
  });

  test('taken back before it was honoured comes to nothing, for the reason given, once', async () => {
    const { id } = await lineOf('K02', 'move');
    const reverse = (reason: string) => reverseLine(field.services, { id, reason, actor });
    await expect(reverse('')).rejects.toMatchObject({ faults: [{ where: 'reason' }] });
    const back = await reverse('升档有误');
    expect(await reverse('升档有误')).toBe(back);
    await expect(reverse('另一个理由')).rejects.toMatchObject({ code: 'line-cancelled' });
    await expect(reverseLine(field.services, { id: back, reason: '再冲', actor })).rejects.toMatchObject({
      code: 'line-is-a-reversal',
    });
    for (const line of [id, back])
      await expect(settleLine(field.services, { id: line, proof: '批次 19', actor })).rejects.toMatchObject({
        code: 'line-cancelled',
      });
    const two = (await linesOf('K02')).filter(({ kind }) => kind === 'move');
    expect(two.map(({ amount, state, reason }) => [amount, state, reason])).toEqual([
      ['200.00', 'cancelled', null],
      ['-200.00', 'cancelled', '升档有误'],
    ]);
    expect(await balanceOf('K02')).toMatchObject({ promised: '800.30', settled: '0.00', open: '800.30' });
  });

  test('taken back after it was honoured is owed the other way, until that is settled too', async () => {
    const { id } = await lineOf('K01', 'rating');
    const back = await reverseLine(field.services, { id, reason: '定等更正', actor });
    expect(await balanceOf('K01')).toMatchObject({ promised: '700.20', settled: '300.10', open: '400.10' });
    expect((await linesOf('K01')).find((line) => line.id === back)).toMatchObject({ amount: '-300.10', state: 'open' });
    await settleLine(field.services, { id: back, proof: '批次 20 扣回', actor });
    expect(await balanceOf('K01')).toMatchObject({ promised: '700.20', settled: '0.00', open: '700.20' });
  });

  test('settled and taken back at the same moment is one after the other', async () => {
    const { id } = await lineOf('K05', 'tier');
    const outcomes = await Promise.allSettled([
      settleLine(field.services, { id, proof: '批次 21', actor }),
      reverseLine(field.services, { id, reason: '同时', actor }),
    ]);
    const sum = (await linesOf('K05')).filter(({ kind }) => kind === 'tier');
    const settledFirst = outcomes[0]?.status === 'fulfilled';
    expect(sum.map(({ state }) => state)).toEqual(settledFirst ? ['settled', 'open'] : ['cancelled', 'cancelled']);
  });

  test('is on record with who did what', async () => {
    const actions = await all<{ action: string }>(
      `SELECT action FROM audit WHERE action LIKE 'ledger.%' ORDER BY sequence`,
    );
    expect(actions.map(({ action }) => action).slice(0, 4)).toEqual([
      ...['ledger.promise', 'ledger.settle', 'ledger.reverse', 'ledger.reverse'],
    ]);
  });
});

describe('the sums', () => {
  test('show their own to whoever sees a district or one manager', async () => {
    const { query } = field.city.database;
    const seen = async (reach: typeof everybody | { districtId: string; managerId: null }) =>
      (await readBalances(query, reach, { today: dueOn }, null, 100)).map(({ managerId }) => managerId);
    expect(await seen(everybody)).toEqual(['K01', 'K02', 'K03', 'K04', 'K05']);
    expect(await seen({ districtId: 'D1', managerId: null })).toEqual(['K01', 'K05']);
    const own = await listLines(query, { districtId: 'D2', managerId: 'K01' }, { today: dueOn, after: null }, 10);
    expect(own).toEqual([]);
  });

  test('go on where a page ended', async () => {
    const { query } = field.city.database;
    const after = { period, managerId: 'K03' };
    const rest = await readBalances(query, everybody, { today: dueOn }, after, 100);
    expect(rest.map(({ managerId }) => managerId)).toEqual(['K04', 'K05']);
  });

  test('say what is overdue from the day after it was due', async () => {
    expect(await balanceOf('K04')).toMatchObject({ open: '-149.95', overdue: '0.00' });
    expect(await balanceOf('K04', '2027-02-20')).toMatchObject({ open: '-149.95', overdue: '-149.95' });
  });
});

test('a month is not honoured by one proof where other lines are open than were looked at, whatever their sum', async () => {
  const { lines, sum } = await openOf(field.city.database.query, period);
  const settle = (seen: { lines: number; sum: string }) =>
    settleMonth(field.services, { period, proof: '批次 22', seen, actor });
  await expect(settle({ lines: lines - 2, sum })).rejects.toMatchObject({ code: 'ledger-changed' });
  await expect(settle({ lines, sum: '0.00' })).rejects.toMatchObject({ code: 'ledger-changed' });
  expect(await openOf(field.city.database.query, period)).toEqual({ lines, sum });
});

describe('the payroll file', () => {
  const file = async (format: 'csv' | 'xlsx') =>
    buffer(Readable.from(await exportPayroll(field.services, { period, format, actor })));

  test('has every line, each manager’s sum and the sum of all, in a form that no spreadsheet computes', async () => {
    const text = (await file('csv')).toString('utf8');
    expect(text.startsWith('\uFEFF类型,考核期,工号,')).toBe(true);
    const rows = text
      .trim()
      .split('\r\n')
      .map((row) => row.split(','));
    const own = rows.filter((row) => row[2] === 'K02');
    expect(own.map((row) => [row[0], row[5], row[6], row[7]])).toEqual([
      ['明细', '定等：优秀', '300.10', '300.10'],
      ['明细', '档位：二档', '500.20', '500.20'],
      ['明细', '升降：升档', '200.00', '0.00'],
      ['明细', '升降：升档', '-200.00', '0.00'],
      ['小计', '', '800.30', '800.30'],
    ]);
    expect(own[0]?.at(-1)).toBe(final.document.hash);
    expect(rows.find((row) => row[2] === 'K05')?.[3]).toBe(`'=1+1`);
    const [sum] = await all<{ sum: string }>('SELECT sum(amount)::text AS sum FROM ledger_line');
    expect(rows.at(-1)).toMatchObject({ 0: '合计', 6: sum?.sum });
  });

  test('is a workbook too, with the same in it', async () => {
    const rows: string[][] = [];
    for await (const { cells } of readXlsx(await file('xlsx'), new Faults())) rows.push([...cells]);
    const csv = (await file('csv')).toString('utf8').replace('\uFEFF', '').trim().split('\r\n');
    expect(rows).toHaveLength(csv.length);
    expect(rows.at(-1)?.[6]).toBe(csv.at(-1)?.split(',')[6]);
  });

  test('is written by command, for its owner alone, CSV or workbook by its name', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'huifang-ledger-'));
    const path = join(folder, 'payroll.csv');
    await exportLedger(field.services, period, path, new PassThrough());
    expect(readFileSync(path, 'utf8')).toBe((await file('csv')).toString('utf8'));
    expect(statSync(path).mode & 0o077).toBe(0);
    const refused = (month: string, name: string) =>
      exportLedger(field.services, month, join(folder, name), new PassThrough()).then(
        () => [],
        ({ faults }) => faults.map(({ where }: { where: string }) => basename(where)),
      );
    expect(await refused('2027-1', 'a.csv')).toEqual(['2027-1']);
    expect(await refused(period, 'a.pdf')).toEqual(['a.pdf']);
    rmSync(folder, { recursive: true });
  });

  test('is not made of a month without promises', async () => {
    const asked = exportPayroll(field.services, { period: '2027-02', format: 'csv', actor });
    await expect(asked).rejects.toMatchObject({ code: 'nothing-promised' });
  });
});

describe('a promise that is not kept in time', () => {
  const alarms = () =>
    all<{ subject: string; closed: boolean }>(
      `SELECT subject_id AS subject, closed_at IS NOT NULL AS closed FROM alarm WHERE kind = 'promise-overdue' ORDER BY subject_id`,
    );

  test('raises one alarm while it is open, however often it is looked at', async () => {
    field.city.clock.advance(new Date('2027-04-20T10:00:00+08:00'));
    await lookForAlarms(field.services);
    await lookForAlarms(field.services);
    const overdue = (await linesOf(undefined, '2027-04-20')).filter(({ overdue }) => overdue);
    expect(overdue.length).toBeGreaterThan(5);
    expect(await alarms()).toEqual(overdue.map(({ id }) => ({ subject: id, closed: false })).sort(bySubject));
    const told = await all(`SELECT FROM webhook_event WHERE payload->>'kind' = 'promise-overdue'`);
    expect(told).toHaveLength(overdue.length);
  });

  test('and kept at last closes it at the next look, which is asked for', async () => {
    const { id } = await lineOf('K04', 'rating');
    const before = field.asked.length;
    await askForAlarms(field.services);
    expect(field.asked).toHaveLength(before);
    await settleLine(field.services, { id, proof: '批次 30', actor });
    await askForAlarms(field.services);
    expect(field.asked.slice(before).map(({ name }) => name)).toEqual(['alarms']);
    await lookForAlarms(field.services);
    expect((await alarms()).filter(({ closed }) => closed)).toEqual([{ subject: id, closed: true }]);
  });
});

const bySubject = (one: { subject: string }, other: { subject: string }) => (one.subject < other.subject ? -1 : 1);
