import type { Item } from '../questionnaire/questionnaire.ts';

/** What a text from a retailer means at the question that was put to him. Pure. */
export type Meaning =
  | { readonly kind: 'answer'; readonly value: number }
  | { readonly kind: 'stop' }
  /** 8: a person is to call. */
  | { readonly kind: 'eight' }
  /** 「改4」: the rating given before was a slip. */
  | { readonly kind: 'correction'; readonly value: number }
  /** 「10」, 「满分」: 5 was perhaps meant, and perhaps not. */
  | { readonly kind: 'off-scale' }
  | { readonly kind: 'who-are-you' }
  /** Something said in his own words. */
  | { readonly kind: 'sentence' }
  | { readonly kind: 'unclear' };

/** The last line: words at which Twilio stops by itself, and mostly without telling us. */
const stopWords = new Set([
  ...['r', 't', 'td', 'n', '退订', '拒收', '别发了', '不要再发', '别打了', '不要再打'],
  ...['stop', 'stopall', 'unsubscribe', 'cancel', 'end', 'quit', 'optout', 'revoke'],
]);
/** What people put around the Chinese ones: 「请退订,谢谢」, 「回复R」, 「以后不要再发短信了」. */
const politeStop =
  /^(?:请|麻烦|帮我|给我|我要|我想|要|以后|你们|您|回复|回|都)*(r|t|td|n|退订|拒收|(?:别|不要)再?[打发](?:电话|短信|信息)?)(?:了|吧|谢谢)*$/u;
const offScale = new Set(['10', '10分', '十分', '100', '100分', '一百分', '满分']);
const whoAreYou = /[你您]们?是(?:谁|哪|什么人)|哪位|谁啊|骗子|诈骗|真的假的|真的吗|真假|whoareyou|whoisthis|scam/u;

const ratingWords: Readonly<Record<string, number>> = {
  ...{ 非常满意: 5, 满意: 4, 一般: 3, 不满意: 2, 非常不满意: 1 },
  ...{ verysatisfied: 5, satisfied: 4, neither: 3, dissatisfied: 2, verydissatisfied: 1 },
};
const factWords: Readonly<Record<string, number>> = {
  ...{ 有: 1, 有的: 1, yes: 1, y: 1 },
  ...{ 没有: 2, 没: 2, no: 2 },
  ...{ 说不清: 0, 不清楚: 0, hardtosay: 0, unsure: 0 },
};
const numerals: Readonly<Record<string, number>> = Object.fromEntries(
  ['零〇', '一壹', '二贰', '三叁', '四肆', '五伍'].flatMap((both, value) => [...both].map((sign) => [sign, value])),
);

/** Two a word of letters, one a Han character: from here on it is more than a slip of the thumb. */
const sentenceLength = 6;

const plainOf = (folded: string): string => folded.replace(/[\p{White_Space}\p{P}]/gu, '');
const foldedOf = (text: string): string => text.normalize('NFKC').toLowerCase();

/** An opt-out word, whatever was asked, and where nothing was; with whatever signs and pictures around it. */
export function meansStop(text: string): boolean {
  const bare = plainOf(foldedOf(text)).replace(/[\p{S}\p{C}\p{M}]/gu, '');
  return stopWords.has(bare) || politeStop.test(bare);
}

/** Reads a reply. 「好」「还行」 and emoji are not guessed at: a wrong guess would be somebody's pay. */
export function read(text: string, item: Pick<Item, 'kind' | 'options' | 'overall'>): Meaning {
  const folded = foldedOf(text);
  const plain = plainOf(folded);
  if (meansStop(text)) return { kind: 'stop' };
  if (plain === '8') return { kind: 'eight' };
  const corrected = /^(?:改(?:成|为)?|(?:打|按|回|发)错了?(?:改成|改|是)?|changeto)(.)分?$/u.exec(plain)?.[1];
  const correction = corrected === undefined ? null : digitOf(corrected);
  if (correction !== null && correction >= 1 && correction <= 5) return { kind: 'correction', value: correction };
  if (item.kind === 'rating' && offScale.has(plain)) return { kind: 'off-scale' };
  const value = answerIn(plain, item);
  if (value !== null) return { kind: 'answer', value };
  if (whoAreYou.test(plain)) return { kind: 'who-are-you' };
  if (lengthOf(folded) >= sentenceLength || (item.kind === 'comment' && plain !== '')) return { kind: 'sentence' };
  return { kind: 'unclear' };
}

function answerIn(
  plain: string,
  { kind, options, overall }: Pick<Item, 'kind' | 'options' | 'overall'>,
): number | null {
  // 0 is no score for everything together, and nothing to say where words were asked for.
  const among = (least: number, most: number, value: number | undefined | null) =>
    value !== undefined && value !== null && value >= least && value <= most ? value : null;
  const bare = plain.replace(/^给/u, '').replace(/分$/u, '');
  switch (kind) {
    case 'rating':
      return among(overall ? 1 : 0, 5, digitOf(bare) ?? ratingWords[plain] ?? ratingWords[bare]);
    case 'yes-no':
      return among(0, 2, digitOf(plain) ?? factWords[plain]);
    case 'choice':
      return among(0, options ?? 0, digitOf(plain));
    case 'comment':
      return among(0, 0, digitOf(plain) ?? (factWords[plain] === 2 ? 0 : null));
  }
}

const digitOf = (sign: string): number | null => (/^[0-9]$/.test(sign) ? Number(sign) : (numerals[sign] ?? null));

function lengthOf(text: string): number {
  const han = text.match(/\p{Script=Han}/gu)?.length ?? 0;
  const words = text.replace(/\p{Script=Han}/gu, ' ').match(/\p{L}+/gu)?.length ?? 0;
  return han + 2 * words;
}
