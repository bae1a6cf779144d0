/**
 * A control chart as lines and dots, weeks from left to right. Across in per cent of the width, so that it fits a phone
 * and a desk; up in units of the drawing, whose height stays. Pure.
 */
export interface Week {
  /** Its Monday. */
  readonly week: string;
  readonly value: number;
  readonly limit: number;
  /** Beyond the limit. */
  readonly isOut: boolean;
}

interface Line {
  readonly x1: string;
  readonly y1: string;
  readonly x2: string;
  readonly y2: string;
}

export interface ControlDrawing {
  readonly height: number;
  /** Where the chart is as usual. */
  readonly usual: string;
  readonly ticks: readonly { readonly y: string; readonly value: string; readonly textY: string }[];
  readonly values: readonly Line[];
  readonly limits: readonly Line[];
  readonly dots: readonly { readonly x: string; readonly y: string; readonly isOut: boolean; readonly title: string }[];
  readonly labels: readonly { readonly x: string; readonly words: string }[];
}

const height = 170;
const [top, bottom] = [10, 144];
/** Room for the scale on the left, and for half a dot on the right. */
const [left, right] = [8, 97];
/** Of the dates below, as many as a phone has room for. */
const mostLabels = 4;

/** @param titleOf what is said of a dot. */
export function controlDrawing(weeks: readonly Week[], titleOf: (week: Week) => string): ControlDrawing {
  const all = [0, ...weeks.flatMap(({ value, limit }) => [value, limit])];
  const [low, high] = [Math.floor(Math.min(...all)), Math.ceil(Math.max(...all))];
  const span = Math.max(1, high - low);
  const x = (index: number) => `${(left + (index / Math.max(1, weeks.length - 1)) * (right - left)).toFixed(2)}%`;
  const y = (value: number) => (bottom - ((value - low) / span) * (bottom - top)).toFixed(1);
  const joined = (of: (week: Week) => number): Line[] =>
    weeks.slice(1).map((week, index) => ({
      ...{ x1: x(index), y1: y(of(weeks[index] ?? week)), x2: x(index + 1), y2: y(of(week)) },
    }));
  const every = Math.ceil(weeks.length / mostLabels);
  return {
    ...{ height, usual: y(0), values: joined(({ value }) => value), limits: joined(({ limit }) => limit) },
    ticks: [...new Set([low, 0, high])].map((value) => ({
      ...{ y: y(value), value: String(value).replace('-', '−'), textY: (Number(y(value)) + 4).toFixed(1) },
    })),
    dots: weeks.map((week, index) => ({
      ...{ x: x(index), y: y(week.value), isOut: week.isOut, title: titleOf(week) },
    })),
    labels: weeks.flatMap(({ week }, index) =>
      index % every === 0 ? [{ x: x(index), words: week.slice(5).replace('-', '/') }] : [],
    ),
  };
}
