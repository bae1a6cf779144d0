import { z } from 'zod';
import type { Query } from '../../platform/database.ts';
import { BadInput } from '../../platform/errors.ts';
import {
  type Alarm,
  acknowledgeAlarm,
  findAlarm,
  listAlarms,
  longestNote,
  type Place as PageEnd,
} from '../../scoring/alarms/alarms.ts';
import type { Chart } from '../../scoring/alarms/chart.ts';
import { inFigures } from '../../scoring/alarms/findings.ts';
import { readChart } from '../../workers/alarms.ts';
import type { Visit } from '../console.ts';
import { NotFound } from '../faults.ts';
import { count, moment, type Place, percent } from '../figures.ts';
import { type Language, languageOf } from '../language.ts';
import { type Messages, messagesIn } from '../messages.ts';
import { sendPage } from '../page.ts';
import { companyTimeZone } from '../round/rounds-page.ts';
import { controlDrawing } from './control-drawing.ts';

/** What is out of order in the process, whose it is, and what is done about it; a supervisor's own district alone. */
const at = 'alarms' as const;
const shown = 100;

const wish = z.object({
  state: z.enum(['open', 'closed']).catch('open'),
  openedAt: z.coerce.date().optional().catch(undefined),
  id: z.uuid().optional().catch(undefined),
});

/** `GET /alarms` */
export async function showAlarms({ web, request, response, viewer, districtId }: Visit): Promise<void> {
  const { database } = web.services;
  const m = messagesIn(languageOf(response));
  const { state, openedAt, id } = wish.parse(request.query);
  const after: PageEnd | null = openedAt && id ? { openedAt, id } : null;
  const rows = await listAlarms(database.query, { districtId, state, kind: null, level: null }, after, shown + 1);
  const alarms = await inWords({ web, response }, redFirst(rows.slice(0, shown)));
  await web.look({ actor: viewer.id, action: 'alarms.read', subject: state });
  const last = rows.length > shown ? rows[shown - 1] : undefined;
  sendPage(
    web,
    request,
    response,
    'alarms',
    { title: m.alarms.title, at },
    {
      ...{ alarms, empty: m.alarms.empty[state] },
      states: (['open', 'closed'] as const).map((one) => ({
        ...{ href: `/alarms?state=${one}`, words: m.alarms.states[one], current: one === state },
      })),
      next: last && `/alarms?${new URLSearchParams({ state, openedAt: last.openedAt.toISOString(), id: last.id })}`,
    },
  );
}

const redFirst = (alarms: readonly Alarm[]): Alarm[] =>
  [...alarms].sort((a, b) => Number(b.level === 'red') - Number(a.level === 'red'));

/** `GET /alarms/:alarm` */
export const showAlarm = (visit: Visit): Promise<void> => sendAlarm(visit);

async function sendAlarm(visit: Visit, refused: { readonly note: string; readonly message: string } | null = null) {
  const { web, request, response, viewer } = visit;
  const m = messagesIn(languageOf(response));
  const found = await alarmAsked(visit);
  await web.look({ actor: viewer.id, action: 'alarm.read', subject: found.id });
  const [alarm] = await inWords(visit, [found]);
  const chart = found.kind === 'ewma' || found.kind === 'cusum' ? await readChart(web.services, found) : null;
  const title = `${alarm?.whose} · ${m.alarms.kinds[found.kind]}`;
  sendPage(
    web,
    request,
    response,
    'alarm',
    { title, at },
    {
      ...{ title, alarm, refused, longestNote },
      charts: chart && chartsInWords(chart, m, languageOf(response)),
      asks: found.acknowledgedAt === null && found.closedAt === null,
    },
  );
}

/** `POST /alarms/:alarm/acknowledge` */
export async function acknowledge(visit: Visit): Promise<void> {
  const { web, request, response, viewer } = visit;
  const { id } = await alarmAsked(visit);
  const { note } = z.object({ note: z.string().catch('') }).parse(request.body ?? {});
  try {
    await acknowledgeAlarm(web.services, { id, by: viewer.id, actor: viewer.id, note });
  } catch (error) {
    if (!(error instanceof BadInput)) throw error;
    response.status(400);
    return sendAlarm(visit, { note, message: error.faults[0]?.message ?? '' });
  }
  response.redirect(303, `/alarms/${id}`);
}

async function alarmAsked({ web, request, districtId }: Visit): Promise<Alarm> {
  const id = z.uuid().safeParse(request.params.alarm);
  const found = id.success ? await findAlarm(web.services.database.query, districtId, id.data) : null;
  if (!found) throw new NotFound();
  return found;
}

async function inWords({ web, response }: Pick<Visit, 'web' | 'response'>, alarms: readonly Alarm[]) {
  const { database, clock } = web.services;
  const language = languageOf(response);
  const m = messagesIn(language).alarms;
  const now = clock.now();
  const place: Place = { language, timeZone: await companyTimeZone(web.services) };
  const names = await namesOf(database.query, alarms);
  return alarms.map(({ id, kind, level, subjectKind, subjectId, period, value, limit, ...alarm }) => {
    const { acknowledgedAt, acknowledgedBy, note, openedAt, closedAt } = alarm;
    const figure = (text: string) => (kind in shares ? percent(text) : text.replace('-', '−'));
    return {
      ...{ href: `/alarms/${id}`, level, levelSays: m.levels[level], kind: m.kinds[kind] },
      whose: subjectKind === 'city' ? m.city : (names.get(`${subjectKind} ${subjectId}`) ?? subjectId),
      says: m.says[kind](figure(value), figure(limit)),
      about: m.about(period),
      since: m.since(moment(openedAt, now, place)),
      closed: closedAt && m.closedAt(moment(closedAt, now, place)),
      note:
        acknowledgedAt &&
        m.note(names.get(`user ${acknowledgedBy}`) ?? '—', moment(acknowledgedAt, now, place), note ?? ''),
    };
  });
}

/** Whose value and limit are shares of 1. */
const shares: Partial<Record<Alarm['kind'], true>> = {
  ...{ 'response-rate': true, 'bad-numbers': true, 'answer-rate': true, 'selling-share': true },
};

/** By kind and id: managers, districts, whose promise it is, and who acknowledged. */
async function namesOf(query: Query, alarms: readonly Alarm[]): Promise<Map<string, string>> {
  const idsOf = (kind: string) => alarms.flatMap((one) => (one.subjectKind === kind ? [one.subjectId] : []));
  const rows = await query<{ key: string; name: string }>({
    name: 'alarms-names',
    text: `
      SELECT 'manager ' || m.id AS key, m.name || ' ' || m.id AS name FROM manager m WHERE m.id = ANY ($1)
      UNION ALL SELECT 'district ' || id, name FROM district WHERE id = ANY ($2)
      UNION ALL SELECT 'promise ' || l.id, m.name || ' ' || m.id FROM ledger_line l JOIN manager m ON m.id = l.manager_id WHERE l.id = ANY ($3::uuid[])
      UNION ALL SELECT 'user ' || id, name FROM app_user WHERE id = ANY ($4::uuid[])`,
    values: [
      ...[idsOf('manager'), idsOf('district'), idsOf('promise')],
      alarms.flatMap(({ acknowledgedBy }) => (acknowledgedBy === null ? [] : [acknowledgedBy])),
    ],
  });
  return new Map(rows.map(({ key, name }) => [key, name]));
}

function chartsInWords({ usual, points, cusumLimit }: Chart, m: Messages, language: Language) {
  const words = m.alarms.charts;
  const ewma = points.map(({ week, ewma, lcl, isEwmaLow }) => ({ week, value: ewma, limit: lcl, isOut: isEwmaLow }));
  const cusum = points.map((one) => ({ week: one.week, value: one.cusum, limit: cusumLimit, isOut: one.isCusumHigh }));
  return {
    lead: words.lead(inFigures(usual)),
    drawings: [
      { label: words.ewma, ...controlDrawing(ewma, ({ week, value }) => words.dot(week, inFigures(value))) },
      { label: words.cusum, ...controlDrawing(cusum, ({ week, value }) => words.dot(week, inFigures(value))) },
    ],
    weeks: points.map((point) => ({
      ...{ week: point.week, responses: count(point.responses, language), mean: inFigures(point.mean) },
      ...{ ewma: inFigures(point.ewma), lcl: inFigures(point.lcl), cusum: inFigures(point.cusum) },
      ...{ isOut: point.isEwmaLow || point.isCusumHigh },
    })),
  };
}
