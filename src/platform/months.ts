import { DateTime } from 'luxon';

/** Months as texts, `2026-12`: in that form they sort. */
const form = 'yyyy-MM';

/** The month `count` months later; earlier, where it is negative. */
export const monthsLater = (period: string, count: number): string =>
  DateTime.fromFormat(period, form, { zone: 'utc' }).plus({ months: count }).toFormat(form);

/** How many months lie from the first to the last of a span, both counted. */
export function monthsOf(first: string, last: string): number {
  const [fromYear = 0, fromMonth = 0] = first.split('-').map(Number);
  const [toYear = 0, toMonth = 0] = last.split('-').map(Number);
  return (toYear - fromYear) * 12 + toMonth - fromMonth + 1;
}
