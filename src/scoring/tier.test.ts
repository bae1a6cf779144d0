import { describe, expect, it, test } from 'vitest';
import { rulesWith } from './examples.fixture.ts';
import type { Rating } from './rating.ts';
import { RATINGS } from './rating.ts';
import type { Month, Move, Tier } from './tier.ts';
import { moveTier } from './tier.ts';

const E = 'excellent';
const C = 'competent';
const B = 'basically-competent';
const N = 'not-competent';

function month(
  tier: Tier,
  previousRating: Rating | null,
  rating: Month['rating'],
  changes: Partial<Month> = {},
): Month {
  return { tier, rating, previousRating, status: 'firm', requirementsMet: false, ...changes };
}

const withStreaks = (upStreak: number, downStreak: number) =>
  rulesWith({ 'tiers.upStreak': upStreak, 'tiers.downStreak': downStreak }).tiers;

describe('two months in a row (the default)', () => {
  test.each<[Tier, Rating | null, Month['rating'], Move, Tier]>([
    [3, E, E, 'up', 2],
    [2, E, E, 'up', 1],
    [1, E, E, 'hold', 1],
    [3, null, E, 'hold', 3],
    [3, C, E, 'hold', 3],
    [2, E, C, 'hold', 2],
    [2, B, C, 'hold', 2],
    [2, N, C, 'hold', 2],
    [1, B, B, 'down', 2],
    [2, N, B, 'down', 3],
    [3, B, B, 'floor', 3],
    [2, C, B, 'hold', 2],
    [2, E, B, 'hold', 2],
    [2, null, B, 'hold', 2],
    [1, E, N, 'down', 2],
    [2, null, N, 'down', 3],
    [3, null, N, 'floor', 3],
    [2, E, 'unrated', 'frozen', 2],
  ])('tier %i, %s then %s → %s to %i', (tier, previous, rating, move, to) => {
    expect(moveTier(month(tier, previous, rating), withStreaks(2, 2))).toMatchObject({ move, tier: to });
  });
});

describe('month by month (逐月)', () => {
  test.each<[Tier, Rating | null, Month['rating'], Move, Tier]>([
    [3, null, E, 'up', 2],
    [3, N, E, 'up', 2],
    [1, null, E, 'hold', 1],
    [2, E, B, 'down', 3],
    [3, null, B, 'floor', 3],
    [2, null, C, 'hold', 2],
  ])('tier %i, %s then %s → %s to %i', (tier, previous, rating, move, to) => {
    expect(moveTier(month(tier, previous, rating), withStreaks(1, 1))).toMatchObject({ move, tier: to });
  });
});

test.each([1, 2] as const)('a provisional month never falls, with a streak of %i', (streak) => {
  for (const rating of [B, N] as const) {
    const provisional = month(3, N, rating, { status: 'provisional' });
    expect(moveTier(provisional, withStreaks(2, streak))).toEqual({ tier: 3, move: 'hold', streakRestarts: false });
  }
});

it('restarts the streak after up, down, floor and a rise stopped at tier 1, and only then', () => {
  const rules = withStreaks(2, 2);
  const restarts = (tier: Tier, previous: Rating | null, rating: Month['rating']) =>
    moveTier(month(tier, previous, rating), rules).streakRestarts;
  expect([restarts(3, E, E), restarts(1, B, B), restarts(3, null, N), restarts(1, E, E)]).toEqual(Array(4).fill(true));
  expect([restarts(1, null, E), restarts(2, E, C), restarts(2, B, 'unrated')]).toEqual(Array(3).fill(false));
});

describe('requirements for the tier above', () => {
  const rules = rulesWith({ 'tiers.requirements': { 2: { certificates: ['senior'] } } }).tiers;

  it('hold whoever does not meet them, his streak standing', () => {
    expect(moveTier(month(3, E, E), rules)).toEqual({ tier: 3, move: 'hold', streakRestarts: false });
  });

  it('let whoever meets them rise', () => {
    expect(moveTier(month(3, E, E, { requirementsMet: true }), rules)).toMatchObject({ tier: 2, move: 'up' });
  });

  it('are of no account for a tier that has none, or for falling', () => {
    expect(moveTier(month(2, E, E), rules).move).toBe('up');
    expect(moveTier(month(2, B, B), rules).move).toBe('down');
  });
});

it('moves at most one step, and within the three tiers', () => {
  for (const tier of [1, 2, 3] as const)
    for (const previous of [null, ...RATINGS])
      for (const rating of [...RATINGS, 'unrated'] as const)
        for (const status of ['firm', 'provisional'] as const)
          for (const rules of [withStreaks(1, 1), withStreaks(2, 2)]) {
            const moved = moveTier(month(tier, previous, rating, { status }), rules);
            const step = { up: -1, down: 1, hold: 0, frozen: 0, floor: 0 }[moved.move];
            expect(moved.tier).toBe(tier + step);
            expect([1, 2, 3]).toContain(moved.tier);
          }
});
