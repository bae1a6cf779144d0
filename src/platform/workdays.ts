import chineseDays from 'chinese-days';
import type { DateTime } from 'luxon';

/** Whose statutory holidays are kept; null counts every day. */
export type Holidays = 'CN' | null;

/** Days of work by the State Council's calendar with its make-up days; a year not announced yet has its plain weekends. */
export function isWorkday(day: DateTime, holidays: Holidays): boolean {
  return holidays === null || chineseDays.isWorkday(day.toFormat('yyyy-MM-dd'));
}

/** The `count`-th workday after the day `at` lies in, as that day's first moment; the day itself is not counted. */
export function workdayAfter(at: DateTime, count: number, holidays: Holidays): DateTime {
  let day = at.startOf('day');
  for (let left = count; left > 0; ) {
    day = day.plus({ days: 1 });
    if (isWorkday(day, holidays)) left -= 1;
  }
  return day;
}
