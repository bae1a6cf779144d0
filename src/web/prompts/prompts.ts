import { Refused } from '../../platform/errors.ts';
import { type Language, languages, type Questionnaire } from '../../survey/questionnaire/questionnaire.ts';
import { latestPublished } from '../../survey/questionnaire/store.ts';
import {
  type Piece,
  type Prompt,
  piecesOf,
  promptOf,
  type ReadingName,
  readings,
} from '../../telephony/asterisk/prompts.ts';
import type { Sounds } from '../../telephony/asterisk/sounds.ts';
import type { Services } from '../../workers/services.ts';
import { note } from '../audited.ts';
import { NotFound } from '../faults.ts';

/** Recordings of the questionnaire that the next round asks: what the page and the API both do. */

/** @throws Refused where no exchange of one's own plays anything. */
export function soundsOf({ sounds }: Services): Sounds {
  if (sounds) return sounds;
  throw new Refused(
    'no-exchange',
    '本系统不经自有交换机拨打，用不到录音 · calls do not go through an exchange of your own, so no recordings are played',
  );
}

export async function questionnaireToRead({ database, questionnaire }: Services): Promise<Questionnaire> {
  return questionnaire((await latestPublished(database.query)).id);
}

export async function readPrompts(services: Services, language: Language): Promise<Prompt[]> {
  const sounds = soundsOf(services);
  const pieces = piecesOf(await questionnaireToRead(services), language);
  return Promise.all(pieces.map((piece) => promptOf(sounds, piece)));
}

/** One sentence in one reading, as an address names it. */
export interface Asked {
  readonly piece: Piece;
  readonly reading: ReadingName;
}

/** @throws NotFound */
export async function promptAsked(
  services: Services,
  {
    language,
    piece: name,
    reading = 'usual',
  }: { readonly language: string; readonly piece: string; readonly reading?: string },
): Promise<Asked> {
  const asked = readings.find((one) => one === reading);
  const spoken = languageNamed(language);
  const piece = piecesOf(await questionnaireToRead(services), spoken).find((one) => one.name === name);
  if (!piece || !asked) throw new NotFound();
  return { piece, reading: asked };
}

/** @throws NotFound */
export function languageNamed(text: string): Language {
  const language = languages.find((one) => one === text);
  if (!language) throw new NotFound();
  return language;
}

export const hear = (services: Services, { piece: { words, language }, reading }: Asked): Promise<Buffer> =>
  soundsOf(services).hear(words, language, reading === 'slow');

const subjectOf = ({ piece: { language, name }, reading }: Asked): string =>
  `${language}/${name}${reading === 'slow' ? '-slow' : ''}`;

/** @throws BadInput where it cannot be used. */
export async function keepUpload(services: Services, asked: Asked, bytes: Buffer, where: string, actor: string) {
  const { words, language } = asked.piece;
  const recording = { words, language, slow: asked.reading === 'slow', origin: 'uploaded' } as const;
  await soundsOf(services).keepRecording(recording, bytes, where);
  await note(services, { actor, action: 'prompt.upload', subject: subjectOf(asked) });
}

/** @throws NotFound where nobody read it. */
export async function removeRecording(services: Services, asked: Asked, actor: string): Promise<void> {
  const { words, language } = asked.piece;
  if (!(await soundsOf(services).removeRecording(words, language, asked.reading === 'slow'))) throw new NotFound();
  await note(services, { actor, action: 'prompt.remove', subject: subjectOf(asked) });
}
