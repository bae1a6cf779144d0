import type { RequestHandler } from 'express';
import { systemClock } from '../platform/clock.ts';
import type { Services } from '../workers/services.ts';

/** What a load balancer asks, open to all: it tells of nothing but whether this process can do its work. */

/** The process answers. */
export const alive: RequestHandler = (_request, response) => {
  response.type('text/plain').send('ok\n');
};

type Part = 'database' | 'queue' | 'carrier';
type Health = Readonly<Record<Part, 'ok' | 'failed'>>;

/** Strangers may ask as often as they like; what we stand on is asked once in this time. */
const rememberedFor = 5_000;
const patience = 3_000;

/** The database, the queue's store and the voice carrier answer. 503 while one of them does not. */
export function ready(services: Services): RequestHandler {
  let known: { readonly since: number; readonly health: Promise<Health> } | null = null;
  return async (_request, response) => {
    const now = systemClock.now().getTime();
    if (!known || now - known.since >= rememberedFor) known = { since: now, health: askAll(services) };
    const health = await known.health;
    response.status(Object.values(health).includes('failed') ? 503 : 200).json(health);
  };
}

async function askAll({ database, queues, voice }: Services): Promise<Health> {
  const parts: Readonly<Record<Part, () => Promise<unknown>>> = {
    database: () => database.query({ text: 'SELECT 1' }),
    queue: () => queues.ping(),
    carrier: () => voice.port.health(),
  };
  const asked = Object.entries(parts).map(async ([part, ask]) => [part, await answers(ask)] as const);
  return Object.fromEntries(await Promise.all(asked)) as Health;
}

async function answers(ask: () => Promise<unknown>): Promise<'ok' | 'failed'> {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<'failed'>((resolve) => {
    timer = setTimeout(resolve, patience, 'failed');
  });
  const asked = ask().then(
    () => 'ok' as const,
    () => 'failed' as const,
  );
  return Promise.race([asked, tooLate]).finally(() => clearTimeout(timer));
}
