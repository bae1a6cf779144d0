import type { Query } from '../../platform/database.ts';
import { saidStop } from '../fieldwork/opt-out.ts';
import { compareFrames, type FormerLine, type ManagerCompleteness, type Standing } from './completeness.ts';
import { companyDay } from './import.ts';

/** The roster as it stands, or the frame of one round, beside the frame before it. */
export interface FrameCheck {
  /** The round whose frame is looked at; null = the roster as it stands, which the next freeze would take. */
  readonly roundId: string | null;
  /** The round it is compared with; null = there was none. */
  readonly formerId: string | null;
  readonly managers: readonly ManagerCompleteness[];
}

/**
 * @param now the moment the roster is looked at; of a frozen round its own freeze counts.
 * @returns null where that round has no frozen frame.
 */
export async function checkFrame(query: Query, now: Date, roundId: string | null = null): Promise<FrameCheck | null> {
  const [round] = roundId === null ? [{ frozenAt: now }] : await readFreeze(query, roundId);
  if (!round) return null;
  const formerId = await findFormer(query, round.frozenAt, roundId);
  const former = formerId === null ? [] : await readFrame(query, formerId);
  const standing = roundId === null ? await readRoster(query, now) : await readFrozen(query, roundId, round.frozenAt);
  return { roundId, formerId, managers: compareFrames(former, standing, round.frozenAt) };
}

const readFreeze = (query: Query, roundId: string): Promise<{ frozenAt: Date }[]> =>
  query({
    text: 'SELECT frozen_at AS "frozenAt" FROM draw WHERE round_id = $1 AND frozen_at IS NOT NULL',
    values: [roundId],
  });

/** The last frame that was frozen before, of a round that was not cancelled. */
async function findFormer(query: Query, before: Date, roundId: string | null): Promise<string | null> {
  const [row] = await query<{ id: string }>({
    text: `
      SELECT r.id FROM round r JOIN draw d ON d.round_id = r.id
      WHERE d.frozen_at <= $1 AND r.state <> 'cancelled' AND r.id IS DISTINCT FROM $2
      ORDER BY d.frozen_at DESC, r.id DESC LIMIT 1`,
    values: [before, roundId],
  });
  return row?.id ?? null;
}

const readFrame = (query: Query, roundId: string): Promise<FormerLine[]> =>
  query<FormerLine>({
    text: 'SELECT retailer_id AS "retailerId", manager_id AS "managerId" FROM frame_line WHERE round_id = $1 ORDER BY retailer_id',
    values: [roundId],
  });

/** When each shop got the number it was called on at $1, where it had another one before. */
const changes = `
  LEFT JOIN LATERAL (
    SELECT c.since FROM retailer_phone c
    WHERE c.retailer_id = s.id AND c.place = 0 AND c.since <= $1 AND (c.until IS NULL OR c.until > $1)
      AND EXISTS (SELECT FROM retailer_phone e WHERE e.retailer_id = s.id AND e.place = 0 AND e.since < c.since)
    ORDER BY c.since DESC LIMIT 1
  ) change ON true`;

const readRoster = (query: Query, now: Date): Promise<Standing[]> =>
  query<Standing>({
    text: `
      SELECT s.id AS "retailerId", a.manager_id AS "managerId", s.status = 'closed' AS closed, p.opted_out_at IS NOT NULL OR ${saidStop('s.id')} AS "optedOut",
             p.id IS NOT NULL AS "hasPhone", change.since AS "phoneChangedAt"
      FROM retailer s
      JOIN assignment a ON a.retailer_id = s.id AND a.from_day <= $2::date AND (a.until_day IS NULL OR a.until_day > $2::date)
      LEFT JOIN phone p ON p.id = s.phone_id ${changes} ORDER BY s.id`,
    values: [now, companyDay(now)],
  });

const readFrozen = (query: Query, roundId: string, frozenAt: Date): Promise<Standing[]> =>
  query<Standing>({
    text: `
      SELECT s.id AS "retailerId", s.manager_id AS "managerId", coalesce(s.reason = 'closed', false) AS closed,
             coalesce(s.reason = 'opted-out', false) AS "optedOut", s.reason IS DISTINCT FROM 'no-phone' AS "hasPhone",
             change.since AS "phoneChangedAt"
      FROM (
        SELECT retailer_id AS id, manager_id, NULL::exclusion_reason AS reason FROM frame_line WHERE round_id = $2
        UNION ALL SELECT retailer_id, manager_id, reason FROM exclusion WHERE round_id = $2
      ) AS s ${changes} ORDER BY s.id`,
    values: [frozenAt, roundId],
  });
