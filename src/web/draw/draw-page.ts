import { z } from 'zod';
import { readDrawBundle } from '../../survey/round/bundle.ts';
import { type DrawHolder, readEvent, readHolders } from '../../survey/round/draw-standing.ts';
import { commitNonce, enterPublicValue, handInNonce } from '../../survey/round/hand-in.ts';
import { readPublicBundle } from '../../survey/round/public-bundle.ts';
import { note } from '../audited.ts';
import type { Visit } from '../console.ts';
import { NotFound } from '../faults.ts';
import { moment } from '../figures.ts';
import { languageOf } from '../language.ts';
import { messagesIn } from '../messages.ts';
import { sendPage } from '../page.ts';
import { companyTimeZone } from '../round/rounds-page.ts';
import { readSeal, sealView } from '../round/seal.ts';
import { findRound } from '../round/standing.ts';

/**
 * A round's draw: for everybody what is public of it, for its holders where they commit and hand in, for the assessment
 * group where the outcome of the public event is entered.
 */
/** `GET /draws/:round` */
export async function showDraw({ web, request, response, viewer }: Visit): Promise<void> {
  const { database, clock, vault } = web.services;
  const language = languageOf(response);
  const m = messagesIn(language);
  const round = await findRound(database.query, String(request.params.round));
  const seal = round && (await readSeal(database.query, round.id));
  if (!round || !seal) throw new NotFound();
  const now = clock.now();
  const place = { language, timeZone: await companyTimeZone(web.services) };
  const kept = await readHolders(database.query, round.id);
  const event = await readEvent(database.query, round.id);
  const frozen = round.state === 'committed' && seal.frameHash !== null;
  const mayHandIn = ({ holder, substitute, handedInAt }: DrawHolder) =>
    handedInAt === null && (holder === viewer.id || substitute === viewer.id);
  sendPage(
    web,
    request,
    response,
    'draw',
    { title: m.draws.title(round.id), at: 'rounds' },
    {
      ...{ title: m.draws.title(round.id), state: { name: m.states[round.state], class: round.state } },
      reason: round.state === 'cancelled' ? (round.reason ?? '') : null,
      path: `/draws/${encodeURIComponent(round.id)}`,
      holders: kept.map(({ holder, name, committedAt, handedInAt }) => ({
        name: holder === 'operator' ? m.draws.operator : name,
        committed: committedAt ? moment(committedAt, now, place) : m.draws.missing,
        handedIn: handedInAt ? moment(handedInAt, now, place) : m.draws.missing,
      })),
      event: event && m.draws.event(event.name, moment(event.at, now, place), event.value ?? m.draws.missing),
      commits: round.state === 'draft' && kept.some(({ holder, committedAt }) => holder === viewer.id && !committedAt),
      handsIn: frozen && kept.some(mayHandIn),
      entersValue: frozen && viewer.role === 'admin' && event !== null && event.value === null && event.at <= now,
      auditors: (viewer.role === 'admin' || viewer.role === 'auditor') && seal.revealedAt !== null,
      seal: sealView(seal, vault, now, place, m),
    },
  );
}

const oneField = (form: unknown, name: string): string => {
  const read = z.object({ [name]: z.string() }).safeParse(form);
  return read.success ? (read.data[name] ?? '').trim() : '';
};

const back = ({ request, response }: Visit): void =>
  response.redirect(303, `/draws/${encodeURIComponent(String(request.params.round))}`);

const actOf = ({ request, viewer }: Visit) => ({ roundId: String(request.params.round), actor: viewer.id });

/** `POST /draws/:round/commit` */
export async function commit(visit: Visit): Promise<void> {
  const { services } = visit.web;
  const act = actOf(visit);
  const complete = await commitNonce(services, act, visit.viewer.id, oneField(visit.request.body, 'commitment'));
  if (complete) await services.queues.add('draw', { roundId: act.roundId });
  back(visit);
}

/** `POST /draws/:round/hand-in` */
export async function handIn(visit: Visit): Promise<void> {
  const { services } = visit.web;
  const act = actOf(visit);
  await handInNonce(services, act, oneField(visit.request.body, 'nonce'));
  await services.queues.add('draw', { roundId: act.roundId });
  back(visit);
}

/** `POST /draws/:round/public-value` */
export async function enterValue(visit: Visit): Promise<void> {
  const { services } = visit.web;
  const act = actOf(visit);
  await enterPublicValue(services, act, oneField(visit.request.body, 'value'));
  await services.queues.add('draw', { roundId: act.roundId });
  back(visit);
}

/** `GET /draws/:round/public.json` */
export async function downloadPublic({ web, request, response }: Visit): Promise<void> {
  const roundId = String(request.params.round);
  if (!(await findRound(web.services.database.query, roundId))) throw new NotFound();
  response.attachment(`${roundId}-public.json`).json(await readPublicBundle(web.services, roundId));
}

/** `GET /draws/:round/draw.json`: holds retailers' ids, so each download is in the audit log. */
export async function downloadAuditors({ web, request, response, viewer }: Visit): Promise<void> {
  const roundId = String(request.params.round);
  const bundle = await readDrawBundle(web.services, roundId);
  await note(web.services, { actor: viewer.id, action: 'draw.export', subject: roundId });
  response.attachment(`${roundId}-draw.json`).json(bundle);
}
