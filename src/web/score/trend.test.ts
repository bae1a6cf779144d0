import { describe, expect, it } from 'vitest';
import { trend } from './trend.ts';

const month = (period: string, score: string | null, firm = true) => ({
  ...{ period, score, firm },
  interval: score === null ? null : ([String(Number(score) - 5), String(Number(score) + 5)] as const),
});
const cutoffs = [90, 75, 60, 0];

describe('the drawing of months', () => {
  it('stands each month at its place, a missing one being a gap', () => {
    const { months } = trend([month('2026-10', '80'), month('2026-12', '90'), month('2027-01', '70')], cutoffs);
    expect(months.map(({ x, label }) => [x, label])).toEqual([
      ['9.00%', '10'],
      ['67.67%', '12'],
      ['97.00%', '1'],
    ]);
  });

  it('joins months that follow one another, and no others', () => {
    const { lines } = trend([month('2026-10', '80'), month('2026-12', '90'), month('2027-01', '70')], cutoffs);
    expect(lines).toHaveLength(1);
    expect(trend([month('2026-10', '80'), month('2026-11', null), month('2026-12', '90')], cutoffs).lines).toEqual([]);
  });

  it('has the higher score above, the interval around its dot, and a provisional one hollow', () => {
    const { months } = trend([month('2026-11', '70'), month('2026-12', '90', false)], cutoffs);
    const [low, high] = months.map(({ dot }) => dot);
    expect(Number(high?.y)).toBeLessThan(Number(low?.y));
    expect(Number(low?.high)).toBeLessThan(Number(low?.y));
    expect(Number(low?.low)).toBeGreaterThan(Number(low?.y));
    expect([low?.hollow, high?.hollow]).toEqual([false, true]);
  });

  it('of one month, or of one that has no score, is there too', () => {
    expect(trend([month('2026-12', '90')], cutoffs).months).toMatchObject([{ x: '9.00%' }]);
    expect(trend([month('2026-12', null)], cutoffs).months).toMatchObject([{ dot: null }]);
  });
});
