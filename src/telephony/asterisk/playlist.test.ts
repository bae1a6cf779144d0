import { describe, expect, test } from 'vitest';
import type { Reply, Utterance } from '../../survey/interview/conversation.ts';
import { standardQuestionnaire } from '../../survey/questionnaire/questionnaire.ts';
import { clipSeconds, scaleNamedAfter } from '../../survey/questionnaire/speech.ts';
import { deafFor, lengthOf, type Piece, playlist, type Said } from './playlist.ts';

const questionnaire = standardQuestionnaire();
const speaking = { language: 'zh-CN', questionnaire } as const;
/** A sound of its own for each clip, two seconds long. */
const said = (...utterances: (Utterance | string)[]): Said[] =>
  utterances.map((each) => {
    const utterance = typeof each === 'string' ? { clip: each } : each;
    return {
      utterance,
      sounds: [{ sound: `/s/${utterance.clip}${utterance.slow ? '.slow' : ''}`, milliseconds: 2000 }],
    };
  });
const pausing = (pauseSeconds: number): Pick<Reply, 'pauseSeconds'> => ({ pauseSeconds });
const plays = (clip: string): Piece => ({ sound: `/s/${clip}`, milliseconds: 2000 });

describe('what is played', () => {
  test.each<[string, number, Said[], number, Piece[]]>([
    ['the greeting, 0.8 s after somebody answered', 0.8, said('A1'), 0, [{ silence: 800 }, plays('A1')]],
    ['a question after silence, at once', 0, said('Q1'), 0, [plays('Q1')]],
    ['a question after a key, 0.6 s later', 0.6, said('Q3'), 0, [{ silence: 600 }, plays('Q3')]],
    ['no further pause where the key took as long to settle', 0.6, said('Q3'), 800, [plays('Q3')]],
    ['what is left of the pause', 0.6, said('Q3'), 450, [{ silence: 150 }, plays('Q3')]],
    ['hint and question', 0, said('H1', 'Q2'), 0, [plays('H1'), plays('Q2')]],
    ['the slow recording', 0.6, said({ clip: 'Q2', slow: true }), 600, [plays('Q2.slow')]],
    ['nothing, before ringing off without a word', 0.6, [], 0, []],
  ])('%s', (_, pauseSeconds, utterances, spent, expected) => {
    expect(playlist(pausing(pauseSeconds), utterances, spent)).toEqual(expected);
  });

  test('every sound of an utterance that has several, in order', () => {
    const parts = [
      { sound: '/s/a', milliseconds: 700 },
      { sound: '/s/name', milliseconds: 500 },
      { sound: '/s/b', milliseconds: 900 },
    ];
    const pieces = playlist(pausing(0.8), [{ utterance: { clip: 'A1' }, sounds: parts }], 0);
    expect(pieces).toEqual([{ silence: 800 }, ...parts]);
    expect(lengthOf(pieces)).toBe(2900);
  });
});

describe('when keys count', () => {
  const deaf = (utterances: Said[], pauseSeconds = 0) =>
    deafFor(playlist(pausing(pauseSeconds), utterances, 0), utterances, speaking);
  test('always, where nothing is asked', () => {
    for (const clip of ['A1', 'Q1r', 'N1', 'L1', 'Z1', 'H2'])
      expect(deaf(said(clip), 0.6)).toEqual({ all: 0, answers: 0 });
  });
  test('not in the first second of a question, its pause not counted', () => {
    expect(deaf(said('Q3'))).toEqual({ all: 1000, answers: 1000 });
    expect(deaf(said('Q3'), 0.6)).toEqual({ all: 1600, answers: 1600 });
    expect(deaf(said('H1', 'Q3'))).toEqual({ all: 1000, answers: 1000 });
  });
  test('ratings at question 1 not before 5分 is named, by the computed length where the sound is quicker', () => {
    const named = scaleNamedAfter('Q1', 'zh-CN', questionnaire) * 1000;
    expect(named).toBeGreaterThan(2000);
    expect(deaf(said('Q1'))).toEqual({ all: 1000, answers: Math.ceil(named) });
    const hint = clipSeconds('E1', 'zh-CN', questionnaire) * 1000;
    expect(deaf(said('E1', 'Q1')).answers).toBe(Math.ceil(hint + named));
  });
  test('and by the sound where that is slower', () => {
    const [first] = said('Q1');
    const slow: Said[] = [{ utterance: { clip: 'Q1' }, sounds: [{ sound: '/s/Q1', milliseconds: 40_000 }] }];
    const share = scaleNamedAfter('Q1', 'zh-CN', questionnaire) / clipSeconds('Q1', 'zh-CN', questionnaire);
    expect(first).toBeDefined();
    expect(deaf(slow, 0.6).answers).toBe(600 + Math.ceil(share * 40_000));
  });
});
