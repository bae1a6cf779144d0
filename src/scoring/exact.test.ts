import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { approximate, exact, hundredths, leastAboveRoot, parseQuantity, unrounded, written } from './exact.ts';

describe('a quantity as it travels', () => {
  test.each([
    ['0', '0'],
    ['91.5', '183/2'],
    ['0.70', '7/10'],
    ['007.50', '15/2'],
    ['3/10', '3/10'],
    ['6/8', '3/4'],
    ['-2.5', '-5/2'],
    ['0.1000000000000000000000000000001', '1000000000000000000000000000001/10000000000000000000000000000000'],
  ])('%s is exactly %s', (text, fraction) => {
    expect(parseQuantity(text)?.toFraction()).toBe(fraction);
  });

  test.each([
    '',
    ' 1',
    '1 ',
    '+1',
    '.5',
    '5.',
    '1e3',
    '1,5',
    '1/0',
    '1/00',
    '1/2/3',
    '1.5/2',
    '1_000',
    "0.'3'",
    '0.(3)',
  ])('%j is none', (text) => {
    expect(parseQuantity(text)).toBeUndefined();
  });

  it('refuses digits of other scripts and a long run of zeros below the line at once', () => {
    expect(parseQuantity('\uff19\uff11')).toBeUndefined();
    expect(parseQuantity(`1/${'0'.repeat(100_000)}`)).toBeUndefined();
  });
});

describe('written', () => {
  test.each([
    [exact(90), '90.00'],
    [exact(1, 3), '0.33'],
    [exact(2, 3), '0.67'],
    [exact(77965, 1000), '77.97'],
    [exact(77964999, 1000000), '77.96'],
    [exact(1005, 1000), '1.01'],
    [exact(5, 1000), '0.01'],
    [exact(4999, 1000000), '0.00'],
    [exact(-5, 1000), '0.00'],
    [exact(-6, 1000), '-0.01'],
    [exact(-1505, 1000), '-1.50'],
    [exact(-3, 2), '-1.50'],
  ])('%s → %s', (value, text) => {
    expect(written(value)).toBe(text);
  });

  it('reads back to within half a hundredth, upper half exclusive', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: -(10n ** 12n), max: 10n ** 12n }),
        fc.bigInt({ min: 1n, max: 10n ** 6n }),
        (p, q) => {
          const value = exact(p, q);
          const back = parseQuantity(written(value));
          expect(written(value)).toMatch(/^-?\d+\.\d\d$/);
          expect(back?.sub(value).lte(exact(1, 200)) && back.sub(value).gt(exact(-1, 200))).toBe(true);
          expect(hundredths(value)).toBe(Number(back?.mul(100)));
        },
      ),
    );
  });
});

describe('unrounded', () => {
  test.each([
    [exact(80), '80'],
    [exact(183, 2), '91.5'],
    [exact(1, 3), '1/3'],
    [exact(-1, 8), '-0.125'],
    [exact(1, 10_000_000), '1/10000000'],
  ])('%s → %s', (value, text) => {
    expect(unrounded(value)).toBe(text);
  });

  it('loses nothing', () => {
    fc.assert(
      fc.property(fc.bigInt(), fc.bigInt({ min: 1n }), (p, q) => {
        expect(parseQuantity(unrounded(exact(p, q)))?.equals(exact(p, q))).toBe(true);
      }),
    );
  });
});

describe('the smallest whole number above a root', () => {
  it.each([
    [exact(0), 1n],
    [exact(1, 2), 1n],
    [exact(1), 2n],
    [exact(35), 6n],
    [exact(36), 7n],
    [exact(3601, 100), 7n],
  ])('√%s', (square, least) => {
    expect(leastAboveRoot(square)).toBe(least);
  });

  it('is above it by its square, and the one before is not', () => {
    const positive = fc.tuple(fc.bigInt({ min: 0n, max: 10n ** 40n }), fc.bigInt({ min: 1n, max: 10n ** 20n }));
    fc.assert(
      fc.property(positive, positive, ([p, q], [r, s]) => {
        const square = exact(p, q).add(exact(r, s));
        const least = leastAboveRoot(exact(p, q), exact(r, s));
        expect(exact(least * least).gt(square)).toBe(true);
        expect(exact((least - 1n) ** 2n).lte(square)).toBe(true);
      }),
    );
  });
});

it('approximates quotients whose terms are far beyond a float', () => {
  expect(approximate(exact(10n ** 400n, 3n * 10n ** 400n))).toBeCloseTo(1 / 3, 12);
});
