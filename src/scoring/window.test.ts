import { describe, expect, it } from 'vitest';
import { exact } from './exact.ts';
import { rulesWith } from './examples.fixture.ts';
import { chooseWindow, mayReplaceScore } from './window.ts';

const rules = rulesWith().customer;
const window = (months: number, responses: number, frameSize = 200) => ({
  months,
  responses,
  frameSize,
  badNumberShare: exact(0),
});

describe('the window looked back on', () => {
  it('is the shortest that makes the score firm', () => {
    expect(chooseWindow([window(1, 12), window(2, 24), window(3, 36), window(6, 70)], rules)?.months).toBe(2);
  });

  it('is the longest there is where none does', () => {
    expect(chooseWindow([window(3, 9), window(1, 3), window(2, 6)], rules)?.months).toBe(3);
  });

  it('is one of the rule set, and none without a history', () => {
    expect(chooseWindow([window(1, 3), window(4, 30)], rules)?.months).toBe(1);
    expect(chooseWindow([], rules)).toBeUndefined();
  });
});

it('lets a new score replace the last one only with five new responses', () => {
  expect([4, 5].map((fresh) => mayReplaceScore(fresh, rules))).toEqual([false, true]);
});
