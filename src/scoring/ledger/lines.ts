import type { Query } from '../../platform/database.ts';
import type { Promised } from './promises.ts';

/** The lines of the ledger: what is promised, what became of it, and the sums of both. */
export type LineKind = Promised['kind'] | 'reward';

/**
 * - `open`: to be honoured. - `settled`: honoured, with proof.
 * - `cancelled`: taken back before it was honoured, and the line that takes it back: together nothing.
 */
export const lineStates = ['open', 'settled', 'cancelled'] as const;
export type LineState = (typeof lineStates)[number];

/** `l` is the line, `s` its settlement. What was honoured and is then taken back is owed the other way. */
const state = `
  CASE WHEN s.line_id IS NOT NULL THEN 'settled'
       WHEN EXISTS (SELECT FROM ledger_line back WHERE back.reverses = l.id)
         OR (l.reverses IS NOT NULL AND NOT EXISTS (SELECT FROM ledger_settlement paid WHERE paid.line_id = l.reverses)) THEN 'cancelled'
       ELSE 'open' END`;
const lines = `ledger_line l LEFT JOIN ledger_settlement s ON s.line_id = l.id`;

/** Whose lines are seen: of a district, of one manager; null = all. */
export interface Reach {
  readonly districtId: string | null;
  readonly managerId: string | null;
}

const within = `($1::text IS NULL OR m.district_id = $1) AND ($2::text IS NULL OR m.id = $2)`;

export interface Line {
  readonly id: string;
  readonly sequence: string;
  readonly managerId: string;
  readonly managerName: string;
  readonly districtName: string;
  readonly period: string;
  readonly publication: string;
  readonly kind: LineKind;
  readonly about: string;
  /** Yuan with two decimals. */
  readonly amount: string;
  /** `2027-01-22` */
  readonly dueOn: string;
  readonly state: LineState;
  readonly overdue: boolean;
  readonly rewardId: string | null;
  readonly reverses: string | null;
  readonly reversedBy: string | null;
  readonly reason: string | null;
  readonly at: Date;
  readonly proof: string | null;
  readonly settledAt: Date | null;
}

const columns = (today: string) => `
  l.id, l.sequence::text AS sequence, l.manager_id AS "managerId", m.name AS "managerName", d.name AS "districtName", l.period,
  l.publication_hash AS publication, l.kind, l.about, l.amount::text AS amount, l.due_on::text AS "dueOn", ${state} AS state,
  ${state} = 'open' AND l.due_on < ${today}::date AS overdue, l.reward_id AS "rewardId", l.reverses,
  (SELECT back.id FROM ledger_line back WHERE back.reverses = l.id) AS "reversedBy", l.reason, l.at, s.proof, s.at AS "settledAt"`;
const source = `${lines} JOIN manager m ON m.id = l.manager_id JOIN district d ON d.id = m.district_id`;

export interface LineFilter {
  readonly period?: string | undefined;
  readonly managerId?: string | undefined;
  readonly state?: LineState | 'overdue' | undefined;
  /** `2027-01-22` where the company is: what is due before it is overdue. */
  readonly today: string;
  /** The sequence at which the page before ended. */
  readonly after: string | null;
}

/** The latest first. */
export function listLines(query: Query, reach: Reach, filter: LineFilter, limit: number): Promise<Line[]> {
  const { period = null, managerId = null, state: wanted = null, today, after } = filter;
  return query<Line>({
    name: 'ledger-lines',
    text: `
      SELECT * FROM (SELECT ${columns('$3')} FROM ${source}
        WHERE ${within} AND ($4::text IS NULL OR l.period = $4) AND ($5::text IS NULL OR l.manager_id = $5)
          AND ($6::bigint IS NULL OR l.sequence < $6)
      ) AS line WHERE $7::text IS NULL OR CASE $7 WHEN 'overdue' THEN overdue ELSE state = $7 END
      ORDER BY sequence::bigint DESC LIMIT $8`,
    values: [reach.districtId, reach.managerId, today, period, managerId, after, wanted, limit],
  });
}

/** null where there is none, or it is none of his. */
export async function findLine(query: Query, reach: Reach, id: string, today: string): Promise<Line | null> {
  const [line] = await query<Line>({
    name: 'ledger-line',
    text: `SELECT ${columns('$3')} FROM ${source} WHERE ${within} AND l.id::text = $4`,
    values: [reach.districtId, reach.managerId, today, id],
  });
  return line ?? null;
}

/** Of one manager and month, in yuan: everything promised less what was taken back; of that, what is settled and what is still to be honoured. */
export interface Balance {
  readonly period: string;
  readonly managerId: string;
  readonly managerName: string;
  readonly promised: string;
  readonly settled: string;
  readonly open: string;
  readonly overdue: string;
}

/** Latest month first, then by manager. @param after where the page before ended. */
export function readBalances(
  query: Query,
  reach: Reach,
  { period = null, today }: { readonly period?: string | null; readonly today: string },
  after: Pick<Balance, 'period' | 'managerId'> | null,
  limit: number,
): Promise<Balance[]> {
  return query<Balance>({
    name: 'ledger-balances',
    text: `
      SELECT period, "managerId", "managerName", sum(amount)::text AS promised,
             coalesce(sum(amount) FILTER (WHERE state = 'settled'), 0.00)::text AS settled,
             coalesce(sum(amount) FILTER (WHERE state = 'open'), 0.00)::text AS open,
             coalesce(sum(amount) FILTER (WHERE state = 'open' AND due_on < $3::date), 0.00)::text AS overdue
      FROM (
        SELECT l.period, m.id AS "managerId", m.name AS "managerName", l.amount, l.due_on, ${state} AS state
        FROM ${lines} JOIN manager m ON m.id = l.manager_id
        WHERE ${within} AND ($4::text IS NULL OR l.period = $4) AND ($5::text IS NULL OR (l.period <= $5 AND (l.period < $5 OR m.id > $6)))
      ) AS line GROUP BY 1, 2, 3 ORDER BY period DESC, "managerId" LIMIT $7`,
    values: [
      ...[reach.districtId, reach.managerId, today, period],
      ...[after?.period ?? null, after?.managerId ?? null, limit],
    ],
  });
}

/** What is still to be honoured: how many lines, and their sum in yuan. */
export interface Open {
  readonly lines: number;
  readonly sum: string;
}

/** Of a month. */
export async function openOf(query: Query, period: string): Promise<Open> {
  const [open] = await query<Open>({
    text: `
      SELECT count(*)::int AS lines, coalesce(sum(amount), 0.00)::text AS sum
      FROM (SELECT l.amount, ${state} AS state FROM ${lines} WHERE l.period = $1) AS line WHERE state = 'open'`,
    values: [period],
  });
  return open ?? { lines: 0, sum: '0.00' };
}

/** Settles all of that. */
export async function settleOpen(
  query: Query,
  { period, proof, actor, now }: { period: string; proof: string; actor: string; now: Date },
): Promise<void> {
  await query({
    text: `
      INSERT INTO ledger_settlement (line_id, proof, by, at)
      SELECT id, $2, $3, $4 FROM (SELECT l.id, ${state} AS state FROM ${lines} WHERE l.period = $1) AS line WHERE state = 'open'`,
    values: [period, proof, actor, now],
  });
}

/** Months that have lines, the latest first. */
export async function ledgerPeriods(query: Query, reach: Reach, limit: number): Promise<string[]> {
  const rows = await query<{ period: string }>({
    name: 'ledger-periods',
    text: `SELECT DISTINCT l.period FROM ledger_line l JOIN manager m ON m.id = l.manager_id WHERE ${within} ORDER BY 1 DESC LIMIT $3`,
    values: [reach.districtId, reach.managerId, limit],
  });
  return rows.map(({ period }) => period);
}

/** What should have been honoured by now. */
export function readOverdue(query: Query, today: string): Promise<{ id: string; period: string; days: number }[]> {
  return query({
    name: 'ledger-overdue',
    text: `
      SELECT l.id, l.period, $1::date - l.due_on AS days FROM ${lines}
      WHERE l.due_on < $1::date AND ${state} = 'open' ORDER BY l.sequence`,
    values: [today],
  });
}

/** A line of the payroll file: a manager's promise, his sum (`line` null), or the whole month's (`managerId` null too). */
export interface PayrollRow {
  readonly managerId: string | null;
  readonly managerName: string | null;
  readonly districtName: string | null;
  readonly line: Pick<Line, 'kind' | 'about' | 'dueOn' | 'state' | 'publication' | 'proof' | 'reason'> | null;
  readonly amount: string;
  readonly open: string;
}

/** A month's lines, each manager's sum below his own, the sum of all at the end. */
export function readPayroll(query: Query, period: string): Promise<PayrollRow[]> {
  return query<PayrollRow>({
    text: `
      SELECT "managerId", "managerName", "districtName",
             CASE WHEN GROUPING(sequence) = 0 THEN jsonb_build_object('kind', kind, 'about', about, 'dueOn', "dueOn", 'state', state,
               'publication', publication, 'proof', proof, 'reason', reason) END AS line,
             sum(amount)::text AS amount, coalesce(sum(amount) FILTER (WHERE state = 'open'), 0.00)::text AS open
      FROM (
        SELECT l.sequence, m.id COLLATE "C" AS "managerId", m.name AS "managerName", d.name AS "districtName", l.kind, l.about, l.amount,
               l.due_on AS "dueOn", l.publication_hash AS publication, s.proof, l.reason, ${state} AS state
        FROM ${source} WHERE l.period = $1
      ) AS line
      GROUP BY GROUPING SETS (
        (sequence, "managerId", "managerName", "districtName", kind, about, "dueOn", publication, proof, reason, state),
        ("managerId", "managerName", "districtName"), ())
      HAVING count(*) > 0
      ORDER BY GROUPING("managerId"), "managerId", GROUPING(sequence), sequence`,
    values: [period],
  });
}
