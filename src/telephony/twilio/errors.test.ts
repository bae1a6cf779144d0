import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { type Meaning, meaningOf, resultOf, troubleOf } from './errors.ts';

/** Twilio's error codes by what they mean for the shop, as laid down before the first call. */
const codes: Readonly<Record<Meaning, readonly number[]>> = {
  number: [21201, 21211, 21214, 21217, 21401, 21614, 30005, 30006, 13223, 13224, 32101],
  'opted-out': [21610],
  settings: [
    ...[20003, 20005, 21203, 21210, 21212, 21215, 21216, 21219, 21408, 21606, 21608],
    ...[13225, 13227, 32205, 30002, 30007],
  ],
  later: [20429, 20500, 20503, 21611, 30001, 30003, 30008, 30017, 30410, 32001],
  ours: [11200, 11205, 12100, 12200, 12300],
};

const results: Readonly<Record<Meaning, ReturnType<typeof resultOf>>> = {
  number: 'bad-number',
  'opted-out': 'blocked',
  settings: 'technical',
  later: 'technical',
  ours: 'technical',
};

describe.each(Object.entries(codes) as [Meaning, readonly number[]][])('codes of meaning %s', (meaning, list) => {
  test.each(list)('%i', (code) => {
    expect(meaningOf(code)).toBe(meaning);
    expect(resultOf(code)).toBe(results[meaning]);
  });
});

test('the administrator’s table says the same of every code, and of no other', () => {
  const page = readFileSync(new URL('../../../docs/twilio.md', import.meta.url), 'utf8');
  const rows = [...page.matchAll(/^\| (\d{5}) \| (\S+) \| .+ \|$/gm)].map(([, code, meaning]) => [
    Number(code),
    meaning,
  ]);
  expect(rows).toEqual(Object.entries(codes).flatMap(([meaning, list]) => list.map((code) => [code, meaning])));
});

test('a code nobody has listed, or none at all, is trouble that may pass, and nothing against the number', () => {
  for (const code of [null, 0, 99_999, 20404]) {
    expect(meaningOf(code)).toBe('later');
    expect(resultOf(code)).toBe('technical');
  }
});

test('what every other request would meet too is told from what concerns the one number', () => {
  for (const code of codes.settings) expect(troubleOf(code)).toBe('settings');
  for (const code of [null, 20429, 20500, 20503, 21611, 30001]) expect(troubleOf(code)).toBe('busy');
  for (const code of [...codes.number, ...codes['opted-out'], ...codes.ours, 30003, 30008, 32001, 99_999])
    expect(troubleOf(code)).toBeUndefined();
});
