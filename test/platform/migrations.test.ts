import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { silentLog } from '../../src/platform/log.ts';
import { migrate, migrationsToSchema, pendingMigrations } from '../../src/platform/migrations.ts';
import { ask, createEmptyDatabase, createTestDatabase, type TestDatabase } from '../support/database.ts';

let database: TestDatabase;
let folder: string;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'huifang-migrations-'));
  database = await createEmptyDatabase('migrations');
});

afterEach(async () => {
  await database.drop();
  rmSync(folder, { recursive: true, force: true });
});

function write(name: string, script: string): void {
  mkdirSync(join(folder, name), { recursive: true });
  writeFileSync(join(folder, name, 'migration.sql'), script);
}

const migrateNow = () => migrate(database.url, { log: silentLog, folder });

const tables = async (): Promise<string[]> =>
  (
    await ask<{ name: string }>(
      database.url,
      "SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public' ORDER BY 1",
    )
  ).map(({ name }) => name);

describe('migrating', () => {
  test('applies what is missing in the order of names, and then nothing', async () => {
    write('20260102000000_second', 'ALTER TABLE visit ADD COLUMN place text');
    write('20260101000000_first', 'CREATE TABLE visit (id int)');
    expect(await pendingMigrations(database.url, folder)).toEqual(['20260101000000_first', '20260102000000_second']);
    expect(await migrateNow()).toEqual({ applied: ['20260101000000_first', '20260102000000_second'] });
    expect(await migrateNow()).toEqual({ applied: [] });
    expect(await pendingMigrations(database.url, folder)).toEqual([]);

    write('20260103000000_third', 'DROP TABLE visit');
    expect(await migrateNow()).toEqual({ applied: ['20260103000000_third'] });
  });

  test('leaves the history as Prisma keeps it', async () => {
    write('20260101000000_first', 'CREATE TABLE visit (id int)');
    await migrateNow();
    expect(
      await ask(
        database.url,
        `SELECT checksum, migration_name, logs, rolled_back_at, applied_steps_count, finished_at >= started_at AS finished
           FROM _prisma_migrations`,
      ),
    ).toEqual([
      {
        // sha256 of the script, as `sha256sum migration.sql` prints it
        checksum: '3985de427f4a5c3aa15abd164d0e53c4836f5d14047448a788f8e59a8d5e4cb0',
        migration_name: '20260101000000_first',
        logs: null,
        rolled_back_at: null,
        applied_steps_count: 1,
        finished: true,
      },
    ]);
  });

  test('three at once: one applies, the others wait and find it done', async () => {
    write('20260101000000_slow', 'CREATE TABLE visit (id int); SELECT pg_sleep(0.3); INSERT INTO visit VALUES (1)');
    write('20260102000000_next', 'INSERT INTO visit VALUES (2)');
    const outcomes = await Promise.all([migrateNow(), migrateNow(), migrateNow()]);
    expect(outcomes.map(({ applied }) => applied.length).sort()).toEqual([0, 0, 2]);
    expect(await ask(database.url, 'SELECT id FROM visit ORDER BY id')).toEqual([{ id: 1 }, { id: 2 }]);
  });

  test('takes functions, strings and comments with semicolons in them', async () => {
    write(
      '20260101000000_function',
      `CREATE TABLE note (text text DEFAULT 'one; two'); -- and; so; on
       CREATE FUNCTION shout() RETURNS trigger LANGUAGE plpgsql AS $$
       BEGIN NEW.text := upper(NEW.text); RETURN NEW; END $$;
       CREATE TRIGGER shout BEFORE INSERT ON note FOR EACH ROW EXECUTE FUNCTION shout();
       INSERT INTO note DEFAULT VALUES;`,
    );
    await migrateNow();
    expect(await ask(database.url, 'SELECT text FROM note')).toEqual([{ text: 'ONE; TWO' }]);
  });

  test('takes a statement that wants no transaction around it', async () => {
    write('20260101000000_first', 'CREATE TABLE visit (id int)');
    write('20260102000000_index', 'CREATE INDEX CONCURRENTLY visit_id ON visit (id)');
    expect((await migrateNow()).applied).toHaveLength(2);
  });

  test('a database with tables that it did not make is left alone', async () => {
    await ask(database.url, 'CREATE TABLE somebody_elses (id int)');
    write('20260101000000_first', 'CREATE TABLE visit (id int)');
    await expect(migrateNow()).rejects.toThrow('not empty');
    expect(await tables()).toEqual(['somebody_elses']);
  });
});

describe('a migration that fails', () => {
  test('is named with line and reason, leaves nothing behind, and works once it is mended', async () => {
    write('20260101000000_good', 'CREATE TABLE visit (id int)');
    write(
      '20260102000000_bad',
      'CREATE TABLE half (id int);\nINSERT INTO half VALUES (1);\nCREATE TABEL done (id int);',
    );
    write('20260103000000_after', 'CREATE TABLE after (id int)');

    await expect(migrateNow()).rejects.toMatchObject({
      code: 'migration-failed',
      message: 'The migration 20260102000000_bad failed, line 3: syntax error at or near "TABEL" (42601)',
    });
    expect(await tables()).toEqual(['_prisma_migrations', 'visit']);

    write('20260102000000_bad', 'CREATE TABLE done (id int);');
    expect(await migrateNow()).toEqual({ applied: ['20260102000000_bad', '20260103000000_after'] });
  });

  test('is said once more, not tried again, when it had ended its transaction itself', async () => {
    write('20260101000000_own', 'CREATE TABLE half (id int); COMMIT; SELECT 1 / 0;');
    await expect(migrateNow()).rejects.toThrow('20260101000000_own failed');
    await expect(migrateNow()).rejects.toThrow(/20260101000000_own failed halfway/);
  });
});

describe('a history that does not fit', () => {
  test('of a newer version', async () => {
    write('20260101000000_first', 'CREATE TABLE visit (id int)');
    await migrateNow();
    rmSync(join(folder, '20260101000000_first'), { recursive: true });
    await expect(migrateNow()).rejects.toMatchObject({
      code: 'database-is-newer',
      message: expect.stringContaining('20260101000000_first'),
    });
  });

  test('of a migration that was changed afterwards', async () => {
    write('20260101000000_first', 'CREATE TABLE visit (id int)');
    await migrateNow();
    write('20260101000000_first', 'CREATE TABLE visit (id bigint)');
    await expect(migrateNow()).rejects.toThrow('20260101000000_first was changed after');
  });
});

describe('migrations and schema', () => {
  const schema = () => join(folder, 'schema.prisma');
  const writeModel = (model: string) =>
    writeFileSync(schema(), `datasource db {\n  provider = "postgresql"\n}\n\nmodel Visit {\n${model}\n}\n`);

  test('this repository: the migrations make what prisma/schema.prisma says', async () => {
    expect(await migrationsToSchema(database.url)).toBeNull();
  });

  test('a difference comes as the SQL that mends it, and the database itself is not touched', async () => {
    writeModel('  id Int @id\n  place String');
    const script = await migrationsToSchema(database.url, { folder, schema: schema() });
    expect(script).toContain('CREATE TABLE "Visit"');
    expect(await tables()).toEqual([]);

    write('20260101000000_first', script ?? '');
    expect(await migrationsToSchema(database.url, { folder, schema: schema() })).toBeNull();
  });

  test('what the schema cannot say is no difference', async () => {
    writeModel('  id Int @id\n  place String');
    const script = await migrationsToSchema(database.url, { folder, schema: schema() });
    write(
      '20260101000000_first',
      `${script}
       CREATE UNIQUE INDEX one_home ON "Visit" (place) WHERE place = 'home';
       CREATE INDEX lower_place ON "Visit" (lower(place));
       ALTER TABLE "Visit" ADD CHECK (place <> '');`,
    );
    expect(await migrationsToSchema(database.url, { folder, schema: schema() })).toBeNull();
  });

  test('a migration that fails is named here too, and the shadow database goes', async () => {
    writeModel('  id Int @id');
    write('20260101000000_bad', 'CREATE TABEL visit (id int)');
    await expect(migrationsToSchema(database.url, { folder, schema: schema() })).rejects.toThrow(
      /20260101000000_bad.*TABEL/s,
    );
    expect(await ask(database.url, "SELECT datname FROM pg_database WHERE datname LIKE 'huifang_shadow%'")).toEqual([]);
  });

  test('a suite gets a migrated database of its own', async () => {
    const [one, other] = await Promise.all([createTestDatabase('one'), createTestDatabase('other')]);
    expect(one.url).not.toBe(other.url);
    expect(await pendingMigrations(one.url)).toEqual([]);
    await Promise.all([one.drop(), other.drop()]);
  });
});
