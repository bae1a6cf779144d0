import type { Express } from 'express';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Questionnaire, standardQuestionnaire } from '../../src/survey/questionnaire/questionnaire.ts';
import { cityManagers, type Field, openField } from '../support/field.ts';
import { formToken, openSite, signedIn, type Visitor, visitor, wordsOf } from './site.ts';

/** The questionnaire's pages, by the real app: read, bring a draft, compare, publish. */
let field: Field;
let app: Express;
let admin: Visitor;
beforeAll(async () => {
  field = await openField('web-questionnaires', cityManagers(2));
  app = openSite(field);
  admin = await signedIn(field, app, 'admin');
});
afterAll(() => field.close());

const page = async (path: string): Promise<string> => {
  const answer = await admin.get(path);
  expect([path, answer.status]).toEqual([path, 200]);
  return answer.text;
};
const draft = (id: string, edit: (draft: Questionnaire) => void = () => {}): string => {
  const document = { ...standardQuestionnaire(), id };
  edit(document);
  return JSON.stringify(document);
};
const upload = async (content: string | Buffer, browser = admin) =>
  browser
    .post('/questionnaires/drafts')
    .field('_csrf', formToken((await browser.get('/questionnaires')).text))
    .attach('file', Buffer.from(content), 'draft.json');
const publish = async (id: string, hash?: string) => {
  const confirmation = await page(`/questionnaires/${id}/publication`);
  const shown = /name="hash" value="([^"]+)"/.exec(confirmation)?.[1] ?? '';
  return admin
    .post(`/questionnaires/${id}/publication`)
    .type('form')
    .send({ _csrf: formToken(confirmation), hash: hash ?? shown });
};
const actions = async (subject: string) =>
  (
    await field.city.database.query<{ action: string }>({
      text: 'SELECT action FROM audit WHERE subject = $1 ORDER BY sequence',
      values: [subject],
    })
  ).map(({ action }) => action);

describe('a version', () => {
  test('is shown with its words, seconds and segments, in both languages', async () => {
    expect(wordsOf(await page('/questionnaires'))).toMatch(/HF-1 已发布/);
    const words = wordsOf(await page('/questionnaires/HF-1'));
    expect(words).toContain('全程听完的秒数：zh-CN 118、en 119');
    expect(words).toMatch(/Q7b 最后一题。这次回访之前[^Q]*Last question\..*抽样号末位双数/);
    expect(words).toMatch(/P0 【{{signature}}】本季[^\]]*\].* 70 \/ 1/);
    expect(words).not.toContain('请注意');
  });

  test('is downloaded as it was published', async () => {
    const answer = await admin.get('/questionnaires/HF-1/document.json');
    expect(answer.headers['content-disposition']).toContain('HF-1.json');
    expect(answer.body).toEqual(JSON.parse(JSON.stringify(standardQuestionnaire())));
  });
});

describe('a draft', () => {
  test('is brought as a file, replaced, warned about, compared, and published after a confirmation', async () => {
    const long = draft('HF-2', ({ clips }) => Object.assign(clips.Q4 ?? {}, { 'zh-CN': '第四题。'.repeat(9) }));
    const brought = await upload(long);
    expect([brought.status, brought.headers.location]).toEqual([303, '/questionnaires/HF-2']);
    expect(wordsOf(await page('/questionnaires/HF-2'))).toMatch(/草稿.*请注意 语音 A1, zh-CN 说“两分钟”/);

    await upload(
      draft('HF-2', ({ clips }) => Object.assign(clips.Q3 ?? {}, { 'zh-CN': '第三题。政策讲得清不清楚?打几分?' })),
    );
    const compared = wordsOf(await page('/questionnaires/HF-2/comparison?with=HF-1'));
    expect(compared).toContain('两个版本的客户评分可以比较');
    expect(compared).toMatch(
      /Q3 不可比 读法 Q3, zh-CN 第三题。政策和明码标价,他讲得清不清楚\?打几分\? 第三题。政策讲得清不清楚/,
    );
    expect(compared).toMatch(/Q4 可比/);

    const published = await publish('HF-2');
    expect([published.status, published.headers.location]).toEqual([303, '/questionnaires/HF-2']);
    expect(wordsOf(await page('/questionnaires/HF-2'))).toContain('已发布');
    expect(await page('/questionnaires/HF-2')).not.toContain('/publication');
    expect(await actions('HF-2')).toEqual(['questionnaire.draft', 'questionnaire.draft', 'questionnaire.publish']);
    expect((await upload(draft('HF-2'))).status).toBe(409);
  });

  test('that was replaced after it was looked at is not published unseen', async () => {
    await upload(draft('HF-3'));
    expect((await publish('HF-3', 'f'.repeat(64))).status).toBe(409);
    expect(await actions('HF-3')).toEqual(['questionnaire.draft']);
  });

  test('with faults is not kept, and each is named', async () => {
    const faulty = draft('HF-4', ({ clips, texts }) => {
      delete clips.Z1;
      delete texts.S9;
    });
    const answer = await upload(faulty);
    expect(answer.status).toBe(400);
    const words = wordsOf(answer.text);
    expect(words).toContain('语音 Z1 · clip Z1');
    expect(words).toContain('短信 S9 · text S9');
    expect((await admin.get('/questionnaires/HF-4')).status).toBe(404);
  });

  test.each<[string, string | Buffer, RegExp]>([
    ['no JSON', '{"id":\n', /line 2: 从这里起不是 JSON/],
    ['a key twice', '{"id": 1,\n"id": 2}', /line 2: .*重复/],
    ['not UTF-8', Buffer.from([0x7b, 0xff, 0x7d]), /不是 UTF-8 的 JSON/],
    ['a list', '[]', /整份问卷/],
    ['too large', 'x'.repeat(1_100_000), /超过 1 MB/],
  ])('that is %s is refused', async (_, content, why) => {
    const answer = await upload(content);
    expect(answer.status).toBe(400);
    expect(wordsOf(answer.text)).toMatch(why);
  });

  test('without the form’s token is refused', async () => {
    const answer = await admin.post('/questionnaires/drafts').attach('file', Buffer.from(draft('HF-5')), 'draft.json');
    expect(answer.status).toBe(403);
    expect(await actions('HF-5')).toEqual([]);
  });
});

test('nobody but the assessment group sees or changes any of it', async () => {
  for (const role of ['supervisor', 'desk', 'manager', 'auditor'] as const) {
    const browser = await signedIn(field, app, role, role === 'supervisor' ? 'D1' : null);
    for (const path of ['/questionnaires', '/questionnaires/HF-1', '/questionnaires/HF-1/document.json'])
      expect([role, (await browser.get(path)).status]).toEqual([role, 403]);
    expect((await browser.get('/board')).text).not.toContain('/questionnaires');
    const token = formToken((await browser.get('/board')).text);
    const answer = await browser
      .post('/questionnaires/drafts')
      .field('_csrf', token)
      .attach('file', Buffer.from(draft('HF-6')), 'draft.json');
    expect([role, answer.status]).toEqual([role, 403]);
  }
  expect((await visitor(app).get('/questionnaires')).headers.location).toBe('/sign-in');
  expect(await actions('HF-6')).toEqual([]);
});

test('a version that is not there is a page that is not there', async () => {
  for (const path of [
    '/questionnaires/nowhere',
    '/questionnaires/HF-1/comparison?with=nowhere',
    '/questionnaires/HF-1/comparison',
  ])
    expect([path, (await admin.get(path)).status]).toEqual([path, 404]);
});
