import { describe, expect, it, test } from 'vitest';
import { documentOf, everyIndicator, manager, ratings } from './examples.fixture.ts';
import { explain } from './explain.ts';
import { makePublication, type Person } from './publication.ts';
import { scoreDocument } from './score.ts';

const people = (person: Partial<Person> = {}) =>
  new Map(['K01', 'K02', 'K03'].map((id) => [id, { name: id, district: '东湖', ...person }]));

function published(managers: readonly object[], person: Partial<Person> = {}) {
  return makePublication({
    ...{ period: '2026-12', stage: 'final', appealsUntil: new Date('2027-01-13T00:00:00+08:00') },
    ...{
      drawId: '2026-12-R1',
      questionnaire: 'HF-1',
      scored: scoreDocument(documentOf(managers)),
      people: people(person),
    },
    previousHash: null,
  });
}

/** What a pocket calculator says of a sum. */
function calculated(sum: string): number {
  const typed = sum.replaceAll('×', '*').replaceAll('÷', '/').replaceAll('min', 'Math.min');
  if (!/^[\d+*/()., ]*$/.test(typed.replaceAll('Math.min', ''))) throw new Error(`no calculator takes ${sum}`);
  return Number(new Function(`return ${typed}`)());
}

describe('a score line by line', () => {
  const city = [
    manager('K01', { unit: everyIndicator('91.3', { sales: '118.75' }) }),
    manager('K02', { ratings: ratings(20, 4, 0, 0, 3), unit: everyIndicator('66.67', { brand: null }) }),
    manager('K03', { ratings: ratings(1, 1, 0, 0, 0) }),
  ];
  const publication = published(city);

  it('gives by a pocket calculator what was published', () => {
    const lines = publication.managers.flatMap((one) => explain(publication, one)).filter(({ sum }) => sum !== null);
    expect(lines.length).toBeGreaterThan(25);
    for (const { sum, result } of lines) {
      const apart = Math.abs(calculated(sum ?? '') - Number(result));
      expect({ sum, result, apart: apart < 0.005 + 1e-9 }).toEqual({ sum, result, apart: true });
    }
  });

  it('ends with the score', () => {
    const [first] = publication.managers;
    const lines = first ? explain(publication, first) : [];
    expect(lines.at(-1)).toEqual({
      what: 'score',
      sum: `0.40 × ${first?.customer} + 0.60 × ${first?.unit}`,
      result: first?.score,
    });
    expect(lines.map(({ what }) => what)).toEqual([
      'mean',
      'reliability',
      'customer',
      ...Array(8).fill('indicator'),
      'unit',
      'score',
    ]);
  });

  it('caps what is over the cap, and says what is missing', () => {
    const [first, second] = publication.managers;
    expect(first && explain(publication, first)[3]).toEqual({
      what: 'indicator',
      code: 'sales',
      sum: 'min(118.75, 100) × 20',
      result: '2000.00',
    });
    expect(second && explain(publication, second)).toContainEqual({
      what: 'missing',
      code: 'brand',
      sum: null,
      result: null,
    });
  });

  it('works nothing out for whoever has too few answers', () => {
    const third = publication.managers[2];
    const lines = third ? explain(publication, third) : [];
    expect(lines[0]).toEqual({ what: 'customer', sum: null, result: null });
    expect(lines.at(-1)).toEqual({ what: 'score', sum: null, result: null });
  });
});

test('a score that stands names the month it is of, and is not worked out by this month’s mean', () => {
  const stands = manager('K01', { ratings: undefined, responses: 24, points: '2200', customer: '88.00' });
  const publication = published([stands, manager('K02'), manager('K03')], {
    standing: true,
    window: { first: '2026-10', last: '2026-11' },
  });
  const [first] = publication.managers;
  expect(first && explain(publication, first)).toContainEqual({
    what: 'customer-stands',
    sum: '2026-11',
    result: '88.00',
  });
});
