import type { Query } from '../../platform/database.ts';
import type { ComputedIndicator } from '../evidence/compute.ts';
import { parseQuantity, written, ZERO } from '../exact.ts';
import type { RuleSet } from '../rules.ts';
import { perCentOfTarget, targetOf } from './targets.ts';

/**
 * What actual figures come to against targets by the rule set's formulas. Whoever has no figure, or no target, has none
 * (`null`) where others have one; where nobody has, the indicator is missing for all.
 */
export async function targetedIndicators(
  query: Query,
  period: string,
  { targets = [] }: Pick<RuleSet, 'targets'>,
  managers: readonly string[],
): Promise<ComputedIndicator[]> {
  if (targets.length === 0) return [];
  const rows = await query<{
    id: string;
    code: string;
    base: string;
    facts: Record<string, string>;
    actual: string;
  }>({
    text: `
      SELECT manager_id AS id, code, base::text AS base, facts, actual::text AS actual FROM target
      WHERE period = $1 AND code = ANY($2) AND actual IS NOT NULL ORDER BY manager_id COLLATE "C"`,
    values: [period, targets.map(({ code }) => code)],
  });
  return targets.flatMap((formula) => {
    const own = new Map(rows.filter(({ code }) => code === formula.code).map((row) => [row.id, row]));
    if (own.size === 0) return [];
    return [...new Set([...managers, ...own.keys()])].map((managerId): ComputedIndicator => {
      const row = own.get(managerId);
      const none = { managerId, code: formula.code, value: null, events: 0, done: null, due: null };
      if (!row) return none;
      const facts = new Map(Object.entries(row.facts).map(([fact, value]) => [fact, parseQuantity(value) ?? ZERO]));
      const made = targetOf(parseQuantity(row.base) ?? ZERO, facts, formula);
      if (!made) return none;
      const { target } = made;
      const actual = parseQuantity(row.actual) ?? ZERO;
      return { ...none, value: written(perCentOfTarget(actual, target)), done: row.actual, due: written(target) };
    });
  });
}
