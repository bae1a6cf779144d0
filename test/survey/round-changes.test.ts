import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { halfDayOf } from '../../src/survey/fieldwork/calendar.ts';
import { beginDialing, recordCallReport, recordPlaced } from '../../src/survey/fieldwork/call.ts';
import { claimDue, postponeOrdering } from '../../src/survey/fieldwork/claim.ts';
import type { Lane } from '../../src/survey/fieldwork/pace.ts';
import { settle } from '../../src/survey/fieldwork/settle.ts';
import { takeVoiceTurn } from '../../src/survey/fieldwork/turn.ts';
import { cancelRound } from '../../src/survey/round/cancel.ts';
import { closeEarly, closeRound } from '../../src/survey/round/close.ts';
import { pauseRound, resumeRound } from '../../src/survey/round/pause.ts';
import { type City, fieldRound, openCity, settleIn, shopsOf } from '../support/city.ts';

/** Pausing, resuming, closing early and cancelling, and shops that order: what is still begun, and what is not. */
let city: City;
let roundId: string;
const voice: Lane = { carrier: 'test', channel: 'voice', perSecond: 100, concurrent: null };
const zones = ['Asia/Shanghai'];
const change = (reason = '系统维护') => ({ roundId, actor: 'A1', reason });
const all = <T>(text: string, ...values: unknown[]) => city.database.query<T>({ text, values });
const later = (seconds: number) => new Date(city.clock.now().getTime() + seconds * 1000);
const state = async () => (await all<{ state: string; reason: string | null }>('SELECT state, reason FROM round'))[0];

async function claim() {
  const { attemptIds } = await claimDue(city, voice, { now: city.clock.now(), until: later(1), openZones: zones });
  return attemptIds;
}

async function dial(attemptId: string): Promise<boolean> {
  const sealed = await beginDialing(city.database.query, attemptId, city.clock.now(), later(60));
  if (sealed) await recordPlaced(city.database.query, attemptId, `CA${attemptId}`, later(360));
  return sealed !== null;
}

const end = (attemptId: string) =>
  recordCallReport(
    city.database.query,
    attemptId,
    null,
    { state: 'ended', result: 'completed', errorCode: null },
    city.clock.now(),
  );

/** Answers and gives the overall rating; the call stays up. */
async function rate(attemptId: string): Promise<void> {
  await takeVoiceTurn(city, attemptId, 0, { kind: 'answered' });
  for (const [index, input] of [{ kind: 'silence' }, { kind: 'key', key: '5' }].entries()) {
    city.clock.advance(later(20));
    await takeVoiceTurn(city, attemptId, index + 1, input as Parameters<typeof takeVoiceTurn>[3]);
  }
}

beforeEach(async () => {
  city = await openCity('round-changes');
  await settleIn(city, shopsOf('W01', 6));
  roundId = await fieldRound(city);
});
afterEach(() => city.close());

describe('a paused round', () => {
  test('begins nothing, lets the call under way finish, and goes on where it stood', async () => {
    const [talking, waiting] = await claim();
    await dial(talking ?? '');
    await pauseRound(city, change());
    expect(await state()).toEqual({ state: 'paused', reason: '系统维护' });
    expect(await dial(waiting ?? '')).toBe(false);
    await rate(talking ?? '');
    await end(talking ?? '');
    await settle(city);
    expect(await all(`SELECT overall FROM survey_case WHERE overall IS NOT NULL`)).toEqual([{ overall: 5 }]);
    city.clock.advance(later(5));
    await all(`UPDATE survey_case SET due_at = $1, due_channel = 'voice' WHERE state = 'pending'`, city.clock.now());
    expect(await claim()).toEqual([]);
    await resumeRound(city, change());
    expect(await state()).toEqual({ state: 'fielding', reason: null });
  });

  test('is not paused twice, and needs a reason', async () => {
    await expect(pauseRound(city, change('  '))).rejects.toMatchObject({ code: 'bad-input' });
    const both = await Promise.allSettled([pauseRound(city, change()), pauseRound(city, change())]);
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(await all(`SELECT actor, detail FROM audit WHERE action = 'round.pause'`)).toEqual([
      { actor: 'A1', detail: { reason: '系统维护' } },
    ]);
    await expect(pauseRound(city, { ...change(), roundId: 'no' })).rejects.toMatchObject({ code: 'no-such-round' });
  });
});

describe('a round closed early', () => {
  test('begins nothing new, finishes what runs, and closes with the rest as it stands', async () => {
    const [talking, waiting] = await claim();
    await dial(talking ?? '');
    await closeEarly(city, change('样本已够'));
    expect(await dial(waiting ?? '')).toBe(false);
    await all(`UPDATE attempt SET state = 'ended', result = 'technical', ended_at = now() WHERE id = $1`, waiting);
    await all(`UPDATE attempt SET state = 'ended', result = 'technical', ended_at = now() WHERE state = 'claimed'`);
    expect(await closeRound(city, roundId, 'system')).toBe(false);
    await rate(talking ?? '');
    await end(talking ?? '');
    // What was heard is settled first.
    expect(await closeRound(city, roundId, 'system')).toBe(false);
    expect((await settle(city)).finishedRounds).toEqual([roundId]);
    expect(await closeRound(city, roundId, 'system')).toBe(true);
    expect(await closeRound(city, roundId, 'system')).toBe(false);
    const cases = await all(
      'SELECT state, disposition, count(*)::int AS cases FROM survey_case GROUP BY 1, 2 ORDER BY 2',
    );
    expect(cases).toEqual([
      { state: 'done', disposition: 'never-attempted', cases: 5 },
      { state: 'done', disposition: 'partial', cases: 1 },
    ]);
    expect(await all('SELECT FROM survey_case WHERE due_at IS NOT NULL')).toEqual([]);
    expect((await state())?.state).toBe('closed');
  });

  test('closes also while it is paused, and ends its threads', async () => {
    const [first] = await claim();
    await all(`UPDATE attempt SET channel = 'sms', state = 'sent' WHERE id = $1`, first);
    await all(`UPDATE attempt SET state = 'ended', result = 'technical', ended_at = now() WHERE channel = 'voice'`);
    await pauseRound(city, change());
    await closeEarly(city, change('提前结束'));
    expect(await closeRound(city, roundId, 'system')).toBe(false);
    await settle(city);
    expect(await closeRound(city, roundId, 'system')).toBe(true);
    expect(await all(`SELECT outcome FROM attempt WHERE channel = 'sms'`)).toEqual([{ outcome: 'sms-silent' }]);
  });

  test('is refused once it is closing, and once it is over', async () => {
    await closeEarly(city, change());
    await expect(closeEarly(city, change())).rejects.toMatchObject({ code: 'wrong-state' });
    await cancelRound(city, change());
    for (const verb of [closeEarly, pauseRound, resumeRound, cancelRound])
      await expect(verb(city, change())).rejects.toMatchObject({ code: 'wrong-state' });
  });
});

describe('a cancelled round', () => {
  test('calls nobody any more, and keeps its reason in public', async () => {
    const [first] = await claim();
    await cancelRound(city, change('名册有误'));
    expect(await state()).toEqual({ state: 'cancelled', reason: '名册有误' });
    expect(await dial(first ?? '')).toBe(false);
    expect(await all('SELECT FROM survey_case WHERE due_at IS NOT NULL')).toEqual([]);
    expect(await closeRound(city, roundId, 'system')).toBe(false);
  });
});

describe('a shop that orders at this hour', () => {
  const orders = (half: string) => all(`UPDATE survey_case SET ordering_half_days = ARRAY[$1]`, half);

  test('is not taken up though it is due, but planned for after it', async () => {
    const now = city.clock.now();
    await orders(halfDayOf(now, 'Asia/Shanghai'));
    expect(await claim()).toEqual([]);
    expect(await postponeOrdering(city.database.query, now, zones)).toBe(true);
    expect(await postponeOrdering(city.database.query, now, zones)).toBe(false);
    await settle(city);
    expect(await all('SELECT DISTINCT due_at FROM survey_case')).toEqual([
      { due_at: new Date('2026-12-01T14:00:00+08:00') },
    ]);
    expect(await postponeOrdering(city.database.query, now, zones)).toBe(false);
  });

  test('is delivered to on another day: called today', async () => {
    await orders('3-morning');
    expect(await claim()).toHaveLength(6);
  });
});
