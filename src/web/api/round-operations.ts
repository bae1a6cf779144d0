import { PassThrough } from 'node:stream';
import { z } from 'zod';
import type { Query } from '../../platform/database.ts';
import { readReport } from '../../survey/disposition/read-report.ts';
import { cancelRound } from '../../survey/round/cancel.ts';
import { listCases } from '../../survey/round/cases.ts';
import { closeEarly } from '../../survey/round/close.ts';
import { launchRound } from '../../survey/round/launch.ts';
import { type ListedRound, listRounds, readRound } from '../../survey/round/listing.ts';
import { pauseRound, resumeRound } from '../../survey/round/pause.ts';
import { planRound } from '../../survey/round/plan-round.ts';
import { exportFormats, exportKinds, exportResults } from '../../survey/round/results-export.ts';
import { termsFor } from '../../survey/round/terms.ts';
import { forecastRules } from '../../workers/rules.ts';
import { NotFound } from '../faults.ts';
import { moment, type Operation, operation, period, roundParams } from './operation.ts';
import { pageOf, pageOut, pageQuery, placeIn } from './paging.ts';

/** Rounds by API. */
export const roundState = z.enum(['draft', 'committed', 'fielding', 'paused', 'closed', 'cancelled']);

const round = z.object({
  id: z.string(),
  period,
  state: roundState,
  questionnaireId: z.string(),
  ruleSetId: z.string(),
  launchedAt: moment,
  fieldingAt: moment.nullable(),
  closesAt: moment.nullable().describe('nothing new is begun from here on'),
  closedAt: moment.nullable(),
  reason: z.string().nullable().describe('why it was paused or cancelled'),
  released: z.int().describe('retailers drawn and released so far'),
  open: z.int().describe('of these, how many are not final'),
  valid: z.int().describe('of these, how many gave an overall rating that no published rule has struck'),
});

const place = z.tuple([z.coerce.date(), z.string()]).transform(([launchedAt, id]) => ({ launchedAt, id }));

/** Where a page of what rounds have begins. @throws BadInput */
export const roundPlace = (after: string | undefined) => placeIn(place, after);

const wish = {
  period,
  questionnaireId: z.string().optional().describe('the one published last, where it is left out'),
  ruleSetId: z.string().optional().describe('the one in force in that month: another one is refused'),
};

const reasonBody = z.strictObject({ reason: z.string().min(1).max(500) });

const plan = z.object({
  ...{ roundId: z.string(), questionnaireId: z.string(), ruleSetId: z.string() },
  frame: z.int(),
  excluded: z.object({ 'no-phone': z.int(), 'opted-out': z.int(), closed: z.int() }),
  ...{ released: z.int(), completes: z.int(), calls: z.int(), mostCalls: z.int() },
  hours: z.string().describe('in which the carrier is busy'),
  endsAt: moment,
  ...{ minutes: z.int().describe('billed'), cost: z.string().nullable() },
  managers: z.array(
    z.object({
      ...{ managerId: z.string(), frameSize: z.int(), available: z.int(), rate: z.string() },
      ...{ released: z.int(), most: z.int(), target: z.int(), completes: z.int() },
      reliability: z.string().describe('n/(n + k)'),
      marginOfError: z.string().nullable().describe('points, 95 %'),
      outlook: z.enum(['firm', 'provisional', 'not-rated']),
    }),
  ),
});

const listedCase = z.object({
  ...{ id: z.uuid(), managerId: z.string(), phone: z.string().describe('masked'), wave: z.int() },
  ...{ state: z.enum(['pending', 'active', 'done']), disposition: z.string(), attempts: z.int() },
  ...{ dueAt: moment.nullable(), dueChannel: z.enum(['voice', 'sms', 'desk']).nullable() },
});

const reportLine = z.object({
  level: z.enum(['round', 'district', 'manager']),
  ...{ id: z.string(), released: z.int(), open: z.int() },
  dispositions: z.record(z.string(), z.int()),
  groups: z.record(z.string(), z.int()),
  rates: z.record(z.string(), z.string().nullable()).describe('exact shares of 1, such as "3/7"; null = 0/0'),
  channels: z.object({ voice: z.int(), sms: z.int(), desk: z.int() }).describe('valid responses by channel'),
  invalid: z.record(z.string(), z.int()).describe('responses struck by each published rule'),
});

export const roundOperations: readonly Operation[] = [
  operation({
    ...{ id: 'rounds.list', method: 'get', path: '/rounds', scope: 'rounds:read' },
    summary: 'Rounds, the latest first',
    query: pageQuery,
    answer: pageOf(round),
    async run({ services, query: { limit, after } }) {
      const rounds = await listRounds(services.database.query, roundPlace(after), limit + 1);
      return pageOut(rounds, limit, ({ launchedAt, id }) => [launchedAt, id]);
    },
  }),
  operation({
    ...{ id: 'rounds.read', method: 'get', path: '/rounds/{round}', scope: 'rounds:read' },
    summary: 'One round',
    params: roundParams,
    answer: round,
    async run({ services, params }) {
      return findRound(services.database.query, params.round);
    },
  }),
  operation({
    ...{ id: 'rounds.plan', method: 'post', path: '/rounds/plan', scope: 'rounds:read' },
    summary: 'What launching a round of this month would set going; launches nothing',
    body: z.strictObject({
      ...wish,
      pricePerMinute: z
        .string()
        .regex(/^\d{1,4}(\.\d{1,4})?$/, '例如 "0.12" · must be a price such as "0.12"')
        .optional(),
    }),
    answer: plan,
    async run({ services, body: { period, pricePerMinute, ...named } }) {
      const { database, rules, clock, voice } = services;
      const terms = await termsFor(database.query, period, named);
      const forecast = await planRound(database.query, forecastRules(await rules(terms.ruleSetId)), {
        ...{ period, now: clock.now(), pace: voice.lane, pricePerMinute: pricePerMinute ?? null },
      });
      return { ...terms, ...forecast, managers: [...forecast.managers] };
    },
  }),
  operation({
    ...{ id: 'rounds.launch', method: 'post', path: '/rounds', scope: 'rounds:write', status: 201, creates: true },
    summary: 'Launch a round: real retailers are called',
    body: z.strictObject({
      ...wish,
      closesAt: z.iso.datetime({ offset: true }).optional().describe('nothing new is begun from here on'),
      holders: z
        .array(
          z.strictObject({
            userId: z.uuid().describe('keeps a nonce of the draw'),
            substitute: z.uuid().nullable().default(null).describe('may hand it in when he cannot'),
          }),
        )
        .max(9)
        .default([])
        .describe('nobody: the service makes both nonces, and the draw is marked operator-trusted'),
      publicEvent: z
        .strictObject({ name: z.string(), at: z.iso.datetime({ offset: true }) })
        .nullable()
        .default(null)
        .describe('named before it happens; its outcome goes into the seed'),
    }),
    answer: round,
    async run({ services, actor, body: { period, closesAt, holders, publicEvent, ...named } }) {
      const terms = await termsFor(services.database.query, period, named);
      await launchRound(services, {
        ...{ ...terms, period, actor, closesAt: closesAt ? new Date(closesAt) : null, holders },
        publicEvent: publicEvent && { name: publicEvent.name, at: new Date(publicEvent.at) },
      });
      await services.queues.add('draw', { roundId: terms.roundId });
      return findRound(services.database.query, terms.roundId);
    },
  }),
  operation({
    ...{ id: 'rounds.pause', method: 'post', path: '/rounds/{round}/pause', scope: 'rounds:write' },
    summary: 'Begin nothing new until it is resumed',
    ...{ params: roundParams, body: reasonBody, answer: round },
    async run({ services, actor, params, body }) {
      await pauseRound(services, { roundId: params.round, actor, reason: body.reason });
      return findRound(services.database.query, params.round);
    },
  }),
  operation({
    ...{ id: 'rounds.resume', method: 'post', path: '/rounds/{round}/resume', scope: 'rounds:write' },
    summary: 'Go on where it stood',
    ...{ params: roundParams, answer: round },
    async run({ services, actor, params }) {
      await resumeRound(services, { roundId: params.round, actor });
      return findRound(services.database.query, params.round);
    },
  }),
  operation({
    ...{ id: 'rounds.close', method: 'post', path: '/rounds/{round}/close', scope: 'rounds:write', status: 202 },
    summary: 'Close early: begin nothing new, finish what runs, then close',
    ...{ params: roundParams, body: reasonBody, answer: round },
    async run({ services, actor, params, body }) {
      await closeEarly(services, { roundId: params.round, actor, reason: body.reason });
      await services.queues.add('close', { roundId: params.round });
      return findRound(services.database.query, params.round);
    },
  }),
  operation({
    ...{ id: 'rounds.cancel', method: 'post', path: '/rounds/{round}/cancel', scope: 'rounds:write' },
    summary: 'Cancel for good, in public',
    ...{ params: roundParams, body: reasonBody, answer: round },
    async run({ services, actor, params, body }) {
      await cancelRound(services, { roundId: params.round, actor, reason: body.reason });
      return findRound(services.database.query, params.round);
    },
  }),
  operation({
    ...{ id: 'rounds.cases', method: 'get', path: '/rounds/{round}/cases', scope: 'rounds:read', personal: true },
    summary: 'Cases under masked numbers, without answers',
    ...{ params: roundParams, query: pageQuery, answer: pageOf(listedCase) },
    async run({ services, params, query: { limit, after } }) {
      await findRound(services.database.query, params.round);
      const cases = await listCases(services.database.query, params.round, placeIn(z.uuid(), after), limit + 1);
      return pageOut(cases, limit, ({ id }) => id);
    },
  }),
  operation({
    ...{ id: 'rounds.tallies', method: 'get', path: '/rounds/{round}/tallies', scope: 'rounds:read' },
    summary: 'Dispositions, AAPOR rates and channels, of the round, its districts and its managers',
    ...{ params: roundParams, answer: z.object({ lines: z.array(reportLine) }) },
    async run({ services, params }) {
      const { questionnaireId } = await findRound(services.database.query, params.round);
      const questionnaire = await services.questionnaire(questionnaireId);
      const lines = await services.database.transaction(async (query) => {
        await query({ text: 'SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY' });
        return readReport(query, params.round, questionnaire);
      });
      return { lines };
    },
  }),
  operation({
    ...{ id: 'results.export', method: 'get', path: '/rounds/{round}/results/{kind}', scope: 'results:read' },
    summary: 'Cases, attempts or tallies as a file; never a shop, never its rating',
    params: roundParams.extend({ kind: z.enum(exportKinds) }),
    query: z.object({ format: z.enum(exportFormats).default('csv') }),
    download: ['text/csv', 'application/json'],
    async run({ services, actor, params: { round: roundId, kind }, query: { format } }) {
      await findRound(services.database.query, roundId);
      const content = new PassThrough();
      exportResults(services, { roundId, kind, format, actor }, content).catch((error) => content.destroy(error));
      const type = format === 'csv' ? 'text/csv' : 'application/json';
      return { type, fileName: `huifang-${roundId}-${kind}.${format}`, content };
    },
  }),
];

/** @throws NotFound */
export async function findRound(query: Query, roundId: string): Promise<ListedRound> {
  const found = await readRound(query, roundId);
  if (!found) throw new NotFound();
  return found;
}
