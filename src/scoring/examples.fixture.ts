/** Examples the tests beside these files start from: the default rule set, and a manager with nothing remarkable. */
import { readFileSync } from 'node:fs';
import type { Fault } from '../platform/errors.ts';
import { BadInput } from '../platform/errors.ts';
import { parseRules } from './rules.ts';

type Json = Record<string, unknown>;

/** A file of test/vectors, as JSON. */
export function vector(name: string) {
  return JSON.parse(readFileSync(new URL(`../../test/vectors/${name}`, import.meta.url), 'utf8'));
}

export const defaultRules = vector('rules.default.json');

/** `original` with the value at each path replaced (`undefined` takes the key out); the original stays as it is. */
export function changed(original: unknown, changes: Readonly<Record<string, unknown>>) {
  const copy = structuredClone(original) as Json;
  for (const [path, value] of Object.entries(changes)) {
    const steps = path.split('.');
    const last = steps.pop() ?? '';
    const parent = steps.reduce((part, step) => part[step] as Json, copy);
    if (value === undefined) delete parent[last];
    else parent[last] = value;
  }
  return copy;
}

/** The default rule set with changes, parsed. */
export function rulesWith(changes: Readonly<Record<string, unknown>> = {}) {
  return parseRules(changed(defaultRules, changes));
}

const CODES: readonly string[] = defaultRules.unit.indicators.map(({ code }: { code: string }) => code);

/** Every indicator at `value`, but for the exceptions. */
export function everyIndicator(value: string | null, except: Readonly<Record<string, string | null>> = {}) {
  return { ...Object.fromEntries(CODES.map((code) => [code, value])), ...except };
}

/** Counts from the best rating to the worst, as people say them. */
export function ratings(five: number, four: number, three: number, two: number, one: number) {
  return { '5': five, '4': four, '3': three, '2': two, '1': one };
}

export function manager(id: string, changes: Json = {}) {
  return { id, frameSize: 200, ratings: ratings(12, 10, 3, 1, 0), unit: everyIndicator('80'), ...changes };
}

/** A document under the default rule set. */
export function documentOf(managers: readonly unknown[], changes: Json = {}) {
  return { rules: defaultRules, managers, ...changes };
}

/** The faults that `work` throws; none if it does not throw. */
export function faultsOf(work: () => unknown): readonly Fault[] {
  try {
    work();
  } catch (error) {
    if (error instanceof BadInput) return error.faults;
    throw error;
  }
  return [];
}
