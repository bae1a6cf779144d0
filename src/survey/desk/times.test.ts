import { describe, expect, it } from 'vitest';
import { afterCall, afterWorkingHours, spanOf } from './times.ts';

const hours = { windows: ['08:30-12:00', '14:00-17:30'], holidays: 'CN' } as const;
const timeZone = 'Asia/Shanghai';
const local = (time: string) => new Date(`2026-12-${time}:00+08:00`);
const shown = (at: Date | undefined) => at && new Date(at.getTime() + 8 * 3_600_000).toISOString().slice(8, 16);
const at = (time: string) => ({ now: local(time), timeZone, hours });

describe('working hours', () => {
  it.each([
    ['01T08:30', 3.5, '01T12:00'],
    ['01T10:00', 4, '01T16:00'],
    ['01T16:30', 4, '02T11:30'],
    ['01T20:00', 4, '02T14:30'],
    // Friday afternoon into Monday.
    ['04T17:00', 4, '07T12:00'],
  ])('%s and %d hours are %s', (from, count, due) => {
    expect(shown(afterWorkingHours(local(from), count, { timeZone, hours }))).toBe(due);
  });
});

describe('a new task', () => {
  it('of somebody who asked is due within four working hours, and at once', () => {
    const { from, due } = spanOf('person-wanted', at('01T10:00'));
    expect([shown(from), shown(due)]).toEqual(['01T10:00', '01T16:00']);
  });
  it('of somebody who hung up twice leaves him two days of peace', () => {
    expect(shown(spanOf('hung-up-twice', at('01T10:00')).from)).toBe('03T10:00');
  });
});

describe('after a call', () => {
  const call = { outcome: 'no-answer', reachedItsEnd: false, wanted: null, tries: 1 } as const;
  const from = (more: object, time = '01T10:00') => shown(afterCall({ ...call, ...more }, at(time))?.from);

  it('nobody answered: another part of the day, two hours later at least', () => {
    expect(from({})).toBe('01T14:00');
    expect(from({}, '01T15:00')).toBe('02T08:30');
  });
  it.each([
    ['morning', '02T08:30'],
    ['afternoon', '01T14:00'],
  ])('who said %s is called then', (wanted, expected) => {
    expect(from({ outcome: 'appointment', wanted })).toBe(expected);
  });
  it('what was our line’s fault is tried at once, and was no try', () => {
    expect(from({ outcome: 'technical', tries: 0 })).toBe('01T10:00');
  });
  it('the third is the last', () => {
    expect([from({ tries: 2 }), from({ tries: 3 })]).toEqual(['01T14:00', undefined]);
  });
  it.each(['complete', 'opted-out', 'refused', 'bad-number', 'unable', 'not-eligible', 'language'])(
    '%s ends it',
    (outcome) => {
      expect(from({ outcome })).toBeUndefined();
    },
  );
  it('a rating without the rest ends it only where the conversation came to its end', () => {
    expect(from({ outcome: 'partial' })).toBe('01T14:00');
    expect(from({ outcome: 'partial', reachedItsEnd: true })).toBeUndefined();
  });
});
