import type { Query } from '../../platform/database.ts';
import { never } from '../../platform/errors.ts';

/** The fact that an appeal is about. */
export interface AppealedFact {
  readonly id: string;
  readonly period: string;
  readonly managerId: string;
  readonly kind: 'wrong-assignment' | 'invalid-call' | 'indicator';
  /** Of the first two kinds. */
  readonly retailerId: string | null;
  /** Of the third: which, and what it should be. */
  readonly indicator: string | null;
  readonly value: string | null;
}

/** Mends the fact. The score is not touched here: it follows when the notice is made anew. */
export function mend(query: Query, appeal: AppealedFact, now: Date): Promise<unknown> {
  switch (appeal.kind) {
    case 'indicator':
      return mendIndicator(query, appeal);
    case 'invalid-call':
      return strike(query, appeal, now);
    case 'wrong-assignment':
      return takeOutOfFrame(query, appeal, now);
    default:
      return never(appeal.kind);
  }
}

const mendIndicator = (query: Query, { period, managerId, indicator, value }: AppealedFact) =>
  query({
    text: `
      INSERT INTO unit_indicator (period, manager_id, code, value, source) VALUES ($1, $2, $3, $4, 'appeal')
      ON CONFLICT (period, manager_id, code) DO UPDATE
      SET value = excluded.value, source = excluded.source, events = NULL, done = NULL, due = NULL`,
    values: [period, managerId, indicator, value],
  });

/** Rounds of the months that his published score looks back on. */
const hisRounds = `
  SELECT r.id FROM round r
  WHERE r.state = 'closed' AND r.period <= $2 AND r.period >= coalesce((
    SELECT m->'window'->>'first' FROM (
      SELECT document FROM publication WHERE period = $2 ORDER BY sequence DESC LIMIT 1
    ) p, jsonb_array_elements(p.document->'managers') m WHERE m->>'id' = $3), $2)`;

/** What the shop said of him does not count; that it was asked stays. */
const strike = (query: Query, { id, period, managerId, retailerId }: AppealedFact, now: Date) =>
  query({
    text: `
      INSERT INTO invalidation (case_id, rule, detail, by, at)
      SELECT c.id, 'appeal', jsonb_build_object('appeal', $1::text), 'system', $5 FROM survey_case c
      WHERE c.manager_id = $3 AND c.retailer_id = $4 AND c.round_id IN (${hisRounds})
      ON CONFLICT (case_id, rule) WHERE withdrawn_at IS NULL DO NOTHING`,
    values: [id, period, managerId, retailerId, now],
  });

/** For him the shop was never in the frame. What it said is nobody’s: its true manager was not asked about. */
async function takeOutOfFrame(query: Query, appeal: AppealedFact, now: Date): Promise<void> {
  const { id, period, managerId, retailerId } = appeal;
  await strike(query, appeal, now);
  await query({
    text: `
      INSERT INTO frame_correction (round_id, retailer_id, appeal_id, at)
      SELECT f.round_id, f.retailer_id, $1, $5 FROM frame_line f
      WHERE f.manager_id = $3 AND f.retailer_id = $4 AND f.round_id IN (${hisRounds})
      ON CONFLICT DO NOTHING`,
    values: [id, period, managerId, retailerId, now],
  });
}
