import { z } from 'zod';
import { acknowledgeAlarm, findAlarm, listAlarms, longestNote } from '../../scoring/alarms/alarms.ts';
import { alarmKinds, inFigures, subjectKinds } from '../../scoring/alarms/findings.ts';
import { readMended } from '../../survey/desk/mended.ts';
import { readChart } from '../../workers/alarms.ts';
import type { Services } from '../../workers/services.ts';
import { NotFound } from '../faults.ts';
import { companyTimeZone } from '../round/rounds-page.ts';
import { personAsking, personField } from './on-behalf.ts';
import { moment, type Operation, operation, period } from './operation.ts';
import { pageOf, pageOut, pageQuery, placeIn } from './paging.ts';

/**
 * Process alarms: what is out of order, for whom, and what is done about it. A program that names whom it asks for is
 * told what that person may see: a supervisor what concerns his own district.
 */
const kind = z.enum(alarmKinds);
const level = z.enum(['amber', 'red']);

const alarm = z.object({
  ...{ id: z.uuid(), kind, level },
  subjectKind: z.enum(subjectKinds).describe('number: one of ours; promise: a line of the ledger; city: all of it'),
  ...{ subjectId: z.string(), districtId: z.string().nullable() },
  period: z.string().describe('the month, or the Monday of the week, that it is about'),
  value: z.string().describe('as of the last look; a share of 1, a count, or of charts in standard errors'),
  limit: z.string(),
  ...{ openedAt: moment, acknowledgedAt: moment.nullable() },
  acknowledgedBy: z.string().nullable().describe('a user’s id'),
  note: z.string().nullable().describe('what is done about it'),
  closedAt: moment.nullable().describe('when the matter was over'),
});

const figure = z.string().describe('two decimals');

const chart = z.object({
  subjectKind: z.enum(['manager', 'district']),
  subjectId: z.string(),
  usual: figure.describe('μ0 in points: his own mean of the half-year before, drawn towards the city’s'),
  sd: figure.describe('s_w in points: of one response'),
  cusumLimit: z.string().describe('in standard errors, as values, EWMA, its limit and CUSUM are'),
  points: z
    .array(
      z.object({
        week: z.string().describe('its Monday'),
        responses: z.int(),
        mean: figure.describe('in points, 0 to 100'),
        ...{ value: figure, ewma: figure, lcl: figure, cusum: figure },
        ...{ isEwmaLow: z.boolean(), isCusumHigh: z.boolean() },
      }),
    )
    .describe('weeks with too few responses, or whose difference to the month would be so few, have none'),
});

const onBehalfOf = personField.optional();
const alarmParams = z.object({ alarm: z.uuid() });
const alarmPlace = z.tuple([z.coerce.date(), z.uuid()]).transform(([openedAt, id]) => ({ openedAt, id }));

const reachOf = async ({ database }: Services, person: string | undefined): Promise<string | null> =>
  person === undefined ? null : (await personAsking(database.query, person, 'alarm.see')).districtId;

async function find({ database }: Services, districtId: string | null, id: string) {
  const found = await findAlarm(database.query, districtId, id);
  if (!found) throw new NotFound();
  return found;
}

export const alarmOperations: readonly Operation[] = [
  operation({
    ...{ id: 'alarms.list', method: 'get', path: '/alarms', scope: 'alarms:read' },
    personal: true,
    summary: 'What is out of order in the process, the latest first',
    query: pageQuery.extend({
      state: z.enum(['open', 'closed', 'all']).default('open'),
      ...{ kind: kind.optional(), level: level.optional() },
      district: z.string().max(64).optional().describe('what concerns it alone'),
      onBehalfOf,
    }),
    answer: pageOf(alarm),
    async run({ services, query: { limit, after, state, district, ...asked } }) {
      const reach = await reachOf(services, asked.onBehalfOf);
      if (reach !== null && district !== undefined && district !== reach) return { items: [], next: null };
      const wanted = {
        state,
        districtId: reach ?? district ?? null,
        kind: asked.kind ?? null,
        level: asked.level ?? null,
      };
      const found = await listAlarms(services.database.query, wanted, placeIn(alarmPlace, after), limit + 1);
      return pageOut(found, limit, ({ openedAt, id }) => [openedAt, id]);
    },
  }),
  operation({
    ...{ id: 'alarms.chart', method: 'get', path: '/alarms/{alarm}/chart', scope: 'alarms:read' },
    personal: true,
    summary: 'The control charts of an alarm’s manager or district as they stand now: points and limits',
    ...{ params: alarmParams, query: z.object({ onBehalfOf }), answer: chart },
    async run({ services, params, query }) {
      const about = await find(services, await reachOf(services, query.onBehalfOf), params.alarm);
      const found = await readChart(services, about);
      if (!found) throw new NotFound();
      const { subjectKind, subjectId, usual, sd, points, cusumLimit } = found;
      return {
        ...{ subjectKind, subjectId, usual: inFigures(usual), sd: inFigures(sd), cusumLimit: inFigures(cusumLimit) },
        points: points.map(({ week, responses, isEwmaLow, isCusumHigh, ...figures }) => ({
          ...{ week, responses, isEwmaLow, isCusumHigh },
          ...{ mean: inFigures(figures.mean), value: inFigures(figures.value), ewma: inFigures(figures.ewma) },
          ...{ lcl: inFigures(figures.lcl), cusum: inFigures(figures.cusum) },
        })),
      };
    },
  }),
  operation({
    ...{ id: 'alarms.acknowledge', method: 'post', path: '/alarms/{alarm}/acknowledge', scope: 'alarms:write' },
    summary: 'He has seen to it that something is done, and says what; it stays open until the matter is over',
    params: alarmParams,
    body: z.strictObject({ onBehalfOf: personField, note: z.string().describe(`1 to ${longestNote} characters`) }),
    answer: alarm,
    async run({ services, actor, params, body }) {
      const person = await personAsking(services.database.query, body.onBehalfOf, 'alarm.see');
      const { id } = await find(services, person.districtId, params.alarm);
      await acknowledgeAlarm(services, { id, by: person.id, actor, note: body.note });
      return find(services, person.districtId, id);
    },
  }),
  operation({
    ...{ id: 'follow-ups.mended', method: 'get', path: '/follow-ups/mended', scope: 'desk:read' },
    summary:
      'Of the shops that asked to be called back, how many said themselves that it is mended: by month and district',
    query: z.object({ ...{ from: period.optional(), to: period.optional() } }),
    answer: z.object({
      items: z
        .array(
          z.object({
            ...{ period, districtId: z.string().nullable().describe('null = the whole city') },
            ...{ wishes: z.int(), confirmed: z.int().describe('by the shop’s own answer') },
            share: z.string().describe('a fraction of 1'),
          }),
        )
        .describe('months that are over; from five wishes on, and five in what is left out'),
      open: z.int().describe('wishes that wait now, of the whole city'),
      overdue: z.int().describe('of these, those whose promise is broken'),
    }),
    async run({ services: { database, clock }, query: { from, to } }) {
      const timeZone = await companyTimeZone({ database, clock });
      return readMended(database.query, { timeZone, now: clock.now(), from: from ?? null, to: to ?? null });
    },
  }),
];
