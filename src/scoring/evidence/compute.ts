import type { Query } from '../../platform/database.ts';
import { grouped } from '../../platform/grouped.ts';
import { parseQuantity, unrounded, written, ZERO } from '../exact.ts';
import { readConcerned } from '../periods/read.ts';
import { readFigures, targetedIndicators } from '../targets/read.ts';
import { computed, type Evidence, type EvidenceRules, evidenceOf, type KindSum } from './evidence.ts';

/** An indicator of one manager as the events of a month make it; `value` null = he has none, where others have. */
export interface ComputedIndicator {
  readonly managerId: string;
  readonly code: string;
  readonly value: string | null;
  readonly events: number;
  readonly done: string | null;
  readonly due: string | null;
}

/**
 * What the events of a month come to. An indicator is computed for everybody or for nobody: where any value of it came
 * in by a file that month, the file holds (a column that is empty for all brings none); where nobody has an event for it,
 * it is missing for all.
 *
 * @param managers whom it concerns; whoever has an event, or a figure against a target, is one of them for every indicator.
 */
export async function computeIndicators(
  query: Query,
  period: string,
  rules: EvidenceRules,
  managers: readonly string[],
): Promise<ComputedIndicator[]> {
  const sums = await readSums(query, period);
  const figures = await readFigures(query, period, rules);
  if (sums.size + figures.length === 0) return [];
  const imported = await readImported(query, period);
  const everybody = [...new Set([...managers, ...sums.keys(), ...figures.map(({ id }) => id)])];
  const made = evidenceOf(rules).flatMap((evidence) => {
    const each = everybody.map((managerId) => indicatorOf(managerId, evidence, sums.get(managerId) ?? []));
    return each.some(({ value }) => value !== null) ? each : [];
  });
  return [...made, ...targetedIndicators(rules, figures, everybody)].filter(({ code }) => !imported.has(code));
}

function indicatorOf(managerId: string, evidence: Evidence, sums: readonly KindSum[]): ComputedIndicator {
  const { code } = evidence;
  const found = computed(evidence, sums);
  if (!found) return { managerId, code, value: null, events: 0, done: null, due: null };
  const { value, events, done, due } = found;
  return { managerId, code, events, value: written(value), done: unrounded(done), due: unrounded(due) };
}

async function readSums(query: Query, period: string): Promise<Map<string, KindSum[]>> {
  const rows = await query<{ id: string; kind: string; events: number; done: string; due: string | null }>({
    name: 'event-sums',
    text: `
      SELECT manager_id AS id, kind, count(*)::int AS events, sum(done)::text AS done, sum(due)::text AS due
      FROM work_event_standing WHERE day >= ($1 || '-01')::date AND day < ($1 || '-01')::date + interval '1 month'
      GROUP BY manager_id, kind ORDER BY manager_id COLLATE "C", kind`,
    values: [period],
  });
  const amounts = rows.map(({ done, due, ...row }) => ({
    ...row,
    done: parseQuantity(done) ?? ZERO,
    due: due === null ? null : (parseQuantity(due) ?? ZERO),
  }));
  return grouped(amounts, ({ id }) => id);
}

async function readImported(query: Query, period: string): Promise<ReadonlySet<string>> {
  const rows = await query<{ code: string }>({
    text: `SELECT DISTINCT code FROM unit_indicator WHERE period = $1 AND source <> 'computed' AND value IS NOT NULL`,
    values: [period],
  });
  return new Set(rows.map(({ code }) => code));
}

/** Makes the month's computed indicators anew from its events, in the caller's transaction. However often, the same. */
export async function storeComputed(query: Query, period: string, rules: EvidenceRules): Promise<void> {
  await query({ text: `DELETE FROM unit_indicator WHERE period = $1 AND source = 'computed'`, values: [period] });
  const concerned = await readConcerned(query, period);
  const made = await computeIndicators(
    query,
    period,
    rules,
    concerned.map(({ id }) => id),
  );
  await query({
    text: `
      INSERT INTO unit_indicator (period, manager_id, code, value, source, events, done, due)
      SELECT $1, manager_id, code, value, 'computed', events, done, due
      FROM unnest($2::text[], $3::text[], $4::decimal(12, 4)[], $5::int[], $6::decimal(16, 4)[], $7::decimal(16, 4)[])
        AS made (manager_id, code, value, events, done, due)
      ON CONFLICT (period, manager_id, code) DO UPDATE
      SET value = excluded.value, source = excluded.source, events = excluded.events, done = excluded.done, due = excluded.due`,
    values: [
      period,
      made.map(({ managerId }) => managerId),
      made.map(({ code }) => code),
      made.map(({ value }) => value),
      made.map(({ events }) => events),
      made.map(({ done }) => done),
      made.map(({ due }) => due),
    ],
  });
}
