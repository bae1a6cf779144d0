import { createWriteStream } from 'node:fs';
import { basename, extname } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { readConfig } from '../config.ts';
import { openDatabase, openOwnVault } from '../main.ts';
import { systemChance } from '../platform/chance.ts';
import { systemClock } from '../platform/clock.ts';
import { BadInput } from '../platform/errors.ts';
import { openLog } from '../platform/log.ts';
import { type ExportFormat, type ExportKind, exportRoster } from '../survey/roster/export.ts';
import type { RosterServices } from '../survey/roster/import.ts';

const formats: Readonly<Record<string, ExportFormat>> = { '.csv': 'csv', '.xlsx': 'xlsx' };

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
  const format = formats[extname(path).toLowerCase()];
  if (!format)
    throw new BadInput('无法导出 · cannot be exported', [
      { where: path, message: '文件名须以 .csv 或 .xlsx 结尾 · the name must end in .csv or .xlsx' },
    ]);
  const bytes = exportRoster(services, { kind, format, actor: 'cli', clear });
  await pipeline(Readable.from(bytes), createWriteStream(path, { mode: 0o600 }));
  out.write(`${basename(path)}：已导出 · exported\n`);
}

/** The same, out of this installation's database. */
export async function exportFromRoster(
  kind: ExportKind,
  path: string,
  out: NodeJS.WritableStream,
  { clearPhones = false }: { clearPhones?: boolean },
): Promise<void> {
  const config = readConfig(process.env);
  const { database, close } = await openDatabase(config, { log: openLog('warn') });
  try {
    const services = { database, clock: systemClock, chance: systemChance, vault: openOwnVault(config) };
    await exportFile(kind, path, services, out, clearPhones);
  } finally {
    await close();
  }
}
