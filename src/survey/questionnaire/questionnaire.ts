import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { z } from 'zod';

/**
 * A questionnaire: its items, every word that is said or written in each language, and the conversation's numbers.
 * Versioned data: a round keeps the version it was launched with, so nothing here may change once it was asked.
 */
export const languages = ['zh-CN', 'en'] as const;
export type Language = (typeof languages)[number];

const inEachLanguage = <T extends z.ZodType>(each: T) => z.strictObject({ 'zh-CN': each, en: each });
const seconds = z.number().min(0).max(300);

/** Spoken clips, by the ids of the script. */
const clipIds = [
  ...['A1', 'R1', 'Q1', 'Q1w', 'Q1r', 'Q2', 'Q3', 'Q4', 'Q5', 'Q6', 'Z1', 'Z8', 'H1', 'H1b', 'H2', 'H3'],
  ...['E1', 'E2', 'L1', 'L2', 'N1', 'N1u', 'N2', 'M1', 'G1'],
] as const;
const clipId = z.enum(clipIds as unknown as [string, ...string[]]);

/** Written texts, by the ids of the script. */
export const textIds = ['S1', 'SE1', 'S10', 'S9', 'SD', 'SX'] as const;
export type TextId = (typeof textIds)[number];

const item = z.strictObject({
  id: z.string().min(1),
  /** rating: 1–5, five best. yes-no: 1 yes, 2 no. */
  kind: z.enum(['rating', 'yes-no']),
  /** The one item that scores the manager; it comes first. */
  overall: z.boolean(),
  /** What key 0 means here: an answer of its own, or (overall item) asked once more and then accepted as no score. */
  zero: z.enum(['not-applicable', 'ask-once']),
  /** Said after the first silence, before the question again. */
  hint: clipId,
  /** Said after a key without meaning here, before the question again. */
  useless: clipId,
  /** How long to wait for a key once the question has been said. */
  answerSeconds: seconds,
});

const speech = z.strictObject({
  charactersPerSecond: z.number().positive(),
  commaSeconds: seconds,
  stopSeconds: seconds,
  /** How much longer the slow recording takes. */
  slowFactor: z.number().min(1),
});

const schema = z
  .strictObject({
    id: z.string().min(1),
    company: inEachLanguage(z.strictObject({ signature: z.string().min(1) })),
    items: z.array(item).min(1),
    timing: z.strictObject({
      startSeconds: seconds,
      afterKeySeconds: seconds,
      afterGreetingSeconds: seconds,
      afterHintSeconds: seconds,
      lastChanceSeconds: seconds,
      readBackSeconds: seconds,
      laterSeconds: seconds,
      stopSeconds: seconds,
      personSeconds: seconds,
      farewellSeconds: seconds,
      sameKeySeconds: seconds,
      hardLimitSeconds: seconds,
    }),
    limits: z.strictObject({
      stars: z.int().positive(),
      faults: z.int().positive(),
      skippedInARow: z.int().positive(),
    }),
    speech: inEachLanguage(speech),
    /** What each rating is called when it is read back. */
    scale: inEachLanguage(z.record(z.string(), z.string())),
    /** The words of the overall question from which on a rating may be keyed. */
    scaleNamedBy: inEachLanguage(z.string().min(1)),
    numerals: inEachLanguage(z.record(z.string(), z.string())),
    clips: z.record(clipId, inEachLanguage(z.string().min(1))),
    texts: z.record(z.enum(textIds), inEachLanguage(z.string().min(1))),
  })
  .check(({ value, issues }) => {
    const [first, ...rest] = value.items;
    if (!first?.overall || first.kind !== 'rating' || rest.some((other) => other.overall))
      issues.push({
        code: 'custom',
        path: ['items'],
        input: value.items,
        message: 'the first item, and no other, is the overall rating',
      });
    if (new Set(value.items.map(({ id }) => id)).size < value.items.length)
      issues.push({ code: 'custom', path: ['items'], input: value.items, message: 'two items have the same id' });
    for (const { id } of value.items)
      if (!value.clips[id])
        issues.push({ code: 'custom', path: ['clips', id], input: undefined, message: `item ${id} has no words` });
  });

export type Questionnaire = z.infer<typeof schema>;
export type Item = z.infer<typeof item>;

/** @throws ZodError that names every place at fault. */
export const parseQuestionnaire = (document: unknown): Questionnaire => schema.parse(document);

/** The questionnaire that ships with Huifang (script, final wording). */
export function standardQuestionnaire(): Questionnaire {
  return parseQuestionnaire(JSON.parse(readFileSync(new URL('./standard.json', import.meta.url), 'utf8')));
}

/** Digest by which a stored version proves that it is unchanged. */
export const questionnaireHash = (document: Questionnaire): string =>
  createHash('sha256').update(JSON.stringify(document)).digest('hex');

/** The overall item: the only one that scores. */
export function overallItem(questionnaire: Questionnaire): Item {
  const [first] = questionnaire.items;
  if (!first) throw new Error('a questionnaire has at least one item');
  return first;
}
