import { z } from 'zod';
import type { Query } from '../../platform/database.ts';
import { BadInput } from '../../platform/errors.ts';
import { longestReason } from '../../platform/reason.ts';
import { companyDay } from '../../survey/roster/import.ts';
import { cancelVisit, handOverVisit } from '../../survey/visits/change.ts';
import { drawVisits, mostPerManager, roundForVisits } from '../../survey/visits/draw-visits.ts';
import { isOverdue, type ListedVisit, listVisits } from '../../survey/visits/list.ts';
import { elsewhere, readVisitors, type Visitor } from '../../survey/visits/visitors.ts';
import type { Visit } from '../console.ts';
import { NotFound } from '../faults.ts';
import { count } from '../figures.ts';
import { languageOf } from '../language.ts';
import { type Messages, messagesIn } from '../messages.ts';
import { sendPage } from '../page.ts';
import { dueIn } from './own-visits-page.ts';

/** Asking for visits, and how those stand that were asked for; which shops they lead to is told when they are over. */
const at = 'visits' as const;
const shown = 200;
type Fields = Readonly<Record<'of' | 'perManager' | 'visitorId' | 'dueOn' | 'reason', string>>;
const blank: Fields = { of: '', perManager: '2', visitorId: '', dueOn: '', reason: '' };

/** `GET /visits/plan` */
export const showPlan = (visit: Visit): Promise<void> => sendPlan(visit, blank, {});

async function sendPlan(
  { web, request, response, viewer, districtId }: Visit,
  fields: Fields,
  faults: Readonly<Record<string, string>>,
): Promise<void> {
  const { database, clock, vault } = web.services;
  const { query } = database;
  const language = languageOf(response);
  const m = messagesIn(language);
  const words = m.visitPlan;
  const today = companyDay(clock.now());
  const round = await roundForVisits(query);
  const visits = await listVisits(query, vault, { districtId }, shown);
  const visitors = (await readVisitors(query)).filter((one) => districtId === null || elsewhere(one, districtId));
  await web.look({ actor: viewer.id, action: 'visits.read', subject: districtId ?? 'city' });
  const sizeOf = (which: (visit: ListedVisit) => boolean) => count(visits.filter(which).length, language);
  sendPage(
    web,
    request,
    response,
    'visit-plan',
    { title: words.title, at },
    {
      ...{ fields, mostPerManager, longestReason, today, asks: round !== null && visitors.length > 0 },
      why: round === null ? words.closed : words.noVisitors,
      whose: (await readWhose(query, round ?? '', districtId)).map(({ value, name, isDistrict }) => ({
        ...{ value, words: isDistrict ? words.district(name) : name, chosen: value === fields.of },
      })),
      visitors: visitors.map((one) => visitorIn(one, fields.visitorId, m)),
      summary:
        visits.length === 0
          ? null
          : words.counts(
              sizeOf(({ state }) => state === 'open'),
              sizeOf((visit) => isOverdue(visit, today)),
              sizeOf(({ state }) => state === 'made'),
              sizeOf(({ state }) => state === 'not-possible' || state === 'cancelled'),
            ),
      visits: visits.map((visit) => ({
        ...{ manager: visit.managerName, who: visit.visitorName ?? '—', ...dueIn(visit, today, language, m) },
        ...{ open: visit.state === 'open', state: m.visits.states[visit.state] },
        shop: visit.state === 'made' || visit.state === 'not-possible' ? visit.shop : words.shopHidden,
        reason: reasonIn(visit, m),
        change: `/visits/${visit.id}/change`,
      })),
      faults: { ...Object.fromEntries(Object.keys(blank).map((field) => [field, null])), ...faults },
    },
  );
}

const visitorIn = ({ id, name, district }: Visitor, chosen: string, m: Messages) => ({
  ...{ id, chosen: id === chosen, words: m.visitPlan.visitorOf(name, district ?? m.visitPlan.noDistrict) },
});

function reasonIn({ state, reason }: ListedVisit, m: Messages): string | null {
  if (state !== 'not-possible') return reason;
  return (m.visits.impossible as Readonly<Record<string, string>>)[reason ?? ''] ?? reason;
}

/** Districts and managers of the round, as far as the viewer reaches. */
const readWhose = (query: Query, roundId: string, districtId: string | null) =>
  query<{ value: string; name: string; isDistrict: boolean }>({
    text: `
      WITH asked AS (
        SELECT m.id, m.name, m.district_id FROM manager m
        WHERE ($2::text IS NULL OR m.district_id = $2) AND EXISTS (SELECT FROM frame_line f WHERE f.round_id = $1 AND f.manager_id = m.id)
      )
      SELECT 'district ' || d.id AS value, d.name, true AS "isDistrict" FROM district d WHERE d.id IN (SELECT district_id FROM asked)
      UNION ALL SELECT 'manager ' || id, name || ' ' || id, false FROM asked
      ORDER BY 3 DESC, 1`,
    values: [roundId, districtId],
  });

const text = z.string().max(2000).catch('');
const form = z.object({ of: text, perManager: text, visitorId: text, dueOn: text, reason: text });

/** `POST /visits/plan` */
export async function askForVisits(visit: Visit): Promise<void> {
  const { web, request, response, viewer, districtId } = visit;
  const fields = form.parse(request.body ?? {});
  const roundId = (await roundForVisits(web.services.database.query)) ?? '';
  const { of, perManager, ...wish } = fields;
  const [kind, ...id] = of.split(' ');
  const whose = kind === 'district' ? { district: id.join(' ') } : { manager: id.join(' ') };
  const each = /^\d{1,4}$/.test(perManager.trim()) ? Number(perManager) : Number.NaN;
  try {
    const asked = { ...wish, roundId, askedBy: viewer.id, districtId, of: whose, perManager: each };
    await drawVisits(web.services, asked);
  } catch (error) {
    if (!(error instanceof BadInput)) throw error;
    response.status(400);
    return sendPlan(visit, fields, Object.fromEntries(error.faults.map(({ where, message }) => [where, message])));
  }
  response.redirect(303, '/visits/plan');
}

/** `GET /visits/:visit/change` */
export const showChange = (visit: Visit): Promise<void> => sendChange(visit, {});

async function sendChange(visit: Visit, faults: Readonly<Record<string, string>>): Promise<void> {
  const { web, request, response } = visit;
  const { database, clock } = web.services;
  const language = languageOf(response);
  const m = messagesIn(language);
  const found = await askedFor(visit);
  const visitors = (await readVisitors(database.query)).filter(
    (one) => one.id !== found.visitorId && elsewhere(one, found.districtId),
  );
  const { due } = dueIn(found, companyDay(clock.now()), language, m);
  sendPage(
    web,
    request,
    response,
    'visit-change',
    { title: m.visitPlan.changeTitle, at },
    {
      ...{ path: `/visits/${found.id}/change`, longestReason, visitors: visitors.map((one) => visitorIn(one, '', m)) },
      what: `${m.visits.manager(found.managerName)} · ${found.visitorName ?? '—'} · ${due}`,
      faults: { visitorId: null, reason: null, ...faults },
    },
  );
}

/** `POST /visits/:visit/change` */
export async function changeVisit(visit: Visit): Promise<void> {
  const { web, request, response, viewer, districtId } = visit;
  const { id } = await askedFor(visit);
  const { act, reason, visitorId } = change.parse(request.body ?? {});
  try {
    if (act === 'hand-over') await handOverVisit(web.services, { id, actor: viewer.id, districtId, visitorId });
    else await cancelVisit(web.services, { id, actor: viewer.id, districtId, reason });
  } catch (error) {
    if (!(error instanceof BadInput)) throw error;
    response.status(400);
    return sendChange(visit, Object.fromEntries(error.faults.map(({ where, message }) => [where, message])));
  }
  response.redirect(303, '/visits/plan');
}

const change = z.object({ act: z.enum(['cancel', 'hand-over']).catch('cancel'), reason: text, visitorId: text });

/** @throws NotFound where it is over or out of reach. */
async function askedFor({ web, request, districtId }: Visit): Promise<ListedVisit> {
  const { database, vault } = web.services;
  const id = z.uuid().safeParse(request.params.visit);
  if (!id.success) throw new NotFound();
  const [found] = await listVisits(database.query, vault, { id: id.data, districtId, state: 'open' }, 1);
  if (!found) throw new NotFound();
  return found;
}
