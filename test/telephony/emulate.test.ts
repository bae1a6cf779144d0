import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createEmulator, type Emulator } from 'emulate';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openTwilio } from '../../src/telephony/twilio/twilio.ts';
import { createApp } from '../../src/web/app.ts';
import { dispatch } from '../../src/workers/dispatch.ts';
import type { Services } from '../../src/workers/services.ts';
import { text } from '../../src/workers/text.ts';
import { fieldRound, settleIn, shopsOf } from '../support/city.ts';
import { type Field, openField } from '../support/field.ts';

/**
 * Somebody else's idea of Twilio: npm's `emulate` takes our texts through Twilio's own library, calls our webhooks and
 * signs them by its own code. It shares no line with our simulator, so what both of us got wrong would show here. (Its
 * voice side carries no document out, so calls are not for it.)
 */

const account = { sid: `AC${'e'.repeat(32)}`, auth_token: 'the token of these tests' };
const ours = '+8679188000000';
let field: Field;
let server: Server;
let emulator: Emulator;
let services: Services;
let worked = 0;

beforeAll(async () => {
  field = await openField('emulate', []);
  await settleIn(field.city, shopsOf('W01', 3));
  await fieldRound(field.city);
  server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const publicUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  emulator = await createEmulator({
    ...{ service: 'twilio', port: await freePort() },
    seed: { twilio: { account, phone_numbers: [{ phone_number: ours, sms_url: `${publicUrl}/twilio/text` }] } },
  });
  services = { ...field.services, text: { port: twilioWith(account.auth_token, publicUrl).text, lane } };
  const twilio = { authTokens: [account.auth_token], publicUrl };
  server.on('request', createApp(services, { twilio, publicUrl, sessionSecret: 'a secret that is long enough here' }));
});
afterAll(async () => {
  await emulator.close();
  server.closeAllConnections();
  await new Promise((closed) => server.close(closed));
  await field.close();
});

const lane = { carrier: 'twilio', channel: 'sms', perSecond: 1000, concurrent: null } as const;
const twilioWith = (authToken: string, publicUrl: string) =>
  openTwilio({
    ...{ accountSid: account.sid, authToken, baseUrl: emulator.url },
    ...{ fromNumbers: [ours], messagingServiceSid: null, publicUrl },
  });

/** The emulator is told its port; it asks for none of its own. */
async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const { port } = probe.address() as AddressInfo;
  await new Promise((closed) => probe.close(closed));
  return port;
}

const all = <T>(statement: string, ...values: unknown[]) => field.city.database.query<T>({ text: statement, values });

/** Sends every text that was asked for since the last time. */
async function sendTexts(): Promise<void> {
  const asked = field.asked.slice(worked);
  worked = field.asked.length;
  for (const { name, payload } of asked)
    if (name === 'text') await text(services, (payload as { messageId: string }).messageId);
}

/** What the emulator does on request: a text comes in, a status moves on. */
async function simulate(what: 'inbound-message' | 'message-status', fields: Record<string, string>): Promise<void> {
  const response = await fetch(`${emulator.url}/_twilio/simulate/${what}`, {
    method: 'POST',
    headers: { Authorization: `Basic ${Buffer.from(`${account.sid}:${account.auth_token}`).toString('base64')}` },
    body: new URLSearchParams(fields),
  });
  expect(response.ok, await response.text()).toBe(true);
}

interface Sent {
  readonly state: string;
  readonly carrier_id: string;
  readonly text: string;
}
const messages = () => all<Sent>('SELECT state, carrier_id, text FROM message ORDER BY created_at');
const last = async (): Promise<Sent> => (await messages()).at(-1) ?? expect.fail('no text was sent');

test('a thread from the first question to the thanks: sent, delivered, answered, and every request signed by it taken', async () => {
  const [shop = ''] = shopsOf('W01', 1).map(({ phone }) => phone ?? '');
  await all(`UPDATE survey_case SET due_channel = 'sms', due_at = $1`, field.city.clock.now());
  await all(`UPDATE survey_case SET due_at = NULL, due_channel = NULL WHERE retailer_id <> 'W01-0000'`);

  await dispatch(services);
  await sendTexts();
  const first = await last();
  expect(first).toMatchObject({ state: 'sent', text: 'S1', carrier_id: expect.stringMatching(/^SM/) });

  await simulate('message-status', { MessageSid: first.carrier_id, Status: 'delivered' });
  expect(await last()).toMatchObject({ state: 'delivered', carrier_id: first.carrier_id });
  // Late and out of order: what was delivered stays so.
  await simulate('message-status', { MessageSid: first.carrier_id, Status: 'sent' });
  expect(await last()).toMatchObject({ state: 'delivered' });

  for (const [says, next] of [
    ['５分', 'S2'],
    ['没有', 'S3'],
    ['2', 'S9'],
  ] as const) {
    await simulate('inbound-message', { From: shop, To: ours, Body: says });
    await sendTexts();
    expect(await last()).toMatchObject({ state: 'sent', text: next });
  }
  expect(await all('SELECT item, value FROM answer ORDER BY turn')).toEqual([
    { item: 'Q1', value: 5 },
    { item: 'Q6', value: 2 },
    { item: 'Q7b', value: 2 },
  ]);
  // What it holds is what we sent: four texts, each once.
  const held = await services.text?.port.textsTo(shop, new Date(0));
  expect(held?.map(({ carrierId }) => carrierId).sort()).toEqual(
    (await messages()).map(({ carrier_id }) => carrier_id).sort(),
  );
});

test('a text it refuses is told by its code, and a wrong token stops us', async () => {
  const publicUrl = 'https://huifang.example';
  await expect(twilioWith(account.auth_token, publicUrl).text.health()).resolves.toBeUndefined();
  const stranger = twilioWith('a guess', publicUrl).text;
  await expect(stranger.health()).rejects.toMatchObject({ code: 'carrier-unreachable' });
  const template = { id: 'S1', language: 'zh-CN', words: '您好', values: {} } as const;
  const order = { messageId: field.city.chance.id(), to: '+8613800000000', body: '您好', template };
  expect(await stranger.send(order)).toMatchObject({ kind: 'refused', errorCode: 20003, trouble: 'settings' });
  const notOurs = openTwilio({
    ...{ accountSid: account.sid, authToken: account.auth_token, baseUrl: emulator.url },
    ...{ fromNumbers: ['+15005550000'], messagingServiceSid: null, publicUrl },
  }).text;
  expect(await notOurs.send(order)).toMatchObject({ kind: 'refused', errorCode: 21606, trouble: 'settings' });
});
