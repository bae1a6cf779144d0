/**
 * Ranks, and how far apart they can be told (method §5). "a beats b" iff S_a − S_b > 1.96·√(SE_a² + SE_b²), each pair
 * by itself, sampling error of C only.
 *
 * All pairs of ten thousand managers are fifty million. But an error depends on the number of responses alone, so there
 * are as many different errors as different n (a few hundred at most, since nobody looks after more shops), and for two
 * of them one smallest beating difference in hundredths, found exactly. What is left is counting in sorted lists:
 * O(M·G·log M) for G different errors, the same result as comparing all pairs.
 */
import { byResponses } from './customer.ts';
import type { Exact } from './exact.ts';
import { exact, HUNDRED, hundredths, leastAboveRoot } from './exact.ts';

export interface Contender {
  /** S, rounded. */
  readonly score: Exact;
  readonly responses: number;
}

export interface Standing {
  /** Competition ranking, best first: 1, 2, 2, 4. */
  readonly rank: number;
  /** [1 + how many beat it, ranked − how many it beats]. */
  readonly interval: readonly [number, number];
}

/** 1.96², the two-sided 95 % of the normal distribution as the method writes it. */
const Z_SQUARED = exact(196, 100).pow(2);

/**
 * The standing of each contender, in their order. `squaredError(n)` is SE² of S at n responses, in squared points; asked
 * once for each n.
 */
export function rank(contenders: readonly Contender[], squaredError: (responses: number) => Exact): Standing[] {
  const field = contenders.map(({ score, responses }) => ({ score: hundredths(score), responses }));
  const all = ascending(field.map(({ score }) => score));
  const peers = [...byResponses(field)].map(([responses, group]) => ({
    responses,
    scores: ascending(group.map(({ score }) => score)),
  }));
  const beating = beatingDifference(squaredError);
  return field.map(({ score, responses }) => {
    let above = 0;
    let below = 0;
    for (const peer of peers) {
      const difference = beating(responses, peer.responses);
      above += peer.scores.length - countBelow(peer.scores, score + difference);
      below += countBelow(peer.scores, score - difference + 1);
    }
    const better = all.length - countBelow(all, score + 1);
    return { rank: better + 1, interval: [above + 1, all.length - below] };
  });
}

/** The smallest difference in hundredths of a point with which one of `n` responses beats, or is beaten by, one of `m`. */
function beatingDifference(squaredError: (responses: number) => Exact): (n: number, m: number) => number {
  const errors = remembered((n: number) => squaredError(n).mul(Z_SQUARED).mul(HUNDRED).mul(HUNDRED));
  const differences = remembered((n: number) =>
    remembered((m: number) => Number(leastAboveRoot(errors(n), errors(m)))),
  );
  return (n, m) => differences(n)(m);
}

function remembered<T>(compute: (key: number) => T): (key: number) => T {
  const known = new Map<number, T>();
  return (key) => {
    const before = known.get(key);
    if (before !== undefined) return before;
    const value = compute(key);
    known.set(key, value);
    return value;
  };
}

function ascending(scores: readonly number[]): Float64Array {
  return Float64Array.from(scores).sort();
}

/** How many of the sorted `scores` are below `limit`. */
function countBelow(scores: Float64Array, limit: number): number {
  let from = 0;
  let to = scores.length;
  while (from < to) {
    const middle = (from + to) >>> 1;
    if ((scores[middle] ?? limit) < limit) from = middle + 1;
    else to = middle;
  }
  return from;
}
