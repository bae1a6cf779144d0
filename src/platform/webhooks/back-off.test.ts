import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { givenUpAfter, nextTry, restUntil } from './back-off.ts';

const since = new Date('2026-12-08T09:00:00Z');
const later = (milliseconds: number) => new Date(since.getTime() + milliseconds);

/** When a message that never arrives is tried, in hours from the first try. */
function triesOf(chance: number): number[] {
  const tried = [since];
  for (let next = nextTry(1, since, since, chance); next; next = nextTry(tried.length, since, next, chance))
    tried.push(next);
  return tried.map((at) => (at.getTime() - since.getTime()) / 3_600_000);
}

describe('the next try', () => {
  test('comes after 5 seconds, a minute, 5 and 30 minutes, 2, 5, 10, 14 and 20 hours, and for the last time after three days', () => {
    const waits = triesOf(0).map((at, index, all) => at - (all[index - 1] ?? 0));
    const shown = waits.slice(1).map((hours) => Math.round(hours * 3600));
    expect(shown.slice(0, -1)).toEqual([5, 60, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000]);
    expect(triesOf(0).at(-1)).toBe(72);
  });

  test('waits longer each time, never beyond three days, whatever chance does', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (chance) => {
        const tried = triesOf(chance);
        expect(tried.at(-1)).toBe(72);
        expect(tried.length).toBeGreaterThanOrEqual(10);
        expect(tried.length).toBeLessThanOrEqual(11);
        expect(tried).toEqual([...tried].sort((a, b) => a - b));
      }),
    );
  });

  test('is none once the three days are over', () => {
    expect(nextTry(3, since, later(givenUpAfter), 0.5)).toBeNull();
    expect(nextTry(3, since, later(givenUpAfter - 1), 0.5)).toEqual(later(givenUpAfter));
  });
});

describe('Retry-After', () => {
  test.each([
    ['120', 120_000],
    [' 5 ', 5000],
    ['Tue, 08 Dec 2026 09:02:00 GMT', 120_000],
    ['999999999', 24 * 3_600_000],
    ['Tue, 08 Dec 2076 09:02:00 GMT', 24 * 3_600_000],
  ])('%s is heard', (header, milliseconds) => {
    expect(restUntil(header, since)).toEqual(later(milliseconds));
  });

  test.each([null, '', '0', '-5', 'soon', 'Tue, 08 Dec 2026 08:59:00 GMT', '12 hours'])('%s is not', (header) => {
    expect(restUntil(header, since)).toBeNull();
  });
});
