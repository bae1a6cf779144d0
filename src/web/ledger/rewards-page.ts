import { z } from 'zod';
import { BadInput } from '../../platform/errors.ts';
import {
  type ListedReward,
  listRewards,
  readBudgets,
  rewardablePeriods,
  rewardKinds,
} from '../../scoring/ledger/reward-list.ts';
import {
  approveReward,
  longestWords,
  proposeReward,
  refuseReward,
  rewardWish,
  setBudget,
  withdrawReward,
} from '../../scoring/ledger/rewards.ts';
import { findPublished } from '../../scoring/store.ts';
import { indicatorName } from '../board/reasons.ts';
import type { Visit } from '../console.ts';
import { Forbidden, NotFound } from '../faults.ts';
import { moment, month, yuan } from '../figures.ts';
import { languageOf } from '../language.ts';
import { type Messages, messagesIn } from '../messages.ts';
import { sendPage } from '../page.ts';
import { may } from '../roles.ts';
import { companyTimeZone } from '../round/rounds-page.ts';

/** District rewards: budgets, proposals, and what became of them. */
const at = 'ledger' as const;
const shown = 200;
const mostPeriods = 24;

/** `GET /rewards?period=` */
export const showRewards = (visit: Visit): Promise<void> => sendRewards(visit, null);

async function sendRewards(visit: Visit, fault: { district: string; amount: string } | null): Promise<void> {
  const { web, request, response, viewer, districtId } = visit;
  const { query } = web.services.database;
  const language = languageOf(response);
  const m = messagesIn(language);
  const periods = await rewardablePeriods(query, mostPeriods);
  const period = periods.find((one) => one === request.query.period) ?? periods[0];
  const budgets = period ? await readBudgets(query, period, districtId) : [];
  const rewards = period ? await listRewards(query, { districtId, period, after: null }, shown) : [];
  await web.look({ actor: viewer.id, action: 'rewards.read', subject: period ?? 'all' });
  const decides = may(viewer.role, 'reward.decide') !== null;
  sendPage(
    web,
    request,
    response,
    'rewards',
    { title: m.rewards.title, at },
    {
      empty: period ? null : m.rewards.noPeriod,
      periods: periods.map((one) => ({
        ...{ href: `/rewards?period=${one}`, name: month(one, language), current: one === period },
      })),
      propose: period && may(viewer.role, 'reward.propose') ? `/rewards/new?period=${period}` : null,
      decides,
      budgetPath: `/rewards/budgets?period=${period}`,
      budgets: budgets.map((budget) => ({
        ...{ id: budget.districtId, name: budget.districtName, decides },
        given: fault?.district === budget.districtId ? fault.amount : (budget.amount ?? ''),
        fault: fault?.district === budget.districtId ? m.rewards.budgetFault(yuan(budget.approved, language)) : null,
        amount: budget.amount === null ? '—' : yuan(budget.amount, language),
        ...{ approved: yuan(budget.approved, language), left: yuan(budget.left, language) },
      })),
      rewards: rewards.map((reward) => ({
        ...{ href: `/rewards/${reward.id}`, what: rewardInWords(reward, m), amount: yuan(reward.amount, language) },
        ...{ manager: reward.managerName, district: reward.districtName, state: stateOf(reward, m) },
      })),
    },
  );
}

const stateOf = ({ state }: ListedReward, { rewards }: Messages) => ({
  name: rewards.states[state],
  class: `reward-${state}`,
});

const rewardInWords = ({ kind, indicator }: Pick<ListedReward, 'kind' | 'indicator'>, m: Messages): string =>
  indicator === null ? m.rewards.kinds[kind] : `${m.rewards.kinds[kind]} · ${indicatorName(indicator, m.board)}`;

const text = z.string().catch('').default('');

/** `POST /rewards/budgets?period=` */
export async function keepBudget(visit: Visit): Promise<void> {
  const { web, request, response, viewer } = visit;
  const { district, amount } = z.object({ district: text, amount: text }).parse(request.body ?? {});
  const period = String(request.query.period);
  if (!(await rewardablePeriods(web.services.database.query, mostPeriods)).includes(period)) throw new NotFound();
  try {
    await setBudget(web.services, { districtId: district, period, amount: amount.trim(), actor: viewer.id });
  } catch (error) {
    if (!(error instanceof BadInput)) throw error;
    response.status(400);
    return sendRewards(visit, { district, amount });
  }
  response.redirect(303, `/rewards?period=${period}`);
}

const blank = { managerId: '', kind: '', indicator: '', amount: '', reason: '', evidence: '' };
type Fields = typeof blank;
type FieldFaults = Partial<Record<keyof Fields, string>>;
const shape = { managerId: text, kind: text, indicator: text, amount: text, reason: text, evidence: text };

/** `GET /rewards/new?period=` */
export const showRewardForm = async (visit: Visit): Promise<void> =>
  sendForm(visit, await periodAsked(visit), blank, {});

/** `POST /rewards/new?period=`: a form with faults comes back as it was filled in. */
export async function takeReward(visit: Visit): Promise<void> {
  const { web, request, response, viewer, districtId } = visit;
  if (districtId === null) throw new Forbidden('noDistrict');
  const period = await periodAsked(visit);
  const fields = z.object(shape).parse(request.body ?? {});
  const read = rewardWish.safeParse({
    ...{ ...fields, amount: fields.amount.trim() },
    indicator: fields.kind === 'over-fulfilment' ? fields.indicator : null,
  });
  const { faults } = messagesIn(languageOf(response)).rewards;
  try {
    if (!read.success)
      throw new BadInput(
        'nothing was proposed',
        read.error.issues.map(({ path, message }) => ({ where: path.join('.'), message })),
      );
    const id = await proposeReward(web.services, { period, districtId, actor: viewer.id }, read.data);
    return response.redirect(303, `/rewards/${id}`);
  } catch (error) {
    if (!(error instanceof BadInput)) throw error;
    const named = error.faults.flatMap(({ where }): [string, string][] =>
      Object.hasOwn(faults, where) ? [[where, faults[where as keyof typeof faults]]] : [],
    );
    if (named.length === 0) throw error;
    response.status(400);
    return sendForm(visit, period, fields, Object.fromEntries(named));
  }
}

async function periodAsked({ web, request }: Visit): Promise<string> {
  const periods = await rewardablePeriods(web.services.database.query, mostPeriods);
  const period = periods.find((one) => one === request.query.period);
  if (!period) throw new NotFound();
  return period;
}

async function sendForm(visit: Visit, period: string, fields: Fields, faults: FieldFaults): Promise<void> {
  const { web, request, response, districtId } = visit;
  const { query } = web.services.database;
  const language = languageOf(response);
  const m = messagesIn(language);
  const managers = await query<{ id: string; name: string }>({
    text: 'SELECT id, name FROM manager WHERE district_id = $1 ORDER BY id',
    values: [districtId],
  });
  const [budget] = await readBudgets(query, period, districtId);
  const rules = (await findPublished(query, period))?.document.rules;
  const title = m.rewards.propose;
  sendPage(
    web,
    request,
    response,
    'reward-form',
    { title, at },
    {
      ...{ title, fields, longestWords, path: `/rewards/new?period=${period}`, back: `/rewards?period=${period}` },
      lead: m.rewards.proposeLead(month(period, language), yuan(budget?.left ?? '0.00', language)),
      faults: { ...Object.fromEntries(Object.keys(blank).map((name) => [name, null])), ...faults },
      managers: managers.map(({ id, name }) => ({ id, words: `${name} ${id}`, chosen: id === fields.managerId })),
      kinds: rewardKinds.map((kind) => ({ kind, words: m.rewards.kinds[kind], chosen: kind === fields.kind })),
      indicators: (rules?.unit.indicators ?? []).map(({ code }) => ({
        ...{ code, words: indicatorName(code, m.board), chosen: code === fields.indicator },
      })),
    },
  );
}

/** `GET /rewards/:reward` */
export const showReward = async (visit: Visit): Promise<void> => sendReward(visit, await rewardAsked(visit), null);

async function rewardAsked({ web, request, districtId }: Visit): Promise<ListedReward> {
  const filter = { id: String(request.params.reward), districtId, after: null };
  const [reward] = await listRewards(web.services.database.query, filter, 1);
  if (!reward) throw new NotFound();
  return reward;
}

async function sendReward(
  { web, request, response, viewer }: Visit,
  reward: ListedReward,
  fault: string | null,
): Promise<void> {
  const { database, clock } = web.services;
  const language = languageOf(response);
  const m = messagesIn(language);
  const place = { language, timeZone: await companyTimeZone(web.services) };
  const now = clock.now();
  await web.look({ actor: viewer.id, action: 'rewards.read', subject: reward.id });
  const [budget] = await readBudgets(database.query, reward.period, reward.districtId);
  const open = reward.state === 'proposed';
  const own = reward.proposedBy === viewer.id;
  sendPage(
    web,
    request,
    response,
    'reward',
    { title: m.rewards.one, at },
    {
      ...{ title: rewardInWords(reward, m), state: stateOf(reward, m), amount: yuan(reward.amount, language) },
      whose: m.rewards.whose(
        ...([reward.managerName, reward.managerId, reward.districtName, month(reward.period, language)] as const),
      ),
      ...{ reason: reward.reason, evidence: reward.evidence, decision: reward.decision, fault, longestWords },
      proposed: moment(reward.proposedAt, now, place),
      decided: reward.decidedAt && moment(reward.decidedAt, now, place),
      left: m.rewards.leftOf(yuan(budget?.left ?? '0.00', language)),
      decides: open && !own && may(viewer.role, 'reward.decide') !== null,
      withdraws: open && own && may(viewer.role, 'reward.propose') !== null,
      ...{ path: `/rewards/${reward.id}`, back: `/rewards?period=${reward.period}` },
    },
  );
}

/** `POST /rewards/:reward/approval` */
export async function approve(visit: Visit): Promise<void> {
  const { id } = await rewardAsked(visit);
  await approveReward(visit.web.services, { id, actor: visit.viewer.id });
  visit.response.redirect(303, `/rewards/${id}`);
}

/** `POST /rewards/:reward/refusal` */
export const refuse = (visit: Visit): Promise<void> => turnDown(visit, refuseReward);

/** `POST /rewards/:reward/withdrawal` */
export const withdraw = (visit: Visit): Promise<void> => turnDown(visit, withdrawReward);

async function turnDown(visit: Visit, act: typeof refuseReward): Promise<void> {
  const { web, request, response, viewer } = visit;
  const reward = await rewardAsked(visit);
  const { reason } = z.object({ reason: text }).parse(request.body ?? {});
  try {
    await act(web.services, { id: reward.id, reason, actor: viewer.id });
  } catch (error) {
    if (!(error instanceof BadInput)) throw error;
    response.status(400);
    return sendReward(visit, reward, messagesIn(languageOf(response)).ledger.needsReason);
  }
  response.redirect(303, `/rewards/${reward.id}`);
}
