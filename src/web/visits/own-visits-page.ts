import { z } from 'zod';
import { BadInput } from '../../platform/errors.ts';
import { companyDay } from '../../survey/roster/import.ts';
import { answers, standardChecklist } from '../../survey/visits/checklist.ts';
import { findOwnVisit, isOverdue, type ListedVisit, listVisits } from '../../survey/visits/list.ts';
import { impossible, longestNote, recordVisit, reportImpossible } from '../../survey/visits/record.ts';
import type { Visit } from '../console.ts';
import { NotFound } from '../faults.ts';
import { moment } from '../figures.ts';
import { dayInWords } from '../indicators/indicators-page.ts';
import { type Language, languageOf } from '../language.ts';
import { type Messages, messagesIn } from '../messages.ts';
import { sendPage } from '../page.ts';
import { may } from '../roles.ts';
import { companyTimeZone } from '../round/rounds-page.ts';

/** A visitor's own pages, for a telephone held in one hand in a shop's door. */
const at = 'visits' as const;
const shown = 100;

/** `GET /visits` */
export async function listOwnVisits({ web, request, response, viewer }: Visit): Promise<void> {
  const { database, clock, vault } = web.services;
  const language = languageOf(response);
  const m = messagesIn(language);
  const now = clock.now();
  const place = { language, timeZone: await companyTimeZone(web.services) };
  const visits = await listVisits(database.query, vault, { visitorId: viewer.id }, shown);
  await web.look({ actor: viewer.id, action: 'visits.read', subject: viewer.id });
  const told = visits.map((visit) => ({
    ...{ href: `/visits/${visit.id}`, shop: visit.shop, district: visit.district, open: visit.state === 'open' },
    address: visit.address || m.visits.noAddress,
    ...dueIn(visit, companyDay(now), language, m),
    ended: visit.endedAt && m.visits.ended(m.visits.states[visit.state], moment(visit.endedAt, now, place)),
  }));
  sendPage(
    web,
    request,
    response,
    'own-visits',
    { title: m.visits.title, at },
    {
      todo: told.filter(({ open }) => open),
      done: told.filter(({ open }) => !open),
      plans: may(viewer.role, 'visit.ask') !== null,
    },
  );
}

export function dueIn(visit: ListedVisit, today: string, language: Language, m: Messages) {
  const day = dayInWords(visit.dueOn, language);
  const late = isOverdue(visit, today);
  return { late, due: late ? m.visits.overdue(day) : m.visits.due(day) };
}

/** `GET /visits/:visit` */
export const showVisit = async (visit: Visit): Promise<void> => sendVisit(visit, await own(visit), {});

type Faults = Readonly<Record<string, string>>;

async function sendVisit({ web, request, response, viewer }: Visit, visit: ListedVisit, faults: Faults) {
  const { clock } = web.services;
  const language = languageOf(response);
  const m = messagesIn(language);
  const now = clock.now();
  const place = { language, timeZone: await companyTimeZone(web.services) };
  await web.look({ actor: viewer.id, action: 'visit.read', subject: visit.id });
  const given = (request.body ?? {}) as Readonly<Record<string, unknown>>;
  const textOf = (field: string) => (typeof given[field] === 'string' ? given[field] : '');
  const found = (id: string): unknown => visit.findings?.[id] ?? given[id];
  const reason = impossible.find((one) => one === visit.reason);
  sendPage(
    web,
    request,
    response,
    'visit',
    { title: visit.shop, at },
    {
      ...{ shop: visit.shop, address: visit.address || m.visits.noAddress, path: `/visits/${visit.id}`, longestNote },
      ...{ licence: m.visits.licence(visit.retailerId), manager: m.visits.manager(visit.managerName) },
      ...{ district: visit.district, open: visit.state === 'open', ...dueIn(visit, companyDay(now), language, m) },
      ended: visit.endedAt && m.visits.ended(m.visits.states[visit.state], moment(visit.endedAt, now, place)),
      reason: reason ? m.visits.impossible[reason] : visit.reason,
      notCounted: visit.state === 'made' && !visit.counted,
      items: standardChecklist.items.map(({ id, ...words }) => ({
        ...{
          id,
          words: language === 'en' ? words.en : words.zh,
          fault: faults[id] === undefined ? null : m.visits.chooseOne,
        },
        answers: answers.map((answer) => ({
          ...{ answer, words: m.visits.answers[answer], chosen: found(id) === answer },
        })),
        found: answerIn(visit, id, m),
      })),
      ...{ code: textOf('code'), note: visit.note ?? textOf('note') },
      itemsLeft: standardChecklist.items.some(({ id }) => faults[id]),
      reasons: impossible.map((one) => ({ ...{ reason: one, words: m.visits.impossible[one] } })),
      faults: { code: faults.code ?? null, note: faults.note ?? null, reason: faults.reason ?? null },
    },
  );
}

/** What was found of an item; null where that visit's checklist did not have it. */
function answerIn({ findings }: ListedVisit, id: string, m: Messages): string | null {
  const answer = findings?.[id];
  return answer === undefined ? null : m.visits.answers[answer];
}

/** `POST /visits/:visit`: made, or not possible. */
export async function endVisit(visit: Visit): Promise<void> {
  const { web, request, response, viewer } = visit;
  const { id } = await own(visit);
  const body = (request.body ?? {}) as Readonly<Record<string, unknown>>;
  const { act, code, note, reason } = form.parse(body);
  try {
    if (act === 'not-possible') await reportImpossible(web.services, { id, visitorId: viewer.id, reason, note });
    else await recordVisit(web.services, standardChecklist, { id, visitorId: viewer.id, answers: body, code, note });
  } catch (error) {
    if (!(error instanceof BadInput)) throw error;
    response.status(400);
    return sendVisit(visit, await own(visit), Object.fromEntries(error.faults.map((one) => [one.where, one.message])));
  }
  response.redirect(303, `/visits/${id}`);
}

const form = z.object({
  act: z.enum(['made', 'not-possible']).catch('made'),
  ...{ code: z.string().catch(''), note: z.string().catch(''), reason: z.string().catch('') },
});

/** @throws NotFound also where it is somebody else's. */
async function own({ web, request, viewer }: Visit): Promise<ListedVisit> {
  const { database, vault } = web.services;
  const id = z.uuid().safeParse(request.params.visit);
  const found = id.success ? await findOwnVisit(database.query, vault, id.data, viewer.id) : null;
  if (!found) throw new NotFound();
  return found;
}
