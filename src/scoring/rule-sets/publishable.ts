/**
 * When a rule set may be published (method §4): once, far enough ahead that everybody it judges can read it before it
 * holds, for a month in which nothing has happened yet, and with no number that would give single retailers away. Pure.
 */
import { DateTime } from 'luxon';
import type { Fault } from '../../platform/errors.ts';
import { monthsLater } from '../../platform/months.ts';
import { attempted } from '../faults.ts';
import { floorFaults, headOf, parseRules, type RuleSet } from '../rules.ts';

/** Whole days between the publication and the first day of the month from which a rule set holds. */
export const noticeDays = 7;

/** What a new version has to fit in with. */
export interface Standing {
  readonly versions: readonly { readonly id: string; readonly effectiveFrom: string }[];
  /** The latest month that has a round or a published result; null without any. */
  readonly lastPeriod: string | null;
  /** The company's. */
  readonly timeZone: string;
}

/** A draft as it would be published at `now`: every fault, those of the document and those of its time alike. */
export function examine(document: unknown, standing: Standing, now: Date): { rules?: RuleSet; faults: Fault[] } {
  const faults: Fault[] = [];
  const rules = attempted(() => parseRules(document), faults);
  faults.push(...floorFaults(document));
  const { id, effectiveFrom } = headOf(document);
  if (id !== undefined) faults.push(...idFaults(id, standing));
  if (effectiveFrom !== undefined) faults.push(...monthFaults(effectiveFrom, standing, now));
  return { ...(rules && { rules }), faults };
}

/** The id stands in addresses and on printed pages. */
const idForm = /^[\p{L}\p{N}](?:[\p{L}\p{N}._-]{0,30}[\p{L}\p{N}])?$/u;

function idFaults(id: string, { versions }: Standing): Fault[] {
  const where = 'id';
  if (!idForm.test(id))
    return [
      {
        where,
        message:
          '应为 1–32 个字母、汉字、数字、点、横线，例如 RS-2 · must be 1 to 32 letters, digits, dots and hyphens, such as RS-2',
      },
    ];
  if (!versions.some((version) => version.id === id)) return [];
  return [
    {
      where,
      message: `${id} 已发布，发布后不再改动：请换一个编号 · ${id} is published and never changes: give this one another id`,
    },
  ];
}

function monthFaults(effectiveFrom: string, { versions, lastPeriod, timeZone }: Standing, now: Date): Fault[] {
  const where = 'effectiveFrom';
  const faults: Fault[] = [];
  const other = versions.find((version) => version.effectiveFrom === effectiveFrom);
  if (other)
    faults.push({
      where,
      message: `${effectiveFrom} 起已由 ${other.id} 生效，同一考核期只能有一个版本 · ${other.id} holds from ${effectiveFrom} already, and there is one version a month: choose another month`,
    });
  if (lastPeriod !== null && effectiveFrom <= lastPeriod)
    faults.push({
      where,
      message: `${lastPeriod} 已有轮次或公布的结果，只能自 ${monthsLater(lastPeriod, 1)} 起或更晚 · ${lastPeriod} has a round or a published result: begin with ${monthsLater(lastPeriod, 1)} or later`,
    });
  const earliest = earliestMonth(now, timeZone);
  if (effectiveFrom < earliest)
    faults.push({
      where,
      message: `须在生效考核期首日之前满 ${noticeDays} 天发布，现在发布最早自 ${earliest} 起 · must be published ${noticeDays} whole days before its month begins: published now, ${earliest} is the earliest`,
    });
  return faults;
}

/** The first month that begins at least the notice's days after `now`. */
export function earliestMonth(now: Date, timeZone: string): string {
  const ready = DateTime.fromJSDate(now, { zone: timeZone }).plus({ days: noticeDays });
  const month = ready.startOf('month');
  return (month < ready ? month.plus({ months: 1 }) : month).toFormat('yyyy-MM');
}
