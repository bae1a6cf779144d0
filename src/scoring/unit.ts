/** The unit score U (method §4): the company's own indicators, weighted, each counting from 0 to the cap. */
import type { Exact } from './exact.ts';
import { exact, round, sum } from './exact.ts';
import type { Indicator, UnitRules } from './rules.ts';

/** A manager's indicators by code; `null` = missing for him. Codes absent for everybody are in nobody's map. */
export type Indicators = ReadonlyMap<string, Exact | null>;

/** Indicators in use: an indicator whose key is absent for everybody is dropped for all. In rule-set order. */
export function indicatorsInUse(managers: readonly Indicators[], rules: UnitRules): Indicator[] {
  return rules.indicators.filter(({ code }) => managers.some((indicators) => indicators.has(code)));
}

/**
 * U = round(Σ w·min(u, cap) / Σ w) over what is not missing; `null` if more is missing than the rule set lets pass.
 * Weights and the missing share are of the indicators in use, so renormalised twice where both happen.
 */
export function unitScore(indicators: Indicators, inUse: readonly Indicator[], rules: UnitRules): Exact | null {
  const present = presentOnes(indicators, inUse, rules);
  const weight = totalBp(present);
  if (weight === 0 || totalBp(inUse) === 0) return null;
  const missing = exact(totalBp(inUse) - weight, totalBp(inUse));
  if (missing.gt(rules.maximumMissingShare)) return null;
  return round(sum(present.map(({ value, weightBp }) => value.mul(weightBp))).div(weight));
}

/** Each present indicator's points in U before rounding: w·min(u, cap)/Σw; a missing one's are not listed. */
export function contributions(
  indicators: Indicators,
  inUse: readonly Indicator[],
  rules: UnitRules,
): ReadonlyMap<string, Exact> {
  const present = presentOnes(indicators, inUse, rules);
  const weight = totalBp(present);
  return new Map(present.map(({ code, value, weightBp }) => [code, value.mul(weightBp).div(weight)]));
}

function presentOnes(indicators: Indicators, inUse: readonly Indicator[], { cap }: UnitRules) {
  return inUse.flatMap(({ code, weightBp }) => {
    const value = indicators.get(code);
    return value == null ? [] : [{ code, weightBp, value: value.gt(cap) ? cap : value }];
  });
}

function totalBp(weighted: readonly { readonly weightBp: number }[]): number {
  return weighted.reduce((bp, { weightBp }) => bp + weightBp, 0);
}
