/** 标杆 by stated conditions, from final results alone (method §5). Pure. */
import type { Status } from '../customer.ts';
import type { Rating } from '../rating.ts';
import type { RoleModelRules } from '../rules.ts';

/** What a final result says of a manager's month. */
export interface FinalMonth {
  readonly period: string;
  readonly rating: Rating | 'unrated';
  readonly status: Status;
  /** The months its customer score looks back on; null without one. */
  readonly window: { readonly first: string; readonly last: string } | null;
}

/**
 * The months by which a manager is a candidate, latest first; null where he is none. Excellent so often in a row, each
 * time in months that no other of them looks back on: the same answers make nobody a model twice. A month without a
 * rating neither counts nor ends the row; any other rating ends it, and so does a score that is not firm where that is asked.
 *
 * @param months his final results, latest first; the first is the month that is asked about.
 */
export function countedMonths(months: readonly FinalMonth[], rules: RoleModelRules): string[] | null {
  const counted: FinalMonth[] = [];
  if (months[0]?.rating !== 'excellent') return null;
  for (const month of months) {
    if (month.rating === 'unrated') continue;
    if (month.rating !== 'excellent' || (rules.firm && month.status !== 'firm')) return null;
    if (isApart(month, counted.at(-1))) counted.push(month);
    if (counted.length === rules.excellentInARow) return counted.map(({ period }) => period);
  }
  return null;
}

/** Whether `earlier` looks back on none of the months that `later` does. */
export const isApart = (
  { window: earlier }: Pick<FinalMonth, 'window'>,
  later: Pick<FinalMonth, 'window'> | undefined,
): boolean => earlier !== null && (later === undefined || (later.window !== null && earlier.last < later.window.first));
