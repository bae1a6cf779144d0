/**
 * The published document of a month (method §5): canonical JSON (RFC 8785), its own hash, chained to the one before.
 * A correction is another publication that supersedes; nothing published is ever edited. It holds the inputs too, in
 * the public form, so that whoever is scored can recompute it with `huifang score` from `recomputable(publication)`.
 */
import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import { BadInput } from '../platform/errors.ts';
import type { Exact } from './exact.ts';
import { round, unrounded, written } from './exact.ts';
import type { Rating } from './rating.ts';
import type { RuleSetDocument } from './rules.ts';
import type { ExpectedManager, Scored, ScoredManager } from './score.ts';
import { expectedManager, sharesOf } from './score.ts';
import type { Tier } from './tier.ts';
import type { Qualifications } from './training/qualifications.ts';

/** How the responses came about (method §2): rates and shares as texts, `null` where 0/0. */
export interface Fieldwork {
  /** Retailers released, whatever came of them: the whole that every rate is of. */
  readonly released: number;
  readonly rr1: string | null;
  readonly rr2: string | null;
  readonly channels: { readonly voice: number; readonly sms: number; readonly desk: number };
  readonly badNumberShare: string | null;
  readonly optOutShare: string | null;
}

/** What the board says of a manager beyond his scores. */
export interface Person {
  readonly name: string;
  readonly district: string;
  /** The months the customer score looks back on; not there where nobody was asked for him. */
  readonly window?: { readonly first: string; readonly last: string };
  /** Whether the last published customer score stands, too few responses being new. */
  readonly standing?: boolean;
  readonly fieldwork?: Fieldwork;
}

/**
 * - `notice` 公示: shown to everybody, and open to appeals until `appealsUntil`.
 * - `final`: what promises, tiers and the scoring service go by.
 */
export type Stage = 'notice' | 'final';

export interface PublicationFacts {
  /** The month, `2026-12`. */
  readonly period: string;
  readonly stage: Stage;
  /** The first moment at which it can no longer be appealed. */
  readonly appealsUntil: Date;
  readonly drawId: string;
  /** The version of the questionnaire that was asked. */
  readonly questionnaire: string;
  readonly scored: Scored;
  /** By manager id; one for each manager scored. */
  readonly people: ReadonlyMap<string, Person>;
  /** The hash of the publication before this one, `null` for the first of all. */
  readonly previousHash: string | null;
  /** The hash of the publication this one corrects, if it does. */
  readonly supersedes?: string;
}

export interface PublishedQualifications {
  readonly certificates: readonly string[];
  readonly exams: readonly string[];
  readonly trainingHours: string;
}

export interface PublishedManager extends ExpectedManager, Person {
  /** Σy, unrounded; withheld (`null`) where there are too few responses for a score. */
  readonly points: string | null;
  /** B with two decimals. */
  readonly reliability: string;
  readonly posteriorSd: string | null;
  readonly scoreInterval: readonly [string, string] | null;
  /** 95 % interval of ȳ = Σy/n; not there in publications from before it was published. */
  readonly meanInterval?: readonly [string, string] | null;
  readonly badNumberShare: string;
  /** The unit indicators as they came in, uncapped. */
  readonly indicators: Readonly<Record<string, string | null>>;
  readonly tierBefore: Tier;
  readonly previousRating: Rating | null;
  readonly requirementsMet: boolean;
  /** What that follows from: of what the tier above asks for, what he can show. Not there where it asks nothing. */
  readonly qualifications?: PublishedQualifications;
  /** Whether his streak was used up, so that this month is no later month's previous rating. */
  readonly streakRestarts: boolean;
}

export interface Publication {
  readonly kind: 'huifang-publication';
  readonly period: string;
  readonly stage: Stage;
  readonly appealsUntil: string;
  readonly drawId: string;
  readonly questionnaire: string;
  readonly rules: RuleSetDocument;
  readonly cityMean: string | null;
  /** s_w², unrounded. */
  readonly withinVariance: string | null;
  /** Of s_w. Not there without an s_w, nor in publications from before `meanInterval`. */
  readonly degreesOfFreedom?: number;
  /** Cov(w·x, S)/Var(S) with two decimals, a share of 1; `null` where all S are equal. */
  readonly effectiveShares: Readonly<Record<string, string | null>>;
  readonly managers: readonly PublishedManager[];
  readonly supersedes: string | null;
  readonly previousHash: string | null;
  /** sha256 in lower-case hex of the canonical JSON of all the rest. */
  readonly hash: string;
}

/**
 * The publication of `scored`, hashed and chained. Managers in the order they were scored.
 * @throws BadInput naming each manager `people` knows nothing of.
 */
export function makePublication(facts: PublicationFacts): Publication {
  const { period, stage, appealsUntil, drawId, questionnaire, scored, people, previousHash, supersedes } = facts;
  const content = {
    kind: 'huifang-publication' as const,
    period,
    stage,
    appealsUntil: appealsUntil.toISOString(),
    drawId,
    questionnaire,
    rules: scored.rules.document,
    cityMean: scored.cityMean && asItStands(scored.cityMean),
    withinVariance: scored.withinVariance && unrounded(scored.withinVariance),
    ...(scored.degreesOfFreedom > 0 && { degreesOfFreedom: scored.degreesOfFreedom }),
    effectiveShares: writtenShares(scored),
    managers: publishedManagers(scored, people),
    supersedes: supersedes ?? null,
    previousHash,
  };
  return { ...content, hash: hashOf(content) };
}

/** Whether a publication, as made or as read back from JSON, still bears the hash of what it says. */
export function verifyHash(publication: Readonly<Record<string, unknown>> | Publication): boolean {
  const { hash, ...content } = publication;
  return hash === hashOf(content);
}

/** The document that `huifang score` recomputes a publication from: rules, frozen values and inputs in the public form. */
export function recomputable({ rules, cityMean, withinVariance, degreesOfFreedom, managers }: Publication) {
  return {
    rules,
    cityMean,
    withinVariance,
    ...(degreesOfFreedom !== undefined && { degreesOfFreedom }),
    managers: managers.map((manager) => ({
      id: manager.id,
      frameSize: manager.frameSize,
      responses: manager.responses,
      points: manager.points,
      ...(manager.standing && manager.customer !== null && { customer: manager.customer }),
      unit: manager.indicators,
      badNumberShare: manager.badNumberShare,
      tier: manager.tierBefore,
      previousRating: manager.previousRating,
      requirementsMet: manager.requirementsMet,
      ...(manager.qualifications && { qualifications: manager.qualifications }),
    })),
  };
}

function hashOf(content: object): string {
  return createHash('sha256')
    .update(canonicalize(content) ?? '', 'utf8')
    .digest('hex');
}

function publishedManagers(scored: Scored, people: PublicationFacts['people']): PublishedManager[] {
  const known = scored.managers.map((manager) => ({ manager, person: people.get(manager.input.id) }));
  const faults = known.flatMap(({ manager, person }) =>
    person
      ? []
      : [{ where: `manager ${manager.input.id}`, message: 'needs a name and a district to be published with' }],
  );
  if (faults.length > 0) throw new BadInput('the publication is incomplete', faults);
  return known.flatMap(({ manager, person }) => (person ? publishedManager(manager, person, scored) : []));
}

function publishedManager(manager: ScoredManager, person: Person, scored: Scored): PublishedManager {
  const { input, points, posteriorSd } = manager;
  return {
    ...published(person),
    ...expectedManager(manager),
    points: manager.status === 'not-rated' ? null : points && unrounded(points),
    reliability: written(manager.reliability),
    posteriorSd: posteriorSd === null ? null : posteriorSd.toFixed(2),
    scoreInterval: bounds(manager.scoreInterval),
    meanInterval: bounds(manager.meanInterval),
    badNumberShare: unrounded(input.badNumberShare),
    indicators: publishedIndicators(input.indicators, scored),
    tierBefore: input.tier,
    previousRating: input.previousRating,
    requirementsMet: input.requirementsMet,
    ...(input.qualifications && { qualifications: publishedQualifications(input.qualifications) }),
    streakRestarts: manager.moved.streakRestarts,
  };
}

const bounds = (interval: readonly [number, number] | null): [string, string] | null =>
  interval && [interval[0].toFixed(2), interval[1].toFixed(2)];

/** Field by field: whatever else the caller's object holds (a phone, say) must not find its way onto the board. */
function published({ name, district, window, standing, fieldwork }: Person): Person {
  return {
    name,
    district,
    ...(window !== undefined && { window: { first: window.first, last: window.last } }),
    ...(standing !== undefined && { standing }),
    ...(fieldwork !== undefined && { fieldwork }),
  };
}

export const publishedQualifications = ({
  certificates,
  exams,
  trainingHours,
}: Qualifications): PublishedQualifications => ({
  ...{ certificates, exams, trainingHours: unrounded(trainingHours) },
});

function publishedIndicators(indicators: ReadonlyMap<string, Exact | null>, { indicators: inUse }: Scored) {
  return Object.fromEntries(
    inUse.map(({ code }) => {
      const value = indicators.get(code) ?? null;
      return [code, value && unrounded(value)];
    }),
  );
}

function writtenShares(scored: Scored): Record<string, string | null> {
  return Object.fromEntries([...sharesOf(scored)].map(([name, share]) => [name, share && written(share)]));
}

/** With two decimals; a frozen value that has more keeps them, or nobody could recompute with it. */
function asItStands(value: Exact): string {
  return round(value).equals(value) ? written(value) : unrounded(value);
}
