import { describe, expect, test } from 'vitest';
import type { Key } from '../../survey/interview/conversation.ts';
import { type Deaf, hear, type Keypad, restingKeypad, settled, type Tone } from './keypad.ts';

const never: Deaf = { all: 0, answers: 0 };
const tone = (key: Key, at: number, milliseconds: number | null = 100): Tone => ({ key, at, milliseconds });
const after = (tones: readonly Tone[], deaf: Deaf = never, from: Keypad = restingKeypad): Keypad =>
  tones.reduce((keypad, each) => hear(keypad, each, deaf), from);
const keyOf = (tones: readonly Tone[], deaf: Deaf = never, from?: Keypad): Key | null =>
  settled(after(tones, deaf, from))?.key ?? null;

test('one tone is one key', () => expect(keyOf([tone('5', 10_000)])).toBe('5'));

describe('a tone', () => {
  test('shorter than 60 ms is noise', () => {
    expect(keyOf([tone('5', 10_000, 59)])).toBeNull();
    expect(keyOf([tone('5', 10_000, 60)])).toBe('5');
  });
  test('of which the line does not say how long it was counts', () =>
    expect(keyOf([tone('5', 10_000, null)])).toBe('5'));
});

describe('two tones within 0.8 s', () => {
  test('of one key are one press', () => expect(keyOf([tone('5', 0), tone('5', 799)])).toBe('5'));
  test('of two keys are none that can be told', () => expect(keyOf([tone('5', 0), tone('1', 799)])).toBe('6'));
  test('are one press where the second is noise', () => expect(keyOf([tone('5', 0), tone('1', 300, 40)])).toBe('5'));
  test('stay spoilt, whatever comes after them', () =>
    expect(keyOf([tone('5', 0), tone('1', 300), tone('5', 500)])).toBe('6'));
});

test('a second key 0.8 s later does not spoil the first', () => {
  expect(keyOf([tone('5', 0), tone('1', 800)])).toBe('5');
});

describe('at the next question', () => {
  const answered = settled(after([tone('5', 10_000)]))?.keypad;
  test('the same key within 0.8 s of the last is its echo', () => {
    expect(keyOf([tone('5', 10_799)], never, answered)).toBeNull();
    expect(keyOf([tone('5', 10_800)], never, answered)).toBe('5');
  });
  test('another key within 0.8 s is a key', () => expect(keyOf([tone('4', 10_700)], never, answered)).toBe('4'));
  test('nothing is left over of the last', () => expect(answered && settled(answered)).toBeNull());
});

describe('before its time', () => {
  const deaf: Deaf = { all: 1000, answers: 9000 };
  test('no key counts in the first second', () => {
    expect(keyOf([tone('9', 999)], deaf)).toBeNull();
    expect(keyOf([tone('9', 1000)], deaf)).toBe('9');
  });
  test.each(['0', '1', '2', '3', '4', '5', '6', '#'] as const)(
    '%s is dropped until the scale has been named',
    (key) => {
      expect(keyOf([tone(key, 8999)], deaf)).toBeNull();
      expect(keyOf([tone(key, 9000)], deaf)).toBe(key);
    },
  );
  test.each(['7', '8', '9', '*'] as const)('%s works', (key) => expect(keyOf([tone(key, 1000)], deaf)).toBe(key));
  test('what was dropped spoils nothing', () => expect(keyOf([tone('1', 8900), tone('5', 9100)], deaf)).toBe('5'));
});
