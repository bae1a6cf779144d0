/** Exact quantities as fractions of two BigInts: `1`, `2.50`, `7/3`. The denominator is positive, nothing is reduced. */
export interface Exact {
  readonly over: bigint;
  readonly under: bigint;
}

export const exact = (value: bigint | number): Exact => ({ over: BigInt(value), under: 1n });
export const zero = exact(0);

/** @throws where the text is neither a decimal nor p/q. */
export function parse(text: string): Exact {
  const fraction = /^(-?\d+)\/(\d+)$/.exec(text);
  if (fraction) return ratio(BigInt(fraction[1] ?? ''), BigInt(fraction[2] ?? ''));
  const decimal = /^(-?\d+)(?:\.(\d+))?$/.exec(text);
  if (!decimal) throw new Error(`${JSON.stringify(text)} is no quantity`);
  const [, whole = '', digits = ''] = decimal;
  return { over: BigInt(whole + digits), under: 10n ** BigInt(digits.length) };
}

export function ratio(over: bigint, under: bigint): Exact {
  if (under === 0n) throw new Error('divided by zero');
  return under < 0n ? { over: -over, under: -under } : { over, under };
}

export const plus = (a: Exact, b: Exact): Exact => ({
  over: a.over * b.under + b.over * a.under,
  under: a.under * b.under,
});
export const minus = (a: Exact, b: Exact): Exact => plus(a, { over: -b.over, under: b.under });
export const times = (a: Exact, b: Exact): Exact => ({ over: a.over * b.over, under: a.under * b.under });
export const divided = (a: Exact, b: Exact): Exact => ratio(a.over * b.under, a.under * b.over);
export const sum = (list: readonly Exact[]): Exact => list.reduce(plus, zero);

/** Negative, zero or positive, as a is less than, equal to or more than b. */
export function compare(a: Exact, b: Exact): number {
  const difference = a.over * b.under - b.over * a.under;
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}
export const least = (a: Exact, b: Exact): Exact => (compare(a, b) <= 0 ? a : b);
export const most = (a: Exact, b: Exact): Exact => (compare(a, b) >= 0 ? a : b);

/** Towards minus infinity. */
export function floor({ over, under }: Exact): bigint {
  const quotient = over / under;
  return over < 0n && over % under !== 0n ? quotient - 1n : quotient;
}
export const ceil = ({ over, under }: Exact): bigint => -floor({ over: -over, under });

/** Half-up to two decimals. */
export const rounded = ({ over, under }: Exact): Exact => ({
  over: floor({ over: over * 200n + under, under: under * 2n }),
  under: 100n,
});

/** Half-up to two decimals, always written with two: `80.69`. */
export function written(value: Exact): string {
  const cents = rounded(value).over;
  const digits = String(cents < 0n ? -cents : cents).padStart(3, '0');
  return `${cents < 0n ? '-' : ''}${digits.slice(0, -2)}.${digits.slice(-2)}`;
}

/** The square root of what is not negative, half-up to two decimals: ⌊(⌊200·√x⌋ + 1)/2⌋ hundredths, without a float. */
export const writtenRoot = ({ over, under }: Exact): string =>
  written({ over: (wholeRoot((over * 40_000n) / under) + 1n) / 2n, under: 100n });

/** ⌊√n⌋ by Newton's method. */
function wholeRoot(n: bigint): bigint {
  if (n < 2n) return n;
  let guess = n;
  for (let next = (n + 1n) / 2n; next < guess; next = (guess + n / guess) / 2n) guess = next;
  return guess;
}
