import type { Query } from '../../platform/database.ts';
import type { Stage } from '../publication.ts';
import type { RuleSetDocument } from '../rules.ts';

/** A month that was asked about or published, and how far it has come. */
export interface PeriodStanding {
  readonly period: string;
  /** `open` until its result is on the board. */
  readonly stage: 'open' | Stage;
  /** Of the rule set it is scored by: that of its latest round. */
  readonly rules: RuleSetDocument;
  readonly hash: string | null;
  readonly sequence: number | null;
  readonly publishedAt: Date | null;
  readonly appealsUntil: Date | null;
  readonly openAppeals: number;
}

/** Months, latest first; `after` = only those before it. */
export function listPeriods(query: Query, after: string | null, limit: number): Promise<PeriodStanding[]> {
  return query<PeriodStanding>({
    name: 'periods-list',
    text: `
      SELECT m.period, coalesce(p.stage, 'open') AS stage, s.document AS rules, p.hash, p.sequence, p.published_at AS "publishedAt",
             p.appeals_until AS "appealsUntil",
             (SELECT count(*)::int FROM appeal a WHERE a.period = m.period AND a.state = 'open') AS "openAppeals"
      FROM (
        SELECT DISTINCT ON (period) period, rule_set_id FROM round WHERE state NOT IN ('draft', 'cancelled')
        ORDER BY period DESC, launched_at DESC
      ) m JOIN rule_set s ON s.id = m.rule_set_id
      LEFT JOIN LATERAL (SELECT * FROM publication p WHERE p.period = m.period ORDER BY sequence DESC LIMIT 1) p ON true
      WHERE $1::text IS NULL OR m.period < $1 ORDER BY m.period DESC LIMIT $2`,
    values: [after, limit],
  });
}
