import { describe, expect, it, test } from 'vitest';
import { changed, defaultRules } from '../examples.fixture.ts';
import { earliestMonth, examine, type Standing } from './publishable.ts';

const standing: Standing = {
  versions: [
    { id: 'RS-1', effectiveFrom: '2026-12' },
    { id: 'RS-2', effectiveFrom: '2027-03' },
  ],
  lastPeriod: '2026-12',
  timeZone: 'Asia/Shanghai',
};
const now = new Date('2026-12-10T10:00:00+08:00');
const draft = (changes: Record<string, unknown> = {}) =>
  changed(defaultRules, { id: 'RS-3', effectiveFrom: '2027-01', ...changes });
const faultsOf = (changes: Record<string, unknown>, at = now) =>
  examine(draft(changes), standing, at).faults.map(({ where, message }) => `${where}: ${message}`);

test.each([
  ['2026-12-24T23:59:59+08:00', '2027-01'],
  ['2026-12-25T00:00:00+08:00', '2027-01'],
  ['2026-12-25T00:00:01+08:00', '2027-02'],
  ['2026-12-31T12:00:00+08:00', '2027-02'],
])('published at %s, a rule set may hold from %s', (at, month) =>
  expect(earliestMonth(new Date(at), 'Asia/Shanghai')).toBe(month),
);

describe('a draft', () => {
  it('that fits in may be published, also before one that is to come', () => {
    expect(examine(draft(), standing, now)).toMatchObject({ rules: { id: 'RS-3' }, faults: [] });
    expect(faultsOf({ effectiveFrom: '2027-04' })).toEqual([]);
  });

  it.each<[string, Record<string, unknown>, string, RegExp]>([
    ['of a month that is too near', {}, '2026-12-28T00:00:00+08:00', /^effectiveFrom: .*满 7 天.*2027-02/],
    ['of a month that has a version', { effectiveFrom: '2027-03' }, '2026-12-10T00:00:00Z', /RS-2 holds from 2027-03/],
    [
      'of a month that has a round',
      { effectiveFrom: '2026-12' },
      '2026-11-01T00:00:00Z',
      /begin with 2027-01 or later/,
    ],
    ['of a published id', { id: 'RS-2' }, '2026-12-10T00:00:00Z', /^id: RS-2 已发布/],
    ['with an id no address can hold', { id: 'RS/3' }, '2026-12-10T00:00:00Z', /^id: 应为/],
  ])('%s is refused', (_what, changes, at, fault) => {
    const faults = faultsOf(changes, new Date(at));
    expect(faults.some((one) => fault.test(one))).toBe(true);
  });

  it('that would show what single retailers said is refused number by number, also beside other faults', () => {
    const low = {
      ...{ 'customer.minimumResponses': 2, 'customer.minimumNewResponses': 1, 'privacy.minimumForScore': 4 },
      ...{ 'privacy.minimumForDistribution': 9, 'privacy.minimumForComments': 1 },
    };
    const places = ['customer.minimumResponses', 'customer.minimumNewResponses', 'privacy.minimumForScore'];
    const faults = faultsOf({ ...low, 'combined.unitWeightBp': 1 });
    expect(faults.filter((fault) => fault.includes('at least')).map((fault) => fault.split(':')[0])).toEqual([
      ...[...places, 'privacy.minimumForDistribution', 'privacy.minimumForComments'],
    ]);
    expect(faults.some((fault) => fault.startsWith('combined:'))).toBe(true);
    expect(faultsOf({ 'customer.minimumResponses': 6, 'privacy.minimumForComments': 11 })).toEqual([]);
  });

  it('is told every fault at once: of its numbers, its id and its month', () => {
    const faults = faultsOf({
      ...{ id: 'RS-1', effectiveFrom: '2026-12', 'combined.maximumSellingShareBp': 9000 },
      ...{ 'unit.indicators.0.weightBp': 2600, 'rating.cutoffs.1.from': '95.00' },
    });
    expect(faults.map((fault) => fault.split(':')[0])).toEqual([
      ...['unit.indicators', 'combined.maximumSellingShareBp', 'unit.indicators[0].weightBp'],
      ...['rating.cutoffs', 'id', 'effectiveFrom', 'effectiveFrom', 'effectiveFrom'],
    ]);
  });
});
