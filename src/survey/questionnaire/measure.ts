import { type Language, languages, type Questionnaire, spokenItems } from './questionnaire.ts';
import { clipWords, spokenSeconds } from './speech.ts';

/** How long words take to say and how many segments they take to send, and what follows from it. Pure. */

/** What stands for a variable where its value is not known yet: as long as most. */
const examples: Readonly<Record<Language, Readonly<Record<string, string>>>> = {
  'zh-CN': { manager: '王建国', score: '5', scoreName: '非常满意', remaining: '三', day: '12' },
  en: { manager: 'Wang Jianguo', score: '5', scoreName: 'very satisfied', remaining: 'three', day: '12' },
};

/** Words with an example in place of each variable. */
export function exemplified(words: string, language: Language, { company }: Questionnaire): string {
  const values = { ...examples[language], signature: company.signature[language], number: company.number };
  return words.replace(/\{\{(\w+)\}\}/gu, (whole, name: string) => values[name as keyof typeof values] ?? whole);
}

/** Seconds that a clip takes at normal speed. */
export const exampleSeconds = (clip: string, language: Language, questionnaire: Questionnaire): number =>
  spokenSeconds(
    exemplified(clipWords(clip, language, questionnaire), language, questionnaire),
    language,
    questionnaire,
  );

/** Seconds of the whole call for somebody who hears everything out, answers each question at once and leaves no message. */
export function callSeconds(
  greeting: string,
  rotation: number,
  language: Language,
  questionnaire: Questionnaire,
): number {
  const { startSeconds, afterGreetingSeconds, afterKeySeconds, pressSeconds, readBackSeconds } = questionnaire.timing;
  const said = (clip: string) => exampleSeconds(clip, language, questionnaire);
  const asked = spokenItems(questionnaire, rotation).map(
    ({ id, overall }) => said(id) + pressSeconds + afterKeySeconds + (overall ? said('Q1r') + readBackSeconds : 0),
  );
  return [startSeconds, said(greeting), afterGreetingSeconds, ...asked, said('Z1')].reduce((sum, part) => sum + part);
}

/** The longest of it, over who is asked what. */
export const longestCallSeconds = (greeting: string, language: Language, questionnaire: Questionnaire): number =>
  Math.max(...[0, 1].map((rotation) => callSeconds(greeting, rotation, language, questionnaire)));

/** Seconds that the messages add for somebody who leaves the longest there can be. */
function longestMessageSeconds(language: Language, questionnaire: Questionnaire): number {
  const { recording } = questionnaire;
  if (!recording) return 0;
  const { announcement, thanks, longestSeconds } = recording;
  const one = exampleSeconds(announcement, language, questionnaire) + longestSeconds;
  const most = Math.max(
    ...[0, 1].map((rotation) => spokenItems(questionnaire, rotation).filter(({ kind }) => kind === 'comment').length),
  );
  return most * (one + exampleSeconds(thanks, language, questionnaire));
}

/** UTF-16 units, and the segments they are sent and paid in. */
export interface Length {
  readonly units: number;
  readonly segments: number;
}

const gsm = /^[\n\r !-#%-Z_a-z¡£¤¥§¿ÄÅÆÇÉÑÖØÜßàäåæèéìñòöøùüΓΔΘΛΞΠΣΦΨΩ@$^{}\\[~\]|€]*$/u;
const gsmPairs = /[\^{}\\[~\]|€]/gu;

/**
 * 70 units in one text and 67 in each of a chain, since each segment then says which it is; 160 and 153 where GSM-7
 * can write it all (3GPP TS 23.038), in which some signs take two places.
 */
export function textLength(text: string): Length {
  const plain = gsm.test(text);
  const units = plain ? text.length + (text.match(gsmPairs)?.length ?? 0) : text.length;
  const [alone, chained] = plain ? [160, 153] : [70, 67];
  return { units, segments: units <= alone ? 1 : Math.ceil(units / chained) };
}

export const exampleLength = (text: string, language: Language, questionnaire: Questionnaire): Length =>
  textLength(exemplified(questionnaire.texts[text]?.[language] ?? '', language, questionnaire));

/** Something its author should know, and may leave as it is. */
export interface Warning {
  readonly where: string;
  readonly message: string;
}

/** Promises that the clips do not keep, and texts that are sent, and paid, as more than one. */
export const warningsOf = (questionnaire: Questionnaire): Warning[] => [
  ...languages.flatMap((language) => brokenPromises(language, questionnaire)),
  ...languages.flatMap((language) => longTexts(language, questionnaire)),
  ...longItems(questionnaire),
];

const minutesNamed: Readonly<Record<Language, RegExp>> = {
  'zh-CN': /(半|一|两|二|三|四|五|六|七|八|九|十|\d+)\s*(?:来)?分钟/gu,
  en: /\b(half a|a|one|two|three|four|five|six|seven|eight|nine|ten|\d+) minutes?\b/giu,
};

const numbers: Readonly<Record<string, number>> = {
  ...{ 半: 0.5, 一: 1, 两: 2, 二: 2, 三: 3, 四: 4, 五: 5, 六: 6, 七: 7, 八: 8, 九: 9, 十: 10 },
  ...{ 'half a': 0.5, a: 1, one: 1, two: 2, three: 3, four: 4, five: 5, six: 6, seven: 7, eight: 8, nine: 9, ten: 10 },
};

/** Wherever minutes are named, the longest call has to fit in: people who were told less hang up, and tell others. */
function brokenPromises(language: Language, questionnaire: Questionnaire): Warning[] {
  const greetings = new Set(['A1', 'A1c', 'I1']);
  const longest = Math.max(...[...greetings].map((clip) => longestCallSeconds(clip, language, questionnaire)));
  const parts = { 语音: questionnaire.clips, 短信: questionnaire.texts };
  return Object.entries(parts).flatMap(([part, all]) =>
    Object.entries(all).flatMap(([id, both]) =>
      [...both[language].matchAll(minutesNamed[language])].flatMap(([promise, count = '']) => {
        const takes = greetings.has(id) ? longestCallSeconds(id, language, questionnaire) : longest;
        const promised = (numbers[count.toLowerCase()] ?? Number(count)) * 60;
        if (takes < promised) return [];
        return {
          where: `${part} ${id}, ${language}`,
          message: `说“${promise}”，全程听完却要 ${Math.ceil(takes)} 秒 · promises "${promise}", but hearing everything out takes ${Math.ceil(takes)} s`,
        };
      }),
    ),
  );
}

const longTexts = (language: Language, questionnaire: Questionnaire): Warning[] =>
  Object.keys(questionnaire.texts).flatMap((id) => {
    const { units, segments } = exampleLength(id, language, questionnaire);
    if (segments === 1) return [];
    return {
      where: `短信 ${id}, ${language}`,
      message: `${units} 个字符，按 ${segments} 条发送和计费 · ${units} units, sent and paid as ${segments}`,
    };
  });

/** A call that asks everything has to end by itself before the hard limit cuts it off. */
function longItems(questionnaire: Questionnaire): Warning[] {
  const { hardLimitSeconds } = questionnaire.timing;
  const takes = Math.max(
    ...languages.map(
      (language) => longestCallSeconds('A1', language, questionnaire) + longestMessageSeconds(language, questionnaire),
    ),
  );
  if (takes < hardLimitSeconds) return [];
  return [
    {
      where: 'timing.hardLimitSeconds',
      message: `全程要 ${Math.ceil(takes)} 秒，到 ${hardLimitSeconds} 秒就会被挂断 · the whole call takes ${Math.ceil(takes)} s and is cut off at ${hardLimitSeconds} s`,
    },
  ];
}
