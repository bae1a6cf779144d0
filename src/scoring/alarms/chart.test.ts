import { describe, expect, it } from 'vitest';
import { rulesWith } from '../examples.fixture.ts';
import { type Chart, type CountedWeek, chartedWeeks, chartsOf, type Week } from './chart.ts';
import { chartFindings } from './findings.ts';

const rules = rulesWith();
const mondays = Array.from({ length: 8 }, (_, index) =>
  new Date(Date.UTC(2026, 9, 5 + 7 * index)).toISOString().slice(0, 10),
);
const since = mondays[4] ?? '';

/** A week of `fours` fours and `threes` threes. */
function week(at: number, threes: number, fours: number, managerId = 'K01', districtId = 'D1'): CountedWeek {
  return { managerId, districtId, week: mondays[at] ?? '', ratings: [0, 0, threes, fours, 0] };
}
const summed = (...counted: CountedWeek[]): readonly Week[] => chartedWeeks(counted, rules);

describe('weeks of a round', () => {
  it('are charted from five responses on', () => {
    expect(summed(week(0, 2, 3), week(1, 0, 9))).toEqual([
      { managerId: 'K01', districtId: 'D1', week: mondays[0], responses: 5, points: 325, squares: 21_875 },
      { managerId: 'K01', districtId: 'D1', week: mondays[1], responses: 9, points: 675, squares: 50_625 },
    ]);
  });

  it('give no week away as the month less the others, and each manager’s stand alone', () => {
    const shown = (...counted: CountedWeek[]) => summed(...counted).map((one) => `${one.managerId} ${one.week}`);
    expect(shown(week(0, 4, 5), week(1, 0, 7), week(2, 1, 1))).toEqual([`K01 ${mondays[0]}`]);
    expect(shown(week(0, 4, 5), week(1, 1, 1), week(0, 3, 3, 'K02'))).toEqual([`K02 ${mondays[0]}`]);
    expect(shown(week(0, 1, 2), week(1, 1, 2))).toEqual([]);
  });
});

/** Four usual weeks, then these. */
const usual = [0, 1, 2, 3].flatMap((at) => [week(at, 4, 16), week(at, 10, 10, 'K02'), week(at, 8, 8, 'K03', 'D2')]);
const charts = (...later: CountedWeek[]) => chartsOf(summed(...usual, ...later), since, rules);
const of = (all: readonly Chart[], id: string) => all.find(({ subjectId }) => subjectId === id) ?? expect.fail(id);

describe('charts', () => {
  it('hold each against his own usual, drawn towards the city’s as C is', () => {
    const all = charts(week(4, 4, 16), week(4, 10, 10, 'K02'));
    // City: 224 responses, 136 of them fours. K01: 80 with 70 points, B = 80/90.
    const city = (88 * 50 + 136 * 75) / 224;
    expect(of(all, 'K01').usual).toBeCloseTo((80 * 70 + 10 * city) / 90, 9);
    expect(of(all, 'K02').usual).toBeCloseTo((80 * 62.5 + 10 * city) / 90, 9);
    expect(of(all, 'K01').sd).toBeCloseTo(
      Math.sqrt((64 * 5 ** 2 + 16 * 20 ** 2 + 80 * 12.5 ** 2 + 64 * 12.5 ** 2) / 221),
      9,
    );
    expect(chartFindings(all, rules)).toEqual([]);
  });

  it('hold a new manager against the city', () => {
    const all = charts(week(4, 5, 5, 'K09'));
    expect(of(all, 'K09').usual).toBeCloseTo((88 * 50 + 136 * 75) / 224, 9);
  });

  it('standardise a week by how many answered', () => {
    const few = of(charts(week(4, 5, 0)), 'K01').points[0];
    const many = of(charts(week(4, 20, 0)), 'K01').points[0];
    expect(few?.mean).toBe(50);
    expect((many?.value ?? 0) / (few?.value ?? 0)).toBeCloseTo(2, 9);
  });

  it('put a district’s managers, and rounds of one week, together', () => {
    const both = [...summed(...usual, week(4, 5, 5)), ...summed(week(4, 0, 10, 'K02')), ...summed(week(4, 6, 0))];
    const all = chartsOf(both, since, rules);
    expect(of(all, 'D1').points).toMatchObject([{ week: since, responses: 26 }]);
    expect(of(all, 'K01').points).toMatchObject([{ week: since, responses: 16, mean: (11 * 50 + 5 * 75) / 16 }]);
    expect(all.map(({ subjectId }) => subjectId)).toEqual(['K01', 'K02', 'D1']);
  });

  it('find a manager whose weeks have fallen, and that it is over once they have risen', () => {
    const fallen = [week(4, 14, 2), week(5, 15, 1)];
    const kinds = (...later: CountedWeek[]) =>
      chartFindings(charts(...later), rules).flatMap(({ kind, subjectId, period }) =>
        subjectId === 'K01' ? [[kind, period]] : [],
      );
    expect(kinds(...fallen)).toEqual([
      ['ewma', mondays[5]],
      ['cusum', mondays[5]],
    ]);
    expect(kinds(...fallen, week(6, 0, 30), week(7, 0, 30))).toEqual([]);
  });

  it('say nothing while it is not known what is usual', () => {
    expect(chartsOf(summed(week(0, 10, 10), week(4, 10, 10)), since, rules)).toEqual([]);
    expect(chartsOf(summed(week(0, 0, 40), week(4, 10, 10)), since, rules)).toEqual([]);
    expect(charts()).toEqual([]);
  });
});
