import { BadInput, type Fault } from '../../platform/errors.ts';

/**
 * What is wrong with a roster file, each with its place. Rows are counted as a spreadsheet counts them: the headings
 * are row 1, blank rows count too.
 */
export class Faults {
  readonly #found: { readonly row: number; readonly fault: Fault }[] = [];

  get any(): boolean {
    return this.#found.length > 0;
  }

  /** In one cell; `column` is its heading as the file has it. */
  inCell(row: number, column: string, message: string): void {
    this.#found.push({ row, fault: { where: `第 ${row} 行，列“${column}” (row ${row}, column ${column})`, message } });
  }

  inRow(row: number, message: string): void {
    this.#found.push({ row, fault: { where: `第 ${row} 行 (row ${row})`, message } });
  }

  inFile(message: string): void {
    this.#found.push({ row: 0, fault: { where: '文件 (file)', message } });
  }

  /** @throws BadInput with all of them, by row, if there are any. */
  throwIfAny(): void {
    if (this.any) throw this.asBadInput();
  }

  asBadInput(): BadInput {
    const byRow = this.#found.toSorted((a, b) => a.row - b.row);
    return new BadInput(
      '文件有误，未导入任何内容 · the file cannot be imported, and nothing of it was',
      byRow.map(({ fault }) => fault),
    );
  }
}

/** A cell's text as it may stand in a message: quoted, and no longer than one can take in. */
export function quoted(text: string): string {
  const characters = [...text];
  return `“${characters.length > 40 ? `${characters.slice(0, 40).join('')}…` : text}”`;
}
