import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Order, Standing } from './worker.ts';

/** Worker processes, some of which are always being killed. */
export class Crew {
  readonly #environment: Readonly<Record<string, string>>;
  readonly #now: () => Date;
  readonly #workers = new Set<Worker>();
  /** Everything the dead ever began: the sum must not fall when one of them goes. */
  #begunByTheDead = 0;
  #closed = false;
  kills = 0;

  constructor(environment: Readonly<Record<string, string>>, now: () => Date) {
    this.#environment = environment;
    this.#now = now;
  }

  /** Starts one more; it takes jobs once this resolves. */
  async hire(): Promise<void> {
    const worker = await startWorker(this.#environment, this.#now());
    if (this.#closed) return void (await worker.kill());
    await worker.ask({ to: this.#now().getTime(), work: true });
    // Time may have moved on meanwhile.
    this.#workers.add(worker);
    await worker.ask({ to: this.#now().getTime() });
  }

  /** kill -9 for one of them, `which` from 0 up to 1, and another takes its place. */
  async kill(which: number): Promise<void> {
    const worker = [...this.#workers][Math.floor(which * this.#workers.size)];
    if (!worker) return;
    this.kills += 1;
    this.#workers.delete(worker);
    this.#begunByTheDead += worker.begun + 1;
    await worker.kill();
    if (!this.#closed) await this.hire();
  }

  advance(to: Date): Promise<unknown> {
    return this.#askAll({ to: to.getTime() });
  }

  /** Waits until none is at work. */
  async quiet(): Promise<{ readonly begun: number; readonly awaited: readonly Date[] }> {
    const standings = await this.#askAll({});
    return {
      begun: this.#begunByTheDead + standings.reduce((sum, { begun }) => sum + begun, 0),
      awaited: standings.flatMap(({ awaited }) => (awaited === null ? [] : [new Date(awaited)])),
    };
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#workers].map((worker) => worker.kill()));
  }

  async #askAll(order: Omit<Order, 'number'>): Promise<Standing[]> {
    const standings = await Promise.all([...this.#workers].map((worker) => worker.ask(order)));
    return standings.filter((standing) => standing !== null);
  }
}

interface Worker {
  /** What it last said it had begun. */
  readonly begun: number;
  /** null where it died before it answered. */
  ask(order: Omit<Order, 'number'>): Promise<Standing | null>;
  kill(): Promise<void>;
}

async function startWorker(environment: Readonly<Record<string, string>>, now: Date): Promise<Worker> {
  const file = fileURLToPath(new URL('worker.ts', import.meta.url));
  const child = spawn(process.execPath, ['--import', 'tsx', file, String(now.getTime())], {
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const gone = once(child, 'exit');
  await Promise.race([once(child, 'message'), gone.then(() => Promise.reject(new Error('a worker did not start')))]);
  return open(child, gone);
}

function open(child: ChildProcess, gone: Promise<unknown>): Worker {
  const asked = new Map<number, (standing: Standing | null) => void>();
  let number = 0;
  let begun = 0;
  let alive = true;
  child.on('message', (standing: Standing) => {
    begun = standing.begun;
    asked.get(standing.number)?.(standing);
    asked.delete(standing.number);
  });
  child.on('error', () => {});
  void gone.then(() => {
    alive = false;
    for (const answer of asked.values()) answer(null);
  });
  return {
    get begun() {
      return begun;
    },
    ask: (order) =>
      new Promise((answer) => {
        if (!alive) return answer(null);
        number += 1;
        asked.set(number, answer);
        child.send({ ...order, number } satisfies Order, () => {});
      }),
    async kill() {
      child.kill('SIGKILL');
      await gone;
    },
  };
}
