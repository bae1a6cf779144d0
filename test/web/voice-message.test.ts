import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import supertest from 'supertest';
import twilio from 'twilio';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { takeVoiceTurn } from '../../src/survey/fieldwork/turn.ts';
import { questionnaireWithMessages } from '../../src/survey/questionnaire/recording.fixture.ts';
import type { Counts, Heard, Person, Reaction, Spoken } from '../../src/telephony/simulator/person.ts';
import { type Simulator, startSimulator } from '../../src/telephony/simulator/server.ts';
import { openTwilio } from '../../src/telephony/twilio/twilio.ts';
import { createApp } from '../../src/web/app.ts';
import { dial } from '../../src/workers/dial.ts';
import { dispatch } from '../../src/workers/dispatch.ts';
import { handlersFor } from '../../src/workers/handlers.ts';
import type { Services } from '../../src/workers/services.ts';
import { fieldRound, settleIn, shopsOf } from '../support/city.ts';
import { type Field, openField } from '../support/field.ts';
import { openProgram } from './api/program.ts';
import { follow, linkFor, makeUser, type visitor, wordsOf } from './site.ts';

/**
 * A spoken comment from the tone to the vault: our webhooks and PostgreSQL, and a carrier that is called, calls back and
 * keeps recordings, over real HTTP. The shop says what its test wants.
 */
const ACCOUNT = 'AC0123456789abcdef0123456789abcdef';
const TOKEN = 'token of the tests';
const roundId = '2026-12-R1';

let field: Field;
let services: Services;
let server: Server;
let url: string;
let app: ReturnType<typeof createApp>;
let simulator: Simulator;
let says: Spoken | null;
let misses: boolean;
/** The turn that brings the recording is lost on its way to us: the eleventh, after ten of questions and keys. */
let losesRecordings: boolean;
/** What the carrier was asked for. */
let asked: string[];

const all = <T>(text: string, ...values: unknown[]) => field.city.database.query<T>({ text, values });

/** What a shop keys when it is asked; it wants to leave a message. */
const keys: readonly (readonly [words: RegExp, key: string])[] = [
  [/想留言/, '1'],
  [/请打分/, '4'],
  [/第[二三四五]题/, '3'],
  [/第六题|最后一题/, '2'],
];
function hear({ now }: Heard): Reaction {
  if (/再见/.test(now.words)) return { does: 'hang-up', at: now.seconds };
  const key = keys.find(([words]) => words.test(now.words))?.[1];
  return key ? { does: 'press', presses: [{ key, at: now.seconds + 1 }] } : { does: 'nothing' };
}
const person: Person = {
  ...{ texts: { arrive: true }, patience: 60, hear, read: () => null, nameIn: () => null },
  ring: (_: Counts) => (misses ? { does: 'ring-out', connect: 1 } : { does: 'answer', connect: 1, after: 3 }),
  ringsBack: () => 600,
  speak: () => says,
};

beforeEach(async () => {
  field = await openField('voice-message', []);
  says = { seconds: 9, ends: '#' };
  misses = false;
  losesRecordings = false;
  asked = [];
  server = createServer();
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { clock } = field.city;
  simulator = await startSimulator({
    ...{ accountSid: ACCOUNT, authToken: TOKEN, seed: 'test', controlToken: 'control', start: clock.now() },
    ...{ voiceUrl: `${url}/twilio/voice/inbound`, voiceStatusUrl: `${url}/twilio/voice/inbound/status` },
    personBehind: () => person,
  });
  const { voice } = openTwilio({
    ...{ accountSid: ACCOUNT, authToken: TOKEN, baseUrl: simulator.url, fromNumbers: ['+14155550100'] },
    ...{ messagingServiceSid: null, publicUrl: url },
  });
  const port: typeof voice = {
    ...voice,
    async audioOf(id) {
      asked.push('audio');
      return voice.audioOf(id);
    },
  };
  services = {
    ...field.services,
    questionnaire: async () => questionnaireWithMessages(),
    voice: { port, lane: { carrier: 'twilio', channel: 'voice', perSecond: 10, concurrent: null } },
  };
  app = createApp(services, {
    ...{ twilio: { authTokens: [TOKEN], publicUrl: url }, publicUrl: url },
    sessionSecret: 'a secret of the tests, long enough to be one',
  });
  server.on('request', (request, response) => {
    if (!losesRecordings || !/^\/twilio\/voice\/[0-9a-f-]+\/11$/.test(request.url ?? '')) return app(request, response);
    response.writeHead(502).end();
  });
  await settleIn(field.city, shopsOf('W01', 1));
  await fieldRound(field.city);
});
afterEach(async () => {
  await simulator.close();
  server.closeAllConnections();
  await new Promise((done) => server.close(done));
  await field.close();
});

async function control(verb: string, body?: object): Promise<{ now: string; nextDue: string | null }> {
  const init = body ? { method: 'POST', body: JSON.stringify(body) } : {};
  const answer = await fetch(`${simulator.url}/_control/control/${verb}`, init);
  return (await answer.json()) as { now: string; nextDue: string | null };
}

/** Lets both clocks go on together until the carrier has nothing left to do. */
async function untilQuiet(): Promise<void> {
  for (let state = await control('quiet'); state.nextDue !== null; ) {
    field.city.clock.advance(new Date(state.nextDue));
    state = await control('advance', { to: state.nextDue });
  }
}
async function later(minutes: number): Promise<void> {
  field.city.clock.advance(new Date(field.city.clock.now().getTime() + minutes * 60_000));
  await control('advance', { to: field.city.clock.now() });
}

const handlers = () => handlersFor(services);
const jobs = (name: string) => field.asked.filter((job) => job.name === name);

/** Calls the shop, and holds the whole conversation. */
async function call(): Promise<string> {
  await dispatch(services);
  const [{ attemptId } = { attemptId: '' }] = jobs('dial').map(({ payload }) => payload as { attemptId: string });
  await dial(services, attemptId);
  await untilQuiet();
  return attemptId;
}
/** Works every job there is for messages. */
async function keep(): Promise<void> {
  for (const { payload } of jobs('voice-message'))
    await handlers()['voice-message'](payload as { recordingId: string });
}

interface Row {
  readonly recording_id: string;
  readonly seconds: number;
  readonly counts: boolean;
  readonly sealed: Buffer | null;
  readonly fetched_at: Date | null;
  readonly deleted_at_carrier: Date | null;
  readonly check_at: Date | null;
}
const rows = () => all<Row>('SELECT * FROM voice_message ORDER BY at, recording_id');
const atCarrier = async (id: string) => {
  const authorization = `Basic ${btoa(`${ACCOUNT}:${TOKEN}`)}`;
  const at = `${simulator.url}/2010-04-01/Accounts/${ACCOUNT}/Recordings/${id}.json`;
  return (await fetch(at, { headers: { authorization } })).status;
};
const caseOf = async () =>
  (await all<{ answers: Record<string, number>; disposition: string }>('SELECT * FROM survey_case'))[0];

describe('a message', () => {
  test('is announced, recorded, fetched, sealed, and then deleted at the carrier', async () => {
    const attemptId = await call();
    const [before, ...more] = await rows();
    expect([before?.seconds, before?.counts, before?.sealed, more]).toEqual([9, true, null, []]);
    const said = await all<{ clip: string }>(
      `SELECT jsonb_array_elements(reply -> 'say') ->> 'clip' AS clip FROM turn WHERE attempt_id = $1 ORDER BY number`,
      attemptId,
    );
    expect(said.map(({ clip }) => clip).slice(-4)).toEqual(['C1', 'V1', 'V2', 'Z1']);
    expect((await caseOf())?.answers.C1).toBe(1);
    expect(await atCarrier(before?.recording_id ?? '')).toBe(200);

    await keep();
    const [kept] = await rows();
    const audio = services.vault.openBytes(kept?.sealed ?? Buffer.alloc(0));
    expect([audio.toString('latin1', 0, 4), audio.length]).toEqual(['RIFF', 44 + 9 * 8000]);
    expect(kept?.sealed?.includes('RIFF')).toBe(false);
    expect([kept?.fetched_at, kept?.deleted_at_carrier]).toEqual([expect.any(Date), expect.any(Date)]);
    expect([kept?.check_at, await atCarrier(kept?.recording_id ?? '')]).toEqual([null, 404]);
    await keep();
    expect(asked).toEqual(['audio']);
  });

  test('that ends with a hang-up is kept, and the interview is complete', async () => {
    says = { seconds: 5, ends: 'hang-up' };
    await call();
    await keep();
    expect(await rows()).toMatchObject([{ seconds: 5, counts: true, sealed: expect.any(Buffer), check_at: null }]);
    await handlers().settle({});
    expect((await caseOf())?.disposition).toBe('complete');
  });

  test('of which nobody said a word is none', async () => {
    says = null;
    await call();
    expect(await rows()).toEqual([]);
    expect((await caseOf())?.answers).not.toHaveProperty('C1');
  });

  test('longer than the longest is cut there', async () => {
    says = { seconds: 400, ends: '#' };
    await call();
    expect(await rows()).toMatchObject([{ seconds: 60, counts: true }]);
  });
});

test('a shop that missed our call rings back, rates in its own case, and leaves its message there', async () => {
  misses = true;
  await call();
  expect(await all('SELECT inbound, state, result FROM attempt ORDER BY number')).toEqual([
    { inbound: false, state: 'ended', result: 'no-answer' },
    { inbound: true, state: 'ended', result: 'completed' },
  ]);
  await handlers().settle({});
  expect(await caseOf()).toMatchObject({ disposition: 'complete', answers: { Q1: 4, C1: 1 } });
  await keep();
  expect(await rows()).toMatchObject([{ counts: true, sealed: expect.any(Buffer), check_at: null }]);
});

describe('whatever the carrier repeats or loses', () => {
  /** The turn that brought the recording, sent again as the carrier signs it. */
  async function again(attemptId: string, RecordingSid: string) {
    const [turn] = await all<{ number: number }>(
      `SELECT number FROM turn WHERE attempt_id = $1 AND input ->> 'kind' = 'recorded'`,
      attemptId,
    );
    const path = `/twilio/voice/${attemptId}/${turn?.number}`;
    const fields = { CallSid: 'CA1', RecordingSid, RecordingDuration: '9', Digits: '#' };
    const signature = twilio.getExpectedTwilioSignature(TOKEN, url + path, fields);
    return supertest(server).post(path).type('form').set('X-Twilio-Signature', signature).send(fields);
  }

  test('a repeated turn gets its first answer, and is stored once', async () => {
    const attemptId = await call();
    const [first] = await rows();
    const answers = await Promise.all([1, 2, 3, 4, 5].map(() => again(attemptId, first?.recording_id ?? '')));
    expect(new Set(answers.map(({ status, text }) => `${status} ${text.includes('您的话记下了')}`))).toEqual(
      new Set(['200 true']),
    );
    expect(await rows()).toHaveLength(1);
    expect(await all(`SELECT FROM answer WHERE item = 'C1'`)).toHaveLength(1);
  });

  test('another recording under a turn that was taken is not kept, and deleted at the carrier', async () => {
    const attemptId = await call();
    await again(attemptId, 'REother');
    const deleted: string[] = [];
    const { port } = services.voice;
    services = {
      ...services,
      voice: { ...services.voice, port: { ...port, deleteRecording: async (id) => void deleted.push(id) } },
    };
    await handlers()['voice-message']({ recordingId: 'REother' });
    expect(deleted).toEqual(['REother']);
    expect(asked).toEqual([]);
    expect(await rows()).toContainEqual(
      expect.objectContaining({ recording_id: 'REother', counts: false, sealed: null, check_at: null }),
    );
  });

  test('a turn that never arrived is made up for: the carrier is asked what it recorded', async () => {
    says = { seconds: 7, ends: 'hang-up' };
    losesRecordings = true;
    await call();
    expect(await rows()).toEqual([]);
    await handlers().reconcile({});
    expect(await rows()).toEqual([]);
    await later(2);
    await handlers().reconcile({});
    expect(await rows()).toMatchObject([{ seconds: 7, counts: true }]);
    await keep();
    expect(await rows()).toMatchObject([{ sealed: expect.any(Buffer), check_at: null }]);
    expect(await all('SELECT FROM attempt WHERE check_at IS NOT NULL')).toEqual([]);
  });

  test('and where it recorded nothing it is asked for an hour, and then left alone', async () => {
    losesRecordings = true;
    says = { seconds: 7, ends: 'hang-up' };
    await call();
    const { port } = services.voice;
    services = { ...services, voice: { ...services.voice, port: { ...port, recordingsOf: async () => [] } } };
    for (const minutes of [2, 30, 31]) {
      await later(minutes);
      await handlers().reconcile({});
    }
    expect(await rows()).toEqual([]);
    expect(await all('SELECT FROM attempt WHERE check_at IS NOT NULL')).toEqual([]);
  });

  test('after the round closed nothing of it is kept, and the carrier keeps nothing either', async () => {
    losesRecordings = true;
    says = { seconds: 7, ends: 'hang-up' };
    await call();
    await all(`UPDATE round SET state = 'closed'`);
    await later(2);
    await handlers().reconcile({});
    await keep();
    const [row] = await rows();
    expect(row).toMatchObject({ counts: false, sealed: null, check_at: null });
    expect(await atCarrier(row?.recording_id ?? '')).toBe(404);
  });
});

describe('cut off between the steps', () => {
  const failing = (step: 'audioOf' | 'deleteRecording') => {
    const { port } = services.voice;
    const fails = () => Promise.reject(new Error('cut off'));
    return handlersFor({ ...services, voice: { ...services.voice, port: { ...port, [step]: fails } } });
  };
  const job = () => jobs('voice-message')[0]?.payload as { recordingId: string };

  test('before it was fetched: it lies at the carrier until it is', async () => {
    await call();
    await expect(failing('audioOf')['voice-message'](job())).rejects.toThrow('cut off');
    expect(await rows()).toMatchObject([{ sealed: null, deleted_at_carrier: null, check_at: expect.any(Date) }]);
    const before = jobs('voice-message').length;
    await later(1);
    await handlers().reconcile({});
    expect(jobs('voice-message').length).toBe(before + 1);
    await keep();
    expect(await rows()).toMatchObject([{ sealed: expect.any(Buffer), check_at: null }]);
  });

  test('between keeping and deleting: it is deleted later, and not fetched again', async () => {
    await call();
    await expect(failing('deleteRecording')['voice-message'](job())).rejects.toThrow('cut off');
    const [kept] = await rows();
    expect(kept).toMatchObject({ sealed: expect.any(Buffer), deleted_at_carrier: null });
    expect(asked).toEqual(['audio']);
    await keep();
    const [after] = await rows();
    expect(after?.sealed).toEqual(kept?.sealed);
    expect(asked).toEqual(['audio']);
    expect(await atCarrier(after?.recording_id ?? '')).toBe(404);
  });

  test('after deleting, before noting it: gone is gone', async () => {
    await call();
    await keep();
    await all('UPDATE voice_message SET deleted_at_carrier = NULL, check_at = at');
    await keep();
    expect(await rows()).toMatchObject([{ deleted_at_carrier: expect.any(Date), sealed: expect.any(Buffer) }]);
  });

  test('a carrier that does not have it yet is asked again; one that never has it, for days', async () => {
    await call();
    const { port } = services.voice;
    const never = { ...services, voice: { ...services.voice, port: { ...port, audioOf: async () => null } } };
    await handlersFor(never)['voice-message'](job());
    expect(await rows()).toMatchObject([{ counts: true, deleted_at_carrier: null }]);
    await all('UPDATE voice_message SET checks = 10');
    await handlersFor(never)['voice-message'](job());
    expect(await rows()).toMatchObject([{ counts: false, sealed: null, check_at: null }]);
  });

  test('the database itself refuses to note as deleted what counts and is not kept', async () => {
    await call();
    await expect(all('UPDATE voice_message SET deleted_at_carrier = at')).rejects.toThrow(/kept_before_deleted/);
  });
});

describe('listening', () => {
  /** As many shops have answered, and each left a message. */
  async function answered(shops: number, state: string): Promise<void> {
    await settleIn(field.city, shopsOf('W02', shops));
    await all(`
      INSERT INTO survey_case (id, round_id, retailer_id, manager_id, phone_id, position, wave, time_zone, disposition, state)
      SELECT gen_random_uuid(), '${roundId}', id, 'W02', phone_id, 0, 1, 'Asia/Shanghai', 'complete', 'done' FROM retailer WHERE id LIKE 'W02%'`);
    const cases = await all<{ id: string }>(
      `SELECT id FROM survey_case WHERE disposition = 'complete' ORDER BY retailer_id`,
    );
    for (const [index, one] of cases.entries())
      await all(
        `INSERT INTO voice_message (recording_id, case_id, attempt_id, seconds, counts, sealed, at) VALUES ($1, $2, $2, $3, true, $4, now())`,
        ...[`RE${index}`, one.id, index + 1, services.vault.sealBytes(Buffer.from(`RIFF ${index + 1}`))],
      );
    await all(`UPDATE round SET state = $1::round_state`, state);
  }
  const as = async (role: 'admin' | 'auditor' | 'supervisor' | 'manager') => {
    const browser = supertest.agent(server) as ReturnType<typeof visitor>;
    await follow(browser, await linkFor(field, await makeUser(field, role, role === 'supervisor' ? 'D1' : null)));
    return browser;
  };
  const page = `/rounds/${roundId}/messages`;

  test.each(['admin', 'auditor'] as const)(
    '%s may, shuffled and undated, and every listening is on record',
    async (role) => {
      await answered(10, 'closed');
      const browser = await as(role);
      const { text } = await browser.get(page);
      const seconds = [...text.matchAll(/第 \d+ 段，(\d+) 秒<br>/g)].map(([, each]) => Number(each));
      expect([...seconds].sort((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
      expect(seconds).not.toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
      expect(text).not.toMatch(/W02-|店W02|\*{4}|经理W02/);
      const { headers, body, status } = await browser.get(`${page}/3.wav`).responseType('blob');
      expect([status, headers['content-type'], String(body)]).toEqual([200, 'audio/wav', `RIFF ${seconds[2]}`]);
      expect((await browser.get(`${page}/11.wav`)).status).toBe(404);
      expect(
        await all(`SELECT action, subject, detail FROM audit WHERE action LIKE 'voice-message%' ORDER BY sequence`),
      ).toEqual([
        { action: 'voice-messages.read', subject: roundId, detail: {} },
        { action: 'voice-message.listen', subject: roundId, detail: { message: 3 } },
      ]);
      const english = await browser.get(`${page}?lang=en`);
      expect(wordsOf(english.text)).toContain('Message 1');
    },
  );

  test.each([
    ['while the round goes on', 10, 'fielding', '轮次结束后才能收听'],
    ['of fewer than ten', 9, 'closed', '回答不足 10 户'],
  ])('none is heard %s', async (_, shops, state, words) => {
    await answered(shops, state);
    const browser = await as('admin');
    const { text } = await browser.get(page);
    expect(text).toContain(words);
    expect(text).not.toContain('<audio');
    expect((await browser.get(`${page}/1.wav`)).status).toBe(404);
  });

  test('a round without messages says so', async () => {
    await answered(10, 'closed');
    await all('DELETE FROM voice_message');
    expect((await (await as('auditor')).get(page)).text).toContain('这一轮没有语音留言');
  });

  test.each(['supervisor', 'manager'] as const)('%s may not', async (role) => {
    await answered(10, 'closed');
    const browser = await as(role);
    for (const path of [page, `${page}/1.wav`]) expect((await browser.get(path)).status).toBe(403);
  });

  test('a program may with its scope, and each read is on record', async () => {
    await answered(10, 'closed');
    const reader = await openProgram({ services }, app, ['messages:read']);
    const { body } = await reader.get(page);
    expect([body.withheld, body.messages.length, body.messages[0].number]).toEqual([null, 10, 1]);
    const heard = await reader.get(`${page}/1`).responseType('blob');
    expect([heard.headers['content-type'], String(heard.body)]).toEqual([
      'audio/wav',
      `RIFF ${body.messages[0].seconds}`,
    ]);
    const lines = await all<{ action: string }>(`SELECT action FROM audit WHERE actor = $1`, reader.actor);
    expect(lines.map(({ action }) => action)).toEqual(['api.messages.list', 'api.messages.hear']);
    const other = await openProgram({ services }, app, ['results:read']);
    for (const path of [page, `${page}/1`]) expect((await other.get(path)).status).toBe(403);
  });
});

test('a recording of a turn that was none of a message is deleted, whoever says so', async () => {
  const attemptId = await call();
  await takeVoiceTurn(services, attemptId, 0, { kind: 'recorded', id: 'REx', seconds: 3, endedBy: '#' });
  expect(await rows()).toContainEqual(expect.objectContaining({ recording_id: 'REx', counts: false }));
});
