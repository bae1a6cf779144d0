/**
 * A score as a dot on its interval, drawn to one scale for the whole board. Positions are per cent of the drawing's
 * width, so it may be as wide as its column. Pure.
 */
export interface Scale {
  readonly from: number;
  readonly to: 100;
  readonly ticks: readonly {
    readonly at: string;
    readonly value: string;
    readonly anchor: 'start' | 'middle' | 'end';
  }[];
  readonly place: (score: number) => string;
}

export interface Drawing {
  readonly dot: string;
  readonly low: string;
  readonly high: string;
}

const usualStart = 60;
/** Room at either end, so that a dot at the end of the scale is a whole dot. */
const margin = 4;

/** From 60, or from the ten below the lowest interval, to 100; ticks at the start, the cut-offs and the end. */
export function scaleFor(lows: readonly number[], cutoffs: readonly number[]): Scale {
  const lowest = Math.min(usualStart, ...lows);
  const from = Math.max(0, Math.floor(lowest / 10) * 10);
  const place = (score: number): string => {
    const share = (Math.min(100, Math.max(from, score)) - from) / (100 - from);
    return `${(margin + share * (100 - 2 * margin)).toFixed(2)}%`;
  };
  const values = [...new Set([from, ...cutoffs.filter((cutoff) => cutoff > from), 100])].sort((a, b) => a - b);
  const ticks = values.map((value) => ({ at: place(value), value: String(value), anchor: 'middle' as const }));
  return { from, to: 100, ticks, place };
}

export function drawing(scale: Scale, score: string, [low, high]: readonly [string, string]): Drawing {
  return { dot: scale.place(Number(score)), low: scale.place(Number(low)), high: scale.place(Number(high)) };
}
