import { afterAll, beforeAll, expect, test } from 'vitest';
import { chosenUnder } from '../../src/survey/desk/chosen.ts';
import { verifyDraw } from '../../src/survey/draw/verify.ts';
import { readDrawBundle } from '../../src/survey/round/bundle.ts';
import { type City, fieldRound, openCity, settleIn, shopsOf } from '../support/city.ts';

/** Whom people call of the silent: chosen when a shop is released, by the seed; of some managers everybody. */
let city: City;
beforeAll(async () => {
  city = await openCity('desk-sample');
  await settleIn(city, [...shopsOf('W01', 120), ...shopsOf('W02', 12)]);
  // Two months in which W02 had too few answers, and W01 in one of them.
  const months = { '2026-10': ['not-rated', 'not-rated'], '2026-11': ['firm', 'not-rated'] };
  for (const [period, [first, second]] of Object.entries(months))
    await city.database.query({
      text: `INSERT INTO publication (hash, period, sequence, stage, appeals_until, document, published_at, previous_hash) VALUES ($1, $1, 1, 'final', now(), $2, now(), $3)`,
      values: [
        period,
        {
          managers: [
            { id: 'W01', status: first },
            { id: 'W02', status: second },
          ],
        },
        period === '2026-10' ? null : '2026-10',
      ],
    });
  await fieldRound(city);
});
afterAll(() => city.close());

test('a fifth of the silent and 5 % of the complete are marked as they are released; of who was not rated twice, all', async () => {
  await city.database.query({ text: `UPDATE round SET state = 'closed', closed_at = now()` });
  await city.database.query({ text: 'UPDATE draw SET revealed_at = now()' });
  const bundle = await readDrawBundle(city, '2026-12-R1');
  expect(verifyDraw(bundle)).toEqual([]);
  const chosen = chosenUnder(bundle.seed, { silent: 0.2, recheck: 0.05 });
  const cases = await city.database.query<{ id: string; manager: string; why: string | null; recheck: boolean }>({
    text: `SELECT retailer_id AS id, manager_id AS manager, if_silent AS why, recheck FROM survey_case`,
  });
  expect(cases.length).toBeGreaterThan(40);
  for (const { id, manager, why, recheck } of cases) {
    const sampled = chosen(id).ifSilent ? 'silent-sample' : null;
    expect({ id, why, recheck }).toEqual({
      id,
      why: manager === 'W02' ? 'not-rated' : sampled,
      recheck: chosen(id).recheck,
    });
  }
  expect(bundle.desk).toMatchObject({ silentShare: '1/5', recheckShare: '1/20', notRated: ['W02'] });
  const tampered = { ...bundle, desk: bundle.desk && { ...bundle.desk, silent: [] } };
  expect(verifyDraw(tampered).length).toBeGreaterThan(0);
});
