/**
 * 区域奖励: a district proposes that one of its managers be rewarded for a month whose result is final, over-fulfilment
 * (超额完成) among the reasons, since the score caps it. Somebody else approves it within the district's budget, and then
 * it is a promise like any other.
 */
import { z } from 'zod';
import { audit, takeTurn } from '../../platform/audit.ts';
import type { Chance } from '../../platform/chance.ts';
import type { Query } from '../../platform/database.ts';
import { BadInput, type Fault, Refused } from '../../platform/errors.ts';
import { parseQuantity } from '../exact.ts';
import type { PublishedManager } from '../publication.ts';
import { parseRules, type RuleSet } from '../rules.ts';
import type { LedgerServices } from './keep.ts';
import { dueDay } from './promises.ts';
import { rewardKinds, spent } from './reward-list.ts';

export interface RewardServices extends LedgerServices {
  readonly chance: Chance;
}

export const longestWords = 2000;
const words = z.string().trim().min(1).max(longestWords);
const yuan = z.string().regex(/^(?:0|[1-9]\d{0,7})(?:\.\d{1,2})?$/);

export const rewardWish = z.strictObject({
  managerId: z.string().trim().min(1).max(64).describe('of the district that proposes'),
  kind: z.enum(rewardKinds),
  indicator: z.string().trim().min(1).max(64).nullable().describe('the one that was over-fulfilled; else null'),
  amount: yuan.refine((amount) => Number(amount) > 0).describe('yuan, two decimals at most'),
  reason: words,
  evidence: words.describe('what proves it: a document, a record, a figure'),
});
export type RewardWish = z.output<typeof rewardWish>;

/** Sets what a district may give for a month; not below what was approved already. @throws BadInput. */
export async function setBudget(
  { database, clock }: LedgerServices,
  { districtId, period, amount, actor }: { districtId: string; period: string; amount: string; actor: string },
): Promise<void> {
  if (!yuan.safeParse(amount).success)
    throw refusedInput('amount', '应为金额，例如 2000.00 · must be an amount in yuan, such as 2000.00');
  const now = clock.now();
  await database.transaction(async (query) => {
    await takeTurn(query);
    const [district] = await query<{ spent: string; enough: boolean }>({
      text: `
        SELECT spent::text, spent <= $3::numeric AS enough
        FROM (SELECT ${spent('d.id', '$2')} AS spent FROM district d WHERE d.id = $1) AS s`,
      values: [districtId, period, amount],
    });
    if (!district) throw refusedInput('district', '没有这个营销部 · there is no such district');
    if (!district.enough)
      throw refusedInput(
        'amount',
        `已批准 ${district.spent} 元，预算不能更低 · ${district.spent} yuan are approved: it cannot be less`,
      );
    await query({
      text: `
        INSERT INTO reward_budget (district_id, period, amount, set_by, set_at) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (district_id, period) DO UPDATE SET amount = excluded.amount, set_by = excluded.set_by, set_at = excluded.set_at`,
      values: [districtId, period, amount, actor, now],
    });
    await audit(query, now, { actor, action: 'reward.budget', subject: districtId, detail: { period, amount } });
  });
}

/**
 * Proposes a reward.
 *
 * @param districtId the proposer's own.
 * @returns its id.
 * @throws Refused `not-final` where the month has no final result, `no-ledger` where its rule set promises nothing; BadInput
 *   where the manager is not of the district or has no result, or did not over-fulfil what he is rewarded for.
 */
export async function proposeReward(
  { database, clock, chance }: RewardServices,
  { period, districtId, actor }: { readonly period: string; readonly districtId: string; readonly actor: string },
  { managerId, kind, indicator, amount, reason, evidence }: RewardWish,
): Promise<string> {
  const now = clock.now();
  const id = chance.id();
  await database.transaction(async (query) => {
    const { rules } = await finalOf(query, period);
    const faults = faultsOf(await resultOf(query, period, managerId), districtId, { kind, indicator }, rules);
    if (faults.length > 0) throw new BadInput('没有提出 · nothing was proposed', faults);
    await query({
      text: `
        INSERT INTO reward_proposal (id, manager_id, district_id, period, kind, indicator, amount, reason, evidence, proposed_by, proposed_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
      values: [id, managerId, districtId, period, kind, indicator, amount, reason, evidence, actor, now],
    });
    await audit(query, now, { actor, action: 'reward.propose', subject: id, detail: { period, kind, amount } });
  });
  return id;
}

/** Takes one's own proposal back while nothing is decided. @throws Refused `reward-decided`. */
export async function withdrawReward(
  services: LedgerServices,
  { id, reason, actor }: { readonly id: string; readonly reason: string; readonly actor: string },
): Promise<void> {
  await decide(services, { id, reason, actor, state: 'withdrawn' }, async (_query, { proposedBy }) => {
    if (proposedBy !== actor)
      throw new Refused('not-his-proposal', '只能撤回自己提出的 · only whoever proposed it takes it back');
  });
}

/** Turns a proposal down. @throws Refused `reward-decided`, `own-proposal`. */
export async function refuseReward(
  services: LedgerServices,
  { id, reason, actor }: { readonly id: string; readonly reason: string; readonly actor: string },
): Promise<void> {
  await decide(services, { id, reason, actor, state: 'refused' }, async (_query, proposal) =>
    refuseOwn(proposal, actor),
  );
}

/**
 * Approves a proposal: a line of the ledger, due as what the month's result promised would be now. Over-fulfilment must be
 * so by the result as it stands now, and is rewarded once unless that was taken back.
 *
 * @throws Refused `reward-decided`, `own-proposal`, `not-over-fulfilled`, `rewarded-already`, `over-budget`.
 */
export async function approveReward(
  services: LedgerServices,
  { id, actor }: { readonly id: string; readonly actor: string },
): Promise<void> {
  const now = services.clock.now();
  await decide(services, { id, reason: null, actor, state: 'approved' }, async (query, proposal) => {
    refuseOwn(proposal, actor);
    const { districtId, period, amount } = proposal;
    const { hash, rules } = await finalOf(query, period);
    await checkOverFulfilment(query, proposal, rules);
    const [budget] = await query<{ left: string; enough: boolean }>({
      text: `
        SELECT "left"::text, $3::numeric <= "left" AS enough
        FROM (SELECT coalesce((SELECT amount FROM reward_budget WHERE district_id = $1 AND period = $2), 0.00) - ${spent('$1', '$2')} AS "left") AS b`,
      values: [districtId, period, amount],
    });
    if (!budget?.enough)
      throw new Refused(
        'over-budget',
        `超出预算：本期还剩 ${budget?.left ?? '0.00'} 元 · over the budget: ${budget?.left ?? '0.00'} yuan are left`,
      );
    await query({
      text: `
        INSERT INTO ledger_line (id, manager_id, period, publication_hash, kind, about, amount, due_on, reward_id, by, at)
        SELECT gen_random_uuid(), manager_id, period, $2, 'reward', kind, amount, $3, id, $4, $5 FROM reward_proposal WHERE id = $1`,
      values: [id, hash, dueDay(now, rules, rules.ledger), actor, now],
    });
  });
}

/** What was over-fulfilled when it was proposed may have been mended since, or rewarded on another proposal. */
async function checkOverFulfilment(
  query: Query,
  { managerId, period, indicator }: Proposal,
  rules: RuleSet,
): Promise<void> {
  if (indicator === null) return;
  if (!isOverFulfilled(await resultOf(query, period, managerId), indicator, rules))
    throw new Refused('not-over-fulfilled', '更正后的结果没有超过上限 · the result as it stands is not above the cap');
  const [given] = await query({
    text: `
      SELECT FROM ledger_line l JOIN reward_proposal p ON p.id = l.reward_id
      WHERE p.manager_id = $1 AND p.period = $2 AND p.indicator = $3 AND l.reverses IS NULL
        AND NOT EXISTS (SELECT FROM ledger_line back WHERE back.reverses = l.id)`,
    values: [managerId, period, indicator],
  });
  if (given)
    throw new Refused('rewarded-already', '这项超额已经奖励过 · this over-fulfilment has been rewarded already');
}

interface Proposal {
  readonly proposedBy: string;
  readonly managerId: string;
  readonly districtId: string;
  /** Of over-fulfilment alone. */
  readonly indicator: string | null;
  readonly period: string;
  readonly amount: string;
}

/** One decision at a time, so that two approvals cannot both find the budget enough. */
async function decide(
  { database, clock }: LedgerServices,
  decision: {
    readonly id: string;
    readonly reason: string | null;
    readonly actor: string;
    readonly state: 'approved' | 'refused' | 'withdrawn';
  },
  check: (query: Query, proposal: Proposal) => Promise<void>,
): Promise<void> {
  const { id, actor, state } = decision;
  const said = decision.reason?.normalize('NFC').trim() ?? null;
  if (said !== null && (said.length === 0 || said.length > longestWords))
    throw refusedInput('reason', `请填写理由，1–${longestWords} 字 · must be 1 to ${longestWords} characters`);
  const now = clock.now();
  await database.transaction(async (query) => {
    await takeTurn(query);
    const [proposal] = await query<Proposal>({
      text: `
        SELECT proposed_by AS "proposedBy", manager_id AS "managerId", district_id AS "districtId", indicator, period, amount::text AS amount
        FROM reward_proposal WHERE id::text = $1 AND state = 'proposed'`,
      values: [id],
    });
    if (!proposal)
      throw new Refused('reward-decided', '没有待定的提议 · there is no such proposal that is still to be decided');
    await check(query, proposal);
    await query({
      text: 'UPDATE reward_proposal SET state = $2, decided_by = $3, decided_at = $4, decision = $5 WHERE id = $1',
      values: [id, state, actor, now, said],
    });
    await audit(query, now, { actor, action: `reward.${verbs[state]}`, subject: id, detail: { reason: said } });
  });
}

const verbs = { approved: 'approve', refused: 'refuse', withdrawn: 'withdraw' } as const;

function refuseOwn({ proposedBy }: Proposal, actor: string): void {
  if (proposedBy === actor)
    throw new Refused('own-proposal', '提出人不能审批 · nobody decides what he proposed himself');
}

/** @throws Refused where the month has no final result, or promises nothing. */
async function finalOf(query: Query, period: string): Promise<{ hash: string; rules: RuleSet & { ledger: object } }> {
  const [final] = await query<{ hash: string; rules: unknown }>({
    text: `SELECT hash, document->'rules' AS rules FROM publication WHERE period = $1 AND stage = 'final' ORDER BY sequence DESC LIMIT 1`,
    values: [period],
  });
  if (!final)
    throw new Refused('not-final', `${period} 的结果还没有最终公布 · the result of ${period} is not final yet`);
  const { ledger, ...rules } = parseRules(final.rules);
  if (!ledger)
    throw new Refused(
      'no-ledger',
      `${period} 的考核办法没有兑现条款 · the rule set of ${period} says nothing of what is paid`,
    );
  return { hash: final.hash, rules: { ...rules, ledger } };
}

interface FinalResult {
  readonly districtId: string;
  readonly indicators: PublishedManager['indicators'];
}

async function resultOf(query: Query, period: string, managerId: string): Promise<FinalResult | null> {
  const [result] = await query<FinalResult>({
    text: `
      SELECT m.district_id AS "districtId", r.document->'indicators' AS indicators
      FROM result r JOIN publication p ON p.hash = r.publication_hash JOIN manager m ON m.id = r.manager_id
      WHERE r.period = $1 AND r.manager_id = $2 AND p.stage = 'final' ORDER BY p.sequence DESC LIMIT 1`,
    values: [period, managerId],
  });
  return result ?? null;
}

/** Over-fulfilment is what was published above the cap: it counts for nothing in the score, and is rewarded here. */
const isOverFulfilled = (result: FinalResult | null, indicator: string, { unit }: RuleSet): boolean =>
  parseQuantity(result?.indicators[indicator] ?? '')?.gt(unit.cap) ?? false;

function faultsOf(
  result: FinalResult | null,
  districtId: string,
  { kind, indicator }: Pick<RewardWish, 'kind' | 'indicator'>,
  rules: RuleSet,
): Fault[] {
  if (result?.districtId !== districtId)
    return [
      {
        where: 'managerId',
        message: '本期结果里没有这名本营销部的客户经理 · there is no manager of this district in this month’s result',
      },
    ];
  if (kind !== 'over-fulfilment')
    return indicator === null ? [] : [{ where: 'indicator', message: '只用于超额完成 · is for over-fulfilment alone' }];
  if (isOverFulfilled(result, indicator ?? '', rules)) return [];
  return [
    {
      where: 'indicator',
      message: '应为公布值超过上限的指标 · must be an indicator that was published above the cap',
    },
  ];
}

const refusedInput = (where: string, message: string): BadInput =>
  new BadInput('没有保存 · nothing was kept', [{ where, message }]);
