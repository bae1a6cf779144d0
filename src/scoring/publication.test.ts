import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { documentOf, everyIndicator, faultsOf, manager, ratings, vector } from './examples.fixture.ts';
import type { Person, PublicationFacts } from './publication.ts';
import { makePublication, recomputable, verifyHash } from './publication.ts';
import { expectedForm, scoreDocument } from './score.ts';

const people = (...ids: string[]): Map<string, Person> =>
  new Map(ids.map((id) => [id, { name: `经理${id}`, district: '东湖' }]));

const city = [
  manager('K01'),
  manager('K02', { ratings: ratings(20, 4, 0, 0, 0), unit: everyIndicator('95', { sales: '400/3', brand: null }) }),
  manager('K03', { ratings: ratings(1, 2, 0, 0, 0), badNumberShare: '1/12' }),
];

function published(changes: Partial<PublicationFacts> = {}) {
  return makePublication({
    period: '2026-12',
    stage: 'notice',
    appealsUntil: new Date('2027-01-13T00:00:00+08:00'),
    drawId: '2026-12-A',
    questionnaire: 'Q-1',
    scored: scoreDocument(documentOf(city)),
    people: people('K01', 'K02', 'K03'),
    previousHash: null,
    ...changes,
  });
}

const asRead = (publication: object) => JSON.parse(JSON.stringify(publication));

describe('a publication', () => {
  it('says everything the score document says, with name and district', () => {
    const { cityMean, managers } = published();
    const expected = expectedForm(scoreDocument(documentOf(city)));
    expect(cityMean).toBe(expected.cityMean);
    expect(managers).toMatchObject(expected.managers);
    expect(managers[0]).toMatchObject({ name: '经理K01', district: '东湖', reliability: '0.72', points: '2125' });
  });

  it('is recomputed by its owner from itself alone, without rating counts', () => {
    const publication = asRead(published());
    const again = expectedForm(scoreDocument(recomputable(publication)));
    expect(again).toEqual(expectedForm(scoreDocument(documentOf(city))));
    expect(JSON.stringify(publication)).not.toContain('"ratings"');
  });

  it.each<{ name: string; input: unknown }>(vector('scoring.json'))(
    'recomputes to the same for the known case "$name"',
    ({ input }) => {
      const scored = scoreDocument(input, vector);
      const publication = published({ scored, people: people(...scored.managers.map((one) => one.input.id)) });
      expect(expectedForm(scoreDocument(recomputable(asRead(publication))))).toEqual(expectedForm(scored));
    },
  );

  it('recomputes also from a frozen mean that has more than two decimals', () => {
    const scored = scoreDocument(documentOf(city, { cityMean: '77.965' }));
    const publication = published({ scored });
    expect(publication.cityMean).toBe('77.965');
    expect(expectedForm(scoreDocument(recomputable(publication)))).toEqual(expectedForm(scored));
  });

  it('withholds the sum of points where one could read single answers off it', () => {
    expect(published().managers[2]).toMatchObject({
      responses: 3,
      points: null,
      posteriorSd: null,
      scoreInterval: null,
      meanInterval: null,
    });
  });

  it('has the interval of the plain mean, by the spread of the whole city and its degrees of freedom', () => {
    const { degreesOfFreedom, withinVariance, managers } = published();
    // 26, 24 and 3 answers.
    expect(degreesOfFreedom).toBe(25 + 23 + 2);
    const half =
      (2.0086 * Math.sqrt(Number(withinVariance?.split('/')[0]) / Number(withinVariance?.split('/')[1] ?? 1))) /
      Math.sqrt(26);
    const [low, high] = managers[0]?.meanInterval ?? [];
    expect(Number(low)).toBeCloseTo(2125 / 26 - half, 1);
    expect(Number(high)).toBeCloseTo(2125 / 26 + half, 1);
  });

  it('keeps the degrees of freedom of a spread that is frozen, whatever an appeal took away', () => {
    const first = published();
    const { managers, ...frozen } = recomputable(first);
    const fewer = managers.map((one) => (one.id === 'K01' ? { ...one, responses: 25, points: '2025' } : one));
    const corrected = published({ scored: scoreDocument({ ...frozen, managers: fewer }) });
    expect(corrected.degreesOfFreedom).toBe(first.degreesOfFreedom);
    expect(corrected.managers[1]?.meanInterval).toEqual(first.managers[1]?.meanInterval);
  });

  it('gives indicators as they came in, quantities as texts', () => {
    expect(published().managers[1]?.indicators).toMatchObject({ sales: '400/3', brand: null, service: '95' });
    expect(published().managers[2]?.badNumberShare).toBe('1/12');
  });

  it('takes of a person what the board may show, and nothing else that comes along', () => {
    const careless = { name: '张三', district: '东湖', phone: '13812341234' };
    const publication = published({ people: people('K01', 'K02', 'K03').set('K01', careless) });
    expect(JSON.stringify(publication)).not.toContain('13812341234');
  });

  it('names everybody who is scored and has no name', () => {
    expect(faultsOf(() => published({ people: people('K02') })).map(({ where }) => where)).toEqual([
      'manager K01',
      'manager K03',
    ]);
  });
});

describe('the hash', () => {
  it('is sha256 of the canonical JSON of all the rest: keys sorted, no white space', () => {
    const publication = published({ scored: scoreDocument(documentOf([])), people: new Map() });
    const { hash, rules, effectiveShares, ...rest } = publication;
    expect(rest).toEqual({
      kind: 'huifang-publication',
      period: '2026-12',
      stage: 'notice',
      appealsUntil: '2027-01-12T16:00:00.000Z',
      drawId: '2026-12-A',
      questionnaire: 'Q-1',
      cityMean: null,
      withinVariance: null,
      managers: [],
      supersedes: null,
      previousHash: null,
    });
    const sorted = (value: unknown): unknown => {
      if (typeof value !== 'object' || value === null || Array.isArray(value)) {
        return Array.isArray(value) ? value.map(sorted) : value;
      }
      return Object.fromEntries(
        Object.entries(value)
          .toSorted(([a], [b]) => (a < b ? -1 : 1))
          .map(([k, v]) => [k, sorted(v)]),
      );
    };
    const canonical = JSON.stringify(sorted({ ...rest, rules, effectiveShares }));
    expect(hash).toBe(createHash('sha256').update(canonical).digest('hex'));
  });

  it('holds after storing and reading, in whatever order the keys come back', () => {
    const publication = asRead(published());
    expect(verifyHash(publication)).toBe(true);
    expect(verifyHash(Object.fromEntries(Object.entries(publication).toReversed()))).toBe(true);
  });

  it('does not hold once a digit is another', () => {
    const publication = asRead(published());
    publication.managers[0].score = '99.99';
    expect(verifyHash(publication)).toBe(false);
    const { hash: _, ...without } = asRead(published());
    expect(verifyHash(without)).toBe(false);
  });

  it('chains: what came before, and what is superseded, is part of it', () => {
    const first = published();
    const second = published({ previousHash: first.hash });
    const correction = published({ previousHash: second.hash, supersedes: second.hash });
    expect(second.previousHash).toBe(first.hash);
    expect(correction.supersedes).toBe(second.hash);
    expect(new Set([first.hash, second.hash, correction.hash]).size).toBe(3);
  });
});
