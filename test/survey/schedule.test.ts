import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  endSchedule,
  launchDue,
  listSchedules,
  makeSchedule,
  type ScheduleServices,
} from '../../src/survey/round/schedule.ts';
import { drawRules } from '../../src/workers/rules.ts';
import { type City, openCity, settleIn, shopsOf } from '../support/city.ts';

/** Rounds launched by themselves: on their day, once, and with the reason where it could not be. */
let city: City;
let services: ScheduleServices;
const monthly = { period: null, day: 5, time: '09:30', actor: 'A1' };
const at = (time: string) => city.clock.advance(new Date(`${time}:00+08:00`));
const rounds = () => city.database.query({ text: 'SELECT id, state FROM round ORDER BY id' });
const only = async () => (await listSchedules(city.database.query))[0];

beforeEach(async () => {
  city = await openCity('schedule');
  await settleIn(city, shopsOf('W01', 6));
  services = { ...city, rules: async (id) => drawRules(await city.rules(id)) };
});
afterEach(() => city.close());

describe('a monthly round', () => {
  test('is launched on its day, moved past the weekend, once however many look, and every month', async () => {
    await makeSchedule(services, monthly);
    expect((await only())?.nextAt).toEqual(new Date('2026-12-07T09:30:00+08:00'));
    at('2026-12-07T09:29');
    expect(await launchDue(services)).toEqual([]);
    at('2026-12-07T09:30');
    const launched = await Promise.all([launchDue(services), launchDue(services), launchDue(services)]);
    expect(launched.flat()).toEqual(['2026-12-R1']);
    expect(await rounds()).toEqual([{ id: '2026-12-R1', state: 'committed' }]);
    expect(await only()).toMatchObject({
      ...{ nextAt: new Date('2027-01-05T09:30:00+08:00'), lastRoundId: '2026-12-R1', lastFault: null },
    });
  });

  test('that we were cut off in finds its own round, and launches no second', async () => {
    const id = await makeSchedule(services, monthly);
    at('2026-12-07T09:30');
    await launchDue(services);
    const due = new Date('2026-12-07T09:30:00+08:00');
    await city.database.query({ text: 'UPDATE round_schedule SET next_at = $2 WHERE id = $1', values: [id, due] });
    expect(await launchDue(services)).toEqual(['2026-12-R1']);
    expect(await rounds()).toHaveLength(1);
    expect((await only())?.lastFault).toBeNull();
  });

  test('whose month has a round already keeps the reason, and goes on next month', async () => {
    await makeSchedule(services, monthly);
    await makeSchedule(services, { ...monthly, day: 8 });
    at('2026-12-08T10:00');
    expect(await launchDue(services)).toEqual(['2026-12-R1']);
    const [first, second] = await listSchedules(city.database.query);
    expect([first?.lastFault ?? second?.lastFault].join()).toContain('已有轮次 2026-12-R1');
    expect([first?.nextAt, second?.nextAt].every((next) => next && next > city.clock.now())).toBe(true);
  });

  test('is not launched into the wrong month after a long standstill', async () => {
    await makeSchedule(services, monthly);
    at('2027-01-02T10:00');
    expect(await launchDue(services)).toEqual([]);
    expect((await only())?.lastFault).toContain('2026-12 已过');
  });
});

describe('a single round', () => {
  test('is launched once, and then the schedule has ended', async () => {
    await makeSchedule(services, { ...monthly, period: '2026-12', day: 31, time: '14:00' });
    at('2026-12-31T14:00');
    expect(await launchDue(services)).toEqual(['2026-12-R1']);
    expect(await only()).toMatchObject({ nextAt: null, endedAt: city.clock.now() });
  });

  test('of the past, or at no time there is, is refused with every fault', async () => {
    const past = makeSchedule(services, { ...monthly, period: '2026-11' });
    await expect(past).rejects.toMatchObject({ code: expect.stringMatching(/bad-input|no-rules/) });
    const wrong = makeSchedule(services, { ...monthly, period: '2026-13', day: 32, time: '25:00' });
    await expect(wrong).rejects.toMatchObject({ faults: [{ where: 'period' }, { where: 'day' }, { where: 'time' }] });
    expect(await listSchedules(city.database.query)).toEqual([]);
  });

  test('that was ended is launched no more', async () => {
    const id = await makeSchedule(services, monthly);
    await endSchedule(services, id, 'A1');
    at('2026-12-31T10:00');
    expect(await launchDue(services)).toEqual([]);
    await expect(endSchedule(services, id, 'A1')).rejects.toMatchObject({ code: 'no-such-schedule' });
  });
});
