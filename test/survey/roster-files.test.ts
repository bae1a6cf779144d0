import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { firstBrokenLine } from '../../src/platform/audit.ts';
import { systemChance } from '../../src/platform/chance.ts';
import { StandingClock } from '../../src/platform/clock.ts';
import { connect, type Database } from '../../src/platform/database.ts';
import { writeXlsx } from '../../src/platform/sheet.ts';
import { openVault, type Vault } from '../../src/platform/vault.ts';
import { type ExportWish, exportRoster } from '../../src/survey/roster/export.ts';
import { BadFile, faultReport } from '../../src/survey/roster/faults.ts';
import {
  importIndicators,
  importManagers,
  importRetailers,
  type RetailersWish,
  type RosterServices,
} from '../../src/survey/roster/import.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { gbk } from '../support/gbk.ts';

/** What real rosters are like, and what becomes of a shop over the files of several months. */
let server: TestDatabase;
let database: Database;
let vault: Vault;
let services: RosterServices & { clock: StandingClock };

beforeAll(async () => {
  server = await createTestDatabase('roster-files');
  database = connect(server.url, { connections: 4 });
  vault = openVault([randomBytes(32)]);
});
afterAll(async () => {
  await database?.close();
  await server?.drop();
});

beforeEach(async () => {
  await database.query({ text: 'TRUNCATE district, manager, phone, retailer, roster_import, audit CASCADE' });
  services = { database, vault, clock: new StandingClock(new Date('2026-12-01T09:30:00+08:00')), chance: systemChance };
  await importManagers(services, bytes('工号,姓名,区域\nK001,张三,城东\nK002,李四,西苑\nK003,王五,西苑\n'));
});

const bytes = (text: string): Buffer => Buffer.from(text);
const rows = <Row>(text: string, values: readonly unknown[] = []): Promise<Row[]> =>
  database.query<Row>({ text, values });
const later = (at: string) => services.clock.advance(new Date(at));

/** One shop, by the columns that a test is about; the others are as usual. */
function shops(...given: readonly Readonly<Record<string, string>>[]): Buffer {
  const all = given.map((columns) => ({
    许可证号: '1',
    店名: '甲店',
    工号: 'K001',
    电话: '',
    城乡: '城镇',
    ...columns,
  }));
  const headings = [...new Set(all.flatMap(Object.keys))];
  return bytes(
    [headings, ...all.map((shop: Record<string, string>) => headings.map((each) => shop[each] ?? ''))]
      .map((row) => `${row.join(',')}\n`)
      .join(''),
  );
}
const bring = (shop: Readonly<Record<string, string>>, wish?: RetailersWish) =>
  importRetailers(services, shops(shop), wish);

const numbers = () =>
  rows(`
    SELECT c.place, p.masked, c.since::date::text AS since, c.until::date::text AS until, c.changed_by AS by
    FROM retailer_phone c JOIN phone p ON p.id = c.phone_id ORDER BY c.id`);
const called = async () =>
  (await rows<{ masked: string | null }>('SELECT p.masked FROM retailer r LEFT JOIN phone p ON p.id = r.phone_id'))[0]
    ?.masked;
const hands = async () =>
  (
    await rows<{ line: string }>(
      `SELECT concat_ws(' ', manager_id, from_day, until_day) AS line FROM assignment ORDER BY retailer_id, from_day`,
    )
  ).map(({ line }) => line);

const tables = [
  'phone',
  'retailer',
  'retailer_phone',
  'assignment',
  'opt_out',
  'roster_import',
  'manager',
  'unit_indicator',
];
const snapshot = () => Promise.all(tables.map((table) => rows(`SELECT * FROM ${table} AS t ORDER BY t::text`)));

async function faultsOf(importing: Promise<unknown>): Promise<BadFile> {
  const error = await importing.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (error instanceof BadFile) return error;
  throw error ?? new Error('it was imported');
}

async function workbook(headings: readonly string[], lines: readonly (readonly string[])[]): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of writeXlsx('名册', headings, lines)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

describe('a messy real-life roster', () => {
  const headings = [
    '专卖证号',
    '客户名称',
    '客户经理',
    '订货电话',
    '固话',
    '市场类别',
    '经营状态',
    '订货时间',
    '送货日',
    '时区',
    '生效日期',
  ];
  const lines = [
    [
      '３６０１００００００１',
      '老王烟酒店',
      'K001',
      '138-0013-8000',
      '0791 8812 3456',
      '城区',
      '正常',
      '周二上午',
      '周四',
      '',
      '2026/12/1',
    ],
    ['36010000002', ' 万家福　超市 ', 'K002', '86 139 0013 9000', '', '农村', '歇业', '', '', '新疆时间', '46357'],
    [
      '36010000003',
      '“好又多”商店',
      'K001',
      '１３８００１３８０００',
      '（0766）1234567',
      '市区',
      '',
      '星期一、三下午',
      '每周五',
      '北京时间',
      '2026年12月5日',
    ],
    ['36010000004', '李记', 'K002', '', '', '村', '正常', '', '', '', ''],
  ];
  const wrong = [
    ['36010000005', '', 'K009', '1380013800', '4008123456', '郊区', '在修', '周八', 'x', '火星', '2026-02-30'],
    ['36010000004', '李记二店', 'K002', '1.38001E+10', '', '村', '', '', '', '', ''],
  ];
  const csv = (body: readonly (readonly string[])[]): Buffer =>
    gbk(
      `2026 年零售户名册${','.repeat(10)}\r\n${[headings, ...body].map((row) => row.join(',')).join('\r\n')}\r\n${','.repeat(10)}\r\n`,
    );
  const xlsx = async (body: readonly (readonly string[])[]): Promise<Buffer> =>
    workbook(['2026 年零售户名册'], [headings, ...body]);

  it.each([
    ['in GBK', async (body: typeof lines) => csv(body)],
    ['in XLSX', xlsx],
  ])('%s is read as it was meant', async (_, file) => {
    expect(await importRetailers(services, await file(lines))).toMatchObject({ rows: 4, created: 4 });
    expect(
      await rows(`
        SELECT r.id, r.name, r.stratum, r.status, r.time_zone AS zone, array_to_string(r.ordering_half_days, ' ') AS ordering,
               array_to_string(r.delivery_half_days, ' ') AS delivery, a.manager_id AS manager, a.from_day::text AS "from",
               (SELECT string_agg(p.masked, ' ' ORDER BY c.place) FROM retailer_phone c JOIN phone p ON p.id = c.phone_id WHERE c.retailer_id = r.id) AS phones
        FROM retailer r JOIN assignment a ON a.retailer_id = r.id ORDER BY a.from_day, r.name`),
    ).toMatchObject([
      {
        name: '万家福　超市',
        stratum: 'rural',
        status: 'closed',
        zone: 'Asia/Urumqi',
        phones: '139****9000',
        from: '2026-12-01',
      },
      { name: '李记', stratum: 'rural', phones: null, from: '2026-12-01' },
      {
        ...{ name: '老王烟酒店', stratum: 'urban', status: 'active', zone: 'Asia/Shanghai', manager: 'K001' },
        ...{ ordering: '2-morning', delivery: '4-morning 4-afternoon', phones: '138****8000 0791-****456' },
      },
      {
        ...{ name: '“好又多”商店', stratum: 'urban', from: '2026-12-05', phones: '138****8000 0766-****567' },
        ...{ ordering: '1-morning 1-afternoon 3-afternoon', delivery: '5-morning 5-afternoon' },
      },
    ]);
  });

  it.each([
    ['in GBK', async (body: typeof lines) => csv(body)],
    ['in XLSX', xlsx],
  ])('%s has every fault in a report that can be worked off, and nothing is imported', async (_, file) => {
    const before = await snapshot();
    const { found } = await faultsOf(importRetailers(services, await file([...lines, ...wrong])));
    expect(await snapshot()).toEqual(before);
    const report = faultReport(found);
    expect(report).toMatch(/^\uFEFF行 row,列 column,问题 fault\r\n7,客户名称,不能为空 · must not be empty\r\n/);
    expect(found.map(({ row, column, message }) => `${row} ${column}: ${message.slice(0, 12).trim()}`)).toEqual([
      '7 客户名称: 不能为空 · must',
      '7 客户经理: 没有工号为“K009”的',
      '7 订货电话: 不是有效的手机或固定电话',
      '7 固话: 不是手机也不是固定电话（',
      '7 市场类别: “郊区” 不能识别，请填',
      '7 经营状态: “在修” 不能识别，请填',
      '7 时区: “火星” 不是时区：请填',
      '7 订货时间: “周八” 不能识别，请写',
      '7 送货日: “x” 不能识别，请写成',
      '7 生效日期: “2026-02-30”',
      '8 专卖证号: “36010000004',
      '8 订货电话: 号码被 Excel 变成',
    ]);
    expect(report).not.toMatch(/1380013800|4008123456/);
  });

  it('has no formula in its report', async () => {
    const { found } = await faultsOf(importRetailers(services, bytes('=cmd|1,店名\nx,y\n')));
    expect(faultReport(found)).toContain("'=cmd|1");
  });
});

describe('the numbers of a shop', () => {
  it('are a list with its history: which, since when, and who brought it', async () => {
    await bring({ 电话: '13800138000', 电话2: '0791-88123456' }, { actor: 'anna' });
    later('2026-12-10T10:00:00+08:00');
    expect(await bring({ 电话: '13900139000', 电话2: '0791-88123456' }, { actor: 'ben' })).toMatchObject({
      ...{ changed: 1, phones: 1 },
      shown: { phones: [{ id: '1', before: ['138****8000', '0791-****456'], after: ['139****9000', '0791-****456'] }] },
    });
    expect(await numbers()).toEqual([
      { place: 0, masked: '138****8000', since: '2026-12-01', until: '2026-12-10', by: 'anna' },
      { place: 1, masked: '0791-****456', since: '2026-12-01', until: null, by: 'anna' },
      { place: 0, masked: '139****9000', since: '2026-12-10', until: null, by: 'ben' },
    ]);
    expect(await called()).toBe('139****9000');
  });

  it('move up when the first is gone, and one given twice counts once', async () => {
    await bring({ 电话: '13800138000', 电话2: '13900139000', 电话3: '138 0013 8000' });
    expect(await numbers()).toHaveLength(2);
    await bring({ 电话: '', 电话2: '13900139000', 电话3: '' });
    expect(await called()).toBe('139****9000');
    expect((await numbers()).filter((line) => (line as { until: unknown }).until === null)).toEqual([
      expect.objectContaining({ place: 0, masked: '139****9000' }),
    ]);
  });

  it('stay where the file has no column for them', async () => {
    await bring({ 电话: '13800138000', 电话2: '13900139000' });
    expect(await bring({ 电话: '13800138000' })).toMatchObject({ unchanged: 1 });
    await bring({ 电话: '13700137000' });
    expect((await numbers()).map((line) => (line as { masked: string }).masked)).toEqual([
      '138****8000',
      '139****9000',
      '137****7000',
    ]);
  });

  it('that are masked mean the number the shop has; one it has not is a fault', async () => {
    await bring({ 电话: '13800138000', 电话2: '13911118000' });
    expect(await bring({ 电话: '138****8000', 电话2: '139****8000' })).toMatchObject({ unchanged: 1 });
    expect(await bring({ 电话: '139****8000', 电话2: '138****8000' })).toMatchObject({ changed: 1, phones: 1 });
    expect(await called()).toBe('139****8000');
    const { faults } = await faultsOf(bring({ 电话: '137****8000' }));
    expect(faults).toEqual([
      { where: '第 2 行，列“电话” (row 2, column 电话)', message: expect.stringContaining('打码的号码只能表示') },
    ]);
  });

  it('are all stopped for a shop that asked not to be called', async () => {
    await bring({ 电话: '13800138000', 电话2: '13900139000', 拒访: '是' });
    expect(await rows('SELECT count(*)::int AS stops FROM opt_out')).toEqual([{ stops: 2 }]);
  });
});

describe('who looks after a shop', () => {
  it('changes on the day the file names, ahead of time or afterwards', async () => {
    await bring({ 生效日期: '2026-10-01' });
    expect(await bring({ 工号: 'K002', 生效日期: '2027-01-01' })).toMatchObject({
      ...{ changed: 1, moved: 1 },
      shown: { moved: [{ id: '1', from: 'K001', to: 'K002', day: '2027-01-01' }] },
    });
    expect(await hands()).toEqual(['K001 2026-10-01 2027-01-01', 'K002 2027-01-01']);
    await bring({ 工号: 'K003', 生效日期: '2026-11-15' });
    expect(await hands()).toEqual(['K001 2026-10-01 2026-11-15', 'K003 2026-11-15 2027-01-01', 'K002 2027-01-01']);
  });

  it('stays fixed for a later day when a file repeats who has it now', async () => {
    await bring({});
    await bring({ 工号: 'K002', 生效日期: '2027-01-01' });
    later('2026-12-20T10:00:00+08:00');
    expect(await bring({ 工号: 'K001' })).toMatchObject({ unchanged: 1 });
    expect(await hands()).toEqual(['K001 2026-12-01 2027-01-01', 'K002 2027-01-01']);
  });
});

describe('a dry run', () => {
  it('says exactly what the import will, and changes nothing', async () => {
    await importRetailers(services, shops({ 电话: '13800138000' }, { 许可证号: '2', 店名: '乙店' }, { 许可证号: '3' }));
    const file = shops(
      { 工号: 'K002', 电话: '13900139000' },
      { 许可证号: '2', 店名: '新名' },
      { 许可证号: '4', 拒访: '是', 电话: '13700137000' },
    );
    const before = await snapshot();
    const foreseen = await importRetailers(services, file, { dryRun: true, full: true });
    expect(await snapshot()).toEqual(before);
    expect(foreseen).toEqual({
      ...{ rows: 3, created: 1, changed: 2, unchanged: 0, moved: 1, phones: 1, stopped: 1 },
      ...{ active: 3, gone: 1, emptied: 0 },
      shown: {
        created: ['4'],
        changed: [{ id: '2', fields: ['name'] }],
        moved: [{ id: '1', from: 'K001', to: 'K002', day: '2026-12-01' }],
        phones: [{ id: '1', before: ['138****8000'], after: ['139****9000'] }],
        stopped: ['4'],
        gone: ['3'],
        emptied: [],
      },
    });
    expect(await importRetailers(services, file, { full: true, closing: 1 })).toEqual(foreseen);
  });

  it('of managers and indicators changes nothing either', async () => {
    const before = await snapshot();
    expect(await importManagers(services, bytes('工号,姓名,区域\nK009,赵六,新区\n'), { dryRun: true })).toMatchObject({
      created: 1,
    });
    expect(
      await importIndicators(services, bytes('考核期,工号,销量\n2026-12,K001,99\n'), { dryRun: true }),
    ).toMatchObject({ created: 1 });
    expect(await snapshot()).toEqual(before);
  });
});

describe('a file of every shop', () => {
  it('closes whoever is not in it, and opens him again when he is back', async () => {
    await importRetailers(services, shops({}, { 许可证号: '2' }));
    const status = async () =>
      (await rows<{ line: string }>(`SELECT id || ' ' || status AS line FROM retailer ORDER BY id`)).map(
        ({ line }) => line,
      );
    expect(await bring({})).toMatchObject({ gone: 1, unchanged: 1 });
    expect(await status()).toEqual(['1 active', '2 active']);
    await bring({}, { full: true, closing: 1 });
    expect(await status()).toEqual(['1 active', '2 closed']);
    await importRetailers(services, shops({}, { 许可证号: '2' }), { full: true });
    expect(await status()).toEqual(['1 active', '2 active']);
  });
});

describe('a file of every shop that lacks many', () => {
  const shopsOf = (manager: string, count: number) =>
    Array.from({ length: count }, (_, index) => ({ 许可证号: `${manager}-${index}`, 工号: manager }));
  const all = [...shopsOf('K001', 10), ...shopsOf('K002', 9), ...shopsOf('K003', 1)];
  const without = (...ids: string[]) => shops(...all.filter(({ 许可证号 }) => !ids.includes(许可证号)));
  const closed = async () => (await rows(`SELECT FROM retailer WHERE status = 'closed'`)).length;
  const full = (file: Buffer, closing?: number) =>
    importRetailers(services, file, { full: true, ...(closing !== undefined && { closing }) });

  beforeEach(() => importRetailers(services, shops(...all)));

  it('closes a fifth without asking, and more only where the number is said', async () => {
    const five = without('K001-0', 'K001-1', 'K001-2', 'K002-0', 'K002-1');
    const foreseen = await importRetailers(services, five, { full: true, dryRun: true });
    expect(foreseen).toMatchObject({ active: 20, gone: 5, emptied: 0 });
    for (const closing of [undefined, 4, 6]) {
      await expect(full(five, closing)).rejects.toMatchObject({
        code: 'closes-many',
        message: expect.stringMatching('5 of 20 active shops'),
      });
      expect(await closed()).toBe(0);
    }
    expect(await full(without('K001-0', 'K001-1', 'K001-2', 'K002-0'))).toMatchObject({ gone: 4 });
    expect(await closed()).toBe(4);
    expect(await full(five, 1)).toMatchObject({ gone: 1 });
    expect(await closed()).toBe(5);
  });

  it('asks where it would leave a manager without any shop, however small he is', async () => {
    const file = without('K003-0');
    expect(await importRetailers(services, file, { full: true, dryRun: true })).toMatchObject({
      ...{ gone: 1, emptied: 1, shown: { emptied: ['K003'] } },
    });
    await expect(full(file)).rejects.toMatchObject({ code: 'closes-many' });
    await full(file, 1);
    expect(await closed()).toBe(1);
    expect(await full(file)).toMatchObject({ gone: 0, emptied: 0 });
  });

  it('looks at the shops a manager has today, and not at those that were moved to another', async () => {
    await importRetailers(services, shops({ 许可证号: 'K003-0', 工号: 'K002', 起始日期: '2026-12-01' }));
    expect(await full(without('K003-0'))).toMatchObject({ gone: 1, emptied: 0 });
  });

  it('is as good as any where it is not said to be every shop', async () => {
    expect(await importRetailers(services, shops(...shopsOf('K001', 10)))).toMatchObject({ gone: 10, emptied: 2 });
    expect(await closed()).toBe(0);
  });
});

describe('the record of an import', () => {
  it('keeps who brought which file, and what it changed, by id', async () => {
    await importRetailers(services, shops({ 电话: '13800138000' }, { 许可证号: '2' }), { fileName: '十一月.csv' });
    await bring(
      { 工号: 'K002', 电话: '13900139000' },
      { actor: 'anna', fileName: '十二月.csv', full: true, closing: 1 },
    );
    const [, last] = await rows(
      'SELECT kind, file_name, actor, created, changed, unchanged, diff FROM roster_import ORDER BY at, created DESC',
    );
    expect(last).toEqual({
      ...{ kind: 'retailers', file_name: '十二月.csv', actor: 'anna', created: 0, changed: 1, unchanged: 0 },
      diff: { moved: [{ id: '1', from: 'K001', to: 'K002' }], gone: ['2'], phones: ['1'] },
    });
    await bring({ 工号: 'K002', 电话: '13900139000' });
    expect(await rows('SELECT count(*)::int AS lines FROM roster_import')).toEqual([{ lines: 2 }]);
    expect(await firstBrokenLine(database.query)).toBeNull();
  });
});

describe('an export', () => {
  const exported = async (wish: Pick<ExportWish, 'kind' | 'format' | 'clear'>): Promise<Buffer> => {
    const chunks: Uint8Array[] = [];
    for await (const chunk of exportRoster(services, { actor: 'anna', ...wish })) chunks.push(chunk);
    return Buffer.concat(chunks);
  };
  beforeEach(async () => {
    await importRetailers(
      services,
      shops(
        {
          电话: '13800138000',
          电话2: '0791-88123456',
          订货日: '周二上午、周四',
          送货日: '周五',
          生效日期: '2026-10-01',
          时区: '新疆时间',
        },
        { 许可证号: '2', 店名: '=1+1', 电话: '+852 9123 4567', 状态: '停业', 语言: '英语', 拒访: '是', 城乡: '乡村' },
        { 许可证号: '3', 电话: '13800138000', 店名: '@home' },
        { 许可证号: '4', 电话: '' },
      ),
    );
    await bring({ 许可证号: '4', 工号: 'K002', 生效日期: '2027-01-01' });
    await importIndicators(services, bytes('考核期,工号,销量,品牌\n2026-12,K001,104.25,\n2026-12,K002,88,0.1\n'));
  });

  it.each([
    ['csv', false],
    ['xlsx', false],
    ['csv', true],
    ['xlsx', true],
  ] as const)('as %s (numbers in clear: %s) comes back without a change', async (format, clear) => {
    later('2026-12-20T10:00:00+08:00');
    const files = {
      retailers: await exported({ kind: 'retailers', format, clear }),
      managers: await exported({ kind: 'managers', format }),
      indicators: await exported({ kind: 'indicators', format }),
    };
    const before = await snapshot();
    expect(await importRetailers(services, files.retailers, { full: true })).toMatchObject({
      rows: 4,
      unchanged: 4,
      gone: 0,
    });
    expect(await importManagers(services, files.managers)).toMatchObject({ rows: 3, unchanged: 3 });
    expect(await importIndicators(services, files.indicators)).toMatchObject({ rows: 4, unchanged: 4 });
    expect(await snapshot()).toEqual(before);
  });

  it('masks numbers unless they are asked for, and the audit log knows which', async () => {
    const masked = (await exported({ kind: 'retailers', format: 'csv' })).toString();
    expect(masked).toContain('138****8000,0791-****456');
    expect(masked).not.toMatch(/13800138000|88123456|91234567/);
    expect(masked).toContain("'=1+1");
    expect((await exported({ kind: 'retailers', format: 'csv', clear: true })).toString()).toContain(
      '13800138000,0791-88123456',
    );
    expect(
      await rows(
        `SELECT actor, detail->>'phones' AS phones FROM audit WHERE action = 'retailers.export' ORDER BY sequence`,
      ),
    ).toEqual([
      { actor: 'anna', phones: 'masked' },
      { actor: 'anna', phones: 'clear' },
    ]);
  });
});
