import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cityManagers, districts, type Field, openField, publishField, workField } from '../support/field.ts';
import {
  cookiesOf,
  follow,
  formToken,
  linkFor,
  makeUser,
  openSite,
  signedIn,
  type Visitor,
  visitor,
  wordsOf,
} from './site.ts';

/** The round page: what is shown of a round, to whom, and what never is. */
let field: Field;
let app: ReturnType<typeof openSite>;
let admin: Visitor;
let roundId: string;

beforeAll(async () => {
  field = await openField('web-round', cityManagers(8));
  roundId = await workField(field, 0.5);
  app = openSite(field);
  admin = await signedIn(field, app, 'admin');
});
afterAll(() => field.close());

const query = <Row>(text: string, values: unknown[] = []): Promise<Row[]> =>
  field.city.database.query<Row>({ text, values });

const page = async (browser: Visitor, path = `/rounds/${roundId}`): Promise<string> => (await browser.get(path)).text;

/** The page without what is new at every request. */
const steady = (html: string): string => html.replace(/value="[0-9a-f.]{60,}"/g, '');

describe('a round in the field', () => {
  test('shows how far it is, over everybody drawn', async () => {
    const words = wordsOf(await page(admin));
    const [counts] = await query<{ released: string; valid: string }>(
      `SELECT to_char(count(*), 'FM9,999') AS released, count(overall)::text AS valid FROM survey_case`,
    );
    expect(words).toContain('2026 年 12 月评价回访 进行中');
    expect(words).toContain(`有效回访 ${counts?.valid}`);
    expect(words).toContain(`已抽取 ${counts?.released} 户`);
    expect(words).toContain('上限 10 路');
    for (const { name } of field.managers) expect(words).toContain(name);
  });

  test('says what it is waiting for', async () => {
    expect(wordsOf(await page(admin))).toMatch(/在等什么 正在拨打 [\d,]+ 户到时待拨/);
    const later = await openField('web-round-noon', cityManagers(2));
    await workField(later, 0.5);
    await later.city.database.query({
      text: `UPDATE attempt SET state = 'ended', result = 'no-answer', outcome = 'no-answer', ended_at = now() WHERE state <> 'ended'`,
    });
    later.city.clock.advance(new Date('2026-12-01T11:45:00+08:00'));
    const words = wordsOf(await page(await signedIn(later, openSite(later), 'auditor')));
    expect(words).toMatch(/在等什么 14:00 午间不拨打；\d+ 户待拨/);
    expect(words).toMatch(/14:00 再拨 \d+ 户/);
    await later.close();
  });

  test('bar, legend and table tell the same, and the table adds up', async () => {
    const html = await page(admin);
    const label = /aria-label="处置分布：([^"]+)"/.exec(html)?.[1] ?? '';
    const inLabel = label.split('；').map((part) => Number(/ ([\d,]+) 户/.exec(part)?.[1]?.replace(',', '')));
    const table = /按 AAPOR[\s\S]*?<\/table>/.exec(html)?.[0] ?? '';
    const rows = [...table.matchAll(/<td class="num">([\d,]+)<\/td><td class="num">[\d.]+%/g)].map(([, cases]) =>
      Number(cases?.replace(',', '')),
    );
    const total = rows.pop();
    const [counts] = await query<{ released: number }>('SELECT count(*)::int AS released FROM survey_case');
    expect(total).toBe(counts?.released);
    expect(rows.reduce((sum, cases) => sum + cases, 0)).toBe(total);
    expect(inLabel.reduce((sum, cases) => sum + cases, 0)).toBe(total);
  });

  test('shows the sealed draw, and that its operator could have looked', async () => {
    const words = wordsOf(await page(admin)).replaceAll(' ', '');
    const [draw] = await query<{ commitments: string[]; frameHash: string }>(
      'SELECT frame_hash AS "frameHash", (SELECT array_agg(commitment) FROM nonce) AS commitments FROM draw',
    );
    for (const hash of [...(draw?.commitments ?? []), draw?.frameHash]) expect(words).toContain(hash);
    expect(words).toContain('运营方自持');
    expect(words).toContain('随机数封存中');
  });

  test('tells what is happening, step by step', async () => {
    const words = wordsOf(await page(admin));
    for (const step of ['正在拨出', '振铃', '接通，介绍', '第 3 题', '第 1 题', '通话中', '通话结束', '未接通'])
      expect(words).toMatch(new RegExp(`\\d\\d:\\d\\d [-\\d]+\\*{4}\\d+ 电话 ${step}`));
  });

  test('refreshes by a fragment of the same content', async () => {
    const whole = await page(admin);
    const path = /data-live="([^"]+)"/.exec(whole)?.[1] ?? '';
    const fragment = await admin.get(path);
    expect(fragment.headers).not.toHaveProperty('live-over');
    expect(fragment.text).not.toContain('<html');
    expect(whole).toContain(fragment.text.trim().slice(0, 2000));
  });
});

describe('nothing tells on a retailer', () => {
  test('the page is the same, byte for byte, whatever was answered', async () => {
    const before = [steady(await page(admin)), await page(admin, `/rounds/${roundId}/progress`)];
    await query(`
      UPDATE survey_case SET overall = 6 - overall,
        answers = (SELECT jsonb_object_agg(key, 6 - value::int) FROM jsonb_each_text(answers)) WHERE overall IS NOT NULL`);
    await query(`UPDATE answer SET value = 6 - value`);
    await query(
      `UPDATE attempt SET conversation = conversation || '{"lastKey": {"key": "1", "at": 99}, "wanted": "morning"}' WHERE conversation IS NOT NULL`,
    );
    expect([steady(await page(admin)), await page(admin, `/rounds/${roundId}/progress`)]).toEqual(before);
  });

  test('numbers are masked, and nobody is named', async () => {
    const html = await page(admin);
    expect(html).toMatch(/\d{3}\*{4}\d{4}/);
    const clear = await query<{ sealed: Buffer }>('SELECT sealed FROM phone');
    for (const { sealed } of clear) {
      const number = field.city.vault.open(sealed);
      expect(html).not.toContain(number.slice(3));
    }
    for (const { id, name } of await query<{ id: string; name: string }>('SELECT id, name FROM retailer')) {
      expect(html).not.toContain(id);
      expect(html).not.toContain(name);
    }
  });

  test('times are to the minute', async () => {
    const times = [...(await page(admin)).matchAll(/<time datetime="([^"]+)">([^<]+)</g)];
    expect(times.length).toBeGreaterThan(5);
    for (const [, machine, words] of times) {
      expect(machine).toMatch(/T\d\d:\d\d:00\.000Z$/);
      expect(words).toMatch(/^\d\d:\d\d$/);
    }
  });

  test('somebody who says "never again" looks like anybody who talks', async () => {
    const talking = async (place: object) => {
      await query(
        `UPDATE attempt SET conversation = jsonb_build_object('place', $1::jsonb) WHERE state = 'in-progress'`,
        [JSON.stringify(place)],
      );
      return page(admin, `/rounds/${roundId}/progress`);
    };
    const stopping = await talking({ is: 'stopping', from: { is: 'question', item: 0 }, until: 1 });
    expect(stopping).toContain('通话中');
    expect(await talking({ is: 'person' })).toBe(stopping);
    expect(await talking({ is: 'over', because: 'opted-out' })).toBe(stopping);
  });
});

describe('a supervisor', () => {
  test('sees his district and nothing of the others', async () => {
    const supervisor = await signedIn(field, app, 'supervisor', 'D1');
    const html = await page(supervisor);
    const words = wordsOf(html);
    for (const { name, district } of field.managers) {
      if (district === 'D1') expect(words).toContain(name);
      else expect(words).not.toContain(name);
    }
    expect(words).toContain(`只显示${districts.D1}`);
    for (const other of [districts.D2, districts.D3, districts.D4]) expect(words).not.toContain(other);
    const [own] = await query<{ released: number; valid: number }>(`
      SELECT count(*)::int AS released, count(overall)::int AS valid
      FROM survey_case c JOIN manager m ON m.id = c.manager_id WHERE m.district_id = 'D1'`);
    expect(words).toContain(`有效回访 ${own?.valid}`);
    expect(words).toContain(`已抽取 ${own?.released} 户`);
    const numbers = [...html.matchAll(/class="masked">([^<]+)</g)].map(([, masked]) => masked);
    const foreign = await query<{ masked: string }>(`
      SELECT p.masked FROM survey_case c JOIN phone p ON p.id = c.phone_id JOIN manager m ON m.id = c.manager_id WHERE m.district_id <> 'D1'`);
    expect(numbers.length).toBeGreaterThan(0);
    for (const { masked } of foreign) expect(numbers).not.toContain(masked);
  });

  test('without a district sees no round, and is told why', async () => {
    const nowhere = await signedIn(field, app, 'supervisor');
    const answer = await nowhere.get(`/rounds/${roundId}`);
    expect(answer.status).toBe(403);
    expect(answer.text).toContain('还没有指定营销部');
    expect((await nowhere.get('/')).headers.location).toBe('/board');
  });
});

/** Who gets in where at all: routes.test.ts. */
describe('roles', () => {
  test('nobody but the assessment group launches', async () => {
    for (const role of ['supervisor', 'desk', 'manager', 'auditor'] as const) {
      const browser = await signedIn(field, app, role, 'D1');
      const token = formToken(await page(browser, '/board'));
      const answer = await browser.post('/rounds').type('form').send({ period: '2027-01', _csrf: token });
      expect({ role, status: answer.status }).toEqual({ role, status: 403 });
    }
    expect(await query(`SELECT FROM round WHERE period = '2027-01'`)).toEqual([]);
  });
});

describe('the way to it', () => {
  test('leads from / to the round under way for whoever may see it, else to the board', async () => {
    expect((await admin.get('/')).headers.location).toBe(`/rounds/${roundId}`);
    expect((await (await signedIn(field, app, 'manager')).get('/')).headers.location).toBe('/board');
  });

  test('says so where there is no such round', async () => {
    const answer = await admin.get('/rounds/2031-01-R9');
    expect(answer.status).toBe(404);
    expect(answer.text).toContain('没有这一页');
  });
});

test('looking at a round is in the audit log, once for a page that refreshes itself', async () => {
  const userId = await makeUser(field, 'auditor');
  const browser = visitor(app);
  await follow(browser, await linkFor(field, userId));
  await browser.get(`/rounds/${roundId}`);
  for (let i = 0; i < 5; i++) await browser.get(`/rounds/${roundId}/progress`);
  const lines = await query(`SELECT action, subject FROM audit WHERE actor = $1 AND action LIKE 'round.%'`, [userId]);
  expect(lines).toEqual([{ action: 'round.read', subject: roundId }]);
});

describe('languages', () => {
  /** Chinese that is a name, or the brand, or leads back to Chinese. */
  const names = () =>
    new RegExp(
      [...field.managers.map(({ name }) => name), ...Object.values(districts), '某\\w+', '回访', '中文'].join('|'),
      'g',
    );

  test('Chinese is first; English is chosen once and remembered', async () => {
    const browser = await signedIn(field, app, 'admin');
    expect(await page(browser)).toContain('<html lang="zh-CN">');
    expect(await page(browser, `/rounds/${roundId}?lang=en`)).toContain('<html lang="en">');
    const english = await page(browser);
    expect(english).toContain('<html lang="en">');
    expect(wordsOf(english)).toContain('Follow-up round, December 2026');
    expect(await page(browser, `/rounds/${roundId}?lang=zh`)).toContain('<html lang="zh-CN">');
  });

  test('no Chinese is left over on the English pages', async () => {
    const browser = await signedIn(field, app, 'admin');
    await browser.get('/sign-in?lang=en');
    for (const path of [
      `/rounds/${roundId}`,
      '/rounds',
      '/rounds/launch?period=2027-01',
      '/rounds/launch?period=x',
      '/rounds/schedules',
      '/nowhere',
      '/board',
    ])
      expect((await page(browser, path)).replace(names(), '')).not.toMatch(/\p{Script=Han}/u);
  });

  test('the switch leads to the same page', async () => {
    const html = await page(admin, '/rounds/launch?period=2027-01');
    expect(html).toContain('href="/rounds/launch?period&#x3D;2027-01&amp;lang&#x3D;en"');
  });
});

describe('launching', () => {
  test('shows first what will happen, and launches nothing', async () => {
    const words = wordsOf(await page(admin, '/rounds/launch?period=2027-01'));
    expect(words).toContain('启动 2027 年 1 月评价回访');
    expect(words).toContain('8 名客户经理');
    expect(words).toContain('问卷 HF-1、考核办法 RS-1 从此固定');
    expect(await query(`SELECT FROM round WHERE period = '2027-01'`)).toEqual([]);
  });

  test('says what it costs, if the price of a minute is said, and what to expect of each manager', async () => {
    const words = wordsOf(await page(admin, '/rounds/launch?period=2027-01&price=0.12'));
    expect(words).toMatch(/按每分钟 0.12 计，通话费约 \d+\.\d\d。/);
    expect(words).toMatch(/客户经理 零售户 抽取 有效 可靠度 误差 成绩/);
    expect(wordsOf(await page(admin, '/rounds/launch?period=2027-01'))).not.toContain('通话费约');
    expect((await admin.get('/rounds/launch?period=2027-01&price=x')).status).toBe(400);
  });

  test('takes a time at which it closes, to come and in the company’s zone', async () => {
    const token = formToken(await page(admin, '/rounds/launch?period=2027-06'));
    const send = (closesAt: string) =>
      admin.post('/rounds').type('form').send({ period: '2027-06', closesAt, _csrf: token });
    expect((await send('2020-01-01T09:00')).status).toBe(400);
    expect((await send('tomorrow')).status).toBe(400);
    expect((await send('2027-06-30T17:00')).status).toBe(303);
    expect(await query(`SELECT closes_at FROM round WHERE period = '2027-06'`)).toEqual([
      { closes_at: new Date('2027-06-30T09:00:00Z') },
    ]);
  });

  test('happens once it is confirmed: committed, its draw asked for, and audited', async () => {
    const token = formToken(await page(admin, '/rounds/launch?period=2027-02'));
    const answer = await admin.post('/rounds').type('form').send({ period: '2027-02', _csrf: token });
    expect(answer.headers.location).toBe('/rounds/2027-02-R1');
    expect(field.asked.at(-1)).toEqual({ name: 'draw', payload: { roundId: '2027-02-R1' } });
    expect(await query(`SELECT state FROM round WHERE id = '2027-02-R1'`)).toEqual([{ state: 'committed' }]);
    expect(
      await query(
        `SELECT actor <> 'system' AS person FROM audit WHERE action = 'round.launch' AND subject = '2027-02-R1'`,
      ),
    ).toEqual([{ person: true }]);
    const words = wordsOf(await page(admin, '/rounds/2027-02-R1'));
    expect(words).toContain('抽样中');
    expect(words).toContain('随机数已封存，等待冻结抽样框');
    expect(words).toContain('在等什么 抽样');
    expect(words).not.toContain('应答率 RR2');
  });

  test('pressed twice launches once', async () => {
    const token = formToken(await page(admin, '/rounds/launch?period=2027-03'));
    const press = () => admin.post('/rounds').type('form').send({ period: '2027-03', _csrf: token });
    const statuses = (await Promise.all([press(), press(), press()])).map(({ status }) => status).sort();
    expect(statuses).toEqual([303, 409, 409]);
    expect(await query(`SELECT FROM round WHERE period = '2027-03'`)).toHaveLength(1);
  });

  test.each([
    ['2026-12', 409, '已有轮次'],
    ['2026-13', 400, '请写成“年-月”'],
    ['next month', 400, '请写成“年-月”'],
    ['', 400, '请写成“年-月”'],
    ['2019-01', 409, '还没有生效的考核办法'],
  ])('of the month %j is answered %i beside the field', async (period, status, message) => {
    const answer = await admin.get('/rounds/launch').query({ period });
    expect(answer.status).toBe(status);
    expect(answer.text).toMatch(new RegExp(`id="period-fault"[^>]*>[^<]*${message}`));
    expect(answer.text).toContain('aria-invalid="true"');
  });

  test('with an empty roster says what to do first', async () => {
    const empty = await openField('web-empty', []);
    const answer = await (await signedIn(empty, openSite(empty), 'admin')).get('/rounds/launch?period=2026-12');
    expect(answer.status).toBe(409);
    expect(answer.text).toContain('请先导入');
    await empty.close();
  });
});

describe('the other states', () => {
  test('paused: nobody is called', async () => {
    await query(`UPDATE round SET state = 'paused' WHERE id = $1`, [roundId]);
    expect(wordsOf(await page(admin))).toMatch(/已暂停 不再拨出，已接通的会打完；\d+ 户待续/);
    await query(`UPDATE round SET state = 'fielding' WHERE id = $1`, [roundId]);
  });

  test('closed and published: nonces are out, the board is a click away, nothing refreshes', async () => {
    const done = await openField('web-closed', cityManagers(2));
    const closed = await publishField(done);
    const browser = await signedIn(done, openSite(done), 'auditor');
    const html = await page(browser, `/rounds/${closed}`);
    const words = wordsOf(html);
    expect(words).toContain('已结束');
    expect(words).toContain('随机数已于 12 月 8 日 16:40 公开');
    expect(html).toContain('href="/board/2026-12"');
    expect(html).not.toContain('data-live');
    expect(html).not.toContain('class="masked"');
    expect((await browser.get(`/rounds/${closed}/progress`)).headers['live-over']).toBe('1');
    await done.close();
  });
});

test('where the database is gone the page says so, and gives nothing away', async () => {
  const link = await linkFor(field, await makeUser(field, 'admin'));
  const cookie = cookiesOf(await follow(visitor(app), link));
  const gone = async (): Promise<never> => {
    throw new Error('connect ECONNREFUSED 10.0.0.7:5432');
  };
  const broken = openSite({
    ...field,
    services: { ...field.services, database: { ...field.city.database, query: gone } },
  });
  const answer = await visitor(broken).get(`/rounds/${roundId}`).set('Cookie', cookie);
  expect(answer.status).toBe(500);
  expect(answer.text).toContain('系统出错了');
  expect(answer.text).not.toContain('10.0.0.7');
});

test('a defect gives a number and no more, and the log tells under it', async () => {
  const logged: { id?: string; err?: Error }[] = [];
  const log = { ...field.services.log, error: (what: { id?: string; err?: Error }) => void logged.push(what) };
  const rules = async (): Promise<never> => {
    throw new Error('secret of the inside: 13812345678');
  };
  const services = { ...field.services, rules, log: log as typeof field.services.log };
  const broken = openSite({ ...field, services });
  const browser = await signedIn(field, broken, 'admin');
  const answer = await browser.get(`/rounds/${roundId}`);
  expect(answer.status).toBe(500);
  expect(logged).toHaveLength(1);
  expect(answer.text).toContain(logged[0]?.id);
  expect(answer.text).not.toContain('secret of the inside');
  expect(answer.text).not.toMatch(/\bat .*\.ts/);
});
