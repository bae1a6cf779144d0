/**
 * The rule set (考核办法): every number of sampling and scoring, versioned and never edited. Read here once, strictly;
 * code holds only formulas. What a number means stands beside the formula that uses it.
 */
import { z } from 'zod';
import type { Fault } from '../platform/errors.ts';
import { BadInput } from '../platform/errors.ts';
import { type EvidenceKind, evidenceKinds } from './evidence/evidence.ts';
import type { Exact } from './exact.ts';
import { exact, unrounded } from './exact.ts';
import { at, checked, count, described, ifValid, quantity, text, yuan } from './faults.ts';
import { RATINGS } from './rating.ts';

/** Weights are whole basis points; a set of weights makes 10,000 of them. */
export const WHOLE_BP = 10_000;

/**
 * What no rule set may raise, in basis points of S (method §4): it may be stricter. Without a ceiling a rule set would
 * set its own limit, and with it allow itself what the limit is there to forbid.
 */
const CEILINGS = { maximumIndicatorShareBp: 1500, maximumSellingShareBp: 2500 } as const;

/**
 * What no rule set may lower that is published (method §4): of fewer responses, a score or a distribution would show what
 * single retailers said. A document with lower ones is read all the same: it may be older than this, or for trying only.
 */
const FLOORS = {
  customer: { minimumResponses: 5, minimumNewResponses: 5 },
  privacy: { minimumForScore: 5, minimumForDistribution: 10, minimumForComments: 10 },
} as const;

/** Selling by what they are, whatever else a rule set calls them: out of the group they would be under no limit. */
const SELLING_CODES = ['sales', 'brand'];

/** Gates that are no indicators are listed beside the indicators' codes, so no indicator may bear their names. */
const RESERVED_CODES = ['customer', 'firm'];

const share = quantity({ least: 0, most: 1 });
const score = quantity({ least: 0, most: 100 });
const positive = quantity({ above: 0 });
const weightBp = count(0).refine((weight) => weight <= WHOLE_BP, `must be at most ${WHOLE_BP} basis points`);
/** Months in a row; longer memories than two would need more than the one previous rating (method §5). */
const streak = z.literal([1, 2]);

const sampling = z.strictObject({
  z: positive,
  sigma: positive,
  marginOfError: positive,
  censusUpTo: count(),
  monthlyShare: quantity({ above: 0, most: 1 }),
  spotCheckShare: share,
  waves: count(1),
  restPeriods: count(),
  completionRate: z.strictObject({
    default: quantity({ above: 0, most: 1 }),
    least: quantity({ above: 0, most: 1 }),
    most: quantity({ above: 0, most: 1 }),
  }),
});

const contact = z.strictObject({
  attempts: count(1),
  minimumDistinctDays: count(1),
  minimumHoursBetweenAttempts: count(),
  smsAfterAttempt: count(),
  windows: z
    .array(
      z
        .string()
        .regex(
          /^(?:[01]\d|2[0-3]):[0-5]\d-(?:[01]\d|2[0-3]):[0-5]\d$/,
          'must be a time of day from-to, such as "09:30-11:30"',
        ),
    )
    .min(1),
  holidays: text(),
});

/** Whom people call on their own account (method §2, §3). Left out, it is a fifth of the silent and 5 % of the complete. */
const desk = z
  .strictObject({ silentShare: share, recheckShare: share })
  .default({ silentShare: exact(1, 5), recheckShare: exact(1, 20) });

const customer = z.strictObject({
  points: z.array(score).length(5, 'must have five entries, the points of the ratings 1 to 5'),
  // A count in the first rule set; its yearly re-estimate (DerSimonian–Laird) will seldom be whole.
  priorStrength: z.union([count().transform((k) => exact(k)), quantity({ least: 0 })], {
    error: ({ input }) => `must be a whole number or a quantity such as "9.6", from 0, not ${described(input)}`,
  }),
  // Below two, a published score would be one retailer's answer.
  minimumResponses: count(2),
  firmReliability: share,
  firmCoverage: share,
  maximumBadNumberShare: share,
  windowMonths: z.array(count(1)).min(1),
  minimumNewResponses: count(1),
});

const unit = z.strictObject({
  cap: quantity({ above: 0, most: 100 }),
  indicators: z
    .array(z.strictObject({ code: text(), weightBp: weightBp, group: z.literal('selling').optional() }))
    .min(1),
  maximumMissingShare: share,
});

const combined = z.strictObject({
  customerWeightBp: weightBp,
  unitWeightBp: weightBp,
  maximumIndicatorShareBp: weightBp,
  maximumSellingShareBp: weightBp,
});

const rating = z.strictObject({
  cutoffs: z.array(z.strictObject({ rating: z.enum(RATINGS), from: score })),
  excellentGates: z.strictObject({ minimumCustomer: score, minimumEachIndicator: score, firmOnly: z.boolean() }),
});

/** What a manager must show besides his ratings to rise to a tier; whether he has is a fact that comes with him. */
const requirement = z.strictObject({
  certificates: z.array(text()).optional(),
  exams: z.array(text()).optional(),
  trainingHours: count(1).optional(),
});

const tiers = z.strictObject({
  start: z.literal([1, 2, 3]),
  upStreak: streak,
  downStreak: streak,
  requirements: z.strictObject({ 1: requirement.optional(), 2: requirement.optional() }),
});

/** The days between a month's end and its final result (method §5), in working days. Left out, five each. */
const periods = z
  .strictObject({ noticeWorkdays: count(1), appealWorkdays: count(1) })
  .default({ noticeWorkdays: 5, appealWorkdays: 5 });

/** Yuan that a final result promises, or takes: to whoever got this rating, is in this tier afterwards, moved so. */
const ledger = z.strictObject({
  /** Working days from the final result to the day by which it is paid. */
  dueWorkdays: count(1),
  rating: z
    .strictObject({
      excellent: yuan().optional(),
      competent: yuan().optional(),
      'basically-competent': yuan().optional(),
      'not-competent': yuan().optional(),
    })
    .default({}),
  tier: z.strictObject({ 1: yuan().optional(), 2: yuan().optional(), 3: yuan().optional() }).default({}),
  move: z.strictObject({ up: yuan().optional(), down: yuan().optional(), floor: yuan().optional() }).default({}),
});

/** Days from the final result to the day by which whoever fell, or could not fall further, has been trained. Left out, thirty. */
const training = z.strictObject({ followUpDays: count(1) }).default({ followUpDays: 30 });

/** Whom the company may hold up as a model (标杆). Left out, nobody by rule. */
const roleModels = z
  .strictObject({
    /** Excellent results in a row, whose windows do not overlap. */
    excellentInARow: count(1),
    firm: z.boolean(),
    /** When the result became final. */
    noOpenAlarm: z.boolean(),
  })
  .optional();

/** What indicators are made of, where they are computed from dated events (evidence.ts). Left out, it is the standard. */
const evidence = z
  .array(
    z.strictObject({
      code: text(),
      kinds: z.array(z.enum(Object.keys(evidenceKinds) as EvidenceKind[])).min(1),
      required: positive.optional(),
    }),
  )
  .optional();

/** How a manager's own target follows from a base and facts of his area (targets.ts). Left out, no indicator has one. */
const targets = z
  .array(
    z.strictObject({
      code: text(),
      factors: z.array(z.strictObject({ fact: text(), from: quantity(), per: positive, change: quantity() })).min(1),
      least: quantity({ above: 0, most: 1 }),
      most: quantity({ least: 1, most: 2 }),
    }),
  )
  .optional();

const privacy = z.strictObject({
  minimumForScore: count(1),
  minimumForDistribution: count(1),
  minimumForComments: count(1),
});

const alarms = z.strictObject({
  ewma: z.strictObject({ lambda: quantity({ above: 0, most: 1 }), L: positive }),
  cusum: z.strictObject({ k: quantity({ least: 0 }), h: positive }),
  /** RR2 below, bad numbers above (method §6). Left out, it is a fifth and a tenth. */
  field: z
    .strictObject({ responseRate: share, badNumberShare: share })
    .default({ responseRate: exact(1, 5), badNumberShare: exact(1, 10) }),
});

const ruleSet = z.strictObject({
  id: text(),
  effectiveFrom: z.string().regex(/^\d{4}-(?:0[1-9]|1[0-2])$/, 'must be a month, such as "2026-12"'),
  timeZone: z.string().refine(isTimeZone, 'must be a time zone of the IANA database, such as "Asia/Shanghai"'),
  sampling,
  contact,
  desk,
  customer,
  unit,
  combined,
  rating,
  tiers,
  periods,
  ledger: ledger.optional(),
  training,
  roleModels,
  evidence,
  targets,
  privacy,
  alarms,
});

type Sections = z.output<typeof ruleSet>;

/** A rule set as it travels and is stored: quantities as texts. */
export type RuleSetDocument = z.input<typeof ruleSet>;

/** A rule set that holds together: quantities exact, and `document`, what it was read from, for publishing. */
export interface RuleSet extends Readonly<Sections> {
  readonly document: RuleSetDocument;
}

export type CustomerRules = Sections['customer'];
export type UnitRules = Sections['unit'];
export type Indicator = UnitRules['indicators'][number];
export type CombinedRules = Sections['combined'];
export type RatingRules = Sections['rating'];
export type TierRules = Sections['tiers'];
export type RoleModelRules = NonNullable<Sections['roleModels']>;
export type TargetRules = NonNullable<Sections['targets']>[number];
export type LedgerRules = NonNullable<Sections['ledger']>;

/**
 * Reads a rule set. `under` is where it stands in the document it came with, for the faults.
 * @throws BadInput with every fault, those of form and those of method §4 and §5 alike.
 */
export function parseRules(json: unknown, under?: string): RuleSet {
  const path = under === undefined ? [] : [under];
  const faults: Fault[] = [];
  const parsed = checked(ruleSet, json, path, faults);
  for (const [where, message] of contradictions(wellFormed(json))) {
    faults.push({ where: at(...path, ...where), message });
  }
  if (parsed === undefined || faults.length > 0) throw new BadInput('the rule set cannot be used', faults.map(rooted));
  return { ...parsed, document: json as RuleSetDocument };
}

/** Id and month of what may have faults everywhere else. */
export function headOf(json: unknown): Partial<Pick<RuleSetDocument, 'id' | 'effectiveFrom'>> {
  const { id, effectiveFrom } = wellFormed(json);
  return { ...(id !== undefined && { id }), ...(effectiveFrom !== undefined && { effectiveFrom }) };
}

/** Every number that is below what a published rule set must keep, also where the document has other faults. */
export function floorFaults(json: unknown): Fault[] {
  const sections = wellFormed(json);
  return Object.entries(FLOORS).flatMap(([section, floors]) => {
    const given = new Map<string, unknown>(Object.entries(sections[section as keyof typeof FLOORS] ?? {}));
    return Object.entries(floors).flatMap(([name, least]) => {
      const said = given.get(name);
      if (typeof said !== 'number' || said >= least) return [];
      const message = `至少为 ${least}，再少就看得出是哪家零售户评的：请调高 · must be at least ${least}, not ${said}: of fewer, single retailers could be told by what is shown`;
      return [{ where: at(section, name), message }];
    });
  });
}

function rooted(fault: Fault): Fault {
  return fault.where === '' ? { ...fault, where: 'rule set' } : fault;
}

/** The sections whose own form is right, so that a slip in one does not hide a contradiction in another. */
function wellFormed(json: unknown): Partial<Sections> {
  if (typeof json !== 'object' || json === null) return {};
  const given = new Map(Object.entries(json));
  const sections = Object.entries(ruleSet.shape).flatMap(([name, schema]) => {
    const section = ifValid(schema, given.get(name));
    return section === undefined ? [] : [[name, section]];
  });
  return Object.fromEntries(sections);
}

type Contradiction = readonly [where: readonly PropertyKey[], message: string];

function contradictions(rules: Partial<Sections>): Contradiction[] {
  return [
    ...(rules.sampling ? completionRateContradictions(rules.sampling) : []),
    ...(rules.contact ? contactContradictions(rules.contact) : []),
    ...(rules.customer ? customerContradictions(rules.customer) : []),
    ...(rules.unit ? indicatorContradictions(rules.unit) : []),
    ...(rules.unit && rules.evidence ? evidenceContradictions(rules.unit, rules.evidence) : []),
    ...(rules.unit && rules.targets ? targetContradictions(rules.unit, rules.targets, rules.evidence ?? []) : []),
    ...(rules.combined ? weightContradictions(rules.combined) : []),
    ...(rules.unit && rules.combined ? shareContradictions(rules.unit, rules.combined) : []),
    ...(rules.rating ? cutoffContradictions(rules.rating) : []),
  ];
}

function* completionRateContradictions({ completionRate }: Sections['sampling']): Iterable<Contradiction> {
  const { least, most } = completionRate;
  if (least.gt(completionRate.default) || completionRate.default.gt(most)) {
    yield [['sampling', 'completionRate'], 'must be ordered: least ≤ default ≤ most'];
  }
}

function* contactContradictions({
  attempts,
  minimumDistinctDays,
  windows,
}: Sections['contact']): Iterable<Contradiction> {
  if (minimumDistinctDays > attempts) {
    yield [['contact', 'minimumDistinctDays'], `asks for more days than there are attempts (${attempts}): lower it`];
  }
  // Times of one length sort as texts.
  const times = windows.map((window) => window.split('-'));
  const forward = times.every((fromTo) => ascending(fromTo, (from, to) => from < to));
  if (!forward || !ascending(times.flat(), (before, after) => before <= after)) {
    yield [['contact', 'windows'], 'must each end after they begin, and follow one another without overlap'];
  }
}

function* customerContradictions({ points, windowMonths }: CustomerRules): Iterable<Contradiction> {
  const [worst] = points;
  const best = points.at(-1);
  if (!ascending(points, (before, after) => before.lte(after)) || (worst && best && worst.equals(best))) {
    yield [['customer', 'points'], 'must rise with the rating, 5 being the best: list the points of 1, 2, 3, 4, 5'];
  }
  if (!ascending(windowMonths, (before, after) => before < after)) {
    yield [['customer', 'windowMonths'], 'must be listed from the shortest window to the longest, each once'];
  }
}

function* indicatorContradictions({ indicators }: UnitRules): Iterable<Contradiction> {
  const total = indicators.reduce((bp, { weightBp }) => bp + weightBp, 0);
  if (total !== WHOLE_BP) {
    yield [['unit', 'indicators'], `weigh ${total} basis points together: make it ${WHOLE_BP}`];
  }
  const first = new Map<string, number>();
  for (const [index, { code, group }] of indicators.entries()) {
    const where = ['unit', 'indicators', index, 'code'];
    const before = first.get(code);
    if (before !== undefined) yield [where, `${described(code)} is also indicator [${before}]: give each its own code`];
    else {
      first.set(code, index);
      if (SELLING_CODES.includes(code) && group !== 'selling')
        yield [['unit', 'indicators', index], `${described(code)} is selling: give it "group": "selling"`];
    }
    if (RESERVED_CODES.includes(code)) yield [where, `${described(code)} is the name of a gate: choose another code`];
  }
}

function* evidenceContradictions(
  { indicators }: UnitRules,
  evidence: NonNullable<Sections['evidence']>,
): Iterable<Contradiction> {
  const seen = new Set<string>();
  for (const [index, { code, kinds, required }] of evidence.entries()) {
    const where = ['evidence', index];
    if (!indicators.some((indicator) => indicator.code === code))
      yield [[...where, 'code'], `${described(code)} is none of the indicators: add it there, or leave it out here`];
    if (seen.has(code)) yield [[...where, 'code'], `${described(code)} stands here twice: put its kinds together`];
    seen.add(code);
    for (const [place, kind] of kinds.entries())
      if ((evidenceKinds[kind] === 'amount') !== (required !== undefined))
        yield [
          [...where, 'kinds', place],
          required === undefined
            ? `${described(kind)} are amounts: say with "required" how much a month takes`
            : `${described(kind)} say of how much themselves: leave "required" out`,
        ];
  }
}

function* targetContradictions(
  { indicators }: UnitRules,
  targets: readonly TargetRules[],
  evidence: NonNullable<Sections['evidence']>,
): Iterable<Contradiction> {
  const seen = new Set<string>();
  for (const [index, { code, factors }] of targets.entries()) {
    const where = ['targets', index, 'code'];
    if (!indicators.some((indicator) => indicator.code === code))
      yield [where, `${described(code)} is none of the indicators: add it there, or leave it out here`];
    if (seen.has(code)) yield [where, `${described(code)} has a formula already: one target, one formula`];
    seen.add(code);
    if (evidence.some((one) => one.code === code))
      yield [where, `${described(code)} is made of events: leave it out here or in evidence`];
    const facts = factors.map(({ fact }) => fact);
    for (const [place, fact] of facts.entries())
      if (facts.indexOf(fact) < place)
        yield [
          ['targets', index, 'factors', place, 'fact'],
          `${described(fact)} is in this formula already: put its change together`,
        ];
  }
}

function* weightContradictions(combined: CombinedRules): Iterable<Contradiction> {
  for (const limit of ['maximumIndicatorShareBp', 'maximumSellingShareBp'] as const) {
    if (combined[limit] <= CEILINGS[limit]) continue;
    const message = `may be lower and never above ${CEILINGS[limit]} basis points (${percent(exact(CEILINGS[limit]))} of S), not ${combined[limit]}: lower it`;
    yield [['combined', limit], message];
  }
  const total = combined.customerWeightBp + combined.unitWeightBp;
  if (total !== WHOLE_BP) {
    yield [['combined'], `customerWeightBp and unitWeightBp make ${total} basis points: make it ${WHOLE_BP}`];
  }
}

/**
 * One indicator may not weigh over 15 % of S, nor the selling group over 25 % (method §4): the 2009 report's first
 * complaint is that judging by sales makes managers push orders the shops don't need. Compared as
 * `weight · unit weight`, without dividing, so exactly.
 */
function* shareContradictions({ indicators }: UnitRules, combined: CombinedRules): Iterable<Contradiction> {
  const { unitWeightBp } = combined;
  const maximumIndicatorShareBp = Math.min(combined.maximumIndicatorShareBp, CEILINGS.maximumIndicatorShareBp);
  const maximumSellingShareBp = Math.min(combined.maximumSellingShareBp, CEILINGS.maximumSellingShareBp);
  for (const [index, { code, weightBp }] of indicators.entries()) {
    if (weightBp * unitWeightBp <= maximumIndicatorShareBp * WHOLE_BP) continue;
    const message = `${described(code)} weighs ${ofS(weightBp, unitWeightBp)} of S, and one indicator may weigh at most ${percent(exact(maximumIndicatorShareBp))}: lower it`;
    yield [['unit', 'indicators', index, 'weightBp'], message];
  }
  const selling = indicators.filter(({ group }) => group === 'selling').reduce((bp, { weightBp }) => bp + weightBp, 0);
  if (selling * unitWeightBp > maximumSellingShareBp * WHOLE_BP) {
    const message = `the selling group weighs ${ofS(selling, unitWeightBp)} of S, and may weigh at most ${percent(exact(maximumSellingShareBp))}: lower its indicators`;
    yield [['unit', 'indicators'], message];
  }
}

function* cutoffContradictions({ cutoffs }: RatingRules): Iterable<Contradiction> {
  const where = ['rating', 'cutoffs'];
  if (cutoffs.map((cutoff) => cutoff.rating).join() !== RATINGS.join()) {
    yield [where, `must be these four, in this order: ${RATINGS.join(', ')}`];
  }
  if (!ascending(cutoffs, (before, after) => before.from.gt(after.from))) {
    yield [where, 'must descend: each rating begins below the one before it'];
  }
  const last = cutoffs.at(-1);
  if (last && !last.from.equals(0)) {
    yield [[...where, cutoffs.length - 1, 'from'], 'must be "0.00": every score needs a rating'];
  }
}

function ascending<T>(list: readonly T[], inOrder: (before: T, after: T) => boolean): boolean {
  return list.every((after, index) => {
    const before = list[index - 1];
    return before === undefined || inOrder(before, after);
  });
}

function ofS(weightBp: number, unitWeightBp: number): string {
  return percent(exact(weightBp * unitWeightBp, WHOLE_BP));
}

function percent(bp: Exact): string {
  return `${unrounded(bp.div(100))} %`;
}

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
