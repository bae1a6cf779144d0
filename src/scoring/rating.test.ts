import { describe, expect, it, test } from 'vitest';
import type { Status } from './customer.ts';
import { parseQuantity } from './exact.ts';
import { everyIndicator, rulesWith } from './examples.fixture.ts';
import { rate } from './rating.ts';

const rules = rulesWith();
const quantity = (text: string | null) => (text === null ? null : (parseQuantity(text) ?? null));

interface Given {
  score: string | null;
  customer?: string;
  status?: Status;
  indicators?: Record<string, string | null>;
}

function rated({ score, customer = '90', status = 'firm', indicators = {} }: Given, { rating, unit } = rules) {
  const values = Object.entries(everyIndicator('95', indicators)).map(
    ([code, value]) => [code, quantity(value)] as const,
  );
  const performance = { score: quantity(score), customer: quantity(customer), status, indicators: new Map(values) };
  return rate(performance, unit.indicators, rating);
}

describe('the rating', () => {
  test.each([
    ['100.00', 'excellent'],
    ['90.00', 'excellent'],
    ['89.99', 'competent'],
    ['75.00', 'competent'],
    ['74.99', 'basically-competent'],
    ['60.00', 'basically-competent'],
    ['59.99', 'not-competent'],
    ['0.00', 'not-competent'],
    [null, 'unrated'],
  ])('of %s is %s', (score, rating) => {
    expect(rated({ score })).toEqual({ rating, gates: [] });
  });
});

describe('the gates before excellent', () => {
  test.each<[string, Given, string[]]>([
    ['customers below 75', { score: '92', customer: '74.99' }, ['customer']],
    ['customers at exactly 75', { score: '92', customer: '75.00' }, []],
    ['an indicator below 60', { score: '92', indicators: { brand: '59.99' } }, ['brand']],
    ['an indicator at exactly 60', { score: '92', indicators: { brand: '60' } }, []],
    ['a missing indicator', { score: '92', indicators: { brand: null } }, []],
    ['a provisional month', { score: '92', status: 'provisional' }, ['firm']],
    [
      'all at once, in the order of the rule set',
      { score: '92', customer: '70', status: 'provisional', indicators: { 'market-visits': '10', sales: '20' } },
      ['customer', 'sales', 'market-visits', 'firm'],
    ],
  ])('%s', (_what, given, gates) => {
    expect(rated(given)).toEqual({ rating: gates.length > 0 ? 'competent' : 'excellent', gates });
  });

  it('are not even listed below 90', () => {
    const given = { score: '89.99', customer: '10', status: 'provisional', indicators: { sales: '0' } } as const;
    expect(rated(given)).toEqual({ rating: 'competent', gates: [] });
  });

  it('let a provisional month pass where the rule set does not ask for firm', () => {
    const lenient = rulesWith({ 'rating.excellentGates.firmOnly': false });
    expect(rated({ score: '92', status: 'provisional' }, lenient)).toEqual({ rating: 'excellent', gates: [] });
  });

  it('skip an indicator dropped for everybody', () => {
    const performance = {
      score: quantity('92'),
      customer: quantity('90'),
      status: 'firm',
      indicators: new Map(),
    } as const;
    expect(rate(performance, [], rules.rating).gates).toEqual([]);
  });
});
