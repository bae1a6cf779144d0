/** Turns what zod finds into this project's faults: a path a person can follow, and a sentence saying what to do. */
import { z } from 'zod';
import type { Fault } from '../platform/errors.ts';
import { BadInput } from '../platform/errors.ts';
import type { Exact } from './exact.ts';
import { exact, parseQuantity, unrounded } from './exact.ts';

export type Path = readonly PropertyKey[];

/** `managers[3].unit.sales`; the root is written as an empty text. */
export function at(...path: Path): string {
  return path
    .map((step) => (typeof step === 'number' ? `[${step}]` : `.${String(step)}`))
    .join('')
    .replace(/^\./, '');
}

/**
 * `given` as `schema` sees it, or `undefined` after adding every fault to `faults`. `path` is where `given` stands in
 * the whole, so that a part can be checked even where another part is beyond reading.
 */
export function checked<S extends z.ZodType>(
  schema: S,
  given: unknown,
  path: Path,
  faults: Fault[],
): z.output<S> | undefined {
  const result = schema.safeParse(given, { error: sentence });
  if (result.success) return result.data;
  for (const issue of result.error.issues) faults.push(...faultsOf(issue, path));
  return undefined;
}

/** `given` as `schema` sees it, or `undefined`: for asking more about what may be at fault elsewhere already. */
export function ifValid<S extends z.ZodType>(schema: S, given: unknown): z.output<S> | undefined {
  return schema.safeParse(given).data;
}

/** What `work` returns, or `undefined` after adding the faults of the `BadInput` it threw. */
export function attempted<T>(work: () => T, faults: Fault[]): T | undefined {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof BadInput)) throw error;
    faults.push(...error.faults);
    return undefined;
  }
}

interface Bounds {
  readonly least?: number;
  readonly most?: number;
  /** Strictly above this. */
  readonly above?: number;
}

/** A quantity as it travels (a text, so that no reader makes a float of it), parsed into an exact value. */
export function quantity(bounds: Bounds = {}): z.ZodType<Exact, string> {
  return z
    .string({
      error: ({ input }) =>
        input === undefined
          ? 'is missing: give a quantity such as "91.5" or "3/10"'
          : `must be a quantity written as a text, such as "91.5" or "3/10", not ${described(input)}`,
    })
    .transform((text, context) => {
      const value = parseQuantity(text);
      const wrong = value === undefined ? `${described(text)} is no decimal or p/q` : outside(value, bounds);
      if (value !== undefined && wrong === undefined) return value;
      context.issues.push({ code: 'custom', input: text, message: `${wrong}: give ${wanted(bounds)}` });
      return z.NEVER;
    });
}

/** A count: a whole number of at least `least`, as a JSON number. */
export function count(least = 0): z.ZodType<number, number> {
  return z.int().min(least);
}

/** Money as it is paid: yuan with two decimals, a fine below nought. A text, and never nothing at all. */
export function yuan(): z.ZodType<string, string> {
  return z
    .string()
    .regex(/^-?(?!0\.00$)(?:0|[1-9]\d{0,7})\.\d{2}$/, 'must be yuan with two decimals, such as "300.00" or "-50.00"');
}

/** A text with something in it. */
export function text(): z.ZodType<string, string> {
  return z.string().refine((given) => given.trim() !== '', 'must not be blank');
}

function outside(value: Exact, { least, most, above }: Bounds): string | undefined {
  if (least !== undefined && value.lt(exact(least))) return `${unrounded(value)} is below ${least}`;
  if (above !== undefined && value.lte(exact(above))) return `${unrounded(value)} is not above ${above}`;
  if (most !== undefined && value.gt(exact(most))) return `${unrounded(value)} is above ${most}`;
  return undefined;
}

function wanted({ least, most, above }: Bounds): string {
  const from = above !== undefined ? `above ${above}` : least !== undefined ? `from ${least}` : '';
  const to = most !== undefined ? `up to ${most}` : '';
  return ['a quantity', from, to].filter(Boolean).join(' ');
}

const KINDS: Readonly<Record<string, string>> = {
  array: 'a list',
  boolean: 'true or false',
  int: 'a whole number',
  number: 'a number',
  object: 'an object',
  record: 'an object',
  string: 'a text',
};

/** zod's issue → a sentence that follows on "<where>:". Unknown keys are worded in `faultsOf`, one each. */
function sentence(issue: z.core.$ZodRawIssue): string | undefined {
  switch (issue.code) {
    case 'invalid_type': {
      const kind = KINDS[issue.expected] ?? issue.expected;
      return issue.input === undefined ? `is missing: give ${kind}` : `must be ${kind}, not ${described(issue.input)}`;
    }
    case 'invalid_value':
      return `must be ${issue.values.map((value) => described(value)).join(' or ')}, not ${described(issue.input)}`;
    case 'too_small':
      return issue.origin === 'array'
        ? `must have at least ${issue.minimum} entries`
        : `must be at least ${issue.minimum}, not ${described(issue.input)}`;
    case 'too_big':
      return issue.origin === 'array'
        ? `must have at most ${issue.maximum} entries`
        : `must be at most ${issue.maximum}, not ${described(issue.input)}`;
    default:
      return undefined;
  }
}

function faultsOf(issue: z.core.$ZodIssue, path: Path): Fault[] {
  const where = [...path, ...issue.path];
  if (issue.code !== 'unrecognized_keys') return [{ where: at(...where), message: issue.message }];
  return issue.keys.map((key) => ({
    where: at(...where, key),
    message: 'is not known here: correct its spelling or take it out',
  }));
}

/** A value as somebody reading a fault should see it; long ones cut short. */
export function described(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object' && value !== null) return 'an object';
  const shown = JSON.stringify(value);
  return shown.length > 60 ? `${shown.slice(0, 59)}…` : shown;
}
