/**
 * What is under way in this process: jobs queued or running, requests sent or being served. Shutting down waits until
 * there is nothing left; the demo's clock stands as long as there is.
 */
export class Activity {
  readonly #running = new Map<string, number>();
  readonly #begunOf = new Map<string, number>();
  #total = 0;
  #begun = 0;
  #waiting: (() => void)[] = [];

  /** How many pieces of work ever began: equal before and after means that nothing happened in between. */
  get begun(): number {
    return this.#begun;
  }

  /** How many of one kind ever began. */
  begunOf(what: string): number {
    return this.#begunOf.get(what) ?? 0;
  }

  get busy(): boolean {
    return this.#total > 0;
  }

  begin(what: string): void {
    this.#begun += 1;
    this.#total += 1;
    this.#running.set(what, (this.#running.get(what) ?? 0) + 1);
    this.#begunOf.set(what, this.begunOf(what) + 1);
  }

  end(what: string): void {
    const running = this.#running.get(what);
    if (!running) return;
    this.#total -= 1;
    if (running === 1) this.#running.delete(what);
    else this.#running.set(what, running - 1);
    if (this.busy) return;
    for (const tell of this.#waiting.splice(0)) tell();
  }

  async during<T>(what: string, work: () => Promise<T>): Promise<T> {
    this.begin(what);
    try {
      return await work();
    } finally {
      this.end(what);
    }
  }

  /** Waiting for the clock is not work: counts as nothing under way as long as `waiting` lasts. */
  async aside<T>(what: string, waiting: Promise<T>): Promise<T> {
    this.end(what);
    try {
      return await waiting;
    } finally {
      this.begin(what);
    }
  }

  /** Resolves when nothing is under way; it may begin again right after. */
  quiet(): Promise<void> {
    return this.busy ? new Promise((resolve) => this.#waiting.push(resolve)) : Promise.resolve();
  }

  /** What is under way now, for a message when somebody waits too long. */
  describe(): string {
    return [...this.#running].map(([what, times]) => `${what}×${times}`).join(', ') || 'nothing';
  }
}
