import { describe, expect, it, test } from 'vitest';
import { canonicalHash } from '../platform/canonical.ts';
import { changed, documentOf, everyIndicator, manager, ratings } from './examples.fixture.ts';
import { makePublication, type Publication } from './publication.ts';
import { scoreDocument } from './score.ts';
import { verifyPublications } from './verify.ts';

const term = { stage: 'final', appealsUntil: new Date('2027-01-13T00:00:00+08:00'), questionnaire: 'HF-1' } as const;

/** A month of two managers, of whom the first is outstanding. */
function month(period: string, previous: Publication | null, supersedes?: Publication): Publication {
  const before = new Map(previous?.managers.map((one) => [one.id, one]));
  const of = (id: string, given: Record<string, unknown>) =>
    manager(id, {
      ...given,
      tier: before.get(id)?.tier ?? 3,
      previousRating: before.get(id)?.streakRestarts ? null : (before.get(id)?.rating ?? null),
    });
  const scored = scoreDocument(
    documentOf([of('K01', { ratings: ratings(30, 2, 0, 0, 0), unit: everyIndicator('96') }), of('K02', {})]),
  );
  const window = { first: period, last: period };
  return makePublication({
    ...{ ...term, period, drawId: `${period}-R1`, scored, previousHash: (supersedes ?? previous)?.hash ?? null },
    ...(supersedes && { supersedes: supersedes.hash }),
    people: new Map(['K01', 'K02'].map((id) => [id, { name: id, district: '东湖', window }])),
  });
}

const asRead = (publication: Publication): Publication => JSON.parse(JSON.stringify(publication));
const places = (publications: readonly Publication[]) => verifyPublications(publications).map(({ message }) => message);

const october = month('2026-10', null);
const november = month('2026-11', october);
const december = month('2026-12', november);

describe('publications as they were made', () => {
  it('agree, one by one and as a chain, in any order and with one of them missing', () => {
    for (const list of [[october], [december, october, november], [october, november], [november, december]])
      expect(verifyPublications(list.map(asRead))).toEqual([]);
  });

  it('agree where they are from before the interval of the mean', () => {
    const { hash: _, degreesOfFreedom: __, ...rest } = asRead(october);
    const managers = rest.managers.map(({ meanInterval: ___, ...manager }) => manager);
    const older = { ...rest, managers };
    expect(verifyPublications([{ ...older, hash: canonicalHash(older) }])).toEqual([]);
  });

  it('agree where a month was corrected', () => {
    const corrected = month('2026-11', october, november);
    expect(verifyPublications([october, november, corrected].map(asRead))).toEqual([]);
  });
});

describe('a city mean', () => {
  const withMean = (cityMean: string, supersedes?: Publication) => {
    const of = (id: string) => manager(id, { ratings: ratings(30, 2, 0, 0, 0), unit: everyIndicator('96') });
    const scored = scoreDocument({ ...documentOf([of('K01'), of('K02')]), cityMean });
    return makePublication({
      ...{ ...term, period: '2026-10', drawId: '2026-10-R1', scored, previousHash: supersedes?.hash ?? null },
      ...(supersedes && { supersedes: supersedes.hash }),
      people: new Map(['K01', 'K02'].map((id) => [id, { name: id, district: '东湖' }])),
    });
  };

  it('is what the answers of a first notice make it', () => {
    expect(places([asRead(withMean('50.00'))])).toEqual([expect.stringMatching(/^cityMean: "50.00".*computed "\d/)]);
  });

  it('stays as it was in whatever supersedes that', () => {
    const corrected = withMean('50.00', october);
    expect(places([october, corrected].map(asRead))).toContainEqual(expect.stringMatching(/^cityMean: "50.00"/));
    expect(places([asRead(corrected)])).toEqual([]);
  });
});

describe('found out', () => {
  test.each([
    ['a score', { 'managers.0.score': '99.99' }, 'score: "99.99"'],
    ['a rank', { 'managers.1.rank': 1 }, 'rank: 1'],
    ['a rating', { 'managers.1.rating': 'excellent' }, 'rating: "excellent"'],
    ['a sum of points', { 'managers.1.points': '2600' }, 'customer:'],
    ['an indicator', { 'managers.1.indicators.sales': '100' }, 'unit:'],
    [
      'a weight of the rule set',
      { 'rules.combined.customerWeightBp': 5000, 'rules.combined.unitWeightBp': 5000 },
      'score:',
    ],
    ['an interval of a plain mean', { 'managers.0.meanInterval.0': '1.00' }, 'meanInterval:'],
    ['the degrees of freedom', { degreesOfFreedom: 1 }, 'meanInterval:'],
    ['a name', { 'managers.1.name': '别人' }, '哈希不符'],
    ['a city mean', { cityMean: '50.00' }, 'customer:'],
  ])('%s that was changed afterwards', (_what, changes, message) => {
    const tampered = changed(asRead(november), changes) as unknown as Publication;
    const found = places([tampered]);
    expect(found[0]).toContain('哈希不符');
    expect(found.join('\n')).toContain(message);
  });

  it('a tier that does not go on from the month before', () => {
    const elsewhere = month('2026-12', null);
    expect(places([october, november, { ...elsewhere, previousHash: november.hash }])).toEqual(
      expect.arrayContaining([
        expect.stringContaining('tierBefore: 3'),
        expect.stringContaining('previousRating: null'),
      ]),
    );
  });

  it('a chain that forks', () => {
    const other = month('2026-12', october);
    expect(places([october, november, other]).join()).toContain('链条分叉');
  });

  it('a correction of another month', () => {
    const wrong = month('2026-12', october, november);
    expect(places([october, november, wrong]).join()).toContain('取代的是 2026-11');
  });
});
