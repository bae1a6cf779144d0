import { z } from 'zod';
import { connect, type Database, type Query } from '../../platform/database.ts';
import { Refused } from '../../platform/errors.ts';

/**
 * The demo empties a finished demo's database before it starts anew, so it works only in one that was empty when it
 * first came: it says so in the database's comment before it makes anything, so that not even a kill in the middle of
 * the first migration leaves it locked out. How far it came, and with which arguments, stands inside.
 */
const ownership = 'huifang demo: emptied whenever a finished demo is started again';
const mark = z.object({
  managers: z.number(),
  retailers: z.number(),
  seed: z.string(),
  state: z.enum(['running', 'finished']),
});
export type DemoArguments = Omit<z.infer<typeof mark>, 'state'>;
export type Beginning = 'new' | 'resumed' | 'again';

const key = 'demo';

export async function readMark(query: Query): Promise<z.infer<typeof mark> | null> {
  const [row] = await query<{ value: unknown }>({
    text: 'SELECT value FROM installation WHERE key = $1',
    values: [key],
  });
  return row ? mark.parse(row.value) : null;
}

export async function writeMark(query: Query, value: z.infer<typeof mark>): Promise<void> {
  await query({
    text: 'INSERT INTO installation (key, value) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = $2',
    values: [key, JSON.stringify(value)],
  });
}

/**
 * Looks at a database before anything is done to it, and empties it where a finished demo is to be started again.
 *
 * @throws Refused `not-the-demos` where it is somebody else's, `other-arguments` where an unfinished demo had others.
 */
export async function claimDatabase(url: string, wanted: DemoArguments, discard: boolean): Promise<Beginning> {
  const database = connect(url, { connections: 1 });
  try {
    const tables = await userTables(database);
    if (!(await isOurs(database))) {
      if (tables.length > 0)
        throw new Refused(
          'not-the-demos',
          "this database is not the demo's: it holds tables that the demo did not make. Name an empty one with DATABASE_URL, or unset it. 该数据库不是演示专用，请换一个空库或取消 DATABASE_URL。",
        );
      await database.query({
        text: `DO $$ BEGIN EXECUTE format('COMMENT ON DATABASE %I IS %L', current_database(), '${ownership}'); END $$`,
      });
    }
    const found = tables.includes('installation') ? await readMark(database.query) : null;
    if (!found) {
      await empty(database);
      return 'new';
    }
    const same =
      found.managers === wanted.managers && found.retailers === wanted.retailers && found.seed === wanted.seed;
    if (found.state === 'running' && !discard && same) return 'resumed';
    if (found.state === 'running' && !discard) {
      const { managers, retailers, seed } = found;
      throw new Refused(
        'other-arguments',
        `an unfinished demo with other arguments is here. To resume it: npm run demo -- --managers ${managers} --retailers ${retailers} --seed ${seed}. To discard it: add --discard. 这里有一次未完成的演示：用上面的参数继续，或加 --discard 放弃。`,
      );
    }
    await empty(database);
    return 'again';
  } finally {
    await database.close();
  }
}

async function isOurs({ query }: Database): Promise<boolean> {
  const [row] = await query<{ comment: string | null }>({
    text: `SELECT shobj_description(oid, 'pg_database') AS comment FROM pg_database WHERE datname = current_database()`,
  });
  return row?.comment === ownership;
}

async function userTables({ query }: Database): Promise<string[]> {
  const rows = await query<{ table: string }>({
    text: `SELECT table_name AS table FROM information_schema.tables WHERE table_schema NOT IN ('pg_catalog', 'information_schema')`,
  });
  return rows.map(({ table }) => table);
}

async function empty({ query }: Database): Promise<void> {
  const schemas = await query<{ schema: string }>({
    text: `SELECT nspname AS schema FROM pg_namespace WHERE nspname NOT LIKE 'pg\\_%' AND nspname NOT IN ('information_schema', 'public')`,
  });
  for (const { schema } of schemas) await query({ text: `DROP SCHEMA "${schema.replaceAll('"', '""')}" CASCADE` });
  await query({ text: 'DROP SCHEMA IF EXISTS public CASCADE' });
  await query({ text: 'CREATE SCHEMA public' });
}
