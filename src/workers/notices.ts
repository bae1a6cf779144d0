import { takeDueNotices } from '../survey/fieldwork/notice.ts';
import { freeSlots, readPace } from '../survey/fieldwork/pace.ts';
import { leadMilliseconds } from './dispatch.ts';
import type { Services } from './services.ts';
import { isUsable } from './standing.ts';

/**
 * Hands out the notices whose time has come, no more at once than the carrier takes within the lead: threads and
 * replies go at the same pace, and a quarter's announcement to ten thousand shops keeps none of them waiting.
 */
export async function sendNotices(services: Services): Promise<void> {
  if (!services.text) return;
  const { database, clock, queues } = services;
  const { lane } = services.text;
  const now = clock.now();
  const slots = freeSlots(await readPace(database.query, lane), lane, now, new Date(now.getTime() + leadMilliseconds));
  if (slots.length === 0 || !(await isUsable(services, services.text))) return;
  const due = await takeDueNotices(database.query, now, slots.length);
  if (due.length > 0) await queues.add('text', ...due.map((messageId) => ({ messageId })));
}
