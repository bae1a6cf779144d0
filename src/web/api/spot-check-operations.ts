import { z } from 'zod';
import { BadInput } from '../../platform/errors.ts';
import { readMinute } from '../../survey/round/minute.ts';
import { cancelSpotCheck, longestReason, readCheckable, scheduleSpotCheck } from '../../survey/round/spot-check.ts';
import { readSpotChecks } from '../../survey/round/spot-check-list.ts';
import { drawRules } from '../../workers/rules.ts';
import { NotFound } from '../faults.ts';
import { personAsking, personField } from './on-behalf.ts';
import { type Call, moment, type Operation, operation, roundParams } from './operation.ts';
import { findRound } from './round-operations.ts';

/** Spot checks: a person asks through a program, and the record names both. */
const spotCheck = z.object({
  id: z.uuid(),
  askedBy: z.string().describe('a user’s id'),
  askedByName: z.string().nullable(),
  via: z.string().nullable().describe('the key that brought it; null = asked for by page'),
  program: z.string().nullable().describe('what that key is called'),
  reason: z.string(),
  managerIds: z.array(z.string()).readonly().describe('those named; empty where the draw chooses'),
  random: z.int().nullable().describe('how many managers the draw chooses'),
  districtId: z.string().nullable().describe('the only district that is checked; null = the whole city'),
  ...{ perManager: z.int(), dueAt: moment, state: z.enum(['scheduled', 'released', 'cancelled']), createdAt: moment },
  released: z.int().describe('retailers taken from the back of the order'),
  note: z.string().nullable().describe('taken / asked for, where it is less'),
});

const due = z.union([
  z.literal('now'),
  z.strictObject({
    local: z.string().describe('2027-01-04T09:30, on the clocks of that zone'),
    timeZone: z.string().describe('Asia/Shanghai'),
  }),
]);

const managers = z.union([
  z.strictObject({ named: z.array(z.string()).min(1) }),
  z.strictObject({ random: z.int().min(1).describe('chosen by the draw') }),
]);

const checkParams = roundParams.extend({ check: z.uuid() });

async function findSpotCheck({ services }: Pick<Call, 'services'>, roundId: string, id: string) {
  const found = (await readSpotChecks(services.database.query, roundId, null)).find((one) => one.id === id);
  if (!found) throw new NotFound();
  return found;
}

export const spotCheckOperations: readonly Operation[] = [
  operation({
    ...{ id: 'spot-checks.list', method: 'get', path: '/rounds/{round}/spot-checks', scope: 'spot-checks:read' },
    summary: 'Spot checks of a round: who asked, of whom, when and why, and what came of them',
    ...{ params: roundParams, answer: z.object({ items: z.array(spotCheck) }) },
    async run({ services: { database }, params }) {
      const { id } = await findRound(database.query, params.round);
      return { items: await readSpotChecks(database.query, id, null) };
    },
  }),
  operation({
    id: 'spot-checks.managers',
    ...{ method: 'get', path: '/rounds/{round}/spot-checks/managers', scope: 'spot-checks:read' },
    summary: 'Of whom how many may still be checked this month',
    params: roundParams,
    answer: z.object({
      items: z.array(
        z.object({ id: z.string(), name: z.string(), district: z.string(), frameSize: z.int(), left: z.int() }),
      ),
    }),
    async run({ services: { database, rules }, params }) {
      const round = await findRound(database.query, params.round);
      const items = await readCheckable(database.query, round, null, drawRules(await rules(round.ruleSetId)));
      return { items };
    },
  }),
  operation({
    ...{ id: 'spot-checks.schedule', method: 'post', path: '/rounds/{round}/spot-checks', scope: 'spot-checks:write' },
    ...{ status: 201, creates: true },
    summary: 'Ask for a spot check, now or at a minute to come: real retailers are called',
    params: roundParams,
    body: z.strictObject({
      onBehalfOf: personField,
      managers,
      perManager: z.int().min(1).describe('retailers of each'),
      at: due,
      reason: z.string().trim().min(1).max(longestReason),
    }),
    answer: spotCheck,
    async run({ services, actor, params, body: { onBehalfOf, at, ...wish } }) {
      const { id: roundId } = await findRound(services.database.query, params.round);
      const person = await personAsking(services.database.query, onBehalfOf, 'spot-check.ask');
      const dueAt = at === 'now' ? services.clock.now() : readMinute(at);
      if (!(dueAt instanceof Date)) throw new BadInput('抽查不能安排 · the spot check cannot be scheduled', [dueAt]);
      const id = await scheduleSpotCheck(
        { ...services, rules: async (id) => drawRules(await services.rules(id)) },
        { ...wish, roundId, dueAt, askedBy: person.id, via: actor, districtId: person.districtId },
      );
      if (at === 'now') await services.queues.add('reconcile', {});
      return findSpotCheck({ services }, roundId, id);
    },
  }),
  operation({
    id: 'spot-checks.cancel',
    ...{ method: 'post', path: '/rounds/{round}/spot-checks/{check}/cancel', scope: 'spot-checks:write' },
    summary: 'Take a spot check back, before its time',
    ...{ params: checkParams, body: z.strictObject({ onBehalfOf: personField }), answer: spotCheck },
    async run({ services, actor, params, body: { onBehalfOf } }) {
      const { id } = await findSpotCheck({ services }, params.round, params.check);
      const { districtId } = await personAsking(services.database.query, onBehalfOf, 'spot-check.ask');
      await cancelSpotCheck(services, { id, actor, districtId, onBehalfOf });
      return findSpotCheck({ services }, params.round, id);
    },
  }),
];
