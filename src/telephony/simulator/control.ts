import { createHash, timingSafeEqual } from 'node:crypto';
import type { Call } from './call.ts';
import type { Exchange } from './exchange.ts';
import { page } from './page.ts';
import type { Text } from './text.ts';
import { masked } from './transcript.ts';

/**
 * The simulator's own addresses, outside Twilio's paths: `/_control/{token}/…`. They move a standing clock and tell what
 * happened, for whoever drives a simulated round or checks afterwards that nobody was called twice.
 */

export interface ControlAnswer {
  readonly status: number;
  readonly type: 'application/json' | 'application/x-ndjson' | 'text/plain' | 'text/html';
  readonly body: string;
}

export interface ControlRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: string;
  /** The Accept-Language header. */
  readonly languages: string;
}

const PREFIX = '/_control/';
const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/gi;

type Handler = (control: Control, request: ControlRequest) => Promise<ControlAnswer> | ControlAnswer;

const HANDLERS: Readonly<Record<string, Handler>> = {
  'GET ': (control, request) => control.page(request),
  'POST advance': (control, { body }) => control.advance(body),
  'GET quiet': (control) => control.quiet(),
  'GET calls': (control) => control.calls(),
  'GET ring-backs': (control) => control.ringBacks(),
  'GET tally': (control) => control.tally(),
  'GET transcripts': (control, { query }) => control.transcripts(query.get('number') ?? ''),
};

export class Control {
  readonly #exchange: Exchange;
  readonly #token: string;
  readonly #changes: () => number;

  /** @param changes how many REST requests came in and webhooks went out so far */
  constructor(exchange: Exchange, token: string, changes: () => number) {
    this.#exchange = exchange;
    this.#token = token;
    this.#changes = changes;
  }

  /** The answer to a request for a control address; null for any other path and for a wrong token, which are 404 alike. */
  async answer(request: ControlRequest): Promise<ControlAnswer | null> {
    if (!request.path.startsWith(PREFIX)) return null;
    const [token = '', verb = '', ...rest] = request.path.slice(PREFIX.length).split('/');
    if (!same(token, this.#token) || rest.length > 0) return null;
    const handler = HANDLERS[`${request.method} ${verb}`];
    return handler ? await handler(this, request) : null;
  }

  /** Moves the clock to `{ "to": ISO }` and everything due with it; then tells as `quiet` does. */
  async advance(body: string): Promise<ControlAnswer> {
    const { agenda } = this.#exchange;
    if (!agenda.stands)
      return plain(409, 'This clock runs by itself: start the simulator with --start to advance it.\n');
    const to = instant(body);
    if (!to) return plain(400, 'Expected {"to":"2026-03-02T09:30:00Z"}.\n');
    await agenda.advance(to, () => this.#exchange.recordClock());
    this.#exchange.recordClock();
    return this.#state();
  }

  async quiet(): Promise<ControlAnswer> {
    await this.#exchange.agenda.quiet();
    return this.#state();
  }

  /** Every call ever ordered, one a line, in order of creation. */
  calls(): ControlAnswer {
    const lines = this.#exchange.ordered.map((call) =>
      JSON.stringify({
        sid: call.sid,
        attempt: attemptIn(call.order.url),
        phone: this.#exchange.alias(call.order.to),
        created: call.created.toISOString(),
        ended: call.ended?.toISOString() ?? null,
      }),
    );
    return { status: 200, type: 'application/x-ndjson', body: lines.map((line) => `${line}\n`).join('') };
  }

  /** Every call that a person made to us, one a line: which one it answers, and whether somebody spoke to him. */
  ringBacks(): ControlAnswer {
    const lines = this.#exchange.ringBacks.map((call) =>
      JSON.stringify({
        sid: call.sid,
        of: call.order.ringsBackTo,
        phone: this.#exchange.alias(call.order.from),
        created: call.created.toISOString(),
        answered: call.answered?.toISOString() ?? null,
        ended: call.ended?.toISOString() ?? null,
      }),
    );
    return { status: 200, type: 'application/x-ndjson', body: lines.map((line) => `${line}\n`).join('') };
  }

  /** The same as the transcripts, to be looked at. */
  page({ query, languages }: ControlRequest): ControlAnswer {
    const asked = query.get('lang') ?? languages;
    const language = /^en/i.test(asked) ? 'en' : 'zh';
    return { status: 200, type: 'text/html', body: page(this.#exchange, language, query.get('number') ?? '') };
  }

  /**
   * Everything that happened in every call and with every text since the start, one of them a line.
   *
   * @param number only what has to do with it (E.164); '' = everything
   */
  transcripts(number: string): ControlAnswer {
    const { calls, texts } = this.#exchange;
    const own = ({ from, to }: { from: string; to: string }) => number === '' || from === number || to === number;
    const lines = [
      ...calls
        .filter(({ order }) => own(order))
        .map((call) => ({ ...callFacts(call), events: call.transcript.events })),
      ...texts.filter(own).map((text) => ({ ...textFacts(text), events: text.transcript.events })),
    ].map((one) => JSON.stringify(one));
    return { status: 200, type: 'application/x-ndjson', body: lines.map((line) => `${line}\n`).join('') };
  }

  tally(): ControlAnswer {
    return json(this.#exchange.tally());
  }

  #state(): ControlAnswer {
    const { agenda } = this.#exchange;
    const due = agenda.nextDue();
    return json({
      now: agenda.now().toISOString(),
      nextDue: due === null ? null : new Date(due).toISOString(),
      changes: this.#changes(),
    });
  }
}

const callFacts = ({ sid, direction, order, status, created }: Call) => ({
  ...{ call: sid, attempt: attemptIn(order.url), direction, status, created },
  ...{ from: masked(order.from), to: masked(order.to) },
});

const textFacts = ({ sid, direction, from, to, body, status, created }: Text) => ({
  ...{ text: sid, direction, status, created, from: masked(from), to: masked(to), body },
});

const attemptIn = (url: string | null): string | null => url?.match(UUID)?.at(-1) ?? null;

function same(a: string, b: string): boolean {
  const digest = (value: string) => createHash('sha256').update(value).digest();
  return timingSafeEqual(digest(a), digest(b));
}

function instant(body: string): Date | null {
  try {
    const to = new Date(JSON.parse(body).to);
    return Number.isNaN(to.getTime()) ? null : to;
  } catch {
    return null;
  }
}

function json(value: unknown): ControlAnswer {
  return { status: 200, type: 'application/json', body: JSON.stringify(value) };
}

function plain(status: number, body: string): ControlAnswer {
  return { status, type: 'text/plain', body };
}
