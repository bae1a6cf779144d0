import { readFile, writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import cliProgress from 'cli-progress';
import { BadInput } from '../platform/errors.ts';
import { closesMany } from '../survey/roster/closing.ts';
import { BadFile, faultReport } from '../survey/roster/faults.ts';
import {
  type ImportReport,
  importEvents,
  importIndicators,
  importManagers,
  importRetailers,
  importStaff,
  importTargets,
  importTraining,
  type RetailersReport,
  type RetailersWish,
  type RosterServices,
} from '../survey/roster/import.ts';
import { inThisInstallation } from './installation.ts';

/** `huifang import managers|retailers|indicators|events|training|staff FILE`. */
export type ImportKind = keyof typeof kinds;

export interface ImportOptions {
  /** Say what would change, and change nothing. */
  readonly dryRun?: boolean;
  /** Of retailers: the file has every shop there is, so shops that are not in it are closed. */
  readonly full?: boolean;
  /** How many shops `full` closes, as the dry run says it: needed where they are many. */
  readonly closing?: string;
  /** Where the faults are written as a CSV file, if there are any. */
  readonly faults?: string;
}

const kinds = {
  managers: { name: '客户经理', run: importManagers, described: counts },
  retailers: { name: '零售户', run: importRetailers, described: difference },
  indicators: { name: '考核指标', run: importIndicators, described: counts },
  targets: { name: '目标与实绩', run: importTargets, described: counts },
  events: { name: '工作记录', run: importEvents, described: counts },
  training: { name: '培训记录', run: importTraining, described: counts },
  staff: { name: '员工号码', run: importStaff, described: counts },
} as const;

/**
 * Imports one CSV or XLSX file and prints what became of its rows.
 *
 * @throws BadInput where the file cannot be read, or with every fault in it; then nothing was imported.
 */
export async function importFile(
  kind: ImportKind,
  path: string,
  services: RosterServices,
  out: NodeJS.WritableStream,
  { faults, closing, ...wish }: ImportOptions & Pick<RetailersWish, 'progress'> = {},
): Promise<void> {
  if (wish.full && kind !== 'retailers')
    throw new BadInput('用法有误 · wrong use', [{ where: '--full', message: '只用于零售户 · is for retailers only' }]);
  if (closing !== undefined && !/^\d{1,9}$/.test(closing))
    throw new BadInput('用法有误 · wrong use', [
      { where: '--closing', message: '应为户数，例如 25 · must be a number of shops, such as 25' },
    ]);
  const bytes = await readBytes(path);
  const { name, run, described } = kinds[kind];
  const fileName = basename(path);
  try {
    const said = closing === undefined ? null : Number(closing);
    const report = await run(services, bytes, { ...wish, closing: said, fileName, actor: 'cli' });
    const lines = described(report as RetailersReport, wish.full ?? false).join('\n');
    out.write(`${fileName}：${name} ${lines}\n`);
    if (wish.dryRun) out.write('试运行：未做任何更改 · dry run: nothing was changed\n');
  } catch (error) {
    if (faults && error instanceof BadFile) await writeFile(faults, faultReport(error.found));
    throw error;
  }
}

/** The same, into this installation's database, which is opened for it, with how far it is on standard error. */
export async function importIntoRoster(
  kind: ImportKind,
  path: string,
  out: NodeJS.WritableStream,
  options: ImportOptions,
): Promise<void> {
  // Rows are garbage as soon as they are laid out. Left alone the collector waits until there is twice as much of it.
  setFlagsFromString('--optimize-for-size');
  const bar = new cliProgress.SingleBar({
    stream: process.stderr,
    format: '  {value} 行 · rows  {duration_formatted}',
    hideCursor: true,
    clearOnComplete: true,
  });
  await inThisInstallation(async (services) => {
    bar.start(0, 0);
    await importFile(kind, path, services, out, { ...options, progress: (rows) => bar.update(rows) });
  }).finally(() => bar.stop());
}

function counts({ rows, created, changed, unchanged }: ImportReport): string[] {
  return [
    `${rows} 行，新增 ${created}，变更 ${changed}，未变 ${unchanged} · ${rows} rows: ${created} new, ${changed} changed, ${unchanged} unchanged`,
  ];
}

/** What changes of whom: the first of each kind by name, the rest by number. */
function difference(report: RetailersReport, full: boolean): string[] {
  const { moved, phones, stopped, active, gone, emptied, shown } = report;
  const lines = [
    ...counts(report),
    ...(moved + phones + stopped > 0
      ? [
          `  换经理 ${moved}，换号码 ${phones}，新拒访 ${stopped} · ${moved} moved, ${phones} with other numbers, ${stopped} newly opted out`,
        ]
      : []),
    ...named(
      shown.moved.map(({ id, from, to, day }) => `${id}: ${from} → ${to} (${day})`),
      moved,
    ),
    ...named(
      shown.phones.map(({ id, before, after }) => `${id}: ${before.join(' ') || '—'} → ${after.join(' ') || '—'}`),
      phones,
    ),
  ];
  if (full && closesMany(report))
    lines.push(
      `  将停业 ${gone} 户（营业 ${active} 户），${emptied} 名客户经理将没有零售户：确属如此，导入时请加 --closing ${gone} · ${gone} of ${active} active shops would be closed, ${emptied} managers would have none: if that is meant, import with --closing ${gone}`,
      ...named(shown.emptied, emptied),
    );
  if (full && gone > 0)
    lines.push(`  文件中没有、因此停业 ${gone} · ${gone} are not in the file and closed`, ...named(shown.gone, gone));
  return lines;
}

const mostNamed = 10;

const named = (lines: readonly string[], all: number): string[] => [
  ...lines.slice(0, mostNamed).map((line) => `    ${line}`),
  ...(all > mostNamed ? [`    … 另有 ${all - mostNamed} 户 · and ${all - mostNamed} more`] : []),
];

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
