import { BadInput } from '../../platform/errors.ts';
import { languages } from '../../survey/questionnaire/questionnaire.ts';
import { type Prompt, promptOf, type Reading } from '../../telephony/asterisk/prompts.ts';
import { faintest, type Measure } from '../../telephony/asterisk/recording.ts';
import type { Visit } from '../console.ts';
import { NotFound } from '../faults.ts';
import { count } from '../figures.ts';
import { languageOf } from '../language.ts';
import { type Messages, messagesIn } from '../messages.ts';
import { sendPage } from '../page.ts';
import {
  hear,
  keepUpload,
  languageNamed,
  promptAsked,
  questionnaireToRead,
  readPrompts,
  removeRecording,
  soundsOf,
} from './prompts.ts';

/** Who reads each sentence that an exchange of one's own plays: listened to, brought as a file, removed. */

const at = 'questionnaires' as const;
const pathOf = ({ language, name }: Pick<Prompt, 'language' | 'name'>): string => `/prompts/${language}/${name}`;
const byPerson = ({ measure }: Reading): boolean => measure !== null;

/** `GET /prompts/:language` */
export async function listPrompts({ web, request, response }: Visit): Promise<void> {
  const reader = languageOf(response);
  const m = messagesIn(reader).prompts;
  const language = languageNamed(String(request.params.language));
  const prompts = await readPrompts(web.services, language);
  const { id } = await questionnaireToRead(web.services);
  const recorded = prompts.filter(({ usual }) => byPerson(usual)).length;
  sendPage(
    web,
    request,
    response,
    'prompts',
    { title: m.title, at },
    {
      ...{
        language,
        of: m.ofQuestionnaire(id),
        count: m.count(count(recorded, reader), count(prompts.length, reader)),
      },
      languages: languages.map((one) => ({
        ...{ href: `/prompts/${one}`, words: m.languages[one], current: one === language },
      })),
      prompts: prompts.map((prompt) => inWords(prompt, m)),
    },
  );
}

function inWords(prompt: Prompt, m: Messages['prompts']) {
  const { name, words, language } = prompt;
  const href = pathOf(prompt);
  return {
    ...{ name, words, language, href },
    readings: [prompt.usual, prompt.slow].map((one) => ({
      ...{ reading: one.reading, title: m.readings[one.reading], source: one.source, says: m.sources[one.source] },
      ...{ audio: `${href}/${one.reading}.wav`, listen: m.listen(name, m.readings[one.reading]) },
      ...{ byPerson: byPerson(one), removal: `${href}/${one.reading}/removal` },
      ...(one.measure && { measure: measureInWords(one.measure, m) }),
    })),
  };
}

function measureInWords({ milliseconds, loudness, clipped }: Measure, m: Messages['prompts']) {
  const verdict = clipped ? 'clipped' : loudness === null || loudness < faintest ? 'quiet' : 'well';
  const heard = loudness === null ? '' : ` · ${m.loudness(String(loudness).replace('-', '−'))}`;
  return {
    says: `${m.seconds((milliseconds / 1000).toFixed(1))}${heard}`,
    verdict: m.verdicts[verdict],
    well: verdict === 'well',
  };
}

/** `GET /prompts/:language/:piece` */
export async function showPrompt({ web, request, response }: Visit): Promise<void> {
  const m = messagesIn(languageOf(response)).prompts;
  const { language, piece } = request.params;
  const asked = await promptAsked(web.services, { language: String(language), piece: String(piece) });
  const prompt = await promptOf(soundsOf(web.services), asked.piece);
  const page = { title: `${m.title} ${prompt.name}`, at };
  sendPage(web, request, response, 'prompt', page, { ...inWords(prompt, m), back: `/prompts/${prompt.language}` });
}

const readingAsked = ({ web, request: { params } }: Visit) =>
  promptAsked(web.services, {
    ...{ language: String(params.language), piece: String(params.piece), reading: String(params.reading) },
  });

/** `GET /prompts/:language/:piece/:reading.wav` */
export async function hearPrompt(visit: Visit): Promise<void> {
  const { web, response } = visit;
  response.type('audio/wav').send(await hear(web.services, await readingAsked(visit)));
}

/** `POST /prompts/recordings` */
export async function takeRecording({ web, request, response, viewer }: Visit): Promise<void> {
  const { file: where, faults } = messagesIn(languageOf(response)).prompts;
  const { language, piece, reading } = (request.body ?? {}) as Readonly<Record<string, unknown>>;
  const asked = await promptAsked(web.services, {
    ...{ language: String(language), piece: String(piece), reading: String(reading) },
  });
  if (!request.file?.size) throw new BadInput('no recording came', [{ where, message: faults.missing }]);
  await keepUpload(web.services, asked, request.file.buffer, where, viewer.id);
  response.redirect(303, pathOf(asked.piece));
}

/** `GET /prompts/:language/:piece/:reading/removal` */
export async function confirmPromptRemoval(visit: Visit): Promise<void> {
  const { web, request, response } = visit;
  const m = messagesIn(languageOf(response)).prompts;
  const { piece, reading } = await readingAsked(visit);
  const { readings } = inWords(await promptOf(soundsOf(web.services), piece), m);
  const found = readings.find((one) => one.reading === reading);
  if (!found?.byPerson) throw new NotFound();
  const title = m.removeTitle(piece.name, m.readings[reading]);
  sendPage(
    web,
    request,
    response,
    'prompt-removal',
    { title, at },
    { ...found, title, words: piece.words, language: piece.language, back: pathOf(piece) },
  );
}

/** `POST /prompts/:language/:piece/:reading/removal` */
export async function removePrompt(visit: Visit): Promise<void> {
  const asked = await readingAsked(visit);
  await removeRecording(visit.web.services, asked, visit.viewer.id);
  visit.response.redirect(303, pathOf(asked.piece));
}
