import { type Clock, fastClock, StandingClock, systemClock } from '../../platform/clock.ts';

/**
 * What is planned, and when. Everything planned falls on a whole second, so that a great deal falls on the same one
 * and runs concurrently, as on a real exchange.
 *
 * Two ways to run: with the system's clock, or a faster one, by timers; or with a clock that stands until `advance` moves it. Then time
 * passes only when nothing is left to do at the present instant: a round of three days takes as long as its work.
 */

/** Something planned. `cancel` may be called at any time, also after it ran. */
export interface Planned {
  cancel(): void;
}

interface Entry {
  readonly at: number;
  /** Order of planning, so that equal times keep it. */
  readonly order: number;
  run: (() => unknown) | null;
}

const SECOND = 1000;
/** setTimeout fires at once when asked for more than 2^31-1 ms. */
const LONGEST_TIMER = 2 ** 31 - 1;

export class Agenda {
  readonly #heap: Entry[] = [];
  readonly #standing: StandingClock | null;
  readonly #clock: Clock;
  readonly #speed: number;
  #orders = 0;
  /** Requests being answered and webhooks waiting for an answer. */
  #busy = 0;
  #idlers: (() => void)[] = [];
  #timer: NodeJS.Timeout | null = null;
  #soon: NodeJS.Immediate | null = null;
  #advancing: Promise<void> = Promise.resolve();
  #closed = false;

  /**
   * @param start the instant the clock starts from; null for now
   * @param speed how many times as fast as the machine's it runs; null = with a start it stands, else it runs as that
   */
  constructor(start: Date | null, speed: number | null = null) {
    this.#speed = speed ?? 1;
    this.#standing = start && speed === null ? new StandingClock(start) : null;
    this.#clock = this.#standing ?? (speed === null ? systemClock : fastClock(start ?? systemClock.now(), speed));
  }

  get stands(): boolean {
    return this.#standing !== null;
  }

  now(): Date {
    return this.#clock.now();
  }

  /** The first whole second at least `seconds` from now, in milliseconds since 1970. */
  after(seconds: number): number {
    // The small allowance forgives what adding up many short clips gains in binary fractions.
    return Math.ceil((this.now().getTime() + seconds * SECOND) / SECOND - 1e-6) * SECOND;
  }

  /** Plans `run` for the instant `at` (ms since 1970). What is due already runs at once, but not before the caller returns. */
  plan(at: number, run: () => unknown): Planned {
    const entry: Entry = { at, order: this.#orders++, run };
    push(this.#heap, entry);
    this.#wake();
    return {
      cancel() {
        entry.run = null;
      },
    };
  }

  /** The earliest planned instant (ms since 1970), or null when nothing is planned. */
  nextDue(): number | null {
    return this.#first()?.at ?? null;
  }

  /** Work under way that has to end before it is quiet. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    this.#busy++;
    try {
      return await work();
    } finally {
      this.#busy--;
      if (this.#busy === 0) this.#tellIdle();
    }
  }

  /**
   * Moves a standing clock to `to`, never back, and runs everything due up to and including it, instant by instant:
   * the next instant comes only when all consequences of this one are over.
   *
   * @param eachInstant called when an instant is over
   */
  advance(to: Date, eachInstant: () => void): Promise<void> {
    const clock = this.#standing;
    if (!clock) return Promise.reject(new Error('only a standing clock can be advanced'));
    this.#advancing = this.#advancing.then(async () => {
      await this.quiet();
      for (;;) {
        const due = this.nextDue();
        if (due === null || due > to.getTime() || this.#closed) break;
        clock.advance(new Date(due));
        await this.quiet();
        eachInstant();
      }
      clock.advance(to);
    });
    return this.#advancing;
  }

  /** Settles when no work is under way and nothing is due. */
  async quiet(): Promise<void> {
    for (;;) {
      this.#runDue();
      // Two turns of the event loop, so that a request already lying in a socket is seen before we call it quiet.
      await turn();
      await turn();
      if (this.#busy > 0) await new Promise<void>((settle) => this.#idlers.push(settle));
      else if (!this.#isDue()) return;
      if (this.#closed) return;
    }
  }

  close(): void {
    this.#closed = true;
    if (this.#timer) clearTimeout(this.#timer);
    if (this.#soon) clearImmediate(this.#soon);
    this.#heap.length = 0;
    this.#tellIdle();
  }

  #tellIdle(): void {
    const idlers = this.#idlers;
    this.#idlers = [];
    for (const idler of idlers) idler();
  }

  #first(): Entry | undefined {
    while (this.#heap[0] && !this.#heap[0].run) pop(this.#heap);
    return this.#heap[0];
  }

  #isDue(): boolean {
    const first = this.#first();
    return first !== undefined && first.at <= this.now().getTime();
  }

  #runDue(): void {
    while (!this.#closed && this.#isDue()) {
      const run = pop(this.#heap)?.run;
      run?.();
    }
  }

  #wake(): void {
    const first = this.#first();
    if (!first || this.#closed) return;
    if (this.#isDue()) {
      this.#soon ??= setImmediate(() => {
        this.#soon = null;
        this.#runDue();
        this.#wake();
      });
      return;
    }
    if (this.#standing) return;
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = setTimeout(
      () => {
        this.#timer = null;
        this.#runDue();
        this.#wake();
      },
      Math.min(LONGEST_TIMER, (first.at - this.now().getTime()) / this.#speed),
    );
  }
}

function turn(): Promise<void> {
  return new Promise((settle) => setImmediate(settle));
}

function before(a: Entry, b: Entry): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}

/** A binary heap in an array, the earliest first. */
function push(heap: Entry[], entry: Entry): void {
  let place = heap.length;
  heap.push(entry);
  while (place > 0) {
    const parent = (place - 1) >> 1;
    const above = heap[parent];
    if (!above || !before(entry, above)) break;
    heap[place] = above;
    place = parent;
  }
  heap[place] = entry;
}

function pop(heap: Entry[]): Entry | undefined {
  const first = heap[0];
  const last = heap.pop();
  if (!last || heap.length === 0) return first;
  let place = 0;
  for (;;) {
    let child = 2 * place + 1;
    const left = heap[child];
    if (!left) break;
    const right = heap[child + 1];
    let below = left;
    if (right && before(right, left)) {
      child++;
      below = right;
    }
    if (!before(below, last)) break;
    heap[place] = below;
    place = child;
  }
  heap[place] = last;
  return first;
}
