import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { PrismaPg } from '@prisma/adapter-pg';
import {
  bindMigrationAwareSqlAdapterFactory,
  ColumnTypeEnum,
  DriverAdapterError,
  type SqlResultSet,
} from '@prisma/driver-adapter-utils';
import type { MigrationList, SchemaEngine } from '@prisma/schema-engine-wasm';
import pg from 'pg';

export type { MigrationList, SchemaEngine };

/** No table or enum of ours is managed by somebody else. */
export const everything = { externalTables: [], externalEnums: [] };

/**
 * Prisma's schema engine, on one connection to the database of `connection` for as long as `work` takes. It is the
 * WebAssembly build: the Prisma CLI would fetch a native one from a host that many intranets cannot reach.
 */
export async function withSchemaEngine<T>(
  connection: SingleConnection,
  schema: string | undefined,
  work: (engine: SchemaEngine) => Promise<T>,
): Promise<T> {
  const { SchemaEngine } = await loadEngine();
  const adapter = bindMigrationAwareSqlAdapterFactory(connection);
  const datamodels = schema === undefined ? undefined : [['schema.prisma', schema] as [string, string]];
  const engine = await SchemaEngine.new({ datamodels }, () => {}, adapter);
  try {
    return await work(engine);
  } finally {
    engine.free();
  }
}

/** TypeScript's own declaration of it comes with the browser's library only. */
const { WebAssembly } = globalThis as unknown as {
  WebAssembly: {
    instantiate(code: Uint8Array, imports: object): Promise<{ instance: { exports: Record<string, unknown> } }>;
  };
};

/** Node 20 cannot import a .wasm file, so the package's own entry fails there; this does by hand what it does. */
async function loadEngine() {
  const name = '@prisma/schema-engine-wasm/schema_engine_bg';
  const bindings = await import('@prisma/schema-engine-wasm/schema_engine_bg');
  const file = createRequire(import.meta.url)
    .resolve(name)
    .replace(/\.js$/, '.wasm');
  // Where the engine leaves its last words; without it they are lost. Prisma's client sets the same.
  Object.assign(globalThis, { PRISMA_WASM_PANIC_REGISTRY: { set_message: panic } });
  loading ??= (async () => {
    const wasm = await WebAssembly.instantiate(await readFile(file), { './schema_engine_bg.js': { ...bindings } });
    const start = wasm.instance.exports.__wbindgen_start;
    bindings.__wbg_set_wasm(wasm.instance.exports);
    if (typeof start === 'function') start();
  })();
  await loading;
  return bindings;
}

let loading: Promise<void> | undefined;

function panic(message: string): never {
  throw new Error(`Prisma's schema engine panicked: ${message}`);
}

/**
 * Prisma's adapter for PostgreSQL, mended where it does not fit migrations (adapter-pg 7.10.0):
 * - it spreads over a pool, where the engine's advisory lock and a transaction need one connection;
 * - it cuts scripts at every semicolon, also inside functions and strings;
 * - it makes the shadow database's connection from the URL of the main one, and would rehearse migrations there;
 * - it does not know the type "char" of the system catalogues that the engine reads to compare schemas.
 */
export class SingleConnection extends PrismaPg {
  readonly #url: string;
  readonly #pool: pg.Pool;
  #client: Promise<pg.PoolClient> | undefined;
  /** The error of the last script that failed: the engine's own report of it is buried in traces. */
  failure: pg.DatabaseError | undefined;

  constructor(url: string) {
    const pool = new pg.Pool({ connectionString: url, max: 1, application_name: 'huifang-migrations' });
    super(pool);
    this.#url = url;
    this.#pool = pool;
    // A pool drops a connection after any error in it, and with it the lock.
    pool.query = ((...request: unknown[]) => this.#send(...request)) as typeof pool.query;
  }

  async query<Row extends pg.QueryResultRow>(text: string): Promise<Row[]> {
    return (await this.#pool.query<Row>(text)).rows;
  }

  override async connect() {
    const adapter = await super.connect();
    const queryRaw = adapter.queryRaw.bind(adapter);
    adapter.queryRaw = async (query) => restoreInternalChar(await queryRaw(query));
    adapter.executeScript = (script) => this.#execute(script);
    return adapter;
  }

  override async connectToShadowDb() {
    const name = `huifang_shadow_${crypto.randomUUID().replaceAll('-', '')}`;
    await this.query(`CREATE DATABASE ${name}`);
    const shadow = new SingleConnection(siblingUrl(this.#url, name));
    const adapter = await shadow.connect();
    adapter.dispose = async () => {
      this.failure = shadow.failure;
      await shadow.close();
      await this.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
    };
    return adapter;
  }

  async close(): Promise<void> {
    const client = await this.#client?.catch(() => undefined);
    client?.release(true);
    await this.#pool.end();
  }

  async #send(...request: unknown[]): Promise<pg.QueryResult> {
    this.#client ??= this.#checkOut();
    const client = await this.#client;
    const query: (...request: unknown[]) => Promise<pg.QueryResult> = client.query.bind(client);
    return passInternalChar(await query(...request));
  }

  async #checkOut(): Promise<pg.PoolClient> {
    const client = await this.#pool.connect();
    client.on('error', () => {}); // The next query fails and says so.
    return client;
  }

  async #execute(script: string): Promise<void> {
    try {
      await this.query(script);
    } catch (error) {
      if (!(error instanceof pg.DatabaseError)) throw error;
      this.failure = error;
      const { code = 'N/A', severity = 'ERROR', message, detail, column, hint } = error;
      throw new DriverAdapterError({ kind: 'postgres', code, severity, message, detail, column, hint });
    }
  }
}

/** Not among adapter-pg's types, so it goes through them as an array of itself, which the engine never asks for. */
const internalChar = { scalar: 18, array: 1002 };

function passInternalChar(result: pg.QueryResult): pg.QueryResult {
  for (const field of result.fields ?? [])
    if (field.dataTypeID === internalChar.scalar) field.dataTypeID = internalChar.array;
  return result;
}

const restoreInternalChar = (result: SqlResultSet): SqlResultSet => ({
  ...result,
  columnTypes: result.columnTypes.map((type) =>
    type === ColumnTypeEnum.CharacterArray ? ColumnTypeEnum.Character : type,
  ),
});

/** The same server, another database. */
export function siblingUrl(url: string, database: string): string {
  const sibling = new URL(url);
  sibling.pathname = `/${database}`;
  return sibling.href;
}
