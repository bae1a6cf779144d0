import { holdDueNotices, takeDueNotices } from '../survey/fieldwork/notice.ts';
import { freeSlots, isAtRest, leadMilliseconds, readPace } from '../survey/fieldwork/pace.ts';
import type { Services } from './services.ts';
import { isUsable } from './standing.ts';

/** How long notices wait for a carrier that is stopped or at rest. */
const restMilliseconds = 60_000;

/**
 * Hands out the notices whose time has come, no more at once than the carrier takes within the lead: threads and
 * replies go at the same pace, and a quarter's announcement to ten thousand shops keeps none of them waiting.
 */
export async function sendNotices(services: Services): Promise<void> {
  const { database, clock, queues } = services;
  const now = clock.now();
  // Nobody carries texts, or not any more.
  if (!services.text) return holdDueNotices(database.query, now, null);
  const { lane } = services.text;
  const pace = await readPace(database.query, lane);
  if (isAtRest(pace, now) || !(await isUsable(services, services.text)))
    return holdDueNotices(database.query, now, new Date(now.getTime() + restMilliseconds));
  const slots = freeSlots(pace, lane, now, new Date(now.getTime() + leadMilliseconds(lane)));
  const due = await takeDueNotices(database.query, now, slots.length);
  if (due.length > 0) await queues.add('text', ...due.map((messageId) => ({ messageId })));
}
