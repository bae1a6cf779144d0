import { z } from 'zod';
import { BadInput } from '../../platform/errors.ts';
import { readMinute } from '../../survey/round/minute.ts';
import { cancelSpotCheck, longestReason, readCheckable, scheduleSpotCheck } from '../../survey/round/spot-check.ts';
import { type ListedSpotCheck, readSpotChecks } from '../../survey/round/spot-check-list.ts';
import { drawRules } from '../../workers/rules.ts';
import type { Visit } from '../console.ts';
import { NotFound } from '../faults.ts';
import { count, listed, moment } from '../figures.ts';
import { languageOf } from '../language.ts';
import { type Messages, messagesIn } from '../messages.ts';
import { sendPage } from '../page.ts';
import { companyTimeZone } from './rounds-page.ts';
import { findRound } from './standing.ts';

/** Spot checks of one round: those there are, and the form that asks for another, for whoever stands in a shop's door. */
/** `GET /rounds/:round/spot-checks` */
export async function listSpotChecks({ web, request, response, districtId }: Visit): Promise<void> {
  const { services } = web;
  const { query } = services.database;
  const language = languageOf(response);
  const m = messagesIn(language);
  const round = await findRound(query, String(request.params.round));
  if (!round) throw new NotFound();
  const now = services.clock.now();
  const place = { language, timeZone: await companyTimeZone(web.services) };
  const managers = await readCheckable(query, round, districtId, drawRules(await services.rules(round.ruleSetId)));
  const rows = await readSpotChecks(query, round.id, districtId);
  const words = m.spotChecks;
  const open = managers.filter(({ left }) => left > 0);
  const title = words.title(round.id);
  sendPage(
    web,
    request,
    response,
    'spot-checks',
    { title, at: 'rounds' },
    {
      ...{ title, path: `/rounds/${encodeURIComponent(round.id)}/spot-checks`, longestReason, zone: place.timeZone },
      asks: (round.state === 'fielding' || round.state === 'paused') && open.length > 0,
      most: open.length,
      managers: open.map(({ id, name, left }) => ({ id, words: words.manager(name, id, count(left, language)) })),
      checks: rows.map((row) => ({
        id: row.id,
        who: row.random === null ? listed(row.managerNames, language) : words.random(count(row.random, language)),
        what: words.what(count(row.perManager, language), moment(row.dueAt, now, place)),
        why: words.why(row.reason, askerOf(row, words)),
        state: row.state === 'released' ? words.released(count(row.released, language)) : words.states[row.state],
        cancels: row.state === 'scheduled' && (districtId === null || row.districtId === districtId),
      })),
    },
  );
}

const askerOf = ({ askedByName, via, program }: ListedSpotCheck, words: Messages['spotChecks']): string =>
  via === null ? (askedByName ?? '—') : words.through(askedByName ?? '—', program ?? via);

const form = z.object({
  who: z.enum(['random', 'named']),
  random: z.string().default(''),
  managers: z.union([z.string(), z.array(z.string())]).default([]),
  perManager: z.string(),
  when: z.enum(['now', 'at']),
  at: z.string().default(''),
  zone: z.string().default(''),
  reason: z.string(),
});

const wholeNumber = (text: string): number => (/^\d{1,4}$/.test(text.trim()) ? Number(text) : Number.NaN);

/** `POST /rounds/:round/spot-checks` */
export async function askForSpotCheck({ web, request, response, viewer, districtId }: Visit): Promise<void> {
  const { services } = web;
  const roundId = String(request.params.round);
  const read = form.safeParse(request.body);
  if (!read.success)
    throw new BadInput(
      'the spot check cannot be scheduled',
      read.error.issues.map(({ path, message }) => ({ where: path.join('.'), message })),
    );
  const { who, random, managers, perManager, when, at, zone, reason } = read.data;
  const dueAt = when === 'now' ? services.clock.now() : readMinute({ local: at, timeZone: zone });
  if (!(dueAt instanceof Date)) throw new BadInput('the spot check cannot be scheduled', [dueAt]);
  await scheduleSpotCheck(
    { ...services, rules: async (id) => drawRules(await services.rules(id)) },
    {
      ...{ roundId, askedBy: viewer.id, reason, districtId, dueAt, perManager: wholeNumber(perManager) },
      managers: who === 'random' ? { random: wholeNumber(random) } : { named: [managers].flat() },
    },
  );
  if (when === 'now') await services.queues.add('reconcile', {});
  response.redirect(303, `/rounds/${encodeURIComponent(roundId)}/spot-checks`);
}

/** `POST /rounds/:round/spot-checks/:check/cancel` */
export async function takeBackSpotCheck({ web, request, response, viewer, districtId }: Visit): Promise<void> {
  const id = z.uuid().safeParse(request.params.check);
  if (!id.success) throw new NotFound();
  await cancelSpotCheck(web.services, { id: id.data, actor: viewer.id, districtId });
  response.redirect(303, `/rounds/${encodeURIComponent(String(request.params.round))}/spot-checks`);
}
