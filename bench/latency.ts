import { setTimeout as pass } from 'node:timers/promises';
import { described, machine, middle } from './support/city.ts';
import { type Key, openTurns, type Way } from './support/turns.ts';

/*
 * node --import tsx bench/latency.ts
 *
 * 150 turns a second, as 20 calls a second bring them, for ten seconds, whatever is still unanswered: milliseconds from
 * the moment a turn was due to its answer, so that waiting counts. Against the floor (express and one INSERT), in turns,
 * five rounds. Goal: the 99th percentile is at most twice the floor's.
 */
const perSecond = 150;
const turns = 10 * perSecond;
const rounds = 5;
/** Enough that none waits for another's connection. */
const connections = 256;

const ways: readonly Way[] = ['floor', 'turn'];
const bench = await openTurns(turns, connections);
try {
  const figures = new Map<Way, number[]>(ways.map((way) => [way, []]));
  // The first round warms up the process and its connections, and is not counted.
  for (let round = 0; round <= rounds; round += 1)
    for (const way of ways) {
      await bench.reset();
      const waited = await steadily(bench.keys(way, turns));
      await bench.check(way, turns);
      if (round > 0) figures.get(way)?.push(percentile(waited, 0.99));
    }
  const of = (way: Way) => figures.get(way) ?? [];
  const ratio = of('turn').map((figure, round) => figure / (of('floor')[round] ?? Number.NaN));
  process.stdout.write(
    `99th percentile at ${perSecond} turns a second: ${described(of('turn'), 'ms')}, floor ${described(of('floor'), 'ms')}, ` +
      `ratio ${middle(ratio).toFixed(1)} (${Math.min(...ratio).toFixed(1)}–${Math.max(...ratio).toFixed(1)}; goal ≤ 2); ` +
      `PostgreSQL embedded, fsync on, ${machine()}\n`,
  );
} finally {
  await bench.close();
}

/** Sends each key when it is due. @returns milliseconds from then to its answer */
async function steadily(keys: readonly Key[]): Promise<number[]> {
  const begun = performance.now();
  return Promise.all(
    keys.map(async (press, index) => {
      const due = begun + (index * 1000) / perSecond;
      await pass(Math.max(0, due - performance.now()));
      const status = await press();
      if (status !== 200) throw new Error(`a key was answered with ${status}`);
      return performance.now() - due;
    }),
  );
}

function percentile(figures: readonly number[], share: number): number {
  const sorted = [...figures].sort((a, b) => a - b);
  return sorted[Math.ceil(share * sorted.length) - 1] ?? Number.NaN;
}
