import type { Query } from '../../platform/database.ts';

/** A notice that a manager can still appeal against, and what it says of him that an appeal could be about. */
export interface AppealableNotice {
  readonly period: string;
  readonly appealsUntil: Date;
  readonly timeZone: string;
  /** Unit indicators as they came in. */
  readonly indicators: Readonly<Record<string, string | null>>;
}

/** Latest first. */
export function readAppealable(query: Query, managerId: string, now: Date): Promise<AppealableNotice[]> {
  return query<AppealableNotice>({
    name: 'appeals-appealable',
    text: `
      SELECT p.period, p.appeals_until AS "appealsUntil", p.document#>>'{rules,timeZone}' AS "timeZone",
             r.document->'indicators' AS indicators
      FROM publication p JOIN result r ON r.publication_hash = p.hash AND r.manager_id = $1
      WHERE p.stage = 'notice' AND p.appeals_until > $2
        AND NOT EXISTS (SELECT FROM publication later WHERE later.period = p.period AND later.sequence > p.sequence)
      ORDER BY p.period DESC`,
    values: [managerId, now],
  });
}

/** When, and about whom, notices of a period were corrected: first to last. */
export function readCorrections(query: Query, period: string): Promise<{ readonly at: Date; readonly name: string }[]> {
  return query({
    name: 'appeals-corrections',
    text: `
      SELECT a.decided_at AS at, m.name FROM appeal a JOIN manager m ON m.id = a.manager_id
      WHERE a.period = $1 AND a.state = 'upheld' ORDER BY a.decided_at, a.id`,
    values: [period],
  });
}
