import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { explain } from '../../src/scoring/explain.ts';
import { readItemSummaries } from '../../src/scoring/items/summaries.ts';
import { findPublished } from '../../src/scoring/store.ts';
import { closeRound } from '../../src/survey/round/close.ts';
import { finalisePeriod, score } from '../../src/workers/score.ts';
import { cityManagers, type Field, hangNovember, openField, workField } from '../support/field.ts';
import { formToken, openSite, signedIn, type Visitor, wordsOf } from './site.ts';

/** A manager's own score, on the screen and on paper. K01 has a shop or two that answered, K04 dozens. */
let field: Field;
let app: ReturnType<typeof openSite>;
let own: Visitor;
let small: Visitor;
let admin: Visitor;
const period = '2026-12';
const all = <Row>(text: string, ...values: unknown[]) => field.city.database.query<Row>({ text, values });

beforeAll(async () => {
  field = await openField('web-score', cityManagers(5));
  app = openSite(field);
  own = await signedInAs('K04');
  small = await signedInAs('K01');
  admin = await signedIn(field, app, 'admin');
});
afterAll(() => field.close());

async function signedInAs(managerId: string): Promise<Visitor> {
  const browser = await signedIn(field, app, 'manager');
  await all(`UPDATE app_user SET manager_id = $1 WHERE role = 'manager' AND manager_id IS NULL`, managerId);
  return browser;
}

/** All items are answered alike but two: K04 gives little advice (Q4), and solves more than others (Q5). */
async function publish(): Promise<void> {
  await hangNovember(field);
  const roundId = await workField(field, 1);
  await all(
    `UPDATE survey_case SET answers = answers || jsonb_build_object('Q2', 4, 'Q3', 4,
       'Q4', CASE WHEN manager_id = 'K04' THEN 2 ELSE 4 END, 'Q5', CASE WHEN manager_id = 'K04' THEN 5 ELSE 3 END)
     WHERE overall IS NOT NULL`,
  );
  field.city.clock.advance(new Date('2026-12-08T16:40:00+08:00'));
  await closeRound(field.services, roundId, 'test');
  await score(field.services, roundId);
}

const read = async (who: Visitor, path: string) => (await who.get(path)).text;
const words = async (who: Visitor, path: string) => wordsOf(await read(who, path));
async function standing(id = 'K04') {
  const published = await findPublished(field.city.database.query, period);
  const manager = published?.document.managers.find((one) => one.id === id);
  return published && manager ? { published, manager } : expect.fail('nothing is published');
}

test('before anything is published the page says so, and there is nothing to print', async () => {
  expect(await words(own, '/score')).toContain('还没有公布过成绩');
  expect((await own.get(`/score/${period}`)).status).toBe(404);
  for (const path of ['notice', 'letters', 'letters/K04'])
    expect((await admin.get(`/periods/${period}/${path}`)).status).toBe(404);
  await publish();
});

describe('a manager’s own score', () => {
  test('is explained line by line, as it was published', async () => {
    const { published, manager } = await standing();
    const shown = await words(own, '/score');
    for (const { sum, result } of explain(published.document, manager))
      expect(shown).toContain(sum === null ? result : `${sum} ${result}`);
    const [low, high] = manager.meanInterval ?? [];
    expect(shown).toContain(`其 95% 区间 ${low} 至 ${high}`);
    expect(await all(`SELECT FROM audit WHERE action = 'score.read'`)).not.toEqual([]);
  });

  test('has three things to work on, furthest behind the city first', async () => {
    const shown = await words(own, '/score');
    expect(shown).toMatch(/最值得改进的三件事 帮着出主意 2\.00，全市 \d\.\d\d；(\d+) 户中有 \1 户打 3 分或更低/);
    expect(shown).toMatch(/题目 本人 全市 .*总体满意 .*解决问题 .* 5\.00 \d\.\d\d \+/);
  });

  test('shows no question that fewer than ten answered', async () => {
    const { manager } = await standing('K01');
    expect(manager.responses).toBeLessThan(10);
    expect(await readItemSummaries(field.city.database.query, period, 'K01')).toEqual([]);
    const shown = await words(small, '/score');
    expect(shown).toContain('还没有哪一题满 10 户回答');
    expect(shown).not.toContain('最值得改进');
  });

  test('has its months drawn, with a table beside, and until when he may appeal', async () => {
    const html = await read(own, '/score');
    expect(html).toMatch(/<svg class="trend" role="img" aria-label="[^"]+"/);
    expect(html.match(/<circle class="dot/g)).toHaveLength(1 + 2);
    expect(wordsOf(html)).toMatch(/2026 年 12 月 公示中 .*2026 年 11 月 最终/);
    expect(wordsOf(html)).toContain('可在 2026 年 12 月 15 日 之前（含当日）申诉');
    expect(wordsOf(html)).toMatch(/申诉截止（含当日） 2026 年 12 月 15 日 定为最终 2026 年 12 月 16 日/);
    expect(await words(own, '/score/2026-11')).toContain('2026 年 11 月 · 最终结果');
  });

  test('is in English too', async () => {
    const shown = await words(await signedInAs('K02'), '/score?lang=en');
    expect(shown).toContain('drawn towards the city mean of');
    expect(shown).toContain('Where it comes from, and how to recompute it');
  });
});

describe('a score letter', () => {
  const path = (id: string) => `/periods/${period}/letters/${id}`;

  test('is opened by the manager it is about, and by those who print them', async () => {
    expect((await own.get(path('K04'))).status).toBe(200);
    expect((await own.get(path('K01'))).status).toBe(403);
    expect((await own.get(path('K99'))).status).toBe(403);
    expect((await admin.get(path('K01'))).status).toBe(200);
    expect((await admin.get(path('K99'))).status).toBe(404);
    expect(await all(`SELECT FROM audit WHERE action = 'letter.read' AND subject = 'K04'`)).not.toEqual([]);
  });

  test('says where each number comes from, and how anybody computes it anew', async () => {
    const { published, manager } = await standing();
    const html = await read(own, path('K04'));
    const shown = wordsOf(html);
    for (const { sum, result } of explain(published.document, manager))
      expect(shown).toContain(sum === null ? result : `${sum} ${result}`);
    expect(shown.replaceAll(' ', '')).toContain(published.document.hash);
    expect(shown).toMatch(/公布 第 1 次公布 .*考核办法 RS-1 抽样轮次 2026-12-R1 问卷 HF-1/);
    expect(html).toContain('huifang verify huifang-2026-12-publication.json');
    expect(shown).toContain('2026 年 12 月 15 日');
  });

  test('of everybody is one page, each the same as by itself', async () => {
    const html = await read(admin, `/periods/${period}/letters`);
    const leaves = html
      .split('<article')
      .slice(1)
      .map((leaf) => leaf.split('</article>')[0]);
    expect(leaves).toHaveLength(5);
    const alone = (await read(admin, path('K04'))).split('<article')[1]?.split('</article>')[0];
    expect(leaves[3]).toBe(alone);
    expect(await all(`SELECT FROM audit WHERE action = 'letters.read'`)).toHaveLength(1);
    expect(await read(admin, '/board')).toContain(`/periods/${period}/letters`);
    expect(await read(own, '/board')).not.toContain(`/periods/${period}/letters`);
  });
});

describe('the month’s notice', () => {
  test('has every manager, the appeals and the way to recompute, for everybody', async () => {
    const { published } = await standing();
    const shown = await words(own, `/periods/${period}/notice`);
    expect(shown).toContain('2026 年 12 月客户经理综合评价结果的公示');
    for (const { name, customer, unit, score: whole } of published.document.managers)
      for (const figure of [name, customer, unit, whole]) expect(shown).toContain(figure ?? '—');
    expect(shown).toContain('可在 2026 年 12 月 15 日 之前（含当日）登录系统申诉');
    expect(shown.replaceAll(' ', '')).toContain(published.document.hash);
  });

  test('becomes a 通报 once it is final', async () => {
    const cases = await all<{ id: string }>(
      `SELECT id FROM survey_case WHERE manager_id = 'K04' AND overall IS NOT NULL ORDER BY position LIMIT 12`,
    );
    for (const [index, { id }] of cases.entries())
      await all(
        `INSERT INTO comment (case_id, attempt_id, channel, sealed, at) VALUES ($1, gen_random_uuid(), 'sms', $2, now())`,
        ...[id, field.city.vault.seal(`第${index}家说：送货晚，打 138-0013-8000`)],
      );
    expect(await words(own, '/score')).toContain('满 10 户留言才公开');
    field.city.clock.advance(new Date('2026-12-16T00:00:00+08:00'));
    await finalisePeriod(field.services, period);
    const shown = await words(own, `/periods/${period}/notice`);
    expect(shown).toContain('评价结果的通报');
    expect(shown).toContain('第 2 次公布');
    expect(await words(own, `/periods/${period}/letters/K04`)).toContain('本结果为最终结果');
    const page = await words(own, '/score');
    expect(page).not.toContain('去申诉');
    expect(page.match(/第\d+家说：送货晚，打 …/g)).toHaveLength(12);
    expect(await words(small, '/score')).not.toContain('送货晚');
    expect(await all(`SELECT FROM audit WHERE action = 'comments.read'`)).not.toEqual([]);
  });
});

describe('a final result in which an error is found', () => {
  const path = `/corrections/${period}/indicator`;
  const wish = { manager: 'K04', indicator: 'service', value: '66.5', statement: '录入时错行', evidence: '原始记录' };
  async function send(who: Visitor, to: string, form: Readonly<Record<string, string>>) {
    const token = formToken(await read(who, '/board'));
    return who
      .post(to)
      .type('form')
      .send({ _csrf: token, ...form });
  }

  test('is corrected from the board: an admin proposes, with each fault beside its field, and another decides', async () => {
    expect(await read(admin, '/board')).toContain(`href="/corrections/${period}"`);
    expect(await read(own, '/board')).not.toContain('/corrections/');
    expect(await read(admin, `/corrections/${period}`)).toContain(path);
    const bad = await send(admin, path, { ...wish, manager: '', value: 'much' });
    expect([bad.status, bad.text]).toEqual([400, expect.stringContaining('id="value-fault"')]);
    expect((await send(admin, path, { ...wish, manager: '' })).text).toContain('id="manager-fault"');
    expect((await send(admin, path, wish)).status).toBe(303);

    const second = await signedIn(field, app, 'admin');
    const [, link = ''] = /href="(\/appeals\/[\da-f-]{36})"/.exec(await read(second, '/appeals')) ?? [];
    expect(await words(second, link)).toContain('这是对最终结果的更正');
    expect(await read(admin, '/appeals')).not.toContain(link);
    const verdict = { verdict: 'uphold', reason: '核对过' };
    const confirmation = wordsOf((await send(second, `${link}/verdict`, verdict)).text);
    expect(confirmation).toContain('另发一份最终结果取代原来的');
    expect((await send(second, `${link}/verdict`, { ...verdict, confirmed: 'yes' })).status).toBe(303);
    const { published, manager } = await standing();
    expect([published.stage, published.sequence, manager.indicators.service]).toEqual(['final', 3, '66.5']);
    expect(await words(own, '/score')).toContain('第 3 次公布');
  });
});
