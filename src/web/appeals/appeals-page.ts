import { z } from 'zod';
import { never } from '../../platform/errors.ts';
import { decideAppeal } from '../../scoring/appeals/appeal.ts';
import { type AppealFilter, type ListedAppeal, listAppeals } from '../../scoring/appeals/list.ts';
import { type Preview, previewIndicator } from '../../scoring/appeals/preview.ts';
import { findPublished } from '../../scoring/store.ts';
import { indicatorName } from '../board/reasons.ts';
import type { Visit } from '../console.ts';
import { NotFound } from '../faults.ts';
import { count, moment, month, plain } from '../figures.ts';
import { languageOf } from '../language.ts';
import { type Messages, messagesIn } from '../messages.ts';
import { sendPage } from '../page.ts';
import { companyTimeZone } from '../round/rounds-page.ts';
import { factInWords, stateOf } from './in-words.ts';

/**
 * Appeals before those who decide them: admins, and supervisors of another district. Whoever is of the manager's district
 * is not even shown them, and nobody is shown what the other said before he has settled it.
 */
const at = 'appeals' as const;
const shown = 50;
const longestReason = 500;
const pathOf = (id: string): string => `/appeals/${id}`;

const pageWish = z.object({ filedAt: z.coerce.date(), id: z.uuid() });

/** `GET /appeals` */
export async function showAppeals({ web, request, response, viewer }: Visit): Promise<void> {
  const { database, clock } = web.services;
  const language = languageOf(response);
  const m = messagesIn(language);
  const now = clock.now();
  const place = { language, timeZone: await companyTimeZone(web.services) };
  const list = (filter: Partial<AppealFilter>) =>
    listAppeals(database.query, { judge: viewer.id, after: null, ...filter }, shown + 1);
  const after = pageWish.safeParse(request.query).data ?? null;
  const waiting = after === null ? await list({ waiting: true }) : [];
  const found = await list({ after });
  await web.look({ actor: viewer.id, action: 'appeals.read', subject: 'all' });
  const inList = (appeal: ListedAppeal) => ({
    ...{ href: pathOf(appeal.id), title: factInWords(appeal, m), state: stateOf(appeal, m) },
    ...{ manager: appeal.managerName, district: appeal.districtName, month: month(appeal.period, language) },
    filed: moment(appeal.filedAt, now, place),
  });
  const last = found.length > shown ? found[shown - 1] : undefined;
  sendPage(
    web,
    request,
    response,
    'appeals',
    { title: m.appeals.title, at },
    {
      waiting: waiting.slice(0, shown).map(inList),
      others: found
        .slice(0, shown)
        .filter(({ mayJudge }) => !mayJudge)
        .map(inList),
      first: after === null,
      next: last && `/appeals?${new URLSearchParams({ filedAt: last.filedAt.toISOString(), id: last.id })}`,
    },
  );
}

/** `GET /appeals/:appeal` */
export const showAppeal = async (visit: Visit): Promise<void> => sendAppeal(visit, await asked(visit), null);

const form = z.object({
  verdict: z.enum(['uphold', 'dismiss']),
  reason: z.string().trim().min(1).max(longestReason),
  confirmed: z.literal('yes').optional(),
});

/** `POST /appeals/:appeal/verdict`: the first time it says what would change, and only the second does it. */
export async function judgeAppeal(visit: Visit): Promise<void> {
  const { web, request, response, viewer } = visit;
  const appeal = await asked(visit);
  const read = form.safeParse(request.body ?? {});
  if (!read.success) {
    response.status(400);
    return sendAppeal(visit, appeal, read.error);
  }
  const { verdict, reason, confirmed } = read.data;
  if (!confirmed) return sendConfirmation(visit, appeal, { verdict, reason });
  await decideAppeal(web.services, appeal.id, { actor: viewer.id, uphold: verdict === 'uphold', reason });
  response.redirect(303, pathOf(appeal.id));
}

async function sendAppeal(visit: Visit, appeal: ListedAppeal, faults: z.ZodError | null): Promise<void> {
  const { web, request, response, viewer } = visit;
  const { clock } = web.services;
  const language = languageOf(response);
  const m = messagesIn(language);
  const place = { language, timeZone: await companyTimeZone(web.services) };
  await web.look({ actor: viewer.id, action: 'appeal.read', subject: appeal.id });
  const { verdict = '', reason = '' } = (request.body ?? {}) as Readonly<Record<string, string>>;
  const faulty = (field: string) => faults?.issues.some(({ path }) => path[0] === field) ?? false;
  const title = factInWords(appeal, m);
  sendPage(
    web,
    request,
    response,
    'appeal',
    { title, at },
    {
      ...{ title, state: stateOf(appeal, m), statement: appeal.statement, evidence: appeal.evidence, longestReason },
      ...{
        path: `${pathOf(appeal.id)}/verdict`,
        upholds: verdict === 'uphold',
        dismisses: verdict === 'dismiss',
        reason,
      },
      ofFinal: appeal.ofFinal ? m.appeals.correction.twoAdmins : null,
      whose: m.appeals.whose(
        `${appeal.managerName} ${appeal.managerId}`,
        appeal.districtName,
        month(appeal.period, language),
        moment(appeal.filedAt, clock.now(), place),
      ),
      board: `/board/${appeal.period}`,
      asks: appeal.mayJudge,
      own: appeal.own && appeal.state === 'open' ? inWords(appeal.own, m) : null,
      verdicts: appeal.verdicts.map((one) => `${one.name ?? '—'} · ${inWords(one, m)}`),
      faults: {
        verdict: faulty('verdict') ? m.appeals.needsVerdict : null,
        reason: faulty('reason') ? m.appeals.needsReason : null,
      },
    },
  );
}

const inWords = ({ uphold, reason }: { readonly uphold: boolean; readonly reason: string }, m: Messages): string =>
  m.appeals.said(m.appeals.verdicts[uphold ? 'uphold' : 'dismiss'], reason);

interface Mind {
  readonly verdict: 'uphold' | 'dismiss';
  readonly reason: string;
}

/** Says no more of the other verdict than that there may be one. */
async function sendConfirmation(visit: Visit, appeal: ListedAppeal, { verdict, reason }: Mind): Promise<void> {
  const { web, request, response } = visit;
  const language = languageOf(response);
  const m = messagesIn(language);
  const words = m.appeals.confirm;
  const title = words.titles[verdict];
  const preview = verdict === 'uphold' ? await previewOf(visit, appeal) : null;
  sendPage(
    web,
    request,
    response,
    'appeal-verdict',
    { title, at },
    {
      ...{ title, verdict, reason, fact: factInWords(appeal, m), back: pathOf(appeal.id) },
      ...{ path: `${pathOf(appeal.id)}/verdict`, confirm: words.confirm[verdict] },
      steps:
        verdict === 'uphold'
          ? [words.two, changeInWords(appeal, m), appeal.ofFinal ? words.anewFinal : words.anew, words.once]
          : [words.unchanged, words.once],
      preview: preview && previewInWords(preview, (n) => count(n, language), m),
    },
  );
}

function changeInWords({ kind, indicator, value }: ListedAppeal, m: Messages): string {
  const { changes } = m.appeals.confirm;
  switch (kind) {
    case 'indicator':
      return changes.indicator(indicatorName(indicator ?? '', m.board), plain(value ?? '0'));
    case 'wrong-assignment':
      return changes.assignment;
    case 'invalid-call':
      return changes.call;
    default:
      return never(kind);
  }
}

async function previewOf({ web }: Visit, { period, managerId, kind, indicator, value }: ListedAppeal) {
  if (kind !== 'indicator' || indicator === null || value === null) return null;
  const published = await findPublished(web.services.database.query, period);
  return published && previewIndicator(published.document, { managerId, indicator, value });
}

function previewInWords({ before, after }: Preview, number: (n: number) => string, m: Messages) {
  const { board } = m;
  const rank = (n: number | null) => (n === null ? '—' : number(n));
  return [
    [board.unit, before.unit ?? '—', after.unit ?? '—'],
    [board.score, before.score ?? '—', after.score ?? '—'],
    [board.rating, board.ratings[before.rating], board.ratings[after.rating]],
    [board.tier, board.tiers[before.tier], board.tiers[after.tier]],
    [board.rank, rank(before.rank), rank(after.rank)],
  ].map(([name, was, is]) => ({ name, was, is }));
}

/** @throws NotFound also for whoever is of the manager's district. */
async function asked({ web, request, viewer }: Visit): Promise<ListedAppeal> {
  const id = z.uuid().safeParse(request.params.appeal);
  if (!id.success) throw new NotFound();
  const filter = { id: id.data, judge: viewer.id, after: null };
  const [appeal] = await listAppeals(web.services.database.query, filter, 1);
  if (!appeal) throw new NotFound();
  return appeal;
}
