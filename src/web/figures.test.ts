import { describe, expect, test } from 'vitest';
import {
  count,
  groupsOf,
  moment,
  month,
  percent,
  periodOf,
  plain,
  plainPercent,
  shareOf,
  shortHash,
  soon,
} from './figures.ts';

describe('shares are rounded half-up, exactly', () => {
  test.each([
    ['1/2', '50.0%'],
    ['1/3', '33.3%'],
    ['2/3', '66.7%'],
    // 0.4505 is 45.05 %: as a float it lies below and would come out as 45.0.
    ['901/2000', '45.1%'],
    ['0', '0.0%'],
    ['1', '100.0%'],
    [null, '—'],
  ])('%s is %s', (share, written) => expect(percent(share)).toBe(written));

  test('nobody of nobody is no share', () => {
    expect(shareOf(0, 0)).toBeNull();
    expect(percent(shareOf(1, 8))).toBe('12.5%');
  });
});

test('limits of rules are written without trailing noughts', () => {
  expect(['75.00', '61.50', '200/3', '0'].map((quantity) => plain(quantity))).toEqual(['75', '61.5', '66.67', '0']);
  expect(plainPercent('0.10')).toBe('10%');
});

test('counts, months and hashes', () => {
  expect(count(3427, 'zh-CN')).toBe('3,427');
  expect(month('2026-12', 'zh-CN')).toBe('2026 年 12 月');
  expect(month('2026-12', 'en')).toBe('December 2026');
  const hash = '0123456789abcdef'.repeat(4);
  expect(shortHash(hash)).toBe('0123 4567 … cdef');
  expect(groupsOf(hash).join('')).toBe(hash);
});

describe('times are the company’s', () => {
  const shanghai = { language: 'zh-CN', timeZone: 'Asia/Shanghai' } as const;
  const now = new Date('2026-12-31T16:30:00Z');

  test('the month and day are where the company is', () => {
    expect(periodOf(now, 'Asia/Shanghai')).toBe('2027-01');
    expect(moment(now, now, shanghai)).toBe('1 月 1 日 00:30');
  });

  test('the year is said where it is another, the day where it is not today', () => {
    expect(moment(new Date('2026-12-01T01:30:00Z'), now, shanghai)).toBe('2026 年 12 月 1 日 09:30');
    expect(moment(new Date('2026-12-01T01:30:00Z'), now, { ...shanghai, language: 'en' })).toBe('1 Dec 2026 09:30');
    expect(soon(new Date('2027-01-01T06:00:00Z'), now, shanghai)).toBe('14:00');
    expect(soon(new Date('2027-01-04T01:30:00Z'), now, shanghai)).toBe('1 月 4 日 09:30');
  });
});
