import { stringify } from 'csv-stringify/sync';
import { writeXlsxStream } from 'hucre/xlsx';

/** A table as a file that a spreadsheet opens. */
export interface Sheet {
  readonly headings: readonly string[];
  /** A page of rows at a time. */
  readonly pages: Iterable<readonly (readonly string[])[]> | AsyncIterable<readonly (readonly string[])[]>;
}

export const sheetFormats = ['csv', 'xlsx'] as const;
export type SheetFormat = (typeof sheetFormats)[number];

export const sheetTypes: Readonly<Record<SheetFormat, string>> = {
  csv: 'text/csv',
  xlsx: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
};

/** The file's bytes, bit by bit. `name` is the workbook's sheet. */
export const writeSheet = (format: SheetFormat, name: string, sheet: Sheet): AsyncGenerator<Uint8Array> =>
  format === 'csv' ? asCsv(sheet) : asXlsx(name, sheet);

/** A minus before digits alone is a number and no formula. */
const plainNumber = /^-\d+(\.\d+)?$/;

async function* asCsv({ headings, pages }: Sheet): AsyncGenerator<Uint8Array> {
  const text = (rows: readonly (readonly string[])[], bom: boolean) =>
    Buffer.from(
      stringify(
        rows.map((row) => [...row]),
        {
          // Names are other people's words: none of them may be a formula in a spreadsheet.
          ...{ bom, record_delimiter: '\r\n', escape_formulas: true },
          cast: { string: (value) => (plainNumber.test(value) ? { value, escape_formulas: false } : value) },
        },
      ),
    );
  yield text([headings], true);
  for await (const rows of pages) yield text(rows, false);
}

async function* asXlsx(name: string, { headings, pages }: Sheet): AsyncGenerator<Uint8Array> {
  async function* rows() {
    for await (const page of pages) yield* page;
  }
  for await (const bytes of writeXlsx(name, headings, rows())) yield bytes;
}

/** A workbook of one sheet, everything in it as text, so that no spreadsheet makes a number of an id. */
export function writeXlsx(
  name: string,
  headings: readonly string[],
  rows: Iterable<readonly string[]> | AsyncIterable<readonly string[]>,
): ReadableStream<Uint8Array> {
  return writeXlsxStream(rows as Iterable<string[]>, {
    name,
    columns: headings.map((header) => ({ header, width: 18, numFmt: '@' })),
    freezePane: { rows: 1 },
  });
}
