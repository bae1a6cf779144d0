import { describe, expect, test } from 'vitest';
import { defaultRules, faultsOf, rulesWith } from '../examples.fixture.ts';
import { parseRules } from '../rules.ts';
import { dueDay, promisesOf } from './promises.ts';

const ledger = {
  dueWorkdays: 5,
  rating: { excellent: '300.00', 'not-competent': '-100.00' },
  tier: { 1: '500.00' },
  move: { up: '200.00', floor: '-50.50' },
};
const withLedger = (part: unknown) => rulesWith({ ledger: part });
const amounts = withLedger(ledger).ledger ?? expect.fail('the part is not read');

describe('what a result promises', () => {
  test('is what its rating, the tier after it and its move are worth, each for itself', () => {
    const result = { id: 'K1', rating: 'excellent', tier: 1, move: 'up' } as const;
    expect(promisesOf([result], amounts)).toEqual([
      { managerId: 'K1', kind: 'rating', about: 'excellent', amount: '300.00' },
      { managerId: 'K1', kind: 'tier', about: '1', amount: '500.00' },
      { managerId: 'K1', kind: 'move', about: 'up', amount: '200.00' },
    ]);
  });

  test('is nothing where the rule set names no amount, and below nought where it takes', () => {
    expect(promisesOf([{ id: 'K1', rating: 'competent', tier: 2, move: 'hold' }], amounts)).toEqual([]);
    expect(promisesOf([{ id: 'K1', rating: 'unrated', tier: 2, move: 'frozen' }], amounts)).toEqual([]);
    expect(
      promisesOf([{ id: 'K2', rating: 'not-competent', tier: 3, move: 'floor' }], amounts).map(({ amount }) => amount),
    ).toEqual(['-100.00', '-50.50']);
  });

  test('is due so many working days after the result, weekends and holidays apart', () => {
    const friday = new Date('2026-01-16T23:59:00+08:00');
    expect(dueDay(friday, withLedger(ledger), amounts)).toBe('2026-01-23');
    // The State Council's calendar of 2026: New Year from the 1st to the 3rd of January, work on Sunday the 4th.
    expect(dueDay(new Date('2025-12-31T10:00:00+08:00'), withLedger(ledger), { dueWorkdays: 1 })).toBe('2026-01-04');
  });
});

describe('amounts of a rule set', () => {
  const placesOf = (part: unknown) => faultsOf(() => withLedger(part)).map(({ where }) => where);

  test('are texts in yuan with two decimals, of ratings, tiers and moves there are', () => {
    expect(placesOf(ledger)).toEqual([]);
    const wrong = { dueWorkdays: 0, rating: { excellent: '300', good: '1.00' }, tier: { 1: 5 }, move: { up: '0.00' } };
    expect(placesOf(wrong).sort()).toEqual([
      'ledger.dueWorkdays',
      'ledger.move.up',
      'ledger.rating.excellent',
      'ledger.rating.good',
      'ledger.tier.1',
    ]);
  });

  test('may be left out, and then nothing is added to the document', () => {
    const { document, ledger: none } = parseRules(defaultRules);
    expect(none).toBeUndefined();
    expect(document).toBe(defaultRules);
  });
});
