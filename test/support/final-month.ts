import { expect } from 'vitest';
import { monthsLater } from '../../src/platform/months.ts';
import { parseRules } from '../../src/scoring/rules.ts';
import { findPublished, type Published } from '../../src/scoring/store.ts';
import { finalisePeriod, score } from '../../src/workers/score.ts';
import type { Field, FieldManager } from './field.ts';
import { storeRound } from './stored-round.ts';

/** Months with a final result, for suites that look at what follows from one. Scoring and publishing are the real ones. */

/** Managers with forty shops each, in districts D1 to D4 in turn. */
export const smallManagers = (count: number): FieldManager[] =>
  Array.from({ length: count }, (_, index) => ({
    ...{ id: `K0${index + 1}`, name: `经理${index + 1}`, district: `D${(index % 4) + 1}` },
    ...{ shops: 40, good: 0.5, answering: 0.5 },
  }));

/** Stores the standard rule set with changes, under an id of its own and from the month after all there are. */
export async function storeRules({ city }: Field, id: string, changes: object): Promise<void> {
  const { document } = await city.rules('RS-1');
  const [last] = await city.database.query<{ month: string }>({
    text: 'SELECT max(effective_from) AS month FROM rule_set',
  });
  const changed = { ...document, ...changes, id, effectiveFrom: monthsLater(last?.month ?? '', 1) };
  parseRules(changed);
  await city.database.query({
    text: 'INSERT INTO rule_set (id, effective_from, document, hash) VALUES ($1, $2, $3, $1)',
    values: [id, changed.effectiveFrom, changed],
  });
}

/** What a manager's shops said, all of them the same where nothing else is said, and what each of his indicators was. */
export interface Result {
  readonly overall: number;
  readonly unit: number;
  /** Single indicators that were another. */
  readonly except?: Readonly<Record<string, number>>;
  /** How many of his shops answered: 30 make it firm. */
  readonly answers?: number;
  /** Every third shop rated one lower: without any spread a score has no error. */
  readonly mixed?: boolean;
}

/** A month under this rule set, asked, put to notice and, unless that is not wanted, final. By manager id. */
export async function playMonth(
  field: Field,
  period: string,
  { ruleSet, results, final = true }: { ruleSet: string; results: Readonly<Record<string, Result>>; final?: boolean },
): Promise<Published> {
  const { city, services } = field;
  const { query } = city.database;
  const frame = await query<{ shop: string; manager: string }>({
    text: `
      SELECT r.id AS shop, a.manager_id AS manager FROM retailer r JOIN assignment a ON a.retailer_id = r.id
      WHERE r.phone_id IS NOT NULL AND a.manager_id = ANY($1) ORDER BY r.id`,
    values: [Object.keys(results)],
  });
  const asked = Object.entries(results).flatMap(([manager, { overall, answers = 30, mixed = false }]) =>
    frame
      .filter((line) => line.manager === manager)
      .slice(0, answers)
      .map((line, index) => ({ ...line, overall: mixed && index % 3 === 0 ? overall - 1 : overall })),
  );
  const roundId = await storeRound(city, { period, ruleSet, frame, asked });
  const { document } = await city.rules(ruleSet);
  for (const [manager, { unit, except = {} }] of Object.entries(results))
    await query({
      text: `INSERT INTO unit_indicator (period, manager_id, code, value) SELECT $1, $2, * FROM unnest($3::text[], $4::numeric[])`,
      values: [
        ...[period, manager, document.unit.indicators.map(({ code }) => code)],
        document.unit.indicators.map(({ code }) => except[code] ?? unit),
      ],
    });
  city.clock.advance(new Date(`${monthsLater(period, 1)}-01T18:00:00+08:00`));
  await score(services, roundId);
  const { appealsUntil } = (await findPublished(query, period)) ?? expect.fail(`${period} is not on the board`);
  if (final) {
    city.clock.advance(appealsUntil);
    await finalisePeriod(services, period);
  }
  return (await findPublished(query, period)) ?? expect.fail(`${period} is gone`);
}
