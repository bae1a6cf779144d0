import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { askForAlarms, lookForAlarms } from '../../src/workers/alarms.ts';
import { cityManagers, type Field, openField, publishField } from '../support/field.ts';
import { openProgram, type Program } from '../web/api/program.ts';
import { formToken, makeUser, openSite, signedIn, wordsOf } from '../web/site.ts';

/** Alarms of a real closed round, by job and by API: raised once, seen by whom they concern, closed by themselves. */
let field: Field;
let program: Program;
const all = <Row>(text: string, ...values: unknown[]) => field.city.database.query<Row>({ text, values });
const look = () => lookForAlarms(field.services);
const standing = () =>
  all<{ kind: string; subjectId: string; closed: boolean }>(
    `SELECT kind, subject_id AS "subjectId", closed_at IS NOT NULL AS closed FROM alarm ORDER BY kind, subject_id, opened_at`,
  );
const later = (hours: number) =>
  field.city.clock.advance(new Date(field.city.clock.now().getTime() + hours * 3_600_000));

beforeAll(async () => {
  // K05 has bad numbers, K08 hardly answers: support/field.ts.
  field = await openField('alarms', cityManagers(8));
  program = await openProgram(field, openSite(field));
  await publishField(field);
  await all(
    `INSERT INTO webhook_endpoint (id, url, description, types, secret, created_by, created_at)
     VALUES (gen_random_uuid(), 'https://scores.example/events', '', '{alarm.raised}', '', 'test', now())`,
  );
});
afterAll(() => field.close());

/** A half-year of weeks in which four of five were content, for managers K01 and K02 of D1 and D2. */
async function usualWeeks(): Promise<void> {
  await all(
    `INSERT INTO charted_week (round_id, manager_id, district_id, week, responses, points, squares)
     SELECT 'before', m.id, m.district_id, '2026-06-01'::date + 7 * n, 20, 1800, 170000
     FROM manager m, generate_series(0, 9) AS n WHERE m.id IN ('K01', 'K02')`,
  );
}

describe('a closed round', () => {
  test('asks for one look, and one a day', async () => {
    const asks = async () => {
      const before = field.asked.length;
      await askForAlarms(field.services);
      return field.asked.slice(before).map(({ name }) => name);
    };
    expect(await asks()).toEqual(['alarms']);
    await look();
    expect(await asks()).toEqual([]);
    later(24);
    expect(await asks()).toEqual(['alarms']);
    await look();
    await all(`UPDATE round SET closed_at = $1`, new Date(field.city.clock.now().getTime() + 1));
    expect(await asks()).toEqual(['alarms']);
  });

  test('raises what is out of order, once, on record and as an event each', async () => {
    const raised = await standing();
    expect(raised).toContainEqual({ kind: 'bad-numbers', subjectId: 'K05', closed: false });
    expect(raised.map(({ kind }) => kind)).not.toContain('never-attempted');
    await Promise.all([look(), look()]);
    expect(await standing()).toEqual(raised);
    expect(await all(`SELECT FROM audit WHERE action = 'alarm.raise'`)).toHaveLength(raised.length);
    const events = await all<{ payload: object }>(`SELECT payload FROM webhook_event WHERE type = 'alarm.raised'`);
    expect(events).toHaveLength(raised.length);
    expect(events.map(({ payload }) => payload)).toContainEqual(
      expect.objectContaining({
        kind: 'bad-numbers',
        level: 'red',
        subjectKind: 'manager',
        subjectId: 'K05',
        limit: '0.1',
      }),
    );
    expect(JSON.stringify(events)).not.toMatch(/3601K/);
  });

  test('closes an alarm whose matter is over, keeps it in the list, and raises it anew when it comes back', async () => {
    await all(
      `UPDATE survey_case SET disposition = 'never-attempted' WHERE id = (SELECT id FROM survey_case WHERE manager_id = 'K01' AND overall IS NULL LIMIT 1)`,
    );
    await look();
    const never = async () => (await standing()).filter(({ kind }) => kind === 'never-attempted');
    expect(await never()).toEqual([
      { kind: 'never-attempted', subjectId: 'D1', closed: false },
      { kind: 'never-attempted', subjectId: 'K01', closed: false },
    ]);
    await all(`UPDATE survey_case SET disposition = 'busy' WHERE disposition = 'never-attempted'`);
    await look();
    expect((await never()).map(({ closed }) => closed)).toEqual([true, true]);
    await all(
      `UPDATE survey_case SET disposition = 'never-attempted' WHERE id = (SELECT id FROM survey_case WHERE manager_id = 'K01' AND overall IS NULL LIMIT 1)`,
    );
    await look();
    expect((await never()).map(({ closed }) => closed)).toEqual([true, false, true, false]);
  });

  test('keeps its weeks once: nothing that is struck later shows as a difference', async () => {
    const kept = await all<{ responses: number }>('SELECT * FROM charted_week ORDER BY manager_id, week');
    expect(kept.length).toBeGreaterThan(0);
    expect(kept.every(({ responses }) => responses >= 5)).toBe(true);
    const [counted] = await all<{ n: number }>('SELECT count(*)::int AS n FROM survey_case WHERE overall IS NOT NULL');
    expect(kept.reduce((sum, { responses }) => sum + responses, 0)).toBeLessThanOrEqual(counted?.n ?? 0);
    await all(
      `INSERT INTO invalidation (case_id, rule, detail, by, at) SELECT id, 'other-number', '{}', 'test', now() FROM survey_case WHERE overall IS NOT NULL LIMIT 3`,
    );
    await look();
    expect(await all('SELECT * FROM charted_week ORDER BY manager_id, week')).toEqual(kept);
    // Counted anew, the struck ones are left out.
    await all('DELETE FROM charted_week');
    await look();
    const anew = await all<{ responses: number }>('SELECT responses FROM charted_week');
    expect(anew.reduce((sum, { responses }) => sum + responses, 0)).toBeLessThan(
      kept.reduce((sum, { responses }) => sum + responses, 0),
    );
  });

  test('is charted against the half-year before it, and changes no score', async () => {
    const published = await all('SELECT hash FROM publication');
    await usualWeeks();
    await all(
      `UPDATE charted_week SET points = 25 * responses, squares = 625 * responses WHERE round_id <> 'before' AND manager_id = 'K01'`,
    );
    await look();
    expect(await standing()).toContainEqual({ kind: 'cusum', subjectId: 'K01', closed: false });
    const { items } = (await program.get('/alarms?kind=cusum&level=amber')).body;
    const alarm = items.find(({ subjectId }: { subjectId: string }) => subjectId === 'K01');
    const { body } = await program.get(`/alarms/${alarm.id}/chart`);
    expect(body).toMatchObject({ subjectId: 'K01', subjectKind: 'manager', usual: '90.00', cusumLimit: '5.00' });
    expect(body.points.at(-1)).toMatchObject({ mean: '25.00', isCusumHigh: true });
    expect(await all('SELECT hash FROM publication')).toEqual(published);
  });
});

describe('a number of ours', () => {
  test('that is answered less by 30 % raises an alarm, of the city alone', async () => {
    const call = (days: number, count: number, answered: number) =>
      all(
        `INSERT INTO attempt (id, case_id, round_id, phone_id, channel, number, slot_at, state, result, outcome, conversation, from_number, created_at, dialed_at, touched_at)
         SELECT gen_random_uuid(), c.id, c.round_id, c.phone_id, 'voice', 1000 + $2 + n, $1, 'ended', 'completed',
                CASE WHEN n <= $4 THEN 'complete' ELSE 'no-answer' END, CASE WHEN n <= $4 THEN '{}'::json END, '+8679188000000', $1, $1, $1
         FROM (SELECT * FROM survey_case LIMIT 1) AS c, generate_series(1, $3) AS n`,
        ...[new Date(field.city.clock.now().getTime() - days * 86_400_000), days * 100, count, answered],
      );
    await call(20, 60, 40);
    await call(2, 60, 20);
    await look();
    const { body } = await program.get('/alarms?kind=answer-rate');
    expect(body.items).toMatchObject([
      { subjectKind: 'number', subjectId: '+8679188000000', value: '1/3', limit: '7/15', districtId: null },
    ]);
    expect((await program.get(`/alarms/${body.items[0].id}/chart`)).status).toBe(404);
  });
});

describe('by API', () => {
  const items = async (path: string) =>
    (await program.get(path)).body.items as { id: string; subjectId: string; districtId: string | null }[];

  test('a supervisor is told what concerns his district, an admin everything, and managers nothing', async () => {
    const [supervisor, admin] = [await makeUser(field, 'supervisor', 'D1'), await makeUser(field, 'admin')];
    const own = await items(`/alarms?state=all&onBehalfOf=${supervisor}`);
    expect(new Set(own.map(({ districtId }) => districtId))).toEqual(new Set(['D1']));
    expect(own.length).toBeLessThan((await items('/alarms?state=all')).length);
    expect(await items(`/alarms?state=all&onBehalfOf=${admin}`)).toEqual(await items('/alarms?state=all'));
    expect(await items(`/alarms?district=D2&onBehalfOf=${supervisor}`)).toEqual([]);
    expect((await items('/alarms?state=all&district=D1')).map(({ id }) => id)).toEqual(own.map(({ id }) => id));
    for (const role of ['manager', 'desk', 'auditor'] as const)
      expect((await program.get(`/alarms?onBehalfOf=${await makeUser(field, role)}`)).status).toBe(400);
  });

  test('pages and filters', async () => {
    const whole = await items('/alarms?state=all');
    const first = (await program.get('/alarms?state=all&limit=2')).body;
    const rest = (await program.get(`/alarms?state=all&after=${first.next}`)).body;
    expect([...first.items, ...rest.items].map(({ id }) => id)).toEqual(whole.map(({ id }) => id));
    expect((await items('/alarms?state=closed')).map(({ subjectId }) => subjectId).sort()).toEqual(['D1', 'K01']);
    expect((await program.get('/alarms?kind=noise')).status).toBe(400);
  });

  test('is acknowledged once, with a note, by whom it concerns', async () => {
    const [own, other] = [await makeUser(field, 'supervisor', 'D1'), await makeUser(field, 'supervisor', 'D2')];
    const [alarm] = await items('/alarms?kind=cusum&district=D1');
    const path = `/alarms/${alarm?.id}/acknowledge`;
    expect((await program.post(path, { onBehalfOf: other, note: '已安排' })).status).toBe(404);
    expect((await program.get(`/alarms/${alarm?.id}/chart?onBehalfOf=${other}`)).status).toBe(404);
    const unsaid = await program.post(path, { onBehalfOf: own, note: '  ' });
    expect([unsaid.status, unsaid.body.faults[0].where]).toEqual([400, 'body.note']);
    expect((await program.post(path, { onBehalfOf: await makeUser(field, 'manager'), note: '好' })).status).toBe(400);
    const done = await program.post(path, { onBehalfOf: own, note: ' 已安排走访 ' });
    expect(done.body).toMatchObject({ acknowledgedBy: own, note: '已安排走访', closedAt: null });
    expect((await program.post(path, { onBehalfOf: own, note: '再来' })).status).toBe(409);
    expect(await all(`SELECT actor FROM audit WHERE action = 'alarm.acknowledge'`)).toEqual([{ actor: program.actor }]);
  });

  test('needs its scope', async () => {
    const reader = await openProgram(field, openSite(field), ['alarms:read']);
    expect((await reader.get('/alarms')).status).toBe(200);
    expect((await reader.post('/alarms/00000000-0000-4000-8000-000000000000/acknowledge')).status).toBe(403);
    expect((await (await openProgram(field, openSite(field), ['results:read'])).get('/alarms')).status).toBe(403);
  });
});

describe('by page', () => {
  const open = async (role: 'admin' | 'supervisor', district: string | null = null) =>
    signedIn(field, openSite(field), role, district);
  const hrefOf = async (kind: string, subjectId: string) => {
    const [row] = await all<{ id: string }>(
      'SELECT id FROM alarm WHERE kind = $1 AND subject_id = $2 AND closed_at IS NULL',
      ...[kind, subjectId],
    );
    return `/alarms/${row?.id}`;
  };

  test('everything that is out of order, and to a supervisor what is his district’s', async () => {
    const admin = wordsOf((await (await open('admin')).get('/alarms')).text);
    expect(admin).toMatch(/红 \S+ K05 · 坏号多 坏号占 [\d.]+%，高于 10\.0%/);
    expect(admin).toMatch(/\+8679188000000 · 号码接听率低 接听率 33\.3%，低于应有的 46\.7%/);
    expect(admin).toMatch(/全市 · 销售左右得分 名次的差别有 [\d.]+% 由销售类指标造成，高于 25\.0%/);
    const supervisor = await open('supervisor', 'D2');
    const own = wordsOf((await supervisor.get('/alarms')).text);
    expect(own).not.toContain('K05 ·');
    expect(own).not.toContain('全市 ·');
    expect((await supervisor.get(await hrefOf('bad-numbers', 'K05'))).status).toBe(404);
    expect(wordsOf((await (await open('admin')).get('/alarms?state=closed')).text)).toContain('解除');
  });

  test('one with its charts, drawn and in figures', async () => {
    const { text } = await (await open('admin')).get(await hrefOf('cusum', 'K01'));
    expect(text.match(/<circle class="dot out"/g)?.length).toBeGreaterThanOrEqual(1);
    expect(wordsOf(text)).toMatch(/CUSUM：低于平常的累计与上限/);
    expect(wordsOf(text)).toContain('已安排走访');
  });

  test('is acknowledged with a note; without one the page says so, beside the field', async () => {
    const browser = await open('admin');
    const href = await hrefOf('bad-numbers', 'K05');
    const before = await browser.get(href);
    expect(before.status).toBe(200);
    const _csrf = formToken(before.text);
    const send = (note: string) => browser.post(`${href}/acknowledge`).type('form').send({ _csrf, note });
    const refused = await send(' ');
    expect(refused.status).toBe(400);
    expect(refused.text).toMatch(/aria-invalid="true"[\s\S]*<p class="fault"/);
    expect((await send('已请核对员逐户核对')).headers.location).toBe(href);
    const { text } = await browser.get(href);
    expect(wordsOf(text)).toMatch(/某admin（.+）：已请核对员逐户核对/);
    expect(text).not.toContain('name="note"');
  });
});

test('the share mended is told of months that are over', async () => {
  await all(
    `INSERT INTO follow_up (id, case_id, phone_id, named, state, created_at, due_at, confirmed_at)
     SELECT gen_random_uuid(), c.id, c.phone_id, true, 'done', c.at, c.at, CASE WHEN c.place <= 4 THEN c.at END
     FROM (SELECT c.id, c.phone_id, row_number() OVER (PARTITION BY m.district_id ORDER BY c.id) AS place,
                  CASE WHEN row_number() OVER (PARTITION BY m.district_id ORDER BY c.id) <= 6 THEN '2026-11-30T23:30:00+08:00' ELSE '2026-12-01T00:30:00+08:00' END::timestamptz AS at
           FROM survey_case c JOIN manager m ON m.id = c.manager_id WHERE m.district_id IN ('D1', 'D2')) AS c WHERE c.place <= 12`,
  );
  await all(
    `UPDATE follow_up SET state = 'open' WHERE id IN (SELECT id FROM follow_up ORDER BY created_at DESC LIMIT 2)`,
  );
  const { body } = await program.get('/follow-ups/mended');
  expect(body).toEqual({
    items: [
      { period: '2026-11', districtId: null, wishes: 12, confirmed: 8, share: '2/3' },
      { period: '2026-11', districtId: 'D1', wishes: 6, confirmed: 4, share: '2/3' },
      { period: '2026-11', districtId: 'D2', wishes: 6, confirmed: 4, share: '2/3' },
    ],
    ...{ open: 2, overdue: 2 },
  });
  expect((await program.get('/follow-ups/mended?to=2026-10')).body.items).toEqual([]);
});
