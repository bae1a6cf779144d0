import { randomUUID } from 'node:crypto';
import http from 'node:http';
import https from 'node:https';
import twilio from 'twilio';
import type { HttpMethod } from './twiml.ts';

/**
 * Requests to the customer's own server, signed and form-encoded as Twilio does them.
 * https://www.twilio.com/docs/usage/webhooks/webhooks-security
 */

/** What came of a webhook; a failure carries Twilio's debugger code (11200 HTTP, 11205 connection). */
export type WebhookAnswer =
  | { readonly ok: true; readonly contentType: string; readonly body: string }
  | { readonly ok: false; readonly code: 11200 | 11205; readonly reason: string };

export type Fields = Readonly<Record<string, string>>;

const MOST_REDIRECTS = 10;
/** As many at once as a Node server on the other side takes without queueing. */
const SOCKETS = 64;

/** Errors of a connection that never carried the request, so that asking again is harmless: Twilio asks once more. */
const NOT_CONNECTED = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'ETIMEDOUT']);
/** What a kept-alive connection does that the other side closed while it lay idle. */
const CLOSED_MEANWHILE = new Set(['ECONNRESET', 'EPIPE']);

export class Webhooks {
  readonly #authToken: string;
  readonly #limit: number;
  readonly #onSend: () => void;
  readonly #http = new http.Agent({ keepAlive: true, maxSockets: SOCKETS, scheduling: 'lifo' });
  readonly #https = new https.Agent({ keepAlive: true, maxSockets: SOCKETS, scheduling: 'lifo' });

  /**
   * @param limit how long an answer may take, in real milliseconds: nobody's server is faster because a clock stands
   * @param onSend told of every webhook sent
   */
  constructor(authToken: string, limit: number, onSend: () => void) {
    this.#authToken = authToken;
    this.#limit = limit;
    this.#onSend = onSend;
  }

  /** Sends one webhook and follows redirects. Never throws: what went wrong is the answer. */
  async send(url: string, method: HttpMethod, fields: Fields): Promise<WebhookAnswer> {
    this.#onSend();
    const token = randomUUID();
    let target = url;
    let verb = method;
    let form: Fields = fields;
    for (let hops = 0; hops <= MOST_REDIRECTS; hops++) {
      const attempt = await this.#attempt(target, verb, form, token);
      if (!('redirect' in attempt)) return attempt;
      target = attempt.redirect;
      verb = 'GET';
      form = {};
    }
    return { ok: false, code: 11200, reason: 'too many redirects' };
  }

  /**
   * Sends one request as it stands, without retry: a forgery, or a copy that nobody waits for.
   *
   * @param signature what to sign it with; null = as is right
   * @returns the status it was answered with, null where no answer came
   */
  async sendOnce(url: string, method: HttpMethod, fields: Fields, signature: string | null): Promise<number | null> {
    this.#onSend();
    const answered = await this.#request(url, method, fields, randomUUID(), signature);
    return 'status' in answered ? answered.status : null;
  }

  /** The signature that is right for a POST. */
  signature(url: string, fields: Fields): string {
    return twilio.getExpectedTwilioSignature(this.#authToken, url, { ...fields });
  }

  close(): void {
    this.#http.destroy();
    this.#https.destroy();
  }

  async #attempt(url: string, method: HttpMethod, fields: Fields, token: string): Promise<WebhookAnswer | Redirect> {
    const first = await this.#request(url, method, fields, token);
    return 'retry' in first ? this.#last(url, method, fields, token) : first;
  }

  async #last(url: string, method: HttpMethod, fields: Fields, token: string): Promise<WebhookAnswer | Redirect> {
    const second = await this.#request(url, method, fields, token);
    return 'retry' in second ? { ok: false, code: 11205, reason: second.retry } : second;
  }

  #request(
    address: string,
    method: HttpMethod,
    fields: Fields,
    token: string,
    signature: string | null = null,
  ): Promise<(WebhookAnswer | Redirect | { retry: string }) & { status?: number }> {
    const url = requestUrl(address, method, fields);
    const body = method === 'POST' ? new URLSearchParams(fields).toString() : null;
    const secure = url.startsWith('https:');
    return new Promise((settle) => {
      const request = (secure ? https : http).request(url, {
        method,
        agent: secure ? this.#https : this.#http,
        headers: {
          'X-Twilio-Signature': signature ?? this.signature(url, body === null ? {} : fields),
          'I-Twilio-Idempotency-Token': token,
          'User-Agent': 'TwilioProxy/1.1',
          Accept: '*/*',
          ...(body === null
            ? {}
            : {
                'Content-Type': 'application/x-www-form-urlencoded; charset=UTF-8',
                'Content-Length': Buffer.byteLength(body),
              }),
        },
      });
      const limit = setTimeout(() => request.destroy(new Error('no answer in time')), this.#limit);
      const done = (answer: (WebhookAnswer | Redirect | { retry: string }) & { status?: number }) => {
        clearTimeout(limit);
        settle(answer);
      };
      request.on('error', (error: NodeJS.ErrnoException) => {
        const code = error.code ?? '';
        const unsent = NOT_CONNECTED.has(code) || (request.reusedSocket && CLOSED_MEANWHILE.has(code));
        done(unsent ? { retry: code } : { ok: false, code: 11200, reason: code || error.message });
      });
      request.on('response', (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', (error) => done({ ok: false, code: 11200, reason: error.message }));
        response.on('aborted', () => done({ ok: false, code: 11200, reason: 'the answer broke off' }));
        response.on('end', () => {
          const status = response.statusCode ?? 0;
          done({ ...answer(response, Buffer.concat(chunks).toString('utf8'), url), status });
        });
      });
      request.end(body ?? undefined);
    });
  }
}

interface Redirect {
  readonly redirect: string;
}

function answer(response: http.IncomingMessage, body: string, url: string): WebhookAnswer | Redirect {
  const status = response.statusCode ?? 0;
  if (status >= 300 && status < 400 && response.headers.location) {
    return { redirect: new URL(response.headers.location, url).href };
  }
  if (status < 200 || status >= 300) return { ok: false, code: 11200, reason: `HTTP ${status}` };
  return { ok: true, contentType: response.headers['content-type'] ?? '', body };
}

/** The address that is asked and signed: without its fragment, and for GET with the fields in its query. */
function requestUrl(address: string, method: HttpMethod, fields: Fields): string {
  const url = address.replace(/#.*$/s, '');
  const query = method === 'GET' ? new URLSearchParams(fields).toString() : '';
  if (query === '') return url;
  return `${url}${url.includes('?') ? '&' : '?'}${query}`;
}
