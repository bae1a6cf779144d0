import { hash } from 'node:crypto';
import { managerIn, type Understood, understand, understandText } from './asked.ts';
import type { Counts, Greeting, Heard, Person, Reaction, Read, Reply, Ring, Spoken } from './person.ts';
import { saidAt } from './speech.ts';

/**
 * Simulated retailers. Who sits behind a number and what he does follows only from the seed, the number, the words he
 * was given and how often the number was reached: each choice is a hash of those, read as a fraction. Nothing depends
 * on the time, on the order of things or on an id, so a round finds the same people however it is run.
 */

export type Kind =
  | 'content'
  | 'ordinary'
  | 'angry'
  | 'busy-at-first'
  | 'hard-to-reach'
  | 'voicemail'
  | 'leaves-midway'
  | 'leaves-early'
  | 'refuses'
  | 'presses-nonsense'
  | 'asks-later'
  | 'asks-for-person'
  | 'dead-number'
  | 'texts-only'
  | 'corrects-himself'
  | 'hears-again'
  | 'slow'
  | 'impatient'
  | 'silent'
  | 'every-key'
  | 'opts-out-midway'
  | 'writes-oddly'
  | 'off'
  | 'suspended'
  | 'fax'
  | 'assistant';

interface Habit {
  /** Of a thousand numbers. */
  readonly weight: number;
  /** Chance to pick up on the first, second, … call; the last holds for all further ones. */
  readonly picksUp: readonly number[];
  /** Chance to ring back a call he missed, nought where it is left out. */
  readonly ringsBack?: number;
  /** Chance to answer a text that asks something. */
  readonly answersTexts: number;
  /** Where his ratings lie on average, before his own mood and his manager's. */
  readonly rates: number;
}

/**
 * Chosen so that of all numbers about 60 % give the overall rating under four calls on three days and one text thread,
 * about 4 % are dead and about 4 % refuse for good.
 */
export const HABITS: Readonly<Record<Kind, Habit>> = {
  content: { weight: 108, picksUp: [0.62], ringsBack: 0.3, answersTexts: 0.35, rates: 4.65 },
  ordinary: { weight: 120, picksUp: [0.46], ringsBack: 0.25, answersTexts: 0.3, rates: 4.15 },
  angry: { weight: 40, picksUp: [0.55], ringsBack: 0.3, answersTexts: 0.35, rates: 2 },
  'busy-at-first': { weight: 40, picksUp: [0, 0.5, 0.75], answersTexts: 0.3, rates: 4.15 },
  'hard-to-reach': { weight: 192, picksUp: [0.03, 0.1, 0.12, 0.12], ringsBack: 0.12, answersTexts: 0.1, rates: 4.15 },
  voicemail: { weight: 108, picksUp: [1], answersTexts: 0.15, rates: 4.15 },
  'leaves-midway': { weight: 38, picksUp: [0.6], answersTexts: 0.25, rates: 3.9 },
  'leaves-early': { weight: 120, picksUp: [0.7], answersTexts: 0.1, rates: 4 },
  refuses: { weight: 42, picksUp: [0.65], answersTexts: 0.8, rates: 3.5 },
  'presses-nonsense': { weight: 20, picksUp: [0.6], answersTexts: 0.2, rates: 4.15 },
  'asks-later': { weight: 30, picksUp: [0.85, 0.9], answersTexts: 0.3, rates: 4.15 },
  'asks-for-person': { weight: 25, picksUp: [0.7], answersTexts: 0, rates: 4.3 },
  'dead-number': { weight: 40, picksUp: [0], answersTexts: 0, rates: 4 },
  'texts-only': { weight: 35, picksUp: [0], answersTexts: 0.9, rates: 4.15 },
  'corrects-himself': { weight: 12, picksUp: [0.6], answersTexts: 0.3, rates: 4.3 },
  'hears-again': { weight: 12, picksUp: [0.6], answersTexts: 0.3, rates: 4.3 },
  slow: { weight: 12, picksUp: [0.65], answersTexts: 0.1, rates: 4.4 },
  impatient: { weight: 6, picksUp: [0.6], answersTexts: 0.3, rates: 3.9 },
  // Only where a cast asks for them (cast.ts): what a carrier and its people do at their worst, every time.
  silent: { weight: 0, picksUp: [1], answersTexts: 0, rates: 4 },
  'every-key': { weight: 0, picksUp: [1], answersTexts: 0, rates: 4 },
  'opts-out-midway': { weight: 0, picksUp: [1], answersTexts: 1, rates: 2 },
  'writes-oddly': { weight: 0, picksUp: [0], answersTexts: 1, rates: 4 },
  off: { weight: 0, picksUp: [0], answersTexts: 0, rates: 4 },
  suspended: { weight: 0, picksUp: [0], answersTexts: 0, rates: 4 },
  fax: { weight: 0, picksUp: [1], answersTexts: 0, rates: 4 },
  assistant: { weight: 0, picksUp: [1], answersTexts: 0.3, rates: 4.15 },
};

export const KINDS = Object.keys(HABITS) as Kind[];

/** How many there are of each kind, out of all of them together. */
export type Weights = Readonly<Partial<Record<Kind, number>>>;

const USUAL: Weights = Object.fromEntries(KINDS.map((kind) => [kind, HABITS[kind].weight]));

export interface Persona {
  readonly kind: Kind;
  readonly phone: string;
  readonly seed: string;
  /** A landline: no text ever arrives. */
  readonly landline: boolean;
}

/** Who sits behind `phone` (E.164). */
export function personaOf(seed: string, phone: string, weights: Weights = USUAL): Persona {
  const all = KINDS.reduce((sum, kind) => sum + (weights[kind] ?? 0), 0);
  let place = fraction(seed, phone, 'kind') * all;
  const kind = KINDS.find((candidate) => {
    place -= weights[candidate] ?? 0;
    return place < 0;
  });
  return { kind: kind ?? 'ordinary', phone, seed, landline: isLandline(phone) };
}

/** Chinese mobiles are +86 1[3-9] and nine digits; elsewhere numbers do not show what they are and pass for mobiles. */
export function isLandline(phone: string): boolean {
  return /^\+86(?!1[3-9]\d{9}$)/.test(phone);
}

/**
 * All retailers under one seed, as the exchange meets them.
 *
 * @param ringBacks how many of those who would ring back do, 0 to 1
 */
export function retailers(seed: string, ringBacks = 1, weights: Weights = USUAL): (phone: string) => Person {
  return (phone) => asPerson(personaOf(seed, phone, weights), ringBacks);
}

/** Somebody of a kind, as the exchange meets him. */
export function asPerson(persona: Persona, ringBacks = 1): Person {
  return {
    texts: textReach(persona),
    patience: patienceOf(persona),
    ring: (counts) => decideRing(persona, counts),
    greets: () => greeting(persona),
    ringsBack: (counts) => decideRingBack(persona, counts, ringBacks),
    hear: (heard, counts) => decideKey(persona, heard, counts),
    speak: (heard) => decideMessage(persona, heard),
    read: (read, counts) => decideReply(persona, read, counts),
    nameIn: managerIn,
  };
}

function patienceOf(persona: Persona): number {
  if (persona.kind === 'silent') return Number.POSITIVE_INFINITY;
  return machineOf(persona) === null ? 60 : 30 + 10 * chance(persona, 'greeting');
}

function textReach(persona: Persona): Person['texts'] {
  if (persona.landline) return { arrive: false, status: 'undelivered', error: 30006 };
  if (persona.kind !== 'dead-number') return { arrive: true };
  return { arrive: false, status: chance(persona, 'text fails') < 0.5 ? 'failed' : 'undelivered', error: 30005 };
}

// ——————————————————————————————————————————————————————————————————————————————— machines

/** What stands behind a number where no person picks up, with its share of such numbers. */
const MACHINES = { mailbox: 0.75, 'mailbox without a tone': 0.08, assistant: 0.12, fax: 0.05 } as const;
export type Machine = keyof typeof MACHINES;

/** Which machine answers; null where people do. */
export function machineOf(persona: Persona): Machine | null {
  const { kind } = persona;
  if (kind === 'fax' || kind === 'assistant') return kind;
  if (kind !== 'voicemail') return null;
  let place = chance(persona, 'machine');
  const found = (Object.keys(MACHINES) as Machine[]).find((machine) => {
    place -= MACHINES[machine];
    return place < 0;
  });
  return found ?? 'mailbox';
}

/** What is heard of whoever answers. A mailbox's owner may have said little, or so much that no carrier waits for its end. */
export function greeting(persona: Persona): Greeting {
  const length = chance(persona, 'says first');
  switch (machineOf(persona)) {
    case null:
      // Some name themselves and their shop before they listen, and pass for a machine.
      return length < 0.05 ? 'nothing' : { seconds: 0.4 + 2.2 * length, ends: 'other' };
    case 'mailbox':
      return { seconds: 2 + 33 * length ** 2, ends: 'beep' };
    case 'mailbox without a tone':
      return { seconds: 3 + 9 * length, ends: 'silence' };
    case 'assistant':
      return { seconds: 3 + 4 * length, ends: 'silence' };
    case 'fax':
      return 'fax';
  }
}

/** Words with which a caller tells an assistant who he is. */
const WHO_WE_ARE = /不推销|不问密码|sell nothing/i;

/** Its owner reads who calls, and takes the call, or does not; now and then it asks us to wait first. */
function assistant(situation: Situation): Reaction | null {
  const { persona, heard, counts } = situation;
  const mind = chance(persona, 'takes the call', counts.calls);
  const told = [...heard.before, heard.now.words].findLastIndex((words) => WHO_WE_ARE.test(words));
  if (told < 0) return NOTHING;
  const since = heard.before.length - told;
  const waits = chance(persona, 'puts off', counts.calls) < 0.3 ? 1 : 0;
  if (since < waits) return { does: 'speak', words: '好的,请稍等,我看看他能不能接听。', at: heard.now.seconds + 1 };
  if (since === waits && mind < 0.5) return { does: 'speak', words: '喂,你好,你说。', at: heard.now.seconds + 3 };
  if (since === waits && mind < 0.7) return { does: 'hang-up', at: heard.now.seconds + 2 };
  return mind < 0.5 ? null : NOTHING;
}

// ———————————————————————————————————————————————————————————————————————————————— chance

/** A number from 0 up to 1 that is always the same for the same parts. */
export function fraction(...parts: readonly (string | number)[]): number {
  return Number.parseInt(hash('sha256', parts.join('\u0000'), 'hex').slice(0, 13), 16) / 2 ** 52;
}

function chance(persona: Persona, ...what: readonly (string | number)[]): number {
  return fraction(persona.seed, persona.phone, ...what);
}

/** Standard normal, by Box and Muller. */
function normal(...parts: readonly (string | number)[]): number {
  const u = Math.max(fraction(...parts, 'u'), 2 ** -52);
  return Math.sqrt(-2 * Math.log(u)) * Math.cos(2 * Math.PI * fraction(...parts, 'v'));
}

// ——————————————————————————————————————————————————————————————————————————————— the bell

/** What happens when he is rung for the `counts.calls`-th time. */
export function decideRing(persona: Persona, { calls }: Counts): Ring {
  const { kind } = persona;
  if (kind === 'dead-number') return { does: 'not-exist' };
  if (kind === 'off') return { does: 'refused', status: 'no-answer', sip: 480 };
  if (kind === 'suspended') return { does: 'refused', status: 'failed', sip: 403 };
  const connect = chance(persona, 'connect', calls) < 0.5 ? 1 : 2;
  const machine = machineOf(persona);
  if (machine === 'fax' || machine === 'assistant') return { does: 'answer', connect, after: 4 };
  if (machine !== null) return { does: 'answer', connect, after: 18 + Math.floor(4 * chance(persona, 'voicemail')) };
  const { picksUp } = HABITS[kind];
  const willing = picksUp[Math.min(calls, picksUp.length) - 1] ?? 0;
  if (chance(persona, 'ring', calls) < willing) {
    return { does: 'answer', connect, after: 3 + Math.floor(18 * chance(persona, 'pick up', calls)) };
  }
  const engaged = kind === 'busy-at-first' ? 0.9 : 0.12;
  return chance(persona, 'busy', calls) < engaged ? { does: 'busy' } : { does: 'ring-out', connect };
}

const SOONEST_RING_BACK = 2 * 60;
/** Sooner than he is called again: calls to one number are two hours apart. */
const LATEST_RING_BACK = 100 * 60;

/** After how many seconds he rings back his `counts.calls`-th call, which he missed; null = he does not. */
export function decideRingBack(persona: Persona, { calls }: Counts, share: number): number | null {
  const willing = (HABITS[persona.kind].ringsBack ?? 0) * share;
  if (chance(persona, 'rings back', calls) >= willing) return null;
  const longer = LATEST_RING_BACK / SOONEST_RING_BACK;
  return Math.ceil(SOONEST_RING_BACK * longer ** chance(persona, 'rings back after', calls));
}

// ————————————————————————————————————————————————————————————————————————————— what he thinks

/** Managers differ: a good one lifts all his shops' ratings by about this much. */
const MANAGER_SPREAD = 0.35;
const SHOP_SPREAD = 0.7;
const QUESTION_SPREAD = 0.4;

/** His rating of a topic, 1–5: the same whenever and however he is asked. */
export function opinion(persona: Persona, topic: string, manager: string | null): number {
  const { seed, phone, kind } = persona;
  const shift = manager === null ? 0 : normal(seed, 'manager', manager) * MANAGER_SPREAD;
  const mood = normal(seed, phone, 'mood') * SHOP_SPREAD;
  const view = normal(seed, phone, 'view', topic) * QUESTION_SPREAD;
  return Math.min(5, Math.max(1, Math.round(HABITS[kind].rates + shift + mood + view)));
}

/** The digit for a question: 1–5, or 1 yes, 2 no, or 0 where it was offered and fits. */
function digitFor(
  persona: Persona,
  asked: Understood['asked'] & { asks: 'rating' | 'yes-no' },
  name: string | null,
): string {
  const { topic, zero } = asked;
  const nothingToSay = topic === 'solves' ? 0.2 : 0.07;
  if (zero && chance(persona, 'zero', topic) < nothingToSay) return '0';
  if (asked.asks === 'rating') return String(opinion(persona, topic, name));
  return chance(persona, 'fact', topic) < chanceOfYes(persona, topic, name) ? '1' : '2';
}

function chanceOfYes(persona: Persona, topic: string, name: string | null): number {
  switch (topic) {
    case 'visited':
      return 0.75;
    case 'pushed':
      return Math.min(0.7, Math.max(0.03, 0.08 + 0.15 * (4 - opinion(persona, 'overall', name))));
    case 'coached':
      // A few managers go round beforehand and ask for fives; it shows with all their shops.
      return name !== null && fraction(persona.seed, 'coaches', name) < 0.1 ? 0.5 : 0.03;
    default:
      return 0.5;
  }
}

// ——————————————————————————————————————————————————————————————————————————————— the keypad

const NOTHING: Reaction = { does: 'nothing' };

interface Situation {
  readonly persona: Persona;
  readonly heard: Heard;
  readonly counts: Counts;
  readonly understood: Understood;
  /** How often the present question was put before in this call. */
  readonly repeats: number;
  /** How many different questions were put in this call, the present one included. */
  readonly questions: number;
}

/**
 * What he does on hearing `heard.now`. Keys carry the second at which they are pressed, counted from the first word:
 * mostly shortly after the end, sometimes before it, and never an answer before the scale was named (the impatient one
 * apart).
 */
export function decideKey(persona: Persona, heard: Heard, counts: Counts): Reaction {
  const understood = understand(heard.now.words, heard.before);
  const topic = topicOf(understood);
  const asked = topicsBefore(heard.before);
  const situation: Situation = {
    persona,
    heard,
    counts,
    understood,
    repeats: topic === null ? 0 : asked.filter((one) => one === topic).length,
    questions: new Set(topic === null ? asked : [...asked, topic]).size,
  };
  return QUIRKS[persona.kind]?.(situation) ?? answer(situation);
}

function topicsBefore(before: readonly string[]): string[] {
  return before
    .map((words, index) => topicOf(understand(words, before.slice(0, index))))
    .filter((topic) => topic !== null);
}

function topicOf({ asked }: Understood): string | null {
  return asked.asks === 'rating' || asked.asks === 'yes-no' ? asked.topic : null;
}

/** What a willing person does. */
function answer(situation: Situation): Reaction {
  const { persona, heard, understood } = situation;
  const { asked, readBack } = understood;
  if (readBack !== null && readBack !== opinion(persona, 'overall', heard.name)) return press(situation, '#');
  switch (asked.asks) {
    case 'rating':
    case 'yes-no':
      return press(situation, digitFor(persona, asked, heard.name));
    case 'daypart':
      return press(situation, String(1 + Math.floor(3 * chance(persona, 'daypart'))));
    case 'help':
      return NOTHING;
    case 'farewell':
      if (asked.callback && chance(persona, 'callback') < 0.04) return press(situation, '8');
      return { does: 'hang-up', at: heard.now.seconds + 0.5 };
    case 'menu': {
      // 7, 8 and 9 are ways out, not answers; a willing person waits for the question.
      const answers = asked.keys.filter((key) => !/[7-9*#]/.test(key));
      if (answers.length === 0) return NOTHING;
      return press(situation, answers[Math.floor(answers.length * chance(persona, 'menu', heard.now.words))] ?? '1');
    }
    case 'nothing':
      return NOTHING;
  }
}

/** One key, pressed when this person presses after these words. */
function press({ persona, heard, understood }: Situation, key: string): Reaction {
  const { words, seconds, ends } = heard.now;
  const { asked } = understood;
  const haste = chance(persona, 'haste', words);
  const spread = chance(persona, 'moment', words);
  if (key !== '#' && haste < 0.25) {
    // The whole scale is named with the first question; later he knows it and need not hear a question out.
    const opens =
      asked.asks === 'rating' && asked.topic === 'overall' ? (ends[asked.opens] ?? seconds) + 0.6 : 0.75 * seconds;
    return { does: 'press', presses: [{ key, at: opens + spread * Math.max(0, seconds - opens) }] };
  }
  // The read-back leaves a second for #; a question leaves eight.
  const wait = key === '#' ? 0.2 + 0.6 * spread : 0.4 + 4 * spread ** 1.5;
  return { does: 'press', presses: [{ key, at: seconds + wait }] };
}

/** A way out, pressed as soon as it has been offered: within the second that an introduction waits for it. */
function pressOffered({ persona, heard }: Situation, key: string): Reaction | null {
  const said = saidAt(heard.now, new RegExp(`按${key}`));
  if (said === null) return null;
  const at = Math.min(said + 0.3 + 1.5 * chance(persona, 'way out', key), heard.now.seconds + 0.8);
  return { does: 'press', presses: [{ key, at }] };
}

/** The same key a second time at once, as a nervous finger does. */
function twice(reaction: Reaction, does: boolean): Reaction {
  if (!does || reaction.does !== 'press') return reaction;
  return {
    does: 'press',
    presses: reaction.presses.flatMap(({ key, at }) => [
      { key, at },
      { key, at: at + 0.3 },
    ]),
  };
}

function hangUp({ persona, heard, counts }: Situation, from: number, until: number): Reaction {
  const at = from + (until - from) * chance(persona, 'leaves', counts.calls);
  return { does: 'hang-up', at: Math.min(at, Math.max(0.5, heard.now.seconds - 0.5)) };
}

/** What makes a kind different from a willing person; null where nothing does. */
const QUIRKS: Readonly<Partial<Record<Kind, (situation: Situation) => Reaction | null>>> = {
  voicemail: (situation) => (machineOf(situation.persona) === 'assistant' ? assistant(situation) : NOTHING),
  fax: () => NOTHING,
  assistant: (situation) => assistant(situation),

  'leaves-early'(situation) {
    const { persona, counts, heard } = situation;
    if (heard.before.length > 0) return null;
    const staysNow = counts.calls > 1 && chance(persona, 'stays') < 0.32;
    return staysNow ? null : hangUp(situation, 2, 9);
  },

  'leaves-midway'(situation) {
    const { persona, counts, heard, questions } = situation;
    if (counts.calls > 1 && chance(persona, 'continues') < 0.6) return null;
    if (counts.calls > 2 && heard.before.length === 0) return hangUp(situation, 2, 6);
    const staysFor = 1 + Math.floor(5 * chance(persona, 'stays for'));
    return questions > staysFor ? hangUp(situation, 1, 5) : null;
  },

  refuses(situation) {
    const { heard, understood } = situation;
    if (/以后不再给您打/.test(heard.now.words)) return { does: 'hang-up', at: heard.now.seconds };
    if (understood.asked.asks === 'farewell') return null;
    const refusal = pressOffered(situation, '9');
    if (refusal) return refusal;
    // Told of the key before, he presses it at the next chance he gets.
    if (heard.before.some((words) => /按9/.test(words))) return press(situation, '9');
    return hangUp(situation, 4, 12);
  },

  'asks-later'(situation) {
    if (situation.counts.calls > 1) return null;
    return pressOffered(situation, '7') ?? (topicOf(situation.understood) === null ? null : press(situation, '7'));
  },

  'asks-for-person'(situation) {
    const { asked } = situation.understood;
    if (asked.asks === 'farewell') return null;
    return pressOffered(situation, '8') ?? NOTHING;
  },

  'presses-nonsense'(situation) {
    const { persona, understood, repeats, questions, heard } = situation;
    if (topicOf(understood) === null) return null;
    const first = questions === 1;
    if (!first)
      return repeats === 0 && chance(persona, 'nonsense', heard.now.words) < 0.15 ? press(situation, '6') : null;
    if (repeats === 0) return twice(press(situation, '6'), chance(persona, 'two keys') < 0.5);
    if (repeats === 1) return press(situation, '*');
    return null;
  },

  'corrects-himself'({ persona, heard, counts, understood, repeats, questions }) {
    const { asked } = understood;
    if (asked.asks !== 'rating' || asked.topic !== 'overall' || repeats > 0 || understood.corrected) return null;
    // The neighbouring key, as a thumb slips.
    const meant = opinion(persona, asked.topic, heard.name);
    const slip = String(meant === 1 ? 2 : meant - 1);
    return press({ persona, heard, counts, understood, repeats, questions }, slip);
  },

  'hears-again'(situation) {
    const { persona, understood, repeats, questions } = situation;
    if (topicOf(understood) === null || repeats > 0) return null;
    return questions === 1 + Math.floor(3 * chance(persona, 'which')) ? press(situation, '*') : null;
  },

  slow({ persona, understood, repeats, questions }) {
    if (topicOf(understood) === null || repeats > 0) return null;
    return questions === 1 + Math.floor(4 * chance(persona, 'which')) ? NOTHING : null;
  },

  silent: () => NOTHING,

  'every-key'(situation) {
    const key = ['*', '#', '0', '6', '44'][situation.heard.before.length];
    if (key === undefined) return null;
    const pressed = press(situation, key[0] ?? key);
    return twice(pressed, key.length > 1);
  },

  'opts-out-midway'(situation) {
    if (/以后不再给您打/.test(situation.heard.now.words)) return { does: 'hang-up', at: situation.heard.now.seconds };
    return situation.questions < 3 ? null : press(situation, '9');
  },

  impatient({ persona, heard, understood, repeats }) {
    const topic = topicOf(understood);
    const key = String(opinion(persona, 'overall', heard.name));
    const soon = 2 + 3 * chance(persona, 'moment');
    if (topic === null && heard.before.length === 0) return { does: 'press', presses: [{ key, at: soon }] };
    if (topic !== 'overall' || repeats > 0) return null;
    return { does: 'press', presses: [{ key, at: soon }] };
  },
};

// ————————————————————————————————————————————————————————————————————————————————— texts

/**
 * What he says after a tone: a few words, or half a minute of what has long annoyed him. Most press a key when they are
 * done, some just stop, some hang up.
 */
export function decideMessage(persona: Persona, { before }: Heard): Spoken | null {
  const last = before.at(-1) ?? '';
  if (machineOf(persona) !== null || chance(persona, 'speaks', last) < 0.15) return null;
  const longest = persona.kind === 'angry' ? 50 : 25;
  const ends = chance(persona, 'stops speaking', last);
  return {
    seconds: 3 + Math.floor(longest * chance(persona, 'says', last)),
    ends: ends < 0.6 ? '#' : ends < 0.85 ? 'silence' : 'hang-up',
  };
}

type Writes = (digit: string) => string;

const RATING_WORDS: Readonly<Record<string, string>> = {
  1: '非常不满意',
  2: '不满意',
  3: '一般',
  4: '满意',
  5: '非常满意',
};
const HAN_DIGITS = '零一二三四五';
const RING_DIGITS = '⓪①②③④⑤';

/** How people write a score, with the share who do; the last two say something that is no answer. */
const RATING_FORMS: readonly (readonly [share: number, writes: Writes])[] = [
  [0.46, (digit) => digit],
  [0.1, (digit) => `${digit}分`],
  [0.08, (digit) => String.fromCharCode(0xff10 + Number(digit))],
  [0.08, (digit) => HAN_DIGITS[Number(digit)] ?? digit],
  [0.05, (digit) => `${HAN_DIGITS[Number(digit)]}分`],
  [0.11, (digit) => RATING_WORDS[digit] ?? digit],
  [0.02, (digit) => RING_DIGITS[Number(digit)] ?? digit],
  [0.02, (digit) => `给${digit}分`],
  [0.05, (digit) => (Number(digit) >= 4 ? '👍' : '😡')],
  [0.03, () => '你是谁'],
];

const FACT_FORMS: readonly (readonly [share: number, writes: Writes])[] = [
  [0.55, (digit) => digit],
  [0.3, (digit) => (digit === '1' ? '有' : digit === '2' ? '没有' : '0')],
  [0.1, (digit) => (digit === '1' ? '有的' : digit === '2' ? '没' : '0')],
  [0.05, (digit) => String.fromCharCode(0xff10 + Number(digit))],
];

const REFUSALS = ['R', 'R', 'r', '退订', '拒收'];

const MINUTE = 60;
const HOUR = 3600;

/** Whether he answers a text, what he writes and after how many seconds. */
export function decideReply(persona: Persona, read: Read, _counts: Counts): Reply | null {
  const understood = understandText(read.now, read.before);
  if (!understood || !answersTexts(persona, read, understood)) return null;
  const { asked, corrected } = understood;
  if (persona.kind === 'opts-out-midway' && read.before.length > 0)
    return { body: '退订', after: delay(persona, read) };
  if (persona.kind === 'writes-oddly') return { body: oddly(read), after: 3 * HOUR };
  if (persona.kind === 'refuses') {
    return {
      body: REFUSALS[Math.floor(REFUSALS.length * chance(persona, 'refusal'))] ?? 'R',
      after: delay(persona, read),
    };
  }
  if (asked.asks !== 'rating' && asked.asks !== 'yes-no') {
    return asked.asks === 'menu' && asked.keys[0] ? { body: asked.keys[0], after: delay(persona, read) } : null;
  }
  const digit = digitFor(persona, asked, read.name);
  const forms = asked.asks === 'rating' ? RATING_FORMS : FACT_FORMS;
  // Who was told that he was not understood writes the bare digit.
  const body = corrected ? digit : form(forms, chance(persona, 'writes', asked.asks))(digit);
  return { body, after: delay(persona, read) };
}

/** Everything a text can be, one after the other; hours later each time. */
const ODDITIES = ['', '😡', '满'.repeat(1600), '５', '没有', '五', '非常满意', '5分', '2'];

const oddly = ({ before }: Read): string => ODDITIES[before.length % ODDITIES.length] ?? '';

function form(forms: typeof RATING_FORMS, place: number): Writes {
  let left = place;
  const found = forms.find(([share]) => {
    left -= share;
    return left < 0;
  });
  return found?.[1] ?? ((digit) => digit);
}

function answersTexts(persona: Persona, read: Read, { corrected }: Understood): boolean {
  const willing = HABITS[persona.kind].answersTexts;
  const begun = corrected || /收到/.test(read.now);
  // In the middle of it most go on; a reminder moves a few who let the first text lie.
  if (begun) return chance(persona, 'goes on', read.now) < 0.93;
  const reminded = /还差您一条/.test(read.now);
  return chance(persona, 'texts') < willing + (reminded ? 0.12 : 0);
}

/** The first answer takes minutes to hours, further ones come while the telephone is still in the hand. */
function delay(persona: Persona, read: Read): number {
  const [least, most] = /收到|没看明白|满分是5分|真假/.test(read.now) ? [20, 15 * MINUTE] : [MINUTE, 4 * HOUR];
  return Math.ceil(least * (most / least) ** chance(persona, 'delay', read.now));
}

/** Somebody of the customer's own: picks up after a few seconds, says nothing by key, and stays on the line. */
const COLLEAGUE: Person = {
  texts: { arrive: true },
  patience: Number.POSITIVE_INFINITY,
  ring: () => ({ does: 'answer', connect: 1, after: 3 }),
  hear: () => ({ does: 'nothing' }),
  read: () => null,
  nameIn: () => null,
};

/** The same people, but for numbers that begin with `prefix`. */
export const withColleagues =
  (prefix: string | undefined, others: (phone: string) => Person) =>
  (phone: string): Person =>
    prefix !== undefined && phone.startsWith(prefix) ? COLLEAGUE : others(phone);
