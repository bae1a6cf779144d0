/**
 * What a person takes a prompt or a text to ask, from its words alone. Several carriers' worth of keypad prompts were
 * looked at for the phrases; anything not recognised is a plain menu of the keys it names, or just talk.
 */

export type Asked =
  | {
      readonly asks: 'rating';
      readonly topic: string;
      /** 「没…请按0」 was offered. */
      readonly zero: boolean;
      /** Index into the words at which an answer begins to make sense: after the scale was named. */
      readonly opens: number;
    }
  | { readonly asks: 'yes-no'; readonly topic: string; readonly zero: boolean }
  | { readonly asks: 'daypart' }
  /** Nobody heard a key twice: a person may be asked for instead. */
  | { readonly asks: 'help' }
  | { readonly asks: 'farewell'; readonly callback: boolean }
  | { readonly asks: 'menu'; readonly keys: readonly string[] }
  | { readonly asks: 'nothing' };

export interface Understood {
  readonly asked: Asked;
  /** The score read back to him, if one was. */
  readonly readBack: number | null;
  /** He was told that his key or his silence was no answer. */
  readonly corrected: boolean;
}

/** Questions that mean the same by voice and in writing. */
const TOPICS: readonly (readonly [topic: string, phrase: RegExp])[] = [
  ['coached', /叫您怎么打分/],
  ['pushed', /有没有要您多订/],
  ['visited', /到店里来过/],
  ['fit', /合不合店里的需要/],
  ['policy', /政策|明码标价/],
  ['ideas', /卖好|出主意/],
  ['solves', /您提的问题|解决得/],
  ['overall', /本人的服务|整体的分/],
];

const READ_BACK = /您打的是([1-5])分,[^。]*。(?:按错了,请按井号键。)?/;
const CORRECTED = /没听到您按键|这个键用不上|没看明白|满分是5分|我们是\S*回访,真假/;
const YES_NO = /(?:有|来过|办好了),?(?:请按|按|回)1/;
const RATING = /回一个数字:5|打几分|请打分|打一个整体的分|[1-5]分最?[^,。;]*(?:满意|合适|好)|1到5/;

const heardBefore = new Map<string, Understood>();
const MOST_REMEMBERED = 5_000;

/**
 * @param words one prompt
 * @param before prompts before it in the same call: a bare 「请按1到5」 means the question asked last
 */
export function understand(words: string, before: readonly string[]): Understood {
  let understood = heardBefore.get(words);
  if (!understood) {
    understood = interpret(words);
    if (heardBefore.size >= MOST_REMEMBERED) heardBefore.clear();
    heardBefore.set(words, understood);
  }
  const { asked } = understood;
  if ((asked.asks !== 'rating' && asked.asks !== 'yes-no') || asked.topic !== '') return understood;
  return { ...understood, asked: { ...asked, topic: lastTopic(before) ?? letters(words) } };
}

/** What was asked last, or null when nothing was. */
function lastTopic(before: readonly string[]): string | null {
  for (let index = before.length - 1; index >= 0; index--) {
    const topic = topicOf(before[index] ?? '');
    if (topic !== '') return topic;
  }
  return null;
}

function topicOf(words: string): string {
  return TOPICS.find(([, phrase]) => phrase.test(words))?.[0] ?? '';
}

function interpret(words: string): Understood {
  const readBack = READ_BACK.exec(words);
  const from = readBack ? readBack.index + readBack[0].length : 0;
  return {
    asked: question(words, from),
    readBack: readBack ? Number(readBack[1]) : null,
    corrected: CORRECTED.test(words),
  };
}

function question(words: string, from: number): Asked {
  const rest = words.slice(from);
  if (/上午方便/.test(rest)) return { asks: 'daypart' };
  if (YES_NO.test(rest)) return { asks: 'yes-no', topic: topicOf(rest), zero: /按0|回0/.test(rest) };
  if (RATING.test(rest)) {
    const topic = topicOf(rest);
    return { asks: 'rating', topic, zero: /按0/.test(rest), opens: opens(words, from) };
  }
  if (/不方便按键/.test(rest)) return { asks: 'help' };
  if (/再见|goodbye/i.test(rest)) return { asks: 'farewell', callback: /请按8/.test(rest) };
  const keys = offered(rest);
  return keys.length > 0 ? { asks: 'menu', keys } : { asks: 'nothing' };
}

/** After the top of the scale was named, or else after the request for a score. */
function opens(words: string, from: number): number {
  const ends = [/打几分/g, /请打分/g, /5分/g].flatMap((phrase) =>
    [...words.matchAll(phrase)].filter(({ index }) => index >= from).map((found) => found.index + found[0].length - 1),
  );
  return Math.max(from, ...ends);
}

const NAMED_KEYS: Readonly<Record<string, string>> = { 井号: '#', 星号: '*', pound: '#', star: '*' };

function offered(words: string): string[] {
  const found = words.matchAll(/(?:按|press |reply )(\d|[*#]|井号|星号|pound|star)/gi);
  return [...new Set([...found].map(([, key = '']) => NAMED_KEYS[key.toLowerCase()] ?? key))];
}

/** The words without signs: the topic of a question nobody foresaw. */
function letters(words: string): string {
  return words.replace(/[^\p{L}\p{N}]/gu, '');
}

/**
 * What a text asks for; null when it wants no answer. Most texts of a survey do not: they announce, thank or confirm.
 *
 * @param words normalised
 */
export function understandText(words: string, before: readonly string[]): Understood | null {
  const body = words.replace(/拒收请回复R.*$/, '');
  const wantsAnswer = /回一个数字|回一个1到5|请回1到5|(?<!打)回[0-9]|reply (?:with )?[0-9]/i.test(body);
  return wantsAnswer ? understand(body, before) : null;
}

/** The manager a retailer is asked about, when he is named. */
export function managerIn(words: string): string | null {
  return /客户经理([\p{Script=Han}·]{2,10}?)(?:打个?分|本人)/u.exec(words)?.[1] ?? null;
}
