import { describe, expect, it } from 'vitest';
import { exact, unrounded } from './exact.ts';
import { effectiveShares } from './shares.ts';

const composition = (a: number, b: number) => ({
  score: exact(a + b),
  components: new Map([
    ['a', exact(a)],
    ['b', exact(b)],
  ]),
});

function sharesOf(...ranked: ReturnType<typeof composition>[]) {
  return Object.fromEntries(
    [...effectiveShares(ranked, ['a', 'b'])].map(([name, share]) => [name, share && unrounded(share)]),
  );
}

describe('effective shares Cov(w·x, S)/Var(S)', () => {
  it('give everything to the component that alone differs', () => {
    expect(sharesOf(composition(10, 50), composition(20, 50), composition(36, 50))).toEqual({ a: '1', b: '0' });
  });

  it('add up to one', () => {
    // a: 10, 20; b: 40, 60 → S 50, 80: Cov(a, S)/Var(S) = 10/30
    expect(sharesOf(composition(10, 40), composition(20, 60))).toEqual({ a: '1/3', b: '2/3' });
  });

  it('can be below zero and above one, where one component works against the rest', () => {
    expect(sharesOf(composition(10, 40), composition(30, 30))).toEqual({ a: '2', b: '-1' });
  });

  it('are null where all scores are equal, or there is none', () => {
    expect(sharesOf(composition(10, 40), composition(20, 30))).toEqual({ a: null, b: null });
    expect(sharesOf()).toEqual({ a: null, b: null });
  });
});
