import { readConfig } from '../../src/config.ts';
import { startService } from '../../src/main.ts';
import { StandingClock } from '../../src/platform/clock.ts';
import { openLog } from '../../src/platform/log.ts';

/**
 * A worker process of the soak: the service as it stands, but with a clock that its parent moves, so that days of
 * fieldwork pass as fast as they are worked. It is killed without warning, at any moment.
 *
 * It answers every message once nothing is under way, with how much it ever began and what it waits for.
 */
export interface Order {
  readonly number: number;
  /** Milliseconds since 1970 that its clock moves on to; left out, it only says how it stands. */
  readonly to?: number;
  /** Starts taking jobs. */
  readonly work?: true;
}

export interface Standing {
  readonly number: number;
  readonly begun: number;
  /** The earliest moment a job waits for, in milliseconds since 1970; null = none does. */
  readonly awaited: number | null;
}

// Also where it is not up yet: nobody would ever tell it again.
process.once('disconnect', () => process.exit(0));

const clock = new StandingClock(new Date(Number(process.argv[2])));
const service = await startService(readConfig(process.env), { log: openLog('fatal'), clock });
const { activity } = service.services;

process.on('message', async ({ number, to, work }: Order) => {
  if (to !== undefined) clock.advance(new Date(to));
  if (work) await service.work({ heartbeat: false });
  await activity.quiet();
  const awaited = clock.awaited()?.getTime() ?? null;
  process.send?.({ number, begun: activity.begun, awaited } satisfies Standing);
});
process.send?.('ready');
