import { z } from 'zod';
import { closeIncident, readIncidents } from '../../survey/fieldwork/incident.ts';
import { paceOf, readPace } from '../../survey/fieldwork/pace.ts';
import { lanesOf } from '../carriers/carriers-page.ts';
import { moment, type Operation, operation } from './operation.ts';

/** Carriers by API: how they stand with us, and incidents, as the page shows them. */
export const carrierOperations: readonly Operation[] = [
  operation({
    ...{ id: 'carriers.list', method: 'get', path: '/carriers', scope: 'carriers:read' },
    summary: 'Carriers in use: limits, rests, and whether one is stopped for our settings',
    answer: z.object({
      items: z.array(
        z.object({
          carrier: z.string().describe('name and channel, such as `twilio/voice`'),
          perSecond: z.number(),
          concurrent: z.int().nullable(),
          stopped: z.boolean().describe('an incident is open: nothing is asked of it'),
          restUntil: moment.nullable().describe('it was busy or silent and is left in peace until then'),
        }),
      ),
    }),
    async run({ services }) {
      const { query } = services.database;
      const items = lanesOf(services).map(async (lane) => {
        const { stopped, restUntil } = await readPace(query, lane);
        const { perSecond, concurrent } = lane;
        return { carrier: paceOf(lane), perSecond, concurrent, stopped, restUntil };
      });
      return { items: await Promise.all(items) };
    },
  }),
  operation({
    ...{ id: 'incidents.list', method: 'get', path: '/incidents', scope: 'carriers:read' },
    summary: 'Carriers that refused us for our settings: open incidents first, then the latest',
    answer: z.object({
      items: z.array(
        z.object({
          ...{ id: z.uuid(), carrier: z.string(), errorCode: z.int().nullable(), errorName: z.string().nullable() },
          ...{
            refusals: z.int(),
            openedAt: moment,
            lastAt: moment,
            closedAt: moment.nullable(),
            closedBy: z.string().nullable(),
          },
        }),
      ),
    }),
    async run({ services }) {
      return { items: await readIncidents(services.database.query) };
    },
  }),
  operation({
    ...{ id: 'incidents.close', method: 'post', path: '/incidents/{incident}/close', scope: 'carriers:write' },
    summary: 'The settings are mended: let the carrier go on',
    params: z.object({ incident: z.uuid() }),
    async run({ services, actor, params }) {
      await closeIncident(services, params.incident, actor);
    },
  }),
];
