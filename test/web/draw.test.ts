import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { commitmentOf } from '../../src/survey/draw/satq1.ts';
import { closeRound } from '../../src/survey/round/close.ts';
import { drawRound } from '../../src/survey/round/draw.ts';
import { releaseDueSpotChecks } from '../../src/survey/round/spot-check.ts';
import { drawRules } from '../../src/workers/rules.ts';
import { cityManagers, type Field, openField } from '../support/field.ts';
import { follow, formToken, linkFor, makeUser, openSite, type Visitor, visitor, wordsOf } from './site.ts';

/** The draw and its spot checks by page: by whom, in which order, and what nobody gets to see. */
const roundId = '2026-12-R1';
const drawPath = `/draws/${roundId}`;
const checksPath = `/rounds/${roundId}/spot-checks`;
let field: Field;
let app: ReturnType<typeof openSite>;
const who = {} as Record<'admin' | 'auditor' | 'supervisor' | 'manager', { id: string; browser: Visitor }>;

const query = <Row>(text: string, values: unknown[] = []) => field.city.database.query<Row>({ text, values });
const drawing = () => ({ ...field.city, rules: async (id: string) => drawRules(await field.city.rules(id)) });
/** Fills in a form as a browser would: a field of several values comes once for each. */
async function send(browser: Visitor, from: string, to: string, form: Readonly<Record<string, string | string[]>>) {
  const page = await browser.get(from);
  const fields = Object.entries({ _csrf: formToken(page.text), ...form });
  const body = new URLSearchParams(
    fields.flatMap(([name, values]) => [values].flat().map((value): [string, string] => [name, value])),
  );
  return browser.post(to).type('form').send(body.toString());
}

beforeAll(async () => {
  field = await openField('web-draw', cityManagers(8));
  app = openSite(field);
  for (const role of ['admin', 'auditor', 'supervisor', 'manager'] as const) {
    const id = await makeUser(field, role, role === 'supervisor' ? 'D1' : null);
    const browser = visitor(app);
    await follow(browser, await linkFor(field, id));
    who[role] = { id, browser };
  }
});
afterAll(() => field.close());

describe('a draw with holders, by page', () => {
  const nonces = { auditor: '5a'.repeat(32), supervisor: '6b'.repeat(32) } as const;

  it('is launched with them, committed to, frozen, handed in and drawn', async () => {
    const holders = { holder: [who.auditor.id, who.supervisor.id, ''], substitute: ['', who.manager.id, ''] };
    const launched = await send(who.admin.browser, '/rounds/launch?period=2026-12', '/rounds', {
      period: '2026-12',
      ...holders,
    });
    expect(launched.status).toBe(303);
    for (const role of ['auditor', 'supervisor'] as const) {
      const form = { commitment: commitmentOf(nonces[role]) };
      expect((await send(who[role].browser, drawPath, `${drawPath}/commit`, form)).status).toBe(303);
    }
    await drawRound(drawing(), roundId);
    expect((await who.admin.browser.get(drawPath)).text).not.toContain('name="nonce"');
    const wrong = await send(who.auditor.browser, drawPath, `${drawPath}/hand-in`, { nonce: nonces.supervisor });
    expect(wrong.status).toBe(409);
    await send(who.auditor.browser, drawPath, `${drawPath}/hand-in`, { nonce: nonces.auditor });
    await send(who.manager.browser, drawPath, `${drawPath}/hand-in`, { nonce: nonces.supervisor });
    expect(field.asked.filter(({ name }) => name === 'draw')).toHaveLength(4);
    expect(await drawRound(drawing(), roundId)).toBe(true);
    const words = wordsOf((await who.manager.browser.get(drawPath)).text);
    expect(words).toContain('某auditor');
    expect(words).not.toContain(nonces.auditor);
    expect(words).not.toContain('运营方自持');
  });

  it('gives everybody the public bundle, and the auditors’ one only to auditors, once the round is over', async () => {
    const open = await who.manager.browser.get(`${drawPath}/public.json`);
    expect(open.body).toMatchObject({ drawId: roundId, nonces: null, seed: null, operatorTrusted: false });
    expect((await who.auditor.browser.get(`${drawPath}/draw.json`)).status).toBe(409);
    expect((await who.manager.browser.get(`${drawPath}/draw.json`)).status).toBe(403);
    expect((await who.manager.browser.get('/draws/none')).status).toBe(404);
  });
});

describe('spot checks by page', () => {
  const wish = { who: 'named', managers: ['K05'], perManager: '2', when: 'now', reason: '投诉较多' };
  const ask = (browser: Visitor, change: Readonly<Record<string, string | string[]>> = {}) =>
    send(browser, checksPath, checksPath, { ...wish, ...change });

  beforeEach(async () => {
    await query(`UPDATE spot_check SET state = 'cancelled' WHERE state = 'scheduled'`);
  });

  it('are asked for by a supervisor, of his own district only', async () => {
    const page = (await who.supervisor.browser.get(checksPath)).text;
    const [others] = await query<{ name: string }>(`SELECT name FROM manager WHERE district_id = 'D2' ORDER BY id`);
    expect(page).not.toContain(others?.name);
    expect((await ask(who.supervisor.browser)).status).toBe(303);
    const refused = await ask(who.supervisor.browser, { managers: ['K06'] });
    expect(refused.status).toBe(400);
    expect(wordsOf(refused.text)).toContain('not in your district');
    expect((await who.manager.browser.get(checksPath)).status).toBe(403);
    expect((await who.auditor.browser.get(checksPath)).status).toBe(403);
  });

  it('for a minute in a time zone wait for it, say who asked, and may be taken back', async () => {
    const later = { when: 'at', at: '2026-12-02T10:00', zone: 'Asia/Urumqi', who: 'random', random: '1' };
    await ask(who.supervisor.browser, later);
    const [check] = await query<{ id: string; due_at: Date }>(
      `SELECT id, due_at FROM spot_check WHERE state = 'scheduled'`,
    );
    expect(check?.due_at.toISOString()).toBe('2026-12-02T04:00:00.000Z');
    const words = wordsOf((await who.supervisor.browser.get(checksPath)).text);
    expect(words).toContain('随机 1 名');
    expect(words).toContain('投诉较多（某supervisor）');
    const cancelled = await send(who.supervisor.browser, checksPath, `${checksPath}/${check?.id}/cancel`, {});
    expect(cancelled.status).toBe(303);
    expect(await query(`SELECT FROM spot_check WHERE state = 'scheduled'`)).toEqual([]);
    expect((await ask(who.supervisor.browser, { ...later, at: 'soon' })).status).toBe(400);
  });

  it('are counted once released; afterwards the auditors’ bundle is theirs, and each download is in the log', async () => {
    await ask(who.admin.browser);
    await releaseDueSpotChecks(drawing());
    expect(wordsOf((await who.admin.browser.get(checksPath)).text)).toContain('已抽 2 户');
    await query(`UPDATE survey_case SET state = 'done', due_at = NULL, due_channel = NULL`);
    await closeRound(field.services, roundId, 'test');
    const bundle = await who.auditor.browser.get(`${drawPath}/draw.json`);
    expect(bundle.body.releases.some(({ kind }: { kind: string }) => kind === 'spot-check')).toBe(true);
    expect(await query(`SELECT actor FROM audit WHERE action = 'draw.export'`)).toEqual([{ actor: who.auditor.id }]);
  });
});
