import type { Query } from '../../platform/database.ts';
import { parseQuantity, ZERO } from '../exact.ts';
import type { RuleSet } from '../rules.ts';
import type { Qualifications } from './qualifications.ts';

export const nothing: Qualifications = { certificates: [], exams: [], trainingHours: ZERO };

/**
 * What each manager could show by the last day of a month, from the records that stand; whoever has none is left out.
 * Where the rule set asks nothing of anybody, nothing is read.
 */
export async function readQualifications(
  query: Query,
  period: string,
  { tiers }: Pick<RuleSet, 'tiers'>,
): Promise<Map<string, Qualifications>> {
  if (Object.values(tiers.requirements).every((asked) => asked === undefined)) return new Map();
  const rows = await query<{ id: string; certificates: string[]; exams: string[]; hours: string }>({
    name: 'score-qualifications',
    text: `
      SELECT manager_id AS id,
             coalesce(array_agg(DISTINCT name) FILTER (WHERE kind = 'certificate'), '{}') AS certificates,
             coalesce(array_agg(DISTINCT name) FILTER (WHERE kind = 'exam'), '{}') AS exams,
             trim_scale(coalesce(sum(hours), 0))::text AS hours
      FROM training_record r
      WHERE day < ($1 || '-01')::date + interval '1 month' AND NOT EXISTS (SELECT FROM training_reversal b WHERE b.record_id = r.id)
      GROUP BY manager_id`,
    values: [period],
  });
  return new Map(rows.map(({ id, hours, ...held }) => [id, { ...held, trainingHours: parseQuantity(hours) ?? ZERO }]));
}
