import type { Query } from '../../platform/database.ts';
import { validResponse } from '../quality/invalidate.ts';
import { type Disposition, type Group, groupOf } from './disposition.ts';
import type { GroupCounts } from './rates.ts';

/** How a round stands, counted in the database: by manager and disposition, over everybody released. */
export interface Tally {
  readonly managerId: string;
  readonly disposition: Disposition;
  /** Whether a person was reached under these numbers within a year: decides between non-contact and unknown. */
  readonly proven: boolean;
  readonly state: 'pending' | 'active' | 'done';
  readonly cases: number;
  /** Of these, how many gave a rating that a published rule has struck (src/survey/quality). */
  readonly struck: number;
}

/** A person was heard under the number within twelve months of the launch (method §2). `p` is the phone, `r` the round. */
export const provenNumber = `coalesce(p.proven_at > r.launched_at - interval '12 months', false)`;

export function readTallies(query: Query, roundId: string): Promise<Tally[]> {
  return query<Tally>({
    name: 'progress-tallies',
    text: `
      SELECT c.manager_id AS "managerId", c.disposition, ${provenNumber} AS proven, c.state, count(*)::int AS cases,
             count(*) FILTER (WHERE c.overall IS NOT NULL AND NOT ${validResponse})::int AS struck
      FROM survey_case c JOIN phone p ON p.id = c.phone_id JOIN round r ON r.id = c.round_id WHERE c.round_id = $1 GROUP BY 1, 2, 3, 4`,
    values: [roundId],
  });
}

/** Cases by AAPOR group. */
export function groupCounts(tallies: readonly Tally[]): GroupCounts {
  const counts: Record<Group | 'UH', number> = { I: 0, P: 0, R: 0, NC: 0, O: 0, UH: 0, UO: 0, NE: 0 };
  for (const { disposition, proven, cases } of tallies) counts[groupOf(disposition, proven)] += cases;
  return counts;
}

/** Valid responses by the channel in which the rating that counts was given. */
export async function readChannels(
  query: Query,
  roundId: string,
  overallItem: string,
): Promise<{ managerId: string; channel: 'voice' | 'sms' | 'desk'; responses: number }[]> {
  return query({
    text: `
      SELECT last.manager_id AS "managerId", last.channel, count(*)::int AS responses
      FROM (
        SELECT DISTINCT ON (c.id) c.manager_id, a.channel FROM survey_case c
        JOIN answer n ON n.case_id = c.id AND n.item = $2 JOIN attempt a ON a.id = n.attempt_id
        WHERE c.round_id = $1 AND ${validResponse} ORDER BY c.id, n.at DESC, n.turn DESC
      ) AS last GROUP BY 1, 2`,
    values: [roundId, overallItem],
  });
}
