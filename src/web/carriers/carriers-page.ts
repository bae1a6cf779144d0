import { z } from 'zod';
import {
  type Count,
  countAnswers,
  type NumberStanding,
  numberStandings,
  rateOf,
} from '../../survey/fieldwork/answer-rates.ts';
import { closeIncident, type Incident, readIncidents } from '../../survey/fieldwork/incident.ts';
import { isAtRest, type Lane, type Pace, paceOf, readPace } from '../../survey/fieldwork/pace.ts';
import type { Language } from '../../survey/questionnaire/questionnaire.ts';
import type { Services } from '../../workers/services.ts';
import type { Visit } from '../console.ts';
import { NotFound } from '../faults.ts';
import { count, moment, type Place, percent } from '../figures.ts';
import { languageOf } from '../language.ts';
import { type Messages, messagesIn } from '../messages.ts';
import { sendPage } from '../page.ts';
import { companyTimeZone } from '../round/rounds-page.ts';

/** The carriers in use, how they stand with us, and what went wrong with their settings: the place to let one go on. */

export const lanesOf = ({ voice, text }: Services): Lane[] => [voice.lane, ...(text ? [text.lane] : [])];

/** `GET /carriers` */
export async function showCarriers({ web, request, response }: Visit): Promise<void> {
  const { database, clock } = web.services;
  const language = languageOf(response);
  const m = messagesIn(language);
  const now = clock.now();
  const place = { language, timeZone: await companyTimeZone(web.services) };
  const lanes = await Promise.all(
    lanesOf(web.services).map(async (lane) =>
      laneInWords(lane, await readPace(database.query, lane), { m, now, place }),
    ),
  );
  const incidents = await readIncidents(database.query);
  const numbers = numberStandings(await countAnswers(database.query, web.services.voice.port.numbers, now));
  sendPage(
    web,
    request,
    response,
    'carriers',
    { title: m.carriers.title, at: 'carriers' },
    {
      lanes,
      numbers: numbers.map((one) => numberInWords(one, m, language)),
      open: incidents.filter(({ closedAt }) => closedAt === null).map((one) => incidentInWords(one, { m, now, place })),
      past: incidents.filter(({ closedAt }) => closedAt !== null).map((one) => incidentInWords(one, { m, now, place })),
    },
  );
}

interface Telling {
  readonly m: Messages;
  readonly now: Date;
  readonly place: Place;
}

export const nameOf = (carrier: string, m: Messages): string => {
  const [name = '', channel] = carrier.split('/');
  const known: Readonly<Record<string, string>> = m.carriers.names;
  return m.carriers.name(known[name] ?? name, channel === 'sms' ? m.carriers.texts : m.carriers.calls);
};

function laneInWords(lane: Lane, pace: Pace, { m, now, place }: Telling) {
  const words = m.carriers;
  const limit = lane.concurrent === null ? '' : words.atOnce(count(lane.concurrent, place.language));
  const state = pace.stopped ? 'stopped' : isAtRest(pace, now) ? 'resting' : pace.troubles > 0 ? 'trying' : 'well';
  const until = pace.restUntil && state === 'resting' ? moment(pace.restUntil, now, place) : '';
  return {
    name: nameOf(paceOf(lane), m),
    pace: `${words.perSecond(String(lane.perSecond))}${limit}`,
    ...{ state, says: state === 'resting' ? words.resting(until) : words[state] },
  };
}

function numberInWords({ number, lately, before, others, alarms }: NumberStanding, m: Messages, language: Language) {
  const words = (one: Count) => m.carriers.answered(percent(rateOf(one)), count(one.calls, language));
  return {
    ...{ number, lately: words(lately), before: words(before), others: words(others) },
    alarms: alarms.map((alarm) => m.carriers.low[alarm]),
  };
}

function incidentInWords(incident: Incident, { m, now, place }: Telling) {
  const { id, carrier, errorCode, errorName, refusals, openedAt, closedAt } = incident;
  const code = errorCode === null ? errorName : String(errorCode);
  const words = m.carriers;
  return {
    ...{ id, name: nameOf(carrier, m), code: code === null ? words.noCode : words.code(code) },
    refusals: words.refusals(count(refusals, place.language)),
    since: words.since(moment(openedAt, now, place)),
    closed: closedAt && words.closed(moment(closedAt, now, place)),
  };
}

/** `POST /carriers/incidents/:incident/close` */
export async function letGoOn({ web, request, response, viewer }: Visit): Promise<void> {
  const id = z.uuid().safeParse(request.params.incident);
  if (!id.success) throw new NotFound();
  await closeIncident(web.services, id.data, viewer.id);
  response.redirect(303, '/carriers');
}
