import { z } from 'zod';
import { BadInput } from '../../platform/errors.ts';
import { appealWish } from '../../scoring/appeals/appeal.ts';
import { proposeCorrection } from '../../scoring/appeals/final-correction.ts';
import { findPublished, type Published } from '../../scoring/store.ts';
import { indicatorName } from '../board/reasons.ts';
import type { Visit } from '../console.ts';
import { NotFound } from '../faults.ts';
import { month } from '../figures.ts';
import { languageOf } from '../language.ts';
import { messagesIn } from '../messages.ts';
import { sendPage } from '../page.ts';
import { type AppealKind, appealKinds, byField, faultsIn, fieldsIn, wishOf } from './fields.ts';

/** An error in a final result: one admin proposes its correction here, a second one decides it among the appeals. */
const at = 'appeals' as const;
const pathOf = (period: string): string => `/corrections/${period}`;

/** `GET /corrections/:period` */
export async function showCorrections(visit: Visit): Promise<void> {
  const { web, request, response } = visit;
  const language = languageOf(response);
  const m = messagesIn(language);
  const { period } = (await finalAsked(visit)).document;
  const title = m.appeals.correction.title(month(period, language));
  sendPage(
    web,
    request,
    response,
    'corrections',
    { title, at },
    {
      ...{ title, back: `/board/${period}` },
      kinds: appealKinds.map((kind) => ({ href: `${pathOf(period)}/${kind}`, ...m.appeals.correction.kinds[kind] })),
    },
  );
}

/** `GET /corrections/:period/:kind` */
export const showCorrectionForm = async (visit: Visit): Promise<void> =>
  sendForm(visit, await finalAsked(visit), kindAsked(visit), {}, {});

/** `POST /corrections/:period/:kind` */
export async function takeCorrection(visit: Visit): Promise<void> {
  const { web, request, response, viewer } = visit;
  const published = await finalAsked(visit);
  const kind = kindAsked(visit);
  const fields = { ...fieldsIn(request.body), manager: readManager(request.body) };
  const read = appealWish.safeParse(wishOf(kind, fields));
  const words = messagesIn(languageOf(response)).appeals;
  try {
    if (!read.success) throw new BadInput('it cannot be corrected', faultsIn(read.error));
    const proposal = { managerId: fields.manager, actor: viewer.id };
    await proposeCorrection(web.services, published.document.period, proposal, read.data);
  } catch (error) {
    const named =
      error instanceof BadInput ? byField(error, { ...words.faults, manager: words.correction.noManager }) : {};
    if (Object.keys(named).length === 0) throw error;
    response.status(400);
    return sendForm(visit, published, kind, fields, named);
  }
  response.redirect(303, '/appeals');
}

const readManager = (body: unknown): string =>
  z.object({ manager: z.string().trim().default('') }).parse(body ?? {}).manager;

const kindAsked = ({ request }: Visit): AppealKind => {
  const kind = appealKinds.find((one) => one === request.params.kind);
  if (!kind) throw new NotFound();
  return kind;
};

async function finalAsked({ web, request }: Visit): Promise<Published> {
  const published = await findPublished(web.services.database.query, String(request.params.period));
  if (published?.stage !== 'final') throw new NotFound();
  return published;
}

type Filled = Readonly<Record<string, string>>;

function sendForm(
  { web, request, response }: Visit,
  { document }: Published,
  kind: AppealKind,
  filled: Filled,
  faults: Filled,
): void {
  const language = languageOf(response);
  const m = messagesIn(language);
  const blank = { manager: '', retailerId: '', indicator: '', value: '', statement: '', evidence: '' };
  const { title, hint } = m.appeals.correction.kinds[kind];
  const fields = { ...blank, ...filled };
  sendPage(
    web,
    request,
    response,
    'appeal-form',
    { title, at },
    {
      ...{ title, hint, fields, path: `${pathOf(document.period)}/${kind}`, aboutIndicator: kind === 'indicator' },
      ...{ lead: m.appeals.correction.title(month(document.period, language)), back: pathOf(document.period) },
      ...{ note: m.appeals.correction.twoAdmins, button: m.appeals.correction.propose },
      managers: document.managers.map(({ id, name }) => ({
        id,
        words: `${name} ${id}`,
        chosen: id === fields.manager,
      })),
      faults: { ...Object.fromEntries(Object.keys(blank).map((field) => [field, null])), ...faults },
      indicators: document.rules.unit.indicators.map(({ code }) => ({
        ...{ code, chosen: code === fields.indicator, words: indicatorName(code, m.board) },
      })),
    },
  );
}
