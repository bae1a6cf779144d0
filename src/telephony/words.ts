import Handlebars from 'handlebars';
import type { Utterance } from '../survey/interview/conversation.ts';
import type { Language, Questionnaire, TextId } from '../survey/questionnaire/questionnaire.ts';
import { clipWords } from '../survey/questionnaire/speech.ts';

/** Fills the questionnaire's words: what is said in a clip, what is written in a text. */
export interface Speaking {
  readonly language: Language;
  readonly managerName: string;
  readonly questionnaire: Questionnaire;
}

type Template = (values: Readonly<Record<string, string>>) => string;

/** Templates by their text: a few dozen, said thousands of times. No HTML escaping: these are words, not markup. */
const templates = new Map<string, Template>();

function fill(words: string, values: Readonly<Record<string, string>>): string {
  let template = templates.get(words);
  if (!template) {
    template = Handlebars.compile(words, { noEscape: true, strict: true, knownHelpersOnly: true });
    templates.set(words, template);
  }
  return template(values);
}

/** The words of one utterance. */
export function spoken({ clip, values = {} }: Utterance, { language, managerName, questionnaire }: Speaking): string {
  const { score, remaining } = values;
  return fill(clipWords(clip, language, questionnaire), {
    manager: managerName,
    ...(score !== undefined && {
      score: String(score),
      scoreName: (questionnaire.scale[language] as Readonly<Record<string, string>>)[score] ?? String(score),
    }),
    ...(remaining !== undefined && {
      remaining: questionnaire.numerals[language][String(remaining)] ?? String(remaining),
    }),
  });
}

/** The words of one text. `values` fill what only some leave open: `score`, `day`. */
export function written(
  text: TextId,
  { language, managerName, questionnaire }: Speaking,
  values: Readonly<Record<string, string>> = {},
): string {
  const words = questionnaire.texts[text]?.[language];
  if (!words) throw new Error(`no text ${text} in ${language}`);
  const { signature, number } = questionnaire.company;
  return fill(words, { manager: managerName, signature: signature[language], number, ...values });
}
