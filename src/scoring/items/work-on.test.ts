import { describe, expect, it } from 'vitest';
import type { ItemSummary } from './summaries.ts';
import { compareItems, worthWork } from './work-on.ts';

const months = { first: '2026-11', last: '2026-12' };
const all = (item: string, rating: 1 | 2 | 3 | 4 | 5, responses = 10): ItemSummary => ({
  ...{ item, responses, ...months },
  distribution: [1, 2, 3, 4, 5].map((one) => (one === rating ? responses : 0)) as never,
});
const questions = ['Q1', 'Q2', 'Q3', 'Q4', 'Q5'];
const city = [all('Q1', 4, 99), all('Q2', 4, 99), all('Q3', 5, 99), all('Q4', 3, 99)];
const own = [all('Q1', 1), all('Q2', 3), all('Q3', 3), all('Q4', 4), all('Q5', 2)];

describe('items beside the city’s', () => {
  it('are those he has, in the questionnaire’s order, with the difference of the means', () => {
    const compared = compareItems(questions, own.slice(1).reverse(), city);
    expect(compared.map(({ item, gap }) => [item, gap.valueOf()])).toEqual([
      ['Q2', -1],
      ['Q3', -2],
      ['Q4', 1],
      ['Q5', 0],
    ]);
    expect(compared.at(-1)?.cityMean).toBeNull();
  });

  it('have means of all ratings', () => {
    const mixed: ItemSummary = { item: 'Q2', responses: 12, distribution: [1, 0, 2, 4, 5], ...months };
    expect(compareItems(questions, [mixed], city)[0]?.mean.toFraction()).toBe('4');
  });
});

describe('what is most worth his work', () => {
  it('is three items, furthest behind first, and never the overall rating', () =>
    expect(worthWork(compareItems(questions, own, city), 'Q1').map(({ item }) => item)).toEqual(['Q3', 'Q2', 'Q5']));

  it('is nothing where nothing has ten answers', () => expect(worthWork([], 'Q1')).toEqual([]));
});
