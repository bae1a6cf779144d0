import type { Chance } from '../../platform/chance.ts';
import type { Query } from '../../platform/database.ts';
import { chosenUnder, type DeskShares } from '../desk/chosen.ts';
import { readNotRatedTwice } from '../desk/not-rated.ts';
import { rotationOf, ticketsUnder } from '../draw/satq1.ts';
import { nextOpening } from '../fieldwork/calendar.ts';
import type { ContactRules } from '../fieldwork/plan.ts';

/**
 * Releasing retailers to be asked: a line of the release log for each stretch of a manager's order, and one case a
 * retailer. The one way in which a case comes to be, whether a wave or a spot check takes it.
 */
export interface Stretch {
  readonly managerId: string;
  /** 1 to 3 for waves, 0 for a spot check. */
  readonly wave: number;
  readonly lines: readonly ReleasedLine[];
}

export interface ReleasedLine {
  readonly retailerId: string;
  readonly phoneId: string;
  readonly position: number;
}

export interface ReleaseWish {
  readonly roundId: string;
  /** Of the draw: whose tickets also say which of the rotating items a case is asked. */
  readonly seed: string;
  /** The spot check that takes them; null for waves. */
  readonly spotCheckId: string | null;
  readonly contact: ContactRules;
  readonly desk: DeskShares;
  readonly now: Date;
}

/**
 * In the caller's transaction, which holds the round. Each case is due as soon as its shop may be called. Whoever opted
 * out after the freeze is released like everybody and posted to be settled, because nobody will ever dial him.
 *
 * @returns how many were released.
 */
export async function release(
  { chance }: { readonly chance: Chance },
  query: Query,
  { roundId, seed, spotCheckId, contact, desk, now }: ReleaseWish,
  stretches: readonly Stretch[],
): Promise<number> {
  const taken = stretches.flatMap(({ managerId, lines }) => lines.map((line) => ({ managerId, ...line })));
  if (taken.length === 0) return 0;
  const ticket = ticketsUnder(seed);
  const chosen = chosenUnder(seed, desk);
  const [round] = await query<{ period: string }>({
    text: 'SELECT period FROM round WHERE id = $1',
    values: [roundId],
  });
  const owed = await readNotRatedTwice(query, round?.period ?? '');
  const ifSilent = (managerId: string, retailerId: string) =>
    owed.has(managerId) ? 'not-rated' : chosen(retailerId).ifSilent ? 'silent-sample' : null;
  const zones = await query<{ time_zone: string }>({ text: 'SELECT DISTINCT time_zone FROM retailer' });
  await query({
    text: `
      WITH logged AS (
        INSERT INTO release (round_id, manager_id, kind, wave, at, count, spot_check_id)
        SELECT $1, manager_id, CASE WHEN $2::uuid IS NULL THEN 'wave' ELSE 'spot-check' END::release_kind, wave, $3, count, $2
        FROM unnest($4::text[], $5::int[], $6::int[]) AS stretch (manager_id, wave, count)
        RETURNING id, manager_id, wave
      ), opened AS (
        INSERT INTO survey_case (id, round_id, retailer_id, manager_id, phone_id, position, release_id, wave, time_zone,
                                 ordering_half_days, delivery_half_days, due_at, due_channel, rotation, if_silent, recheck)
        SELECT made.id, $1, made.retailer_id, made.manager_id, made.phone_id, made.position, logged.id, logged.wave, s.time_zone,
               s.ordering_half_days, s.delivery_half_days, opening.at, 'voice', made.rotation, made.if_silent::desk_reason, made.recheck
        FROM unnest($7::uuid[], $8::text[], $9::text[], $10::uuid[], $11::int[], $14::smallint[], $15::text[], $16::boolean[])
          AS made (id, retailer_id, manager_id, phone_id, position, rotation, if_silent, recheck)
        JOIN logged ON logged.manager_id = made.manager_id
        JOIN retailer s ON s.id = made.retailer_id
        JOIN unnest($12::text[], $13::timestamptz[]) AS opening (zone, at) ON opening.zone = s.time_zone
        RETURNING id, phone_id
      )
      INSERT INTO outbox (topic, case_id, at)
      SELECT 'released', opened.id, $3 FROM opened JOIN phone p ON p.id = opened.phone_id WHERE p.opted_out_at IS NOT NULL`,
    values: [
      roundId,
      spotCheckId,
      now,
      stretches.map(({ managerId }) => managerId),
      stretches.map(({ wave }) => wave),
      stretches.map(({ lines }) => lines.length),
      taken.map(() => chance.id()),
      taken.map(({ retailerId }) => retailerId),
      taken.map(({ managerId }) => managerId),
      taken.map(({ phoneId }) => phoneId),
      taken.map(({ position }) => position),
      zones.map(({ time_zone }) => time_zone),
      zones.map(({ time_zone }) => nextOpening(now, time_zone, contact)),
      taken.map(({ retailerId }) => rotationOf(ticket(retailerId))),
      taken.map(({ managerId, retailerId }) => ifSilent(managerId, retailerId)),
      taken.map(({ retailerId }) => chosen(retailerId).recheck),
    ],
  });
  return taken.length;
}

/** Who of these managers may still be taken, in their order: neither resting nor released. */
export async function readAvailable(
  query: Query,
  roundId: string,
  managerIds: readonly string[],
): Promise<Map<string, ReleasedLine[]>> {
  const rows = await query<ReleasedLine & { managerId: string }>({
    text: `
      SELECT f.manager_id AS "managerId", f.retailer_id AS "retailerId", f.phone_id AS "phoneId", f.position
      FROM frame_line f
      WHERE f.round_id = $1 AND f.manager_id = ANY($2) AND f.resting IS NULL
        AND NOT EXISTS (SELECT FROM survey_case c WHERE c.round_id = f.round_id AND c.retailer_id = f.retailer_id)
      ORDER BY f.position`,
    values: [roundId, managerIds],
  });
  const available = new Map<string, ReleasedLine[]>(managerIds.map((managerId) => [managerId, []]));
  for (const { managerId, ...line } of rows) available.get(managerId)?.push(line);
  return available;
}
