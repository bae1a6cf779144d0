import { machine } from './support/city.ts';
import { openTurns } from './support/turns.ts';

/*
 * node --import tsx bench/storm.ts
 *
 * 200 turns, five copies of each at once, as a carrier does that retries; three rounds. Goal: no answer but 200, and
 * exactly 200 answers, 200 moves and 200 outbox rows. Beside it, for comparison, the same turn in an interactive
 * transaction of the ORM.
 */
const turns = 200;
const copies = 5;
const rounds = 3;
const names = { turn: 'one statement', prisma: 'in a transaction' } as const;

const bench = await openTurns(turns, turns * copies);
try {
  for (const way of ['turn', 'prisma'] as const) {
    const told: string[] = [];
    for (let round = 0; round < rounds; round += 1) told.push(await storm(way));
    process.stdout.write(`storm of ${turns} turns × ${copies}, ${names[way]}: ${told.join('; ')}; ${machine()}\n`);
  }
} finally {
  await bench.close();
}

async function storm(way: keyof typeof names): Promise<string> {
  await bench.reset();
  const keys = bench.keys(way, turns);
  const begun = performance.now();
  const statuses = await Promise.all(
    keys.flatMap((press) => Array.from({ length: copies }, () => press().catch(() => 0))),
  );
  const seconds = (performance.now() - begun) / 1000;
  const refused = statuses.filter((status) => status !== 200).length;
  const exact = await bench.check(way, turns).then(
    () => 'exact',
    (error: Error) => error.message,
  );
  if (way === 'turn' && (refused > 0 || exact !== 'exact')) process.exitCode = 1;
  return `${refused} answers but 200, ${exact}, ${seconds.toFixed(1)} s`;
}
