import { z } from 'zod';
import { listRewards, readBudgets, rewardKinds, rewardStates } from '../../scoring/ledger/reward-list.ts';
import { moment, type Operation, operation, period } from './operation.ts';
import { pageOf, pageOut, pageQuery, placeIn } from './paging.ts';

/** District rewards, to be read: they are proposed and approved by two people, and a key could be both. */
const yuan = z.string().describe('yuan with two decimals');

const reward = z.object({
  ...{ id: z.uuid(), managerId: z.string(), districtId: z.string(), period, kind: z.enum(rewardKinds) },
  indicator: z.string().nullable().describe('the one that was over-fulfilled'),
  ...{ amount: yuan, reason: z.string(), evidence: z.string(), state: z.enum(rewardStates) },
  ...{ proposedBy: z.string().describe('a user’s id'), proposedAt: moment, decidedAt: moment.nullable() },
  decision: z.string().nullable().describe('why it was turned down or withdrawn'),
});

const budget = z.object({
  districtId: z.string(),
  amount: yuan.nullable().describe('null = none was set: nothing can be approved'),
  ...{ approved: yuan.describe('less what was taken back'), left: yuan },
});

const rewardPlace = z.tuple([z.coerce.date(), z.uuid()]).transform(([proposedAt, id]) => ({ proposedAt, id }));

export const rewardOperations: readonly Operation[] = [
  operation({
    ...{ id: 'rewards.list', method: 'get', path: '/rewards', scope: 'ledger:read', personal: true },
    summary: 'Rewards that districts proposed, the latest first, and what became of them',
    query: pageQuery.extend({
      period: period.optional(),
      district: z.string().optional(),
      state: z.enum(rewardStates).optional(),
    }),
    answer: pageOf(reward),
    async run({ services, query: { limit, after, district = null, ...filter } }) {
      const wanted = { ...filter, districtId: district, after: placeIn(rewardPlace, after) };
      const found = await listRewards(services.database.query, wanted, limit + 1);
      return pageOut(found, limit, ({ proposedAt, id }) => [proposedAt, id]);
    },
  }),
  operation({
    ...{ id: 'rewards.budgets', method: 'get', path: '/rewards/budgets', scope: 'ledger:read' },
    summary: 'What each district may give for a month, has given, and has left',
    query: z.object({ period }),
    answer: z.object({ items: z.array(budget) }),
    async run({ services, query: { period: of } }) {
      return { items: await readBudgets(services.database.query, of, null) };
    },
  }),
];
