import { BadInput, type Fault } from './errors.ts';

/**
 * JSON that somebody wrote, read strictly: no deeper than anything of ours, and no key twice in one object, because
 * JSON.parse would take the last one without a word and whoever wrote the first would never know.
 */
export const deepestJson = 64;

/**
 * @param where what a fault is reported under; `called` stands before the line in its message.
 * @throws BadInput with the line where it stops being JSON or becomes too deep, or with every repeated key.
 */
export function parseJson(text: string, where: string, called = ''): unknown {
  const unreadable = (faults: readonly { readonly line: number; readonly message: string }[]) =>
    new BadInput(
      'the document cannot be read',
      faults.map(({ line, message }): Fault => ({ where, message: `${called}line ${line}: ${message}` })),
    );
  const deep = tooDeepAt(text);
  if (deep !== null) {
    const message = `层次超过 ${deepestJson} 层 · is nested more than ${deepestJson} levels deep`;
    throw unreadable([{ line: lineAt(text, deep), message }]);
  }
  let read: unknown;
  try {
    read = JSON.parse(text);
  } catch {
    throw unreadable([{ line: faultyLine(text), message: '从这里起不是 JSON · here it stops being JSON' }]);
  }
  const repeated = repeatedKeys(text);
  if (repeated.length > 0) throw unreadable(repeated);
  return read;
}

const lineAt = (text: string, position: number): number => text.slice(0, position).split('\n').length;

/** What gives a text its structure, and whole strings as they stand. Of no use beyond the first fault of a text. */
const marks = /[[\]{},]|"(?:[^"\\]|\\.)*"?/gs;

function* marksOf(text: string): Generator<{ readonly mark: string; readonly at: number }> {
  for (const { 0: mark, index } of text.matchAll(marks)) yield { mark, at: index };
}

/** Where it becomes deeper than it may be, or null. */
export function tooDeepAt(text: string): number | null {
  let depth = 0;
  for (const { mark, at } of marksOf(text)) {
    if (mark === '[' || mark === '{') depth += 1;
    else if (mark === ']' || mark === '}') depth -= 1;
    if (depth > deepestJson) return at;
  }
  return null;
}

/** Every key that stands in its object for another time, of a text that is JSON. */
function repeatedKeys(text: string): { line: number; message: string }[] {
  const found: { line: number; message: string }[] = [];
  /** The keys of each object that is open; null = an array. */
  const open: (Set<string> | null)[] = [];
  let key = false;
  for (const { mark, at } of marksOf(text)) {
    if (mark === '{' || mark === '[') open.push(mark === '{' ? new Set() : null);
    else if (mark === '}' || mark === ']') open.pop();
    else if (key && mark !== ',') {
      const name = String(JSON.parse(mark));
      const keys = open.at(-1);
      if (keys?.has(name))
        found.push({ line: lineAt(text, at), message: `${mark} 重复 · ${mark} is there a second time` });
      keys?.add(name);
    }
    key = (mark === '{' || mark === ',') && open.at(-1) !== null;
  }
  return found;
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
 * place for some faults and a snippet for others. Goes as deep as the text does: look with `tooDeepAt` first.
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
