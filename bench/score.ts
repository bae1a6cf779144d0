import { readPeriodInput } from '../src/scoring/periods/input.ts';
import { makeRoomToSum, readIndicators } from '../src/scoring/periods/read.ts';
import { parseRules } from '../src/scoring/rules.ts';
import { expectedForm, scoreDocument } from '../src/scoring/score.ts';
import { described, launch, machine, middle, openCity, roundId, timed } from './support/city.ts';

/*
 * node --import tsx bench/score.ts
 *
 * A month of 10,000 managers with 1,000,000 answers, from the database to every score, rank and tier: summed in SQL as
 * the service does, against pulling every row into the program and summing there, in turns, three rounds, on the wall.
 * The results must be equal. Goal: at most half the time.
 */
const managers = 10_000;
const shopsEach = 100;
const rounds = 3;
const period = '2026-12';

const { database, close } = await openCity(managers, shopsEach);
const { query } = database;
try {
  await launch(database);
  await query({ text: `UPDATE round SET state = 'closed', closed_at = launched_at WHERE id = $1`, values: [roundId] });
  await query({
    text: `
      INSERT INTO frame_line (round_id, retailer_id, manager_id, stratum, position, phone_id)
      SELECT $1, a.retailer_id, a.manager_id, 'urban', row_number() OVER (ORDER BY a.retailer_id), r.phone_id
      FROM assignment a JOIN retailer r ON r.id = a.retailer_id`,
    values: [roundId],
  });
  await query({
    text: `
      INSERT INTO survey_case (id, round_id, retailer_id, manager_id, phone_id, position, wave, time_zone, state, disposition, overall)
      SELECT gen_random_uuid(), round_id, retailer_id, manager_id, phone_id, position, 1, 'Asia/Shanghai', 'done', 'complete',
             5 - (hashtext(retailer_id) & 3) * (hashtext(manager_id) & 1)
      FROM frame_line WHERE round_id = $1`,
    values: [roundId],
  });
  await query({
    text: `
      INSERT INTO unit_indicator (period, manager_id, code, value)
      SELECT $1, m.id, i.code, 70 + (hashtext(m.id || i.code) & 31) FROM manager m
      CROSS JOIN (SELECT jsonb_array_elements(document->'unit'->'indicators')->>'code' AS code FROM rule_set WHERE id = 'RS-1') i`,
    values: [period],
  });
  await query({ text: 'ANALYZE' });
  const [row] = await query<{ document: unknown }>({ text: `SELECT document FROM rule_set WHERE id = 'RS-1'` });
  const rules = parseRules(row?.document);

  const inSql: number[] = [];
  const pulled: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const ours = await timed(async () => {
      const { input } = await database.transaction(async (query) => {
        await makeRoomToSum(query);
        return readPeriodInput(query, period, rules.document);
      });
      return expectedForm(scoreDocument(input));
    });
    const rows = await timed(pullEverything);
    inSql.push(ours.wall);
    pulled.push(rows.wall);
    if (JSON.stringify(ours.made) !== JSON.stringify(rows.made)) throw new Error('the results differ');
  }
  const ratio = middle(inSql) / middle(pulled);
  process.stdout.write(
    `score of ${managers} managers and ${managers * shopsEach} answers: ${described(inSql, 's')}, ` +
      `pulling every row ${described(pulled, 's')}, ratio ${ratio.toFixed(2)} (goal ≤ 0.5); ${machine()}\n`,
  );

  /** As a program without SQL would: every line of the frame and every case, one by one. */
  async function pullEverything() {
    const frame = await query<{ managerId: string }>({
      text: `SELECT manager_id AS "managerId", retailer_id FROM frame_line WHERE round_id = $1`,
      values: [roundId],
    });
    const cases = await query<{ managerId: string; disposition: string; overall: number | null }>({
      text: `SELECT manager_id AS "managerId", retailer_id, disposition, overall FROM survey_case WHERE round_id = $1`,
      values: [roundId],
    });
    const sums = new Map<string, { frameSize: number; released: number; bad: number; ratings: number[] }>();
    const of = (id: string) => {
      const known = sums.get(id) ?? { frameSize: 0, released: 0, bad: 0, ratings: [0, 0, 0, 0, 0] };
      sums.set(id, known);
      return known;
    };
    for (const { managerId } of frame) of(managerId).frameSize += 1;
    for (const { managerId, disposition, overall } of cases) {
      const sum = of(managerId);
      sum.released += 1;
      if (disposition === 'bad-number') sum.bad += 1;
      if (overall !== null) sum.ratings[overall - 1] = (sum.ratings[overall - 1] ?? 0) + 1;
    }
    const units = await readIndicators(query, period);
    const inputs = [...sums]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([id, { frameSize, released, bad, ratings }]) => ({
        ...{ id, frameSize, unit: units.get(id) ?? {}, badNumberShare: `${bad}/${released}` },
        ratings: Object.fromEntries(ratings.map((times, index) => [index + 1, times])),
      }));
    return expectedForm(scoreDocument({ rules: rules.document, managers: inputs }));
  }
} finally {
  await close();
}
