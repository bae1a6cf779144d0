import { systemClock } from '../platform/clock.ts';

/** Whether somebody asked us to end: Ctrl-C in a terminal, or SIGTERM from whatever started us. */
export interface Stop {
  readonly already: boolean;
  /** Resolves when asked. */
  readonly toStop: Promise<void>;
}

/** A terminal tells its whole group, and npm tells us again what it was told: within a second it is one asking. */
const sameAsking = 1000;

/** Listens from now on. Asked a second time, the process ends at once. */
export function listenForStop(): Stop {
  let already = false;
  let askedAt = 0;
  const toStop = new Promise<void>((resolve) => {
    const asked = () => {
      const now = systemClock.now().getTime();
      if (already && now - askedAt > sameAsking) process.exit(130);
      if (!already) askedAt = now;
      already = true;
      resolve();
    };
    process.on('SIGINT', asked);
    process.on('SIGTERM', asked);
  });
  return {
    get already() {
      return already;
    },
    toStop,
  };
}
