import { describe, expect, it } from 'vitest';
import { meansStop, read } from './reading.ts';

const overall = { kind: 'rating', overall: true } as const;
const rating = { kind: 'rating', overall: false } as const;
const fact = { kind: 'yes-no', overall: false } as const;

describe('a rating is read in the forms people type', () => {
  it.each([
    ...['5', '５', '五', '伍', '5分', '五分', '⑤', '给5分', '非常满意', ' 5 。', '……5分', 'Very satisfied'].map(
      (text) => [text, 5] as const,
    ),
    ...['4', '满意', '四分'].map((text) => [text, 4] as const),
    ['一般', 3] as const,
    ['不满意', 2] as const,
    ['非常不满意', 1] as const,
  ])('%s is %i', (text, value) => {
    expect(read(text, overall)).toEqual({ kind: 'answer', value });
  });

  it.each(['10', '100分', '满分', '十分'])('%s is off the scale, not a 5', (text) => {
    expect(read(text, overall)).toEqual({ kind: 'off-scale' });
  });

  it.each(['', '👍', '好', '还行', '可以', '0', '6', '55', '4.5', '5或4', '挺好的', 'fine'])(
    '%s is not guessed at',
    (text) => {
      expect(read(text, overall)).toEqual({ kind: 'unclear' });
    },
  );

  it('0 is an answer where nothing may have been to rate', () => {
    expect(read('0', rating)).toEqual({ kind: 'answer', value: 0 });
  });
});

describe('a fact', () => {
  it.each([
    ...['1', '有', '有的', '一', '１', 'Yes'].map((text) => [text, 1] as const),
    ...['2', '没有', '没', '没有。', 'no'].map((text) => [text, 2] as const),
    ...['0', '说不清', '零'].map((text) => [text, 0] as const),
  ])('%s is %i', (text, value) => {
    expect(read(text, fact)).toEqual({ kind: 'answer', value });
  });

  it.each(['5', '3', '满意', '10', '👍'])('%s is none', (text) => {
    expect(read(text, fact)).toEqual({ kind: 'unclear' });
  });
});

describe('a choice and a comment', () => {
  it('takes a digit among the options', () => {
    const choice = { kind: 'choice', options: 3, overall: false } as const;
    expect(read('３', choice)).toEqual({ kind: 'answer', value: 3 });
    expect(read('4', choice)).toEqual({ kind: 'unclear' });
  });

  it('takes any words, and 0 or 没有 for none', () => {
    const comment = { kind: 'comment', overall: false } as const;
    expect(read('挺好', comment)).toEqual({ kind: 'sentence' });
    expect(read('没有', comment)).toEqual({ kind: 'answer', value: 0 });
    expect(read('', comment)).toEqual({ kind: 'unclear' });
  });
});

describe('whatever was asked', () => {
  it.each([
    ...[
      'r',
      'R',
      'Ｒ',
      'T',
      'TD',
      'ＴＤ',
      'n',
      '退订',
      '拒收',
      '别发了',
      '不要再发',
      ' 退订!',
      '退 订',
      '【退订】',
      'R。',
      '\u200bR',
    ],
    ...['R👍', '退订～～', '请退订,谢谢', '我要退订', '回复R', '以后不要再发短信了', '别打了', '你们别再打电话'],
    ...['STOP', 'ＳＴＯＰ', 'Stop.', 'unsubscribe', 'STOP ALL', 'Cancel', 'end', 'quit', 'OPT-OUT', 'revoke'],
  ])('%s stops', (text) => {
    for (const item of [overall, fact]) expect(read(text, item)).toEqual({ kind: 'stop' });
    expect(meansStop(text)).toBe(true);
  });

  it.each([
    '',
    'Re',
    'TT5',
    '没退订过',
    '别人打的',
    '不要紧',
    '我要退订那条烟',
    '他别发火就好',
    'no',
    '5',
    '不用再打了',
  ])('%s stops nothing', (text) => {
    expect(meansStop(text)).toBe(false);
  });

  it.each(['8', '８', ' 8。'])('%s asks for a person', (text) => {
    for (const item of [overall, fact]) expect(read(text, item)).toEqual({ kind: 'eight' });
  });

  it.each(['改4', '改成4', '打错了,4', '改为四分', '按错了 4分'])('%s corrects to 4', (text) => {
    for (const item of [overall, fact]) expect(read(text, item)).toEqual({ kind: 'correction', value: 4 });
  });

  it.each(['改6', '改成没有', '打错了'])('%s corrects nothing', (text) => {
    expect(read(text, fact).kind).not.toBe('correction');
  });

  it.each(['你是谁', '你是谁?', '骗子', '真的假的', '您是哪里的', 'Who is this?'])('%s asks who we are', (text) => {
    expect(read(text, overall)).toEqual({ kind: 'who-are-you' });
  });

  it.each(['我给5分因为他人好', '他从来不来店里', 'He never comes by'])('%s is a sentence', (text) => {
    for (const item of [overall, fact]) expect(read(text, item)).toEqual({ kind: 'sentence' });
  });
});
