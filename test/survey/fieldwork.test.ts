import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ticketsUnder } from '../../src/survey/draw/satq1.ts';
import {
  beginDialing,
  type CallReport,
  findClaimed,
  recordCallReport,
  recordPlaced,
  recordUnknown,
} from '../../src/survey/fieldwork/call.ts';
import { claimDue } from '../../src/survey/fieldwork/claim.ts';
import { beginSending } from '../../src/survey/fieldwork/message.ts';
import { type Lane, reserveSlot } from '../../src/survey/fieldwork/pace.ts';
import { settle } from '../../src/survey/fieldwork/settle.ts';
import { takeText } from '../../src/survey/fieldwork/text-turn.ts';
import { takeVoiceTurn } from '../../src/survey/fieldwork/turn.ts';
import type { Key } from '../../src/survey/interview/conversation.ts';
import { closeRound } from '../../src/survey/round/close.ts';
import { drawRound } from '../../src/survey/round/draw.ts';
import { readSeed } from '../../src/survey/round/nonces.ts';
import { drawRules } from '../../src/workers/rules.ts';
import { type City, fieldRound, openCity, settleIn, shopsOf } from '../support/city.ts';

let city: City;
const voice: Lane = { carrier: 'test', channel: 'voice', perSecond: 10, concurrent: null };
const zones = ['Asia/Shanghai'];
const seconds = (count: number) => new Date(city.clock.now().getTime() + count * 1000);
const all = <T>(text: string, ...values: unknown[]) => city.database.query<T>({ text, values });
const count = async (text: string, ...values: unknown[]) =>
  Number((await all<{ count: string }>(text, ...values))[0]?.count);

/** Claims everything due within a second and takes it up to the carrier's acceptance. */
async function placeCalls(lane = voice): Promise<readonly string[]> {
  const { attemptIds } = await claimDue(city, lane, { now: city.clock.now(), until: seconds(1), openZones: zones });
  for (const id of attemptIds) {
    await beginDialing(city.database.query, id, city.clock.now(), seconds(60));
    await recordPlaced(city.database.query, id, `CA${id}`, seconds(360));
  }
  return attemptIds;
}

/** Answers turn 0, and then one key a turn; `-` is silence. 12 seconds go by before each. */
async function talk(attemptId: string, keys: string): Promise<void> {
  await takeVoiceTurn(city, attemptId, 0, { kind: 'answered' });
  for (const [index, key] of [...keys].entries()) {
    city.clock.advance(seconds(12));
    await takeVoiceTurn(
      city,
      attemptId,
      index + 1,
      key === '-' ? { kind: 'silence' } : { kind: 'key', key: key as Key },
    );
  }
}

const ended = (result: Extract<CallReport, { state: 'ended' }>['result'] = 'completed'): CallReport => ({
  state: 'ended',
  result,
  errorCode: null,
});
const hangUp = (attemptId: string, result?: Parameters<typeof ended>[0]) =>
  recordCallReport(city.database.query, attemptId, null, ended(result), city.clock.now());
const caseOf = async (attemptId: string) =>
  (
    await all<{
      id: string;
      state: string;
      disposition: string;
      answers: Record<string, number>;
      overall: number | null;
      due_at: Date | null;
      due_channel: string | null;
    }>('SELECT c.* FROM survey_case c JOIN attempt a ON a.case_id = c.id WHERE a.id = $1', attemptId)
  )[0];

async function suite(name: string, shops = shopsOf('W01', 12)): Promise<void> {
  city = await openCity(name);
  await settleIn(city, shops);
  await fieldRound(city);
}

describe('the draw job', () => {
  beforeAll(async () => {
    city = await openCity('draw');
    await settleIn(city, [
      ...shopsOf('W01', 40),
      ...shopsOf('W02', 8),
      { id: 'closed', manager: 'W01', phone: '+8613900000001', closed: true },
      { id: 'mute', manager: 'W01', phone: null },
      { id: 'twin-a', manager: 'W02', phone: '+8613900000002' },
      { id: 'twin-b', manager: 'W01', phone: '+8613900000002' },
    ]);
    await fieldRound(city);
  });
  afterAll(() => city.close());

  it('freezes a frame, leaves out who has no phone or is closed, and lets one of two shops on a phone rest', async () => {
    expect(await count('SELECT count(*) FROM frame_line')).toBe(50);
    expect(await all('SELECT retailer_id, reason FROM exclusion ORDER BY 1')).toEqual([
      { retailer_id: 'closed', reason: 'closed' },
      { retailer_id: 'mute', reason: 'no-phone' },
    ]);
    const resting = await all<{ retailer_id: string; resting: string }>(
      'SELECT retailer_id, resting FROM frame_line WHERE resting IS NOT NULL',
    );
    expect(resting).toHaveLength(1);
    expect(resting[0]).toMatchObject({ resting: 'shared-phone', retailer_id: expect.stringMatching(/^twin-[ab]$/) });
  });

  it('releases as many as the sizes say: a small frame as a whole, a larger one up to its cap', async () => {
    const released = await all('SELECT manager_id, count(*)::int AS cases FROM survey_case GROUP BY 1 ORDER BY 1');
    const twin = await count(`SELECT count(*) FROM frame_line WHERE manager_id = 'W02' AND resting IS NULL`);
    expect(released).toEqual([
      { manager_id: 'W01', cases: Math.ceil((41 * 3) / 10) },
      { manager_id: 'W02', cases: twin },
    ]);
  });

  it('gives each case the last digit of its ticket, which decides what is asked by turns', async () => {
    const ticket = ticketsUnder(await readSeed(city.database.query, city.vault, '2026-12-R1'));
    const cases = await all<{ retailer_id: string; rotation: number }>('SELECT retailer_id, rotation FROM survey_case');
    expect(cases.map(({ rotation }) => rotation)).toEqual(
      cases.map(({ retailer_id }) => Number(ticket(retailer_id).slice(-1))),
    );
    expect(new Set(cases.map(({ rotation }) => rotation % 2)).size).toBe(2);
  });

  it('delivered again draws nothing more', async () => {
    const before = await count('SELECT count(*) FROM survey_case');
    const again = await drawRound({ ...city, rules: async (id) => drawRules(await city.rules(id)) }, '2026-12-R1');
    expect(again).toBe(false);
    expect(await count('SELECT count(*) FROM survey_case')).toBe(before);
  });

  it('rests in the next period whoever was released in this one', async () => {
    city.clock.advance(new Date('2027-01-04T09:30:00+08:00'));
    await fieldRound(city, '2027-01-R1', '2027-01');
    const twice = await count(
      `SELECT count(*) FROM survey_case a JOIN survey_case b ON b.retailer_id = a.retailer_id AND b.round_id > a.round_id`,
    );
    expect(twice).toBe(0);
    expect(await count(`SELECT count(*) FROM survey_case WHERE round_id = '2027-01-R1'`)).toBeGreaterThan(0);
  });
});

describe('the dispatcher', () => {
  beforeEach(() => suite('claim'));
  const close = () => city.close();

  it('gives out slots one after the other, exact over two dispatchers at once', async () => {
    const wish = { now: city.clock.now(), until: seconds(1), openZones: zones };
    const claims = await Promise.all([
      claimDue(city, voice, wish),
      claimDue(city, voice, wish),
      claimDue(city, voice, wish),
    ]);
    expect(claims.flatMap(({ attemptIds }) => attemptIds)).toHaveLength(11);
    const slots = (await all<{ slot_at: Date }>('SELECT slot_at FROM attempt ORDER BY slot_at')).map(({ slot_at }) =>
      slot_at.getTime(),
    );
    for (const [index, at] of slots.slice(1).entries()) expect(at - (slots[index] ?? 0)).toBeGreaterThanOrEqual(100);
    await close();
  });

  it('keeps to the number of lines', async () => {
    const two = { ...voice, concurrent: 2 };
    const [first] = await placeCalls(two);
    expect(await count(`SELECT count(*) FROM attempt WHERE state <> 'ended'`)).toBe(2);
    expect(await placeCalls(two)).toEqual([]);
    await hangUp(first ?? '', 'no-answer');
    city.clock.advance(seconds(2));
    expect(await placeCalls(two)).toHaveLength(1);
    await close();
  });

  it('calls nobody where it is not the hour', async () => {
    const { attemptIds } = await claimDue(city, voice, {
      now: city.clock.now(),
      until: seconds(1),
      openZones: ['Asia/Urumqi'],
    });
    expect(attemptIds).toEqual([]);
    await close();
  });

  it('never has two live calls to one phone, whatever rounds want it', async () => {
    const [attempt] = await placeCalls();
    await expect(
      all(
        `INSERT INTO attempt (id, case_id, round_id, phone_id, channel, number, slot_at, created_at, touched_at)
         SELECT gen_random_uuid(), case_id, round_id, phone_id, 'voice', 99, now(), now(), now() FROM attempt WHERE id = $1`,
        attempt,
      ),
    ).rejects.toMatchObject({ code: '23505' });
    await all(`UPDATE survey_case SET due_at = $1, due_channel = 'voice'`, city.clock.now());
    city.clock.advance(seconds(2));
    expect(await placeCalls()).toHaveLength(1);
    await close();
  });

  it('gives a late call a new slot, behind those already given', async () => {
    await placeCalls();
    const slot = await reserveSlot(city.database.query, voice, city.clock.now());
    const [last] = await all<{ last: Date }>('SELECT max(slot_at) AS last FROM attempt');
    expect(slot.getTime()).toBeGreaterThan(last?.last.getTime() ?? 0);
    await close();
  });

  it('calls nobody who opted out meanwhile', async () => {
    await all('UPDATE phone SET opted_out_at = now()');
    expect(await placeCalls()).toEqual([]);
    await close();
  });
});

describe('placing a call', () => {
  beforeAll(() => suite('place'));
  afterAll(() => city.close());

  it('is begun once, though its job comes twice', async () => {
    const { attemptIds } = await claimDue(city, voice, {
      now: city.clock.now(),
      until: city.clock.now(),
      openZones: zones,
    });
    const [id = ''] = attemptIds;
    expect(await findClaimed(city.database.query, id)).toMatchObject({ timeZone: 'Asia/Shanghai' });
    const begun = await Promise.all(
      [1, 2, 3].map(() => beginDialing(city.database.query, id, city.clock.now(), seconds(60))),
    );
    expect(begun.filter(Boolean)).toHaveLength(1);
    expect(await findClaimed(city.database.query, id)).toBeNull();
  });

  it('an unknown call is settled by whatever report comes, and blocks its phone until then', async () => {
    city.clock.advance(seconds(1));
    const { attemptIds } = await claimDue(city, voice, {
      now: city.clock.now(),
      until: city.clock.now(),
      openZones: zones,
    });
    const [id = ''] = attemptIds;
    await beginDialing(city.database.query, id, city.clock.now(), seconds(60));
    await recordUnknown(city.database.query, id, city.clock.now());
    await recordCallReport(city.database.query, id, 'CA1', { state: 'ringing' }, city.clock.now());
    expect(await all('SELECT state, carrier_id FROM attempt WHERE id = $1', id)).toEqual([
      { state: 'ringing', carrier_id: 'CA1' },
    ]);
  });

  it('reports in any order and number leave the last state', async () => {
    city.clock.advance(seconds(1));
    const [id = ''] = await placeCalls();
    const reports: CallReport[] = [
      { state: 'in-progress' },
      { state: 'ringing' },
      ended(),
      { state: 'queued' },
      ended('busy'),
      { state: 'in-progress' },
    ];
    const moved = [];
    for (const report of reports)
      moved.push(await recordCallReport(city.database.query, id, null, report, city.clock.now()));
    expect(moved).toEqual(['moved', 'known', 'moved', 'known', 'known', 'known']);
    const stranger = await recordCallReport(city.database.query, city.chance.id(), null, ended(), city.clock.now());
    expect(stranger).toBe('unknown');
    expect(await all('SELECT state, result FROM attempt WHERE id = $1', id)).toEqual([
      { state: 'ended', result: 'completed' },
    ]);
  });
});

describe('a turn', () => {
  beforeEach(() => suite('turn', shopsOf('W01', 15)));
  const close = () => city.close();

  it('taken by five copies at once moves once, and all get the same reply', async () => {
    const ids = await placeCalls();
    for (const id of ids) await talk(id, '-');
    city.clock.advance(seconds(12));
    const copies = ids.flatMap((id) =>
      (['1', '2', '3', '4', '5'] as const).map((key) => takeVoiceTurn(city, id, 2, { kind: 'key', key })),
    );
    const turns = await Promise.all(copies);
    for (const [index] of ids.entries()) {
      const five = turns.slice(index * 5, index * 5 + 5);
      for (const { reply } of five) expect(reply).toEqual(five[0]?.reply);
    }
    expect(await count('SELECT count(*) FROM answer')).toBe(ids.length);
    expect(await count(`SELECT count(*) FROM outbox WHERE topic = 'rated'`)).toBe(ids.length);
    expect(await count('SELECT count(*) FROM turn')).toBe(ids.length * 3);
    const disagreeing = await count(
      `SELECT count(*) FROM survey_case c JOIN answer a ON a.case_id = c.id WHERE c.overall <> a.value`,
    );
    expect(disagreeing).toBe(0);
    await close();
  });

  it('repeated later, with other digits, gets its first reply again and stores nothing', async () => {
    const [id = ''] = await placeCalls();
    await talk(id, '-4-3');
    const before = await all('SELECT * FROM answer ORDER BY turn');
    const first = await takeVoiceTurn(city, id, 2, { kind: 'key', key: '1' });
    expect(first.reply.say).toEqual([{ clip: 'Q1r', values: { score: 4 } }]);
    expect(first.next).toBe(3);
    expect(await all('SELECT * FROM answer ORDER BY turn')).toEqual(before);
    expect((await caseOf(id))?.answers).toEqual({ Q1: 4, Q2: 3 });
    await close();
  });

  it('from the future is refused, and of an attempt nobody knows too', async () => {
    const [id = ''] = await placeCalls();
    await expect(takeVoiceTurn(city, id, 3, { kind: 'silence' })).rejects.toMatchObject({ code: 'future-turn' });
    await expect(takeVoiceTurn(city, city.chance.id(), 0, { kind: 'answered' })).rejects.toMatchObject({
      code: 'unknown-attempt',
    });
    await close();
  });

  it('that arrives after the hang-up still counts, until the next call begins', async () => {
    const [id = ''] = await placeCalls();
    await talk(id, '-');
    await hangUp(id);
    await settle(city);
    expect(await caseOf(id)).toMatchObject({ disposition: 'refused', overall: null });
    city.clock.advance(seconds(15));
    await takeVoiceTurn(city, id, 2, { kind: 'key', key: '5' });
    await settle(city);
    expect(await caseOf(id)).toMatchObject({ disposition: 'partial', overall: 5 });

    const { id: caseId } = (await caseOf(id)) ?? { id: '' };
    await all(`UPDATE survey_case SET due_at = $1, due_channel = 'voice' WHERE id = $2`, city.clock.now(), caseId);
    city.clock.advance(seconds(2));
    const later = await placeCalls();
    expect(await count('SELECT count(*) FROM attempt WHERE case_id = $1', caseId)).toBe(2);
    expect(later.length).toBeGreaterThan(0);
    const tooLate = await takeVoiceTurn(city, id, 3, { kind: 'key', key: '1' });
    expect(tooLate.reply.listenSeconds).toBeNull();
    expect((await caseOf(id))?.answers).toEqual({ Q1: 5 });
    await close();
  });

  it('of an opt-out writes the ledger at once; # takes it back; every case of the number is over', async () => {
    const [id = '', other = ''] = await placeCalls();
    await talk(id, '-9');
    expect(await all('SELECT entry, source FROM opt_out')).toEqual([{ entry: 'stop', source: 'voice' }]);
    city.clock.advance(seconds(5));
    await takeVoiceTurn(city, id, 3, { kind: 'key', key: '#' });
    expect(await all('SELECT entry FROM opt_out ORDER BY id')).toEqual([{ entry: 'stop' }, { entry: 'undo' }]);
    expect(await count('SELECT count(*) FROM phone WHERE opted_out_at IS NOT NULL')).toBe(0);
    await talk(other, '49');
    await hangUp(other);
    await settle(city);
    expect(await caseOf(other)).toMatchObject({ state: 'done', disposition: 'opted-out', due_at: null });
    await expect(all('DELETE FROM opt_out')).rejects.toThrow(/append-only/);
    await close();
  });

  it('writes no index of what it moves: its new versions lie beside the old ones', async () => {
    const indexed = await all<{ table: string; column: string }>(`
      SELECT DISTINCT c.relname AS table, a.attname AS column
      FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = ANY (i.indkey)
      WHERE c.relname IN ('attempt', 'survey_case', 'phone')`);
    const written = [
      'attempt.turn',
      'attempt.conversation',
      'attempt.touched_at',
      'attempt.answered_at',
      'survey_case.answers',
      'survey_case.overall',
      'phone.proven_at',
    ];
    expect(indexed.map(({ table, column }) => `${table}.${column}`).filter((one) => written.includes(one))).toEqual([]);
  });
});

describe('settling', () => {
  beforeEach(() => suite('settle'));

  it('draws the same conclusions twice, and takes the outbox with them', async () => {
    const [done = '', busy = '', refused = ''] = await placeCalls();
    await talk(done, '-4-350421-');
    await hangUp(done);
    await hangUp(busy, 'busy');
    await talk(refused, '');
    await hangUp(refused);
    await settle(city);
    const after = await all('SELECT id, state, disposition, due_at, due_channel FROM survey_case ORDER BY id');
    expect(await caseOf(done)).toMatchObject({ state: 'done', disposition: 'complete', overall: 4, due_at: null });
    expect(await caseOf(busy)).toMatchObject({ state: 'active', disposition: 'busy', due_channel: 'voice' });
    expect(await caseOf(refused)).toMatchObject({ state: 'active', disposition: 'refused' });
    expect(await count('SELECT count(*) FROM outbox')).toBe(0);
    await all(`INSERT INTO outbox (topic, case_id, at) SELECT 'ended', id, now() FROM survey_case`);
    await settle(city);
    expect(await all('SELECT id, state, disposition, due_at, due_channel FROM survey_case ORDER BY id')).toEqual(after);
    await city.close();
  });

  it('says which rounds are finished, and such a round closes once', async () => {
    for (let i = 0; i < 12; i++) {
      const ids = await placeCalls();
      for (const id of ids) await hangUp(id, 'bad-number');
      city.clock.advance(seconds(2));
    }
    expect(await closeRound(city, '2026-12-R1', 'test')).toBe(false);
    const { finishedRounds } = await settle(city);
    expect(finishedRounds).toEqual(['2026-12-R1']);
    const closed = await Promise.all([1, 2].map(() => closeRound(city, '2026-12-R1', 'test')));
    expect(closed.filter(Boolean)).toHaveLength(1);
    await city.close();
  });
});

describe('a text thread', () => {
  const sms: Lane = { carrier: 'test', channel: 'sms', perSecond: 10, concurrent: null };
  const from = async (attemptId: string) =>
    (
      await all<{ digest: Buffer }>(
        'SELECT p.blind_index AS digest FROM attempt a JOIN phone p ON p.id = a.phone_id WHERE a.id = $1',
        attemptId,
      )
    )[0]?.digest ?? Buffer.alloc(0);
  const open = async () => {
    await all(`UPDATE survey_case SET due_channel = 'sms'`);
    const claims = await claimDue(city, sms, { now: city.clock.now(), until: city.clock.now(), openZones: zones });
    await all(`UPDATE attempt SET state = 'sent'`);
    return claims.attemptIds[0] ?? '';
  };
  beforeEach(() => suite('thread'));

  it('is not begun on a number that opted out, or in a round that was paused, between the look and the sending', async () => {
    await all(`UPDATE survey_case SET due_channel = 'sms'`);
    const { messageIds } = await claimDue(city, sms, {
      now: city.clock.now(),
      until: city.clock.now(),
      openZones: zones,
    });
    const [messageId = ''] = messageIds;
    const begin = () =>
      beginSending(city.database.query, messageId, city.clock.now(), {
        checkAt: seconds(60),
        silentAt: seconds(60),
        segments: 1,
      });
    await all(`UPDATE phone SET opted_out_at = now()`);
    expect(await begin()).toBeNull();
    await all(`UPDATE phone SET opted_out_at = NULL`);
    await all(`UPDATE round SET state = 'paused'`);
    expect(await begin()).toBeNull();
    await all(`UPDATE round SET state = 'fielding'`);
    expect(await begin()).toBeInstanceOf(Buffer);
    expect(await begin()).toBeNull();
    await city.close();
  });

  it('takes a reply once, however often the carrier delivers it, and answers it', async () => {
    const id = await open();
    const phoneIndex = await from(id);
    const copies = await Promise.all(
      [1, 2, 3, 4, 5].map(() => takeText(city, { carrierId: 'SM1', phoneIndex, text: '5分' })),
    );
    expect(copies.filter(Boolean)).toHaveLength(1);
    expect(await count('SELECT count(*) FROM answer')).toBe(1);
    expect(await all('SELECT text, state FROM message ORDER BY created_at, text')).toEqual([
      { text: 'S1', state: 'planned' },
      { text: 'S2', state: 'planned' },
    ]);
    for (const [carrierId, text] of [
      ['SM2', '没有'],
      ['SM3', '2'],
    ] as const)
      await takeText(city, { carrierId, phoneIndex, text });
    await settle(city);
    expect(await caseOf(id)).toMatchObject({
      ...{ state: 'done', disposition: 'partial', overall: 5 },
      answers: { Q1: 5, Q6: 2, Q7b: 2 },
    });
    await city.close();
  });

  it('two texts at once are two turns, and the last rating counts', async () => {
    const id = await open();
    const phoneIndex = await from(id);
    await Promise.all(
      ['SM1', 'SM2', 'SM3'].map((carrierId) => takeText(city, { carrierId, phoneIndex, text: '还行' })),
    );
    expect(await count('SELECT count(*) FROM inbound_text')).toBe(3);
    expect(await count('SELECT count(*) FROM turn')).toBe(3);
    await city.close();
  });

  it('from a stranger is noted by its id and nothing else', async () => {
    expect(await takeText(city, { carrierId: 'SM9', phoneIndex: Buffer.from('nobody'), text: '5' })).toBeNull();
    expect(await all('SELECT carrier_id, attempt_id FROM inbound_text')).toEqual([
      { carrier_id: 'SM9', attempt_id: null },
    ]);
    expect(await count('SELECT count(*) FROM answer')).toBe(0);
    await city.close();
  });

  /** A call to the shop whose thread it is, in which these keys are pressed. */
  async function callBeside(thread: string, keys: string): Promise<void> {
    const { id: caseId } = (await caseOf(thread)) ?? { id: '' };
    await all(`UPDATE survey_case SET due_at = $1, due_channel = 'voice' WHERE id = $2`, city.clock.now(), caseId);
    const [call = ''] = await placeCalls();
    await talk(call, keys);
    await hangUp(call);
    await settle(city);
  }

  it('is closed by a call in which everything was answered', async () => {
    const id = await open();
    await callBeside(id, '-4-54302');
    expect(await all('SELECT state FROM attempt WHERE id = $1', id)).toEqual([{ state: 'ended' }]);
    await city.close();
  });

  it('stays open after a call that broke off: the rating is not asked again, what is left is', async () => {
    const id = await open();
    await callBeside(id, '-4');
    expect(await all('SELECT state FROM attempt WHERE id = $1', id)).toEqual([{ state: 'sent' }]);
    const phoneIndex = await from(id);
    await takeText(city, { carrierId: 'SM1', phoneIndex, text: '1' });
    await takeText(city, { carrierId: 'SM2', phoneIndex, text: '有' });
    expect((await caseOf(id))?.answers).toEqual({ Q1: 4, Q6: 1 });
    expect(await all('SELECT text FROM message ORDER BY created_at, text')).toEqual([
      { text: 'S1' },
      { text: 'S9' },
      { text: 'SP' },
    ]);
    await city.close();
  });

  it('begun after a rating on the phone begins with what is left', async () => {
    await all('UPDATE survey_case SET overall = 4, answers = $1', { Q1: 4 });
    const id = await open();
    expect(await all('SELECT text FROM message')).toEqual([{ text: 'SP' }]);
    await takeText(city, { carrierId: 'SM1', phoneIndex: await from(id), text: '没有' });
    expect((await caseOf(id))?.answers).toEqual({ Q1: 4, Q6: 2 });
    await city.close();
  });
});
