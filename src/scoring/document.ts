/**
 * The document a score is computed from (method, "Documents on the command line"), read strictly. Every fault is
 * found in one reading, each with its path, because the people who mend the input should do it once.
 */
import { z } from 'zod';
import type { Fault } from '../platform/errors.ts';
import { BadInput } from '../platform/errors.ts';
import { answerFaults, duplicateIds, indicatorFaults, requirementFaults, standingFaults } from './consistency.ts';
import type { RatingCounts } from './customer.ts';
import type { Exact } from './exact.ts';
import { ZERO } from './exact.ts';
import { attempted, checked, described } from './faults.ts';
import type { Manager } from './form.ts';
import { head, manager } from './form.ts';
import type { Rating } from './rating.ts';
import type { RuleSet } from './rules.ts';
import { parseRules } from './rules.ts';
import type { Tier } from './tier.ts';
import { missingFor, type Qualifications } from './training/qualifications.ts';
import type { Indicators } from './unit.ts';

/**
 * What a manager's customers answered: counts of the ratings 1 to 5, or in the public form n and Σy only.
 * Σy is `null` where n is too small for a score: published, one shop's answer could be read off it.
 */
export type Answers =
  | { readonly form: 'counts'; readonly ratings: RatingCounts }
  | { readonly form: 'public'; readonly responses: number; readonly points: Exact | null };

export interface ManagerInput {
  readonly id: string;
  readonly frameSize: number;
  readonly answers: Answers;
  /** The customer score that stands, where one does; `null` = to be computed. */
  readonly standing: Exact | null;
  readonly indicators: Indicators;
  readonly badNumberShare: Exact;
  readonly tier: Tier;
  readonly previousRating: Rating | null;
  readonly requirementsMet: boolean;
  /** What that follows from, where it is known. */
  readonly qualifications: Qualifications | null;
}

export interface ScoreDocument {
  readonly rules: RuleSet;
  /** Frozen values of an earlier computation, used as they stand; `null` = to be computed. */
  readonly cityMean: Exact | null;
  readonly withinVariance: Exact | null;
  readonly degreesOfFreedom: number | null;
  readonly managers: readonly ManagerInput[];
}

/** Returns the JSON of the rule set at a path; throws BadInput where it cannot. */
export type OpenRules = (path: string) => unknown;

/**
 * Reads a score document. `rules` is an object, or a path that `openRules` opens.
 * @throws BadInput with every fault of the document and of its rule set.
 */
export function parseDocument(json: unknown, openRules: OpenRules = refusePath): ScoreDocument {
  const faults: Fault[] = [];
  const given = checked(z.record(z.string(), z.unknown()), json, ['document'], faults);
  if (given === undefined) throw new BadInput('the document cannot be scored', faults);

  const rules = attempted(() => openedRules(given.rules, openRules), faults);
  const top = checked(head, given, [], faults);
  const list = Array.isArray(given.managers) ? given.managers : [];
  const managers = list.flatMap((one, index) => checked(manager, one, ['managers', index], faults) ?? []);
  const disagreements = [
    ...duplicateIds(list),
    ...answerFaults(list, given.withinVariance, rules),
    ...(rules
      ? [...indicatorFaults(list, rules), ...requirementFaults(list, rules), ...standingFaults(list, rules)]
      : []),
  ];
  if (faults.length + disagreements.length > 0 || rules === undefined || top === undefined) {
    throw new BadInput('the document cannot be scored', [...faults, ...disagreements]);
  }
  return {
    rules,
    cityMean: top.cityMean ?? null,
    withinVariance: top.withinVariance ?? null,
    degreesOfFreedom: top.degreesOfFreedom ?? null,
    managers: managers.map((one) => managerInput(one, rules)),
  };
}

function openedRules(rules: unknown, openRules: OpenRules): RuleSet {
  return parseRules(typeof rules === 'string' ? openRules(rules) : rules, 'rules');
}

function refusePath(path: string): never {
  throw new BadInput('the rule set cannot be opened', [
    {
      where: 'rules',
      message: `${described(path)} is a path, which only the command line opens: give the rule set itself`,
    },
  ]);
}

function managerInput(given: Manager, rules: RuleSet): ManagerInput {
  return {
    id: given.id,
    frameSize: given.frameSize,
    answers: answersOf(given),
    standing: given.customer ?? null,
    indicators: new Map(Object.entries(given.unit)),
    badNumberShare: given.badNumberShare ?? ZERO,
    tier: given.tier ?? rules.tiers.start,
    previousRating: given.previousRating ?? null,
    requirementsMet: isMet(given, rules),
    qualifications: given.qualifications ?? null,
  };
}

/** What he can show decides, where it is given. */
function isMet({ qualifications, requirementsMet = false, tier }: Manager, rules: RuleSet): boolean {
  if (qualifications === undefined) return requirementsMet;
  return missingFor(tier ?? rules.tiers.start, qualifications, rules.tiers) === null;
}

function answersOf({ ratings, responses, points }: Manager): Answers {
  if (ratings === undefined) return { form: 'public', responses: responses ?? 0, points: points ?? null };
  return { form: 'counts', ratings: [ratings[1], ratings[2], ratings[3], ratings[4], ratings[5]] };
}
