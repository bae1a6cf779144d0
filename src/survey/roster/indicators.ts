import { readManager, readOneOf, readPeriod, readQuantityOrNone } from './cells.ts';
import type { Faults } from './faults.ts';
import { type Column, type Columns, isNamed, type Line, refuseTwice, Table, wholeLines } from './table.ts';

/** One unit indicator of one manager in one period. */
export interface IndicatorRow {
  readonly row: number;
  readonly period: string;
  readonly manager: string;
  readonly code: string;
  /** A decimal from 0; null = this manager has none (method §4). */
  readonly value: string | null;
}

/** Indicators by their codes, and the words that people have for them. */
export type IndicatorWords = Readonly<Record<string, readonly [string, string, ...string[]]>>;

/** Those of the standard rule set, as the companies call them. */
const standard: IndicatorWords = {
  sales: ['销量', 'sales', '销售', '卷烟销量'],
  brand: ['品牌', 'brand', '品牌培育'],
  'price-marking': ['明码标价', 'price-marking'],
  'e-settlement': ['电子结算', 'e-settlement'],
  knowledge: ['业务知识', 'knowledge'],
  service: ['服务', 'service', '客户服务'],
  'daily-work': ['日常工作', 'daily-work'],
  'market-visits': ['市场走访', 'market-visits', '走访'],
};

/** @param codes of every rule set there is: an indicator that is no standard one goes by its code. */
export const indicatorWords = (codes: readonly string[]): IndicatorWords => ({
  ...Object.fromEntries(codes.map((code) => [code, [code, code] as const])),
  ...standard,
});

/** The code of an indicator, by whichever word people have for it. */
export const readIndicatorCode = (words: IndicatorWords) =>
  readOneOf(Object.entries(words).map(([code, names]) => [code, ...names] as const));

/** What both forms begin with. */
const subject = (managers: ReadonlySet<string> | null) =>
  ({
    period: { names: ['考核期', 'period', '月份', '期间', '考核月份', 'month'], read: readPeriod },
    manager: {
      names: ['工号', 'manager', '客户经理工号', '员工编号', '客户经理', 'manager id', 'id', 'employee number'],
      read: readManager(managers),
    },
  }) as const;

/** One line a value. */
const oneValue = (words: IndicatorWords): Columns => ({
  code: {
    names: ['指标', 'code', '指标代码', '指标名称', 'indicator', 'indicator code'],
    read: readIndicatorCode(words),
  },
  value: { names: ['得分', 'value', '数值', '分值', '指标值', 'score'], read: readQuantityOrNone },
});

/** One line a manager, one column an indicator; `undefined` where the file lacks the column. */
type ValueColumn = Column<string | null | undefined>;
const eachValue = (words: IndicatorWords): Readonly<Record<string, ValueColumn>> =>
  Object.fromEntries(
    Object.entries(words).map(([code, names]): [string, ValueColumn] => [
      code,
      { names, absent: { value: undefined }, read: readQuantityOrNone },
    ]),
  );

/**
 * The file of indicators, in either form; the headings tell which it is.
 *
 * @param managers those we have, so that an unknown one is a fault; null where that is not to be checked.
 * @param words of the indicators that may be in it.
 */
export class IndicatorsTable extends Table<Columns> {
  readonly #faults: Faults;
  readonly #form: { wide: boolean };
  readonly #codes: readonly string[];

  constructor(managers: ReadonlySet<string> | null, words: IndicatorWords, faults: Faults) {
    const form = { wide: false };
    const [one, each] = [oneValue(words), eachValue(words)];
    super((headings) => {
      form.wide = !has(headings, one) && has(headings, each);
      return { ...subject(managers), ...(form.wide ? each : one) };
    }, faults);
    this.#faults = faults;
    this.#form = form;
    this.#codes = Object.keys(words);
  }

  /**
   * The values that those lines hold.
   *
   * @throws BadFile with every fault; one is a value that is given twice.
   */
  valuesOf(lines: readonly Line<Columns>[]): IndicatorRow[] {
    refuseTwice(lines, this.#form.wide ? ['period', 'manager'] : ['period', 'manager', 'code'], this.#faults);
    const whole = wholeLines(lines, this.#faults) as unknown as readonly (IndicatorRow & WideValues)[];
    return this.#form.wide
      ? whole.flatMap((line) => eachOf(line, this.#codes))
      : whole.map(({ row, period, manager, code, value }) => ({ row, period, manager, code, value }));
  }
}

/** By code. */
type WideValues = Readonly<Record<string, unknown>>;

const eachOf = (
  { row, period, manager, ...values }: Pick<IndicatorRow, 'row' | 'period' | 'manager'> & WideValues,
  codes: readonly string[],
): IndicatorRow[] =>
  codes.flatMap((code) => {
    const value = values[code] as string | null | undefined;
    return value === undefined ? [] : [{ row, period, manager, code, value }];
  });

const has = (headings: readonly string[], columns: Columns): boolean =>
  headings.some((heading) => Object.values(columns).some((column) => isNamed(column, heading)));
