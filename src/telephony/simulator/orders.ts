import type { Detection } from './detection.ts';
import { type FaultCode, MAGIC_NUMBERS, Rejected } from './faults.ts';
import type { CallOrder, TextOrder } from './journal.ts';
import type { HttpMethod } from './twiml.ts';

/** What a request asks for, checked as Twilio checks it: the first fault is the answer. */

/** E.164: a plus, then up to fifteen digits. */
const E164 = /^\+[1-9]\d{6,14}$/;
const EVENTS = new Set(['initiated', 'ringing', 'answered', 'completed']);
const LONGEST_BODY = 1600;
const DEFAULT_TIMEOUT = 60;
const LONGEST_TIMEOUT = 600;
const DEFAULT_TIME_LIMIT = 14_400;

/** @throws Rejected with Twilio's code */
export function callOrder(form: URLSearchParams, sid: string): CallOrder {
  const to = form.get('To');
  if (!to) throw new Rejected(21201);
  if (!E164.test(to)) throw new Rejected(21211, to);
  refuseMagic(MAGIC_NUMBERS.callTo, to);
  const from = form.get('From');
  if (!from) throw new Rejected(21213);
  if (!E164.test(from)) throw new Rejected(21212, from);
  refuseMagic(MAGIC_NUMBERS.callFrom, from);
  const twiml = form.get('Twiml');
  const url = twiml ? null : address(form, 'Url', 21205);
  if (!twiml && !url) throw new Rejected(21205);
  return {
    sid,
    to,
    from,
    url,
    twiml,
    method: httpMethod(form, 'Method'),
    fallbackUrl: address(form, 'FallbackUrl', 21205),
    fallbackMethod: httpMethod(form, 'FallbackMethod'),
    statusCallback: address(form, 'StatusCallback', 21609),
    statusCallbackMethod: httpMethod(form, 'StatusCallbackMethod'),
    statusCallbackEvents: events(form),
    timeout: whole(form, 'Timeout', 21208, DEFAULT_TIMEOUT, LONGEST_TIMEOUT),
    timeLimit: whole(form, 'TimeLimit', 20001, DEFAULT_TIME_LIMIT, DEFAULT_TIME_LIMIT * 6),
    ...detection(form),
  };
}

/** With keys to send after the answer Twilio listens for no machine. */
function detection(form: URLSearchParams): { detection?: Detection } {
  const mode = form.get('MachineDetection');
  if (!mode || form.get('SendDigits')) return {};
  if (mode !== 'Enable' && mode !== 'DetectMessageEnd') throw new Rejected(20001, `MachineDetection ${mode}`);
  const asked = form.get('AsyncAmd') ?? 'false';
  if (asked !== 'true' && asked !== 'false') throw new Rejected(20001, `AsyncAmd ${asked}`);
  const between = (name: string, otherwise: number, least: number, most: number) =>
    whole(form, `MachineDetection${name}`, 20001, otherwise, most, least);
  return {
    detection: {
      ...{ mode, async: asked === 'true' },
      timeout: between('Timeout', 30, 3, 59),
      speechThreshold: between('SpeechThreshold', 2400, 1000, 6000),
      speechEndThreshold: between('SpeechEndThreshold', 1200, 500, 5000),
      silenceTimeout: between('SilenceTimeout', 5000, 2000, 10_000),
      callback: address(form, 'AsyncAmdStatusCallback', 21609),
      callbackMethod: httpMethod(form, 'AsyncAmdStatusCallbackMethod'),
    },
  };
}

/** What a live call is told: to end, or to go on from elsewhere. */
export type CallChange =
  | { readonly change: 'end'; readonly status: 'completed' | 'canceled' }
  | {
      readonly change: 'redirect';
      readonly to: { readonly url: string; readonly method: HttpMethod } | { readonly twiml: string };
    };

/** @throws Rejected with Twilio's code */
export function callChange(form: URLSearchParams): CallChange {
  const status = form.get('Status');
  if (status === 'completed' || status === 'canceled') return { change: 'end', status };
  if (status) throw new Rejected(20001, `Status ${status}; completed or canceled`);
  const twiml = form.get('Twiml');
  if (twiml) return { change: 'redirect', to: { twiml } };
  const url = address(form, 'Url', 21205);
  if (!url) throw new Rejected(21205);
  return { change: 'redirect', to: { url, method: httpMethod(form, 'Method') } };
}

/**
 * @param serviceNumber the number a messaging service sends from
 * @throws Rejected with Twilio's code
 */
export function textOrder(form: URLSearchParams, sid: string, serviceNumber: string): TextOrder {
  const to = form.get('To');
  if (!to) throw new Rejected(21604);
  if (!E164.test(to)) throw new Rejected(21211, to);
  refuseMagic(MAGIC_NUMBERS.textTo, to);
  const messagingServiceSid = form.get('MessagingServiceSid');
  const from = form.get('From') ?? (messagingServiceSid ? serviceNumber : null);
  if (!from) throw new Rejected(21603);
  // Beside numbers Twilio takes short codes and names of up to eleven characters.
  if (!E164.test(from) && !/^\d{3,8}$/.test(from) && !/^(?=.*[A-Za-z])[A-Za-z0-9 +&_-]{1,11}$/.test(from)) {
    throw new Rejected(21212, from);
  }
  refuseMagic(MAGIC_NUMBERS.textFrom, from);
  const body = form.get('Body');
  if (!body) throw new Rejected(21602);
  if (body.length > LONGEST_BODY) throw new Rejected(21617);
  return { sid, to, from, body, messagingServiceSid, statusCallback: address(form, 'StatusCallback', 21609) };
}

function refuseMagic(table: Readonly<Record<string, FaultCode>>, phone: string): void {
  const code = table[phone];
  if (code) throw new Rejected(code);
}

function address(form: URLSearchParams, name: string, code: FaultCode): string | null {
  const value = form.get(name);
  if (!value) return null;
  if (!/^https?:\/\//i.test(value) || !URL.canParse(value)) throw new Rejected(code, `${name} ${value}`);
  return value;
}

function httpMethod(form: URLSearchParams, name: string): HttpMethod {
  const value = (form.get(name) ?? 'POST').toUpperCase();
  if (value !== 'GET' && value !== 'POST') throw new Rejected(21209, `${name} ${value}`);
  return value;
}

/** Twilio takes the parameter repeated, and its documentation long showed it as one list with spaces. */
function events(form: URLSearchParams): string[] {
  const asked = form.getAll('StatusCallbackEvent').flatMap((value) => value.split(/[\s,]+/).filter(Boolean));
  const unknown = asked.find((event) => !EVENTS.has(event));
  if (unknown) throw new Rejected(21626, unknown);
  return asked.length > 0 ? [...new Set(asked)] : ['completed'];
}

function whole(
  form: URLSearchParams,
  name: string,
  code: FaultCode,
  otherwise: number,
  most: number,
  least = 1,
): number {
  const value = form.get(name);
  if (!value) return otherwise;
  const number = Number(value);
  if (!Number.isInteger(number) || number < least || number > most) throw new Rejected(code, `${name} ${value}`);
  return number;
}
