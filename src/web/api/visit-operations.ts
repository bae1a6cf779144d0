import { z } from 'zod';
import { longestReason } from '../../platform/reason.ts';
import { cancelVisit } from '../../survey/visits/change.ts';
import { drawVisits, mostPerManager } from '../../survey/visits/draw-visits.ts';
import { type ListedVisit, listVisits } from '../../survey/visits/list.ts';
import { NotFound } from '../faults.ts';
import { personAsking, personField } from './on-behalf.ts';
import { moment, type Operation, operation, period, roundParams } from './operation.ts';

/**
 * Market visits: a person asks through a program. What was found is recorded by page alone, in the shop; a program was
 * never there.
 */
const visit = z.object({
  ...{ id: z.uuid(), drawId: z.uuid(), period, managerId: z.string(), visitorId: z.string(), dueOn: z.iso.date() },
  state: z.enum(['open', 'made', 'not-possible', 'cancelled']),
  retailerId: z.string().nullable().describe('null until the visit was made or found impossible'),
  findings: z
    .record(z.string(), z.enum(['yes', 'no', 'not-applicable']))
    .nullable()
    .describe('by item of the checklist'),
  checklist: z.string().nullable(),
  reason: z.string().nullable().describe('why it was not possible, or cancelled'),
  counted: z.boolean().describe('whether it became dated events'),
  endedAt: moment.nullable(),
});

const told = ({ retailerId, ...listed }: ListedVisit): z.input<typeof visit> => ({
  ...listed,
  findings: listed.findings,
  retailerId: listed.state === 'made' || listed.state === 'not-possible' ? retailerId : null,
});

const most = 500;

export const visitOperations: readonly Operation[] = [
  operation({
    ...{ id: 'visits.list', method: 'get', path: '/visits', scope: 'visits:read', personal: true },
    summary: 'Visits of a month: open ones by their day, then the latest that ended; at most 500',
    query: z.object({ period, state: visit.shape.state.optional() }),
    answer: z.object({ items: z.array(visit) }),
    async run({ services: { database, vault }, query: filter }) {
      return { items: (await listVisits(database.query, vault, filter, most)).map(told) };
    },
  }),
  operation({
    ...{ id: 'visits.draw', method: 'post', path: '/rounds/{round}/visits', scope: 'visits:write' },
    ...{ status: 201, creates: true, params: roundParams },
    summary: 'Have shops visited: the draw takes them from the back of its order, none twice in a month',
    body: z.strictObject({
      onBehalfOf: personField,
      of: z.union([z.strictObject({ manager: z.string() }), z.strictObject({ district: z.string() })]),
      perManager: z.int().min(1).max(mostPerManager).describe('shops of each manager'),
      visitorId: z.uuid().describe('a user’s id: who goes, of another district than the managers'),
      dueOn: z.iso.date().describe('the last day'),
      reason: z.string().trim().min(1).max(longestReason),
    }),
    answer: z.object({ id: z.uuid(), drawn: z.int() }),
    async run({ services, actor, params, body: { onBehalfOf, ...wish } }) {
      const { id: askedBy, districtId } = await personAsking(services.database.query, onBehalfOf, 'visit.ask');
      return drawVisits(services, { ...wish, roundId: params.round, askedBy, via: actor, districtId });
    },
  }),
  operation({
    ...{ id: 'visits.cancel', method: 'post', path: '/visits/{visit}/cancel', scope: 'visits:write' },
    summary: 'Cancel a visit; its shop is drawn no more this month',
    params: z.object({ visit: z.uuid() }),
    body: z.strictObject({ onBehalfOf: personField, reason: z.string().trim().min(1).max(longestReason) }),
    async run({ services, actor, params, body: { onBehalfOf, reason } }) {
      const { database, vault } = services;
      const [known] = await listVisits(database.query, vault, { id: params.visit }, 1);
      if (!known) throw new NotFound();
      const { districtId } = await personAsking(database.query, onBehalfOf, 'visit.ask');
      await cancelVisit(services, { id: params.visit, actor, districtId, onBehalfOf, reason });
    },
  }),
];
