import { describe, expect, it } from 'vitest';
import type { Disposition } from '../disposition/disposition.ts';
import { type CaseHistory, type ContactRules, type PastAttempt, plan } from '../fieldwork/plan.ts';
import type { DeskStanding } from './reason.ts';

/** Which cases a person calls. Given a case's attempts, when it is planned anew, then a person has it or the machine. */
const rules: ContactRules = {
  ...{ attempts: 4, minimumDistinctDays: 3, minimumHoursBetweenAttempts: 2, smsAfterAttempt: 3 },
  ...{ windows: ['09:30-11:30', '14:00-17:00'], holidays: 'CN' },
};
const local = (time: string) => new Date(`2026-12-${time}:00+08:00`);
const days = ['01T10:00', '02T15:00', '03T10:00', '04T15:00'];
const call = (day: number, outcome: Disposition, more: Partial<PastAttempt> = {}): PastAttempt => ({
  ...{ channel: 'voice', outcome, at: local(days[day] ?? ''), endedAt: local(days[day] ?? ''), spared: false },
  ...{ mayHaveRung: true, reachedItsEnd: false, wanted: null, handOver: null, ...more },
});
const thread = (outcome: Disposition): PastAttempt => ({ ...call(3, outcome), channel: 'sms' });
const desk = (more: Partial<DeskStanding> = {}): DeskStanding => ({
  landline: false,
  ifSilent: null,
  tasks: [],
  ...more,
});
const planned = (attempts: PastAttempt[], standing: DeskStanding | null = desk(), more: Partial<CaseHistory> = {}) => {
  const history: CaseHistory = {
    ...{ attempts, timeZone: 'Asia/Shanghai', textable: !standing?.landline, proven: false, optedOut: false },
    ...{ halfDays: [], closesAt: null, resumable: false, desk: standing, ...more },
  };
  const { desk: reason, due, state } = plan(history, local('04T15:00'), rules);
  return { reason, due: due?.channel ?? null, state };
};
const unreached = days.map((_, day) => call(day, 'no-answer'));

describe('a person calls', () => {
  it('whoever pressed 8, at once, and the case is not final before', () => {
    const asked = call(0, 'appointment', { handOver: 'person' });
    expect(planned([asked])).toEqual({ reason: 'person-wanted', due: null, state: 'active' });
  });
  it('also for the rest of a conversation that was rated before the 8', () => {
    expect(planned([call(0, 'partial', { handOver: 'person' })]).reason).toBe('person-wanted');
  });
  it('nobody while no desk is staffed: it stays an appointment', () => {
    const asked = call(0, 'appointment', { handOver: 'person' });
    expect(planned([asked], null)).toEqual({ reason: null, due: null, state: 'done' });
  });
  it('a landline that was silent twice, or was not reached in three calls', () => {
    const landline = desk({ landline: true });
    expect(planned([call(0, 'silent')], landline)).toMatchObject({ reason: null, due: 'voice' });
    expect(planned([call(0, 'silent'), call(1, 'silent')], landline)).toMatchObject({ reason: 'no-keypad', due: null });
    expect(planned(unreached.slice(0, 2), landline)).toMatchObject({ reason: null, due: 'voice' });
    expect(planned(unreached.slice(0, 3), landline)).toMatchObject({ reason: 'landline', due: null });
  });
  it('a mobile only after its text', () => {
    const silent = [0, 1].map((day) => call(day, 'silent'));
    expect(planned([...silent, call(2, 'no-answer')])).toMatchObject({ reason: null, due: 'sms' });
    expect(planned([...silent, call(2, 'no-answer'), thread('sms-silent'), call(3, 'busy')]).reason).toBe('no-keypad');
    const noScore = call(0, 'broke-off', { handOver: 'no-score' });
    expect(planned([noScore])).toMatchObject({ reason: null, due: 'sms' });
    expect(planned([noScore, thread('sms-silent')]).reason).toBe('no-keypad');
  });
  it('whoever hung up twice, and never the machine a third time', () => {
    expect(planned([call(0, 'refused'), call(1, 'broke-off')])).toMatchObject({ reason: 'hung-up-twice', due: null });
    expect(planned([call(0, 'refused')]).reason).toBeNull();
  });
  it('those of the silent whom the draw chose, and no others', () => {
    const silent = [...unreached, thread('sms-silent')];
    expect(planned(silent, desk({ ifSilent: 'silent-sample' })).reason).toBe('silent-sample');
    expect(planned(silent, desk({ ifSilent: 'not-rated' })).reason).toBe('not-rated');
    expect(planned(silent)).toEqual({ reason: null, due: null, state: 'done' });
  });
});

describe('nobody calls', () => {
  const chosen = desk({ ifSilent: 'silent-sample' });
  it.each<[string, PastAttempt[]]>([
    ['who answered everything', [call(0, 'complete', { reachedItsEnd: true })]],
    ['who gave his rating', [call(0, 'partial', { reachedItsEnd: true })]],
    ['under a number that is not the shop’s', [call(0, 'bad-number')]],
    ['who told a person no', [...unreached, { ...call(3, 'refused'), channel: 'desk' }]],
  ])('%s', (_, attempts) => {
    expect(planned(attempts, chosen).reason).toBeNull();
  });
  it('who said stop', () => {
    expect(planned(unreached, chosen, { optedOut: true }).reason).toBeNull();
  });
  it('once the round’s time is up', () => {
    expect(planned(unreached, chosen, { closesAt: local('04T14:00') }).reason).toBeNull();
  });
});

describe('a case the desk has', () => {
  const asked = call(0, 'appointment', { handOver: 'person' });
  it('is left alone by the machine, and stays open until the task is done', () => {
    const held = desk({ tasks: [{ reason: 'language', done: false }] });
    expect(planned([call(0, 'no-answer')], held)).toEqual({ reason: 'language', due: null, state: 'active' });
  });
  it('is done with its one task, whatever came of it', () => {
    const tried = desk({ ifSilent: 'silent-sample', tasks: [{ reason: 'person-wanted', done: true }] });
    expect(planned([asked, { ...call(1, 'no-answer'), channel: 'desk' }], tried)).toEqual({
      ...{ reason: null, due: null, state: 'done' },
    });
  });
});
