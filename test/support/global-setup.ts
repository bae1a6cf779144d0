import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import type { TestProject } from 'vitest/node';
import { silentLog } from '../../src/platform/log.ts';
import { migrate, migrationsFolder } from '../../src/platform/migrations.ts';
import { openEmbeddedPostgres } from '../../src/platform/postgres/embedded.ts';
import { isAlive } from '../../src/platform/postgres/process.ts';
import { siblingUrl } from '../../src/platform/postgres/schema-engine.ts';
import { repository } from './server-processes.ts';

/** Set before all suites and taken down after them: one PostgreSQL, and in it a migrated database to copy. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const server = process.env.TEST_DATABASE_URL
    ? { url: process.env.TEST_DATABASE_URL, async close() {} }
    : await open();
  try {
    project.provide('testServer', { url: server.url, template: await migratedTemplate(server.url), run: process.pid });
    return server.close;
  } catch (error) {
    await server.close();
    throw error;
  }
}

const open = () =>
  openEmbeddedPostgres({ dataDir: join(repository, '.data/test-postgres'), log: silentLog, durable: false });

/** One a state of the migrations, so runs after the first find it made; under a lock, for runs at the same time. */
async function migratedTemplate(url: string): Promise<string> {
  const template = `huifang_template_${fingerprint(migrationsFolder)}`;
  const client = new pg.Client(url);
  await client.connect();
  try {
    await client.query("SELECT pg_advisory_lock(hashtext('huifang-test-template'))");
    await dropLeftovers(client);
    const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1 AND datistemplate', [template]);
    if (rowCount) return template;
    await client.query(`DROP DATABASE IF EXISTS ${template} WITH (FORCE)`);
    await client.query(`CREATE DATABASE ${template} TEMPLATE template0`);
    await migrate(siblingUrl(url, template), { log: silentLog });
    // A template that nobody can enter is one that can always be copied.
    await client.query(`ALTER DATABASE ${template} IS_TEMPLATE true ALLOW_CONNECTIONS false`);
    return template;
  } finally {
    await client.end();
  }
}

function fingerprint(folder: string): string {
  const hash = createHash('sha256');
  for (const file of readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort())
    if (file.endsWith('.sql')) hash.update(file).update(readFileSync(join(folder, file)));
  return hash.digest('hex').slice(0, 12);
}

/** Databases of runs that were killed. Their names begin with the run's process number (database.ts). */
async function dropLeftovers(client: pg.Client): Promise<void> {
  if (process.env.TEST_DATABASE_URL) return; // Perhaps another machine's runs, whose processes we cannot see.
  const { rows } = await client.query<{ name: string }>(
    "SELECT datname AS name FROM pg_database WHERE datname ~ '^test_[0-9]+_'",
  );
  for (const { name } of rows)
    if (!isAlive({ pid: Number(name.split('_')[1]), born: null }))
      await client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
}
