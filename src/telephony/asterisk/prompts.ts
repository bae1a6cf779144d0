import type { Language, Questionnaire } from '../../survey/questionnaire/questionnaire.ts';
import { clipWords } from '../../survey/questionnaire/speech.ts';
import { partsOf } from '../words.ts';
import { type Measure, measure } from './recording.ts';
import type { Origin, Sounds } from './sounds.ts';

/** What is to be read aloud of a questionnaire, and who reads each of it. */
export interface Piece {
  /** What its file is called: the clip (`Q1`), or one part of it around the names and figures in it (`A1.2`). */
  readonly name: string;
  readonly language: Language;
  readonly words: string;
}

/** `slow` is heard by whoever asked for a sentence twice. */
export const readings = ['usual', 'slow'] as const;
export type ReadingName = (typeof readings)[number];

/** Who is heard: a person, the person's usual reading in place of a slow one, or the speech program. */
export interface Reading {
  readonly reading: ReadingName;
  readonly source: Origin | 'usual' | 'spoken';
  /** Of what a person read. */
  readonly measure: Measure | null;
}

export type Prompt = Piece & Readonly<Record<ReadingName, Reading>>;

/** Every sentence in one piece, or in several around the names and figures in it. */
export function piecesOf(questionnaire: Questionnaire, language: Language): Piece[] {
  return Object.keys(questionnaire.clips).flatMap((clip) => {
    const own = partsOf({ clip }, { language, managerName: '', questionnaire }).filter(({ variable }) => !variable);
    const whole = !clipWords(clip, language, questionnaire).includes('{{');
    return own.map(({ words }, index) => ({ name: whole ? clip : `${clip}.${index + 1}`, language, words }));
  });
}

export async function promptOf(sounds: Sounds, piece: Piece): Promise<Prompt> {
  const { words, language } = piece;
  const [usual, slow] = await Promise.all([false, true].map((pace) => sounds.recordingOf(words, language, pace)));
  return {
    ...piece,
    usual: usual ? read('usual', usual) : { reading: 'usual', source: 'spoken', measure: null },
    slow: slow ? read('slow', slow) : { reading: 'slow', source: usual ? 'usual' : 'spoken', measure: null },
  };
}

const read = (reading: ReadingName, { origin, wav }: { origin: Origin; wav: Buffer }): Reading => ({
  ...{ reading, source: origin, measure: measure(wav) },
});
