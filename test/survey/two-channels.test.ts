import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { groupCounts, readTallies } from '../../src/survey/disposition/progress.ts';
import {
  beginDialing,
  type CallReport,
  recordCallReport,
  recordPlaced,
  recordUnknown,
} from '../../src/survey/fieldwork/call.ts';
import { claimDue } from '../../src/survey/fieldwork/claim.ts';
import { beginSending, findPlanned, recordMessageReport } from '../../src/survey/fieldwork/message.ts';
import { type Lane, reserveSlot } from '../../src/survey/fieldwork/pace.ts';
import { settle } from '../../src/survey/fieldwork/settle.ts';
import { takeText } from '../../src/survey/fieldwork/text-turn.ts';
import { takeVoiceTurn } from '../../src/survey/fieldwork/turn.ts';
import type { Key } from '../../src/survey/interview/conversation.ts';
import { type City, fieldRound, openCity, settleIn, shopsOf } from '../support/city.ts';

/** A call and a text thread of one case, and what is left when one of them goes wrong. */

let city: City;
const roundId = '2026-12-R1';
const voice: Lane = { carrier: 'test', channel: 'voice', perSecond: 10, concurrent: null };
const sms: Lane = { ...voice, channel: 'sms' };
const openZones = ['Asia/Shanghai'];
const later = (seconds: number) => new Date(city.clock.now().getTime() + seconds * 1000);
const all = <T>(text: string, ...values: unknown[]) => city.database.query<T>({ text, values });
const claim = (lane: Lane) => claimDue(city, lane, { now: city.clock.now(), until: city.clock.now(), openZones });

interface CaseRow {
  readonly id: string;
  readonly state: string;
  readonly disposition: string;
  readonly overall: number | null;
  readonly answers: Record<string, number>;
  readonly due_at: Date | null;
  readonly due_channel: string | null;
}

async function caseOf(attemptId: string): Promise<CaseRow> {
  const [row] = await all<CaseRow>(
    'SELECT c.* FROM survey_case c JOIN attempt a ON a.case_id = c.id WHERE a.id = $1',
    attemptId,
  );
  if (!row) throw new Error('no such case');
  return row;
}

/** Only this case is due, at once, by `channel`. */
async function onlyDue(caseId: string, channel: 'voice' | 'sms'): Promise<void> {
  await all('UPDATE survey_case SET due_at = NULL, due_channel = NULL WHERE id <> $1', caseId);
  await all(
    'UPDATE survey_case SET due_at = $2, due_channel = $3::channel WHERE id = $1',
    caseId,
    city.clock.now(),
    channel,
  );
}

async function place(): Promise<string> {
  const { attemptIds } = await claim(voice);
  const [id = ''] = attemptIds;
  await beginDialing(city.database.query, id, city.clock.now(), later(60));
  await recordPlaced(city.database.query, id, `CA${id}`, later(360));
  return id;
}

/** Turn 0 answers, then one key a turn, 14 seconds apart; `-` is silence. */
async function talk(attemptId: string, keys: string): Promise<void> {
  await takeVoiceTurn(city, attemptId, 0, { kind: 'answered' });
  for (const [index, key] of [...keys].entries()) {
    city.clock.advance(later(14));
    const input = key === '-' ? ({ kind: 'silence' } as const) : ({ kind: 'key', key: key as Key } as const);
    await takeVoiceTurn(city, attemptId, index + 1, input);
  }
}

const ended = (result: Extract<CallReport, { state: 'ended' }>['result']): CallReport => ({
  ...{ state: 'ended', result, errorCode: null },
});
async function hangUp(attemptId: string, result: Parameters<typeof ended>[0] = 'completed'): Promise<void> {
  await recordCallReport(city.database.query, attemptId, null, ended(result), city.clock.now());
  await settle(city);
}

/** Sends the first text of a thread, and gives its attempt. */
async function openThread(): Promise<string> {
  await all(`UPDATE survey_case SET due_channel = 'sms' WHERE due_at IS NOT NULL`);
  const { attemptIds, messageIds } = await claim(sms);
  const [messageId = ''] = messageIds;
  await beginSending(city.database.query, messageId, city.clock.now(), {
    checkAt: later(60),
    silentAt: later(60),
    segments: 1,
  });
  await recordMessageReport(city.database.query, messageId, `SM${messageId}`, { state: 'sent' }, city.clock.now());
  return attemptIds[0] ?? '';
}

async function write(attemptId: string, text: string): Promise<void> {
  const [phone] = await all<{ digest: Buffer }>(
    'SELECT p.blind_index AS digest FROM attempt a JOIN phone p ON p.id = a.phone_id WHERE a.id = $1',
    attemptId,
  );
  await takeText(city, { carrierId: city.chance.id(), phoneIndex: phone?.digest ?? Buffer.alloc(0), text });
}

beforeEach(async () => {
  city = await openCity('two channels');
  await settleIn(city, shopsOf('W01', 12));
  await fieldRound(city);
});
afterEach(() => city.close());

describe('a call while a thread is open', () => {
  let thread: string;
  let call: string;
  beforeEach(async () => {
    thread = await openThread();
    await onlyDue((await caseOf(thread)).id, 'voice');
    call = await place();
  });

  it('in which he presses 9 stops the texts too: nothing he writes then is stored or answered', async () => {
    await talk(call, '-9-');
    await hangUp(call);
    await write(thread, '5');
    expect(await caseOf(thread)).toMatchObject({ overall: null, disposition: 'opted-out', state: 'done' });
    expect(await all('SELECT text FROM message')).toEqual([{ text: 'S1' }]);
  });

  it('and a text planned before the 9 is not sent after it', async () => {
    await write(thread, '5');
    const [planned] = await all<{ id: string }>(`SELECT id FROM message WHERE text = 'S2'`);
    await talk(call, '-9-');
    expect(await findPlanned(city.database.query, planned?.id ?? '', city.clock.now())).toMatchObject({
      allowed: false,
    });
    expect(
      await beginSending(city.database.query, planned?.id ?? '', city.clock.now(), {
        checkAt: later(60),
        silentAt: later(60),
        segments: 1,
      }),
    ).toBeNull();
  });

  it('goes on with the next question when a text answered this one first', async () => {
    await talk(call, '-');
    await write(thread, '5');
    city.clock.advance(later(14));
    const { reply } = await takeVoiceTurn(city, call, 2, { kind: 'key', key: '1' });
    expect(await caseOf(thread)).toMatchObject({ overall: 5, answers: { Q1: 5 } });
    expect(reply.say[0]?.clip).toBe('Q2');
  });
});

describe('a reply that is planned', () => {
  it('is looked for by the reconciler if its job is lost', async () => {
    const thread = await openThread();
    await write(thread, 'R');
    const [planned] = await all<{ check_at: Date | null }>(`SELECT check_at FROM message WHERE text = 'SX'`);
    expect(planned?.check_at).toEqual(later(60));
  });

  it('a thread that is over waits for nothing any more', async () => {
    const thread = await openThread();
    for (const text of ['好', '行']) await write(thread, text);
    expect(await all('SELECT state, check_at FROM attempt WHERE id = $1', thread)).toEqual([
      { state: 'ended', check_at: null },
    ]);
  });
});

describe('a thread in which nothing was understood twice', () => {
  it('still takes the valid answer that comes after it; the case stays with the desk', async () => {
    const thread = await openThread();
    for (const text of ['还行', '👍', '4']) await write(thread, text);
    await settle(city);
    expect(await caseOf(thread)).toMatchObject({ overall: 4, disposition: 'partial', state: 'done' });
    const sent = await all<{ text: string }>('SELECT text FROM message WHERE attempt_id = $1', thread);
    expect(sent.map(({ text }) => text).sort()).toEqual(['S1', 'SE1', 'SE2']);
  });
});

describe('a shop that was called and never written to', () => {
  it('stops everything by one text', async () => {
    const call = await place();
    await hangUp(call, 'no-answer');
    await write(call, '拒收');
    await settle(city);
    expect(await all('SELECT entry, source FROM opt_out')).toEqual([{ entry: 'stop', source: 'sms' }]);
    expect(await caseOf(call)).toMatchObject({ state: 'done', disposition: 'opted-out' });
  });
});

describe('what an attempt is worth', () => {
  it('is its own: a later rating makes no response of an earlier call, and a break-off is resumed', async () => {
    const first = await place();
    await talk(first, '----');
    await hangUp(first);
    const { id, due_at } = await caseOf(first);
    city.clock.advance(due_at ?? later(0));
    await onlyDue(id, 'voice');
    const second = await place();
    await talk(second, '-4');
    await hangUp(second);
    expect(await all('SELECT outcome FROM attempt WHERE case_id = $1 ORDER BY number', id)).toEqual([
      { outcome: 'silent' },
      { outcome: 'partial' },
    ]);
    expect(await caseOf(first)).toMatchObject({ state: 'active', disposition: 'partial', due_channel: 'sms' });
  });

  it('hanging up after 7 is an appointment, after 8 too, and no refusal', async () => {
    for (const key of ['7', '8']) {
      const call = await place();
      await talk(call, key);
      await hangUp(call);
      expect((await caseOf(call)).disposition).toBe('appointment');
      city.clock.advance(later(1));
    }
  });

  it('a number proven more than a year ago is unknown when nobody answers', async () => {
    await all(`UPDATE phone SET proven_at = '2025-10-01'`);
    const call = await place();
    await hangUp(call, 'no-answer');
    const counts = groupCounts(await readTallies(city.database.query, roundId));
    expect(counts.NC).toBe(0);
    await all(`UPDATE phone SET proven_at = '2026-01-01'`);
    expect(groupCounts(await readTallies(city.database.query, roundId)).NC).toBe(1);
  });
});

describe('what a call holds up', () => {
  it('an unknown one its line for as long as a call can last, and its own number until it is settled', async () => {
    const one = { ...voice, concurrent: 1 };
    const { attemptIds } = await claim(one);
    const [lost = ''] = attemptIds;
    await beginDialing(city.database.query, lost, city.clock.now(), later(60));
    await recordUnknown(city.database.query, lost, city.clock.now());
    city.clock.advance(later(300));
    expect((await claim(one)).attemptIds).toEqual([]);
    city.clock.advance(later(60));
    await all(`UPDATE survey_case SET due_at = $1, due_channel = 'voice'`, city.clock.now());
    const next = (await claim(one)).attemptIds;
    expect(next).toHaveLength(1);
    expect((await caseOf(next[0] ?? '')).id).not.toBe((await caseOf(lost)).id);
  });

  it('slots at a rate that divides no second stay apart by whole milliseconds, rounded up', async () => {
    const now = city.clock.now();
    const slots: number[] = [];
    for (let index = 0; index < 4; index++)
      slots.push((await reserveSlot(city.database.query, { ...voice, perSecond: 3 }, now)).getTime() - now.getTime());
    expect(slots).toEqual([0, 334, 668, 1002]);
  });
});

describe('a turn that races the close of its round', () => {
  it('is not stored, though it was looked at before', async () => {
    const call = await place();
    await talk(call, '-');
    const { database } = city;
    const closing: City['database'] = {
      ...database,
      async query(statement) {
        const rows = await database.query(statement);
        if (statement.name === 'turn-standing') await all(`UPDATE round SET state = 'closed'`);
        return rows as never;
      },
    };
    const { reply } = await takeVoiceTurn({ ...city, database: closing }, call, 2, { kind: 'key', key: '1' });
    expect(reply).toMatchObject({ say: [], listenSeconds: null });
    expect((await caseOf(call)).overall).toBeNull();
  });
});
