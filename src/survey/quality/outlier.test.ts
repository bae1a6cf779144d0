import { describe, expect, it } from 'vitest';
import { outliers } from './outlier.ts';
import { thresholds } from './thresholds.ts';

const limit = thresholds.fives;
const of = (managerId: string, counted: number, responses: number) => ({ managerId, counted, responses });

describe('a share that stands out', () => {
  it('is measured against the others without him', () => {
    // p = 25/25, q = 100/200, s = 125/225: 0.5 / √(5/9 · 4/9 · (1/25 + 1/200)) = 4.743…
    const [found, ...more] = outliers([of('A', 25, 25), of('B', 50, 100), of('C', 50, 100)], limit);
    expect(found).toMatchObject({
      managerId: 'A',
      counted: 25,
      responses: 25,
      others: { counted: 100, responses: 200 },
    });
    expect(found?.z).toBeCloseTo(4.743416, 5);
    expect(more).toEqual([]);
  });

  it('is one only above the limit', () => {
    const pair = (counted: number) => outliers([of('A', counted, 100), of('B', 100, 400)], limit);
    // 41 of 100 against 100 of 400: z = 3.180; 42: 3.372.
    expect(pair(41)).toEqual([]);
    expect(pair(42).map(({ z }) => z.toFixed(3))).toEqual(['3.372']);
  });

  it('is none that is too low', () => {
    const others = [...'BCDEFGHIJ'].map((managerId) => of(managerId, 28, 40));
    expect(outliers([of('A', 3, 100), ...others], limit)).toEqual([]);
  });

  it('shows nothing below twenty responses, his or the others’', () => {
    expect(outliers([of('A', 19, 19), of('B', 40, 400)], limit)).toEqual([]);
    expect(outliers([of('A', 20, 20), of('B', 40, 400)], limit)).toHaveLength(1);
    expect(outliers([of('A', 20, 20), of('B', 0, 19)], limit)).toEqual([]);
  });

  it('shows nothing of fewer than three, however rare it is elsewhere', () => {
    expect(outliers([of('A', 2, 20), of('B', 0, 4000)], limit)).toEqual([]);
    expect(outliers([of('A', 3, 20), of('B', 0, 4000)], limit)).toHaveLength(1);
  });

  it('shows nothing where everybody is alike', () => {
    expect(outliers([of('A', 30, 30), of('B', 30, 30)], limit)).toEqual([]);
    expect(outliers([], limit)).toEqual([]);
  });
});
