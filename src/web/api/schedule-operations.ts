import { z } from 'zod';
import { endSchedule, listSchedules, makeSchedule, readSchedule } from '../../survey/round/schedule.ts';
import { drawRules } from '../../workers/rules.ts';
import { NotFound } from '../faults.ts';
import { moment, type Operation, operation, period } from './operation.ts';

/** Rounds that are launched by themselves. */
const schedule = z.object({
  ...{ id: z.uuid(), monthly: z.boolean(), day: z.int(), time: z.string() },
  nextAt: moment.nullable().describe('null once it has ended'),
  ...{ questionnaireId: z.string(), createdBy: z.string(), endedAt: moment.nullable() },
  lastRoundId: z.string().nullable(),
  lastFault: z.string().nullable().describe('why the last launch did not happen'),
});

const params = z.object({ schedule: z.uuid() });

export const scheduleOperations: readonly Operation[] = [
  operation({
    ...{ id: 'schedules.list', method: 'get', path: '/schedules', scope: 'rounds:read' },
    summary: 'Rounds that are scheduled, the next one first',
    answer: z.object({ items: z.array(schedule) }),
    async run({ services }) {
      return { items: await listSchedules(services.database.query) };
    },
  }),
  operation({
    ...{ id: 'schedules.make', method: 'post', path: '/schedules', scope: 'rounds:write', status: 201, creates: true },
    summary: 'Launch a round by itself, once or every month',
    body: z.strictObject({
      period: period.nullable().default(null).describe('the one month to launch in; null = every month'),
      day: z.int().min(1).max(31).describe('of the month; moves to a workday of the same month'),
      time: z.string().describe('09:30, by the company’s clock: the time zone of the rule set in force'),
      questionnaireId: z.string().optional(),
    }),
    answer: schedule,
    async run({ services, actor, body }) {
      const rules = async (id: string) => drawRules(await services.rules(id));
      const id = await makeSchedule({ ...services, rules }, { ...body, actor });
      const made = await readSchedule(services.database.query, id);
      if (!made) throw new NotFound();
      return made;
    },
  }),
  operation({
    ...{ id: 'schedules.end', method: 'delete', path: '/schedules/{schedule}', scope: 'rounds:write' },
    summary: 'Launch no more of it',
    params,
    async run({ services, actor, params }) {
      await endSchedule(services, params.schedule, actor);
    },
  }),
];
