import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { inject } from 'vitest';
import { siblingUrl } from '../../src/platform/postgres/schema-engine.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** From global-setup.ts: the server, a migrated database to copy, and the number of this run. */
    testServer: { readonly url: string; readonly template: string; readonly run: number };
  }
}

export interface TestDatabase {
  readonly url: string;
  /** Ends every connection to it and removes it. */
  drop(): Promise<void>;
}

/** A database of one suite's own, migrated and empty. `name` is for whoever looks at the server while tests run. */
export const createTestDatabase = (name: string): Promise<TestDatabase> => create(name, inject('testServer').template);

/** The same, without a table in it. */
export const createEmptyDatabase = (name: string): Promise<TestDatabase> => create(name, 'template0');

async function create(name: string, template: string): Promise<TestDatabase> {
  const { url, run } = inject('testServer');
  const label = name.toLowerCase().replace(/\W+/g, '_').slice(0, 30);
  const database = `test_${run}_${label}_${randomBytes(4).toString('hex')}`;
  await ask(url, `CREATE DATABASE ${database} TEMPLATE ${template}`);
  return {
    url: siblingUrl(url, database),
    async drop() {
      await ask(url, `DROP DATABASE IF EXISTS ${database} WITH (FORCE)`);
    },
  };
}

/** One statement on a connection of its own. */
export async function ask<Row extends pg.QueryResultRow>(url: string, statement: string): Promise<Row[]> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    return (await client.query<Row>(statement)).rows;
  } finally {
    await client.end();
  }
}
