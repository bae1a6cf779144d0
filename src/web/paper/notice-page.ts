import { readCorrections } from '../../scoring/appeals/appealable.ts';
import { RATINGS } from '../../scoring/rating.ts';
import { findPublished } from '../../scoring/store.ts';
import { boardView, readFieldwork } from '../board/board-page.ts';
import type { Visit } from '../console.ts';
import { NotFound } from '../faults.ts';
import { count, dayOf, lastMoment, month } from '../figures.ts';
import { languageOf } from '../language.ts';
import { messagesIn } from '../messages.ts';
import { sendPage } from '../page.ts';
import { traceView } from '../score/account.ts';

/** `GET /periods/:period/notice`: the month's 公示 or 通报 on A4, from the publication alone. */
export async function showNotice({ web, request, response, viewer }: Visit): Promise<void> {
  const { query } = web.services.database;
  const language = languageOf(response);
  const m = messagesIn(language);
  const published = await findPublished(query, String(request.params.period));
  if (!published) throw new NotFound();
  const { document, stage, appealsUntil, publishedAt } = published;
  await web.look({ actor: viewer.id, action: 'notice.read', subject: document.hash });
  const place = { language, timeZone: document.rules.timeZone };
  const words = m.paper.notice;
  const title = words.titles[stage](month(document.period, language));
  const inWords = boardView(published, await readFieldwork(query, document), language, m);
  const ratings = [...RATINGS, 'unrated' as const].map((rating) => ({
    name: m.board.ratings[rating],
    managers: count(document.managers.filter((one) => one.rating === rating).length, language),
  }));
  sendPage(
    web,
    request,
    response,
    'notice',
    { title },
    {
      ...{ title, back: `/board/${document.period}`, board: inWords, ratings, stamp: m.board.seal.stamp },
      number: words.number(document.period, count(published.sequence, language)),
      rows: document.managers.length === 0 ? [] : inWords.rows,
      appeals: stage === 'notice' ? words.appeals(dayOf(lastMoment(appealsUntil), place)) : words.final,
      corrections: (await readCorrections(query, document.period)).map(({ at, name }) =>
        m.board.corrected(dayOf(at, place), name),
      ),
      date: dayOf(publishedAt, place),
      trace: traceView(published, language, m),
    },
  );
}
