import { createWriteStream } from 'node:fs';
import { basename, extname } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { BadInput } from '../platform/errors.ts';
import type { SheetFormat } from '../platform/sheet.ts';
import { type ExportKind, exportRoster } from '../survey/roster/export.ts';
import type { RosterServices } from '../survey/roster/import.ts';
import { inThisInstallation } from './installation.ts';

const formats: Readonly<Record<string, SheetFormat>> = { '.csv': 'csv', '.xlsx': 'xlsx' };

/** CSV or XLSX by the file's name. @throws BadInput where it is of neither kind. */
export function sheetFormatOf(path: string): SheetFormat {
  const format = formats[extname(path).toLowerCase()];
  if (format) return format;
  throw new BadInput('无法导出 · cannot be exported', [
    { where: path, message: '文件名须以 .csv 或 .xlsx 结尾 · the name must end in .csv or .xlsx' },
  ]);
}

/**
 * `huifang export retailers|managers|indicators FILE`, CSV or XLSX by the file's name. Readable by its owner alone: it
 * holds names, and numbers in clear if they were asked for.
 *
 * @throws BadInput where the name is of neither kind.
 */
export async function exportFile(
  kind: ExportKind,
  path: string,
  services: RosterServices,
  out: NodeJS.WritableStream,
  clear: boolean,
): Promise<void> {
  const format = sheetFormatOf(path);
  const bytes = exportRoster(services, { kind, format, actor: 'cli', clear });
  await pipeline(Readable.from(bytes), createWriteStream(path, { mode: 0o600 }));
  out.write(`${basename(path)}：已导出 · exported\n`);
}

/** The same, out of this installation's database. */
export const exportFromRoster = (
  kind: ExportKind,
  path: string,
  out: NodeJS.WritableStream,
  { clearPhones = false }: { clearPhones?: boolean },
): Promise<void> => inThisInstallation((services) => exportFile(kind, path, services, out, clearPhones));
