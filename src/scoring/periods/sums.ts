/**
 * From a manager's months to the sums of a window (method §3). A retailer stands in the month of his latest answer, and
 * in the last frame he was in: so the months of a window add up to distinct retailers with their latest, whichever
 * window is chosen, and the database is asked once for all of them.
 */

import { monthsLater, monthsOf } from '../../platform/months.ts';
import type { RatingCounts } from '../customer.ts';
import { type Exact, exact, ZERO } from '../exact.ts';
import type { CustomerRules } from '../rules.ts';
import { chooseWindow, mayReplaceScore } from '../window.ts';

/** What one month brought for one manager. */
export interface MonthSums {
  readonly period: string;
  /** Retailers whose last frame was this month's. */
  readonly frame: number;
  /** Valid answers of retailers who have not answered since, by rating. */
  readonly ratings: RatingCounts;
  /** Retailers released, and those of them whose number was bad. */
  readonly released: number;
  readonly badNumbers: number;
}

/** The sums of the window that is scored. */
export interface WindowSums {
  /** Its first and last month. */
  readonly first: string;
  readonly last: string;
  readonly months: number;
  readonly frameSize: number;
  readonly ratings: RatingCounts;
  readonly responses: number;
  readonly released: number;
  readonly badNumbers: number;
  readonly badNumberShare: Exact;
}

const none: RatingCounts = [0, 0, 0, 0, 0];

/**
 * The window that ends with `period`: the shortest that makes the score firm, else the longest that his history fills.
 * `history` holds nothing later than `period`.
 */
export function windowEnding(period: string, history: readonly MonthSums[], rules: CustomerRules): WindowSums {
  const earliest = history.reduce((first, month) => (month.period < first ? month.period : first), period);
  const reach = monthsOf(earliest, period);
  const offered = rules.windowMonths
    .filter((months) => months <= reach)
    .map((months) => sumsOf(period, months, history));
  return chooseWindow(offered, rules) ?? sumsOf(period, 1, history);
}

/** The sums of the `months` months that end with `period`. */
export function sumsOf(period: string, months: number, history: readonly MonthSums[]): WindowSums {
  const first = monthsLater(period, 1 - months);
  const within = history.filter((month) => month.period >= first);
  const total = (pick: (month: MonthSums) => number) => within.reduce((sum, month) => sum + pick(month), 0);
  const ratings = none.map((_, rating) => total((month) => month.ratings[rating] ?? 0));
  const [one = 0, two = 0, three = 0, four = 0, five = 0] = ratings;
  const released = total((month) => month.released);
  const badNumbers = total((month) => month.badNumbers);
  return {
    ...{ first, last: period, months, released, badNumbers },
    frameSize: total((month) => month.frame),
    ratings: [one, two, three, four, five],
    responses: ratings.reduce((sum, count) => sum + count, 0),
    badNumberShare: released === 0 ? ZERO : exact(badNumbers, released),
  };
}

/** How many answers came after the month `since`. */
export const newResponses = (history: readonly MonthSums[], since: string): number =>
  history
    .filter(({ period }) => period > since)
    .reduce((sum, { ratings }) => sum + ratings.reduce((all, count) => all + count, 0), 0);

/**
 * Whether the last published C, of answers up to the month `since`, stands for want of new ones. Two scores a few answers
 * apart would give those answers away (method §3).
 */
export const lastScoreStands = (history: readonly MonthSums[], since: string, rules: CustomerRules): boolean =>
  !mayReplaceScore(newResponses(history, since), rules);

/**
 * Whether a C of so many answers, made by the rules `before`, is under `rules` what it was: it takes enough answers, its Σy
 * goes into μ, which is of one scale, and it stands beside others drawn by the same k.
 */
export const staysComparable = (responses: number, before: CustomerRules, rules: CustomerRules): boolean =>
  responses >= rules.minimumResponses &&
  before.priorStrength.equals(rules.priorStrength) &&
  before.points.every((points, rating) => points.equals(rules.points[rating] ?? ZERO));
