/**
 * Exact quantities: rationals over BigInt. Whatever is published is computed with these, so that its owner gets the
 * same hundredth with a pocket calculator, in any language, on any machine (method, preamble).
 */
import Fraction from 'fraction.js';

export type Exact = Fraction;

export const ZERO: Exact = new Fraction(0);
export const HUNDRED: Exact = new Fraction(100);

const QUANTITY = /^-?(?:\d+(?:\.\d+)?|\d+\/0*[1-9]\d*)$/;

/** A whole number or a quotient of two. */
export function exact(numerator: number | bigint, denominator: number | bigint = 1): Exact {
  return new Fraction(numerator, denominator);
}

/**
 * A decimal (`91.5`) or a quotient (`3/10`) of ASCII digits, nothing else: no exponent, no plus sign, no white space,
 * no repeating digits, all of which the library by itself would accept or guess at. Otherwise `undefined`.
 */
export function parseQuantity(text: string): Exact | undefined {
  return QUANTITY.test(text) ? new Fraction(text) : undefined;
}

/** Rounded half-up (a tie goes towards plus infinity) to two decimals: the method's "round". */
export function round(value: Exact): Exact {
  return value.round(2);
}

/** Rounded half-up and always written with two decimals: `"90.00"`; never `"-0.00"`. */
export function written(value: Exact): string {
  return withDecimals(round(value), 2);
}

/** Without any rounding: the shortest decimal up to six places, where there is one, else `p/q` in lowest terms. */
export function unrounded(value: Exact): string {
  for (let places = 0; places <= 6; places++) {
    if (10n ** BigInt(places) % value.d === 0n) return withDecimals(value, places);
  }
  return value.toFraction();
}

/** A rounded value in hundredths, as a safe integer: what sorting and counting work on. */
export function hundredths(value: Exact): number {
  const whole = round(value).mul(HUNDRED);
  return Number(whole.s * whole.n);
}

/** The nearest float, for what may be one: roots and intervals. Twelve decimals first, lest huge terms overflow. */
export function approximate(value: Exact): number {
  return value.round(12).valueOf();
}

/** Exact sum; of nothing, 0. */
export function sum(values: Iterable<Exact>): Exact {
  let total = ZERO;
  for (const value of values) total = total.add(value);
  return total;
}

/**
 * The smallest whole `d` with `d > √(one + other)`, both ≥ 0. Lets whole differences be compared with a root exactly, by
 * squares: `d > √x ⇔ d² > x ⇔ d² > ⌊x⌋`, because `d²` is whole. The sum is never brought to lowest terms, since only its
 * floor is wanted: for 10,000 managers of up to 300 responses each, that was half of the time of scoring.
 */
export function leastAboveRoot(one: Exact, other: Exact = ZERO): bigint {
  return integerRoot((one.n * other.d + other.n * one.d) / (one.d * other.d)) + 1n;
}

/** `⌊√n⌋` by Newton's method from above (Cohen, A Course in Computational Algebraic Number Theory, 1.7.1). */
function integerRoot(n: bigint): bigint {
  if (n < 2n) return n;
  let root = 1n << BigInt(Math.ceil(n.toString(2).length / 2));
  for (;;) {
    const next = (root + n / root) >> 1n;
    if (next >= root) return root;
    root = next;
  }
}

/** `value` must have no more than `places` decimals. */
function withDecimals(value: Exact, places: number): string {
  const digits = ((value.n * 10n ** BigInt(places)) / value.d).toString().padStart(places + 1, '0');
  const sign = value.n !== 0n && value.s < 0n ? '-' : '';
  if (places === 0) return sign + digits;
  return `${sign}${digits.slice(0, -places)}.${digits.slice(-places)}`;
}
