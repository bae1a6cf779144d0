import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Disposition } from '../disposition/disposition.ts';
import { halfDayOf, nextOpening, openWindow, windowsFrom } from './calendar.ts';
import { type CaseHistory, type ContactRules, type PastAttempt, plan } from './plan.ts';

const rules: ContactRules = {
  attempts: 4,
  minimumDistinctDays: 3,
  minimumHoursBetweenAttempts: 2,
  smsAfterAttempt: 3,
  windows: ['09:30-11:30', '14:00-17:00'],
  holidays: 'CN',
};
/** A moment on the shop's own clock; 2026-12-01 is a Tuesday. */
const local = (time: string) => new Date(`2026-${time}:00+08:00`);
const shown = (at: Date | undefined) =>
  at && new Date(at.getTime() + 8 * 3_600_000).toISOString().slice(5, 16).replace('T', ' ');

const call = (time: string, outcome: Disposition | null, more: Partial<PastAttempt> = {}): PastAttempt => ({
  ...{ channel: 'voice', outcome, at: local(time), endedAt: outcome && local(time), spared: false, mayHaveRung: true },
  ...{ reachedItsEnd: false, wanted: null, handOver: null, ...more },
});
const thread = (time: string, outcome: Disposition | null): PastAttempt => ({ ...call(time, outcome), channel: 'sms' });
const shop = (attempts: PastAttempt[], more: Partial<CaseHistory> = {}): CaseHistory => ({
  ...{ attempts, timeZone: 'Asia/Shanghai', textable: true, proven: false, optedOut: false },
  ...{ halfDays: [], closesAt: null, resumable: false, ...more },
});
const next = (attempts: PastAttempt[], now: string, more: Partial<CaseHistory> = {}) => {
  const { due, state, disposition } = plan(shop(attempts, more), local(now), rules);
  return { state, disposition, due: due && `${due.channel} ${shown(due.at)}` };
};

describe('calling hours', () => {
  it('are two windows on working days', () => {
    const seen = [];
    for (const { start, daypart } of windowsFrom(local('12-04T10:00'), 'Asia/Shanghai', rules)) {
      seen.push(`${shown(start)} ${daypart}`);
      if (seen.length === 4) break;
    }
    expect(seen).toEqual([
      '12-04 09:30 morning',
      '12-04 14:00 afternoon',
      '12-07 09:30 morning',
      '12-07 14:00 afternoon',
    ]);
  });

  it('end at the minute: open at 11:29:59, closed at 11:30', () => {
    expect(openWindow(new Date('2026-12-01T11:29:59+08:00'), 'Asia/Shanghai', rules)).not.toBeNull();
    expect(openWindow(local('12-01T11:30'), 'Asia/Shanghai', rules)).toBeNull();
    expect(openWindow(local('12-01T09:29'), 'Asia/Shanghai', rules)).toBeNull();
  });

  it('keep statutory holidays, and count make-up days as working days', () => {
    // National Day 2026: 1–7 October off, Saturday 10 October worked.
    expect(shown(nextOpening(local('10-01T10:00'), 'Asia/Shanghai', rules))).toBe('10-08 09:30');
    expect(openWindow(local('10-10T10:00'), 'Asia/Shanghai', rules)).not.toBeNull();
    expect(openWindow(local('10-17T10:00'), 'Asia/Shanghai', rules)).toBeNull();
  });

  it("are the shop's own, wherever the clock stands", () => {
    expect(openWindow(local('12-01T10:00'), 'Asia/Urumqi', rules)).toBeNull();
    expect(openWindow(local('12-01T12:00'), 'Asia/Urumqi', rules)).not.toBeNull();
  });
});

describe('the next contact', () => {
  it('of a fresh case is a call, now or when calling is allowed', () => {
    expect(next([], '12-01T09:40')).toEqual({
      state: 'pending',
      disposition: 'never-attempted',
      due: 'voice 12-01 09:40',
    });
    expect(next([], '12-01T12:00').due).toBe('voice 12-01 14:00');
  });

  it('after no answer comes in another daypart', () => {
    expect(next([call('12-01T09:40', 'no-answer')], '12-01T09:41').due).toBe('voice 12-01 14:00');
    expect(next([call('12-01T14:10', 'busy')], '12-01T14:11').due).toBe('voice 12-02 09:30');
  });

  it('four calls fall on three days, each in another daypart than the one before', () => {
    const calls = [call('12-01T09:40', 'no-answer')];
    const times = ['12-01T14:00', '12-02T09:30', '12-03T14:00'];
    for (const time of times) {
      const { due } = plan(shop(calls, { textable: false }), calls.at(-1)?.at ?? local(time), rules);
      expect(due?.channel).toBe('voice');
      calls.push(call(time, 'no-answer', due ? { at: due.at, endedAt: due.at } : {}));
    }
    const days = new Set(calls.map(({ at }) => shown(at)?.slice(0, 5)));
    expect(days.size).toBeGreaterThanOrEqual(3);
    expect(next(calls, '12-03T15:00', { textable: false })).toMatchObject({ state: 'done', due: null });
  });

  it('is two hours away at least', () => {
    const late = call('12-01T11:29', 'no-answer', { endedAt: local('12-01T12:30') });
    expect(next([late], '12-01T12:31').due).toBe('voice 12-01 14:30');
  });

  it('is a text after the third call without an answer, and the fourth call after it', () => {
    const three = [call('12-01T09:40', 'busy'), call('12-01T14:00', 'no-answer'), call('12-02T09:30', 'no-answer')];
    expect(next(three, '12-02T09:31').due).toBe('sms 12-02 09:31');
    expect(next(three, '12-02T09:31', { textable: false }).due).toBe('voice 12-03 14:00');
    expect(next([...three, thread('12-02T09:31', null)], '12-02T09:32').due).toBe('voice 12-03 14:00');
  });

  it('after a hang-up is one more call, two days later at another hour, and then nothing', () => {
    const once = [call('12-01T09:40', 'refused')];
    expect(next(once, '12-01T09:41').due).toBe('voice 12-03 14:00');
    expect(next([...once, call('12-03T14:00', 'refused')], '12-03T14:01')).toMatchObject({
      state: 'done',
      disposition: 'refused',
    });
  });

  it('after a broken-off interview asks one question more in writing at once, and calls again another day', () => {
    const resumable = { resumable: true };
    const broken = call('12-01T09:40', 'partial');
    expect(next([broken], '12-01T09:42', resumable).due).toBe('sms 12-01 09:42');
    expect(next([broken], '12-01T20:10', resumable).due).toBe('sms 12-02 09:00');
    expect(next([broken, thread('12-01T09:42', null)], '12-01T09:43', resumable).due).toBe('voice 12-02 14:00');
    expect(next([broken], '12-01T09:42', { ...resumable, textable: false }).due).toBe('voice 12-02 14:00');
    const later = call('12-01T09:40', 'partial', { wanted: 'afternoon' });
    expect(next([later], '12-01T09:42', resumable).due).toMatch(/^voice/);
    const answered = { ...thread('12-01T09:42', 'partial'), reachedItsEnd: true };
    expect(next([broken, answered], '12-01T09:50', resumable).state).toBe('done');
  });

  it('after a ring-back that broke off is the same, and it used up no attempt', () => {
    const rang = call('12-01T09:40', 'partial', { inbound: true, spared: true });
    expect(next([rang], '12-01T09:42', { resumable: true }).due).toBe('sms 12-01 09:42');
    expect(next([rang], '12-01T09:42', { resumable: true, textable: false }).due).toBe('voice 12-02 09:30');
    const missed = [call('12-01T09:35', 'no-answer'), rang];
    expect(next([...missed, thread('12-01T09:42', null)], '12-01T09:43').due).toBe('voice 12-02 14:00');
    const missedThrice = [call('12-01T14:00', 'busy'), call('12-02T09:30', 'no-answer'), call('12-03T14:00', 'busy')];
    expect(next([rang, ...missedThrice], '12-03T14:01', { textable: false }).due).toBe('voice 12-04 09:30');
  });

  it('after a broken-off interview resumes, not on the same day', () => {
    expect(next([call('12-01T09:40', 'partial')], '12-01T09:42').due).toBe('voice 12-02 14:00');
    const ended = call('12-01T09:40', 'partial', { reachedItsEnd: true });
    expect(next([ended], '12-01T09:42')).toEqual({ state: 'done', disposition: 'partial', due: null });
  });

  it.each([
    ['morning', '12-01T09:40', 'voice 12-02 09:30'],
    ['afternoon', '12-01T09:40', 'voice 12-01 14:00'],
    ['any', '12-01T09:40', 'voice 12-01 14:00'],
  ] as const)('after "call me later, %s" is then', (wanted, time, due) => {
    expect(next([call(time, 'appointment', { wanted })], time).due).toBe(due);
  });

  it('after "call me later" is two more calls at most, also beyond four', () => {
    const before = [
      call('12-01T09:40', 'busy'),
      call('12-01T14:00', 'busy'),
      call('12-02T09:30', 'busy'),
      thread('12-02T09:31', 'sms-silent'),
    ];
    const asked = call('12-03T14:00', 'appointment', { wanted: 'morning' });
    expect(next([...before, asked], '12-03T14:02').due).toBe('voice 12-04 09:30');
    const fifth = call('12-04T09:30', 'no-answer');
    expect(next([...before, asked, fifth], '12-04T09:31').due).toBe('voice 12-04 14:00');
    expect(next([...before, asked, fifth, call('12-04T14:00', 'no-answer')], '12-04T14:01').state).toBe('done');
  });

  it.each([
    ['complete', {}],
    ['bad-number', {}],
    ['appointment', { handOver: 'person' as const }],
  ] as const)('after %s is nothing', (outcome, more) => {
    expect(next([call('12-01T09:40', outcome, more)], '12-01T09:41')).toMatchObject({ state: 'done', due: null });
  });

  it('of somebody who opted out is nothing, whatever was planned', () => {
    expect(next([], '12-01T09:41', { optedOut: true })).toEqual({ state: 'done', disposition: 'opted-out', due: null });
    expect(next([call('12-01T09:40', 'partial')], '12-02T09:41', { optedOut: true })).toMatchObject({
      disposition: 'partial',
      due: null,
    });
  });

  it('after our own failure is soon, and uses up no attempt; after five failures it is tried once a day', () => {
    const failed = call('12-01T09:40', 'technical', { spared: true, mayHaveRung: false });
    expect(next([failed], '12-01T09:40').due).toBe('voice 12-01 09:50');
    // Somebody has to mend the settings: tried once a day until then, and never taken for final.
    expect(next(Array(5).fill(failed), '12-01T10:00')).toMatchObject({ state: 'active', due: 'voice 12-02 09:40' });
  });

  it('after a call that broke once the carrier had it is not before the rest is over: the phone may have rung', () => {
    const broke = call('12-01T09:31', 'technical', { spared: true });
    expect(next([broke], '12-01T09:31').due).toBe('voice 12-01 14:00');
    expect(next([broke, broke, call('12-01T14:20', 'busy')], '12-01T14:20').due).toBe('voice 12-02 09:30');
  });

  it('while a call is under way is nothing; an open thread does not hold up calls', () => {
    expect(next([call('12-01T09:40', null)], '12-01T09:41')).toEqual({
      state: 'active',
      disposition: 'never-attempted',
      due: null,
    });
  });

  it('where keys gave no score is a text at once', () => {
    const zero = call('12-01T09:40', 'broke-off', { handOver: 'no-score' });
    expect(next([zero], '12-01T09:42').due).toBe('sms 12-01 09:42');
    expect(next([zero], '12-01T09:42', { textable: false })).toMatchObject({ state: 'done', due: null });
  });

  it('that could not be sent waits its time and is tried once more; then the telephone goes on', () => {
    const calls = [call('12-01T09:40', 'no-answer'), call('12-01T14:00', 'busy'), call('12-02T09:40', 'no-answer')];
    const failed = { ...thread('12-02T10:00', 'technical'), spared: true };
    expect(next([...calls, failed], '12-02T10:00').due).toBe('sms 12-02 10:10');
    expect(next([...calls, failed, failed], '12-02T10:10').due).toBe('voice 12-03 14:00');
  });

  it('is never a text where nobody carries texts: the calls are made all the same', () => {
    const calls = [call('12-01T09:40', 'no-answer'), call('12-01T14:00', 'busy'), call('12-02T09:40', 'no-answer')];
    expect(next(calls, '12-02T10:00', { textable: false }).due).toBe('voice 12-03 14:00');
  });

  it('of somebody who broke off after rating goes on, whatever came of earlier calls', () => {
    const calls = [call('12-01T09:40', 'refused'), call('12-03T14:00', 'partial')];
    expect(next(calls, '12-03T14:01').due).toBe('voice 12-04 09:30');
  });
});

describe('a shop that orders or is delivered to', () => {
  // 2026-12-01 is a Tuesday.
  it('is called before or after that half-day, never in it', () => {
    expect(next([], '12-01T09:40', { halfDays: ['2-morning'] }).due).toBe('voice 12-01 14:00');
    expect(next([], '12-01T09:40', { halfDays: ['2-morning', '2-afternoon'] }).due).toBe('voice 12-02 09:30');
  });

  it('is called in the same daypart again where the other one is never free', () => {
    const afternoons = [1, 2, 3, 4, 5, 6, 7].map((day) => `${day}-afternoon`);
    const once = [call('12-01T09:40', 'no-answer')];
    expect(next(once, '12-01T09:41', { halfDays: afternoons }).due).toBe('voice 12-02 09:30');
  });

  it('is not called where no half-day is free, and its case ends', () => {
    const always = [1, 2, 3, 4, 5, 6, 7].flatMap((day) => [`${day}-morning`, `${day}-afternoon`]);
    expect(next([], '12-01T09:40', { halfDays: always })).toEqual({
      ...{ state: 'done', disposition: 'never-attempted', due: null },
    });
  });

  it('may be written to: a text disturbs nobody at the counter', () => {
    const three = [call('11-30T09:40', 'busy'), call('11-30T14:00', 'busy'), call('12-01T09:30', 'busy')];
    expect(next(three, '12-01T09:40', { halfDays: ['2-morning'] }).due).toBe('sms 12-01 09:40');
  });
});

describe('a round that closes', () => {
  it('begins nothing from then on', () => {
    expect(next([], '12-01T09:40', { closesAt: local('12-01T09:41') }).due).toBe('voice 12-01 09:40');
    expect(next([], '12-01T09:40', { closesAt: local('12-01T09:40') })).toMatchObject({ state: 'done', due: null });
  });

  it('does not wait for a call that would come after it', () => {
    const once = [call('12-01T09:40', 'no-answer')];
    expect(next(once, '12-01T09:41', { closesAt: local('12-01T14:00') })).toMatchObject({
      ...{ state: 'done', disposition: 'no-answer', due: null },
    });
  });
});

describe('whatever happens', () => {
  const outcome = fc.constantFrom<Disposition>(
    'busy',
    'no-answer',
    'silent',
    'rejected',
    'refused',
    'broke-off',
    'partial',
    'appointment',
    'technical',
    'blocked',
  );
  const step = fc.record({
    outcome,
    taken: fc.boolean(),
    wanted: fc.constantFrom('morning' as const, 'afternoon' as const, 'any' as const),
    waits: fc.nat(3000),
  });

  const halfDay = fc.tuple(fc.integer({ min: 1, max: 7 }), fc.constantFrom('morning', 'afternoon'));
  const halfDaySets = fc.uniqueArray(
    halfDay.map(([day, part]) => `${day}-${part}`),
    { maxLength: 14 },
  );
  const closing = fc.option(fc.integer({ min: 0, max: 60_000 }), { nil: null });

  it('no call falls outside its window, on a half-day of the shop, too soon, or above the caps, and every case ends', () => {
    const every = [fc.array(step, { minLength: 30, maxLength: 30 }), fc.nat(40_000), halfDaySets, closing] as const;
    fc.assert(
      fc.property(...every, (steps, offset, halfDays, closesAfter) => {
        let now = new Date(local('12-01T09:30').getTime() + offset * 60_000);
        const closesAt = closesAfter === null ? null : new Date(now.getTime() + closesAfter * 60_000);
        const attempts: PastAttempt[] = [];
        for (const { outcome: came, wanted, waits, taken } of steps) {
          const { due, state } = plan(shop(attempts, { halfDays, closesAt }), now, rules);
          if (!due) {
            expect(state).toBe('done');
            break;
          }
          expect(due.at.getTime()).toBeGreaterThanOrEqual(now.getTime());
          if (closesAt) expect(due.at.getTime()).toBeLessThan(closesAt.getTime());
          // The dispatcher may come later than planned, never earlier.
          now =
            due.channel === 'voice'
              ? nextOpening(new Date(due.at.getTime() + waits * 1000), 'Asia/Shanghai', rules)
              : due.at;
          const last = attempts.findLast(({ channel, mayHaveRung }) => channel === 'voice' && mayHaveRung);
          if (due.channel === 'voice') {
            expect(openWindow(due.at, 'Asia/Shanghai', rules)).not.toBeNull();
            expect(halfDays).not.toContain(halfDayOf(due.at, 'Asia/Shanghai'));
            if (last) expect(due.at.getTime() - last.at.getTime()).toBeGreaterThanOrEqual(2 * 3_600_000);
          }
          const spared = came === 'technical';
          const at = now;
          const asked = came === 'appointment' ? wanted : null;
          attempts.push({
            channel: due.channel,
            outcome: due.channel === 'sms' ? 'sms-silent' : came,
            at,
            endedAt: at,
            spared: spared && due.channel === 'voice',
            mayHaveRung: !spared || taken,
            reachedItsEnd: false,
            wanted: due.channel === 'voice' ? asked : null,
            handOver: null,
          });
        }
        const calls = attempts.filter(({ channel, spared }) => channel === 'voice' && !spared);
        const firstAsked = calls.findIndex(({ wanted }) => wanted !== null);
        expect(calls.length).toBeLessThanOrEqual(firstAsked < 0 ? 4 : firstAsked + 3);
        expect(attempts.filter(({ channel }) => channel === 'sms').length).toBeLessThanOrEqual(1);
      }),
    );
  });

  const hour = 3_600_000;
  const walls = new Map<string, Intl.DateTimeFormat>();
  /** As a clock in the shop shows it, read without our own calendar. */
  function wallOf(at: Date, timeZone: string): string {
    const wall = walls.get(timeZone) ?? new Intl.DateTimeFormat('sv-SE', { timeZone, timeStyle: 'medium' });
    walls.set(timeZone, wall);
    return wall.format(at);
  }

  // Also over nights in which the clocks change, and with windows that lie in them.
  it('a call is planned in a window of the rules as the shop’s wall shows it, in any time zone, whatever the windows', () => {
    const zones = ['Asia/Shanghai', 'Asia/Urumqi', 'Europe/Berlin', 'America/St_Johns', 'Australia/Lord_Howe'];
    const minute = fc.integer({ min: 0, max: 24 * 60 - 2 });
    const window = fc.tuple(minute, fc.integer({ min: 1, max: 300 })).map(([start, long]) => {
      const end = Math.min(start + long, 24 * 60 - 1);
      const shownAs = (at: number) =>
        `${String(Math.floor(at / 60)).padStart(2, '0')}:${String(at % 60).padStart(2, '0')}`;
      return `${shownAs(start)}-${shownAs(end)}`;
    });
    const moments = fc.date({ min: new Date('2026-01-01'), max: new Date('2027-12-31'), noInvalidDate: true });
    const every = [
      fc.constantFrom(...zones),
      fc.array(window, { minLength: 1, maxLength: 3 }),
      moments,
      halfDaySets,
    ] as const;
    fc.assert(
      fc.property(...every, (timeZone, windows, now, halfDays) => {
        const own: ContactRules = { ...rules, windows, holidays: null };
        const before = new Date(now.getTime() - 60_000);
        const last = { ...call('12-01T09:40', 'no-answer'), at: before, endedAt: before };
        for (const attempts of [[], [last]]) {
          const { due } = plan(shop(attempts, { timeZone, halfDays, textable: false }), now, own);
          if (!due) continue;
          const wall = wallOf(due.at, timeZone);
          // On the night of a change an edge in the skipped hour lies as much later.
          const changed = wallOf(new Date(due.at.getTime() - 24 * hour), timeZone) !== wall;
          const shownAs = changed ? [wall, wallOf(new Date(due.at.getTime() - hour), timeZone)] : [wall];
          const inside = windows.some((each) => {
            const [start = '', end = ''] = each.split('-');
            return shownAs.some((time) => time >= start && time < end);
          });
          expect(inside, `${wall} in ${timeZone}, ${windows.join()}`).toBe(true);
          expect(halfDays).not.toContain(halfDayOf(due.at, timeZone));
          expect(due.at.getTime()).toBeGreaterThanOrEqual(now.getTime());
          if (attempts.length > 0) expect(due.at.getTime() - before.getTime()).toBeGreaterThanOrEqual(2 * hour);
        }
      }),
      { numRuns: 200 },
    );
  });
});
