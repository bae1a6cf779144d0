import { describe, expect, it } from 'vitest';
import { standardQuestionnaire } from '../questionnaire/questionnaire.ts';
import { asked, decideText, read, type Thread } from './thread.ts';

const questionnaire = standardQuestionnaire();
const texting = (...texts: string[]) => {
  let thread: Thread = asked;
  let last = { send: null as string | null, effects: [] as unknown };
  for (const text of texts) {
    const decision = decideText(thread, text, questionnaire);
    thread = decision.thread;
    last = decision;
  }
  return { ...last, thread };
};

describe('a reply is read in the forms people type', () => {
  it.each([
    ...['5', '５', '五', '伍', '5分', '五分', '⑤', '给5分', '非常满意', ' 5 。', '……5分'].map(
      (text) => [text, 5] as const,
    ),
    ...['4', '满意', '四分'].map((text) => [text, 4] as const),
    ['一般', 3] as const,
    ['不满意', 2] as const,
    ['非常不满意', 1] as const,
  ])('%s is %i', (text, value) => {
    expect(read(text)).toEqual({ kind: 'rating', value });
  });

  it.each(['r', 'R', 'Ｒ', 'T', 'TD', 'n', '退订', '拒收', '别发了', '不要再发', ' 退订!'])('%s stops', (text) => {
    expect(read(text)).toEqual({ kind: 'stop' });
  });

  it.each(['10', '100分', '满分'])('%s is off the scale, not a 5', (text) => {
    expect(read(text)).toEqual({ kind: 'out-of-scale' });
  });

  it.each(['', '👍', '好', '还行', '可以', '0', '6', '55', '4.5', '5或4', '我给5分因为他人好'])(
    '%s is not guessed at',
    (text) => {
      expect(read(text).kind).toBe('unclear');
    },
  );
});

describe('a thread', () => {
  it('ends with thanks after a rating', () => {
    expect(texting('4')).toMatchObject({
      send: 'S9',
      effects: [{ kind: 'answer', item: 'Q1', value: 4 }],
      thread: { is: 'over' },
    });
  });

  it('explains a wrong answer once and takes the next', () => {
    expect(texting('还行').send).toBe('SE1');
    expect(texting('满分').send).toBe('S10');
    expect(texting('还行', '4')).toMatchObject({ send: 'S9', effects: [{ kind: 'answer', item: 'Q1', value: 4 }] });
  });

  it('falls silent after the second wrong answer', () => {
    expect(texting('还行', '👍')).toMatchObject({
      send: null,
      effects: [],
      thread: { is: 'over', because: 'misread' },
    });
  });

  it('stops at any moment, and says so once', () => {
    for (const texts of [['R'], ['还行', 'R'], ['4', 'R']])
      expect(texting(...texts)).toMatchObject({ send: 'SX', effects: [{ kind: 'opt-out' }] });
    expect(texting('R', 'R')).toMatchObject({ send: null, effects: [] });
  });

  it('thanks once for whatever comes after the end, and counts none of it', () => {
    expect(texting('4', '1')).toMatchObject({ send: 'SD', effects: [] });
    expect(texting('4', '1', '1')).toMatchObject({ send: null, effects: [] });
  });

  it('a reply after a day of silence still counts', () => {
    const late = decideText({ is: 'over', because: 'silent', told: false }, '5', questionnaire);
    expect(late).toMatchObject({ send: 'S9', effects: [{ kind: 'answer', item: 'Q1', value: 5 }] });
  });
});
