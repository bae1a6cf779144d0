import { systemChance } from '../src/platform/chance.ts';
import type { Database } from '../src/platform/database.ts';
import { claimDue } from '../src/survey/fieldwork/claim.ts';
import { drawRound } from '../src/survey/round/draw.ts';
import {
  clock,
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

/*
 * node --import tsx bench/launch.ts
 *
 * A round of 100,000 cases, from launch until the dispatcher can take the first of them up, against creating the same
 * cases one statement each; in turns, three rounds, on the wall. Managers have ten shops, so that all of them are
 * released. Drawn again, it adds nothing. Goal: at least 2.5 times as fast as one by one, and ten seconds. One by one
 * is measured on a tenth of the cases, in one transaction and prepared, and taken ten times.
 */
const managers = 10_000;
const shopsEach = 10;
const cases = managers * shopsEach;
const tenth = cases / 10;
const rounds = 3;

const { database, close } = await openCity(managers, shopsEach);
try {
  const together: number[] = [];
  const oneByOne: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    await undo(database);
    together.push((await timed(launchAndDraw)).wall);
    if ((await count(database, 'survey_case')) !== cases) throw new Error('not every shop has a case');
    if (await drawRound(roundServices(database), roundId)) throw new Error('it drew again');
    if ((await count(database, 'survey_case')) !== cases) throw new Error('drawing again added cases');
    await needDue(database);
    oneByOne.push(10 * (await timed(() => createOneByOne(database))).wall);
  }
  const ratio = middle(oneByOne) / middle(together);
  process.stdout.write(
    `launch of ${cases} cases: ${described(together, 's')} (goal ≤ 10), one by one ${described(oneByOne, 's')}, ` +
      `ratio ${ratio.toFixed(1)} (goal ≥ 2.5); PostgreSQL embedded, fsync on, ${machine()}\n`,
  );
} finally {
  await close();
}

async function launchAndDraw(): Promise<void> {
  await launch(database);
  if (!(await drawRound(roundServices(database), roundId))) throw new Error('it did not draw');
}

/** @throws Error where the dispatcher finds nothing to call. */
async function needDue(database: Database): Promise<void> {
  const now = clock.now();
  const lane = { carrier: 'bench', channel: 'voice', perSecond: 10, concurrent: null } as const;
  const wish = { now, until: new Date(now.getTime() + 1000), openZones: ['Asia/Shanghai'] };
  const { attemptIds } = await claimDue({ database, chance: systemChance }, lane, wish);
  if (attemptIds.length === 0) throw new Error('no case can be called');
}

async function createOneByOne({ query, transaction }: Database): Promise<void> {
  const lines = await query<Record<string, unknown>>({
    text: 'SELECT retailer_id, manager_id, phone_id, position, rotation FROM survey_case LIMIT $1',
    values: [tenth],
  });
  await query({ text: 'TRUNCATE survey_case CASCADE' });
  await transaction(async (own) => {
    for (const { retailer_id, manager_id, phone_id, position, rotation } of lines)
      await own({
        name: 'bench-one-case',
        text: `
          INSERT INTO survey_case (id, round_id, retailer_id, manager_id, phone_id, position, wave, time_zone, due_at, due_channel, rotation)
          VALUES ($1, $2, $3, $4, $5, $6, 1, 'Asia/Shanghai', $7, 'voice', $8)`,
        values: [systemChance.id(), roundId, retailer_id, manager_id, phone_id, position, clock.now(), rotation],
      });
  });
}
