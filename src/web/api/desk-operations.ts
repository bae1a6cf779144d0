import { z } from 'zod';
import { concludeCall, concludeNumberCheck, concludeRecheck, numberFindings } from '../../survey/desk/conclude.ts';
import { takeDeskTurn } from '../../survey/desk/desk-turn.ts';
import {
  finishFollowUp,
  listFollowUps,
  reopenFollowUp,
  stopAtFollowUp,
  takeFollowUp,
} from '../../survey/desk/follow-up.ts';
import { type Caller, giveBack, listTasks, readTask, takeNext } from '../../survey/desk/queue.ts';
import { deskReasons } from '../../survey/desk/reason.ts';
import { deskResults } from '../../survey/disposition/outcome.ts';
import { keys } from '../../survey/interview/conversation.ts';
import { spoken } from '../../telephony/words.ts';
import { dialForCaller } from '../../workers/desk-dial.ts';
import type { Services } from '../../workers/services.ts';
import { wakeSettle } from '../../workers/wake.ts';
import { NotFound } from '../faults.ts';
import { personAsking, personField } from './on-behalf.ts';
import { moment, type Operation, operation } from './operation.ts';
import { pageOf, pageOut, pageQuery, placeIn } from './paging.ts';

/** The desk by API: a person works through a program of the company's, a call centre's screen say. */
const task = z.object({
  ...{ id: z.uuid(), roundId: z.string(), reason: z.enum(deskReasons), state: z.enum(['waiting', 'taken', 'done']) },
  ...{ phone: z.string().describe('masked'), managerId: z.string(), managerName: z.string(), language: z.string() },
  ...{ timeZone: z.string(), dueAt: moment, takenBy: z.string().nullable(), attempts: z.int() },
  outcome: z.string().nullable(),
});

const followUp = z.object({
  ...{ id: z.uuid(), state: z.enum(['open', 'taken', 'done', 'reopened']) },
  shop: z.string().nullable().describe('null where it did not agree to be named'),
  ...{ phone: z.string().describe('masked'), managerName: z.string().nullable() },
  ...{ createdAt: moment, dueAt: moment, takenBy: z.string().nullable(), note: z.string().nullable() },
  doneAt: moment.nullable(),
  confirmedAt: moment.nullable().describe('when the shop itself said that it is mended'),
});

const taskParams = z.object({ task: z.uuid() });
const wishParams = z.object({ followUp: z.uuid() });
const onBehalfOf = personField;
const person = z.strictObject({ onBehalfOf });
const nothing = z.object({ done: z.literal(true) });
const done = { done: true } as const;

/** @throws BadInput where he is nobody of the desk. */
async function callerAsking({ database: { query } }: Services, userId: string): Promise<Caller> {
  const { id } = await personAsking(query, userId, 'desk.work');
  const [user] = await query<{ districtId: string | null }>({
    text: 'SELECT district_id AS "districtId" FROM app_user WHERE id = $1',
    values: [id],
  });
  return { id, districtId: user?.districtId ?? null };
}

async function findTask({ database: { query } }: Services, id: string) {
  const found = await readTask(query, id);
  if (!found) throw new NotFound();
  return found;
}

const at = (path: string) => ({ method: 'post', path, scope: 'desk:write', personal: true }) as const;

export const deskOperations: readonly Operation[] = [
  operation({
    ...{ id: 'desk.tasks', method: 'get', path: '/desk/tasks', scope: 'desk:read', personal: true },
    summary: 'What people have to call, under masked numbers',
    ...{ query: pageQuery, answer: pageOf(task) },
    async run({ services, query: { limit, after } }) {
      const tasks = await listTasks(services.database.query, placeIn(z.uuid(), after), limit + 1);
      return pageOut(tasks, limit, ({ id }) => id);
    },
  }),
  operation({
    ...{ id: 'desk.take', ...at('/desk/tasks/next') },
    summary: 'Take the most urgent task there is for this person now, or the one he has; null = nothing now',
    ...{ body: person, answer: z.object({ task: task.nullable() }) },
    async run({ services, body }) {
      const id = await takeNext(services, await callerAsking(services, body.onBehalfOf));
      return { task: id === null ? null : await readTask(services.database.query, id) };
    },
  }),
  operation({
    ...{ id: 'desk.give-back', ...at('/desk/tasks/{task}/give-back') },
    summary: 'Put his task back for somebody else',
    ...{ params: taskParams, body: person, answer: task },
    async run({ services, params, body }) {
      const caller = await callerAsking(services, body.onBehalfOf);
      await giveBack(services, params.task, caller.id);
      return findTask(services, params.task);
    },
  }),
  operation({
    ...{ id: 'desk.call', ...at('/desk/tasks/{task}/calls'), status: 202, creates: true },
    summary: 'Ring his own telephone, and then the shop’s',
    ...{ params: taskParams, body: person },
    answer: z.object({ placing: z.enum(['placed', 'refused', 'unknown']) }),
    async run({ services, params, body }) {
      const caller = await callerAsking(services, body.onBehalfOf);
      return { placing: await dialForCaller(services, caller.id, { taskId: params.task }) };
    },
  }),
  operation({
    ...{ id: 'desk.turn', ...at('/desk/tasks/{task}/turns') },
    summary: 'One turn of the conversation: turn 0 begins it; a turn that was taken gets its first answer again',
    params: taskParams,
    body: z.strictObject({
      onBehalfOf,
      turn: z.int().min(0).max(10_000),
      key: z.enum(keys).nullable().describe('as the shop would key it; null = it gave no answer, or simply go on'),
      words: z.string().max(2000).optional().describe('what it said in its own words, where a comment is asked for'),
    }),
    answer: z.object({
      next: z.int().describe('number of the next turn'),
      say: z.array(z.string()).describe('what is read out now'),
      over: z.boolean(),
    }),
    async run({ services, params, body: { turn, key, words = '', ...asked } }) {
      const caller = await callerAsking(services, asked.onBehalfOf);
      const { reply, next, speaking } = await takeDeskTurn(services, caller.id, params.task, turn, { key, words });
      return { next, say: reply.say.map((one) => spoken(one, speaking)), over: reply.listenSeconds === null };
    },
  }),
  operation({
    ...{ id: 'desk.conclude', ...at('/desk/tasks/{task}/conclusion') },
    summary: 'What became of the call: the task is done with it, or goes back to the queue',
    params: taskParams,
    body: z.strictObject({ onBehalfOf, result: z.enum(deskResults) }),
    answer: task,
    async run({ services, params, body }) {
      const caller = await callerAsking(services, body.onBehalfOf);
      await concludeCall(services, caller.id, params.task, body.result);
      await wakeSettle(services);
      return findTask(services, params.task);
    },
  }),
  operation({
    ...{ id: 'desk.recheck', ...at('/desk/tasks/{task}/recheck') },
    summary: 'What somebody answered who was asked again; changes nothing in his case',
    params: taskParams,
    body: z.strictObject({ onBehalfOf, answers: z.record(z.string(), z.int().min(0).max(9)) }),
    answer: task,
    async run({ services, params, body }) {
      const caller = await callerAsking(services, body.onBehalfOf);
      await concludeRecheck(services, caller.id, params.task, body.answers);
      return findTask(services, params.task);
    },
  }),
  operation({
    ...{ id: 'desk.number-check', ...at('/desk/tasks/{task}/number-check') },
    summary: 'Whether a number is the shop’s; changes no number',
    params: taskParams,
    body: z.strictObject({
      onBehalfOf,
      finding: z.enum(numberFindings),
    }),
    answer: task,
    async run({ services, params, body }) {
      const caller = await callerAsking(services, body.onBehalfOf);
      await concludeNumberCheck(services, caller.id, params.task, body.finding);
      return findTask(services, params.task);
    },
  }),
  operation({
    ...{ id: 'follow-ups.list', method: 'get', path: '/follow-ups', scope: 'desk:read', personal: true },
    summary: 'Shops that asked to be called back, open ones first',
    query: z.object({ limit: z.coerce.number().int().min(1).max(500).default(100) }),
    answer: z.object({ items: z.array(followUp) }),
    async run({ services: { database }, query: { limit } }) {
      return { items: await listFollowUps(database.query, { districtId: null }, limit) };
    },
  }),
  operation({
    ...{ id: 'follow-ups.take', ...at('/follow-ups/{followUp}/take') },
    summary: 'He will see to it',
    ...{ params: wishParams, body: person, answer: nothing },
    async run({ services, params, body }) {
      await takeFollowUp(services, await callerAsking(services, body.onBehalfOf), params.followUp);
      return done;
    },
  }),
  operation({
    ...{ id: 'follow-ups.call', ...at('/follow-ups/{followUp}/calls'), status: 202, creates: true },
    summary: 'Ring his own telephone, and then the shop’s',
    ...{ params: wishParams, body: person },
    answer: z.object({ placing: z.enum(['placed', 'refused', 'unknown']) }),
    async run({ services, params, body }) {
      const caller = await callerAsking(services, body.onBehalfOf);
      return { placing: await dialForCaller(services, caller.id, { followUpId: params.followUp }) };
    },
  }),
  operation({
    ...{ id: 'follow-ups.stop', ...at('/follow-ups/{followUp}/stop') },
    summary: 'The shop says never again: calls and texts to it stop',
    ...{ params: wishParams, body: person, answer: nothing },
    async run({ services, params, body }) {
      await stopAtFollowUp(services, (await callerAsking(services, body.onBehalfOf)).id, params.followUp);
      return done;
    },
  }),
  operation({
    ...{ id: 'follow-ups.finish', ...at('/follow-ups/{followUp}/finish') },
    summary: 'It is done, and how',
    params: wishParams,
    body: z.strictObject({ onBehalfOf, note: z.string() }),
    answer: nothing,
    async run({ services, params, body }) {
      await finishFollowUp(services, (await callerAsking(services, body.onBehalfOf)).id, params.followUp, body.note);
      return done;
    },
  }),
  operation({
    ...{ id: 'follow-ups.reopen', ...at('/follow-ups/{followUp}/reopen') },
    summary: 'It was not done after all, or somebody else is to see to it',
    ...{ params: wishParams, body: person, answer: nothing },
    async run({ services, params, body }) {
      await reopenFollowUp(services, await callerAsking(services, body.onBehalfOf), params.followUp);
      return done;
    },
  }),
];
