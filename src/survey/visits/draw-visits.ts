import { audit } from '../../platform/audit.ts';
import type { Chance } from '../../platform/chance.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Database, Query } from '../../platform/database.ts';
import { BadInput, type Fault, Refused } from '../../platform/errors.ts';
import { longestReason } from '../../platform/reason.ts';
import { companyDay } from '../roster/import.ts';
import { elsewhere, readVisitors } from './visitors.ts';

/**
 * 市场走访. Somebody says to the shops of whom, how many of each manager, who goes and by when; which shops follows from
 * the draw of the round in the field: the last of each manager's order, resting ones included, for a visit is no call,
 * passing over those that had a visit this month already. Only while that draw is sealed: afterwards anybody could work
 * out where the next visit leads.
 */
export interface VisitServices {
  readonly database: Database;
  readonly clock: Clock;
  readonly chance: Chance;
}

export interface VisitWish {
  readonly roundId: string;
  /** A user's id. */
  readonly askedBy: string;
  /** The program that brings it for him, as `key:` and its id; left out = nobody stands between. */
  readonly via?: string;
  readonly reason: string;
  /** The only district whose managers may be asked for; null = the whole city. */
  readonly districtId: string | null;
  readonly of: { readonly manager: string } | { readonly district: string };
  readonly perManager: number;
  /** The user who goes. */
  readonly visitorId: string;
  /** The last day, `2026-12-18`. */
  readonly dueOn: string;
}

export const mostPerManager = 20;
/** A visit is of this month; so far ahead at most. */
const farthestDays = 31;

/**
 * Draws the visits.
 *
 * @returns the draw's id and how many there are: fewer than asked for where a manager has no more shops left this month.
 * @throws BadInput with every fault; Refused `not-in-the-field` where the round's draw is not made, or no longer sealed.
 */
export async function drawVisits(
  { database, clock, chance }: VisitServices,
  wish: VisitWish,
): Promise<{ readonly id: string; readonly drawn: number }> {
  const now = clock.now();
  const id = chance.id();
  return database.transaction(async (query) => {
    const round = await lockRound(query, wish.roundId);
    const managers = await readManagers(query, wish);
    const faults = [...faultsOf(wish, companyDay(now)), ...(await faultsOfPeople(query, wish, managers))];
    if (faults.length > 0) throw new BadInput('走访不能安排 · the visits cannot be arranged', faults);
    const { roundId, askedBy, via = null, perManager, visitorId, dueOn } = wish;
    const ids = managers.map((manager) => manager.id);
    const shops = await lastOfOrders(query, round, ids, perManager);
    if (shops.length === 0)
      throw new BadInput('走访不能安排 · the visits cannot be arranged', [
        { where: 'of', message: '本月可走访的店都已走访过 · every shop of theirs has had a visit this month' },
      ]);
    await query({
      text: `
        INSERT INTO visit_draw (id, round_id, asked_by, via, reason, manager_ids, per_manager, at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
      values: [id, roundId, askedBy, via, wish.reason.trim(), ids, perManager, now],
    });
    await query({
      text: `
        INSERT INTO visit (id, draw_id, period, manager_id, retailer_id, position, visitor_id, due_on)
        SELECT made.id, $1, $2, made.manager_id, made.retailer_id, made.position, $3, $4::date
        FROM unnest($5::uuid[], $6::text[], $7::text[], $8::int[]) AS made (id, manager_id, retailer_id, position)`,
      values: [
        ...[id, round.period, visitorId, dueOn, shops.map(() => chance.id())],
        ...[shops.map(({ managerId }) => managerId), shops.map(({ retailerId }) => retailerId)],
        shops.map(({ position }) => position),
      ],
    });
    const detail = { roundId, managers: ids, perManager, visitor: visitorId, dueOn, drawn: shops.length };
    await audit(query, now, {
      ...{ actor: via ?? askedBy, action: 'visit.draw', subject: id },
      detail: { ...detail, ...(via && { onBehalfOf: askedBy }) },
    });
    return { id, drawn: shops.length };
  });
}

interface OpenRound {
  readonly id: string;
  readonly period: string;
}

/** Held until the transaction ends: two draws never take the same shop. */
async function lockRound(query: Query, roundId: string): Promise<OpenRound> {
  const [round] = await query<OpenRound>({
    text: `SELECT id, period FROM round WHERE id = $1 AND state IN ('fielding', 'paused') FOR UPDATE`,
    values: [roundId],
  });
  if (round) return round;
  throw new Refused(
    'not-in-the-field',
    '没有进行中的轮次：走访按进行中轮次的抽样次序抽取，轮次结束后次序已公开，不能再抽 · no round is in the field: visits follow the order of its draw, which is public once it is closed',
  );
}

/** The round whose order visits are drawn from now, or null. */
export async function roundForVisits(query: Query): Promise<string | null> {
  const [round] = await query<{ id: string }>({
    text: `SELECT id FROM round WHERE state IN ('fielding', 'paused') ORDER BY launched_at DESC, id DESC LIMIT 1`,
  });
  return round?.id ?? null;
}

interface WantedManager {
  readonly id: string;
  readonly districtId: string;
}

const readManagers = (query: Query, { of, districtId, roundId }: VisitWish): Promise<WantedManager[]> =>
  query<WantedManager>({
    text: `
      SELECT m.id, m.district_id AS "districtId" FROM manager m
      WHERE (m.id = $1 OR m.district_id = $2) AND ($3::text IS NULL OR m.district_id = $3)
        AND EXISTS (SELECT FROM frame_line f WHERE f.round_id = $4 AND f.manager_id = m.id)
      ORDER BY m.id COLLATE "C"`,
    values: ['manager' in of ? of.manager : null, 'district' in of ? of.district : null, districtId, roundId],
  });

const fault = (where: string, message: string): Fault => ({ where, message });

function faultsOf({ reason, perManager, dueOn }: VisitWish, today: string): Fault[] {
  const latest = new Date(Date.parse(today) + farthestDays * 86_400_000).toISOString().slice(0, 10);
  const faults: Fault[] = [];
  if (reason.trim() === '' || [...reason.trim()].length > longestReason)
    faults.push(
      fault('reason', `请写明为什么，最多 ${longestReason} 字 · say why, in at most ${longestReason} characters`),
    );
  if (!Number.isInteger(perManager) || perManager < 1 || perManager > mostPerManager)
    faults.push(
      fault('perManager', `每名 1 到 ${mostPerManager} 户 · must be a whole number from 1 to ${mostPerManager}`),
    );
  if (!/^\d{4}-\d{2}-\d{2}$/.test(dueOn) || dueOn < today || dueOn > latest)
    faults.push(fault('dueOn', `须在今天与 ${latest} 之间 · must be a day from today to ${latest}`));
  return faults;
}

async function faultsOfPeople(
  query: Query,
  { visitorId }: VisitWish,
  managers: readonly WantedManager[],
): Promise<Fault[]> {
  const visitor = (await readVisitors(query)).find(({ id }) => id === visitorId);
  return [
    ...(managers.length > 0
      ? []
      : [
          fault(
            'of',
            '请选客户经理或营销部；不在本轮或不归您管的不能选 · choose a manager or a district that is in the round and in your reach',
          ),
        ]),
    ...(visitor ? [] : [fault('visitorId', '请选走访人 · choose who goes')]),
    ...(visitor && managers.some(({ districtId }) => !elsewhere(visitor, districtId))
      ? [
          fault(
            'visitorId',
            `${visitor.name} 与客户经理同属一个营销部：须由其他营销部的人走访 · ${visitor.name} is of the same district: somebody of another one must go`,
          ),
        ]
      : []),
  ];
}

interface DrawnShop {
  readonly managerId: string;
  readonly retailerId: string;
  readonly position: number;
}

const lastOfOrders = (
  query: Query,
  { id, period }: OpenRound,
  managers: readonly string[],
  perManager: number,
): Promise<DrawnShop[]> =>
  query<DrawnShop>({
    text: `
      SELECT manager_id AS "managerId", retailer_id AS "retailerId", position FROM (
        SELECT f.manager_id, f.retailer_id, f.position, row_number() OVER (PARTITION BY f.manager_id ORDER BY f.position DESC) AS place
        FROM frame_line f
        WHERE f.round_id = $1 AND f.manager_id = ANY($2)
          AND NOT EXISTS (SELECT FROM visit v WHERE v.period = $3 AND v.retailer_id = f.retailer_id)
      ) AS left_over
      WHERE place <= $4 ORDER BY manager_id COLLATE "C", place`,
    values: [id, managers, period, perManager],
  });
