import { isUtf8 } from 'node:buffer';
import { CsvError, parse } from 'csv-parse/sync';
import { Faults } from './faults.ts';

/** A row of a file, cell by cell. */
export interface FileRow {
  /** From 1, as a spreadsheet counts. */
  readonly row: number;
  readonly cells: readonly string[];
}

const byteOrderMark = Buffer.from('\uFEFF');

/**
 * The text of a CSV file as UTF-8 without byte-order mark. The file is UTF-8 with or without one, UTF-16 as Excel marks
 * it, or GBK (read as its superset GB 18030). UTF-8 is told from GBK by being valid, which no GBK text with a heading
 * is by chance; a file that is UTF-8 but for a few bytes is damaged, and not GBK, though as GBK it would often decode.
 *
 * @throws BadFile where it is none of them.
 */
export function decodeText(bytes: Uint8Array): Buffer {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return Buffer.from(new TextDecoder('utf-16le').decode(bytes));
  // Most files are this, and need no copy.
  if (isUtf8(bytes)) return withoutMark(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  const damaged = damagedRows(new TextDecoder('utf-8').decode(bytes));
  const gbk = damaged === null ? decodedAs('gb18030', bytes) : null;
  if (gbk !== null) return Buffer.from(gbk);
  const faults = new Faults();
  for (const row of damaged ?? [])
    faults.inRow(
      row,
      '这一行有损坏的 UTF-8 字符：请重新导出文件 · holds broken UTF-8 characters: export the file again',
    );
  if (!damaged)
    faults.inFile(
      '既不是 UTF-8 也不是 GBK 编码：请用“另存为 → CSV UTF-8”或 XLSX 重新保存 · is neither UTF-8 nor GBK: save it again as “CSV UTF-8” or XLSX',
    );
  throw faults.asBadInput();
}

const withoutMark = (text: Buffer): Buffer =>
  text.subarray(0, byteOrderMark.length).equals(byteOrderMark) ? text.subarray(byteOrderMark.length) : text;

function decodedAs(encoding: string, bytes: Uint8Array): string | null {
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}

const mostNamed = 20;

/** The lines with characters that were lost, where most others came through: then it was UTF-8. Else null. */
function damagedRows(utf8: string): number[] | null {
  const lost = utf8.match(/\uFFFD/g)?.length ?? 0;
  const kept = utf8.match(/[^\p{ASCII}\uFFFD]/gu)?.length ?? 0;
  if (kept < 10 * lost) return null;
  const rows: number[] = [];
  for (const [index, line] of utf8.split('\n').entries()) {
    if (line.includes('\uFFFD')) rows.push(index + 1);
    if (rows.length === mostNamed) break;
  }
  return rows;
}

/** So many rows are parsed at a time, so that a file of any length takes no more memory than its text. */
const atATime = 500;

/**
 * The rows of a CSV text in UTF-8 (RFC 4180; a byte-order mark, CRLF, LF or CR, blanks around cells; quotes inside a cell that
 * does not begin with one are taken as they stand). A row whose quotes make no sense is a fault; reading goes on with
 * the next line.
 */
export function* readCsv(text: Buffer, faults: Faults): Generator<FileRow> {
  let row = 0;
  let rest = withoutMark(text);
  while (rest.length > 0) {
    const rows: FileRow[] = [];
    let read = 0;
    const keep = (cells: string[], { bytes }: { bytes: number }): null => {
      row += 1;
      read = bytes;
      rows.push({ row, cells });
      return null;
    };
    const error = attempt(() => parse(rest, { ...dialect, to: atATime, on_record: keep }));
    yield* rows;
    if (!error && rows.length < atATime) return;
    if (error) {
      row += 1;
      const known = broken[error.code as keyof typeof broken];
      faults.inRow(row, known ?? broken.CSV_QUOTE_NOT_CLOSED);
      // Without its first row nobody knows what the others mean.
      if (row === 1 || !known || known === broken.CSV_QUOTE_NOT_CLOSED) return;
      read = nextLine(rest, read);
    }
    rest = rest.subarray(read);
  }
}

function attempt(work: () => unknown): CsvError | null {
  try {
    work();
    return null;
  } catch (error) {
    if (error instanceof CsvError) return error;
    throw error;
  }
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
