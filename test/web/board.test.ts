import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Publication, verifyHash } from '../../src/scoring/publication.ts';
import { expectedForm, scoreDocument } from '../../src/scoring/score.ts';
import { cityManagers, districts, type Field, hangNovember, openField, publishField } from '../support/field.ts';
import { openSite, signedIn, type Visitor, wordsOf } from './site.ts';

/** The notice board: everything from the publication, and why beside every figure. */
let field: Field;
let app: ReturnType<typeof openSite>;
let manager: Visitor;
let published: Publication;

beforeAll(async () => {
  field = await openField('web-board', cityManagers(20));
  await hangNovember(field);
  await publishField(field);
  app = openSite(field);
  manager = await signedIn(field, app, 'manager');
  const rows = await field.city.database.query<{ document: Publication }>({
    text: `SELECT document FROM publication WHERE period = '2026-12'`,
  });
  published = rows[0]?.document as Publication;
});
afterAll(() => field.close());

/** The rows of the board, in words. */
async function rows(path = '/board'): Promise<string[]> {
  const { text } = await manager.get(path);
  const body = /<tbody role="rowgroup">([\s\S]*?)<\/tbody>/.exec(text)?.[1] ?? '';
  return body
    .split('<tr')
    .slice(1)
    .map((row) => wordsOf(`<tr${row}`).trim());
}

const rowOf = async (id: string): Promise<string> => {
  const name = published.managers.find((one) => one.id === id)?.name ?? 'nobody';
  return (await rows()).find((row) => row.includes(name)) ?? '';
};

test('everybody who signed in may read it', async () => {
  for (const role of ['admin', 'supervisor', 'desk', 'manager', 'auditor'] as const)
    expect((await (await signedIn(field, app, role, 'D1')).get('/board')).status).toBe(200);
});

test('a notice says to which day it can be appealed, that day included', async () => {
  expect(wordsOf((await manager.get('/board')).text)).toContain('公示中，可申诉至 2026 年 12 月 15 日');
  const { text } = await (await signedIn(field, app, 'auditor', 'D1')).get('/board?lang=en');
  expect(wordsOf(text)).toContain('open to appeals to the end of 15 December 2026');
});

test('by rank, with interval, scores, rating and tier of each; those without a rank last', async () => {
  const shown = await rows();
  const ranked = [...published.managers].sort((a, b) => (a.rank ?? 99) - (b.rank ?? 99) || (a.id < b.id ? -1 : 1));
  expect(shown).toHaveLength(20);
  const ratings = {
    excellent: '优秀',
    competent: '称职',
    'basically-competent': '基本称职',
    'not-competent': '不称职',
    unrated: '未定等',
  };
  for (const [index, one] of ranked.entries()) {
    const row = shown[index] ?? '';
    expect(row).toContain(one.name);
    expect(row).toContain(ratings[one.rating]);
    expect(row).toContain(['', '一档', '二档', '三档'][one.tier]);
    if (one.rank === null) expect(row).toContain('未排名');
    else {
      expect(row).toContain(`${one.rankInterval?.join('–')}`);
      for (const figure of [one.customer, one.unit, one.score]) expect(row).toContain(figure);
    }
  }
});

test('the interval is drawn, and said', async () => {
  const { text } = await manager.get('/board');
  const first = published.managers.find(({ rank }) => rank === 1);
  const [low, high] = (first?.scoreInterval ?? []).map((bound) => Number(bound).toFixed(1));
  expect(text).toContain(`aria-label="综合得分 ${first?.score}，95% 区间 ${low} 至 ${high}"`);
  expect(text.match(/class="plot"/g)).toHaveLength(published.managers.filter(({ score }) => score !== null).length);
});

describe('says why', () => {
  test('somebody whose score reaches excellent is not rated so', async () => {
    const gated = published.managers.filter(({ gates }) => gates.length > 0);
    expect(gated.length).toBeGreaterThan(0);
    for (const { id } of gated) expect(await rowOf(id)).toContain('未评优秀');
  });

  test('a sample is provisional', async () => {
    const provisional = published.managers.filter(({ status }) => status === 'provisional');
    expect(provisional.length).toBeGreaterThan(0);
    for (const { id } of provisional)
      expect(await rowOf(id)).toMatch(/暂定.*(可靠需 \d+ 户|号码无效 [\d.]+%，超过 10%)/);
  });

  test('a rating is missing', async () => {
    const unrated = published.managers.filter(({ rating }) => rating === 'unrated');
    for (const { id } of unrated) expect(await rowOf(id)).toMatch(/不足 5 户，不打分|缺失过多/);
  });

  test('what the drawn, the responses and the rate were, and what the intervals mean', async () => {
    const words = wordsOf((await manager.get('/board')).text);
    const [counts] = await field.city.database.query<{ released: string; valid: string }>({
      text: `SELECT to_char(count(*), 'FM9,999') AS released, count(overall)::text AS valid FROM survey_case`,
    });
    expect(words).toContain(`随机抽取 ${counts?.released} 户，得到有效回访 ${counts?.valid} 户（应答率 RR2`);
    expect(words).toContain('综合得分 = 40% 客户评价 + 60% 单位评价，考核办法 RS-1');
    expect(words).toContain('逐对相比、只计客户评价的抽样误差');
  });
});

describe('to recompute', () => {
  test('the publication can be downloaded, and bears its hash', async () => {
    const answer = await manager.get('/board/2026-12/publication.json');
    expect(answer.headers['content-disposition']).toContain('huifang-2026-12-publication.json');
    expect(answer.body).toEqual(JSON.parse(JSON.stringify(published)));
    expect(verifyHash(answer.body)).toBe(true);
  });

  test('its input scores to what hangs on the board', async () => {
    const { body } = await manager.get('/board/2026-12/score-input.json');
    const recomputed = expectedForm(scoreDocument(body));
    for (const [index, one] of recomputed.managers.entries()) expect(published.managers[index]).toMatchObject(one);
  });

  test('downloads are in the audit log', async () => {
    const lines = await field.city.database.query({
      text: `SELECT DISTINCT action, subject FROM audit WHERE action IN ('board.read', 'publication.download') ORDER BY action`,
    });
    expect(lines).toContainEqual({ action: 'board.read', subject: published.hash });
    expect(lines).toContainEqual({ action: 'publication.download', subject: published.hash });
  });

  test('a publication that was tampered with is shown as such', async () => {
    const tampered = await openField('web-tampered', cityManagers(2));
    await publishField(tampered);
    // As only whoever owns the database can: nobody else may change a publication.
    await tampered.city.database.query({ text: 'ALTER TABLE publication DISABLE TRIGGER publication_append_only' });
    await tampered.city.database.query({
      text: `UPDATE publication SET document = jsonb_set(document, '{managers,0,name}', '"别人"')`,
    });
    const browser = await signedIn(tampered, openSite(tampered), 'auditor');
    expect((await browser.get('/board')).text).toContain('可能被改动过');
    await tampered.close();
    expect((await manager.get('/board')).text).not.toContain('可能被改动过');
  });
});

test('earlier months hang beside it; a month without one is no page', async () => {
  const { text } = await manager.get('/board/2026-11');
  expect(wordsOf(text)).toContain('2026 年 11 月');
  expect(text).toContain('href="/board/2026-12"');
  expect((await manager.get('/board/2020-01')).status).toBe(404);
  expect((await manager.get('/board/2020-01/publication.json')).status).toBe(404);
});

test('before the first there is an empty board that says so', async () => {
  const empty = await openField('web-board-empty', []);
  const answer = await (await signedIn(empty, openSite(empty), 'manager')).get('/board');
  expect(answer.status).toBe(200);
  expect(answer.text).toContain('还没有公布');
  await empty.close();
});

test('in English nothing Chinese is left but names', async () => {
  const browser = await signedIn(field, app, 'auditor');
  const { text } = await browser.get('/board?lang=en');
  const names = [...field.managers.map(({ name }) => name), ...Object.values(districts), '某auditor', '回访', '中文'];
  expect(text).toContain('<html lang="en">');
  expect(text.replace(new RegExp(names.join('|'), 'g'), '')).not.toMatch(/\p{Script=Han}/u);
  expect(wordsOf(text)).toContain('each pair by itself, sampling error of C only');
});
