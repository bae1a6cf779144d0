import { mkdirSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import type { Log } from '../log.ts';
import {
  owner,
  type Postmaster,
  passwordIn,
  runningPostmaster,
  type ServerOptions,
  startPostmaster,
  stopPostmaster,
} from './cluster.ts';
import { EmbeddedPostgresFailed, explain } from './failure.ts';
import { withLock } from './lock.ts';
import { eventually } from './patience.ts';
import { findPlace, type Place } from './place.ts';

/*
 * A PostgreSQL server of our own, for who has none, shared by all processes that use the same data folder. None of
 * them is its parent: it is started detached, found by the next, and stopped by the last.
 *
 * Who is in is written in the server itself: every process keeps one idle connection open, named as below. It ends
 * with its process however that dies, so unlike a file or a counter it cannot be left behind.
 */
const presenceName = 'huifang-presence';

/** Seconds to wait for other processes that start or stop the server: a first start on a slow disk takes a minute. */
const lockPatience = 180;

export interface EmbeddedPostgres {
  /** For the superuser, to the database made for us; holds the password. */
  readonly url: string;
  /** Leaves; the last one out stops the server. Resolves when it has stopped. */
  close(): Promise<void>;
}

export interface EmbeddedOptions {
  /** An absolute path; made if missing. */
  readonly dataDir: string;
  readonly log: Log;
  /** False for tests and demos: quicker. What was committed outlives a killed server, not a power cut. */
  readonly durable?: boolean;
}

/** Starts the server of `dataDir`, or joins it where it runs. Fails with `EmbeddedPostgresFailed`. */
export async function openEmbeddedPostgres({
  dataDir,
  log,
  durable = true,
}: EmbeddedOptions): Promise<EmbeddedPostgres> {
  const leaving = new AbortController();
  let visit = await enter(dataDir, { durable }, log);
  const url = urlOf(visit);
  let returning: Promise<void> = Promise.resolve();
  let closed: Promise<void> | undefined;
  stayPresent();
  return {
    url,
    close() {
      closed ??= close();
      return closed;
    },
  };

  /**
   * Comes back when the connection breaks, because who is not present has the server stopped under him; and starts
   * the server again, at the same port, should it have died.
   */
  function stayPresent(): void {
    visit.presence.once('end', () => {
      if (!leaving.signal.aborted) returning = comeBack();
    });
  }

  async function comeBack(): Promise<void> {
    log.warn('the connection to the embedded PostgreSQL broke');
    for (let seconds = 0; !leaving.signal.aborted; seconds = Math.min(seconds * 2 + 1, 30))
      try {
        await pause(seconds * 1000, undefined, { signal: leaving.signal });
        visit = await enter(dataDir, { durable, port: visit.postmaster.port }, log);
        if (urlOf(visit) !== url) log.error('the embedded PostgreSQL has a new address; restart this process');
        return stayPresent();
      } catch (error) {
        if (!leaving.signal.aborted) log.error({ err: error }, 'the embedded PostgreSQL does not come back yet');
      }
  }

  async function close(): Promise<void> {
    leaving.abort();
    await returning;
    const leave = () => visit.presence.end().catch(() => {});
    try {
      await alone(dataDir, async () => {
        await leave();
        if (await isEmpty(visit)) await stopPostmaster(visit.place, log);
      });
    } catch (error) {
      // Without the lock nobody may be sure to be the last: the server stays for the next to find.
      log.error({ err: error }, 'the embedded PostgreSQL could not be stopped');
      await leave();
    }
  }
}

function enter(dataDir: string, options: ServerOptions, log: Log): Promise<Visit> {
  return alone(dataDir, async () => {
    const place = await findPlace(realpathSync(dataDir), log);
    const running = await runningPostmaster(place);
    const postmaster = running ?? (await startPostmaster(place, options, log));
    try {
      return { place, postmaster, presence: await present(place.home, postmaster) };
    } catch (error) {
      if (!running) await stopPostmaster(place, log);
      throw error;
    }
  });
}

/** One process's stay at a server. */
interface Visit {
  readonly place: Place;
  readonly postmaster: Postmaster;
  readonly presence: pg.Client;
}

const urlOf = ({ place, postmaster }: Visit): string =>
  `postgresql://${owner}:${passwordIn(place.home)}@127.0.0.1:${postmaster.port}/${owner}`;

async function alone<T>(dataDir: string, work: () => Promise<T>): Promise<T> {
  try {
    mkdirSync(dataDir, { recursive: true });
    return await withLock(join(dataDir, 'lock'), lockPatience, work);
  } catch (error) {
    throw explain(error, dataDir);
  }
}

/** Opens the presence, and makes our database at the first time. */
async function present(home: string, postmaster: Postmaster): Promise<pg.Client> {
  let refusal: unknown;
  const presence = await eventually(10, async () => {
    try {
      return await connectAs(presenceName, home, postmaster);
    } catch (error) {
      refusal = error;
      return undefined;
    }
  });
  if (!presence) throw letsNobodyIn(postmaster, refusal);
  try {
    const { rowCount } = await presence.query('SELECT FROM pg_database WHERE datname = $1', [owner]);
    if (!rowCount) await presence.query(`CREATE DATABASE ${owner}`);
    return presence;
  } catch (error) {
    await presence.end().catch(() => {});
    throw letsNobodyIn(postmaster, error);
  }
}

const letsNobodyIn = ({ port }: Postmaster, cause: unknown): EmbeddedPostgresFailed =>
  new EmbeddedPostgresFailed(`runs on port ${port} but lets nobody in (${(cause as Error).message})`, { cause });

async function connectAs(name: string, home: string, { port }: Postmaster): Promise<pg.Client> {
  const client = new pg.Client({
    host: '127.0.0.1',
    port,
    user: owner,
    password: passwordIn(home),
    database: 'postgres',
    application_name: name,
    keepAlive: true,
  });
  client.on('error', () => {}); // 'end' follows and is dealt with; unheard, this event would end the process.
  await client.connect();
  return client;
}

/** Nobody is present any more. When that cannot be found out, the server stays for who may be. */
async function isEmpty({ place, postmaster }: Visit): Promise<boolean> {
  try {
    const client = await connectAs('huifang-closing', place.home, postmaster);
    const { rowCount } = await client.query('SELECT FROM pg_stat_activity WHERE application_name = $1', [presenceName]);
    await client.end();
    return rowCount === 0;
  } catch {
    return false;
  }
}
