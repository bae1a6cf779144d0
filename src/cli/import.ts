import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { readConfig } from '../config.ts';
import { openDatabase, openOwnVault } from '../main.ts';
import { systemChance } from '../platform/chance.ts';
import { systemClock } from '../platform/clock.ts';
import { BadInput } from '../platform/errors.ts';
import { openLog } from '../platform/log.ts';
import { decodeUtf8 } from '../survey/roster/csv.ts';
import {
  type ImportReport,
  importIndicators,
  importManagers,
  importRetailers,
  type RosterServices,
} from '../survey/roster/import.ts';

/** `huifang import managers|retailers|indicators FILE`. */
export type ImportKind = keyof typeof kinds;

const kinds = {
  managers: { name: '客户经理', run: importManagers },
  retailers: { name: '零售户', run: importRetailers },
  indicators: { name: '考核指标', run: importIndicators },
} as const;

/**
 * Imports one CSV file and prints what became of its rows.
 *
 * @throws BadInput where the file cannot be read, or with every fault in it; then nothing was imported.
 */
export async function importFile(
  kind: ImportKind,
  path: string,
  services: RosterServices,
  out: NodeJS.WritableStream,
): Promise<void> {
  const text = decodeUtf8(await readBytes(path));
  const { name, run } = kinds[kind];
  out.write(`${basename(path)}：${described(name, await run(services, text))}\n`);
}

/** The same, into this installation's database, which is opened for it. */
export async function importIntoRoster(kind: ImportKind, path: string, out: NodeJS.WritableStream): Promise<void> {
  const config = readConfig(process.env);
  const { database, close } = await openDatabase(config, { log: openLog('warn') });
  try {
    const services = { database, clock: systemClock, chance: systemChance, vault: openOwnVault(config) };
    await importFile(kind, path, services, out);
  } finally {
    await close();
  }
}

const described = (name: string, { rows, created, changed, unchanged }: ImportReport): string =>
  `${name} ${rows} 行，新增 ${created}，变更 ${changed}，未变 ${unchanged} · ${rows} rows: ${created} new, ${changed} changed, ${unchanged} unchanged`;

async function readBytes(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? '';
    throw new BadInput('无法读取文件 · the file cannot be read', [{ where: path, message: reasons[code] ?? code }]);
  }
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: '没有这个文件 · there is no such file',
  EACCES: '没有读取权限 · may not be read',
  EISDIR: '是一个文件夹 · is a folder',
};
