import twilio from 'twilio';
import { CarrierUnreachable } from '../carrier-unreachable.ts';
import type { DeskCall, KnownCall, OutgoingCall, OutgoingText, Placing, Price, TextPort, VoicePort } from '../ports.ts';
import { meaningOf, resultOf, troubleOf } from './errors.ts';
import { type CallStatus, callReport, type TextStatus, textReport } from './reports.ts';

/**
 * Twilio, and whoever speaks its protocol: nothing here knows which, but the base URL. Errors of its library carry the
 * request with the account's secret, so none leaves this file; what became of a request does.
 */
export interface TwilioSettings {
  readonly accountSid: string;
  readonly authToken: string;
  /** Where the API lives, if not at Twilio. */
  readonly baseUrl: string | null;
  /** E.164; the first also sends texts. */
  readonly fromNumbers: readonly string[];
  readonly messagingServiceSid: string | null;
  /** Where Twilio reaches us. */
  readonly publicUrl: string;
  /** How long one request may take, in milliseconds; default ten seconds. */
  readonly requestTimeout?: number;
}

const timeLimit = ({ requestTimeout = 10_000 }: TwilioSettings): number => requestTimeout;
/** Minutes of audio over a slow line. */
const audioTimeLimit = (settings: TwilioSettings): number => 6 * timeLimit(settings);

export function openTwilio(settings: TwilioSettings): { voice: VoicePort; text: TextPort } {
  const client = twilio(settings.accountSid, settings.authToken, {
    timeout: timeLimit(settings),
    keepAlive: true,
    maxSockets: 50,
  });
  if (settings.baseUrl) client.api.baseUrl = settings.baseUrl;
  const health = async () => {
    await client.api.v2010.accounts(settings.accountSid).fetch().catch(withoutRequest);
  };
  return { voice: voicePort(client, settings, health), text: textPort(client, settings, health) };
}

type Client = ReturnType<typeof twilio>;

function voicePort(client: Client, settings: TwilioSettings, health: () => Promise<void>): VoicePort {
  const { fromNumbers: numbers, publicUrl } = settings;
  return {
    carrier: 'twilio',
    numbers,
    health,
    async place({ attemptId, to, from, ringSeconds, limitSeconds }: OutgoingCall) {
      const at = (path: string) => `${publicUrl}/twilio/voice/${attemptId}/${path}`;
      return asking(() =>
        client.calls.create({
          to,
          from,
          url: at('0'),
          method: 'POST',
          // Asked where we failed to answer: it has the failed address with it.
          fallbackUrl: `${publicUrl}/twilio/voice/fallback`,
          fallbackMethod: 'POST',
          statusCallback: at('status'),
          statusCallbackMethod: 'POST',
          // That it was taken, the answer to this request says; that somebody answered, the first turn.
          statusCallbackEvent: ['ringing', 'completed'],
          timeout: ringSeconds,
          timeLimit: limitSeconds,
          // Listened to while we speak already: nobody is held in silence for it. To the end of what a machine says,
          // because a message is kept only from its tone on.
          machineDetection: 'DetectMessageEnd',
          asyncAmd: 'true',
          asyncAmdStatusCallback: at('detected'),
          asyncAmdStatusCallbackMethod: 'POST',
        }),
      );
    },
    async connect({ callId, to, from, ringSeconds, limitSeconds }: DeskCall) {
      const at = (path: string) => `${publicUrl}/twilio/desk/${callId}/${path}`;
      return asking(() =>
        client.calls.create({
          ...{ to, from, url: at('bridge'), method: 'POST', timeout: ringSeconds, timeLimit: limitSeconds },
          ...{ statusCallback: at('status'), statusCallbackMethod: 'POST', statusCallbackEvent: ['completed'] },
        }),
      );
    },
    async hangUp(carrierId) {
      await change(client, carrierId, { status: 'completed' });
    },
    async interrupt(carrierId, attemptId, turn) {
      await change(client, carrierId, { url: `${publicUrl}/twilio/voice/${attemptId}/${turn}`, method: 'POST' });
    },
    async callsTo(to, since, from) {
      // Twilio filters by whole seconds: a call of the same second must not fall out.
      const startTimeAfter = new Date(Math.floor(since.getTime() / 1000) * 1000 - 1000);
      const wanted = { to, startTimeAfter, limit: 50, ...(from && { from }) };
      const calls = await client.calls.list(wanted).catch(withoutRequest);
      return calls.map(known);
    },
    async prices(since, until) {
      const [startTimeAfter, startTimeBefore] = around(since, until);
      const calls = await client.calls
        .list({ startTimeAfter, startTimeBefore, pageSize: 1000, limit: mostPrices })
        .catch(withoutRequest);
      return calls.flatMap(priced);
    },
    async call(carrierId) {
      try {
        return known(await client.calls(carrierId).fetch());
      } catch (error) {
        if (describe(error).status === 404) return null;
        return withoutRequest(error);
      }
    },
    async recordingsOf(carrierId) {
      const recordings = await client.calls(carrierId).recordings.list({ limit: 50 }).catch(withoutRequest);
      return recordings.map(({ sid, duration }) => ({ recordingId: sid, seconds: Number(duration ?? 0) }));
    },
    audioOf: (recordingId) => audioOf(settings, recordingId),
    async deleteRecording(recordingId) {
      try {
        await client.recordings(recordingId).remove();
      } catch (error) {
        if (describe(error).status !== 404) withoutRequest(error);
      }
    },
  };
}

/** As many as a day of a busy line. What is further back is asked for next time. */
const mostPrices = 5000;

/** Twilio filters by whole seconds, and dials some time after it was asked. */
const around = (since: Date, until: Date): [Date, Date] => [
  new Date(Math.floor(since.getTime() / 1000) * 1000 - 1000),
  new Date(until.getTime() + 3_600_000),
];

/** Twilio writes what it takes as a negative number, and nothing while it does not know yet. */
function priced({ sid, price, priceUnit }: { sid: string; price: string | null; priceUnit: string }): Price[] {
  const amount = /^-?(\d+(?:\.\d+)?)$/.exec(price ?? '')?.[1];
  return amount === undefined ? [] : [{ carrierId: sid, amount, unit: priceUnit.toUpperCase() }];
}

/** Not in progress (any more), so that there is nothing to change. */
const callIsOver = 21220;

/** What a live call is told to do; one that is over, or that nobody knows, is left as it is. */
async function change(
  client: Client,
  carrierId: string,
  to: { readonly status: 'completed' } | { readonly url: string; readonly method: string },
): Promise<void> {
  try {
    await client.calls(carrierId).update(to);
  } catch (error) {
    const { status, code } = describe(error);
    if (status !== 404 && code !== callIsOver) withoutRequest(error);
  }
}

/** The library reads answers as text, which audio is not. */
async function audioOf(settings: TwilioSettings, recordingId: string): Promise<Buffer | null> {
  const { accountSid, authToken, baseUrl } = settings;
  const at = `${baseUrl ?? 'https://api.twilio.com'}/2010-04-01/Accounts/${accountSid}/Recordings/${recordingId}.wav`;
  const authorization = `Basic ${Buffer.from(`${accountSid}:${authToken}`).toString('base64')}`;
  const answer = await fetch(at, {
    headers: { authorization },
    signal: AbortSignal.timeout(audioTimeLimit(settings)),
  }).catch(() => {
    throw new CarrierUnreachable('no answer');
  });
  if (answer.status === 404) return null;
  if (!answer.ok) throw new CarrierUnreachable(`HTTP ${answer.status}`);
  return Buffer.from(await answer.arrayBuffer());
}

const known = ({ sid, status }: { sid: string; status: string }): KnownCall => ({
  carrierId: sid,
  report: callReport(status as CallStatus, null, null),
});

function textPort(client: Client, settings: TwilioSettings, health: () => Promise<void>): TextPort {
  const { messagingServiceSid, fromNumbers: numbers } = settings;
  return {
    carrier: 'twilio',
    // A messaging service has a pool, and a sticky sender, of its own.
    ...(messagingServiceSid === null && { numbers }),
    health,
    async send({ messageId, to, from = numbers[0] ?? '', body }: OutgoingText) {
      const sender = messagingServiceSid === null ? { from } : { messagingServiceSid };
      const statusCallback = `${settings.publicUrl}/twilio/text/${messageId}/status`;
      return asking(() => client.messages.create({ to, body, statusCallback, ...sender }));
    },
    async prices(since, until) {
      const [dateSentAfter, dateSentBefore] = around(since, until);
      const messages = await client.messages
        .list({ dateSentAfter, dateSentBefore, pageSize: 1000, limit: mostPrices })
        .catch(withoutRequest);
      return messages.flatMap(priced);
    },
    async textsTo(to, since) {
      const dateSentAfter = new Date(Math.floor(since.getTime() / 1000) * 1000 - 1000);
      const messages = await client.messages.list({ to, dateSentAfter, limit: 50 }).catch(withoutRequest);
      return messages.map(({ sid, status, errorCode }) => ({
        carrierId: sid,
        report: textReport(status as TextStatus, errorCode ?? null),
      }));
    },
  };
}

/** What becomes of asking, by the only distinction that counts: certainly not made, or perhaps made. */
async function asking(ask: () => Promise<{ readonly sid?: string }>): Promise<Placing> {
  try {
    const { sid } = await ask();
    // Some proxy's answer: whether the carrier was asked behind it, nobody knows.
    return sid ? { kind: 'placed', carrierId: sid } : { kind: 'unknown', reason: 'an answer without an id' };
  } catch (error) {
    const { status, code, network } = describe(error);
    if (network === 'ECONNREFUSED') return refused(null);
    const saidNo = status !== null && status >= 400 && status < 500 && status !== 408 && code !== null;
    return saidNo
      ? refused(code)
      : { kind: 'unknown', reason: network ?? (status === null ? 'no answer' : `HTTP ${status}`) };
  }
}

function refused(code: number | null): Placing {
  const trouble = troubleOf(code);
  const optedOut = meaningOf(code) === 'opted-out';
  return {
    ...{ kind: 'refused', result: resultOf(code), errorCode: code },
    ...(trouble && { trouble }),
    ...(optedOut && { optedOut }),
  };
}

interface Described {
  /** HTTP status, where there was an answer. */
  readonly status: number | null;
  /** Twilio's own error code: without one the answer is not Twilio's, but some proxy's. */
  readonly code: number | null;
  /** The network's error code. */
  readonly network: string | null;
}

function describe(error: unknown): Described {
  const { status, code } = error as { status?: unknown; code?: unknown };
  return {
    status: typeof status === 'number' ? status : null,
    code: typeof code === 'number' ? code : null,
    network: typeof code === 'string' ? code : null,
  };
}

const unreachable = ({ status, code, network }: Described): CarrierUnreachable =>
  new CarrierUnreachable(network ?? `HTTP ${status ?? '?'}${code === null ? '' : `, error ${code}`}`);

function withoutRequest(error: unknown): never {
  throw unreachable(describe(error));
}
