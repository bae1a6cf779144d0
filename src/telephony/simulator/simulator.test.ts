import { mkdtempSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import twilio, { type Twilio } from 'twilio';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Simulator, type SimulatorOptions, startSimulator } from './main.ts';
import { type CallFault, callFaults, evenly, mischief, type OrderFault, orderFaults } from './mischief.ts';
import type { Heard, Person, Reaction, Ring } from './person.ts';
import { SCRIPT } from './protocol.fixture.ts';

/** The customer's server, the real Twilio client, and a carrier whose people do what each test says. */

const ACCOUNT = 'AC0123456789abcdef0123456789abcdef';
const TOKEN = 'a token known to both sides';
const CONTROL = 'control-token';
const START = new Date('2026-03-02T01:30:00.000Z');
const TO = '+8613800000001';
const FROM = '+8679188000000';
const { VoiceResponse } = twilio.twiml;

interface Received {
  readonly url: string;
  readonly method: string;
  readonly fields: Record<string, string>;
  readonly token: string;
}

type Answer = string | { status?: number; type?: string; body?: string; location?: string; torn?: boolean };
type Route = (received: Received) => Answer | Promise<Answer>;

let customer: http.Server;
let base: string;
let received: Received[];
let forged: number;
let routes: Record<string, Route>;
let simulator: Simulator;
let client: Twilio;
let person: { -readonly [Part in keyof Person]?: Person[Part] };
let alerts: number[];

beforeEach(async () => {
  received = [];
  forged = 0;
  routes = {};
  person = {};
  alerts = [];
  customer = http.createServer(async (request, response) => {
    let text = '';
    for await (const chunk of request) text += chunk;
    const url = `${base}${request.url}`;
    const fields = Object.fromEntries(new URLSearchParams(text));
    const signature = String(request.headers['x-twilio-signature']);
    if (!twilio.validateRequest(TOKEN, signature, url, fields)) forged++;
    const token = String(request.headers['i-twilio-idempotency-token']);
    const one = { url: String(request.url), method: String(request.method), fields, token };
    received.push(one);
    const route = routes[String(request.url).split('?')[0] ?? ''];
    const answer = (await route?.(one)) ?? '';
    const {
      status = 200,
      type = 'text/xml',
      body = '',
      location,
      torn,
    } = typeof answer === 'string' ? { body: answer } : answer;
    if (torn) return void request.socket.destroy();
    response.writeHead(status, { 'Content-Type': type, ...(location ? { Location: location } : {}) }).end(body);
  });
  await new Promise<void>((ready) => customer.listen(0, '127.0.0.1', ready));
  base = `http://127.0.0.1:${(customer.address() as AddressInfo).port}`;
  await start();
});

afterEach(async () => {
  await simulator.close();
  customer.closeAllConnections();
  await new Promise((done) => customer.close(done));
  expect(forged, 'webhooks with a wrong signature').toBe(0);
});

async function start(options: Partial<SimulatorOptions> = {}): Promise<void> {
  simulator = await startSimulator({
    accountSid: ACCOUNT,
    authToken: TOKEN,
    controlToken: CONTROL,
    seed: 'test',
    start: START,
    smsUrl: `${base}/sms`,
    onAlert: ({ code }) => alerts.push(code),
    personBehind: () => ({ ...COMPLIANT, ...person }),
    ...options,
  });
  client = clientOf(TOKEN);
}

async function restart(options: Partial<SimulatorOptions> = {}): Promise<void> {
  await simulator.close();
  await start(options);
}

function clientOf(token: string): Twilio {
  const made = twilio(ACCOUNT, token);
  made.api.baseUrl = simulator.url;
  return made;
}

/** Picks up after five seconds and does nothing. */
const COMPLIANT: Person = {
  texts: { arrive: true },
  patience: 1e9,
  ring: (): Ring => ({ does: 'answer', connect: 1, after: 5 }),
  hear: (): Reaction => ({ does: 'nothing' }),
  read: () => null,
  nameIn: () => null,
};

/** Presses `keys[words]` so many seconds after the end of a prompt with these words. */
function presses(keys: Record<string, [key: string, afterEnd: number][]>) {
  return ({ now }: Heard): Reaction => {
    const found = keys[now.words];
    if (!found) return { does: 'nothing' };
    return { does: 'press', presses: found.map(([key, afterEnd]) => ({ key, at: now.seconds + afterEnd })) };
  };
}

async function control(verb: string, body?: unknown): Promise<Response> {
  return fetch(`${simulator.url}/_control/${CONTROL}/${verb}`, {
    method: body === undefined ? 'GET' : 'POST',
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

/** Lets so many seconds pass after the start. */
async function until(seconds: number): Promise<{ now: string; nextDue: string | null; changes: number }> {
  const response = await control('advance', { to: new Date(START.getTime() + seconds * 1000).toISOString() });
  expect(response.status).toBe(200);
  return (await response.json()) as { now: string; nextDue: string | null; changes: number };
}

const to = (route: string) => received.filter(({ url }) => url.split('?')[0] === route);
const clockAfter = (seconds: number) => new Date(START.getTime() + seconds * 1000);

/** A Gather of one key as an interview asks it. */
function question(words: string, action: string, attributes: Record<string, unknown> = {}): string {
  const response = new VoiceResponse();
  response.gather({ numDigits: 1, finishOnKey: '', timeout: 8, action, ...attributes }).say(words);
  return response.toString();
}

const hangup = () => new VoiceResponse().hangup().toString();

describe('a call', () => {
  it('goes through its questions key by key and tells of every step', async () => {
    person.hear = presses({ 一二三四: [['4', 0.5]], 五六七八: [['2', 3.2]] });
    routes['/voice'] = () => question('一二三四', '/first');
    routes['/first'] = () => question('五六七八', '/second?n=2');
    routes['/second'] = () => {
      const response = new VoiceResponse();
      response.say('再见');
      return response.toString();
    };

    const call = await client.calls.create({
      to: TO,
      from: FROM,
      url: `${base}/voice`,
      statusCallback: `${base}/status`,
      statusCallbackEvent: ['initiated', 'ringing', 'answered', 'completed'],
    });
    expect(call).toMatchObject({ status: 'queued', direction: 'outbound-api', to: TO, from: FROM, duration: null });
    await until(60);

    expect(to('/voice')[0]?.fields).toMatchObject({
      CallSid: call.sid,
      AccountSid: ACCOUNT,
      From: FROM,
      To: TO,
      CallStatus: 'in-progress',
      Direction: 'outbound-api',
      ApiVersion: '2010-04-01',
    });
    expect(to('/first')[0]?.fields).toMatchObject({ Digits: '4', msg: 'Gather End', CallSid: call.sid });
    expect(to('/second')[0]).toMatchObject({ url: '/second?n=2', fields: { Digits: '2' } });
    // Dialled after 1 s, ringing after 2, answered after 7; 「一二三四」 takes 1 s and the key comes half a second later,
    // so at 9; the next at 9 + 1 + 3.2, so at 14; 「再见」 takes half a second, so it ends at 15.
    expect(
      to('/status').map(({ fields }) => [
        fields.SequenceNumber,
        fields.CallStatus,
        fields.CallbackSource,
        fields.Timestamp,
        fields.CallDuration,
        fields.SipResponseCode,
      ]),
    ).toEqual([
      ['0', 'initiated', 'call-progress-events', 'Mon, 02 Mar 2026 01:30:01 +0000', undefined, undefined],
      ['1', 'ringing', 'call-progress-events', 'Mon, 02 Mar 2026 01:30:02 +0000', undefined, undefined],
      ['2', 'in-progress', 'call-progress-events', 'Mon, 02 Mar 2026 01:30:07 +0000', undefined, undefined],
      ['3', 'completed', 'call-progress-events', 'Mon, 02 Mar 2026 01:30:15 +0000', '8', '200'],
    ]);
    expect(await client.calls(call.sid).fetch()).toMatchObject({
      status: 'completed',
      duration: '8',
      startTime: clockAfter(1),
      endTime: clockAfter(15),
    });
  });

  it('a key during the prompt interrupts it', async () => {
    person.hear = () => ({ does: 'press', presses: [{ key: '9', at: 1 }] });
    routes['/voice'] = () => question('一二三四'.repeat(20), '/key');
    await client.calls.create({ to: TO, from: FROM, url: `${base}/voice` });
    await until(8);
    expect(to('/key')[0]?.fields.Digits).toBe('9');
  });

  it('silence falls through to the next verb', async () => {
    const response = new VoiceResponse();
    response.gather({ action: '/key', timeout: 3 }).say('一二三四');
    response.redirect({ method: 'GET' }, '/silence?n=1');
    routes['/voice'] = () => response.toString();
    routes['/silence'] = hangup;
    await client.calls.create({ to: TO, from: FROM, url: `${base}/voice` });

    await until(10);
    expect(to('/silence')).toEqual([]);
    await until(11);
    expect(to('/silence')[0]).toMatchObject({ method: 'GET' });
    expect(to('/key')).toEqual([]);
  });

  it('silence is an answer where actionOnEmptyResult says so', async () => {
    routes['/voice'] = () => question('一二三四', '/key', { actionOnEmptyResult: true, timeout: 3 });
    await client.calls.create({ to: TO, from: FROM, url: `${base}/voice` });
    await until(11);
    expect(to('/key')[0]?.fields).toMatchObject({ Digits: '', msg: 'Gather End' });
  });

  it('the finishing key alone is empty, and several keys are gathered until it', async () => {
    person.hear = presses({
      一: [['#', 1]],
      二: [
        ['1', 1],
        ['2', 2],
        ['#', 3],
        ['5', 4],
      ],
    });
    const voice = new VoiceResponse();
    voice.gather({ action: '/one' }).say('一');
    voice.gather({ action: '/two' }).say('二');
    routes['/voice'] = () => voice.toString();
    await client.calls.create({ to: TO, from: FROM, url: `${base}/voice` });
    await until(60);
    expect(to('/one')).toEqual([]);
    expect(to('/two')[0]?.fields).toMatchObject({ Digits: '12', FinishedOnKey: '#' });
  });

  it('the callee may leave in the middle', async () => {
    person.hear = () => ({ does: 'hang-up', at: 2.5 });
    routes['/voice'] = () => question('一二三四'.repeat(5), '/key');
    const call = await client.calls.create({
      to: TO,
      from: FROM,
      url: `${base}/voice`,
      statusCallback: `${base}/status`,
    });
    await until(60);
    expect(to('/key')).toEqual([]);
    expect(to('/status').map(({ fields }) => fields.CallStatus)).toEqual(['completed']);
    expect(await client.calls(call.sid).fetch()).toMatchObject({ duration: '3' });
  });

  it('a machine that hears nothing for too long hangs up', async () => {
    person.patience = 30;
    routes['/voice'] = () =>
      '<Response><Say>一二三四</Say><Pause length="20"/><Pause length="20"/><Pause length="20"/></Response>';
    const call = await client.calls.create({ to: TO, from: FROM, url: `${base}/voice` });
    await until(200);
    expect(await client.calls(call.sid).fetch()).toMatchObject({ status: 'completed', duration: '31' });
  });

  it('ends at its time limit', async () => {
    routes['/voice'] = () => '<Response><Pause length="500"/></Response>';
    const call = await client.calls.create({ to: TO, from: FROM, url: `${base}/voice`, timeLimit: 240 });
    await until(600);
    expect(await client.calls(call.sid).fetch()).toMatchObject({ status: 'completed', duration: '240' });
  });

  it('takes its instructions with the order', async () => {
    const call = await client.calls.create({ to: TO, from: FROM, twiml: '<Response><Pause length="3"/></Response>' });
    await until(60);
    expect(received).toEqual([]);
    expect(await client.calls(call.sid).fetch()).toMatchObject({ status: 'completed', duration: '3' });
  });

  it.each<[string, Ring, string, string, number]>([
    ['busy', { does: 'busy' }, 'busy', '486', 3],
    ['a dead number', { does: 'not-exist' }, 'failed', '404', 3],
    ['nobody there', { does: 'ring-out', connect: 2 }, 'no-answer', '487', 33],
    ['too slow to pick up', { does: 'answer', connect: 2, after: 30 }, 'no-answer', '487', 33],
  ])('%s', async (_who, ring, status, sip, end) => {
    person.ring = () => ring;
    const call = await client.calls.create({
      to: TO,
      from: FROM,
      url: `${base}/voice`,
      timeout: 30,
      statusCallback: `${base}/status`,
    });
    await until(end - 1);
    expect(received).toEqual([]);
    await until(end);
    expect(received.map(({ fields }) => fields)).toMatchObject([
      { CallStatus: status, SipResponseCode: sip, CallDuration: '0', SequenceNumber: '0' },
    ]);
    expect(await client.calls(call.sid).fetch()).toMatchObject({ status, duration: '0', endTime: clockAfter(end) });
  });
});

describe('a call told to change', () => {
  const order = () => ({ to: TO, from: FROM, url: `${base}/voice`, statusCallback: `${base}/status` });

  it('ends when completed', async () => {
    routes['/voice'] = () => '<Response><Pause length="100"/></Response>';
    const call = await client.calls.create(order());
    await until(20);
    expect(await client.calls(call.sid).update({ status: 'completed' })).toMatchObject({
      status: 'completed',
      duration: '13',
    });
    await until(200);
    expect(to('/status').map(({ fields }) => fields.CallStatus)).toEqual(['completed']);
  });

  it('is taken back silently before it was dialled, and audibly while it rings', async () => {
    const queued = await client.calls.create(order());
    expect(await client.calls(queued.sid).update({ status: 'canceled' })).toMatchObject({ status: 'canceled' });
    const ringing = await client.calls.create(order());
    await until(4);
    expect(await client.calls(ringing.sid).update({ status: 'canceled' })).toMatchObject({ status: 'canceled' });
    await until(100);
    expect(received.map(({ fields }) => [fields.CallSid, fields.CallStatus])).toEqual([[ringing.sid, 'canceled']]);
  });

  it('goes on from elsewhere', async () => {
    routes['/voice'] = () => '<Response><Pause length="100"/></Response>';
    routes['/elsewhere'] = hangup;
    const call = await client.calls.create(order());
    await expect(client.calls(call.sid).update({ url: `${base}/elsewhere` })).rejects.toMatchObject({ code: 21220 });
    await until(20);
    await client.calls(call.sid).update({ url: `${base}/elsewhere` });
    await until(21);
    expect(received.map(({ url }) => url)).toEqual(['/voice', '/elsewhere', '/status']);
  });
});

describe('a webhook that goes wrong', () => {
  const place = (extra = {}) =>
    client.calls.create({ to: TO, from: FROM, url: `${base}/voice`, statusCallback: `${base}/status`, ...extra });

  it.each<[string, Answer, number]>([
    ['a server error', { status: 500, body: 'no' }, 11200],
    ["a proxy's page", { status: 502, type: 'text/html', body: '<html></html>' }, 11200],
    ['not XML', { body: 'what?' }, 12100],
    ['not a Response', { type: 'text/html', body: '<html><body>hello</body></html>' }, 12100],
    ['an unfit type', { type: 'application/json', body: '{}' }, 12300],
    ['a torn answer', { torn: true }, 11200],
  ])('%s ends the call with an apology', async (_what, answer, code) => {
    routes['/voice'] = () => answer;
    const call = await place();
    await until(60);
    expect(alerts).toEqual([code]);
    expect(to('/voice')).toHaveLength(1);
    expect(await client.calls(call.sid).fetch()).toMatchObject({ status: 'completed', duration: '4' });
  });

  it('a slow answer ends it likewise, in real time', async () => {
    await restart({ webhookLimit: 50 });
    const slow = new Promise<Answer>(() => {});
    routes['/voice'] = () => slow;
    const call = await place();
    await until(60);
    expect(alerts).toEqual([11200]);
    expect(await client.calls(call.sid).fetch()).toMatchObject({ status: 'completed', duration: '4' });
  });

  it('the fallback address is asked, and told what went wrong', async () => {
    routes['/voice'] = () => ({ status: 503 });
    routes['/fallback'] = () => '<Response><Pause length="7"/></Response>';
    const call = await place({ fallbackUrl: `${base}/fallback` });
    await until(60);
    expect(to('/fallback')[0]?.fields).toMatchObject({ ErrorCode: '11200', ErrorUrl: `${base}/voice` });
    expect(await client.calls(call.sid).fetch()).toMatchObject({ duration: '7' });
  });

  it('a refused connection is tried twice', async () => {
    const dead = http.createServer();
    await new Promise<void>((ready) => dead.listen(0, '127.0.0.1', ready));
    const { port } = dead.address() as AddressInfo;
    await new Promise((done) => dead.close(done));
    await place({ url: `http://127.0.0.1:${port}/` });
    await until(60);
    expect(alerts).toEqual([11205]);
  });

  it('a redirect is followed', async () => {
    routes['/voice'] = () => ({ status: 302, location: '/moved' });
    routes['/moved'] = hangup;
    await place();
    await until(60);
    expect(received.map(({ url, method }) => `${method} ${url}`)).toEqual([
      'POST /voice',
      'GET /moved',
      'POST /status',
    ]);
    expect(alerts).toEqual([]);
  });

  it('documents that chase one another end the call', async () => {
    routes['/voice'] = () => '<Response><Redirect>/voice</Redirect></Response>';
    const call = await place();
    await until(60);
    expect(await client.calls(call.sid).fetch()).toMatchObject({ status: 'completed', duration: '0' });
    expect(alerts).toEqual([11200]);
  });

  it('a failing status callback does not harm the call', async () => {
    routes['/voice'] = () => '<Response><Pause length="7"/></Response>';
    routes['/status'] = () => ({ status: 500 });
    const call = await place({ statusCallbackEvent: ['answered', 'completed'] });
    await until(60);
    expect(await client.calls(call.sid).fetch()).toMatchObject({ status: 'completed', duration: '7' });
    expect(alerts).toEqual([11200, 11200]);
  });
});

describe('a text', () => {
  const send = (extra = {}) =>
    client.messages.create({ to: TO, from: FROM, body: '您打几分?', statusCallback: `${base}/text-status`, ...extra });
  const statuses = () => to('/text-status').map(({ fields }) => [fields.MessageStatus, fields.ErrorCode]);

  it('arrives, and its reply comes back', async () => {
    person.read = ({ now }) => ({ body: now === '您打几分?' ? '５分' : '?', after: 90.2 });
    const text = await send();
    expect(text).toMatchObject({ status: 'queued', direction: 'outbound-api', numSegments: '1', body: '您打几分?' });
    await until(10);
    expect(statuses()).toEqual([
      ['queued', undefined],
      ['sent', undefined],
      ['delivered', undefined],
    ]);
    expect(await client.messages(text.sid).fetch()).toMatchObject({ status: 'delivered', errorCode: null });

    expect(await until(94)).toMatchObject({ nextDue: clockAfter(95).toISOString() });
    await until(95);
    const [reply] = to('/sms');
    expect(reply?.fields).toMatchObject({ From: TO, To: FROM, Body: '５分', SmsStatus: 'received', NumMedia: '0' });
    const messages = await client.messages.list({ from: TO });
    expect(messages).toMatchObject([
      { sid: reply?.fields.MessageSid, direction: 'inbound', status: 'received', body: '５分' },
    ]);
  });

  it('does not arrive on a landline', async () => {
    person.texts = { arrive: false, status: 'undelivered', error: 30006 };
    const text = await send();
    await until(10);
    expect(statuses().at(-1)).toEqual(['undelivered', '30006']);
    expect(await client.messages(text.sid).fetch()).toMatchObject({
      status: 'undelivered',
      errorCode: 30006,
      errorMessage: 'Landline or unreachable carrier',
    });
  });

  it('is taken back while it waits, and not later', async () => {
    const text = await send();
    expect(await client.messages(text.sid).update({ status: 'canceled' })).toMatchObject({ status: 'canceled' });
    await until(10);
    expect(received).toEqual([]);
    const late = await send();
    await until(20);
    await expect(client.messages(late.sid).update({ status: 'canceled' })).rejects.toMatchObject({ code: 20001 });
  });

  it("TwiML's Message answers a reply", async () => {
    person.read = ({ now }) => (now === '您打几分?' ? { body: '5', after: 60 } : null);
    routes['/sms'] = () => '<Response><Message>收到</Message></Response>';
    await send();
    await until(120);
    expect(await client.messages.list({ to: TO })).toMatchObject([
      { body: '收到', status: 'delivered' },
      { body: '您打几分?' },
    ]);
  });
});

describe('look-ups', () => {
  it('list the newest first, page by page, while new ones come in', async () => {
    const sids: string[] = [];
    for (let n = 0; n < 7; n++) {
      sids.unshift((await client.calls.create({ to: `+861380000000${n}`, from: FROM, url: `${base}/voice` })).sid);
    }
    const first = await client.calls.page({ pageSize: 3 });
    await client.calls.create({ to: TO, from: FROM, url: `${base}/voice` });
    const second = await first.nextPage();
    const third = await second?.nextPage();
    const again = await second?.previousPage();

    const of = (page: { instances: { sid: string }[] } | undefined) => page?.instances.map(({ sid }) => sid);
    expect([of(first), of(second), of(third)]).toEqual([sids.slice(0, 3), sids.slice(3, 6), sids.slice(6)]);
    expect(third?.nextPageUrl).toBeUndefined();
    expect(again?.instances).toHaveLength(3);
    expect(await client.calls.list({ pageSize: 3 })).toHaveLength(8);
    expect(await client.calls.list({ pageSize: 3, limit: 4 })).toHaveLength(4);
  });

  it('filter by number, status and time', async () => {
    const early = await client.calls.create({ to: TO, from: FROM, url: `${base}/voice` });
    await until(3600);
    const late = await client.calls.create({ to: TO, from: '+8679188000001', url: `${base}/voice` });
    const other = await client.calls.create({ to: '+8613800000002', from: FROM, url: `${base}/voice` });
    const found = async (filter: Parameters<typeof client.calls.list>[0]) =>
      (await client.calls.list(filter)).map(({ sid }) => sid);

    expect(await found({ to: TO })).toEqual([late.sid, early.sid]);
    expect(await found({ to: TO, from: FROM })).toEqual([early.sid]);
    expect(await found({ status: 'completed' })).toEqual([early.sid]);
    expect(await found({ startTimeAfter: clockAfter(1) })).toEqual([other.sid, late.sid, early.sid]);
    expect(await found({ startTimeAfter: clockAfter(2) })).toEqual([other.sid, late.sid]);
    expect(await found({ to: TO, startTimeAfter: clockAfter(3600) })).toEqual([late.sid]);
    expect(await found({ startTimeBefore: clockAfter(3599) })).toEqual([early.sid]);
    expect(await found({ startTime: new Date('2026-03-02') })).toEqual([]);
  });

  it('texts likewise', async () => {
    const early = await client.messages.create({ to: TO, from: FROM, body: '一' });
    await until(3600);
    const late = await client.messages.create({ to: TO, from: FROM, body: '二' });
    await client.messages.create({ to: '+8613800000002', from: FROM, body: '三' });
    const found = await client.messages.list({ to: TO, dateSentAfter: clockAfter(60) });
    expect(found.map(({ sid }) => sid)).toEqual([late.sid]);
    const before = await client.messages.list({ dateSentBefore: clockAfter(60) });
    expect(before.map(({ sid }) => sid)).toEqual([early.sid]);
  });

  it('the account tells that all is well', async () => {
    expect(await client.api.accounts(ACCOUNT).fetch()).toMatchObject({ sid: ACCOUNT, status: 'active' });
  });
});

describe('a request Twilio would refuse', () => {
  const call = (extra: Record<string, string>) => () =>
    client.calls.create({ to: TO, from: FROM, url: `${base}/voice`, ...extra } as never);
  const text = (extra: Record<string, string>) => () =>
    client.messages.create({ to: TO, from: FROM, body: '一', ...extra } as never);

  it.each<[string, () => () => Promise<unknown>, number, number]>([
    ['wrong token', () => () => clientOf('wrong').calls.create({ to: TO, from: FROM, url: base }), 401, 20003],
    ['unknown call', () => () => client.calls(`CA${'0'.repeat(32)}`).fetch(), 404, 20404],
    ['unknown text', () => () => client.messages(`SM${'0'.repeat(32)}`).fetch(), 404, 20404],
    ['unknown resource', () => () => client.conferences.list(), 404, 20404],
    ['removing a call', () => () => client.calls(`CA${'0'.repeat(32)}`).remove(), 405, 20004],
    ['call: bad To', () => call({ to: '13800' }), 400, 21211],
    ['call: bad From', () => call({ from: 'abc' }), 400, 21212],
    ['call: bad Url', () => call({ url: '/relative' }), 400, 21205],
    ['call: bad Timeout', () => call({ timeout: '-1' }), 400, 21208],
    ['call: bad Method', () => call({ method: 'PATCH' }), 400, 21209],
    ['call: bad StatusCallback', () => call({ statusCallback: 'x' }), 400, 21609],
    ['call: bad StatusCallbackEvent', () => call({ statusCallbackEvent: 'finished' }), 400, 21626],
    ['call: a number that cannot be reached', () => call({ to: '+15005550002' }), 400, 21214],
    ['text: bad To', () => text({ to: '0' }), 400, 21211],
    ['text: bad From', () => text({ from: '+' }), 400, 21212],
    ['text: no Body', () => text({ body: '' }), 400, 21602],
    ['text: long Body', () => text({ body: '一'.repeat(1601) }), 400, 21617],
    ['text: an unsubscribed number', () => text({ to: '+15005550004' }), 400, 21610],
    ['bad time', () => () => client.calls.list({ startTime: 'yesterday' as never }), 400, 20001],
  ])('%s', async (_what, ask, status, code) => {
    await expect(ask()()).rejects.toMatchObject({
      status,
      code,
      moreInfo: `https://www.twilio.com/docs/errors/${code}`,
    });
    expect(await (await control('tally')).json()).toEqual({
      calls: 0,
      texts: 0,
      replies: 0,
      ringBacks: 0,
      alerts: {},
      probes: {},
    });
  });

  it.each([
    ['Calls', {}, 21201],
    ['Calls', { To: TO }, 21213],
    ['Calls', { To: TO, From: FROM }, 21205],
    ['Messages', {}, 21604],
    ['Messages', { To: TO, Body: 'x' }, 21603],
  ] as const)('%s without a required parameter', async (resource, form, code) => {
    const response = await fetch(`${simulator.url}/2010-04-01/Accounts/${ACCOUNT}/${resource}.json`, {
      method: 'POST',
      headers: { Authorization: `Basic ${btoa(`${ACCOUNT}:${TOKEN}`)}` },
      body: new URLSearchParams(form),
    });
    expect([response.status, await response.json()]).toMatchObject([400, { code, status: 400 }]);
  });
});

describe('the retailers, over the wire', () => {
  it('give the same answers whatever the order in which they are called', async () => {
    const prompts = [SCRIPT.introduction('王建国'), ...Object.values(SCRIPT.questions)];
    routes['/ask'] = ({ url }) => {
      const next = Number(new URL(url, base).searchParams.get('n'));
      const words = prompts[next];
      return words ? question(words, `/ask?n=${next + 1}`, { actionOnEmptyResult: true }) : hangup();
    };
    const round = async (phones: readonly string[]) => {
      await simulator.close();
      received = [];
      simulator = await startSimulator({
        accountSid: ACCOUNT,
        authToken: TOKEN,
        controlToken: CONTROL,
        seed: 'test',
        start: START,
      });
      client = clientOf(TOKEN);
      for (const phone of phones)
        await client.calls.create({ to: phone, from: FROM, url: `${base}/ask?n=0`, timeout: 30 });
      await until(600);
      const keys = new Map<string, string>();
      for (const { fields } of received)
        keys.set(fields.To ?? '', `${keys.get(fields.To ?? '') ?? ''}${fields.Digits || '-'}`);
      return [...keys].sort();
    };
    const phones = Array.from({ length: 60 }, (_, n) => `+86138000003${n + 10}`);

    const forwards = await round(phones);
    const backwards = await round([...phones].reverse());

    expect(forwards.length).toBeGreaterThan(20);
    expect(forwards.filter(([, keys]) => /^--[1-5][0-5]{4}[0-2]{3}$/.test(keys)).length).toBeGreaterThan(10);
    expect(backwards).toEqual(forwards);
  });
});

describe('mischief', () => {
  const EVENTS = ['initiated', 'ringing', 'answered', 'completed'];
  const place = (phone: string) =>
    client.calls.create({
      to: phone,
      from: FROM,
      url: `${base}/voice?attempt=${phone.slice(1)}`,
      statusCallback: `${base}/status`,
      statusCallbackEvent: EVENTS,
    });

  const turnOf = (url: string) => new URL(url, base).searchParams.get('turn');
  const outcomeOf = (order: Promise<{ status: string }>) =>
    order.then(
      ({ status }) => status,
      (error: { status?: number; code?: number | string }) => error.status ?? error.code,
    );

  it.each<[fault: OrderFault, answer: unknown, placed: number]>([
    ['connection-reset', 'ECONNRESET', 1],
    ['proxy-page', 502, 1],
    ['throttled', 429, 0],
    ['unavailable', 503, 0],
    ['server-error', 500, 0],
  ])('%s: an order is answered with %s, and %i call goes out', async (fault, answer, placed) => {
    await restart({ faults: { [fault]: 1 } });
    expect(await outcomeOf(place('+8613800000210'))).toBe(answer);
    expect(await client.calls.list()).toHaveLength(placed);
  });

  it('no-response: an order is never answered, and its call goes out', async () => {
    await restart({ faults: { 'no-response': 1 } });
    const hasty = twilio(ACCOUNT, TOKEN, { timeout: 300 });
    hasty.api.baseUrl = simulator.url;
    const order = hasty.calls.create({ to: '+8613800000210', from: FROM, url: `${base}/voice` });
    expect(await outcomeOf(order)).toBe('ECONNABORTED');
    expect(await client.calls.list()).toHaveLength(1);
  });

  it('webhook-first: the first document is asked for before the order is answered', async () => {
    // Between two whole seconds: the clock stands until the order is answered.
    await restart({ faults: { 'webhook-first': 1 }, start: new Date(START.getTime() + 350) });
    routes['/voice'] = hangup;
    const { sid } = await place('+8613800000210');
    expect(to('/voice').map(({ fields }) => fields.CallSid)).toEqual([sid]);
    await until(60);
    expect(await client.calls(sid).fetch()).toMatchObject({ status: 'completed' });
    expect(to('/voice')).toHaveLength(1);
  });

  it.each<[does: Ring['does'], status: string]>([
    ['busy', 'busy'],
    ['not-exist', 'failed'],
    ['ring-out', 'ringing'],
  ])('webhook-first where nobody answers (%s): its status comes before the order is answered', async (does, status) => {
    person = { ring: () => ({ does, connect: 1, after: 1 }) as Ring };
    await restart({ faults: { 'webhook-first': 1 } });
    const { sid } = await place('+8613800000210');
    expect(to('/status').map(({ fields }) => fields.CallStatus)).toContain(status);
    expect(to('/status').every(({ fields }) => fields.CallSid === sid)).toBe(true);
  });

  it.each<[fault: CallFault, statuses: string, turns: string]>([
    ['doubled', '00112233', '0 1'],
    ['reversed', '3210', '0 1'],
    ['end-before-answered', '3012', '0 1'],
    ['end-lost', '012', '0 1'],
    ['turns-doubled', '0123', '0 0 1 1'],
    ['keys-replayed', '0123', '0 1 0'],
    ['unknown-attempt', '0123', '0 1'],
    ['new-fields', '0123', '0 1'],
  ])('%s: callbacks come as %s, turns as %s', async (fault, statuses, turns) => {
    person = { hear: presses({ '请按1。': [['1', 1]] }) };
    await restart({ faults: { [fault]: 1 } });
    routes['/voice'] = ({ url }) =>
      turnOf(url) === '1'
        ? '<Response><Hangup/></Response>'
        : `<Response><Gather numDigits="1" action="${base}/voice?turn=1"><Say>请按1。</Say></Gather></Response>`;
    const { sid } = await client.calls.create({
      ...{ to: '+8613800000210', from: FROM, url: `${base}/voice?turn=0`, statusCallback: `${base}/status` },
      statusCallbackEvent: EVENTS,
    });
    await until(60);
    const ours = (path: string) => to(path).filter(({ fields }) => fields.CallSid === sid);
    expect(
      ours('/status')
        .map(({ fields }) => fields.SequenceNumber)
        .join(''),
    ).toBe(statuses);
    expect(
      ours('/voice')
        .map(({ url }) => turnOf(url))
        .join(' '),
    ).toBe(turns);
    expect(ours('/voice').every(({ fields }) => (fault === 'new-fields') === 'StirVerstat' in fields)).toBe(true);
  });

  it.each<[fault: CallFault | null, told: string]>([
    [null, '10:machine_end_beep'],
    ['doubled', '10:machine_end_beep 10:machine_end_beep'],
    ['verdict-late', '25:machine_end_beep'],
    ['verdict-lost', ''],
  ])('%s: who answered is told as %s, seconds after the answer', async (fault, told) => {
    person = { greets: () => ({ seconds: 9, ends: 'beep' }) };
    await restart({ faults: fault ? { [fault]: 1 } : {} });
    routes['/voice'] = () => '<Response><Pause length="50"/></Response>';
    const { sid } = await client.calls.create({
      ...{ to: '+8613800000210', from: FROM, url: `${base}/voice`, machineDetection: 'DetectMessageEnd' },
      ...{ asyncAmd: 'true', asyncAmdStatusCallback: `${base}/amd` },
    });
    const verdicts: string[] = [];
    let answered = Number.NaN;
    for (let second = 1; second <= 60; second++) {
      await until(second);
      if (Number.isNaN(answered) && to('/voice').length > 0) answered = second;
      for (const { fields } of to('/amd').slice(verdicts.length))
        verdicts.push(`${second - answered}:${fields.AnsweredBy}`);
    }
    expect(verdicts.join(' ')).toBe(told);
    expect(to('/amd').every(({ fields }) => fields.CallSid === sid && fields.MachineDetectionDuration === '9400')).toBe(
      true,
    );
    expect(to('/voice').every(({ fields }) => !('AnsweredBy' in fields))).toBe(true);
    expect((await client.calls(sid).fetch()).answeredBy).toBe('machine_end_beep');
  });

  it('asked not in the background, the call waits for who answered, and its first document is asked for with it', async () => {
    person = { greets: () => ({ seconds: 9, ends: 'beep' }) };
    await restart({});
    routes['/voice'] = hangup;
    await client.calls.create({ to: '+8613800000210', from: FROM, url: `${base}/voice`, machineDetection: 'Enable' });
    await until(60);
    expect(to('/voice').map(({ fields }) => [fields.AnsweredBy, fields.MachineDetectionDuration])).toEqual([
      ['machine_start', '2400'],
    ]);
  });

  it('somebody who speaks is heard where speech is listened to, and not where keys are', async () => {
    person = { hear: () => ({ does: 'speak', words: '喂,你好', at: 2 }) };
    await restart({});
    const gather = (input: string, action: string) =>
      `<Gather input="${input}" timeout="5" action="${base}/${action}"><Say>请按1。</Say></Gather>`;
    routes['/voice'] = () => `<Response>${gather('dtmf', 'keys')}${gather('dtmf speech', 'speech')}</Response>`;
    routes['/speech'] = hangup;
    await place('+8613800000210');
    await until(60);
    expect(to('/keys')).toEqual([]);
    expect(to('/speech').map(({ fields }) => [fields.SpeechResult, fields.Digits])).toEqual([['喂,你好', undefined]]);
  });

  it.each([
    { MachineDetection: 'Sometimes' },
    { MachineDetection: 'Enable', MachineDetectionTimeout: '2' },
    { MachineDetection: 'Enable', MachineDetectionSilenceTimeout: '1000' },
    { MachineDetection: 'Enable', AsyncAmd: 'perhaps' },
    { MachineDetection: 'Enable', AsyncAmd: 'true', AsyncAmdStatusCallback: 'not an address' },
  ])('an order that asks for a machine in a way there is not is refused: %j', async (asked) => {
    await restart({});
    const answer = await fetch(`${simulator.url}/2010-04-01/Accounts/${ACCOUNT}/Calls.json`, {
      ...{ method: 'POST', headers: { Authorization: `Basic ${btoa(`${ACCOUNT}:${TOKEN}`)}` } },
      body: new URLSearchParams({ To: '+8613800000210', From: FROM, Url: `${base}/voice`, ...asked }),
    });
    expect(answer.status).toBe(400);
  });

  it('forged: each request is preceded by three that are signed wrongly, and how they were answered is counted', async () => {
    await restart({ faults: { forged: 1 } });
    routes['/voice'] = hangup;
    await place('+8613800000210');
    await until(60);
    // One document and four callbacks.
    expect(received).toHaveLength(5 * 4);
    expect(forged).toBe(5 * 3);
    forged = 0;
    expect(await (await control('tally')).json()).toMatchObject({ probes: { 'forged 200': 15 } });
  });

  it('asked for as one share, every fault turns up', async () => {
    const troubled = mischief('every', evenly(1));
    const phones = Array.from({ length: 400 }, (_, n) => `+86138${String(n).padStart(8, '0')}`);
    expect(new Set(phones.map((phone) => troubled.order(phone, 1)))).toEqual(
      new Set(orderFaults.filter((fault) => fault !== 'no-response')),
    );
    expect(new Set(phones.map((phone) => troubled.call(phone, 1)))).toEqual(new Set(callFaults));
  });

  it('unless asked for, there is none', async () => {
    const calls = await Promise.all(Array.from({ length: 40 }, (_, n) => place(`+86138000002${n + 10}`)));
    expect(new Set(calls.map(({ status }) => status))).toEqual(new Set(['queued']));
  });
});

describe('the transcript', () => {
  interface Line {
    readonly call?: string;
    readonly text?: string;
    readonly to: string;
    readonly events: { readonly what: string; readonly at: string; [field: string]: unknown }[];
  }
  const transcripts = async (query = ''): Promise<Line[]> =>
    (await (await control(`transcripts${query}`)).text())
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as Line);

  beforeEach(() => {
    person.hear = presses({ '请按1。': [['4', 1]] });
    routes['/voice'] = () =>
      `<Response><Gather numDigits="1" action="${base}/next"><Say>请按1。</Say></Gather></Response>`;
    routes['/next'] = () => ({ status: 500 });
  });

  it('of a call says what was said and keyed, what the customer was asked and told, and how he answered', async () => {
    await client.calls.create({ to: TO, from: FROM, url: `${base}/voice`, statusCallback: `${base}/status` });
    await until(60);
    const [line] = await transcripts();
    expect(line).toMatchObject({ to: '+86138****0001', direction: 'outbound-api', status: 'completed' });
    const told = line?.events.map(({ what, keys, words, status, url, answer }) => [
      what,
      keys ?? words ?? status ?? url,
      answer,
    ]);
    expect(told).toEqual([
      ['status', 'queued', undefined],
      ['status', 'ringing', undefined],
      ['status', 'in-progress', undefined],
      ['asked', `${base}/voice`, '200'],
      ['said', '请按1。', undefined],
      ['pressed', '4', undefined],
      ['asked', '4', '500'],
      ['status', 'completed', undefined],
      ['told', 'completed', '200'],
    ]);
  });

  it('of a text says what became of it, and what the person wrote', async () => {
    person.read = () => ({ body: '５', after: 30 });
    await client.messages.create({ to: TO, from: FROM, body: '请回1到5', statusCallback: `${base}/text-status` });
    await until(60);
    const lines = await transcripts();
    expect(lines.map(({ events }) => events.map(({ what }) => what))).toEqual([
      ['told', 'status', 'told', 'status', 'told'],
      ['wrote', 'asked'],
    ]);
  });

  it('can be asked for by number, and looked at, in Chinese and in English', async () => {
    await client.calls.create({ to: TO, from: FROM, url: `${base}/voice` });
    await client.calls.create({ to: '+8613800000002', from: FROM, url: `${base}/voice` });
    await until(60);
    expect(await transcripts(`?number=${encodeURIComponent(TO)}`)).toHaveLength(1);
    const look = async (query: string) => {
      const response = await control(query);
      expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
      return response.text();
    };
    const chinese = await look('');
    expect(chinese).toContain('<h1>电话模拟器</h1>');
    expect(chinese.match(/<details>/g)).toHaveLength(2);
    expect(chinese).toContain('「请按1。」');
    expect(chinese).toContain('<kbd>4</kbd>');
    expect(chinese).toContain(`${base}/next → 500`);
    // Nobody's number stands on it.
    expect(chinese).not.toContain(TO);
    const english = await look(`?lang=en&number=${encodeURIComponent(TO)}`);
    expect(english).toContain('<h1>Telephone simulator</h1>');
    expect(english.match(/<details>/g)).toHaveLength(1);
    expect((await fetch(`${simulator.url}/_control/wrong/`)).status).toBe(404);
  });

  it('takes what somebody wrote as words, not as a page', async () => {
    await restart({ cast: { inbound: [{ from: TO, at: 1, writes: '<script>alert(1)</script>' }] } });
    await until(10);
    expect(await (await control('')).text()).not.toContain('<script>');
  });
});

describe('somebody who gets in touch by himself', () => {
  it('writes and rings when the cast says so, and is heard', async () => {
    routes['/inbound'] = () => '<Response><Say>您好。</Say></Response>';
    const inbound = [
      { from: TO, at: 30, writes: '你是谁' },
      { from: TO, at: 90, calls: true as const },
    ];
    await restart({ cast: { inbound }, voiceUrl: `${base}/inbound`, serviceNumber: FROM });
    await until(60);
    expect(to('/sms').map(({ fields }) => [fields.From, fields.To, fields.Body])).toEqual([[TO, FROM, '你是谁']]);
    expect(to('/inbound')).toHaveLength(0);
    await until(120);
    expect(to('/inbound').map(({ fields }) => [fields.From, fields.Direction])).toEqual([[TO, 'inbound']]);
    expect(await (await control('tally')).json()).toMatchObject({ replies: 1, ringBacks: 1 });
  });
});

describe('with a clock that runs fast', () => {
  it('a minute passes in a fraction of a second', async () => {
    routes['/voice'] = hangup;
    await restart({ speed: 200 });
    const { sid } = await client.calls.create({ to: TO, from: FROM, url: `${base}/voice` });
    await expect.poll(async () => (await client.calls(sid).fetch()).status, { timeout: 5000 }).toBe('completed');
    const [begun, ended] = [START.getTime(), (await client.calls(sid).fetch()).endTime.getTime()];
    expect(ended - begun).toBeGreaterThanOrEqual(6000);
    expect((await control('advance', { to: START.toISOString() })).status).toBe(409);
  });
});

describe('a client that goes away in the middle of a request', () => {
  it('has asked for nothing', async () => {
    const { port } = new URL(simulator.url);
    const socket = net.connect(Number(port), '127.0.0.1');
    const head = [
      `POST /2010-04-01/Accounts/${ACCOUNT}/Calls.json HTTP/1.1`,
      'Host: simulator',
      `Authorization: Basic ${btoa(`${ACCOUNT}:${TOKEN}`)}`,
      'Content-Type: application/x-www-form-urlencoded',
      'Content-Length: 1000',
    ];
    await new Promise<void>((sent) => socket.write(`${head.join('\r\n')}\r\n\r\nTo=%2B8613800000001&`, () => sent()));
    const gone = new Promise((closed) => socket.once('close', closed));
    socket.destroy();
    await gone;
    // The carrier has seen the request begin once the change is counted.
    await expect.poll(async () => ((await (await control('quiet')).json()) as { changes: number }).changes).toBe(1);
    expect(await (await control('quiet')).json()).toMatchObject({ nextDue: null });
    expect(await (await control('tally')).json()).toMatchObject({ calls: 0 });
  });
});

describe('with a clock that runs', () => {
  it('everything happens by itself', async () => {
    await simulator.close();
    simulator = await startSimulator({
      accountSid: ACCOUNT,
      authToken: TOKEN,
      controlToken: CONTROL,
      seed: 'test',
      personBehind: () => ({ ...COMPLIANT, ring: () => ({ does: 'answer', connect: 0, after: 0 }) }),
    });
    client = clientOf(TOKEN);
    const ended = new Promise<void>((settle) => {
      routes['/status'] = () => {
        settle();
        return '';
      };
    });
    routes['/voice'] = hangup;
    const call = await client.calls.create({
      to: TO,
      from: FROM,
      url: `${base}/voice`,
      statusCallback: `${base}/status`,
    });
    await ended;
    expect(await client.calls(call.sid).fetch()).toMatchObject({ status: 'completed' });
    expect((await control('advance', { to: START })).status).toBe(409);
    const [line] = (await (await control('calls')).text()).split('\n');
    const { created, ended: end } = JSON.parse(line ?? '');
    expect(Date.parse(end)).toBeGreaterThan(Date.parse(created));
  });
});

describe('control', () => {
  it('the clock stands until it is told', async () => {
    await client.calls.create({ to: TO, from: FROM, url: `${base}/voice` });
    const quiet = await (await control('quiet')).json();
    expect(quiet).toEqual({ now: START.toISOString(), nextDue: clockAfter(1).toISOString(), changes: 1 });
    expect(await until(-3600)).toMatchObject({ now: START.toISOString() });
    expect(await until(4.5)).toEqual({
      now: clockAfter(4.5).toISOString(),
      nextDue: clockAfter(7).toISOString(),
      changes: 1,
    });
    expect(await until(100)).toEqual({ now: clockAfter(100).toISOString(), nextDue: null, changes: 2 });
  });

  it('an advance waits for the answers to its webhooks, and for what they make the customer do', async () => {
    let answered = false;
    routes['/voice'] = async () => {
      await client.messages.create({ to: TO, from: FROM, body: '一' });
      await new Promise((slow) => setTimeout(slow, 50));
      answered = true;
      return hangup();
    };
    await client.calls.create({ to: TO, from: FROM, url: `${base}/voice` });
    expect(await until(7)).toMatchObject({ nextDue: clockAfter(8).toISOString() });
    expect(answered).toBe(true);
  });

  it('calls of one instant are asked concurrently', async () => {
    let open = 0;
    let most = 0;
    routes['/voice'] = async () => {
      most = Math.max(most, ++open);
      await new Promise((slow) => setTimeout(slow, 30));
      open--;
      return hangup();
    };
    await Promise.all(
      Array.from({ length: 20 }, (_, n) =>
        client.calls.create({ to: `+86138000001${n + 10}`, from: FROM, url: `${base}/voice` }),
      ),
    );
    await until(60);
    expect(most).toBe(20);
  });

  it('tells of every call: which attempt, which phone, from when to when', async () => {
    const attempt = '0195c2a0-7d6e-4a53-9f3e-2b1c9d8e7f60';
    routes['/voice'] = hangup;
    const url = `${base}/voice?round=11111111-2222-4333-8444-555555555555&attempt=${attempt}`;
    const first = await client.calls.create({ to: TO, from: FROM, url });
    await until(60);
    const second = await client.calls.create({ to: TO, from: FROM, twiml: hangup() });

    const response = await control('calls');
    const lines = (await response.text())
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));

    expect(response.headers.get('content-type')).toContain('application/x-ndjson');
    expect(lines).toEqual([
      {
        sid: first.sid,
        attempt,
        phone: expect.stringMatching(/^[0-9a-f]{64}$/),
        created: START.toISOString(),
        ended: clockAfter(7).toISOString(),
      },
      { sid: second.sid, attempt: null, phone: lines[0].phone, created: clockAfter(60).toISOString(), ended: null },
    ]);
  });

  it('is not there without the right token', async () => {
    expect((await fetch(`${simulator.url}/_control/wrong/quiet`)).status).toBe(404);
    expect((await control('unknown')).status).toBe(404);
    await simulator.close();
    simulator = await startSimulator({ accountSid: ACCOUNT, authToken: TOKEN, seed: 'test', start: START });
    expect((await control('quiet')).status).toBe(404);
    expect((await fetch(`${simulator.url}/_control//quiet`)).status).toBe(404);
  });

  it('says what it expects', async () => {
    expect((await control('advance', { to: 'soon' })).status).toBe(400);
    expect((await control('advance', {})).status).toBe(400);
  });
});

describe('a message after the tone', () => {
  const recording = () => {
    const response = new VoiceResponse();
    response.say('请讲');
    response.record({ maxLength: 60, timeout: 5, finishOnKey: '#', action: '/said' });
    response.redirect('/nothing');
    return response.toString();
  };
  const ordered = () =>
    client.calls.create({ to: TO, from: FROM, url: `${base}/voice`, statusCallback: `${base}/status` });
  beforeEach(() => {
    routes['/voice'] = recording;
    routes['/said'] = () => hangup();
    routes['/nothing'] = () => hangup();
  });

  it.each([
    [{ seconds: 9, ends: '#' }, '9', '#', 9],
    // A key that ends nothing is part of what was said; then the silence ends it.
    [{ seconds: 9, ends: '5' }, '9', '', 14],
    [{ seconds: 9, ends: 'silence' }, '9', '', 14],
    [{ seconds: 400, ends: '#' }, '60', '', 60],
  ])('%j is recorded, and its action told', async (spoken, RecordingDuration, Digits, takes) => {
    person.speak = () => spoken;
    const { sid } = await ordered();
    await until(200);
    const [told] = to('/said');
    expect(told?.fields).toMatchObject({ CallSid: sid, CallStatus: 'in-progress', RecordingDuration, Digits });
    expect(to('/nothing')).toEqual([]);
    // Answered after 7 s; 「请讲」 takes half a second, the tone one.
    const { endTime } = await client.calls(sid).fetch();
    expect(endTime).toEqual(clockAfter(Math.ceil(7 + 0.5 + 1 + takes)));
    const [kept] = await client.calls(sid).recordings.list();
    expect(kept).toMatchObject({ sid: told?.fields.RecordingSid, duration: RecordingDuration, source: 'RecordVerb' });
  });

  it('a hang-up in the middle of it keeps what was said, and its action is told after the end', async () => {
    person.speak = () => ({ seconds: 4, ends: 'hang-up' });
    const { sid } = await ordered();
    await until(60);
    expect(to('/said')[0]?.fields).toMatchObject({ CallStatus: 'completed', Digits: 'hangup', RecordingDuration: '4' });
    expect(to('/status')[0]?.fields).toMatchObject({ CallStatus: 'completed', CallSid: sid });
    expect(await client.calls(sid).recordings.list()).toHaveLength(1);
  });

  it('who says nothing is not recorded: what stands behind it comes', async () => {
    person.speak = () => null;
    const { sid } = await ordered();
    await until(60);
    expect([to('/said').length, to('/nothing').length]).toEqual([0, 1]);
    expect(await client.calls(sid).recordings.list()).toEqual([]);
  });

  it('is sound until it is deleted, also after a restart', async () => {
    const data = mkdtempSync(path.join(tmpdir(), 'simulator-'));
    await restart({ folder: data });
    person.speak = () => ({ seconds: 3, ends: '#' });
    const { sid } = await ordered();
    await until(60);
    await restart({ folder: data });
    const [kept] = await client.calls(sid).recordings.list();
    const at = `${simulator.url}/2010-04-01/Accounts/${ACCOUNT}/Recordings/${kept?.sid}.wav`;
    const headers = { Authorization: `Basic ${btoa(`${ACCOUNT}:${TOKEN}`)}` };
    const sound = Buffer.from(await (await fetch(at, { headers })).arrayBuffer());
    expect([sound.toString('latin1', 0, 4), sound.length]).toEqual(['RIFF', 44 + 3 * 8000]);
    expect((await fetch(at)).status).toBe(401);
    expect(await client.recordings(kept?.sid ?? '').remove()).toBe(true);
    await expect(client.recordings(kept?.sid ?? '').fetch()).rejects.toMatchObject({ status: 404, code: 20404 });
    await restart({ folder: data });
    expect((await fetch(at.replace(/^http:..[^/]+/, simulator.url), { headers })).status).toBe(404);
  });
});

describe('somebody who missed a call', () => {
  const ordered = () => client.calls.create({ to: TO, from: FROM, url: `${base}/voice`, timeout: 30 });
  const listening = () => ({ voiceUrl: `${base}/inbound`, voiceStatusUrl: `${base}/inbound-status` });
  const rings = async () =>
    (await (await control('ring-backs')).text())
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line));
  beforeEach(async () => {
    person.ring = () => ({ does: 'ring-out', connect: 1 });
    person.ringsBack = () => 600;
    routes['/inbound'] = () => question('一二三四', '/key');
    routes['/key'] = () => hangup();
    person.hear = presses({ 一二三四: [['4', 0.5]] });
    await restart(listening());
  });

  it('rings back after his delay, is heard, and the end of it is told', async () => {
    const missed = await ordered();
    await until(600);
    expect(to('/inbound')).toEqual([]);
    await until(700);
    // Dialled after 1 s and rung from 2 to 32.
    expect(to('/inbound').map(({ fields }) => fields)).toMatchObject([
      { From: TO, To: FROM, Direction: 'inbound', CallStatus: 'ringing' },
    ]);
    expect(to('/key')[0]?.fields).toMatchObject({ Digits: '4', CallStatus: 'in-progress' });
    expect(to('/inbound-status').map(({ fields }) => [fields.CallStatus, fields.CallDuration])).toEqual([
      ['completed', '2'],
    ]);
    const [ring] = await rings();
    expect(ring).toMatchObject({ of: missed.sid, created: clockAfter(632).toISOString() });
    expect(await client.calls(ring?.sid).fetch()).toMatchObject({ direction: 'inbound', from: TO, to: FROM });
    expect((await (await control('calls')).text()).trim().split('\n')).toHaveLength(1);
    expect(await (await control('tally')).json()).toMatchObject({ calls: 1, ringBacks: 1 });
  });

  it('hears it ring as long as the answer begins with a pause', async () => {
    const states: (string | undefined)[] = [];
    routes['/inbound'] = ({ fields }) => {
      states.push(fields.CallStatus);
      return states.length < 3
        ? '<Response><Pause length="5"/><Redirect>/inbound</Redirect></Response>'
        : question('一二三四', '/key');
    };
    await ordered();
    await until(700);
    expect(states).toEqual(['ringing', 'ringing', 'ringing']);
    expect((await rings())[0]).toMatchObject({ answered: clockAfter(642).toISOString() });
  });

  it('who gives up before he is answered was not answered', async () => {
    person.patience = 10;
    routes['/inbound'] = () => '<Response><Pause length="60"/></Response>';
    await ordered();
    await until(700);
    expect(to('/inbound-status')[0]?.fields).toMatchObject({ CallStatus: 'no-answer', CallDuration: '0' });
    expect(await rings()).toHaveLength(1);
  });

  it('does not when he was called again before', async () => {
    person.ring = ({ calls }) => (calls === 1 ? { does: 'ring-out', connect: 1 } : { does: 'busy' });
    await ordered();
    await until(300);
    await ordered();
    await until(2000);
    expect(await rings()).toEqual([]);
  });

  it.each([
    ['his line was busy', { ring: () => ({ does: 'busy' }) as const }, {}],
    ['he is not one who does', { ringsBack: () => null }, {}],
    ['our number leads nowhere', {}, { voiceUrl: undefined }],
  ])('does not when %s', async (_, his, ours) => {
    Object.assign(person, his);
    await restart({ ...listening(), ...ours } as Partial<SimulatorOptions>);
    await ordered();
    await until(2000);
    expect(await rings()).toEqual([]);
  });

  it('rings back once, also when the carrier was killed before or after it', async () => {
    const data = mkdtempSync(path.join(tmpdir(), 'simulator-'));
    await restart({ ...listening(), folder: data });
    await ordered();
    await until(100);
    await restart({ ...listening(), folder: data });
    await until(700);
    expect(await rings()).toHaveLength(1);
    await restart({ ...listening(), folder: data });
    await until(2000);
    expect(await rings()).toHaveLength(1);
    expect(to('/inbound')).toHaveLength(1);
  });
});

describe('after a restart', () => {
  const folder = () => mkdtempSync(path.join(tmpdir(), 'simulator-'));

  it('look-ups answer for old calls, live calls have failed, counts go on', async () => {
    const data = folder();
    const seen: number[] = [];
    person.ring = ({ calls }) => {
      seen.push(calls);
      return { does: 'answer', connect: 1, after: 5 };
    };
    await restart({ folder: data });
    routes['/voice'] = () => '<Response><Pause length="100"/></Response>';
    const order = { to: TO, from: FROM, url: `${base}/voice`, statusCallback: `${base}/status` };
    const old = await client.calls.create(order);
    await until(200);
    const live = await client.calls.create(order);
    await until(220);
    received.length = 0;

    await restart({ folder: data });

    expect(await client.calls(old.sid).fetch()).toMatchObject({
      status: 'completed',
      duration: '100',
      startTime: clockAfter(1),
    });
    expect(await client.calls(live.sid).fetch()).toMatchObject({ status: 'failed', endTime: clockAfter(220) });
    expect(await (await control('quiet')).json()).toMatchObject({ now: clockAfter(220).toISOString() });
    expect(received).toEqual([]);
    await until(221);
    expect(received.map(({ fields }) => [fields.CallSid, fields.CallStatus])).toEqual([[live.sid, 'failed']]);
    await client.calls.create(order);
    await until(230);
    expect(seen).toEqual([1, 2, 3]);

    await restart({ folder: data });
    await until(260);
    expect(to('/status').filter(({ fields }) => fields.CallSid === live.sid)).toHaveLength(1);
    await restart({ folder: data, fresh: true });
    expect(await client.calls.list()).toEqual([]);
  });
});
