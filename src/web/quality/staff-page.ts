import { z } from 'zod';
import { addStaffPhone, listStaffPhones, removeStaffPhone } from '../../survey/quality/staff-phones.ts';
import type { Visit } from '../console.ts';
import { NotFound } from '../faults.ts';
import { count, dayOf } from '../figures.ts';
import { languageOf } from '../language.ts';
import { messagesIn } from '../messages.ts';
import { sendPage } from '../page.ts';
import { companyTimeZone } from '../round/rounds-page.ts';

/** The company's own numbers: whose, masked, since when; one more, or one less. A whole list comes by file (/roster). */
const shown = 200;

/** `GET /staff-phones` */
export async function showStaffPhones({ web, request, response, viewer }: Visit): Promise<void> {
  const { query } = web.services.database;
  const language = languageOf(response);
  const m = messagesIn(language);
  const place = { language, timeZone: await companyTimeZone(web.services) };
  const after = z.object({ employee: z.string(), id: z.uuid() }).safeParse(request.query).data ?? null;
  const rows = await listStaffPhones(query, after, shown + 1);
  await web.look({ actor: viewer.id, action: 'staff-phones.read', subject: 'all' });
  const phones = rows.slice(0, shown).map(({ id, employee, masked, since }) => ({
    ...{ id, employee, masked },
    since: m.staffPhones.since(dayOf(since, place)),
  }));
  const last = rows.length > shown ? rows[shown - 1] : undefined;
  sendPage(
    web,
    request,
    response,
    'staff-phones',
    { title: m.staffPhones.title, at: 'roster' },
    {
      phones,
      more: last && m.staffPhones.more(count(shown, language)),
      next: last && `/staff-phones?${new URLSearchParams({ employee: last.employee, id: last.id })}`,
    },
  );
}

const form = z.object({ employee: z.string().catch(''), phone: z.string().catch('') });

/** `POST /staff-phones` */
export async function addNumber({ web, request, response, viewer }: Visit): Promise<void> {
  await addStaffPhone(web.services, { ...form.parse(request.body ?? {}), actor: viewer.id });
  response.redirect(303, '/staff-phones');
}

/** `POST /staff-phones/:phone/remove` */
export async function removeNumber({ web, request, response, viewer }: Visit): Promise<void> {
  const id = z.uuid().safeParse(request.params.phone);
  if (!id.success) throw new NotFound();
  await removeStaffPhone(web.services, { id: id.data, actor: viewer.id });
  response.redirect(303, '/staff-phones');
}
