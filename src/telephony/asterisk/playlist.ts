import type { Reply, Utterance } from '../../survey/interview/conversation.ts';
import type { Language, Questionnaire } from '../../survey/questionnaire/questionnaire.ts';
import { clipSeconds, scaleNamedAfter } from '../../survey/questionnaire/speech.ts';
import type { Deaf } from './keypad.ts';

/** A reply as an exchange plays it: sounds and silences one after the other, and from when on keys count. */
export type Piece =
  | { readonly silence: number }
  /** A file without its ending, as Asterisk names sounds, and how long it plays. */
  | { readonly sound: string; readonly milliseconds: number };

/** An utterance and the sounds that say it. */
export interface Said {
  readonly utterance: Utterance;
  readonly sounds: readonly Extract<Piece, { sound: string }>[];
}

/** @param spent milliseconds of the pause that went by already, while a key settled. */
export function playlist({ pauseSeconds }: Pick<Reply, 'pauseSeconds'>, said: readonly Said[], spent: number): Piece[] {
  const pause = Math.max(0, Math.round(pauseSeconds * 1000) - spent);
  const sounds = said.flatMap((each) => each.sounds);
  return pause > 0 && sounds.length > 0 ? [{ silence: pause }, ...sounds] : sounds;
}

export const lengthOf = (pieces: readonly Piece[]): number =>
  pieces.reduce((sum, piece) => sum + ('silence' in piece ? piece.silence : piece.milliseconds), 0);

/** Nothing counts in the first second of a question: it is the last key's tail, or the handset on its way to the ear. */
const questionStart = 1000;

/**
 * From when on keys count, in milliseconds from the start of the playlist. At the overall question a rating counts once
 * the scale has been named: in the sounds as they are, and by the computed length that the interview goes by as well,
 * so that no key is taken which it would call a slip and start anew for.
 */
export function deafFor(
  pieces: readonly Piece[],
  said: readonly Said[],
  { language, questionnaire }: { readonly language: Language; readonly questionnaire: Questionnaire },
): Deaf {
  const question = said.findIndex(({ utterance }) => questionnaire.items.some(({ id }) => id === utterance.clip));
  const asked = said[question];
  if (!asked) return { all: 0, answers: 0 };
  const [first] = pieces;
  const pause = first && 'silence' in first ? first.silence : 0;
  const all = pause + questionStart;
  const { clip } = asked.utterance;
  if (!questionnaire.items.some(({ id, overall }) => id === clip && overall)) return { all, answers: all };
  const ahead = said.slice(0, question);
  const named = scaleNamedAfter(clip, language, questionnaire);
  const share = named / clipSeconds(clip, language, questionnaire);
  const played = lengthOf(ahead.flatMap(({ sounds }) => sounds)) + share * lengthOf(asked.sounds);
  const computed = ahead.reduce(
    (sum, { utterance }) => sum + clipSeconds(utterance.clip, language, questionnaire),
    named,
  );
  return { all, answers: Math.max(all, pause + Math.ceil(Math.max(played, computed * 1000))) };
}
