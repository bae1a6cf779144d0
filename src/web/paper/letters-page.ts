import { readAllItemSummaries, readCityItems } from '../../scoring/items/summaries.ts';
import { readManagerMonths } from '../../scoring/results.ts';
import { findPublished, type Published } from '../../scoring/store.ts';
import type { Services } from '../../workers/services.ts';
import type { Visit } from '../console.ts';
import { Forbidden, NotFound } from '../faults.ts';
import { dayOf, lastMoment, month } from '../figures.ts';
import { type Language, languageOf } from '../language.ts';
import { type Messages, messagesIn } from '../messages.ts';
import { ownManager } from '../own-manager.ts';
import { sendPage } from '../page.ts';
import { may } from '../roles.ts';
import { type Account, accountView, readAccount, yearBefore } from '../score/account.ts';

/** Score letters on A4: one manager's, which nobody but he and those who print them may open, or everybody's. */

/** `GET /periods/:period/letters/:manager` */
export async function showLetter(visit: Visit): Promise<void> {
  const { web, request, viewer } = visit;
  const { period, manager } = request.params;
  if (!may(viewer.role, 'letters.print') && (await ownManager(visit)) !== manager) throw new Forbidden();
  const published = await standing(visit, String(period));
  const account = await readAccount(web.services, published, String(manager));
  if (!account) throw new NotFound();
  await web.look({ actor: viewer.id, action: 'letter.read', subject: account.manager.id, detail: { period } });
  sendLetters(visit, published, [account], null);
}

/** So many letters a page: a browser lays that many out in a second or two. */
const atOnce = 200;

/** `GET /periods/:period/letters` */
export async function showLetters(visit: Visit): Promise<void> {
  const { web, request, viewer } = visit;
  const published = await standing(visit, String(request.params.period));
  const after = typeof request.query.after === 'string' ? request.query.after : '';
  const left = published.document.managers.map(({ id }) => id).filter((id) => after === '' || id > after);
  const ids = left.sort().slice(0, atOnce);
  const accounts = await readAccounts(web.services, published, ids);
  const { hash, period } = published.document;
  await web.look({ actor: viewer.id, action: 'letters.read', subject: hash });
  const last = left.length > atOnce ? ids.at(-1) : undefined;
  sendLetters(
    visit,
    published,
    accounts,
    last ? `/periods/${period}/letters?${new URLSearchParams({ after: last })}` : null,
  );
}

async function standing({ web }: Visit, period: string): Promise<Published> {
  const published = await findPublished(web.services.database.query, period);
  if (!published) throw new NotFound();
  return published;
}

/** As `readAccount`, of many, in as many questions as of one. */
async function readAccounts(
  { database: { query }, questionnaire }: Services,
  published: Published,
  ids: readonly string[],
): Promise<Account[]> {
  const { document } = published;
  const months = await readManagerMonths(query, ids, yearBefore(document.period));
  const items = await readAllItemSummaries(query, document.period);
  const city = await readCityItems(query, document.period);
  const asked = await questionnaire(document.questionnaire);
  const managers = new Map(document.managers.map((manager) => [manager.id, manager]));
  return ids.flatMap((id) => {
    const manager = managers.get(id);
    if (!manager) return [];
    return [
      { published, manager, months: months.get(id) ?? [], items: items.get(id) ?? [], city, questionnaire: asked },
    ];
  });
}

function sendLetters(visit: Visit, published: Published, accounts: readonly Account[], next: string | null): void {
  const { web, request, response } = visit;
  const language = languageOf(response);
  const m = messagesIn(language);
  const title = m.paper.letter.title(month(published.document.period, language));
  const rights = rightsOf(published, language, m);
  sendPage(
    web,
    request,
    response,
    'letters',
    { title },
    {
      ...{
        title,
        next,
        back: may(visit.viewer.role, 'letters.print') ? `/board/${published.document.period}` : '/score',
      },
      letters: accounts.map((account) => ({ title, rights, ...accountView(account, language, m) })),
    },
  );
}

function rightsOf({ document, stage, appealsUntil }: Published, language: Language, m: Messages): string {
  if (stage === 'final') return m.paper.letter.final;
  return m.paper.letter.rights(dayOf(lastMoment(appealsUntil), { language, timeZone: document.rules.timeZone }));
}
