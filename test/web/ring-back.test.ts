import supertest from 'supertest';
import twilio from 'twilio';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { beginDialing, recordCallReport, recordPlaced } from '../../src/survey/fieldwork/call.ts';
import { claimDue } from '../../src/survey/fieldwork/claim.ts';
import { settle } from '../../src/survey/fieldwork/settle.ts';
import { addStaffPhone } from '../../src/survey/quality/staff-phones.ts';
import { fieldRound, settleIn, shopsOf } from '../support/city.ts';
import { type Field, openField } from '../support/field.ts';
import { openSite, publicUrl } from './site.ts';

/** Shops that ring back, by webhooks as Twilio signs them: who continues his case, and who can add no rating. */
let field: Field;
let app: ReturnType<typeof openSite>;
const all = <T>(text: string, ...values: unknown[]) => field.city.database.query<T>({ text, values });
const later = (seconds: number) => new Date(field.city.clock.now().getTime() + seconds * 1000);
const number = (shop: number) => `+861380001${String(shop).padStart(4, '0')}`;
const [here, stranger] = [number(0), '+8613999999999'];

beforeEach(async () => {
  field = await openField('ring-back', []);
  await settleIn(field.city, shopsOf('W01', 3));
  await fieldRound(field.city);
  app = openSite(field);
});
afterEach(() => field.close());

function post(path: string, fields: Record<string, string>) {
  const signature = twilio.getExpectedTwilioSignature('token of the tests', publicUrl + path, fields);
  return supertest(app).post(path).type('form').set('X-Twilio-Signature', signature).send(fields);
}
const ring = (from: string, sid = `CA${from.slice(1)}`) => post('/twilio/voice/inbound', { CallSid: sid, From: from });
const nextOf = (twiml: string) => new URL(/action="([^"]+)"/.exec(twiml)?.[1] ?? 'http://none/').pathname;

/** Rings, hears out the greeting and gives the overall rating; the call stays up. */
async function rate(from: string): Promise<void> {
  let path = nextOf((await ring(from)).text);
  for (const Digits of ['', '4']) {
    field.city.clock.advance(later(30));
    path = nextOf((await post(path, { CallSid: `CA${from.slice(1)}`, Digits })).text);
  }
}
const hangUp = async (sid: string) => {
  await post('/twilio/voice/inbound/status', { CallSid: sid, CallStatus: 'completed' });
  await settle(field.city);
};
const caseOf = async () =>
  (
    await all<{ state: string; disposition: string; overall: number | null; due_at: Date | null }>(
      `SELECT c.* FROM survey_case c WHERE c.retailer_id = 'W01-0000'`,
    )
  )[0];

/** Our calls go out, and nobody answers. */
async function nobodyAnswers(): Promise<void> {
  const lane = { carrier: 'test', channel: 'voice', perSecond: 100, concurrent: null } as const;
  const { query } = field.city.database;
  const now = field.city.clock.now();
  const wish = { now, until: later(1), openZones: ['Asia/Shanghai'] };
  for (const id of (await claimDue(field.city, lane, wish)).attemptIds) {
    await beginDialing(query, id, now, later(60));
    await recordPlaced(query, id, `CA${id}`, later(360));
    await recordCallReport(query, id, null, { state: 'ended', result: 'no-answer', errorCode: null }, now);
  }
  await settle(field.city);
}

describe('a number with an open case', () => {
  test('is greeted as one that rings back, rates in its own case, and uses up no attempt', async () => {
    await nobodyAnswers();
    const greeted = await ring(here);
    expect(greeted.text).toContain('刚才是我们打给您的');
    await rate(here);
    await hangUp(`CA${here.slice(1)}`);
    expect(await caseOf()).toMatchObject({ overall: 4, disposition: 'partial', state: 'active' });
    // One question more, in writing, as after a call of ours that broke off.
    expect(await caseOf()).toMatchObject({ due_channel: 'sms', due_at: field.city.clock.now() });
    expect(
      await all(
        `SELECT number, inbound FROM attempt a JOIN survey_case c ON c.id = a.case_id WHERE c.retailer_id = 'W01-0000' ORDER BY 1`,
      ),
    ).toEqual([
      { number: 1, inbound: false },
      { number: 2, inbound: true },
    ]);
  });

  test('that rings back again goes on at the first open question', async () => {
    await rate(here);
    await hangUp(`CA${here.slice(1)}`);
    const again = await ring(here, 'CA-second');
    expect(again.text).toContain('前面的分都记着');
  });

  test('is answered the same when the carrier repeats itself', async () => {
    const first = await ring(here);
    const again = await Promise.all([ring(here), ring(here)]);
    expect(again.map(({ text }) => text)).toEqual([first.text, first.text]);
    expect(await all('SELECT FROM attempt')).toHaveLength(1);
  });

  test('may ring at night', async () => {
    field.city.clock.advance(new Date('2026-12-01T21:00:00+08:00'));
    expect((await ring(here)).text).toContain('刚才是我们打给您的');
  });

  test('keeps all four calls after it rang and hung up', async () => {
    await ring(here);
    await hangUp(`CA${here.slice(1)}`);
    expect((await caseOf())?.due_at).not.toBeNull();
    expect(await all(`SELECT outcome FROM attempt`)).toEqual([{ outcome: 'refused' }]);
  });

  test('stops for good with 9 here too', async () => {
    const path = nextOf((await ring(here)).text);
    await post(path, { CallSid: `CA${here.slice(1)}`, Digits: '9' });
    await hangUp(`CA${here.slice(1)}`);
    expect(await caseOf()).toMatchObject({ state: 'done', disposition: 'opted-out' });
    expect((await ring(here, 'CA-after')).text).toContain('没有抽到您的店');
  });
});

describe('never two live calls to one number', () => {
  test('a call of ours that was only taken up gives way', async () => {
    const lane = { carrier: 'test', channel: 'voice', perSecond: 100, concurrent: null } as const;
    const wish = { now: field.city.clock.now(), until: later(1), openZones: ['Asia/Shanghai'] };
    const { attemptIds } = await claimDue(field.city, lane, wish);
    expect((await ring(here)).text).toContain('刚才是我们打给您的');
    for (const id of attemptIds) await beginDialing(field.city.database.query, id, field.city.clock.now(), later(60));
    const live = await all(
      `SELECT FROM attempt a JOIN phone p ON p.id = a.phone_id WHERE a.state <> 'ended' AND p.masked LIKE '%0000'`,
    );
    expect(live).toHaveLength(1);
  });

  /** Our calls go out, and ring. */
  async function ringing(): Promise<readonly string[]> {
    const lane = { carrier: 'test', channel: 'voice', perSecond: 100, concurrent: null } as const;
    const wish = { now: field.city.clock.now(), until: later(1), openZones: ['Asia/Shanghai'] };
    const { attemptIds } = await claimDue(field.city, lane, wish);
    for (const id of attemptIds) await beginDialing(field.city.database.query, id, field.city.clock.now(), later(60));
    return attemptIds;
  }
  const addressIn = (twiml: string) => {
    const { pathname, search } = new URL(/<Redirect method="POST">([^<]+)</.exec(twiml)?.[1] ?? 'http://none/');
    return pathname + search;
  };

  test('while ours rings the caller hears it ring, and once ours is over his goes on', async () => {
    const ours = await ringing();
    const held = await ring(here);
    expect(held.text).toContain('<Response><Pause length="5"/><Redirect method="POST">');
    expect(await all('SELECT FROM attempt WHERE inbound')).toEqual([]);
    const fields = { CallSid: `CA${here.slice(1)}`, From: here };
    const still = await post(addressIn(held.text), fields);
    for (const id of ours)
      await recordCallReport(
        field.city.database.query,
        id,
        null,
        { state: 'ended', result: 'busy', errorCode: null },
        later(5),
      );
    expect((await post(addressIn(still.text), fields)).text).toContain('刚才是我们打给您的');
    expect(await all('SELECT FROM attempt WHERE inbound')).toHaveLength(1);
  });

  test('it rings for three quarters of a minute at most', async () => {
    await ringing();
    const fields = { CallSid: `CA${here.slice(1)}`, From: here };
    let answer = await ring(here);
    let looks = 0;
    for (; answer.text.includes('<Pause'); looks++) answer = await post(addressIn(answer.text), fields);
    expect(looks * 5).toBe(45);
    expect(answer.text).toContain('我们换个时间再打');
    expect(answer.text).toContain('<Hangup/>');
  });

  test('while we talk with the number, who rings from it is told so and asked nothing', async () => {
    const [ours = ''] = await ringing();
    await all(`UPDATE attempt SET state = 'in-progress'`);
    const answer = await ring(here);
    expect(answer.text).toContain('我们换个时间再打');
    expect(answer.text).toContain('<Hangup/>');
    expect(await all('SELECT id, state FROM attempt WHERE id = $1 OR inbound', ours)).toEqual([
      { id: ours, state: 'in-progress' },
    ]);
  });
});

describe('whoever was not drawn', () => {
  test('of a known shop hears so, and can add no rating', async () => {
    await all(`UPDATE round SET state = 'closed'`);
    const answer = await ring(here);
    expect(answer.text).toContain('没有抽到您的店');
    const next = await post(nextOf(answer.text), { CallSid: 'CA-x', From: here, Digits: '5' });
    expect(next.text).toContain('<Hangup/>');
    expect(await all('SELECT FROM attempt')).toEqual([]);
    expect(await all('SELECT FROM answer')).toEqual([]);
  });

  test('may ask for a person with 8, once', async () => {
    await all(`UPDATE round SET state = 'closed'`);
    for (const sid of ['CA-1', 'CA-2'])
      expect((await post('/twilio/voice/inbound/wanted', { CallSid: sid, From: here, Digits: '8' })).text).toContain(
        '记下了',
      );
    expect(await all('SELECT state FROM follow_up')).toEqual([{ state: 'open' }]);
  });

  test.each([
    ['an unknown number', stranger],
    ['a withheld number', 'anonymous'],
  ])('%s hears I3', async (_, from) => {
    const { text } = await ring(from);
    expect(text).toContain('没有登记');
    expect(text).toContain('<Hangup/>');
    expect(await all('SELECT FROM attempt')).toEqual([]);
  });
});

describe('a number of the company’s own people', () => {
  const own = () => addStaffPhone(field.city, { employee: 'E7', phone: here, actor: 'test' });

  test('hears I3 even where a case is open under it, adds no rating, and is flagged once', async () => {
    await own();
    for (const _ of [1, 2]) expect((await ring(here)).text).toContain('没有登记');
    expect((await ring(here, 'CA-again')).text).toContain('没有登记');
    expect(await all('SELECT FROM attempt')).toEqual([]);
    expect(await all('SELECT f.kind, c.retailer_id FROM flag f JOIN survey_case c ON c.id = f.case_id')).toEqual([
      { kind: 'staff-ring-back', retailer_id: 'W01-0000' },
    ]);
    const noted = await all(
      `SELECT subject, detail FROM audit WHERE action = 'ring-back.staff-number' ORDER BY sequence`,
    );
    expect(noted).toEqual([
      { subject: `CA${here.slice(1)}`, detail: { flagged: true } },
      { subject: 'CA-again', detail: { flagged: false } },
    ]);
  });

  test('that is no shop’s hears I3, and is on record', async () => {
    await addStaffPhone(field.city, { employee: 'E7', phone: stranger, actor: 'test' });
    expect((await ring(stranger)).text).toContain('没有登记');
    expect(await all('SELECT FROM flag')).toEqual([]);
    expect(await all(`SELECT FROM audit WHERE action = 'ring-back.staff-number'`)).toHaveLength(1);
  });

  test('that was taken off the list is a shop’s again', async () => {
    await own();
    await all(`UPDATE staff_phone SET until = now()`);
    expect((await ring(here)).text).toContain('刚才是我们打给您的');
  });
});

describe('two rounds that want one number', () => {
  test('the ring-back continues one of them, and only that', async () => {
    await all(`
      INSERT INTO round (id, period, state, questionnaire_id, rule_set_id, launched_at)
      SELECT 'other', '2027-06', 'fielding', questionnaire_id, rule_set_id, launched_at - interval '1 day' FROM round`);
    await all(`
      INSERT INTO survey_case (id, round_id, retailer_id, manager_id, phone_id, position, wave, time_zone, due_at, due_channel)
      SELECT gen_random_uuid(), 'other', retailer_id, manager_id, phone_id, position, wave, time_zone, due_at, due_channel FROM survey_case`);
    await rate(here);
    await hangUp(`CA${here.slice(1)}`);
    expect(await all(`SELECT round_id FROM survey_case WHERE overall IS NOT NULL`)).toEqual([
      { round_id: '2026-12-R1' },
    ]);
  });

  test('the one whose call gave way to it waits for another', async () => {
    await all(`
      INSERT INTO round (id, period, state, questionnaire_id, rule_set_id, launched_at)
      SELECT 'later', '2027-06', 'fielding', questionnaire_id, rule_set_id, launched_at + interval '1 day' FROM round`);
    await nobodyAnswers();
    await all(`
      INSERT INTO survey_case (id, round_id, retailer_id, manager_id, phone_id, position, wave, time_zone)
      SELECT gen_random_uuid(), 'later', retailer_id, manager_id, phone_id, position, wave, time_zone FROM survey_case`);
    const { due_at: again } = (await caseOf()) ?? expect.fail();
    field.city.clock.advance(again ?? expect.fail());
    const lane = { carrier: 'test', channel: 'voice', perSecond: 100, concurrent: null } as const;
    const wish = { now: field.city.clock.now(), until: later(1), openZones: ['Asia/Shanghai'] };
    expect((await claimDue(field.city, lane, wish)).attemptIds.length).toBeGreaterThan(0);
    await rate(here);
    await hangUp(`CA${here.slice(1)}`);
    const cases = await all(
      `SELECT round_id, overall, state, due_at IS NOT NULL AS due FROM survey_case WHERE retailer_id = 'W01-0000' ORDER BY round_id`,
    );
    expect(cases).toMatchObject([
      { round_id: '2026-12-R1', overall: null, state: 'active', due: true },
      { round_id: 'later', overall: 4 },
    ]);
  });
});
