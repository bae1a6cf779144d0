/**
 * When a period's result is shown, when it can still be appealed, and when it stands (method §5). Shown to everybody
 * from the period's first day on. Pure.
 */
import { DateTime } from 'luxon';
import { workdayAfter } from '../../platform/workdays.ts';
import type { RuleSet } from '../rules.ts';

export interface PeriodCalendar {
  /** First and last day of the month, `2026-12-01`. */
  readonly firstDay: string;
  readonly lastDay: string;
  /** The latest day the result should be on the board by, if nothing holds it up. */
  readonly noticeBy: string;
  /** The last day of appeals against a notice of that day. */
  readonly appealsBy: string;
  /** The day it then becomes final. */
  readonly finalOn: string;
}

type CalendarRules = Pick<RuleSet, 'timeZone' | 'contact' | 'periods'>;

const day = 'yyyy-MM-dd';
/** The holidays that working days of a rule set keep. */
export const holidaysOf = ({ contact }: Pick<RuleSet, 'contact'>) => (contact.holidays === 'CN' ? 'CN' : null);

/** The calendar of a period as it is planned. */
export function calendarOf(period: string, rules: CalendarRules): PeriodCalendar {
  const first = DateTime.fromFormat(period, 'yyyy-MM', { zone: rules.timeZone });
  const last = first.endOf('month');
  const { noticeWorkdays, appealWorkdays } = rules.periods;
  const notice = workdayAfter(last, noticeWorkdays, holidaysOf(rules));
  const appeals = workdayAfter(notice, appealWorkdays, holidaysOf(rules));
  return {
    firstDay: first.toFormat(day),
    lastDay: last.toFormat(day),
    noticeBy: notice.toFormat(day),
    appealsBy: appeals.toFormat(day),
    finalOn: appeals.plus({ days: 1 }).toFormat(day),
  };
}

/** The first moment at which a result noticed at `noticedAt` can no longer be appealed: the end of the last whole working day of the term. */
export function appealsEnd(noticedAt: Date, rules: CalendarRules): Date {
  const noticed = DateTime.fromJSDate(noticedAt, { zone: rules.timeZone });
  return workdayAfter(noticed, rules.periods.appealWorkdays, holidaysOf(rules)).plus({ days: 1 }).toJSDate();
}
