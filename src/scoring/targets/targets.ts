/**
 * A manager's own target of an indicator (method §4): what is hard about his area may enter it, by a formula that the
 * rule set fixes beforehand, and by nothing else. Pure and exact.
 */
import { type Exact, exact, HUNDRED, round, sum } from '../exact.ts';
import type { TargetRules } from '../rules.ts';

export interface Target {
  /** Between the rule set's least and most. */
  readonly factor: Exact;
  /** Rounded to two decimals. */
  readonly target: Exact;
}

/**
 * `target = round(base · factor)` with `factor = 1 + Σ change·(fact − from)/per`, kept within least and most. What lies
 * on the other side of `from` counts the other way: a nearer area has a higher target.
 *
 * @param facts of his area, by name.
 * @returns null where one of the formula's facts is not there, or nothing is left of the base.
 */
export function targetOf(
  base: Exact,
  facts: ReadonlyMap<string, Exact>,
  { factors, least, most }: TargetRules,
): Target | null {
  const moved = factors.flatMap(({ fact, from, per, change }) => {
    const value = facts.get(fact);
    return value === undefined ? [] : [value.sub(from).div(per).mul(change)];
  });
  if (moved.length < factors.length) return null;
  const wanted = exact(1).add(sum(moved));
  const factor = wanted.lt(least) ? least : wanted.gt(most) ? most : wanted;
  const target = round(base.mul(factor));
  return target.equals(0) ? null : { factor, target };
}

/** The indicator: `round(100 · actual / target)`, before its cap. */
export const perCentOfTarget = (actual: Exact, target: Exact): Exact => round(actual.mul(HUNDRED).div(target));
