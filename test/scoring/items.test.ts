import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readCityItems, readItemSummaries } from '../../src/scoring/items/summaries.ts';
import { findPublished } from '../../src/scoring/store.ts';
import { finalisePeriod, score } from '../../src/workers/score.ts';
import type { Services } from '../../src/workers/services.ts';
import { upheld } from '../support/appeals.ts';
import { type City, openCity, settleIn, shopsOf } from '../support/city.ts';
import { storeRound } from '../support/stored-round.ts';

/**
 * What may be known of single items, and what somebody who subtracts can learn: nothing. Two managers in one district
 * and one in another; `Q1` is the overall item, `Q2` another rating.
 */
let city: City;
let services: Services;
const all = <Row>(text: string, ...values: unknown[]) => city.database.query<Row>({ text, values });

beforeAll(async () => {
  city = await openCity('items');
  services = city as unknown as Services;
  await settleIn(
    city,
    ['W1', 'W2', 'W3'].flatMap((manager) => shopsOf(manager, 40)),
  );
  await all(`INSERT INTO district VALUES ('D2', '城西')`);
  await all(`UPDATE manager SET district_id = 'D2' WHERE id = 'W3'`);
});
afterAll(() => city.close());

/** A month in which so many shops of each manager answered, from the `from`-th on, all with these ratings. */
async function month(
  period: string,
  heard: Readonly<Record<string, { from: number; count: number; items: Readonly<Record<string, number>> }>>,
): Promise<void> {
  const frame = Object.keys(heard).flatMap((manager) => shopsOf(manager, 40).map(({ id }) => ({ shop: id, manager })));
  const asked = Object.entries(heard).flatMap(([manager, { from, count, items }]) =>
    shopsOf(manager, count, from).map(({ id }) => ({
      shop: id,
      manager,
      overall: items[overall] ?? null,
      answers: items,
    })),
  );
  await all(
    `INSERT INTO unit_indicator (period, manager_id, code, value) SELECT $1, m, 'service', 90 FROM unnest($2::text[]) AS m`,
    ...[period, Object.keys(heard)],
  );
  const roundId = await storeRound(city, { period, frame, asked });
  city.clock.advance(new Date(`${period}-28T18:00:00+08:00`));
  await score(services, roundId);
}
async function end(period: string): Promise<void> {
  const { appealsUntil } = (await findPublished(city.database.query, period)) ?? expect.fail(period);
  city.clock.advance(appealsUntil);
  await finalisePeriod(services, period);
}

const [overall, other] = ['Q1', 'Q2'] as const;
const of = (period: string, manager: string) => readItemSummaries(city.database.query, period, manager);
const cityOf = (period: string, district?: string) => readCityItems(city.database.query, period, district);

describe('a manager’s items', () => {
  test('are there from ten answers on, and with nine of them nothing is stored at all', async () => {
    await month('2027-01', {
      W1: { from: 0, count: 12, items: { [overall]: 5, [other]: 4 } },
      W2: { from: 0, count: 10, items: { [overall]: 4 } },
      W3: { from: 0, count: 9, items: { [overall]: 3 } },
    });
    expect(await of('2027-01', 'W1')).toEqual([
      { item: overall, responses: 12, distribution: [0, 0, 0, 0, 12], first: '2027-01', last: '2027-01' },
      { item: other, responses: 12, distribution: [0, 0, 0, 12, 0], first: '2027-01', last: '2027-01' },
    ]);
    expect(await of('2027-01', 'W2')).toMatchObject([{ item: overall, responses: 10 }]);
    expect(await all(`SELECT FROM item_summary WHERE manager_id = 'W3'`)).toEqual([]);
  });

  test('stay as they were put up when an appeal strikes one of their answers', async () => {
    const before = await of('2027-01', 'W1');
    await upheld(services, '2027-01', 'W1', { kind: 'invalid-call', retailerId: shopsOf('W1', 1)[0]?.id ?? '' });
    expect((await findPublished(city.database.query, '2027-01'))?.document.managers[0]?.responses).toBe(11);
    expect(await of('2027-01', 'W1')).toEqual(before);
    await end('2027-01');
    expect(await of('2027-01', 'W1')).toEqual(before);
  });

  test('are carried over where fewer than five of an item’s answers are new, item by item', async () => {
    await month('2027-02', {
      W1: { from: 20, count: 6, items: { [overall]: 1 } },
      W2: { from: 20, count: 4, items: { [overall]: 1, [other]: 1 } },
      W3: { from: 20, count: 9, items: { [overall]: 3 } },
    });
    await end('2027-02');
    const [first, second] = await of('2027-02', 'W1');
    expect(first).toMatchObject({ item: overall, responses: 17, distribution: [6, 0, 0, 0, 11], last: '2027-02' });
    expect(second).toEqual({
      item: other,
      responses: 12,
      distribution: [0, 0, 0, 12, 0],
      first: '2027-01',
      last: '2027-01',
    });
    expect(await of('2027-02', 'W2')).toEqual(await of('2027-01', 'W2'));
    expect(await of('2027-02', 'W3')).toMatchObject([{ item: overall, responses: 18 }]);
  });

  test('are made once: neither another try nor anybody’s statement changes them', async () => {
    const before = await of('2027-02', 'W1');
    await score(services, '2027-02-R1');
    expect(await of('2027-02', 'W1')).toEqual(before);
    await expect(all('UPDATE item_summary SET responses = 1')).rejects.toThrow();
  });
});

describe('the city’s items', () => {
  test('are the managers’ added up', async () =>
    expect(await cityOf('2027-02')).toEqual([
      { item: overall, responses: 17 + 10 + 18, distribution: [6, 0, 18, 10, 11] },
    ]));

  test('are left out where one manager could take off his own and read the other’s few', async () =>
    // Of the other rating only W1 has a summary: it would be his.
    expect((await cityOf('2027-02')).map(({ item }) => item)).not.toContain(other));

  test('of a district need the rest of the city too, and more than one manager', async () => {
    expect(await cityOf('2027-02', 'D1')).toEqual([{ item: overall, responses: 27, distribution: [6, 0, 0, 10, 11] }]);
    expect(await cityOf('2027-02', 'D2')).toEqual([]);
  });
});
