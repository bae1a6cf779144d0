import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type HalfDay, readHalfDays, writeHalfDays } from './half-days.ts';

describe('half-days on which a shop is not called', () => {
  it.each([
    ['周二上午', ['2-morning']],
    ['星期二下午', ['2-afternoon']],
    ['周二', ['2-morning', '2-afternoon']],
    ['每周二、四', ['2-morning', '2-afternoon', '4-morning', '4-afternoon']],
    ['周四下午、周二上午', ['2-morning', '4-afternoon']],
    ['礼拜天全天', ['7-morning', '7-afternoon']],
    ['周六至周一上午', ['1-morning', '6-morning', '7-morning']],
    ['Tue am, Thu', ['2-morning', '4-morning', '4-afternoon']],
    ['Tuesday PM; wed', ['2-afternoon', '3-morning', '3-afternoon']],
    ['2-morning,5-afternoon', ['2-morning', '5-afternoon']],
    ['２，４', ['2-morning', '2-afternoon', '4-morning', '4-afternoon']],
    ['', []],
    ['无', []],
  ])('written as %s are %j', (written, halfDays) => {
    expect(readHalfDays(written)).toEqual({ value: halfDays });
  });

  it.each(['周八', '周二早上', 'twice', '8', '上午', '周二上午吧'])('cannot be %s', (written) => {
    expect(readHalfDays(written)).toEqual({ fault: expect.stringMatching(/不能识别.*周二上午、周四/) });
  });

  it('are read back as they are written', () => {
    const all = [1, 2, 3, 4, 5, 6, 7].flatMap((day): HalfDay[] => [`${day}-morning`, `${day}-afternoon`]);
    fc.assert(
      fc.property(fc.subarray(all), (halfDays) => {
        expect(readHalfDays(writeHalfDays(halfDays))).toEqual({ value: halfDays });
      }),
    );
  });
});
