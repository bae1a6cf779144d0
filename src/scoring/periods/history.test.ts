import { describe, expect, it, test } from 'vitest';
import { type PastMonth, previousRating, tierOf } from './history.ts';

const month = (period: string, rating: PastMonth['rating'], changes: Partial<PastMonth> = {}): PastMonth => ({
  ...{ period, rating, tier: 3, streakRestarts: false, windowLast: period },
  ...changes,
});

describe('the rating a streak goes on from', () => {
  it('is the last month’s', () =>
    expect(previousRating([month('2026-11', 'excellent'), month('2026-10', 'competent')], '2026-12')).toBe(
      'excellent',
    ));

  it('is nobody’s where there is no month before', () => expect(previousRating([], '2026-12')).toBeNull());

  it('is not of a month whose answers are counted in this one too, but of the last before them', () => {
    const past = [month('2026-11', 'excellent'), month('2026-10', 'competent'), month('2026-09', 'excellent')];
    expect(previousRating(past, '2026-11')).toBe('competent');
    expect(previousRating(past, '2026-09')).toBeNull();
  });

  it('goes by the months a score looked back on, not by the month it was published for', () => {
    const stands = month('2026-11', 'excellent', { windowLast: '2026-10' });
    expect(previousRating([stands], '2026-11')).toBe('excellent');
    expect(previousRating([stands], '2026-10')).toBeNull();
  });

  it('passes over unrated months, which neither count nor end a streak', () =>
    expect(
      previousRating([month('2026-11', 'unrated', { windowLast: null }), month('2026-10', 'excellent')], '2026-12'),
    ).toBe('excellent'));

  test.each([
    ['by this month', [month('2026-11', 'excellent', { streakRestarts: true })]],
    [
      'by one before',
      [
        month('2026-11', 'unrated'),
        month('2026-10', 'excellent', { streakRestarts: true }),
        month('2026-09', 'excellent'),
      ],
    ],
  ])('is none once the streak was used up %s', (_what, past) => expect(previousRating(past, '2026-12')).toBeNull());

  it('is that after the streak began anew', () =>
    expect(
      previousRating(
        [month('2026-11', 'competent'), month('2026-10', 'excellent', { streakRestarts: true })],
        '2026-12',
      ),
    ).toBe('competent'));
});

test('a tier is that of the latest month, and before there is any, the start', () => {
  expect(tierOf([month('2026-11', 'unrated', { tier: 1 }), month('2026-10', 'excellent', { tier: 2 })], 3)).toBe(1);
  expect(tierOf([], 3)).toBe(3);
});
