import { grouped } from '../../platform/grouped.ts';
import { tellable } from '../../platform/slices.ts';
import { approximate } from '../exact.ts';
import type { RuleSet } from '../rules.ts';
import { type ChartPoint, controlChart } from './control-chart.ts';

/**
 * What is charted of managers and districts: weekly means of the overall rating. Pure.
 *
 * Two things keep single answers in. A round's weeks are looked at once, when it is closed, all of them together: a
 * manager's published mean of the month less the weeks that are charted would else give a week of two shops away. And
 * everything else — a district's weeks, what is usual — is worked out from the charted weeks of managers alone, so that
 * it says nothing that they do not.
 */
export interface CountedWeek {
  readonly managerId: string;
  readonly districtId: string;
  /** Its Monday, `2026-11-30`. */
  readonly week: string;
  /** How many gave 1, 2, 3, 4, 5. */
  readonly ratings: readonly number[];
}

/** Σ over the responses of a week. */
export interface Week {
  readonly managerId: string;
  readonly districtId: string;
  readonly week: string;
  readonly responses: number;
  readonly points: number;
  readonly squares: number;
}

type Rules = Pick<RuleSet, 'customer' | 'privacy' | 'alarms'>;

/** Of a round's weeks, those that may be charted. */
export function chartedWeeks(counted: readonly CountedWeek[], { customer, privacy }: Rules): readonly Week[] {
  const worth = customer.points.map(approximate);
  const summed = counted.map(({ ratings, ...whose }) => ({
    ...whose,
    responses: sumOf(ratings, (count) => count),
    points: sumOf(ratings, (count, index) => count * (worth[index] ?? 0)),
    squares: sumOf(ratings, (count, index) => count * (worth[index] ?? 0) ** 2),
  }));
  return [...grouped(summed, ({ managerId }) => managerId).values()].flatMap((own) =>
    tellable(own, ({ responses }) => responses, privacy.minimumForScore),
  );
}

export interface Chart {
  readonly subjectKind: 'manager' | 'district';
  readonly subjectId: string;
  /** μ0, in points. */
  readonly usual: number;
  /** s_w, in points. */
  readonly sd: number;
  /** h, in standard errors. */
  readonly cusumLimit: number;
  readonly points: readonly (ChartPoint & {
    readonly week: string;
    readonly responses: number;
    /** In points, 0–100. */
    readonly mean: number;
    /** `(mean − μ0)/(s_w/√n)`: what is charted, in standard errors of so many responses. */
    readonly value: number;
  })[];
}

/** A quarter is charted; what is usual is the half-year before it. */
export const weeksCharted = 13;
export const weeksBefore = 26;

/** Degrees of freedom that s_w needs. */
const fewestBefore = 30;

/**
 * A chart of each manager and district that has a week to chart. What is usual is his own mean of the weeks before,
 * drawn towards the city's as C is, `B = n/(n + k)`: who is always a little below the city is not in alarm for ever, and
 * a new manager is held against the city. Weeks differ in how many answered, so values are standardised and charted
 * with μ0 = 0 and σ = 1.
 *
 * @param since first Monday that is charted.
 * @returns nothing while too few answered before to know what is usual.
 */
export function chartsOf(weeks: readonly Week[], since: string, { customer, alarms }: Rules): readonly Chart[] {
  const before = weeks.filter(({ week }) => week < since);
  const sd = withinSd(before);
  if (sd === null) return [];
  const city = meanOf(before);
  const strength = approximate(customer.priorStrength);
  const rules = {
    ...{ mean: 0, sd: 1, lambda: approximate(alarms.ewma.lambda), L: approximate(alarms.ewma.L) },
    ...{ k: approximate(alarms.cusum.k), h: approximate(alarms.cusum.h) },
  };
  const chart = (subjectKind: Chart['subjectKind'], subjectId: string, own: readonly Week[]): readonly Chart[] => {
    const past = own.filter(({ week }) => week < since);
    const n = sumOf(past, ({ responses }) => responses);
    const usual = n + strength === 0 ? city : ((n > 0 ? n * meanOf(past) : 0) + strength * city) / (n + strength);
    const charted = byWeek(own.filter(({ week }) => week >= since)).map(({ week, responses, points }) => {
      const mean = points / responses;
      return { week, responses, mean, value: ((mean - usual) * Math.sqrt(responses)) / sd };
    });
    const marks = controlChart(
      charted.map(({ value }) => value),
      rules,
    );
    const points = charted.flatMap((point, at) => {
      const mark = marks[at];
      return mark ? [{ ...point, ...mark }] : [];
    });
    return points.length === 0 ? [] : [{ subjectKind, subjectId, usual, sd, cusumLimit: rules.h, points }];
  };
  return [
    ...[...grouped(weeks, ({ managerId }) => managerId)].flatMap(([id, own]) => chart('manager', id, own)),
    ...[...grouped(weeks, ({ districtId }) => districtId)].flatMap(([id, own]) => chart('district', id, own)),
  ];
}

/** `s_w² = ΣSS_m / Σ(n_m − 1)` (method §3); null where it cannot be told, or everybody gave the same. */
function withinSd(weeks: readonly Week[]): number | null {
  const managers = [...grouped(weeks, ({ managerId }) => managerId).values()];
  const freedom = sumOf(managers, (own) => sumOf(own, ({ responses }) => responses) - 1);
  if (freedom < fewestBefore) return null;
  const squares = sumOf(managers, (own) => {
    const n = sumOf(own, ({ responses }) => responses);
    return sumOf(own, (week) => week.squares) - sumOf(own, ({ points }) => points) ** 2 / n;
  });
  return squares > 1e-6 ? Math.sqrt(squares / freedom) : null;
}

const meanOf = (weeks: readonly Week[]): number =>
  sumOf(weeks, ({ points }) => points) / sumOf(weeks, ({ responses }) => responses);

/** Rounds that were in the field at once, and a district's managers, make one week. */
const byWeek = (weeks: readonly Week[]) =>
  [...grouped(weeks, ({ week }) => week)]
    .map(([week, own]) => ({
      week,
      responses: sumOf(own, ({ responses }) => responses),
      points: sumOf(own, ({ points }) => points),
    }))
    .sort((a, b) => (a.week < b.week ? -1 : 1));

const sumOf = <Item>(items: readonly Item[], of: (item: Item, index: number) => number): number =>
  items.reduce((sum, item, index) => sum + of(item, index), 0);
