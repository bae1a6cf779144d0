import type { StandingClock } from '../../platform/clock.ts';
import type { Database } from '../../platform/database.ts';
import { jobLabel } from '../../platform/queue.ts';
import { type Agenda, agenda, movingAgenda } from '../../workers/heartbeat.ts';
import type { Services } from '../../workers/services.ts';
import type { SimulatorControl, SimulatorState } from './control.ts';

/**
 * The demo's time. It is one clock for the service and for the simulated city, and it stands while a job or a request
 * is under way on either side; otherwise it jumps to the next moment at which either side has something to do. Days of
 * fieldwork pass in seconds, every call in its hour.
 */
export interface Clockwork {
  readonly services: Services;
  readonly clock: StandingClock;
  readonly simulator: SimulatorControl;
}

/** Turns until `finished`, looked at whenever everything stands and something was done. */
export async function turn(clockwork: Clockwork, finished: () => Promise<boolean>): Promise<void> {
  const { services, clock, simulator } = clockwork;
  let city = await simulator.quiet();
  let begun = -1;
  let dispatchedAt: Date | null = null;
  let looked: { readonly due: Agenda; readonly at: Date; readonly jobs: number } | null = null;
  for (;;) {
    city = await standstill(clockwork, city, begun);
    const now = clock.now();
    const jobs = jobsThatMoveIt(services);
    if (!looked || looked.jobs !== jobs || now.getTime() - looked.at.getTime() > agendaKeeps) {
      if (await finished()) return;
      looked = { due: await agenda(services), at: now, jobs };
    }
    const { due } = looked;
    // What is due may have to wait for a call to end. Looked for once at a moment, it is looked for again at the next.
    const dispatched = dispatchedAt?.getTime() === now.getTime();
    if (isDue(due.dispatch, now) && !dispatched) {
      dispatchedAt = now;
      await services.queues.add('dispatch', {});
      continue;
    }
    if (isDue(due.reconcile, now)) {
      await services.queues.add('reconcile', {});
      continue;
    }
    const later = [due.dispatch, due.reconcile, city.nextDue, clock.awaited()].filter((at) => !isDue(at, now));
    const next = earliest(later);
    if (!next && !dispatched) throw new Error('nothing is planned any more, and the round is not finished');
    dispatchedAt = null;
    if (!next) continue;
    clock.advance(next);
    await storeTime(services.database, next);
    begun = services.activity.begun;
    city = await simulator.advance(next);
  }
}

/** How long an agenda is good for while no job changes it: calls that begin meanwhile are to be checked after a minute. */
const agendaKeeps = 30_000;

const jobsThatMoveIt = ({ activity }: Services): number =>
  movingAgenda.reduce((sum, name) => sum + activity.begunOf(jobLabel(name)), 0);

const isDue = (at: Date | null, now: Date): boolean => at !== null && at <= now;

/**
 * Waits until nothing is under way here, nor there, at one and the same time. `known` is how the simulator stood when
 * `begun` pieces of work had begun here: as long as none has since, it still stands so.
 */
async function standstill(
  { services: { activity }, simulator }: Clockwork,
  known: SimulatorState,
  begun: number,
): Promise<SimulatorState> {
  let state = known;
  let at = begun;
  for (;;) {
    await activity.quiet();
    if (activity.begun === at) return state;
    at = activity.begun;
    state = await simulator.quiet();
  }
}

const earliest = (moments: readonly (Date | null)[]): Date | null => {
  const times = moments.flatMap((at) => (at ? [at.getTime()] : []));
  return times.length === 0 ? null : new Date(Math.min(...times));
};

async function storeTime({ query }: Database, now: Date): Promise<void> {
  await query({
    name: 'demo-time',
    text: `INSERT INTO installation (key, value) VALUES ('demo-time', $1) ON CONFLICT (key) DO UPDATE SET value = $1`,
    values: [JSON.stringify(now.toISOString())],
  });
}

/** When the demo's clock stopped, or null where it never ran. */
export async function storedTime({ query }: Database): Promise<Date | null> {
  const [row] = await query<{ value: string }>({ text: `SELECT value FROM installation WHERE key = 'demo-time'` });
  return row ? new Date(row.value) : null;
}
