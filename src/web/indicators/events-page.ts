import { z } from 'zod';
import { BadInput } from '../../platform/errors.ts';
import { longestReason } from '../../platform/reason.ts';
import { readStanding, type StandingManager } from '../../scoring/evidence/standing.ts';
import { eventKinds } from '../../survey/events/kinds.ts';
import { findEvent, type ListedEvent, listEvents } from '../../survey/events/list.ts';
import { recordEvent, takeBackEvent } from '../../survey/events/record.ts';
import { type EventField, eventFields, readEvent } from '../../survey/events/table.ts';
import { companyDay } from '../../survey/roster/import.ts';
import { indicatorName } from '../board/reasons.ts';
import type { Visit } from '../console.ts';
import { NotFound } from '../faults.ts';
import { count, moment, month, type Place, plain } from '../figures.ts';
import { type Language, languageOf } from '../language.ts';
import { type Messages, messagesIn } from '../messages.ts';
import { sendPage } from '../page.ts';
import { may } from '../roles.ts';
import { companyTimeZone } from '../round/rounds-page.ts';
import { dayInWords, periodIn, sourceIn } from './indicators-page.ts';

/** One manager's indicators in a month, and the events they are made of; the assessment group records and takes back. */
const at = 'indicators' as const;
const shown = 100;
type Fields = Readonly<Record<EventField, string>>;
type FieldFaults = Partial<Record<EventField, string>>;

const place = z.object({ day: z.iso.date(), id: z.uuid() });
const pathOf = (period: string, managerId: string) => `/indicators/${period}/${encodeURIComponent(managerId)}`;

/** `GET /indicators/:period/:manager` */
export async function showManagerEvents(visit: Visit): Promise<void> {
  const { clock } = visit.web.services;
  const period = periodIn(visit.request.params.period);
  const managerId = String(visit.request.params.manager);
  const today = companyDay(clock.now());
  const blank = Object.fromEntries(eventFields.map((field) => [field, ''])) as Record<EventField, string>;
  await sendManager(visit, period, { ...blank, manager: managerId, day: today.startsWith(period) ? today : '' }, {});
}

async function sendManager(visit: Visit, period: string, fields: Fields, faults: FieldFaults): Promise<void> {
  const { web, request, response, viewer, districtId } = visit;
  const { database, clock } = web.services;
  const { query } = database;
  const language = languageOf(response);
  const m = messagesIn(language);
  const standing = await readStanding(query, period, districtId);
  const manager = standing?.managers.find(({ id }) => id === fields.manager);
  if (!standing || !manager) throw new NotFound();
  const after = place.safeParse(request.query).data ?? null;
  const found = await listEvents(query, { period, managerId: manager.id, after }, shown + 1);
  await web.look({ actor: viewer.id, action: 'indicators.read', subject: `${period} ${manager.id}` });
  const where = { language, timeZone: await companyTimeZone(web.services) };
  const writes = may(viewer.role, 'indicator.write') !== null && !standing.onTheBoard;
  const last = found.length > shown ? found[shown - 1] : undefined;
  const path = pathOf(period, manager.id);
  const title = m.indicators.of(`${manager.name} ${manager.id}`, month(period, language));
  sendPage(
    web,
    request,
    response,
    'work-events',
    { title, at },
    {
      ...{ title, district: manager.district, back: `/indicators/${period}`, period, writes, fields },
      note: standing.onTheBoard ? m.indicators.onTheBoard : null,
      indicators: standing.codes.map((code) => valueIn(code, manager, language, m)),
      events: found.slice(0, shown).map((event) => eventIn(event, clock.now(), where, m, writes)),
      none: writes ? m.workEvents.none : m.workEvents.noneToRead,
      next: last ? `${path}?${new URLSearchParams({ day: last.day, id: last.id })}` : null,
      kinds: Object.keys(eventKinds).map((kind) => ({
        ...{ kind, words: kindIn(kind, m), chosen: kind === fields.kind },
      })),
      faults: { ...Object.fromEntries(eventFields.map((field) => [field, null])), ...faults },
    },
  );
}

const kindIn = (kind: string, m: Messages): string =>
  (m.workEvents.kinds as Readonly<Record<string, string>>)[kind] ?? kind;

function valueIn(code: string, { values }: StandingManager, language: Language, m: Messages) {
  const found = values.get(code);
  const made = found?.done != null && found.due !== null;
  return {
    name: indicatorName(code, m.board),
    value: found ? (found.value === null ? m.indicators.noValue : plain(found.value)) : m.indicators.notThere,
    missing: !found,
    from: found ? sourceIn(m)(found.source) : m.indicators.noSource,
    made: made
      ? m.indicators.madeOf(plain(found.done ?? '0'), plain(found.due ?? '0'), count(found.events ?? 0, language))
      : null,
  };
}

function eventIn(event: ListedEvent, now: Date, where: Place, m: Messages, writes: boolean) {
  const { id, kind, reference, evidence, done, due, day, recordedBy, recordedByName, recordedAt, source } = event;
  const { takenBack } = event;
  return {
    ...{ kind: kindIn(kind, m), day: dayInWords(day, where.language), gone: takenBack !== null },
    line: m.workEvents.line(reference, evidence),
    how: due === null ? done : m.workEvents.ofDue(done, due),
    recorded: m.workEvents.recorded(recordedByName ?? recordedBy, moment(recordedAt, now, where), source),
    takenBack: takenBack && m.workEvents.takenBack(moment(takenBack.at, now, where), takenBack.reason),
    takeBack: writes && takenBack === null ? `/indicators/events/${id}/take-back` : null,
  };
}

const form = z.object({
  period: z.string().catch(''),
  ...Object.fromEntries(eventFields.map((field) => [field, z.string().max(2000).catch('')])),
}) as unknown as z.ZodType<Fields & { readonly period: string }>;

/** `POST /indicators/events` */
export async function addEvent(visit: Visit): Promise<void> {
  const { request, response } = visit;
  const { period, ...fields } = form.parse(request.body ?? {});
  const faults = await record(visit, fields);
  if (faults) {
    response.status(400);
    return sendManager(visit, periodIn(period), fields, faults);
  }
  response.redirect(303, pathOf(periodIn(period), fields.manager));
}

/** @returns what is wrong with which field, or null where it is recorded. */
async function record({ web, viewer }: Visit, fields: Fields): Promise<FieldFaults | null> {
  const event = readEvent(fields, companyDay(web.services.clock.now()));
  if ('faults' in event) return event.faults;
  try {
    await recordEvent(web.services, event, { actor: viewer.id, source: 'page' });
    return null;
  } catch (error) {
    if (!(error instanceof BadInput)) throw error;
    return Object.fromEntries(error.faults.map(({ where, message }) => [where, message]));
  }
}

/** `GET /indicators/events/:event/take-back` */
export async function confirmTakingBack(visit: Visit, fault: string | null = null): Promise<void> {
  const { web, request, response } = visit;
  const language = languageOf(response);
  const m = messagesIn(language);
  const { id, managerId, kind, reference, evidence, day } = await standingEvent(visit);
  const title = m.workEvents.confirmTitle;
  sendPage(
    web,
    request,
    response,
    'work-event-take-back',
    { title, at },
    {
      ...{ title, fault, longestReason, path: `/indicators/events/${id}/take-back` },
      what: `${kindIn(kind, m)} · ${dayInWords(day, language)} · ${managerId} · ${m.workEvents.line(reference, evidence)}`,
      back: pathOf(day.slice(0, 7), managerId),
    },
  );
}

/** `POST /indicators/events/:event/take-back` */
export async function takeBack(visit: Visit): Promise<void> {
  const { web, request, response, viewer } = visit;
  const { id, managerId, day } = await standingEvent(visit);
  const { reason = '' } = (request.body ?? {}) as { readonly reason?: string };
  try {
    await takeBackEvent(web.services, id, { actor: viewer.id, reason: String(reason) });
  } catch (error) {
    if (!(error instanceof BadInput)) throw error;
    response.status(400);
    return confirmTakingBack(visit, messagesIn(languageOf(response)).workEvents.needsReason);
  }
  response.redirect(303, pathOf(day.slice(0, 7), managerId));
}

async function standingEvent({ web, request }: Visit): Promise<ListedEvent> {
  const id = z.uuid().safeParse(request.params.event);
  const event = id.success ? await findEvent(web.services.database.query, id.data) : null;
  if (!event || event.takenBack) throw new NotFound();
  return event;
}
