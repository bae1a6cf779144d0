import type { Log } from '../platform/log.ts';
import { jobLabel } from '../platform/queue.ts';
import { halfDayOf, openWindow } from '../survey/fieldwork/calendar.ts';
import {
  beginDialing,
  type Claimed,
  findClaimed,
  recordNotPlaced,
  recordPlaced,
  recordUnknown,
  releaseClaim,
} from '../survey/fieldwork/call.ts';
import { numberFor } from '../survey/fieldwork/number-pool.ts';
import { isCalledOff, readPace, reserveSlot } from '../survey/fieldwork/pace.ts';
import { contactRules } from './rules.ts';
import type { Services } from './services.ts';
import { noteHowItWent } from './standing.ts';
import { wakeSettle } from './wake.ts';

/** Shopkeepers serve first: ring that long. The conversation ends itself well before the hard limit. */
export const ringSeconds = 30;
export const limitSeconds = 240;
/** How late a slot may be used, in milliseconds. Later, it would crowd those given out after it. */
const slotGrace = 50;
const seconds = (count: number) => count * 1000;
const after = (now: Date, milliseconds: number) => new Date(now.getTime() + milliseconds);

/**
 * Places one call, never twice: the attempt is committed as `dialing` before the carrier is asked, and only this
 * commit's winner asks. What the carrier then does is recorded as placed, refused or unknown; an unknown call is
 * looked up by the reconciler and never asked for again.
 */
export async function dial(services: Services, attemptId: string): Promise<void> {
  const { query } = services.database;
  const claimed = await findClaimed(query, attemptId);
  if (!claimed) return;
  const from = await numberFor(query, claimed.phoneId, services.voice.port.numbers);
  await waitForSlot(services, claimed);
  const now = services.clock.now();
  const pace = await readPace(query, services.voice.lane);
  const goesOn = !isCalledOff(pace, claimed.createdAt) && (await isTheHour(services, claimed, now));
  const sealed = goesOn ? await beginDialing(query, attemptId, now, after(now, seconds(60)), from) : null;
  if (!sealed) {
    // Past the window's end, opted out, the round paused or the carrier stopped: planned anew. Or another was quicker.
    await releaseClaim(query, attemptId, now);
    return wakeSettle(services);
  }
  const to = services.vault.open(sealed);
  const placing = await services.voice.port.place({ attemptId, to, from, ringSeconds, limitSeconds });
  const then = services.clock.now();
  await noteHowItWent(services, services.voice.lane, placing, { pace, askedAt: now });
  switch (placing.kind) {
    case 'placed':
      return recordPlaced(query, attemptId, placing.carrierId, after(then, seconds(ringSeconds + limitSeconds + 60)));
    case 'refused':
      note(services.log, attemptId, placing.errorCode, 'call refused');
      await recordNotPlaced(query, attemptId, placing.result, placing.errorCode, then);
      return wakeSettle(services);
    case 'unknown':
      note(services.log, attemptId, placing.reason, 'call unknown');
      return recordUnknown(query, attemptId, then);
  }
}

const note = (log: Log, attemptId: string, reason: unknown, message: string) =>
  log.warn({ attemptId, reason }, message);

async function waitForSlot({ database, clock, activity, voice }: Services, { slotAt }: Claimed): Promise<void> {
  const now = clock.now();
  const slot =
    slotAt.getTime() + slotGrace < now.getTime() ? await reserveSlot(database.query, voice.lane, now) : slotAt;
  await activity.aside(jobLabel('dial'), clock.until(slot));
}

/** Once more at the last moment: the job may have waited past the window's end, or into the shop's half-day. */
async function isTheHour({ rules }: Services, { ruleSetId, timeZone, halfDays }: Claimed, now: Date): Promise<boolean> {
  if (halfDays.includes(halfDayOf(now, timeZone))) return false;
  return openWindow(now, timeZone, contactRules(await rules(ruleSetId))) !== null;
}
