import { decodeText, type FileRow, readCsv } from './csv.ts';
import type { Faults } from './faults.ts';
import { readXlsx } from './xlsx.ts';

/** What the first bytes of a file say it is; whatever they do not say is text. */
const kinds = [
  { name: 'xlsx', magic: [0x50, 0x4b, 0x03, 0x04] },
  { name: 'ole', magic: [0xd0, 0xcf, 0x11, 0xe0] },
] as const;

const beginsWith = (bytes: Uint8Array, magic: readonly number[]): boolean =>
  magic.every((byte, index) => bytes[index] === byte);

/** The rows of a roster file, CSV or XLSX by what is in it, whatever it is called. Empty where a fault says why. */
export async function* readRows(bytes: Uint8Array, faults: Faults): AsyncGenerator<FileRow> {
  const kind = kinds.find(({ magic }) => beginsWith(bytes, magic))?.name;
  if (kind === 'xlsx') yield* readXlsx(bytes, faults);
  else if (kind === 'ole')
    faults.inFile(
      '是旧版 Excel（.xls）或加了密码的文件：请另存为不带密码的 .xlsx 或 CSV · is an old .xls workbook, or one with a password: save it as .xlsx without password, or as CSV',
    );
  else yield* readCsv(decodeText(bytes), faults);
}
