import { z } from 'zod';
import { BadInput } from '../../platform/errors.ts';
import { appealWish, fileAppeal, withdrawAppeal } from '../../scoring/appeals/appeal.ts';
import { type AppealableNotice, readAppealable } from '../../scoring/appeals/appealable.ts';
import { type ListedAppeal, listAppeals } from '../../scoring/appeals/list.ts';
import { indicatorName } from '../board/reasons.ts';
import type { Visit } from '../console.ts';
import { NotFound } from '../faults.ts';
import { dayOf, lastMoment, moment, month, plain } from '../figures.ts';
import { languageOf } from '../language.ts';
import { messagesIn } from '../messages.ts';
import { ownManager } from '../own-manager.ts';
import { sendPage } from '../page.ts';
import { companyTimeZone } from '../round/rounds-page.ts';
import {
  type AppealFields,
  type AppealKind,
  appealKinds,
  blankFields,
  byField,
  faultsIn,
  fieldsIn,
  wishOf,
} from './fields.ts';
import { factInWords, stateOf } from './in-words.ts';

/** A manager's own appeals: what he can appeal against, the form, what became of each, and taking one back. */
const at = 'ownAppeals' as const;
const shown = 200;

const formPath = (period: string, kind: AppealKind): string => `/appeals/mine/${period}/${kind}`;

/** `GET /appeals/mine` */
export async function showOwnAppeals(visit: Visit): Promise<void> {
  const { web, request, response, viewer } = visit;
  const { database, clock } = web.services;
  const language = languageOf(response);
  const m = messagesIn(language);
  const managerId = await ownManager(visit);
  const now = clock.now();
  const place = { language, timeZone: await companyTimeZone(web.services) };
  const notices = await readAppealable(database.query, managerId, now);
  // A correction of his final result is the assessment group's: which shop it is about is not for him to read.
  const filed = await listAppeals(database.query, { managerId, ofFinal: false, after: null }, shown);
  await web.look({ actor: viewer.id, action: 'own-appeals.read', subject: managerId });
  const title = m.appeals.own.title;
  sendPage(
    web,
    request,
    response,
    'own-appeals',
    { title, at },
    {
      notices: notices.map(({ period, appealsUntil, timeZone }) => ({
        title: m.appeals.own.against(month(period, language)),
        until: m.appeals.own.until(dayOf(lastMoment(appealsUntil), { language, timeZone })),
        board: `/board/${period}`,
        kinds: appealKinds.map((kind) => ({ href: formPath(period, kind), ...m.appeals.kinds[kind] })),
      })),
      appeals: filed.map((appeal) => ({
        ...{ id: appeal.id, title: factInWords(asTyped(appeal), m), state: stateOf(appeal, m) },
        ...{ statement: appeal.statement, evidence: appeal.evidence },
        when: m.appeals.own.filed(month(appeal.period, language), moment(appeal.filedAt, now, place)),
        waits: appeal.state === 'open' ? m.appeals.given[appeal.given === 0 ? 'none' : 'some'] : null,
        // Who decided stands in the audit log: judges are not to be asked about it in the corridor.
        reasons: appeal.verdicts.map(({ uphold, reason }) =>
          m.appeals.said(m.appeals.verdicts[uphold ? 'uphold' : 'dismiss'], reason),
        ),
        withdrawal: appeal.state === 'open' ? `/appeals/${appeal.id}/withdrawal` : null,
      })),
    },
  );
}

/** With the number that he typed and no name: it need not be a shop of his. */
const asTyped = (appeal: ListedAppeal): ListedAppeal => ({ ...appeal, retailerName: null });

type FieldFaults = Readonly<Record<string, string>>;

/** `GET /appeals/mine/:period/:kind` */
export const showAppealForm = async (visit: Visit): Promise<void> =>
  sendForm(visit, await asked(visit), blankFields, {});

/** `POST /appeals/mine/:period/:kind`: a form with faults comes back as it was filled in, each fault beside its field. */
export async function takeAppeal(visit: Visit): Promise<void> {
  const { web, request, response, viewer } = visit;
  const wanted = await asked(visit);
  const fields = fieldsIn(request.body);
  const read = appealWish.safeParse(wishOf(wanted.kind, fields));
  const { faults } = messagesIn(languageOf(response)).appeals;
  try {
    if (!read.success) throw new BadInput('the appeal cannot be taken', faultsIn(read.error));
    await fileAppeal(web.services, wanted.notice.period, { managerId: wanted.managerId, actor: viewer.id }, read.data);
  } catch (error) {
    const named = error instanceof BadInput ? byField(error, faults) : {};
    if (Object.keys(named).length === 0) throw error;
    response.status(400);
    return sendForm(visit, wanted, fields, named);
  }
  response.redirect(303, '/appeals/mine');
}

interface Wanted {
  readonly managerId: string;
  readonly notice: AppealableNotice;
  readonly kind: AppealKind;
}

/** @throws NotFound where there is no such notice that he could appeal against now. */
async function asked(visit: Visit): Promise<Wanted> {
  const { database, clock } = visit.web.services;
  const managerId = await ownManager(visit);
  const { period, kind } = visit.request.params;
  const notices = await readAppealable(database.query, managerId, clock.now());
  const notice = notices.find((one) => one.period === period);
  const known = appealKinds.find((one) => one === kind);
  if (!notice || !known) throw new NotFound();
  return { managerId, notice, kind: known };
}

function sendForm({ web, request, response }: Visit, wanted: Wanted, fields: AppealFields, faults: FieldFaults): void {
  const language = languageOf(response);
  const m = messagesIn(language);
  const { notice, kind } = wanted;
  const { title, hint } = m.appeals.kinds[kind];
  sendPage(
    web,
    request,
    response,
    'appeal-form',
    { title, at },
    {
      ...{ title, hint, fields, path: formPath(notice.period, kind), aboutIndicator: kind === 'indicator' },
      ...{ managers: [], note: m.appeals.own.whoReads, button: m.appeals.own.file, back: '/appeals/mine' },
      lead: m.appeals.own.against(month(notice.period, language)),
      faults: {
        ...Object.fromEntries([...Object.keys(blankFields), 'manager'].map((field) => [field, null])),
        ...faults,
      },
      indicators: Object.entries(notice.indicators).map(([code, value]) => ({
        ...{ code, chosen: code === fields.indicator },
        words: m.appeals.own.indicator(indicatorName(code, m.board), value === null ? '—' : plain(value)),
      })),
    },
  );
}

/** `GET /appeals/:appeal/withdrawal` */
export async function confirmWithdrawal(visit: Visit): Promise<void> {
  const { web, request, response } = visit;
  const m = messagesIn(languageOf(response));
  const appeal = await ownOpen(visit);
  const title = m.appeals.own.withdrawTitle;
  sendPage(
    web,
    request,
    response,
    'appeal-withdrawal',
    { title, at },
    {
      ...{ title, fact: factInWords(asTyped(appeal), m), path: `/appeals/${appeal.id}/withdrawal` },
    },
  );
}

/** `POST /appeals/:appeal/withdrawal` */
export async function takeBackAppeal(visit: Visit): Promise<void> {
  const { id, managerId } = await ownOpen(visit);
  await withdrawAppeal(visit.web.services, id, { managerId, actor: visit.viewer.id });
  visit.response.redirect(303, '/appeals/mine');
}

async function ownOpen(visit: Visit): Promise<ListedAppeal> {
  const id = z.uuid().safeParse(visit.request.params.appeal);
  if (!id.success) throw new NotFound();
  const own = { managerId: await ownManager(visit), ofFinal: false } as const;
  const filter = { id: id.data, ...own, state: 'open', after: null } as const;
  const [appeal] = await listAppeals(visit.web.services.database.query, filter, 1);
  if (!appeal) throw new NotFound();
  return appeal;
}
