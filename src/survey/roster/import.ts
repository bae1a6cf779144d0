import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import { audit } from '../../platform/audit.ts';
import type { Chance } from '../../platform/chance.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Database, Query } from '../../platform/database.ts';
import { dayIn } from '../../platform/day.ts';
import { Refused } from '../../platform/errors.ts';
import type { Vault } from '../../platform/vault.ts';
import { closedMonths, recordEvents } from '../events/record.ts';
import { eventsOf, eventsTable } from '../events/table.ts';
import { storeStaffPhones } from '../quality/staff-phones.ts';
import { recordTraining } from '../training/record.ts';
import { recordsOf, trainingTable } from '../training/table.ts';
import { checkClosing } from './closing.ts';
import { Faults } from './faults.ts';
import { readRows } from './file.ts';
import {
  addIncoming,
  applyDifference,
  compareIncoming,
  noteImport,
  openIncoming,
  type RetailerDifference,
  readDifference,
  resolveMasks,
} from './incoming.ts';
import { type IndicatorRow, IndicatorsTable } from './indicators.ts';
import { managersTable } from './managers.ts';
import { type RetailerRow, retailersTable } from './retailers.ts';
import { staffTable } from './staff.ts';
import {
  type Counts,
  findIndicatorWords,
  findManagerIds,
  findOtherTargets,
  lockRoster,
  readFacts,
  readFormulas,
  storeDistricts,
  storeIndicators,
  storeManagers,
  storeTargets,
} from './store.ts';
import { type Columns, type Line, type Table, wholeLines } from './table.ts';
import { refuseOtherUnits, refuseUnmade, TargetsTable } from './targets.ts';

/**
 * Brings a file's rows into the roster, all or nothing: any fault, and nothing was changed. A second import of the same
 * file changes nothing. Files are CSV (UTF-8, GBK) or XLSX, by what is in them.
 */
export interface RosterServices {
  readonly database: Database;
  readonly clock: Clock;
  readonly vault: Vault;
  readonly chance: Chance;
}

export interface ImportWish {
  /** For the audit log: a user's id, or `cli`. */
  readonly actor?: string;
  /** What the file is called, for the record. */
  readonly fileName?: string;
  /** Do everything and take it back at the end: the report is exactly what an import would do now. */
  readonly dryRun?: boolean;
  /** What `digestOf` said of the report that was looked at: where it would be another one now, nothing is imported. */
  readonly expected?: string;
  /** Told every thousand rows or so how many have been read. */
  readonly progress?: (rows: number) => void;
}

export interface RetailersWish extends ImportWish {
  /** The file has every shop there is: shops that are not in it are closed. Otherwise they stay as they are. */
  readonly full?: boolean;
  /** How many shops that closes, said by whoever brings the file; needed where they are many (closing.ts). */
  readonly closing?: number | null;
}

export interface ImportReport extends Counts {
  /** Retailers or managers of the file; of indicators, single values. */
  readonly rows: number;
}

export type RetailersReport = RetailerDifference;

/** What a file may hold, and how it is brought in. */
export const imports = {
  managers: importManagers,
  retailers: importRetailers,
  indicators: importIndicators,
  events: importEvents,
  targets: importTargets,
  training: importTraining,
  staff: importStaff,
} as const;

/**
 * Telephone numbers of the company's own people. A number that is not in the file stays on the list.
 *
 * @throws BadFile with every fault.
 */
export function importStaff(services: RosterServices, bytes: Uint8Array, wish: ImportWish = {}): Promise<ImportReport> {
  return importing(services, wish, 'staff.import', async (query) => {
    const faults = new Faults();
    const rows = wholeLines(await readLines(bytes, staffTable(faults), faults, wish), faults);
    const { actor = 'cli' } = wish;
    return {
      rows: rows.length,
      ...(await storeStaffPhones(query, rows, { ...services, now: services.clock.now(), actor })),
    };
  });
}

/** The days of assignments are the company's. */
export const companyTimeZone = 'Asia/Shanghai';
export const companyDay = (now: Date): string => dayIn(now, companyTimeZone);

/**
 * Managers, and districts that were not known before. Whoever is not in the file stays as he is.
 *
 * @throws BadFile with every fault.
 */
export function importManagers(
  services: RosterServices,
  bytes: Uint8Array,
  wish: ImportWish = {},
): Promise<ImportReport> {
  return importing(services, wish, 'managers.import', async (query) => {
    const faults = new Faults();
    const rows = wholeLines(await readLines(bytes, managersTable(faults), faults, wish), faults);
    const names = rows.map(({ district }) => district);
    await storeDistricts(query, names, services.chance);
    return { rows: rows.length, ...(await storeManagers(query, rows)) };
  });
}

/**
 * Unit indicators of managers.
 *
 * @throws BadFile with every fault; one is a manager who is not in the roster.
 */
export function importIndicators(
  services: RosterServices,
  bytes: Uint8Array,
  wish: ImportWish = {},
): Promise<ImportReport> {
  return importing(services, wish, 'indicators.import', async (query) => {
    const faults = new Faults();
    const table = new IndicatorsTable(await findManagerIds(query), await findIndicatorWords(query), faults);
    const rows = table.valuesOf(await readLines(bytes, table, faults, wish));
    await refusePublished(query, rows, faults);
    return { rows: rows.length, ...(await storeIndicators(query, rows)) };
  });
}

/**
 * Dated events, which indicators are computed from (method §4). What a file says otherwise of an event than before takes
 * the old line back and stands in its place; an event that is not in the file stays.
 *
 * @throws BadFile with every fault; one is a month that is on the board.
 */
export function importEvents(
  services: RosterServices,
  bytes: Uint8Array,
  wish: ImportWish = {},
): Promise<ImportReport> {
  return importing(services, wish, 'events.import', async (query) => {
    const { clock, chance } = services;
    const { actor = 'cli', fileName = '' } = wish;
    const now = clock.now();
    const faults = new Faults();
    const table = eventsTable(await findManagerIds(query), companyDay(now), faults);
    const rows = eventsOf(await readLines(bytes, table, faults, wish), faults);
    const recorded = await recordEvents(query, rows, { actor, source: `import ${fileName}`.trim(), now, chance });
    if (!('conflicts' in recorded)) return { rows: rows.length, ...recorded };
    for (const { event, column, message } of recorded.conflicts)
      faults.inCell(event.row, table.headingOf(column), message);
    throw faults.asBadInput();
  });
}

/**
 * Courses, certificates and exams of managers, which promotions may ask for. What is on record stays.
 *
 * @throws BadFile with every fault; one is a record that is there with other hours or evidence.
 */
export function importTraining(
  services: RosterServices,
  bytes: Uint8Array,
  wish: ImportWish = {},
): Promise<ImportReport> {
  return importing(services, wish, 'training.import', async (query) => {
    const { clock, chance } = services;
    const { actor = 'cli', fileName = '' } = wish;
    const now = clock.now();
    const faults = new Faults();
    const table = trainingTable(await findManagerIds(query), companyDay(now), faults);
    const rows = recordsOf(await readLines(bytes, table, faults, wish), faults);
    const recorded = await recordTraining(query, rows, { actor, source: `import ${fileName}`.trim(), now, chance });
    if (!('conflicts' in recorded)) return { rows: rows.length, ...recorded };
    for (const { row, message } of recorded.conflicts) faults.inRow(row.row, message);
    throw faults.asBadInput();
  });
}

/**
 * Targets of managers: base and facts are changed until their month begins, and set for the first time until it is over;
 * what came of them is brought until the month is on the board.
 *
 * @throws BadFile with every fault; one is an indicator without a formula in the rule set of its month.
 */
export function importTargets(
  services: RosterServices,
  bytes: Uint8Array,
  wish: ImportWish = {},
): Promise<ImportReport> {
  return importing(services, wish, 'targets.import', async (query) => {
    const faults = new Faults();
    const words = await findIndicatorWords(query);
    const table = new TargetsTable(await findManagerIds(query), words, await readFacts(query), faults);
    const rows = table.rowsOf(await readLines(bytes, table, faults, wish));
    const periods = rows.map(({ period }) => period);
    refuseUnmade(rows, await readFormulas(query, periods), faults);
    refuseOtherUnits(rows, faults);
    const thisMonth = companyDay(services.clock.now()).slice(0, 7);
    const others = await findOtherTargets(query, rows);
    for (const [place, { row, period, actual }] of rows.entries()) {
      const other = others.get(place);
      if (period < thisMonth && other)
        faults.inRow(
          row,
          `${period} 已结束，基数和条件不能再定或再改，只能补实绩 · ${period} is over: base and facts were to be set before; only what came of it can still be brought`,
        );
      if (period === thisMonth && other === 'changed')
        faults.inRow(
          row,
          `${period} 已开始，基数和条件已定，不能再改，只能补实绩 · ${period} has begun: the base and facts that were set for it stand; only what came of it can still be brought`,
        );
      if (period > thisMonth && actual !== null)
        faults.inRow(
          row,
          `${period} 还没有开始，不会有实绩 · ${period} has not begun: nothing can have come of it yet`,
        );
    }
    await refusePublished(query, rows, faults);
    return { rows: rows.length, ...(await storeTargets(query, rows)) };
  });
}

/** A month that is on the board stays as it is: what is wrong in it is mended by appeal (method §5). */
async function refusePublished(
  query: Query,
  rows: readonly Pick<IndicatorRow, 'row' | 'period'>[],
  faults: Faults,
): Promise<void> {
  const closed = await closedMonths(
    query,
    rows.map(({ period }) => period),
  );
  // A line of the other form has one value a column: it is one fault all the same.
  for (const [row, period] of new Map(rows.map((one) => [one.row, one.period])))
    if (closed.has(period))
      faults.inRow(
        row,
        `${period} 已公示，指标只能经申诉更正 · ${period} is on the board: its indicators change by appeal alone`,
      );
  faults.throwIfAny();
}

/**
 * Retailers with their phones, who looks after them and from which day on, and who asked not to be called. A file never
 * takes anybody off the opt-out ledger.
 *
 * @throws BadFile with every fault, one of which is a manager who is not in the roster; Refused `closes-many`.
 */
export function importRetailers(
  services: RosterServices,
  bytes: Uint8Array,
  wish: RetailersWish = {},
): Promise<RetailersReport> {
  const { clock, chance } = services;
  const { actor = 'cli', fileName = '', full = false, dryRun = false, closing = null } = wish;
  return importing(services, wish, 'retailers.import', async (query) => {
    const now = clock.now();
    const today = companyDay(now);
    await layOut(services, query, bytes, { ...wish, full, today });
    await compareIncoming(query);
    const report = await readDifference(query, today);
    if (full && !dryRun) checkClosing(report, closing);
    const changes = report.created + report.changed + (full ? report.gone : 0);
    // Before anything is written: afterwards, whoever is gone is closed.
    if (changes > 0) await noteImport(query, { id: chance.id(), fileName, actor, now });
    await applyDifference(query, { full, now, actor });
    return report;
  });
}

/** What was looked at, in a word: equal reports, equal digests. */
export const digestOf = (report: ImportReport): string =>
  createHash('sha256')
    .update(canonicalize(report) ?? '')
    .digest('hex');

/** Small enough to be gone before the garbage collector takes it for something that stays. */
const batch = 500;

/** Reads the whole file into the temporary tables. @throws BadFile with every fault, of the file and against the roster. */
async function layOut(
  services: RosterServices,
  query: Query,
  bytes: Uint8Array,
  { today, full, progress }: RetailersWish & { readonly today: string; readonly full: boolean },
): Promise<void> {
  const faults = new Faults();
  const table = retailersTable(await findManagerIds(query), faults);
  await openIncoming(query);
  let waiting: RetailerRow[] = [];
  const flush = async () => {
    if (waiting.length > 0) await addIncoming(query, waiting, { today, full }, services);
    waiting = [];
  };
  for await (const row of readRows(bytes, faults)) {
    const line = table.take(row);
    if (line?.whole) waiting.push(line.whole);
    if (waiting.length < batch) continue;
    await flush();
    progress?.(row.row);
  }
  await flush();
  table.end();
  const columns = ['phone', 'phone2', 'phone3'] as const;
  await resolveMasks(query, faults, (place) => table.headingOf(columns[place] ?? 'phone'));
  faults.throwIfAny();
}

async function readLines<C extends Columns>(
  bytes: Uint8Array,
  table: Table<C>,
  faults: Faults,
  { progress }: ImportWish,
): Promise<Line<C>[]> {
  const lines: Line<C>[] = [];
  for await (const row of readRows(bytes, faults)) {
    const line = table.take(row);
    if (line) lines.push(line);
    if (row.row % batch === 0) progress?.(row.row);
  }
  table.end();
  return lines;
}

/** Takes a dry run back: the only way to tell exactly what an import would do is to do it. */
class DryRun<Report> extends Error {
  readonly report: Report;

  constructor(report: Report) {
    super('dry run');
    this.report = report;
  }
}

/** One transaction, one import at a time, and a line in the audit log if anything changed. */
async function importing<Report extends ImportReport>(
  { database, clock }: RosterServices,
  { actor = 'cli', dryRun = false, full = false, expected }: RetailersWish,
  action: string,
  work: (query: Query) => Promise<Report>,
): Promise<Report> {
  try {
    return await database.transaction(async (query) => {
      await lockRoster(query);
      const report = await work(query);
      if (dryRun) throw new DryRun(report);
      if (expected !== undefined && digestOf(report) !== expected)
        throw new Refused(
          'roster-changed',
          '核对之后名册有变，未导入：请再看一次将有的变更 · the roster has changed since you looked, and nothing was imported: look at what would change once more',
        );
      const { shown: _, ...detail } = report as Report & { readonly shown?: unknown; readonly gone?: number };
      if (report.created + report.changed + (full ? (detail.gone ?? 0) : 0) > 0)
        await audit(query, clock.now(), {
          actor,
          action,
          subject: 'roster',
          detail: { ...detail, ...(full && { full }) },
        });
      return report;
    });
  } catch (error) {
    if (error instanceof DryRun) return error.report as Report;
    throw error;
  }
}
