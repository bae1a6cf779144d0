import { z } from 'zod';
import { BadInput } from '../../platform/errors.ts';
import { longestReason } from '../../platform/reason.ts';
import { readStanding } from '../../scoring/evidence/standing.ts';
import { eventKinds } from '../../survey/events/kinds.ts';
import { findEvent, listEvents } from '../../survey/events/list.ts';
import { recordEvent, takeBackEvent } from '../../survey/events/record.ts';
import { readEvent } from '../../survey/events/table.ts';
import { companyDay } from '../../survey/roster/import.ts';
import { NotFound } from '../faults.ts';
import { moment, type Operation, operation, period } from './operation.ts';
import { pageOf, pageOut, pageQuery, placeIn } from './paging.ts';

/** Unit indicators of a month: what is in, from where, who has not handed in; and the dated events behind them. */
const periodParams = z.object({ period });

const indicator = z.object({
  ...{ managerId: z.string(), code: z.string() },
  handedIn: z.boolean().describe('false: missing by the rule unless it comes in, never 0'),
  value: z.string().nullable().describe('null where there is none'),
  source: z.enum(['imported', 'computed', 'appeal']).nullable(),
  events: z.int().nullable().describe('of a computed one: how many events it is made of'),
  done: z.string().nullable(),
  due: z.string().nullable(),
});

const kind = z.enum(Object.keys(eventKinds) as (keyof typeof eventKinds)[]);

const workEvent = z.object({
  ...{ id: z.uuid(), managerId: z.string(), kind, reference: z.string(), day: z.iso.date() },
  ...{ done: z.string(), due: z.string().nullable(), evidence: z.string(), source: z.string() },
  ...{ recordedBy: z.string(), recordedAt: moment },
  takenBack: z.object({ at: moment, by: z.string(), reason: z.string() }).nullable(),
});

const amount = z.string().regex(/^\d{1,8}(\.\d{1,4})?$/);
const eventPlace = z.tuple([z.iso.date(), z.uuid()]).transform(([day, id]) => ({ day, id }));
const eventParams = z.object({ event: z.uuid() });

export const indicatorOperations: readonly Operation[] = [
  operation({
    ...{ id: 'indicators.read', method: 'get', path: '/periods/{period}/indicators', scope: 'indicators:read' },
    personal: true,
    summary: 'Unit indicators of a month, imported or computed from dated events, and who has not handed in',
    params: periodParams,
    query: z.object({ missing: z.enum(['true', 'false']).default('false').describe('only what is not in') }),
    answer: z.object({
      period,
      ruleSet: z.string(),
      due: z.iso.date().describe('the day by which everything must be in'),
      onTheBoard: z.boolean().describe('indicators change by appeal alone'),
      items: z.array(indicator),
    }),
    async run({ services, params, query: { missing } }) {
      const standing = await readStanding(services.database.query, params.period, null);
      if (!standing) throw new NotFound();
      const { codes, managers, ...month } = standing;
      const none = { value: null, source: null, events: null, done: null, due: null };
      const items = managers.flatMap(({ id, values }) =>
        codes.map((code) => ({ managerId: id, code, handedIn: values.has(code), ...(values.get(code) ?? none) })),
      );
      return { ...month, items: missing === 'true' ? items.filter(({ handedIn }) => !handedIn) : items };
    },
  }),
  operation({
    ...{ id: 'work-events.list', method: 'get', path: '/periods/{period}/work-events', scope: 'indicators:read' },
    personal: true,
    summary: 'Dated events of a month, latest day first, also those that were taken back',
    params: periodParams,
    query: pageQuery.extend({ manager: z.string().max(64).optional() }),
    answer: pageOf(workEvent),
    async run({ services, params, query: { limit, after, manager = null } }) {
      const filter = { period: params.period, managerId: manager, after: placeIn(eventPlace, after) };
      const found = await listEvents(services.database.query, filter, limit + 1);
      return pageOut(found as z.input<typeof workEvent>[], limit, ({ day, id }) => [day, id]);
    },
  }),
  operation({
    ...{ id: 'work-events.record', method: 'post', path: '/work-events', scope: 'indicators:write', creates: true },
    summary: 'Record a dated event; under a number that is on record it stands in the place of what was said before',
    body: z.strictObject({
      ...{ managerId: z.string().max(64), kind, reference: z.string().max(64), day: z.iso.date(), done: amount },
      due: amount.nullable().default(null).describe('of how much; null is one, and of training what the rule set says'),
      evidence: z.string().max(300).default(''),
    }),
    async run({ services, actor, body: { managerId, due, ...fields } }) {
      const read = readEvent({ ...fields, manager: managerId, due: due ?? '' }, companyDay(services.clock.now()));
      if ('faults' in read)
        throw new BadInput(
          '没有记录 · nothing was recorded',
          Object.entries(read.faults).map(([where, message]) => ({ where: `body.${where}`, message })),
        );
      await recordEvent(services, read, { actor, source: 'api' });
    },
  }),
  operation({
    id: 'work-events.take-back',
    ...{ method: 'post', path: '/work-events/{event}/take-back', scope: 'indicators:write' },
    summary: 'Take a dated event back for good; the record stays',
    params: eventParams,
    body: z.strictObject({ reason: z.string().trim().min(1).max(longestReason) }),
    async run({ services, actor, params, body: { reason } }) {
      if (!(await findEvent(services.database.query, params.event))) throw new NotFound();
      await takeBackEvent(services, params.event, { actor, reason });
    },
  }),
];
