import { z } from 'zod';
import { dayIn } from '../../platform/day.ts';
import { BadInput } from '../../platform/errors.ts';
import { longestReason } from '../../platform/reason.ts';
import { listDuties, longestProof, meetDuty } from '../../scoring/training/follow-up.ts';
import { companyDay } from '../../survey/roster/import.ts';
import { type ListedTraining, listTraining, recordOne, takeTrainingBack } from '../../survey/training/record.ts';
import { readTraining, type TrainingField, trainingFields, trainingKinds } from '../../survey/training/table.ts';
import type { Visit } from '../console.ts';
import { NotFound } from '../faults.ts';
import { month, plain } from '../figures.ts';
import { languageOf } from '../language.ts';
import { type Messages, messagesIn } from '../messages.ts';
import { reachOf } from '../own-manager.ts';
import { sendPage } from '../page.ts';
import { may } from '../roles.ts';
import { companyTimeZone } from '../round/rounds-page.ts';

/** Everybody's courses, certificates and exams, and who is to be trained after a fall. */
const at = 'training' as const;
const shown = 100;
const mostDuties = 500;
type Fields = Readonly<Record<TrainingField, string>>;
type FieldFaults = Partial<Record<TrainingField, string>>;

const blank = Object.fromEntries(trainingFields.map((field) => [field, ''])) as Record<TrainingField, string>;
const wanted = z.object({ manager: z.string().max(64).optional().catch(undefined) });
const place = z.object({ day: z.iso.date(), id: z.uuid() });

/** `GET /training?manager=` */
export const showTraining = (visit: Visit): Promise<void> => send(visit, blank, {}, null);

async function send(
  visit: Visit,
  fields: Fields,
  faults: FieldFaults,
  unproven: { readonly duty: string; readonly message: string } | null,
): Promise<void> {
  const { web, request, response, viewer } = visit;
  const { database, clock } = web.services;
  const language = languageOf(response);
  const m = messagesIn(language);
  const reach = await reachOf(visit);
  const { manager } = wanted.parse(request.query);
  const only = { ...reach, managerId: reach.managerId ?? manager ?? null };
  const today = dayIn(clock.now(), await companyTimeZone(web.services));
  const duties = await listDuties(database.query, only, { today }, mostDuties);
  const found = await listTraining(
    database.query,
    { ...only, after: place.safeParse(request.query).data ?? null },
    shown + 1,
  );
  await web.look({ actor: viewer.id, action: 'training.read', subject: only.managerId ?? 'all' });
  const [writes, follows] = [
    may(viewer.role, 'training.write') !== null,
    may(viewer.role, 'training.follow-up') !== null,
  ];
  const last = found.length > shown ? found[shown - 1] : undefined;
  sendPage(
    web,
    request,
    response,
    'training',
    { title: m.training.title, at },
    {
      lead: reach.managerId === null ? m.training.lead : m.training.ownLead,
      ...{ writes, longestProof, fields },
      filter: reach.managerId === null && manager ? m.training.onlyOf(found[0]?.managerName ?? manager) : null,
      duties: duties.map((duty) => ({
        ...{ id: duty.id, manager: duty.managerName, managerId: duty.managerId, district: duty.districtName },
        why: m.training.why[duty.move](month(duty.period, language)),
        state:
          duty.proof === null
            ? { name: m.training.dueOn(duty.dueOn), class: duty.overdue ? 'line-overdue' : 'line-open' }
            : { name: m.training.met, class: 'line-settled' },
        proof: duty.proof,
        path: follows && duty.proof === null ? `/training/follow-ups/${duty.id}` : null,
        faultId: `proof-${duty.id}`,
        fault: unproven?.duty === duty.id ? unproven.message : null,
      })),
      records: found.slice(0, shown).map((record) => ({
        ...{ manager: record.managerName, managerId: record.managerId, what: inWords(record, m), day: record.day },
        ...{ evidence: record.evidence, takenBack: record.takenBackFor && m.training.takenBack(record.takenBackFor) },
        href: `/training?manager=${encodeURIComponent(record.managerId)}`,
        takeBack: writes && record.takenBackFor === null ? `/training/${record.id}/take-back` : null,
      })),
      next: last && `/training?${new URLSearchParams({ ...(manager && { manager }), day: last.day, id: last.id })}`,
      kinds: trainingKinds.map((kind) => ({ kind, words: m.training.kinds[kind], chosen: kind === fields.kind })),
      faults: { ...Object.fromEntries(trainingFields.map((field) => [field, null])), ...faults },
    },
  );
}

const inWords = ({ kind, name, hours }: ListedTraining, { training }: Messages): string =>
  training.what(training.kinds[kind], hours === null ? name : training.withHours(name, plain(hours)));

const form = z.object(
  Object.fromEntries(trainingFields.map((field) => [field, z.string().max(2000).catch('')])),
) as unknown as z.ZodType<Fields>;

/** `POST /training`: a form with faults comes back as it was filled in, each beside its field. */
export async function addTraining(visit: Visit): Promise<void> {
  const { web, request, response, viewer } = visit;
  const fields = form.parse(request.body ?? {});
  const row = readTraining(fields, companyDay(web.services.clock.now()));
  const faults =
    'faults' in row
      ? row.faults
      : await recorded(() => recordOne(web.services, row, { actor: viewer.id, source: 'page' }));
  if (!faults) return response.redirect(303, `/training?manager=${encodeURIComponent(fields.manager.trim())}`);
  response.status(400);
  await send(visit, fields, faults, null);
}

/** What is wrong with which field, or null. */
async function recorded(record: () => Promise<void>): Promise<FieldFaults | null> {
  try {
    await record();
    return null;
  } catch (error) {
    if (!(error instanceof BadInput)) throw error;
    return Object.fromEntries(error.faults.map(({ where, message }) => [where, message]));
  }
}

/** `POST /training/follow-ups/:duty` */
export async function followUp(visit: Visit): Promise<void> {
  const { web, request, response, viewer, districtId } = visit;
  const id = String(request.params.duty);
  const { proof } = z.object({ proof: z.string().catch('').default('') }).parse(request.body ?? {});
  try {
    await meetDuty(web.services, { id, proof, districtId, actor: viewer.id });
  } catch (error) {
    if (!(error instanceof BadInput)) throw error;
    response.status(400);
    return send(visit, blank, {}, { duty: id, message: messagesIn(languageOf(response)).training.needsProof });
  }
  response.redirect(303, '/training');
}

/** `GET /training/:record/take-back` */
export async function confirmTrainingBack(visit: Visit, fault: string | null = null): Promise<void> {
  const { web, request, response } = visit;
  const m = messagesIn(languageOf(response));
  const record = await standing(visit);
  const title = m.training.takeBackTitle;
  sendPage(
    web,
    request,
    response,
    'training-take-back',
    { title, at },
    {
      ...{ title, fault, longestReason, path: `/training/${record.id}/take-back` },
      what: `${record.managerName} ${record.managerId} · ${inWords(record, m)} · ${record.day} · ${record.evidence}`,
    },
  );
}

/** `POST /training/:record/take-back` */
export async function takeRecordBack(visit: Visit): Promise<void> {
  const { web, request, response, viewer } = visit;
  const { id, managerId } = await standing(visit);
  const { reason } = z.object({ reason: z.string().catch('').default('') }).parse(request.body ?? {});
  try {
    await takeTrainingBack(web.services, id, { actor: viewer.id, reason });
  } catch (error) {
    if (!(error instanceof BadInput)) throw error;
    response.status(400);
    return confirmTrainingBack(visit, messagesIn(languageOf(response)).training.needsReason);
  }
  response.redirect(303, `/training?manager=${encodeURIComponent(managerId)}`);
}

async function standing({ web, request, districtId }: Visit): Promise<ListedTraining> {
  const filter = { id: String(request.params.record), districtId, managerId: null, after: null };
  const [record] = await listTraining(web.services.database.query, filter, 1);
  if (!record || record.takenBackFor !== null) throw new NotFound();
  return record;
}
