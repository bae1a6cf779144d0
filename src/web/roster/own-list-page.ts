import { z } from 'zod';
import { BadInput } from '../../platform/errors.ts';
import { confirmList, periodToConfirm, readConfirmations, readOwnShops } from '../../survey/roster/confirmation.ts';
import { writeHalfDays } from '../../survey/roster/half-days.ts';
import type { Visit } from '../console.ts';
import { count, moment, month } from '../figures.ts';
import { languageOf } from '../language.ts';
import { messagesIn } from '../messages.ts';
import { ownManager } from '../own-manager.ts';
import { sendPage } from '../page.ts';
import { companyTimeZone } from '../round/rounds-page.ts';

/** `/roster/mine`: a manager's own shops as the next freeze will find them, without any number. */
export async function showOwnList(visit: Visit): Promise<void> {
  const { web, request, response, viewer } = visit;
  const { database, clock } = web.services;
  const { query } = database;
  const language = languageOf(response);
  const m = messagesIn(language);
  const now = clock.now();
  const managerId = await ownManager(visit);
  const place = { language, timeZone: await companyTimeZone(web.services) };
  const period = await periodToConfirm(query, now);
  const said = (await readConfirmations(query, period)).find((one) => one.managerId === managerId);
  const shops = (await readOwnShops(query, managerId, now)).map((shop) => ({
    ...{ id: shop.id, name: shop.name, closed: shop.status === 'closed', hasPhone: shop.hasPhone },
    market: m.ownList.markets[shop.stratum],
    days: [writeHalfDays(shop.orderingDays), writeHalfDays(shop.deliveryDays)]
      .filter((days) => days !== '')
      .join(' / '),
  }));
  await web.look({ actor: viewer.id, action: 'list.read', subject: managerId });
  sendPage(
    web,
    request,
    response,
    'own-list',
    { title: m.ownList.title, at: 'ownList' },
    {
      ...{ period, shops, remark: said?.remark ?? '' },
      lead: m.ownList.lead(month(period, language), count(shops.length, language)),
      confirmed: said ? m.completeness.confirmed(moment(said.at, now, place), count(said.retailers, language)) : null,
    },
  );
}

const confirmForm = z.object({
  period: z.string().regex(/^\d{4}-\d{2}$/),
  remark: z.string().trim().max(500),
});

/** `POST /roster/mine` */
export async function confirmOwnList(visit: Visit): Promise<void> {
  const { web, request, response, viewer } = visit;
  const m = messagesIn(languageOf(response)).ownList;
  const { success, data } = confirmForm.safeParse(request.body);
  if (!success) throw new BadInput('not confirmed', [{ where: m.remark, message: m.remarkTooLong }]);
  const managerId = await ownManager(visit);
  await confirmList(web.services, { managerId, userId: viewer.id, period: data.period, remark: data.remark || null });
  response.redirect(303, '/roster/mine');
}
