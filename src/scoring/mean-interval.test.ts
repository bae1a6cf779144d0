import { describe, expect, it, test } from 'vitest';
import { exact, parseQuantity } from './exact.ts';
import { meanIntervals } from './mean-interval.ts';

const spread = (variance: string, degreesOfFreedom: number) => ({
  withinVariance: parseQuantity(variance) ?? null,
  degreesOfFreedom,
});
/** Half of the interval of 25 answers of 50 points at s_w = 5: the quantile itself. */
const halfAt = (freedom: number) => {
  const [low = 0, high = 0] = meanIntervals(spread('25', freedom))({ responses: 25, points: exact(1250) }) ?? [];
  expect(high - 50).toBeCloseTo(50 - low, 10);
  return high - 50;
};

describe('the interval of a plain mean', () => {
  // Any table of Student's t; the last is the normal distribution's.
  test.each([
    [1, 12.7062],
    [4, 2.7764],
    [10, 2.2281],
    [29, 2.0452],
    [100, 1.984],
    [1_000_000, 1.96],
  ])('at %i degrees of freedom is %f standard errors either way', (freedom, quantile) =>
    expect(halfAt(freedom)).toBeCloseTo(quantile, 4),
  );

  it('is √n times narrower for n answers', () => {
    const of = (n: number) => meanIntervals(spread('100', 400))({ responses: n, points: exact(50 * n) });
    const [, one = 0] = of(5) ?? [];
    const [, four = 0] = of(20) ?? [];
    expect((one - 50) / (four - 50)).toBeCloseTo(2, 10);
  });

  it('is cut to what a mean can be', () => {
    expect(meanIntervals(spread('900', 50))({ responses: 5, points: exact(500) })?.[1]).toBe(100);
    expect(meanIntervals(spread('900', 50))({ responses: 5, points: exact(0) })?.[0]).toBe(0);
  });

  it('is not there without answers, or where nobody in the city has two', () => {
    expect(meanIntervals(spread('900', 50))({ responses: 0, points: exact(0) })).toBeNull();
    expect(meanIntervals(spread('900', 0))({ responses: 1, points: exact(50) })).toBeNull();
    const unknown = { withinVariance: null, degreesOfFreedom: 50 };
    expect(meanIntervals(unknown)({ responses: 1, points: exact(50) })).toBeNull();
  });
});
