import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
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
});

test('without a folder the variable is named', async () => {
  const { status, said } = await huifang(['prompts', 'list'], '', { ...env, ASTERISK_SOUNDS: '' });
  expect({ status, said }).toMatchObject({ status: 2, said: expect.stringContaining('ASTERISK_SOUNDS') });
});
