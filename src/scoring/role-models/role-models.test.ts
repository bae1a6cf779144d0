import { describe, expect, test } from 'vitest';
import { exact } from '../exact.ts';
import { countedMonths, type FinalMonth } from './candidates.ts';
import { riseOf, type ScoredMonth } from './progress.ts';

const month = (period: string, rating: FinalMonth['rating'] = 'excellent', change: Partial<FinalMonth> = {}) => ({
  ...{ period, rating, status: 'firm' as const, window: { first: period, last: period } },
  ...change,
});
const rules = { excellentInARow: 3, firm: true, noOpenAlarm: false };

describe('a role model', () => {
  test('was excellent so often in a row', () => {
    const three = [month('2027-03'), month('2027-02'), month('2027-01')];
    expect(countedMonths(three, rules)).toEqual(['2027-03', '2027-02', '2027-01']);
    expect(countedMonths(three.slice(0, 2), rules)).toBeNull();
    expect(countedMonths([month('2027-04', 'competent'), ...three], rules)).toBeNull();
    expect(countedMonths([month('2027-03'), month('2027-02', 'competent'), month('2027-01')], rules)).toBeNull();
    expect(countedMonths([], rules)).toBeNull();
  });

  test('is not one twice by the same answers: months that look back on the same count once', () => {
    const back = (period: string, first: string) => month(period, 'excellent', { window: { first, last: period } });
    const overlapping = [
      back('2027-04', '2027-03'),
      back('2027-03', '2027-02'),
      back('2027-02', '2027-01'),
      back('2027-01', '2026-12'),
    ];
    expect(countedMonths(overlapping, rules)).toBeNull();
    expect(countedMonths(overlapping, { ...rules, excellentInARow: 2 })).toEqual(['2027-04', '2027-02']);
  });

  test('may have had a month without a rating in between, but not as the month that is asked about', () => {
    const unrated = (period: string) => month(period, 'unrated', { window: null });
    const row = [month('2027-04'), unrated('2027-03'), month('2027-02'), month('2027-01')];
    expect(countedMonths(row, rules)).toEqual(['2027-04', '2027-02', '2027-01']);
    expect(countedMonths([unrated('2027-05'), ...row], rules)).toBeNull();
  });

  test('was firm each time, where that is asked', () => {
    const row = [month('2027-03'), month('2027-02', 'excellent', { status: 'provisional' }), month('2027-01')];
    expect(countedMonths(row, rules)).toBeNull();
    expect(countedMonths(row, { ...rules, firm: false })).toHaveLength(3);
  });
});

describe('a rise of S', () => {
  const scored = (period: string, score: string, change: Partial<ScoredMonth> = {}): ScoredMonth => ({
    ...{ period, window: { first: period, last: period }, score: exact(Number(score) * 100, 100) },
    ...{ posteriorSd: 3, customerWeight: 0.4, measure: 'RS-1 HF-1' },
    ...change,
  });

  test('is held against the sampling error of both scores', () => {
    // 1.96 · √((0.4·3)² + (0.4·3)²) = 3.326
    const rise = riseOf([scored('2027-02', '84'), scored('2027-01', '80')]);
    expect(rise).toMatchObject({ since: '2027-01', beyondChance: true });
    expect(rise?.interval.map((bound) => bound.toFixed(3))).toEqual(['0.674', '7.326']);
    expect(riseOf([scored('2027-02', '83'), scored('2027-01', '80')])).toMatchObject({ beyondChance: false });
    expect(riseOf([scored('2027-02', '70'), scored('2027-01', '80')])).toMatchObject({ beyondChance: false });
  });

  test('is since the latest month that looks back on none of the same, measured alike', () => {
    const now = scored('2027-03', '90', { window: { first: '2027-02', last: '2027-03' } });
    const months = [
      now,
      scored('2027-02', '60'),
      scored('2027-01', '70', { measure: 'RS-2 HF-1' }),
      scored('2026-12', '80'),
    ];
    expect(riseOf(months)?.since).toBe('2026-12');
    expect(riseOf(months.slice(0, 3))).toBeNull();
    expect(riseOf([])).toBeNull();
  });
});
