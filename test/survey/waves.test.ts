import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { verifyDraw } from '../../src/survey/draw/verify.ts';
import { settle } from '../../src/survey/fieldwork/settle.ts';
import { readDrawBundle } from '../../src/survey/round/bundle.ts';
import { drawRound } from '../../src/survey/round/draw.ts';
import { extendRound } from '../../src/survey/round/extend.ts';
import { launchRound } from '../../src/survey/round/launch.ts';
import { handlersFor } from '../../src/workers/handlers.ts';
import { drawRules } from '../../src/workers/rules.ts';
import { type Field, openField } from '../support/field.ts';

/** Waves after the first, on a real database: who is released, in which order, and when a round may close. */
const roundId = '2026-12-R1';
let field: Field;

const all = <T>(text: string, ...values: unknown[]) => field.city.database.query<T>({ text, values });
const drawing = () => ({ ...field.city, rules: async (id: string) => drawRules(await field.city.rules(id)) });
const extend = () => extendRound(drawing(), roundId);
const waves = () =>
  all<{ manager: string; wave: number; count: number }>(
    'SELECT manager_id AS manager, wave, count FROM release ORDER BY manager_id, wave',
  );

/** Everything of a manager that is open comes to its end; the first `valid` of them with a rating. */
const finish = (managerId: string, valid: number) =>
  all(
    `
    UPDATE survey_case c SET state = 'done', due_at = NULL, due_channel = NULL,
           disposition = CASE WHEN o.place <= $2 THEN 'complete' ELSE 'no-answer' END,
           overall = CASE WHEN o.place <= $2 THEN 5 END
    FROM (SELECT id, row_number() OVER (ORDER BY position) AS place FROM survey_case WHERE manager_id = $1 AND state <> 'done') o
    WHERE o.id = c.id`,
    managerId,
    valid,
  );

beforeEach(async () => {
  const manager = { name: '某经理', district: 'D1', shops: 310, good: 0.5, answering: 0.5 };
  field = await openField('waves', [
    { ...manager, id: 'K01' },
    { ...manager, id: 'K02' },
  ]);
  const terms = { roundId, period: '2026-12', questionnaireId: 'HF-1', ruleSetId: 'RS-1', actor: 'test' };
  await launchRound(field.city, terms);
  await drawRound(drawing(), roundId);
});
afterEach(() => field.close());

describe('a further wave', () => {
  it('goes to a manager whose every case is final and who falls short, and to nobody else', async () => {
    expect(await extend()).toBe(0);
    await finish('K01', 20);
    expect(await extend()).toBe(16);
    expect(await extend()).toBe(0);
    await finish('K02', 25);
    expect(await extend()).toBe(0);
    expect(await waves()).toEqual([
      { manager: 'K01', wave: 1, count: 63 },
      { manager: 'K01', wave: 2, count: 16 },
      { manager: 'K02', wave: 1, count: 63 },
    ]);
    expect(await all('SELECT DISTINCT state, due_channel, wave FROM survey_case WHERE wave = 2')).toEqual([
      { state: 'pending', due_channel: 'voice', wave: 2 },
    ]);
  });

  it('never comes a fourth time, and never takes more than the month’s cap', async () => {
    for (const valid of [20, 1, 1, 0]) {
      await finish('K01', valid);
      await extend();
    }
    const own = (await waves()).filter(({ manager }) => manager === 'K01');
    expect(own.map(({ wave }) => wave)).toEqual([1, 2, 3]);
    const [frame] = await all<{ cap: number }>(
      `SELECT ceil(count(*) * 3 / 10.0)::int AS cap FROM frame_line WHERE manager_id = 'K01'`,
    );
    expect(own.reduce((sum, { count }) => sum + count, 0)).toBeLessThanOrEqual(frame?.cap ?? 0);
  });

  it('stays away once no whole protocol fits before the close', async () => {
    await finish('K01', 20);
    await all(`UPDATE round SET closes_at = '2026-12-03T16:59:00+08:00'`);
    expect(await extend()).toBe(0);
    await all(`UPDATE round SET closes_at = '2026-12-03T17:00:00+08:00'`);
    expect(await extend()).toBe(16);
  });

  it('counts a response that was declared invalid as none', async () => {
    await finish('K01', 25);
    expect(await extend()).toBe(0);
    await all(
      `INSERT INTO invalidation (case_id, rule, detail, by, at)
       SELECT id, 'staff-phone', '{}', 'test', now() FROM survey_case WHERE manager_id = 'K01' AND overall IS NOT NULL LIMIT 5`,
    );
    expect(await extend()).toBe(16);
  });

  it('releases who opted out after the freeze like everybody, and nobody dials him', async () => {
    await all(
      `UPDATE phone p SET opted_out_at = now() FROM frame_line f WHERE f.phone_id = p.id AND f.manager_id = 'K01' AND NOT EXISTS (SELECT FROM survey_case c WHERE c.phone_id = p.id)`,
    );
    await finish('K01', 20);
    expect(await extend()).toBe(16);
    await settle(field.city);
    expect(await all('SELECT DISTINCT state, disposition, due_at FROM survey_case WHERE wave = 2')).toEqual([
      { state: 'done', disposition: 'opted-out', due_at: null },
    ]);
  });
});

describe('the job that closes', () => {
  it('releases what is still due before it closes, and the whole of it verifies', async () => {
    const { close } = handlersFor(field.services);
    const states = async () => (await all<{ state: string }>('SELECT state FROM round'))[0]?.state;
    await finish('K01', 20);
    await finish('K02', 25);
    await close({ roundId });
    expect(await states()).toBe('fielding');
    field.city.clock.advance(new Date('2026-12-08T10:00:00+08:00'));
    await finish('K01', 6);
    await close({ roundId });
    expect(await states()).toBe('closed');
    expect(field.asked.map(({ name }) => name)).toContain('score');

    const bundle = await readDrawBundle(field.services, roundId);
    expect(verifyDraw(bundle)).toEqual([]);
    expect(bundle.operatorTrusted).toBe(true);
    expect(bundle.releases.map(({ at, kind, manager, ids }) => [at.slice(0, 10), kind, manager, ids.length])).toEqual([
      ['2026-12-01', 'wave', 'K01', 63],
      ['2026-12-01', 'wave', 'K01', 16],
      ['2026-12-01', 'wave', 'K02', 63],
    ]);
  });
});
