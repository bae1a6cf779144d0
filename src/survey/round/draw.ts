import { audit } from '../../platform/audit.ts';
import type { Query } from '../../platform/database.ts';
import { dayIn } from '../../platform/day.ts';
import { monthsLater } from '../../platform/months.ts';
import type { DeskShares } from '../desk/chosen.ts';
import { seedOf } from '../draw/satq1.ts';
import { completionRate, firstWave, type SamplingRules } from '../draw/sizes.ts';
import { saidStop } from '../fieldwork/opt-out.ts';
import type { ContactRules } from '../fieldwork/plan.ts';
import { validResponse } from '../quality/invalidate.ts';
import { type Exclusion, freeze, type OrderedLine, orderFrame, type RosterEntry, splitRoster } from './frame.ts';
import type { RoundServices } from './launch.ts';
import { openNonces, readNonces } from './nonces.ts';
import { release, type Stretch } from './release.ts';

export interface DrawRules {
  /** Where the company is: decides which day it is, and so who looks after whom. */
  readonly timeZone: string;
  readonly sampling: SamplingRules & { readonly restPeriods: number };
  readonly contact: ContactRules;
  /** Whom people call, of the silent and of the complete. */
  readonly desk: DeskShares;
}

interface CommittedRound {
  readonly id: string;
  readonly period: string;
  readonly ruleSetId: string;
  readonly publicEventAt: Date | null;
  readonly publicValue: string | null;
  readonly frameHash: string | null;
}

type Framed = RosterEntry & { readonly phoneId: string };

/**
 * Takes a committed round as far as it can go: freezes its frame, and, once every nonce is in and the public value is
 * known, orders it and releases the first wave. Each time in one transaction that begins by locking the round, so that
 * a job delivered twice draws once and a killed one leaves nothing half done.
 *
 * @returns whether it was this call that drew.
 */
export async function drawRound(
  services: RoundServices & { rules: (ruleSetId: string) => Promise<DrawRules> },
  roundId: string,
): Promise<boolean> {
  const now = services.clock.now();
  return services.database.transaction(async (query) => {
    const round = await lockCommitted(query, roundId);
    if (!round) return false;
    const rules = await services.rules(round.ruleSetId);
    const frozen = round.frameHash === null ? await freezeFrame(query, round, rules, now) : null;
    const frameHash = round.frameHash ?? frozen?.hash;
    // Its event was over before the frame could be frozen: such a draw proves nothing and can only be cancelled.
    if (frameHash === undefined) return false;
    const nonces = openNonces(await readNonces(query, roundId), services.vault);
    if (!nonces || round.publicValue === null) {
      if (frozen) await storeFrame(query, roundId, asFrozen(frozen.entries));
      return false;
    }
    const seed = seedOf({ drawId: roundId, frameHash, nonces, publicValue: round.publicValue });
    const lines = orderFrame(frozen?.entries ?? (await readFrozen(query, roundId)), seed);
    await (frozen ? storeFrame : placeFrame)(query, roundId, lines);
    const wish = { roundId, seed, spotCheckId: null, contact: rules.contact, desk: rules.desk, now };
    const released = await release(services, query, wish, await firstWaves(query, round, lines, rules.sampling));
    // Until the tables' sizes are known, plans are made for empty ones, and kept by prepared statements.
    await query({ text: 'ANALYZE survey_case, frame_line' });
    await query({
      text: `UPDATE round SET state = 'fielding', fielding_at = $2 WHERE id = $1`,
      values: [roundId, now],
    });
    const detail = { frameHash, frame: lines.length, released };
    await audit(query, now, { actor: 'system', action: 'round.draw', subject: roundId, detail });
    return true;
  });
}

/** Any number that is nobody else's: one draw at a time, so that a round sees whom the one before it asks. */
const drawLock = 7_310_030;

async function lockCommitted(query: Query, roundId: string): Promise<CommittedRound | null> {
  await query({ text: 'SELECT pg_advisory_xact_lock($1)', values: [drawLock] });
  const [row] = await query<CommittedRound>({
    text: `
      SELECT r.id, r.period, r.rule_set_id AS "ruleSetId", d.public_event_at AS "publicEventAt", d.public_value AS "publicValue",
             d.frame_hash AS "frameHash"
      FROM round r JOIN draw d ON d.round_id = r.id WHERE r.id = $1 AND r.state = 'committed' FOR UPDATE OF r`,
    values: [roundId],
  });
  return row ?? null;
}

/** Fixes who could be asked, who is left out and who rests, before the event happens and before any nonce is seen. */
async function freezeFrame(
  query: Query,
  { id, period, publicEventAt }: CommittedRound,
  { sampling, timeZone }: DrawRules,
  now: Date,
): Promise<{ readonly hash: string; readonly entries: readonly Framed[] } | null> {
  if (publicEventAt && publicEventAt <= now) return null;
  const today = dayIn(now, timeZone);
  const roster = await readRoster(query, today, restingPeriods(period, sampling.restPeriods));
  const { inFrame, excluded } = splitRoster(roster);
  const { hash } = freeze(inFrame);
  await storeExclusions(query, id, excluded);
  await query({
    text: `UPDATE draw SET frame_hash = $2, frozen_at = $3 WHERE round_id = $1`,
    values: [id, hash, now],
  });
  const detail = { frameHash: hash, frame: inFrame.length, excluded: excluded.length };
  await audit(query, now, { actor: 'system', action: 'round.freeze', subject: id, detail });
  return { hash, entries: inFrame };
}

/** A frozen frame that has no order yet; who rests for a shared phone is decided by the tickets. */
const asFrozen = (entries: readonly Framed[]): OrderedLine[] =>
  entries.map(({ managerId, retailerId, stratum, phoneId, rested }, position) => ({
    ...{ managerId, retailerId, stratum, phoneId, position },
    resting: rested ? 'rested' : null,
  }));

function readFrozen(query: Query, roundId: string): Promise<Framed[]> {
  return query<Framed>({
    text: `
      SELECT retailer_id AS "retailerId", manager_id AS "managerId", stratum, phone_id AS "phoneId", false AS closed,
             false AS "optedOut", resting IS NOT NULL AS rested
      FROM frame_line WHERE round_id = $1`,
    values: [roundId],
  });
}

/** Gives the lines of a frozen frame their places in the order. */
async function placeFrame(query: Query, roundId: string, lines: readonly OrderedLine[]): Promise<void> {
  await query({
    text: `
      UPDATE frame_line f SET position = placed.position, resting = placed.resting
      FROM unnest($2::text[], $3::int[], $4::rest_reason[]) AS placed (retailer_id, position, resting)
      WHERE f.round_id = $1 AND f.retailer_id = placed.retailer_id`,
    values: [
      roundId,
      lines.map((line) => line.retailerId),
      lines.map((line) => line.position),
      lines.map((line) => line.resting),
    ],
  });
}

/** The period itself and the `count` before it, latest first: `2026-12` → `2026-12`, `2026-11`, `2026-10`. */
export function restingPeriods(period: string, count: number): string[] {
  return Array.from({ length: count + 1 }, (_, index) => monthsLater(period, -index));
}

/**
 * Everybody with a manager today. Whoever was released in one of the periods rests, over all rounds, and so does a shop
 * whose number was asked under another shop's name since. A cancelled round asked only those it had begun to call.
 */
export function readRoster(query: Query, today: string, restingFrom: readonly string[]): Promise<RosterEntry[]> {
  return query<RosterEntry>({
    text: `
      WITH asked AS (
        SELECT c.retailer_id, c.phone_id FROM survey_case c JOIN round r ON r.id = c.round_id
        WHERE r.period = ANY($2) AND (r.state <> 'cancelled' OR EXISTS (SELECT FROM attempt a WHERE a.case_id = c.id AND a.dialed_at IS NOT NULL))
      )
      SELECT s.id AS "retailerId", a.manager_id AS "managerId", s.stratum, s.phone_id AS "phoneId", s.status = 'closed' AS closed,
             p.opted_out_at IS NOT NULL OR ${saidStop('s.id')} AS "optedOut",
             s.id IN (SELECT retailer_id FROM asked) OR coalesce(s.phone_id IN (SELECT phone_id FROM asked), false) AS rested
      FROM retailer s
      JOIN assignment a ON a.retailer_id = s.id AND a.from_day <= $1::date AND (a.until_day IS NULL OR a.until_day > $1::date)
      LEFT JOIN phone p ON p.id = s.phone_id`,
    values: [today, restingFrom],
  });
}

/** The first wave of every manager, from the front of his order. */
async function firstWaves(
  query: Query,
  round: CommittedRound,
  lines: readonly OrderedLine[],
  sampling: DrawRules['sampling'],
): Promise<Stretch[]> {
  const tracks = await readTracks(query, round.period);
  const city = [...tracks.values()].reduce(
    (sum, track) => ({ valid: sum.valid + track.valid, released: sum.released + track.released }),
    { valid: 0, released: 0 },
  );
  return [...byManager(lines)].flatMap(([managerId, own]): Stretch[] => {
    const available = own.filter(({ resting }) => resting === null);
    const rate = completionRate(tracks.get(managerId) ?? { valid: 0, released: 0 }, city, sampling);
    const size = firstWave(own.length, available.length, rate, sampling);
    return size > 0 ? [{ managerId, wave: 1, lines: available.slice(0, size) }] : [];
  });
}

function byManager(lines: readonly OrderedLine[]): Map<string, OrderedLine[]> {
  const orders = new Map<string, OrderedLine[]>();
  for (const line of lines) {
    const own = orders.get(line.managerId);
    if (own) own.push(line);
    else orders.set(line.managerId, [line]);
  }
  return orders;
}

/** Released and valid per manager over his last three closed rounds. */
export async function readTracks(
  query: Query,
  before: string,
): Promise<Map<string, { valid: number; released: number }>> {
  const rows = await query<{ manager_id: string; valid: number; released: number }>({
    text: `
      WITH recent AS (
        SELECT DISTINCT c.manager_id, r.id, r.closed_at,
               dense_rank() OVER (PARTITION BY c.manager_id ORDER BY r.closed_at DESC, r.id) AS age
        FROM survey_case c JOIN round r ON r.id = c.round_id WHERE r.state = 'closed' AND r.period < $1
      )
      SELECT c.manager_id, (count(*) FILTER (WHERE ${validResponse}))::int AS valid, count(*)::int AS released
      FROM survey_case c JOIN recent ON recent.id = c.round_id AND recent.manager_id = c.manager_id AND recent.age <= 3
      GROUP BY c.manager_id`,
    values: [before],
  });
  return new Map(rows.map(({ manager_id, valid, released }) => [manager_id, { valid, released }]));
}

/** Lines go over in parts: those of a whole city would stand in memory several times over. */
const part = 50_000;

/**
 * Each column goes over as one text, joined by the bar that no id can hold: the driver would quote every element of an
 * array apart, which costs more than the draw.
 */
async function storeFrame(query: Query, roundId: string, lines: readonly OrderedLine[]): Promise<void> {
  const column = (values: readonly (string | null)[]): string => values.map((value) => value ?? '').join('|');
  for (let from = 0; from < lines.length; from += part) {
    const some = lines.slice(from, from + part);
    await query({
      text: `
        INSERT INTO frame_line (round_id, position, retailer_id, manager_id, stratum, phone_id, resting)
        SELECT $1, $2::int + place - 1, retailer_id, manager_id, stratum, phone_id::uuid, nullif(resting, '')::rest_reason
        FROM unnest(string_to_array($3, '|'), string_to_array($4, '|'), string_to_array($5, '|'), string_to_array($6, '|'), string_to_array($7, '|'))
          WITH ORDINALITY AS line (retailer_id, manager_id, stratum, phone_id, resting, place)`,
      values: [
        roundId,
        some[0]?.position,
        column(some.map((line) => line.retailerId)),
        column(some.map((line) => line.managerId)),
        column(some.map((line) => line.stratum)),
        column(some.map((line) => line.phoneId)),
        column(some.map((line) => line.resting)),
      ],
    });
  }
}

async function storeExclusions(query: Query, roundId: string, excluded: readonly Exclusion[]): Promise<void> {
  await query({
    text: `INSERT INTO exclusion (round_id, retailer_id, manager_id, reason) SELECT $1, * FROM unnest($2::text[], $3::text[], $4::exclusion_reason[])`,
    values: [
      roundId,
      excluded.map((line) => line.retailerId),
      excluded.map((line) => line.managerId),
      excluded.map((line) => line.reason),
    ],
  });
}
