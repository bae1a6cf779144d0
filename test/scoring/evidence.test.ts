import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { firstBrokenLine } from '../../src/platform/audit.ts';
import { BadInput } from '../../src/platform/errors.ts';
import { storeComputed } from '../../src/scoring/evidence/compute.ts';
import { findPublished } from '../../src/scoring/store.ts';
import { verifyPublications } from '../../src/scoring/verify.ts';
import { recordEvent, takeBackEvent } from '../../src/survey/events/record.ts';
import { importEvents, importIndicators } from '../../src/survey/roster/import.ts';
import { upheld } from '../support/appeals.ts';
import { cityManagers, type Field, openField, publishField } from '../support/field.ts';

/** Dated events, from a file to the board, in a city of four managers of whom one, K02, has none. */
let field: Field;
const period = '2026-12';
const all = <Row>(text: string, ...values: unknown[]) => field.city.database.query<Row>({ text, values });
const headings = '日期,工号,类别,编号,完成,应完成,依据\n';
const file = (...lines: string[]) => Buffer.from(headings + lines.map((line) => `${line}\n`).join(''));
const imported = (...lines: string[]) => importEvents(field.services, file(...lines));

async function refusal(doing: Promise<unknown>): Promise<string[]> {
  const error: unknown = await doing.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (!(error instanceof BadInput)) throw error ?? new Error('it was taken');
  return error.faults.map(({ where, message }) => `${where}: ${message}`);
}

const standing = () =>
  all<{ reference: string; day: string; done: string; due: string | null }>(
    'SELECT reference, day::text, trim_scale(done)::text AS done, trim_scale(due)::text AS due FROM work_event_standing ORDER BY reference',
  );
const lines = async () => (await all('SELECT FROM work_event')).length;

beforeAll(async () => {
  field = await openField('evidence', cityManagers(4));
  await all(`DELETE FROM unit_indicator WHERE code IN ('price-marking', 'knowledge', 'service', 'market-visits')`);
});
afterAll(() => field.close());

describe('a file of dated events', () => {
  const good = [
    '2026-12-01,K01,价签检查,J-1,18,20,检查表 1',
    '2026-11-30,K01,价签检查,J-2,合格,,',
    '2026-12-01,K03,培训,P-1,3.5,,签到表',
  ];

  test('is refused whole, with every fault by row and column', async () => {
    expect(
      await refusal(
        imported(
          '2026-12-02,K01,价签检查,J-1,1,1,', // tomorrow
          '2026-12-01,K99,价签检查,J-2,1,1,',
          '2026-12-01,K01,打牌,J-3,1,1,',
          '2026-12-01,K01,价签检查,,也许,0,',
          '2026-12-01,K01,培训,P-1,2,4,',
          '2026-12-01,K01,价签检查,J-9,1,1,',
          '2026-12-01,K01,价签检查,J-9,0,1,',
        ),
      ),
    ).toEqual([
      expect.stringMatching(/^第 2 行，列“日期”.*将来/),
      expect.stringMatching(/^第 3 行，列“工号”.*K99/),
      expect.stringMatching(/^第 4 行，列“类别”.*打牌/),
      expect.stringMatching(/^第 5 行，列“编号”/),
      expect.stringMatching(/^第 5 行，列“完成”.*也许/),
      expect.stringMatching(/^第 5 行，列“应完成”/),
      expect.stringMatching(/^第 6 行 .*留空/),
      expect.stringMatching(/^第 8 行 .*重复/),
    ]);
    expect(await lines()).toBe(0);
  });

  test('is recorded once, however often it comes', async () => {
    expect(await importEvents(field.services, file(...good), { dryRun: true })).toMatchObject({ created: 3 });
    expect(await lines()).toBe(0);
    expect(await imported(...good)).toEqual({ rows: 3, created: 3, changed: 0, unchanged: 0 });
    expect(await standing()).toEqual([
      { reference: 'J-1', day: '2026-12-01', done: '18', due: '20' },
      { reference: 'J-2', day: '2026-11-30', done: '1', due: '1' },
      { reference: 'P-1', day: '2026-12-01', done: '3.5', due: null },
    ]);
    expect(await imported(...good)).toEqual({ rows: 3, created: 0, changed: 0, unchanged: 3 });
    expect(await lines()).toBe(3);
  });

  test('that says something else takes the old line back and leaves it on record', async () => {
    expect(await imported('2026-12-01,K01,价签检查,J-1,19,20,检查表 1')).toMatchObject({ changed: 1 });
    expect(await standing()).toContainEqual({ reference: 'J-1', day: '2026-12-01', done: '19', due: '20' });
    expect(await lines()).toBe(5);
    await expect(all(`UPDATE work_event SET done = 20`)).rejects.toThrow();
    await expect(all(`DELETE FROM work_event`)).rejects.toThrow();
  });

  test('does not bring back what somebody took back for good', async () => {
    await imported('2026-12-01,K03,价签检查,J-4,0,5,');
    const [event] = await all<{ id: string }>(`SELECT id FROM work_event_standing WHERE reference = 'J-4'`);
    const id = event?.id ?? '';
    expect(await refusal(takeBackEvent(field.services, id, { actor: 'test', reason: ' ' }))).toHaveLength(1);
    await takeBackEvent(field.services, id, { actor: 'test', reason: '记错了人' });
    await expect(takeBackEvent(field.services, id, { actor: 'test', reason: '再一次' })).rejects.toMatchObject({
      code: 'not-standing',
    });
    expect(await refusal(imported('2026-12-01,K03,价签检查,J-4,0,5,'))).toEqual([
      expect.stringMatching(/^第 2 行，列“编号”.*已撤销/),
    ]);
    expect((await standing()).map(({ reference }) => reference)).toEqual(['J-1', 'J-2', 'P-1']);
  });
});

describe('a month’s indicators from its events', () => {
  const computedOnes = () =>
    all<object>(
      `SELECT manager_id AS manager, code, trim_scale(value)::text AS value, events, trim_scale(done)::text AS done, trim_scale(due)::text AS due
       FROM unit_indicator WHERE period = $1 AND source = 'computed' ORDER BY code, manager_id`,
      period,
    );
  const none = { value: null, events: 0, done: null, due: null };

  test('go onto the board with how they were made; who has no event where others have is missing, not 0', async () => {
    await imported('2026-12-01,K03,价签检查,J-5,0,4,', '2026-12-01,K04,价签检查,J-6,2,3,');
    await recordEvent(
      field.services,
      {
        ...{ row: 0, manager: 'K01', kind: 'request', reference: 'R-1', day: '2026-12-01' },
        ...{ done: '1', due: '1', evidence: '' },
      },
      { actor: 'test', source: 'page' },
    );
    // A file holds for everybody: the events of the indicator it brings stand beside it and count nothing.
    const service = ['K01', 'K02', 'K03', 'K04'].map((id) => `${period},${id},服务,91\n`).join('');
    await importIndicators(field.services, Buffer.from(`考核期,工号,指标,得分\n${service}`));
    // A template with a column that nobody filled in brings no value.
    const blank = ['K01', 'K03'].map((id) => `${period},${id},\n`).join('');
    await importIndicators(field.services, Buffer.from(`考核期,工号,业务知识\n${blank}`));
    await publishField(field);
    expect(await computedOnes()).toEqual([
      { manager: 'K01', code: 'knowledge', ...none },
      { manager: 'K02', code: 'knowledge', ...none },
      { manager: 'K03', code: 'knowledge', value: '87.5', events: 1, done: '3.5', due: '4' },
      { manager: 'K04', code: 'knowledge', ...none },
      { manager: 'K01', code: 'price-marking', value: '95', events: 1, done: '19', due: '20' },
      { manager: 'K02', code: 'price-marking', ...none },
      { manager: 'K03', code: 'price-marking', value: '0', events: 1, done: '0', due: '4' },
      { manager: 'K04', code: 'price-marking', value: '66.67', events: 1, done: '2', due: '3' },
    ]);
  });

  test('are what the published scores are recomputed from', async () => {
    const published = await findPublished(field.city.database.query, period);
    if (!published) throw new Error('nothing is published');
    expect(verifyPublications([published.document])).toEqual([]);
    const indicators = published.document.managers.map((manager) => [manager.id, manager.indicators] as const);
    expect(new Map(indicators).get('K04')).toMatchObject({ 'price-marking': '66.67', knowledge: null });
    expect(new Map(indicators).get('K02')).toMatchObject({ 'price-marking': null });
    expect(new Map(indicators).get('K03')).toMatchObject({ 'price-marking': '0' });
  });

  test('come out the same, however often they are made', async () => {
    const before = await computedOnes();
    const rules = await field.services.rules('RS-1');
    await field.city.database.transaction((query) => storeComputed(query, period, rules));
    expect(await computedOnes()).toEqual(before);
  });

  test('are closed to events once they are on the board, and mended by appeal', async () => {
    expect(await refusal(imported('2026-12-01,K01,价签检查,J-1,20,20,检查表 1'))).toEqual([
      expect.stringMatching(/^第 2 行，列“日期”.*已公示/),
    ]);
    expect(await imported('2026-12-01,K01,价签检查,J-1,19,20,检查表 1')).toMatchObject({ unchanged: 1 });
    expect(await imported('2026-11-30,K02,价签检查,J-7,1,1,')).toMatchObject({ created: 1 });
    const [event] = await all<{ id: string }>(`SELECT id FROM work_event_standing WHERE reference = 'J-1'`);
    await expect(
      takeBackEvent(field.services, event?.id ?? '', { actor: 'test', reason: '太晚' }),
    ).rejects.toMatchObject({ code: 'month-closed' });
    const about = { kind: 'indicator', indicator: 'price-marking', value: '80' } as const;
    await upheld(field.services, period, 'K02', about);
    expect(
      await all(
        `SELECT source, value::text, events FROM unit_indicator WHERE period = $1 AND manager_id = 'K02' AND code = 'price-marking'`,
        period,
      ),
    ).toEqual([{ source: 'appeal', value: '80.0000', events: null }]);
    expect(await firstBrokenLine(field.city.database.query)).toBeNull();
  });
});
