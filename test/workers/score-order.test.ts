import { afterAll, beforeAll, expect, test } from 'vitest';
import { findPublished } from '../../src/scoring/store.ts';
import { termsFor } from '../../src/survey/round/terms.ts';
import { finalisePeriod, score } from '../../src/workers/score.ts';
import { type Field, openField } from '../support/field.ts';
import { playMonth, smallManagers } from '../support/final-month.ts';
import { storeRound } from '../support/stored-round.ts';

/** Months are published in their order, because tiers and streaks of each go on from the one before. */
let field: Field;
const ask = async (period: string) => {
  const frame = [{ shop: '3601K010001', manager: 'K01' }];
  await field.city.database.query({
    text: `INSERT INTO unit_indicator (period, manager_id, code, value) VALUES ($1, 'K01', 'service', 90)`,
    values: [period],
  });
  return storeRound(field.city, { period, frame, asked: frame.map((line) => ({ ...line, overall: 5 })) });
};
const stageOf = async (period: string) => (await findPublished(field.city.database.query, period))?.stage ?? null;
const setState = (roundId: string, state: string) =>
  field.city.database.query({
    text: `UPDATE round SET state = $2::round_state, closed_at = CASE WHEN $2 = 'closed' THEN launched_at END WHERE id = $1`,
    values: [roundId, state],
  });

beforeAll(async () => {
  field = await openField('score-order', smallManagers(2));
  const good = { overall: 5, unit: 90 };
  await playMonth(field, '2027-01', { ruleSet: 'RS-1', results: { K01: good, K02: good } });
});
afterAll(() => field.close());

test('a month waits for the months before it: until they are asked, scored and final', async () => {
  const [february, march] = [await ask('2027-02'), await ask('2027-03')];
  await setState(february, 'fielding');
  await score(field.services, march);
  expect(await stageOf('2027-03')).toBeNull();
  await setState(february, 'closed');
  await score(field.services, march);
  expect(await stageOf('2027-03')).toBeNull();
  await score(field.services, february);
  expect(await stageOf('2027-02')).toBe('notice');
  await score(field.services, march);
  expect(await stageOf('2027-03')).toBeNull();
  const { appealsUntil } = (await findPublished(field.city.database.query, '2027-02')) ?? expect.fail();
  field.city.clock.advance(appealsUntil);
  await finalisePeriod(field.services, '2027-02');
  await score(field.services, march);
  expect(await stageOf('2027-03')).toBe('notice');
});

test('a month that was passed over is not asked any more, and what was asked of it is not published', async () => {
  const november = await ask('2026-11');
  await score(field.services, november);
  expect(await stageOf('2026-11')).toBeNull();
  await expect(termsFor(field.city.database.query, '2026-10')).rejects.toMatchObject({ code: 'later-month-stands' });
});
