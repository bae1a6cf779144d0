import { expect, test } from 'vitest';
import { silentAt } from './silence.ts';

const timeZone = 'Asia/Shanghai';
const at = (local: string) => new Date(`2026-12-${local}+08:00`);
const unanswered = { timeZone, rated: false, reminded: false };

test.each([
  // The first ten o'clock that is a whole day later.
  ['01T10:00:00', '02T10:00:00'],
  ['01T09:30:00', '02T10:00:00'],
  ['01T10:02:00', '03T10:00:00'],
  ['01T19:59:59', '03T10:00:00'],
])('no rating by a text of %s: reminded at %s', (sent, reminded) => {
  expect(silentAt(at(sent), unanswered)).toEqual(at(reminded));
});

test('by the shop’s own clock', () => {
  const inUrumqi = silentAt(at('01T10:00:00'), { ...unanswered, timeZone: 'Asia/Urumqi' });
  expect(inUrumqi).toEqual(new Date('2026-12-02T10:00:00+06:00'));
});

test('reminded once, it has one day more', () => {
  expect(silentAt(at('03T10:00:00'), { ...unanswered, reminded: true })).toEqual(at('04T10:00:00'));
});

test('once rated, two hours of silence are a part', () => {
  expect(silentAt(at('01T10:31:00'), { ...unanswered, rated: true })).toEqual(at('01T12:31:00'));
  expect(silentAt(at('01T10:31:00'), { timeZone, rated: true, reminded: true })).toEqual(at('01T12:31:00'));
});
