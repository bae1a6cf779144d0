import { described, machine, middle } from './support/city.ts';
import { openTurns, pressAll, type Way } from './support/turns.ts';

/*
 * node --import tsx bench/turn.ts
 *
 * One turn of a call, from the signed webhook to the next prompt with everything stored, over 16 connections; against
 * the floor (express and one INSERT) and against the same turn in an interactive transaction of the ORM. In turns, five
 * rounds; one process serves all three. Goal: at least 0.60 of the floor and 3 times the transaction.
 */
const calls = 3000;
/** The transaction is slow: fewer say as much. */
const inTransaction = 600;
const connections = 16;
const rounds = 5;

const ways: readonly (readonly [Way, number])[] = [
  ['floor', calls],
  ['turn', calls],
  ['prisma', inTransaction],
];
const bench = await openTurns(calls, connections);
try {
  const figures = new Map<Way, number[]>(ways.map(([way]) => [way, []]));
  // The first round warms up the process and its connections, and is not counted.
  for (let round = 0; round <= rounds; round += 1)
    for (const [way, howMany] of ways) {
      await bench.reset();
      const seconds = await pressAll(bench.keys(way, howMany), connections);
      await bench.check(way, howMany);
      if (round > 0) figures.get(way)?.push(howMany / seconds);
    }
  const of = (way: Way) => figures.get(way) ?? [];
  const share = of('turn').map((figure, round) => figure / (of('floor')[round] ?? Number.NaN));
  const times = of('turn').map((figure, round) => figure / (of('prisma')[round] ?? Number.NaN));
  process.stdout.write(
    `turns over ${connections} connections: ${described(of('turn'), 'a second')}, floor ${described(of('floor'), 'a second')}, ` +
      `share ${middle(share).toFixed(2)} (${Math.min(...share).toFixed(2)}–${Math.max(...share).toFixed(2)}; goal ≥ 0.60); ` +
      `transaction ${described(of('prisma'), 'a second')}, ${described(times, '×')} (goal ≥ 3 ×); PostgreSQL embedded, fsync on, ${machine()}\n`,
  );
} finally {
  await bench.close();
}
