import { describe, expect, it } from 'vitest';
import { compareFrames, type Standing } from './completeness.ts';

const freeze = new Date('2026-12-15T09:00:00+08:00');
const daysBefore = (days: number): Date => new Date(freeze.getTime() - days * 24 * 3_600_000);
const former = (managerId: string, ...ids: string[]) => ids.map((retailerId) => ({ retailerId, managerId }));
const shop = (retailerId: string, managerId: string, other: Partial<Standing> = {}): Standing => ({
  ...{ retailerId, managerId, closed: false, optedOut: false, hasPhone: true, phoneChangedAt: null },
  ...other,
});
const nothing = { added: 0, vanished: [], moved: [], lostPhone: [], changedPhone: [] };

describe('a list that is to be frozen, beside the last frame', () => {
  it('has nobody missing where nothing changed', () => {
    expect(compareFrames(former('K1', 'a', 'b'), [shop('a', 'K1'), shop('b', 'K1')], freeze)).toEqual([
      { managerId: 'K1', before: 2, now: 2, ...nothing },
    ]);
  });

  it('names who vanished, and why', () => {
    const now = [shop('b', 'K1', { closed: true }), shop('c', 'K1', { optedOut: true }), shop('d', 'K1')];
    expect(compareFrames(former('K1', 'a', 'b', 'c', 'd'), now, freeze)).toEqual([
      {
        ...{ managerId: 'K1', before: 4, now: 1, ...nothing },
        vanished: [
          { retailerId: 'a', why: 'gone' },
          { retailerId: 'b', why: 'closed' },
          { retailerId: 'c', why: 'opted-out' },
        ],
      },
    ]);
  });

  it('names who lost his number under the manager who had him', () => {
    expect(compareFrames(former('K1', 'a'), [shop('a', 'K2', { hasPhone: false })], freeze)).toEqual([
      { managerId: 'K1', before: 1, now: 0, ...nothing, lostPhone: ['a'] },
      { managerId: 'K2', before: 0, now: 0, ...nothing },
    ]);
  });

  it('knows moved and new shops from vanished ones', () => {
    expect(compareFrames(former('K1', 'a'), [shop('a', 'K2'), shop('b', 'K2')], freeze)).toEqual([
      { managerId: 'K1', before: 1, now: 0, ...nothing, moved: [{ retailerId: 'a', to: 'K2' }] },
      { managerId: 'K2', before: 0, now: 2, ...nothing, added: 1 },
    ]);
  });

  it.each([
    [0, true],
    [7, true],
    [7.001, false],
    [-1, false],
  ])('a number changed %d days before the freeze is named: %s', (days, named) => {
    const [line] = compareFrames([], [shop('a', 'K1', { phoneChangedAt: daysBefore(days) })], freeze);
    expect(line?.changedPhone).toEqual(named ? ['a'] : []);
  });
});
