import { DateTime } from 'luxon';
import { readComments, withoutNumbers } from '../../scoring/comments/comments.ts';
import { calendarOf } from '../../scoring/periods/calendar.ts';
import { listPeriods, type PeriodStanding } from '../../scoring/periods/list.ts';
import { parseRules } from '../../scoring/rules.ts';
import { findPublished, type Published } from '../../scoring/store.ts';
import type { Visit } from '../console.ts';
import { NotFound } from '../faults.ts';
import { dayOf, lastMoment, month } from '../figures.ts';
import { type Language, languageOf } from '../language.ts';
import { type Messages, messagesIn } from '../messages.ts';
import { ownManager } from '../own-manager.ts';
import { sendPage } from '../page.ts';
import { type Account, accountView, readAccount } from './account.ts';

/** `/score`, `/score/:period`: a manager's own result, how it was computed, and until when he may appeal. */
export async function showScore(visit: Visit): Promise<void> {
  const { web, request, response, viewer } = visit;
  const { database, clock } = web.services;
  const language = languageOf(response);
  const m = messagesIn(language);
  const managerId = await ownManager(visit);
  const asked = typeof request.params.period === 'string' ? request.params.period : null;
  const published = await findPublished(database.query, asked);
  if (!published && asked !== null) throw new NotFound();
  const account = published && (await readAccount(web.services, published, managerId));
  if (published) await web.look({ actor: viewer.id, action: 'score.read', subject: published.document.hash });
  const comments = account ? await commentsOf(visit, account) : [];
  const now = clock.now();
  const open = published?.stage === 'notice' && now < published.appealsUntil;
  const title = m.score.title;
  sendPage(
    web,
    request,
    response,
    'score',
    { title, at: 'score' },
    {
      view: account && accountView(account, language, m),
      calendar: (await listPeriods(database.query, null, shownPeriods)).map((one) => calendarRow(one, language, m)),
      comments,
      noComments: m.score.comments.none(String(published?.document.rules.privacy.minimumForComments ?? '')),
      absent: published ? m.score.absent(month(published.document.period, language)) : m.score.nothing,
      appeal: account && open ? m.score.appeal(lastDay(published, language)) : null,
    },
  );
}

/** What his shops said in their own words, as it was put up when the month became final. */
async function commentsOf({ web, viewer }: Visit, { published, manager }: Account): Promise<string[]> {
  const { database, vault } = web.services;
  const { period } = published.document;
  const sealed = await readComments(database.query, period, manager.id);
  if (sealed.length > 0)
    await web.look({ actor: viewer.id, action: 'comments.read', subject: manager.id, detail: { period } });
  return sealed.map((one) => withoutNumbers(vault.open(one)));
}

const shownPeriods = 2;

const lastDay = ({ appealsUntil, document }: Published, language: Language): string =>
  dayOf(lastMoment(appealsUntil), { language, timeZone: document.rules.timeZone });

/** The days of a month as they are planned, and from its notice on as they are. */
function calendarRow(
  { period, stage, rules, publishedAt, appealsUntil }: PeriodStanding,
  language: Language,
  m: Messages,
) {
  const parsed = parseRules(rules);
  const planned = calendarOf(period, parsed);
  const { timeZone } = parsed;
  const place = { language, timeZone };
  const of = (day: string) => dayOf(DateTime.fromISO(day, { zone: timeZone }).toJSDate(), place);
  const words = m.score.calendar;
  const noticed = appealsUntil !== null;
  return {
    month: month(period, language),
    stage: m.score.stages[stage],
    days: [
      { name: words.field, day: `${of(planned.firstDay)} – ${of(planned.lastDay)}` },
      {
        name: noticed ? words.noticed : words.noticeBy,
        day: noticed && publishedAt ? dayOf(publishedAt, place) : of(planned.noticeBy),
      },
      { name: words.appeals, day: appealsUntil ? dayOf(lastMoment(appealsUntil), place) : of(planned.appealsBy) },
      { name: words.final, day: appealsUntil ? dayOf(appealsUntil, place) : of(planned.finalOn) },
    ],
  };
}
