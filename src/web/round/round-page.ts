import Fraction from 'fraction.js';
import { readCosts } from '../../survey/fieldwork/costs.ts';
import type { Visit } from '../console.ts';
import { NotFound } from '../faults.ts';
import { count } from '../figures.ts';
import { languageOf } from '../language.ts';
import { messagesIn } from '../messages.ts';
import { sendFragment, sendPage } from '../page.ts';
import { may } from '../roles.ts';
import { changesFor } from './change-page.ts';
import { readPicture } from './picture.ts';
import { progressView } from './progress-view.ts';
import { currentRound, findRound, type RoundFacts } from './standing.ts';

/** `/`: the round under way, for who may see it; else the board. */
export async function showToday({ web, response, viewer }: Visit): Promise<void> {
  const sees = may(viewer.role, 'round.read') && !(viewer.role === 'supervisor' && viewer.districtId === null);
  const roundId = sees ? await currentRound(web.services.database.query) : null;
  response.redirect(303, roundId ? `/rounds/${encodeURIComponent(roundId)}` : '/board');
}

export async function showRound(visit: Visit): Promise<void> {
  const { web, request, response, viewer } = visit;
  const { round, view } = await look(visit);
  const path = `/rounds/${encodeURIComponent(round.id)}`;
  const changes = may(viewer.role, 'round.change');
  const page = { title: view.title, at: view.live ? 'today' : 'rounds' } as const;
  sendPage(web, request, response, 'round', page, {
    view,
    path,
    changes: changes ? changesFor(round, messagesIn(languageOf(response))) : [],
    costs: changes ? await costsOf(visit, round.id) : [],
    progress: `${path}/progress`,
    refreshes: refreshes(view),
    draw: `/draws/${encodeURIComponent(round.id)}`,
    voiceMessages: may(viewer.role, 'messages.listen') ? `${path}/messages` : null,
    spotChecks: may(visit.viewer.role, 'spot-check.ask') ? `${path}/spot-checks` : null,
  });
}

/** What it has cost so far, a line a currency. */
async function costsOf({ web, response }: Visit, roundId: string): Promise<string[]> {
  const language = languageOf(response);
  const words = messagesIn(language).round;
  return (await readCosts(web.services.database.query, roundId)).map(({ unit, amount, calls, texts }) =>
    words.cost(
      new Fraction(amount).round(2).valueOf().toFixed(2),
      unit,
      count(calls, language),
      count(texts, language),
    ),
  );
}

/** The page's content alone, for the script that refreshes it every two seconds. */
export async function showProgress(visit: Visit): Promise<void> {
  const { view } = await look(visit);
  if (!refreshes(view)) visit.response.set('Live-Over', '1');
  sendFragment(visit.response, 'progress', { view });
}

type View = ReturnType<typeof progressView>;

/** Until its score is published. */
const refreshes = ({ live, scoring }: View): boolean => live || scoring;

async function look({ web, request, response, viewer, districtId }: Visit): Promise<{
  round: RoundFacts;
  view: View;
}> {
  const { services } = web;
  const round = await findRound(services.database.query, String(request.params.round));
  if (!round) throw new NotFound();
  await web.look({
    actor: viewer.id,
    action: 'round.read',
    subject: round.id,
    ...(districtId && { detail: { districtId } }),
  });
  const picture = await readPicture(services, round, districtId, languageOf(response));
  return { round, view: progressView(picture, services.vault) };
}
