import { type Hours, nextOpening } from '../survey/fieldwork/calendar.ts';
import { holdsALine } from '../survey/fieldwork/claim.ts';
import { headStart } from '../survey/fieldwork/pace.ts';
import { textHours } from '../survey/fieldwork/plan.ts';
import { fieldHours } from './hours.ts';
import type { Services } from './services.ts';
import { nextWebhook } from './webhooks.ts';

/**
 * What comes due next, by the database and the injected clock. Queues know no time: a lost queue loses no appointment,
 * and a clock that jumps takes everything with it.
 */
export interface Agenda {
  /**
   * When the dispatcher next has something to look at; null when nothing is planned. It may find that what is due has
   * to wait: for a call to its number to end, say.
   */
  readonly dispatch: Date | null;
  /** When the reconciler next has something to look after. */
  readonly reconcile: Date | null;
}

/**
 * Kinds of jobs that change what comes due, or when. Calls and turns do not: a call's end is settled first, and a new
 * call is checked after a minute at the earliest.
 */
export const movingAgenda = [
  'draw',
  'dispatch',
  'text',
  'settle',
  'reconcile',
  'close',
  'score',
  'finalise',
  'webhook',
] as const;

interface Lookahead {
  readonly channel: 'voice' | 'sms';
  readonly due: Date;
  readonly zone: string;
  readonly lastSlot: Date | null;
  /** The carrier is left in peace until then. */
  readonly restUntil: Date | null;
  /** It takes nothing from us until somebody has mended the settings. */
  readonly stopped: boolean;
  readonly alive: number;
}

export async function agenda(services: Services): Promise<Agenda> {
  const [dispatch, reconcile] = await Promise.all([nextDispatches(services), nextCheck(services)]);
  return { dispatch, reconcile };
}

async function nextDispatches(services: Services): Promise<Date | null> {
  const { database, clock } = services;
  const lanes = [services.voice.lane, ...(services.text ? [services.text.lane] : [])];
  const hours = fieldHours(services);
  const now = clock.now();
  const ahead = await database.query<Lookahead>({
    name: 'agenda-dispatch',
    text: `
      SELECT lane.channel, next.time_zone AS zone, next.due,
             pace.last_slot AS "lastSlot", pace.rest_until AS "restUntil",
             EXISTS (SELECT FROM incident i WHERE i.carrier = lane.pace AND i.closed_at IS NULL) AS stopped,
             (SELECT count(*)::int FROM attempt a WHERE a.channel = lane.channel::channel AND ${holdsALine('$3')}) AS alive
      FROM unnest($1::text[], $2::text[]) AS lane (channel, pace) LEFT JOIN pace ON pace.carrier = lane.pace
      JOIN (
        SELECT c.due_channel, c.time_zone, min(c.due_at) AS due
        FROM survey_case c JOIN round r ON r.id = c.round_id AND r.state = 'fielding'
        WHERE c.due_at IS NOT NULL GROUP BY 1, 2
      ) AS next ON next.due_channel = lane.channel::channel`,
    values: [lanes.map(({ channel }) => channel), lanes.map(({ carrier, channel }) => `${carrier}/${channel}`), now],
  });
  const fielding = await hours;
  const dispatches = ahead.flatMap((lookahead) => {
    const lane = lanes.find(({ channel }) => channel === lookahead.channel);
    const at = lane && nextDispatch(lookahead, lane, lookahead.channel === 'sms' ? textHours : fielding, now);
    return at ? [at] : [];
  });
  return earliest(dispatches);
}

function nextDispatch(
  { due, zone, lastSlot, restUntil, stopped, alive }: Lookahead,
  lane: Services['voice']['lane'],
  hours: Hours,
  now: Date,
): Date | null {
  // With every line busy the end of a call makes room, and says so itself; a stopped carrier waits for somebody.
  if (stopped || (lane.concurrent !== null && alive >= lane.concurrent)) return null;
  const nextSlot = lastSlot ? lastSlot.getTime() + 1000 / lane.perSecond - headStart(lane) : 0;
  const ready = new Date(Math.max(due.getTime(), now.getTime(), Math.ceil(nextSlot), restUntil?.getTime() ?? 0));
  return nextOpening(ready, zone, hours);
}

async function nextCheck({ database, clock }: Services): Promise<Date | null> {
  const [row] = await database.query<{ at: Date | null }>({
    name: 'agenda-reconcile',
    text: `
      SELECT least(
        (SELECT min(check_at) FROM attempt), (SELECT min(check_at) FROM message), (SELECT min(check_at) FROM voice_message),
        (SELECT min(check_at) FROM desk_call),        (SELECT min(next_at) FROM round_schedule),
        (SELECT min(appeals_until) FROM publication p WHERE stage = 'notice'
           AND NOT EXISTS (SELECT FROM publication later WHERE later.period = p.period AND later.sequence > p.sequence)
           AND NOT EXISTS (SELECT FROM appeal a WHERE a.period = p.period AND a.state = 'open')),
        (SELECT min(s.due_at) FROM spot_check s JOIN round r ON r.id = s.round_id WHERE s.state = 'scheduled' AND r.state = 'fielding')
      ) AS at`,
  });
  const webhook = await nextWebhook(database.query, clock.now());
  return earliest([row?.at, webhook].flatMap((at) => at ?? []));
}

const earliest = (moments: readonly Date[]): Date | null =>
  moments.length === 0 ? null : new Date(Math.min(...moments.map((at) => at.getTime())));

/** The longest the clock is not looked at: what another process planned shows up that soon. */
const longestRest = 1000;
const reconcileEvery = 60_000;

/**
 * Beats in real time until told to stop: as soon as something is due, at least once a second, and with a
 * reconciliation at the start and every minute, because what was lost leaves no due time behind.
 */
export function startHeartbeat(services: Services): () => Promise<void> {
  let stopped = false;
  let rest: { timer: NodeJS.Timeout; wake: () => void } | null = null;
  const sleep = (milliseconds: number) =>
    new Promise<void>((wake) => {
      rest = { timer: setTimeout(wake, milliseconds), wake };
    });
  const run = async () => {
    let reconciled = Number.NEGATIVE_INFINITY;
    while (!stopped) {
      try {
        const now = services.clock.now().getTime();
        if (now - reconciled >= reconcileEvery) {
          await services.queues.add('reconcile', {});
          reconciled = now;
        }
        const { dispatch, reconcile } = await agenda(services);
        if (dispatch && dispatch.getTime() <= now) await services.queues.add('dispatch', {});
        if (reconcile && reconcile.getTime() <= now) await services.queues.add('reconcile', {});
        const left = dispatch && dispatch.getTime() > now ? dispatch.getTime() - now : longestRest;
        await sleep(Math.min(left, longestRest));
      } catch (error) {
        services.log.error({ err: error }, 'heartbeat');
        await sleep(longestRest);
      }
    }
  };
  const running = run();
  return async () => {
    stopped = true;
    if (rest) {
      clearTimeout(rest.timer);
      rest.wake();
    }
    await running;
  };
}
