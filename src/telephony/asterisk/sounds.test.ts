import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { systemChance } from '../../platform/chance.ts';
import type { Utterance } from '../../survey/interview/conversation.ts';
import { standardQuestionnaire } from '../../survey/questionnaire/questionnaire.ts';
import { partsOf, spoken } from '../words.ts';
import { Sounds } from './sounds.ts';
import { silence, tone } from './wav.ts';

/** What is played: a person's recording before the program's, and never anybody's words in place of others. */
const questionnaire = standardQuestionnaire();
const speaking = { language: 'zh-CN', managerName: '王建国', questionnaire } as const;
let folder: string;
let sounds: Sounds;

/** A program that says half a second of nothing, and writes down what it was told to say. */
const program = () => join(folder, 'speak');
const told = (): string[] =>
  existsSync(join(folder, 'told')) ? readFileSync(join(folder, 'told'), 'utf8').trim().split('\n') : [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'huifang-sounds-'));
  writeFileSync(join(folder, 'half.wav'), silence(500));
  writeFileSync(
    program(),
    `#!/bin/sh\ncp '${folder}/half.wav' "$1"\nprintf '%s|%s|%s\\n' "$2" "$3" "$4" >> '${folder}/told'\n`,
    { mode: 0o755 },
  );
  sounds = open(`${program()} {out} {voice} {rate} {text}`);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const open = (command: string) => new Sounds({ folder: join(folder, 'sounds'), program: command }, systemChance);
const say = async (...utterances: Utterance[]) =>
  (await sounds.say(utterances, speaking)).map((said) => said.sounds.map(({ milliseconds }) => milliseconds));
const record = (words: string, milliseconds: number, slow = false) =>
  sounds.keepRecording({ words, language: 'zh-CN', slow, origin: 'recorded' }, tone(milliseconds), 'a.wav');
const words = (clip: string) => spoken({ clip }, speaking);

describe('a sentence that nobody recorded', () => {
  test('is spoken by the program in one piece, names and all', async () => {
    expect(await say({ clip: 'A1' })).toEqual([[500]]);
    expect(told()).toEqual([`cmn|150|${words('A1')}`]);
    expect(told()[0]).toContain('王建国');
  });
  test('is spoken once, however many hear it, and by whichever process', async () => {
    await Promise.all([say({ clip: 'Q1' }), say({ clip: 'Q1' }), say({ clip: 'Q1' })]);
    sounds = open(`${program()} {out} {voice} {rate} {text}`);
    await say({ clip: 'Q1' });
    expect(told()).toHaveLength(1);
  });
  test('is spoken slowly to somebody who asked twice', async () => {
    await say({ clip: 'Q1' }, { clip: 'Q1', slow: true });
    expect(told().sort()).toEqual([`cmn|105|${words('Q1')}`, `cmn|150|${words('Q1')}`]);
  });
  test('is spoken anew by another program', async () => {
    await say({ clip: 'Q1' });
    sounds = open(`${program()} {out} other {rate} {text}`);
    await say({ clip: 'Q1' });
    expect(told()).toHaveLength(2);
  });
});

describe('a sentence that somebody recorded', () => {
  test('is played, and the program says nothing', async () => {
    await record(words('Q1'), 1234);
    expect(await say({ clip: 'Q1' })).toEqual([[1234]]);
    expect(told()).toEqual([]);
  });
  test('slowly where he read it slowly too, as usual where he did not', async () => {
    await record(words('Q1'), 1000);
    expect(await say({ clip: 'Q1', slow: true })).toEqual([[1000]]);
    await record(words('Q1'), 1600, true);
    expect(await say({ clip: 'Q1', slow: true }, { clip: 'Q1' })).toEqual([[1600], [1000]]);
  });
  test('in parts is put together around the name, which the program says', async () => {
    const parts = partsOf({ clip: 'A1' }, speaking);
    expect(parts.map(({ variable }) => variable)).toEqual([null, 'manager', null]);
    await record(parts[0]?.words ?? '', 700);
    await record(parts[2]?.words ?? '', 900);
    expect(await say({ clip: 'A1' })).toEqual([[700, 500, 900]]);
    expect(told()).toEqual(['cmn|150|王建国']);
    await record('王建国', 650);
    expect(await say({ clip: 'A1' })).toEqual([[700, 650, 900]]);
  });
  test('is what was brought last, by whichever way, until it is removed', async () => {
    await record(words('Q1'), 1000);
    const uploaded = { words: words('Q1'), language: 'zh-CN', slow: false, origin: 'uploaded' } as const;
    await sounds.keepRecording(uploaded, tone(800), 'a.wav');
    expect(await say({ clip: 'Q1' })).toEqual([[800]]);
    await record(words('Q1'), 1200);
    expect(await say({ clip: 'Q1' })).toEqual([[1200]]);
    expect((await sounds.recordingOf(words('Q1'), 'zh-CN', false))?.origin).toBe('recorded');
    expect(await sounds.removeRecording(words('Q1'), 'zh-CN', false)).toBe(true);
    expect(await sounds.removeRecording(words('Q1'), 'zh-CN', false)).toBe(false);
    expect(await say({ clip: 'Q1' })).toEqual([[500]]);
  });
  test('is not played for other words', async () => {
    await record(`${words('Q1')}吗`, 1234);
    expect(await say({ clip: 'Q1' })).toEqual([[500]]);
  });
  test('may be read by the exchange’s own account', async () => {
    await record(words('Q1'), 100);
    const [file = ''] = readdirSync(join(folder, 'sounds/recorded/zh-CN'));
    expect(statSync(join(folder, 'sounds/recorded/zh-CN', file)).mode & 0o777).toBe(0o644);
    expect(file).toMatch(/^[0-9a-f]{32}\.wav$/);
  });
});

test('a program that fails is told by what it said, and is asked again the next time', async () => {
  writeFileSync(program(), '#!/bin/sh\necho no such voice >&2\nexit 3\n', { mode: 0o755 });
  await expect(say({ clip: 'Q1' })).rejects.toThrow('the speech program failed (3): no such voice');
  writeFileSync(program(), `#!/bin/sh\ncp '${folder}/half.wav' "$1"\n`, { mode: 0o755 });
  expect(await say({ clip: 'Q1' })).toEqual([[500]]);
});

test('a text is one argument, whatever stands in it', async () => {
  await sounds.say([{ clip: 'A1' }], { ...speaking, managerName: '王 {out}; "rm" $(x)' });
  expect(told()[0]).toContain('王 {out}; "rm" $(x)');
});
