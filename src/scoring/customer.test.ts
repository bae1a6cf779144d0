import { describe, expect, it, test } from 'vitest';
import type { RatingCounts } from './customer.ts';
import {
  cityMean,
  customerScore,
  posteriorVariance,
  reliability,
  statusOf,
  tally,
  withinVariance,
} from './customer.ts';
import { exact, written } from './exact.ts';
import { rulesWith } from './examples.fixture.ts';

const rules = rulesWith().customer;
const answered = (responses: number, points: number) => ({ responses, points: exact(points) });

describe('what the responses are worth', () => {
  it('adds up the points of the rule set and their squares', () => {
    // 1×0 + 2×25 + 3×50 + 4×75 + 5×100 = 1000; 2×625 + 3×2500 + 4×5625 + 5×10000 = 81250
    const sums = tally([1, 2, 3, 4, 5], rules.points);
    expect([sums.responses, written(sums.points), written(sums.squares)]).toEqual([15, '1000.00', '81250.00']);
  });

  it('takes other points as they are', () => {
    const { points } = rulesWith({ 'customer.points': ['0', '100/3', '50', '200/3', '100'] }).customer;
    expect(tally([0, 1, 0, 1, 0], points).points.equals(100)).toBe(true);
  });
});

describe('reliability B = n/(n + k)', () => {
  test.each([
    [26, '10', '13/18'],
    [0, '10', '0'],
    [21, '9', '7/10'],
    [12, '8/3', '9/11'],
    [5, '0', '1'],
    [0, '0', '0'],
  ])('n = %i, k = %s → %s', (n, k, b) => {
    const { priorStrength } = rulesWith({ 'customer.priorStrength': k }).customer;
    expect(reliability(n, priorStrength).toFraction()).toBe(b);
  });
});

describe('the city mean', () => {
  it('weighs each mean by its reliability', () => {
    // B·ȳ: 800/20 + 300/15 = 60; B: 10/20 + 5/15 = 5/6; 60 ÷ 5/6 = 72
    expect(cityMean([answered(10, 800), answered(5, 300)], rules)?.equals(72)).toBe(true);
  });

  it('leaves out whoever has too few responses', () => {
    expect(cityMean([answered(10, 800), answered(5, 300), answered(4, 0)], rules)?.equals(72)).toBe(true);
  });

  it('is rounded before it is used, as it is published', () => {
    // (650/20 + 330/15) ÷ 5/6 = 65.4; with 651.1: 65.466, published and used as 65.47
    expect(written(cityMean([answered(10, 650), answered(5, 330)], rules) ?? exact(0))).toBe('65.40');
    const third = cityMean([{ responses: 10, points: exact(6511, 10) }, answered(5, 330)], rules);
    expect(third?.toFraction()).toBe('6547/100');
  });

  it('is null where nobody has enough', () => {
    expect(cityMean([answered(4, 400), answered(0, 0)], rules)).toBeNull();
    expect(cityMean([], rules)).toBeNull();
  });
});

describe('the variance within managers', () => {
  const of = (...counts: RatingCounts[]) => withinVariance(counts.map((some) => tally(some, rules.points)));

  it('pools the squared deviations over n − 1', () => {
    // 100, 100, 50, 50: SS 2500, 3 free. 100, 75: SS 312.5, 1 free. 2812.5 ÷ 4 = 703.125
    expect(of([0, 0, 2, 0, 2], [0, 0, 0, 1, 1])?.equals(703.125)).toBe(true);
  });

  it('counts managers below the minimum too, but nobody with a single response', () => {
    expect(of([0, 0, 2, 0, 2], [0, 0, 0, 1, 1], [1, 0, 0, 0, 0], [0, 0, 0, 0, 0])?.equals(703.125)).toBe(true);
    expect(of([1, 0, 0, 0, 0])).toBeNull();
  });

  it('leaves C with s_w²/(n + k)', () => {
    expect(posteriorVariance(26, exact(1025, 2), exact(10)).toFraction()).toBe('1025/72');
  });
});

describe('the customer score', () => {
  test.each([
    ['half of the way to the mean at n = k', 10, 800, '10', 72, '76.00'],
    ['no shrinking without a prior', 6, 500, '0', 20, '83.33'],
    ['another prior', 7, 500, '9.6', 80, '76.39'], // (500 + 768) / 16.6 = 76.3855…
    ['a tie is rounded up', 6, 500, '10', 69.208, '74.51'], // (500 + 692.08) / 16 = 74.505
  ])('%s', (_what, n, points, k, mean, expected) => {
    const other = rulesWith({ 'customer.priorStrength': k }).customer;
    const c = customerScore(answered(n, points), exact(Math.round(mean * 1000), 1000), other);
    expect(c && written(c)).toBe(expected);
  });

  it('is null below the minimum, never 0', () => {
    expect(customerScore(answered(4, 0), exact(70), rules)).toBeNull();
    expect(customerScore(answered(5, 0), null, rules)).toBeNull();
  });
});

describe('the status', () => {
  const status = (responses: number, frameSize: number, bad = exact(0), k = '10') =>
    statusOf({ responses, frameSize, badNumberShare: bad }, rulesWith({ 'customer.priorStrength': k }).customer);

  test.each([
    ['four responses, even of four retailers', status(4, 4), 'not-rated'],
    ['reliability exactly 0.70', status(21, 300, exact(0), '9'), 'firm'],
    ['reliability exactly 0.70 with a weaker prior', status(7, 300, exact(0), '3'), 'firm'],
    ['reliability just below 0.70', status(23, 300), 'provisional'],
    ['exactly three quarters of the frame', status(6, 8), 'firm'],
    ['just below three quarters', status(6, 9), 'provisional'],
    ['bad numbers at exactly 10 %', status(26, 200, exact(1, 10)), 'firm'],
    ['bad numbers just above, however reliable', status(26, 26, exact(1001, 10_000)), 'provisional'],
  ])('%s', (_what, found, expected) => {
    expect(found).toBe(expected);
  });
});
