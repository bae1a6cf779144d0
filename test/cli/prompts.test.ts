import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { silence, tone } from '../../src/telephony/asterisk/wav.ts';
import { type City, openCity } from '../support/city.ts';
import { huifang } from '../support/huifang.ts';

/** `huifang prompts`, as an administrator runs it. */
let city: City;
let folder: string;
let env: Record<string, string>;
beforeAll(async () => {
  city = await openCity('cli prompts');
  folder = mkdtempSync(join(tmpdir(), 'huifang-prompts-'));
  const key = Buffer.alloc(32, 7).toString('base64');
  env = { DATABASE_URL: city.url, DATA_KEY: key, SESSION_SECRET: 'a secret of the tests, long enough to be one' };
  env.ASTERISK_SOUNDS = join(folder, 'sounds');
});
afterAll(async () => {
  await city.close();
  rmSync(folder, { recursive: true, force: true });
});
const file = (name: string, bytes: Buffer) => writeFileSync(join(folder, 'read', name), bytes);
const lineOf = (out: string, name: string) => out.split('\n').find((line) => line.startsWith(`${name}\t`));

test('recordings are taken all or none, and the listing says which sentence a person read', async () => {
  for (const path of ['read/zh-CN/words']) mkdirSync(join(folder, path), { recursive: true });
  file('zh-CN/A1.1.wav', tone(900));
  file('zh-CN/Q2.wav', tone(700));
  file('zh-CN/Q2-slow.wav', tone(900));
  file('zh-CN/words/王建国.wav', tone(400));
  file('zh-CN/nobody.wav', tone(400));
  file('zh-CN/Q3.wav', Buffer.from('no WAV'));
  file('zh-CN/Q4.wav', silence(400));
  const take = () => huifang(['prompts', 'import', join(folder, 'read')], '', env);
  const refused = await take();
  expect(refused.status).toBe(2);
  expect(refused.said).toContain('zh-CN/nobody.wav');
  expect(refused.said).toContain('zh-CN/Q3.wav');
  expect(refused.said).toMatch(/zh-CN\/Q4.wav.*is silent/);
  const before = (await huifang(['prompts', 'list'], '', env)).out;
  expect(lineOf(before, 'zh-CN/Q2.wav')).toContain('spoken by the program');
  for (const name of ['nobody', 'Q3', 'Q4']) rmSync(join(folder, `read/zh-CN/${name}.wav`));
  expect((await take()).status).toBe(0);
  const { out } = await huifang(['prompts', 'list'], '', env);
  expect(lineOf(out, 'zh-CN/Q2.wav')).toContain('also slowly');
  expect(lineOf(out, 'zh-CN/A1.1.wav')).toContain('recorded');
  expect(lineOf(out, 'zh-CN/A1.2.wav')).toContain('spoken by the program');
}, 180_000);

describe('what nobody reads is spoken by the program', () => {
  /** Stands in for a speech program: notes each sentence it is given, and gives a second of sound. */
  function program(): { readonly env: Record<string, string>; readonly spoken: () => string[] } {
    const [speak, wav, spoken] = [join(folder, 'speak'), join(folder, 'second.wav'), join(folder, 'spoken')];
    rmSync(spoken, { force: true });
    writeFileSync(wav, tone(1000));
    writeFileSync(speak, `#!/bin/sh\nprintf '%s\\n' "$1" >> '${spoken}'\ncp '${wav}' "$2"\n`);
    chmodSync(speak, 0o755);
    return {
      env: { ...env, SPEECH_PROGRAM: `${speak} {text} {out}` },
      spoken: () => (existsSync(spoken) ? readFileSync(spoken, 'utf8').trim().split('\n') : []),
    };
  }

  test('once, for every manager there is; what was read by a person is left, and said again it is ready', async () => {
    await city.database.query({ text: `INSERT INTO district VALUES ('D1', '城东')` });
    await city.database.query({
      text: `INSERT INTO manager (id, name, district_id) VALUES ('K1', '李娜', 'D1'), ('K2', '赵敏', 'D1')`,
    });
    const { env: speaking, spoken } = program();
    const first = await huifang(['prompts', 'render'], '', speaking);
    expect(first).toMatchObject({ status: 0, out: expect.stringMatching(/^已备好 \d+ 句 · sentences are ready\n$/) });
    const sentences = spoken();
    expect(sentences).toEqual(
      expect.arrayContaining([expect.stringContaining('李娜'), expect.stringContaining('赵敏')]),
    );
    expect(sentences.filter((words) => words.startsWith('第三题'))).not.toEqual([]);
    // Q2 was recorded above, at both speeds.
    expect(sentences.filter((words) => words.startsWith('第二题'))).toEqual([]);
    const again = await huifang(['prompts', 'render'], '', speaking);
    expect(again).toMatchObject({ status: 0, out: first.out });
    expect(spoken()).toEqual(sentences);
  }, 180_000);

  test('and where it fails, that is said', async () => {
    const { env: speaking } = program();
    rmSync(join(folder, 'sounds'), { recursive: true, force: true });
    writeFileSync(join(folder, 'speak'), '#!/bin/sh\necho no such voice >&2\nexit 3\n');
    const { status, said } = await huifang(['prompts', 'render'], '', speaking);
    expect(status).toBe(1);
    expect(said).toContain('the speech program failed (3): no such voice');
    expect(said).not.toMatch(/^\s+at /m);
  });
});

test('without a folder the variable is named', async () => {
  const { status, said } = await huifang(['prompts', 'list'], '', { ...env, ASTERISK_SOUNDS: '' });
  expect({ status, said }).toMatchObject({ status: 2, said: expect.stringContaining('ASTERISK_SOUNDS') });
});
