import type { Query } from '../../platform/database.ts';
import type { Response } from './answers.ts';
import { validResponse } from './invalidate.ts';
import type { ChangedPhone, KeyedCase, Recheck } from './single-cases.ts';
import type { Finding } from './thresholds.ts';

/** What the detectors look at, read of one round, and what they found, stored. */

/** Valid responses, each with what the same shop answered the time before. */
export const readResponses = (query: Query, roundId: string): Promise<Response[]> =>
  query<Response>({
    text: `
      SELECT c.id AS "caseId", c.manager_id AS "managerId", c.answers, before.answers AS before
      FROM survey_case c JOIN round r ON r.id = c.round_id LEFT JOIN LATERAL (
        SELECT b.answers FROM survey_case b JOIN round e ON e.id = b.round_id
        WHERE b.retailer_id = c.retailer_id AND b.overall IS NOT NULL AND e.launched_at < r.launched_at
        ORDER BY e.launched_at DESC LIMIT 1
      ) before ON true
      WHERE c.round_id = $1 AND ${validResponse} ORDER BY c.position`,
    values: [roundId],
  });

/** Rated shops whose number at the freeze had taken another one's place, whenever. */
export const readChangedPhones = (query: Query, roundId: string): Promise<ChangedPhone[]> =>
  query<ChangedPhone>({
    text: `
      SELECT c.id AS "caseId", c.manager_id AS "managerId", l.since AS "changedAt"
      FROM survey_case c JOIN draw d ON d.round_id = c.round_id
      JOIN retailer_phone l ON l.retailer_id = c.retailer_id AND l.place = 0 AND l.since <= d.frozen_at AND (l.until IS NULL OR l.until > d.frozen_at)
      WHERE c.round_id = $1 AND ${validResponse}
        AND EXISTS (SELECT FROM retailer_phone e WHERE e.retailer_id = l.retailer_id AND e.place = 0 AND e.since < l.since)
      ORDER BY c.position`,
    values: [roundId],
  });

/** Cases that the desk called again, and what it heard. */
export const readRechecks = (query: Query, roundId: string): Promise<Recheck[]> =>
  query<Recheck>({
    text: `
      SELECT c.id AS "caseId", c.manager_id AS "managerId", c.answers AS first, t.answers AS again
      FROM desk_task t JOIN survey_case c ON c.id = t.case_id
      WHERE c.round_id = $1 AND t.reason = 'recheck' AND t.answers IS NOT NULL AND ${validResponse} ORDER BY c.position`,
    values: [roundId],
  });

/** Those done since their round was closed, and after `since`, that no flag was raised for. */
export const readLateRechecks = (
  query: Query,
  since: Date,
): Promise<(Recheck & { readonly roundId: string; readonly questionnaireId: string })[]> =>
  query({
    text: `
      SELECT c.round_id AS "roundId", r.questionnaire_id AS "questionnaireId", c.id AS "caseId", c.manager_id AS "managerId",
             c.answers AS first, t.answers AS again
      FROM desk_task t JOIN survey_case c ON c.id = t.case_id JOIN round r ON r.id = c.round_id
      WHERE t.reason = 'recheck' AND t.answers IS NOT NULL AND r.state = 'closed' AND t.done_at >= r.closed_at AND t.done_at >= $1
        AND ${validResponse} AND NOT EXISTS (SELECT FROM flag f WHERE f.case_id = c.id AND f.kind = 'recheck-mismatch')
      ORDER BY t.done_at, c.id`,
    values: [since],
  });

/** Answers by key on the telephone, each beside what was being said when it came. */
export const readKeyed = (query: Query, roundId: string): Promise<KeyedCase[]> =>
  query<KeyedCase>({
    text: `
      SELECT c.id AS "caseId", c.manager_id AS "managerId", s.language,
             json_agg(json_build_object('item', n.item, 'reply', b.reply, 'seconds', extract(epoch FROM t.at - b.at)) ORDER BY t.at) AS keyed
      FROM survey_case c JOIN retailer s ON s.id = c.retailer_id
      JOIN answer n ON n.case_id = c.id
      JOIN attempt a ON a.id = n.attempt_id AND a.channel = 'voice'
      JOIN turn t ON t.attempt_id = n.attempt_id AND t.number = n.turn
      JOIN turn b ON b.attempt_id = n.attempt_id AND b.number = n.turn - 1
      WHERE c.round_id = $1 AND ${validResponse} GROUP BY c.id, s.language ORDER BY c.position`,
    values: [roundId],
  });

/**
 * Rated from a number that was put on the staff's list only after the freeze: no rule strikes it, since the list of the
 * freeze holds, and somebody should look.
 */
export const readLateStaffNumbers = (query: Query, roundId: string): Promise<Finding[]> =>
  query<Finding>({
    text: `
      SELECT DISTINCT ON (c.id) 'late-staff-number' AS kind, c.manager_id AS "managerId", c.id AS "caseId",
             jsonb_build_object('employee', f.employee) AS evidence
      FROM survey_case c JOIN draw d ON d.round_id = c.round_id
      JOIN attempt a ON a.case_id = c.id JOIN answer n ON n.attempt_id = a.id
      JOIN phone p ON p.id = a.phone_id JOIN staff_phone f ON f.blind_index = p.blind_index AND f.since > d.frozen_at
      WHERE c.round_id = $1 AND ${validResponse} ORDER BY c.id, f.since`,
    values: [roundId],
  });

export interface RaisedFlag extends Finding {
  readonly id: string;
}

/** Stores those that are not there yet. @returns the kinds of those that are new. */
export async function storeFlags(
  query: Query,
  roundId: string,
  flags: readonly RaisedFlag[],
  now: Date,
): Promise<string[]> {
  const raised = await query<{ kind: string }>({
    text: `
      INSERT INTO flag (id, round_id, manager_id, case_id, kind, evidence, raised_at)
      SELECT id, $1, manager_id, case_id, kind, evidence, $2
      FROM unnest($3::uuid[], $4::text[], $5::uuid[], $6::text[], $7::jsonb[]) AS f (id, manager_id, case_id, kind, evidence)
      ON CONFLICT DO NOTHING RETURNING kind`,
    values: [
      roundId,
      now,
      flags.map(({ id }) => id),
      flags.map(({ managerId }) => managerId),
      flags.map(({ caseId }) => caseId),
      flags.map(({ kind }) => kind),
      flags.map(({ evidence }) => JSON.stringify(evidence)),
    ],
  });
  return raised.map(({ kind }) => kind);
}
