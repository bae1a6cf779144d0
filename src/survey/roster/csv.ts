import { CsvError, parse } from 'csv-parse/sync';
import { Faults } from './faults.ts';

/** A line of the file, cell by cell. */
export interface CsvRow {
  /** From 1, as a spreadsheet counts. */
  readonly row: number;
  readonly cells: readonly string[];
}

/** @throws BadInput where the bytes are not UTF-8. A byte-order mark is dropped. */
export function decodeUtf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    const faults = new Faults();
    faults.inFile(
      '不是 UTF-8 编码，可能是 GBK：请用“另存为 → CSV UTF-8”重新保存（GBK 将在以后的版本支持） · is not UTF-8, perhaps GBK: save it again as “CSV UTF-8” (GBK will be read by a later version)',
    );
    throw faults.asBadInput();
  }
}

/**
 * The rows of a CSV text (RFC 4180; a byte-order mark, CRLF, LF or CR, blanks around cells; quotes inside a cell that
 * does not begin with one are taken as they stand). A row whose quotes make no sense is a fault; reading goes on with
 * the next line.
 */
export function readCsv(text: string, faults: Faults): CsvRow[] {
  const rows: CsvRow[] = [];
  let row = 0;
  let rest: Buffer = Buffer.from(text.replace(/^\uFEFF/, ''));
  while (rest.length > 0) {
    let read = 0;
    const keep = (cells: string[], { bytes }: { bytes: number }): null => {
      row += 1;
      read = bytes;
      rows.push({ row, cells });
      return null;
    };
    try {
      parse(rest, { ...dialect, on_record: keep });
      return rows;
    } catch (error) {
      if (!(error instanceof CsvError)) throw error;
      row += 1;
      const known = broken[error.code as keyof typeof broken];
      faults.inRow(row, known ?? broken.CSV_QUOTE_NOT_CLOSED);
      // Without its first row nobody knows what the others mean.
      if (rows.length === 0 || !known || known === broken.CSV_QUOTE_NOT_CLOSED) return rows;
      rest = rest.subarray(nextLine(rest, read));
    }
  }
  return rows;
}

const dialect = {
  relax_column_count: true,
  relax_quotes: true,
  trim: true,
  record_delimiter: ['\r\n', '\n', '\r'],
};

const quoteAfterQuote =
  '引号后面还有文字：含引号的内容请整格加引号，里面的引号写两遍 · text follows a closing quote: put the whole cell in quotes and write quotes inside it twice';

const broken = {
  CSV_INVALID_CLOSING_QUOTE: quoteAfterQuote,
  CSV_NON_TRIMABLE_CHAR_AFTER_CLOSING_QUOTE: quoteAfterQuote,
  CSV_QUOTE_NOT_CLOSED:
    '从这一行开始的引号没有结束，之后的内容无法读取：请补上或删去引号 · a quote that opens in this row never closes, and nothing after it can be read: close or remove it',
} as const;

function nextLine(bytes: Buffer, from: number): number {
  const end = bytes.subarray(from).findIndex((byte) => byte === 0x0a || byte === 0x0d);
  if (end < 0) return bytes.length;
  const isCrLf = bytes[from + end] === 0x0d && bytes[from + end + 1] === 0x0a;
  return from + end + (isCrLf ? 2 : 1);
}
