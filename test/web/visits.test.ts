import type { Express } from 'express';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { firstBrokenLine } from '../../src/platform/audit.ts';
import { verifyDraw } from '../../src/survey/draw/verify.ts';
import { readDrawBundle } from '../../src/survey/round/bundle.ts';
import { closeRound } from '../../src/survey/round/close.ts';
import { handOverVisit } from '../../src/survey/visits/change.ts';
import { standardChecklist } from '../../src/survey/visits/checklist.ts';
import { drawVisits } from '../../src/survey/visits/draw-visits.ts';
import { recordVisit } from '../../src/survey/visits/record.ts';
import { asPrinted, shopCode } from '../../src/survey/visits/shop-code.ts';
import { type Field, openField, workField } from '../support/field.ts';
import { openProgram } from './api/program.ts';
import { follow, formToken, linkFor, makeUser, openSite, type Visitor, visitor, wordsOf } from './site.ts';

/** Market visits, from the draw to the event: two managers of D1 and one of D2, a round in the field, December 1. */
let field: Field;
let app: Express;
let roundId: string;
/** The desk's caller, who belongs to D2; the supervisor of D1 who asks. */
let caller: { readonly id: string; readonly browser: Visitor };
let asker: { readonly id: string; readonly browser: Visitor };
let admin: { readonly id: string; readonly browser: Visitor };

const all = <Row>(text: string, ...values: unknown[]) => field.city.database.query<Row>({ text, values });

async function person(role: 'admin' | 'supervisor' | 'desk', districtId: string | null) {
  const id = await makeUser(field, role, districtId);
  const browser = visitor(app);
  await follow(browser, await linkFor(field, id));
  return { id, browser };
}

async function send(browser: Visitor, path: string, fields: Record<string, string>, from = path) {
  const _csrf = formToken((await browser.get(from)).text);
  return browser
    .post(path)
    .type('form')
    .send({ ...fields, _csrf });
}

const page = async (browser: Visitor, path: string) => {
  const { status, text } = await browser.get(path);
  expect(status).toBe(200);
  return wordsOf(text);
};

const wish = () => ({
  of: 'manager K01',
  perManager: '3',
  visitorId: caller.id,
  dueOn: '2026-12-10',
  reason: '季度走访',
});
const inOrder = Object.fromEntries(standardChecklist.items.map(({ id }) => [id, 'yes']));

interface Row {
  readonly id: string;
  readonly shop: string;
}
const visitsOf = (managerId: string) =>
  all<Row & { state: string; position: number }>(
    'SELECT id, retailer_id AS shop, state, position FROM visit WHERE manager_id = $1 ORDER BY position DESC',
    managerId,
  );
async function openVisit(): Promise<Row> {
  const [visit] = await all<Row>(
    `SELECT id, retailer_id AS shop FROM visit WHERE state = 'open' AND visitor_id = $1 AND manager_id = 'K01' ORDER BY position DESC`,
    caller.id,
  );
  if (!visit) throw new Error('no visit is open');
  return visit;
}

beforeAll(async () => {
  field = await openField('web-visits', [
    { id: 'K01', name: '李娜', district: 'D1', shops: 12, good: 0.9, answering: 1 },
    { id: 'K02', name: '赵敏', district: 'D1', shops: 3, good: 0.9, answering: 1 },
    { id: 'K03', name: '张伟', district: 'D2', shops: 8, good: 0.9, answering: 1 },
  ]);
  await all(`UPDATE retailer SET status = 'active'`);
  await all(`UPDATE retailer SET address = '城东路 ' || right(id, 2) || ' 号'`);
  app = openSite(field);
  admin = await person('admin', null);
  asker = await person('supervisor', 'D1');
  caller = await person('desk', 'D2');
});
afterAll(() => field.close());

describe('asking for visits', () => {
  test('waits for a round, and says so', async () => {
    expect(await page(asker.browser, '/visits/plan')).toContain('没有进行中的轮次');
    expect(await page(caller.browser, '/visits')).toContain('没有要走访的店');
    roundId = await workField(field, 1);
  });

  test('is refused with every fault beside its field', async () => {
    const { status, text } = await send(asker.browser, '/visits/plan', {
      ...{ of: 'manager K03', perManager: '99', visitorId: asker.id, dueOn: '2026-11-30', reason: ' ' },
    });
    expect(status).toBe(400);
    for (const id of ['of', 'perManager', 'dueOn', 'reason']) expect(text).toContain(`id="${id}-fault"`);
    expect(await all('SELECT FROM visit_draw')).toEqual([]);
  });

  test('sends nobody of the manager’s own district', async () => {
    const { status, text } = await send(asker.browser, '/visits/plan', { ...wish(), visitorId: asker.id });
    expect(status).toBe(400);
    expect(text).toMatch(/id="visitorId-fault"[^>]*>[^<]*同属一个营销部/);
  });

  test('draws from the back of the order, resting or not, and never a shop twice in the month', async () => {
    expect(await send(asker.browser, '/visits/plan', wish())).toMatchObject({ status: 303 });
    await send(asker.browser, '/visits/plan', { ...wish(), of: 'district D1', perManager: '5' });
    for (const [id, drawn] of [
      ['K01', 8],
      ['K02', 3],
    ] as const) {
      const last = await all<{ shop: string }>(
        'SELECT retailer_id AS shop FROM frame_line WHERE round_id = $1 AND manager_id = $2 ORDER BY position DESC LIMIT $3',
        ...[roundId, id, drawn],
      );
      expect((await visitsOf(id)).map(({ shop }) => shop)).toEqual(last.map(({ shop }) => shop));
    }
    const draws = {
      roundId,
      askedBy: asker.id,
      reason: 'x',
      districtId: 'D1',
      visitorId: caller.id,
      dueOn: '2026-12-10',
    };
    const both = [1, 2].map(() => drawVisits(field.services, { ...draws, of: { manager: 'K01' }, perManager: 1 }));
    expect((await Promise.all(both)).map(({ drawn }) => drawn)).toEqual([1, 1]);
    expect(await visitsOf('K01')).toHaveLength(10);
    await expect(all(`UPDATE visit SET retailer_id = 'another'`)).rejects.toThrow();
    await expect(all('DELETE FROM visit_draw')).rejects.toThrow();
  });

  test('tells whoever asked how it stands, and not which shops', async () => {
    const words = await page(asker.browser, '/visits/plan');
    expect(words).toContain('待走访 13，其中逾期 0；已完成 0');
    expect(words).not.toContain('零售户3601');
  });
});

describe('a visit', () => {
  test('is listed for the visitor with name and address, and found by nobody else', async () => {
    const { id, shop } = await openVisit();
    const words = await page(caller.browser, '/visits');
    expect(words).toContain(`零售户${shop} 城东路 ${shop.slice(-2)} 号 2026 年 12 月 10 日前 · 城东营销部`);
    expect((await asker.browser.get(`/visits/${id}`)).status).toBe(404);
    expect((await admin.browser.get(`/visits/${id}`)).status).toBe(404);
  });

  test('is shown again with what is missing, and nothing is recorded', async () => {
    const { id } = await openVisit();
    const { status, text } = await send(caller.browser, `/visits/${id}`, {
      display: 'no',
      note: '店主不在',
      code: '123',
    });
    expect(status).toBe(400);
    expect(text).toContain('id="licence-fault"');
    expect(text).not.toContain('id="display-fault"');
    expect(text).toMatch(/id="code-fault"[^>]*>[^<]*输错了/);
    expect(text).toMatch(/value="no" checked/);
    expect(text).toContain('店主不在</textarea>');
    expect(await all(`SELECT FROM visit WHERE state <> 'open'`)).toEqual([]);
  });

  test('is recorded with the code of the shop, once, and becomes events of its day', async () => {
    const { id, shop } = await openVisit();
    const fields = { ...inOrder, display: 'no', 'stock-advice': 'not-applicable', note: '要多进细支' };
    const code = asPrinted(shopCode(field.services.vault, shop));
    for (let times = 0; times < 2; times += 1)
      expect(await send(caller.browser, `/visits/${id}`, { ...fields, code }, '/visits')).toMatchObject({
        ...{ status: 303, headers: { location: `/visits/${id}` } },
      });
    expect(
      await all(
        `SELECT manager_id AS manager, kind, reference, done::int, due::int, source FROM work_event ORDER BY kind DESC`,
      ),
    ).toEqual([
      { manager: 'K01', kind: 'price-label-check', reference: id, done: 1, due: 1, source: 'visit' },
      { manager: 'K01', kind: 'market-visit', reference: id, done: 1, due: 2, source: 'visit' },
    ]);
    const other = await send(caller.browser, `/visits/${id}`, { ...fields, display: 'yes', code }, '/visits');
    expect(other).toMatchObject({ status: 409 });
    expect(await page(caller.browser, `/visits/${id}`)).toContain('备注 要多进细支');
    const [row] = await all<{ note: Buffer }>('SELECT note FROM visit WHERE id = $1', id);
    expect(row?.note.toString('utf8')).not.toContain('细支');
  });

  test('is not proven by another shop’s code, and after five wrong ones not for an hour', async () => {
    const { id, shop } = await openVisit();
    const wrong = {
      id,
      visitorId: caller.id,
      answers: inOrder,
      code: shopCode(field.services.vault, 'elsewhere'),
      note: '',
    };
    for (let times = 0; times < 5; times += 1)
      await expect(recordVisit(field.services, standardChecklist, wrong)).rejects.toMatchObject({
        faults: [{ where: 'code', message: expect.stringContaining('不是这家店') }],
      });
    const right = { ...wrong, code: shopCode(field.services.vault, shop) };
    await expect(recordVisit(field.services, standardChecklist, right)).rejects.toMatchObject({
      code: 'too-many-codes',
    });
    field.city.clock.advance(new Date(field.city.clock.now().getTime() + 61 * 60_000));
    await recordVisit(field.services, standardChecklist, right);
  });

  test('that is not possible says why and becomes no event', async () => {
    const { id } = await openVisit();
    const before = (await all('SELECT FROM work_event')).length;
    const without = await send(caller.browser, `/visits/${id}`, { act: 'not-possible' });
    expect(without).toMatchObject({ status: 400, text: expect.stringContaining('id="reason-fault"') });
    await send(caller.browser, `/visits/${id}`, { act: 'not-possible', reason: 'shut', note: '' });
    expect(await page(caller.browser, `/visits/${id}`)).toContain('未能走访，12 月 1 日');
    expect(await all('SELECT FROM work_event')).toHaveLength(before);
    expect(await page(asker.browser, '/visits/plan')).toContain('当天关门');
  });

  test('goes to somebody else of another district, or is cancelled with a reason and not drawn again', async () => {
    const { id } = await openVisit();
    const path = `/visits/${id}/change`;
    const own = { id, actor: asker.id, districtId: 'D1', visitorId: asker.id };
    await expect(handOverVisit(field.services, own)).rejects.toMatchObject({ faults: [{ where: 'visitorId' }] });
    await send(asker.browser, path, { act: 'hand-over', visitorId: admin.id });
    expect((await caller.browser.get(`/visits/${id}`)).status).toBe(404);
    expect((await admin.browser.get(`/visits/${id}`)).status).toBe(200);
    const without = await send(asker.browser, path, { act: 'cancel', reason: '' });
    expect(without).toMatchObject({ status: 400, text: expect.stringContaining('id="reason-fault"') });
    const drawn = (await visitsOf('K01')).length;
    expect(await send(asker.browser, path, { act: 'cancel', reason: '该路段封闭' })).toMatchObject({ status: 303 });
    expect(await visitsOf('K01')).toHaveLength(drawn);
    expect((await asker.browser.get(path)).status).toBe(404);
  });

  test('is not his any more where he has come to the manager’s district since', async () => {
    const { id, shop } = await openVisit();
    await all(`UPDATE app_user SET district_id = 'D1' WHERE id = $1`, caller.id);
    const code = shopCode(field.services.vault, shop);
    const record = { id, visitorId: caller.id, answers: inOrder, code, note: '' };
    await expect(recordVisit(field.services, standardChecklist, record)).rejects.toMatchObject({
      code: 'own-district',
    });
    await all(`UPDATE app_user SET district_id = 'D2' WHERE id = $1`, caller.id);
  });

  test('that nobody has made by its day is overdue', async () => {
    field.city.clock.advance(new Date('2026-12-11T09:00:00+08:00'));
    expect(await page(caller.browser, '/visits')).toContain('已逾期（2026 年 12 月 10 日）');
    expect(await page(asker.browser, '/visits/plan')).toMatch(/其中逾期 [1-9]/);
  });
});

test('cards are printed for one’s own district, each with its shop’s code, and every time is on record', async () => {
  expect(await page(asker.browser, '/visits/cards')).toContain('李娜 K01（12 户）');
  expect((await asker.browser.get('/visits/cards/K03')).status).toBe(404);
  const words = await page(asker.browser, '/visits/cards/K01');
  for (const { shop } of await visitsOf('K01'))
    expect(words).toContain(asPrinted(shopCode(field.services.vault, shop)));
  expect(await all(`SELECT subject FROM audit WHERE action = 'shop-codes.print'`)).toEqual([{ subject: 'K01' }]);
});

test('a program asks for a person and reads how visits stand; which shop is told when it is over', async () => {
  const program = await openProgram(field, app);
  const body = {
    onBehalfOf: asker.id,
    of: { manager: 'K01' },
    perManager: 1,
    visitorId: caller.id,
    dueOn: '2026-12-20',
  };
  const made = await program.post(`/rounds/${roundId}/visits`, { ...body, reason: '补充' });
  expect(made).toMatchObject({ status: 201, body: { drawn: 1 } });
  const { body: list } = await program.get('/visits?period=2026-12');
  const open = list.items.filter(({ state }: { state: string }) => state === 'open');
  expect(open.every(({ retailerId }: { retailerId: unknown }) => retailerId === null)).toBe(true);
  expect(list.items.filter(({ state }: { state: string }) => state === 'made')).toHaveLength(2);
  const cancel = { onBehalfOf: asker.id, reason: '封闭' };
  expect(await program.post(`/visits/${open[0].id}/cancel`, cancel)).toMatchObject({ status: 204 });
});

test('an auditor replays the draws of visits from the bundle', async () => {
  expect(await closeRound(field.services, roundId, 'test')).toBe(true);
  await expect(
    drawVisits(field.services, {
      ...{ roundId, askedBy: asker.id, reason: 'x', districtId: 'D1', visitorId: caller.id, dueOn: '2026-12-20' },
      ...{ of: { manager: 'K01' }, perManager: 1 },
    }),
  ).rejects.toMatchObject({ code: 'not-in-the-field' });
  const bundle = await readDrawBundle(field.city, roundId);
  expect(bundle.visits?.drawn).toHaveLength(6);
  expect(verifyDraw(bundle)).toEqual([]);
  const [first, ...others] = bundle.visits?.drawn ?? [];
  const swapped = { ...first, ids: first?.ids.toReversed() ?? [] } as NonNullable<typeof first>;
  expect(verifyDraw({ ...bundle, visits: { before: [], drawn: [swapped, ...others] } })).toEqual([
    { where: 'visits, draw 1, manager K01', message: expect.stringContaining('第 1 户应为') },
  ]);
  expect(await firstBrokenLine(field.city.database.query)).toBeNull();
});
