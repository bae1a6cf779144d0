import { Writable } from 'node:stream';
import { expect, test } from 'vitest';
import { Activity } from '../../src/platform/activity.ts';
import { openLog } from '../../src/platform/log.ts';
import { openQueues } from '../../src/platform/queue.ts';
import { claimDue } from '../../src/survey/fieldwork/claim.ts';
import type { Lane } from '../../src/survey/fieldwork/pace.ts';
import { startSimulator } from '../../src/telephony/simulator/server.ts';
import { openTwilio } from '../../src/telephony/twilio/twilio.ts';
import { catalogue, concurrency } from '../../src/workers/catalogue.ts';
import { handlersFor } from '../../src/workers/handlers.ts';
import { reconcile } from '../../src/workers/reconcile.ts';
import type { Services } from '../../src/workers/services.ts';
import { fieldRound, openCity, settleIn, shopsOf } from '../support/city.ts';
import { goneOut, htmlPage, lost, openNetwork, type Weather } from './weather.ts';

/**
 * Twilio's library puts the request, with the account's secret in its header, into every error. Whatever fails, neither
 * the log nor a job in its queue nor any other row holds it, nor the number that was called.
 */
test('no secret and no number is in the log or in any row, whatever fails', async () => {
  const account = { accountSid: 'AC0123456789abcdef0123456789abcdef', authToken: 'a token that is nowhere to be read' };
  const city = await openCity('secrets');
  const shops = ['W01', 'W02', 'W03', 'W04', 'W05', 'W06'].flatMap((manager) => shopsOf(manager, 20));
  await settleIn(city, shops);
  await fieldRound(city);
  let logged = '';
  const log = openLog(
    'trace',
    new Writable({
      write(line, _encoding, done) {
        logged += line;
        done();
      },
    }),
  );
  const simulator = await startSimulator({ ...account, seed: 'secrets', start: city.clock.now() });
  const network = await openNetwork(simulator.url);
  const settings = { fromNumbers: ['+8679188000000'], messagingServiceSid: null, publicUrl: 'https://huifang.example' };
  const opened = (authToken: string, baseUrl: string) =>
    openTwilio({ ...account, ...settings, authToken, baseUrl, requestTimeout: 300 });
  const activity = new Activity();
  const queueSettings = { redisUrl: null, databaseUrl: city.url, prefix: 'huifang_jobs', alone: false };
  const queues = await openQueues(catalogue, queueSettings, { activity, chance: city.chance, log });
  const lane = (channel: 'voice' | 'sms'): Lane => ({ carrier: 'twilio', channel, perSecond: 100, concurrent: null });
  const servicesOver = ({ voice, text }: ReturnType<typeof opened>): Services => ({
    ...city,
    ...{ log, activity, queues, clock: { now: () => city.clock.now(), until: async () => {} } },
    voice: { port: voice, lane: lane('voice') },
    text: { port: text, lane: lane('sms') },
  });
  const { query } = city.database;
  /** One call and one text, a message to fetch, and everything looked up that is due. */
  const fail = async (services: Services, weather: Weather) => {
    network.weather = weather;
    const jobs = handlersFor(services);
    for (const channel of ['voice', 'sms'] as const) {
      // Nobody waits for a carrier to have rested here.
      await query({ text: 'DELETE FROM pace' });
      await query({ text: 'DELETE FROM incident' });
      await query({
        text: `UPDATE survey_case SET due_at = $1, due_channel = $2::channel WHERE id = (SELECT id FROM survey_case c WHERE NOT EXISTS (SELECT FROM attempt a WHERE a.phone_id = c.phone_id) LIMIT 1)`,
        values: [city.clock.now(), channel],
      });
      const wish = { now: city.clock.now(), until: city.clock.now(), openZones: ['Asia/Shanghai'] };
      const { attemptIds, messageIds } = await claimDue(city, lane(channel), wish);
      expect(attemptIds).toHaveLength(1);
      if (channel === 'voice') await jobs.dial({ attemptId: attemptIds[0] ?? '' });
      else await jobs.text({ messageId: messageIds[0] ?? '' });
      await query({ text: `UPDATE survey_case SET due_at = NULL, due_channel = NULL` });
    }
    await query({ text: `UPDATE attempt SET check_at = $1 WHERE state <> 'ended'`, values: [city.clock.now()] });
    await query({ text: `UPDATE message SET check_at = $1 WHERE state = 'unknown'`, values: [city.clock.now()] });
    await query({
      text: `INSERT INTO voice_message (recording_id, case_id, attempt_id, seconds, counts, at) SELECT 'RE' || a.id, a.case_id, a.id, 5, true, now() FROM attempt a LEFT JOIN voice_message v ON v.attempt_id = a.id WHERE v IS NULL LIMIT 1`,
    });
    await reconcile(services);
    await services.voice.port
      .interrupt('CA1', crypto.randomUUID(), 1)
      .catch((err: unknown) => log.error({ err }, 'as it is logged'));
    await services.voice.port.health().catch((err: unknown) => log.error({ err }, 'as it is logged'));
  };
  const sick = servicesOver(opened(account.authToken, network.url));
  for (const answer of [htmlPage(502), htmlPage(500), 'torn', 'none', htmlPage(404)] as const) {
    await fail(sick, lost(answer));
    await fail(sick, goneOut(answer));
  }
  await fail(servicesOver(opened('a wrong token that is nowhere to be read', network.url)), {
    delivered: true,
    answer: 'its own',
  });
  await fail(servicesOver(opened(account.authToken, 'http://127.0.0.1:9')), lost('torn'));
  // Jobs that fail lie in their queue with their errors.
  network.weather = lost('torn');
  await queues.work(handlersFor(sick), concurrency);
  const [{ id = '' } = {}] = await query<{ id: string }>({
    text: 'SELECT recording_id AS id FROM voice_message LIMIT 1',
  });
  await queues.add('voice-message', { recordingId: id });
  await expect.poll(() => logged, { timeout: 20_000 }).toMatch(/voice-message/);
  await queues.close();

  const tables = await query<{ name: string }>({
    text: `SELECT quote_ident(table_schema) || '.' || quote_ident(table_name) AS name FROM information_schema.tables
           WHERE table_type = 'BASE TABLE' AND table_schema NOT IN ('pg_catalog', 'information_schema')`,
  });
  let rows = '';
  for (const { name } of tables)
    for (const { row } of await query<{ row: string }>({ text: `SELECT t::text AS row FROM ${name} t` }))
      rows += `${row}\n`;
  expect(
    tables.some(({ name }) => name.includes('huifang_jobs')),
    'the queue is among them',
  ).toBe(true);
  expect(logged).toMatch(/call unknown/);
  expect(logged).toMatch(/could not be asked/);
  const basic = Buffer.from(`${account.accountSid}:${account.authToken}`).toString('base64');
  const numbers = shops.map(({ phone }) => phone ?? '');
  for (const secret of [
    account.authToken,
    'a wrong token',
    basic,
    'Basic ',
    ...numbers,
    ...numbers.map((one) => encodeURIComponent(one)),
  ]) {
    expect(logged.includes(secret), `${secret} in the log`).toBe(false);
    expect(rows.includes(secret), `${secret} in a row`).toBe(false);
  }
  await network.close();
  await simulator.close();
  await city.close();
}, 240_000);
