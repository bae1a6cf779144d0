import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { z } from 'zod';
import type { Query } from '../../platform/database.ts';
import { BadInput } from '../../platform/errors.ts';
import { exportRoster } from '../../survey/roster/export.ts';
import type { Visit } from '../console.ts';
import { count, moment } from '../figures.ts';
import { languageOf } from '../language.ts';
import { messagesIn } from '../messages.ts';
import { sendPage } from '../page.ts';
import { companyTimeZone } from '../round/rounds-page.ts';

interface Sizes {
  readonly managers: number;
  readonly retailers: number;
  readonly closed: number;
  readonly noPhone: number;
}

interface Applied {
  readonly fileName: string;
  readonly by: string;
  readonly at: Date;
  readonly created: number;
  readonly changed: number;
}

/** `/roster`: how large it is, what was imported last, and the forms that bring a file or take one away. */
export async function showRoster({ web, request, response }: Visit): Promise<void> {
  const { database, clock } = web.services;
  const language = languageOf(response);
  const m = messagesIn(language);
  const place = { language, timeZone: await companyTimeZone(web.services) };
  const number = (n: number) => count(n, language);
  const { managers, retailers, closed, noPhone } = await readSizes(database.query);
  const imports = (await readImports(database.query)).map(({ fileName, by, at, created, changed }) => ({
    ...{ fileName: fileName || '—', by, at: moment(at, clock.now(), place) },
    counts: m.roster.applied(number(created), number(changed)),
  }));
  const lead = m.roster.lead(number(managers), number(retailers), number(closed), number(noPhone));
  sendPage(web, request, response, 'roster', { title: m.roster.title, at: 'roster' }, { lead, imports });
}

async function readSizes(query: Query): Promise<Sizes> {
  const [sizes] = await query<Sizes>({
    text: `
      SELECT (SELECT count(*)::int FROM manager) AS managers, count(*)::int AS retailers,
             (count(*) FILTER (WHERE status = 'closed'))::int AS closed,
             (count(*) FILTER (WHERE status = 'active' AND phone_id IS NULL))::int AS "noPhone"
      FROM retailer`,
  });
  return sizes ?? { managers: 0, retailers: 0, closed: 0, noPhone: 0 };
}

const shownImports = 12;

const readImports = (query: Query): Promise<Applied[]> =>
  query<Applied>({
    text: `
      SELECT i.file_name AS "fileName", coalesce(u.name, i.actor) AS by, i.at, i.created, i.changed
      FROM roster_import i LEFT JOIN app_user u ON u.id::text = i.actor ORDER BY i.at DESC, i.id LIMIT ${shownImports}`,
  });

const exportForm = z.object({
  kind: z.enum(['retailers', 'managers', 'indicators']),
  format: z.enum(['csv', 'xlsx']),
  clear: z.literal('yes').optional(),
});

const types = {
  csv: 'text/csv; charset=utf-8',
  xlsx: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
};

/** `POST /roster/export`: a form and not a link, so that nobody takes the city's numbers by a click from elsewhere. */
export async function exportFile({ web, request, response, viewer }: Visit): Promise<void> {
  const m = messagesIn(languageOf(response)).roster;
  const { success, data } = exportForm.safeParse(request.body);
  if (!success) throw new BadInput('nothing to export', [{ where: m.exportTitle, message: m.faults.export }]);
  const { kind, format, clear } = data;
  const bytes = exportRoster(web.services, { kind, format, actor: viewer.id, clear: clear === 'yes' });
  response.attachment(`${kind}.${format}`).type(types[format]);
  await pipeline(Readable.from(bytes), response);
}
