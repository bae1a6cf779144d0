import Fraction from 'fraction.js';
import { describe, expect, test } from 'vitest';
import { type ForecastRules, forecast } from './forecast.ts';

const rules: ForecastRules = {
  timeZone: 'Asia/Shanghai',
  sampling: {
    ...{
      z: '1.96',
      sigma: '22.5',
      marginOfError: '9',
      censusUpTo: 15,
      monthlyShare: '3/10',
      spotCheckShare: '1/30',
      waves: 3,
    },
    completionRate: { default: '2/5', least: '3/20', most: '9/10' },
  },
  contact: {
    ...{ attempts: 4, minimumDistinctDays: 3, minimumHoursBetweenAttempts: 2, smsAfterAttempt: 3 },
    ...{ windows: ['09:30-11:30', '14:00-17:00'], holidays: 'CN' },
  },
  ...{ priorStrength: new Fraction(10), minimumResponses: 5, firmReliability: '7/10' },
};
const tuesday = new Date('2026-12-01T09:30:00+08:00');
const pace = { perSecond: 1, concurrent: 10 };
const options = { now: tuesday, pace, pricePerMinute: null };
const frame = (managerId: string, frameSize: number, available = frameSize) => ({ managerId, frameSize, available });

describe('a manager', () => {
  test('of 240 shops at the usual rate: 63 asked, 25 answers, firm, ± 8.8 points', () => {
    const { managers } = forecast([frame('K1', 240)], new Map(), rules, options);
    expect(managers).toEqual([
      {
        ...frame('K1', 240),
        ...{
          rate: '0.40',
          released: 63,
          most: 72,
          target: 25,
          completes: 25,
          reliability: '0.71',
          marginOfError: '8.8',
        },
        outlook: 'firm',
      },
    ]);
  });

  test('of few shops, or whose shops rest, is told beforehand that he will not be firm, or not be rated', () => {
    const { managers } = forecast(
      [frame('few', 24), frame('resting', 240, 10), frame('none', 0)],
      new Map(),
      rules,
      options,
    );
    expect(managers.map(({ completes, outlook, marginOfError }) => ({ completes, outlook, marginOfError }))).toEqual([
      { completes: 3, outlook: 'not-rated', marginOfError: '25.5' },
      { completes: 4, outlook: 'not-rated', marginOfError: '22.1' },
      { completes: 0, outlook: 'not-rated', marginOfError: null },
    ]);
  });

  test('is judged by his own last rounds where there were enough, else by the city’s', () => {
    const tracks = new Map([
      ['own', { valid: 60, released: 100 }],
      ['new', { valid: 1, released: 2 }],
    ]);
    const { managers } = forecast([frame('own', 200), frame('new', 200)], tracks, rules, options);
    expect(managers.map(({ rate }) => rate)).toEqual(['0.60', '0.60']);
  });
});

describe('the round', () => {
  test('expects calls by the rate, and never more than the rules allow', () => {
    const { calls, mostCalls, released, completes } = forecast([frame('K1', 240)], new Map(), rules, options);
    expect({ calls, mostCalls, released, completes }).toEqual({
      calls: 211,
      mostCalls: 252,
      released: 63,
      completes: 25,
    });
  });

  test('lasts as long as the protocol, or as the carrier needs, over nights, lunches and weekends', () => {
    const small = forecast([frame('K1', 240)], new Map(), rules, options);
    const many = Array.from({ length: 200 }, (_, index) => frame(`K${index}`, 240));
    const large = forecast(many, new Map(), rules, { ...options, pace: { perSecond: 1, concurrent: 2 } });
    expect(small.hours).toBe('0.2');
    expect(large.hours).toBe('221.0');
    expect(large.endsAt.getTime()).toBeGreaterThan(small.endsAt.getTime());
    // Forty-five working days of five hours, past New Year's Day.
    expect(large.endsAt.toISOString().slice(0, 10)).toBe('2027-02-01');
    expect(small.endsAt.toISOString().slice(0, 10)).toMatch(/^2026-12-0[3-7]/);
  });

  test('costs what its answered minutes cost, exactly, each begun one as a whole', () => {
    const { minutes, cost } = forecast([frame('K1', 240)], new Map(), rules, { ...options, pricePerMinute: '0.105' });
    expect({ minutes, cost }).toEqual({ minutes: 50, cost: '5.25' });
    expect(forecast([frame('K1', 240)], new Map(), rules, options).cost).toBeNull();
  });

  test('of nobody is nothing', () => {
    expect(forecast([], new Map(), rules, options)).toEqual({
      ...{ managers: [], released: 0, completes: 0, calls: 0, mostCalls: 0, hours: '0.0', endsAt: tuesday },
      ...{ minutes: 0, cost: null },
    });
  });
});
