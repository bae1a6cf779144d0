/**
 * What past months would have been under a draft: each scored anew from what its publication says, tiers and streaks
 * carried forward under the draft, beside what was really published. So cut-offs and streaks are chosen on data. What
 * cannot be known from publications is held at what it was, and named (limits.ts). Pure.
 */
import { exact, parseQuantity, unrounded, ZERO } from '../exact.ts';
import { type PastMonth, previousRating } from '../periods/history.ts';
import type { Publication, PublishedManager } from '../publication.ts';
import { RATINGS, type Rating } from '../rating.ts';
import { parseRules, type RuleSet, type RuleSetDocument } from '../rules.ts';
import { type ExpectedManager, expectedManager, scoreDocument } from '../score.ts';
import { hasRequirements, type Move, type Tier } from '../tier.ts';
import { type Limit, limitsOf, type StraightLine, straightLine } from './limits.ts';

export const ratingsShown = [...RATINGS, 'unrated'] as const;
export const tiersShown = [1, 2, 3] as const satisfies readonly Tier[];
export const movesShown = ['up', 'hold', 'down', 'floor', 'frozen'] as const satisfies readonly Move[];

/** How many managers of a month were rated so, are in this tier after it, moved so. */
export interface Counts {
  readonly ratings: Readonly<Record<Rating | 'unrated', number>>;
  readonly tiers: Readonly<Record<Tier, number>>;
  readonly moves: Readonly<Record<Move, number>>;
}

export type Outcome = Pick<ExpectedManager, 'score' | 'rating' | 'tier' | 'move'>;

/** A manager of whom rating, tier or move would have been another. */
export interface Differing {
  readonly id: string;
  readonly name: string;
  readonly district: string;
  readonly published: Outcome;
  readonly draft: Outcome;
}

export interface WhatIfMonth {
  readonly period: string;
  /** The rule set it was scored under. */
  readonly ruleSet: string;
  readonly managers: number;
  readonly published: Counts;
  readonly draft: Counts;
  readonly differing: readonly Differing[];
}

export interface WhatIf {
  readonly months: readonly WhatIfMonth[];
  /** What could not be tried, in any of the months. */
  readonly limits: readonly Limit[];
}

/** What a manager carries from month to month under the draft. */
interface Memory {
  /** Latest first. */
  readonly past: PastMonth[];
  /** His last customer score that was computed, for months in which it stands. */
  customer: string | null;
}

/** @param publications what stands for each month, in any order. */
export function whatIf(draft: RuleSet, publications: readonly Publication[]): WhatIf {
  const memories = new Map<string, Memory>();
  const limits = new Set<Limit>();
  const inOrder = [...publications].sort((one, other) => (one.period < other.period ? -1 : 1));
  const months = inOrder.map((publication) => {
    const then = parseRules(publication.rules);
    for (const limit of limitsOf(draft, then, indicatorsOf(publication))) limits.add(limit);
    if (asksAnew(draft, publication, memories)) limits.add('requirements');
    return monthUnder(draft, then, publication, memories);
  });
  return { months, limits: [...limits] };
}

const indicatorsOf = ({ managers }: Publication): ReadonlySet<string> =>
  new Set(managers.flatMap(({ indicators }) => Object.keys(indicators)));

/** His tier before the month, as the draft would have left him. */
const tierUnder = ({ id, tierBefore }: PublishedManager, memories: ReadonlyMap<string, Memory>): Tier =>
  memories.get(id)?.past[0]?.tier ?? tierBefore;

/** Whether the draft asks something of anybody whom it has in another tier: whether he had that was never published. */
const asksAnew = (draft: RuleSet, { managers }: Publication, memories: ReadonlyMap<string, Memory>): boolean =>
  managers.some((manager) => {
    const tier = tierUnder(manager, memories);
    return tier !== manager.tierBefore && hasRequirements(tier, draft.tiers);
  });

function monthUnder(
  draft: RuleSet,
  then: RuleSet,
  publication: Publication,
  memories: Map<string, Memory>,
): WhatIfMonth {
  const { period, managers } = publication;
  const line = straightLine(then.customer.points, draft.customer.points);
  const scored = scoreDocument(documentUnder(draft, then, line, publication, memories));
  const outcomes = scored.managers.map((one, place): [PublishedManager | undefined, ExpectedManager] => {
    const was = managers[place];
    const is = expectedManager(one);
    if (was) remember(memories, was, is, { period, streakRestarts: one.moved.streakRestarts });
    return [was, is];
  });
  return {
    ...{ period, ruleSet: then.id, managers: managers.length },
    published: countsOf(managers),
    draft: countsOf(outcomes.map(([, is]) => is)),
    differing: outcomes.flatMap(([was, is]) => (was && differs(was, is) ? [differing(was, is)] : [])),
  };
}

const differs = (was: Outcome, is: Outcome): boolean =>
  was.rating !== is.rating || was.tier !== is.tier || was.move !== is.move;

const outcome = ({ score, rating, tier, move }: Outcome): Outcome => ({ score, rating, tier, move });

const differing = (was: PublishedManager, is: ExpectedManager): Differing => ({
  ...{ id: was.id, name: was.name, district: was.district },
  ...{ published: outcome(was), draft: outcome(is) },
});

function remember(
  memories: Map<string, Memory>,
  was: PublishedManager,
  { rating, tier, customer }: ExpectedManager,
  { period, streakRestarts }: Pick<PastMonth, 'period' | 'streakRestarts'>,
): void {
  const memory = memories.get(was.id) ?? { past: [], customer: null };
  memory.past.unshift({
    ...{ period, rating, tier, streakRestarts },
    windowLast: customer === null ? null : (was.window?.last ?? null),
  });
  memory.customer = customer ?? memory.customer;
  memories.set(was.id, memory);
}

/** The month's document for `huifang score`, as far as it can be under the draft. */
function documentUnder(
  draft: RuleSet,
  then: RuleSet,
  line: StraightLine | null,
  { period, cityMean, withinVariance, managers }: Publication,
  memories: ReadonlyMap<string, Memory>,
) {
  const minimumResponses = Math.max(draft.customer.minimumResponses, then.customer.minimumResponses);
  const rules: RuleSetDocument = {
    ...draft.document,
    customer: {
      ...draft.document.customer,
      ...(line === null && { points: then.document.customer.points }),
      minimumResponses,
    },
  };
  const { offset, slope } = line ?? { offset: ZERO, slope: exact(1) };
  const codes = new Set(draft.unit.indicators.map(({ code }) => code));
  // μ as it was frozen, corrections and all, unless the draft makes another one of the same answers.
  const sameMean =
    slope.equals(1) &&
    offset.equals(0) &&
    draft.customer.priorStrength.equals(then.customer.priorStrength) &&
    minimumResponses === then.customer.minimumResponses;
  return {
    rules,
    ...(sameMean && { cityMean }),
    withinVariance: withinVariance && unrounded((parseQuantity(withinVariance) ?? ZERO).mul(slope).mul(slope)),
    managers: managers.map((manager) => {
      const { id, frameSize, responses, badNumberShare } = manager;
      const memory = memories.get(id);
      const points = manager.points && parseQuantity(manager.points);
      const customer =
        manager.standing && responses >= minimumResponses ? (memory?.customer ?? manager.customer) : null;
      const tier = tierUnder(manager, memories);
      const wasAsked = tier === manager.tierBefore && hasRequirements(tier, then.tiers);
      return {
        ...{ id, frameSize, responses, badNumberShare, tier },
        points: points ? unrounded(points.mul(slope).add(offset.mul(responses))) : null,
        ...(customer !== null && { customer }),
        unit: Object.fromEntries(Object.entries(manager.indicators).filter(([code]) => codes.has(code))),
        previousRating: memory ? previousRating(memory.past, manager.window?.first ?? period) : manager.previousRating,
        requirementsMet: wasAsked ? manager.requirementsMet : true,
      };
    }),
  };
}

function countsOf(outcomes: readonly Outcome[]): Counts {
  return {
    ratings: tally(
      ratingsShown,
      outcomes.map(({ rating }) => rating),
    ),
    tiers: tally(
      tiersShown,
      outcomes.map(({ tier }) => tier),
    ),
    moves: tally(
      movesShown,
      outcomes.map(({ move }) => move),
    ),
  };
}

function tally<Key extends string | number>(keys: readonly Key[], found: readonly Key[]): Record<Key, number> {
  const counts = Object.fromEntries(keys.map((key) => [key, 0])) as Record<Key, number>;
  for (const key of found) counts[key] += 1;
  return counts;
}
