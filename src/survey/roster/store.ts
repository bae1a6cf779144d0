import type { Chance } from '../../platform/chance.ts';
import type { Query } from '../../platform/database.ts';
import { type IndicatorRow, type IndicatorWords, indicatorWords } from './indicators.ts';
import type { ManagerRow } from './managers.ts';
import { type Formulas, formulaKey, type TargetRow } from './targets.ts';

/** The roster in the database. Whatever the size of a file, it is a few statements over all its rows at once. */

/** How many rows of a file were new, said something else than the database, or the same. */
export interface Counts {
  readonly created: number;
  readonly changed: number;
  readonly unchanged: number;
}

/** One import at a time: two at once could make a district twice, and each would miscount the other's rows. */
const importLock = 7_310_003;

export async function lockRoster(query: Query): Promise<void> {
  await query({ text: 'SELECT pg_advisory_xact_lock($1)', values: [importLock] });
}

export async function findManagerIds(query: Query): Promise<ReadonlySet<string>> {
  const rows = await query<{ id: string }>({ text: 'SELECT id FROM manager' });
  return new Set(rows.map(({ id }) => id));
}

/** The indicators of every rule set that was published. */
export async function findIndicatorWords(query: Query): Promise<IndicatorWords> {
  const rows = await query<{ code: string }>({
    text: `SELECT DISTINCT one->>'code' AS code FROM rule_set, jsonb_array_elements(document->'unit'->'indicators') AS one ORDER BY 1`,
  });
  return indicatorWords(rows.map(({ code }) => code));
}

/** Adds those districts that are not there yet. */
export async function storeDistricts(query: Query, names: readonly string[], chance: Chance): Promise<void> {
  const rows = await query<{ name: string }>({ text: 'SELECT name FROM district' });
  const known = new Set(rows.map(({ name }) => name));
  const added = [...new Set(names)].filter((name) => !known.has(name));
  await query({
    text: 'INSERT INTO district (id, name) SELECT * FROM unnest($1::text[], $2::text[])',
    values: [added.map(() => chance.id()), added],
  });
}

/** Stores managers whose districts are there. */
export function storeManagers(query: Query, rows: readonly ManagerRow[]): Promise<Counts> {
  return compareAndWrite(query, {
    // Nothing forbids two districts of one name; managers then always go to the same one.
    compared: `
      SELECT g.id, g.name, d.id AS district_id, m.id IS NULL AS created, (m.name, m.district_id) IS DISTINCT FROM (g.name, d.id) AS differs
      FROM unnest($1::text[], $2::text[], $3::text[]) AS g (id, name, district)
      JOIN (SELECT name, min(id) AS id FROM district GROUP BY name) d ON d.name = g.district
      LEFT JOIN manager m ON m.id = g.id`,
    written: `
      INSERT INTO manager (id, name, district_id) SELECT id, name, district_id FROM compared WHERE differs
      ON CONFLICT (id) DO UPDATE SET name = excluded.name, district_id = excluded.district_id`,
    values: [rows.map(({ id }) => id), rows.map(({ name }) => name), rows.map(({ district }) => district)],
  });
}

/** Stores values whose managers are there. */
export function storeIndicators(query: Query, rows: readonly IndicatorRow[]): Promise<Counts> {
  return compareAndWrite(query, {
    compared: `
      SELECT g.*, u.manager_id IS NULL AS created, u.manager_id IS NULL OR u.value IS DISTINCT FROM g.value OR u.source <> 'imported' AS differs
      FROM unnest($1::text[], $2::text[], $3::text[], $4::decimal(12, 4)[]) AS g (period, manager_id, code, value)
      LEFT JOIN unit_indicator u USING (period, manager_id, code)`,
    written: `
      INSERT INTO unit_indicator (period, manager_id, code, value) SELECT period, manager_id, code, value FROM compared WHERE differs
      ON CONFLICT (period, manager_id, code) DO UPDATE
      SET value = excluded.value, source = 'imported', events = NULL, done = NULL, due = NULL`,
    values: [
      rows.map(({ period }) => period),
      rows.map(({ manager }) => manager),
      rows.map(({ code }) => code),
      rows.map(({ value }) => value),
    ],
  });
}

/** Every fact of an area that any rule set asks for, and which a period's formulas ask for. */
export async function readFormulas(query: Query, periods: readonly string[]): Promise<Formulas> {
  const rows = await query<{ period: string; code: string; facts: string[] }>({
    text: `
      SELECT p.period, t->>'code' AS code, ARRAY(SELECT f->>'fact' FROM jsonb_array_elements(t->'factors') AS f) AS facts
      FROM unnest($1::text[]) AS p (period) JOIN rule_set s ON s.id = rule_set_in_force(p.period),
           jsonb_array_elements(s.document->'targets') AS t`,
    values: [[...new Set(periods)]],
  });
  return new Map(rows.map(({ period, code, facts }) => [formulaKey(period, code), facts]));
}

export async function readFacts(query: Query): Promise<string[]> {
  const rows = await query<{ fact: string }>({
    text: `
      SELECT DISTINCT f->>'fact' AS fact
      FROM rule_set s, jsonb_array_elements(s.document->'targets') AS t, jsonb_array_elements(t->'factors') AS f ORDER BY 1`,
  });
  return rows.map(({ fact }) => fact);
}

const targetColumns = (rows: readonly TargetRow[]) => [
  rows.map(({ period }) => period),
  rows.map(({ manager }) => manager),
  rows.map(({ code }) => code),
  rows.map(({ base }) => base),
  rows.map(({ facts }) => JSON.stringify(facts)),
  rows.map(({ actual }) => actual),
];

/** Rows whose base or facts are not those on record, by their place in the file, and whether there are any on record. */
export async function findOtherTargets(
  query: Query,
  rows: readonly TargetRow[],
): Promise<ReadonlyMap<number, 'first' | 'changed'>> {
  const found = await query<{ place: number; first: boolean }>({
    text: `
      SELECT g.place::int AS place, t.manager_id IS NULL AS first
      FROM unnest($1::text[], $2::text[], $3::text[], $4::decimal(12, 4)[], $5::text[], $6::decimal(12, 4)[])
        WITH ORDINALITY AS g (period, manager_id, code, base, facts, actual, place)
      LEFT JOIN target t USING (period, manager_id, code)
      WHERE (t.base, t.facts) IS DISTINCT FROM (g.base, g.facts::jsonb)`,
    values: targetColumns(rows),
  });
  return new Map(found.map(({ place, first }) => [place - 1, first ? 'first' : 'changed']));
}

/** An actual figure that a file does not have stays what it was. */
export function storeTargets(query: Query, rows: readonly TargetRow[]): Promise<Counts> {
  return compareAndWrite(query, {
    compared: `
      SELECT g.*, t.manager_id IS NULL AS created,
             (t.base, t.facts, t.actual) IS DISTINCT FROM (g.base, g.facts::jsonb, coalesce(g.actual, t.actual)) AS differs
      FROM unnest($1::text[], $2::text[], $3::text[], $4::decimal(12, 4)[], $5::text[], $6::decimal(12, 4)[])
        AS g (period, manager_id, code, base, facts, actual)
      LEFT JOIN target t USING (period, manager_id, code)`,
    written: `
      INSERT INTO target (period, manager_id, code, base, facts, actual)
      SELECT period, manager_id, code, base, facts::jsonb, actual FROM compared WHERE differs
      ON CONFLICT (period, manager_id, code) DO UPDATE
      SET base = excluded.base, facts = excluded.facts, actual = coalesce(excluded.actual, target.actual)`,
    values: targetColumns(rows),
  });
}

interface Comparison {
  /** Selects every row of the file with `created` and `differs`, as the database is before. */
  readonly compared: string;
  /** Writes those of `compared` that differ, so that a second import of a file writes nothing. */
  readonly written: string;
  readonly values: readonly unknown[];
}

async function compareAndWrite(query: Query, { compared, written, values }: Comparison): Promise<Counts> {
  const [counts] = await query<Counts>({
    text: `
      WITH compared AS (${compared}), written AS (${written})
      SELECT (count(*) FILTER (WHERE created))::int AS created, (count(*) FILTER (WHERE differs AND NOT created))::int AS changed,
             (count(*) FILTER (WHERE NOT differs))::int AS unchanged
      FROM compared`,
    values,
  });
  return counts ?? { created: 0, changed: 0, unchanged: 0 };
}
