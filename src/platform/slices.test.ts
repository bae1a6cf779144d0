import { describe, expect, it } from 'vitest';
import { tellable } from './slices.ts';

const told = (sizes: readonly number[]) => tellable(sizes, (size) => size, 5);

describe('slices of a whole that is told too', () => {
  it('are told from the threshold on', () => {
    expect(told([5, 9, 12])).toEqual([5, 9, 12]);
    expect(told([4, 3, 9])).toEqual([9]);
  });

  it('take the smallest other one with them where too few would be the difference', () => {
    expect(told([4, 9, 7])).toEqual([9]);
    expect(told([1, 2, 6, 9])).toEqual([9]);
    expect(told([4, 6])).toEqual([]);
  });

  it('hide nothing behind a slice of nobody', () => {
    expect(told([0, 5, 6])).toEqual([5, 6]);
    expect(tellable([0, 0], (size) => size, 0)).toEqual([]);
  });
});
