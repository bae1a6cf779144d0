import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { describe } from 'vitest';
import { systemChance } from '../../src/platform/chance.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { connect } from '../../src/platform/database.ts';
import { silentLog } from '../../src/platform/log.ts';
import { openVault } from '../../src/platform/vault.ts';
import type { CallReport } from '../../src/survey/fieldwork/call.ts';
import { Ari } from '../../src/telephony/asterisk/ari.ts';
import { openAsterisk } from '../../src/telephony/asterisk/asterisk.ts';
import { type Answering, openLine } from '../../src/telephony/asterisk/line.ts';
import { Sounds } from '../../src/telephony/asterisk/sounds.ts';
import { createTestDatabase } from '../support/database.ts';
import { type VoiceBench, voiceContract } from '../telephony/voice-contract.ts';
import { type Answer, openNetwork } from '../telephony/weather.ts';
import { endpoint, shortQuestionnaire } from './bench.ts';
import { missingHere, startExchange } from './exchange.ts';
import { startPhones, telephone } from './phones.ts';

if (missingHere) console.error(`not run: the contract of calls on Asterisk (${missingHere})`);

const error = (status: number, message: string, name: 'message' | 'error' = 'message'): Answer => ({
  ...{ status, type: 'application/json', body: JSON.stringify({ [name]: message }) },
});

/** Our adapter over a real Asterisk. Whoever answers hears one sentence, and then nothing for a long while. */
async function open(): Promise<VoiceBench> {
  const exchange = await startExchange();
  const phones = await startPhones(join(exchange.folder, 'phones'), exchange.phonesPort);
  const { url, drop } = await createTestDatabase('asterisk contract');
  const database = connect(url);
  const { query } = database;
  const reports = new Map<string, CallReport>();
  const questionnaire = shortQuestionnaire();
  const sentence = {
    reply: { pauseSeconds: 0, say: [{ clip: 'G1' }], listenSeconds: 100 },
    next: 1,
    speaking: { language: 'zh-CN', managerName: '', questionnaire },
  } as const;
  const answering: Answering = {
    attemptBehind: async (channelId) => channelId,
    takeUp: async () => sentence,
    take: async () => null,
    report: async (channelId, report) => void reports.set(channelId, report),
    inbound: async () => {},
    deskAnswered: async () => null,
    shopsEnd: async () => {},
  };
  const sounds = new Sounds(
    { folder: join(exchange.folder, 'sounds'), program: 'espeak-ng -v {voice} -w {out} {text}' },
    systemChance,
  );
  const direct = new Ari(exchange.settings);
  const line = openLine({ ari: direct, sounds, query, log: silentLog, answering, now: () => systemClock.now() });
  const network = await openNetwork(new URL(exchange.settings.url).origin);
  const vault = openVault([randomBytes(32)]);
  const carrier = (origin: string, password = exchange.settings.password) =>
    openAsterisk(
      new Ari({ url: `${origin}/ari`, user: 'huifang', password, requestTimeout: 400 }),
      { endpoint, fromNumbers: ['+8679188000000', '+8679188000001'] },
      { query, vault, clock: systemClock },
    );
  const pause = (seconds: number) => new Promise<void>((resolve) => setTimeout(resolve, seconds * 250));
  for (let tries = 0; tries < 40 && !(await direct.get('/applications/huifang')); tries++) await pause(1);
  return {
    port: carrier(network.url),
    network,
    stranger: carrier(network.url, 'another password that is in no error'),
    // SIP is there, and nobody who speaks HTTP.
    nobody: carrier(`http://127.0.0.1:${exchange.sipPort}`),
    telephones: {
      answers: telephone('answersInSilence'),
      engaged: telephone('isBusy'),
      unanswered: telephone('ringsInVain'),
      nonexistent: telephone('doesNotExist'),
    },
    async carried(to) {
      // An INVITE is a moment on its way.
      await pause(2);
      return phones.rung(to);
    },
    // A quarter of a second for each: this carrier is no simulator, and its calls are short.
    pass: pause,
    reported: async (attemptId) => reports.get(attemptId) ?? null,
    refusals: [
      ...[400, 403, 422].map((status) => ({
        ...{ name: `a request it does not take (${status})`, answer: error(status, 'as it words it') },
        expected: { result: 'technical' as const, errorCode: status, trouble: 'settings' as const },
      })),
      {
        ...{ name: 'no such trunk', answer: error(500, 'Allocation failed', 'error') },
        expected: { result: 'technical', errorCode: 500, trouble: 'settings' },
      },
    ],
    tooMany: error(429, 'Too many requests'),
    broken: error(500, 'Internal Server Error'),
    secrets: [
      ...[exchange.settings.password, 'another password', 'uthorization'],
      Buffer.from(`huifang:${exchange.settings.password}`).toString('base64'),
    ],
    async close() {
      await line.close();
      await network.close();
      await phones.close();
      await exchange.close();
      await database.close();
      await drop();
    },
  };
}

describe.skipIf(missingHere)('on this machine', () => voiceContract('Asterisk, with telephones of sipp,', open));
