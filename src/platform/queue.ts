import { createPostgresBackend, type Job, Queue, Worker, withBackend } from 'bullmq';
import type { z } from 'zod';
import type { Activity } from './activity.ts';
import type { Chance } from './chance.ts';
import type { Log } from './log.ts';

/**
 * Queues for work that should happen soon, on PostgreSQL or on Redis. A job is a hint: it carries ids, may come twice
 * or never, and whoever works it asks the database what is true. Payloads are checked when queued and when taken.
 *
 *   catalogue  every kind of job there is: its queue, its payload's schema, how often it is tried
 *   handler    what is done with one; starting fails unless every kind has exactly one
 */
export interface JobKind<Payload extends z.ZodType = z.ZodType> {
  readonly queue: string;
  readonly payload: Payload;
  /** How often a job that throws is tried, the first time included; the wait doubles from one second. */
  readonly tries: number;
}

export type Catalogue = Readonly<Record<string, JobKind>>;
export type PayloadOf<C extends Catalogue, Name extends keyof C> = z.infer<C[Name]['payload']>;
export type Handlers<C extends Catalogue> = {
  readonly [Name in keyof C]: (payload: PayloadOf<C, Name>) => Promise<void>;
};

export interface Queues<C extends Catalogue> {
  add<Name extends keyof C & string>(name: Name, ...payloads: PayloadOf<C, Name>[]): Promise<void>;
  /** Starts taking jobs, `concurrency` at a time in each queue. */
  work(handlers: Handlers<C>, concurrency: Readonly<Record<string, number>>): Promise<void>;
  /** Throws away every job, waiting or left behind by a process that was killed. Business loses nothing by it. */
  clear(): Promise<void>;
  /** Throws unless the queue's store answers. */
  ping(): Promise<void>;
  /** How many jobs nobody has taken up yet, but for those that wait for their next try. */
  waiting(): Promise<number>;
  /** Stops taking jobs, waits for those that run, and lets go of every connection. */
  close(): Promise<void>;
}

export interface QueueSettings {
  readonly redisUrl: string | null;
  readonly databaseUrl: string;
  /** Keeps installations that share a Redis, or test suites that share a server, apart. */
  readonly prefix: string;
  /** Count a queued job as under way until it is over: only where this process alone works the queues (the demo). */
  readonly alone: boolean;
}

export async function openQueues<C extends Catalogue>(
  catalogue: C,
  settings: QueueSettings,
  { activity, chance, log }: { activity: Activity; chance: Chance; log: Log },
): Promise<Queues<C>> {
  const { makeQueue, makeWorker } = backend(settings);
  const names = [...new Set(Object.values(catalogue).map(({ queue }) => queue))];
  const queues = new Map(names.map((name) => [name, makeQueue(name)]));
  const workers: AnyWorker[] = [];
  const underWay = jobsUnderWay(activity);
  const complain = (queue: string) => (error: Error) => log.warn({ err: error, queue }, 'queue connection');
  for (const [name, queue] of queues) queue.on('error', complain(name));
  await Promise.all([...queues.values()].map((queue) => queue.waitUntilReady()));

  const kindOf = (name: string): JobKind => {
    const kind = catalogue[name];
    if (!kind) throw new Error(`no job is called ${name}`);
    return kind;
  };

  return {
    async add(name, ...payloads) {
      const kind = kindOf(name);
      const jobs = payloads.map((payload) => ({
        name,
        data: kind.payload.parse(payload),
        opts: { jobId: chance.id(), attempts: kind.tries, backoff, removeOnComplete: true, removeOnFail: kept },
      }));
      if (settings.alone) for (const { opts } of jobs) underWay.begin(opts.jobId, name);
      await activity.during('queueing', async () => queues.get(kind.queue)?.addBulk(jobs));
    },
    async work(handlers, concurrency) {
      for (const name of Object.keys(catalogue)) if (!handlers[name]) throw new Error(`job ${name} has no handler`);
      for (const name of names) {
        const worker = makeWorker(name, concurrency[name] ?? 1, async (job) => {
          underWay.begin(job.id, job.name);
          await handlers[job.name as keyof C](kindOf(job.name).payload.parse(job.data) as PayloadOf<C, keyof C>);
        });
        worker.on('completed', (job) => underWay.end(job.id));
        worker.on('failed', (job, error) => {
          log.warn({ err: error, job: job?.name, payload: job?.data }, 'job failed');
          const last = !job || job.attemptsMade >= (job.opts.attempts ?? 1);
          if (last || !settings.alone) underWay.end(job?.id);
        });
        worker.on('error', complain(name));
        workers.push(worker);
      }
      await Promise.all(workers.map((worker) => worker.waitUntilReady()));
    },
    async clear() {
      await Promise.all([...queues.values()].map((queue) => queue.obliterate({ force: true })));
    },
    async ping() {
      await Promise.all([...queues.values()].map((queue) => queue.getJobCounts('waiting')));
    },
    async waiting() {
      const counts = await Promise.all([...queues.values()].map((queue) => queue.getJobCounts('waiting')));
      return counts.reduce((sum, { waiting = 0 }) => sum + waiting, 0);
    },
    async close() {
      await Promise.all(workers.map((worker) => worker.close()));
      await Promise.all([...queues.values()].map((queue) => queue.close()));
    },
  };
}

const backoff = { type: 'exponential', delay: 1000 };
/** Failed jobs kept for whoever looks into them. */
const kept = { count: 200 };

/** What a job is noted as in the activity of its process. */
export const jobLabel = (name: string): string => `job ${name}`;

/** Notes each job once, however often it is mentioned. */
function jobsUnderWay(activity: Activity) {
  const noted = new Map<string, string>();
  return {
    begin(id: string | undefined, name: string): void {
      if (id === undefined || noted.has(id)) return;
      noted.set(id, name);
      activity.begin(jobLabel(name));
    },
    end(id: string | undefined): void {
      const name = id === undefined ? undefined : noted.get(id);
      if (id === undefined || name === undefined) return;
      noted.delete(id);
      activity.end(jobLabel(name));
    },
  };
}

interface Backend {
  makeQueue(name: string): AnyQueue;
  makeWorker(name: string, concurrency: number, process: (job: Job) => Promise<void>): AnyWorker;
}

/** What both backends' classes share, and all that is used of them. */
type AnyQueue = Pick<Queue, 'addBulk' | 'waitUntilReady' | 'getJobCounts' | 'obliterate' | 'close'> & Errors;
type AnyWorker = Pick<Worker, 'waitUntilReady' | 'close'> & Errors & WorkerEvents;
interface Errors {
  on(event: 'error', heard: (error: Error) => void): unknown;
}
interface WorkerEvents {
  on(event: 'completed', heard: (job: Job) => void): unknown;
  on(event: 'failed', heard: (job: Job | undefined, error: Error) => void): unknown;
}

function backend({ redisUrl, databaseUrl, prefix }: QueueSettings): Backend {
  if (redisUrl !== null) {
    // Workers block on Redis for as long as there is no job: no limit on retries of one command, as BullMQ asks.
    const connection = { url: redisUrl, maxRetriesPerRequest: null };
    return {
      makeQueue: (name) => new Queue(name, { connection, prefix }),
      makeWorker: (name, concurrency, process) => new Worker(name, process, { connection, prefix, concurrency }),
    };
  }
  const onPostgres = withBackend(createPostgresBackend);
  // Small pools: eight queues with workers held up to 53 connections at the default size.
  const connection = { connectionString: databaseUrl, schema: prefix, migrate: true, max: 2 };
  return {
    makeQueue: (name) => new onPostgres.Queue(name, { connection }),
    makeWorker: (name, concurrency, process) => new onPostgres.Worker(name, process, { connection, concurrency }),
  };
}
