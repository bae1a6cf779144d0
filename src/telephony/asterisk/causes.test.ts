import { describe, expect, test } from 'vitest';
import { resultOf } from './causes.ts';

describe('a call that nobody answered', () => {
  test.each([
    [1, 'bad-number'],
    [22, 'bad-number'],
    [28, 'bad-number'],
    [17, 'busy'],
    [18, 'no-answer'],
    [19, 'no-answer'],
    [20, 'no-answer'],
    [21, 'rejected'],
    [52, 'blocked'],
    [55, 'blocked'],
    // The network's and the trunk's own troubles say nothing of the shop.
    [3, 'technical'],
    [27, 'technical'],
    [34, 'technical'],
    [38, 'technical'],
    [41, 'technical'],
    [42, 'technical'],
    [58, 'technical'],
    [102, 'technical'],
    [127, 'technical'],
    [999, 'technical'],
  ] as const)('and ended with cause %i is %s, whether it rang or not', (cause, result) => {
    expect(resultOf(cause, 'ringing')).toBe(result);
    expect(resultOf(cause, 'nothing')).toBe(result);
  });

  test.each([0, 16, 31])(
    'and ended without a cause worth the name (%i): it rang in vain, or the trunk is mute',
    (cause) => {
      expect(resultOf(cause, 'ringing')).toBe('no-answer');
      expect(resultOf(cause, 'nothing')).toBe('technical');
    },
  );
});

test.each([0, 16, 17, 31, 34, 127])(
  'a call that was answered is completed, also when it ends with cause %i',
  (cause) => {
    expect(resultOf(cause, 'answered')).toBe('completed');
  },
);
