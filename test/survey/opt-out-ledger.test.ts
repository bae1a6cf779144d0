import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { beginDialing, recordCallReport, recordPlaced } from '../../src/survey/fieldwork/call.ts';
import { claimDue } from '../../src/survey/fieldwork/claim.ts';
import { recordMessageReport } from '../../src/survey/fieldwork/message.ts';
import { enterStopAtDesk, undoStops } from '../../src/survey/fieldwork/opt-out.ts';
import type { Lane } from '../../src/survey/fieldwork/pace.ts';
import { takeRingBack } from '../../src/survey/fieldwork/ring-back.ts';
import { takeVoiceTurn } from '../../src/survey/fieldwork/turn.ts';
import type { Key } from '../../src/survey/interview/conversation.ts';
import { readRoster } from '../../src/survey/round/draw.ts';
import type { Placing } from '../../src/telephony/ports.ts';
import { textReport } from '../../src/telephony/twilio/reports.ts';
import { handlersFor } from '../../src/workers/handlers.ts';
import { receiveText } from '../../src/workers/inbound-text.ts';
import type { Services } from '../../src/workers/services.ts';
import { fieldRound, settleIn, shopsOf } from '../support/city.ts';
import { type Field, openField } from '../support/field.ts';

/**
 * One opt-out ledger over channels, rounds and carriers: however somebody says stop, and whatever is under way, it is
 * written down at once with its source and time, and from then on nobody calls or texts him. Each test has a shop of its
 * own, which two rounds want.
 */
let field: Field;
let services: Services;
/** Whom the carriers were asked for, by attempt or message, and which calls they were told to end. */
let orders: string[];
let hungUp: string[];
/** What the carriers say to the next order, where they do not take it, and what happens meanwhile. */
let answer: Placing | null;
let meanwhile: () => Promise<void>;
let shops = 0;

const voice: Lane = { carrier: 'one', channel: 'voice', perSecond: 1000, concurrent: null };
const sms: Lane = { carrier: 'another', channel: 'sms', perSecond: 1000, concurrent: null };
const all = <T>(text: string, ...values: unknown[]) => field.city.database.query<T>({ text, values });
const one = async <T>(text: string, ...values: unknown[]) =>
  (await all<T>(text, ...values))[0] ?? expect.fail(`nothing: ${text}`);
const now = () => field.city.clock.now();
const later = (seconds: number) => new Date(now().getTime() + seconds * 1000);
const jobs = () => handlersFor(services);

beforeAll(async () => {
  field = await openField('opt-out ledger', []);
  await settleIn(field.city, Array.from({ length: 8 }, (_, index) => shopsOf(`W${10 + index}`, 12)).flat());
  await fieldRound(field.city);
  await all(`
    INSERT INTO round (id, period, state, questionnaire_id, rule_set_id, launched_at, fielding_at)
    SELECT '2027-01-R1', '2027-01', state, questionnaire_id, rule_set_id, launched_at - interval '1 day', fielding_at FROM round`);
  await all(`
    INSERT INTO survey_case (id, round_id, retailer_id, manager_id, phone_id, position, wave, time_zone)
    SELECT gen_random_uuid(), '2027-01-R1', retailer_id, manager_id, phone_id, position, wave, time_zone FROM survey_case`);
  const asked = async (id: string) => {
    orders.push(id);
    await meanwhile();
    return answer ?? ({ kind: 'placed', carrierId: `order-${id}` } as const);
  };
  const port: Services['voice']['port'] = {
    ...field.services.voice.port,
    place: ({ attemptId }) => asked(attemptId),
    hangUp: async (carrierId) => void hungUp.push(carrierId),
  };
  const texts = { carrier: 'another', textsTo: async () => [], health: async () => {} };
  services = {
    ...field.services,
    voice: { port, lane: voice },
    text: { port: { ...texts, send: ({ messageId }) => asked(messageId) }, lane: sms },
  };
});
afterAll(() => field.close());
beforeEach(async () => {
  [orders, hungUp] = [[], []];
  answer = null;
  meanwhile = async () => {};
  await all(`UPDATE round SET state = 'fielding'`);
  await all(`UPDATE attempt SET state = 'ended', check_at = NULL WHERE state <> 'ended'`);
  await all('UPDATE message SET check_at = NULL');
  await all('DELETE FROM outbox');
  await all('UPDATE survey_case SET due_at = NULL, due_channel = NULL');
});

interface Shop {
  readonly id: string;
  readonly phoneId: string;
  readonly number: string;
}

/** A shop that no test had before. */
async function aShop(): Promise<Shop> {
  const [id, phoneId, sealed] = Object.values(
    await one<{ id: string; phone_id: string; sealed: Buffer }>(
      'SELECT s.id, s.phone_id, p.sealed FROM retailer s JOIN phone p ON p.id = s.phone_id ORDER BY s.id LIMIT 1 OFFSET $1',
      shops++,
    ),
  ) as [string, string, Buffer];
  return { id, phoneId, number: field.city.vault.open(sealed) };
}

/** Its case is due and taken up; nobody was asked yet. */
async function takeUp(shop: Shop, lane: Lane): Promise<{ readonly attemptId: string; readonly messageId: string }> {
  await all(
    `UPDATE survey_case SET due_at = $1, due_channel = $2::channel WHERE retailer_id = $3 AND round_id = '2026-12-R1'`,
    now(),
    lane.channel,
    shop.id,
  );
  await all(`UPDATE pace SET last_slot = 'epoch'`);
  const wish = { now: now(), until: later(1), openZones: ['Asia/Shanghai'] };
  const { attemptIds, messageIds } = await claimDue(field.city, lane, wish);
  return { attemptId: attemptIds[0] ?? expect.fail('was not taken up'), messageId: messageIds[0] ?? '' };
}

async function call(shop: Shop): Promise<string> {
  const { attemptId } = await takeUp(shop, voice);
  await beginDialing(field.city.database.query, attemptId, now(), later(60));
  await recordPlaced(field.city.database.query, attemptId, `CA-${attemptId}`, later(360));
  return attemptId;
}

async function thread(shop: Shop): Promise<string> {
  const { attemptId, messageId } = await takeUp(shop, sms);
  await jobs().text({ messageId });
  return attemptId;
}

/** One key a turn, `-` for silence, from this turn on. Gives the last reply. */
async function key(attemptId: string, keys: string, from = 1) {
  let turn = from === 1 ? await takeVoiceTurn(field.city, attemptId, 0, { kind: 'answered' }) : null;
  for (const [index, each] of [...keys].entries()) {
    field.city.clock.advance(later(5));
    const input = each === '-' ? ({ kind: 'silence' } as const) : ({ kind: 'key', key: each as Key } as const);
    turn = await takeVoiceTurn(field.city, attemptId, from + index, input);
  }
  return turn?.reply ?? expect.fail('no turn');
}
const said = ({ say }: { readonly say: readonly { readonly clip: string }[] }) => say.map(({ clip }) => clip);

let texts = 0;
const write = (shop: Shop, text: string) =>
  receiveText(services, { carrierId: `in-${++texts}`, from: shop.number, text });

const report = (attemptId: string, result: 'completed' | 'no-answer') =>
  recordCallReport(
    field.city.database.query,
    attemptId,
    null,
    { state: 'ended', result, errorCode: null } as const,
    now(),
  );

const ledger = (shop: Shop) =>
  all('SELECT entry, source, retailer_id AS shop, at FROM opt_out WHERE phone_id = $1 ORDER BY id', shop.phoneId);
const stoppedSince = async (shop: Shop) =>
  (await one<{ at: Date | null }>('SELECT opted_out_at AS at FROM phone WHERE id = $1', shop.phoneId)).at;
const casesOf = (shop: Shop) =>
  all('SELECT state, disposition, due_at FROM survey_case WHERE retailer_id = $1 ORDER BY round_id', shop.id);
const isOver = { state: 'done', disposition: 'opted-out', due_at: null };
const answersOf = (shop: Shop) =>
  all('SELECT a.value FROM answer a JOIN survey_case c ON c.id = a.case_id WHERE c.retailer_id = $1', shop.id);

describe('a stop', () => {
  test.each<[how: string, source: string, say: (shop: Shop) => Promise<unknown>]>([
    ['9 in a call', 'voice', async (shop) => key(await call(shop), '-9')],
    [
      '9 by a shop that rings back',
      'voice',
      async ({ number }) => {
        const phoneIndex = field.city.vault.digest(number);
        const ring = await takeRingBack(field.city, { carrierId: `CA${number}`, phoneIndex });
        await key(ring.kind === 'case' ? ring.attemptId : expect.fail(ring.kind), '9');
      },
    ],
    ['a word in a thread', 'sms', async (shop) => thread(shop).then(() => write(shop, '退订'))],
    ['a word of somebody who was never written to', 'sms', async (shop) => call(shop).then(() => write(shop, 'Ｒ'))],
    [
      'what a person of the desk was told',
      'desk',
      async (shop) => {
        const { id } = await one<{ id: string }>('SELECT id FROM survey_case WHERE retailer_id = $1 LIMIT 1', shop.id);
        await enterStopAtDesk(field.city.database.query, id, now());
      },
    ],
    [
      'what the carrier was told, which refuses our text (21610)',
      'carrier',
      async (shop) => {
        const { messageId } = await takeUp(shop, sms);
        answer = { kind: 'refused', result: 'blocked', errorCode: 21610, optedOut: true };
        await jobs().text({ messageId });
      },
    ],
    [
      'what the carrier was told, which says so of a text it had taken',
      'carrier',
      async (shop) => {
        const attemptId = await thread(shop);
        const { id } = await one<{ id: string }>('SELECT id FROM message WHERE attempt_id = $1', attemptId);
        const told = textReport('undelivered', 21610);
        for (let times = 0; times < 2; times++)
          await recordMessageReport(field.city.database.query, id, null, told, now());
      },
    ],
  ])('%s is one line of the ledger; every case of the number is over, in every round', async (_how, source, say) => {
    const shop = await aShop();
    await say(shop);
    expect(await ledger(shop)).toEqual([{ entry: 'stop', source, shop: shop.id, at: now() }]);
    expect(await stoppedSince(shop)).toEqual(now());
    await jobs().settle({});
    expect(await casesOf(shop)).toEqual([
      expect.objectContaining({ due_at: null, disposition: 'opted-out' }),
      expect.objectContaining(isOver),
    ]);
    await all(`UPDATE survey_case SET due_at = $1, due_channel = 'voice' WHERE retailer_id = $2`, now(), shop.id);
    for (const lane of [voice, sms, { ...voice, carrier: 'a third' }])
      expect(
        (await claimDue(field.city, lane, { now: now(), until: later(1), openZones: ['Asia/Shanghai'] })).attemptIds,
      ).toEqual([]);
  });

  test('a carrier’s other refusals are none', async () => {
    const shop = await aShop();
    const { messageId } = await takeUp(shop, sms);
    answer = { kind: 'refused', result: 'blocked', errorCode: null, errorName: 'in a list of the bothered' };
    await jobs().text({ messageId });
    expect(await ledger(shop)).toEqual([]);
  });

  test('said again, in whatever way, adds no line and no text', async () => {
    const shop = await aShop();
    await thread(shop);
    for (const word of ['R', '退订', 'R']) await write(shop, word);
    const { id } = await one<{ id: string }>('SELECT id FROM survey_case WHERE retailer_id = $1 LIMIT 1', shop.id);
    await enterStopAtDesk(field.city.database.query, id, now());
    expect(await ledger(shop)).toHaveLength(1);
    const replies = await all(
      `SELECT m.text FROM message m JOIN attempt a ON a.id = m.attempt_id WHERE a.phone_id = $1 AND m.text <> 'S1'`,
      shop.phoneId,
    );
    expect(replies).toEqual([{ text: 'SX' }]);
  });

  test('is answered once in writing, and that text alone still goes out', async () => {
    const shop = await aShop();
    await thread(shop);
    await write(shop, '5');
    await write(shop, 'R');
    orders = [];
    const planned = `SELECT m.id FROM message m JOIN attempt a ON a.id = m.attempt_id WHERE a.phone_id = $1 AND m.state = 'planned'`;
    for (const { id } of await all<{ id: string }>(planned, shop.phoneId)) await jobs().text({ messageId: id });
    expect(await all('SELECT text FROM message WHERE id = ANY($1)', orders)).toEqual([{ text: 'SX' }]);
    expect(await answersOf(shop)).toEqual([{ value: 5 }]);
  });

  test('is not undone by whatever the carrier reports late, and nobody is told that we rang', async () => {
    const shop = await aShop();
    const attemptId = await call(shop);
    await write(shop, 'R');
    for (const result of ['no-answer', 'completed'] as const) await report(attemptId, result);
    await jobs().settle({});
    expect(await casesOf(shop)).toEqual([isOver, isOver]);
    const notices = await all(
      `SELECT n.text FROM notice n JOIN phone p ON p.blind_index = n.blind_index WHERE p.id = $1`,
      shop.phoneId,
    );
    expect(notices).toEqual([{ text: 'SX' }]);
  });
});

describe('while something is under way, a stop', () => {
  test('between taking up and dialling: nobody is asked', async () => {
    const shop = await aShop();
    const { attemptId } = await takeUp(shop, voice);
    await write(shop, 'R');
    await jobs().dial({ attemptId });
    await jobs().settle({});
    expect(orders).toEqual([]);
    expect(await casesOf(shop)).toEqual([isOver, isOver]);
  });

  test('between taking up a thread and its first text: nothing is sent', async () => {
    const shop = await aShop();
    const { messageId } = await takeUp(shop, sms);
    const { id } = await one<{ id: string }>('SELECT id FROM survey_case WHERE retailer_id = $1 LIMIT 1', shop.id);
    await enterStopAtDesk(field.city.database.query, id, now());
    await jobs().text({ messageId });
    expect(orders).toEqual([]);
  });

  test('while the carrier is asked: whoever answers is told that it was heard, and asked nothing', async () => {
    const shop = await aShop();
    const { attemptId } = await takeUp(shop, voice);
    meanwhile = () => write(shop, 'R');
    await jobs().dial({ attemptId });
    const { reply } = await takeVoiceTurn(field.city, attemptId, 0, { kind: 'answered' });
    expect([said(reply), reply.listenSeconds]).toEqual([['N2'], null]);
    await report(attemptId, 'completed');
    await jobs().settle({});
    expect(await casesOf(shop)).toEqual([isOver, isOver]);
  });

  test('while it rings: the carrier is told to let it be', async () => {
    const shop = await aShop();
    const attemptId = await call(shop);
    await write(shop, 'Hello?');
    expect(hungUp).toEqual([]);
    await write(shop, 'R');
    expect(hungUp).toEqual([`CA-${attemptId}`]);
  });

  test('in writing, in the middle of the call: the next key is no answer any more', async () => {
    const shop = await aShop();
    const attemptId = await call(shop);
    await key(attemptId, '-');
    await write(shop, 'R');
    expect(hungUp).toEqual([]);
    field.city.clock.advance(later(20));
    expect(said(await key(attemptId, '5', 2))).toEqual(['N2']);
    expect(await answersOf(shop)).toEqual([]);
  });

  test('in writing, at a machine: it is told nothing', async () => {
    const shop = await aShop();
    const attemptId = await call(shop);
    await key(attemptId, '');
    await write(shop, 'R');
    const { reply } = await takeVoiceTurn(field.city, attemptId, 1, { kind: 'detected', who: 'voicemail' });
    expect(said(reply)).toEqual([]);
  });
});

describe('# in the same call', () => {
  test('takes it back, everywhere, and the interview goes on', async () => {
    const shop = await aShop();
    const attemptId = await call(shop);
    expect(said(await key(attemptId, '-9'))).toEqual(['N1']);
    expect(said(await key(attemptId, '#', 3))).toEqual(['N1u', 'Q1']);
    expect(await ledger(shop)).toMatchObject([{ entry: 'stop' }, { entry: 'undo', source: 'voice', shop: shop.id }]);
    expect(await stoppedSince(shop)).toBeNull();
    await report(attemptId, 'completed');
    await jobs().settle({});
    expect(await casesOf(shop)).toMatchObject([{ state: 'active' }, { disposition: 'never-attempted' }]);
  });

  test('delivered twice takes it back once; 9 again stops again', async () => {
    const shop = await aShop();
    const attemptId = await call(shop);
    await key(attemptId, '-9');
    field.city.clock.advance(later(5));
    await Promise.all(
      [1, 2, 3].map(() => takeVoiceTurn(field.city, attemptId, 3, { kind: 'key', key: '#' }).catch(() => null)),
    );
    await key(attemptId, '9', 4);
    expect(await ledger(shop)).toMatchObject([{ entry: 'stop' }, { entry: 'undo' }, { entry: 'stop' }]);
    expect(await stoppedSince(shop)).not.toBeNull();
  });

  test.each<[where: string, before: (shop: Shop) => Promise<unknown>]>([
    ['in a thread', thread],
    ['by whoever has none', async () => {}],
  ])('takes back nothing that was written meanwhile %s', async (_where, before) => {
    const shop = await aShop();
    await before(shop);
    const attemptId = await call(shop);
    await key(attemptId, '-9');
    await write(shop, 'R');
    const since = now();
    await key(attemptId, '#', 3);
    expect(await ledger(shop)).toMatchObject([
      { entry: 'stop', source: 'voice' },
      { entry: 'stop', source: 'sms' },
      { entry: 'undo', source: 'voice' },
    ]);
    expect(await stoppedSince(shop)).toEqual(since);
    expect(said(await key(attemptId, '5', 4))).toEqual(['N2']);
    expect(await answersOf(shop)).toEqual([]);
  });
});

describe('in a call that counts no more', () => {
  test.each([
    ['its round was cancelled', `UPDATE round SET state = 'cancelled'`],
    ['its round was closed', `UPDATE round SET state = 'closed'`],
    [
      'a later call began',
      `INSERT INTO attempt (id, case_id, round_id, phone_id, channel, number, slot_at, state, created_at, touched_at)
       SELECT gen_random_uuid(), case_id, round_id, phone_id, channel, number + 1, now(), 'ended', now(), now() FROM attempt WHERE state <> 'ended'`,
    ],
  ])('because %s, 9 holds, # takes it back, and nothing else is stored', async (_why, happens) => {
    const shop = await aShop();
    const attemptId = await call(shop);
    await key(attemptId, '-');
    await all(happens);
    field.city.clock.advance(later(20));
    expect(said(await key(attemptId, '5', 2))).toEqual([]);
    expect(said(await key(attemptId, '9', 2))).toEqual(['N1']);
    expect(await ledger(shop)).toMatchObject([{ entry: 'stop', source: 'voice', at: now() }]);
    expect(await stoppedSince(shop)).toEqual(now());
    const undone = await key(attemptId, '#', 3);
    expect([said(undone), undone.listenSeconds]).toEqual([[], null]);
    expect(await stoppedSince(shop)).toBeNull();
    expect(await answersOf(shop)).toEqual([]);
  });

  test('9 at the very moment its round closes holds', async () => {
    const shop = await aShop();
    const attemptId = await call(shop);
    await key(attemptId, '-');
    const { database } = field.city;
    let closed = false;
    const closing: typeof database = {
      ...database,
      async query(statement) {
        const rows = await database.query(statement);
        if (statement.name === 'turn-standing' && !closed) await all(`UPDATE round SET state = 'closed'`);
        closed ||= statement.name === 'turn-standing';
        return rows as never;
      },
    };
    const at9 = { kind: 'key', key: '9' } as const;
    const { reply } = await takeVoiceTurn({ ...field.city, database: closing }, attemptId, 2, at9);
    expect(said(reply)).toEqual(['N1']);
    expect(await ledger(shop)).toMatchObject([{ entry: 'stop' }]);
  });
});

describe('taken back by hand', () => {
  test('the shop is called again, and it is on record', async () => {
    const shop = await aShop();
    await thread(shop);
    await write(shop, 'R');
    await jobs().settle({});
    expect(await casesOf(shop)).toEqual([isOver, isOver]);
    expect(await undoStops(field.city, shop.id, 'anna')).toBe(1);
    expect(await ledger(shop)).toMatchObject([{ entry: 'stop' }, { entry: 'undo', source: 'hand', shop: shop.id }]);
    expect(await stoppedSince(shop)).toBeNull();
    await jobs().settle({});
    expect(await casesOf(shop)).not.toContainEqual(isOver);
    expect(await one(`SELECT actor, subject FROM audit WHERE action = 'opt-out.undo'`)).toEqual({
      ...{ actor: 'anna', subject: shop.id },
    });
  });

  test('and said again in the same thread, it is heard again', async () => {
    const shop = await aShop();
    await thread(shop);
    await write(shop, 'R');
    await undoStops(field.city, shop.id, 'anna');
    await write(shop, 'R');
    expect(await ledger(shop)).toMatchObject([{ entry: 'stop' }, { entry: 'undo' }, { entry: 'stop', source: 'sms' }]);
    expect(await stoppedSince(shop)).not.toBeNull();
  });

  test('nothing is, where nobody said stop', async () => {
    const shop = await aShop();
    await expect(undoStops(field.city, shop.id, 'anna')).rejects.toMatchObject({ code: 'not-stopped' });
    expect(await ledger(shop)).toEqual([]);
  });
});

describe('in the next frame', () => {
  const out = async (...shopsAsked: Shop[]) => {
    const roster = await readRoster(field.city.database.query, '2027-02-01', []);
    return shopsAsked.map(({ id }) => roster.find(({ retailerId }) => retailerId === id)?.optedOut);
  };
  const gives = async ({ id }: Shop, phoneId: string) => {
    await all('UPDATE retailer_phone SET until = $1 WHERE retailer_id = $2 AND until IS NULL', now(), id);
    await all(
      `INSERT INTO retailer_phone (retailer_id, phone_id, place, since, changed_by) VALUES ($1, $2, 0, $3, 'file')`,
      ...[id, phoneId, now()],
    );
    await all('UPDATE retailer SET phone_id = $1 WHERE id = $2', phoneId, id);
  };
  const unused = async () =>
    (
      await one<{ id: string }>(
        `INSERT INTO phone (id, blind_index, sealed, masked, kind)
         SELECT gen_random_uuid(), sha256($1::text::bytea), sealed, masked, kind FROM phone LIMIT 1 RETURNING id`,
        crypto.randomUUID(),
      )
    ).id;

  test('a shop that said stop stays out under another number, and so does whoever gets its old one', async () => {
    const [shop, heir, other] = [await aShop(), await aShop(), await aShop()];
    await key(await call(shop), '-9');
    await gives(shop, await unused());
    await gives(heir, shop.phoneId);
    expect(await out(shop, heir, other)).toEqual([true, true, false]);
    await undoStops(field.city, shop.id, 'anna');
    expect(await out(shop, heir)).toEqual([false, false]);
  });

  test('of two shops on one telephone both are out; parted, the one that was asked and said it', async () => {
    const [asked, neighbour] = [await aShop(), await aShop()];
    await gives(neighbour, asked.phoneId);
    await key(await call(asked), '-9');
    expect(await out(asked, neighbour)).toEqual([true, true]);
    await gives(asked, await unused());
    await gives(neighbour, await unused());
    expect(await out(asked, neighbour)).toEqual([true, false]);
  });

  test('a word from a telephone of two shops is nobody’s in particular: it holds for the number', async () => {
    const [here, there] = [await aShop(), await aShop()];
    await gives(there, here.phoneId);
    await call(here);
    await write(here, 'R');
    expect(await ledger(here)).toMatchObject([{ source: 'sms', shop: null }]);
    expect(await out(here, there)).toEqual([true, true]);
  });

  test('a shop that took it back in the same call is in', async () => {
    const shop = await aShop();
    const attemptId = await call(shop);
    await key(attemptId, '-9');
    await key(attemptId, '#', 3);
    await gives(shop, await unused());
    expect(await out(shop)).toEqual([false]);
  });
});
