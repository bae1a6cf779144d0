import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Express } from 'express';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemChance } from '../../src/platform/chance.ts';
import { Sounds } from '../../src/telephony/asterisk/sounds.ts';
import { silence, tone } from '../../src/telephony/asterisk/wav.ts';
import { cityManagers, type Field, openField } from '../support/field.ts';
import { openProgram, type Program } from './api/program.ts';
import { formToken, openSite, signedIn, type Visitor, wordsOf } from './site.ts';

/** Who reads each sentence that an exchange plays: by the page, and by the API. */
let field: Field;
let folder: string;
let app: Express;
let admin: Visitor;
beforeAll(async () => {
  const bare = await openField('web-prompts', cityManagers(2));
  folder = mkdtempSync(join(tmpdir(), 'huifang-web-prompts-'));
  // A program that has a voice of its own: 0.6 s of 1 kHz.
  const program = `${process.execPath} --import tsx ${new URL('../support/speaks.ts', import.meta.url).pathname} {out}`;
  const sounds = new Sounds({ folder, program }, systemChance);
  field = { ...bare, services: { ...bare.services, sounds } };
  app = openSite(field);
  admin = await signedIn(field, app, 'admin');
});
afterAll(async () => {
  await field.close();
  rmSync(folder, { recursive: true, force: true });
});

const page = async (path: string): Promise<string> => {
  const answer = await admin.get(path);
  expect([path, answer.status]).toEqual([path, 200]);
  return answer.text;
};
const upload = async (piece: string, reading: string, wav: Buffer, browser = admin) =>
  browser
    .post('/prompts/recordings')
    .field({ _csrf: formToken((await browser.get('/board')).text), language: 'zh-CN', piece, reading })
    .attach('file', wav, 'mine.wav');
const actions = async (subject: string) =>
  (
    await field.city.database.query<{ action: string }>({
      text: 'SELECT action FROM audit WHERE subject = $1 ORDER BY sequence',
      values: [subject],
    })
  ).map(({ action }) => action);
const heard = async (path: string): Promise<Buffer> => {
  const answer = await admin.get(path).buffer(true);
  expect([answer.status, answer.headers['content-type']]).toEqual([200, 'audio/wav']);
  return answer.body as Buffer;
};

describe('the page', () => {
  test('lists every sentence of each language, and says that a program reads it', async () => {
    expect(wordsOf(await page('/questionnaires'))).toContain('语音录音');
    const words = wordsOf(await page('/prompts/zh-CN'));
    expect(words).toContain('问卷 HF-1 · 真人录音 0 /');
    expect(words).toMatch(/Q1 .* 常速 合成语音/);
    expect(await page('/prompts/zh-CN')).toContain('href="/prompts/zh-CN/A1.2"');
    expect(wordsOf(await page('/prompts/en'))).toContain('Last question.');
    expect(await heard('/prompts/zh-CN/Q1/usual.wav')).toEqual(tone(600));
  });

  test('takes a recording, says how long and how loud it is, and plays it instead', async () => {
    const answer = await upload('Q1', 'usual', tone(1500));
    expect([answer.status, answer.headers.location]).toEqual([303, '/prompts/zh-CN/Q1']);
    const words = wordsOf(await page('/prompts/zh-CN/Q1'));
    expect(words).toMatch(/常速 真人录音（上传） 1\.5 秒 · 响度 −13 dB 合适/);
    expect(words).toContain('慢速 用常速录音代替');
    expect(await heard('/prompts/zh-CN/Q1/slow.wav')).toEqual(tone(1500));
    expect(wordsOf(await page('/prompts/zh-CN'))).toContain('真人录音 1 /');
    expect(await actions('zh-CN/Q1')).toEqual(['prompt.upload']);
  });

  test('removes it only after a confirmation', async () => {
    await upload('Q2', 'slow', tone(900));
    expect(await page('/prompts/zh-CN/Q2')).toContain('href="/prompts/zh-CN/Q2/slow/removal"');
    const confirmation = await page('/prompts/zh-CN/Q2/slow/removal');
    expect(wordsOf(confirmation)).toContain('删除后不能恢复');
    const remove = async () =>
      admin
        .post('/prompts/zh-CN/Q2/slow/removal')
        .type('form')
        .send({ _csrf: formToken(confirmation) });
    expect((await remove()).headers.location).toBe('/prompts/zh-CN/Q2');
    expect(wordsOf(await page('/prompts/zh-CN/Q2'))).toContain('慢速 合成语音');
    expect((await remove()).status).toBe(404);
    expect((await admin.get('/prompts/zh-CN/Q2/slow/removal')).status).toBe(404);
    expect(await actions('zh-CN/Q2-slow')).toEqual(['prompt.upload', 'prompt.remove']);
  });

  test.each<[string, Buffer, RegExp]>([
    ['silent', silence(1000), /没有声音/],
    ['no WAV', Buffer.from('ID3 something else'), /不是 WAV 文件/],
    ['too long', tone(31_000), /长 31\.0 秒/],
    ['too large', Buffer.alloc(16 * 1024 * 1024 + 1), /超过 16 MB/],
    ['empty', Buffer.alloc(0), /请选择一个文件/],
  ])('refuses a file that is %s, and keeps nothing', async (_, wav, why) => {
    const answer = await upload('Q3', 'usual', wav);
    expect(answer.status).toBe(400);
    expect(wordsOf(answer.text)).toMatch(why);
    expect(wordsOf(await page('/prompts/zh-CN/Q3'))).toContain('常速 合成语音');
  });

  test('knows no sentence, language or reading but those that there are', async () => {
    for (const path of ['/fr', '/zh-CN/Q99', '/zh-CN/Q1/fast.wav', '/zh-CN/Q1/fast/removal', '/zh-CN/..%2F..%2Fx'])
      expect([path, (await admin.get(`/prompts${path}`)).status]).toEqual([path, 404]);
    expect((await upload('Q99', 'usual', tone(500))).status).toBe(404);
    expect((await upload('Q1', 'fast', tone(500))).status).toBe(404);
  });

  test('takes no file without the form’s token', async () => {
    const answer = await admin.post('/prompts/recordings').attach('file', tone(500), 'mine.wav');
    expect(answer.status).toBe(403);
  });
});

test('where calls go another way there is nothing to record, and the page says so', async () => {
  const { sounds: _, ...services } = field.services;
  const elsewhere = openSite({ ...field, services });
  const browser = await signedIn(field, elsewhere, 'admin');
  expect((await browser.get('/questionnaires')).text).not.toContain('/prompts/');
  const answer = await browser.get('/prompts/zh-CN');
  expect([answer.status, wordsOf(answer.text)]).toEqual([409, expect.stringContaining('用不到录音')]);
});

describe('the API', () => {
  let program: Program;
  beforeAll(async () => {
    program = await openProgram(field, app);
  });
  const at = '/prompts/en/Q4/usual';

  test('takes, lists, gives and removes a recording', async () => {
    const kept = await program.put(at, tone(1200), 'audio/wav');
    expect([kept.status, kept.body]).toEqual([
      200,
      { source: 'uploaded', seconds: 1.2, loudness: -13, clipped: false },
    ]);
    const { body } = await program.get('/prompts/en');
    const items = body.items as { piece: string; usual: object; slow: object }[];
    expect(items.find(({ piece }) => piece === 'Q4')).toMatchObject({
      usual: { source: 'uploaded', seconds: 1.2 },
      slow: { source: 'usual', seconds: null },
    });
    const audio = await program.get(at).buffer(true);
    expect([audio.headers['content-type'], audio.body]).toEqual(['audio/wav', tone(1200)]);
    expect((await program.delete(at)).status).toBe(204);
    expect((await program.delete(at)).status).toBe(404);
    expect(await actions('en/Q4')).toEqual(['prompt.upload', 'prompt.remove']);
  });

  test('names what is wrong', async () => {
    const silent = await program.put(at, silence(500), 'audio/wav');
    expect([silent.status, silent.body.faults[0]]).toEqual([
      400,
      { where: 'body', message: expect.stringContaining('is silent') },
    ]);
    const another = await program.put(at, tone(500), 'audio/mpeg');
    expect([another.status, another.body.faults[0].message]).toEqual([400, expect.stringContaining('is no WAV file')]);
    expect((await program.put('/prompts/en/Q99/usual', tone(500), 'audio/wav')).status).toBe(404);
    expect((await program.get('/prompts/fr')).status).toBe(400);
  });
});
