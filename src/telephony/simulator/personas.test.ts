import { describe, expect, it } from 'vitest';
import { managerIn, understand, understandText } from './asked.ts';
import type { Heard, Reaction } from './person.ts';
import {
  decideKey,
  decideReply,
  decideRing,
  decideRingBack,
  HABITS,
  isLandline,
  type Kind,
  machineOf,
  opinion,
  personaOf,
  retailers,
} from './personas.ts';
import { type Outcome, reach, SCRIPT, score } from './protocol.fixture.ts';
import { saidAt, speak } from './speech.ts';

const SEED = 'huifang';
const MANAGERS = [...'王李张刘陈杨赵黄'].flatMap((surname) =>
  ['建国', '秀英', '伟', '洋', '静'].map((given) => surname + given),
);

/** Every tenth shop has a landline only. */
const phoneOf = (n: number) => (n % 10 === 9 ? `+86791${88_000_000 + n}` : `+86138${10_000_000 + n * 37}`);
const managerOf = (phone: string) => MANAGERS[Math.floor(Number(phone.slice(-7)) / 370) % MANAGERS.length] ?? '';
const phones = (count: number) => Array.from({ length: count }, (_, n) => phoneOf(n));

/** The first numbers of a kind. */
function some(kind: Kind, count: number): string[] {
  return phones(30_000)
    .filter((phone) => personaOf(SEED, phone).kind === kind)
    .slice(0, count);
}

const { questions } = SCRIPT;
const A1 = SCRIPT.introduction('王建国');

function hears(phone: string, words: string, before: readonly string[] = [A1], calls = 1): Reaction {
  const heard: Heard = { now: speak(words), before: before.map((one) => speak(one).words), name: '王建国' };
  return decideKey(personaOf(SEED, phone), heard, { calls, texts: 0 });
}

function keys(reaction: Reaction): string {
  return reaction.does === 'press' ? reaction.presses.map(({ key }) => key).join('') : reaction.does;
}

const reads = (phone: string, words: string, before: readonly string[] = []) =>
  decideReply(
    personaOf(SEED, phone),
    { now: speak(words).words, before: before.map((one) => speak(one).words), name: '王建国' },
    { calls: 3, texts: 2 },
  );

describe('what words ask', () => {
  it.each([
    ['A1', A1, { asks: 'menu', keys: ['7', '9'] }],
    ['R1', SCRIPT.resumed, { asks: 'menu', keys: ['7', '9'] }],
    ['Q1', questions.overall, { asks: 'rating', topic: 'overall', zero: false }],
    ['Q2', questions.fit, { asks: 'rating', topic: 'fit', zero: true }],
    ['Q3', questions.policy, { asks: 'rating', topic: 'policy', zero: false }],
    ['Q4', questions.ideas, { asks: 'rating', topic: 'ideas', zero: false }],
    ['Q5', questions.solves, { asks: 'rating', topic: 'solves', zero: true }],
    ['Q6', questions.pushed, { asks: 'yes-no', topic: 'pushed', zero: true }],
    ['Q7a', questions.visited, { asks: 'yes-no', topic: 'visited', zero: false }],
    ['Q7b', questions.coached, { asks: 'yes-no', topic: 'coached', zero: false }],
    ['Z1', SCRIPT.thanks, { asks: 'farewell', callback: true }],
    ['H1 alone, after Q4', SCRIPT.silence, { asks: 'rating', topic: 'ideas' }],
    ['E1 and Q3', SCRIPT.wrongKey + questions.policy, { asks: 'rating', topic: 'policy' }],
    ['H1b alone', SCRIPT.silenceYesNo, { asks: 'yes-no', topic: 'ideas' }],
    ['H2', SCRIPT.secondSilence, { asks: 'help' }],
    ['L1', SCRIPT.later, { asks: 'daypart' }],
    ['N1', SCRIPT.stopped, { asks: 'menu', keys: ['#'] }],
    ['Q1r', SCRIPT.readBack('4'), { asks: 'nothing' }],
    ['Q1r and Q2', SCRIPT.readBack('4') + questions.fit, { asks: 'rating', topic: 'fit' }],
    [
      'another trade',
      'Thank you for calling. Press 1 for sales, press 2 for support.',
      { asks: 'menu', keys: ['1', '2'] },
    ],
    ['an order to press', '还是请打一个整体的分,1到5。', { asks: 'rating', topic: 'overall' }],
  ])('%s', (_id, words, asked) => {
    expect(understand(speak(words).words, [questions.ideas]).asked).toMatchObject(asked);
  });

  it('the score read back is heard', () => {
    expect(understand(speak(SCRIPT.readBack('4') + questions.fit).words, []).readBack).toBe(4);
  });

  it('of a text, only what wants an answer gets one', () => {
    const { text } = SCRIPT;
    const wants = (words: string) => understandText(speak(words).words, [questions.overall])?.asked ?? null;
    for (const words of [SCRIPT.missed, text.announcement, text.thanks, text.refused]) expect(wants(words)).toBeNull();
    expect(wants(text.overall('王建国'))).toMatchObject({ asks: 'rating', topic: 'overall' });
    expect(wants(text.reminder('王建国'))).toMatchObject({ asks: 'rating', topic: 'overall' });
    expect(wants(text.pushed('5'))).toMatchObject({ asks: 'yes-no', topic: 'pushed' });
    expect(wants(text.coached)).toMatchObject({ asks: 'yes-no', topic: 'coached' });
    expect(wants(text.unclear)).toMatchObject({ asks: 'rating', topic: 'overall' });
    expect(wants(text.unclearYesNo)).toMatchObject({ asks: 'yes-no' });
    expect(wants(text.who)).toMatchObject({ asks: 'rating', topic: 'overall' });
  });

  it("the manager's name is picked up by ear and by eye, and only there", () => {
    expect(managerIn(A1)).toBe('王建国');
    expect(managerIn(SCRIPT.text.overall('买买提·艾合买提'))).toBe('买买提·艾合买提');
    expect(managerIn(SCRIPT.text.reminder('王建国'))).toBe('王建国');
    for (const words of [SCRIPT.resumed, SCRIPT.text.who, SCRIPT.text.announcement, questions.overall]) {
      expect(managerIn(words)).toBeNull();
    }
  });
});

describe('who sits behind the numbers', () => {
  it('weights are per thousand, and 20,000 numbers keep to them', () => {
    const weights = Object.entries(HABITS).map(([kind, { weight }]) => [kind, weight] as const);
    expect(weights.reduce((sum, [, weight]) => sum + weight, 0)).toBe(1000);
    const found = new Map<string, number>();
    for (const phone of phones(20_000)) {
      const { kind } = personaOf(SEED, phone);
      found.set(kind, (found.get(kind) ?? 0) + 1);
    }
    for (const [kind, weight] of weights) {
      const share = weight / 1000;
      const deviation = Math.sqrt((share * (1 - share)) / 20_000);
      expect(Math.abs((found.get(kind) ?? 0) / 20_000 - share), kind).toBeLessThanOrEqual(4 * deviation);
    }
  });

  it('the same number is somebody else under another seed', () => {
    const same = phones(1000).filter((phone) => personaOf('a', phone).kind === personaOf('b', phone).kind);
    expect(same.length).toBeLessThan(300);
  });

  it('landlines are told by their number', () => {
    expect(['+8679188000000', '+861088000000', '+8613800000000', '+14155550100'].map(isLandline)).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });
});

describe('four calls on three days and one text thread', () => {
  const numbers = phones(6_000);
  const round = (list: readonly string[]) => {
    const behind = retailers(SEED);
    return new Map(list.map((phone) => [phone, reach(behind(phone), managerOf(phone))] as const));
  };
  const outcomes = round(numbers);
  const share = (fits: (outcome: Outcome) => boolean) => [...outcomes.values()].filter(fits).length / numbers.length;

  it('about 60 % give the overall rating, some of them in writing; about 4 % are dead and 4 % refuse for good', () => {
    expect(share(({ by }) => by !== null)).toBeGreaterThan(0.57);
    expect(share(({ by }) => by !== null)).toBeLessThan(0.64);
    expect(share(({ by }) => by === 'text')).toBeGreaterThan(0.06);
    expect(Math.abs(share(({ contacts }) => contacts[0] === 'not-exist') - 0.04)).toBeLessThan(0.01);
    expect(Math.abs(share(({ refused }) => refused) - 0.04)).toBeLessThan(0.01);
  });

  it('every way a call can end is found', () => {
    const ways = new Set([...outcomes.values()].flatMap(({ contacts }) => contacts));
    for (const way of [
      'complete',
      'complete, wants a call',
      'hung up early',
      'hung up midway',
      'refused for good',
      'silent',
      'wants a person',
      'later 1',
      'later 2',
      'later 3',
      'busy',
      'ring-out',
      'not-exist',
      'scored',
      'no reply',
      'undelivered',
    ]) {
      expect(ways, way).toContain(way);
    }
  });

  it('most are satisfied, shops and managers differ', () => {
    const scores = [...outcomes].flatMap(([phone, { answers }]) => {
      const given = answers.get('overall');
      return given ? [[managerOf(phone), Number(given)] as const] : [];
    });
    const mean = (list: readonly number[]) => list.reduce((sum, one) => sum + one, 0) / list.length;
    const overall = mean(scores.map(([, given]) => given));
    expect(overall).toBeGreaterThan(3.9);
    expect(overall).toBeLessThan(4.2);
    const managers = MANAGERS.map((name) =>
      mean(scores.filter(([manager]) => manager === name).map(([, given]) => given)),
    );
    expect(Math.max(...managers) - Math.min(...managers)).toBeGreaterThan(0.4);
    for (const value of [1, 2, 3, 4, 5]) expect(scores.some(([, given]) => given === value)).toBe(true);
  });

  it('the rating that stands is the one he holds, however he was reached', () => {
    for (const [phone, { answers }] of outcomes) {
      const given = answers.get('overall');
      if (given) expect(given).toBe(String(opinion(personaOf(SEED, phone), 'overall', managerOf(phone))));
    }
  });

  it('nothing changes when the numbers are called in another order', () => {
    expect(new Map([...round([...numbers].reverse())].reverse())).toEqual(outcomes);
  });
});

describe('on the keypad', () => {
  it('nobody but the impatient rates before the scale was named, and answers come within the time to answer', () => {
    for (const phone of phones(4_000)) {
      const { kind } = personaOf(SEED, phone);
      const now = speak(questions.overall);
      const reaction = hears(phone, questions.overall);
      if (reaction.does !== 'press') continue;
      for (const { key, at } of reaction.presses) {
        if (/[1-5]/.test(key) && kind !== 'impatient') expect(at).toBeGreaterThan(saidAt(now, /5分/) ?? 0);
        expect(at).toBeLessThan(now.seconds + 8);
      }
    }
  });

  it('some interrupt, most wait for the end', () => {
    const moments = some('ordinary', 400).flatMap((phone) => {
      const reaction = hears(phone, questions.policy);
      return reaction.does === 'press' ? reaction.presses.map(({ at }) => at - speak(questions.policy).seconds) : [];
    });
    const early = moments.filter((moment) => moment < 0).length / moments.length;
    expect(moments).toHaveLength(400);
    expect(early).toBeGreaterThan(0.15);
    expect(early).toBeLessThan(0.35);
  });

  it('a rating is the same with and without help before it, and in writing', () => {
    for (const phone of some('content', 50)) {
      const plain = keys(hears(phone, questions.overall));
      expect(keys(hears(phone, SCRIPT.silence + questions.overall, [A1, questions.overall]))).toBe(plain);
      const asked = SCRIPT.text.overall('王建国');
      const reply = reads(phone, asked);
      if (reply && score(reply.body)) expect(score(reply.body)).toBe(plain);
      expect(reads(phone, SCRIPT.text.unclear, [asked])?.body ?? plain).toBe(plain);
    }
  });

  it('0 is pressed only where it was offered', () => {
    const given = (words: string) => some('ordinary', 300).map((phone) => keys(hears(phone, words)));
    expect(given(questions.solves)).toContain('0');
    expect(given(questions.pushed)).toEqual(expect.arrayContaining(['0', '1', '2']));
    expect(given(questions.policy)).not.toContain('0');
    expect(given(questions.visited)).not.toContain('0');
  });

  it('the refuser presses 9 as soon as he may and does not take it back', () => {
    for (const phone of some('refuses', 20)) {
      const reaction = hears(phone, A1, []);
      expect(keys(reaction)).toBe('9');
      if (reaction.does === 'press') expect(reaction.presses[0]?.at).toBeLessThan(speak(A1).seconds + 1);
      expect(keys(hears(phone, SCRIPT.stopped))).toBe('hang-up');
    }
  });

  it('who is busy presses 7 and names a time of day; on the next call he answers', () => {
    const [phone = ''] = some('asks-later', 1);
    expect(keys(hears(phone, A1, []))).toBe('7');
    expect(keys(hears(phone, SCRIPT.later))).toMatch(/^[123]$/);
    expect(keys(hears(phone, questions.overall, [A1], 2))).toMatch(/^[1-5]$/);
  });

  it('who wants a person is silent until 8 is offered', () => {
    const [phone = ''] = some('asks-for-person', 1);
    expect(keys(hears(phone, questions.overall))).toBe('nothing');
    expect(keys(hears(phone, SCRIPT.secondSilence))).toBe('8');
  });

  it('a thumb that slipped is seen in the read-back, and set right', () => {
    const [phone = ''] = some('corrects-himself', 1);
    const meant = String(opinion(personaOf(SEED, phone), 'overall', '王建国'));
    const slip = keys(hears(phone, questions.overall));
    expect(slip).not.toBe(meant);
    const before = [A1, questions.overall];
    expect(keys(hears(phone, SCRIPT.readBack(slip), before))).toBe('#');
    expect(keys(hears(phone, questions.overall, [...before, SCRIPT.readBack(slip)]))).toBe(meant);
    expect(keys(hears(phone, SCRIPT.readBack(meant), before))).toBe('nothing');
  });

  it('nonsense comes first and a right key after it', () => {
    const [phone = ''] = some('presses-nonsense', 1);
    const q = questions.overall;
    const first = some('presses-nonsense', 40).map((one) => keys(hears(one, q)));
    expect(new Set(first)).toEqual(new Set(['6', '66']));
    expect(keys(hears(phone, SCRIPT.wrongKey + q, [A1, q]))).toBe('*');
    expect(keys(hears(phone, q, [A1, q, SCRIPT.wrongKey + q]))).toMatch(/^[1-5]$/);
  });

  it('some press * once, some let one question pass, the impatient one answers the introduction', () => {
    const all = Object.values(questions);
    for (const [kind, what] of [
      ['hears-again', '*'],
      ['slow', 'nothing'],
    ] as const) {
      for (const phone of some(kind, 10)) {
        const given = all.map((words, place) => keys(hears(phone, words, [A1, ...all.slice(0, place)])));
        expect(
          given.filter((key) => key === what),
          kind,
        ).toHaveLength(1);
      }
    }
    const [phone = ''] = some('impatient', 1);
    expect(keys(hears(phone, A1, []))).toMatch(/^[1-5]$/);
    expect(keys(hears(phone, questions.overall, [A1, questions.overall]))).toMatch(/^[1-5]$/);
  });

  it('as many ring back a missed call as the table says, in two minutes to an hour and forty', () => {
    const personas = some('ordinary', 2000).map((phone) => personaOf(SEED, phone));
    const delaysAt = (share: number) => personas.map((one) => decideRingBack(one, { calls: 1, texts: 0 }, share));
    const delays = delaysAt(1).filter((one) => one !== null);
    expect(delays.length / personas.length).toBeCloseTo(HABITS.ordinary.ringsBack ?? 0, 1.5);
    expect(delays.length).toBeGreaterThan(0);
    for (const seconds of delays) expect(seconds >= 120 && seconds <= 6000).toBe(true);
    expect(delaysAt(1)).toEqual(delaysAt(1));
    expect(delaysAt(0).every((one) => one === null)).toBe(true);
    const half = delaysAt(0.5).filter((one) => one !== null).length / delays.length;
    expect(half > 0.3 && half < 0.7).toBe(true);
    const [machine = ''] = some('voicemail', 1);
    expect(decideRingBack(personaOf(SEED, machine), { calls: 1, texts: 0 }, 1)).toBeNull();
  });

  it('a machine picks up late and says nothing', () => {
    const phone = some('voicemail', 20).find((one) => machineOf(personaOf(SEED, one)) === 'mailbox') ?? '';
    const ring = decideRing(personaOf(SEED, phone), { calls: 1, texts: 0 });
    expect(ring.does === 'answer' && ring.after).toBeGreaterThanOrEqual(18);
    for (const words of [A1, ...Object.values(questions)]) expect(keys(hears(phone, words))).toBe('nothing');
  });

  it("another trade's menu is answered with one of its keys", () => {
    expect(keys(hears(some('ordinary', 1)[0] ?? '', 'Press 1 for sales, press 2 for support.', []))).toMatch(/^[12]$/);
  });
});

describe('in writing', () => {
  it('replies take the forms people type', () => {
    const forms = new Set(
      [...some('texts-only', 400), ...some('content', 800)].flatMap(
        (phone) => reads(phone, SCRIPT.text.overall('王建国'))?.body ?? [],
      ),
    );
    for (const one of ['5', '５', '五', '5分', '五分', '⑤', '给5分', '非常满意', '满意', '👍', '你是谁'])
      expect(forms).toContain(one);
    const facts = new Set(
      some('texts-only', 400).flatMap((phone) => reads(phone, SCRIPT.text.pushed('5'))?.body ?? []),
    );
    for (const one of ['1', '2', '有', '没有', '没']) expect(facts).toContain(one);
  });

  it('a reply comes after minutes to hours, and after seconds to minutes in the middle of a thread', () => {
    const delays = (words: string) => some('texts-only', 300).flatMap((phone) => reads(phone, words)?.after ?? []);
    const first = delays(SCRIPT.text.overall('王建国'));
    expect(Math.min(...first)).toBeGreaterThanOrEqual(60);
    expect(Math.max(...first)).toBeGreaterThan(2 * 3600);
    expect(Math.max(...first)).toBeLessThanOrEqual(4 * 3600);
    expect(Math.max(...delays(SCRIPT.text.pushed('5')))).toBeLessThanOrEqual(15 * 60);
  });

  it('the refuser refuses in writing too', () => {
    const replies = new Set(
      some('refuses', 60).flatMap((phone) => reads(phone, SCRIPT.text.overall('王建国'))?.body ?? []),
    );
    expect([...replies].sort()).toEqual(['R', 'r', '拒收', '退订']);
  });
});
