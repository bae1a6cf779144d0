import { describe, expect, it } from 'vitest';
import { readMinute } from './minute.ts';

describe('a minute', () => {
  it.each([
    ['2027-01-04T09:30', 'Asia/Shanghai', '2027-01-04T01:30:00.000Z'],
    ['2026-10-25T02:30', 'Europe/Berlin', '2026-10-25T00:30:00.000Z'],
  ])('%s in %s is %s', (local, timeZone, expected) => {
    expect(readMinute({ local, timeZone })).toEqual(new Date(expected));
  });

  it.each([
    ['2027-03-28T02:30', 'Europe/Berlin', /forward over it/],
    ['2027-02-30T09:30', 'Asia/Shanghai', /written like/],
    ['tomorrow', 'Asia/Shanghai', /written like/],
    ['2027-01-04T09:30', 'Asia/Donghu', /no time zone/],
  ])('%s in %s is refused', (local, timeZone, why) => {
    expect(readMinute({ local, timeZone })).toMatchObject({ message: expect.stringMatching(why) });
  });
});
