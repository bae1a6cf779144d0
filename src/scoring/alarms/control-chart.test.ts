import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { controlChart } from './control-chart.ts';

interface Vector {
  readonly mean: number;
  readonly sd: number;
  readonly lambda: number;
  readonly L: number;
  readonly k: number;
  readonly h: number;
  readonly values: readonly number[];
  readonly ewma: readonly number[];
  readonly lcl: readonly number[];
  readonly cusum: readonly number[];
  /** From 1. */
  readonly ewmaAlarmsAt: readonly number[];
  readonly cusumAlarmsAt: readonly number[];
}

const vector: Vector = JSON.parse(
  readFileSync(new URL('../../../test/vectors/control-chart.json', import.meta.url), 'utf8'),
);
const chart = controlChart(vector.values, vector);
const places = (is: (point: (typeof chart)[number]) => boolean) =>
  chart.flatMap((point, index) => (is(point) ? [index + 1] : []));

describe('a control chart', () => {
  it.each(vector.values.map((value, index) => ({ value, index })))(
    'knows the answers at $index: $value',
    ({ index }) => {
      const point = chart[index];
      expect(point?.ewma).toBeCloseTo(vector.ewma[index] ?? Number.NaN, 6);
      expect(point?.lcl).toBeCloseTo(vector.lcl[index] ?? Number.NaN, 6);
      expect(point?.cusum).toBeCloseTo(vector.cusum[index] ?? Number.NaN, 6);
    },
  );

  it('alarms where the known answers do', () => {
    expect(places(({ isEwmaLow }) => isEwmaLow)).toEqual(vector.ewmaAlarmsAt);
    expect(places(({ isCusumHigh }) => isCusumHigh)).toEqual(vector.cusumAlarmsAt);
  });

  it('says nothing of values that are better than usual, nor at a limit itself', () => {
    const rules = { ...vector, mean: 0, sd: 1 };
    expect(controlChart([9, 9, 9], rules).some((point) => point.isEwmaLow || point.isCusumHigh)).toBe(false);
    expect(controlChart([-5.5], { ...rules, L: 100 })).toMatchObject([{ cusum: 5, isCusumHigh: false }]);
    expect(controlChart([-5.6], { ...rules, L: 100 })).toMatchObject([{ isCusumHigh: true }]);
  });
});
