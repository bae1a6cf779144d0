/** The combined score S (method §4). */
import type { Exact } from './exact.ts';
import { exact, round } from './exact.ts';
import type { CombinedRules } from './rules.ts';
import { WHOLE_BP } from './rules.ts';

/** S = round(w_c·C + w_u·U) from the published C and U, so that a pocket calculator gives the same; never from one alone. */
export function combinedScore(customer: Exact | null, unit: Exact | null, rules: CombinedRules): Exact | null {
  if (customer === null || unit === null) return null;
  const weighted = customer.mul(rules.customerWeightBp).add(unit.mul(rules.unitWeightBp));
  return round(weighted.div(WHOLE_BP));
}

/** w_c, the share of C in S. */
export function customerWeight(rules: CombinedRules): Exact {
  return exact(rules.customerWeightBp, WHOLE_BP);
}
