import { PrismaPg } from '@prisma/adapter-pg';
import pg from 'pg';
import { PrismaClient } from '#prisma';

/**
 * One pool for Prisma and for the few hand-written statements. Prisma is for everything that is not on a call's turn
 * or over many rows at once; those are one typed statement each, in the store file of their part.
 */
export interface Database {
  readonly prisma: PrismaClient;
  query<Row>(statement: Statement): Promise<Row[]>;
  /** Runs `work` in one transaction on one connection; any error rolls everything back. */
  transaction<T>(work: (query: Query) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

export type Query = <Row>(statement: Statement) => Promise<Row[]>;

/** `name` makes it a prepared statement, planned once a connection. */
export interface Statement {
  readonly name?: string;
  readonly text: string;
  readonly values?: readonly unknown[];
}

/**
 * How long an unused connection is kept, in milliseconds. A new one costs the first callers who need it tens of
 * milliseconds, for the connection and for every plan on it: after a lull they would all be made within one burst.
 */
const keptIdle = 5 * 60_000;

/** PostgreSQL's code for a row that a unique index forbids. */
export const uniqueViolation = '23505';

export function connect(url: string, { connections = 12 }: { connections?: number } = {}): Database {
  const pool = new pg.Pool({
    ...{ connectionString: url, max: connections, application_name: 'huifang', idleTimeoutMillis: keptIdle },
  });
  // An idle connection that breaks is replaced at its next use; unheard, the event would end the process.
  pool.on('error', () => {});
  const prisma = new PrismaClient({ adapter: new PrismaPg(pool) });
  const on =
    (client: pg.Pool | pg.PoolClient): Query =>
    async <Row>({ name, text, values }: Statement) =>
      (await client.query({ ...(name && { name }), text, values: [...(values ?? [])] })).rows as Row[];
  return {
    prisma,
    query: on(pool),
    async transaction(work) {
      const client = await pool.connect();
      try {
        await client.query('BEGIN');
        const result = await work(on(client));
        await client.query('COMMIT');
        client.release();
        return result;
      } catch (error) {
        // A connection whose rollback fails is broken: it must not go back into the pool.
        await client.query('ROLLBACK').then(
          () => client.release(),
          () => client.release(true),
        );
        throw error;
      }
    },
    async close() {
      await prisma.$disconnect();
      if (!pool.ended) await pool.end();
    },
  };
}
