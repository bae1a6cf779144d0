import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { huifang } from '../support/huifang.ts';
import { repository } from '../support/server-processes.ts';

/** What the command says when it is used in a way that nobody meant, and when nobody listens any more. */
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'huifang-wrong-'));
  // A clone whose lock file has changed prepares itself at the first command, and says so: not what is looked at here.
  await huifang(['--help']);
});
afterAll(() => rmSync(folder, { recursive: true }));

test('says its version', async () => {
  const { version } = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8'));
  expect(await huifang(['--version'])).toEqual({ status: 0, out: `${version}\n`, said: '' });
});

test.each([
  ['1e3', '0x6'],
  [' 6', '6.0'],
])('takes neither %j nor %j for a number of retailers or managers', async (retailers, managers) => {
  const { status, said } = await huifang(['demo', '--managers', managers, '--retailers', retailers]);
  expect(status).toBe(2);
  expect(said.match(/--(managers|retailers): must be a whole number/g)).toHaveLength(2);
});

test.each(['score', 'verify', 'draw verify', 'questionnaire check', 'rules check', 'try'])(
  'huifang %s refuses a document nested 200,000 deep, or with a key twice, by its line',
  async (command) => {
    const words = command.split(' ');
    const path = join(folder, `${words.join('-')}.json`);
    writeFileSync(path, `{"rules":\n${'['.repeat(200_000)}${']'.repeat(200_000)}}`);
    const deep = await huifang([...words, path]);
    expect(deep).toMatchObject({ status: 2, out: '', said: expect.stringMatching(/line 2: .*nested more than/) });
    writeFileSync(path, '{"id": 1,\n"id": 2}');
    const twice = await huifang([...words, path]);
    expect(twice).toMatchObject({ status: 2, out: '', said: expect.stringMatching(/line 2: "id" .*a second time/) });
    expect(deep.said + twice.said).not.toMatch(/^\s+at /m);
  },
);

/** Runs a command whose reader goes away at once, of both its outputs. @returns its status. */
function unheard(args: readonly string[], input = ''): Promise<number | null> {
  const child = spawn(process.execPath, [join(repository, 'bin/huifang.mjs'), ...args], { cwd: repository });
  child.stdout.destroy();
  child.stderr.destroy();
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  return new Promise((resolve) => child.once('close', resolve));
}

const ids = Array.from({ length: 50_000 }, (_, index) => `52010${index}\n`).join('');

test.each([
  ['the help', ['--help'], '', 0],
  ['a long order', ['draw', 'order', '--seed', 'x'], ids, 0],
  ['a complaint', ['draw', 'order', '--seed', 'x'], 'a\na\n', 2],
  ['a conversation', ['try', '--sms'], '5\n', 0],
])('ends quietly, with the status it would have had, when nobody reads %s', async (_what, args, input, status) => {
  expect(await unheard(args, input)).toBe(status);
});
