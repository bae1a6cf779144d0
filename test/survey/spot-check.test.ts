import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { StandingClock } from '../../src/platform/clock.ts';
import { BadInput } from '../../src/platform/errors.ts';
import { order } from '../../src/survey/draw/satq1.ts';
import { verifyDraw } from '../../src/survey/draw/verify.ts';
import { readDrawBundle } from '../../src/survey/round/bundle.ts';
import { closeRound } from '../../src/survey/round/close.ts';
import { drawRound } from '../../src/survey/round/draw.ts';
import { launchRound } from '../../src/survey/round/launch.ts';
import { readMinute } from '../../src/survey/round/minute.ts';
import { readSeed } from '../../src/survey/round/nonces.ts';
import {
  cancelSpotCheck,
  releaseDueSpotChecks,
  type SpotCheckWish,
  scheduleSpotCheck,
} from '../../src/survey/round/spot-check.ts';
import { dispatch } from '../../src/workers/dispatch.ts';
import { agenda } from '../../src/workers/heartbeat.ts';
import { reconcile } from '../../src/workers/reconcile.ts';
import { drawRules } from '../../src/workers/rules.ts';
import type { Services } from '../../src/workers/services.ts';
import { type Field, openField } from '../support/field.ts';

/** Spot checks on a real database, under a clock that stands until it is moved. */
const roundId = '2026-09-R1';
const asker = randomUUID();
let field: Field;
let clock: StandingClock;
let services: Services;

const checking = () => ({ ...services, rules: async (id: string) => drawRules(await services.rules(id)) });
const all = <T>(text: string, ...values: unknown[]) => services.database.query<T>({ text, values });
const at = (local: string, timeZone = 'Asia/Shanghai'): Date => {
  const minute = readMinute({ local, timeZone });
  return minute instanceof Date ? minute : expect.fail(minute.message);
};
const wish = (change: Partial<SpotCheckWish> = {}): SpotCheckWish => ({
  ...{ roundId, askedBy: asker, reason: '投诉较多', districtId: null, managers: { named: ['K01'] }, perManager: 2 },
  ...{ dueAt: clock.now(), ...change },
});
const schedule = (change: Partial<SpotCheckWish> = {}) => scheduleSpotCheck(checking(), wish(change));
const faults = async (change: Partial<SpotCheckWish>): Promise<string[]> => {
  const error = await schedule(change).catch((reason: unknown) => reason);
  return error instanceof BadInput ? error.faults.map(({ where, message }) => `${where}: ${message}`) : expect.fail();
};
const checked = () =>
  all<{ managerId: string; retailerId: string; position: number; dueAt: Date }>(
    `SELECT manager_id AS "managerId", retailer_id AS "retailerId", position, due_at AS "dueAt" FROM survey_case WHERE wave = 0 ORDER BY manager_id, position DESC`,
  );
/** The last of a manager's order who do not rest. */
const lastOf = async (managerId: string, count: number) =>
  (
    await all<{ id: string }>(
      'SELECT retailer_id AS id FROM frame_line WHERE manager_id = $1 AND resting IS NULL ORDER BY position DESC LIMIT $2',
      managerId,
      count,
    )
  ).map(({ id }) => id);

beforeEach(async () => {
  const manager = { name: '某经理', good: 0.5, answering: 0.5 };
  field = await openField('spot checks', [
    { ...manager, id: 'K01', district: 'D1', shops: 100 },
    { ...manager, id: 'K02', district: 'D1', shops: 75 },
    { ...manager, id: 'K03', district: 'D2', shops: 100 },
    { ...manager, id: 'K04', district: 'D2', shops: 12 },
  ]);
  // The Wednesday before the National Day week.
  clock = new StandingClock(new Date('2026-09-30T09:30:00+08:00'));
  services = { ...field.services, clock };
  await field.city.database.query({
    text: `INSERT INTO rule_set (id, effective_from, document, hash) SELECT 'RS-0', '2026-09', document, hash FROM rule_set`,
  });
  const terms = { roundId, period: '2026-09', questionnaireId: 'HF-1', ruleSetId: 'RS-0', actor: 'test' };
  await launchRound(services, terms);
  await drawRound(checking(), roundId);
});
afterEach(() => field.close());

describe('a spot check for a minute in a time zone, with a statutory holiday in between', () => {
  it('is released in its minute, and its calls start in the next window, before everybody else’s', async () => {
    // 10:00 in Urumqi is 12:00 in Shanghai; from 1 to 7 October nobody is called.
    const due = at('2026-10-01T10:00', 'Asia/Urumqi');
    expect(due.toISOString()).toBe('2026-10-01T04:00:00.000Z');
    await schedule({ dueAt: due });
    expect((await agenda(services)).reconcile).toEqual(due);

    clock.advance(new Date(due.getTime() - 1));
    await reconcile(services);
    expect(await checked()).toEqual([]);

    clock.advance(due);
    await reconcile(services);
    const opening = new Date('2026-10-08T09:30:00+08:00');
    const taken = await checked();
    expect(taken.map(({ retailerId }) => retailerId)).toEqual(await lastOf('K01', 2));
    expect(taken.map(({ dueAt }) => dueAt)).toEqual([opening, opening]);
    expect(await agenda(services)).toEqual({ dispatch: opening, reconcile: null });
    await dispatch(services);
    expect(await all('SELECT FROM attempt')).toEqual([]);

    clock.advance(new Date(opening.getTime() - 1));
    await dispatch(services);
    expect(await all('SELECT FROM attempt')).toEqual([]);
    clock.advance(opening);
    await dispatch(services);
    const called = await all('SELECT c.wave FROM attempt a JOIN survey_case c ON c.id = a.case_id ORDER BY a.slot_at');
    expect(called.slice(0, 3)).toEqual([{ wave: 0 }, { wave: 0 }, { wave: 1 }]);
  });
});

describe('a spot check', () => {
  it('keeps to the month’s cap, and says when less was taken than asked for', async () => {
    await schedule({ perManager: 9, managers: { named: ['K01', 'K02'] } });
    expect(await releaseDueSpotChecks(checking())).toBe(4 + 3);
    expect(await releaseDueSpotChecks(checking())).toBe(0);
    expect(await all('SELECT state, note FROM spot_check')).toEqual([{ state: 'released', note: '7 / 18' }]);
    expect(await faults({})).toEqual([expect.stringMatching(/^managers: .*none can be checked any more/)]);
  });

  it('goes on from the back where the one before stopped, and leaves out who rests', async () => {
    const [resting] = await lastOf('K01', 1);
    await all(`UPDATE frame_line SET resting = 'rested' WHERE retailer_id = $1`, resting);
    await schedule({ perManager: 1 });
    await releaseDueSpotChecks(checking());
    await schedule({ perManager: 2 });
    await releaseDueSpotChecks(checking());
    expect((await checked()).map(({ retailerId }) => retailerId)).toEqual(await lastOf('K01', 3));
  });

  it('of random managers leaves the choice to the draw’s tickets', async () => {
    const id = await schedule({ managers: { random: 2 }, perManager: 1 });
    await releaseDueSpotChecks(checking());
    const seed = await readSeed(services.database.query, services.vault, roundId);
    // K04 is too small to be checked.
    const byTicket = order(
      seed,
      ['K01', 'K02', 'K03'].map((managerId) => `spot|${id}|${managerId}`),
    );
    const expected = byTicket.slice(0, 2).map((key) => key.split('|')[2]);
    expect((await checked()).map(({ managerId }) => managerId)).toEqual(expected.sort());
  });

  it('reaches no further than the supervisor’s district', async () => {
    expect(await faults({ districtId: 'D1', managers: { named: ['K01', 'K03'] } })).toEqual([
      expect.stringMatching(/^managers: K03 .*not in your district/),
    ]);
    await schedule({ districtId: 'D2', managers: { random: 1 }, perManager: 1 });
    await releaseDueSpotChecks(checking());
    expect((await checked()).map(({ managerId }) => managerId)).toEqual(['K03']);
  });

  it('is refused with every fault at once', async () => {
    const wrong = await faults({
      ...{ reason: ' ', perManager: 0, dueAt: new Date('2026-09-29T00:00:00Z') },
      managers: { named: ['K04', 'K99', 'K01', 'K01'] },
    });
    expect(wrong.map((one) => one.split(':')[0])).toEqual([
      'reason',
      'perManager',
      'at',
      'managers',
      'managers',
      'managers',
    ]);
    expect(await faults({ managers: { random: 4 } })).toEqual([expect.stringContaining('between 1 and 3')]);
    await all(`UPDATE round SET closes_at = '2026-10-09T16:00:00+08:00'`);
    expect(await faults({})).toEqual([expect.stringMatching(/^at: .*whole protocol/)]);
  });

  it('may be taken back until its minute has come, and keeps its round open until then', async () => {
    await all(`UPDATE survey_case SET state = 'done', due_at = NULL, due_channel = NULL`);
    const id = await schedule({ dueAt: at('2026-10-12T09:00'), districtId: 'D1' });
    expect(await closeRound(services, roundId, 'test')).toBe(false);
    await expect(cancelSpotCheck(services, { id, actor: asker, districtId: 'D2' })).rejects.toThrow(
      'cannot be cancelled',
    );
    await cancelSpotCheck(services, { id, actor: asker, districtId: 'D1' });
    await expect(cancelSpotCheck(services, { id, actor: asker, districtId: null })).rejects.toThrow(
      'cannot be cancelled',
    );
    expect(await closeRound(services, roundId, 'test')).toBe(true);
    await expect(schedule()).rejects.toThrow('not in the field');
  });

  it('waits while its round is paused', async () => {
    await schedule();
    await all(`UPDATE round SET state = 'paused'`);
    expect(await releaseDueSpotChecks(checking())).toBe(0);
    await all(`UPDATE round SET state = 'fielding'`);
    expect(await releaseDueSpotChecks(checking())).toBe(2);
  });

  it('stands in the bundle with its direction, in the log with who asked, and verifies', async () => {
    await schedule({ managers: { random: 3 } });
    await Promise.all([1, 2, 3].map(() => releaseDueSpotChecks(checking())));
    await all(`UPDATE survey_case SET state = 'done', due_at = NULL, due_channel = NULL`);
    await closeRound(services, roundId, 'test');
    const bundle = await readDrawBundle(services, roundId);
    expect(verifyDraw(bundle)).toEqual([]);
    expect(bundle.releases.filter(({ kind }) => kind === 'spot-check')).toHaveLength(3);
    expect(await all(`SELECT detail->>'askedBy' AS "askedBy" FROM audit WHERE action = 'spot-check.release'`)).toEqual([
      { askedBy: asker },
    ]);
  });
});
