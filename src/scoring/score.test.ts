import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { unrounded, written } from './exact.ts';
import { changed, defaultRules, documentOf, everyIndicator, manager, ratings, vector } from './examples.fixture.ts';
import { expectedForm, scoreDocument, sharesOf } from './score.ts';

interface KnownAnswer {
  readonly name: string;
  readonly input: unknown;
  readonly expected: unknown;
}

const scored = (managers: readonly unknown[], changes = {}) =>
  expectedForm(scoreDocument(documentOf(managers, changes)));

describe('the known answers', () => {
  test.each<KnownAnswer>(vector('scoring.json'))('$name', ({ input, expected }) => {
    const found = expectedForm(scoreDocument(input, vector));
    expect(found).toEqual(expected);
    expect(JSON.stringify(found)).toBe(JSON.stringify(expected));
  });
});

describe('worked by hand', () => {
  it('other points and another prior', () => {
    // y = 10, 40, 60, 90. A: 8×90 + 2×60 = 840, n 10. B: 3×40 + 2×10 = 140, n 5. k = 5.
    // ΣB·ȳ = 840/15 + 140/10 = 70; ΣB = 2/3 + 1/2 = 7/6; μ = 60.00
    // C: (840 + 300)/15 = 76.00; (140 + 300)/10 = 44.00. U 80. S: 30.4 + 48 = 78.40; 17.6 + 48 = 65.60
    // SS: 8×30²… A: 8×8100 + 2×3600 − 840²/10 = 1440; B: 3×1600 + 2×100 − 140²/5 = 1080; s_w² = 2520/13
    const rules = changed(defaultRules, {
      'customer.points': ['10', '40', '50', '60', '90'],
      'customer.priorStrength': 5,
    });
    const managers = [
      manager('A', { ratings: ratings(8, 2, 0, 0, 0) }),
      manager('B', { ratings: ratings(0, 0, 0, 3, 2) }),
    ];
    const result = scoreDocument(documentOf(managers, { rules }));
    expect(expectedForm(result)).toMatchObject({
      cityMean: '60.00',
      managers: [
        { customer: '76.00', status: 'provisional', unit: '80.00', score: '78.40', rating: 'competent', rank: 1 },
        {
          customer: '44.00',
          status: 'provisional',
          unit: '80.00',
          score: '65.60',
          rating: 'basically-competent',
          rank: 2,
        },
      ],
    });
    expect(result.withinVariance?.toFraction()).toBe('2520/13');
    expect(result.degreesOfFreedom).toBe(13);
    expect(result.managers.map((one) => one.reliability.toFraction())).toEqual(['2/3', '1/2']);
    expect(result.managers.map((one) => one.points && unrounded(one.points))).toEqual(['840', '140']);
    expect(result.managers[0]?.posteriorSd).toBeCloseTo(Math.sqrt(2520 / 13 / 15), 10);
    // 78.40 ± 1.96 × 0.4 × 3.5949 = 78.40 ± 2.8184
    expect(result.managers[0]?.scoreInterval?.map((end) => end.toFixed(2))).toEqual(['75.58', '81.22']);
  });

  it('month by month: excellent rises at once, basically competent falls at once', () => {
    const rules = changed(defaultRules, { 'tiers.upStreak': 1, 'tiers.downStreak': 1 });
    const managers = [
      manager('up', { ratings: ratings(30, 0, 0, 0, 0), unit: everyIndicator('98') }),
      manager('down', { ratings: ratings(0, 5, 20, 5, 0), unit: everyIndicator('75'), tier: 1 }),
    ];
    expect(scored(managers, { rules }).managers).toMatchObject([
      { rating: 'excellent', tier: 2, move: 'up' },
      { rating: 'basically-competent', tier: 2, move: 'down' },
    ]);
  });

  it('rates on the rounded score: 89.998 is 90.00, and excellent', () => {
    // n = 30, all fives: ȳ = μ = 100, C = 100.00; U = 83.325 → 83.33; S = 40 + 49.998 = 89.998 → 90.00
    const managers = [manager('A', { ratings: ratings(30, 0, 0, 0, 0), unit: everyIndicator('83.325') })];
    expect(scored(managers).managers).toMatchObject([{ unit: '83.33', score: '90.00', rating: 'excellent' }]);
  });

  it('a tie shares the rank, and the next one waits', () => {
    const managers = ['80', '90', '80', '70'].map((value, index) =>
      manager(`M${index}`, { unit: everyIndicator(value) }),
    );
    expect(scored(managers).managers.map(({ rank }) => rank)).toEqual([2, 1, 2, 4]);
  });
});

describe('frozen values are used as they stand', () => {
  it('the city mean, rounded only where it is printed', () => {
    // (Σy + 10μ)/(n + 10): 2125 with 26 → (2125 + 779.644)/36 = 80.684… ; μ = 78 would give 80.694…
    const { cityMean, managers } = scored([manager('K01', { ratings: ratings(12, 10, 3, 1, 0) })], {
      cityMean: '77.9644',
    });
    expect(cityMean).toBe('77.96');
    expect(managers[0]?.customer).toBe('80.68');
  });

  it('also for a city where nobody has enough responses', () => {
    const { cityMean, managers } = scored([manager('K01', { ratings: ratings(1, 0, 0, 0, 0) })], { cityMean: '80' });
    expect(cityMean).toBe('80.00');
    expect(managers[0]).toMatchObject({ customer: null, status: 'not-rated', rank: null });
  });

  it('the variance, though counts could give another', () => {
    const managers = [manager('A', { unit: everyIndicator('81') }), manager('B', { unit: everyIndicator('80') })];
    expect(scored(managers).managers[0]?.rankInterval).toEqual([1, 2]);
    expect(scored(managers, { withinVariance: '0' }).managers[0]?.rankInterval).toEqual([1, 1]);
  });

  it('so that correcting one manager leaves the scores of all others, and moves ranks only', () => {
    const city = [
      manager('A'),
      manager('B', { unit: everyIndicator('85') }),
      manager('C', { unit: everyIndicator('90') }),
    ];
    const before = scoreDocument(documentOf(city));
    const frozen = {
      cityMean: written(before.cityMean ?? expect.fail()),
      withinVariance: unrounded(before.withinVariance ?? expect.fail()),
    };
    const corrected = [
      manager('A', { ratings: ratings(26, 0, 0, 0, 0), unit: everyIndicator('99') }),
      city[1],
      city[2],
    ];
    const after = scored(corrected, frozen);
    const first = expectedForm(before);
    expect(after.managers.slice(1).map(({ score }) => score)).toEqual(
      first.managers.slice(1).map(({ score }) => score),
    );
    expect(first.managers.map(({ rank }) => rank)).toEqual([3, 2, 1]);
    expect(after.managers.map(({ rank }) => rank)).toEqual([1, 3, 2]);
  });
});

describe('nobody at all', () => {
  it('is scored as nobody', () => {
    expect(scored([])).toEqual({ cityMean: null, managers: [] });
  });
});

describe('effective shares', () => {
  it('are given for C and each indicator in use', () => {
    const managers = ['80', '90'].map((sales, index) =>
      manager(`M${index}`, { unit: everyIndicator('80', { sales }) }),
    );
    const shares = Object.fromEntries(
      [...sharesOf(scoreDocument(documentOf(managers)))].map(([name, share]) => [name, share && unrounded(share)]),
    );
    // all alike but for sales: C puts in nothing, sales everything
    expect(shares).toMatchObject({ customer: '0', sales: '1', brand: '0', 'market-visits': '0' });
  });
});

describe('for any city', () => {
  const counts = fc.array(fc.nat({ max: 9 }), { minLength: 5, maxLength: 5 });
  const value = fc.option(
    fc.integer({ min: 0, max: 12_000 }).map((hundredths) => `${hundredths}/100`),
    { freq: 20 },
  );
  const someone = fc.record({
    counts,
    unit: fc.array(value, { minLength: 8, maxLength: 8 }),
    tier: fc.constantFrom(1, 2, 3),
    previousRating: fc.constantFrom(null, 'excellent', 'competent', 'basically-competent', 'not-competent'),
  });
  const codes = Object.keys(everyIndicator('0'));
  const city = fc.array(someone, { maxLength: 12 }).map((people) =>
    people.map(({ counts: given, unit, ...rest }, index) => {
      const [five = 0, four = 0, three = 0, two = 0, one = 0] = given;
      const indicators = Object.fromEntries(codes.map((code, place) => [code, unit[place] ?? null]));
      return manager(`M${index}`, { ...rest, ratings: ratings(five, four, three, two, one), unit: indicators });
    }),
  );

  it('the order of the managers changes nothing but the order', () => {
    fc.assert(
      fc.property(city, (managers) => {
        const byId = (one: { id: string }, other: { id: string }) => one.id.localeCompare(other.id);
        const there = scored(managers);
        const back = scored(managers.toReversed());
        expect(back.cityMean).toBe(there.cityMean);
        expect(back.managers.toSorted(byId)).toEqual(there.managers.toSorted(byId));
      }),
    );
  });

  it('the public form gives what the counts give, with the variance they give', () => {
    fc.assert(
      fc.property(city, (managers) => {
        const result = scoreDocument(documentOf(managers));
        const inPublicForm = managers.map(({ ratings: _, ...one }, index) => {
          const { responses = 0, points } = result.managers[index] ?? {};
          return { ...one, responses, points: points && unrounded(points) };
        });
        const withinVariance = result.withinVariance && unrounded(result.withinVariance);
        expect(scored(inPublicForm, { withinVariance })).toEqual(expectedForm(result));
      }),
    );
  });

  it('an excellent manager passes every gate, and nobody provisional falls', () => {
    fc.assert(
      fc.property(city, (managers) => {
        for (const one of scored(managers).managers) {
          if (one.rating === 'excellent') expect([one.status, one.gates]).toEqual(['firm', []]);
          if (one.status === 'provisional') expect(['down', 'floor']).not.toContain(one.move);
          if (one.gates.length > 0) expect([Number(one.score) >= 90, one.rating]).toEqual([true, 'competent']);
          expect(one.rating === 'unrated').toBe(one.score === null);
          expect(one.move === 'frozen').toBe(one.score === null);
        }
      }),
    );
  });
});
