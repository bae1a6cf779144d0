import type { Query } from '../../platform/database.ts';

/** A response that counts: an overall rating that no rule has struck. `c` is the case. */
export const validResponse = `(c.overall IS NOT NULL AND NOT EXISTS (SELECT FROM invalidation i WHERE i.case_id = c.id AND i.withdrawn_at IS NULL))`;

/** A round, or only those of its cases whose number one of these has. */
export interface Concerned {
  readonly roundIds: readonly string[];
  /** null = every case of these rounds. */
  readonly caseIds: readonly string[] | null;
}

const concerned = `c.round_id = ANY($1) AND ($2::uuid[] IS NULL OR c.phone_id IN (SELECT phone_id FROM survey_case WHERE id = ANY($2)))`;

/**
 * Applies the rules (rules.ts) to what is known now: whenever facts were settled, and once more as the round closes. One
 * statement; asked again it finds nothing to do. A line whose rule holds no longer, because a later answer came from
 * elsewhere, is withdrawn and stays as history; what an appeal struck stays struck. The number a rating came from is that of the attempt that brought it.
 */
export async function applyInvalidationRules(query: Query, { roundIds, caseIds }: Concerned, now: Date): Promise<void> {
  await query({
    name: 'invalidate',
    text: `
      WITH rated AS (
        SELECT c.id, c.round_id, c.position, d.frozen_at, coalesce(heard.channel, 'voice') AS channel,
               coalesce(heard.phone_id, c.phone_id) AS phone_id, coalesce(f.phone_id, c.phone_id) AS own_phone_id
        FROM survey_case c JOIN round r ON r.id = c.round_id JOIN questionnaire q ON q.id = r.questionnaire_id
        LEFT JOIN draw d ON d.round_id = r.id
        LEFT JOIN frame_line f ON f.round_id = c.round_id AND f.retailer_id = c.retailer_id
        LEFT JOIN LATERAL (
          SELECT a.phone_id, a.channel FROM answer n JOIN attempt a ON a.id = n.attempt_id
          WHERE n.case_id = c.id AND n.item = q.document #>> '{items,0,id}' ORDER BY n.at DESC, n.turn DESC LIMIT 1
        ) heard ON true
        WHERE c.overall IS NOT NULL AND ${concerned}
      ), struck AS (
        SELECT rated.id AS case_id, 'staff-number' AS rule, jsonb_build_object('employee', s.employee) AS detail
        FROM rated JOIN phone p ON p.id = rated.phone_id CROSS JOIN LATERAL (
          SELECT employee FROM staff_phone s
          WHERE s.blind_index = p.blind_index AND s.since <= rated.frozen_at AND (s.until IS NULL OR s.until > rated.frozen_at)
          ORDER BY s.since DESC LIMIT 1
        ) s
        UNION ALL
        SELECT id, 'shared-phone', jsonb_build_object('stays', stays) FROM (
          SELECT id, first_value(id) OVER (PARTITION BY round_id, phone_id ORDER BY position) AS stays FROM rated
        ) together WHERE stays <> id
        UNION ALL
        SELECT id, 'other-number', '{}' FROM rated WHERE channel = 'sms' AND phone_id <> own_phone_id
      ), withdrawn AS (
        UPDATE invalidation i SET withdrawn_at = $3 FROM survey_case c
        WHERE c.id = i.case_id AND i.withdrawn_at IS NULL AND i.rule <> 'appeal' AND ${concerned}
          AND NOT EXISTS (SELECT FROM struck WHERE struck.case_id = i.case_id AND struck.rule = i.rule)
      )
      INSERT INTO invalidation (case_id, rule, detail, by, at)
      SELECT case_id, rule, detail, 'system', $3 FROM struck
      ON CONFLICT (case_id, rule) WHERE withdrawn_at IS NULL DO NOTHING`,
    values: [roundIds, caseIds, now],
  });
}

/** How many responses of a round each rule has struck, per manager and rule. A response may be struck by two. */
export interface InvalidCount {
  readonly managerId: string;
  readonly rule: string;
  readonly responses: number;
}

/** By manager: how many each rule has struck. */
export function invalidByManager(counts: readonly InvalidCount[]): Map<string, Record<string, number>> {
  const managers = new Map<string, Record<string, number>>();
  for (const { managerId, rule, responses } of counts)
    managers.set(managerId, { ...managers.get(managerId), [rule]: responses });
  return managers;
}

export function countInvalid(query: Query, roundId: string): Promise<InvalidCount[]> {
  return query<InvalidCount>({
    text: `
      SELECT c.manager_id AS "managerId", i.rule, count(*)::int AS responses
      FROM invalidation i JOIN survey_case c ON c.id = i.case_id
      WHERE c.round_id = $1 AND c.overall IS NOT NULL AND i.withdrawn_at IS NULL GROUP BY 1, 2 ORDER BY 1, 2`,
    values: [roundId],
  });
}
