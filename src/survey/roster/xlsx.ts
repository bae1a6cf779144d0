import { type CellValue, streamXlsxRows } from 'hucre/xlsx';
import type { FileRow } from './csv.ts';
import { type Faults, quoted } from './faults.ts';

/** Whole numbers of more digits than this are no longer what was typed: a spreadsheet keeps fifteen. */
const exactUpTo = 1e15;

/** The rows of a workbook's first sheet, each cell as somebody reading it would type it. A fault where it cannot be read. */
export async function* readXlsx(bytes: Uint8Array, faults: Faults): AsyncGenerator<FileRow> {
  try {
    let width = 0;
    for await (const { index, values } of streamXlsxRows(bytes)) {
      const cells = values.map(writtenOf);
      width = Math.max(width, cells.length);
      // A sheet leaves out what is empty at the end of a row, and a row has no commas to count.
      yield { row: index + 1, cells: [...cells, ...Array<string>(width - cells.length).fill('')] };
    }
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    faults.inFile(
      `不是可以读取的 Excel 工作簿（xlsx）：请用 Excel 另存一次，去掉密码 · cannot be read as a workbook: save it once more as .xlsx and without a password. ${quoted(error.message)}`,
    );
  }
}

function writtenOf(value: CellValue): string {
  if (value === null || value === undefined) return '';
  if (value instanceof Date) return writtenDate(value);
  if (typeof value === 'number') return writtenNumber(value);
  return String(value);
}

/** Sheets know no time zone; the reader gives their wall clock as UTC. */
function writtenDate(value: Date): string {
  if (Number.isNaN(value.getTime())) return '';
  return value.toISOString().replace(/T00:00:00\.000Z$/, '');
}

/** Without the dust of binary fractions; a number of too many digits as Excel would show it, which no id may be. */
function writtenNumber(value: number): string {
  if (Number.isInteger(value)) return Math.abs(value) < exactUpTo ? String(value) : value.toExponential().toUpperCase();
  return String(Number(value.toPrecision(15)));
}
