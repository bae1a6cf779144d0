import { z } from 'zod';
import { readRoleModels } from '../../scoring/role-models/read.ts';
import { NotFound } from '../faults.ts';
import { type Operation, operation, period } from './operation.ts';

/** Role models and progress of a month whose result is final. */
const named = { id: z.string().describe('employee number'), name: z.string(), district: z.string() };
const points = z.string().describe('points of S with two decimals');

const roleModels = z.object({
  period,
  hash: z.string().describe('of the final publication it is made from'),
  conditions: z
    .object({ excellentInARow: z.int(), firm: z.boolean(), noOpenAlarm: z.boolean() })
    .nullable()
    .describe('of the rule set; null where it states none'),
  candidates: z
    .array(
      z.object({
        ...named,
        months: z.array(period).readonly().describe('excellent, none of them looking back on another’s months'),
      }),
    )
    .readonly(),
  movedUp: z.array(z.object({ ...named, tierBefore: z.int(), tier: z.int() })).readonly(),
  improved: z
    .array(
      z.object({
        ...named,
        ...{ since: period, from: points, to: points, by: points },
        interval: z.tuple([points, points]).readonly().describe('95 %, sampling error of both C alone'),
      }),
    )
    .readonly()
    .describe('by more than chance explains, the largest rise first'),
  withinChance: z.int().describe('how many rose by no more than that'),
  notCompared: z
    .int()
    .describe('how many have no earlier month that was measured alike and looks back on none of the same'),
});

export const roleModelOperations: readonly Operation[] = [
  operation({
    ...{ id: 'role-models.read', method: 'get', path: '/role-models/{period}', scope: 'results:read', personal: true },
    summary: 'Who is held up as a model by the rule set’s conditions, who moved up, and whose score rose',
    ...{ params: z.object({ period }), answer: roleModels },
    async run({ services, params }) {
      const found = await readRoleModels(services.database.query, params.period);
      if (!found) throw new NotFound();
      return found;
    },
  }),
];
