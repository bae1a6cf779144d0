import { describe, expect, it, test } from 'vitest';
import { rulesWith } from '../examples.fixture.ts';
import { appealsEnd, calendarOf } from './calendar.ts';

const rules = rulesWith();

describe('a period’s calendar', () => {
  it('is known from its first day, in working days', () =>
    // From Monday the 2nd of November: Saturday and Sunday do not count.
    expect(calendarOf('2026-10', rules)).toEqual({
      ...{ firstDay: '2026-10-01', lastDay: '2026-10-31', noticeBy: '2026-11-06' },
      ...{ appealsBy: '2026-11-13', finalOn: '2026-11-14' },
    }));

  it('keeps the statutory holidays, and their make-up days', () => {
    // National Day is the 1st to the 7th of October 2026, and Saturday the 10th is worked for it.
    expect(calendarOf('2026-09', rules).noticeBy).toBe('2026-10-13');
    const without = rulesWith({ 'contact.holidays': 'none' });
    expect(calendarOf('2026-09', without).noticeBy).toBe('2026-10-05');
  });

  it('goes by the rule set’s numbers of days', () =>
    expect(calendarOf('2026-10', rulesWith({ periods: { noticeWorkdays: 1, appealWorkdays: 10 } }))).toMatchObject({
      ...{ noticeBy: '2026-11-02', appealsBy: '2026-11-16' },
    }));
});

test.each([
  ['2026-11-06T00:00:00+08:00', '2026-11-14T00:00:00+08:00'],
  ['2026-11-06T23:59:59+08:00', '2026-11-14T00:00:00+08:00'],
  ['2026-11-07T12:00:00+08:00', '2026-11-14T00:00:00+08:00'],
])('appeals against a notice of %s are taken until %s', (noticed, end) =>
  expect(appealsEnd(new Date(noticed), rules)).toEqual(new Date(end)),
);
