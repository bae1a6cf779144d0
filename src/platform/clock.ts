/** The time, as the whole service sees it. The only file that may ask the machine what time it is. */
export interface Clock {
  now(): Date;
  /** Resolves once `at` has come; at once when it is past. */
  until(at: Date): Promise<void>;
}

const longestTimer = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => new Date(),
  async until(at) {
    for (let left = at.getTime() - Date.now(); left > 0; left = at.getTime() - Date.now())
      await new Promise((resolve) => setTimeout(resolve, Math.min(left, longestTimer)));
  },
};

/** A clock that begins at `start` and runs `speed` times as fast as the machine's. */
export function fastClock(start: Date, speed: number): Clock {
  const begun = Date.now();
  const now = () => new Date(start.getTime() + (Date.now() - begun) * speed);
  return { now, until: (at) => systemClock.until(new Date(Date.now() + (at.getTime() - now().getTime()) / speed)) };
}

/** A clock that stands until it is told otherwise, and never goes back. For tests, the demo and the simulator. */
export class StandingClock implements Clock {
  #now: number;
  readonly #waiting = new Set<{
    readonly at: number;
    readonly wake: () => void;
    readonly giveUp: (why: Error) => void;
  }>();

  constructor(start: Date) {
    this.#now = start.getTime();
  }

  now(): Date {
    return new Date(this.#now);
  }

  until(at: Date): Promise<void> {
    if (at.getTime() <= this.#now) return Promise.resolve();
    return new Promise((wake, giveUp) => this.#waiting.add({ at: at.getTime(), wake, giveUp }));
  }

  /** The earliest moment somebody waits for, or null. */
  awaited(): Date | null {
    const earliest = Math.min(...[...this.#waiting].map(({ at }) => at));
    return Number.isFinite(earliest) ? new Date(earliest) : null;
  }

  /** Stands for good: whoever waits is told that the time will not come. */
  stop(): void {
    for (const { giveUp } of this.#waiting) giveUp(new Error('the clock was stopped'));
    this.#waiting.clear();
  }

  /** Moves on to `to`; an earlier time is ignored, because recorded times must never run backwards. */
  advance(to: Date): void {
    this.#now = Math.max(this.#now, to.getTime());
    for (const waiter of [...this.#waiting]) {
      if (waiter.at > this.#now) continue;
      this.#waiting.delete(waiter);
      waiter.wake();
    }
  }
}
