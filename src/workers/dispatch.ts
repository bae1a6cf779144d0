import { type Hours, openWindow } from '../survey/fieldwork/calendar.ts';
import { type Claims, claimDue, postponeOrdering } from '../survey/fieldwork/claim.ts';
import { leadMilliseconds } from '../survey/fieldwork/pace.ts';
import { textHours } from '../survey/fieldwork/plan.ts';
import { fieldHours } from './hours.ts';
import type { Carrying, Services } from './services.ts';
import { isUsable } from './standing.ts';
import { wakeSettle } from './wake.ts';

/** Takes up what is due in either channel, as fast as its carrier may be used, and hands it to the jobs that place it. */
export async function dispatch(services: Services): Promise<void> {
  const calls = await claim(services, services.voice, await fieldHours(services));
  if (calls.attemptIds.length > 0)
    await services.queues.add('dial', ...calls.attemptIds.map((attemptId) => ({ attemptId })));
  if (!services.text) return;
  const texts = await claim(services, services.text, textHours);
  if (texts.messageIds.length > 0)
    await services.queues.add('text', ...texts.messageIds.map((messageId) => ({ messageId })));
}

async function claim(
  services: Services,
  carrying: Pick<Carrying<{ health(): Promise<void> }>, 'port' | 'lane'>,
  hours: Hours,
): Promise<Claims> {
  const { lane } = carrying;
  const now = services.clock.now();
  const zones = await services.database.query<{ zone: string }>({
    name: 'dispatch-zones',
    text: `
      SELECT DISTINCT own.zone FROM round r
      CROSS JOIN LATERAL (
        SELECT DISTINCT c.time_zone AS zone FROM survey_case c WHERE c.round_id = r.id AND c.due_channel = $1::channel AND c.due_at <= $2
      ) AS own
      WHERE r.state = 'fielding'`,
    values: [lane.channel, now],
  });
  const openZones = zones.map(({ zone }) => zone).filter((zone) => openWindow(now, zone, hours));
  if (lane.channel === 'voice' && (await postponeOrdering(services.database.query, now, openZones)))
    await wakeSettle(services);
  if (openZones.length === 0 || !(await isUsable(services, carrying))) return { attemptIds: [], messageIds: [] };
  return claimDue(services, lane, { now, until: new Date(now.getTime() + leadMilliseconds(lane)), openZones });
}
