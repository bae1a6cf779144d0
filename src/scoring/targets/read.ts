import type { Query } from '../../platform/database.ts';
import type { ComputedIndicator } from '../evidence/compute.ts';
import { parseQuantity, written, ZERO } from '../exact.ts';
import type { RuleSet, TargetRules } from '../rules.ts';
import { perCentOfTarget, targetOf } from './targets.ts';

/** A target with what came of it. */
export interface TargetFigure {
  readonly id: string;
  readonly code: string;
  readonly base: string;
  readonly facts: Readonly<Record<string, string>>;
  readonly actual: string;
}

/** What came of the targets for which the rule set has a formula. */
export async function readFigures(
  query: Query,
  period: string,
  { targets = [] }: Pick<RuleSet, 'targets'>,
): Promise<TargetFigure[]> {
  if (targets.length === 0) return [];
  return query<TargetFigure>({
    text: `
      SELECT manager_id AS id, code, base::text AS base, facts, actual::text AS actual FROM target
      WHERE period = $1 AND code = ANY($2) AND actual IS NOT NULL ORDER BY manager_id COLLATE "C"`,
    values: [period, targets.map(({ code }) => code)],
  });
}

/**
 * What actual figures come to against targets by the rule set's formulas. Whoever has no figure, or no target, has none
 * (`null`) where others have one; where nobody has, the indicator is missing for all.
 *
 * @param everybody whoever has a figure is one of them.
 */
export function targetedIndicators(
  { targets = [] }: Pick<RuleSet, 'targets'>,
  figures: readonly TargetFigure[],
  everybody: readonly string[],
): ComputedIndicator[] {
  return targets.flatMap((formula) => {
    const own = new Map(figures.filter(({ code }) => code === formula.code).map((figure) => [figure.id, figure]));
    const each = everybody.map((managerId) => indicatorOf(managerId, formula, own.get(managerId)));
    return each.some(({ value }) => value !== null) ? each : [];
  });
}

function indicatorOf(managerId: string, formula: TargetRules, figure: TargetFigure | undefined): ComputedIndicator {
  const none = { managerId, code: formula.code, value: null, events: 0, done: null, due: null };
  if (!figure) return none;
  const facts = new Map(Object.entries(figure.facts).map(([fact, value]) => [fact, parseQuantity(value) ?? ZERO]));
  const made = targetOf(parseQuantity(figure.base) ?? ZERO, facts, formula);
  if (!made) return none;
  const actual = parseQuantity(figure.actual) ?? ZERO;
  const { target } = made;
  return { ...none, value: written(perCentOfTarget(actual, target)), done: figure.actual, due: written(target) };
}
