/** What a manager brings into a month from those before (method §5): his tier, and the rating that his streak goes on from. Pure. */
import type { Rating } from '../rating.ts';
import type { Tier } from '../tier.ts';

/** What was published of him for one earlier month. */
export interface PastMonth {
  readonly period: string;
  readonly rating: Rating | 'unrated';
  readonly tier: Tier;
  /** Whether his streak was used up by it. */
  readonly streakRestarts: boolean;
  /** The last month his customer score looked back on; null without one. */
  readonly windowLast: string | null;
}

/**
 * The rating of the last counted month since the last move (or floor) whose window does not overlap one that begins with
 * `windowFirst`; `null` where there is none. Unrated months neither count nor end a streak.
 *
 * @param past latest first.
 */
export function previousRating(past: readonly PastMonth[], windowFirst: string): Rating | null {
  for (const { rating, streakRestarts, windowLast } of past) {
    if (streakRestarts) return null;
    if (rating !== 'unrated' && windowLast !== null && windowLast < windowFirst) return rating;
  }
  return null;
}

/** His tier after the latest month there is, or where everybody starts. */
export const tierOf = (past: readonly PastMonth[], start: Tier): Tier => past[0]?.tier ?? start;
