import { languages, type Language as Tongue } from '../../survey/questionnaire/questionnaire.ts';
import type { RegisteredText } from '../../telephony/registered-texts.ts';
import type { Visit } from '../console.ts';
import { count } from '../figures.ts';
import { type Language, languageOf } from '../language.ts';
import { type Messages, messagesIn } from '../messages.ts';
import { sendPage } from '../page.ts';
import { languageNamed } from '../prompts/prompts.ts';
import { announceQuarter, type QuarterStanding, readQuarter, readTexts } from './texts.ts';

/** What is written to shops, how it stands with a carrier that approves texts, and the quarter's announcement. */

const at = 'texts' as const;
const home: `/texts/${Tongue}` = '/texts/zh-CN';

/** `GET /texts/:language` */
export async function listTexts({ web, request, response }: Visit): Promise<void> {
  const reader = languageOf(response);
  const m = messagesIn(reader).texts;
  const language = languageNamed(String(request.params.language));
  const { services } = web;
  const { questionnaireId, texts } = await readTexts(services, language);
  const quarter = await readQuarter(services);
  const approved = texts.filter(({ registration }) => registration?.status === 'approved').length;
  const approving = services.text?.port.registration !== undefined;
  sendPage(
    web,
    request,
    response,
    'texts',
    { title: m.title, at },
    {
      language,
      announcement: quarterInWords(quarter, m, reader),
      sendable: services.text !== null && quarter.left.shops > 0,
      of: approving
        ? m.approved(questionnaireId, count(approved, reader), count(texts.length, reader))
        : m.ofQuestionnaire(questionnaireId, count(texts.length, reader)),
      standing: services.text === null ? m.nobody : approving ? m.approving : m.anyWords,
      languages: languages.map((one) => ({
        href: `/texts/${one}`,
        words: m.languages[one],
        current: one === language,
      })),
      approving,
      texts: texts.map((text) => inWords(text, m, reader)),
    },
  );
}

function inWords({ id, words, units, segments, registration }: RegisteredText, m: Messages['texts'], reader: Language) {
  return {
    ...{ id, words, occasion: m.occasions[id] ?? '', length: m.length(count(units, reader), count(segments, reader)) },
    ...(registration && {
      ...{ status: registration.status, says: m.statuses[registration.status], code: registration.code },
    }),
  };
}

function quarterInWords(
  { quarter, planned, sent, failed, segments, left }: QuarterStanding,
  m: Messages['texts'],
  reader: Language,
) {
  const figure = (number: number) => count(number, reader);
  const begun = sent + planned + failed > 0;
  const leftSays = left.shops > 0 ? m.cost(figure(left.segments)) : begun ? m.allTold : m.nobodyToTell;
  return {
    title: m.announcement(quarter),
    figures: [
      { name: m.sent, value: figure(sent), why: m.paid(figure(segments)) },
      { name: m.planned, value: figure(planned), why: planned > 0 ? m.atPace : '' },
      { name: m.failed, value: figure(failed), why: '' },
      { name: m.left, value: figure(left.shops), why: leftSays },
    ],
  };
}

/** `GET /texts/announcement` */
export async function confirmAnnouncement({ web, request, response }: Visit): Promise<void> {
  const reader = languageOf(response);
  const m = messagesIn(reader).texts;
  const { quarter, left } = await readQuarter(web.services);
  if (left.shops === 0 || web.services.text === null) return response.redirect(303, home);
  const { texts } = await readTexts(web.services, 'zh-CN');
  const title = m.announceTitle(quarter);
  sendPage(
    web,
    request,
    response,
    'announcement',
    { title, at },
    {
      ...{ title, quarter, back: home, words: texts.find(({ id }) => id === 'P0')?.words },
      lead: m.announceLead(count(left.shops, reader), count(left.segments, reader)),
    },
  );
}

/** `POST /texts/announcement` */
export async function sendAnnouncement({ web, request, response, viewer }: Visit): Promise<void> {
  const { quarter } = (request.body ?? {}) as Readonly<Record<string, unknown>>;
  await announceQuarter(web.services, String(quarter), viewer.id);
  response.redirect(303, home);
}
