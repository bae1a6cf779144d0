import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { importFile } from '../../src/cli/import.ts';
import { firstBrokenLine } from '../../src/platform/audit.ts';
import { readScoreInput } from '../../src/scoring/periods/input.ts';
import { readReport } from '../../src/survey/disposition/read-report.ts';
import { verifyDraw } from '../../src/survey/draw/verify.ts';
import { settle } from '../../src/survey/fieldwork/settle.ts';
import { takeVoiceTurn } from '../../src/survey/fieldwork/turn.ts';
import { raiseFlags } from '../../src/survey/quality/raise-flags.ts';
import { giveVerdict, listReviews, type VerdictWish, visibleVerdicts } from '../../src/survey/quality/review.ts';
import { addStaffPhone, listStaffPhones, removeStaffPhone } from '../../src/survey/quality/staff-phones.ts';
import { standardQuestionnaire } from '../../src/survey/questionnaire/questionnaire.ts';
import { importStaff } from '../../src/survey/roster/import.ts';
import { readDrawBundle } from '../../src/survey/round/bundle.ts';
import { closeRound } from '../../src/survey/round/close.ts';
import { readTracks } from '../../src/survey/round/draw.ts';
import { readRound } from '../../src/survey/round/listing.ts';
import { readPublicBundle } from '../../src/survey/round/public-bundle.ts';
import { handlersFor } from '../../src/workers/handlers.ts';
import { fieldRound, settleIn, shopsOf } from '../support/city.ts';
import { type Field, openField } from '../support/field.ts';

/** Which responses count, and what opens a review, on a real database. */
const roundId = '2026-12-R1';
let field: Field;

const all = <T>(text: string, ...values: unknown[]) => field.city.database.query<T>({ text, values });
const numberOf = (shop: number) => `+861380001${String(shop).padStart(4, '0')}`;
const shop = (index: number) => `W01-${String(index).padStart(4, '0')}`;
const staff = (index: number, employee = 'E7') =>
  addStaffPhone(field.city, { employee, phone: numberOf(index), actor: 'test' });
const settleAll = () => settle(field.city);
const later = (at: string) => field.city.clock.advance(new Date(at));

beforeEach(async () => {
  field = await openField('quality', []);
  await settleIn(field.city, shopsOf('W01', 12));
});
afterEach(() => field.close());

interface Rating {
  readonly channel?: 'voice' | 'sms';
  /** Whose number it came from; his own where it is left out. */
  readonly from?: string;
}

/** What one attempt brought: the overall rating, and that the case is done. */
async function rate(retailerId: string, overall: number, { channel = 'voice', from = retailerId }: Rating = {}) {
  const attempt = randomUUID();
  await all(
    `
    INSERT INTO attempt (id, case_id, round_id, phone_id, channel, number, slot_at, state, result, created_at, dialed_at, answered_at, ended_at, touched_at)
    SELECT $1, c.id, c.round_id, s.phone_id, $3::channel, 1 + (SELECT count(*) FROM attempt a WHERE a.case_id = c.id), $5, 'ended', 'completed', $5, $5, $5, $5, $5
    FROM survey_case c JOIN retailer s ON s.id = $4 WHERE c.retailer_id = $2`,
    ...[attempt, retailerId, channel, from, field.city.clock.now()],
  );
  await all(
    `INSERT INTO answer (attempt_id, turn, case_id, item, value, at) SELECT id, 1, case_id, 'Q1', $2, created_at FROM attempt WHERE id = $1`,
    ...[attempt, overall],
  );
  await all(
    `UPDATE survey_case SET overall = $2::smallint, answers = answers || jsonb_build_object('Q1', $2::smallint) WHERE retailer_id = $1`,
    ...[retailerId, overall],
  );
  await all(
    `INSERT INTO outbox (topic, case_id, at) SELECT 'rated', case_id, created_at FROM attempt WHERE id = $1`,
    attempt,
  );
}

/** Nothing is to come of any case any more, so that the round may close. */
const finishAll = () =>
  all(`UPDATE survey_case SET state = 'done', due_at = NULL, due_channel = NULL,
         disposition = CASE WHEN overall IS NULL THEN 'no-answer' ELSE 'complete' END`);
const inForce = () =>
  all<{ shop: string; rule: string }>(
    `SELECT c.retailer_id AS shop, i.rule FROM invalidation i JOIN survey_case c ON c.id = i.case_id WHERE i.withdrawn_at IS NULL ORDER BY 1, 2`,
  );

describe('numbers of the company’s own people', () => {
  const file = (...lines: string[]) => Buffer.from(['工号,手机号', ...lines].join('\n'));

  it('come by file, once each, and a second import changes nothing', async () => {
    const lines = ['E1,138-0001-0001', 'E2,86 13800010002', 'E2,0791-88123456'];
    expect(await importStaff(field.city, file(...lines))).toEqual({ rows: 3, created: 3, changed: 0, unchanged: 0 });
    expect(await importStaff(field.city, file(...lines))).toEqual({ rows: 3, created: 0, changed: 0, unchanged: 3 });
    expect(await importStaff(field.city, file('E9,13800010001'))).toMatchObject({ created: 0, changed: 1 });
    const listed = await listStaffPhones(field.city.database.query, null, 10);
    const shown = listed.map(({ employee, masked }) => `${employee} ${masked}`);
    expect(shown.sort()).toEqual(['E2 0791-****456', 'E2 138****0002', 'E9 138****0001']);
    expect(await all('SELECT action FROM audit WHERE action = $1', 'staff.import')).toHaveLength(2);
  });

  it('come by command too', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'huifang-'));
    await writeFile(join(folder, 'staff.csv'), file('E1,13800010001', 'E2,13800010002'));
    const out = new PassThrough();
    await importFile('staff', join(folder, 'staff.csv'), field.city, out);
    expect(out.read().toString()).toContain('staff.csv：员工号码 2 行，新增 2');
    await rm(folder, { recursive: true });
  });

  it('stand nowhere in clear', async () => {
    await staff(1);
    const [row] = await all<{ kept: string }>('SELECT staff_phone::text AS kept FROM staff_phone');
    expect(row?.kept).not.toContain('13800010001');
    expect(row?.kept).not.toContain(Buffer.from('13800010001').toString('hex'));
  });

  it('are refused with every fault, and none of the file is taken', async () => {
    const refused = await importStaff(field.city, file('E1,13800010001', 'E2,12', 'E3,13800010001')).catch(
      (error) => error,
    );
    expect(refused.faults.map(({ where }: { where: string }) => where)).toEqual([
      expect.stringContaining('row 3'),
      expect.stringContaining('row 4'),
    ]);
    expect(await all('SELECT FROM staff_phone')).toEqual([]);
    const wrong = await addStaffPhone(field.city, { employee: '', phone: '400-800-8000', actor: 'test' }).catch(
      (e) => e,
    );
    expect(wrong.faults).toHaveLength(2);
  });

  it('are taken off by closing their line, which the audit log tells', async () => {
    await staff(1);
    const [first] = await listStaffPhones(field.city.database.query, null, 10);
    await removeStaffPhone(field.city, { id: first?.id ?? '', actor: 'test' });
    await expect(removeStaffPhone(field.city, { id: first?.id ?? '', actor: 'test' })).rejects.toThrow(
      'no such number',
    );
    expect(await listStaffPhones(field.city.database.query, null, 10)).toEqual([]);
    expect(await all('SELECT removed_by FROM staff_phone')).toEqual([{ removed_by: 'test' }]);
    expect(await all(`SELECT action FROM audit WHERE subject = 'E7' ORDER BY sequence`)).toEqual([
      { action: 'staff-phone.add' },
      { action: 'staff-phone.remove' },
    ]);
    expect(await firstBrokenLine(field.city.database.query)).toBeNull();
  });
});

describe('a response', () => {
  it('from a number of the list counts nowhere, and its disposition stays', async () => {
    await staff(0);
    await fieldRound(field.city);
    for (const index of [0, 1, 2]) await rate(shop(index), 5);
    await settleAll();
    expect(await inForce()).toEqual([{ shop: shop(0), rule: 'staff-number' }]);
    const { query } = field.city.database;
    expect((await readRound(query, roundId))?.valid).toBe(2);
    const [whole] = await readReport(query, roundId, standardQuestionnaire());
    expect(whole).toMatchObject({ channels: { voice: 2 }, invalid: { 'staff-number': 1 } });
    expect(await readPublicBundle(field.services, roundId)).toMatchObject({ managers: { W01: { invalid: null } } });

    await finishAll();
    expect(await closeRound(field.city, roundId, 'test')).toBe(true);
    const [manager] = (await readScoreInput(query, roundId)).managers;
    expect(manager?.ratings).toEqual({ '1': 0, '2': 0, '3': 0, '4': 0, '5': 2 });
    expect(await all(`SELECT disposition FROM survey_case WHERE retailer_id = $1`, shop(0))).toEqual([
      { disposition: 'complete' },
    ]);
    expect((await readTracks(query, '2027-01')).get('W01')).toEqual({ valid: 2, released: 12 });
    const bundle = await readDrawBundle(field.services, roundId);
    expect(bundle.managers.W01?.invalid).toEqual({ 'staff-number': 1 });
    expect(verifyDraw(bundle)).toEqual([]);
    expect(await readPublicBundle(field.services, roundId)).toMatchObject({
      managers: { W01: { invalid: { 'staff-number': 1 } } },
    });
  });

  it('is judged by the list of the freeze: nobody strikes one out afterwards, nor brings one back', async () => {
    await staff(0);
    await fieldRound(field.city);
    later('2026-12-01T09:40:00+08:00');
    for (const index of [0, 1]) await rate(shop(index), 1);
    await staff(1);
    const [listed] = await listStaffPhones(field.city.database.query, null, 1);
    for (const { id } of listed ? [listed] : []) await removeStaffPhone(field.city, { id, actor: 'test' });
    await settleAll();
    await finishAll();
    await closeRound(field.city, roundId, 'test');
    expect(await inForce()).toEqual([{ shop: shop(0), rule: 'staff-number' }]);
  });

  it('from a number that answered for several shops counts for the one with the lowest ticket', async () => {
    await fieldRound(field.city);
    const order = await all<{ id: string }>('SELECT retailer_id AS id FROM survey_case ORDER BY position');
    const [first = '', second = '', third = ''] = order.map(({ id }) => id);
    await rate(second, 5, { from: third });
    await rate(third, 5);
    await rate(first, 4);
    await settleAll();
    await finishAll();
    await closeRound(field.city, roundId, 'test');
    expect(await inForce()).toEqual([{ shop: third, rule: 'shared-phone' }]);
  });

  it('that was texted from another number than the shop’s does not count, one that was spoken does', async () => {
    await fieldRound(field.city);
    const other = (await all<{ id: string }>(`SELECT id FROM retailer ORDER BY id DESC LIMIT 1`))[0]?.id ?? '';
    await rate(shop(0), 5, { channel: 'sms', from: other });
    await settleAll();
    expect(await inForce()).toEqual([{ shop: shop(0), rule: 'other-number' }]);
  });

  it('is struck once however often the rules are applied, and its line is withdrawn when he rates from his own number', async () => {
    await staff(11);
    await fieldRound(field.city);
    await rate(shop(0), 5, { from: shop(11) });
    for (const _ of [1, 2]) await settleAll();
    await all(`INSERT INTO outbox (topic, case_id, at) SELECT 'late', id, now() FROM survey_case`);
    await settleAll();
    expect(await all('SELECT rule, withdrawn_at FROM invalidation')).toEqual([
      { rule: 'staff-number', withdrawn_at: null },
    ]);
    const counted = async () => ({
      valid: (await readRound(field.city.database.query, roundId))?.valid,
      threes: (await readScoreInput(field.city.database.query, roundId)).managers[0]?.ratings?.['3'],
    });
    expect((await counted()).valid).toBe(0);
    later('2026-12-01T09:50:00+08:00');
    await rate(shop(0), 3);
    await settleAll();
    expect(await inForce()).toEqual([]);
    expect(await counted()).toEqual({ valid: 1, threes: 1 });
    expect(await all('SELECT rule, withdrawn_at FROM invalidation')).toEqual([
      { rule: 'staff-number', withdrawn_at: field.city.clock.now() },
    ]);
  });

  it('is struck or withdrawn, and the line is never rewritten', async () => {
    await staff(0);
    await fieldRound(field.city);
    await rate(shop(0), 5);
    await settleAll();
    await expect(all(`UPDATE invalidation SET rule = 'other-number'`)).rejects.toThrow('never changed');
    await expect(all('DELETE FROM invalidation')).rejects.toThrow('append-only');
  });

  it('is looked at once more as the round closes, whatever was settled before', async () => {
    await staff(0);
    await fieldRound(field.city);
    await rate(shop(0), 5);
    await all('DELETE FROM outbox');
    await finishAll();
    expect(await inForce()).toEqual([]);
    await closeRound(field.city, roundId, 'test');
    expect(await inForce()).toEqual([{ shop: shop(0), rule: 'staff-number' }]);
  });
});

/** Closes the round as it stands and looks it through. */
async function closeAndLook(): Promise<number> {
  await settleAll();
  await finishAll();
  expect(await closeRound(field.city, roundId, 'test')).toBe(true);
  return raiseFlags(field.services, roundId);
}
const flags = () =>
  all<{ kind: string; shop: string | null; evidence: Record<string, unknown> }>(
    `SELECT f.kind, c.retailer_id AS shop, f.evidence FROM flag f LEFT JOIN survey_case c ON c.id = f.case_id ORDER BY f.kind, 2`,
  );
const caseOf = async (index: number) =>
  (await all<{ id: string }>('SELECT id FROM survey_case WHERE retailer_id = $1', shop(index)))[0]?.id ?? '';

describe('a closed round is looked through', () => {
  it('for a manager whose shops give far more fives than the city’s', async () => {
    await settleIn(field.city, [...shopsOf('W02', 80), ...shopsOf('W03', 80)]);
    await fieldRound(field.city);
    const cases = await all<{ shop: string; manager: string }>(
      `SELECT retailer_id AS shop, manager_id AS manager FROM survey_case WHERE manager_id <> 'W01' ORDER BY position`,
    );
    expect(cases.length).toBe(48);
    await all(
      `UPDATE survey_case SET overall = CASE manager_id WHEN 'W02' THEN 5 ELSE 4 END, answers = jsonb_build_object('Q1', CASE manager_id WHEN 'W02' THEN 5 ELSE 4 END) WHERE manager_id <> 'W01'`,
    );
    expect(await closeAndLook()).toBe(1);
    expect(await flags()).toEqual([
      {
        ...{ kind: 'five-share', shop: null },
        evidence: { counted: 24, responses: 24, othersCounted: 0, othersResponses: 24, z: '6.93' },
      },
    ]);
    expect(await all(`SELECT detail FROM audit WHERE action = 'flags.raise'`)).toEqual([
      { detail: { 'five-share': 1 } },
    ]);
    expect(await raiseFlags(field.services, roundId)).toBe(0);
    expect(await flags()).toHaveLength(1);
  });

  it('for numbers that changed in the week before the freeze, where they were rated', async () => {
    await all(`UPDATE retailer_phone SET until = '2026-11-27', since = '2020-01-01' WHERE retailer_id = ANY($1)`, [
      shop(0),
      shop(1),
      shop(2),
    ]);
    await all(
      `INSERT INTO retailer_phone (retailer_id, phone_id, place, since, changed_by)
       SELECT id, phone_id, 0, CASE id WHEN $1 THEN '2026-11-20'::timestamptz ELSE '2026-11-27' END, 'import' FROM retailer WHERE id = ANY($2)`,
      ...[shop(1), [shop(0), shop(1), shop(2)]],
    );
    await fieldRound(field.city);
    for (const index of [0, 1, 3]) await rate(shop(index), 4);
    await closeAndLook();
    expect(await flags()).toEqual([{ kind: 'phone-changed', shop: shop(0), evidence: { days: 4 } }]);
  });

  it('for what a shop said when it was called again, also after the close', async () => {
    await fieldRound(field.city);
    for (const index of [0, 1]) await rate(shop(index), 5);
    const recheck = async (index: number, answers: object) =>
      all(
        `INSERT INTO desk_task (id, case_id, reason, state, created_at, from_at, due_at, done_at, outcome, answers) VALUES ($1, $2, 'recheck', 'done', now(), now(), now(), now(), 'complete', $3)`,
        ...[randomUUID(), await caseOf(index), JSON.stringify(answers)],
      );
    await recheck(0, { Q1: 4 });
    expect(await closeAndLook()).toBe(0);
    await recheck(1, { Q1: 2, Q6: 1 });
    expect(await raiseFlags(field.services, roundId)).toBe(1);
    expect(await flags()).toEqual([{ kind: 'recheck-mismatch', shop: shop(1), evidence: { points: 3, items: [] } }]);
  });

  it('by the jobs that score it and that look after what came late', async () => {
    const { close, score, reconcile } = handlersFor(field.services);
    const codes = [
      'sales',
      'brand',
      'price-marking',
      'e-settlement',
      'knowledge',
      'service',
      'daily-work',
      'market-visits',
    ];
    await all(`INSERT INTO unit_indicator SELECT '2026-12', 'W01', code, 90 FROM unnest($1::text[]) AS code`, codes);
    await fieldRound(field.city);
    for (const index of [0, 1]) await rate(shop(index), 5);
    const recheck = async (index: number) =>
      all(
        `INSERT INTO desk_task (id, case_id, reason, state, created_at, from_at, due_at, done_at, outcome, answers) VALUES ($1, $2, 'recheck', 'done', $3, $3, $3, $3, 'complete', '{"Q1": 2}')`,
        ...[randomUUID(), await caseOf(index), field.city.clock.now()],
      );
    await recheck(0);
    await settleAll();
    await finishAll();
    later('2026-12-02T10:00:00+08:00');
    await close({ roundId });
    await score({ roundId });
    expect((await flags()).map((flag) => flag.shop)).toEqual([shop(0)]);
    await reconcile({});
    expect(await flags()).toHaveLength(1);
    later('2026-12-20T10:00:00+08:00');
    await recheck(1);
    for (const _ of [1, 2]) await reconcile({});
    expect((await flags()).map((flag) => flag.shop)).toEqual([shop(0), shop(1)]);
    expect(await all(`SELECT detail FROM audit WHERE action = 'flags.raise'`)).toHaveLength(2);
  });

  it('for keys that came before their words, by the turns of the call', async () => {
    await fieldRound(field.city);
    for (const [index, seconds] of [
      [0, 1],
      [1, 6],
    ] as const) {
      const attempt = randomUUID();
      await all(
        `INSERT INTO attempt (id, case_id, round_id, phone_id, channel, number, slot_at, state, created_at, dialed_at, touched_at)
         SELECT $1, id, round_id, phone_id, 'voice', 1, $3, 'in-progress', $3, $3, $3 FROM survey_case WHERE id = $2`,
        ...[attempt, await caseOf(index), field.city.clock.now()],
      );
      const inputs = ['answered', 'silence', '5', 'silence', '5', '5', '5', '5', '2', '2'];
      for (const [turn, input] of inputs.entries()) {
        // The greeting, the overall question and its read-back are heard out; the rest is not.
        field.city.clock.advance(new Date(field.city.clock.now().getTime() + (turn < 4 ? 20 : seconds) * 1000));
        const heard = input === 'answered' || input === 'silence' ? { kind: input } : { kind: 'key', key: input };
        await takeVoiceTurn(field.services, attempt, turn, heard as Parameters<typeof takeVoiceTurn>[3]);
      }
      await all(`UPDATE attempt SET state = 'ended', ended_at = now() WHERE id = $1`, attempt);
    }
    expect(await all('SELECT FROM answer')).toHaveLength(14);
    await closeAndLook();
    expect(await flags()).toMatchObject([
      { kind: 'keys-too-fast', shop: shop(0), evidence: { answers: 6, seconds: '6.0' } },
    ]);
  });

  it('for numbers that turned out to be the company’s only after the freeze', async () => {
    await fieldRound(field.city);
    later('2026-12-01T09:40:00+08:00');
    for (const index of [0, 1]) await rate(shop(index), 5);
    await staff(0);
    await closeAndLook();
    expect(await flags()).toEqual([{ kind: 'late-staff-number', shop: shop(0), evidence: { employee: 'E7' } }]);
    expect(await inForce()).toEqual([]);
  });

  it('only once it is closed, and never at a struck response', async () => {
    await staff(0);
    await fieldRound(field.city);
    await rate(shop(0), 5);
    await all(
      `INSERT INTO desk_task (id, case_id, reason, state, created_at, from_at, due_at, answers) VALUES ($1, $2, 'recheck', 'done', now(), now(), now(), '{"Q1": 1}')`,
      ...[randomUUID(), await caseOf(0)],
    );
    expect(await raiseFlags(field.services, roundId)).toBe(0);
    expect(await closeAndLook()).toBe(0);
  });
});

describe('a review', () => {
  const people = {} as Record<'first' | 'second' | 'third' | 'neighbour' | 'supervisor', string>;
  let flagId: string;
  const person = async (role: 'admin' | 'auditor' | 'supervisor', districtId: string | null = null) => {
    const id = randomUUID();
    await field.city.database.prisma.user.create({ data: { id, name: role, role, districtId, createdAt: new Date() } });
    return id;
  };
  const say = (userId: string, verdict: VerdictWish['verdict'], reason = '看过录音与次序') =>
    giveVerdict(field.city, { flagId, userId, verdict, reason });
  const refused = (given: Promise<void>) =>
    given.then(
      () => 'taken',
      ({ code }) => code,
    );
  const review = async () => (await listReviews(field.city.database.query, null, 10))[0];

  beforeEach(async () => {
    await fieldRound(field.city);
    people.first = await person('admin');
    people.second = await person('auditor');
    people.third = await person('admin');
    people.neighbour = await person('auditor', 'D1');
    people.supervisor = await person('supervisor', 'D2');
    flagId = randomUUID();
    await all(
      `INSERT INTO flag (id, round_id, manager_id, case_id, kind, evidence, raised_at) VALUES ($1, $2, 'W01', $3, 'phone-changed', '{"days": 2}', now())`,
      ...[flagId, roundId, await caseOf(0)],
    );
  });

  it('takes two people, and the second does not see what the first said', async () => {
    expect((await review())?.state).toBe('open');
    await say(people.first, 'founded', '号码属于店员');
    const half = await review();
    expect(half?.state).toBe('half');
    expect(half && visibleVerdicts(half, people.second)).toEqual([]);
    expect(half && visibleVerdicts(half, people.first)).toMatchObject([{ verdict: 'founded', reason: '号码属于店员' }]);
    await say(people.second, 'founded');
    const whole = await review();
    expect(whole).toMatchObject({ state: 'founded', first: { by: people.first }, second: { by: people.second } });
    expect(whole && visibleVerdicts(whole, people.third)).toHaveLength(2);
    expect(await all(`SELECT actor, detail FROM audit WHERE action = 'flag.verdict' ORDER BY sequence`)).toEqual([
      { actor: people.first, detail: { verdict: 'founded' } },
      { actor: people.second, detail: { verdict: 'founded' } },
    ]);
  });

  it('is refused to whoever has given his, to the manager’s district, to other roles, and once both are in', async () => {
    expect(await refused(say(people.neighbour, 'unfounded'))).toBe('own-district');
    expect(await refused(say(people.supervisor, 'unfounded'))).toBe('own-district');
    await say(people.first, 'unfounded');
    expect(await refused(say(people.first, 'founded'))).toBe('verdict-given');
    await say(people.second, 'unfounded');
    expect(await refused(say(people.third, 'founded'))).toBe('decided');
    expect((await review())?.state).toBe('unfounded');
    flagId = randomUUID();
    expect(await refused(say(people.first, 'founded'))).toBe('no-such-flag');
  });

  it('needs a reason', async () => {
    expect(await refused(say(people.first, 'founded', '  '))).toBe('bad-input');
    expect(await refused(say(people.first, 'founded', '长'.repeat(501)))).toBe('bad-input');
    expect((await review())?.state).toBe('open');
  });

  it('stays open to everybody where the two differ, before all others', async () => {
    await say(people.first, 'founded');
    await say(people.second, 'unfounded');
    await all(
      `INSERT INTO flag (id, round_id, manager_id, kind, evidence, raised_at) VALUES ($1, $2, 'W01', 'told-how', '{}', '2020-01-01')`,
      ...[randomUUID(), roundId],
    );
    const listed = await listReviews(field.city.database.query, null, 10);
    expect(listed.map(({ state }) => state)).toEqual(['differing', 'open']);
    const [first] = listed;
    const next = first && (await listReviews(field.city.database.query, first, 10));
    expect(next?.map(({ state }) => state)).toEqual(['open']);
  });

  it('lets two people at once be one first and one second, and one person at once only once', async () => {
    const both = await Promise.all([refused(say(people.first, 'founded')), refused(say(people.second, 'founded'))]);
    expect(both).toEqual(['taken', 'taken']);
    expect((await review())?.state).toBe('founded');
    flagId = randomUUID();
    await all(
      `INSERT INTO flag (id, round_id, manager_id, kind, evidence, raised_at) VALUES ($1, $2, 'W01', 'told-how', '{}', now())`,
      flagId,
      roundId,
    );
    const twice = await Promise.all([1, 2, 3].map(() => refused(say(people.first, 'founded'))));
    expect(twice.sort()).toEqual(['taken', 'verdict-given', 'verdict-given']);
  });

  it('changes no response and no score, and no verdict is ever rewritten', async () => {
    await rate(shop(0), 5);
    await say(people.first, 'founded');
    await say(people.second, 'founded');
    await settleAll();
    expect(await inForce()).toEqual([]);
    expect((await readScoreInput(field.city.database.query, roundId)).managers[0]?.ratings).toMatchObject({ '5': 1 });
    await expect(all(`UPDATE flag SET second_verdict = 'unfounded'`)).rejects.toThrow('neither changes');
    await expect(all(`UPDATE flag SET evidence = '{}'`)).rejects.toThrow('neither changes');
  });
});
