import { describe, expect, it } from 'vitest';
import { controlDrawing, type Week } from './control-drawing.ts';

const weeks = (...values: number[]): Week[] =>
  values.map((value, index) => ({
    ...{ week: `2026-10-${String(5 + 7 * (index % 3)).padStart(2, '0')}`, value, limit: -1.5, isOut: value < -1.5 },
  }));
const drawn = (...values: number[]) => controlDrawing(weeks(...values), ({ value }) => `value ${value}`);

describe('a control chart', () => {
  it('stands weeks side by side over the whole width, what is lower below', () => {
    const { dots } = drawn(1, 0, -2);
    expect(dots.map(({ x }) => x)).toEqual(['8.00%', '52.50%', '97.00%']);
    const [first, second, third] = dots.map(({ y }) => Number(y));
    expect(first).toBeLessThan(second ?? 0);
    expect(second).toBeLessThan(third ?? 0);
    expect(dots.map(({ isOut }) => isOut)).toEqual([false, false, true]);
    expect(dots[0]?.title).toBe('value 1');
  });

  it('has the usual, the limits and every value within it', () => {
    const { usual, ticks, limits, dots, height } = drawn(0.2, -3.4);
    expect(ticks.map(({ value }) => value)).toEqual(['−4', '0', '1']);
    expect(ticks.find(({ value }) => value === '0')?.y).toBe(usual);
    for (const { y } of dots) expect(Number(y)).toBeLessThan(height);
    expect(limits).toHaveLength(1);
    expect(limits[0]?.y1).toBe(limits[0]?.y2);
  });

  it('of one week is a dot, and of a quarter is not crowded with dates', () => {
    expect(drawn(0)).toMatchObject({ values: [], dots: [{ x: '8.00%' }], labels: [{ words: '10/05' }] });
    expect(drawn(...Array.from({ length: 13 }, () => 0)).labels.length).toBeLessThanOrEqual(4);
  });
});
