import type { Language, Questionnaire } from './questionnaire.ts';

/**
 * How long words take to say. Computed, not recorded: an even rate for slow, older listeners plus a breath at every
 * comma and stop. Re-measured when real recordings exist.
 */
const commas = /[,,、]/gu;
const stops = /[。;:?!;:?!.]/gu;

/** Seconds that `words` take at normal speed. */
export function spokenSeconds(words: string, language: Language, questionnaire: Questionnaire): number {
  const rate = questionnaire.speech[language];
  const commaCount = words.match(commas)?.length ?? 0;
  const stopCount = words.match(stops)?.length ?? 0;
  const characters = [...words.replace(commas, '').replace(stops, '')].length;
  return characters / rate.charactersPerSecond + commaCount * rate.commaSeconds + stopCount * rate.stopSeconds;
}

/** Seconds of a clip, variables taken as they stand (their names are about as long as what they stand for). */
export function clipSeconds(clip: string, language: Language, questionnaire: Questionnaire): number {
  return spokenSeconds(clipWords(clip, language, questionnaire), language, questionnaire);
}

export function clipWords(clip: string, language: Language, questionnaire: Questionnaire): string {
  const words = questionnaire.clips[clip]?.[language];
  if (!words) throw new Error(`no clip ${clip} in ${language}`);
  return words;
}

/** Seconds from the start of the overall question until it has begun to name the scale; earlier ratings are slips. */
export function scaleNamedAfter(overallClip: string, language: Language, questionnaire: Questionnaire): number {
  const words = clipWords(overallClip, language, questionnaire);
  const at = words.indexOf(questionnaire.scaleNamedBy[language]);
  return at < 0 ? 0 : spokenSeconds(words.slice(0, at), language, questionnaire);
}
