/**
 * From a document to everybody's score: method §3–§5 in the order it is published. Pure: the same document gives the
 * same result to the last digit, wherever it is computed.
 */
import { combinedScore, customerWeight } from './combined.ts';
import type { FullTally, Status, Tally } from './customer.ts';
import {
  cityMean,
  customerScore,
  posteriorVariance,
  reliability,
  statusOf,
  tally,
  withinVariance,
} from './customer.ts';
import type { Answers, ManagerInput, OpenRules, ScoreDocument } from './document.ts';
import { parseDocument } from './document.ts';
import type { Exact } from './exact.ts';
import { approximate, written, ZERO } from './exact.ts';
import { type MeanInterval, meanIntervals } from './mean-interval.ts';
import type { Standing } from './rank.ts';
import { rank } from './rank.ts';
import type { Rating } from './rating.ts';
import { rate } from './rating.ts';
import type { Indicator, RuleSet } from './rules.ts';
import { WHOLE_BP } from './rules.ts';
import { effectiveShares } from './shares.ts';
import type { Move, Moved, Tier } from './tier.ts';
import { isHeldBack, moveTier } from './tier.ts';
import { type Missing, missingFor } from './training/qualifications.ts';
import { contributions, indicatorsInUse, unitScore } from './unit.ts';

/** Everything computed about one manager, unrounded only where the method says so. Scores are in points, 0–100. */
export interface ScoredManager {
  readonly input: ManagerInput;
  /** n, and Σy where it is known. */
  readonly responses: number;
  readonly points: Exact | null;
  /** B, in [0, 1], unrounded. */
  readonly reliability: Exact;
  /** C, rounded. */
  readonly customer: Exact | null;
  readonly status: Status;
  /** U and S, rounded. */
  readonly unit: Exact | null;
  readonly score: Exact | null;
  readonly rating: Rating | 'unrated';
  readonly gates: readonly string[];
  readonly standing: Standing | null;
  /** The posterior SD of C, in points; `null` without a C. k, s_w and μ are treated as known: say so where it is shown. */
  readonly posteriorSd: number | null;
  /** 95 % interval of S for the sampling error of C alone, cut to [0, 100]; `null` without an S. */
  readonly scoreInterval: readonly [number, number] | null;
  /** 95 % interval of ȳ by s_w alone, cut to [0, 100]; `null` where ȳ is not published. */
  readonly meanInterval: MeanInterval | null;
  readonly moved: Moved;
  /** What keeps him from a tier that his ratings would have him rise to, where it is known. */
  readonly missing: Missing | null;
}

export interface Scored {
  readonly rules: RuleSet;
  /** Those not dropped for everybody, in rule-set order. */
  readonly indicators: readonly Indicator[];
  /** μ and s_w², frozen or computed; `null` where nobody had enough responses. */
  readonly cityMean: Exact | null;
  readonly withinVariance: Exact | null;
  /** The degrees of freedom of s_w: Σ(n − 1) over the managers it was computed from, or frozen with it. */
  readonly degreesOfFreedom: number;
  /** In input order. */
  readonly managers: readonly ScoredManager[];
}

/**
 * Scores a document of the form `input`; `openRules` is needed only where its `rules` is a path.
 * @throws BadInput with every fault.
 */
export function scoreDocument(json: unknown, openRules?: OpenRules): Scored {
  return score(parseDocument(json, openRules));
}

/** Scores a document already read. Where a manager comes in the public form, `withinVariance` must be given. */
export function score(document: ScoreDocument): Scored {
  const { rules } = document;
  const tallies = document.managers.map(({ answers }) => tallyOf(answers, rules));
  const city: City = {
    rules,
    indicators: indicatorsInUse(
      document.managers.map(({ indicators }) => indicators),
      rules.unit,
    ),
    cityMean: document.cityMean ?? cityMean(tallies, rules.customer),
    withinVariance: document.withinVariance ?? withinVariance(tallies.filter(isFull)),
    degreesOfFreedom:
      document.degreesOfFreedom ?? freedomOf(document.withinVariance ? tallies : tallies.filter(isFull)),
  };
  const intervalOfMean = meanIntervals(city);
  const assessed = document.managers.map((input, index) => {
    const answered = tallies[index] ?? NOBODY;
    const one = assess(input, answered, city);
    return { ...one, meanInterval: one.status === 'not-rated' ? null : intervalOfMean(answered) };
  });
  return { ...city, managers: ranked(assessed, city) };
}

type City = Omit<Scored, 'managers'>;
type Assessed = Omit<ScoredManager, 'standing'>;

const freedomOf = (tallies: readonly Tally[]): number =>
  tallies.reduce((freedom, { responses }) => freedom + Math.max(0, responses - 1), 0);

const NOBODY: Tally = { responses: 0, points: ZERO };

/** One manager, whatever the others did but for μ and s_w. */
function assess(input: ManagerInput, answered: Tally, city: City): Omit<Assessed, 'meanInterval'> {
  const { rules } = city;
  const { responses } = answered;
  const { tier, previousRating, requirementsMet, qualifications, indicators } = input;
  const customer = input.standing ?? customerScore(answered, city.cityMean, rules.customer);
  const status = statusOf({ ...input, responses }, rules.customer);
  const unit = unitScore(indicators, city.indicators, rules.unit);
  const combined = combinedScore(customer, unit, rules.combined);
  const { rating, gates } = rate({ score: combined, customer, status, indicators }, city.indicators, rules.rating);
  const posteriorSd = customer && Math.sqrt(approximate(squaredErrorOfC(responses, city)));
  const month = { tier, rating, status, previousRating, requirementsMet };
  const heldBack = qualifications !== null && isHeldBack(month, rules.tiers);
  return {
    input,
    responses,
    points: input.answers.form === 'public' ? input.answers.points : answered.points,
    reliability: reliability(responses, rules.customer.priorStrength),
    customer,
    status,
    unit,
    score: combined,
    rating,
    gates,
    posteriorSd,
    scoreInterval: combined && posteriorSd !== null ? interval(combined, posteriorSd, city) : null,
    moved: moveTier(month, rules.tiers),
    missing: heldBack ? missingFor(tier, qualifications, rules.tiers) : null,
  };
}

function ranked(assessed: readonly Assessed[], city: City): ScoredManager[] {
  const inTheRunning = assessed.flatMap(({ score, responses }, index) => (score ? [{ index, score, responses }] : []));
  const weight = customerWeight(city.rules.combined);
  const standings = rank(inTheRunning, (responses) => squaredErrorOfC(responses, city).mul(weight).mul(weight));
  const standingOf = new Map(inTheRunning.map(({ index }, place) => [index, standings[place]]));
  return assessed.map((one, index) => ({ ...one, standing: standingOf.get(index) ?? null }));
}

/** Without s_w nobody has two responses, so nobody has a score whose error could be asked for. */
function squaredErrorOfC(responses: number, { withinVariance, rules }: City): Exact {
  return posteriorVariance(responses, withinVariance ?? ZERO, rules.customer.priorStrength);
}

function interval(score: Exact, posteriorSd: number, { rules }: City): readonly [number, number] {
  const half = 1.96 * approximate(customerWeight(rules.combined)) * posteriorSd;
  return [Math.max(0, approximate(score) - half), Math.min(100, approximate(score) + half)];
}

function tallyOf(answers: Answers, rules: RuleSet): Tally | FullTally {
  if (answers.form === 'counts') return tally(answers.ratings, rules.customer.points);
  return { responses: answers.responses, points: answers.points ?? ZERO };
}

function isFull(one: Tally | FullTally): one is FullTally {
  return 'squares' in one;
}

/** Each component's effective share of S over the ranked (see shares.ts): `customer`, then the indicators in use. */
export function sharesOf({ rules, indicators, managers }: Scored): ReadonlyMap<string, Exact | null> {
  const { customerWeightBp, unitWeightBp } = rules.combined;
  const ranked = managers.flatMap(({ score, customer, input }) => {
    if (score === null || customer === null) return [];
    const components = new Map([['customer', customer.mul(customerWeightBp).div(WHOLE_BP)]]);
    for (const [code, points] of contributions(input.indicators, indicators, rules.unit)) {
      components.set(code, points.mul(unitWeightBp).div(WHOLE_BP));
    }
    return [{ score, components }];
  });
  return effectiveShares(ranked, ['customer', ...indicators.map(({ code }) => code)]);
}

/** What `huifang score` prints of a manager. Counts are integers, quantities texts with two decimals. */
export interface ExpectedManager {
  readonly id: string;
  readonly responses: number;
  readonly frameSize: number;
  readonly customer: string | null;
  readonly status: Status;
  readonly unit: string | null;
  readonly score: string | null;
  readonly rating: Rating | 'unrated';
  readonly gates: readonly string[];
  readonly rank: number | null;
  readonly rankInterval: readonly [number, number] | null;
  readonly tier: Tier;
  readonly move: Move;
  /** What keeps him from rising; not there where nothing does, or nobody said what he can show. */
  readonly missing?: Missing;
}

export interface ExpectedForm {
  readonly cityMean: string | null;
  readonly managers: readonly ExpectedManager[];
}

/** The document of the form `expected`, managers in input order. */
export function expectedForm({ cityMean, managers }: Scored): ExpectedForm {
  return { cityMean: writtenOrNull(cityMean), managers: managers.map(expectedManager) };
}

export function expectedManager(manager: ScoredManager): ExpectedManager {
  const { input, responses, status, rating, gates, standing, moved } = manager;
  return {
    id: input.id,
    responses,
    frameSize: input.frameSize,
    customer: writtenOrNull(manager.customer),
    status,
    unit: writtenOrNull(manager.unit),
    score: writtenOrNull(manager.score),
    rating,
    gates,
    rank: standing?.rank ?? null,
    rankInterval: standing?.interval ?? null,
    tier: moved.tier,
    move: moved.move,
    ...(manager.missing && { missing: manager.missing }),
  };
}

function writtenOrNull(value: Exact | null): string | null {
  return value && written(value);
}
