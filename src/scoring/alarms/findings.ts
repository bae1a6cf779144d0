import { type Exact, exact, unrounded, ZERO } from '../exact.ts';
import type { Publication } from '../publication.ts';
import type { RuleSet } from '../rules.ts';
import { mostSelling, sellingShare } from '../shares.ts';
import type { Chart } from './chart.ts';

/** `number`: one of ours. `promise`: a line of the ledger. `city`: all of it. */
export const subjectKinds = ['manager', 'district', 'number', 'promise', 'city'] as const;
export type SubjectKind = (typeof subjectKinds)[number];

/** What is out of order now. It opens an alarm, keeps one open, and by its absence closes it; it never changes a score. */
export interface Finding {
  readonly kind: AlarmKind;
  readonly subjectKind: SubjectKind;
  readonly subjectId: string;
  /** The month, or the Monday of the week, that it is about. */
  readonly period: string;
  readonly value: string;
  readonly limit: string;
}

/** Charts and shares ask somebody to look; in the field something has to be mended at once (method §6), and so has a promise that is not kept. */
export const alarmLevels = {
  ewma: 'amber',
  cusum: 'amber',
  'selling-share': 'amber',
  'response-rate': 'red',
  'bad-numbers': 'red',
  'never-attempted': 'red',
  'answer-rate': 'red',
  'promise-overdue': 'red',
} as const;
export type AlarmKind = keyof typeof alarmLevels;
export const alarmKinds = Object.keys(alarmLevels) as readonly AlarmKind[];

type Rules = Pick<RuleSet, 'alarms'>;

/** Where a chart stands now: at its last point. */
export function chartFindings(charts: readonly Chart[], { alarms }: Rules): Finding[] {
  return charts.flatMap(({ subjectKind, subjectId, points }) => {
    const last = points.at(-1);
    if (!last) return [];
    const whose = { subjectKind, subjectId, period: last.week };
    return [
      ...(last.isEwmaLow
        ? [{ ...whose, kind: 'ewma' as const, value: inFigures(last.ewma), limit: inFigures(last.lcl) }]
        : []),
      ...(last.isCusumHigh
        ? [{ ...whose, kind: 'cusum' as const, value: inFigures(last.cusum), limit: unrounded(alarms.cusum.h) }]
        : []),
    ];
  });
}

/** Rounded only where it is shown; a limit is compared before. */
export const inFigures = (value: number): string => (Math.round(value * 100) / 100 + 0).toFixed(2);

/** Lines of the ledger that should have been honoured by now, by the days since then. */
export const promiseFindings = (
  overdue: readonly { readonly id: string; readonly period: string; readonly days: number }[],
): Finding[] =>
  overdue.map(({ id, period, days }) => ({
    ...{ kind: 'promise-overdue', subjectKind: 'promise', subjectId: id, period, value: String(days), limit: '0' },
  }));

/** What selling really decides in the result that stands, where that is too much (method §4): the city's own matter. */
export function shareFindings(
  publication: Pick<Publication, 'period' | 'rules' | 'effectiveShares'> | null,
): Finding[] {
  if (!publication) return [];
  const share = sellingShare(publication.effectiveShares, publication.rules.unit.indicators);
  if (share.lte(mostSelling)) return [];
  const figures = { value: share.toFraction(), limit: unrounded(mostSelling) };
  return [{ ...figures, kind: 'selling-share', subjectKind: 'city', subjectId: 'city', period: publication.period }];
}

/** How a round goes for a manager or district. */
export interface FieldStanding {
  readonly subjectKind: 'manager' | 'district';
  readonly subjectId: string;
  readonly period: string;
  readonly closed: boolean;
  readonly released: number;
  /** Of all released, because a bad number is final long before most others are. */
  readonly badNumbers: number;
  /** Cases to which nothing more is planned. */
  readonly finished: number;
  /** Of these alone: the others would count as failures that they are not yet. */
  readonly rr2: Exact | null;
  readonly neverAttempted: number;
}

/** Below that a share says nothing: one shop of five is 20 %. */
export const fewestCases = 10;

/**
 * Of each subject, its latest round in which there was enough to judge by.
 *
 * @param standings oldest rounds first.
 */
export function fieldFindings(standings: readonly FieldStanding[], { alarms: { field } }: Rules): Finding[] {
  const answered = latest(standings.filter(({ finished }) => finished >= fewestCases));
  const called = latest(standings.filter(({ released }) => released >= fewestCases));
  const over = latest(standings.filter(({ closed }) => closed));
  return [
    ...answered.flatMap((one) =>
      one.rr2?.lt(field.responseRate) ? [found('response-rate', one, one.rr2, field.responseRate)] : [],
    ),
    ...called.flatMap((one) => {
      const share = exact(one.badNumbers, one.released);
      return share.gt(field.badNumberShare) ? [found('bad-numbers', one, share, field.badNumberShare)] : [];
    }),
    ...over.flatMap((one) =>
      one.neverAttempted > 0 ? [found('never-attempted', one, exact(one.neverAttempted), ZERO)] : [],
    ),
  ];
}

const found = (
  kind: AlarmKind,
  { subjectKind, subjectId, period }: FieldStanding,
  value: Exact,
  limit: Exact,
): Finding => ({ kind, subjectKind, subjectId, period, value: value.toFraction(), limit: unrounded(limit) });

const latest = (standings: readonly FieldStanding[]): FieldStanding[] => [
  ...new Map(standings.map((one) => [`${one.subjectKind} ${one.subjectId}`, one])).values(),
];
