import { type ChildProcessWithoutNullStreams, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { eventually } from '../../src/platform/postgres/patience.ts';
import { identityOf, isAlive, type ProcessIdentity } from '../../src/platform/postgres/process.ts';

export const repository = fileURLToPath(new URL('../..', import.meta.url));

/** A process that has the embedded server of a data folder open (test/platform/stay.ts). */
export interface Visitor {
  readonly pid: number;
  readonly url: string;
  readonly port: number;
  /** How long opening took. */
  readonly milliseconds: number;
  /** What it logged so far. */
  log(): string;
  /** Asks it to close and leave; resolves with its exit status. */
  leave(): Promise<number | null>;
  /** kill -9. */
  kill(): Promise<void>;
}

export interface VisitorOptions {
  /** The clone to run, this one by default. */
  readonly clone?: string;
  readonly uid?: number;
}

const visitors = new Set<ChildProcessWithoutNullStreams>();

/** Starts a process that opens the server, and kills it (-9) that long after, however far it got. */
export async function visitAndKill(dataDir: string, milliseconds: number): Promise<void> {
  const child = spawn(process.execPath, ['--import', 'tsx', 'test/platform/stay.ts', dataDir], {
    cwd: repository,
    timeout: milliseconds,
    killSignal: 'SIGKILL',
  });
  await once(child, 'exit');
}

/** Starts a process that opens the server; fails with what it said if it could not. */
export async function visit(dataDir: string, { clone = repository, uid }: VisitorOptions = {}): Promise<Visitor> {
  const child = spawn(process.execPath, ['--import', 'tsx', 'test/platform/stay.ts', dataDir], {
    cwd: clone,
    ...(uid !== undefined && { uid, gid: uid, env: { PATH: process.env.PATH, HOME: dataDir } }),
  });
  visitors.add(child);
  const left = once(child, 'close').then(([status]) => {
    visitors.delete(child);
    return status as number | null;
  });
  let heard = '';
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    heard += chunk;
  });
  const line = await Promise.race([once(createInterface(child.stdout), 'line').then(([said]) => said as string), left]);
  const said = typeof line === 'string' ? (JSON.parse(line) as Partial<Visitor> & { failure?: string }) : {};
  if (!said.url) throw new Error(said.failure ?? `ended with status ${await left}: ${heard}`);
  return {
    pid: child.pid ?? 0,
    url: said.url,
    port: Number(new URL(said.url).port),
    milliseconds: said.milliseconds ?? 0,
    log: () => heard,
    leave() {
      child.stdin.end();
      return left;
    },
    async kill() {
      child.kill('SIGKILL');
      await left;
    },
  };
}

/** The folder that a server lives in: its data folder, or where that points to. */
export function homeOf(dataDir: string): string {
  const pointer = join(dataDir, 'lives-in');
  return existsSync(pointer) ? readFileSync(pointer, 'utf8').trim() : dataDir;
}

/** The postmaster of a data folder and all its children; empty when no server runs. */
export function serverProcesses(dataDir: string): ProcessIdentity[] {
  const file = join(homeOf(dataDir), 'cluster', 'postmaster.pid');
  if (!existsSync(file)) return [];
  const postmaster = Number(readFileSync(file, 'utf8').split('\n')[0]);
  const children = execFileSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' })
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number))
    .filter(([, parent]) => parent === postmaster)
    .map(([pid]) => pid ?? 0);
  return [postmaster, ...children].map(identityOf).filter(isAlive);
}

/** Whether all of them end within ten seconds. */
export async function end(processes: readonly ProcessIdentity[]): Promise<boolean> {
  return (await eventually(10, () => (processes.some(isAlive) ? undefined : true))) ?? false;
}

export async function killAll(processes: readonly ProcessIdentity[]): Promise<void> {
  for (const { pid } of processes.filter(isAlive)) process.kill(pid, 'SIGKILL');
  if (!(await end(processes))) throw new Error('killed processes are still there');
}

/** For after a test, also one that failed: no process and no server of it is left. */
export async function endVisits(...dataDirs: readonly string[]): Promise<void> {
  for (const child of visitors) child.kill('SIGKILL');
  for (const dataDir of dataDirs) await killAll(serverProcesses(dataDir));
}
