import { z } from 'zod';
import {
  addEndpoint,
  changeEndpoint,
  type Endpoint,
  longestOverlap,
  readEndpoints,
  removeEndpoint,
  rotateSecret,
} from '../../platform/webhooks/endpoint.ts';
import { deliveryStates, listDeliveries, listEvents } from '../../platform/webhooks/listing.ts';
import { ping, replay } from '../../platform/webhooks/replay.ts';
import { eventTypes } from '../../workers/events.ts';
import { NotFound } from '../faults.ts';
import { type Call, moment, type Operation, operation } from './operation.ts';
import { pageOf, pageOut, pageQuery, placeIn } from './paging.ts';

/** Webhook endpoints by API, and the same events for whoever fetches them instead (docs/webhooks.md). */
const endpoint = z.object({
  ...{ id: z.uuid(), url: z.url(), description: z.string(), types: z.array(z.string()) },
  previousUntil: moment.nullable().describe('until then the secret before the current one signs too'),
  ...{ createdAt: moment, createdBy: z.string(), disabledAt: moment.nullable() },
  disabledBy: z.string().nullable().describe('`gone`: it answered 410 itself'),
  waiting: z.int().describe('messages that have not arrived yet'),
  givenUp: z.int().describe('messages that did not arrive within three days'),
  lastDeliveredAt: moment.nullable(),
});

const wish = z.strictObject({
  url: z.string().max(2000).describe('https; http within the company’s own network'),
  description: z.string().max(200).default('').describe('whose it is'),
  types: z.array(z.enum(eventTypes)).min(1).max(100).describe('which events it wants'),
});

const secret = z.string().describe('`whsec_` and base64; shown this once');
const params = z.object({ endpoint: z.uuid() });
const by = (actor: string) => ({ known: eventTypes, actor });

/** @throws NotFound */
async function find({ services }: Pick<Call, 'services'>, id: string): Promise<Endpoint> {
  const [found] = await readEndpoints(services.database.query, id);
  if (!found) throw new NotFound();
  return found;
}

/** Where a page of events ends: at the number of one. */
const place = z.string().regex(/^\d{1,18}$/);

export const webhookOperations: readonly Operation[] = [
  operation({
    ...{ id: 'webhooks.list', method: 'get', path: '/webhook-endpoints', scope: 'webhooks:read' },
    summary: 'Endpoints that events are sent to, the oldest first',
    answer: z.object({ items: z.array(endpoint) }),
    async run({ services }) {
      return { items: await readEndpoints(services.database.query) };
    },
  }),
  // Not idempotent: an answer kept for asking again would keep the secret in clear.
  operation({
    ...{ id: 'webhooks.add', method: 'post', path: '/webhook-endpoints', scope: 'webhooks:write' },
    summary: 'Send events to an address from now on; its secret is answered this once',
    ...{ body: wish, answer: endpoint.extend({ secret }) },
    async run({ services, actor, body }) {
      const made = await addEndpoint(services, body, by(actor));
      return { ...(await find({ services }, made.id)), secret: made.secret };
    },
  }),
  operation({
    ...{ id: 'webhooks.read', method: 'get', path: '/webhook-endpoints/{endpoint}', scope: 'webhooks:read' },
    summary: 'One endpoint',
    ...{ params, answer: endpoint },
    run: ({ services, params: { endpoint: id } }) => find({ services }, id),
  }),
  operation({
    ...{ id: 'webhooks.change', method: 'put', path: '/webhook-endpoints/{endpoint}', scope: 'webhooks:write' },
    summary:
      'Address, description and types as they shall be, and whether anything is sent; what waits for a disabled one is given up',
    ...{ params, body: wish.extend({ enabled: z.boolean() }), answer: endpoint },
    async run({ services, actor, params: { endpoint: id }, body }) {
      await find({ services }, id);
      await changeEndpoint(services, id, body, by(actor));
      return find({ services }, id);
    },
  }),
  operation({
    ...{ id: 'webhooks.remove', method: 'delete', path: '/webhook-endpoints/{endpoint}', scope: 'webhooks:write' },
    summary: 'Forget an endpoint, with what was sent to it; the events stay',
    params,
    async run({ services, actor, params: { endpoint: id } }) {
      await find({ services }, id);
      await removeEndpoint(services, id, actor);
    },
  }),
  operation({
    ...{
      id: 'webhooks.rotate',
      method: 'post',
      path: '/webhook-endpoints/{endpoint}/rotation',
      scope: 'webhooks:write',
    },
    summary: 'A new secret, answered this once; the one before signs too for a while',
    params,
    body: z.strictObject({
      overlapHours: z
        .int()
        .min(0)
        .max(longestOverlap)
        .default(24)
        .describe('0 where the secret became known to others'),
    }),
    answer: z.object({ secret, previousUntil: moment }),
    async run({ services, actor, params: { endpoint: id }, body }) {
      await find({ services }, id);
      return rotateSecret(services, id, { ...body, actor });
    },
  }),
  operation({
    ...{ id: 'webhooks.test', method: 'post', path: '/webhook-endpoints/{endpoint}/test', scope: 'webhooks:write' },
    summary: 'Send a message of type webhook.ping, past whatever waits',
    status: 202,
    ...{ params, answer: z.object({ eventId: z.uuid() }) },
    async run({ services, actor, params: { endpoint: id } }) {
      await find({ services }, id);
      return { eventId: await ping(services, id, actor) };
    },
  }),
  operation({
    ...{
      id: 'webhooks.deliveries',
      method: 'get',
      path: '/webhook-endpoints/{endpoint}/deliveries',
      scope: 'webhooks:read',
    },
    summary: 'What was sent or is to be sent to it, the latest event first',
    params,
    query: pageQuery.extend({ state: z.enum(deliveryStates).optional() }),
    answer: pageOf(
      z.object({
        ...{ eventId: z.uuid(), type: z.string(), subject: z.string().nullable(), at: moment },
        ...{ state: z.enum(deliveryStates), tries: z.int() },
        nextAt: moment.nullable().describe('when it is tried next, where it waits'),
        lastStatus: z.int().nullable().describe('what it answered last; null where it did not'),
        lastError: z.string().nullable().describe('why the last try came to nothing, in a word'),
        endedAt: moment.nullable().describe('when it arrived or was given up'),
      }),
    ),
    async run({ services, params: { endpoint: id }, query: { limit, after, state = null } }) {
      await find({ services }, id);
      const before = placeIn(place, after);
      const rows = await listDeliveries(services.database.query, id, { state, before, limit });
      return pageOut(rows, limit, ({ sequence }) => sequence);
    },
  }),
  operation({
    ...{
      id: 'webhooks.replay',
      method: 'post',
      path: '/webhook-endpoints/{endpoint}/replays',
      scope: 'webhooks:write',
    },
    summary: 'Send one event, or all since a moment or an event, once more, under the same ids',
    status: 202,
    params,
    body: z.union([
      z.strictObject({ event: z.uuid() }),
      z.strictObject({ sinceEvent: z.uuid().describe('that one too') }),
      z.strictObject({ since: z.iso.datetime({ offset: true }).transform((text) => new Date(text)) }),
    ]),
    answer: z.object({ events: z.int().describe('how many') }),
    async run({ services, actor, params: { endpoint: id }, body }) {
      await find({ services }, id);
      return { events: await replay(services, id, body, actor) };
    },
  }),
  operation({
    ...{ id: 'events.list', method: 'get', path: '/events', scope: 'events:read', personal: true },
    summary: 'Events in the order they came about, for whoever fetches instead of being told',
    query: pageQuery.extend({
      type: z.enum(eventTypes).optional(),
      subject: z.string().max(100).optional().describe('a manager’s employee number'),
    }),
    answer: z.object({
      items: z.array(
        z.object({
          id: z.uuid().describe('`webhook-id` of the message'),
          ...{ type: z.string(), subject: z.string().nullable(), timestamp: moment },
          data: z.unknown().describe('as the webhook of this type has it'),
        }),
      ),
      next: z.string().nullable().describe('where to go on, now or later; null before the first event'),
      more: z.boolean().describe('whether there is something to go on with already'),
    }),
    async run({ services, query: { limit, after, type, subject = null } }) {
      const types = type === undefined ? eventTypes : [type];
      const rows = await listEvents(services.database.query, { types, subject, after: placeIn(place, after), limit });
      const items = rows.slice(0, limit);
      const last = items.at(-1);
      const next = last ? Buffer.from(JSON.stringify(last.sequence)).toString('base64url') : (after ?? null);
      return {
        items: items.map(({ id, type: own, subject: whom, at, payload }) => ({
          ...{ id, type: own, subject: whom, timestamp: at, data: payload },
        })),
        ...{ next, more: rows.length > limit },
      };
    },
  }),
];
