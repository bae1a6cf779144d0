import { audit } from '../../platform/audit.ts';
import type { Query } from '../../platform/database.ts';
import { BadInput, type Fault, Refused } from '../../platform/errors.ts';
import { order } from '../draw/satq1.ts';
import { spotCheckCap } from '../draw/sizes.ts';
import { protocolEnds } from '../fieldwork/protocol.ts';
import type { DrawRules } from './draw.ts';
import type { RoundServices } from './launch.ts';
import { readSeed } from './nonces.ts';
import { readAvailable, release, type Stretch } from './release.ts';

/**
 * 随机抽查. Somebody says of whom, how many, when and why; the draw does the rest: retailers come from the back of the
 * order of the round in the field, and where managers are to be random, the draw's own tickets choose them.
 */
export type SpotCheckServices = RoundServices & { readonly rules: (ruleSetId: string) => Promise<DrawRules> };

export interface SpotCheckWish {
  readonly roundId: string;
  /** A user's id. */
  readonly askedBy: string;
  /** The program that brings it for him, as `key:` and its id; left out = nobody stands between. */
  readonly via?: string;
  readonly reason: string;
  /** The only district that may be checked; null = the whole city. */
  readonly districtId: string | null;
  readonly managers: { readonly named: readonly string[] } | { readonly random: number };
  readonly perManager: number;
  readonly dueAt: Date;
}

export const longestReason = 300;

/** A manager of the round, as far as a spot check may go. */
export interface CheckableManager {
  readonly id: string;
  readonly name: string;
  readonly district: string;
  readonly frameSize: number;
  /** How many spot checks may still take of him this month. */
  readonly left: number;
}

/**
 * Puts a spot check on the agenda.
 *
 * @returns its id.
 * @throws BadInput with every fault of the wish; Refused `not-in-the-field` where the round is not open.
 */
export async function scheduleSpotCheck(services: SpotCheckServices, wish: SpotCheckWish): Promise<string> {
  const now = services.clock.now();
  const id = services.chance.id();
  await services.database.transaction(async (query) => {
    const round = await lockRound(query, wish.roundId, ['fielding', 'paused']);
    if (!round)
      throw new Refused(
        'not-in-the-field',
        `轮次 ${wish.roundId} 不在进行中，不能抽查 · round ${wish.roundId} is not in the field`,
      );
    const rules = await services.rules(round.ruleSetId);
    const managers = await readCheckable(query, round, wish.districtId, rules);
    const latest = round.closesAt && protocolEnds(wish.dueAt, rules.timeZone, rules.contact) > round.closesAt;
    const faults = [
      ...faultsOf(wish, managers, now),
      ...(latest
        ? [fault('at', '轮次结束前走不完全部方案 · is too late for a whole protocol before the round closes')]
        : []),
    ];
    if (faults.length > 0) throw new BadInput('抽查不能安排 · the spot check cannot be scheduled', faults);
    const named = 'named' in wish.managers ? wish.managers.named : [];
    const random = 'random' in wish.managers ? wish.managers.random : null;
    const { roundId, askedBy, via = null, perManager, districtId, dueAt } = wish;
    const reason = wish.reason.trim();
    await query({
      text: `
        INSERT INTO spot_check (id, round_id, asked_by, reason, manager_ids, random_managers, district_id, per_manager, due_at, created_at, via)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
      values: [id, roundId, askedBy, reason, named, random, districtId, perManager, dueAt, now, via],
    });
    const detail = { roundId, named, random, districtId, perManager, dueAt: dueAt.toISOString(), reason };
    await audit(query, now, {
      ...{ actor: via ?? askedBy, action: 'spot-check.schedule', subject: id },
      detail: { ...detail, ...(via && { onBehalfOf: askedBy }) },
    });
  });
  return id;
}

const fault = (where: string, message: string): Fault => ({ where, message });

function faultsOf(wish: SpotCheckWish, managers: readonly CheckableManager[], now: Date): Fault[] {
  const faults: Fault[] = [];
  const { reason, perManager, dueAt } = wish;
  if (reason.trim() === '') faults.push(fault('reason', '请写明抽查原因 · say why'));
  if (reason.length > longestReason)
    faults.push(fault('reason', `最多 ${longestReason} 个字 · has more than ${longestReason} characters`));
  if (!Number.isInteger(perManager) || perManager < 1)
    faults.push(fault('perManager', '每名至少 1 户 · must be a whole number from 1'));
  // Now is now, also when the request took a moment.
  if (dueAt.getTime() < now.getTime() - 60_000) faults.push(fault('at', '时间已过 · is in the past'));
  return [...faults, ...faultsOfManagers(wish.managers, managers)];
}

function faultsOfManagers(wanted: SpotCheckWish['managers'], managers: readonly CheckableManager[]): Fault[] {
  const open = managers.filter(({ left }) => left > 0);
  if ('random' in wanted) {
    if (Number.isInteger(wanted.random) && wanted.random >= 1 && wanted.random <= open.length) return [];
    return [
      fault(
        'random',
        `须在 1 到 ${open.length} 之间：本月还能抽查的只有 ${open.length} 名 · must be between 1 and ${open.length}, which is how many can be checked this month`,
      ),
    ];
  }
  if (wanted.named.length === 0) return [fault('managers', '请选客户经理 · choose at least one')];
  return wanted.named.flatMap((id, index) => {
    const manager = managers.find((each) => each.id === id);
    if (wanted.named.indexOf(id) !== index) return [fault('managers', `${id} 重复 · ${id} is there twice`)];
    if (!manager)
      return [
        fault('managers', `${id} 不在本轮抽样框或不归您管 · ${id} is not in this round, or not in your district`),
      ];
    if (manager.left > 0) return [];
    return [
      fault(
        'managers',
        `${manager.name} 本月抽查名额已用完（${manager.frameSize} 户）· of ${id}, with ${manager.frameSize} shops, none can be checked any more this month`,
      ),
    ];
  });
}

interface OpenRound {
  readonly id: string;
  readonly period: string;
  readonly ruleSetId: string;
  readonly closesAt: Date | null;
}

/** Held until the transaction ends: releases of one round come one after the other. */
async function lockRound(query: Query, roundId: string, states: readonly string[]): Promise<OpenRound | null> {
  const [round] = await query<OpenRound>({
    text: `
      SELECT id, period, rule_set_id AS "ruleSetId", closes_at AS "closesAt"
      FROM round WHERE id = $1 AND state = ANY($2::round_state[]) FOR UPDATE`,
    values: [roundId, states],
  });
  return round ?? null;
}

/** The managers of a round that a spot check might concern, by their ids. */
export async function readCheckable(
  query: Query,
  { id, period }: Pick<OpenRound, 'id' | 'period'>,
  districtId: string | null,
  { sampling }: Pick<DrawRules, 'sampling'>,
): Promise<CheckableManager[]> {
  const rows = await query<Omit<CheckableManager, 'left'> & { taken: number }>({
    text: `
      SELECT m.id, m.name, d.name AS district, f.size AS "frameSize",
             (SELECT count(*)::int FROM survey_case c JOIN round r ON r.id = c.round_id
              WHERE c.manager_id = m.id AND c.wave = 0 AND r.period = $2) AS taken
      FROM (SELECT manager_id, count(*)::int AS size FROM frame_line WHERE round_id = $1 GROUP BY 1) f
      JOIN manager m ON m.id = f.manager_id JOIN district d ON d.id = m.district_id
      WHERE $3::text IS NULL OR m.district_id = $3 ORDER BY m.id`,
    values: [id, period, districtId],
  });
  return rows.map(({ taken, ...manager }) => ({
    ...manager,
    left: Math.max(0, spotCheckCap(manager.frameSize, sampling) - taken),
  }));
}

export interface SpotCheckCancellation {
  readonly id: string;
  readonly actor: string;
  /** The only district whose spot checks may be taken back; null = the whole city. */
  readonly districtId: string | null;
  /** Whose wish it is, where a program brings it. */
  readonly onBehalfOf?: string;
}

/**
 * Takes one spot check back, before its time.
 *
 * @throws Refused `not-scheduled` where it was released or cancelled already, or belongs to another district.
 */
export async function cancelSpotCheck(
  { database, clock }: RoundServices,
  { id, actor, districtId, onBehalfOf }: SpotCheckCancellation,
): Promise<void> {
  const now = clock.now();
  await database.transaction(async (query) => {
    const cancelled = await query({
      text: `
        UPDATE spot_check SET state = 'cancelled', done_at = $2
        WHERE id = $1 AND state = 'scheduled' AND ($3::text IS NULL OR district_id = $3) RETURNING id`,
      values: [id, now, districtId],
    });
    if (cancelled.length === 0)
      throw new Refused(
        'not-scheduled',
        '抽查已执行或已取消，不能再取消 · it is not waiting any more and cannot be cancelled',
      );
    await audit(query, now, {
      ...{ actor, action: 'spot-check.cancel', subject: id, detail: onBehalfOf === undefined ? {} : { onBehalfOf } },
    });
  });
}

/**
 * Releases every spot check whose time has come, of rounds in the field. Each in a transaction of its own that holds
 * the round, so that two of them, or one and a wave, never take the same retailer.
 *
 * @returns how many retailers were released.
 */
export async function releaseDueSpotChecks(services: SpotCheckServices): Promise<number> {
  const due = await services.database.query<{ id: string; roundId: string }>({
    text: `
      SELECT s.id, s.round_id AS "roundId" FROM spot_check s JOIN round r ON r.id = s.round_id
      WHERE s.state = 'scheduled' AND s.due_at <= $1 AND r.state = 'fielding' ORDER BY s.due_at, s.created_at, s.id`,
    values: [services.clock.now()],
  });
  let released = 0;
  for (const { id, roundId } of due) released += await releaseSpotCheck(services, roundId, id);
  return released;
}

interface Scheduled {
  readonly managerIds: readonly string[];
  readonly randomManagers: number | null;
  readonly districtId: string | null;
  readonly perManager: number;
  readonly askedBy: string;
}

function releaseSpotCheck(services: SpotCheckServices, roundId: string, id: string): Promise<number> {
  const now = services.clock.now();
  return services.database.transaction(async (query) => {
    const round = await lockRound(query, roundId, ['fielding']);
    const [check] = await query<Scheduled>({
      text: `
        SELECT manager_ids AS "managerIds", random_managers AS "randomManagers", district_id AS "districtId",
               per_manager AS "perManager", asked_by AS "askedBy"
        FROM spot_check WHERE id = $1 AND state = 'scheduled' FOR UPDATE`,
      values: [id],
    });
    if (!round || !check) return 0;
    const rules = await services.rules(round.ruleSetId);
    const seed = await readSeed(query, services.vault, roundId);
    const managers = await readCheckable(query, round, check.districtId, rules);
    const available = await readAvailable(
      query,
      roundId,
      managers.map((manager) => manager.id),
    );
    const room = ({ id: managerId, left }: CheckableManager) =>
      Math.min(left, check.perManager, available.get(managerId)?.length ?? 0);
    const chosen = chooseManagers(
      id,
      check,
      managers.filter((manager) => room(manager) > 0),
      seed,
    );
    const stretches = chosen.map(
      (manager): Stretch => ({
        managerId: manager.id,
        wave: 0,
        lines: (available.get(manager.id) ?? []).slice(-room(manager)).reverse(),
      }),
    );
    const wish = { roundId, seed, spotCheckId: id, contact: rules.contact, desk: rules.desk, now };
    const released = await release(services, query, wish, stretches);
    const asked = check.perManager * (check.randomManagers ?? check.managerIds.length);
    const note = released < asked ? `${released} / ${asked}` : null;
    await query({
      text: `UPDATE spot_check SET state = 'released', done_at = $2, note = $3 WHERE id = $1`,
      values: [id, now, note],
    });
    const detail = { roundId, askedBy: check.askedBy, managers: chosen.map((manager) => manager.id), released, asked };
    await audit(query, now, { actor: 'system', action: 'spot-check.release', subject: id, detail });
    return released;
  });
}

/**
 * Named managers as they were named; random ones by the draw's tickets of `spot|<spot check>|<manager>`, which nobody
 * can know before the seed and which no retailer's id can equal, for none holds a bar.
 */
export function chooseManagers<M extends { readonly id: string }>(
  spotCheckId: string,
  { managerIds, randomManagers }: Pick<Scheduled, 'managerIds' | 'randomManagers'>,
  managers: readonly M[],
  seed: string,
): M[] {
  if (randomManagers === null) return managers.filter(({ id }) => managerIds.includes(id));
  const byTicket = new Map(managers.map((manager) => [`spot|${spotCheckId}|${manager.id}`, manager]));
  return order(seed, byTicket.keys())
    .slice(0, randomManagers)
    .flatMap((key) => byTicket.get(key) ?? []);
}
