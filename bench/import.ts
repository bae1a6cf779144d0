import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import pg from 'pg';
import { generateRoster } from '../src/cli/demo/roster.ts';
import { type ImportKind, importFile } from '../src/cli/import.ts';
import { readConfig } from '../src/config.ts';
import { openDatabase, openOwnVault } from '../src/foundation.ts';
import { systemChance } from '../src/platform/chance.ts';
import { systemClock } from '../src/platform/clock.ts';
import { openLog, silentLog } from '../src/platform/log.ts';
import { openEmbeddedPostgres } from '../src/platform/postgres/embedded.ts';
import { siblingUrl } from '../src/platform/postgres/schema-engine.ts';
import { writeXlsx } from '../src/platform/sheet.ts';
import { Faults } from '../src/survey/roster/faults.ts';
import { readRows } from '../src/survey/roster/file.ts';
import { peakMegabytes } from './support/memory.ts';

/*
 * node --import tsx bench/import.ts
 *
 * A roster of 100,000 retailers of 500 managers, as CSV and as XLSX, new and again without a change: seconds of the
 * import alone, and the most memory its process ever held. Each import is a process of its own, as `huifang import` is.
 * Goal: a minute and 300 MB.
 */
const retailers = 100_000;
const rounds = 3;
const ownKey = Buffer.alloc(32, 7).toString('base64');
const cases = ['csv, new', 'csv, again', 'xlsx, new'] as const;

interface Figure {
  readonly seconds: number;
  readonly megabytes: number;
  /** Of the import's own process, in seconds. */
  readonly processor: number;
}

if (process.argv[2] === 'one') await one(process.argv[3] as ImportKind, process.argv[4] ?? '');
else await all();

/** One import in this process; prints its figure. */
async function one(kind: ImportKind, path: string): Promise<void> {
  setFlagsFromString('--optimize-for-size');
  const config = readConfig(process.env);
  const { database, close } = await openDatabase(config, { log: openLog('warn') });
  const services = { database, clock: systemClock, chance: systemChance, vault: openOwnVault(config) };
  const out = new PassThrough();
  const [begun, before] = [performance.now(), process.cpuUsage()];
  await importFile(kind, path, services, out);
  const seconds = (performance.now() - begun) / 1000;
  const { user, system } = process.cpuUsage(before);
  const [counts] = await database.query<{ count: number }>({ text: 'SELECT count(*)::int AS count FROM retailer' });
  await close();
  const megabytes = peakMegabytes();
  const said = (await text(out.end())).split('\n')[0];
  process.stdout.write(
    `${JSON.stringify({ seconds, processor: (user + system) / 1e6, megabytes, said, stored: counts?.count })}\n`,
  );
}

async function all(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'huifang-bench-'));
  const server = await openEmbeddedPostgres({ dataDir: join(folder, 'postgres'), log: silentLog });
  try {
    const files = await writeFiles(folder);
    const figures = new Map<string, Figure[]>(cases.map((name) => [name, []]));
    for (let round = 0; round < rounds; round += 1) {
      for (const format of ['csv', 'xlsx'] as const) {
        const url = await newDatabase(server.url, `bench_${format}_${round}`);
        await run(url, 'managers', files.managers);
        figures.get(`${format}, new`)?.push(await run(url, 'retailers', files[format]));
        if (format === 'csv') figures.get('csv, again')?.push(await run(url, 'retailers', files.csv));
      }
    }
    for (const [name, found] of figures)
      process.stdout.write(
        `import ${retailers} retailers, ${name}: ${described(found, 'seconds', 's')}, own processor ${described(found, 'processor', 's')}, ${described(found, 'megabytes', 'MB')}\n`,
      );
    process.stdout.write(`Node ${process.version}, PostgreSQL embedded, fsync on, load ${loadavg()[0]?.toFixed(1)}\n`);
  } finally {
    await server.close();
    await rm(folder, { recursive: true, force: true });
  }
}

async function writeFiles(folder: string) {
  const city = generateRoster({ managers: 500, retailers, seed: 'bench', period: '2026-12' });
  const files = { managers: join(folder, 'm.csv'), csv: join(folder, 'r.csv'), xlsx: join(folder, 'r.xlsx') };
  await writeFile(files.managers, city.managersCsv);
  await writeFile(files.csv, city.retailersCsv);
  const rows: (readonly string[])[] = [];
  for await (const { cells } of readRows(Buffer.from(city.retailersCsv), new Faults())) rows.push(cells);
  const [headings = [], ...body] = rows;
  const chunks: Uint8Array[] = [];
  for await (const chunk of writeXlsx('retailers', headings, body)) chunks.push(chunk);
  await writeFile(files.xlsx, Buffer.concat(chunks));
  return files;
}

async function newDatabase(url: string, name: string): Promise<string> {
  const client = new pg.Client(url);
  await client.connect();
  await client.query(`CREATE DATABASE ${name}`);
  await client.end();
  return siblingUrl(url, name);
}

/** @throws Error where an import failed, or not every retailer is there afterwards. */
async function run(url: string, kind: ImportKind, path: string): Promise<Figure> {
  const child = spawn(process.execPath, ['--import', 'tsx', fileURLToPath(import.meta.url), 'one', kind, path], {
    env: { ...process.env, DATABASE_URL: url, DATA_KEY: ownKey, SESSION_SECRET: ownKey },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [said, [code]] = await Promise.all([text(child.stdout), once(child, 'exit')]);
  if (code !== 0) throw new Error(`the import ended with ${code}`);
  const figure = JSON.parse(said) as Figure & { readonly stored: number };
  if (kind === 'retailers' && figure.stored !== retailers) throw new Error(`${figure.stored} retailers were stored`);
  return figure;
}

function described(figures: readonly Figure[], what: keyof Figure, unit: string): string {
  const sorted = figures.map((figure) => figure[what]).sort((a, b) => a - b);
  const [least = 0, median = 0, most = 0] = [sorted[0], sorted[Math.floor(sorted.length / 2)], sorted.at(-1)];
  return `${median.toFixed(1)} ${unit} (${least.toFixed(1)}–${most.toFixed(1)})`;
}
