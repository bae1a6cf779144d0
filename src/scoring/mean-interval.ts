/**
 * How far a manager's plain mean may be from what all his shops would say (method §3): ȳ ± t₀.₉₇₅[Σ(n_m − 1)] · s_w/√n, cut
 * to [0, 100]. The spread is the whole city's, since that of one manager's few answers is itself guesswork; hence its
 * degrees of freedom. A float, published rounded.
 */
import jStat from 'jstat';
import type { Tally } from './customer.ts';
import { approximate, type Exact } from './exact.ts';

/** s_w² and the degrees of freedom it is of. */
export interface Spread {
  readonly withinVariance: Exact | null;
  readonly degreesOfFreedom: number;
}

/** In points, low and high. */
export type MeanInterval = readonly [number, number];

/** The 95 % interval of ȳ under one city's spread; `null` without an answer, or where nobody has two. */
export function meanIntervals({ withinVariance, degreesOfFreedom }: Spread): (tally: Tally) => MeanInterval | null {
  if (withinVariance === null || degreesOfFreedom < 1) return () => null;
  const oneAnswer = jStat.studentt.inv(0.975, degreesOfFreedom) * Math.sqrt(approximate(withinVariance));
  return ({ responses, points }) => {
    if (responses === 0) return null;
    const mean = approximate(points.div(responses));
    const half = oneAnswer / Math.sqrt(responses);
    return [Math.max(0, mean - half), Math.min(100, mean + half)];
  };
}
