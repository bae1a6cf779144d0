/**
 * A published score line by line, in sums that a pocket calculator does (method §3, §4): only numbers that are published
 * too, rounded where the method rounds. Words are the page's; here is what stands on each line. Pure.
 */

import { exact, parseQuantity, round, unrounded, written, ZERO } from './exact.ts';
import type { Publication, PublishedManager } from './publication.ts';

/** One line: what is worked out, from what, and what comes of it. */
export interface ExplainedLine {
  readonly what: 'mean' | 'reliability' | 'customer' | 'customer-stands' | 'indicator' | 'missing' | 'unit' | 'score';
  /** Of an indicator. */
  readonly code?: string;
  /** With × ÷ + − and brackets; null where nothing is worked out. */
  readonly sum: string | null;
  /** With two decimals; null = there is none. */
  readonly result: string | null;
}

/** Lines from the answers to S, as far as he has them. */
export function explain(publication: Publication, manager: PublishedManager): ExplainedLine[] {
  return [...customerLines(publication, manager), ...unitLines(publication, manager), scoreLine(publication, manager)];
}

function customerLines({ rules, cityMean }: Publication, manager: PublishedManager): ExplainedLine[] {
  const { responses: n, points, customer, reliability, standing, window } = manager;
  if (customer === null || points === null || cityMean === null) return [{ what: 'customer', sum: null, result: null }];
  // As its rule set writes it: whole, or a quantity.
  const k = String(rules.customer.priorStrength);
  const mean = parseQuantity(points)?.div(n);
  const lines: ExplainedLine[] = [
    { what: 'mean', sum: `${points} ÷ ${n}`, result: mean ? written(mean) : null },
    { what: 'reliability', sum: `${n} ÷ (${n} + ${k})`, result: reliability },
  ];
  // The city's mean of the month it is from is that month's, and stands in that month's publication.
  if (standing) return [...lines, { what: 'customer-stands', sum: window?.last ?? null, result: customer }];
  return [...lines, { what: 'customer', sum: `(${points} + ${k} × ${cityMean}) ÷ (${n} + ${k})`, result: customer }];
}

function unitLines({ rules }: Publication, { indicators, unit }: PublishedManager): ExplainedLine[] {
  const cap = parseQuantity(rules.unit.cap) ?? ZERO;
  const lines = rules.unit.indicators
    .filter(({ code }) => Object.hasOwn(indicators, code))
    .map(({ code, weightBp }) => {
      const value = indicators[code] ?? null;
      const given = value === null ? undefined : parseQuantity(value);
      if (value === null || !given)
        return { line: { what: 'missing', code, sum: null, result: null } as const, weight: 0 };
      const counted = given.gt(cap) ? cap : given;
      const weight = unrounded(exact(weightBp, 100));
      const of = counted.equals(given) ? value : `min(${value}, ${unrounded(cap)})`;
      const result = written(counted.mul(weightBp).div(100));
      return { line: { what: 'indicator', code, sum: `${of} × ${weight}`, result } as const, weight: weightBp };
    });
  const present = lines.filter(({ weight }) => weight > 0);
  const parts = present.map(({ line }) => line.sum).join(' + ');
  const whole = unrounded(
    exact(
      present.reduce((total, { weight }) => total + weight, 0),
      100,
    ),
  );
  const sum = unit === null || present.length === 0 ? null : `(${parts}) ÷ ${whole}`;
  return [...lines.map(({ line }) => line), { what: 'unit', sum, result: unit }];
}

function scoreLine({ rules }: Publication, { customer, unit, score }: PublishedManager): ExplainedLine {
  if (customer === null || unit === null) return { what: 'score', sum: null, result: null };
  const share = (bp: number) => written(round(exact(bp, 10_000)));
  const { customerWeightBp, unitWeightBp } = rules.combined;
  return {
    what: 'score',
    sum: `${share(customerWeightBp)} × ${customer} + ${share(unitWeightBp)} × ${unit}`,
    result: score,
  };
}
