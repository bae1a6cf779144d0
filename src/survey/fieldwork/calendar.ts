import { DateTime } from 'luxon';
import { type Holidays, isWorkday } from '../../platform/workdays.ts';
import type { Desk } from '../interview/conversation.ts';

/**
 * When a shop may be called: windows of the day, on working days, in the shop's own time zone. Working days are those
 * of the State Council's calendar, with its make-up days; a year it has not announced yet has its plain weekends.
 */
export interface Window {
  readonly start: Date;
  /** First moment outside. */
  readonly end: Date;
  /** The local day, `2026-12-01`. */
  readonly day: string;
  readonly daypart: 'morning' | 'afternoon';
}

/** Local times of a day, `09:30-11:30`. */
export interface Hours {
  readonly windows: readonly string[];
  /** Whose statutory holidays are kept; null calls every day of the week. */
  readonly holidays: Holidays;
}

/** A moment's half-day on the shop's own clock: `2-morning` is Tuesday morning. Noon divides. */
export function halfDayOf(at: Date, timeZone: string): string {
  const local = DateTime.fromJSDate(at, { zone: timeZone });
  return `${local.weekday}-${local.hour < 12 ? 'morning' : 'afternoon'}`;
}

/** Windows that have not ended by `from`, in order, without end. */
export function* windowsFrom(from: Date, timeZone: string, hours: Hours): Generator<Window> {
  for (let day = dayOf(from, timeZone); ; day = day.plus({ days: 1 }))
    for (const window of windowsOn(day, timeZone, hours)) if (window.end > from) yield window;
}

const dayOf = (at: Date, timeZone: string): DateTime => DateTime.fromJSDate(at, { zone: timeZone }).startOf('day');

/** Days already worked out: asked for at every call and every beat, and the same all day. */
const remembered = new WeakMap<Hours, Map<string, Window[]>>();

function windowsOn(day: DateTime, timeZone: string, hours: Hours): Window[] {
  const days = remembered.get(hours) ?? new Map<string, Window[]>();
  remembered.set(hours, days);
  const key = `${day.toISODate()} ${timeZone}`;
  const known = days.get(key);
  if (known) return known;
  const windows = isWorkday(day, hours.holidays) ? windowsOf(day, hours) : [];
  if (days.size > 1000) days.clear();
  days.set(key, windows);
  return windows;
}

/** The window that `at` lies in, or null. */
export function openWindow(at: Date, timeZone: string, hours: Hours): Window | null {
  const next = firstWindow(at, timeZone, hours);
  return next.start <= at ? next : null;
}

/** `at` itself while calling is allowed, else the moment it next is. */
export function nextOpening(at: Date, timeZone: string, hours: Hours): Date {
  const next = firstWindow(at, timeZone, hours);
  return next.start > at ? next.start : at;
}

/** Whether somebody of the desk can call within half a day, tomorrow morning, or only after a day off. */
export function deskAt(at: Date, timeZone: string, hours: Hours): Desk {
  const { start, day } = firstWindow(at, timeZone, hours);
  const today = DateTime.fromJSDate(at, { zone: timeZone });
  if (start <= at || day === today.toFormat('yyyy-MM-dd')) return 'open';
  return day === today.plus({ days: 1 }).toFormat('yyyy-MM-dd') ? 'tomorrow' : 'next-workday';
}

function firstWindow(at: Date, timeZone: string, hours: Hours): Window {
  for (const window of windowsFrom(at, timeZone, hours)) return window;
  throw new Error('calling hours without a window');
}

function windowsOf(day: DateTime, { windows }: Hours): Window[] {
  return windows.map((text) => {
    const [start, end] = text.split('-').map((time) => {
      const [hour = 0, minute = 0] = time.split(':').map(Number);
      return day.set({ hour, minute });
    });
    if (!start || !end) throw new Error(`not a window of the day: ${text}`);
    return {
      start: start.toJSDate(),
      end: end.toJSDate(),
      day: day.toFormat('yyyy-MM-dd'),
      daypart: start.hour < 12 ? 'morning' : 'afternoon',
    };
  });
}
