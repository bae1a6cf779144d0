import { expect, it } from 'vitest';
import { combinedScore } from './combined.ts';
import { exact, written } from './exact.ts';
import { rulesWith } from './examples.fixture.ts';

const rules = rulesWith().combined;

it('is 0.40·C + 0.60·U of the published C and U, rounded', () => {
  const s = combinedScore(exact(8069, 100), exact(9403, 100), rules); // 32.276 + 56.418
  expect(s && written(s)).toBe('88.69');
});

it('rounds a tie up', () => {
  const other = rulesWith({ 'combined.customerWeightBp': 5000, 'combined.unitWeightBp': 5000 }).combined;
  const s = combinedScore(exact(9000, 100), exact(8999, 100), other); // 89.995
  expect(s && written(s)).toBe('90.00');
});

it('is nothing where either is missing, never one of them alone', () => {
  expect(combinedScore(null, exact(90), rules)).toBeNull();
  expect(combinedScore(exact(90), null, rules)).toBeNull();
});
