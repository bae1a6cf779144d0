import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { addStaffPhone } from '../../src/survey/quality/staff-phones.ts';
import { makeSchedule } from '../../src/survey/round/schedule.ts';
import { scheduleSpotCheck } from '../../src/survey/round/spot-check.ts';
import { signInLinkFor } from '../../src/web/sign-in.ts';
import { drawRules } from '../../src/workers/rules.ts';
import { file } from '../support/appeals.ts';
import { type Field, hangNovember, openField, publishField, workField } from '../support/field.ts';
import { chromiumHere, openChromium } from './chromium.ts';
import { makeUser, openSite } from './site.ts';

/** The pages as a browser shows them: on a desk and on a phone, in both languages, by day and by night. */
if (!chromiumHere) console.error('not run: browser tests (no Chromium here: apt-get install chromium)');

interface Stand {
  readonly field: Field;
  readonly url: string;
  readonly paths: string[];
  storageState: Awaited<ReturnType<BrowserContext['storageState']>>;
  close(): Promise<void>;
}

async function stand(field: Field, paths: string[]): Promise<Stand> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  server.on('request', openSite(field, url));
  return {
    field,
    url,
    paths,
    storageState: { cookies: [], origins: [] },
    close: () => closed(server).then(field.close),
  };
}

/** A flag of a manager, one of a case with a verdict already, and a number of the company's. */
async function showSomethingToReview({ city, services }: Field): Promise<void> {
  await city.database.query({
    text: `
      INSERT INTO flag (id, round_id, manager_id, case_id, kind, evidence, raised_at, first_by, first_verdict, first_reason, first_at)
      SELECT gen_random_uuid(), c.round_id, c.manager_id, CASE WHEN n = 1 THEN c.id END, CASE WHEN n = 1 THEN 'keys-too-fast' ELSE 'five-share' END,
             CASE WHEN n = 1 THEN '{"answers": 6, "seconds": "6.1", "words": "49.7"}'::jsonb
               ELSE '{"counted": 25, "responses": 25, "othersCounted": 1000, "othersResponses": 2000, "z": "4.97"}' END,
             now(), CASE WHEN n = 1 THEN 'somebody' END, CASE WHEN n = 1 THEN 'founded' END, CASE WHEN n = 1 THEN '核对过' END, CASE WHEN n = 1 THEN now() END
      FROM (SELECT * FROM survey_case LIMIT 1) c, generate_series(1, 2) n`,
  });
  await addStaffPhone(services, { employee: 'E1001', phone: '13900001111', actor: 'test' });
}

const closed = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });

describe.runIf(chromiumHere !== null)('in a browser', () => {
  let browser: Browser;
  let live: Stand;
  let published: Stand;
  /** What one of the managers sees. */
  let own: Stand;
  /** The same, once there is a result. */
  let scored: Stand;

  beforeAll(async () => {
    browser = await openChromium();
    const [fielding, done] = [await openField('web-browser-live'), await openField('web-browser-done')];
    await workField(fielding, 0.42);
    await hangNovember(done);
    await publishField(done);
    live = await stand(fielding, [
      ...['/rounds/2026-12-R1', '/rounds', '/rounds/launch?period=2027-01', '/nowhere'],
      ...['/questionnaires', '/questionnaires/HF-1', '/questionnaires/HF-1/comparison?with=HF-1', '/texts/zh-CN'],
      ...['/roster', '/roster/completeness', '/draws/2026-12-R1', '/rounds/schedules'],
      ...['/indicators/2026-12', '/indicators/2026-12/K02', '/visits', '/visits/plan', '/visits/cards/K01'],
      ...['/rounds/2026-12-R1/spot-checks', '/rounds/2026-12-R1/change/pause', '/rounds/2026-12-R1/change/cancel'],
    ]);
    await askAndSchedule(fielding);
    await showSomethingToReview(done);
    const [appealed = ''] = await appealSomething(done);
    published = await stand(done, [
      ...[
        '/board',
        '/rounds/2026-12-R1',
        '/reviews',
        '/staff-phones',
        '/carriers',
        '/ledger',
        '/training',
        '/role-models',
      ],
      ...['/appeals', `/appeals/${appealed}`, '/periods/2026-12/notice', '/periods/2026-12/letters/K04'],
    ]);
    for (const site of [live, published]) site.storageState = await (await signIn(site)).context().storageState();
    live.paths.push(await bringFaultyRoster(await open(live), live.url));
    own = { ...live, paths: ['/roster/mine'] };
    scored = { ...published, paths: ['/score', '/appeals/mine', '/appeals/mine/2026-12/indicator'] };
    scored.storageState = await (await signIn(scored, 'manager')).context().storageState();
    own.storageState = await (await signIn(own, 'manager')).context().storageState();
  });
  afterAll(async () => {
    await browser?.close();
    await live?.close();
    await published?.close();
  });

  /** An appeal of each kind of fact but one. */
  async function appealSomething({ services, city }: Field): Promise<string[]> {
    const [shop] = await city.database.query<{ id: string }>({
      text: `SELECT retailer_id AS id FROM survey_case WHERE manager_id = 'K01' LIMIT 1`,
    });
    return [
      await file(services, '2026-12', 'K01', { kind: 'indicator', indicator: 'service', value: '99.5' }),
      await file(services, '2026-12', 'K01', { kind: 'invalid-call', retailerId: shop?.id ?? '' }),
    ];
  }

  /** Something to see on the pages of spot checks and schedules. */
  async function askAndSchedule({ services }: Field): Promise<void> {
    const own = { ...services, rules: async (id: string) => drawRules(await services.rules(id)) };
    await scheduleSpotCheck(own, {
      ...{ roundId: '2026-12-R1', askedBy: randomUUID(), reason: '辖区投诉较多，请核实服务情况', districtId: null },
      ...{ managers: { named: ['K04', 'K05'] }, perManager: 2, dueAt: new Date('2026-12-02T10:00:00+08:00') },
    });
    await makeSchedule(own, { period: null, day: 31, time: '09:30', actor: 'A1' });
  }

  /** Brings a roster with faults, as a person does it; where it is looked at. */
  async function bringFaultyRoster(page: Page, url: string): Promise<string> {
    await page.goto(`${url}/roster`);
    const file = Buffer.from(
      '编号,店名,客户经理,电话,分层\n3601K990001,福来超市,K99,138-0013,乡下\n,红星便利店,K01,13800138000,城区\n',
    );
    const name = '城东营销部零售户（2026年12月最终版，含新入网）.csv';
    await page.setInputFiles('#file', { name, mimeType: 'text/csv', buffer: file });
    await page.click('form[action="/roster/uploads"] button');
    await page.waitForURL('**/roster/uploads/*');
    return new URL(page.url()).pathname;
  }

  interface Look {
    readonly width?: number;
    readonly language?: 'zh' | 'en';
    readonly colorScheme?: 'light' | 'dark';
    readonly javaScriptEnabled?: boolean;
  }

  /** Signs in as a person does it, once a stand. */
  async function signIn({ field, url }: Stand, role: 'admin' | 'manager' = 'admin'): Promise<Page> {
    const page = await (await browser.newContext()).newPage();
    const id = await makeUser(field, role);
    if (role === 'manager') await field.city.database.prisma.user.update({ where: { id }, data: { managerId: 'K01' } });
    await page.goto(await signInLinkFor(field.services, url, id));
    await page.click('button.primary');
    await page.waitForURL((address) => !address.pathname.startsWith('/sign-in'));
    return page;
  }

  /** A new window of the admin's. */
  async function open(site: Stand, { width = 1440, language = 'zh', ...options }: Look = {}): Promise<Page> {
    const { storageState } = site;
    const context = await browser.newContext({ viewport: { width, height: 900 }, storageState, ...options });
    const value = language === 'en' ? 'en' : 'zh-CN';
    await context.addCookies([{ name: 'huifang-language', value, url: site.url }]);
    return context.newPage();
  }

  /** Answered with an error on purpose, which a browser mentions: no such page, a file with faults. */
  const refused = /^\/(nowhere|roster\/uploads\/.*)$/;
  const screens = [390, 1440].flatMap((width) => (['zh', 'en'] as const).map((language) => ({ width, language })));

  test.each(screens)(
    'nothing scrolls sideways, spills or touches at $width px in $language',
    async (screen) => {
      for (const site of [live, published, own, scored]) {
        const page = await open(site, screen);
        for (const path of site.paths) {
          await page.goto(site.url + path);
          for (const summary of await page.locator('main summary').all()) await summary.click();
          expect({ path, over: await overflow(page) }).toEqual({ path, over: [] });
          expect({ path, spilt: await spiltWords(page) }).toEqual({ path, spilt: [] });
          expect({ path, touching: await touchingSheets(page) }).toEqual({ path, touching: [] });
        }
        await page.context().close();
      }
    },
    180_000,
  );

  test.each(['light', 'dark'] as const)('every word can be read: contrast of 4.5 and more, %s', async (colorScheme) => {
    for (const site of [live, published, own, scored]) {
      const page = await open(site, { colorScheme });
      for (const path of site.paths) {
        await page.goto(site.url + path);
        expect({ path, faint: await faintWords(page) }).toEqual({ path, faint: [] });
      }
      await page.context().close();
    }
  });

  test('no page complains: policy, missing files, scripts', async () => {
    for (const site of [live, published, own, scored]) {
      const page = await open(site);
      const complaints: string[] = [];
      page.on('console', (message) => {
        if (message.type() === 'error') complaints.push(message.text());
      });
      page.on('pageerror', (error) => complaints.push(error.message));
      for (const path of site.paths.filter((path) => !refused.test(path))) await page.goto(site.url + path);
      expect(complaints).toEqual([]);
      await page.context().close();
    }
  });

  test('the round page refreshes itself, and keeps open what was opened', async () => {
    const page = await open(live);
    await page.goto(`${live.url}/rounds/2026-12-R1`);
    await page.click('main summary');
    const before = await page.locator('.kpis b').first().innerText();
    await live.field.city.database.query({
      text: `
        UPDATE survey_case SET state = 'done', disposition = 'complete', overall = 5, due_at = NULL, due_channel = NULL
        WHERE id = (SELECT id FROM survey_case WHERE disposition = 'never-attempted' AND due_at IS NOT NULL LIMIT 1)`,
    });
    await page
      .locator('.kpis b')
      .first()
      .filter({ hasText: String(Number(before) + 1) })
      .waitFor();
    expect(await page.locator('main details').getAttribute('open')).not.toBeNull();
    await page.context().close();
  });

  test('it says so when the connection is lost, and goes on when it is back', async () => {
    const page = await open(live);
    await page.goto(`${live.url}/rounds/2026-12-R1`);
    await page.context().setOffline(true);
    await page.locator('#lost').waitFor({ state: 'visible' });
    await page.context().setOffline(false);
    await page.locator('#lost').waitFor({ state: 'hidden' });
    await page.context().close();
  });

  test('it leaves the screen when the session is over', async () => {
    const page = await signIn(live);
    await page.goto(`${live.url}/rounds/2026-12-R1`);
    await live.field.city.database.query({
      text: 'DELETE FROM session WHERE expire = (SELECT max(expire) FROM session)',
    });
    await page.waitForURL(`${live.url}/sign-in`);
    await page.context().close();
  });

  test('without scripts it shows everything and offers to reload', async () => {
    const page = await open(live, { javaScriptEnabled: false });
    await page.goto(`${live.url}/rounds/2026-12-R1`);
    expect(await page.locator('.managers tbody tr').count()).toBe(20);
    await page.getByRole('link', { name: '刷新' }).click();
    expect(page.url()).toBe(`${live.url}/rounds/2026-12-R1`);
    await page.context().close();
  });

  test('the keyboard reaches the content first, then everything in order', async () => {
    const page = await open(published);
    await page.goto(`${published.url}/board`);
    await page.keyboard.press('Tab');
    expect(await page.locator(':focus').innerText()).toBe('跳到正文');
    await page.keyboard.press('Enter');
    expect(await page.locator(':focus').getAttribute('id')).toBe('main');
    await page.context().close();
  });

  test('menus open and close by keyboard and by looking elsewhere, one at a time, and lead on', async () => {
    const page = await open(published, { width: 390 });
    await page.goto(`${published.url}/board`);
    const opened = async () => page.locator('details.menu[open] > summary').allInnerTexts();
    await page.getByText('回访工作').focus();
    await page.keyboard.press('Enter');
    expect(await opened()).toEqual(['回访工作']);
    expect(await overflow(page)).toEqual([]);
    await page.keyboard.press('Escape');
    expect(await opened()).toEqual([]);
    expect(await page.locator(':focus').innerText()).toBe('回访工作');
    await page.getByText('回访工作').click();
    await page.getByText('档案').click();
    expect(await opened()).toEqual(['档案']);
    await page.mouse.click(195, 880);
    expect(await opened()).toEqual([]);
    await page.getByText('回访工作').click();
    await page.getByRole('link', { name: '轮次' }).click();
    await page.waitForURL(`${published.url}/rounds`);
    expect(await page.locator('.menu > .current').innerText()).toBe('回访工作');
    await page.context().close();
  });

  test('the board stays a table for a screen reader when it becomes cards', async () => {
    const page = await open(published, { width: 390 });
    await page.goto(`${published.url}/board`);
    const table = page.getByRole('table').first();
    expect(await table.getByRole('row').count()).toBe(21);
    expect(await table.getByRole('columnheader').count()).toBe(8);
    expect(await table.getByRole('row').nth(1).getByRole('cell').count()).toBe(7);
    await page.context().close();
  });

  test('the poster fits one A3 sheet, the samples and the method a second', async () => {
    const page = await open(published);
    await page.goto(`${published.url}/board`);
    const pdf = (await page.pdf({ preferCSSPageSize: true })).toString('latin1');
    expect(pdf.match(/\/Type\s*\/Page\b/g)).toHaveLength(2);
    await page.context().close();
  });
});

const inPage = readFileSync(new URL('./in-page.js', import.meta.url), 'utf8');

const overflow = (page: Page): Promise<string[]> => page.evaluate(`${inPage}; look.overflow()`);
const spiltWords = (page: Page): Promise<string[]> => page.evaluate(`${inPage}; look.spiltWords()`);
const touchingSheets = (page: Page): Promise<string[]> => page.evaluate(`${inPage}; look.touchingSheets()`);
const faintWords = (page: Page): Promise<string[]> => page.evaluate(`${inPage}; look.faintWords()`);
