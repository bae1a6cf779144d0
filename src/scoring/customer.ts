/**
 * The customer score C (method §3): a manager's mean, drawn towards the city's by as much as his sample is small
 * (empirical Bayes with a published prior strength k), and how firm it is.
 */
import { grouped } from '../platform/grouped.ts';
import type { Exact } from './exact.ts';
import { exact, round, sum, ZERO } from './exact.ts';
import type { CustomerRules } from './rules.ts';

/**
 * - `firm`: counts in full.
 * - `provisional`: published, but never 优秀 and never a fall.
 * - `not-rated`: too few responses for any score.
 */
export type Status = 'firm' | 'provisional' | 'not-rated';

/** How many retailers gave the overall rating 1, 2, 3, 4, 5. */
export type RatingCounts = readonly [number, number, number, number, number];

/** n and Σy. */
export interface Tally {
  readonly responses: number;
  readonly points: Exact;
}

/** Σy² besides, which only rating counts can give. */
export interface FullTally extends Tally {
  readonly squares: Exact;
}

/** What a manager's status depends on. `badNumberShare` is of his released retailers. */
export interface Coverage {
  readonly responses: number;
  readonly frameSize: number;
  readonly badNumberShare: Exact;
}

export function tally(counts: RatingCounts, points: CustomerRules['points']): FullTally {
  const total = (worth: (y: Exact) => Exact) => sum(points.map((y, index) => worth(y).mul(counts[index] ?? 0)));
  return {
    responses: counts.reduce((n, count) => n + count, 0),
    points: total((y) => y),
    squares: total((y) => y.mul(y)),
  };
}

/** B = n/(n + k), in [0, 1]. */
export function reliability(responses: number, k: Exact): Exact {
  return responses === 0 ? ZERO : exact(responses).div(k.add(responses));
}

/**
 * μ = ΣB·ȳ / ΣB over managers with enough responses, rounded; `null` if there is none.
 * B·ȳ is Σy/(n + k), so managers with the same n are added up before dividing: a city of ten thousand has a few hundred
 * denominators, not ten thousand.
 */
export function cityMean(tallies: readonly Tally[], rules: CustomerRules): Exact | null {
  const k = rules.priorStrength;
  const enough = [...byResponses(tallies)].filter(([n]) => n >= rules.minimumResponses);
  if (enough.length === 0) return null;
  const weighted = sum(enough.map(([n, same]) => sum(same.map(({ points }) => points)).div(k.add(n))));
  const weights = sum(enough.map(([n, same]) => reliability(n, k).mul(same.length)));
  return round(weighted.div(weights));
}

/** s_w² = ΣSS / Σ(n − 1) over managers with n ≥ 2, SS = Σy² − (Σy)²/n; unrounded; `null` if there is none. */
export function withinVariance(tallies: readonly FullTally[]): Exact | null {
  const several = [...byResponses(tallies)].filter(([n]) => n >= 2);
  if (several.length === 0) return null;
  const squares = sum(
    several.map(([n, same]) => {
      const squaredSums = sum(same.map(({ points }) => points.mul(points)));
      return sum(same.map((one) => one.squares)).sub(squaredSums.div(n));
    }),
  );
  return squares.div(several.reduce((freedom, [n, same]) => freedom + (n - 1) * same.length, 0));
}

/** C = round(B·ȳ + (1 − B)·μ) = round((Σy + k·μ)/(n + k)); `null` with too few responses. */
export function customerScore({ responses, points }: Tally, mean: Exact | null, rules: CustomerRules): Exact | null {
  if (responses < rules.minimumResponses || mean === null) return null;
  const k = rules.priorStrength;
  return round(points.add(k.mul(mean)).div(k.add(responses)));
}

export function statusOf({ responses, frameSize, badNumberShare }: Coverage, rules: CustomerRules): Status {
  if (responses < rules.minimumResponses) return 'not-rated';
  const reliable = reliability(responses, rules.priorStrength).gte(rules.firmReliability);
  const covered = rules.firmCoverage.mul(frameSize).lte(responses);
  const reachable = badNumberShare.lte(rules.maximumBadNumberShare);
  return (reliable || covered) && reachable ? 'firm' : 'provisional';
}

/** The squared posterior SD of C, s_w²/(n + k), exactly; its root is the posterior SD, in points. */
export function posteriorVariance(responses: number, within: Exact, k: Exact): Exact {
  return within.div(k.add(responses));
}

/** Those with the same n together, in order of appearance. */
export const byResponses = <T extends { readonly responses: number }>(all: readonly T[]): Map<number, T[]> =>
  grouped(all, ({ responses }) => responses);
