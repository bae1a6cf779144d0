import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { KnownError } from './errors.ts';
import type { Log } from './log.ts';
import { everything, type MigrationList, SingleConnection, withSchemaEngine } from './postgres/schema-engine.ts';

/*
 * Migrations are folders `<time>_<name>/migration.sql`, as Prisma writes them. They are applied by Prisma's own schema
 * engine, which notes them in `_prisma_migrations`, so that `prisma migrate deploy` and this can take turns.
 */

export const migrationsFolder = fileURLToPath(new URL('../../prisma/migrations', import.meta.url));
export const schemaFile = fileURLToPath(new URL('../../prisma/schema.prisma', import.meta.url));

/** The database cannot be brought to what this code expects. `code` is `migration-failed` or `database-is-newer`. */
export class MigrationFailed extends KnownError {
  readonly code: 'migration-failed' | 'database-is-newer';

  constructor(code: MigrationFailed['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'MigrationFailed';
    this.code = code;
  }
}

/**
 * Applies what is missing, oldest first, and returns their names. Each in a transaction of its own together with its
 * row in `_prisma_migrations`: one that fails leaves nothing behind and may be tried again once it is mended.
 * Processes that come at the same time wait for one another. Fails with `MigrationFailed`.
 */
export async function migrate(
  url: string,
  { log, folder = migrationsFolder }: { log: Log; folder?: string },
): Promise<{ applied: string[] }> {
  const migrations = readMigrations(folder);
  return withConnection(url, async (connection) => {
    if (pending(migrations, await history(connection)).length === 0) return { applied: [] };
    await waitForOthers(connection, log);
    const missing = pending(migrations, await history(connection));
    if (missing.length > 0)
      await withSchemaEngine(connection, undefined, async (engine) => {
        for (const migration of missing) {
          const upTo = migrations.slice(0, migrations.indexOf(migration) + 1);
          const apply = () => engine.applyMigrations({ migrationsList: listOf(folder, upTo), filters: everything });
          await inTransaction(connection, migration, apply);
          log.info({ migration: migration.name }, 'migration applied');
        }
      });
    return { applied: missing.map(({ name }) => name) };
  });
}

/** The names of the migrations that the database has not seen, oldest first. Fails as `migrate` does. */
export async function pendingMigrations(url: string, folder = migrationsFolder): Promise<string[]> {
  const migrations = readMigrations(folder);
  const missing = await withConnection(url, async (connection) => pending(migrations, await history(connection)));
  return missing.map(({ name }) => name);
}

/**
 * The SQL that leads from what the migrations make to what the schema says; null if they agree. Rehearsed in a shadow
 * database, made for it on the server of `url` and removed again. Checks, triggers, functions and partial indexes are
 * unknown to the schema and are not compared.
 */
export async function migrationsToSchema(
  url: string,
  { folder = migrationsFolder, schema = schemaFile }: { folder?: string; schema?: string } = {},
): Promise<string | null> {
  const content = readFileSync(schema, 'utf8');
  const { exitCode, stdout } = await withConnection(url, (connection) =>
    withSchemaEngine(connection, content, (engine) =>
      engine.diff({
        from: { tag: 'migrations', ...listOf(folder, readMigrations(folder)) },
        to: { tag: 'schemaDatamodel', files: [{ path: 'schema.prisma', content }] },
        script: true,
        exitCode: true,
        filters: everything,
      }),
    ),
  );
  return exitCode === 0 ? null : stdout;
}

interface Migration {
  readonly name: string;
  readonly script: string;
}

function readMigrations(folder: string): Migration[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => ({ name, script: readFileSync(join(folder, name, 'migration.sql'), 'utf8') }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Migrations as the engine wants them: read by us, because WebAssembly sees no files. */
function listOf(folder: string, migrations: readonly Migration[]): MigrationList {
  return {
    baseDir: folder,
    lockfile: { path: 'migration_lock.toml', content: 'provider = "postgresql"\n' },
    shadowDbInitScript: '',
    migrationDirectories: migrations.map(({ name, script }) => ({
      path: name,
      migrationFile: { path: 'migration.sql', content: { tag: 'ok', value: script } },
    })),
  };
}

interface Row {
  readonly migration_name: string;
  readonly checksum: string;
  readonly finished: boolean;
}

/** What the database remembers, without what was rolled back. */
async function history(connection: SingleConnection): Promise<Row[]> {
  const [table] = await connection.query<{ missing: boolean }>(
    "SELECT to_regclass('_prisma_migrations') IS NULL AS missing",
  );
  if (table?.missing) return [];
  return connection.query<Row & { [column: string]: unknown }>(
    `SELECT migration_name, checksum, finished_at IS NOT NULL AS finished
       FROM _prisma_migrations WHERE rolled_back_at IS NULL ORDER BY started_at`,
  );
}

function pending(migrations: readonly Migration[], rows: readonly Row[]): Migration[] {
  const failed = rows.find(({ finished }) => !finished);
  if (failed)
    throw new MigrationFailed(
      'migration-failed',
      `The migration ${failed.migration_name} failed halfway at an earlier time and could not be undone as a whole. ` +
        'Its error is in the table _prisma_migrations, column logs. Undo by hand what it did, delete its row there, and try again.',
    );
  const known = new Map(migrations.map((migration) => [migration.name, migration]));
  const unknown = rows.map(({ migration_name }) => migration_name).filter((name) => !known.has(name));
  if (unknown.length > 0)
    throw new MigrationFailed(
      'database-is-newer',
      `The database is newer than this program, which does not know its migrations ${unknown.join(', ')}. ` +
        'Run the newer version, or restore a backup from before it.',
    );
  const seen = new Map(rows.map((row) => [row.migration_name, row]));
  for (const { name, script } of migrations) {
    const row = seen.get(name);
    if (row && row.checksum !== checksum(script))
      throw new MigrationFailed(
        'migration-failed',
        `The migration ${name} was changed after it had been applied to this database. ` +
          'Put it back as it was, and make the change in a new migration.',
      );
  }
  return migrations.filter(({ name }) => !seen.has(name));
}

const checksum = (script: string): string => createHash('sha256').update(script).digest('hex');

/** The key of Prisma's own lock, so that `prisma migrate deploy` waits too. The connection's end releases it. */
const advisoryLock = 72707369;

async function waitForOthers(connection: SingleConnection, log: Log): Promise<void> {
  const [lock] = await connection.query<{ taken: boolean }>(`SELECT pg_try_advisory_lock(${advisoryLock}) AS taken`);
  if (lock?.taken) return;
  log.info('another process is migrating the database; waiting for it');
  await connection.query(`SELECT pg_advisory_lock(${advisoryLock})`);
}

/** "cannot run inside a transaction block": CREATE INDEX CONCURRENTLY and its like, which must do without. */
const refusesTransaction = '25001';

async function inTransaction(
  connection: SingleConnection,
  migration: Migration,
  apply: () => Promise<unknown>,
): Promise<void> {
  try {
    await connection.query('BEGIN');
    try {
      await apply();
      await connection.query('COMMIT');
    } catch (error) {
      await connection.query('ROLLBACK');
      if (connection.failure?.code !== refusesTransaction) throw error;
      await apply();
    }
  } catch (error) {
    throw new MigrationFailed('migration-failed', describe(migration, connection.failure ?? error), {
      cause: error,
    });
  }
}

/** SQL state, message and line, as psql would show them. */
function describe({ name, script }: Migration, error: unknown): string {
  const { message, code, position, detail } = error as Error & { code?: string; position?: string; detail?: string };
  const line = position ? `, line ${script.slice(0, Number(position)).split('\n').length}` : '';
  return `The migration ${name} failed${line}: ${message}${code ? ` (${code})` : ''}${detail ? ` ${detail}` : ''}`;
}

async function withConnection<T>(url: string, work: (connection: SingleConnection) => Promise<T>): Promise<T> {
  const connection = new SingleConnection(url);
  try {
    return await work(connection);
  } finally {
    await connection.close();
  }
}
