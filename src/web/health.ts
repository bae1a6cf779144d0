import type { RequestHandler } from 'express';
import { systemClock } from '../platform/clock.ts';
import type { Services } from '../workers/services.ts';

/** What a load balancer asks, open to all: it tells of nothing but whether this process can do its work. */

/** The process answers. */
export const alive: RequestHandler = (_request, response) => {
  response.type('text/plain').send('ok\n');
};

type Part = 'database' | 'queue' | 'carrier';
/** `texts`: their carrier, where there is one. */
type Health = Readonly<Record<Part, Answer>> & { readonly texts: Answer | 'none' };
type Answer = 'ok' | 'failed';

/** Strangers may ask as often as they like; what we stand on is asked once in this time. */
const rememberedFor = 5_000;
const patience = 3_000;

/**
 * The database, the queue's store and the voice carrier answer. 503 while one of them does not. How the text carrier is
 * is said as well, and makes nobody unready: its texts wait, and a process taken out of service for it would no longer
 * answer the shops that are on the telephone.
 */
export function ready(services: Services): RequestHandler {
  let known: { readonly since: number; readonly health: Promise<Health> } | null = null;
  return async (_request, response) => {
    const now = systemClock.now().getTime();
    if (!known || now - known.since >= rememberedFor) known = { since: now, health: askAll(services) };
    const health = await known.health;
    const { texts, ...needed } = health;
    response.status(Object.values(needed).includes('failed') ? 503 : 200).json({ ...needed, texts });
  };
}

async function askAll({ database, queues, voice, text }: Services): Promise<Health> {
  const [ofDatabase, queue, carrier, texts] = await Promise.all([
    answers(() => database.query({ text: 'SELECT 1' })),
    answers(() => queues.ping()),
    answers(() => voice.port.health()),
    text ? answers(() => text.port.health()) : ('none' as const),
  ]);
  return { database: ofDatabase, queue, carrier, texts };
}

async function answers(ask: () => Promise<unknown>): Promise<Answer> {
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
