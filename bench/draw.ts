import { spawnSync } from 'node:child_process';
import { createHash, hash } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { drawRound } from '../src/survey/round/draw.ts';
import { freeze, orderFrame } from '../src/survey/round/frame.ts';
import {
  connectTo,
  count,
  described,
  launch,
  machine,
  middle,
  openCity,
  roundId,
  roundServices,
  timed,
  undo,
} from './support/city.ts';
import { peakMegabytes } from './support/memory.ts';

/*
 * node --import tsx bench/draw.ts
 *
 * 1,000,000 retailers of 4,000 managers. First frame, hash and order in memory, against hashing the same million tickets
 * in a bare loop; in turns, three rounds, processor time. Goal: at most twice the bare loop. Then the whole draw job as
 * it runs: roster read, frame frozen, ordered and stored, the first wave released, in a process of its own. Goal: less
 * than 1 GiB in it. The database's own time is on the wall's clock only.
 */
const managers = 4000;
const shopsEach = 250;
const retailers = managers * shopsEach;
const rounds = 3;

if (process.argv[2] === 'job') await job(process.argv[3] ?? '');
else {
  await inMemory();
  await stored();
}

async function inMemory(): Promise<void> {
  const roster = Array.from({ length: retailers }, (_, index) => ({
    retailerId: String(360_100_000_000 + index * 7),
    managerId: `M${String(index % managers).padStart(5, '0')}`,
    stratum: 'urban',
    phoneId: `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`,
    closed: false,
    optedOut: false,
    rested: false,
  }));
  const seed = 'SATQ1|bench|frame|nonce:nonce|NONE';
  const seedHash = hash('sha256', seed);
  const bareLoop = () => {
    for (const { retailerId } of roster) {
      const digest = createHash('sha256')
        .update(seedHash + retailerId)
        .digest('hex');
      BigInt(`0x${digest}`).toString();
    }
  };
  const hashesAlone = () => {
    for (const { retailerId } of roster) hash('sha256', seedHash + retailerId);
  };
  const figures = { alone: [] as number[], bare: [] as number[], frozen: [] as number[], ordered: [] as number[] };
  for (let round = 0; round < rounds; round += 1) {
    figures.alone.push((await timed(hashesAlone)).processor);
    figures.bare.push((await timed(bareLoop)).processor);
    figures.frozen.push((await timed(() => freeze(roster).hash)).processor);
    const { made, processor } = await timed(() => orderFrame(roster, seed));
    figures.ordered.push(processor);
    if (new Set(made.map(({ retailerId }) => retailerId)).size !== retailers)
      throw new Error('the order is not one of the whole frame');
  }
  const { alone, bare, frozen, ordered } = figures;
  const ratio = (middle(frozen) + middle(ordered)) / middle(bare);
  process.stdout.write(
    `draw of ${retailers} retailers in memory: frozen ${described(frozen, 's')}, ordered ${described(ordered, 's')}, ` +
      `bare loop of tickets ${described(bare, 's')}, ratio ${ratio.toFixed(1)} (goal ≤ 2); hashes alone ${described(alone, 's')}; ${machine()}\n`,
  );
}

interface Figure {
  readonly wall: number;
  readonly processor: number;
  readonly megabytes: number;
}

async function stored(): Promise<void> {
  const city = await openCity(managers, shopsEach);
  try {
    const figures: Figure[] = [];
    for (let round = 0; round < rounds; round += 1) {
      await undo(city.database);
      await launch(city.database);
      const { stdout, status } = spawnSync(
        process.execPath,
        ['--import', 'tsx', fileURLToPath(import.meta.url), 'job', city.url],
        { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] },
      );
      if (status !== 0) throw new Error(`the draw ended with ${status}`);
      if ((await count(city.database, 'frame_line')) !== retailers) throw new Error('not the whole frame was stored');
      figures.push(JSON.parse(stdout) as Figure);
    }
    const all = (what: keyof Figure) => figures.map((figure) => figure[what]);
    process.stdout.write(
      `draw of ${retailers} retailers stored, ${await count(city.database, 'survey_case')} cases released: ` +
        `${described(all('wall'), 's')} on the wall, of which own processor ${described(all('processor'), 's')}, ` +
        `peak ${described(all('megabytes'), 'MB')} (goal < 1024); ${machine()}\n`,
    );
  } finally {
    await city.close();
  }
}

/** The draw job in this process; prints its figure. */
async function job(url: string): Promise<void> {
  const { database, close } = await connectTo(url);
  const { made, wall, processor } = await timed(() => drawRound(roundServices(database), roundId));
  if (!made) throw new Error('it did not draw');
  await close();
  process.stdout.write(JSON.stringify({ wall, processor, megabytes: peakMegabytes() }));
}
