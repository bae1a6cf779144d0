import type { Query } from '../../platform/database.ts';

/** Spot checks of a round as they are told: who asked, of whom, when and why, and what came of it. */
export interface ListedSpotCheck {
  readonly id: string;
  /** A user's id. */
  readonly askedBy: string;
  /** null where he is no user any more. */
  readonly askedByName: string | null;
  /** The program that brought it, as `key:` and its id; null = by page. */
  readonly via: string | null;
  readonly program: string | null;
  readonly reason: string;
  readonly managerIds: readonly string[];
  readonly managerNames: readonly string[];
  /** How many managers the draw chooses; null = those named. */
  readonly random: number | null;
  /** The only district that is checked; null = the whole city. */
  readonly districtId: string | null;
  readonly perManager: number;
  readonly dueAt: Date;
  readonly state: 'scheduled' | 'released' | 'cancelled';
  readonly createdAt: Date;
  readonly released: number;
  /** What came of it, when less was taken than asked for. */
  readonly note: string | null;
}

/** The one due last first. @param districtId the only district whose own and whose managers' are told; null = all. */
export const readSpotChecks = (query: Query, roundId: string, districtId: string | null): Promise<ListedSpotCheck[]> =>
  query<ListedSpotCheck>({
    text: `
      SELECT s.id, s.asked_by AS "askedBy", u.name AS "askedByName", s.via, k.name AS program, s.reason,
             s.manager_ids AS "managerIds", ARRAY(SELECT name FROM manager WHERE id = ANY(s.manager_ids) ORDER BY id) AS "managerNames",
             s.random_managers AS random, s.district_id AS "districtId", s.per_manager AS "perManager", s.due_at AS "dueAt",
             s.state, s.created_at AS "createdAt", s.note,
             (SELECT coalesce(sum(e.count), 0)::int FROM release e WHERE e.spot_check_id = s.id) AS released
      FROM spot_check s LEFT JOIN app_user u ON u.id::text = s.asked_by LEFT JOIN api_key k ON 'key:' || k.id = s.via
      WHERE s.round_id = $1
        AND ($2::text IS NULL OR s.district_id = $2 OR EXISTS (SELECT FROM manager g WHERE g.id = ANY(s.manager_ids) AND g.district_id = $2))
      ORDER BY s.due_at DESC, s.created_at DESC, s.id`,
    values: [roundId, districtId],
  });
