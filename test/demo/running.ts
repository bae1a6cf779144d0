import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '../../src/platform/postgres/patience.ts';
import { repository } from '../support/server-processes.ts';

/**
 * A clone of the repository with a data folder of its own, so that its demo meets no other. Sources are copied, packages
 * borrowed one by one: what a clone does to its own node_modules must not reach ours.
 */
export interface Clone {
  readonly folder: string;
  /** Runs a demo to its end. */
  demo(args: readonly string[], environment?: Environment): Promise<Ended>;
  /** Begins a demo. */
  begin(args: readonly string[], environment?: Environment): Running;
  /** Every process that was started from here: node, simulator, PostgreSQL. */
  processes(): RunningProcess[];
  /** kill -9 for all of them at once. */
  killAll(): Promise<void>;
  /** Calls that the simulator has taken so far, by its journal. */
  callsSoFar(): number;
  /** All that was ever printed here. */
  readonly printed: string[];
  remove(): Promise<void>;
}

type Environment = Readonly<Record<string, string>>;

export interface Ended {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly output: string;
  readonly errors: string;
}

export interface Running {
  readonly pid: number;
  /** Standard output and standard error so far. */
  said(): string;
  /** Waits until it has said it; fails when it ends before, or with `seconds` gone. */
  says(words: string | RegExp, seconds?: number): Promise<string>;
  signal(signal: NodeJS.Signals): void;
  readonly ended: Promise<Ended>;
}

export interface RunningProcess {
  readonly pid: number;
  readonly command: string;
}

export function cloneForDemos(): Clone {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'huifang-demo-')));
  // PostgreSQL run by root belongs to another user, who must be able to enter.
  chmodSync(folder, 0o755);
  for (const part of ['bin', 'src', 'prisma', 'package.json', 'package-lock.json'])
    cpSync(join(repository, part), join(folder, part), { recursive: true });
  borrowPackages(join(repository, 'node_modules'), join(folder, 'node_modules'));
  const printed: string[] = [];
  const begin = (args: readonly string[], environment: Environment = {}) => {
    const child = spawn(process.execPath, [join(folder, 'bin/huifang.mjs'), 'demo', ...args], {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'pipe'],
      // Only what every process needs: no setting of whoever runs the tests reaches the demo.
      env: { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? folder, PORT: '0', ...environment },
    });
    return follow(child, printed);
  };
  const processes = () => processesOf(folder);
  const killAll = async () => {
    const gone = await eventually(20, () => {
      const left = processes();
      for (const { pid } of left) kill(pid);
      return left.length === 0 || undefined;
    });
    if (!gone) throw new Error('killed processes are still there');
  };
  return {
    ...{ folder, printed, begin, processes, killAll },
    demo: (args, environment) => begin(args, environment).ended,
    callsSoFar: () => countCalls(join(folder, '.data/demo/simulator/journal.ndjson')),
    async remove() {
      await killAll();
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** Every package is a link of its own, in a folder that is not ours. */
function borrowPackages(from: string, to: string): void {
  mkdirSync(to);
  for (const entry of readdirSync(from, { withFileTypes: true }))
    if (entry.isFile()) copyFileSync(join(from, entry.name), join(to, entry.name));
    else symlinkSync(join(from, entry.name), join(to, entry.name));
}

function follow(child: ChildProcess, printed: string[]): Running {
  const heard = { out: '', err: '' };
  let wake = () => {};
  const hear = (where: 'out' | 'err') => (text: string) => {
    heard[where] += text;
    printed.push(text);
    wake();
  };
  child.stdout?.setEncoding('utf8').on('data', hear('out'));
  child.stderr?.setEncoding('utf8').on('data', hear('err'));
  let over = false;
  const ended = new Promise<Ended>((resolve) => {
    child.once('close', (status, signal) => {
      over = true;
      resolve({ status, signal, output: heard.out, errors: heard.err });
      wake();
    });
  });
  const said = () => heard.err + heard.out;
  return {
    pid: child.pid ?? 0,
    said,
    ended,
    signal: (signal) => void child.kill(signal),
    async says(words, seconds = 60) {
      const timer = setTimeout(() => wake(), seconds * 1000);
      const end = performance.now() + seconds * 1000;
      try {
        for (;;) {
          const [found] = said().match(words) ?? [];
          if (found !== undefined) return found;
          if (over || performance.now() >= end) throw new Error(`it never said ${words}, but:\n${said()}`);
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        }
      } finally {
        clearTimeout(timer);
      }
    },
  };
}

/** Those whose command names the folder, and their children: PostgreSQL's own rename themselves. */
function processesOf(folder: string): RunningProcess[] {
  const all = execFileSync('ps', ['-A', '-o', 'pid=,ppid=,stat=,command='], { encoding: 'utf8' })
    .split('\n')
    .flatMap((line) => {
      const [, pid, parent, state = '', command = ''] = /^\s*(\d+)\s+(\d+)\s+(\S+)\s+(.*)$/.exec(line) ?? [];
      return pid && !state.startsWith('Z') ? [{ pid: Number(pid), parent: Number(parent), command }] : [];
    });
  const found = new Set(all.filter(({ command }) => command.includes(folder)).map(({ pid }) => pid));
  for (let before = -1; before < found.size; ) {
    before = found.size;
    for (const { pid, parent } of all) if (found.has(parent)) found.add(pid);
  }
  return all.filter(({ pid }) => found.has(pid)).map(({ pid, command }) => ({ pid, command }));
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

const countCalls = (journal: string): number =>
  existsSync(journal) ? readFileSync(journal, 'utf8').split('"entry":"call"').length - 1 : 0;
