import { z } from 'zod';
import { dayIn } from '../../platform/day.ts';
import { listDuties } from '../../scoring/training/follow-up.ts';
import { listTraining } from '../../survey/training/record.ts';
import { trainingKinds } from '../../survey/training/table.ts';

import { companyTimeZone } from '../round/rounds-page.ts';
import { moment, type Operation, operation, period } from './operation.ts';
import { pageOf, pageOut, pageQuery, placeIn } from './paging.ts';

/** Training: what is on record, and who is to be trained after a fall. Records come in as a roster file does. */
const record = z.object({
  ...{ id: z.uuid(), managerId: z.string(), kind: z.enum(trainingKinds), name: z.string() },
  hours: z.string().nullable().describe('of a course'),
  ...{ day: z.iso.date(), evidence: z.string() },
  takenBackFor: z.string().nullable().describe('why it counts no longer'),
});

const duty = z.object({
  ...{ id: z.uuid(), managerId: z.string(), period, move: z.enum(['down', 'floor']), dueOn: z.iso.date() },
  ...{
    overdue: z.boolean(),
    proof: z.string().nullable().describe('null = still to be met'),
    metAt: moment.nullable(),
  },
});

const recordPlace = z.tuple([z.iso.date(), z.uuid()]).transform(([day, id]) => ({ day, id }));
const mostDuties = 1000;

export const trainingOperations: readonly Operation[] = [
  operation({
    ...{ id: 'training.list', method: 'get', path: '/training/records', scope: 'training:read', personal: true },
    summary: 'Courses, certificates and exams, the latest day first',
    query: pageQuery.extend({ manager: z.string().optional() }),
    answer: pageOf(record),
    async run({ services, query: { limit, after, manager = null } }) {
      const filter = { districtId: null, managerId: manager, after: placeIn(recordPlace, after) };
      const found = await listTraining(services.database.query, filter, limit + 1);
      return pageOut(found, limit, ({ day, id }) => [day, id]);
    },
  }),
  operation({
    ...{
      id: 'training.follow-ups',
      method: 'get',
      path: '/training/follow-ups',
      scope: 'training:read',
      personal: true,
    },
    summary: 'Who is to be trained after a fall, those still to be first, each by the day it is due',
    query: z.object({ manager: z.string().optional(), open: z.enum(['true', 'false']).optional() }),
    answer: z.object({ items: z.array(duty) }),
    async run({ services, query: { manager = null, open } }) {
      const today = dayIn(services.clock.now(), await companyTimeZone(services));
      const wanted = { open: open === undefined ? null : open === 'true', today };
      const reach = { districtId: null, managerId: manager };
      return { items: await listDuties(services.database.query, reach, wanted, mostDuties) };
    },
  }),
];
