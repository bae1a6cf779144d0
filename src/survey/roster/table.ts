import { normaliseId } from '../draw/identifier.ts';
import type { FileRow } from './csv.ts';
import { type Faults, quoted } from './faults.ts';
import type { Reading } from './reading.ts';

/** A column that a file may have, and how a cell of it is read. */
export interface Column<T> {
  /** Headings it is known by: the Chinese one to ask for, the English one, then others. Case and signs do not count. */
  readonly names: readonly [zh: string, en: string, ...others: string[]];
  /** What every row has where the file lacks the column; without this, the column must be there. */
  readonly absent?: { readonly value: T };
  /** @param cell in NFC, without blanks around it and without control characters. */
  read(cell: string, row: number): Reading<T>;
}

// biome-ignore lint/suspicious/noExplicitAny: columns of different types make a table; Values gives each its own back.
export type Columns = Readonly<Record<string, Column<any>>>;
export type Values<C extends Columns> = { readonly [K in keyof C]: C[K] extends Column<infer T> ? T : never };

export interface Line<C extends Columns> {
  readonly row: number;
  /** Every column that could be read. */
  readonly values: Partial<Values<C>>;
  /** The same where nothing is wrong in this row, else null. */
  readonly whole: WholeLine<C> | null;
}

export type WholeLine<C extends Columns> = { readonly row: number } & Values<C>;

/**
 * Reads a file row by row: the first one with anything in it has the headings, each further one is a line. Whatever is
 * wrong is added to `faults`; what can be read in spite of it is read, so that all faults are found at once.
 */
export class Table<C extends Columns> {
  readonly #columnsFor: (headings: readonly string[]) => C;
  readonly #faults: Faults;
  #head: Head<C> | null = null;
  #lines = 0;

  /** @param columnsFor which columns the file may have; its headings may decide it. */
  constructor(columnsFor: (headings: readonly string[]) => C, faults: Faults) {
    this.#columnsFor = columnsFor;
    this.#faults = faults;
  }

  /** The line that stands in `row`, or null where none does: headings, a blank row, a file that makes no sense. */
  take(row: FileRow): Line<C> | null {
    const filled = row.cells.filter((cell) => normaliseId(cell) !== '');
    if (filled.length === 0) return null;
    if (this.#head === null) {
      if (isTitle(filled)) return null;
      this.#head = readHead(row, this.#columnsFor, this.#faults);
      return null;
    }
    this.#lines += 1;
    return this.#head.columns ? readLine(row, this.#head, this.#head.columns, this.#faults) : null;
  }

  /** To be called after the last row: what is wrong with the file as a whole. */
  end(): void {
    if (this.#faults.any) return;
    if (this.#head === null) this.#faults.inFile('文件是空的 · is empty');
    else if (this.#lines === 0) this.#faults.inFile('只有表头，没有数据 · has headings, and no rows below them');
  }

  /** The heading under which the file has this column; its own name where it has none. */
  headingOf(key: keyof C & string): string {
    const place = this.#head?.places.get(key);
    return (place === undefined ? undefined : this.#head?.headings[place]) ?? key;
  }
}

/** What people write above a table: one cell by itself. No file has a single column. */
const isTitle = (filled: readonly string[]): boolean => filled.length === 1 && !severalInOne.test(filled[0] ?? '');

/** Cells that were not separated by commas. */
const severalInOne = /[\t;；，]/;

/** @throws BadFile if there is any fault; where there is none, every line has every column. */
export function wholeLines<C extends Columns>(lines: readonly Line<C>[], faults: Faults): WholeLine<C>[] {
  faults.throwIfAny();
  return lines.flatMap(({ whole }) => whole ?? []);
}

/** A line whose `keys` are those of an earlier one would overwrite it. */
export function refuseTwice<C extends Columns>(
  lines: readonly Line<C>[],
  keys: readonly (keyof C)[],
  faults: Faults,
): void {
  const firstRow = new Map<string, number>();
  for (const { row, values } of lines) {
    const parts = keys.map((key) => values[key]);
    if (parts.includes(undefined)) continue;
    const key = JSON.stringify(parts);
    const before = firstRow.get(key);
    if (before === undefined) firstRow.set(key, row);
    else
      faults.inRow(
        row,
        `与第 ${before} 行重复（${parts.join('，')}） · says the same as row ${before} again: remove one`,
      );
  }
}

/** Whether `heading` is one of the names of `column`. */
export const isNamed = ({ names }: Pick<Column<unknown>, 'names'>, heading: string): boolean =>
  names.some((name) => plain(name) === plain(heading));

const plain = (heading: string): string =>
  heading
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[^\p{L}\p{Nd}]/gu, '');

interface Head<C extends Columns> {
  readonly row: number;
  readonly headings: readonly string[];
  readonly places: ReadonlyMap<keyof C, number>;
  /** Null where the first row cannot be one of headings. */
  readonly columns: C | null;
  /** Places without a heading in which something was found already. */
  readonly nameless: Set<number>;
}

function readHead<C extends Columns>(
  { row, cells }: FileRow,
  columnsFor: (headings: readonly string[]) => C,
  faults: Faults,
): Head<C> {
  const headings = cells.map((cell) => normaliseId(cell.replace(/\p{Cc}/gu, ' ')));
  const nothing = { row, headings, places: new Map<keyof C, number>(), columns: null, nameless: new Set<number>() };
  if (cells.length === 1 && severalInOne.test(cells[0] ?? '')) {
    faults.inFile(
      '不是用英文逗号分隔的：请用“另存为 → CSV UTF-8”重新保存 · is not separated by commas: save it again as “CSV UTF-8”',
    );
    return nothing;
  }
  const columns = columnsFor(headings);
  return { ...nothing, columns, places: findColumns(row, headings, columns, faults) };
}

/** Which place each column has. One without heading and content is what spreadsheets leave at the edge. */
function findColumns<C extends Columns>(
  row: number,
  headings: readonly string[],
  columns: C,
  faults: Faults,
): ReadonlyMap<keyof C, number> {
  const places = new Map<keyof C, number>();
  const keys = new Map(Object.entries(columns).flatMap(([key, { names }]) => names.map((name) => [plain(name), key])));
  for (const [place, heading] of headings.entries()) {
    if (heading === '') continue;
    const key = keys.get(plain(heading));
    const before = key === undefined ? undefined : places.get(key);
    if (key === undefined) faults.inCell(row, heading, unknownColumn(columns));
    else if (before !== undefined)
      faults.inCell(
        row,
        heading,
        `与第 ${before + 1} 列是同一内容 · is the same column as number ${before + 1}: remove one`,
      );
    else places.set(key, place);
  }
  for (const [key, { names, absent }] of Object.entries(columns))
    if (!absent && !places.has(key)) faults.inRow(row, `缺少列“${names[0]}” · the column ${names[1]} is missing`);
  return places;
}

const unknownColumn = (columns: Columns): string => {
  const names = Object.values(columns).map(({ names: [zh, en] }) => `${zh} (${en})`);
  return `不认识这一列，请删去或改为：${names.join('、')} · is no column of this file: remove it, or give it one of these names`;
};

function readLine<C extends Columns>({ row, cells }: FileRow, head: Head<C>, columns: C, faults: Faults): Line<C> {
  const { headings, places } = head;
  const beyond = cells.slice(headings.length).some((cell) => normaliseId(cell) !== '');
  if (cells.length < headings.length || beyond) {
    faults.inRow(
      row,
      `有 ${cells.length} 格，表头有 ${headings.length} 格：含逗号的内容请加引号 · has ${cells.length} cells where the headings have ${headings.length}: put content with a comma in quotes`,
    );
    return { row, values: {}, whole: null };
  }
  refuseNameless(cells, head, faults);
  const values: Partial<Record<keyof C, unknown>> = {};
  for (const key of Object.keys(columns) as (keyof C & string)[]) {
    const { read, absent } = columns[key] as C[string];
    const place = places.get(key);
    const reading = place === undefined ? absent : readCell(cells[place] ?? '', row, read);
    if (!reading) continue;
    if ('value' in reading) values[key] = reading.value;
    else faults.inCell(row, headings[place ?? 0] ?? key, reading.fault);
  }
  const all = Object.keys(values).length === Object.keys(columns).length;
  return { row, values: values as Partial<Values<C>>, whole: all ? { row, ...(values as Values<C>) } : null };
}

/** Says once of each column without a heading that there is something in it. */
function refuseNameless<C extends Columns>(
  cells: readonly string[],
  { row, headings, nameless }: Head<C>,
  faults: Faults,
): void {
  for (const [place, heading] of headings.entries()) {
    if (heading !== '' || nameless.has(place) || normaliseId(cells[place] ?? '') === '') continue;
    nameless.add(place);
    faults.inRow(row, `第 ${place + 1} 列没有表头 · column ${place + 1} has no heading`);
  }
}

function readCell<T>(cell: string, row: number, read: Column<T>['read']): Reading<T> {
  // The apostrophe is what an export (ours too) puts before what a spreadsheet would take for a formula.
  const tidy = normaliseId(cell).replace(/^'(?=[=+\-@＝＋－＠])/, '');
  if (/\p{Cc}/u.test(tidy))
    return {
      fault: `${quoted(tidy.replace(/\p{Cc}+/gu, ' '))} 含有换行或控制字符，可能是前面少了一个引号 · contains a line break or control character; perhaps a quote is missing before it`,
    };
  if (tidy.includes('\uFFFD'))
    return { fault: '含有无法识别的字符“�”，文件曾被错误转码 · contains “�”: the file was once converted wrongly' };
  return read(tidy, row);
}
