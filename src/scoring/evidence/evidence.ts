/**
 * Unit indicators from dated events (method §4). What an indicator is made of stands in the rule set (`evidence`); a
 * rule set that does not say uses the standard below, like every other section it may leave out. Pure.
 */
import { type Exact, exact, HUNDRED, round, sum } from '../exact.ts';
import type { RuleSet } from '../rules.ts';

/** The kinds of events there are, and whether each event says of how much. */
export const evidenceKinds = {
  'price-label-check': 'share',
  'market-visit': 'share',
  'planned-visit': 'share',
  request: 'share',
  'market-report': 'share',
  training: 'amount',
} as const;
export type EvidenceKind = keyof typeof evidenceKinds;

export interface Evidence {
  /** The indicator. */
  readonly code: string;
  /** The kinds of events that count for it. */
  readonly kinds: readonly EvidenceKind[];
  /** Of amounts: how much is required in a month; of shares, the events themselves say. */
  readonly required?: Exact | undefined;
}

/**
 * Labels right of those looked at; what was in order on market visits; requests in time; of visits planned and reports
 * due, those made; training hours of four a month.
 */
export const standardEvidence: readonly Evidence[] = [
  { code: 'price-marking', kinds: ['price-label-check'] },
  { code: 'knowledge', kinds: ['training'], required: exact(4) },
  { code: 'service', kinds: ['request'] },
  { code: 'daily-work', kinds: ['planned-visit', 'market-report'] },
  { code: 'market-visits', kinds: ['market-visit'] },
];

export type EvidenceRules = Pick<RuleSet, 'unit' | 'evidence' | 'targets'>;

/** Of the rule set's own indicators, those that events can make: one with a formula of targets is made by that. */
export function evidenceOf({ unit, evidence, targets = [] }: EvidenceRules): readonly Evidence[] {
  const said: readonly Evidence[] = evidence ?? standardEvidence;
  const targeted = new Set(targets.map(({ code }) => code));
  return said.filter(({ code }) => !targeted.has(code) && unit.indicators.some((one) => one.code === code));
}

/** A manager's events of one kind in a month, summed. */
export interface KindSum {
  readonly kind: string;
  readonly events: number;
  readonly done: Exact;
  /** null where none of them says of how much. */
  readonly due: Exact | null;
}

export interface Computed {
  readonly value: Exact;
  readonly events: number;
  readonly done: Exact;
  readonly due: Exact;
}

/**
 * `round(100 · Σ done / Σ due)`, with the rule set's requirement for Σ due where it names one. Above 100 it stays: U
 * caps it. No event at all: null, missing, and never 0.
 */
export function computed({ kinds, required }: Evidence, sums: readonly KindSum[]): Computed | null {
  const own = sums.filter(({ kind, events }) => events > 0 && kinds.some((one) => one === kind));
  const due = required ?? sum(own.flatMap((each) => each.due ?? []));
  if (own.length === 0 || due.equals(0)) return null;
  const done = sum(own.map((each) => each.done));
  const events = own.reduce((count, each) => count + each.events, 0);
  return { value: round(done.mul(HUNDRED).div(due)), events, done, due };
}
