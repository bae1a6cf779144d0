/**
 * Work that is the same for everybody who asks for it, and of which one run at a time is enough: whoever asks while one
 * is under way gets the next one, which begins after he asked, together with all others who did. So waiting for one's
 * turn holds nothing, no connection least of all: many who wait for a lock in the database, each on a connection of its
 * own, leave none to the one who holds it.
 */
export function oneAtATime(work: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | null = null;
  let next: Promise<void> | null = null;
  const run = (): Promise<void> => {
    next = null;
    const mine = work().finally(() => {
      if (running === mine) running = null;
    });
    running = mine;
    return mine;
  };
  return () => {
    if (!running) return run();
    next ??= running.then(run, run);
    return next;
  };
}
