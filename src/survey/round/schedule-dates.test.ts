import fc from 'fast-check';
import { DateTime } from 'luxon';
import { describe, expect, test } from 'vitest';
import { nextLaunch, type Place, periodAt } from './schedule-dates.ts';

const china: Place = { timeZone: 'Asia/Shanghai', holidays: 'CN' };
const from = (time: string) => new Date(`${time}:00+08:00`);
const next = (day: number, after: string, time = '09:30') =>
  DateTime.fromJSDate(nextLaunch({ day, time }, from(after), china), { zone: 'Asia/Shanghai' }).toFormat(
    'yyyy-MM-dd HH:mm',
  );

describe('the next launch', () => {
  test.each([
    ['this month, while it is to come', 1, '2026-12-01T09:29', '2026-12-01 09:30'],
    ['next month, once it is there', 4, '2026-12-04T09:30', '2027-01-04 09:30'],
    ['the next workday, after a weekend', 5, '2026-12-04T10:00', '2026-12-07 09:30'],
    ['after National Day: 1–7 October', 1, '2026-09-30T10:00', '2026-10-08 09:30'],
    ['on a make-up Saturday, which is a workday', 10, '2026-10-09T10:00', '2026-10-10 09:30'],
    ['on the last day, where the month has no 31st', 31, '2026-11-01T10:00', '2026-11-30 09:30'],
    ['before the weekend, where the next workday would be another month', 31, '2026-10-01T10:00', '2026-10-30 09:30'],
    ['in February, on its last workday', 31, '2027-02-01T10:00', '2027-02-26 09:30'],
  ])('is %s', (_, day, after, expected) => expect(next(day, after)).toBe(expected));

  test('skips no month and comes once in each, whatever the day', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 31 }), fc.integer({ min: 0, max: 700 }), (day, offset) => {
        const start = new Date(from('2026-01-01T00:00').getTime() + offset * 86_400_000);
        const first = nextLaunch({ day, time: '09:30' }, start, china);
        const second = nextLaunch({ day, time: '09:30' }, first, china);
        const following = DateTime.fromJSDate(first, { zone: 'Asia/Shanghai' }).plus({ months: 1 }).toFormat('yyyy-MM');
        expect(periodAt(second, 'Asia/Shanghai')).toBe(following);
      }),
    );
  });
});

describe('where clocks change (Berlin)', () => {
  const berlin: Place = { timeZone: 'Europe/Berlin', holidays: null };

  test('a time that is skipped in spring is as much later', () => {
    const at = nextLaunch({ day: 28, time: '02:30' }, new Date('2027-03-01T00:00:00Z'), berlin);
    expect(at.toISOString()).toBe('2027-03-28T01:30:00.000Z');
  });

  test('a time that comes twice in autumn launches once, at its first', () => {
    const at = nextLaunch({ day: 31, time: '02:30' }, new Date('2027-10-01T00:00:00Z'), berlin);
    expect(at.toISOString()).toBe('2027-10-31T00:30:00.000Z');
    expect(periodAt(nextLaunch({ day: 31, time: '02:30' }, at, berlin), berlin.timeZone)).toBe('2027-11');
  });

  test('half past nine stays half past nine on the wall', () => {
    const wish = { day: 15, time: '09:30' };
    const winter = nextLaunch(wish, new Date('2027-01-01T00:00:00Z'), berlin);
    const summer = nextLaunch(wish, new Date('2027-06-01T00:00:00Z'), berlin);
    expect([winter.toISOString().slice(11, 16), summer.toISOString().slice(11, 16)]).toEqual(['08:30', '07:30']);
  });
});
