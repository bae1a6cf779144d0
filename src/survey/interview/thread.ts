import { never } from '../../platform/errors.ts';
import { overallItem, type Questionnaire, type TextId } from '../questionnaire/questionnaire.ts';
import type { Effect } from './conversation.ts';

/**
 * The same interview in writing: one question, its answer in the forms people type, and a polite end. Pure, as the
 * spoken one; a text carries no turn number, so the carrier's message id is what keeps a reply from counting twice.
 */
export type Thread =
  | { readonly is: 'asked'; readonly misread: number }
  | { readonly is: 'over'; readonly because: 'finished' | 'opted-out' | 'misread' | 'silent'; readonly told: boolean };

export const asked: Thread = { is: 'asked', misread: 0 };

/** What a text from a retailer means at a rating question. */
export type Meaning =
  | { readonly kind: 'rating'; readonly value: number }
  | { readonly kind: 'stop' }
  | { readonly kind: 'out-of-scale' }
  | { readonly kind: 'unclear' };

export interface WrittenDecision {
  readonly thread: Thread;
  /** The text to send back, or null to stay silent. */
  readonly send: TextId | null;
  readonly effects: readonly Effect[];
}

const stopWords = new Set(['r', 't', 'td', 'n', '退订', '拒收', '别发了', '不要再发']);
const outOfScale = new Set(['10', '10分', '十分', '100', '100分', '满分']);
const ratingWords: Readonly<Record<string, number>> = {
  非常满意: 5,
  满意: 4,
  一般: 3,
  不满意: 2,
  非常不满意: 1,
  ...Object.fromEntries(
    ['一壹', '二贰', '三叁', '四肆', '五伍'].flatMap((both, at) => [...both].map((numeral) => [numeral, at + 1])),
  ),
};

/** Reads a reply. 「好」「还行」 and emoji are not guessed at: a wrong guess would be somebody's pay. */
export function read(text: string): Meaning {
  const plain = text
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[\p{White_Space}\p{P}]/gu, '');
  if (stopWords.has(plain)) return { kind: 'stop' };
  if (outOfScale.has(plain)) return { kind: 'out-of-scale' };
  const bare = plain.replace(/^给/u, '').replace(/分$/u, '');
  const value = /^[1-5]$/.test(bare) ? Number(bare) : (ratingWords[plain] ?? ratingWords[bare]);
  return value === undefined ? { kind: 'unclear' } : { kind: 'rating', value };
}

/** One text in. An opt-out counts at any time; anything else after the end is thanked for once and changes nothing. */
export function decideText(thread: Thread, text: string, questionnaire: Questionnaire): WrittenDecision {
  const meaning = read(text);
  if (meaning.kind === 'stop') {
    const already = thread.is === 'over' && thread.because === 'opted-out';
    return { thread: over('opted-out'), send: already ? null : 'SX', effects: already ? [] : [{ kind: 'opt-out' }] };
  }
  if (thread.is === 'over' && thread.because !== 'silent')
    return { thread: { ...thread, told: true }, send: thread.told ? null : 'SD', effects: [] };
  switch (meaning.kind) {
    case 'rating': {
      const effects: Effect[] = [{ kind: 'answer', item: overallItem(questionnaire).id, value: meaning.value }];
      return { thread: over('finished'), send: 'S9', effects };
    }
    case 'out-of-scale':
      return misread(thread, 'S10');
    case 'unclear':
      return misread(thread, 'SE1');
    default:
      return never(meaning);
  }
}

const over = (because: 'finished' | 'opted-out'): Thread => ({ is: 'over', because, told: false });

/** A wrong answer is explained once; the second one ends the thread, and a person may take over. */
function misread(thread: Thread, explanation: TextId): WrittenDecision {
  const before = thread.is === 'asked' ? thread.misread : 0;
  return before === 0
    ? { thread: { is: 'asked', misread: 1 }, send: explanation, effects: [] }
    : { thread: { is: 'over', because: 'misread', told: true }, send: null, effects: [] };
}
