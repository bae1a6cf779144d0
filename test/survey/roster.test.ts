import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { generateRoster } from '../../src/cli/demo/roster.ts';
import { importFile } from '../../src/cli/import.ts';
import { firstBrokenLine } from '../../src/platform/audit.ts';
import { systemChance } from '../../src/platform/chance.ts';
import { StandingClock } from '../../src/platform/clock.ts';
import { connect, type Database } from '../../src/platform/database.ts';
import { BadInput } from '../../src/platform/errors.ts';
import { openVault, type Vault } from '../../src/platform/vault.ts';
import {
  importIndicators,
  importManagers,
  importRetailers,
  type RosterServices,
} from '../../src/survey/roster/import.ts';
import { fieldRound, openCity, settleIn, shopsOf } from '../support/city.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';

const bytes = (text: string): Buffer => Buffer.from(text);
const managers = bytes('工号,姓名,区域\nK001,张三,城东\nK002,李四,西苑\n');
const headings = '许可证号,店名,客户经理工号,电话,市场类型,状态,语言,拒访';
const retailers = (...rows: string[]): Buffer => bytes([headings, ...rows].map((row) => `${row}\n`).join(''));

const tables = [
  'district',
  'manager',
  'phone',
  'opt_out',
  'retailer',
  'assignment',
  'unit_indicator',
  'audit',
  'outbox',
];

let server: TestDatabase;
let database: Database;
let vault: Vault;
let services: RosterServices & { clock: StandingClock };

beforeAll(async () => {
  server = await createTestDatabase('roster');
  database = connect(server.url, { connections: 4 });
  vault = openVault([randomBytes(32)]);
});

afterAll(async () => {
  await database?.close();
  await server?.drop();
});

beforeEach(async () => {
  await database.query({ text: `TRUNCATE ${tables.join(', ')} CASCADE` });
  const clock = new StandingClock(new Date('2026-12-01T09:30:00+08:00'));
  services = { database, vault, clock, chance: systemChance };
});

const rows = <Row>(statement: string, values: readonly unknown[] = []): Promise<Row[]> =>
  database.query<Row>({ text: statement, values });

/** Everything the roster knows, to see whether an import changed any of it. */
const snapshot = () =>
  Promise.all(tables.map(async (table) => [table, await rows(`SELECT * FROM ${table} AS t ORDER BY t::text`)]));

const assignments = () =>
  rows(`
    SELECT retailer_id AS shop, manager_id AS manager, from_day::text AS "from", until_day::text AS until
    FROM assignment ORDER BY retailer_id, from_day`);

async function refusal(importing: Promise<unknown>): Promise<string[]> {
  const error = await importing.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (!(error instanceof BadInput)) throw error ?? new Error('it was imported');
  return error.faults.map(({ where, message }) => `${where}: ${message}`);
}

describe('importing managers', () => {
  it('adds them and the districts that nobody knew', async () => {
    expect(await importManagers(services, managers)).toEqual({ rows: 2, created: 2, changed: 0, unchanged: 0 });
    expect(
      await rows(
        'SELECT m.id, m.name, d.name AS district FROM manager m JOIN district d ON d.id = m.district_id ORDER BY m.id',
      ),
    ).toEqual([
      { id: 'K001', name: '张三', district: '城东' },
      { id: 'K002', name: '李四', district: '西苑' },
    ]);
  });

  it('changes those who moved or were renamed, in the districts there are', async () => {
    await importManagers(services, managers);
    const again = bytes('工号,姓名,区域\nK001,张三,西苑\nK002,李四,西苑\nK003,王五,城东\n');
    expect(await importManagers(services, again)).toEqual({ rows: 3, created: 1, changed: 1, unchanged: 1 });
    expect(await rows('SELECT name FROM district ORDER BY name')).toHaveLength(2);
  });

  it('changes nothing the second time, not even the audit log', async () => {
    await importManagers(services, managers);
    const before = await snapshot();
    expect(await importManagers(services, managers)).toEqual({ rows: 2, created: 0, changed: 0, unchanged: 2 });
    expect(await snapshot()).toEqual(before);
  });

  it('makes a district once, though two files with it come at the same moment', async () => {
    const other = bytes('工号,姓名,区域\nK003,王五,城东\n');
    await Promise.all([
      importManagers(services, managers),
      importManagers(services, other),
      importManagers(services, managers),
    ]);
    expect(await rows('SELECT name FROM district ORDER BY name')).toHaveLength(2);
  });
});

describe('importing retailers', () => {
  beforeEach(() => importManagers(services, managers));

  it('adds them with their phones, sealed, and assigns them from today on', async () => {
    const file = retailers(
      '1,甲店,K001,138-0013-8000,城镇,,,',
      '2,乙店,K002,0791-88123456,乡村,停业,英语,',
      '3,丙店,K002,,乡村,,,',
    );
    expect(await importRetailers(services, file)).toMatchObject({ rows: 3, created: 3, changed: 0, unchanged: 0 });
    expect(
      await rows(
        'SELECT r.id, r.name, r.stratum, r.status, r.language, p.masked, p.kind FROM retailer r LEFT JOIN phone p ON p.id = r.phone_id ORDER BY r.id',
      ),
    ).toEqual([
      {
        id: '1',
        name: '甲店',
        stratum: 'urban',
        status: 'active',
        language: 'zh-CN',
        masked: '138****8000',
        kind: 'mobile',
      },
      {
        id: '2',
        name: '乙店',
        stratum: 'rural',
        status: 'closed',
        language: 'en',
        masked: '0791-****456',
        kind: 'landline',
      },
      { id: '3', name: '丙店', stratum: 'rural', status: 'active', language: 'zh-CN', masked: null, kind: null },
    ]);
    expect(await assignments()).toEqual([
      { shop: '1', manager: 'K001', from: '2026-12-01', until: null },
      { shop: '2', manager: 'K002', from: '2026-12-01', until: null },
      { shop: '3', manager: 'K002', from: '2026-12-01', until: null },
    ]);
    const [phone] = await rows<{ sealed: Buffer }>('SELECT sealed FROM phone WHERE blind_index = $1', [
      vault.digest('+8613800138000'),
    ]);
    expect(vault.open(phone?.sealed ?? Buffer.alloc(0))).toBe('+8613800138000');
  });

  it('takes the day from the company’s wall, not from Greenwich', async () => {
    services.clock.advance(new Date('2026-12-31T16:30:00Z'));
    await importRetailers(services, retailers('1,甲店,K001,,城镇,,,'));
    expect(await assignments()).toEqual([{ shop: '1', manager: 'K001', from: '2027-01-01', until: null }]);
  });

  it('changes nothing the second time', async () => {
    const file = retailers(
      '1,甲店,K001,13800138000,城镇,,,',
      '2,乙店,K002,0791-88123456,乡村,停业,英语,是',
      '3,丙店,K002,,乡村,,,是',
    );
    await importRetailers(services, file);
    const before = await snapshot();
    services.clock.advance(new Date('2027-02-01T09:30:00+08:00'));
    expect(await importRetailers(services, file)).toMatchObject({ rows: 3, created: 0, changed: 0, unchanged: 3 });
    expect(await snapshot()).toEqual(before);
  });

  it('imports all or nothing, and says all that is wrong', async () => {
    await importRetailers(services, retailers('1,甲店,K001,13800138000,城镇,,,'));
    const before = await snapshot();
    const file = retailers('1,新名,K002,13900139000,乡村,,,是', '4,丁店,K009,110,城镇,,,', '5,戊店,K008,,城镇,,,');
    expect(await refusal(importRetailers(services, file))).toEqual([
      expect.stringMatching(/^第 3 行，列“客户经理工号”.*没有工号为“K009”的客户经理/),
      expect.stringMatching(/^第 3 行，列“电话”/),
      expect.stringMatching(/^第 4 行，列“客户经理工号”.*“K008”/),
    ]);
    expect(await snapshot()).toEqual(before);
  });

  it('leaves as it is what the file has no column for', async () => {
    await importRetailers(services, retailers('1,甲店,K001,,城镇,停业,英语,'));
    await importRetailers(services, bytes('许可证号,店名,客户经理工号,电话,市场类型\n1,甲店,K001,,乡村\n'));
    expect(await rows('SELECT stratum, status, language FROM retailer')).toEqual([
      { stratum: 'rural', status: 'closed', language: 'en' },
    ]);
  });

  it('keeps whoever is not in the file', async () => {
    await importRetailers(services, retailers('1,甲店,K001,,城镇,,,'));
    await importRetailers(services, retailers('2,乙店,K001,,城镇,,,'));
    expect(await rows('SELECT id FROM retailer ORDER BY id')).toEqual([{ id: '1' }, { id: '2' }]);
  });

  describe('who changed hands', () => {
    const owned = (manager: string) => retailers(`1,甲店,${manager},,城镇,,,`, '2,乙店,K002,,城镇,,,');
    const stays = { shop: '2', manager: 'K002', from: '2026-12-01', until: null };

    it('ends with the old manager the day the new one begins', async () => {
      await importRetailers(services, owned('K001'));
      services.clock.advance(new Date('2026-12-15T10:00:00+08:00'));
      expect(await importRetailers(services, owned('K002'))).toMatchObject({
        rows: 2,
        created: 0,
        changed: 1,
        unchanged: 1,
      });
      expect(await assignments()).toEqual([
        { shop: '1', manager: 'K001', from: '2026-12-01', until: '2026-12-15' },
        { shop: '1', manager: 'K002', from: '2026-12-15', until: null },
        stays,
      ]);
    });

    it('and back again', async () => {
      await importRetailers(services, owned('K001'));
      services.clock.advance(new Date('2026-12-15T10:00:00+08:00'));
      await importRetailers(services, owned('K002'));
      services.clock.advance(new Date('2026-12-20T10:00:00+08:00'));
      await importRetailers(services, owned('K001'));
      expect(await assignments()).toEqual([
        { shop: '1', manager: 'K001', from: '2026-12-01', until: '2026-12-15' },
        { shop: '1', manager: 'K002', from: '2026-12-15', until: '2026-12-20' },
        { shop: '1', manager: 'K001', from: '2026-12-20', until: null },
        stays,
      ]);
    });

    it('twice on one day has the last manager from that day on', async () => {
      await importRetailers(services, owned('K001'));
      expect(await importRetailers(services, owned('K002'))).toMatchObject({ changed: 1 });
      expect(await assignments()).toEqual([{ shop: '1', manager: 'K002', from: '2026-12-01', until: null }, stays]);
    });
  });

  describe('who share a phone', () => {
    it('share its row, however the number is written', async () => {
      const file = retailers('1,甲店,K001,13800138000,城镇,,,', '2,乙店,K002,+86 138-0013-8000,城镇,,,');
      await importRetailers(services, file);
      await importRetailers(services, retailers('3,丙店,K002,１３８００１３８０００,城镇,,,'));
      expect(
        await rows(
          'SELECT count(*)::int AS phones, (SELECT count(DISTINCT phone_id)::int FROM retailer) AS used FROM phone',
        ),
      ).toEqual([{ phones: 1, used: 1 }]);
    });

    it('part when one of them gets another; the old number stays known, and what it asked for', async () => {
      await importRetailers(
        services,
        retailers('1,甲店,K001,13800138000,城镇,,,是', '2,乙店,K002,13800138000,城镇,,,'),
      );
      await importRetailers(services, retailers('1,甲店,K001,13900139000,城镇,,,'));
      expect(
        await rows(
          'SELECT r.id, p.masked, p.opted_out_at IS NOT NULL AS stopped FROM retailer r JOIN phone p ON p.id = r.phone_id ORDER BY r.id',
        ),
      ).toEqual([
        { id: '1', masked: '139****9000', stopped: false },
        { id: '2', masked: '138****8000', stopped: true },
      ]);
    });

    it('lose it when the file has none', async () => {
      await importRetailers(services, retailers('1,甲店,K001,13800138000,城镇,,,'));
      expect(await importRetailers(services, retailers('1,甲店,K001,,城镇,,,'))).toMatchObject({ changed: 1 });
      expect(await rows('SELECT phone_id FROM retailer')).toEqual([{ phone_id: null }]);
    });
  });

  describe('who asked not to be called', () => {
    const ledger = () => rows('SELECT entry, source, at, attempt_id FROM opt_out ORDER BY id');
    const line = { entry: 'stop', source: 'hand', at: new Date('2026-12-01T09:30:00+08:00'), attempt_id: null };

    it('stand in the ledger, once a number', async () => {
      const file = retailers(
        '1,甲店,K001,13800138000,城镇,,,是',
        '2,乙店,K002,13800138000,城镇,,,是',
        '3,丙店,K002,,城镇,,,是',
      );
      await importRetailers(services, file);
      expect(await ledger()).toEqual([line]);
      expect(await rows('SELECT opted_out_at FROM phone')).toEqual([{ opted_out_at: line.at }]);
    });

    it('are never taken off it by a file', async () => {
      await importRetailers(services, retailers('1,甲店,K001,13800138000,城镇,,,是'));
      services.clock.advance(new Date('2027-01-01T09:30:00+08:00'));
      expect(await importRetailers(services, retailers('1,甲店,K001,13800138000,城镇,,,否'))).toMatchObject({
        unchanged: 1,
      });
      expect(await ledger()).toEqual([line]);
      expect(await rows('SELECT opted_out_at FROM phone')).toEqual([{ opted_out_at: line.at }]);
    });

    it('count as changed when a later file says so of a known number', async () => {
      await importRetailers(services, retailers('1,甲店,K001,13800138000,城镇,,,'));
      expect(await importRetailers(services, retailers('1,甲店,K001,13800138000,城镇,,,是'))).toMatchObject({
        changed: 1,
      });
      expect(await ledger()).toEqual([line]);
    });
  });

  it('writes no number where it could be read', async () => {
    const file = retailers('1,甲店,K001,13812345678,城镇,,,是', '2,乙店,K002,0791-86543210,乡村,,,');
    await importRetailers(services, file);
    const columns = await rows<{ table: string; column: string }>(`
      SELECT c.table_name AS table, c.column_name AS column FROM information_schema.columns c
      WHERE c.table_schema = 'public' ORDER BY 1, 2`);
    expect(columns.length).toBeGreaterThan(100);
    const numbers = ['13812345678', '812345678', '86543210'];
    // Bytes are shown in hexadecimal.
    const readable = [...numbers, ...numbers.map((number) => Buffer.from(number).toString('hex'))];
    for (const { table, column } of columns) {
      const found = await rows<{ value: string | null }>(`SELECT "${column}"::text AS value FROM "${table}"`);
      for (const { value } of found)
        for (const number of readable) expect(value ?? '', `${table}.${column}`).not.toContain(number);
    }
  });

  it('tells the audit log how many, and neither names nor numbers', async () => {
    await importRetailers(services, retailers('1,甲店,K001,13800138000,城镇,,,'), { actor: 'somebody' });
    const [line] = await rows('SELECT actor, action, subject, detail FROM audit ORDER BY sequence DESC LIMIT 1');
    expect(line).toEqual({
      actor: 'somebody',
      action: 'retailers.import',
      subject: 'roster',
      detail: {
        ...{ rows: 1, created: 1, changed: 0, unchanged: 0, moved: 0, phones: 0, stopped: 0 },
        ...{ gone: 0, active: 0, emptied: 0 },
      },
    });
    expect(await firstBrokenLine(database.query)).toBeNull();
  });
});

describe('importing indicators', () => {
  beforeEach(() => importManagers(services, managers));
  const values = () =>
    rows('SELECT period, manager_id AS manager, code, value::text FROM unit_indicator ORDER BY 1, 2, 3');

  it('keeps values exactly, and those that a manager does not have', async () => {
    const file = bytes('考核期,工号,销量,品牌\n2026-12,K001,104.25,\n2026-12,K002,88,0.1\n');
    expect(await importIndicators(services, file)).toEqual({ rows: 4, created: 4, changed: 0, unchanged: 0 });
    expect(await values()).toEqual([
      { period: '2026-12', manager: 'K001', code: 'brand', value: null },
      { period: '2026-12', manager: 'K001', code: 'sales', value: '104.2500' },
      { period: '2026-12', manager: 'K002', code: 'brand', value: '0.1000' },
      { period: '2026-12', manager: 'K002', code: 'sales', value: '88.0000' },
    ]);
  });

  it('changes what differs, to null and from it too, and nothing the second time', async () => {
    await importIndicators(services, bytes('考核期,工号,销量,品牌\n2026-12,K001,104.25,\n2026-12,K002,88,0.1\n'));
    const file = bytes(
      '考核期,工号,指标,得分\n2026-12,K001,品牌,70\n2026-12,K002,品牌,\n2026-12,K002,销量,88.0\n2027-01,K002,销量,88\n',
    );
    expect(await importIndicators(services, file)).toEqual({ rows: 4, created: 1, changed: 2, unchanged: 1 });
    const before = await snapshot();
    expect(await importIndicators(services, file)).toEqual({ rows: 4, created: 0, changed: 0, unchanged: 4 });
    expect(await snapshot()).toEqual(before);
  });

  it('refuses managers that are not in the roster', async () => {
    const file = bytes('考核期,工号,销量\n2026-12,K001,1\n2026-12,K007,2\n');
    expect(await refusal(importIndicators(services, file))).toEqual([
      expect.stringMatching(/^第 3 行，列“工号”.*“K007”/),
    ]);
    expect(await values()).toEqual([]);
  });
});

describe('a whole city', () => {
  it('the demo’s imports without a fault, and twice is once', async () => {
    const city = generateRoster({ managers: 20, retailers: 3600, seed: 'huifang', period: '2026-12' });
    expect(await importManagers(services, bytes(city.managersCsv))).toMatchObject({ created: 20 });
    expect(await importRetailers(services, bytes(city.retailersCsv))).toMatchObject({ created: 3600 });
    expect(await importIndicators(services, bytes(city.indicatorsCsv))).toMatchObject({ created: 160 });
    const before = await snapshot();
    expect(await importRetailers(services, bytes(city.retailersCsv))).toMatchObject({ unchanged: 3600 });
    expect(await snapshot()).toEqual(before);
  });

  it('20,000 retailers in one file', async () => {
    const city = generateRoster({ managers: 100, retailers: 20_000, seed: 'large', period: '2026-12' });
    await importManagers(services, bytes(city.managersCsv));
    expect(await importRetailers(services, bytes(city.retailersCsv))).toMatchObject({
      rows: 20_000,
      created: 20_000,
      changed: 0,
      unchanged: 0,
    });
    expect(await rows('SELECT count(*)::int AS count FROM assignment')).toEqual([{ count: 20_000 }]);
  });
});

describe('a file imported while a round is in the field', () => {
  it('that stops a number posts it for its open cases, so that the round can end', async () => {
    const city = await openCity('roster-mid-round');
    try {
      await settleIn(city, shopsOf('K001', 12));
      await fieldRound(city);
      const [open] = await city.database.query<{ id: string; shop: string; sealed: Buffer }>({
        text: 'SELECT c.id, c.retailer_id AS shop, p.sealed FROM survey_case c JOIN phone p ON p.id = c.phone_id ORDER BY c.id LIMIT 1',
      });
      if (!open) throw new Error('nothing was released');
      await importRetailers(city, retailers(`${open.shop},甲店,K001,${city.vault.open(open.sealed)},城镇,,,是`));
      expect(await city.database.query({ text: 'SELECT topic, case_id FROM outbox' })).toEqual([
        { topic: 'opt-out', case_id: open.id },
      ]);
    } finally {
      await city.close();
    }
  });
});

describe('huifang import', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'huifang-roster-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  async function run(kind: 'managers' | 'retailers' | 'indicators', path: string): Promise<string> {
    const out = new PassThrough();
    await importFile(kind, path, services, out);
    return text(out.end());
  }

  it('reports in Chinese first', async () => {
    const path = join(folder, 'managers.csv');
    await writeFile(path, `\uFEFF${managers}`);
    expect(await run('managers', path)).toBe(
      'managers.csv：客户经理 2 行，新增 2，变更 0，未变 0 · 2 rows: 2 new, 0 changed, 0 unchanged\n',
    );
  });

  it('says that a file is not there, or no text', async () => {
    expect(await refusal(run('managers', join(folder, 'none.csv')))).toEqual([
      expect.stringMatching(/none\.csv: 没有这个文件/),
    ]);
    const path = join(folder, 'no-text.csv');
    await writeFile(path, Buffer.from('ffd8ffe000104a46494600', 'hex'));
    expect(await refusal(run('managers', path))).toEqual([expect.stringContaining('既不是 UTF-8 也不是 GBK')]);
  });
});
