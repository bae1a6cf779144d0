/**
 * What really moves the scores (method §4): each component's effective share Cov(w·x, S)/Var(S) over the ranked. A
 * weight of 12 % decides far more than 12 % if everybody has the same of everything else, so the share is published.
 */
import type { Exact } from './exact.ts';
import { exact, parseQuantity, sum, ZERO } from './exact.ts';

/** One ranked manager: S, and what each component put into it, in points of S. A component he lacks put in nothing. */
export interface Composition {
  readonly score: Exact;
  readonly components: ReadonlyMap<string, Exact>;
}

/** Components are taken to a millionth of a point, lest ten thousand `p/q` indicators add up to one endless fraction. */
const PLACES = 6;

/** The share of each of `names`, adding up to about 1 (S is rounded); `null` where all S are equal. Not rounded. */
export function effectiveShares(ranked: readonly Composition[], names: readonly string[]): Map<string, Exact | null> {
  const scores = ranked.map(({ score }) => score);
  const variance = comoment(scores, scores);
  return new Map(
    names.map((name) => {
      const parts = ranked.map(({ components }) => (components.get(name) ?? exact(0)).round(PLACES));
      return [name, variance.equals(0) ? null : comoment(parts, scores).div(variance)];
    }),
  );
}

/** Above this, selling decides more than the rule set meant it to (method §4). */
export const mostSelling = exact(1, 4);

/** What the selling group decides together. @param shares as published: texts, null where all S are equal. */
export const sellingShare = (
  shares: Readonly<Record<string, string | null>>,
  indicators: readonly { readonly code: string; readonly group?: 'selling' | undefined }[],
): Exact =>
  sum(indicators.map(({ code, group }) => (group === 'selling' ? (parseQuantity(shares[code] ?? '0') ?? ZERO) : ZERO)));

/** M·Σxy − Σx·Σy = M²·Cov(x, y); the factor falls out of the quotient. */
function comoment(xs: readonly Exact[], ys: readonly Exact[]): Exact {
  const products = sum(xs.map((x, index) => x.mul(ys[index] ?? 0)));
  return products.mul(xs.length).sub(sum(xs).mul(sum(ys)));
}
