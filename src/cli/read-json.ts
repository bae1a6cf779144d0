import { readFileSync } from 'node:fs';
import { BadInput } from '../platform/errors.ts';

/**
 * A JSON document that somebody names on the command line. `where` is what a fault of the file itself is reported under.
 *
 * @throws BadInput where it cannot be read, is no UTF-8 or stops being JSON, with the line.
 */
export function readJson(path: string, where: string): unknown {
  const text = readUtf8(path, where);
  try {
    return JSON.parse(text);
  } catch {
    throw unreadable(where, `${path}, line ${faultyLine(text)}: here it stops being JSON`);
  }
}

function readUtf8(path: string, where: string): string {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    throw unreadable(where, `cannot read ${path}: ${reason(error)}`);
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw unreadable(where, `${path} is not UTF-8: save it as UTF-8`);
  }
}

function unreadable(where: string, message: string): BadInput {
  return new BadInput('the document cannot be read', [{ where, message }]);
}

const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'no permission',
  EISDIR: 'it is a folder',
  ENOENT: 'there is no such file',
};

function reason(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
  return REASONS[code] ?? code;
}

/** JSON's words (RFC 8259), each with the white space before it; a string ends on its own line. */
const WORD = {
  space: /[ \t\n\r]*/y,
  string: /[ \t\n\r]*"[^"\\\p{Cc}]*(?:\\(?:["\\/bfnrt]|u[\da-fA-F]{4})[^"\\\p{Cc}]*)*"/uy,
  scalar: /[ \t\n\r]*(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)/y,
  '[': /[ \t\n\r]*\[/y,
  ']': /[ \t\n\r]*\]/y,
  '{': /[ \t\n\r]*\{/y,
  '}': /[ \t\n\r]*\}/y,
  ':': /[ \t\n\r]*:/y,
  ',': /[ \t\n\r]*,/y,
} as const;

/**
 * The line, from 1, on which `text` stops being JSON. Read again by hand, because up to Node 20 `JSON.parse` tells the
 * place for some faults and a snippet for others.
 */
export function faultyLine(text: string): number {
  let position = 0;
  const eat = (word: keyof typeof WORD): boolean => {
    WORD[word].lastIndex = position;
    if (!WORD[word].test(text)) return false;
    position = WORD[word].lastIndex;
    return true;
  };
  const value = (): boolean => {
    if (eat('[')) return eat(']') || (list(value) && eat(']'));
    if (eat('{')) return eat('}') || (list(member) && eat('}'));
    return eat('string') || eat('scalar');
  };
  const member = () => eat('string') && eat(':') && value();
  const list = (entry: () => boolean): boolean => {
    do if (!entry()) return false;
    while (eat(','));
    return true;
  };
  value();
  eat('space');
  return text.slice(0, position).split('\n').length;
}
