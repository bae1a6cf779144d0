import { expect, test } from 'vitest';
import { type Alarm, type Count, numberStandings, rateOf } from './answer-rates.ts';

const of = (answered: number, calls: number): Count => ({ calls, answered });
const alarms = (lately: Count, before: Count, others: Count): readonly Alarm[] => {
  const [own] = numberStandings([
    { number: '+8679188000000', lately, before },
    { number: '+8679188000001', lately: others, before: of(0, 0) },
    { number: '+8679188000002', lately: of(0, 0), before: of(90, 100) },
  ]);
  return own?.alarms ?? [];
};

test.each<[what: string, lately: Count, before: Count, others: Count, alarms: Alarm[]]>([
  ['as the others and as ever', of(50, 100), of(50, 100), of(50, 100), []],
  ['a little less', of(36, 100), of(50, 100), of(50, 100), []],
  ['less by just 30 %', of(35, 100), of(50, 100), of(35, 100), ['before']],
  ['less than the others', of(30, 100), of(30, 100), of(60, 100), ['others']],
  ['less than both', of(10, 100), of(50, 100), of(50, 100), ['others', 'before']],
  ['not at all', of(0, 50), of(25, 50), of(25, 50), ['others', 'before']],
  ['too few calls to tell', of(0, 49), of(50, 100), of(50, 100), []],
  ['too few of the others', of(0, 100), of(0, 100), of(40, 49), []],
  ['too few before', of(10, 100), of(49, 49), of(10, 100), []],
  ['none at all', of(0, 0), of(0, 0), of(0, 0), []],
  ['more than ever', of(90, 100), of(50, 100), of(50, 100), []],
])('a number that is answered %s', (_what, lately, before, others, expected) => {
  expect(alarms(lately, before, others)).toEqual(expected);
});

test('a number stands against all the others together', () => {
  const counts = [of(10, 100), of(60, 100), of(20, 100)].map((lately, index) => ({
    ...{ number: `+867918800000${index}`, lately, before: of(0, 0) },
  }));
  expect(numberStandings(counts).map(({ others }) => others)).toEqual([of(80, 200), of(30, 200), of(70, 200)]);
});

test('a rate is exact, and none without a call', () => {
  expect(rateOf(of(1, 3))?.toFraction()).toBe('1/3');
  expect(rateOf(of(0, 0))).toBeNull();
});
