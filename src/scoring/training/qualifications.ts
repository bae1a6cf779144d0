/** What a manager can show for a promotion, held against what the rule set asks for the tier above (method §5). Pure. */
import { type Exact, exact, unrounded } from '../exact.ts';
import type { TierRules } from '../rules.ts';
import { requirementsAbove, type Tier } from '../tier.ts';

export interface Qualifications {
  readonly certificates: readonly string[];
  readonly exams: readonly string[];
  /** Hours of courses, all in all. */
  readonly trainingHours: Exact;
}

/** What is asked for and not there: names, and how many hours are short, `"3.5"`; null where none are. */
export interface Missing {
  readonly certificates: readonly string[];
  readonly exams: readonly string[];
  readonly trainingHours: string | null;
}

/** Of what he has, what is asked for rising from `tier`; nothing else of it is anybody's business. null where nothing is. */
export function relevantTo(tier: Tier, held: Qualifications, rules: TierRules): Qualifications | null {
  const asked = requirementsAbove(tier, rules);
  if (!asked) return null;
  const { certificates = [], exams = [] } = asked;
  return {
    certificates: certificates.filter((name) => held.certificates.includes(name)),
    exams: exams.filter((name) => held.exams.includes(name)),
    trainingHours: held.trainingHours,
  };
}

/** What is missing for rising from `tier`; null where nothing is. */
export function missingFor(tier: Tier, held: Qualifications, rules: TierRules): Missing | null {
  const { certificates = [], exams = [], trainingHours = 0 } = requirementsAbove(tier, rules) ?? {};
  const short = exact(trainingHours).sub(held.trainingHours);
  const missing = {
    certificates: certificates.filter((name) => !held.certificates.includes(name)),
    exams: exams.filter((name) => !held.exams.includes(name)),
    trainingHours: short.gt(0) ? unrounded(short) : null,
  };
  const nothing = missing.certificates.length + missing.exams.length === 0 && missing.trainingHours === null;
  return nothing ? null : missing;
}
