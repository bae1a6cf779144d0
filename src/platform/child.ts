import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** A process of our own beside this one. */
export interface Child {
  /** The first line it printed, which says that it is ready. */
  readonly ready: string;
  /** Asks it to end, and waits until it has. */
  stop(): Promise<void>;
}

/**
 * Starts a TypeScript file of this repository as a process and waits for its first line. It runs in a session of its
 * own, so that Ctrl-C reaches us alone and we can drain first, and it ends with us: it watches the channel between us.
 *
 * @throws Error with what it wrote to standard error, if it ends before it is ready.
 */
export async function startChild(
  file: URL,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<Child> {
  const child = spawn(process.execPath, ['--import', import.meta.resolve('tsx'), fileURLToPath(file), ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    detached: true,
  });
  const complaints: string[] = [];
  child.stderr?.setEncoding('utf8').on('data', (text: string) => complaints.push(text));
  const ready = await firstLine(child, complaints);
  return {
    ready,
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const gone = once(child, 'exit');
      child.kill('SIGTERM');
      await gone;
    },
  };
}

async function firstLine(child: ChildProcess, complaints: readonly string[]): Promise<string> {
  if (!child.stdout) throw new Error('the process has no standard output');
  const lines = createInterface({ input: child.stdout });
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`the process ended (${code}) before it was ready: ${complaints.join('').trim()}`);
  });
  const [line] = (await Promise.race([once(lines, 'line'), ended])) as [string];
  ended.catch(() => {});
  // What it prints later is read and dropped: a full pipe would stop it.
  lines.on('line', () => {});
  return line;
}
