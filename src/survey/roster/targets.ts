import { readManager, readPeriod, readQuantityOrNone } from './cells.ts';
import type { Faults } from './faults.ts';
import { type IndicatorWords, readIndicatorCode } from './indicators.ts';
import type { Reading } from './reading.ts';
import { type Column, type Columns, type Line, refuseTwice, Table, wholeLines } from './table.ts';

/** What one manager's target of one indicator is made of in one period, and, once it is known, what came of it. */
export interface TargetRow {
  readonly row: number;
  readonly period: string;
  readonly manager: string;
  readonly code: string;
  readonly base: string;
  /** Facts of his area by the names that the rule set has for them. */
  readonly facts: Readonly<Record<string, string>>;
  /** null = not known yet, or as it was. */
  readonly actual: string | null;
}

/** Which facts a period's rule set asks for, by indicator. */
export type Formulas = ReadonlyMap<string, readonly string[]>;
export const formulaKey = (period: string, code: string): string => `${period} ${code}`;

function readBase(cell: string, row: number): Reading<string> {
  const reading = readQuantityOrNone(cell, row);
  if ('fault' in reading) return reading;
  if (reading.value !== null && Number(reading.value) > 0) return { value: reading.value };
  return { fault: '应为大于 0 的数：请填基数，如 1200 · must be a number above 0, such as 1200' };
}

const own = {
  base: { names: ['基数', 'base', '基础目标', '目标基数'], read: readBase },
  actual: {
    names: ['实绩', 'actual', '实际', '实际完成', '完成'],
    absent: { value: null },
    read: readQuantityOrNone,
  },
} as const;

/** A fact is whatever a rule set calls so; its column bears that name. */
const factColumn = (fact: string): Column<string | null> => ({
  names: [fact, fact],
  absent: { value: null },
  read: readQuantityOrNone,
});

const factKey = (fact: string): string => `fact ${fact}`;

/** The file of targets: base and facts beforehand, the actual figures when they are known. */
export class TargetsTable extends Table<Columns> {
  readonly #faults: Faults;
  readonly #facts: readonly string[];

  /** @param facts every fact that any rule set asks for. */
  constructor(managers: ReadonlySet<string> | null, words: IndicatorWords, facts: readonly string[], faults: Faults) {
    super(
      () => ({
        period: { names: ['考核期', 'period', '月份', '期间', 'month'], read: readPeriod },
        manager: { names: ['工号', 'manager', '客户经理工号', '员工编号', 'id'], read: readManager(managers) },
        code: { names: ['指标', 'code', '指标名称', 'indicator'], read: readIndicatorCode(words) },
        ...own,
        ...Object.fromEntries(facts.map((fact) => [factKey(fact), factColumn(fact)])),
      }),
      faults,
    );
    this.#faults = faults;
    this.#facts = facts;
  }

  /** @throws BadFile with every fault; one is a target that is given twice. */
  rowsOf(lines: readonly Line<Columns>[]): TargetRow[] {
    refuseTwice(lines, ['period', 'manager', 'code'], this.#faults);
    const whole = wholeLines(lines, this.#faults) as unknown as readonly (Omit<TargetRow, 'facts'> &
      Readonly<Record<string, string | null>>)[];
    return whole.map((line) => ({
      ...{ row: line.row, period: line.period, manager: line.manager, code: line.code },
      ...{ base: line.base, actual: line.actual },
      facts: Object.fromEntries(
        this.#facts.flatMap((fact) => {
          const value = line[factKey(fact)];
          return value == null ? [] : [[fact, value]];
        }),
      ),
    }));
  }
}

/** What a row lacks, or cannot have, by the formula of its period. */
export function refuseUnmade(rows: readonly TargetRow[], formulas: Formulas, faults: Faults): void {
  for (const { row, period, code, facts } of rows) {
    const wanted = formulas.get(formulaKey(period, code));
    if (!wanted)
      faults.inRow(
        row,
        `${period} 的考核办法没有 ${code} 的目标公式：请按指标文件导入得分 · the rule set of ${period} has no formula of targets for ${code}: import its value as an indicator`,
      );
    else
      for (const fact of wanted)
        if (facts[fact] === undefined)
          faults.inRow(row, `缺少“${fact}”，目标公式要用 · “${fact}” is missing, and the formula needs it`);
  }
}

/** Beyond this many times the base an actual figure is no achievement: it is in another unit, 条 for 万条. */
const mostOfBase = 100;

export function refuseOtherUnits(rows: readonly TargetRow[], faults: Faults): void {
  for (const { row, base, actual } of rows)
    if (actual !== null && Number(actual) > mostOfBase * Number(base))
      faults.inRow(
        row,
        `实绩 ${actual} 超过基数 ${base} 的 ${mostOfBase} 倍，单位可能不同：请用同一单位 · ${actual} is more than ${mostOfBase} times the base of ${base}, so they are hardly in one unit: write both in the same`,
      );
}
