import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readComments, storeComments } from '../../src/scoring/comments/comments.ts';
import { findPublished } from '../../src/scoring/store.ts';
import { finalisePeriod, score } from '../../src/workers/score.ts';
import type { Services } from '../../src/workers/services.ts';
import { upheld } from '../support/appeals.ts';
import { type City, openCity, settleIn, shopsOf } from '../support/city.ts';
import { storeRound } from '../support/stored-round.ts';

/** Comments, and what somebody who subtracts months, corrections and refreshes from one another can learn: nothing. */
let city: City;
let services: Services;
const all = <Row>(text: string, ...values: unknown[]) => city.database.query<Row>({ text, values });
const shops = (manager: string, count: number, from = 0) => shopsOf(manager, count, from).map(({ id }) => id);

beforeAll(async () => {
  city = await openCity('comments');
  services = city as unknown as Services;
  await settleIn(
    city,
    ['W1', 'W2'].flatMap((manager) => shopsOf(manager, 60)),
  );
});
afterAll(() => city.close());

/** A month on notice in which these shops answered, each with a comment that names it. */
async function month(period: string, heard: Readonly<Record<string, readonly string[]>>): Promise<void> {
  const asked = Object.entries(heard).flatMap(([manager, ids]) => ids.map((shop) => ({ shop, manager, overall: 4 })));
  const frame = ['W1', 'W2'].flatMap((manager) => shops(manager, 60).map((shop) => ({ shop, manager })));
  const roundId = await storeRound(city, { period, frame, asked });
  const cases = await all<{ id: string; shop: string }>(
    'SELECT id, retailer_id AS shop FROM survey_case WHERE round_id = $1 ORDER BY position',
    roundId,
  );
  for (const { id, shop } of cases) await comment(id, `${shop} 说`);
  await all(
    `INSERT INTO unit_indicator (period, manager_id, code, value) VALUES ($1, 'W1', 'service', 90), ($1, 'W2', 'service', 90)`,
    period,
  );
  city.clock.advance(new Date(`${period}-28T18:00:00+08:00`));
  await score(services, roundId);
}

const comment = (caseId: string, words: string) =>
  all(
    `INSERT INTO comment (case_id, attempt_id, channel, sealed, at) VALUES ($1, gen_random_uuid(), 'sms', $2, $3)`,
    ...[caseId, city.vault.seal(words), city.clock.now()],
  );

async function end(period: string): Promise<void> {
  const { appealsUntil } = (await findPublished(city.database.query, period)) ?? expect.fail(period);
  city.clock.advance(appealsUntil);
  await finalisePeriod(services, period);
}

const told = async (period: string, manager = 'W1') =>
  (await readComments(city.database.query, period, manager)).map(
    (sealed) => city.vault.open(sealed).split(' ')[0] ?? '',
  );

describe('comments', () => {
  test('are not there while the month is on notice, however many', async () => {
    await month('2027-01', { W1: shops('W1', 12), W2: shops('W2', 9) });
    expect(await told('2027-01')).toEqual([]);
    await storeComments(city.database.query, '2027-01', await city.rules('RS-1'));
    expect(await told('2027-01')).toEqual([]);
  });

  test('are there from ten shops on once it is final, without what an appeal struck, and nine are not', async () => {
    const [struck = ''] = shops('W1', 1);
    await upheld(services, '2027-01', 'W1', { kind: 'invalid-call', retailerId: struck });
    await end('2027-01');
    expect((await told('2027-01')).sort()).toEqual(shops('W1', 11, 1));
    expect(await told('2027-01', 'W2')).toEqual([]);
    expect(await all(`SELECT FROM published_comment WHERE manager_id = 'W2'`)).toEqual([]);
  });

  test('stand in an order that is by lot and the same at every look', async () => {
    const first = await told('2027-01');
    expect(first).not.toEqual([...first].sort());
    expect(await told('2027-01')).toEqual(first);
    const columns = await all<{ name: string }>(
      `SELECT column_name AS name FROM information_schema.columns WHERE table_name = 'published_comment' ORDER BY 1`,
    );
    expect(columns.map(({ name }) => name)).toEqual(['manager_id', 'period', 'place', 'sealed']);
  });

  test('of two months have none in common: no month less another is one shop', async () => {
    await month('2027-02', { W1: shops('W1', 3, 20), W2: shops('W2', 1, 20) });
    // All scores stand, so there is nothing to take the spread of answers from: it stands too.
    const spread = async (of: string) => (await findPublished(city.database.query, of))?.document;
    expect((await spread('2027-02'))?.managers.map(({ standing }) => standing)).toEqual([true, true]);
    expect((await spread('2027-02'))?.withinVariance).toBe((await spread('2027-01'))?.withinVariance);
    await end('2027-02');
    expect(await told('2027-02')).toEqual([]);
    // Nine that waited and one more.
    expect((await told('2027-02', 'W2')).sort()).toEqual([...shops('W2', 9), ...shops('W2', 1, 20)]);
    await month('2027-03', { W1: shops('W1', 7, 30), W2: shops('W2', 9, 30) });
    await end('2027-03');
    expect((await told('2027-03')).sort()).toEqual([...shops('W1', 3, 20), ...shops('W1', 7, 30)]);
    expect(await told('2027-03', 'W2')).toEqual([]);
    const shown = await all<{ times: number }>(`SELECT count(*)::int AS times FROM published_comment GROUP BY sealed`);
    expect(new Set(shown.map(({ times }) => times))).toEqual(new Set([1]));
  });

  test('count shops and not sentences: one shop that writes ten times is one', async () => {
    await month('2027-04', { W1: shops('W1', 2, 40), W2: [] });
    const [one] = await all<{ id: string }>(`SELECT id FROM survey_case WHERE round_id = '2027-04-R1' LIMIT 1`);
    for (let index = 0; index < 12; index += 1) await comment(one?.id ?? '', `${index}`);
    await end('2027-04');
    expect(await told('2027-04')).toEqual([]);
  });

  test('are put up once: asked for again, or with one more that came late, nothing changes', async () => {
    const before = await told('2027-03');
    const [one] = await all<{ id: string }>(
      `SELECT id FROM survey_case WHERE round_id = '2027-03-R1' AND manager_id = 'W1' LIMIT 1`,
    );
    await comment(one?.id ?? '', '又说');
    await storeComments(city.database.query, '2027-03', await city.rules('RS-1'));
    expect(await told('2027-03')).toEqual(before);
  });

  test('are refused by the database itself from whatever statement shows too few, too early, or changes them', async () => {
    const put = (period: string, from: number, count: number) =>
      all(
        `INSERT INTO published_comment (period, manager_id, place, sealed)
         SELECT $1, 'W9', n, '\\x00' FROM generate_series($2::int, $3::int) AS n`,
        ...[period, from, from + count - 1],
      );
    await expect(put('2027-03', 1, 9)).rejects.toThrow('never too few');
    await expect(put('2027-05', 1, 20)).rejects.toThrow('once a month is final');
    await put('2027-03', 1, 10);
    await expect(put('2027-03', 11, 1)).rejects.toThrow('never too few');
    await expect(all('DELETE FROM published_comment')).rejects.toThrow();
    await expect(all('UPDATE published_comment SET place = 0')).rejects.toThrow();
  });
});
