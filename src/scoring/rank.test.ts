import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Exact } from './exact.ts';
import { exact } from './exact.ts';
import type { Contender, Standing } from './rank.ts';
import { rank } from './rank.ts';

const contender = (hundredths: number, responses: number): Contender => ({ score: exact(hundredths, 100), responses });

/** SE² of S: 0.4²·s_w²/(n + 10). */
const squaredError = (within: Exact) => (n: number) => within.mul(exact(4, 25)).div(n + 10);

/** The method's words, pair by pair. */
function pairByPair(all: readonly Contender[], error: (n: number) => Exact): Standing[] {
  const beats = (a: Contender, b: Contender) => {
    const difference = a.score.sub(b.score);
    const squared = exact(2401, 625).mul(error(a.responses).add(error(b.responses)));
    return difference.gt(0) && difference.mul(difference).gt(squared);
  };
  return all.map((one) => ({
    rank: 1 + all.filter(({ score }) => score.gt(one.score)).length,
    interval: [
      1 + all.filter((other) => beats(other, one)).length,
      all.length - all.filter((other) => beats(one, other)).length,
    ],
  }));
}

describe('ranks', () => {
  it('are competition ranks, best first', () => {
    const scores = [8000, 9000, 8000, 7000].map((score) => contender(score, 20));
    expect(rank(scores, () => exact(0)).map((standing) => standing.rank)).toEqual([2, 1, 2, 4]);
  });

  it('of nobody are none', () => {
    expect(rank([], () => exact(0))).toEqual([]);
  });
});

describe('rank intervals', () => {
  it('are the ranks themselves where nothing is uncertain, ties sharing theirs', () => {
    const scores = [8000, 9000, 8000, 7000].map((score) => contender(score, 20));
    expect(rank(scores, () => exact(0)).map(({ interval }) => interval)).toEqual([
      [2, 3],
      [1, 1],
      [2, 3],
      [4, 4],
    ]);
  });

  it('do not tell apart what lies exactly 1.96·√(SE² + SE²) apart, and a hundredth more does', () => {
    // SE² = 1/2 each: 1.96·√1 = 1.96
    const half = () => exact(1, 2);
    const intervals = (difference: number) =>
      rank([contender(8000 + difference, 9), contender(8000, 9)], half).map(({ interval }) => interval);
    expect(intervals(196)).toEqual([
      [1, 2],
      [1, 2],
    ]);
    expect(intervals(197)).toEqual([
      [1, 1],
      [2, 2],
    ]);
  });

  it('take the error of each from his own number of responses', () => {
    // SE² = 0.16·500/(n + 10): 1 at n = 70, 2 at n = 30; 1.96·√3 = 3.394…
    const intervals = (difference: number) =>
      rank([contender(8000 + difference, 70), contender(8000, 30)], squaredError(exact(500)))[0]?.interval;
    expect([intervals(339), intervals(340)]).toEqual([
      [1, 2],
      [1, 1],
    ]);
  });

  const field = fc.array(
    fc.tuple(fc.integer({ min: 6000, max: 10_000 }), fc.integer({ min: 5, max: 12 })).map((pair) => contender(...pair)),
    { maxLength: 40 },
  );

  it('are those of comparing all pairs', () => {
    fc.assert(
      fc.property(field, fc.nat({ max: 100_000 }), (all, within) => {
        const error = squaredError(exact(within, 97));
        expect(rank(all, error)).toEqual(pairByPair(all, error));
      }),
    );
  });

  it('hold the rank, and everybody tied with it', () => {
    fc.assert(
      fc.property(field, fc.nat({ max: 1000 }), (all, within) => {
        const standings = rank(all, squaredError(exact(within)));
        for (const standing of standings) {
          const tied = standings.filter((other) => other.rank === standing.rank).length;
          expect(standing.interval[0]).toBeLessThanOrEqual(standing.rank);
          expect(standing.interval[1]).toBeGreaterThanOrEqual(standing.rank + tied - 1);
        }
      }),
    );
  });
});
