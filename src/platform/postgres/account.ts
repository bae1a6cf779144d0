import { spawn } from 'node:child_process';
import { lchownSync, mkdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { EmbeddedPostgresFailed } from './failure.ts';

/** The system user the server's programs run as; null: as ourselves. */
export type Account = { readonly uid: number; readonly gid: number } | null;

/**
 * PostgreSQL refuses to run as root, so root runs it as the owner of the existing cluster, or for a new one as
 * `postgres` or `nobody`: `initdb` wants a user with a name, and making users is not ours to do.
 */
export function accountFor(cluster: string): Account {
  if (process.getuid?.() !== 0) return null;
  return ownerOf(cluster) ?? named('postgres') ?? named('nobody') ?? noAccount();
}

function ownerOf(folder: string): Account {
  const { uid, gid } = statSync(folder, { throwIfNoEntry: false }) ?? { uid: 0, gid: 0 };
  return uid === 0 ? null : { uid, gid };
}

function named(user: string): Account {
  const entry = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'))
    .find(([name]) => name === user);
  return entry ? { uid: Number(entry[2]), gid: Number(entry[3]) } : null;
}

function noAccount(): never {
  throw new EmbeddedPostgresFailed(
    'cannot run as root, and there is neither a user "postgres" nor "nobody" to run it as',
  );
}

export function giveTo(account: Account, path: string): void {
  if (account) lchownSync(path, account.uid, account.gid);
}

/** A folder that nobody but `account` looks into: PostgreSQL accepts no other. */
export function makeFolderFor(account: Account, folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  giveTo(account, folder);
}

export interface Outcome {
  /** The exit status; null when the program could not be started or was killed. */
  readonly status: number | null;
  /** Standard output and standard error, as they came. */
  readonly output: string;
  /** Why it could not be started, e.g. ENOENT or EACCES. */
  readonly refused: string | null;
}

/** Runs a program as `account` in a session of its own, so that Ctrl-C in our terminal does not reach it. */
export function run(account: Account, program: string, args: readonly string[]): Promise<Outcome> {
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      ...account,
      cwd: '/',
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: environment(),
    });
    let output = '';
    const hear = (chunk: string) => {
      output += chunk;
    };
    child.stdout.setEncoding('utf8').on('data', hear);
    child.stderr.setEncoding('utf8').on('data', hear);
    child.on('error', (error: NodeJS.ErrnoException) =>
      resolve({ status: null, output: error.message, refused: error.code ?? error.message }),
    );
    child.on('close', (status) => resolve({ status, output, refused: null }));
  });
}

/**
 * Little of ours: the server outlives us and must neither keep our secrets in its environment nor follow a stray
 * PGDATA or PGPORT. Messages in English, because we read them.
 */
const environment = (): NodeJS.ProcessEnv => ({
  PATH: process.env.PATH,
  ...(process.env.SystemRoot && { SystemRoot: process.env.SystemRoot }),
  LC_ALL: 'C',
  TZ: 'UTC',
});

/**
 * Whether `folder` can hold a cluster of `account`: some directory above it may be closed to him, and folders shared
 * from Windows or a virtual machine's host know no owners and modes.
 */
export async function canHost(account: Account, folder: string): Promise<boolean> {
  const probe = join(folder, '.probe');
  try {
    makeFolderFor(account, probe);
    const { mode, uid } = statSync(probe);
    if (process.platform === 'win32') return true;
    if ((mode & 0o777) !== 0o700 || (account && uid !== account.uid)) return false;
    return account === null || (await run(account, '/bin/sh', ['-c', 'cd "$1"', 'sh', probe])).status === 0;
  } catch {
    return false;
  } finally {
    rmSync(probe, { recursive: true, force: true });
  }
}
