import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseIndicators, parseManagers, parseRetailers } from '../../survey/roster/faults.fixture.ts';
import type { RetailerRow } from '../../survey/roster/retailers.ts';
import { generateRoster, type RosterWish } from './roster.ts';

const usual: RosterWish = { managers: 20, retailers: 3600, seed: 'huifang', period: '2026-12' };

function cityOf(wish: RosterWish) {
  const files = generateRoster(wish);
  const managers = parseManagers(files.managersCsv);
  const ids = new Set(managers.map(({ id }) => id));
  const retailers = parseRetailers(files.retailersCsv, ids);
  const indicators = parseIndicators(files.indicatorsCsv, ids);
  return { files, managers, retailers, indicators };
}

/** How many shops each manager has, and each number. */
function tally<Key>(rows: readonly RetailerRow[], key: (row: RetailerRow) => Key): Map<Key, number> {
  const counts = new Map<Key, number>();
  for (const row of rows) counts.set(key(row), (counts.get(key(row)) ?? 0) + 1);
  return counts;
}

describe('the demo’s city', () => {
  const { files, managers, retailers, indicators } = cityOf(usual);
  const share = (of: (row: RetailerRow) => boolean) => retailers.filter(of).length / retailers.length;

  it('has 20 managers with names of their own in five districts', () => {
    expect(managers).toHaveLength(20);
    expect(new Set(managers.map(({ name }) => name))).toHaveProperty('size', 20);
    expect(new Set(managers.map(({ district }) => district))).toHaveProperty('size', 5);
    for (const { name } of managers) expect(name).toMatch(/^\p{Script=Han}{2,3}$/u);
  });

  it('has 3,600 shops: 8 to 300 a manager, most 150 to 250, two with very few', () => {
    const sizes = [...tally(retailers, ({ manager }) => manager).values()];
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(3600);
    expect(Math.min(...sizes)).toBe(8);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(300);
    expect(sizes.filter((size) => size <= 15)).toHaveLength(2);
    expect(sizes.filter((size) => size >= 150 && size <= 250).length).toBeGreaterThanOrEqual(14);
  });

  it('has licence numbers of twelve digits', () => {
    for (const { id } of retailers) expect(id).toMatch(/^3601\d{8}$/);
  });

  it('has the usual dirt, in the usual measure', () => {
    expect(share(({ phone }) => phone === null)).toBeCloseTo(0.015, 2);
    expect(share(({ status }) => status === 'closed')).toBeCloseTo(0.01, 2);
    expect(share(({ optedOut }) => optedOut)).toBeCloseTo(0.005, 2);
    expect(share(({ phone }) => phone !== null && 'kind' in phone && phone.kind === 'landline')).toBeCloseTo(0.12, 1);
    expect(share(({ stratum }) => stratum === 'rural')).toBeGreaterThan(0.15);
    for (const dirt of [/,1\d\d-\d{4}-\d{4},/, /,1\d\d \d{4} \d{4},/, /,\+86/, /,１/, /,0791-/, /,（0791）/])
      expect(files.retailersCsv).toMatch(dirt);
  });

  it('has owners with two shops on one number, a few of them with different managers', () => {
    const shops = new Map<string, RetailerRow[]>();
    for (const row of retailers)
      if (row.phone && 'e164' in row.phone) shops.set(row.phone.e164, [...(shops.get(row.phone.e164) ?? []), row]);
    const shared = [...shops.values()].filter((rows) => rows.length > 1);
    const across = shared.filter((rows) => new Set(rows.map(({ manager }) => manager)).size > 1);
    expect((shared.length * 2) / retailers.length).toBeGreaterThan(0.01);
    expect((shared.length * 2) / retailers.length).toBeLessThan(0.04);
    expect(across).toHaveLength(5);
    expect(Math.max(...shared.map((rows) => rows.length))).toBeLessThanOrEqual(3);
  });

  it('has eight indicators of each manager: one missing in all, sales above target, some low', () => {
    expect(indicators).toHaveLength(20 * 8);
    expect(indicators.filter(({ value }) => value === null)).toHaveLength(1);
    const numbers = indicators.filter(({ value }) => value !== null);
    expect(numbers.some(({ code, value }) => code === 'sales' && Number(value) > 100)).toBe(true);
    expect(numbers.every(({ code, value }) => code === 'sales' || Number(value) <= 100)).toBe(true);
    const mostly = numbers.filter(({ value }) => Number(value) >= 75).length / numbers.length;
    expect(mostly).toBeGreaterThan(0.7);
    expect(mostly).toBeLessThan(0.95);
  });

  it('leads to each rating, whatever mean of 60 to 90 the shops give', () => {
    const unit = managers.map(({ id }) => {
      const own = indicators.filter(({ manager, value }) => manager === id && value !== null);
      return own.reduce((sum, { value }) => sum + Math.min(100, Number(value)), 0) / own.length;
    });
    const most = Math.max(...unit);
    const least = Math.min(...unit);
    expect(0.4 * 78 + 0.6 * most).toBeGreaterThanOrEqual(90);
    expect(0.4 * 85 + 0.6 * least).toBeLessThan(60);
    expect(unit.filter((u) => 0.4 * 75 + 0.6 * u >= 75 && 0.4 * 75 + 0.6 * u < 90).length).toBeGreaterThan(5);
    expect(unit.filter((u) => 0.4 * 75 + 0.6 * u >= 60 && 0.4 * 75 + 0.6 * u < 75).length).toBeGreaterThanOrEqual(2);
  });

  it('is the same again from the same seed, and another from another', () => {
    expect(generateRoster(usual)).toEqual(files);
    expect(generateRoster({ ...usual, seed: 'other' }).retailersCsv).not.toBe(files.retailersCsv);
  });
});

describe('a city of any size', () => {
  it('has exactly the managers and shops it was asked for, and imports without a fault', () => {
    const wishes = fc
      .record({
        managers: fc.integer({ min: 1, max: 60 }),
        each: fc.double({ min: 1, max: 320, noNaN: true }),
        seed: fc.string(),
      })
      .map(({ managers, each, seed }) => ({ managers, retailers: Math.min(4000, Math.floor(managers * each)), seed }))
      .filter(({ managers, retailers }) => retailers >= managers);
    fc.assert(
      fc.property(wishes, ({ managers, retailers, seed }) => {
        const city = cityOf({ managers, retailers, seed, period: '2026-12' });
        const sizes = tally(city.retailers, ({ manager }) => manager);
        expect(city.managers).toHaveLength(managers);
        expect(city.retailers).toHaveLength(retailers);
        expect(sizes.size).toBe(managers);
        if (retailers <= 300 * managers) expect(Math.max(...sizes.values())).toBeLessThanOrEqual(300);
        if (retailers >= 8 * managers) expect(Math.min(...sizes.values())).toBeGreaterThanOrEqual(8);
        expect(city.indicators).toHaveLength(managers * 8);
      }),
      {
        numRuns: 25,
        examples: [[{ managers: 1, retailers: 1, seed: '' }], [{ managers: 20, retailers: 20, seed: 'x' }]],
      },
    );
  });
});
