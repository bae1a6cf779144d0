import { once } from 'node:events';
import { WebSocket } from 'ws';

/**
 * Asterisk's REST interface: requests over HTTP, events over a WebSocket. Its credentials stand in a header and nowhere
 * else: no error carries a request.
 */
export interface AriSettings {
  /** Where it is: `http://exchange:8088/ari` */
  readonly url: string;
  readonly user: string;
  readonly password: string;
  /** How long one request may take, in milliseconds; default ten seconds. */
  readonly requestTimeout?: number;
}

/** The name under which the exchange knows us (its Stasis application). */
export const application = 'huifang';

/** What came back. `body` is null where it was not JSON, and then somebody else may have answered. */
export interface AriAnswer {
  readonly status: number;
  readonly body: unknown;
}

/** The exchange could not be asked. Says what happened, and nothing of the request. */
export class ExchangeUnreachable extends Error {
  readonly code = 'exchange-unreachable';
  /** The network's error code, where there was no answer. */
  readonly network: string | null;

  constructor(what: string, network: string | null = null) {
    super(`the exchange could not be asked (${what})`);
    this.name = 'ExchangeUnreachable';
    this.network = network;
  }
}

type Query = Readonly<Record<string, string | number>>;

export class Ari {
  readonly #settings: AriSettings;

  constructor(settings: AriSettings) {
    this.#settings = settings;
  }

  /** One request, whatever its answer. @throws ExchangeUnreachable where there is none in time. */
  async ask(method: 'GET' | 'POST' | 'DELETE', path: string, query: Query = {}, body?: unknown): Promise<AriAnswer> {
    const answer = await this.#fetch(method, path, query, body);
    const text = await answer.text().catch(unreachable);
    return { status: answer.status, body: parsed(text) };
  }

  /** The same where only success is an answer. `null` = the exchange knows nothing of that name. */
  async get<T>(path: string): Promise<T | null> {
    const { status, body } = await this.ask('GET', path);
    if (status === 404 && body !== null) return null;
    if (status !== 200 || body === null) throw new ExchangeUnreachable(`HTTP ${status}`);
    return body as T;
  }

  /** Has something done; what is not there (any more) is left as it is. @returns whether it was there. */
  async tell(method: 'POST' | 'DELETE', path: string, query: Query = {}, body?: unknown): Promise<boolean> {
    const answer = await this.ask(method, path, query, body);
    // 409: it is there, and on its way out.
    if ((answer.status === 404 || answer.status === 409) && answer.body !== null) return false;
    if (answer.status >= 300) throw new ExchangeUnreachable(`HTTP ${answer.status}`);
    return true;
  }

  /** A file. null = there is none of that name. */
  async file(path: string): Promise<Buffer | null> {
    const answer = await this.#fetch('GET', path, {});
    if (answer.status === 404) return null;
    if (!answer.ok) throw new ExchangeUnreachable(`HTTP ${answer.status}`);
    return Buffer.from(await answer.arrayBuffer().catch(unreachable));
  }

  /** Opens the stream of our application's events. @throws ExchangeUnreachable where it cannot be opened. */
  async events(): Promise<WebSocket> {
    const { url } = this.#settings;
    const at = `${url.replace(/^http/, 'ws')}/events?app=${application}`;
    const socket = new WebSocket(at, { headers: this.#headers(), handshakeTimeout: this.#patience() });
    try {
      await once(socket, 'open');
    } catch (error) {
      throw new ExchangeUnreachable((error as Error).message);
    }
    return socket;
  }

  async #fetch(method: string, path: string, query: Query, body?: unknown): Promise<Response> {
    const { url } = this.#settings;
    const asked = new URLSearchParams(
      Object.entries(query).map(([name, value]): [string, string] => [name, String(value)]),
    );
    const init = {
      method,
      headers: { ...this.#headers(), ...(body !== undefined && { 'content-type': 'application/json' }) },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(this.#patience()),
    };
    return fetch(`${url}${path}${asked.size > 0 ? `?${asked}` : ''}`, init).catch(unreachable);
  }

  #patience = (): number => this.#settings.requestTimeout ?? 10_000;

  #headers(): Record<string, string> {
    const { user, password } = this.#settings;
    return { authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}` };
  }
}

function unreachable(error: unknown): never {
  const { name, cause } = error as { name?: string; cause?: { code?: string; errors?: { code?: string }[] } };
  const code = cause?.code ?? cause?.errors?.[0]?.code ?? null;
  throw new ExchangeUnreachable(code ?? (name === 'TimeoutError' ? 'no answer in time' : 'no answer'), code);
}

function parsed(text: string): unknown {
  if (text === '') return {};
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** A channel as the exchange describes it, as far as we read it. */
export interface Channel {
  readonly id: string;
  readonly name: string;
  readonly state: string;
  readonly caller: { readonly number: string };
  readonly connected: { readonly number: string };
}

/** The exchange's events that we act on; whatever else it tells is ignored. */
export type AriEvent =
  | { readonly type: 'StasisStart'; readonly args: readonly string[]; readonly channel: Channel }
  | { readonly type: 'ChannelStateChange' | 'StasisEnd'; readonly channel: Channel }
  | { readonly type: 'Dial'; readonly dialstatus: string; readonly peer: Channel }
  | {
      readonly type: 'ChannelDtmfReceived';
      readonly digit: string;
      readonly duration_ms: number;
      readonly channel: Channel;
    }
  | {
      readonly type: 'ChannelDestroyed';
      readonly cause: number;
      /** The SIP answer, from Asterisk 22 on. */
      readonly tech_cause?: number;
      readonly channel: Channel;
    }
  | { readonly type: 'ChannelVarset'; readonly variable: string; readonly value: string; readonly channel?: Channel }
  | {
      readonly type: 'PlaybackStarted' | 'PlaybackFinished';
      readonly playback: { readonly id: string; readonly state: string };
    }
  | {
      readonly type: 'RecordingFinished' | 'RecordingFailed';
      readonly recording: { readonly name: string; readonly duration?: number; readonly talking_duration?: number };
    }
  | {
      readonly type: 'ChannelUserevent';
      readonly eventname: string;
      readonly userevent: Readonly<Record<string, string>>;
    };
