import { z } from 'zod';
import { BadInput } from '../../platform/errors.ts';
import { closesMany } from '../../survey/roster/closing.ts';
import { BadFile, faultReport } from '../../survey/roster/faults.ts';
import { digestOf, type ImportReport, imports, type RetailersReport } from '../../survey/roster/import.ts';
import { dropUpload, findUpload, keepUpload, type Upload } from '../../survey/roster/upload.ts';
import type { Visit } from '../console.ts';
import { NotFound } from '../faults.ts';
import { count } from '../figures.ts';
import { type Language, languageOf } from '../language.ts';
import { type Messages, messagesIn } from '../messages.ts';
import { sendPage } from '../page.ts';
import { fileNameOf } from './uploading.ts';

/** A roster file on its way in: brought, looked at, and only then imported. */
const uploadForm = z.object({
  kind: z.enum(['retailers', 'managers', 'indicators', 'events', 'targets', 'training', 'staff']),
  full: z.literal('yes').optional(),
});

/** `POST /roster/uploads` */
export async function takeFile({ web, request, response, viewer }: Visit): Promise<void> {
  const m = messagesIn(languageOf(response)).roster;
  const { success, data } = uploadForm.safeParse(request.body);
  const { file } = request;
  if (!success || !file || file.size === 0)
    throw new BadInput('no file', [{ where: m.file, message: m.faults.noFile }]);
  const full = data.kind === 'retailers' && data.full === 'yes';
  const upload = { kind: data.kind, full, fileName: fileNameOf(file), bytes: file.buffer };
  response.redirect(303, `/roster/uploads/${await keepUpload(web.services, viewer.id, upload)}`);
}

/** `GET /roster/uploads/:upload`: what the import would change, or everything that is wrong with the file. */
export async function showUpload(visit: Visit): Promise<void> {
  const { web, request, response } = visit;
  const language = languageOf(response);
  const m = messagesIn(language);
  const upload = await uploadOf(visit);
  const looked = await look(visit, upload);
  const page = { title: m.roster.check, at: 'roster' } as const;
  const common = { id: upload.id, fileName: upload.fileName, kind: m.roster.kinds[upload.kind] };
  if (looked instanceof BadFile) {
    const faults = looked.faults.slice(0, mostShown);
    const more = looked.faults.length - faults.length;
    const lead = m.roster.faulty(count(looked.faults.length, language));
    response.status(400);
    sendPage(web, request, response, 'roster-faults', page, {
      ...{ ...common, lead, faults, more: more > 0 ? m.roster.more(count(more, language)) : null },
    });
  } else
    sendPage(web, request, response, 'roster-check', page, {
      ...{ ...common, digest: digestOf(looked), lead: m.roster.rows(count(looked.rows, language)) },
      ...{ closes: upload.full && isOfRetailers(looked) && closesMany(looked) ? closesOf(looked, m, language) : null },
      ...{ changes: looked.created + looked.changed + closing(upload, looked) > 0 },
      lines: linesOf(looked, upload.full, m, language),
    });
}

/** `GET /roster/uploads/:upload/faults.csv` */
export async function downloadFaults(visit: Visit): Promise<void> {
  const looked = await look(visit, await uploadOf(visit));
  if (!(looked instanceof BadFile)) throw new NotFound();
  visit.response.attachment('faults.csv').type('text/csv; charset=utf-8').send(faultReport(looked.found));
}

/** `POST /roster/uploads/:upload/import`: exactly what was shown, or nothing. */
export async function applyUpload(visit: Visit): Promise<void> {
  const { web, request, response, viewer } = visit;
  const { id, kind, bytes, fileName, full } = await uploadOf(visit);
  const { seen, closing } = (request.body ?? {}) as { readonly seen?: unknown; readonly closing?: unknown };
  const said = typeof closing === 'string' ? Number(closing) : null;
  await imports[kind](web.services, bytes, {
    ...{ actor: viewer.id, fileName, full, expected: String(seen), closing: said },
  });
  await dropUpload(web.services.database.query, id);
  response.redirect(303, '/roster');
}

async function uploadOf({ web, request, viewer }: Visit): Promise<Upload> {
  const upload = await findUpload(web.services, viewer.id, String(request.params.upload));
  if (!upload) throw new NotFound();
  return upload;
}

async function look({ web, viewer }: Visit, upload: Upload): Promise<ImportReport | BadFile> {
  const { kind, bytes, full } = upload;
  try {
    return await imports[kind](web.services, bytes, { actor: viewer.id, full, dryRun: true });
  } catch (error) {
    if (error instanceof BadFile) return error;
    throw error;
  }
}

/** What has to be said again before it is done, and the number it is said by. */
const closesOf = ({ active, gone, emptied, shown }: RetailersReport, m: Messages, language: Language) => ({
  ...{ number: gone, managers: shown.emptied.slice(0, mostShown) },
  warning: m.roster.closesMany(count(gone, language), count(active, language), count(emptied, language)),
  words: m.roster.closesConfirm(count(gone, language)),
});

const mostShown = 100;

const closing = ({ full }: Upload, report: ImportReport): number => (full && isOfRetailers(report) ? report.gone : 0);

const isOfRetailers = (report: ImportReport): report is RetailersReport => 'shown' in report;

/** One line a kind of change, with the first of those it is about. */
function linesOf(report: ImportReport, full: boolean, m: Messages, language: Language) {
  const { changes, fields } = m.roster;
  const line = (words: string, number: number, shown: readonly string[] = []) => ({
    ...{ words, number: count(number, language), shown: shown.slice(0, mostShown) },
    more: number > mostShown && shown.length > 0 ? m.roster.more(count(number - mostShown, language)) : null,
  });
  const { created, changed, unchanged } = report;
  if (!isOfRetailers(report))
    return [line(changes.created, created), line(changes.changed, changed), line(changes.unchanged, unchanged)];
  const { shown, moved, phones, stopped, gone } = report;
  const named = shown.changed.map(
    (shop) => `${shop.id} ${shop.fields.map((field) => fields[field as keyof typeof fields]).join(' ')}`,
  );
  return [
    line(changes.created, created, shown.created),
    line(changes.changed, changed, named),
    line(
      changes.moved,
      moved,
      shown.moved.map(({ id, from, to, day }) => `${id} ${from} → ${to} (${day})`),
    ),
    line(
      changes.phones,
      phones,
      shown.phones.map(({ id, before, after }) => `${id} ${before.join(' ') || '—'} → ${after.join(' ') || '—'}`),
    ),
    line(changes.stopped, stopped, shown.stopped),
    line(full ? changes.closing : changes.gone, gone, shown.gone),
    line(changes.unchanged, unchanged),
  ].filter(({ number }) => number !== '0');
}
