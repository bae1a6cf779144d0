import { DateTime } from 'luxon';
import { type Holidays, isWorkday } from '../../platform/workdays.ts';

/**
 * When a scheduled round is launched: on a day of the month and at a time, by the company's clock. A day the month does
 * not have is its last one. A day that is no workday (weekends and statutory holidays, with their make-up days) moves
 * to the next workday, but never out of its month, because the month is what is assessed: then to the one before. A
 * time the clocks skip in spring is as much later as they do; one that comes twice in autumn is its first. Pure.
 */
export interface MonthlyTime {
  /** 1 to 31. */
  readonly day: number;
  /** `09:30` */
  readonly time: string;
}

export interface Place {
  readonly timeZone: string;
  readonly holidays: Holidays;
}

/** The first launch after `after`. */
export function nextLaunch(wish: MonthlyTime, after: Date, place: Place): Date {
  const month = DateTime.fromJSDate(after, { zone: place.timeZone }).startOf('month');
  for (let ahead = 0; ; ahead++) {
    const launch = launchIn(month.plus({ months: ahead }), wish, place);
    if (launch > after) return launch;
  }
}

/** The launch of one month: `2026-12`. */
export const launchOf = (period: string, wish: MonthlyTime, place: Place): Date =>
  launchIn(DateTime.fromFormat(period, 'yyyy-MM', { zone: place.timeZone }), wish, place);

function launchIn(month: DateTime, { day, time }: MonthlyTime, { holidays }: Place): Date {
  const named = month.set({ day: Math.min(day, month.daysInMonth ?? 28) });
  const [hour = 0, minute = 0] = time.split(':').map(Number);
  return workdayNear(named, holidays).set({ hour, minute }).toJSDate();
}

function workdayNear(named: DateTime, holidays: Place['holidays']): DateTime {
  for (let day = named; day.hasSame(named, 'month'); day = day.plus({ days: 1 }))
    if (isWorkday(day, holidays)) return day;
  let day = named;
  while (!isWorkday(day, holidays)) day = day.minus({ days: 1 });
  return day;
}

/** The month that is assessed by a launch at this moment. */
export const periodAt = (at: Date, timeZone: string): string =>
  DateTime.fromJSDate(at, { zone: timeZone }).toFormat('yyyy-MM');
