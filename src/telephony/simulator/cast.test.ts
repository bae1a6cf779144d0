import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { BadInput } from '../../platform/errors.ts';
import { mischiefOf, parseCast, peopleOf, readCast } from './cast.ts';
import type { Person } from './person.ts';
import { speak } from './speech.ts';

const first = { calls: 1, texts: 0 };
const example = () => readCast(fileURLToPath(new URL('./example-cast.yaml', import.meta.url)));
const personIn = (text: string, phone = '+8613800000001'): Person =>
  peopleOf(parseCast(text, 'cast'), 'test', 1)(phone);
const hear = (person: Person, words: string, before: readonly string[] = [], counts = first) =>
  person.hear({ now: speak(words), before, name: null }, counts);
const questions = [
  '第一题。请打分:5分,非常满意。',
  '第二题。政策,他讲得清不清楚?打几分?',
  '第三题。怎么把烟卖好,打几分?',
];

/** What is told of a file that cannot be used. */
function faultsOf(text: string): string[] {
  try {
    parseCast(text, 'cast.yaml');
  } catch (error) {
    if (error instanceof BadInput) return error.faults.map(({ where, message }) => `${where}: ${message}`);
  }
  return expect.fail('it was taken');
}

describe('a number with a script', () => {
  const person = () => peopleOf(example(), 'test', 1)('+8613800000001');

  it('answers after 6 s, presses 4 at the second question and hangs up in the third', () => {
    expect(person().ring(first)).toEqual({ does: 'answer', connect: 1, after: 6 });
    const [one = '', two = '', three = ''] = questions;
    const greeting = '您好,市烟草公司自动回访。忙,请按7;以后不接,请按9。';
    const second = speak(two).seconds;
    expect(hear(person(), two, [greeting, one])).toEqual({ does: 'press', presses: [{ key: '4', at: second + 1 }] });
    expect(hear(person(), three, [greeting, one, two])).toEqual({ does: 'hang-up', at: speak(three).seconds - 2 });
  });

  it('does at anything else what people of its kind do', () => {
    const [one = ''] = questions;
    expect(hear(person(), one)).toMatchObject({ does: 'press', presses: [{ key: expect.stringMatching(/[1-5]/) }] });
    expect(hear(personIn(`{ numbers: { '+8613800000001': { persona: silent } } }`), one)).toEqual({ does: 'nothing' });
  });

  it('has a scene for each call, and the last for all further ones', () => {
    const one = peopleOf(example(), 'test', 1)('+8613800000002');
    const rings = [1, 2, 3, 7].map((calls) => one.ring({ calls, texts: 0 }));
    expect(rings.map(({ does }) => does)).toEqual(['busy', 'refused', 'answer', 'answer']);
    const words = '第一题。只说他本人的服务。请打分:5分,非常满意。';
    const { seconds } = speak(words);
    const presses = [0, 0.5].map((late) => ({ key: '5', at: seconds - 3 + late }));
    expect(hear(one, words, [], { calls: 7, texts: 0 })).toEqual({ does: 'press', presses });
  });

  it('writes what it is told to, text by text, and rings back', () => {
    const one = peopleOf(example(), 'test', 1)('+8613800000003');
    const read = (before: readonly string[]) => one.read({ now: '请回1到5', before, name: null }, first);
    expect([read([]), read(['a']), read(['a', 'b']), read(['a', 'b', 'c'])]).toEqual([
      { body: '非常满意', after: 7200 },
      null,
      { body: '没有', after: 60 },
      null,
    ]);
    expect(one.ringsBack?.(first)).toBe(300);
  });

  it('has faults of its own, every time, and none of the others’', () => {
    const cast = parseCast(
      `{ faults: { throttled: 1, doubled: 1 }, numbers: { '+8613800000001': { faults: [end-lost] } } }`,
      'cast',
    );
    const { order, call } = mischiefOf(cast, 'test', {});
    expect([order('+8613800000001', 1), call('+8613800000001', 1), call('+8613800000001', 2)]).toEqual([
      ...[null, 'end-lost', 'end-lost'],
    ]);
    const once = parseCast(`{ numbers: { '+8613800000001': { faults: [throttled], faultyFor: 1 } } }`, 'cast');
    const { order: orderOnce } = mischiefOf(once, 'test', {});
    expect([orderOnce('+8613800000001', 1), orderOnce('+8613800000001', 2)]).toEqual(['throttled', null]);
    expect([order('+8613800000002', 1), call('+8613800000002', 1)]).toEqual(['throttled', 'doubled']);
  });
});

it('shares of people are those of the cast', () => {
  const people = peopleOf(parseCast('{ people: { dead-number: 1, silent: 3 } }', 'cast'), 'test', 1);
  const phones = Array.from({ length: 400 }, (_, n) => `+86138${String(n).padStart(8, '0')}`);
  const dead = phones.filter((phone) => people(phone).ring(first).does === 'not-exist').length;
  expect(dead).toBeGreaterThan(70);
  expect(dead).toBeLessThan(130);
  expect(phones.every((phone) => ['not-exist', 'answer'].includes(people(phone).ring(first).does))).toBe(true);
});

describe('a file that cannot be used', () => {
  it('is told with the line of every fault', () => {
    const faults = faultsOf(
      [
        'people: { contnet: 1, angry: -2 }',
        'faults: { doubled: 0.7, reversed: 0.7 }',
        'numbers:',
        "  '13800000001': { persona: content }",
        "  '+8613800000002':",
        '    calls:',
        "      - { rings: busy, does: [{ presses: '4' }] }",
        "      - { does: [{ question: 1, presses: 'x', hangsUp: true }] }",
        'colour: red',
      ].join('\n'),
    );
    const expected = [
      /line 1, people/,
      /line 1, people.angry/,
      /line 2, faults: must add up to 1 at most/,
      /line 4, numbers.13800000001/,
      /line 7, numbers.\+8613800000002.calls.0.does.0: must say exactly one of question, words/,
      /line 8, numbers.\+8613800000002.calls.1.does.0.presses: must be keys/,
      /line 9, colour: is not known here/,
    ];
    for (const one of expected) expect(faults).toContainEqual(expect.stringMatching(one));
  });

  it('is told where it is no YAML at all, or not there', () => {
    expect(faultsOf('people: { content: 1\nfaults: [')).toContainEqual(
      expect.stringMatching(/^cast.yaml, line [123]: /),
    );
    expect(() => readCast('/nowhere/cast.yaml')).toThrow(BadInput);
  });
});
