import type { Express } from 'express';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { standardQuestionnaire } from '../../src/survey/questionnaire/questionnaire.ts';
import { openAliyun } from '../../src/telephony/aliyun/aliyun.ts';
import { openGateway } from '../../src/telephony/sms-gateway/gateway.ts';
import { templateWords } from '../../src/telephony/words.ts';
import { cityManagers, type Field, openField } from '../support/field.ts';
import { aliyunServer } from '../telephony/aliyun-server.ts';
import { type Network, openNetwork } from '../telephony/network.ts';
import { openProgram, type Program } from './api/program.ts';
import { formToken, openSite, signedIn, type Visitor, wordsOf } from './site.ts';

/** What is written to shops and the quarter's announcement: by the page, and by the API. */
const key = { id: 'LTAI5tExampleKeyId', secret: 'a secret of the tests only' };
const questionnaire = standardQuestionnaire();
const ids = Object.keys(questionnaire.texts);

const lane = { carrier: 'aliyun', channel: 'sms', perSecond: 1, concurrent: null } as const;

let bare: Field;
let aliyun: Network;
let server: ReturnType<typeof aliyunServer>;
let app: Express;
let admin: Visitor;
let program: Program;

beforeAll(async () => {
  bare = await openField('web-texts', cityManagers(2));
  server = aliyunServer(key.id, key.secret, () => bare.city.clock.now());
  aliyun = await openNetwork(async (request, body) => {
    const { status, body: answer } = server.answer(request, body);
    return { status, type: 'application/json', body: JSON.stringify(answer) };
  });
  for (const id of ids)
    server.templates.set(`SMS_${id}`, { status: 1, words: templateWords(id, 'zh-CN', questionnaire) });
  server.templates.set('SMS_S1', { status: 0, words: '' });
  server.templates.set('SMS_S2', { status: 1, words: '别的话' });
  const port = openAliyun({
    ...{ accessKeyId: key.id, accessKeySecret: key.secret, endpoint: aliyun.url, signName: '东湖烟草' },
    ...{ clock: bare.city.clock, requestTimeout: 2000 },
    templates: new Map(ids.filter((id) => id !== 'S3').map((id) => [id, `SMS_${id}`])),
  });
  const field = { ...bare, services: { ...bare.services, text: { port, lane } } };
  app = openSite(field);
  admin = await signedIn(field, app, 'admin');
  program = await openProgram(field, app);
});
afterAll(async () => {
  await aliyun.close();
  await bare.close();
});

const page = async (path: string, browser = admin): Promise<string> => {
  const answer = await browser.get(path);
  expect([path, answer.status]).toEqual([path, 200]);
  return answer.text;
};
const planned = async () =>
  (await bare.city.database.query({ text: `SELECT FROM notice WHERE text = 'P0' AND occasion = '2026Q4'` })).length;
const shops = async () =>
  (
    await bare.city.database.query({
      text: `SELECT FROM phone p WHERE p.kind = 'mobile' AND p.opted_out_at IS NULL AND EXISTS (SELECT FROM retailer WHERE phone_id = p.id AND status = 'active')`,
    })
  ).length;

describe('texts', () => {
  test('are listed with their words, and how each stands with a carrier that approves them', async () => {
    expect(await page('/questionnaires')).toContain('href="/texts/zh-CN"');
    const html = await page('/texts/zh-CN');
    const words = wordsOf(html);
    for (const id of ids) expect(words).toContain(templateWords(id, 'zh-CN', questionnaire));
    expect(words).toMatch(/S1 第一题 .* 1 条 审核中 SMS_S1/);
    expect(words).toMatch(/S2 第二题 .* 1 条 文字不一致 SMS_S2/);
    expect(words).toMatch(/S3 第三题 .* 1 条 未登记 S9/);
    expect(words).toContain(`问卷 HF-1 · 已通过 ${ids.length - 3} / ${ids.length}`);
    expect(html).not.toContain(key.secret);
    const { status, body } = await program.get('/texts/zh-CN');
    expect([status, body.questionnaireId, body.items.length]).toEqual([200, 'HF-1', ids.length]);
    expect(body.items.find(({ id }: { id: string }) => id === 'S2').registration).toEqual({
      ...{ status: 'other-words', code: 'SMS_S2' },
    });
  });

  test('one that cannot be looked up keeps back none of the others', async () => {
    server.templates.delete('SMS_P0');
    const { body } = await program.get('/texts/zh-CN');
    const statusOf = (id: string) => body.items.find((one: { id: string }) => one.id === id).registration.status;
    expect([statusOf('P0'), statusOf('SM')]).toEqual(['unknown', 'approved']);
    expect(wordsOf(await page('/texts/zh-CN'))).toMatch(/P0 每季告知 .* 查不到/);
  });

  test('need no registration elsewhere; in a language that there is not there is no page', async () => {
    const port = openGateway({ url: aliyun.url, token: 'a token of the tests', requestTimeout: 2000 });
    const gateway = { ...bare, services: { ...bare.services, text: { port, lane: { ...lane, carrier: 'http' } } } };
    const elsewhere = await signedIn(bare, openSite(gateway), 'admin');
    const words = wordsOf(await page('/texts/en', elsewhere));
    expect(words).toContain('现用的短信通道不审核模板');
    expect(words).not.toContain('长度 在运营商');
    expect((await admin.get('/texts/fr')).status).toBe(404);
  });
});

describe('the quarter’s announcement', () => {
  const send = async (quarter: string, browser = admin) =>
    browser
      .post('/texts/announcement')
      .type('form')
      .send({ _csrf: formToken(await page('/questionnaires', browser)), quarter });

  test('says what it comes to and sends nothing before it is confirmed', async () => {
    const all = await shops();
    expect(wordsOf(await page('/texts/zh-CN'))).toMatch(new RegExp(`未通知 ${all} 计 ${all} 条 发送告知短信`));
    const words = wordsOf(await page('/texts/announcement'));
    expect(words).toContain(`将发给 ${all} 个手机号，计费 ${all} 条`);
    expect(words).toContain(templateWords('P0', 'zh-CN', questionnaire));
    expect(await planned()).toBe(0);
    expect((await program.get('/announcements/current')).body).toEqual({
      ...{ quarter: '2026Q4', planned: 0, sent: 0, failed: 0, segments: 0, left: { shops: all, segments: all } },
    });
  });

  test('of another quarter than is now is refused, and nothing is planned', async () => {
    expect((await send('2026Q3')).status).toBe(409);
    expect((await program.post('/announcements', { quarter: '2027Q1' })).status).toBe(409);
    expect((await program.post('/announcements', { quarter: 'now' })).status).toBe(400);
    expect(await planned()).toBe(0);
  });

  test('has nobody to go to while the roster is empty, and does not say that all are told', async () => {
    const empty = await openField('web-texts-empty', []);
    const words = wordsOf(await page('/texts/zh-CN', await signedIn(empty, openSite(empty), 'admin')));
    expect(words).toContain('未通知 0 名册里还没有可以发短信的手机');
    await empty.close();
  });

  test('is not to be had where nobody carries texts', async () => {
    const silent = { ...bare, services: { ...bare.services, text: null } };
    const elsewhere = await signedIn(silent, openSite(silent), 'admin');
    const html = await page('/texts/zh-CN', elsewhere);
    expect(wordsOf(html)).toContain('没有短信通道');
    expect(html).not.toContain('href="/texts/announcement"');
    expect((await elsewhere.get('/texts/announcement')).headers.location).toBe('/texts/zh-CN');
    expect((await send('2026Q4', elsewhere)).status).toBe(409);
    expect(await planned()).toBe(0);
  });

  test('goes to every shop, once, and the audit log says who sent it', async () => {
    const all = await shops();
    expect((await send('2026Q4')).headers.location).toBe('/texts/zh-CN');
    expect(await planned()).toBe(all);
    const words = wordsOf(await page('/texts/zh-CN'));
    expect(words).toMatch(new RegExp(`排队中 ${all} `));
    expect(words).toContain('未通知 0 所有未退订的手机都已通知');
    expect((await admin.get('/texts/announcement')).headers.location).toBe('/texts/zh-CN');
    const again = await program.post('/announcements', { quarter: '2026Q4' });
    expect([again.status, again.body]).toEqual([202, { planned: 0 }]);
    const lines = await bare.city.database.query<{ actor: string; detail: object }>({
      text: `SELECT actor, detail FROM audit WHERE action = 'texts.announce' ORDER BY sequence`,
    });
    expect(lines.map(({ detail }) => detail)).toEqual([{ planned: all }, { planned: 0 }]);
    expect(lines.at(-1)?.actor).toBe(program.actor);
  });
});
