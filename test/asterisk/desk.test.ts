import { randomBytes, randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { systemChance } from '../../src/platform/chance.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { connect } from '../../src/platform/database.ts';
import { silentLog } from '../../src/platform/log.ts';
import { openVault } from '../../src/platform/vault.ts';
import type { CallReport } from '../../src/survey/fieldwork/call.ts';
import type { Input } from '../../src/survey/interview/conversation.ts';
import { Ari } from '../../src/telephony/asterisk/ari.ts';
import { channels, openAsterisk } from '../../src/telephony/asterisk/asterisk.ts';
import { type Answering, openLine } from '../../src/telephony/asterisk/line.ts';
import { dialled } from '../../src/telephony/asterisk/number.ts';
import { Sounds } from '../../src/telephony/asterisk/sounds.ts';
import { createTestDatabase } from '../support/database.ts';
import { endpoint, shortQuestionnaire } from './bench.ts';
import { missingHere, startExchange } from './exchange.ts';
import { startPhones, telephone } from './phones.ts';

/** Two telephones connected for the desk, and a message that is left, on a real Asterisk. */
if (missingHere) console.error(`not run: desk calls and messages through Asterisk (${missingHere})`);

const isPair = (ids: readonly string[]): boolean => ids.length === 2;

/** What the service was told and asked; it says one sentence, and then records where it is to. */
async function openExchange() {
  const exchange = await startExchange();
  const phones = await startPhones(join(exchange.folder, 'phones'), exchange.phonesPort);
  const { url, drop } = await createTestDatabase('asterisk desk');
  const database = connect(url);
  const { query } = database;
  const told = new Map<string, CallReport[]>();
  const shopsEnds = new Map<string, CallReport>();
  const shops = new Map<string, string>();
  const heard: Input[] = [];
  const turns: number[] = [];
  const sentence = {
    reply: {
      ...{ pauseSeconds: 0, say: [{ clip: 'G1' }], listenSeconds: 0.5 },
      record: { longestSeconds: 20, silenceSeconds: 15 },
    },
    next: 1,
    speaking: { language: 'zh-CN', managerName: '', questionnaire: shortQuestionnaire() },
  } as const;
  const answering: Answering = {
    attemptBehind: async (channelId) => (shops.has(channelId.replace('-shop', '')) ? null : channelId),
    takeUp: async () => sentence,
    async take(_, turn, input) {
      heard.push(input);
      turns.push(turn);
      return null;
    },
    report: async (id, report) => void told.set(id, [...(told.get(id) ?? []), report]),
    inbound: async () => {},
    async deskAnswered(callId) {
      const shop = shops.get(callId);
      return shop ? { endpoint: dialled(endpoint, shop), from: '079188001234' } : null;
    },
    shopsEnd: async (callId, report) => void shopsEnds.set(callId, report),
  };
  const ari = new Ari(exchange.settings);
  const program = 'espeak-ng -v {voice} -s 250 -w {out} {text}';
  const sounds = new Sounds({ folder: join(exchange.folder, 'sounds'), program }, systemChance);
  const takeLine = () => openLine({ ari, sounds, query, answering, log: silentLog, now: () => systemClock.now() });
  let line = takeLine();
  const standing = { query, vault: openVault([randomBytes(32)]), clock: systemClock };
  const port = openAsterisk(ari, { endpoint, fromNumbers: ['+8679188001234'] }, standing);
  const until = async <T>(
    what: string,
    ask: () => Promise<T | null | undefined | false> | T | null | undefined | false,
  ) => {
    for (const end = Date.now() + 25_000; ; ) {
      const answer = await ask();
      if (answer) return answer;
      if (Date.now() > end) throw new Error(`never: ${what}\n${exchange.log().slice(-1500)}`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  };
  const isHeld = () => until('the line is held', () => ari.get('/applications/huifang'));
  await isHeld();
  return {
    dropLine: () => line.close(),
    /** As another process would. */
    async retakeLine() {
      line = takeLine();
      await isHeld();
    },
    ...{ exchange, phones, ari, port, told, shopsEnds, shops, heard, turns, until },
    async close() {
      await line.close();
      await phones.close();
      await exchange.close();
      await database.close();
      await drop();
    },
  };
}

describe.skipIf(missingHere)('on an exchange', () => {
  let here: Awaited<ReturnType<typeof openExchange>>;
  beforeAll(async () => {
    here = await openExchange();
  });
  afterAll(() => here?.close());
  const call = (to: string) => ({ to, from: '+8679188001234', ringSeconds: 20, limitSeconds: 60 });
  /** Nothing of any call is left on the exchange. */
  const allIsOver = async () =>
    (await channels(here.ari)).size === 0 && (await here.ari.get<object[]>('/bridges'))?.length === 0;
  const ended = (id: string) => here.told.get(id)?.some(({ state }) => state === 'ended');

  test('a caller of the desk is rung, then the shop; they are connected, and one who rings off ends both', async () => {
    const callId = randomUUID();
    here.shops.set(callId, telephone('answersInSilence', 2));
    await here.port.connect({ callId, ...call(telephone('answersInSilence', 1)) });
    const [bridge] = await here.until('they are connected', async () => {
      const bridges = (await here.ari.get<{ channels: string[] }[]>('/bridges')) ?? [];
      return bridges.some((each) => each.channels.length === 2) && bridges;
    });
    expect(bridge?.channels.sort()).toEqual([callId, `${callId}-shop`].sort());
    await here.until('it is told', () => here.shopsEnds.get(callId)?.state === 'in-progress');
    await here.port.hangUp(callId);
    await here.until('both have ended', async () => (await allIsOver()) && ended(callId));
    expect([1, 2].map((serial) => here.phones.rung(telephone('answersInSilence', serial)))).toEqual([1, 1]);
  });

  test('he is told that the shop is busy, and his line is free again', async () => {
    const callId = randomUUID();
    here.shops.set(callId, telephone('isBusy', 2));
    await here.port.connect({ callId, ...call(telephone('answersInSilence', 3)) });
    await here.until('it is over', async () => (await allIsOver()) && ended(callId));
    expect(here.shopsEnds.get(callId)).toMatchObject({ state: 'ended', result: 'busy' });
  });

  describe('whose line is taken by another while they talk', () => {
    const bothOver = () => here.until('both have ended', async () => (await allIsOver()) && ended(callId));
    let callId: string;
    beforeEach(async () => {
      callId = randomUUID();
      here.shops.set(callId, telephone('answersInSilence', 12));
      await here.port.connect({ callId, ...call(telephone('answersInSilence', 11)) });
      await here.until('they are connected', () => here.shopsEnds.has(callId));
      await here.dropLine();
    });

    test.each(['', '-shop'])('are connected still, and either ends both (%s)', async (end) => {
      const asked = vi.spyOn(here.ari, 'get');
      await here.retakeLine();
      const bridge = `/bridges/${callId}`;
      await here.until('the next one has found them', () => asked.mock.calls.some(([path]) => path === bridge));
      asked.mockRestore();
      expect(await here.ari.get('/bridges')).toMatchObject([{ id: callId, channels: expect.toSatisfy(isPair) }]);
      await here.port.hangUp(`${callId}${end}`);
      await bothOver();
    });

    test.each(['', '-shop'])('are both free again where one of them rings off meanwhile (%s)', async (end) => {
      await here.port.hangUp(`${callId}${end}`);
      await here.retakeLine();
      await bothOver();
    });
  });

  test('whoever is to be connected with nobody is hung up on', async () => {
    const callId = randomUUID();
    await here.port.connect({ callId, ...call(telephone('answersInSilence', 4)) });
    await here.until('it is over', () => ended(callId));
  });

  test('what is being said in a call is broken off for the answer to another turn', async () => {
    const attemptId = randomUUID();
    await here.port.place({ attemptId, ...call(telephone('answersInSilence', 5)) });
    await here.until('he has answered', () => here.told.get(attemptId)?.some(({ state }) => state === 'in-progress'));
    await here.port.interrupt(attemptId, attemptId, 7);
    await here.until('its turn is asked for', () => here.turns.includes(7));
    await here.until('there is nothing more to say', () => ended(attemptId));
    await here.port.interrupt(attemptId, attemptId, 8);
    expect(here.turns).not.toContain(8);
    here.heard.length = 0;
  });

  test('a message is recorded until a key, and can be found, fetched and deleted', async () => {
    const attemptId = randomUUID();
    await here.port.place({ attemptId, ...call(telephone('speaksAndPressesHash')) });
    const [input] = await here.until('it was recorded', () => here.heard.length > 0 && here.heard);
    expect(input).toMatchObject({ kind: 'recorded', id: `${attemptId}.1`, endedBy: '#' });
    expect(input?.kind === 'recorded' && input.seconds).toBeGreaterThanOrEqual(2);
    const recordings = await here.port.recordingsOf(attemptId);
    expect(recordings).toEqual([{ recordingId: `${attemptId}.1`, seconds: expect.any(Number) }]);
    const audio = await here.port.audioOf(`${attemptId}.1`);
    expect(audio?.toString('latin1', 0, 4)).toBe('RIFF');
    await here.port.deleteRecording(`${attemptId}.1`);
    await here.port.deleteRecording(`${attemptId}.1`);
    expect(await here.port.audioOf(`${attemptId}.1`)).toBeNull();
    expect(await here.port.recordingsOf(attemptId)).toEqual([]);
  });
});
