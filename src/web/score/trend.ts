/**
 * A manager's months as dots on their intervals, from left to right. Across in per cent of the width, so that it fits a
 * phone and a desk; up in units of the drawing, whose height stays. Pure.
 */
import { monthsOf } from '../../platform/months.ts';
import { scaleFor } from '../board/drawing.ts';

export interface TrendMonth {
  readonly period: string;
  /** null = not rated that month: its place stays empty. */
  readonly score: string | null;
  readonly interval: readonly [string, string] | null;
  readonly firm: boolean;
}

export const height = 190;
const top = 12;
const bottom = 166;
/** Room for the values of the scale on the left, and for half a dot on the right. */
const [left, right] = [9, 97];

export interface Trend {
  readonly height: number;
  readonly ticks: readonly { readonly y: string; readonly value: string; readonly textY: string }[];
  readonly months: readonly {
    readonly x: string;
    readonly label: string;
    readonly dot: { readonly y: string; readonly low: string; readonly high: string; readonly hollow: boolean } | null;
  }[];
  /** Between months that follow one another. */
  readonly lines: readonly { readonly x1: string; readonly y1: string; readonly x2: string; readonly y2: string }[];
}

/** @param months earliest first; a month without a publication is a gap. */
export function trend(months: readonly TrendMonth[], cutoffs: readonly number[]): Trend {
  const first = months[0]?.period ?? '';
  const span = Math.max(1, monthsOf(first, months.at(-1)?.period ?? first) - 1);
  const lows = months.flatMap(({ interval }) => (interval ? [Number(interval[0])] : []));
  const { from, ticks } = scaleFor(lows, cutoffs);
  const x = (period: string) => `${(left + ((monthsOf(first, period) - 1) / span) * (right - left)).toFixed(2)}%`;
  const y = (score: string | number) =>
    (top + ((100 - Math.min(100, Math.max(from, Number(score)))) / (100 - from)) * (bottom - top)).toFixed(1);
  const drawn = months.map(({ period, score, interval, firm }) => ({
    ...{ period, x: x(period), label: String(Number(period.slice(5))) },
    dot:
      score === null
        ? null
        : { y: y(score), low: y(interval?.[0] ?? score), high: y(interval?.[1] ?? score), hollow: !firm },
  }));
  return {
    height,
    ticks: ticks.map(({ value }) => ({ value, y: y(value), textY: (Number(y(value)) + 4).toFixed(1) })),
    months: drawn.map(({ period: _, ...month }) => month),
    lines: drawn.flatMap((month, index) => {
      const before = drawn[index - 1];
      if (!before?.dot || !month.dot || monthsOf(before.period, month.period) !== 2) return [];
      return [{ x1: before.x, y1: before.dot.y, x2: month.x, y2: month.dot.y }];
    }),
  };
}
