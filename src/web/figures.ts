import Fraction from 'fraction.js';
import { DateTime } from 'luxon';
import type { Language } from './language.ts';

/** Numbers and times as people read them, in either language. */

export const count = (number: number, language: Language): string => new Intl.NumberFormat(language).format(number);

/** Money: `¥1,300.10`, `−¥50.00`. */
export function yuan(amount: string, language: Language): string {
  const digits = new Intl.NumberFormat(language, { minimumFractionDigits: 2, maximumFractionDigits: 2 });
  return `${amount.startsWith('-') ? '−' : ''}¥${digits.format(Math.abs(Number(amount)))}`;
}

/** A share of 1 with one decimal, rounded half-up and exactly: `45.2%`. null = 0/0, shown as a dash. */
export function percent(share: Fraction | string | null): string {
  if (share === null) return '—';
  const tenths = new Fraction(share).mul(1000).add('1/2').floor();
  return `${(Number(tenths.toString()) / 10).toFixed(1)}%`;
}

/** `part` of `whole` as a share of 1, or null for 0/0. */
export const shareOf = (part: number, whole: number): Fraction | null =>
  whole === 0 ? null : new Fraction(part, whole);

/** A quantity without trailing noughts: `75.00` → `75`, `61.50` → `61.5`, `200/3` → `66.67`. */
export const plain = (quantity: Fraction | string): string => {
  const hundredths = new Fraction(quantity).mul(100).add('1/2').floor();
  return String(Number(hundredths.toString()) / 100);
};

/** The same of a share of 1, for limits that rules set: `10%`. */
export const plainPercent = (share: Fraction | string): string => `${plain(new Fraction(share).mul(100))}%`;

export interface Place {
  readonly language: Language;
  readonly timeZone: string;
}

const local = (at: Date, { timeZone }: Place): DateTime => DateTime.fromJSDate(at, { zone: timeZone });

export const timeOfDay = (at: Date, place: Place): string => local(at, place).toFormat('HH:mm');

/** Day and time to the minute; the year only where it is not this one. */
export function moment(at: Date, now: Date, place: Place): string {
  const day = local(at, place);
  const sameYear = day.year === local(now, place).year;
  if (place.language === 'en') return day.setLocale('en').toFormat(sameYear ? 'd LLL HH:mm' : 'd LLL yyyy HH:mm');
  return day.toFormat(sameYear ? 'M 月 d 日 HH:mm' : 'yyyy 年 M 月 d 日 HH:mm');
}

/** The same, but only the time of day where it is today. */
export function soon(at: Date, now: Date, place: Place): string {
  return local(at, place).hasSame(local(now, place), 'day') ? timeOfDay(at, place) : moment(at, now, place);
}

export function dayOf(at: Date, place: Place): string {
  const day = local(at, place);
  return place.language === 'en' ? day.setLocale('en').toFormat('d LLLL yyyy') : day.toFormat('yyyy 年 M 月 d 日');
}

/** The last moment before `until`, so that a term until midnight is to the end of the day before. */
export const lastMoment = (until: Date): Date => new Date(until.getTime() - 1);

/** `2026-12` → 「2026 年 12 月」, "December 2026". */
export function month(period: string, language: Language): string {
  const first = DateTime.fromFormat(period, 'yyyy-MM', { zone: 'utc' });
  if (!first.isValid) return period;
  return language === 'en' ? first.setLocale('en').toFormat('LLLL yyyy') : first.toFormat('yyyy 年 M 月');
}

/** The month that `at` lies in, as a period. */
export const periodOf = (at: Date, timeZone: string): string =>
  DateTime.fromJSDate(at, { zone: timeZone }).toFormat('yyyy-MM');

/** One after the other: 「甲、乙」, "one, two". */
export const listed = (items: readonly string[], language: Language): string =>
  items.join(language === 'en' ? ', ' : '、');

/** A hash as people compare it: its first eight and last four characters, in fours. */
export const shortHash = (hash: string): string => `${hash.slice(0, 4)} ${hash.slice(4, 8)} … ${hash.slice(-4)}`;

/** A whole hash in groups of eight, to be read out; set apart by the page and not by blanks, so that it copies whole. */
export const groupsOf = (hash: string): string[] => hash.match(/.{1,8}/g) ?? [];
