/** A rule set as a list of its numbers, and what differs between two of them, number by number. Pure. */
import Fraction from 'fraction.js';
import { unrounded } from '../exact.ts';
import type { RuleSet } from '../rules.ts';
import { fieldName, fieldValue, type Language, type Section, sections, type Value } from './fields.ts';

/** One number of a rule set: `pattern` has `*` where `keys` stand, `unit.indicators.*.weightBp` and `sales`. */
export interface Place {
  readonly pattern: string;
  readonly keys: readonly string[];
  readonly value: Value;
}

export interface Change {
  readonly pattern: string;
  readonly keys: readonly string[];
  /** null = not there. */
  readonly before: Value | null;
  readonly after: Value | null;
}

/** Lists whose entries are known by one of their own fields, wherever they stand in the list. */
const keyed: Readonly<Record<string, string>> = {
  'unit.indicators': 'code',
  'rating.cutoffs': 'rating',
  evidence: 'code',
  targets: 'code',
  'targets.*.factors': 'fact',
};

/** Objects and lists whose keys are things of their own, not names of numbers. */
const open: ReadonlySet<string> = new Set([
  ...['customer.points', 'tiers.requirements', 'ledger.rating', 'ledger.tier', 'ledger.move'],
]);

/** Every number of a rule set that is in force by it, those included that it leaves to the standard. */
export function placesOf(rules: RuleSet): Place[] {
  const { document: _, id: _id, effectiveFrom: _from, ...sections } = rules;
  return [...walk('', [], sections), ...sharesOf(rules)];
}

/** Of each indicator, its share of the combined score: what a manager asks first, and stands nowhere. */
const sharesOf = ({ unit, combined }: RuleSet): Place[] =>
  unit.indicators.map(({ code, weightBp }) => ({
    ...{ pattern: 'combined.shares.*', keys: [code] },
    value: new Fraction(weightBp * combined.unitWeightBp, 10_000),
  }));

function walk(pattern: string, keys: readonly string[], value: unknown): Place[] {
  if (value === undefined || value === null) return [];
  if (value instanceof Fraction || typeof value !== 'object') return [{ pattern, keys, value: value as Value }];
  const key = keyed[pattern];
  if (Array.isArray(value) && key !== undefined)
    return value.flatMap(({ [key]: name, ...entry }) => walk(`${pattern}.*`, [...keys, String(name)], entry));
  if (open.has(pattern)) {
    const entries = Array.isArray(value) ? value.map((one, index) => [index + 1, one] as const) : Object.entries(value);
    return entries.flatMap(([name, entry]) => walk(`${pattern}.*`, [...keys, String(name)], entry));
  }
  if (Array.isArray(value)) return [{ pattern, keys, value }];
  return Object.entries(value).flatMap(([name, entry]) => walk(pattern ? `${pattern}.${name}` : name, keys, entry));
}

const pathOf = ({ pattern, keys }: Pick<Place, 'pattern' | 'keys'>): string => JSON.stringify([pattern, ...keys]);
const exactly = (value: Value): string =>
  [value]
    .flat()
    .map((one) => (one instanceof Fraction ? unrounded(one) : String(one)))
    .join('|');

/** What `after` says otherwise than `before`, in the order of `after`; what is gone comes last. */
export function compareRules(before: RuleSet, after: RuleSet): Change[] {
  const was = new Map(placesOf(before).map((place) => [pathOf(place), place]));
  const is = placesOf(after);
  const there = new Set(is.map(pathOf));
  const gone = [...was.values()].filter((place) => !there.has(pathOf(place)));
  return [
    ...is.flatMap(({ pattern, keys, value }) => {
      const old = was.get(pathOf({ pattern, keys }))?.value ?? null;
      return old !== null && exactly(old) === exactly(value) ? [] : [{ pattern, keys, before: old, after: value }];
    }),
    ...gone.map(({ pattern, keys, value }) => ({ pattern, keys, before: value, after: null })),
  ];
}

/** A number by its section, name and value as people read them. */
export interface Said {
  readonly section: Section;
  readonly name: string;
}

const sectionOf = (pattern: string): Section => {
  const first = pattern.split('.')[0] ?? '';
  return Object.hasOwn(sections, first) ? (first as Section) : 'general';
};

export const changeInWords = (
  { pattern, keys, before, after }: Change,
  language: Language,
): Said & { readonly before: string; readonly after: string } => ({
  section: sectionOf(pattern),
  name: fieldName(pattern, keys, language),
  before: fieldValue(pattern, before, language),
  after: fieldValue(pattern, after, language),
});

export const placeInWords = (
  { pattern, keys, value }: Place,
  language: Language,
): Said & { readonly value: string } => ({
  section: sectionOf(pattern),
  name: fieldName(pattern, keys, language),
  value: fieldValue(pattern, value, language),
});
