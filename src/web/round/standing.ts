import type { Query } from '../../platform/database.ts';
import { type Disposition, type Group, groupOf } from '../../survey/disposition/disposition.ts';
import { readTallies } from '../../survey/disposition/progress.ts';
import { targetCompletes } from '../../survey/draw/sizes.ts';
import { isOfRound } from '../../survey/fieldwork/message.ts';
import type { DrawRules } from '../../survey/round/draw.ts';

/**
 * How a round stands, read for its page: counts and times, never an answer. Where `districtId` is given, only of the
 * managers of that district.
 */
export interface RoundFacts {
  readonly id: string;
  readonly period: string;
  readonly state: 'draft' | 'committed' | 'fielding' | 'paused' | 'closed' | 'cancelled';
  readonly ruleSetId: string;
  readonly launchedAt: Date;
  readonly closedAt: Date | null;
  readonly reason: string | null;
  readonly published: boolean;
}

export async function findRound(query: Query, roundId: string): Promise<RoundFacts | null> {
  const [round] = await query<RoundFacts>({
    name: 'web-round',
    text: `
      SELECT id, period, state, rule_set_id AS "ruleSetId", launched_at AS "launchedAt", closed_at AS "closedAt", reason,
             EXISTS (SELECT FROM publication p WHERE p.period = round.period) AS published
      FROM round WHERE id = $1`,
    values: [roundId],
  });
  return round ?? null;
}

/** The round that everybody asks about: the one under way, else the latest. */
export async function currentRound(query: Query): Promise<string | null> {
  const [round] = await query<{ id: string }>({
    text: `
      SELECT id FROM round WHERE state IN ('committed', 'fielding', 'paused') ORDER BY launched_at DESC, id DESC LIMIT 1`,
  });
  return round?.id ?? null;
}

/** Cases of one kind: what came of them so far, and whether anything is still planned. */
export interface Cases {
  readonly disposition: Disposition;
  readonly group: Group;
  readonly open: boolean;
  readonly cases: number;
  /** Of these, how many gave a rating that a published rule has struck. */
  readonly struck: number;
}

/** The next planned contacts of one channel in one time zone. */
export interface Ahead {
  readonly channel: 'voice' | 'sms';
  readonly zone: string;
  readonly due: Date;
  readonly cases: number;
}

/** Calls and threads under way. A claimed one still waits for its slot. */
export interface Alive {
  readonly calls: number;
  readonly claimed: number;
  readonly threads: number;
  /** Cases that a person has, or is to call. */
  readonly desk: number;
}

export interface ManagerStanding {
  readonly id: string;
  readonly name: string;
  readonly district: string;
  readonly frameSize: number;
  /** Everybody is asked: the frame is too small to sample. */
  readonly census: boolean;
  readonly target: number;
  readonly cases: readonly Cases[];
  readonly ahead: readonly Ahead[];
  readonly alive: Alive;
}

export async function readManagers(
  query: Query,
  roundId: string,
  districtId: string | null,
  { sampling }: Pick<DrawRules, 'sampling'>,
): Promise<ManagerStanding[]> {
  const managers = await query<{ id: string; name: string; district: string; frameSize: number }>({
    name: 'web-managers',
    text: `
      SELECT m.id, m.name, d.name AS district, f.size AS "frameSize"
      FROM (SELECT manager_id, count(*)::int AS size FROM frame_line WHERE round_id = $1 GROUP BY 1) f
      JOIN manager m ON m.id = f.manager_id JOIN district d ON d.id = m.district_id
      WHERE $2::text IS NULL OR m.district_id = $2 ORDER BY d.id, m.id`,
    values: [roundId, districtId],
  });
  const tallies = await readTallies(query, roundId);
  const ahead = await readAhead(query, roundId);
  const alive = await readAlive(query, roundId);
  return managers.map((manager) => ({
    ...manager,
    census: manager.frameSize <= sampling.censusUpTo,
    target: targetCompletes(manager.frameSize, sampling),
    cases: tallies
      .filter(({ managerId }) => managerId === manager.id)
      .map(({ disposition, proven, state, cases, struck }) => ({
        ...{ disposition, cases, struck, open: state !== 'done' },
        group: groupOf(disposition, proven),
      })),
    ahead: ahead.filter(({ managerId }) => managerId === manager.id),
    alive: alive.find(({ managerId }) => managerId === manager.id) ?? nothingAlive,
  }));
}

const nothingAlive: Alive = { calls: 0, claimed: 0, threads: 0, desk: 0 };

function readAhead(query: Query, roundId: string): Promise<(Ahead & { managerId: string })[]> {
  return query({
    name: 'web-ahead',
    text: `
      SELECT c.manager_id AS "managerId", c.due_channel AS channel, c.time_zone AS zone, min(c.due_at) AS due, count(*)::int AS cases
      FROM survey_case c JOIN phone p ON p.id = c.phone_id AND p.opted_out_at IS NULL
      WHERE c.round_id = $1 AND c.due_at IS NOT NULL GROUP BY 1, 2, 3`,
    values: [roundId],
  });
}

function readAlive(query: Query, roundId: string): Promise<(Alive & { managerId: string })[]> {
  return query({
    name: 'web-alive',
    text: `
      SELECT c.manager_id AS "managerId",
             count(*) FILTER (WHERE a.channel = 'voice' AND a.state <> 'claimed')::int AS calls,
             count(*) FILTER (WHERE a.channel = 'voice' AND a.state = 'claimed')::int AS claimed,
             count(*) FILTER (WHERE a.channel = 'sms')::int AS threads, count(DISTINCT t.case_id)::int AS desk
      FROM survey_case c LEFT JOIN attempt a ON a.case_id = c.id AND a.state <> 'ended'
      LEFT JOIN desk_task t ON t.case_id = c.id AND t.state <> 'done' AND t.reason NOT IN ('recheck', 'number-check')
      WHERE c.round_id = $1 AND c.state <> 'done' AND (a.id IS NOT NULL OR t.id IS NOT NULL) GROUP BY 1`,
    values: [roundId],
  });
}

export interface Contacts {
  readonly calls: number;
  readonly threads: number;
  /** Of all texts, notices included: what their carrier charges for. */
  readonly segments: number;
}

/** Calls and text threads that were begun, ever, and the segments of their texts. */
export async function countContacts(query: Query, roundId: string, districtId: string | null): Promise<Contacts> {
  const [row] = await query<Contacts>({
    name: 'web-contacts',
    text: `
      SELECT count(*) FILTER (WHERE a.channel = 'voice')::int AS calls, count(*) FILTER (WHERE a.channel = 'sms')::int AS threads,
             (SELECT coalesce(sum(m.segments), 0)::int FROM message m WHERE m.state <> 'failed' AND ${isOfRound('$1')}) AS segments
      FROM attempt a JOIN survey_case c ON c.id = a.case_id JOIN manager m ON m.id = c.manager_id
      WHERE a.round_id = $1 AND ($2::text IS NULL OR m.district_id = $2) AND a.dialed_at IS NOT NULL`,
    values: [roundId, districtId],
  });
  return row ?? { calls: 0, threads: 0, segments: 0 };
}

/** Calls put through to the carrier in the minute before `now`. */
export async function callsInLastMinute(
  query: Query,
  roundId: string,
  districtId: string | null,
  now: Date,
): Promise<number> {
  const [row] = await query<{ calls: number }>({
    name: 'web-pace',
    text: `
      SELECT count(*)::int AS calls FROM attempt a JOIN survey_case c ON c.id = a.case_id JOIN manager m ON m.id = c.manager_id
      WHERE a.round_id = $1 AND ($2::text IS NULL OR m.district_id = $2)
        AND a.channel = 'voice' AND (a.ended_at IS NULL OR a.ended_at > $3) AND a.dialed_at > $3 AND a.dialed_at <= $4`,
    values: [roundId, districtId, new Date(now.getTime() - 60_000), now],
  });
  return row?.calls ?? 0;
}

export const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);

export const casesIn = (all: readonly Cases[], pick: (some: Cases) => boolean = () => true): number =>
  sum(all.filter(pick).map(({ cases }) => cases));

/** Complete or partial: what response rates count. */
export const answeredIn = (all: readonly Cases[]): number =>
  casesIn(all, ({ group }) => group === 'I' || group === 'P');

/** Valid responses: what the score counts, without those that a published rule has struck. */
export const validIn = (all: readonly Cases[]): number => answeredIn(all) - sum(all.map(({ struck }) => struck));
