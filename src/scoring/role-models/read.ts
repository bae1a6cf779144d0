import type { Query } from '../../platform/database.ts';
import { grouped } from '../../platform/grouped.ts';
import { monthsLater } from '../../platform/months.ts';
import { customerWeight } from '../combined.ts';
import { approximate, parseQuantity, written } from '../exact.ts';
import type { PublishedManager } from '../publication.ts';
import { parseRules, type RoleModelRules } from '../rules.ts';
import { countedMonths } from './candidates.ts';
import { type Rise, riseOf, type ScoredMonth } from './progress.ts';

/** Who is held up as a model for a month whose result is final, who moved up, and who improved. */
export interface RoleModels {
  readonly period: string;
  /** Of the final publication that it is made from. */
  readonly hash: string;
  /** null where the rule set states no conditions. */
  readonly conditions: RoleModelRules | null;
  readonly candidates: readonly (Named & { readonly months: readonly string[] })[];
  readonly movedUp: readonly (Named & { readonly tierBefore: number; readonly tier: number })[];
  /** The largest first; only what is beyond chance. */
  readonly improved: readonly (Named & WrittenRise)[];
  /** How many rose by no more than chance explains, and how many could not be compared. */
  readonly withinChance: number;
  readonly notCompared: number;
}

interface Named {
  readonly id: string;
  readonly name: string;
  readonly district: string;
}

interface WrittenRise {
  readonly since: string;
  readonly from: string;
  readonly to: string;
  readonly by: string;
  readonly interval: readonly [string, string];
}

interface Row {
  readonly managerId: string;
  readonly period: string;
  readonly hash: string;
  readonly rules: { readonly id: string };
  readonly questionnaire: string;
  readonly line: PublishedManager;
}

/** Nobody is asked to have been excellent for longer. */
const memory = 36;

/** null where the month has no final result. */
export async function readRoleModels(query: Query, period: string): Promise<RoleModels | null> {
  const rows = await query<Row>({
    name: 'role-models',
    text: `
      WITH final AS (
        SELECT DISTINCT ON (period) hash, period, document->'rules' AS rules, document->>'questionnaire' AS questionnaire
        FROM publication WHERE stage = 'final' AND period BETWEEN $1 AND $2 ORDER BY period DESC, sequence DESC
      )
      SELECT r.manager_id AS "managerId", f.period, f.hash, f.questionnaire, CASE WHEN f.period = $2 THEN f.rules
             ELSE jsonb_build_object('id', f.rules->'id') END AS rules,
             r.document - 'fieldwork' - 'indicators' AS line
      FROM final f JOIN result r ON r.publication_hash = f.hash ORDER BY r.manager_id COLLATE "C", f.period DESC`,
    values: [monthsLater(period, 1 - memory), period],
  });
  const [now] = rows.filter((row) => row.period === period);
  if (!now) return null;
  const rules = parseRules(now.rules);
  const conditions = rules.roleModels ?? null;
  const alarmed = conditions?.noOpenAlarm ? await alarmedAt(query, period) : new Set<string>();
  const weight = approximate(customerWeight(rules.combined));
  const histories = [...grouped(rows, ({ managerId }) => managerId).values()].filter(
    ([latest]) => latest?.period === period,
  );
  const each = histories.flatMap((history) => {
    const [latest] = history;
    if (!latest) return [];
    const { line } = latest;
    const counted = conditions && !alarmed.has(line.id) ? countedMonths(history.map(finalMonth), conditions) : null;
    const named = { id: line.id, name: line.name, district: line.district };
    const rise = line.score === null ? null : riseOf(history.flatMap((row) => scoredMonth(row, weight)));
    return [{ named, line, counted, rise }];
  });
  return {
    ...{ period, hash: now.hash, conditions },
    candidates: each.flatMap(({ named, counted }) => (counted ? [{ ...named, months: counted }] : [])),
    movedUp: each.flatMap(({ named, line: { move, tierBefore, tier } }) =>
      move === 'up' ? [{ ...named, tierBefore, tier }] : [],
    ),
    improved: each
      .flatMap(({ named, rise }) => (rise?.beyondChance ? [{ named, rise }] : []))
      .sort((one, other) => other.rise.by.compare(one.rise.by))
      .map(({ named, rise }) => ({ ...named, ...writtenRise(rise) })),
    withinChance: each.filter(({ rise }) => rise && !rise.beyondChance && rise.by.gt(0)).length,
    notCompared: each.filter(({ rise }) => rise === null).length,
  };
}

/** Managers about whom an alarm was open when the month first became final: later alarms, and corrections, are of later. */
async function alarmedAt(query: Query, period: string): Promise<Set<string>> {
  const rows = await query<{ id: string }>({
    text: `
      SELECT DISTINCT a.subject_id AS id
      FROM alarm a JOIN (SELECT min(published_at) AS at FROM publication WHERE period = $1 AND stage = 'final') final
        ON a.opened_at <= final.at AND (a.closed_at IS NULL OR a.closed_at > final.at)
      WHERE a.subject_kind = 'manager'`,
    values: [period],
  });
  return new Set(rows.map(({ id }) => id));
}

/** Publications of before there were windows look back on their own month. */
const windowOf = ({ line, period }: Row) =>
  line.customer === null ? null : (line.window ?? { first: period, last: period });

const finalMonth = (row: Row) => ({
  ...{ period: row.period, rating: row.line.rating, status: row.line.status, window: windowOf(row) },
});

/** A month weighs C as the one that is asked about does, or it is of another measure and is not compared. */
function scoredMonth(row: Row, weight: number): ScoredMonth[] {
  const { score, posteriorSd } = row.line;
  const exactScore = score === null ? undefined : parseQuantity(score);
  if (!exactScore || posteriorSd === null) return [];
  return [
    {
      ...{ period: row.period, window: windowOf(row), score: exactScore, posteriorSd: Number(posteriorSd) },
      ...{ customerWeight: weight, measure: `${row.rules.id} ${row.questionnaire}` },
    },
  ];
}

const writtenRise = ({ since, from, to, by, interval }: Rise): WrittenRise => ({
  ...{ since, from: written(from), to: written(to), by: written(by) },
  interval: [interval[0].toFixed(2), interval[1].toFixed(2)],
});

/** Months with a final result, the latest first. */
export async function finalPeriods(query: Query, limit: number): Promise<string[]> {
  const rows = await query<{ period: string }>({
    text: `SELECT DISTINCT period FROM publication WHERE stage = 'final' ORDER BY period DESC LIMIT $1`,
    values: [limit],
  });
  return rows.map(({ period }) => period);
}
