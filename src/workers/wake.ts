import type { Services } from './services.ts';

const onTheWay = new WeakMap<object, Promise<void>>();

/**
 * Asks for what was posted to be settled. Many facts of one moment ask once: while a request is on its way to the
 * queue, another would only find nothing left to do.
 */
export function wakeSettle({ queues }: Pick<Services, 'queues'>): Promise<void> {
  const pending = onTheWay.get(queues);
  if (pending) return pending;
  const sending = queues.add('settle', {}).finally(() => onTheWay.delete(queues));
  onTheWay.set(queues, sending);
  return sending;
}
