/** The window of months a customer score looks back on, and when a new one may be published (method §3). */
import type { Coverage } from './customer.ts';
import { statusOf } from './customer.ts';
import type { CustomerRules } from './rules.ts';

/** The coverage of the last `months` months: distinct retailers, each with the latest response, union of frames. */
export interface Window extends Coverage {
  readonly months: number;
}

/**
 * The shortest window of the rule set that makes the score firm, else the longest there is. `windows` holds those the
 * manager has a history for; without any, `undefined`.
 */
export function chooseWindow<W extends Window>(windows: readonly W[], rules: CustomerRules): W | undefined {
  const offered = windows
    .filter(({ months }) => rules.windowMonths.includes(months))
    .sort((one, other) => one.months - other.months);
  return offered.find((window) => statusOf(window, rules) === 'firm') ?? offered.at(-1);
}

/**
 * Whether enough responses are new since the last published C to publish another; if not, the last one stands, so
 * marked. The difference between two scores a single response apart would give that response away.
 */
export function mayReplaceScore(newResponses: number, rules: CustomerRules): boolean {
  return newResponses >= rules.minimumNewResponses;
}
