import Handlebars from 'handlebars';
import type { Utterance } from '../survey/interview/conversation.ts';
import type { Language, Questionnaire, TextId } from '../survey/questionnaire/questionnaire.ts';
import { clipWords } from '../survey/questionnaire/speech.ts';
import type { OutgoingText } from './ports.ts';

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
export const spoken = (utterance: Utterance, speaking: Speaking): string =>
  fill(clipWords(utterance.clip, speaking.language, speaking.questionnaire), variablesOf(utterance, speaking));

/** Words that are said in one breath, and what they stand for; null = the clip's own. */
export interface Part {
  readonly words: string;
  readonly variable: string | null;
}

/** An utterance in parts: a recording is cut where a name or a figure stands, and they are said in between. */
export function partsOf(utterance: Utterance, speaking: Speaking): Part[] {
  const variables: Readonly<Record<string, string>> = variablesOf(utterance, speaking);
  return (
    clipWords(utterance.clip, speaking.language, speaking.questionnaire)
      .split(/\{\{\s*(\w+)\s*\}\}/)
      .map((piece, index) =>
        index % 2 ? { words: variables[piece] ?? '', variable: piece } : { words: piece.trim(), variable: null },
      )
      // What is left between two variables, or after the last, may be a comma.
      .filter(({ words }) => /[\p{L}\p{N}]/u.test(words))
  );
}

function variablesOf({ values = {} }: Utterance, { language, managerName, questionnaire }: Speaking) {
  const { score, remaining } = values;
  return {
    manager: managerName,
    ...(score !== undefined && {
      score: String(score),
      scoreName: (questionnaire.scale[language] as Readonly<Record<string, string>>)[score] ?? String(score),
    }),
    ...(remaining !== undefined && {
      remaining: questionnaire.numerals[language][String(remaining)] ?? String(remaining),
    }),
  };
}

/** The words of one text, and the same as a template and what fills it. `values` fill what only some leave open: `score`, `day`. */
export function written(
  text: TextId,
  { language, managerName, questionnaire }: Pick<Speaking, 'language' | 'managerName' | 'questionnaire'>,
  values: Readonly<Record<string, string>> = {},
): Written {
  const { signature, number } = questionnaire.company;
  const all = { manager: managerName, signature: signature[language], number, ...values };
  const words = templateWords(text, language, questionnaire);
  const open = [...words.matchAll(/\$\{(\w+)\}/g)].map(([, name = '']) => name);
  return {
    body: fill(wordsOf(text, language, questionnaire), all),
    template: {
      ...{ id: text, language, words },
      values: Object.fromEntries(open.map((name) => [name, (all as Readonly<Record<string, string>>)[name] ?? ''])),
    },
  };
}

export type Written = Pick<OutgoingText, 'body' | 'template'>;

const wordsOf = (text: TextId, language: Language, { texts }: Questionnaire): string => {
  const words = texts[text]?.[language];
  if (!words) throw new Error(`no text ${text} in ${language}`);
  return words;
};

/** What is registered beforehand for a text: the signature is registered apart, and the number never changes within it. */
export const templateWords = (text: TextId, language: Language, questionnaire: Questionnaire): string =>
  wordsOf(text, language, questionnaire)
    .replace(/^[【[]\{\{signature\}\}[\]】]\s*/, '')
    .replaceAll('{{number}}', questionnaire.company.number)
    .replaceAll('{{signature}}', questionnaire.company.signature[language])
    .replace(/\{\{(\w+)\}\}/g, (_, name: string) => `\${${name}}`);
