import { createServer } from 'node:http';
import twilio from 'twilio';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Activity } from '../../src/platform/activity.ts';
import { connect } from '../../src/platform/database.ts';
import { silentLog } from '../../src/platform/log.ts';
import { claimDue } from '../../src/survey/fieldwork/claim.ts';
import type { Lane } from '../../src/survey/fieldwork/pace.ts';
import { takeDetection } from '../../src/survey/fieldwork/turn.ts';
import type { Greeting, Person, Reaction } from '../../src/telephony/simulator/person.ts';
import { type Simulator, startSimulator } from '../../src/telephony/simulator/server.ts';
import { openTwilio } from '../../src/telephony/twilio/twilio.ts';
import { createApp } from '../../src/web/app.ts';
import type { JobHandlers } from '../../src/workers/catalogue.ts';
import { handlersFor } from '../../src/workers/handlers.ts';
import type { Services } from '../../src/workers/services.ts';
import { type City, fieldRound, openCity, settleIn, shopsOf, tuesdayMorning } from '../support/city.ts';
import { closed, fine, htmlPage, listening, lost, type Network, openNetwork } from '../telephony/weather.ts';

/**
 * Who answers is a machine, and the carrier says so in the middle of the call (script §5, rows 13 and 14): the whole
 * chain, over a carrier whose ear measures what machines say. Nobody is held in silence for it, and no machine is asked
 * anything once it is known.
 */

const account = { accountSid: 'AC0123456789abcdef0123456789abcdef', authToken: 'a token known to both sides' };
const A1 = '您好,市烟';
const W1 = '市烟草公司回访,没有急事';
const S0 = '市烟草公司回访,想请店主';
const Q1 = '第一题。只';

let city: City;
let simulator: Simulator;
let network: Network;
let services: Services;
let jobs: JobHandlers;
let publicUrl: string;
let greeting: Greeting;
/** What he does on hearing words, by how they begin. */
let reactions: Readonly<Record<string, Reaction>>;
/** What was said into the line, in order, cut off or not. */
let heard: string[];
/** Requests of the carrier, by the last part of their address. */
let told: string[];
let verdictsAreLost: boolean;
/** Requests that we fail to answer: before their turn was taken in, or after. */
let failing: { readonly at: string; readonly takenIn: boolean } | null;

const person: Person = {
  ...{ texts: { arrive: true }, patience: 100, read: () => null, nameIn: () => null },
  ring: () => ({ does: 'answer', connect: 1, after: 3 }),
  greets: () => greeting,
  hear({ now }) {
    heard.push(now.words);
    return Object.entries(reactions).find(([begins]) => now.words.startsWith(begins))?.[1] ?? { does: 'nothing' };
  },
};

const app = createServer();
beforeAll(async () => {
  city = await openCity('machines');
  await settleIn(city, Array.from({ length: 6 }, (_, index) => shopsOf(`W${10 + index}`, 10)).flat());
  await fieldRound(city);
  publicUrl = await listening(app);
  simulator = await startSimulator({
    ...{ ...account, seed: 'machines', start: tuesdayMorning, controlToken: 'control' },
    personBehind: () => person,
  });
  network = await openNetwork(simulator.url);
  const settings = { fromNumbers: ['+8679188000000'], messagingServiceSid: null, requestTimeout: 1500 };
  const { voice } = openTwilio({ ...account, ...settings, publicUrl, baseUrl: network.url });
  services = {
    ...city,
    ...{ log: silentLog, activity: new Activity(), text: null, voice: { port: voice, lane } },
    queues: {
      async add() {},
      async work() {},
      async clear() {},
      async ping() {},
      waiting: async () => 0,
      async close() {},
    },
  };
  jobs = handlersFor(services);
  const web = createApp(services, {
    ...{ twilio: { authTokens: [account.authToken], publicUrl }, publicUrl },
    sessionSecret: 'a secret of the tests, long enough to be one',
  });
  app.on('request', (request, response) => {
    const at = request.url?.split('/').at(-1) ?? '';
    if (verdictsAreLost && at === 'detected') return void request.socket.destroy();
    told.push(at);
    if (failing?.at === at && !failing.takenIn) return void response.writeHead(500).end();
    if (failing?.at === at) Object.assign(response, { end: () => request.socket.destroy() });
    web(request, response);
  });
});
afterAll(async () => {
  await simulator.close();
  await network.close();
  await closed(app);
  await city.close();
});
beforeEach(async () => {
  greeting = { seconds: 0.8, ends: 'other' };
  reactions = {};
  told = [];
  verdictsAreLost = false;
  failing = null;
  network.weather = fine;
  // Nothing of the last test goes on.
  for (const { carrier_id } of await all<{ carrier_id: string }>(
    `SELECT carrier_id FROM attempt WHERE state <> 'ended'`,
  ))
    await services.voice.port.hangUp(carrier_id);
  await wait(5);
  heard = [];
});

const lane: Lane = { carrier: 'twilio', channel: 'voice', perSecond: 10, concurrent: null };
const all = <T>(text: string, ...values: unknown[]) => city.database.query<T>({ text, values });
const one = async <T>(text: string, ...values: unknown[]) => (await all<T>(text, ...values))[0];
async function wait(seconds: number): Promise<void> {
  const to = new Date(city.clock.now().getTime() + seconds * 1000);
  city.clock.advance(to);
  await fetch(`${simulator.url}/_control/control/advance`, { method: 'POST', body: JSON.stringify({ to }) });
}
/** Second by second, so that our clock goes with the carrier's. */
async function talk(seconds: number): Promise<void> {
  for (let second = 0; second < seconds; second++) await wait(1);
}

/** Calls a shop that was never called, or one's again; the telephone is answered. */
async function call(caseId?: string): Promise<string> {
  await all(
    `UPDATE survey_case c SET due_at = CASE WHEN c.id = coalesce($2, f.id) THEN $1::timestamptz END, due_channel = CASE WHEN c.id = coalesce($2, f.id) THEN 'voice'::channel END
     FROM (SELECT f.id FROM survey_case f WHERE NOT EXISTS (SELECT FROM attempt a WHERE a.phone_id = f.phone_id) ORDER BY f.position LIMIT 1) AS f`,
    city.clock.now(),
    caseId ?? null,
  );
  const until = new Date(city.clock.now().getTime() + 1000);
  const { attemptIds } = await claimDue(city, lane, { now: city.clock.now(), until, openZones: ['Asia/Shanghai'] });
  const [attemptId = ''] = attemptIds;
  expect(attemptIds).toHaveLength(1);
  await wait(1);
  await jobs.dial({ attemptId });
  await talk(5);
  expect((await attemptOf(attemptId))?.state).toBe('in-progress');
  return attemptId;
}

const attemptOf = async (id: string) => {
  await jobs.settle({});
  return one<{ state: string; outcome: string | null; carrier_id: string; case_id: string }>(
    'SELECT * FROM attempt WHERE id = $1',
    id,
  );
};
const turns = async (id: string) =>
  (await all<{ input: { kind: string } }>('SELECT input FROM turn WHERE attempt_id = $1 ORDER BY number', id)).map(
    ({ input }) => input.kind,
  );
const begins = (words: readonly string[]) => heard.map((one) => words.find((begin) => one.startsWith(begin)) ?? one);
const heardClips = () => begins([A1, W1, S0, Q1]);

async function post(path: string, fields: Record<string, string>): Promise<number> {
  const url = `${publicUrl}/twilio/voice/${path}`;
  const signature = twilio.getExpectedTwilioSignature(account.authToken, url, fields);
  const headers = { 'X-Twilio-Signature': signature };
  return (await fetch(url, { method: 'POST', headers, body: new URLSearchParams(fields) })).status;
}
const report = async (attemptId: string, answeredBy: string) =>
  post(`${attemptId}/detected`, { CallSid: (await attemptOf(attemptId))?.carrier_id ?? 'CA0', AnsweredBy: answeredBy });

describe('a mailbox', () => {
  test('is told after its tone who called, once a case, and the call ends', async () => {
    greeting = { seconds: 9, ends: 'beep' };
    const first = await call();
    expect(heardClips(), 'nobody is held in silence while the carrier listens').toEqual([A1]);
    await talk(25);
    expect(heardClips()).toEqual([A1, W1]);
    expect(await turns(first)).toEqual(['answered', 'detected']);
    expect(await attemptOf(first)).toMatchObject({ state: 'ended', outcome: 'voicemail' });

    heard = [];
    const again = await call((await attemptOf(first))?.case_id);
    await talk(25);
    expect(heardClips()).toEqual([A1]);
    expect(await attemptOf(again)).toMatchObject({ state: 'ended', outcome: 'voicemail' });
    expect(await all('SELECT FROM answer WHERE attempt_id = ANY($1)', [first, again])).toEqual([]);
  });

  test('whose greeting was longer than ours: whatever is being asked is broken off at once', async () => {
    greeting = { seconds: 26, ends: 'beep' };
    const attempt = await call();
    await talk(21);
    expect(heardClips()).toEqual([A1, Q1]);
    await talk(7);
    expect(heardClips()).toEqual([A1, Q1, W1]);
    await talk(20);
    expect(await attemptOf(attempt)).toMatchObject({ state: 'ended', outcome: 'voicemail' });
    expect(heardClips()).toEqual([A1, Q1, W1]);
  });

  test('of which the carrier never tells is asked what silence is asked, and no more', async () => {
    greeting = { seconds: 9, ends: 'beep' };
    verdictsAreLost = true;
    const attempt = await call();
    await talk(120);
    expect(await turns(attempt)).toEqual(['answered', 'silence', 'silence', 'silence', 'silence']);
    expect(await attemptOf(attempt)).toMatchObject({ state: 'ended', outcome: 'silent' });
  });

  test('that hung up, and of which it tells only then, has refused nothing', async () => {
    greeting = { seconds: 9, ends: 'beep' };
    reactions = { [Q1]: { does: 'hang-up', at: 5 } };
    verdictsAreLost = true;
    const attempt = await call();
    await talk(40);
    expect(await attemptOf(attempt)).toMatchObject({ state: 'ended', outcome: 'refused' });
    verdictsAreLost = false;
    expect(await report(attempt, 'machine_end_beep')).toBe(204);
    expect(await attemptOf(attempt)).toMatchObject({ outcome: 'voicemail' });
  });

  test('is asked nothing though the call could not be broken off: its next turn waits for it', async () => {
    for (const answer of [htmlPage(502), 'torn', 'none'] as const) {
      heard = [];
      greeting = { seconds: 9, ends: 'beep' };
      const attempt = await call();
      network.weather = lost(answer);
      await talk(11);
      expect(await turns(attempt)).toEqual(['answered', 'detected']);
      expect(heardClips()).toEqual([A1]);
      network.weather = fine;
      await talk(30);
      expect(heardClips()).toEqual([A1, W1]);
      expect(await attemptOf(attempt)).toMatchObject({ state: 'ended', outcome: 'voicemail' });
    }
  });

  test('is asked nothing though we died between taking the verdict in and breaking the call off', async () => {
    greeting = 'nothing';
    const attempt = await call();
    expect(await takeDetection(services, attempt, 'voicemail')).toBe(1);
    expect(await report(attempt, 'machine_end_beep'), 'the carrier tells it once more').toBe(204);
    await talk(30);
    expect(heardClips()).toEqual([A1, W1]);
    expect(await turns(attempt)).toEqual(['answered', 'detected']);
  });
});

describe('an assistant that screens calls', () => {
  const screens = { seconds: 4, ends: 'silence' } as const;

  test('is told at once who we are; its owner’s voice is asked the first question', async () => {
    greeting = screens;
    reactions = {
      [S0]: { does: 'speak', words: '喂,你说', at: 14 },
      [Q1]: { does: 'press', presses: [{ key: '4', at: 17 }] },
    };
    const attempt = await call();
    await talk(6);
    expect(heardClips()).toEqual([A1, S0]);
    await talk(18);
    expect(heardClips()).toEqual([A1, S0, Q1]);
    await talk(30);
    expect(await turns(attempt)).toEqual(expect.arrayContaining(['answered', 'detected', 'voice', 'key']));
    expect(await all('SELECT item, value FROM answer WHERE attempt_id = $1', attempt)).toEqual([
      { item: 'Q1', value: 4 },
    ]);
    expect(
      JSON.stringify(await all('SELECT * FROM turn WHERE attempt_id = $1', attempt)),
      'what he said',
    ).not.toContain('喂,你说');
  });

  test('that asks us to wait is no owner; when nobody comes, we go', async () => {
    greeting = screens;
    reactions = { [S0]: { does: 'speak', words: '请稍等,我看看他能不能接', at: 11 } };
    const attempt = await call();
    await talk(60);
    expect(heardClips()).toEqual([A1, S0, '']);
    expect(await turns(attempt)).toEqual(['answered', 'detected', 'voice', 'silence']);
    expect(await attemptOf(attempt)).toMatchObject({ state: 'ended', outcome: 'screened' });
  });

  test('whose owner presses a key is asked the first question, and that key is no rating', async () => {
    greeting = screens;
    reactions = { [S0]: { does: 'press', presses: [{ key: '1', at: 12 }] } };
    const attempt = await call();
    await talk(22);
    expect(heardClips()).toEqual([A1, S0, Q1]);
    expect(await all('SELECT FROM answer WHERE attempt_id = $1', attempt)).toEqual([]);
  });

  test('that hangs up on us is known as one', async () => {
    greeting = screens;
    reactions = { [S0]: { does: 'hang-up', at: 3 } };
    const attempt = await call();
    await talk(30);
    expect(await attemptOf(attempt)).toMatchObject({ state: 'ended', outcome: 'screened' });
  });
});

test('a fax is hung up on without a word, and called again as a telephone nobody answered', async () => {
  greeting = 'fax';
  const attempt = await call();
  await talk(10);
  expect(heardClips()).toEqual([A1]);
  expect(await attemptOf(attempt)).toMatchObject({ state: 'ended', outcome: 'no-answer' });
});

describe('a person', () => {
  test.each([
    ['human', { seconds: 0.8, ends: 'other' }],
    ['unknown', 'nothing'],
  ] as const)('who is told as %s notices nothing: no turn, and every word is said to its end', async (_word, says) => {
    greeting = says;
    reactions = { [Q1]: { does: 'press', presses: [{ key: '5', at: 17 }] } };
    const attempt = await call();
    await talk(40);
    expect(told).toContain('detected');
    expect(await turns(attempt)).not.toContain('detected');
    expect(await all('SELECT item, value FROM answer WHERE attempt_id = $1', attempt)).toEqual([
      { item: 'Q1', value: 5 },
    ]);
  });

  test('who pressed a key before he was taken for a machine is talked to on', async () => {
    greeting = { seconds: 9, ends: 'beep' };
    reactions = {
      [A1]: { does: 'press', presses: [{ key: '6', at: 2 }] },
      [Q1]: { does: 'press', presses: [{ key: '3', at: 17 }] },
    };
    const attempt = await call();
    await talk(40);
    expect(await turns(attempt)).not.toContain('detected');
    expect(await all('SELECT item, value FROM answer WHERE attempt_id = $1', attempt)).toEqual([
      { item: 'Q1', value: 3 },
    ]);
  });
});

describe('a verdict', () => {
  test('that comes twice, and then otherwise, is taken in once', async () => {
    greeting = 'nothing';
    const attempt = await call();
    const answers = await Promise.all(['machine_end_beep', 'machine_end_beep', 'fax'].map((by) => report(attempt, by)));
    expect(answers).toEqual([204, 204, 204]);
    expect(await report(attempt, 'machine_end_silence')).toBe(204);
    expect((await turns(attempt)).filter((kind) => kind === 'detected')).toHaveLength(1);
  });

  test('and a key that come at the same moment take one turn each, or the key proves a person', async () => {
    greeting = 'nothing';
    for (let round = 0; round < 8; round++) {
      const attempt = await call();
      const key = () => post(`${attempt}/1`, { CallSid: 'CA1', Digits: '6' });
      await Promise.all(
        round % 2 ? [key(), report(attempt, 'machine_end_beep')] : [report(attempt, 'machine_end_beep'), key()],
      );
      expect([
        ['answered', 'key'],
        ['answered', 'detected'],
      ]).toContainEqual(await turns(attempt));
    }
  });

  test('before the first turn is how the call begins', async () => {
    greeting = 'nothing';
    const attempt = await call();
    await all('DELETE FROM turn WHERE attempt_id = $1', attempt);
    await all(`UPDATE attempt SET turn = 0, conversation = NULL, state = 'ringing' WHERE id = $1`, attempt);
    heard = [];
    expect(await report(attempt, 'machine_end_silence')).toBe(204);
    await talk(1);
    expect(heardClips()).toEqual([S0]);
    expect(await turns(attempt)).toEqual(['detected']);
  });

  test('on a call nobody knows is 404, one in words nobody knows is a person’s, one without any cannot be read', async () => {
    greeting = 'nothing';
    const attempt = await call();
    const before = await all('SELECT * FROM attempt WHERE id = $1', attempt);
    expect(await report(crypto.randomUUID(), 'machine_end_beep')).toBe(404);
    expect(await post('not-an-id/detected', { CallSid: 'CA1', AnsweredBy: 'fax' })).toBe(404);
    expect(await post(`${attempt}/detected`, { CallSid: 'CA1' })).toBe(400);
    expect(await report(attempt, 'a parrot')).toBe(204);
    expect(await all('SELECT * FROM attempt WHERE id = $1', attempt)).toEqual(before);
  });
});

describe('a turn that we fail to answer', () => {
  test.each([
    ['before it was taken in: the question is put again', false, ['answered', 'silence', 'silence', 'key', 'silence']],
    ['after it was taken in: he hears what he would have heard', true, ['answered', 'silence', 'key', 'silence']],
  ])('%s, and nothing is stored twice', async (_when, takenIn, expected) => {
    greeting = { seconds: 0.8, ends: 'other' };
    reactions = {
      [Q1]: { does: 'press', presses: [{ key: '4', at: 17 }] },
      没听到: { does: 'press', presses: [{ key: '4', at: 27 }] },
    };
    const attempt = await call();
    failing = { at: '2', takenIn };
    await talk(90);
    expect(told).toContain('fallback');
    expect((await turns(attempt)).slice(0, expected.length)).toEqual(expected);
    expect(await all('SELECT item, value FROM answer WHERE attempt_id = $1', attempt)).toEqual([
      { item: 'Q1', value: 4 },
    ]);
  });

  test('at all: the call ends kindly', async () => {
    const attempt = await call();
    const broken = createApp(
      { ...services, database: connect('postgresql://nobody@127.0.0.1:9/none') },
      {
        ...{ twilio: { authTokens: [account.authToken], publicUrl }, publicUrl },
        sessionSecret: 'a secret of the tests, long enough to be one',
      },
    );
    const elsewhere = createServer(broken);
    const origin = await listening(elsewhere);
    const fields = { CallSid: 'CA1', ErrorCode: '11200', ErrorUrl: `${publicUrl}/twilio/voice/${attempt}/1` };
    const signature = twilio.getExpectedTwilioSignature(
      account.authToken,
      `${publicUrl}/twilio/voice/fallback`,
      fields,
    );
    const answer = await fetch(`${origin}/twilio/voice/fallback`, {
      ...{ method: 'POST', headers: { 'X-Twilio-Signature': signature }, body: new URLSearchParams(fields) },
    });
    expect(answer.status).toBe(200);
    expect(await answer.text()).toMatch(/<Say[^>]*>我们换个时间再打,再见!<\/Say><Hangup\/>/);
    await closed(elsewhere);
  });
});
