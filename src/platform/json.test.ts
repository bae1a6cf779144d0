import { describe, expect, test } from 'vitest';
import { BadInput } from './errors.ts';
import { deepestJson, faultyLine, parseJson } from './json.ts';

const faults = (text: string): string[] => {
  try {
    parseJson(text, 'draft');
  } catch (error) {
    if (error instanceof BadInput) return error.faults.map(({ where, message }) => `${where} ${message}`);
    throw error;
  }
  return [];
};

describe('JSON that somebody wrote', () => {
  test.each(['[]', '"a"', '{"a": {"a": 1}, "b": [{"a": 1}, {"a": "a"}], "c": "{\\"a\\":1,\\"a\\":2}"}', '["a", "a"]'])(
    '%s is read as it stands',
    (text) => {
      expect(parseJson(text, '')).toEqual(JSON.parse(text));
    },
  );

  test('with a key twice in one object is refused, each with its line, however it is spelt', () => {
    expect(faults('{"a": 1,\n"b": {"c": [1, 2], "d": "x",\n"c": 2},\n"\\u0061": [3]}')).toEqual([
      'draft line 3: "c" 重复 · "c" is there a second time',
      'draft line 4: "\\u0061" 重复 · "\\u0061" is there a second time',
    ]);
    expect(faults('{"__proto__": 1, "__proto__": 2}')).toHaveLength(1);
  });

  test('nested too deep is refused with its line, whether it is whole or not', () => {
    const nested = (depth: number) => `${'[\n'.repeat(depth)}${']'.repeat(depth)}`;
    expect(faults(nested(deepestJson))).toEqual([]);
    const line = `draft line ${deepestJson + 1}: 层次超过`;
    for (const text of [
      nested(deepestJson + 1),
      nested(200_000),
      '[\n'.repeat(200_000),
      `${'{"a":\n'.repeat(200_000)}`,
    ])
      expect(faults(text)).toEqual([expect.stringContaining(line)]);
    expect(faults(JSON.stringify('['.repeat(1000)))).toEqual([]);
  });

  test('that stops being JSON is refused with the line', () => {
    expect(faults('{"a": 1,\n"a": }')).toEqual([expect.stringMatching(/^draft line 2: .*here it stops being JSON$/)]);
  });

  test('of ten megabytes in one string is read', () => {
    const text = JSON.stringify({ frame: 'K01|3601\\n"x"|urban\n'.repeat(400_000) });
    expect(parseJson(text, '')).toEqual(JSON.parse(text));
  });
});

describe('the line on which a text stops being JSON', () => {
  test.each([
    ['', 1],
    ['{\n"a": 1,\n}', 3],
    ['[1,\n2\n3]', 3],
    ['{"a": {"b": [1, 2,\n\n"c": 3]}}', 3],
    ['[1,\n"not closed]\n', 2],
    ['[1, 2]\n\nx', 3],
    ['{"a"\n= 1}', 2],
    ['[\n01]', 2],
    ['[\n"\\x"]', 2],
    ['[tru]', 1],
    [`[${'1,\n'.repeat(100_000)}]`, 100_001],
  ])('%#', (text, line) => {
    expect(() => JSON.parse(text)).toThrow();
    expect(faultyLine(text)).toBe(line);
  });
});
