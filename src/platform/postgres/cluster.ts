import { randomBytes, randomInt } from 'node:crypto';
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import type { Log } from '../log.ts';
import { giveTo, makeFolderFor, run } from './account.ts';
import { diskIsFull, EmbeddedPostgresFailed, lastLines } from './failure.ts';
import { eventually } from './patience.ts';
import { clusterIn, type Place } from './place.ts';
import { identityOf, isAlive, worksIn } from './process.ts';
import { type Programs, readyPrograms } from './programs.ts';

/*
 * A cluster is PostgreSQL's word for a data folder with its databases; the postmaster is the process that serves it
 * and writes `postmaster.pid` into it. Everything here happens under the lock.
 */

/** The superuser, and the one database made for him. */
export const owner = 'huifang';

export interface Postmaster {
  readonly pid: number;
  readonly port: number;
}

export interface ServerOptions {
  /** False: survives no power cut. For throw-away test servers only. */
  readonly durable: boolean;
  /** The port to try first, to come back where clients look for us. */
  readonly port?: number;
}

export function passwordIn(home: string): string {
  const file = join(home, 'password');
  if (existsSync(file)) return readFileSync(file, 'utf8').trim();
  throw new EmbeddedPostgresFailed(`has lost ${file}, without which nobody gets to the data beside it`);
}

/** The postmaster of this place, if one is serving; waits for one that is starting or stopping. */
export async function runningPostmaster({ home }: Place): Promise<Postmaster | null> {
  const cluster = clusterIn(home);
  const settled = await eventually(60, () => {
    const found = readPidFile(cluster);
    if (!found) return 'none';
    if (found.pid && !isAlive(identityOf(found.pid))) return 'none';
    // PostgreSQL would not start while it stands: written on a full disk and empty, or, after a restart of the machine
    // or container, with a number that is somebody else's now.
    if (!found.pid || worksIn(found.pid, cluster) === false) {
      rmSync(join(cluster, 'postmaster.pid'), { force: true });
      return 'none';
    }
    return found.status === 'ready' ? found : undefined;
  });
  if (!settled) throw new EmbeddedPostgresFailed(`in ${cluster} has been starting or stopping for a minute`);
  return settled === 'none' ? null : settled;
}

/** Lines of postmaster.pid, by PostgreSQL's src/include/utils/pidfile.h: 1 pid, 4 port, 8 status. */
function readPidFile(cluster: string): (Postmaster & { readonly status: string | undefined }) | null {
  try {
    const lines = readFileSync(join(cluster, 'postmaster.pid'), 'utf8').split('\n');
    return { pid: Math.abs(Number(lines[0])), port: Number(lines[3]), status: lines[7]?.trim() };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

export async function startPostmaster(place: Place, options: ServerOptions, log: Log): Promise<Postmaster> {
  const programs = await readyPrograms(place.account, place.home, log);
  if (!existsSync(clusterIn(place.home))) await initialise(place, programs, options, log);
  requireSameVersion(place.home, programs);
  makeFolderFor(place.account, join(place.home, 'log'));
  writeSettings(place, options);

  let refusal = '';
  // A killed server is looked for where it was, by processes that had it open.
  let port = options.port || readPidFile(clusterIn(place.home))?.port || (await freePort());
  const started = await eventually(15, async () => {
    refusal = (await serve(place, programs, port)) ?? '';
    // Also when refused: a start whose own process was killed may have come to its end meanwhile.
    const running = await runningPostmaster(place);
    if (running) return running;
    if (portIsTaken.test(refusal)) port = await freePort();
    else if (!lastOneIsLeaving.test(refusal)) throw cannotStart(refusal);
    return undefined;
  });
  if (!started) throw cannotStart(refusal);
  return started;
}

const portIsTaken = /could not bind|Address already in use/;
/** Of a killed postmaster, the children take a moment to notice. */
const lastOneIsLeaving = /pre-existing shared memory block|lock file .* already exists/;

function cannotStart(output: string): EmbeddedPostgresFailed {
  return new EmbeddedPostgresFailed(
    diskIsFull(output) ? 'did not start: the disk is full' : `did not start:\n${lastLines(output)}\n`,
  );
}

/** Starts the postmaster and waits until it serves; null, or what it said when it did not. */
async function serve({ account, home }: Place, { pgCtl }: Programs, port: number): Promise<string | null> {
  const startLog = join(home, 'log', 'start.log');
  rmSync(startLog, { force: true });
  const options = ['start', '-s', '-w', '-t', '120', '-D', clusterIn(home), '-l', startLog, '-o', `-p ${port}`];
  const { status, output } = await run(account, pgCtl, options);
  if (status === 0) return null;
  const said = existsSync(startLog) ? readFileSync(startLog, 'utf8') : '';
  return `${output}\n${said.includes('redirecting log output') ? newestServerLog(home) : said}`;
}

function newestServerLog(home: string): string {
  const logs = readdirSync(join(home, 'log')).map((file) => join(home, 'log', file));
  const newest = logs
    .filter((file) => /server-\w+\.log$/.test(file))
    .sort((a, b) => statSync(a).mtimeMs - statSync(b).mtimeMs)
    .at(-1);
  return newest ? readFileSync(newest, 'utf8') : '';
}

/**
 * Below the ports that systems give to outgoing connections: one of those could take ours while the server is being
 * started again, and even be a client of ours that dialled and, by bad luck, reached itself.
 */
async function freePort(): Promise<number> {
  const port = await eventually(5, async () => {
    const candidate = randomInt(20_000, 30_000);
    return (await isFree(candidate)) ? candidate : undefined;
  });
  if (!port) throw new EmbeddedPostgresFailed('finds no free port between 20000 and 30000 on 127.0.0.1');
  return port;
}

const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });

/** Makes a new cluster, beside its place first: an interrupted attempt leaves nothing that looks like a cluster. */
async function initialise(
  { account, home }: Place,
  { initdb }: Programs,
  { durable }: ServerOptions,
  log: Log,
): Promise<void> {
  log.info({ home }, 'making a new database cluster');
  // Never the same name twice: an interrupted initdb may still run, and empties its folder when it notices.
  for (const remains of readdirSync(home).filter((name) => name.startsWith('unfinished-')))
    rmSync(join(home, remains), { recursive: true, force: true, maxRetries: 3 });
  const unfinished = mkdtempSync(join(home, 'unfinished-'));
  giveTo(account, unfinished);
  const password = join(home, 'password');
  writeFileSync(password, `${randomBytes(24).toString('hex')}\n`, { mode: 0o600 });
  giveTo(account, password);

  const { status, output } = await run(account, initdb, [
    `--pgdata=${unfinished}`,
    `--username=${owner}`,
    `--pwfile=${password}`,
    '--auth=scram-sha-256',
    // PostgreSQL's own C.UTF-8 sorts and folds alike on every machine, whatever locales it has.
    '--encoding=UTF8',
    '--locale=C',
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
    ...(durable ? [] : ['--no-sync']),
  ]);
  if (status !== 0)
    throw new EmbeddedPostgresFailed(
      diskIsFull(output)
        ? `cannot make its data folder ${home}: the disk is full`
        : `cannot make its data folder ${home}:\n${lastLines(output)}\n`,
    );
  appendFileSync(join(unfinished, 'postgresql.conf'), "\ninclude 'huifang.conf'\n");
  renameSync(unfinished, clusterIn(home));
}

function requireSameVersion(home: string, { majorVersion }: Programs): void {
  const cluster = clusterIn(home);
  const file = join(cluster, 'PG_VERSION');
  if (!existsSync(file))
    throw new EmbeddedPostgresFailed(`finds no database cluster in ${cluster}; remove it to start with an empty one`);
  const version = Number(readFileSync(file, 'utf8'));
  if (version !== majorVersion)
    throw new EmbeddedPostgresFailed(
      `is version ${majorVersion}, but the data in ${cluster} was written by version ${version}: ` +
        `copy it over with pg_dumpall of version ${version}, or move the folder away to start with an empty database`,
    );
}

/** Written at every start, so that a new version of ours brings its settings to old clusters too. */
function writeSettings({ account, home }: Place, { durable }: ServerOptions): void {
  const settings = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    password_encryption: 'scram-sha-256',
    max_connections: 300,
    timezone: 'UTC',
    log_timezone: 'UTC',
    lc_messages: 'C',
    // One file a weekday, the next week's written over the last one's.
    logging_collector: 'on',
    log_directory: join(home, 'log'),
    log_filename: 'server-%a.log',
    log_rotation_age: '1d',
    log_rotation_size: 0,
    log_truncate_on_rotation: 'on',
    // Failed statements and their values are the client's to report: they hold what no log may hold.
    log_min_messages: 'log',
    log_min_error_statement: 'panic',
    log_error_verbosity: 'terse',
    // A commit is still written before it is answered: a killed server loses none, only a power cut may.
    ...(!durable && { fsync: 'off', full_page_writes: 'off' }),
  };
  const lines = Object.entries(settings).map(([name, value]) => `${name} = '${String(value).replaceAll("'", "''")}'`);
  const file = join(clusterIn(home), 'huifang.conf');
  writeFileSync(
    file,
    `# Written anew at every start. Settings of your own: postgresql.auto.conf.\n${lines.join('\n')}\n`,
  );
  chmodSync(file, 0o600);
  giveTo(account, file);
}

/** Fast shutdown, as `pg_ctl stop -m fast` asks for it: connections are ended, everything is on disk afterwards. */
export async function stopPostmaster({ home }: Place, log: Log): Promise<void> {
  const found = readPidFile(clusterIn(home));
  if (!found) return;
  const postmaster = identityOf(found.pid);
  if (isAlive(postmaster)) process.kill(postmaster.pid, 'SIGINT');
  const gone = await eventually(60, () => (isAlive(postmaster) ? undefined : true));
  if (!gone) log.warn({ pid: postmaster.pid }, 'the embedded PostgreSQL is still stopping after a minute');
}
