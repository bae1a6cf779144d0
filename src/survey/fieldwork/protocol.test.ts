import { describe, expect, it } from 'vitest';
import { protocolEnds } from './protocol.ts';

const rules = {
  ...{ attempts: 4, minimumDistinctDays: 3, minimumHoursBetweenAttempts: 2, smsAfterAttempt: 3 },
  ...{ windows: ['09:30-11:30', '14:00-17:00'], holidays: 'CN' as const },
};

describe('a whole protocol', () => {
  it('of a shop that never answers ends with its last call, and not before its text had a day', () => {
    // Tuesday twice, Wednesday morning, the text, and after its day the last call on Thursday afternoon.
    const ends = protocolEnds(new Date('2026-12-01T09:30:00+08:00'), 'Asia/Shanghai', rules);
    expect(ends.toISOString()).toBe(new Date('2026-12-03T17:00:00+08:00').toISOString());
  });

  it('waits for the working days after a holiday', () => {
    const ends = protocolEnds(new Date('2026-09-30T14:00:00+08:00'), 'Asia/Shanghai', rules);
    expect(ends.getTime()).toBeGreaterThan(new Date('2026-10-09T00:00:00+08:00').getTime());
  });
});
