import { DateTime } from 'luxon';
import type { Disposition } from '../disposition/disposition.ts';
import { type Hours, type Window, windowsFrom } from '../fieldwork/calendar.ts';
import type { Daypart, Effect } from '../interview/conversation.ts';
import type { DeskReason } from './reason.ts';

/** When the desk calls. Hours are the desk's own, on the shop's clock. */
export interface DeskTime {
  readonly now: Date;
  readonly timeZone: string;
  readonly hours: Hours;
}

export interface Span {
  /** Nobody is called before. */
  readonly from: Date;
  /** By when it is to be done. */
  readonly due: Date;
}

/** Working hours within which each is to be done. Whoever pressed 8 was promised half a day (script §3, M1). */
const within: Readonly<Record<DeskReason, number>> = {
  'person-wanted': 4,
  'no-keypad': 8,
  language: 8,
  landline: 8,
  'hung-up-twice': 8,
  'not-rated': 16,
  'silent-sample': 16,
  'number-check': 16,
  recheck: 16,
};

/** Days of peace before somebody who hung up twice is called by a person (script §5, 2). */
const restDays: Partial<Record<DeskReason, number>> = { 'hung-up-twice': 2 };

export function spanOf(reason: DeskReason, time: DeskTime): Span {
  const from = DateTime.fromJSDate(time.now, { zone: time.timeZone })
    .plus({ days: restDays[reason] ?? 0 })
    .toJSDate();
  return { from, due: afterWorkingHours(from, within[reason], time) };
}

/** Working hours within which a shop that asked to be called back is called. */
export const followUpHours = 4;

/**
 * By when somebody calls back, where that is asked for among a turn's effects; else null, and the calendar is left
 * alone: this is on the way of every turn.
 */
export const followUpDue = (effects: readonly Effect[], { now, ...desk }: DeskTime): Date | null =>
  effects.some(({ kind }) => kind === 'follow-up-wanted') ? afterWorkingHours(now, followUpHours, desk) : null;

/** The moment when `count` hours of the desk will have passed since `from`. */
export function afterWorkingHours(from: Date, count: number, { timeZone, hours }: Omit<DeskTime, 'now'>): Date {
  let left = count * 3_600_000;
  for (const { start, end } of windowsFrom(from, timeZone, hours)) {
    const begin = Math.max(start.getTime(), from.getTime());
    if (left <= end.getTime() - begin) return new Date(begin + left);
    left -= end.getTime() - begin;
  }
  throw new Error('a desk without hours');
}

/** Calls a person makes for one task, of those that the shop's end of the line was rung in. */
export const deskTries = 3;
export const restHours = 2;

/** After these nobody calls again. */
const final: readonly Disposition[] = ['complete', 'opted-out', 'refused', 'bad-number', 'unable', 'not-eligible'];

/**
 * What follows a call of the desk: null = the task is done, else when to try next, as the shop wished, or two hours later
 * in another part of the day.
 *
 * @param tries calls made for the task by now, this one included.
 */
export function afterCall(
  {
    outcome,
    reachedItsEnd,
    wanted,
    tries,
  }: {
    readonly outcome: Disposition;
    readonly reachedItsEnd: boolean;
    readonly wanted: Daypart | null;
    readonly tries: number;
  },
  time: DeskTime,
): Span | null {
  const done = final.includes(outcome) || outcome === 'language' || (outcome === 'partial' && reachedItsEnd);
  if (done || tries >= deskTries) return null;
  if (outcome === 'technical') return { from: time.now, due: afterWorkingHours(time.now, 1, time) };
  const window = nextWindow(wanted, time);
  return { from: window.start, due: window.end };
}

function nextWindow(wanted: Daypart | null, { now, timeZone, hours }: DeskTime): Window {
  const local = DateTime.fromJSDate(now, { zone: timeZone });
  const daypart = wanted === 'morning' || wanted === 'afternoon' ? wanted : local.hour < 12 ? 'afternoon' : 'morning';
  const earliest = local.plus({ hours: restHours }).toJSDate();
  for (const window of windowsFrom(earliest, timeZone, hours)) {
    const today = window.day === local.toFormat('yyyy-MM-dd');
    if (window.daypart !== daypart || (wanted === 'morning' && today)) continue;
    return { ...window, start: window.start > earliest ? window.start : earliest };
  }
  throw new Error('a desk without hours');
}
