import { describe, expect, it } from 'vitest';
import { BadInput } from '../../platform/errors.ts';
import { itemsFor, parseQuestionnaire, spokenItems, standardQuestionnaire } from './questionnaire.ts';
import { questionnaireWithMessages } from './recording.fixture.ts';

/** The standard one as its author would edit it. */
// biome-ignore lint/suspicious/noExplicitAny: a document that anything may be wrong with
type Draft = any;

function faultsAfter(edit: (draft: Draft) => void): { where: string; message: string }[] {
  const draft: Draft = structuredClone(standardQuestionnaire());
  edit(draft);
  try {
    parseQuestionnaire(draft);
  } catch (error) {
    if (error instanceof BadInput) return [...error.faults];
    throw error;
  }
  return [];
}

describe('the questionnaire of the script', () => {
  it('asks seven questions, the seventh by ticket', () => {
    const asked = (rotation: number) => itemsFor(standardQuestionnaire(), rotation).map(({ id }) => id);
    expect(asked(7)).toEqual(['Q1', 'Q2', 'Q3', 'Q4', 'Q5', 'Q6', 'Q7a']);
    expect(asked(4)).toEqual(['Q1', 'Q2', 'Q3', 'Q4', 'Q5', 'Q6', 'Q7b']);
  });

  it('survives being written down and read again', () => {
    expect(parseQuestionnaire(JSON.parse(JSON.stringify(standardQuestionnaire())))).toEqual(standardQuestionnaire());
  });
});

describe('voice messages', () => {
  const faultsOf = (edit: (draft: Draft) => void) => {
    try {
      questionnaireWithMessages(edit);
    } catch (error) {
      if (error instanceof BadInput) return error.faults.map(({ where, message }) => `${where}: ${message}`);
      throw error;
    }
    return [];
  };

  it('are off in the questionnaire of the script, and asked for on the telephone only where they are on', () => {
    expect(standardQuestionnaire().recording).toBeUndefined();
    const asked = (questionnaire: Draft) => spokenItems(questionnaire, 7).map(({ id }) => id);
    expect(asked(questionnaireWithMessages())).toEqual(['Q1', 'Q2', 'Q3', 'Q4', 'Q5', 'Q6', 'Q7a', 'C1']);
    const off = questionnaireWithMessages();
    delete off.recording;
    expect(asked(off)).toEqual(['Q1', 'Q2', 'Q3', 'Q4', 'Q5', 'Q6', 'Q7a']);
  });

  it.each<[what: string, edit: (draft: Draft) => void, fault: RegExp]>([
    ['name no announcing clip', (d) => delete d.recording.announcement, /^recording\.announcement: 录音前要告知/],
    ['have no such clip', (d) => delete d.clips.V1, /^语音 V1 · clip V1: 缺少：录音前的告知/],
    [
      'announce nothing of a recording',
      (d) => (d.clips.V1['zh-CN'] = '请在嘀声后讲。'),
      /^语音 V1 · clip V1, zh-CN: 录音前要告知.*nobody has to/,
    ],
    ['say so in one language only', (d) => (d.clips.V1.en = 'Speak after the tone.'), /clip V1, en: .*is announced/],
    ['thank with no clip', (d) => delete d.clips.V2, /clip V2: 缺少：留言后的话/],
    ['are on where no item asks for one', (d) => d.items.pop(), /^recording: 开了录音却没有 comment 题/],
    ['would go on for ever', (d) => (d.recording.longestSeconds = 900), /^recording\.longestSeconds: 太大/],
  ])('that %s are refused', (_, edit, fault) => {
    expect(faultsOf(edit).join('\n')).toMatch(new RegExp(fault, 'm'));
  });
});

describe('a faulty questionnaire is refused, with its place in words', () => {
  it.each<[what: string, edit: (draft: Draft) => void, where: string | RegExp, message: RegExp]>([
    [
      'a wrong type',
      (d) => (d.items[2].answerSeconds = 'eight'),
      '题目 3 (Q3) · item 3 (Q3), answerSeconds',
      /应为数字/,
    ],
    [
      'a missing entry',
      (d) => delete d.items[1].kind,
      '题目 2 (Q2) · item 2 (Q2), kind',
      /rating, yes-no, choice, comment/,
    ],
    ['a key too many', (d) => (d.items[0].colour = 'red'), '题目 1 (Q1) · item 1 (Q1), colour', /没有这一项/],
    ['missing English', (d) => delete d.clips.Q4.en, '语音 Q4 · clip Q4, en', /missing/],
    ['empty words', (d) => (d.texts.S9.en = ' '), '短信 S9 · text S9, en', /太短/],
    ['the overall rating not first', (d) => d.items.reverse(), /题目 1/, /第一题必须是总体评分/],
    ['two overall ratings', (d) => (d.items[1].overall = true), /题目 2 \(Q2\)/, /no item but the first/],
    ['the same id twice', (d) => (d.items[3].id = 'Q3'), '题目 4 (Q3) · item 4 (Q3), id', /前面已有题目 Q3/],
    ['a choice without options', (d) => (d.items[5].kind = 'choice'), /题目 6 \(Q6\).*options/, /2–5 个选项/],
    ['options of a rating', (d) => (d.items[1].options = 3), /题目 2 \(Q2\).*options/, /other items do not/],
    ['a rotating rating', (d) => (d.items[1].tickets = 'odd'), /题目 2 \(Q2\).*tickets/, /不能轮换/],
    ['more for the odd', (d) => (d.items[7].tickets = 'odd'), 'items', /单号 2 题，双号 0 题/],
    ['no words for an item', (d) => delete d.clips.Q3, '语音 Q3 · clip Q3', /the words of item Q3/],
    ['no clip the conversation needs', (d) => delete d.clips.N2, '语音 N2 · clip N2', /通话要用/],
    ['a clip nobody says', (d) => (d.clips.Q33 = d.clips.Q3), '语音 Q33 · clip Q33', /check its id/],
    ['a thread that begins elsewhere', (d) => d.thread.shift(), /短信步骤 1 \(Q6\)/, /第一问必须是总体评分 Q1/],
    ['a step without its text', (d) => delete d.texts.SE1b, /短信步骤 2 \(Q6\).*unclear/, /there is no text SE1b/],
    ['a step that asks nothing', (d) => (d.thread[1].item = 'Q16'), /短信步骤 2 \(Q16\)/, /there is no item Q16/],
    ['two steps to resume at', (d) => (d.thread[2].resume = 'SP'), /短信步骤 3 \(Q7b\).*resume/, /only one step/],
    [
      'a variable without a value',
      (d) => (d.clips.Z1.en = 'Bye {{name}}'),
      '语音 Z1 · clip Z1, en',
      /不能用 \{\{name\}\}/,
    ],
    ['a variable out of place', (d) => (d.texts.S9.en = '{{score}}'), '短信 S9 · text S9, en', /不能用 \{\{score\}\}/],
    ['braces for anything else', (d) => (d.texts.S9.en = '{{#if}}x'), '短信 S9 · text S9, en', /has no value here/],
    ['half a brace', (d) => (d.texts.S9.en = '{x'), '短信 S9 · text S9, en', /has no value here/],
    ['a scale that is not named', (d) => (d.scaleNamedBy['zh-CN'] = '6分'), 'scaleNamedBy.zh-CN', /没有这几个字/],
    ['a desk without hours', (d) => (d.desk.windows = ['9-17']), 'desk.windows.0', /a window of the day/],
  ])('%s', (_, edit, where, message) => {
    const faults = faultsAfter(edit);
    const found = faults.find((fault) => (typeof where === 'string' ? fault.where === where : where.test(fault.where)));
    expect(faults.map(({ where: place }) => place)).toContain(found?.where);
    expect(found?.message).toMatch(message);
  });

  it('every fault at once, not only the first', () => {
    const faults = faultsAfter((draft) => {
      draft.items[4].answerSeconds = -1;
      draft.thread[0].eight = 'whoever';
      delete draft.texts.SX.en;
      draft.limits.stars = 0;
    });
    expect(faults).toHaveLength(4);
  });

  it('what is no questionnaire at all', () => {
    expect(() => parseQuestionnaire([])).toThrow(BadInput);
    expect(() => parseQuestionnaire(null)).toThrow(BadInput);
  });
});
