import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it, test } from 'vitest';
import { silentLog } from '../../src/platform/log.ts';
import { closeIncident, readIncidents } from '../../src/survey/fieldwork/incident.ts';
import { planAgain, putOff, recordMessageReport } from '../../src/survey/fieldwork/message.ts';
import { noticeStop } from '../../src/survey/fieldwork/notice.ts';
import { noteMishap, noteTaken, readPace, restSeconds } from '../../src/survey/fieldwork/pace.ts';
import type { OutgoingCall, Placing, TextPort } from '../../src/telephony/ports.ts';
import { handlersFor } from '../../src/workers/handlers.ts';
import { agenda } from '../../src/workers/heartbeat.ts';
import type { Services } from '../../src/workers/services.ts';
import { stop } from '../../src/workers/standing.ts';
import { fieldRound } from '../support/city.ts';
import { cityManagers, type Field, openField } from '../support/field.ts';
import { openProgram } from '../web/api/program.ts';
import { formToken, openSite, signedIn } from '../web/site.ts';

/** What a carrier in trouble does to rounds: as little as can be. The carrier is made up, all else is real. */

const perSecond = 5;
/** What is taken up at once: the slots of a second and a half, the first one now. */
const atOnce = 8;
const wrongKey: Placing = { kind: 'refused', result: 'technical', errorCode: 20003, trouble: 'settings' };
const noTemplate: Placing = {
  ...{ kind: 'refused', result: 'technical', errorCode: null, errorName: 'template.in-review', trouble: 'settings' },
};
const tooMany: Placing = { kind: 'refused', result: 'technical', errorCode: 20429, trouble: 'busy' };
const offNumber: Placing = { kind: 'refused', result: 'bad-number', errorCode: 21211 };
const silence: Placing = { kind: 'unknown', reason: 'no answer' };

let field: Field;
let services: Services;
let says: (call: Pick<OutgoingCall, 'attemptId'>) => Placing;
let asked: string[];
let isWell: boolean;
let healthAsked: number;
let errors: object[];

const taken = ({ attemptId }: { readonly attemptId: string }): Placing => ({
  kind: 'placed',
  carrierId: `CA${attemptId}`,
});

beforeEach(async () => {
  field = await openField('trouble', cityManagers(3));
  await fieldRound(field.city);
  says = taken;
  [asked, errors, isWell, healthAsked] = [[], [], true, 0];
  const port = {
    ...field.services.voice.port,
    async place(call: OutgoingCall) {
      asked.push(call.attemptId);
      return says(call);
    },
    async health() {
      healthAsked += 1;
      if (!isWell) throw new Error('away');
    },
  };
  const text: TextPort = {
    carrier: 'nobody',
    async send({ messageId }) {
      asked.push(messageId);
      return says({ attemptId: messageId });
    },
    textsTo: async () => [],
    health: async () => {},
  };
  services = {
    ...field.services,
    clock: { now: () => field.city.clock.now(), until: async (at: Date) => field.city.clock.advance(later(at)) },
    log: Object.assign(Object.create(silentLog), { error: (what: object) => errors.push(what) }),
    voice: { port, lane: { ...field.services.voice.lane, perSecond, concurrent: null } },
    text: { port: text, lane: { carrier: 'nobody', channel: 'sms', perSecond, concurrent: null } },
  };
});
afterEach(() => field.close());

const now = () => field.city.clock.now();
/** The clock goes on and never back. */
const later = (at: Date) => (at > now() ? at : now());
const goOn = (seconds: number) => field.city.clock.advance(new Date(now().getTime() + seconds * 1000));
const rows = <T>(text: string, ...values: unknown[]) => field.city.database.query<T>({ text, values });
const lane = () => services.voice.lane;

/** What one run of the dispatcher hands to the jobs. */
async function dispatch(): Promise<string[]> {
  const before = field.asked.length;
  await handlersFor(services).dispatch({});
  return field.asked
    .slice(before)
    .flatMap(({ name, payload }) =>
      name === 'dial' || name === 'text' ? Object.values(payload as Record<string, string>) : [],
    );
}

const dialAll = (ids: readonly string[]) =>
  Promise.all(ids.map((attemptId) => handlersFor(services).dial({ attemptId })));

describe('wrong settings', () => {
  it('stop the carrier with one incident, whatever was under way, and no round', async () => {
    says = () => wrongKey;
    const first = await dispatch();
    expect(first).toHaveLength(atOnce);
    await Promise.all(first.map((attemptId) => handlersFor(services).dial({ attemptId })));
    expect(errors).toHaveLength(1);
    const [incident, ...others] = await readIncidents(field.city.database.query);
    expect(others).toEqual([]);
    expect(incident).toMatchObject({ carrier: 'nobody/voice', errorCode: 20003, closedAt: null });
    // Those that had not begun to ask when it was opened were let go; nobody else asks.
    expect(incident?.refusals).toBe(asked.length);
    expect((await agenda(services)).dispatch).toBeNull();
    goOn(3600);
    expect(await dispatch()).toEqual([]);
    expect(await rows('SELECT state FROM round')).toEqual([{ state: 'fielding' }]);
    expect(await rows(`SELECT 1 FROM audit WHERE action = 'incident.open' AND actor = 'system'`)).toHaveLength(1);
  });

  it('let go what was taken up before and not dialled yet: nobody is asked, and it uses up no attempt', async () => {
    const [one, ...rest] = await dispatch();
    says = () => wrongKey;
    await dialAll([one ?? '']);
    await dialAll(rest);
    expect(asked).toEqual([one]);
    expect(await rows(`SELECT 1 FROM attempt WHERE state = 'ended' AND dialed_at IS NULL`)).toHaveLength(rest.length);
  });

  it('are mended: due cases go out again, at the pace and no quicker, and what was asked before opens nothing new', async () => {
    says = () => wrongKey;
    const askedAt = now();
    await dialAll((await dispatch()).slice(0, 1));
    goOn(1800);
    const [incident] = await readIncidents(field.city.database.query);
    await closeIncident(services, incident?.id ?? '', 'K');
    says = taken;
    const slots = await dispatch();
    expect(slots).toHaveLength(atOnce);
    await dialAll(slots);
    expect(asked).toHaveLength(1 + slots.length);
    await stop(services, lane(), { errorCode: 20003, askedAt });
    expect((await readPace(field.city.database.query, lane())).stopped).toBe(false);
    await stop(services, lane(), { errorCode: 20003, askedAt: now() });
    expect((await readPace(field.city.database.query, lane())).stopped).toBe(true);
    expect(errors).toHaveLength(2);
  });

  it('of the calls stop no texts, nor the other way round', async () => {
    says = () => wrongKey;
    await dialAll((await dispatch()).slice(0, 1));
    await rows(
      `UPDATE survey_case SET due_channel = 'sms', due_at = $1 WHERE id = (SELECT id FROM survey_case WHERE due_at IS NOT NULL LIMIT 1)`,
      now(),
    );
    says = () => noTemplate;
    goOn(1);
    const [text] = await dispatch();
    await handlersFor(services).text({ messageId: text ?? '' });
    expect(asked).toContain(text);
    expect(await readIncidents(field.city.database.query)).toMatchObject([
      { carrier: 'nobody/sms', errorName: 'template.in-review' },
      { carrier: 'nobody/voice', errorCode: 20003 },
    ]);
  });

  it('stop a thread that was to begin, and keep an answer that somebody waits for until the carrier goes on', async () => {
    const { query } = field.city.database;
    await rows(
      `UPDATE survey_case SET due_channel = CASE WHEN listed.n <= 2 THEN 'sms'::channel END, due_at = CASE WHEN listed.n <= 2 THEN $1::timestamptz END
       FROM (SELECT id, row_number() OVER (ORDER BY position, id) AS n FROM survey_case) AS listed WHERE listed.id = survey_case.id`,
      now(),
    );
    const [begun = '', waiting = ''] = await dispatch();
    await handlersFor(services).text({ messageId: begun });
    const reply = randomUUID();
    await rows(
      `INSERT INTO message (id, attempt_id, text, created_at, check_at) SELECT $1, attempt_id, 'S2', $3, $3 FROM message WHERE id = $2`,
      ...[reply, begun, now()],
    );
    await stop(services, services.text?.lane ?? lane(), { errorCode: 30007, askedAt: now() });
    asked = [];
    await handlersFor(services).text({ messageId: waiting });
    await handlersFor(services).text({ messageId: reply });
    expect(asked).toEqual([]);
    const stateOf = async (id: string) =>
      (await rows<{ state: string }>('SELECT state FROM message WHERE id = $1', id))[0]?.state;
    expect([await stateOf(waiting), await stateOf(reply)]).toEqual(['failed', 'planned']);
    const [incident] = await readIncidents(query);
    await closeIncident(services, incident?.id ?? '', 'K');
    await handlersFor(services).text({ messageId: reply });
    expect(asked).toEqual([reply]);
  });
});

describe('a text that waited', () => {
  /** A thread that was begun, and an answer of ours to it that could not go yet. */
  async function answerWaits(): Promise<string> {
    await rows(
      `UPDATE survey_case SET due_channel = CASE WHEN n = 1 THEN 'sms'::channel END, due_at = CASE WHEN n = 1 THEN $1::timestamptz END
       FROM (SELECT id, row_number() OVER (ORDER BY position, id) AS n FROM survey_case) AS listed WHERE listed.id = survey_case.id`,
      now(),
    );
    const [begun = ''] = await dispatch();
    await handlersFor(services).text({ messageId: begun });
    const reply = randomUUID();
    await rows(
      `INSERT INTO message (id, attempt_id, text, created_at, check_at) SELECT $1, attempt_id, 'S2', $3, $3 FROM message WHERE id = $2`,
      ...[reply, begun, now()],
    );
    asked = [];
    return reply;
  }
  const stateOf = async (id: string) =>
    (await rows<{ state: string }>('SELECT state FROM message WHERE id = $1', id))[0]?.state;

  it('asks nothing in a round that is over', async () => {
    const reply = await answerWaits();
    await rows(`UPDATE round SET state = 'closed'`);
    await handlersFor(services).text({ messageId: reply });
    expect(asked).toEqual([]);
    expect(await stateOf(reply)).toBe('failed');
  });

  it('does not come at night to whoever wrote in the afternoon', async () => {
    const reply = await answerWaits();
    goOn(14 * 3600);
    await handlersFor(services).text({ messageId: reply });
    expect(asked).toEqual([]);
    expect(await stateOf(reply)).toBe('planned');
    goOn(10 * 3600);
    await handlersFor(services).text({ messageId: reply });
    expect(asked).toEqual([reply]);
  });

  it('is not taken back by a second delivery of its job while the first asks the carrier', async () => {
    const reply = await answerWaits();
    await rows(`UPDATE message SET state = 'sending' WHERE id = $1`, reply);
    const { query } = field.city.database;
    await putOff(query, reply, now());
    const technical = { state: 'failed', result: 'technical', errorCode: null } as const;
    await recordMessageReport(query, reply, null, technical, now(), 'planned');
    expect(await stateOf(reply)).toBe('sending');
    await planAgain(query, reply, now());
    expect(await stateOf(reply)).toBe('planned');
  });
});

describe('a text of no thread', () => {
  it('waits while the carrier is stopped or rests, and goes when it goes on', async () => {
    const { query } = field.city.database;
    const texts = services.text?.lane ?? lane();
    const [phone] = await rows<{ blind_index: Buffer }>(`SELECT blind_index FROM phone WHERE kind = 'mobile' LIMIT 1`);
    const notice = (await noticeStop(query, phone?.blind_index ?? Buffer.alloc(0), now())) ?? '';
    await stop(services, texts, { errorCode: 30007, askedAt: now() });
    await handlersFor(services).text({ messageId: notice });
    const [incident] = await readIncidents(query);
    goOn(1);
    await closeIncident(services, incident?.id ?? '', 'K');
    await noteMishap(query, texts, 'busy', { askedAt: now(), now: now() });
    await handlersFor(services).text({ messageId: notice });
    expect(asked).toEqual([]);
    goOn(1);
    await handlersFor(services).text({ messageId: notice });
    expect(asked).toEqual([notice]);
  });
});

describe('a carrier that is too busy', () => {
  it('is left in peace, twice as long after each time, asked for its health, and tried with a single call', async () => {
    says = () => tooMany;
    const [one = '', ...others] = await dispatch();
    await dialAll([one]);
    expect(await dispatch()).toEqual([]);
    for (const [index, seconds] of [1, 2, 4].entries()) {
      goOn(seconds - 0.1);
      expect(await dispatch()).toEqual([]);
      goOn(0.1);
      const trial = await dispatch();
      expect(trial).toHaveLength(1);
      expect(healthAsked).toBe(index + 1);
      // Nobody else tries meanwhile.
      expect(await dispatch()).toEqual([]);
      await dialAll(trial);
    }
    // What was taken up before the trouble is let go, also after the rest.
    const made = asked.length;
    await dialAll(others);
    expect(asked).toHaveLength(made);
    expect((await readPace(field.city.database.query, lane())).troubles).toBe(4);
    expect((await agenda(services)).dispatch).toEqual((await readPace(field.city.database.query, lane())).restUntil);
    goOn(8);
    const trial = await dispatch();
    says = taken;
    await dialAll(trial);
    expect((await readPace(field.city.database.query, lane())).troubles).toBe(0);
    goOn(0.2);
    expect(await dispatch()).toHaveLength(atOnce);
  });

  it('costs no case while it does not even say how it is', async () => {
    says = () => tooMany;
    await dialAll((await dispatch()).slice(0, 1));
    isWell = false;
    goOn(1);
    expect(await dispatch()).toEqual([]);
    goOn(1);
    expect(await dispatch()).toEqual([]);
    expect(asked).toHaveLength(1);
    expect(healthAsked).toBe(1);
    goOn(1);
    isWell = true;
    expect(await dispatch()).toHaveLength(1);
  });

  it('is well again once it answers for a number, be it that there is none such', async () => {
    says = () => tooMany;
    await dialAll((await dispatch()).slice(0, 1));
    goOn(1);
    says = () => offNumber;
    await dialAll(await dispatch());
    expect((await readPace(field.city.database.query, lane())).troubles).toBe(0);
  });

  test('rests five minutes at most', () => {
    expect([1, 2, 3, 9, 10, 60].map(restSeconds)).toEqual([1, 2, 4, 256, 300, 300]);
  });
});

describe('a carrier that says nothing', () => {
  it('once or twice is bad luck; the third time in a row it is away', async () => {
    says = () => silence;
    const calls = await dispatch();
    await dialAll(calls.slice(0, 2));
    expect((await readPace(field.city.database.query, lane())).troubles).toBe(0);
    await dialAll(calls.slice(2, 3));
    expect(await readPace(field.city.database.query, lane())).toMatchObject({ troubles: 1, silences: 3 });
    expect(await dispatch()).toEqual([]);
  });

  it('and then takes one is not away', async () => {
    const calls = await dispatch();
    const answers = [silence, silence, null, silence, silence];
    says = (call) => answers.shift() ?? taken(call);
    for (const attemptId of calls.slice(0, 5)) {
      goOn(0.001);
      await dialAll([attemptId]);
    }
    expect(await readPace(field.city.database.query, lane())).toMatchObject({ troubles: 0, silences: 2 });
  });

  it('to fifty requests at once is one outage', async () => {
    const { query } = field.city.database;
    const askedAt = now();
    goOn(10);
    const rests = await Promise.all(
      Array.from({ length: 50 }, () => noteMishap(query, lane(), 'silent', { askedAt, now: now() })),
    );
    expect(rests.filter((seconds) => seconds !== null)).toEqual([1]);
    expect(await readPace(query, lane())).toMatchObject({ troubles: 1 });
    // Neither does one that was taken before the outage end it.
    await noteTaken(query, lane(), askedAt);
    expect((await readPace(query, lane())).troubles).toBe(1);
  });
});

describe('rounds in the field', () => {
  it('take turns: a small one does not wait until a large one is done', async () => {
    const [first] = await rows<{ id: string }>('SELECT id FROM round');
    await rows(
      `INSERT INTO round (id, period, state, questionnaire_id, rule_set_id, launched_at) SELECT '2026-12-R9', period, 'fielding', questionnaire_id, rule_set_id, launched_at FROM round`,
    );
    await rows(
      `UPDATE survey_case SET round_id = '2026-12-R9', due_at = $1 WHERE id IN (SELECT id FROM survey_case WHERE due_at IS NOT NULL ORDER BY position DESC, id LIMIT 9)`,
      now(),
    );
    await rows(
      "UPDATE survey_case SET due_at = $1::timestamptz - interval '1 hour' WHERE round_id = $2",
      now(),
      first?.id,
    );
    const served: string[] = [];
    for (let turn = 0; turn < 3; turn += 1) {
      const ids = await dispatch();
      const claimed = await rows<{ round_id: string }>('SELECT round_id FROM attempt WHERE id = ANY($1)', ids);
      served.push(...claimed.map(({ round_id }) => round_id));
      goOn(1.7);
    }
    const small = served.filter((id) => id === '2026-12-R9').length;
    expect(served).toHaveLength(3 * atOnce);
    expect(small).toBe(9);
  });
});

test('the page and the API say how carriers stand, and let one go on', async () => {
  await stop(services, lane(), { errorCode: 21210, askedAt: now() });
  const seen: Field = { ...field, services };
  const app = openSite(seen);
  const admin = await signedIn(seen, app, 'admin');
  expect((await admin.get('/rounds')).text).toContain('nobody 电话 已停');
  const page = await admin.get('/carriers');
  expect(page.text).toMatch(/21210/);
  const program = await openProgram(seen, app, ['carriers:read', 'carriers:write']);
  const listed = await program.get('/carriers');
  expect(listed.body.items).toMatchObject([
    { carrier: 'nobody/voice', perSecond, stopped: true },
    { carrier: 'nobody/sms', stopped: false },
  ]);
  const [incident] = (await program.get('/incidents')).body.items;
  const closed = await admin
    .post(`/carriers/incidents/${incident.id}/close`)
    .type('form')
    .send({ _csrf: formToken(page.text) });
  expect(closed.status).toBe(303);
  expect((await admin.get('/rounds')).text).not.toContain('已停：运营商');
  expect((await program.post(`/incidents/${incident.id}/close`)).status).toBe(409);
  expect(await rows(`SELECT 1 FROM audit WHERE action = 'incident.close'`)).toHaveLength(1);
});
