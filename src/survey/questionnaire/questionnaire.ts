import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { BadInput } from '../../platform/errors.ts';
import { faultsIn } from './faults.ts';
import { checkReferences, checkVariables } from './references.ts';

/**
 * A questionnaire: its items, every word that is said or written in each language, and the conversation's numbers.
 * Versioned data: a round keeps the version it was launched with, so nothing here may change once it was asked.
 */
export const languages = ['zh-CN', 'en'] as const;
export type Language = (typeof languages)[number];

const inEachLanguage = <T extends z.ZodType>(each: T) => z.strictObject({ 'zh-CN': each, en: each });
const seconds = z.number().min(0).max(300);
const id = z
  .string()
  .regex(
    /^[A-Za-z][A-Za-z0-9-]{0,19}$/,
    'letters, digits and -, a letter first, 20 at most 只用字母、数字和 -，字母开头',
  );
const words = inEachLanguage(z.string().trim().min(1).max(600));
const window = z
  .string()
  .regex(/^([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d$/, 'a window of the day, such as 09:30-11:30 时段');

/**
 * rating: 1–5, five best. yes-no: 1 yes, 2 no. choice: 1 to `options`. comment: in his own words, asked in writing, by
 * a person, and on the telephone only where `recording` is switched on: 1 leaves a message, 0 has nothing to say.
 */
export const itemKinds = ['rating', 'yes-no', 'choice', 'comment'] as const;

const item = z.strictObject({
  id,
  kind: z.enum(itemKinds),
  /** Of a choice: how many there are. 6 means nothing and 7, 8, 9 are ways out (script §1), which leaves five. */
  options: z.int().min(2).max(5).optional(),
  /** The one item that scores the manager; it comes first. */
  overall: z.boolean(),
  /** Who is asked, by the last digit of his ticket: the draw decides it, and nobody else can. */
  tickets: z.enum(['all', 'odd', 'even']),
  /** What key 0 means here: an answer of its own, or (overall item) asked once more and then accepted as no score. */
  zero: z.enum(['not-applicable', 'ask-once']),
  /** Said after the first silence, before the question again. */
  hint: id,
  /** Said after a key without meaning here, before the question again. */
  useless: id,
  /** How long to wait for a key once the question has been said. */
  answerSeconds: seconds,
});

/**
 * Voice messages. Off where it is left out, and then no comment is asked on the telephone; where it is on, nothing is
 * recorded before the announcement has been said.
 */
const recording = z.strictObject({
  /** The clip that says that it is recorded, who will hear it, and that nobody has to. */
  announcement: id,
  /** Said once a message is kept. */
  thanks: id,
  longestSeconds: z.int().min(5).max(180),
  /** So long a silence ends a message. */
  silenceSeconds: z.int().min(2).max(15),
});

/** One question of the text thread, by the ids of its texts. */
const step = z.strictObject({
  item: id,
  ask: id,
  /** Takes the place of `ask` where a call broke off with this question still open; nothing is asked after it. */
  resume: id.optional(),
  /** Sent once for what is no answer; where one of the next three fits better, that instead. */
  unclear: id,
  offScale: id.optional(),
  whoAreYou: id.optional(),
  sentence: id.optional(),
  /** What a reply of 8 means: a person is to put the questions, or something is to be done for the shop. */
  eight: z.enum(['person', 'follow-up']),
});

const speech = z.strictObject({
  charactersPerSecond: z.number().positive(),
  commaSeconds: seconds,
  stopSeconds: seconds,
  /** How much longer the slow recording takes. */
  slowFactor: z.number().min(1),
});

const form = z.strictObject({
  id,
  company: z.strictObject({
    /** The registered signature every text begins with. */
    signature: inEachLanguage(z.string().min(1)),
    /** The number retailers see, as texts write it. */
    number: z.string().min(1),
  }),
  items: z.array(item).min(1),
  thread: z.array(step).min(1),
  recording: recording.optional(),
  /** When people are at the desk, on the shop's clock: what a call may promise depends on it. */
  desk: z.strictObject({ windows: z.array(window).min(1), holidays: z.literal('CN').nullable() }),
  timing: z.strictObject({
    startSeconds: seconds,
    afterKeySeconds: seconds,
    /** From the end of a question to the key, of somebody who hears everything out; tells how long a call takes. */
    pressSeconds: seconds,
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
    /** Until when, on the same day, a rating given by text is corrected by one (script §8, SG). */
    correctUntil: z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'a time of day, such as 20:00 时刻'),
  }),
  speech: inEachLanguage(speech),
  /** What each rating is called when it is read back. */
  scale: inEachLanguage(z.record(z.enum(['1', '2', '3', '4', '5']), z.string().min(1))),
  /** The words of the overall question from which on a rating may be keyed. */
  scaleNamedBy: inEachLanguage(z.string().min(1)),
  numerals: inEachLanguage(z.record(z.string(), z.string())),
  clips: z.record(id, words),
  texts: z.record(id, words),
});

export type Questionnaire = z.infer<typeof form>;
export type Item = Questionnaire['items'][number];
export type Step = Questionnaire['thread'][number];
/** The id of a text, by the script or a questionnaire's own. */
export type TextId = string;

const schema = form.check(({ value, issues }) => {
  for (const { path, message } of [...checkReferences(value), ...checkVariables(value)])
    issues.push({ code: 'custom', path: [...path], input: undefined, message });
});

/** @throws BadInput with every fault, each with its place in words. */
export function parseQuestionnaire(document: unknown): Questionnaire {
  const read = schema.safeParse(document);
  if (read.success) return read.data;
  throw new BadInput('问卷有误，未作任何改动 · the questionnaire cannot be used', faultsIn(read.error, document));
}

/** The questionnaire that ships with Huifang (script, final wording). */
export function standardQuestionnaire(): Questionnaire {
  return parseQuestionnaire(JSON.parse(readFileSync(new URL('./standard.json', import.meta.url), 'utf8')));
}

/** The overall item: the only one that scores. */
export function overallItem(questionnaire: Questionnaire): Item {
  const [first] = questionnaire.items;
  if (!first) throw new Error('a questionnaire has at least one item');
  return first;
}

/**
 * What a case is asked, in order.
 * @param rotation the last digit of its ticket, 0–9.
 */
export const itemsFor = ({ items }: Questionnaire, rotation: number): Item[] =>
  items.filter(({ tickets }) => tickets === 'all' || tickets === (rotation % 2 === 1 ? 'odd' : 'even'));

/** The same on the telephone, where nobody can key in his own words; he may say them where they are recorded. */
export const spokenItems = (questionnaire: Questionnaire, rotation: number): Item[] =>
  itemsFor(questionnaire, rotation).filter(({ kind }) => kind !== 'comment' || questionnaire.recording !== undefined);
