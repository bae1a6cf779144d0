import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { readConfig } from '../../src/config.ts';
import { openDatabase } from '../../src/foundation.ts';
import { systemChance } from '../../src/platform/chance.ts';
import { StandingClock } from '../../src/platform/clock.ts';
import type { Database } from '../../src/platform/database.ts';
import { openLog, silentLog } from '../../src/platform/log.ts';
import { openEmbeddedPostgres } from '../../src/platform/postgres/embedded.ts';
import { openVault } from '../../src/platform/vault.ts';
import { parseRules } from '../../src/scoring/rules.ts';
import { launchRound } from '../../src/survey/round/launch.ts';
import { drawRules } from '../../src/workers/rules.ts';
import { storeStandards } from '../../src/workers/standards.ts';

/** A city of any size in a server of its own, and what a benchmark says of the machine. */
export interface BenchCity {
  readonly url: string;
  readonly database: Database;
  close(): Promise<void>;
}

/** Tuesday, 09:30 on the shops' clock. */
export const clock = new StandingClock(new Date('2026-12-01T09:30:00+08:00'));
export const roundId = '2026-12-R1';

/** The shops are made in the database: what is measured begins with a roster that is there. */
export async function openCity(managers: number, shopsEach: number): Promise<BenchCity> {
  const folder = await mkdtemp(join(tmpdir(), 'huifang-bench-'));
  const server = await openEmbeddedPostgres({ dataDir: join(folder, 'postgres'), log: silentLog });
  const { database, close } = await connectTo(server.url);
  const one = `'M' || lpad((n / ${shopsEach})::text, 5, '0')`;
  await database.query({ text: `INSERT INTO district VALUES ('D1', '城东')` });
  await database.query({
    text: `INSERT INTO manager (id, name, district_id) SELECT DISTINCT ${one}, '经理', 'D1' FROM generate_series(0, $1::int - 1) AS n`,
    values: [managers * shopsEach],
  });
  for (const into of [
    `phone (id, blind_index, sealed, masked, kind) SELECT md5(n::text)::uuid, sha256(n::text::bytea), 'sealed', '138****0000', 'mobile'::phone_kind`,
    `retailer (id, name, stratum, phone_id) SELECT (360100000000 + n * 7)::text, '店', 'urban', md5(n::text)::uuid`,
    `assignment (retailer_id, manager_id, from_day) SELECT (360100000000 + n * 7)::text, ${one}, '2020-01-01'`,
  ])
    await database.query({
      text: `INSERT INTO ${into} FROM generate_series(0::bigint, $1::bigint - 1) AS n`,
      values: [managers * shopsEach],
    });
  await database.query({ text: 'ANALYZE' });
  return {
    ...{ url: server.url, database },
    async close() {
      await close();
      await server.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** A connection to the city for a process of its own. */
export async function connectTo(url: string): Promise<{ database: Database; close(): Promise<void> }> {
  const secrets = {
    DATA_KEY: Buffer.alloc(32, 7).toString('base64'),
    SESSION_SECRET: randomBytes(32).toString('base64'),
  };
  const config = readConfig({ ...process.env, ...secrets, DATABASE_URL: url });
  const { database, close } = await openDatabase(config, { log: openLog('warn') });
  await storeStandards(database);
  return { database, close };
}

/** What the verbs of a round ask for. */
export const roundServices = (database: Database) => ({
  ...{ database, clock, chance: systemChance, vault: openVault([Buffer.alloc(32, 7)]) },
  rules: async (id: string) =>
    drawRules(parseRules((await database.prisma.ruleSet.findUniqueOrThrow({ where: { id } })).document)),
});

export const launch = (database: Database): Promise<void> =>
  launchRound(roundServices(database), {
    ...{ roundId, period: '2026-12', questionnaireId: 'HF-1', ruleSetId: 'RS-1', actor: 'bench' },
  });

/** So that the same draw can be made again. */
export const undo = (database: Database) =>
  database.query({
    text: `TRUNCATE survey_case, frame_line, exclusion, release, draw, nonce, round, outbox, pace CASCADE`,
  });

export const count = async (database: Database, table: 'frame_line' | 'survey_case'): Promise<number> =>
  Number((await database.query<{ count: string }>({ text: `SELECT count(*) FROM ${table}` }))[0]?.count);

/** Median and range of some figures in `unit`. */
export function described(figures: readonly number[], unit: string): string {
  const sorted = [...figures].sort((a, b) => a - b);
  const [least = 0, median = 0, most = 0] = [sorted[0], middle(figures), sorted.at(-1)];
  return `${median.toFixed(1)} ${unit} (${least.toFixed(1)}–${most.toFixed(1)})`;
}

export const middle = (figures: readonly number[]): number =>
  [...figures].sort((a, b) => a - b)[Math.floor(figures.length / 2)] ?? 0;

/** What `work` gives, with the seconds of this process's own processor time and of the clock on the wall. */
export async function timed<T>(work: () => T | Promise<T>): Promise<{ made: T; processor: number; wall: number }> {
  const [before, begun] = [process.cpuUsage(), performance.now()];
  const made = await work();
  const { user, system } = process.cpuUsage(before);
  return { made, processor: (user + system) / 1e6, wall: (performance.now() - begun) / 1000 };
}

export const machine = (): string => `Node ${process.version}, load ${loadavg()[0]?.toFixed(1)}`;
