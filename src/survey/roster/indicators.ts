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

/** The indicators of the standard rule set by their codes, and what the companies call them. */
const indicators = {
  sales: ['销量', 'sales', '销售', '卷烟销量'],
  brand: ['品牌', 'brand', '品牌培育'],
  'price-marking': ['明码标价', 'price-marking'],
  'e-settlement': ['电子结算', 'e-settlement'],
  knowledge: ['业务知识', 'knowledge'],
  service: ['服务', 'service', '客户服务'],
  'daily-work': ['日常工作', 'daily-work'],
  'market-visits': ['市场走访', 'market-visits', '走访'],
} as const;
type Code = keyof typeof indicators;
const codes = Object.keys(indicators) as Code[];

/** The code of an indicator, by whichever word people have for it. */
export const readIndicatorCode = readOneOf<Code>(codes.map((code) => [code, ...indicators[code]]));

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
const oneValue = {
  code: {
    names: ['指标', 'code', '指标代码', '指标名称', 'indicator', 'indicator code'],
    read: readIndicatorCode,
  },
  value: { names: ['得分', 'value', '数值', '分值', '指标值', 'score'], read: readQuantityOrNone },
} as const;

/** One line a manager, one column an indicator; `undefined` where the file lacks the column. */
type ValueColumn = Column<string | null | undefined>;
const eachValue = Object.fromEntries(
  codes.map((code): [Code, ValueColumn] => [
    code,
    { names: indicators[code], absent: { value: undefined }, read: readQuantityOrNone },
  ]),
) as Readonly<Record<Code, ValueColumn>>;

/**
 * The file of indicators, in either form; the headings tell which it is.
 *
 * @param managers those we have, so that an unknown one is a fault; null where that is not to be checked.
 */
export class IndicatorsTable extends Table<Columns> {
  readonly #faults: Faults;
  readonly #form: { wide: boolean };

  constructor(managers: ReadonlySet<string> | null, faults: Faults) {
    const form = { wide: false };
    super((headings) => {
      form.wide = !has(headings, oneValue) && has(headings, eachValue);
      return { ...subject(managers), ...(form.wide ? eachValue : oneValue) };
    }, faults);
    this.#faults = faults;
    this.#form = form;
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
      ? whole.flatMap(eachOf)
      : whole.map(({ row, period, manager, code, value }) => ({ row, period, manager, code, value }));
  }
}

type WideValues = Readonly<Record<Code, string | null | undefined>>;

const eachOf = ({ row, period, manager, ...values }: Pick<IndicatorRow, 'row' | 'period' | 'manager'> & WideValues) =>
  codes.flatMap((code) => {
    const value = values[code];
    return value === undefined ? [] : [{ row, period, manager, code, value }];
  });

const has = (headings: readonly string[], columns: Columns): boolean =>
  headings.some((heading) => Object.values(columns).some((column) => isNamed(column, heading)));
