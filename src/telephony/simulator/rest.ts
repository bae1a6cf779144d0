import { createHash, timingSafeEqual } from 'node:crypto';
import type { Call } from './call.ts';
import type { Exchange } from './exchange.ts';
import { Rejected } from './faults.ts';
import { callChange, callOrder, textOrder } from './orders.ts';
import { type Recording, wav } from './recording.ts';
import {
  API,
  accountResource,
  callRecordingResource,
  callResource,
  messageResource,
  page,
  recordingResource,
} from './resources.ts';
import type { Text } from './text.ts';

/** Twilio's REST API over an exchange: one request in, status and body out. Knows no sockets. */

export interface RestRequest {
  readonly method: string;
  /** Path without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly form: URLSearchParams;
  readonly authorization: string | undefined;
}

export interface RestAnswer {
  readonly status: number;
  readonly body: Record<string, unknown>;
  /** Instead of the body: a file. */
  readonly media?: { readonly type: string; readonly bytes: Buffer };
  /** Instead of the body: a broken connection, silence, or the page of a proxy that gave up. */
  readonly trouble?: 'connection-reset' | 'no-response' | 'proxy-page';
  /** Answered only then. */
  readonly after?: Promise<void>;
}

type Handler = (exchange: Exchange, request: RestRequest, sid: string) => RestAnswer;

/** Resource and verb → what is done. `one` is a path with a sid, `all` one without. */
const HANDLERS: Readonly<Record<string, Handler>> = {
  'GET Accounts': (exchange) => ok(accountResource(exchange.parts.accountSid, exchange.since)),
  'POST Calls all': createCall,
  'GET Calls all': listCalls,
  'GET Calls one': (exchange, _request, sid) => ok(callResource(callOr404(exchange, sid), exchange.parts.accountSid)),
  'POST Calls one': updateCall,
  'POST Messages all': createMessage,
  'GET Messages all': listMessages,
  'GET Messages one': (exchange, _request, sid) =>
    ok(messageResource(textOr404(exchange, sid), exchange.parts.accountSid)),
  'POST Messages one': updateMessage,
  'GET Recordings one': (exchange, _request, sid) =>
    ok(recordingResource(recordingOr404(exchange, sid), exchange.parts.accountSid)),
  'GET Recordings media': (exchange, _request, sid) => ({
    ...ok({}),
    media: { type: 'audio/x-wav', bytes: wav(recordingOr404(exchange, sid)) },
  }),
  'DELETE Recordings one': (exchange, _request, sid) => {
    exchange.deleteRecording(recordingOr404(exchange, sid).sid);
    return { status: 204, body: {} };
  },
  'GET Calls recordings': listRecordings,
};

const PATH =
  /^\/2010-04-01\/Accounts\/(AC[0-9a-fA-F]{32})(?:\/(Calls|Messages|Recordings)(?:\/((?:CA|SM|MM|RE)[0-9a-fA-F]{32})(\/Recordings)?)?)?(\.json|\.wav)?$/;

/** Answers a request under `/2010-04-01`. Faults become Twilio's error bodies. */
export function answerRest(exchange: Exchange, authToken: string, request: RestRequest): RestAnswer {
  try {
    return route(exchange, authToken, request);
  } catch (error) {
    if (error instanceof Rejected) return { status: error.status, body: error.body() };
    throw error;
  }
}

function route(exchange: Exchange, authToken: string, request: RestRequest): RestAnswer {
  const { accountSid } = exchange.parts;
  if (!authorised(request.authorization, accountSid, authToken)) throw new Rejected(20003);
  const [, account, resource, sid, below, form] = PATH.exec(request.path) ?? [];
  if (account !== accountSid) throw new Rejected(20404, request.path);
  const which = below ? 'recordings' : form === '.wav' ? 'media' : sid ? 'one' : 'all';
  const place = resource ? `${resource} ${which}` : 'Accounts';
  const handler = HANDLERS[`${request.method} ${place}`];
  if (!handler) throw new Rejected(20004, request.method);
  return handler(exchange, request, sid ?? '');
}

function authorised(header: string | undefined, accountSid: string, authToken: string): boolean {
  const given = header?.startsWith('Basic ') ? Buffer.from(header.slice(6), 'base64').toString('utf8') : '';
  const digest = (value: string) => createHash('sha256').update(value).digest();
  return timingSafeEqual(digest(given), digest(`${accountSid}:${authToken}`));
}

function ok(body: Record<string, unknown>): RestAnswer {
  return { status: 200, body };
}

function createCall(exchange: Exchange, { form }: RestRequest): RestAnswer {
  const order = callOrder(form, exchange.sid('CA'));
  const fault = exchange.parts.mischief.order(order.to, ++exchange.line(order.to).orders);
  switch (fault) {
    case 'throttled':
      throw new Rejected(20429);
    case 'unavailable':
      throw new Rejected(20503);
    case 'server-error':
      throw new Rejected(20500);
    case 'webhook-first': {
      const { call, asked } = exchange.placeCallAtOnce(order);
      return { status: 201, body: callResource(call, exchange.parts.accountSid), after: asked };
    }
    default: {
      const call = exchange.placeCall(order);
      return { status: 201, body: callResource(call, exchange.parts.accountSid), ...(fault ? { trouble: fault } : {}) };
    }
  }
}

function updateCall(exchange: Exchange, { form }: RestRequest, sid: string): RestAnswer {
  const call = callOr404(exchange, sid);
  const change = callChange(form);
  if (change.change === 'redirect') {
    if (call.status !== 'in-progress') throw new Rejected(21220);
    call.redirect(change.to);
  } else if (change.status === 'canceled') {
    call.cancel();
  } else {
    call.hangUp();
  }
  return ok(callResource(call, exchange.parts.accountSid));
}

function createMessage(exchange: Exchange, { form }: RestRequest): RestAnswer {
  const { serviceNumber, accountSid } = exchange.parts;
  const text = exchange.placeText(textOrder(form, exchange.sid('SM'), serviceNumber));
  return { status: 201, body: messageResource(text, accountSid) };
}

function updateMessage(exchange: Exchange, { form }: RestRequest, sid: string): RestAnswer {
  const text = textOr404(exchange, sid);
  const status = form.get('Status');
  if (status !== 'canceled') throw new Rejected(20001, `Status ${status}; only canceled`);
  if (!text.cancel()) throw new Rejected(20001, `a message that is ${text.status} cannot be canceled`);
  return ok(messageResource(text, exchange.parts.accountSid));
}

function textOr404(exchange: Exchange, sid: string): Text {
  const text = exchange.text(sid);
  if (!text) throw new Rejected(20404, sid);
  return text;
}

function callOr404(exchange: Exchange, sid: string): Call {
  const call = exchange.call(sid);
  if (!call) throw new Rejected(20404, sid);
  return call;
}

function recordingOr404(exchange: Exchange, sid: string): Recording {
  const recording = exchange.recording(sid);
  if (!recording) throw new Rejected(20404, sid);
  return recording;
}

function listRecordings(exchange: Exchange, { path, query }: RestRequest, sid: string): RestAnswer {
  const found = exchange.recordingsOf(callOr404(exchange, sid).sid).reverse();
  const { items, fields } = page(path, query, found);
  return ok({ ...fields, recordings: items.map((one) => callRecordingResource(one, exchange.parts.accountSid)) });
}

function listCalls(exchange: Exchange, { path, query }: RestRequest): RestAnswer {
  const to = query.get('To');
  const fits = allOf<Call>([
    equals(query, 'To', (call) => call.order.to),
    equals(query, 'From', (call) => call.order.from),
    equals(query, 'Status', (call) => call.status),
    // A call not yet dialled has no start time; it is sought by its creation, or nobody could find it by time.
    ...between<Call>(query, 'StartTime', (call) => call.started ?? call.created),
    ...between<Call>(query, 'EndTime', (call) => call.ended),
  ]);
  const found = (to ? exchange.callsTo(to) : exchange.calls).filter(fits).reverse();
  const { items, fields } = page(path, query, found);
  return ok({ ...fields, calls: items.map((call) => callResource(call, exchange.parts.accountSid)) });
}

function listMessages(exchange: Exchange, { path, query }: RestRequest): RestAnswer {
  const fits = allOf<Text>([
    equals(query, 'To', (text) => text.to),
    equals(query, 'From', (text) => text.from),
    ...between<Text>(query, 'DateSent', (text) => text.sent ?? text.created),
  ]);
  const { items, fields } = page(path, query, exchange.texts.filter(fits).reverse());
  return ok({ ...fields, messages: items.map((text) => messageResource(text, exchange.parts.accountSid)) });
}

type Filter<Item> = ((item: Item) => boolean) | null;

function allOf<Item>(filters: readonly Filter<Item>[]): (item: Item) => boolean {
  const set = filters.filter((filter) => filter !== null);
  return (item) => set.every((filter) => filter(item));
}

function equals<Item>(query: URLSearchParams, name: string, of: (item: Item) => string): Filter<Item> {
  const wanted = query.get(name);
  return wanted === null ? null : (item) => of(item) === wanted;
}

const DAY = 86_400_000;

/**
 * Twilio's filters by time: `Name` a whole UTC day (or one second), `Name>` from then on, `Name<` until then, both
 * inclusive; a day without a time of day means all of that day.
 */
function between<Item>(query: URLSearchParams, name: string, of: (item: Item) => Date | null): Filter<Item>[] {
  const within = (from: number, until: number) => (item: Item) => {
    const at = of(item)?.getTime();
    return at !== undefined && at >= from && at < until;
  };
  const on = span(query, name);
  const since = span(query, `${name}>`);
  const until = span(query, `${name}<`);
  return [
    on && within(on.from, on.until),
    since && within(since.from, Number.POSITIVE_INFINITY),
    until && within(Number.NEGATIVE_INFINITY, until.until),
  ];
}

function span(query: URLSearchParams, name: string): { from: number; until: number } | null {
  const value = query.get(name);
  if (value === null) return null;
  const from = Date.parse(value);
  if (Number.isNaN(from)) throw new Rejected(20001, `${name} ${value}`);
  return { from, until: from + (/^\d{4}-\d{2}-\d{2}$/.test(value) ? DAY : 1000) };
}

/** Whether a path belongs to the REST API at all. */
export function isRest(path: string): boolean {
  return path.startsWith(`${API}/`);
}
