/** Whose S rose by more than chance explains (method §5). Pure. */
import { approximate, type Exact } from '../exact.ts';
import { isApart } from './candidates.ts';

/** A month with an S, as it was published for good. */
export interface ScoredMonth {
  readonly period: string;
  readonly window: { readonly first: string; readonly last: string } | null;
  readonly score: Exact;
  /** Of C, in points, and what a point of C is of S. */
  readonly posteriorSd: number;
  readonly customerWeight: number;
  /** Scores of other rule sets or questionnaires are not measured with the same measure. */
  readonly measure: string;
}

export interface Rise {
  readonly since: string;
  readonly from: Exact;
  readonly to: Exact;
  readonly by: Exact;
  /** 95 %, sampling error of both C alone; U is taken as it was recorded. */
  readonly interval: readonly [number, number];
  readonly beyondChance: boolean;
}

/**
 * How his S changed since the latest earlier month that was measured alike and looks back on none of the same months; null
 * where there is none.
 *
 * @param months latest first; the first is the month that is asked about.
 */
export function riseOf([now, ...earlier]: readonly ScoredMonth[]): Rise | null {
  const then = now && earlier.find((month) => month.measure === now.measure && isApart(month, now));
  if (!then) return null;
  const by = now.score.sub(then.score);
  const half = 1.96 * Math.hypot(now.posteriorSd * now.customerWeight, then.posteriorSd * then.customerWeight);
  const interval = [approximate(by) - half, approximate(by) + half] as const;
  return { since: then.period, from: then.score, to: now.score, by, interval, beyondChance: interval[0] > 0 };
}
