import { describe, expect, it } from 'vitest';
import {
  callSeconds,
  exampleLength,
  exampleSeconds,
  exemplified,
  longestCallSeconds,
  textLength,
  warningsOf,
} from './measure.ts';
import { type Questionnaire, standardQuestionnaire } from './questionnaire.ts';

const standard = standardQuestionnaire();

/** With other words for one clip or text. */
const saying = (part: 'clips' | 'texts', id: string, chinese: string): Questionnaire => ({
  ...standard,
  [part]: { ...standard[part], [id]: { ...standard[part][id], 'zh-CN': chinese } },
});

describe('the clips of the script', () => {
  /** Characters without signs, and seconds, as script §3 lists them. */
  it.each<[string, number, number]>([
    ['A1', 63, 18.1],
    ['Q1', 53, 16.7],
    ['Q1r', 18, 5.4],
    ['Q2', 36, 10.7],
    ['Q3', 20, 6.0],
    ['Q4', 18, 5.4],
    ['Q5', 24, 7.5],
    ['Q6', 37, 11.3],
    ['Q7a', 28, 8.7],
    ['Q7b', 34, 10.3],
    ['Z1', 33, 10.1],
    ['H1', 33, 9.4],
    ['H1b', 29, 9.1],
    ['H2', 26, 7.8],
    ['H3', 7, 2.2],
    ['E1', 21, 6.0],
    ['E2', 21, 6.9],
    ['L1', 21, 6.2],
    ['L2', 18, 5.4],
    ['N1', 27, 7.8],
    ['N2', 22, 6.5],
    ['M1', 30, 8.7],
    ['S0', 34, 9.6],
    ['W1', 27, 7.7],
    ['R1', 37, 11.2],
    ['I1', 58, 16.1],
    ['I2', 46, 13.3],
    ['I3', 38, 10.7],
  ])('%s has %i characters and takes %f s', (clip, characters, seconds) => {
    const said = exemplified(standard.clips[clip]?.['zh-CN'] ?? '', 'zh-CN', standard);
    expect([...said.replace(/[\p{P}\s]/gu, '')].length).toBe(characters);
    // The table rounds; half a tenth either way.
    expect(Math.abs(exampleSeconds(clip, 'zh-CN', standard) - seconds)).toBeLessThanOrEqual(0.051);
  });

  it('make a call of 118 s for somebody who hears everything out', () => {
    expect(Math.round(longestCallSeconds('A1', 'zh-CN', standard))).toBe(118);
    expect(callSeconds('A1', 1, 'zh-CN', standard)).toBeLessThan(callSeconds('A1', 2, 'zh-CN', standard));
  });
});

describe('the texts of the script', () => {
  /** UTF-16 units as script §8 lists them. */
  it.each<[string, number]>([
    ['P0', 70],
    ['SM', 51],
    ['S1', 67],
    ['S2', 52],
    ['S3', 50],
    ['S9', 46],
    ['SR', 58],
    ['SE1', 54],
    ['SE1b', 47],
    ['SE2', 48],
    ['S10', 29],
    ['SW', 65],
    ['SC', 54],
    ['SP', 60],
    ['SG', 12],
    ['SD', 20],
    ['SX', 35],
    ['SL', 33],
    ['SU', 34],
    ['SF', 42],
  ])('%s has %i units and is one segment', (text, units) => {
    expect(exampleLength(text, 'zh-CN', standard)).toEqual({ units, segments: 1 });
  });
});

describe('segments', () => {
  it.each<[string, string, number, number]>([
    ['70 Chinese characters', '字'.repeat(70), 70, 1],
    ['71', '字'.repeat(71), 71, 2],
    ['134, two times 67', '字'.repeat(134), 134, 2],
    ['135', '字'.repeat(135), 135, 3],
    ['an emoji, which is two units', `${'字'.repeat(69)}👍`, 71, 2],
    ['160 letters', 'a'.repeat(160), 160, 1],
    ['161', 'a'.repeat(161), 161, 2],
    ['brackets, which take two places each', `[${'a'.repeat(156)}]`, 160, 1],
    ['one letter that GSM-7 has not', `ł${'a'.repeat(70)}`, 71, 2],
  ])('%s', (_, text, units, segments) => {
    expect(textLength(text)).toEqual({ units, segments });
  });
});

describe('warnings', () => {
  it('there are none on the questionnaire of the script, in either language', () => {
    expect(warningsOf(standard)).toEqual([]);
  });

  it('a minute is a lie', () => {
    const hasty = saying('clips', 'A1', (standard.clips.A1?.['zh-CN'] ?? '').replace('不到两分钟', '一分钟'));
    expect(warningsOf(hasty)).toEqual([
      {
        where: '语音 A1, zh-CN',
        message: expect.stringContaining('promises "一分钟", but hearing everything out takes 118 s'),
      },
    ]);
  });

  it('a longer question breaks the promise wherever it is made', () => {
    const longer = saying('clips', 'Q3', '第三题。'.repeat(8));
    expect(warningsOf(longer).map(({ where }) => where)).toEqual([
      '语音 A1, zh-CN',
      '语音 A1c, zh-CN',
      '语音 S0, zh-CN',
      '短信 SM, zh-CN',
    ]);
  });

  it('a text of two segments is named with its units', () => {
    const long = saying('texts', 'S9', `【{{signature}}】${'谢'.repeat(70)}`);
    expect(warningsOf(long)).toEqual([
      { where: '短信 S9, zh-CN', message: expect.stringContaining('76 units, sent and paid as 2') },
    ]);
  });

  it('a call that cannot end before it is cut off', () => {
    const short = { ...standard, timing: { ...standard.timing, hardLimitSeconds: 100 } };
    expect(warningsOf(short).map(({ where }) => where)).toEqual(['timing.hardLimitSeconds']);
  });
});
