import { describe, expect, it, test } from 'vitest';
import { rulesWith } from '../examples.fixture.ts';
import { lastScoreStands, type MonthSums, newResponses, staysComparable, sumsOf, windowEnding } from './sums.ts';

const { customer } = rulesWith();

const month = (period: string, fives: number, changes: Partial<MonthSums> = {}): MonthSums => ({
  ...{ period, frame: 20, ratings: [0, 0, 0, 0, fives], released: 2 * fives, badNumbers: 0 },
  ...changes,
});

describe('the window of a score', () => {
  it('is one month where that is firm by itself', () => {
    const { first, last, months, responses } = windowEnding(
      '2026-12',
      [month('2026-12', 24), month('2026-11', 24)],
      customer,
    );
    expect({ first, last, months, responses }).toEqual({ first: '2026-12', last: '2026-12', months: 1, responses: 24 });
  });

  it('is the shortest of those allowed that is firm: two, three, then six months', () => {
    const history = ['2026-12', '2026-11', '2026-10', '2026-09', '2026-08', '2026-07'].map((period) =>
      month(period, 8, { frame: 50 }),
    );
    expect(windowEnding('2026-12', history, customer)).toMatchObject({
      first: '2026-10',
      months: 3,
      responses: 24,
      frameSize: 150,
    });
    const thinner = history.map((one) => ({ ...one, ratings: [0, 0, 0, 0, 5] as const }));
    expect(windowEnding('2026-12', thinner, customer)).toMatchObject({ first: '2026-07', months: 6, responses: 30 });
  });

  it('is never longer than his history, and one month where he has none', () => {
    const history = [month('2026-12', 6, { frame: 90 }), month('2026-10', 6, { frame: 90 })];
    expect(windowEnding('2026-12', history, customer)).toMatchObject({ first: '2026-10', months: 3 });
    expect(windowEnding('2026-12', history.slice(0, 1), customer)).toMatchObject({ months: 1 });
    expect(windowEnding('2026-12', [], customer)).toMatchObject({ months: 1, responses: 0, frameSize: 0 });
  });

  it('takes bad numbers of all who were released in it', () => {
    const history = [month('2026-12', 10, { badNumbers: 1 }), month('2026-11', 10, { badNumbers: 5 })];
    expect(sumsOf('2026-12', 2, history).badNumberShare.toFraction()).toBe('3/20');
    expect(sumsOf('2026-12', 1, []).badNumberShare.toFraction()).toBe('0');
  });

  it('goes over the turn of the year', () =>
    expect(sumsOf('2027-01', 3, [month('2027-01', 1), month('2026-11', 2), month('2026-10', 4)])).toMatchObject({
      first: '2026-11',
      responses: 3,
    }));
});

describe('a new score', () => {
  test.each([
    [4, true],
    [5, false],
  ])('with %i new answers: the last stands = %s', (fresh, stands) => {
    const history = [month('2026-12', fresh), month('2026-11', 30)];
    expect(newResponses(history, '2026-11')).toBe(fresh);
    expect(lastScoreStands(history, '2026-11', customer)).toBe(stands);
  });

  it('counts what is new since the answers of the last one, not since it was published', () => {
    const history = [month('2026-12', 3), month('2026-11', 3), month('2026-10', 30)];
    expect(lastScoreStands(history, '2026-10', customer)).toBe(false);
  });
});

test.each([
  ['the same rules, written otherwise', { 'customer.firmReliability': '0.7' }, true],
  ['rules that need more answers than it has', { 'customer.minimumResponses': 7 }, false],
  ['another k', { 'customer.priorStrength': 12 }, false],
  ['another scale', { 'customer.points': ['20', '40', '60', '80', '100'] }, false],
])('under %s, whether a score of six answers stays comparable', (_, changes, comparable) =>
  expect(staysComparable(6, customer, rulesWith(changes).customer)).toBe(comparable),
);
