import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { spokenItems, standardQuestionnaire } from '../questionnaire/questionnaire.ts';
import { questionnaireWithMessages } from '../questionnaire/recording.fixture.ts';
import {
  type Answers,
  type Conversation,
  type Decision,
  type Desk,
  type Detected,
  type Effect,
  type Input,
  type Key,
  keys,
  type RecordingEnd,
} from './conversation.ts';
import { decide, isStoppedBy } from './interview.ts';

const questionnaire = standardQuestionnaire();
const withMessages = questionnaireWithMessages();

/** A call on paper: a person listens, presses, waits; every step is one turn, and time goes by. */
class Call {
  conversation: Conversation | null = null;
  answers: Answers;
  effects: Effect[] = [];
  heard: string[] = [];
  listen: number | null = 0;
  slow = false;
  #now = Date.parse('2026-12-01T01:30:00Z');
  record: Decision['reply']['record'];
  readonly #case: {
    rotation: number;
    managerChanged: boolean;
    desk: Desk;
    questionnaire: typeof questionnaire;
    byPerson?: boolean;
    messageLeft?: boolean;
  };

  /** An odd ticket, unless it is said otherwise. */
  constructor(
    answers: Answers = {},
    about: Partial<{
      rotation: number;
      managerChanged: boolean;
      desk: Desk;
      questionnaire: typeof questionnaire;
      byPerson: boolean;
      messageLeft: boolean;
    }> = {},
  ) {
    this.answers = answers;
    this.#case = { questionnaire, rotation: 7, managerChanged: false, desk: 'open', ...about };
    this.turn({ kind: 'answered' }, 0);
  }

  turn(input: Input, afterSeconds = 14): Decision {
    this.#now += afterSeconds * 1000;
    const setting = { language: 'zh-CN' as const, now: new Date(this.#now), ...this.#case };
    const decision = decide({ conversation: this.conversation, answers: this.answers }, input, setting);
    // What lies in the database between two turns is JSON; a state that does not survive it would be another state.
    this.conversation = JSON.parse(JSON.stringify(decision.conversation));
    for (const effect of decision.effects)
      if (effect.kind === 'answer') this.answers = { ...this.answers, [effect.item]: effect.value };
    this.effects.push(...decision.effects);
    this.heard = decision.reply.say.map(({ clip }) => clip);
    this.slow = decision.reply.say.some((utterance) => utterance.slow);
    this.listen = decision.reply.listenSeconds;
    this.record = decision.reply.record;
    return decision;
  }

  press(...pressed: string[]): this {
    for (const key of pressed) this.turn({ kind: 'key', key: key as Key });
    return this;
  }

  silence(times = 1): this {
    for (let i = 0; i < times; i++) this.turn({ kind: 'silence' });
    return this;
  }

  hangUp(): this {
    this.turn({ kind: 'hang-up' });
    return this;
  }

  get ending(): string | null {
    return this.conversation?.place.is === 'over' ? this.conversation.place.because : null;
  }
}

/** A call that has got as far as the first question. */
const atQ1 = () => new Call().silence();
/** A call whose overall rating is given and read back; Q2 was asked. */
const atQ2 = () => atQ1().press('4').silence();

describe('the main path', () => {
  it('greets, asks Q1 to Q7 one by one, reads Q1 back and says goodbye', () => {
    const call = new Call();
    expect(call.heard).toEqual(['A1']);
    expect(call.listen).toBe(1);
    const path: [() => Call, string][] = [
      [() => call.silence(), 'Q1'],
      [() => call.press('4'), 'Q1r'],
      [() => call.silence(), 'Q2'],
      [() => call.press('3'), 'Q3'],
      [() => call.press('5'), 'Q4'],
      [() => call.press('4'), 'Q5'],
      [() => call.press('0'), 'Q6'],
      [() => call.press('2'), 'Q7a'],
      [() => call.press('1'), 'Z1'],
    ];
    for (const [step, heard] of path) expect(step().heard).toEqual([heard]);
    expect(call.answers).toEqual({ Q1: 4, Q2: 3, Q3: 5, Q4: 4, Q5: 0, Q6: 2, Q7a: 1 });
    call.silence();
    expect(call.ending).toBe('finished');
    expect(call.listen).toBeNull();
  });

  it('waits 0.8 s after the answer, 0.6 s after a key, 12 s for Q1 and 8 s for the others', () => {
    const call = new Call();
    const asked = call.turn({ kind: 'silence' });
    expect(new Call().turn({ kind: 'answered' }, 0).reply.pauseSeconds).toBe(0.8);
    expect(asked.reply).toMatchObject({ pauseSeconds: 0, listenSeconds: 12 });
    expect(call.turn({ kind: 'key', key: '4' }).reply).toMatchObject({ pauseSeconds: 0.6, listenSeconds: 1 });
    expect(call.turn({ kind: 'silence' }).reply.listenSeconds).toBe(8);
  });

  it('reads back every score, with its name for the renderer to say', () => {
    for (const score of [1, 2, 3, 4, 5]) {
      const said = atQ1().turn({ kind: 'key', key: String(score) as Key }).reply.say;
      expect(said).toEqual([{ clip: 'Q1r', values: { score } }]);
    }
  });
});

describe('the introduction', () => {
  it.each(['1', '2', '3', '4', '5', '0', '6', '#'])('drops %s and goes on to Q1', (key) => {
    const call = new Call().press(key);
    expect(call.heard).toEqual(['Q1']);
    expect(call.effects).toEqual([]);
  });

  it('takes 7, 8 and 9 from the first second', () => {
    expect(new Call().press('7').heard).toEqual(['L1']);
    expect(new Call().press('8').heard).toEqual(['M1']);
    expect(new Call().press('9').heard).toEqual(['N1']);
  });

  it('is said again on *', () => {
    expect(new Call().press('*').heard).toEqual(['A1']);
  });
});

describe('a rating before the scale was named', () => {
  it('is dropped, and Q1 is said again', () => {
    const call = atQ1();
    call.turn({ kind: 'key', key: '1' }, 3);
    expect(call.heard).toEqual(['Q1']);
    expect(call.effects).toEqual([]);
    call.turn({ kind: 'key', key: '1' }, 15);
    expect(call.effects).toEqual([{ kind: 'answer', item: 'Q1', value: 1 }]);
  });

  it('is taken at once when Q1 is said a second time', () => {
    const call = atQ1().silence();
    expect(call.heard).toEqual(['H1', 'Q1']);
    call.turn({ kind: 'key', key: '5' }, 1);
    expect(call.answers).toEqual({ Q1: 5 });
  });

  it('does not stop 7, 8 and 9', () => {
    const call = atQ1();
    call.turn({ kind: 'key', key: '9' }, 1);
    expect(call.heard).toEqual(['N1']);
  });
});

describe('one press that makes two tones', () => {
  it('counts once: the same digit within 0.8 s is dropped and the question said again', () => {
    const call = atQ2().press('3');
    call.turn({ kind: 'key', key: '3' }, 0.5);
    expect(call.heard).toEqual(['Q3']);
    expect(call.answers).toEqual({ Q1: 4, Q2: 3 });
    call.turn({ kind: 'key', key: '3' }, 4);
    expect(call.answers).toEqual({ Q1: 4, Q2: 3, Q3: 3 });
  });
});

describe('* says it again', () => {
  it('from the second time slowly, three times; the fourth is a useless key', () => {
    const call = atQ2();
    call.press('*');
    expect([call.heard, call.slow]).toEqual([['Q2'], false]);
    call.press('*');
    expect([call.heard, call.slow]).toEqual([['Q2'], true]);
    call.press('*');
    expect([call.heard, call.slow]).toEqual([['Q2'], true]);
    call.press('*');
    expect(call.heard).toEqual(['E1', 'Q2']);
  });

  it.each([
    ['the introduction', () => new Call(), 'A1'],
    ['the read-back', () => atQ1().press('4'), 'Q1r'],
    ['the question when to call', () => atQ2().press('7'), 'L1'],
    ['the farewell', () => atQ2().silence(6), 'Z1'],
  ])('at %s too: once at the same speed, then slowly', (_, reach, clip) => {
    const call = reach().press('*');
    expect([call.heard, call.slow]).toEqual([[clip], false]);
    for (const _again of [2, 3]) {
      call.press('*');
      expect([call.heard, call.slow]).toEqual([[clip], true]);
    }
  });

  it('is forgotten at the next place', () => {
    const call = new Call().press('*', '*').silence().press('*');
    expect([call.heard, call.slow]).toEqual([['Q1'], false]);
  });
});

describe('# goes back', () => {
  it('from the read-back and from Q2 to Q1, and the last score counts', () => {
    for (const call of [atQ1().press('1'), atQ2()]) {
      expect(call.press('#').heard).toEqual(['Q1']);
      call.press('5');
      expect(call.answers).toEqual({ Q1: 5 });
      expect(call.heard).toEqual(['Q1r']);
      expect(call.silence().heard).toEqual(['Q2']);
    }
  });

  it('keeps the old score when nothing is pressed after all', () => {
    const call = atQ2().press('#').silence(3);
    expect(call.heard).toEqual(['H3', 'Q2']);
    expect(call.answers).toEqual({ Q1: 4 });
  });

  it('returns to where the correction began', () => {
    const call = atQ2().press('3', '#', '2');
    expect(call.heard).toEqual(['Q3']);
    expect(call.answers).toEqual({ Q1: 4, Q2: 2 });
  });

  it('at the farewell to the question that was put last', () => {
    const through = atQ2().press('3', '5', '4', '0', '2', '1', '#');
    expect(through.heard).toEqual(['Q7a']);
    expect(through.press('2').answers.Q7a).toBe(2);
    expect(atQ2().press('3').silence(6).press('#').heard).toEqual(['Q4']);
    const answeredInWriting = new Call({ Q1: 4, Q6: 2, Q7a: 1 }).press('*').silence();
    expect(answeredInWriting.press('3', '3', '3', '3', '#').heard).toEqual(['Q5']);
  });

  it('is a useless key at Q1, which has nothing before it', () => {
    expect(atQ1().press('#').heard).toEqual(['E1', 'Q1']);
  });
});

describe('useless keys and silence', () => {
  it('at Q1: hint, last chance, goodbye', () => {
    const call = atQ1().silence();
    expect([call.heard, call.listen]).toEqual([['H1', 'Q1'], 8]);
    call.silence();
    expect([call.heard, call.listen]).toEqual([['H2'], 6]);
    call.silence();
    expect([call.heard, call.listen, call.ending]).toEqual([['G1'], null, 'silent']);
  });

  it('from Q2 on: the question is left, and after two in a row the call ends kindly', () => {
    const call = atQ2().silence(3);
    expect(call.heard).toEqual(['H3', 'Q3']);
    call.silence(3);
    expect(call.heard).toEqual(['Z1']);
    call.silence();
    expect(call.ending).toBe('finished');
  });

  it('a question answered in between starts the count anew', () => {
    expect(atQ2().silence(3).press('5').silence(3).heard).toEqual(['H3', 'Q5']);
  });

  it('are counted together: 6, silence, 6 ends the question', () => {
    const call = atQ2().press('6');
    expect(call.heard).toEqual(['E1', 'Q2']);
    expect(call.silence().heard).toEqual(['H1', 'Q2']);
    expect(call.press('6').heard).toEqual(['H3', 'Q3']);
  });

  it('at a yes-no question have their own words', () => {
    const atQ6 = () => atQ2().press('3', '5', '4', '0');
    expect(atQ6().press('5').heard).toEqual(['E2', 'Q6']);
    expect(atQ6().silence().heard).toEqual(['H1b', 'Q6']);
  });

  it('the last chance still takes a score', () => {
    expect(atQ1().silence(2).press('2').answers).toEqual({ Q1: 2 });
  });
});

describe('0', () => {
  it('at Q1 is asked about once, and a second 0 ends the call without a score', () => {
    const call = atQ1().press('0');
    expect(call.heard).toEqual(['Q1w']);
    call.press('0');
    expect([call.heard, call.ending]).toEqual([['G1'], 'no-score']);
    expect(call.answers).toEqual({ Q1: 0 });
  });

  it('at Q1 and then a score is that score', () => {
    expect(atQ1().press('0', '3').answers).toEqual({ Q1: 3 });
  });

  it('at Q1 takes no rating back that was given before, until it is confirmed by a second 0', () => {
    const again = () => atQ2().press('#', '0');
    expect(again().heard).toEqual(['Q1w']);
    for (const leaves of [again().hangUp(), again().silence(3), again().press('9').silence()])
      expect(leaves.answers).toEqual({ Q1: 4 });
    expect(again().press('2').answers).toEqual({ Q1: 2 });
    const confirmed = again().press('0');
    expect([confirmed.answers, confirmed.ending]).toEqual([{ Q1: 0 }, 'no-score']);
  });

  it.each(['Q2', 'Q3', 'Q4', 'Q5', 'Q6', 'Q7a'])('at %s is an answer', (item) => {
    const call = atQ2();
    while (call.heard.at(-1) !== item) call.press('1');
    expect(call.press('0').answers[item]).toBe(0);
  });
});

describe('7, call me later', () => {
  it.each([
    ['1', 'morning'],
    ['2', 'afternoon'],
    ['3', 'any'],
    ['5', 'any'],
  ])('%s means %s', (key, daypart) => {
    const call = atQ2().press('7', key);
    expect(call.heard).toEqual(['L2']);
    expect(call.ending).toBe('appointment');
    expect(call.effects.at(-1)).toEqual({ kind: 'appointment', daypart });
    expect(call.answers).toEqual({ Q1: 4 });
  });

  it('silence means any time', () => {
    expect(new Call().press('7').silence().effects).toEqual([{ kind: 'appointment', daypart: 'any' }]);
  });

  it('# takes it back', () => {
    expect(atQ2().press('7', '#').heard).toEqual(['Q2']);
  });
});

describe('8, a person please', () => {
  it('promises a person and hangs up; 9 still stops', () => {
    const call = atQ1().press('8');
    expect(call.effects).toEqual([{ kind: 'person-wanted' }]);
    expect(call.silence().ending).toBe('person');
    expect(atQ1().press('8', '9').heard).toEqual(['N1']);
  });

  it('after the last question is a wish for a call back', () => {
    const call = atQ2().press('3', '5', '4', '0', '2', '1', '8');
    expect([call.heard, call.ending]).toEqual([['Z8'], 'finished']);
    expect(call.effects.at(-1)).toEqual({ kind: 'follow-up-wanted' });
  });
});

describe('9, no more calls', () => {
  const optOuts = (call: Call) => call.effects.filter(({ kind }) => kind.startsWith('opt-out')).map(({ kind }) => kind);

  it('is recorded on its own turn, before any confirmation', () => {
    const call = atQ2().press('9');
    expect([call.heard, call.listen]).toEqual([['N1'], 4]);
    expect(optOuts(call)).toEqual(['opt-out']);
  });

  it.each(['silence', '1', '9', '*', '8'])('is confirmed by %s', (then) => {
    const call = atQ2().press('9');
    if (then === 'silence') call.silence();
    else call.turn({ kind: 'key', key: then as Key }, 9);
    expect([call.heard, call.ending]).toEqual([['N2'], 'opted-out']);
    expect(optOuts(call)).toEqual(['opt-out']);
  });

  it('is confirmed by hanging up', () => {
    expect(atQ2().press('9').hangUp().ending).toBe('opted-out');
  });

  it('is taken back by # within the four seconds, and the question comes again', () => {
    const call = atQ2().press('9');
    call.turn({ kind: 'key', key: '#' }, 11);
    expect(call.heard).toEqual(['N1u', 'Q2']);
    expect(optOuts(call)).toEqual(['opt-out', 'opt-out-undone']);
  });

  it('is not taken back by a # that comes later', () => {
    const call = atQ2().press('9');
    call.turn({ kind: 'key', key: '#' }, 20);
    expect(call.ending).toBe('opted-out');
    expect(optOuts(call)).toEqual(['opt-out']);
  });
});

describe('what a case is asked follows from its ticket', () => {
  const rest = { Q1: 4, Q2: 3, Q3: 5, Q4: 4, Q5: 0, Q6: 2 };

  it.each([
    [1, 'Q7a'],
    [9, 'Q7a'],
    [0, 'Q7b'],
    [8, 'Q7b'],
  ])('one that ends in %i is asked %s and not the other', (rotation, item) => {
    const call = new Call(rest, { rotation });
    expect(call.silence().heard).toEqual([item]);
    expect(call.press('2').heard).toEqual(['Z1']);
    expect(call.answers).toEqual({ ...rest, [item]: 2 });
    expect(call.press('#').heard).toEqual([item]);
  });

  it('an answer of the other kind, given in writing, leaves it open', () => {
    expect(new Call({ ...rest, Q7b: 1 }, { rotation: 3 }).silence().heard).toEqual(['Q7a']);
    expect(new Call({ ...rest, Q7b: 1 }, { rotation: 4 }).silence().heard).toEqual(['Z1']);
  });

  it('what is left is counted for it', () => {
    const resumed = new Call({ Q1: 4, Q2: 3 }, { rotation: 4 });
    expect(resumed.turn({ kind: 'answered' }, 0).reply.say).toEqual([{ clip: 'R1', values: { remaining: 5 } }]);
  });

  it('of a choice, keys beyond its options are useless', () => {
    const [first, second, ...others] = questionnaire.items;
    const choice = { ...second, kind: 'choice' as const, options: 3 };
    const asking = { ...questionnaire, items: [first, choice, ...others] } as typeof questionnaire;
    const at = (key: Key) =>
      decide(
        { conversation: atQ2().conversation, answers: { Q1: 4 } },
        { kind: 'key', key },
        {
          ...{ questionnaire: asking, language: 'zh-CN', now: new Date('2026-12-01T01:31:30Z') },
          ...{ rotation: 7, managerChanged: false, desk: 'open' },
        },
      );
    expect(at('3').effects).toEqual([{ kind: 'answer', item: 'Q2', value: 3 }]);
    expect(at('4').effects).toEqual([]);
    expect(at('4').reply.say[0]).toEqual({ clip: 'E1' });
  });

  it('a comment is no question for a keypad', () => {
    const [first, second, ...others] = questionnaire.items;
    const comment = { ...second, id: 'Q9', kind: 'comment' as const };
    const asking = { ...questionnaire, items: [first, comment, ...others] } as typeof questionnaire;
    expect(spokenItems(asking, 7).map(({ id }) => id)).toEqual(['Q1', 'Q3', 'Q4', 'Q5', 'Q6', 'Q7a']);
  });
});

describe('a message in his own words', () => {
  const rated = { Q1: 4, Q2: 3, Q3: 5, Q4: 4, Q5: 0, Q6: 2, Q7a: 1 };
  const about = { questionnaire: withMessages };
  /** All was answered but the comment, which is asked now. */
  const atComment = () => new Call(rated, about).press('*').silence();
  const recording = () => atComment().press('1');
  const message = (endedBy: RecordingEnd, seconds = 9) => ({ kind: 'recorded', id: 'RE1', seconds, endedBy }) as const;
  const kept = { kind: 'voice-message', id: 'RE1', seconds: 9 };

  it('is recorded only after 1, and after the announcement has been said', () => {
    const call = atComment();
    expect([call.heard, call.record]).toEqual([['C1'], undefined]);
    call.press('1');
    expect([call.heard, call.record]).toEqual([['V1'], { longestSeconds: 60, silenceSeconds: 5 }]);
    expect(call.effects).toEqual([]);
    // An impatient key in the middle of the announcement brings it again.
    expect(call.press('1').heard).toEqual(['V1']);
  });

  it('0 says that there is nothing to say', () => {
    const call = atComment().press('0');
    expect([call.heard, call.answers.C1, call.record]).toEqual([['Z1'], 0, undefined]);
  });

  it('other keys and silence are what they are at every question', () => {
    expect(atComment().press('2').heard).toEqual(['E3', 'C1']);
    expect(atComment().silence().heard).toEqual(['H1c', 'C1']);
    expect(atComment().press('#').heard).toEqual(['Q7a']);
  });

  it.each(['#', '1', 'silence'] as const)('that %s ends is kept, and thanked for', (endedBy) => {
    const call = recording();
    call.turn(message(endedBy));
    expect(call.heard).toEqual(['V2', 'Z1']);
    expect(call.effects).toEqual([{ kind: 'answer', item: 'C1', value: 1 }, kept]);
  });

  it('that the hang-up ends is kept', () => {
    const call = recording();
    call.turn(message('hang-up'));
    expect(call.effects).toContainEqual(kept);
    expect([call.ending, call.listen]).toEqual(['hung-up', null]);
  });

  it.each([
    ['7', 'L1', null],
    ['8', 'M1', 'person-wanted'],
    ['9', 'N1', 'opt-out'],
    ['*', 'V1', null],
  ] as const)('that %s ends is kept, and the key does what it does everywhere', (key, heard, effect) => {
    const call = recording();
    call.turn(message(key));
    expect(call.heard).toEqual([heard]);
    expect(call.effects).toContainEqual(kept);
    expect(call.effects.length).toBe(effect === null ? 2 : 3);
    expect(call.effects.at(-1)?.kind).toBe(effect ?? 'voice-message');
    expect(call.record !== undefined).toBe(key === '*');
  });

  it('without a word is none: silence goes on, # goes back to the question', () => {
    for (const nothing of [{ kind: 'silence' } as const, message('silence', 0)]) {
      const call = recording();
      call.turn(nothing);
      expect([call.heard, call.effects]).toEqual([['H3', 'Z1'], []]);
    }
    const back = recording();
    back.turn(message('#', 0));
    expect([back.heard, back.effects]).toEqual([['C1'], []]);
    const gone = recording();
    gone.turn(message('hang-up', 0));
    expect([gone.ending, gone.effects]).toEqual(['hung-up', []]);
  });

  it('after a 9 taken back by # may be left all the same', () => {
    const call = recording().press('9');
    call.turn({ kind: 'key', key: '#' }, 11);
    expect([call.heard, call.record !== undefined]).toEqual([['N1u', 'V1'], true]);
  });

  it('arriving where none was asked for is no message: only its key counts', () => {
    const call = new Call(rated, about);
    call.turn(message('9'));
    expect(call.effects).toEqual([{ kind: 'opt-out' }]);
  });
});

describe('what has changed since the frame', () => {
  it('a shop that has another manager by now is asked about the one of last month', () => {
    expect(new Call({}, { managerChanged: true }).heard).toEqual(['A1c']);
  });

  it.each<[Desk, string]>([
    ['open', 'M1'],
    ['tomorrow', 'M1t'],
    ['next-workday', 'M1n'],
  ])('8 promises what the desk can keep: %s', (desk, clip) => {
    expect(new Call({}, { desk }).press('8').heard).toEqual([clip]);
  });
});

describe('a call that was cut off', () => {
  it('goes on at the first open question, and says how many are left', () => {
    const call = new Call({ Q1: 4, Q2: 3 });
    expect(call.heard).toEqual(['R1']);
    const resumed = new Call({ Q1: 4, Q2: 3 }).turn({ kind: 'silence' });
    expect(resumed.reply.say).toEqual([{ clip: 'Q3' }]);
  });

  it('starts over when the overall rating is missing', () => {
    expect(new Call({ Q1: 0 }).heard).toEqual(['A1']);
    expect(new Call({ Q1: 0 }).silence().heard).toEqual(['Q1']);
  });
});

describe('a machine answers', () => {
  const detected = (who: Detected): Input => ({ kind: 'detected', who });
  const voice = (asksToWait = false): Input => ({ kind: 'voice', asksToWait });
  /** Wherever a call may stand when the verdict comes. */
  const moments: [string, () => Call][] = [
    ['in the greeting', () => new Call()],
    ['at the first question', atQ1],
    ['at a hint', () => atQ1().silence()],
    ['where it is asked for a last time', () => atQ1().silence(2)],
    ['in a call that goes on', () => new Call({ Q1: 4 })],
    ['at its next question', () => new Call({ Q1: 4 }).silence()],
  ];

  it.each(moments)('voicemail %s: told once who called, and no question', (_when, at) => {
    const call = at();
    const { reply } = call.turn(detected('voicemail'), 2);
    expect(call).toMatchObject({ heard: ['W1'], listen: null, ending: 'voicemail' });
    expect(reply.pauseSeconds).toBe(0);
    expect(call.silence().heard).toEqual([]);
    expect(call.effects).toEqual([]);
  });

  it.each(moments)('one that has our message already is hung up on %s', (_when, at) => {
    const call = at();
    const told = new Call({}, { messageLeft: true });
    told.conversation = call.conversation;
    told.turn(detected('voicemail'));
    expect(told).toMatchObject({ heard: [], listen: null, ending: 'voicemail' });
  });

  it.each(moments)('fax %s: nothing is said', (_when, at) => {
    const call = at();
    call.turn(detected('fax'), 2);
    expect(call).toMatchObject({ heard: [], listen: null, ending: 'fax' });
  });

  it.each(moments)('assistant %s: told at once who we are, and waited for', (_when, at) => {
    const call = at();
    const { reply } = call.turn(detected('assistant'), 2);
    expect(reply).toEqual({ pauseSeconds: 0, say: [{ clip: 'S0' }], listenSeconds: 12, hearsVoice: true });
    expect(call.silence()).toMatchObject({ heard: [], listen: null, ending: 'screened' });
  });

  const assistant = (call = new Call()) => {
    call.turn(detected('assistant'), 5);
    return call;
  };

  it('whose owner speaks, or presses a key, is asked the first question without the greeting', () => {
    for (const input of [voice(), ...['1', '5', '0', '6', '#'].map((key) => ({ kind: 'key', key }) as Input)]) {
      const call = assistant();
      const { reply } = call.turn(input);
      expect(reply).toMatchObject({ say: [{ clip: 'Q1' }], listenSeconds: 12 });
      expect(reply.hearsVoice).toBeUndefined();
      expect(call.effects, 'a key that takes the call is no rating').toEqual([]);
    }
    expect(assistant(new Call({ Q1: 4 })).turn(voice()).reply.say).toEqual([{ clip: 'Q2' }]);
  });

  it('whose owner takes the call has heard no scale yet: a key before 5 was named is dropped', () => {
    const call = assistant();
    call.turn(voice());
    call.turn({ kind: 'key', key: '1' }, 3);
    expect(call).toMatchObject({ heard: ['Q1'], answers: {} });
    expect(call.press('4').answers).toEqual({ Q1: 4 });
  });

  it('whose owner wants no call has every way out', () => {
    expect(assistant().press('9')).toMatchObject({ heard: ['N1'], effects: [{ kind: 'opt-out' }] });
    expect(assistant().press('7').heard).toEqual(['L1']);
    expect(assistant().press('8').heard).toEqual(['M1']);
    expect(assistant().press('*').heard).toEqual(['S0']);
  });

  it('that asks us to wait is waited for twice, without a word; it is nobody to be asked', () => {
    const call = assistant();
    for (let waits = 0; waits < 2; waits++) {
      const { reply } = call.turn(voice(true), 8);
      expect(reply).toEqual({ pauseSeconds: 0, say: [], listenSeconds: 12, hearsVoice: true });
    }
    expect(call.turn(voice(), 8).reply.say).toEqual([{ clip: 'Q1' }]);
    const patient = assistant();
    for (let waits = 0; waits < 3; waits++) patient.turn(voice(true), 8);
    expect(patient).toMatchObject({ heard: [], ending: 'screened' });
  });

  it('a person is what nobody could tell, and a key proves him: no verdict stops his call', () => {
    for (const who of ['person', 'voicemail', 'assistant', 'fax'] as const) {
      for (const key of ['5', '6', '*', '#']) {
        const call = atQ1().press(key);
        expect(isStoppedBy(call.conversation, who)).toBe(false);
        const place = call.conversation?.place;
        call.turn(detected(who));
        expect(call.conversation?.place).toEqual(place);
      }
      expect(isStoppedBy(assistant().conversation, who)).toBe(false);
      expect(isStoppedBy(new Call().hangUp().conversation, who)).toBe(false);
    }
    expect(isStoppedBy(null, 'person')).toBe(false);
    expect(isStoppedBy(new Call().conversation, 'person')).toBe(false);
  });

  it('and the verdict is here before the call is: that is how it begins', () => {
    const setting = { questionnaire, language: 'zh-CN' as const, now: new Date('2026-12-01T01:30:00Z'), rotation: 7 };
    const begin = (who: Detected) =>
      decide({ conversation: null, answers: {} }, detected(who), {
        ...{ ...setting, managerChanged: false, desk: 'open' as const },
      }).reply.say.map(({ clip }) => clip);
    expect([begin('voicemail'), begin('assistant'), begin('fax'), begin('person')]).toEqual([
      ['W1'],
      ['S0'],
      [],
      ['A1'],
    ]);
  });
});

describe('whatever is pressed', () => {
  const input: fc.Arbitrary<Input> = fc.oneof(
    { weight: 8, arbitrary: fc.constantFrom(...keys).map((key) => ({ kind: 'key' as const, key })) },
    { weight: 3, arbitrary: fc.constant({ kind: 'silence' as const }) },
    { weight: 1, arbitrary: fc.boolean().map((asksToWait) => ({ kind: 'voice' as const, asksToWait })) },
    {
      weight: 1,
      arbitrary: fc
        .constantFrom<Detected>('person', 'voicemail', 'assistant', 'fax')
        .map((who) => ({ kind: 'detected' as const, who })),
    },
  );
  const heard = input.filter(({ kind }) => kind !== 'detected');
  const steps = fc.array(fc.record({ input, after: fc.double({ min: 0.1, max: 40, noNaN: true }) }), { maxLength: 80 });

  it('a rating is stored only from 1–5 at its own question, and only once its scale was named', () => {
    fc.assert(
      fc.property(steps, (some) => {
        const call = new Call();
        for (const { input: given, after } of some) {
          const place = call.conversation?.place;
          const known = call.effects.length;
          call.turn(given, after);
          for (const effect of call.effects.slice(known)) {
            if (effect.kind !== 'answer') continue;
            expect(place?.is).toBe('question');
            const item = place?.is === 'question' ? spokenItems(questionnaire, 7)[place.item] : undefined;
            expect(effect.item).toBe(item?.id);
            expect(given).toEqual({ kind: 'key', key: String(effect.value) });
            expect(effect.value).toBeLessThanOrEqual(item?.kind === 'rating' ? 5 : 2);
          }
        }
      }),
    );
  });

  it('no message is kept that was not announced the turn before, and none is kept twice', () => {
    const message = fc.record({
      ...{ kind: fc.constant('recorded' as const), id: fc.uuid(), seconds: fc.integer({ min: 0, max: 60 }) },
      endedBy: fc.constantFrom<RecordingEnd>(...keys, 'silence', 'hang-up'),
    });
    // A message needs its 1 and the announcement right before it, which chance alone seldom brings together.
    const agreed = fc.constant<Input>({ kind: 'key', key: '1' });
    const given = fc.oneof(
      ...[
        { weight: 3, arbitrary: input },
        { weight: 2, arbitrary: agreed },
        { weight: 2, arbitrary: message },
      ],
    );
    let messages = 0;
    fc.assert(
      fc.property(fc.array(given, { maxLength: 40 }), (some) => {
        // All that is left to ask is the comment, so that most calls come to it.
        const call = new Call({ Q1: 4, Q2: 3, Q3: 5, Q4: 4, Q5: 0, Q6: 2, Q7a: 1 }, { questionnaire: withMessages });
        for (const one of some) {
          const [announced, known] = [call.heard.includes('V1') && call.record !== undefined, call.effects.length];
          call.turn(one, 6);
          const kept = call.effects.slice(known).filter(({ kind }) => kind === 'voice-message');
          const said = one.kind === 'recorded' && one.seconds > 0 && announced;
          expect(kept).toEqual(said ? [{ kind: 'voice-message', id: one.id, seconds: one.seconds }] : []);
          messages += kept.length;
        }
      }),
    );
    expect(messages).toBeGreaterThan(0);
  });

  it('every sequence of inputs ends, at the latest at the hard limit', () => {
    fc.assert(
      fc.property(fc.infiniteStream(input), fc.double({ min: 0.5, max: 30, noNaN: true }), (stream, pace) => {
        const call = new Call();
        let turns = 0;
        for (const given of stream) {
          if (call.ending !== null) break;
          call.turn(given, pace);
          expect(++turns).toBeLessThanOrEqual(Math.ceil(240 / pace) + 1);
        }
        expect(call.listen).toBeNull();
      }),
    );
  });

  it('once over, nothing more is recorded', () => {
    fc.assert(
      fc.property(steps, steps, (before, after) => {
        const call = new Call();
        for (const step of before) call.turn(step.input, step.after);
        call.hangUp();
        const recorded = call.effects.length;
        const ending = call.ending;
        for (const step of after) call.turn(step.input, step.after);
        expect(call.effects.length).toBe(recorded);
        expect(call.ending).toBe(ending);
      }),
    );
  });

  it('9 stops for good unless # follows within the four seconds of N1', () => {
    fc.assert(
      fc.property(steps, heard, fc.double({ min: 1, max: 40, noNaN: true }), (before, next, after) => {
        const call = new Call();
        for (const step of before) call.turn(step.input, step.after);
        if (call.ending !== null || call.conversation?.place.is === 'stopping') return;
        call.turn({ kind: 'key', key: '9' }, 2);
        if (call.ending !== null) return;
        call.turn(next, after);
        const undone = call.effects.at(-1)?.kind === 'opt-out-undone';
        // 0.6 s pause, 7.8 s of words, 4 s to think, 1 s on the line.
        expect(undone).toBe(next.kind === 'key' && next.key === '#' && after <= 13.4);
        if (!undone) expect(call.ending).toMatch(/opted-out|time-out/);
      }),
    );
  });

  it('the same turn decided again is the same decision', () => {
    fc.assert(
      fc.property(steps, input, (before, next) => {
        const call = new Call();
        for (const step of before) call.turn(step.input, step.after);
        const about = { rotation: 7, managerChanged: false, desk: 'open' as const };
        const setting = { questionnaire, language: 'zh-CN' as const, now: new Date('2026-12-01T01:33:00Z'), ...about };
        const interview = { conversation: call.conversation, answers: call.answers };
        const frozen = JSON.stringify(interview);
        expect(decide(interview, next, setting)).toEqual(decide(interview, next, setting));
        expect(JSON.stringify(interview)).toBe(frozen);
      }),
    );
  });
});

describe('read out by a person', () => {
  const byPerson = { byPerson: true, questionnaire: withMessages };
  const asked = () => {
    const call = new Call({}, byPerson);
    call.turn({ kind: 'silence' }, 0);
    return call;
  };

  it('nothing is a slip, an echo, too late or read back', () => {
    const call = asked();
    for (const key of ['4', '4', '0', '5'] as const) call.turn({ kind: 'key', key }, 0);
    expect(call.heard).toEqual(['Q5']);
    call.turn({ kind: 'key', key: '3' }, 600);
    expect(call.heard).toEqual(['Q6']);
    expect(call.answers).toEqual({ Q1: 4, Q2: 4, Q3: 0, Q4: 5, Q5: 3 });
  });

  it('silence leaves a question unanswered, but not the rating; a wrong key is no fault', () => {
    const call = asked().silence();
    expect(call.heard).toEqual(['Q1']);
    call.press('3').silence();
    expect(call.heard).toEqual(['Q3']);
    for (let times = 0; times < 5; times++) call.press('6');
    expect([call.heard, call.ending]).toEqual([['Q3'], null]);
  });

  it('nobody else is to call, and 8 at the end is a wish that may be without the name', () => {
    expect(asked().press('8').heard).toEqual(['Q1']);
    const known = { Q1: 4, Q2: 3, Q3: 5, Q4: 4, Q5: 0, Q6: 2, Q7a: 1, C1: 0 };
    const wish = (key: string) => {
      const call = new Call(known, byPerson);
      call.turn({ kind: 'silence' });
      return call.press(key).effects;
    };
    expect(wish('8')).toEqual([{ kind: 'follow-up-wanted' }]);
    expect(wish('0')).toEqual([{ kind: 'follow-up-wanted', unnamed: true }]);
  });

  it('a comment is written down, once, and never recorded', () => {
    const call = new Call({ Q1: 4, Q2: 3, Q3: 5, Q4: 4, Q5: 0, Q6: 2, Q7a: 1 }, byPerson);
    call.turn({ kind: 'silence' });
    call.press('1');
    expect([call.heard, call.record]).toEqual([['C1'], undefined]);
    call.turn({ kind: 'words', text: '  ' });
    expect(call.heard).toEqual(['C1']);
    call.turn({ kind: 'words', text: ' 送货晚了 ' });
    expect(call.effects).toEqual([
      { kind: 'answer', item: 'C1', value: 1 },
      { kind: 'comment', text: '送货晚了' },
    ]);
    call.turn({ kind: 'words', text: '再说一遍' });
    expect([call.heard, call.effects.length]).toEqual([['Z1'], 2]);
  });
});
