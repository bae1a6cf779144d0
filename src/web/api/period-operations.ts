import { z } from 'zod';
import { appealWish, fileAppeal, withdrawAppeal } from '../../scoring/appeals/appeal.ts';
import { listAppeals } from '../../scoring/appeals/list.ts';
import { calendarOf } from '../../scoring/periods/calendar.ts';
import { listPeriods } from '../../scoring/periods/list.ts';
import { parseRules } from '../../scoring/rules.ts';
import type { Services } from '../../workers/services.ts';
import { NotFound } from '../faults.ts';
import { notForHim, personAsking, personField } from './on-behalf.ts';
import { moment, type Operation, operation, period } from './operation.ts';
import { pageOf, pageOut, pageQuery, placeIn } from './paging.ts';

/**
 * Months on their way to a final result, and appeals. Verdicts are given by page alone, as in reviews: they are two
 * people's, and whoever holds a key could be both.
 */
const standing = z.object({
  period,
  stage: z.enum(['open', 'notice', 'final']),
  ruleSet: z.string(),
  calendar: z
    .object({
      ...{ firstDay: z.iso.date(), lastDay: z.iso.date(), noticeBy: z.iso.date() },
      ...{ appealsBy: z.iso.date(), finalOn: z.iso.date() },
    })
    .describe('as it is planned, known from the first day'),
  hash: z.string().nullable().describe('of the publication that stands'),
  sequence: z.int().nullable().describe('which publication of the month it is'),
  publishedAt: moment.nullable(),
  appealsUntil: moment.nullable().describe('the first moment at which it can no longer be appealed'),
  openAppeals: z.int(),
});

const appeal = z.object({
  ...{ id: z.uuid(), period, managerId: z.string(), kind: z.enum(['wrong-assignment', 'invalid-call', 'indicator']) },
  ...{ retailerId: z.string().nullable(), indicator: z.string().nullable(), value: z.string().nullable() },
  ...{ statement: z.string(), evidence: z.string(), state: z.enum(['open', 'upheld', 'dismissed', 'withdrawn']) },
  ...{ filedAt: moment, decidedAt: moment.nullable(), given: z.int().describe('verdicts given so far') },
  verdicts: z
    .array(z.object({ by: z.string(), uphold: z.boolean(), reason: z.string() }))
    .readonly()
    .describe('once it is settled'),
});

const appealPlace = z.tuple([z.coerce.date(), z.uuid()]).transform(([filedAt, id]) => ({ filedAt, id }));
const periodParams = z.object({ period });
const appealParams = z.object({ appeal: z.uuid() });

export const periodOperations: readonly Operation[] = [
  operation({
    ...{ id: 'periods.list', method: 'get', path: '/periods', scope: 'results:read' },
    summary: 'Months and how far their results have come: open, on public notice, final; latest first',
    ...{ query: pageQuery, answer: pageOf(standing) },
    async run({ services, query: { limit, after } }) {
      const found = await listPeriods(services.database.query, placeIn(period, after), limit + 1);
      const { items, next } = pageOut(found, limit, (last) => last.period);
      return {
        items: items.map(({ rules, ...one }) => ({
          ...one,
          ruleSet: rules.id,
          calendar: calendarOf(one.period, parseRules(rules)),
        })),
        next,
      };
    },
  }),
  operation({
    ...{ id: 'appeals.list', method: 'get', path: '/appeals', scope: 'appeals:read', personal: true },
    summary: 'Appeals, latest first; verdicts once they are settled',
    query: pageQuery.extend({
      period: period.optional(),
      manager: z.string().optional(),
      state: appeal.shape.state.optional(),
    }),
    answer: pageOf(appeal),
    async run({ services, query: { limit, after, manager, ...filter } }) {
      const { query } = services.database;
      const place = placeIn(appealPlace, after);
      const found = await listAppeals(query, { ...filter, managerId: manager, after: place }, limit + 1);
      return pageOut(found, limit, ({ filedAt, id }) => [filedAt, id]);
    },
  }),
  operation({
    ...{ id: 'appeals.file', method: 'post', path: '/periods/{period}/appeals', scope: 'appeals:write' },
    ...{ status: 201, creates: true, params: periodParams, answer: z.object({ id: z.uuid() }) },
    summary: 'Appeal for a manager against the notice of a month: a fact is wrong',
    body: appealWish.extend({ onBehalfOf: personField }),
    async run({ services, params, body: { onBehalfOf, ...wish } }) {
      return { id: await fileAppeal(services, params.period, await appellant(services, onBehalfOf), wish) };
    },
  }),
  operation({
    ...{ id: 'appeals.withdraw', method: 'post', path: '/appeals/{appeal}/withdraw', scope: 'appeals:write' },
    summary: 'Take an open appeal back, for the manager who filed it',
    ...{ params: appealParams, body: z.strictObject({ onBehalfOf: personField }) },
    async run({ services, params, body: { onBehalfOf } }) {
      const [known] = await services.database.query({
        text: 'SELECT FROM appeal WHERE id = $1',
        values: [params.appeal],
      });
      if (!known) throw new NotFound();
      await withdrawAppeal(services, params.appeal, await appellant(services, onBehalfOf));
    },
  }),
];

/** The manager this user is. */
async function appellant({ database }: Services, userId: string) {
  const { id, managerId } = await personAsking(database.query, userId, 'appeal.file');
  if (managerId === null)
    throw notForHim('此人不是客户经理，不能申诉 · is no customer manager, and appeals are theirs alone');
  return { managerId, actor: id };
}
