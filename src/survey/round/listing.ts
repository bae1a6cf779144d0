import type { Query } from '../../platform/database.ts';
import { validResponse } from '../quality/invalidate.ts';

/** Rounds as others are told of them: facts and counts, never an answer. */
export interface ListedRound {
  readonly id: string;
  readonly period: string;
  readonly state: 'draft' | 'committed' | 'fielding' | 'paused' | 'closed' | 'cancelled';
  readonly questionnaireId: string;
  readonly ruleSetId: string;
  readonly launchedAt: Date;
  readonly fieldingAt: Date | null;
  readonly closesAt: Date | null;
  readonly closedAt: Date | null;
  readonly reason: string | null;
  readonly released: number;
  readonly open: number;
  readonly valid: number;
}

/** Where a page of rounds begins: after this one, latest first. */
export interface RoundPlace {
  readonly launchedAt: Date;
  readonly id: string;
}

const listed = `
  r.id, r.period, r.state, r.questionnaire_id AS "questionnaireId", r.rule_set_id AS "ruleSetId", r.launched_at AS "launchedAt",
  r.fielding_at AS "fieldingAt", r.closes_at AS "closesAt", r.closed_at AS "closedAt", r.reason,
  count(c.id)::int AS released, count(c.id) FILTER (WHERE c.state <> 'done')::int AS open, count(c.id) FILTER (WHERE ${validResponse})::int AS valid`;

export function listRounds(query: Query, after: RoundPlace | null, limit: number): Promise<ListedRound[]> {
  return query<ListedRound>({
    text: `
      SELECT ${listed} FROM round r LEFT JOIN survey_case c ON c.round_id = r.id
      WHERE $1::timestamptz IS NULL OR (r.launched_at, r.id) < ($1, $2)
      GROUP BY r.id ORDER BY r.launched_at DESC, r.id DESC LIMIT $3`,
    values: [after?.launchedAt ?? null, after?.id ?? null, limit],
  });
}

export async function readRound(query: Query, roundId: string): Promise<ListedRound | null> {
  const [round] = await query<ListedRound>({
    text: `SELECT ${listed} FROM round r LEFT JOIN survey_case c ON c.round_id = r.id WHERE r.id = $1 GROUP BY r.id`,
    values: [roundId],
  });
  return round ?? null;
}
