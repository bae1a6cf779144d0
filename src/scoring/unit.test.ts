import { describe, expect, it, test } from 'vitest';
import { parseQuantity, written } from './exact.ts';
import { everyIndicator, rulesWith } from './examples.fixture.ts';
import { contributions, indicatorsInUse, unitScore } from './unit.ts';

const rules = rulesWith().unit;

const indicators = (given: Record<string, string | null>) =>
  new Map(Object.entries(given).map(([code, value]) => [code, value === null ? null : (parseQuantity(value) ?? null)]));

function scoreOf(given: Record<string, string | null>, everybody = [given]): string | null {
  const inUse = indicatorsInUse(everybody.map(indicators), rules);
  const score = unitScore(indicators(given), inUse, rules);
  return score && written(score);
}

describe('the unit score', () => {
  test.each([
    ['weighs each indicator', everyIndicator('80', { sales: '95' }), '83.00'],
    ['caps each indicator by itself at 100', everyIndicator('90', { sales: '180', brand: '100.01' }), '93.50'],
    ['takes fractions exactly', everyIndicator('200/3'), '66.67'],
    ['rounds a tie up', everyIndicator('80', { sales: '80.025' }), '80.01'],
    ['counts zero as zero', everyIndicator('100', { brand: '0' }), '85.00'],
  ])('%s', (_what, given, expected) => {
    expect(scoreOf(given)).toBe(expected);
  });
});

describe('what is missing', () => {
  test.each([
    ['15 % is renormalised', { 'daily-work': null }, '80.00'],
    ['exactly 20 % is renormalised', { sales: null }, '80.00'],
    ['25 % is too much', { 'daily-work': null, service: null }, null],
  ])('%s', (_what, missing, expected) => {
    expect(scoreOf(everyIndicator('80', missing))).toBe(expected);
  });

  it('weighs the others more', () => {
    // without sales: (15×60 + 65×90) / 80 = 84.375
    expect(scoreOf(everyIndicator('90', { sales: null, brand: '60' }))).toBe('84.38');
  });

  it('drops for all what is absent for everybody', () => {
    const { sales: _, ...others } = everyIndicator('90', { brand: '60' });
    expect(scoreOf(others)).toBe('84.38');
  });

  it('is a share of the renormalised weights: 20 of 100 passes, 20 of 90 does not', () => {
    const { knowledge: _, ...others } = everyIndicator('80', { sales: null });
    expect(scoreOf(others)).toBeNull();
  });

  it('keeps in use what is null for everybody: given to nobody is not absent', () => {
    const nobodys = everyIndicator('80', { sales: null });
    expect(indicatorsInUse([indicators(nobodys)], rules)).toHaveLength(8);
    expect(scoreOf(nobodys)).toBe('80.00');
  });

  it('has no score where nothing is left', () => {
    expect(scoreOf(everyIndicator(null))).toBeNull();
  });
});

it('says what each indicator put in, adding up to U before rounding', () => {
  const given = indicators(everyIndicator('90', { sales: null, brand: '160' }));
  const parts = contributions(given, indicatorsInUse([given], rules), rules);
  expect(parts.has('sales')).toBe(false);
  expect(parts.get('brand')?.toFraction()).toBe('75/4');
  expect(parts.get('service')?.toFraction()).toBe('45/4');
});
