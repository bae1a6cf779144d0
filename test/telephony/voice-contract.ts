import { randomUUID } from 'node:crypto';
import { inspect } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { CallReport } from '../../src/survey/fieldwork/call.ts';
import type { OutgoingCall, Placing, VoicePort } from '../../src/telephony/ports.ts';
import { type Answer, fine, goneOut, htmlPage, lost, type Network, type Weather } from './weather.ts';

/**
 * What every carrier of calls must do, whoever it is: run against each adapter over a carrier that really takes calls,
 * with a network between the two that tests can make as bad as they like.
 */
export interface VoiceBench {
  readonly port: VoicePort;
  /** Between the port and its carrier. The port gives a request up after well under a second. */
  readonly network: Network;
  /** The same port with a credential that the carrier does not take. */
  readonly stranger: VoicePort;
  /** The same port where nobody listens. */
  readonly nobody: VoicePort;
  /** Telephones by what they do when they are rung; one nobody answers rings as long as it is let. */
  readonly telephones: Readonly<Record<'answers' | 'engaged' | 'unanswered' | 'nonexistent', string>>;
  /** How many calls the carrier itself counts to a number, since the start. */
  carried(to: string): Promise<number>;
  /** Lets the carrier go on for so many seconds of its own time. */
  pass(seconds: number): Promise<void>;
  /** What was reported last of a call by its attempt, as the service hears of it; null = nothing yet. */
  reported(attemptId: string): Promise<CallReport | null>;
  /** An answer with which this carrier refuses a call, and what it means. */
  readonly refusals: readonly Refusal[];
  /** How it says that there were too many requests. */
  readonly tooMany: Answer;
  /** How it says that something of its own broke. */
  readonly broken: Answer;
  /** What no error may hold: tokens, passwords, and what they look like in a header. */
  readonly secrets: readonly string[];
  close(): Promise<void>;
}

export interface Refusal {
  readonly name: string;
  readonly answer: Answer;
  readonly expected: Omit<Extract<Placing, { kind: 'refused' }>, 'kind'>;
}

/** Longest wait for a carrier that runs in real time, in its seconds. */
const patience = 60;

export function voiceContract(name: string, open: () => Promise<VoiceBench>): void {
  describe(`${name} keeps the contract of calls`, () => {
    let bench: VoiceBench;
    beforeAll(async () => {
      bench = await open();
    }, 60_000);
    afterAll(() => bench?.close());
    beforeEach(() => {
      bench.network.weather = fine;
      bench.network.seen.length = 0;
    });

    const order = (to: keyof VoiceBench['telephones'], attemptId = randomUUID()): OutgoingCall => ({
      ...{ attemptId, to: bench.telephones[to], from: bench.port.numbers[0] ?? '' },
      ...{ ringSeconds: 30, limitSeconds: 240 },
    });
    const begun = new Date(0);
    const placed = async (call: OutgoingCall): Promise<string> => {
      const placing = await bench.port.place(call);
      if (placing.kind !== 'placed') throw new Error(`not placed: ${inspect(placing)}`);
      return placing.carrierId;
    };
    /** Lets time pass until the carrier says so. */
    const until = async (ask: () => Promise<CallReport | null | undefined>, state: CallReport['state']) => {
      for (let waited = 0; waited < patience; waited++) {
        const report = await ask();
        if (report?.state === state) return report;
        await bench.pass(1);
      }
      throw new Error(`never ${state}, at last ${inspect(await ask())}`);
    };
    const standing = (carrierId: string) => async () => (await bench.port.call(carrierId))?.report;
    const reported = (attemptId: string) => () => bench.reported(attemptId);

    describe('a call that is placed', () => {
      test('rings once, under one id, and is found by it and by its number', async () => {
        const call = order('answers');
        const before = await bench.carried(call.to);
        const carrierId = await placed(call);
        expect(carrierId).toMatch(/\S/);
        expect((await bench.port.callsTo(call.to, begun, call.from)).map((known) => known.carrierId)).toContain(
          carrierId,
        );
        expect((await bench.port.call(carrierId))?.carrierId).toBe(carrierId);
        await until(reported(call.attemptId), 'in-progress');
        await bench.port.hangUp(carrierId);
        await until(reported(call.attemptId), 'ended');
        expect((await bench.carried(call.to)) - before).toBe(1);
      });

      test.each([
        ['engaged', 'busy'],
        ['nonexistent', 'bad-number'],
      ] as const)('to a telephone that is %s is told as %s', async (telephone, result) => {
        const call = order(telephone);
        await placed(call);
        expect(await until(reported(call.attemptId), 'ended')).toMatchObject({ result });
      });

      test('rings as long as it was asked to and no longer', async () => {
        const call = { ...order('unanswered'), ringSeconds: 5 };
        await placed(call);
        await until(reported(call.attemptId), 'ringing');
        expect(await until(reported(call.attemptId), 'ended')).toMatchObject({ result: 'no-answer' });
      });
    });

    describe('hanging up', () => {
      test('ends a call that is spoken in', async () => {
        const call = order('answers');
        const carrierId = await placed(call);
        await until(reported(call.attemptId), 'in-progress');
        await bench.port.hangUp(carrierId);
        expect(await until(reported(call.attemptId), 'ended')).toMatchObject({ result: 'completed' });
      });

      test('ends one that only rings', async () => {
        const call = order('unanswered');
        const carrierId = await placed(call);
        await until(reported(call.attemptId), 'ringing');
        await bench.port.hangUp(carrierId);
        const ended = await until(reported(call.attemptId), 'ended');
        expect(ended).not.toMatchObject({ result: 'busy' });
      });

      test('does nothing to one that is over, or that the carrier does not know', async () => {
        const call = order('engaged');
        const carrierId = await placed(call);
        const ended = await until(reported(call.attemptId), 'ended');
        await bench.port.hangUp(carrierId);
        await bench.port.hangUp(unknownLike(carrierId));
        expect(await bench.reported(call.attemptId)).toEqual(ended);
      });
    });

    describe('a refusal', () => {
      test('of each kind is told apart, and was no call', async () => {
        const { to } = order('answers');
        const before = await bench.carried(to);
        for (const { name, answer, expected } of bench.refusals) {
          bench.network.weather = lost(answer);
          expect({ name, ...(await bench.port.place(order('answers'))) }).toEqual({
            name,
            kind: 'refused',
            ...expected,
          });
        }
        expect(bench.refusals).not.toHaveLength(0);
        expect(await bench.carried(to)).toBe(before);
      });

      test('because there were too many requests says that it is busy', async () => {
        bench.network.weather = lost(bench.tooMany);
        expect(await bench.port.place(order('answers'))).toMatchObject({
          kind: 'refused',
          result: 'technical',
          trouble: 'busy',
        });
      });

      test('because nobody listens says that it is busy', async () => {
        expect(await bench.nobody.place(order('answers'))).toMatchObject({
          ...{ kind: 'refused', result: 'technical', errorCode: null, trouble: 'busy' },
        });
      });

      test('because the carrier does not know us says that the settings are to be mended', async () => {
        expect(await bench.stranger.place(order('answers'))).toMatchObject({
          ...{ kind: 'refused', result: 'technical', trouble: 'settings' },
        });
      });
    });

    describe('an answer that says nothing', () => {
      const unclear = (): [string, Answer | 'torn' | 'none'][] => [
        ['something broke', bench.broken],
        ['a page of a proxy (502)', htmlPage(502)],
        ['a page of a proxy (503)', htmlPage(503)],
        ['a page that says all is well', htmlPage(200)],
        ['a torn connection', 'torn'],
        ['no answer in time', 'none'],
      ];

      test('leaves unknown a call that went out, asks once, and the call is found', async () => {
        for (const [name, answer] of unclear()) {
          const call = order('engaged');
          const [carried, found] = [await bench.carried(call.to), await bench.port.callsTo(call.to, begun, call.from)];
          bench.network.seen.length = 0;
          bench.network.weather = goneOut(answer);
          expect({ name, ...(await bench.port.place(call)) }).toMatchObject({ name, kind: 'unknown' });
          bench.network.weather = fine;
          expect({ name, asked: bench.network.seen.length }).toEqual({ name, asked: 1 });
          expect({ name, carried: (await bench.carried(call.to)) - carried }).toEqual({ name, carried: 1 });
          const known = new Set(found.map(({ carrierId }) => carrierId));
          const newer = (await bench.port.callsTo(call.to, begun, call.from)).filter(
            (each) => !known.has(each.carrierId),
          );
          expect({ name, newer: newer.length }).toEqual({ name, newer: 1 });
          expect(await until(reported(call.attemptId), 'ended')).toMatchObject({ result: 'busy' });
        }
      });

      test('leaves unknown one that did not, and nothing is found', async () => {
        for (const [name, answer] of unclear()) {
          const call = order('unanswered');
          const before = await bench.carried(call.to);
          bench.network.weather = lost(answer);
          expect({ name, ...(await bench.port.place(call)) }).toMatchObject({ name, kind: 'unknown' });
          bench.network.weather = fine;
          expect({ name, carried: await bench.carried(call.to) }).toEqual({ name, carried: before });
          expect(await bench.reported(call.attemptId)).toBeNull();
        }
      });
    });

    describe('looking up', () => {
      test('one of an id that nobody gave finds none', async () => {
        const carrierId = await placed(order('engaged'));
        expect(await bench.port.call(unknownLike(carrierId))).toBeNull();
      });

      test('finds none to another number, from another number of ours, or before it was made', async () => {
        const call = order('engaged');
        await placed(call);
        expect(await bench.port.callsTo('+8613900009999', begun, null)).toEqual([]);
        expect(await bench.port.callsTo(call.to, begun, '+8613900009998')).toEqual([]);
        expect(await bench.port.callsTo(call.to, new Date('2099-01-01T00:00:00Z'), null)).toEqual([]);
        expect(await bench.port.callsTo(call.to, begun, null)).not.toEqual([]);
      });

      test('says how a call ended', async () => {
        const call = order('engaged');
        const carrierId = await placed(call);
        await until(reported(call.attemptId), 'ended');
        expect(await standing(carrierId)()).toMatchObject({ state: 'ended' });
      });

      test('throws where the carrier cannot be asked, and takes silence for no answer', async () => {
        for (const answer of [bench.broken, htmlPage(502), 'torn', 'none'] as const) {
          bench.network.weather = lost(answer);
          await expect(bench.port.call('any')).rejects.toThrow();
          await expect(bench.port.callsTo(bench.telephones.answers, begun, null)).rejects.toThrow();
          await expect(bench.port.hangUp('any')).rejects.toThrow();
          await expect(bench.port.health()).rejects.toThrow();
        }
      });
    });

    test('a carrier that answers and knows us is well, no other', async () => {
      await bench.port.health();
      await expect(bench.stranger.health()).rejects.toThrow();
      await expect(bench.nobody.health()).rejects.toThrow();
    });

    test('no error and no reason holds a secret, the number that was called, or the request', async () => {
      const told: unknown[] = [];
      const { to } = order('answers');
      const weathers: Weather['answer'][] = [
        bench.broken,
        bench.tooMany,
        htmlPage(502),
        'torn',
        'none',
        ...bench.refusals.map((one) => one.answer),
      ];
      const asked: [VoicePort, Weather[]][] = [
        [bench.port, weathers.map(lost)],
        [bench.stranger, [fine]],
        [bench.nobody, [fine]],
      ];
      for (const [port, all] of asked)
        for (const weather of all) {
          bench.network.weather = weather;
          told.push(await port.place(order('answers')));
          for (const ask of [
            () => port.call('any'),
            () => port.callsTo(to, begun, null),
            () => port.hangUp('any'),
            () => port.interrupt('any', randomUUID(), 1),
            () => port.recordingsOf('any'),
            () => port.audioOf('any'),
            () => port.deleteRecording('any'),
            () => port.health(),
          ])
            await ask().catch((error: unknown) => told.push(error));
        }
      const written = told
        .map((each) => `${inspect(each, { depth: 20, showHidden: true })} ${JSON.stringify(each)}`)
        .join('\n');
      expect(told.length).toBeGreaterThan(20);
      for (const secret of [...bench.secrets, to]) expect(written.includes(secret), 'a secret').toBe(false);
    });
  });
}

/** An id of the same form that the carrier never gave. */
const unknownLike = (carrierId: string): string => carrierId.replace(/[0-9a-f]{6}$/i, 'badbad');
