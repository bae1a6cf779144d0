import { BadInput } from '../../platform/errors.ts';
import { readCsv } from './csv.ts';
import { Faults } from './faults.ts';
import { IndicatorsTable, indicatorWords } from './indicators.ts';
import { managersTable } from './managers.ts';
import { retailersTable } from './retailers.ts';
import type { Columns, Line, Table } from './table.ts';
import { wholeLines } from './table.ts';

/** What was found wrong, one line a fault: where, and what. Fails if nothing was. */
export function faultsOf(read: () => unknown): string[] {
  try {
    read();
  } catch (error) {
    if (error instanceof BadInput) return error.faults.map(({ where, message }) => `${where}: ${message}`);
    throw error;
  }
  throw new Error('no fault was found');
}

/** Rows of cells as CSV, without quoting. */
export const lines = (...rows: readonly string[]): string => rows.map((row) => `${row}\n`).join('');

/** All lines of a CSV text, faulty ones too. */
function linesOf<C extends Columns>(text: string, table: Table<C>, faults: Faults): Line<C>[] {
  const found = [...readCsv(Buffer.from(text), faults)].flatMap((row) => table.take(row) ?? []);
  table.end();
  return found;
}

/** The same once nothing is wrong in any. */
function readText<C extends Columns>(text: string, open: (faults: Faults) => Table<C>) {
  const faults = new Faults();
  return wholeLines(linesOf(text, open(faults), faults), faults);
}

export const parseManagers = (text: string) => readText(text, managersTable);

export const parseRetailers = (text: string, managers: ReadonlySet<string> | null = null) =>
  readText(text, (faults) => retailersTable(managers, faults));

export function parseIndicators(
  text: string,
  managers: ReadonlySet<string> | null = null,
  codes: readonly string[] = [],
) {
  const faults = new Faults();
  const table = new IndicatorsTable(managers, indicatorWords(codes), faults);
  return table.valuesOf(linesOf(text, table, faults));
}
