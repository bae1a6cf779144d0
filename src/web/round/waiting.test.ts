import { describe, expect, test } from 'vitest';
import type { Ahead, Alive } from './standing.ts';
import { waitingFor } from './waiting.ts';

const hours = { windows: ['09:30-11:30', '14:00-17:00'], holidays: 'CN' } as const;
const nobody: Alive = { calls: 0, claimed: 0, threads: 0, desk: 0 };
const at = (time: string): Date => new Date(`${time}:00+08:00`);
const calls = (due: string, cases = 3): Ahead => ({ channel: 'voice', zone: 'Asia/Shanghai', due: at(due), cases });
const texts = (due: string, cases = 2): Ahead => ({ ...calls(due, cases), channel: 'sms' });

describe('a round waits for', () => {
  test('the carrier, while calls are due', () =>
    expect(waitingFor([calls('2026-12-01T09:30')], { ...nobody, claimed: 2 }, at('2026-12-01T10:00'), hours)).toEqual({
      ...{ is: 'calling', cases: 5 },
    }));

  test('its calls to end, when all that is due was called', () =>
    expect(waitingFor([calls('2026-12-01T14:00')], { ...nobody, calls: 1 }, at('2026-12-01T10:00'), hours)).toEqual({
      is: 'answering',
    }));

  test.each([
    ['noon', '2026-12-01T12:10', '2026-12-01T14:00'],
    ['early', '2026-12-01T07:00', '2026-12-01T09:30'],
    ['evening', '2026-12-01T18:00', '2026-12-02T09:30'],
    ['dayOff', '2026-12-04T18:00', '2026-12-07T09:30'],
  ])('the next window: %s', (because, now, opening) =>
    expect(waitingFor([calls('2026-12-01T09:30')], nobody, at(now), hours)).toEqual({
      ...{ is: 'opening', at: at(opening), cases: 3, because },
    }),
  );

  test('the rest between two calls, inside a window', () =>
    expect(waitingFor([calls('2026-12-01T16:00')], nobody, at('2026-12-01T14:30'), hours)).toMatchObject({
      ...{ is: 'opening', at: at('2026-12-01T16:00'), because: 'rest' },
    }));

  test('people, when nothing is left to the machine', () => {
    const desk = { ...nobody, desk: 2 };
    expect(waitingFor([], desk, at('2026-12-01T10:00'), hours)).toEqual({ is: 'desk', cases: 2 });
    expect(waitingFor([], { ...desk, threads: 1 }, at('2026-12-01T10:00'), hours)).toMatchObject({ is: 'threads' });
  });

  test('the hour in which texts may come, when they are next', () =>
    expect(
      waitingFor([texts('2026-12-01T20:30'), calls('2026-12-02T09:30')], nobody, at('2026-12-01T21:00'), hours),
    ).toEqual({ is: 'opening', at: at('2026-12-02T09:00'), cases: 2, because: 'text' }));

  test('replies, when nothing else is planned; and then for nothing', () => {
    expect(waitingFor([], { ...nobody, threads: 4 }, at('2026-12-05T10:00'), hours)).toEqual({
      is: 'threads',
      threads: 4,
    });
    expect(waitingFor([], nobody, at('2026-12-05T10:00'), hours)).toEqual({ is: 'nothing' });
  });
});
