import { BadInput } from '../../platform/errors.ts';
import { cancelRound } from '../../survey/round/cancel.ts';
import { closeEarly } from '../../survey/round/close.ts';
import type { RoundChange } from '../../survey/round/move.ts';
import { pauseRound, resumeRound } from '../../survey/round/pause.ts';
import type { Services } from '../../workers/services.ts';
import type { Visit } from '../console.ts';
import { NotFound } from '../faults.ts';
import { month } from '../figures.ts';
import { languageOf } from '../language.ts';
import { type Messages, messagesIn } from '../messages.ts';
import { sendPage } from '../page.ts';
import { findRound, type RoundFacts } from './standing.ts';

/** What may be done to a round by hand: the page says first what will happen, and only its button does it. */
export const changes = ['pause', 'resume', 'close', 'cancel'] as const;
export type Change = (typeof changes)[number];

const from: Readonly<Record<Change, readonly RoundFacts['state'][]>> = {
  pause: ['fielding'],
  resume: ['paused'],
  close: ['fielding', 'paused'],
  cancel: ['committed', 'fielding', 'paused'],
};

const isChange = (text: unknown): text is Change => (changes as readonly unknown[]).includes(text);

export async function changeRound(services: Services, change: Change, wish: RoundChange): Promise<void> {
  switch (change) {
    case 'pause':
      return pauseRound(services, wish);
    case 'resume':
      return resumeRound(services, wish);
    case 'cancel':
      return cancelRound(services, wish);
    case 'close':
      await closeEarly(services, wish);
      return services.queues.add('close', { roundId: wish.roundId });
  }
}

/** Links to what may be done to a round as it stands. */
export const changesFor = ({ id, state }: RoundFacts, m: Messages) =>
  changes
    .filter((change) => from[change].includes(state))
    .map((change) => ({ href: `/rounds/${encodeURIComponent(id)}/change/${change}`, words: m.change[change].link }));

/** `GET /rounds/:round/change/:change` */
export async function confirmChange(visit: Visit, fault?: string): Promise<void> {
  const { web, request, response } = visit;
  const { change } = request.params;
  const round = await findRound(web.services.database.query, String(request.params.round));
  if (!round || !isChange(change)) throw new NotFound();
  const language = languageOf(response);
  const words = messagesIn(language).change;
  const title = words[change].title(month(round.period, language));
  sendPage(
    web,
    request,
    response,
    'change',
    { title, at: 'rounds' },
    {
      ...{ title, roundId: round.id, steps: words[change].steps, needsReason: change !== 'resume' },
      ...{ confirm: words[change].confirm, fault: fault ?? null },
      ...{
        path: `/rounds/${encodeURIComponent(round.id)}/change/${change}`,
        back: `/rounds/${encodeURIComponent(round.id)}`,
      },
    },
  );
}

/** `POST /rounds/:round/change/:change` */
export async function applyChange(visit: Visit): Promise<void> {
  const { web, request, response, viewer } = visit;
  const { round, change } = request.params;
  if (!isChange(change)) throw new NotFound();
  const { reason } = request.body as { readonly reason?: string };
  try {
    await changeRound(web.services, change, { roundId: String(round), actor: viewer.id, reason: String(reason ?? '') });
  } catch (error) {
    if (!(error instanceof BadInput)) throw error;
    response.status(400);
    return confirmChange(visit, messagesIn(languageOf(response)).change.needsReason);
  }
  response.redirect(303, `/rounds/${encodeURIComponent(String(round))}`);
}
