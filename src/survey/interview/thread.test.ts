import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { standardQuestionnaire } from '../questionnaire/questionnaire.ts';
import type { Answers, Effect } from './conversation.ts';
import { beginThread, decideText, mayResume, type Thread, threadIsAnswered, type WrittenSetting } from './thread.ts';

const questionnaire = standardQuestionnaire();

/** A thread on paper: texts go to and fro, and what is answered lies with the case. */
class Texting {
  thread: Thread;
  answers: Answers;
  sent: (string | null)[];
  effects: Effect[] = [];
  now = Date.parse('2026-12-01T10:31:00+08:00');
  open = true;

  constructor(answers: Answers = {}, firstText = 'S1') {
    this.answers = answers;
    this.sent = [firstText];
    this.thread = beginThread(questionnaire, firstText);
  }

  write(...texts: string[]): this {
    for (const text of texts) {
      const { answers, open } = this;
      const optedOut = this.effects.some(({ kind }) => kind === 'opt-out');
      const setting: WrittenSetting = {
        ...{ questionnaire, answers, open, optedOut, now: new Date(this.now), timeZone: 'Asia/Shanghai' },
      };
      const decision = decideText(this.thread, text, setting);
      this.thread = JSON.parse(JSON.stringify(decision.thread));
      this.sent.push(decision.send);
      this.effects.push(...decision.effects);
      for (const effect of decision.effects)
        if (effect.kind === 'answer') this.answers = { ...this.answers, [effect.item]: effect.value };
    }
    return this;
  }

  later(hours: number): this {
    this.now += hours * 3_600_000;
    return this;
  }

  get last(): string | null | undefined {
    return this.sent.at(-1);
  }

  get ending(): string | null {
    return this.thread.is === 'over' ? this.thread.because : null;
  }
}

describe('the thread of the script', () => {
  it('asks its three questions one at a time, and thanks', () => {
    const texting = new Texting().write('5分', '没有', '2');
    expect(texting.sent).toEqual(['S1', 'S2', 'S3', 'S9']);
    expect(texting.answers).toEqual({ Q1: 5, Q6: 2, Q7b: 2 });
    expect(texting.ending).toBe('finished');
  });

  it('a late 5 to the second question is moved nowhere', () => {
    const texting = new Texting().write('4', '5');
    expect(texting.last).toBe('SE1b');
    expect(texting.write('说不清').answers).toEqual({ Q1: 4, Q6: 0 });
  });

  it('a reply after a day still counts', () => {
    expect(new Texting().write('4').later(30).write('有').answers).toEqual({ Q1: 4, Q6: 1 });
  });
});

describe('what is not understood', () => {
  it('is explained once, by the question that was put, and then a person calls', () => {
    expect(new Texting().write('还行', '4').sent).toEqual(['S1', 'SE1', 'S2']);
    expect(new Texting().write('4', '嗯', '没有').sent).toEqual(['S1', 'S2', 'SE1b', 'S3']);
    const twice = new Texting().write('还行', '👍');
    expect([twice.last, twice.ending]).toEqual(['SE2', 'misread']);
    expect(twice.effects).toEqual([{ kind: 'person-wanted' }]);
    expect(twice.write('?').last).toBeNull();
  });

  it('twice, and then a valid answer: it is stored, in silence, and may be corrected the same day', () => {
    const texting = new Texting().write('还行', '👍', '4分');
    expect([texting.last, texting.ending, texting.answers]).toEqual([null, 'misread', { Q1: 4 }]);
    expect(texting.write('5').answers).toEqual({ Q1: 4 });
    expect([texting.write('改5').last, texting.answers]).toEqual(['SG', { Q1: 5 }]);
    expect(new Texting().write('8', '改4').answers).toEqual({ Q1: 4 });
    expect(new Texting().write('3', '嗯', '嗯', '没有').answers).toEqual({ Q1: 3, Q6: 2 });
    expect(new Texting().write('3', '嗯', '嗯', '5').answers).toEqual({ Q1: 3 });
  });

  it('is not taken any more once he said stop, or the round is over', () => {
    expect(new Texting().write('还行', '👍', 'R', '4').answers).toEqual({});
    const late = new Texting().write('还行', '👍');
    late.open = false;
    expect([late.write('4').last, late.answers]).toEqual(['SL', {}]);
  });

  it('is counted anew at each question', () => {
    expect(new Texting().write('还行', '4', '嗯', '有', '嗯', '2').ending).toBe('finished');
  });

  it('full marks on another scale are not made a 5', () => {
    const texting = new Texting().write('满分');
    expect([texting.last, texting.answers]).toEqual(['S10', {}]);
    expect(texting.write('5').answers).toEqual({ Q1: 5 });
  });

  it('who are you? is answered, and does not count as a slip', () => {
    const texting = new Texting().write('你是谁');
    expect(texting.last).toBe('SW');
    expect(texting.write('还行').last).toBe('SE1');
    expect(new Texting().write('骗子', '骗子').sent).toEqual(['S1', 'SW', 'SE1']);
  });

  it('a sentence is kept as it is, and a digit asked for', () => {
    const texting = new Texting().write('他从来不来我店里,只会打电话');
    expect(texting.last).toBe('SC');
    expect(texting.effects).toEqual([{ kind: 'comment', text: '他从来不来我店里,只会打电话' }]);
    expect(texting.write('2').answers).toEqual({ Q1: 2 });
    expect(texting.write('总是让我多订卖不掉的烟').last).toBe('SE1b');
    expect(texting.effects.filter(({ kind }) => kind === 'comment')).toHaveLength(2);
  });
});

describe('8', () => {
  it('asks for a person, and a call back after the last question', () => {
    const person = new Texting().write('8');
    expect([person.last, person.ending]).toEqual(['SE2', 'person']);
    expect(person.effects).toEqual([{ kind: 'person-wanted' }]);
    const callback = new Texting().write('2', '有', '8');
    expect([callback.last, callback.ending]).toEqual(['SE2', 'finished']);
    expect(callback.effects.at(-1)).toEqual({ kind: 'follow-up-wanted' });
    expect(callback.answers).toEqual({ Q1: 2, Q6: 1 });
  });
});

describe('a slip', () => {
  it('is put right the same day, and what was asked stays asked', () => {
    const texting = new Texting().write('1', '改成4');
    expect(texting.last).toBe('SG');
    expect(texting.answers).toEqual({ Q1: 4 });
    expect(texting.write('没有').answers).toEqual({ Q1: 4, Q6: 2 });
    expect(texting.effects.filter(({ kind }) => kind === 'answer')).toHaveLength(3);
  });

  it('also after the end, but not from 20:00 on and not the next day', () => {
    const done = () => new Texting().write('1', '没有', '2');
    expect(done().write('打错了,5').answers).toMatchObject({ Q1: 5 });
    expect(done().later(9).write('改5').answers).toMatchObject({ Q1: 5 });
    for (const hours of [9.5, 23]) {
      const late = done().later(hours).write('改5');
      expect([late.last, late.answers.Q1]).toEqual(['SD', 1]);
    }
  });

  it('before any rating is the rating', () => {
    expect(new Texting().write('改4').sent).toEqual(['S1', 'S2']);
  });

  it('of a rating from the telephone is not corrected in writing', () => {
    expect(new Texting({ Q1: 4 }, 'SP').write('改5').last).toBe('SE1b');
  });
});

describe('a question answered on the telephone', () => {
  it('is not asked again', () => {
    expect(new Texting({ Q6: 2 }).write('4').last).toBe('S3');
    expect(new Texting({ Q6: 2, Q7b: 2 }).write('4').last).toBe('S9');
    expect(new Texting({ Q1: 0 }).write('4').answers).toEqual({ Q1: 4 });
  });

  it('while it was open in writing closes it there: what is left is asked, or he is thanked', () => {
    const texting = new Texting({ Q1: 4 }).write('1');
    expect([texting.last, texting.answers]).toEqual(['SP', { Q1: 4 }]);
    expect(texting.write('没有').sent.slice(-1)).toEqual(['S9']);
    const done = new Texting({ Q1: 4, Q6: 2 }).write('1');
    expect([done.last, done.answers.Q1]).toEqual(['SD', 4]);
    expect(done.write('1').last).toBeNull();
  });

  it('a thread that goes on after a broken call asks one question more and no other', () => {
    const texting = new Texting({ Q1: 4, Q2: 3 }, 'SP').write('有');
    expect(texting.sent).toEqual(['SP', 'S9']);
    expect(texting.answers).toEqual({ Q1: 4, Q2: 3, Q6: 1 });
  });

  it('leaves nothing to ask once all of it is answered', () => {
    expect(threadIsAnswered(questionnaire, { Q1: 4, Q6: 0, Q7b: 2 })).toBe(true);
    expect(threadIsAnswered(questionnaire, { Q1: 0, Q6: 0, Q7b: 2 })).toBe(false);
    expect(threadIsAnswered(questionnaire, { Q1: 4, Q6: 0 })).toBe(false);
    expect([{ Q1: 4 }, { Q1: 4, Q6: 0 }].map((answers) => mayResume(questionnaire, answers))).toEqual([true, false]);
  });
});

describe('after the end', () => {
  it('whatever comes is thanked for once, and none of it counts', () => {
    const texting = new Texting().write('4', '没有', '2', '1', '1');
    expect(texting.sent.slice(-2)).toEqual(['SD', null]);
    expect(texting.answers).toEqual({ Q1: 4, Q6: 2, Q7b: 2 });
  });

  it('what somebody still has to say is kept', () => {
    const texting = new Texting().write('4', '没有', '2', '希望他多来店里看看');
    expect(texting.effects.at(-1)).toEqual({ kind: 'comment', text: '希望他多来店里看看' });
  });

  it('of the round, a reply is told that it does not count, once', () => {
    const texting = new Texting();
    texting.open = false;
    expect(texting.write('5', '5').sent).toEqual(['S1', 'SL', null]);
    expect(texting.effects).toEqual([]);
    expect(texting.write('R').last).toBe('SX');
  });
});

describe('an opt-out', () => {
  it('counts at any moment, is confirmed once, and answers so far stay', () => {
    for (const texts of [['R'], ['还行', 'R'], ['4', 'R'], ['4', '没有', '2', 'R']]) {
      const texting = new Texting().write(...texts);
      expect([texting.last, texting.ending]).toEqual(['SX', 'opted-out']);
      expect(texting.effects.filter(({ kind }) => kind === 'opt-out')).toHaveLength(1);
    }
    expect(new Texting().write('4', 'R').answers).toEqual({ Q1: 4 });
  });

  it('is the last we write', () => {
    expect(new Texting().write('R', 'R', '5', '你是谁').sent.slice(2)).toEqual([null, null, null]);
  });
});

describe('whatever is written', () => {
  const texts = fc.array(
    fc.constantFrom(
      '5',
      '3',
      '1',
      '2',
      '0',
      '8',
      '有',
      '没有',
      '改4',
      '满分',
      '你是谁',
      '👍',
      '',
      '他人不错就是来得太少',
      'R',
    ),
    { maxLength: 30 },
  );

  it('answers stay within their questions, nobody is written to for ever, and nobody after he stopped', () => {
    fc.assert(
      fc.property(texts, (some) => {
        const texting = new Texting().write(...some);
        for (const effect of texting.effects)
          if (effect.kind === 'answer')
            expect(effect.item === 'Q1' ? [1, 2, 3, 4, 5] : [0, 1, 2]).toContain(effect.value);
        const corrections = texting.sent.filter((text) => text === 'SG').length;
        expect(texting.sent.filter((text) => text !== null).length - corrections).toBeLessThanOrEqual(10);
        const stopped = texting.sent.indexOf('SX');
        if (stopped >= 0) expect(texting.sent.slice(stopped + 1).every((text) => text === null)).toBe(true);
      }),
    );
  });
});
