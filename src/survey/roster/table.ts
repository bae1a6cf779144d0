import { normaliseId } from '../draw/identifier.ts';
import { type CsvRow, readCsv } from './csv.ts';
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
  /** Every column, unless a fault was found in this row. */
  readonly values: Partial<Values<C>>;
}

/** A file with its headings and what stands below them, blank rows left out. */
export interface Sheet {
  readonly row: number;
  readonly headings: readonly string[];
  readonly body: readonly CsvRow[];
}

/** Without headings where there is nothing to read; then a fault says why. */
export function openSheet(text: string, faults: Faults): Sheet {
  const [head, ...body] = readCsv(text, faults).filter(({ cells }) => cells.some((cell) => normaliseId(cell) !== ''));
  const headings = (head?.cells ?? []).map((cell) => normaliseId(cell.replace(/\p{Cc}/gu, ' ')));
  const why = faults.any ? null : whyUnreadable(head, body);
  if (why) faults.inFile(why);
  return { row: head?.row ?? 1, headings: why ? [] : headings, body };
}

function whyUnreadable(head: CsvRow | undefined, body: readonly CsvRow[]): string | null {
  if (!head) return '文件是空的 · is empty';
  if (head.cells.length === 1 && /[\t;；，]/.test(head.cells[0] ?? ''))
    return '不是用英文逗号分隔的：请用“另存为 → CSV UTF-8”重新保存 · is not separated by commas: save it again as “CSV UTF-8”';
  return body.length === 0 ? '只有表头，没有数据 · has headings, and no rows below them' : null;
}

/**
 * The rows of a sheet, each cell read by its column. Whatever is wrong is added to `faults`; what can be read in spite
 * of it is read, so that all faults are found at once.
 */
export function readLines<C extends Columns>(sheet: Sheet, columns: C, faults: Faults): Line<C>[] {
  if (sheet.headings.length === 0) return [];
  const places = findColumns(sheet, columns, faults);
  return sheet.body.map((row) => readLine(row, sheet.headings, columns, places, faults));
}

/** @throws BadInput if there is any fault; where there is none, every line has every column. */
export function rowsOf<C extends Columns>(
  lines: readonly Line<C>[],
  faults: Faults,
): ({ readonly row: number } & Values<C>)[] {
  faults.throwIfAny();
  return lines.map(({ row, values }) => ({ row, ...(values as Values<C>) }));
}

/** Whether `heading` is one of the names of `column`. */
export const isNamed = ({ names }: Pick<Column<unknown>, 'names'>, heading: string): boolean =>
  names.some((name) => plain(name) === plain(heading));

const plain = (heading: string): string =>
  heading
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[^\p{L}\p{Nd}]/gu, '');

/** Which place each column has. One without heading and content is what spreadsheets leave at the edge. */
function findColumns<C extends Columns>(
  { row, headings, body }: Sheet,
  columns: C,
  faults: Faults,
): ReadonlyMap<keyof C, number> {
  const places = new Map<keyof C, number>();
  for (const [place, heading] of headings.entries()) {
    if (heading === '') {
      if (body.some(({ cells }) => normaliseId(cells[place] ?? '') !== ''))
        faults.inRow(row, `第 ${place + 1} 列没有表头 · column ${place + 1} has no heading`);
      continue;
    }
    const key = Object.keys(columns).find((each) => isNamed(columns[each] as C[string], heading));
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

function readLine<C extends Columns>(
  { row, cells }: CsvRow,
  headings: readonly string[],
  columns: C,
  places: ReadonlyMap<keyof C, number>,
  faults: Faults,
): Line<C> {
  if (cells.length !== headings.length) {
    faults.inRow(
      row,
      `有 ${cells.length} 格，表头有 ${headings.length} 格：含逗号的内容请加引号 · has ${cells.length} cells where the headings have ${headings.length}: put content with a comma in quotes`,
    );
    return { row, values: {} };
  }
  const values: Partial<Record<keyof C, unknown>> = {};
  for (const key of Object.keys(columns) as (keyof C & string)[]) {
    const { read, absent } = columns[key] as C[string];
    const place = places.get(key);
    const reading = place === undefined ? absent : readCell(cells[place] ?? '', row, read);
    if (!reading) continue;
    if ('value' in reading) values[key] = reading.value;
    else faults.inCell(row, headings[place ?? 0] ?? key, reading.fault);
  }
  return { row, values: values as Partial<Values<C>> };
}

function readCell<T>(cell: string, row: number, read: Column<T>['read']): Reading<T> {
  const tidy = normaliseId(cell);
  if (/\p{Cc}/u.test(tidy))
    return {
      fault: `${quoted(tidy.replace(/\p{Cc}+/gu, ' '))} 含有换行或控制字符，可能是前面少了一个引号 · contains a line break or control character; perhaps a quote is missing before it`,
    };
  if (tidy.includes('\uFFFD'))
    return { fault: '含有无法识别的字符“�”，文件曾被错误转码 · contains “�”: the file was once converted wrongly' };
  return read(tidy, row);
}
