import { stringify } from 'csv-stringify/sync';
import { BadInput, type Fault } from '../../platform/errors.ts';

/** One thing wrong with a roster file. Rows are counted as a spreadsheet counts them. */
export interface FileFault {
  /** The headings are row 1, blank rows count too; 0 = the file as a whole. */
  readonly row: number;
  /** Its heading as the file has it; null = the whole row. */
  readonly column: string | null;
  readonly message: string;
}

/** A roster file that cannot be used, with every fault by its row and column. Nothing of it was imported. */
export class BadFile extends BadInput {
  readonly found: readonly FileFault[];

  constructor(found: readonly FileFault[]) {
    super(
      '文件有误，未导入任何内容 · the file cannot be imported, and nothing of it was',
      found.map((fault) => ({ where: placeOf(fault), message: fault.message })),
    );
    this.name = 'BadFile';
    this.found = found;
  }
}

/** What is wrong with a roster file, each with its place. */
export class Faults {
  readonly #found: FileFault[] = [];

  get any(): boolean {
    return this.#found.length > 0;
  }

  /** In one cell; `column` is its heading as the file has it. */
  inCell(row: number, column: string, message: string): void {
    this.#found.push({ row, column, message });
  }

  inRow(row: number, message: string): void {
    this.#found.push({ row, column: null, message });
  }

  inFile(message: string): void {
    this.#found.push({ row: 0, column: null, message });
  }

  /** @throws BadFile with all of them, by row, if there are any. */
  throwIfAny(): void {
    if (this.any) throw this.asBadInput();
  }

  asBadInput(): BadFile {
    return new BadFile(this.#found.toSorted((a, b) => a.row - b.row));
  }
}

const placeOf = ({ row, column }: FileFault): Fault['where'] => {
  if (row === 0) return '文件 (file)';
  if (column === null) return `第 ${row} 行 (row ${row})`;
  return `第 ${row} 行，列“${column}” (row ${row}, column ${column})`;
};

/**
 * The faults as a CSV file that a spreadsheet opens (UTF-8 with a byte-order mark), to be worked off beside the roster:
 * row, column, what is wrong. It holds no number and nothing that a spreadsheet would compute.
 */
export function faultReport(found: readonly FileFault[]): string {
  return stringify(
    found.map(({ row, column, message }) => [row === 0 ? '' : row, column ?? '', message]),
    {
      header: true,
      columns: ['行 row', '列 column', '问题 fault'],
      bom: true,
      escape_formulas: true,
      record_delimiter: '\r\n',
    },
  );
}

/** A cell's text as it may stand in a message: quoted, and no longer than one can take in. */
export function quoted(text: string): string {
  const characters = [...text];
  return `“${characters.length > 40 ? `${characters.slice(0, 40).join('')}…` : text}”`;
}
