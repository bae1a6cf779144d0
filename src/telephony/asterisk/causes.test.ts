import { describe, expect, test } from 'vitest';
import { endOf, resultOf } from './causes.ts';

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

describe('what a trunk answered', () => {
  test.each([401, 402, 403, 407])(
    '%i before anything rang is a refusal of ours, and says nothing of the shop',
    (sip) => {
      expect(endOf({ cause: 21, sip }, 'nothing')).toEqual({ state: 'ended', result: 'technical', errorCode: sip });
    },
  );
  test.each([603, null])('%s is a shop that declines', (sip) => {
    expect(endOf({ cause: 21, sip }, 'nothing')).toEqual({ state: 'ended', result: 'rejected', errorCode: 21 });
  });
  test('is the shop’s once its telephone rang', () => {
    expect(endOf({ cause: 21, sip: 403 }, 'ringing')).toEqual({ state: 'ended', result: 'rejected', errorCode: 21 });
  });
  test('is no matter once somebody answered', () => {
    expect(endOf({ cause: 16, sip: 200 }, 'answered')).toMatchObject({ result: 'completed' });
  });
});
