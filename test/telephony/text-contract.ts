import { inspect } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { standardQuestionnaire } from '../../src/survey/questionnaire/questionnaire.ts';
import type { OutgoingText, Placing, TextPort, TextReport } from '../../src/telephony/ports.ts';
import { written } from '../../src/telephony/words.ts';
import { type Network, openNetwork, type Weather } from './network.ts';

/**
 * What every carrier of texts must do, whoever it is: asked for once, sends once; says no only where certainly nothing
 * went out; finds what it sent; throws nothing of ours away to a log. A driver brings a real carrier behind a network
 * that does what each test says.
 */
export interface TextDriver {
  /** Brings the carrier up; what the network lets through it answers. */
  start(): Promise<{
    /** What its clock says. */
    readonly now: () => Date;
    readonly pass: Network['pass'];
    /** The adapter, asking at `url`. */
    readonly open: (url: string) => TextPort;
    /** Whether a request asks for a text. */
    readonly sends: (request: { readonly method: string; readonly url: string; readonly action: string }) => boolean;
    readonly delivered: () => readonly Delivered[];
    /** The carrier says of the text with our id what became of it. */
    readonly settle: (messageId: string, report: 'delivered' | 'failed') => Promise<void>;
    readonly stop: () => Promise<void>;
  }>;
  /** Its own answers that mean each of these. */
  readonly refusals: readonly (readonly [what: string, answer: Answer, placing: Partial<Placing>])[];
  readonly tooMany: Answer;
  readonly ownFailure: Answer;
  readonly secrets: readonly string[];
}

export interface Delivered {
  readonly to: string;
  readonly body: string;
  readonly messageId: string | null;
}

type Answer = Extract<Weather, { kind: 'answer' }>;

const questionnaire = standardQuestionnaire();
const to = '+8613800001234';
const speaking = { language: 'zh-CN', managerName: '王建国', questionnaire } as const;

export const json = (status: number, body: unknown): Answer => ({
  ...{ kind: 'answer', status, type: 'application/json', body: JSON.stringify(body) },
});
const page = (status: number): Answer => ({
  ...{ kind: 'answer', status, type: 'text/html', body: `<html><h1>${status}</h1></html>` },
});

export function textContract(name: string, driver: TextDriver): void {
  describe(`a carrier of texts: ${name}`, () => {
    let network: Network;
    let carrier: Awaited<ReturnType<TextDriver['start']>>;
    let port: TextPort;
    let count = 0;
    /** Everything the adapter gave back or threw. */
    let came: unknown[] = [];

    beforeAll(async () => {
      carrier = await driver.start();
      network = await openNetwork(carrier.pass);
      port = carrier.open(network.url);
    });
    afterAll(async () => {
      await network.close();
      await carrier.stop();
    });
    beforeEach(() => {
      network.clear();
      came = [];
    });

    const text = (values: Partial<OutgoingText> = {}): OutgoingText => ({
      messageId: `0199c0de-0000-4000-8000-${String(++count).padStart(12, '0')}`,
      to,
      ...written('S1', speaking),
      ...values,
    });
    const asked = () => network.requests.filter(carrier.sends).length;
    /** Sends one text in this weather, which is for orders alone. */
    async function sendIn(weather: Weather): Promise<Placing> {
      network.weather = (request) => (carrier.sends(request) ? weather : { kind: 'fine' });
      const placing = await port.send(text());
      came.push(placing);
      return placing;
    }
    const thrown = async (promise: Promise<unknown>): Promise<unknown> => {
      const error = await promise.then(
        () => expect.fail('nothing was thrown'),
        (error: unknown) => error,
      );
      came.push(error);
      return error;
    };
    const nothingSecret = () => {
      const shown = came
        .map((each) => `${inspect(each, { depth: 12, showHidden: true })} ${JSON.stringify(each)}`)
        .join();
      for (const secret of [...driver.secrets, to, to.slice(3)]) expect(shown).not.toContain(secret);
    };

    test('sends one text: its words, to its number, under our id, once', async () => {
      const one = text();
      const placing = await port.send(one);
      expect(placing).toEqual({ kind: 'placed', carrierId: expect.stringMatching(/^.{1,100}$/) });
      expect(carrier.delivered().filter(({ body }) => body === one.body)).toHaveLength(count);
      expect(carrier.delivered().at(-1)).toEqual({ to, body: one.body, messageId: one.messageId });
      expect(asked()).toBe(1);
    });

    test('finds what it sent, and what became of it; nothing from before, and nothing of another number', async () => {
      const one = text({ to: '+8613800005678' });
      const since = carrier.now();
      const placing = await port.send(one);
      const [found, ...others] = await port.textsTo(one.to, since);
      expect(others).toEqual([]);
      expect(found).toMatchObject({ report: { state: 'sent' } });
      // By the carrier's id or by ours: one of the two says which text it is.
      const carrierId = placing.kind === 'placed' ? placing.carrierId : '';
      expect([found?.carrierId === carrierId, found?.messageId === one.messageId]).toContain(true);
      await carrier.settle(one.messageId, 'delivered');
      expect((await port.textsTo(one.to, since))[0]?.report).toEqual({ state: 'delivered' });
      expect(await port.textsTo('+8613800009999', since)).toEqual([]);
      expect(await port.textsTo(one.to, new Date(carrier.now().getTime() + 3_600_000))).toEqual([]);
    });

    test('and says that one failed', async () => {
      const one = text({ to: '+8613800005679' });
      const since = carrier.now();
      await port.send(one);
      await carrier.settle(one.messageId, 'failed');
      const [found] = await port.textsTo(one.to, since);
      expect(found?.report).toMatchObject({
        state: 'failed',
        result: expect.any(String),
      } satisfies Partial<TextReport>);
    });

    test('an id that was sent is sent again if asked: not to ask twice is ours', async () => {
      const before = carrier.delivered().length;
      const one = text();
      await port.send(one);
      await port.send(one);
      expect(carrier.delivered()).toHaveLength(before + 2);
    });

    test.each(driver.refusals)('says no: %s', async (_, answer, placing) => {
      expect(await sendIn(answer)).toMatchObject({ kind: 'refused', ...placing });
      if (!('trouble' in placing)) expect(came[0]).not.toHaveProperty('trouble');
      expect(asked()).toBe(1);
      nothingSecret();
    });

    test('too many requests: certainly not sent, and the next one would not be either', async () => {
      expect(await sendIn(driver.tooMany)).toMatchObject({ kind: 'refused', result: 'technical', trouble: 'busy' });
      expect(asked()).toBe(1);
    });

    test('nobody listens there: certainly not sent', async () => {
      const closed = await openNetwork(carrier.pass);
      const nobody = carrier.open(closed.url);
      await closed.close();
      const placing = await nobody.send(text());
      came.push(placing, await thrown(nobody.health()), await thrown(nobody.textsTo(to, new Date())));
      expect(placing).toMatchObject({ kind: 'refused', result: 'technical', trouble: 'busy' });
      nothingSecret();
    });

    const perhapsSent: readonly (readonly [string, Weather])[] = [
      ['an answer 500 of its own', driver.ownFailure],
      ['somebody else’s 502', page(502)],
      ['somebody else’s 404', page(404)],
      ['somebody else’s 200', page(200)],
      ['an answer without an id', json(200, {})],
      ['a time-out of a proxy', json(408, {})],
      ['a torn connection', { kind: 'torn' }],
      ['no answer at all', { kind: 'silence' }],
      ['sent, and the answer lost', { kind: 'lost' }],
    ];
    test.each(perhapsSent)('perhaps sent: %s; not asked for again', { timeout: 30_000 }, async (_, weather) => {
      const placing = await sendIn(weather);
      expect(placing).toEqual({ kind: 'unknown', reason: expect.any(String) });
      expect(asked()).toBe(1);
      nothingSecret();
    });

    test('a text whose answer was lost is found', async () => {
      const one = text({ to: '+8613800004321' });
      const since = carrier.now();
      network.weather = (request) => (carrier.sends(request) ? { kind: 'lost' } : { kind: 'fine' });
      expect(await port.send(one)).toMatchObject({ kind: 'unknown' });
      network.clear();
      expect(await port.textsTo(one.to, since)).toHaveLength(1);
    });

    const cannotBeAsked: readonly (readonly [string, Weather])[] = [
      ['500', driver.ownFailure],
      ['HTML 502', page(502)],
      ['HTML 200', page(200)],
      ['too many requests', driver.tooMany],
      ['a torn connection', { kind: 'torn' }],
    ];
    test.each(cannotBeAsked)('a look that fails is thrown, and shows nothing secret: %s', async (_, weather) => {
      network.weather = () => weather;
      const error = await thrown(port.textsTo(to, new Date()));
      expect(error).toMatchObject({ name: 'CarrierUnreachable', code: 'carrier-unreachable' });
      nothingSecret();
    });

    test('is well, or says that it is not', async () => {
      await port.health();
      for (const weather of [driver.ownFailure, page(502), { kind: 'torn' }] as const) {
        network.weather = () => weather;
        expect(await thrown(port.health())).toMatchObject({ code: 'carrier-unreachable' });
      }
      nothingSecret();
    });
  });
}
