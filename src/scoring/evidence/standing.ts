import type { Query } from '../../platform/database.ts';
import { monthsLater } from '../../platform/months.ts';
import { calendarOf } from '../periods/calendar.ts';
import { parseRules, type RuleSet } from '../rules.ts';
import { computeIndicators } from './compute.ts';

/** How a month stands with its unit indicators: what is there, where it came from, and who has not handed in. */
export interface IndicatorStanding {
  readonly period: string;
  readonly ruleSet: string;
  /** The day by which every value must be there, `2027-01-08`: the latest day of the notice. */
  readonly due: string;
  /** Nothing can be handed in any more. */
  readonly onTheBoard: boolean;
  /** In the order of the rule set. */
  readonly codes: readonly string[];
  readonly managers: readonly StandingManager[];
}

export interface StandingManager {
  readonly id: string;
  readonly name: string;
  readonly district: string;
  /** By code; a code is left out where nothing was handed in. */
  readonly values: ReadonlyMap<string, StandingValue>;
}

export interface StandingValue {
  /** null = said to have none. */
  readonly value: string | null;
  readonly source: 'imported' | 'computed' | 'appeal';
  /** Of a computed one. */
  readonly events: number | null;
  readonly done: string | null;
  readonly due: string | null;
}

/** The codes of which nothing has come in for this manager. */
export const missingOf = ({ codes }: Pick<IndicatorStanding, 'codes'>, { values }: StandingManager): string[] =>
  codes.filter((code) => !values.has(code));

/**
 * A month that is not on the board is shown as it would be scored now. Managers are those who look after a shop in that
 * month, and those who have a value or an event in it.
 *
 * @param districtId the only district that is told of; null = all.
 * @returns null where no rule set is in force yet.
 */
export async function readStanding(
  query: Query,
  period: string,
  districtId: string | null,
): Promise<IndicatorStanding | null> {
  const rules = await rulesOf(query, period);
  if (!rules) return null;
  const onTheBoard = await isOnTheBoard(query, period);
  const everybody = await readManagers(query, period);
  const stored = await readStored(query, period);
  const computed = onTheBoard
    ? []
    : (
        await computeIndicators(
          query,
          period,
          rules,
          everybody.map(({ id }) => id),
        )
      ).map((one) => ({ ...one, source: 'computed' as const }));
  const values = new Map<string, Map<string, StandingValue>>();
  for (const { managerId, code, ...value } of [...stored, ...computed]) {
    // A computed null is nobody's word that there is none: nothing has come in.
    if (value.source === 'computed' && value.value === null) continue;
    const own = values.get(managerId) ?? new Map<string, StandingValue>();
    values.set(managerId, own.set(code, value));
  }
  return {
    ...{ period, ruleSet: rules.id, due: calendarOf(period, rules).noticeBy, onTheBoard },
    codes: rules.unit.indicators.map(({ code }) => code),
    managers: everybody
      .filter((manager) => districtId === null || manager.districtId === districtId)
      .map(({ id, name, district }) => ({ id, name, district, values: values.get(id) ?? new Map() })),
  };
}

/** The rule set of the month's latest round; before there is one, the one that will be in force. */
async function rulesOf(query: Query, period: string): Promise<RuleSet | null> {
  const [row] = await query<{ document: unknown }>({
    text: `
      SELECT document FROM rule_set WHERE id = coalesce((
        SELECT rule_set_id FROM round WHERE period = $1 AND state NOT IN ('draft', 'cancelled') ORDER BY launched_at DESC LIMIT 1
      ), rule_set_in_force($1))`,
    values: [period],
  });
  return row ? parseRules(row.document) : null;
}

async function isOnTheBoard(query: Query, period: string): Promise<boolean> {
  const found = await query({ text: 'SELECT FROM publication WHERE period = $1 LIMIT 1', values: [period] });
  return found.length > 0;
}

const readManagers = (query: Query, period: string) =>
  query<{ id: string; name: string; district: string; districtId: string }>({
    text: `
      SELECT m.id, m.name, d.name AS district, d.id AS "districtId" FROM manager m JOIN district d ON d.id = m.district_id
      WHERE m.id IN (
        SELECT a.manager_id FROM assignment a JOIN retailer r ON r.id = a.retailer_id
        WHERE r.status = 'active' AND a.from_day < ($2 || '-01')::date AND (a.until_day IS NULL OR a.until_day > ($1 || '-01')::date)
        UNION SELECT manager_id FROM unit_indicator WHERE period = $1
        UNION SELECT manager_id FROM work_event_standing WHERE day >= ($1 || '-01')::date AND day < ($2 || '-01')::date
      )
      ORDER BY d.name, m.id COLLATE "C"`,
    values: [period, monthsLater(period, 1)],
  });

const readStored = (query: Query, period: string) =>
  query<StandingValue & { managerId: string; code: string }>({
    text: `
      SELECT manager_id AS "managerId", code, trim_scale(value)::text AS value, source, events,
             trim_scale(done)::text AS done, trim_scale(due)::text AS due
      FROM unit_indicator WHERE period = $1`,
    values: [period],
  });
