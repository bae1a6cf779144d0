import { describe, expect, it } from 'vitest';
import { mendedOf } from './mended.ts';

const counted = (districtId: string | null, wishes: number, confirmed: number, period = '2026-11') => ({
  ...{ period, districtId, wishes, confirmed },
});

describe('the share mended', () => {
  it('is the city’s and each district’s, by month', () => {
    const months = [counted('D1', 8, 6), counted('D2', 5, 5), counted('D1', 6, 0, '2026-10')];
    expect(mendedOf(months)).toEqual([
      { period: '2026-10', districtId: null, wishes: 6, confirmed: 0, share: '0' },
      { period: '2026-10', districtId: 'D1', wishes: 6, confirmed: 0, share: '0' },
      { period: '2026-11', districtId: null, wishes: 13, confirmed: 11, share: '11/13' },
      { period: '2026-11', districtId: 'D1', wishes: 8, confirmed: 6, share: '3/4' },
      { period: '2026-11', districtId: 'D2', wishes: 5, confirmed: 5, share: '1' },
    ]);
  });

  it('is told from five wishes on, and not where the rest would be fewer', () => {
    expect(mendedOf([counted('D1', 4, 4)])).toEqual([]);
    const districts = (...months: ReturnType<typeof counted>[]) => mendedOf(months).map(({ districtId }) => districtId);
    expect(districts(counted('D1', 9, 1), counted('D2', 4, 1))).toEqual([null]);
    expect(districts(counted('D1', 9, 1), counted('D2', 6, 1), counted(null, 1, 1))).toEqual([null, 'D1']);
    expect(districts(counted('D1', 9, 1), counted(null, 6, 1))).toEqual([null, 'D1']);
  });
});
