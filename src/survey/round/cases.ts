import type { Query } from '../../platform/database.ts';

/** A case as the outside may know it: how far it is, under a masked number; never an answer, and never whose shop. */
export interface ListedCase {
  readonly id: string;
  readonly managerId: string;
  readonly phone: string;
  readonly wave: number;
  readonly state: 'pending' | 'active' | 'done';
  readonly disposition: string;
  readonly attempts: number;
  readonly dueAt: Date | null;
  readonly dueChannel: 'voice' | 'sms' | 'desk' | null;
}

export function listCases(query: Query, roundId: string, after: string | null, limit: number): Promise<ListedCase[]> {
  return query<ListedCase>({
    text: `
      SELECT c.id, c.manager_id AS "managerId", p.masked AS phone, c.wave, c.state, c.disposition,
             (SELECT count(*)::int FROM attempt a WHERE a.case_id = c.id) AS attempts, c.due_at AS "dueAt", c.due_channel AS "dueChannel"
      FROM survey_case c JOIN phone p ON p.id = c.phone_id
      WHERE c.round_id = $1 AND ($2::uuid IS NULL OR c.id > $2) ORDER BY c.id LIMIT $3`,
    values: [roundId, after, limit],
  });
}
