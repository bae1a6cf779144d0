import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Agenda } from './agenda.ts';

const START = new Date('2026-03-02T01:30:00.000Z');
const at = (seconds: number) => START.getTime() + seconds * 1000;

describe('an agenda with a standing clock', () => {
  it('runs nothing until it is advanced, and then everything in order of time', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 50 }), { maxLength: 60 }), async (delays) => {
        const agenda = new Agenda(START);
        const ran: number[] = [];
        for (const delay of delays) agenda.plan(at(delay), () => ran.push(delay));
        await agenda.quiet();
        expect(ran).toEqual([]);

        await agenda.advance(new Date(at(25)), () => {});
        expect(ran).toEqual(delays.filter((delay) => delay <= 25).sort((a, b) => a - b));
        const rest = delays.filter((delay) => delay > 25);
        expect(agenda.nextDue()).toBe(rest.length === 0 ? null : at(Math.min(...rest)));
        expect(agenda.now()).toEqual(new Date(at(25)));
      }),
      { numRuns: 50 },
    );
  });

  it('an instant is over only when what it caused is over, at the same time on the clock', async () => {
    const agenda = new Agenda(START);
    const seen: [string, Date][] = [];
    const note = (what: string) => seen.push([what, agenda.now()]);
    agenda.plan(at(5), () =>
      agenda.during(async () => {
        note('asked');
        await new Promise((answer) => setTimeout(answer, 20));
        note('answered');
        agenda.plan(at(5), () => note('consequence'));
      }),
    );
    agenda.plan(at(6), () => note('next'));

    await agenda.advance(new Date(at(60)), () => note('over'));

    const five = new Date(at(5));
    const six = new Date(at(6));
    expect(seen).toEqual([
      ['asked', five],
      ['answered', five],
      ['consequence', five],
      ['over', five],
      ['next', six],
      ['over', six],
    ]);
  });

  it('what is due at one instant runs concurrently', async () => {
    const agenda = new Agenda(START);
    let running = 0;
    let most = 0;
    for (let i = 0; i < 10; i++) {
      agenda.plan(at(1), () =>
        agenda.during(async () => {
          most = Math.max(most, ++running);
          await new Promise((answer) => setTimeout(answer, 5));
          running--;
        }),
      );
    }
    await agenda.advance(new Date(at(1)), () => {});
    expect(most).toBe(10);
  });

  it('never goes back, and forgets what was cancelled', async () => {
    const agenda = new Agenda(START);
    agenda.plan(at(1), () => {}).cancel();
    expect(agenda.nextDue()).toBeNull();
    await agenda.advance(new Date(at(-100)), () => {});
    expect(agenda.now()).toEqual(START);
  });

  it('rounds every delay up to a whole second', () => {
    const agenda = new Agenda(new Date(START.getTime() + 1));
    expect(agenda.after(0)).toBe(at(1));
    expect(agenda.after(1)).toBe(at(2));
    expect(agenda.after(1.5)).toBe(at(2));
    expect(new Agenda(START).after(0.1 + 0.2 + 0.7)).toBe(at(1));
  });
});

describe('an agenda with the system clock', () => {
  it('runs what is planned when its time has come', async () => {
    const agenda = new Agenda(null);
    const due = agenda.after(0.01);
    const ran = await new Promise<number>((settle) => agenda.plan(due, () => settle(agenda.now().getTime())));
    expect(ran).toBeGreaterThanOrEqual(due);
    agenda.close();
  });
});
