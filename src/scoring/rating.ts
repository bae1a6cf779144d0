/** From the combined score to a rating (method §5): fixed cut-offs, three gates before 优秀, no forced distribution. */

import type { Status } from './customer.ts';
import type { Exact } from './exact.ts';
import type { Indicator, RatingRules } from './rules.ts';

/** 优秀, 称职, 基本称职, 不称职: best first. */
export const RATINGS = ['excellent', 'competent', 'basically-competent', 'not-competent'] as const;

export type Rating = (typeof RATINGS)[number];

/** What one is rated on. */
export interface Performance {
  /** S and C, rounded. */
  readonly score: Exact | null;
  readonly customer: Exact | null;
  readonly status: Status;
  /** The indicators' values as given; `null` where missing. */
  readonly indicators: ReadonlyMap<string, Exact | null>;
}

export interface Rated {
  readonly rating: Rating | 'unrated';
  /** The gates that kept an excellent score from the rating: `customer`, indicator codes in rule-set order, `firm`. */
  readonly gates: readonly string[];
}

/** The rating of a performance; 未定等 without a score. `indicators` are those in use, in rule-set order. */
export function rate(performance: Performance, indicators: readonly Indicator[], rules: RatingRules): Rated {
  const { score } = performance;
  if (score === null) return { rating: 'unrated', gates: [] };
  const reached = ratingOf(score, rules);
  if (reached !== 'excellent') return { rating: reached, gates: [] };
  const gates = failedGates(performance, indicators, rules);
  return { rating: gates.length === 0 ? 'excellent' : 'competent', gates };
}

function ratingOf(score: Exact, { cutoffs }: RatingRules): Rating {
  return cutoffs.find(({ from }) => score.gte(from))?.rating ?? 'not-competent';
}

function failedGates(
  performance: Performance,
  indicators: readonly Indicator[],
  { excellentGates }: RatingRules,
): string[] {
  const { minimumCustomer, minimumEachIndicator, firmOnly } = excellentGates;
  const low = indicators.filter(({ code }) => performance.indicators.get(code)?.lt(minimumEachIndicator));
  return [
    ...(performance.customer?.lt(minimumCustomer) ? ['customer'] : []),
    ...low.map(({ code }) => code),
    ...(firmOnly && performance.status !== 'firm' ? ['firm'] : []),
  ];
}
