import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { lastCallOf } from '../../src/survey/desk/call.ts';
import type { Ring } from '../../src/telephony/simulator/person.ts';
import { withColleagues } from '../../src/telephony/simulator/personas.ts';
import { type Simulator, startSimulator } from '../../src/telephony/simulator/server.ts';
import { openTwilio } from '../../src/telephony/twilio/twilio.ts';
import { createApp } from '../../src/web/app.ts';
import { dialForCaller } from '../../src/workers/desk-dial.ts';
import { reconcile } from '../../src/workers/reconcile.ts';
import type { Services } from '../../src/workers/services.ts';
import { fieldRound, settleIn, shopsOf, tuesdayMorning } from '../support/city.ts';
import { type Field, openField } from '../support/field.ts';
import { makeUser } from '../web/site.ts';

/** A call of the desk through the real Twilio library, real webhooks, and the simulated carrier between two telephones. */
const account = { accountSid: 'AC0123456789abcdef0123456789abcdef', authToken: 'a token known to both sides' };
const our = { number: '+8679188000000', caller: '+861088880001' };
let field: Field;
let simulator: Simulator;
let server: Server;
let services: Services;
let caller: string;
let task: string;
let ring: Ring;
/** What the carrier told us, by the last part of the address. */
let told: string[];
const all = <T>(text: string, ...values: unknown[]) => field.city.database.query<T>({ text, values });
const wait = async (seconds: number) => {
  const to = new Date(field.city.clock.now().getTime() + seconds * 1000);
  field.city.clock.advance(to);
  await fetch(`${simulator.url}/_control/control/advance`, { method: 'POST', body: JSON.stringify({ to }) });
};
const calls = async () => {
  const { calls } = (await (
    await fetch(`${simulator.url}/2010-04-01/Accounts/${account.accountSid}/Calls.json`, {
      headers: {
        authorization: `Basic ${Buffer.from(`${account.accountSid}:${account.authToken}`).toString('base64')}`,
      },
    })
  ).json()) as { calls: { to: string; from: string; status: string; direction: string }[] };
  return calls.reverse().map(({ to, from, status, direction }) => ({ to, from, status, direction }));
};
const desk = () => lastCallOf(field.city.database.query, { taskId: task });

beforeAll(async () => {
  field = await openField('desk-dial', []);
  await settleIn(field.city, shopsOf('W01', 1));
  await fieldRound(field.city);
  server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const publicUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  caller = await makeUser(field, 'desk');
  await all('UPDATE app_user SET phone = $2 WHERE id = $1', caller, field.city.vault.seal(our.caller));
  services = { ...field.services };
  server.on('request', (request) => told.push(request.url?.split('/').at(-1) ?? ''));
  told = [];
  const shop = () => ({
    ...{ texts: { arrive: true } as const, patience: 40, ring: () => ring },
    ...{ hear: () => ({ does: 'nothing' }) as const, read: () => null, nameIn: () => null },
  });
  simulator = await startSimulator({
    ...{ ...account, seed: 'desk', start: tuesdayMorning, controlToken: 'control' },
    personBehind: withColleagues('+86108888', shop),
  });
  const { voice } = openTwilio({
    ...account,
    fromNumbers: [our.number],
    messagingServiceSid: null,
    publicUrl,
    baseUrl: simulator.url,
  });
  services = {
    ...field.services,
    voice: { port: voice, lane: { carrier: 'twilio', channel: 'voice', perSecond: 10, concurrent: 5 } },
  };
  const secret = { publicUrl, sessionSecret: 'a secret of the tests, long enough to be one' };
  server.on('request', createApp(services, { twilio: { authTokens: [account.authToken], publicUrl }, ...secret }));
});
afterAll(async () => {
  await simulator.close();
  server.closeAllConnections();
  server.close();
  await field.close();
});
beforeEach(async () => {
  told = [];
  await all(`DELETE FROM desk_call`);
  await all(`UPDATE attempt SET state = 'ended' WHERE state <> 'ended'`);
  await all('DELETE FROM desk_task');
  [{ id: task } = { id: '' }] = await all<{ id: string }>(
    `INSERT INTO desk_task (id, case_id, reason, state, created_at, from_at, due_at, taken_by, taken_at)
     SELECT gen_random_uuid(), id, 'person-wanted', 'taken', now(), now(), now(), $1, now() FROM survey_case RETURNING id`,
    caller,
  );
  ring = { does: 'answer', connect: 1, after: 4 };
  await wait(1);
});

test('his own telephone rings, then the shop’s, under one number; both hang up, and the line is free', async () => {
  expect(await dialForCaller(services, caller, { taskId: task })).toBe('placed');
  expect(await desk()).toMatchObject({ state: 'dialing', open: true });
  await wait(10);
  expect(await desk()).toMatchObject({ state: 'bridged' });
  await wait(60);
  expect(await desk()).toMatchObject({ state: 'ended', result: 'completed', open: true });
  expect(told).toEqual(['bridge', 'shop', 'status']);
  expect((await calls()).slice(-2)).toEqual([
    { to: our.caller, from: our.number, status: 'completed', direction: 'outbound-api' },
    { to: '+8613800010000', from: our.number, status: 'completed', direction: 'outbound-dial' },
  ]);
});

test.each([
  [{ does: 'busy' }, 'busy'],
  [{ does: 'ring-out', connect: 1 }, 'no-answer'],
  [{ does: 'not-exist' }, 'technical'],
] as const)('a shop that does %j shows as %s', async (does, result) => {
  ring = does;
  await dialForCaller(services, caller, { taskId: task });
  await wait(120);
  expect(await desk()).toMatchObject({ state: 'ended', result });
});

test('a call of which nothing was heard is looked up at the carrier, and its line given free', async () => {
  await dialForCaller(services, caller, { taskId: task });
  await wait(10);
  await all(`UPDATE desk_call SET carrier_id = NULL, check_at = $1`, field.city.clock.now());
  await reconcile(services);
  expect(await desk()).toMatchObject({ state: 'ended' });
});

test('one that is up at the carrier is left up', async () => {
  await dialForCaller(services, caller, { taskId: task });
  await wait(10);
  await all(`UPDATE desk_call SET check_at = $1`, field.city.clock.now());
  await reconcile(services);
  expect(await desk()).toMatchObject({ state: 'bridged' });
  await wait(120);
  expect(await desk()).toMatchObject({ state: 'ended' });
});
