/** Monthly tier moves (method §5): 一档 is the highest, everybody starts in the rule set's start tier, 三档 as a rule. */
import type { Status } from './customer.ts';
import type { Rating } from './rating.ts';
import type { TierRules } from './rules.ts';

export type Tier = 1 | 2 | 3;

/** `frozen`: unrated. `floor`: a fall with no tier below; training follows. */
export type Move = 'up' | 'down' | 'hold' | 'frozen' | 'floor';

export interface Month {
  readonly tier: Tier;
  readonly rating: Rating | 'unrated';
  readonly status: Status;
  /**
   * The rating of the last counted month since the last move (or floor, or rise stopped at tier 1) whose window does
   * not overlap this month's; `null` if there is none. Streaks are of two at most, so this is all the memory needed.
   */
  readonly previousRating: Rating | null;
  /** Whether what the rule set asks for the tier above is shown; of no account where it asks nothing. */
  readonly requirementsMet: boolean;
}

export interface Moved {
  readonly tier: Tier;
  readonly move: Move;
  /** Whether a streak was used up, so that this month and those before it are no later month's previous rating. */
  readonly streakRestarts: boolean;
}

/** What a rating adds to. 称职 ends both streaks. */
const LEADS = {
  excellent: 'up',
  competent: null,
  'basically-competent': 'down',
  'not-competent': 'down',
} as const satisfies Record<Rating, 'up' | 'down' | null>;

const ABOVE = { 1: null, 2: 1, 3: 2 } as const satisfies Record<Tier, Tier | null>;
const BELOW = { 1: 2, 2: 3, 3: null } as const satisfies Record<Tier, Tier | null>;

/** At most one step a month. */
export function moveTier(month: Month, rules: TierRules): Moved {
  const { tier, rating } = month;
  if (rating === 'unrated') return { tier, move: 'frozen', streakRestarts: false };
  if (rises(rating, month, rules)) return rise(month, rules);
  if (falls(rating, month, rules)) return fall(tier);
  return { tier, move: 'hold', streakRestarts: false };
}

/** What the rule set asks for rising from `tier`, if it asks anything. */
export function requirementsAbove(tier: Tier, { requirements }: TierRules): TierRules['requirements'][1 | 2] {
  const above = ABOVE[tier];
  return above === null ? undefined : requirements[above];
}

export const hasRequirements = (tier: Tier, rules: TierRules): boolean => requirementsAbove(tier, rules) !== undefined;

/** Whether his ratings would have him rise, and only a requirement does not. */
export const isHeldBack = (month: Month, rules: TierRules): boolean =>
  month.rating !== 'unrated' &&
  rises(month.rating, month, rules) &&
  hasRequirements(month.tier, rules) &&
  !month.requirementsMet;

function rises(rating: Rating, { previousRating }: Month, { upStreak }: TierRules): boolean {
  return rating === 'excellent' && (upStreak === 1 || previousRating === 'excellent');
}

/** A provisional month never causes a fall, though it is the next month's previous rating. */
function falls(rating: Rating, { status, previousRating }: Month, { downStreak }: TierRules): boolean {
  if (status !== 'firm' || LEADS[rating] !== 'down') return false;
  const second = previousRating !== null && LEADS[previousRating] === 'down';
  return rating === 'not-competent' || downStreak === 1 || second;
}

/** Short of a requirement the streak stands: the next excellent month with the certificate in hand is enough. */
function rise(month: Month, rules: TierRules): Moved {
  const { tier } = month;
  const above = ABOVE[tier];
  if (above === null) return { tier, move: 'hold', streakRestarts: true };
  if (isHeldBack(month, rules)) return { tier, move: 'hold', streakRestarts: false };
  return { tier: above, move: 'up', streakRestarts: true };
}

function fall(tier: Tier): Moved {
  const below = BELOW[tier];
  return below === null
    ? { tier, move: 'floor', streakRestarts: true }
    : { tier: below, move: 'down', streakRestarts: true };
}
