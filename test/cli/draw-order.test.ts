import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { huifang, type Outcome } from '../support/huifang.ts';
import { repository } from '../support/server-processes.ts';

/** `huifang draw order`, as whoever replays a draw runs it: a process with lines going in and lines coming out. */

const order = (seed: string, input: string | Uint8Array) => huifang(['draw', 'order', '--seed', seed], input);
const lines = (ids: readonly string[]) => ids.map((id) => `${id}\n`).join('');
const printed = (ids: readonly string[]): Outcome => ({ status: 0, out: lines(ids), said: '' });
const refused = (said: string): Outcome => ({ status: 2, out: '', said });

interface Case {
  readonly name: string;
  readonly seed: string;
  readonly ids?: readonly string[];
  readonly order?: readonly string[];
  readonly frame?: string;
  readonly nfdUtf8?: string;
  readonly nfcUtf8?: string;
}
const cases: readonly Case[] = JSON.parse(readFileSync(join(repository, 'test/vectors/draw.json'), 'utf8'));
const withOrder = cases.flatMap(({ name, seed, ids, frame, order: expected }) => {
  const given = ids ?? frame?.split('\n').flatMap((line) => line.split('|')[1] ?? []);
  return given && expected ? [{ name, seed, ids: given, expected }] : [];
});
const withSpellings = cases.flatMap(({ name, seed, nfdUtf8, nfcUtf8 }) =>
  nfdUtf8 && nfcUtf8 ? [{ name, seed, nfd: Buffer.from(nfdUtf8, 'hex'), nfc: Buffer.from(nfcUtf8, 'hex') }] : [],
);

/** The first case: what the other tests are variations of. */
const [{ seed, ids, expected }] = withOrder as [(typeof withOrder)[number]];

// A clone whose lock file has changed prepares itself at the first command, and says so: not what is looked at here.
beforeAll(async () => {
  expect(await huifang(['draw', '--help'], '')).toMatchObject({ status: 0 });
});

describe('the published answers', () => {
  test('are all gone through here', () => {
    expect(withOrder.length + withSpellings.length).toBe(cases.length);
    expect(cases.length).toBeGreaterThanOrEqual(6);
  });

  test.each(withOrder)('$name', async ({ seed: under, ids: given, expected: answer }) => {
    expect(await order(under, lines(given))).toEqual(printed(answer));
    expect(await order(under, lines(given.toReversed()))).toEqual(printed(answer));
  });

  test.each(withSpellings)('$name', async ({ seed: under, nfd, nfc }) => {
    const among = (id: Buffer) => Buffer.concat([Buffer.from('ab-1\n'), id, Buffer.from('\ncd-1\n')]);
    const [decomposed, composed] = [await order(under, among(nfd)), await order(under, among(nfc))];
    expect(decomposed).toEqual(composed);
    expect(composed.out.split('\n')).toContain(nfc.toString('utf8'));
  });
});

describe('the seed', () => {
  test('is taken to the letter, blanks and bars and all', async () => {
    const plain = await order(seed, lines(ids));
    expect((await order(`${seed} `, lines(ids))).out).not.toBe(plain.out);
    expect(await order('SATQ1|2026-12-R1|种子|NONE', lines(ids))).toMatchObject({ status: 0, said: '' });
  });

  test.each<[words: string[], said: string]>([
    [['draw', 'order'], "error: required option '--seed <text>' not specified\n"],
    [['draw', 'order', '--seed'], "error: option '--seed <text>' argument missing\n"],
    [['draw', 'order', '--seeds', 'x'], "error: required option '--seed <text>' not specified\n"],
  ])('that is missing is wrong use: huifang %j', async (words, said) => {
    expect(await huifang(words, lines(ids))).toEqual(refused(said));
  });
});

describe.concurrent('what editors and spreadsheets make of a file is read as it was meant', () => {
  test.each<[what: string, input: string]>([
    ['a byte order mark', `\ufeff${lines(ids)}`],
    ['CRLF', ids.map((id) => `${id}\r\n`).join('')],
    ['a byte order mark and CRLF', `\ufeff${ids.map((id) => `${id}\r\n`).join('')}`],
    ['no newline at the end', ids.join('\n')],
    ['blanks around an id', ids.map((id) => `\u3000 ${id}\u00a0\n`).join('')],
  ])('%s', async (_what, input) => {
    expect(await order(seed, input)).toEqual(printed(expected));
  });

  test('an empty input is an empty draw', async () => {
    expect(await order(seed, '')).toEqual(printed([]));
    expect(await order(seed, '\ufeff')).toEqual(printed([]));
  });

  test('thousands of ids come back, each once', async () => {
    const many = Array.from({ length: 20_000 }, (_, index) => `52010${String(index).padStart(7, '0')}`);
    const { status, out } = await order(seed, lines(many));
    const drawn = out.trimEnd().split('\n');
    expect({ status, drawn: drawn.toSorted() }).toEqual({ status: 0, drawn: many });
    expect(drawn).not.toEqual(many);
  });
});

describe.concurrent('a draw that two people could not replay alike is refused, with the line', () => {
  const complaint = (...faults: string[]) =>
    `huifang: the ids cannot be ordered: ${faults.length === 1 ? 'one fault' : `${faults.length} faults`}\n${faults.map((fault) => `  ${fault}\n`).join('')}`;
  const blank = 'is empty 不能为空';

  test.each<[what: string, input: string, faults: string[]]>([
    ['a blank line', 'a\n\nb\n', [`line 2: ${blank}`]],
    ['a line of blanks', 'a\n \u3000\nb\n', [`line 2: ${blank}`]],
    ['a blank line at the end', 'a\nb\n\n', [`line 3: ${blank}`]],
    ['nothing but a newline', '\n', [`line 1: ${blank}`]],
    ['the same id twice', 'a\nb\na\n', ['line 3: is the same id as line 1 与第 1 行重复']],
    ['two spellings of one id (NFC)', 'cafe\u0301\nb\ncaf\u00e9\n', ['line 3: is the same id as line 1 与第 1 行重复']],
    ['an id and itself with blanks around it', 'a\n a \n', ['line 2: is the same id as line 1 与第 1 行重复']],
    [
      'the separator of the frame in an id',
      'a|b\n',
      ['line 1: contains "|", which separates the columns of the frame 不能含有“|”'],
    ],
    ['a tab in an id', 'a\tb\n', ['line 1: contains a control character 含有控制字符']],
    ['a carriage return in an id', 'a\rb\n', ['line 1: contains a control character 含有控制字符']],
    [
      'an id that is too long',
      `${'福'.repeat(65)}\n`,
      ['line 1: has 65 characters, at most 64 are allowed 最多 64 个字符'],
    ],
  ])('%s', async (_what, input, faults) => {
    expect(await order(seed, input)).toEqual(refused(complaint(...faults)));
  });

  test('several faults are all listed at once, whatever line endings they stand between', async () => {
    expect(await order(seed, 'a\r\n\r\nb|c\r\na\r\nd\r\nA\r\nd\r\n')).toEqual(
      refused(
        complaint(
          `line 2: ${blank}`,
          'line 3: contains "|", which separates the columns of the frame 不能含有“|”',
          'line 4: is the same id as line 1 与第 1 行重复',
          'line 7: is the same id as line 5 与第 5 行重复',
        ),
      ),
    );
  });

  test('a file that is not UTF-8, as Excel saves it in China', async () => {
    const said = 'is not UTF-8: save it as UTF-8 不是 UTF-8，请另存为 UTF-8';
    const gbk = Buffer.from([0xb8, 0xa3, 0xc0, 0xb4]);
    const lines = Buffer.concat([Buffer.from('a\n'), gbk, Buffer.from('\nb\n'), gbk]);
    expect(await order(seed, lines)).toEqual(
      refused(`huifang: the ids cannot be read: 2 faults\n  line 2: ${said}\n  line 4: ${said}\n`),
    );
  });
});
