import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Chance, systemChance } from '../../platform/chance.ts';
import { Agenda } from './agenda.ts';
import { type Cast, mischiefOf, peopleOf } from './cast.ts';
import { Control } from './control.ts';
import { type Alert, Exchange } from './exchange.ts';
import { NO_JOURNAL, openJournal } from './journal.ts';
import type { FaultShares } from './mischief.ts';
import type { Person } from './person.ts';
import { withColleagues } from './personas.ts';
import { answerRest, isRest, type RestAnswer } from './rest.ts';
import { Webhooks } from './webhook.ts';

/** The simulator as a server: one port for Twilio's REST API and, with a control token, for its own control addresses. */

export interface SimulatorOptions {
  readonly accountSid: string;
  readonly authToken: string;
  /** Fixes who sits behind which number. */
  readonly seed: string;
  /** 0 (the default) takes any free port. */
  readonly port?: number;
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** A folder for the journal; without it nothing outlives the process. */
  readonly folder?: string;
  /** Forget what the journal holds. */
  readonly fresh?: boolean;
  /** The clock stands from this instant on until control advances it; without it the clock is the system's. */
  readonly start?: Date;
  /** The clock runs so many times as fast as the system's, from `start` or from now on. */
  readonly speed?: number;
  /** Who is on the lines, what goes wrong, and who gets in touch by himself (`cast.ts`). */
  readonly cast?: Cast;
  readonly controlToken?: string;
  /** Where replies to texts are sent, as configured on a number in Twilio; without it they are not. */
  readonly smsUrl?: string;
  /** Where a person who rings back is put through to, and where the end of it is told; without it nobody rings. */
  readonly voiceUrl?: string;
  readonly voiceStatusUrl?: string;
  /** How many of those who would ring back do, 0 to 1; default all. */
  readonly ringBacks?: number;
  /** Numbers that begin so belong to colleagues (`personas.ts`), who always answer. */
  readonly colleagues?: string;
  /** The number a messaging service sends from. */
  readonly serviceNumber?: string;
  /** Who sits behind a number; default: the retailers of `personas.ts`. */
  readonly personBehind?: (phone: string) => Person;
  /** The share of orders and of calls that each of a carrier's troubles takes hold of (see `mischief.ts`); default none. */
  readonly faults?: FaultShares;
  readonly chance?: Chance;
  /** How long a webhook may take, in real milliseconds; default 15 s, as Twilio. */
  readonly webhookLimit?: number;
  /** Told of every webhook or TwiML that went wrong, as Twilio's debugger is. */
  readonly onAlert?: (alert: Alert) => void;
}

export interface Simulator {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  close(): Promise<void>;
}

/** Larger than any body a Twilio client sends. */
const LARGEST_BODY = 1024 * 1024;
/** Longer than any client keeps an idle connection, so that none is closed under a request. */
const KEEP_ALIVE_MS = 10 * 60_000;

/** A page with everybody's calls is nobody else's business. */
const HEADERS = {
  ...{ 'Cache-Control': 'no-store', 'Referrer-Policy': 'no-referrer', 'X-Content-Type-Options': 'nosniff' },
  'Content-Security-Policy':
    "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'",
};

/** Starts a simulator in this process. @throws whatever keeps it from listening or from reading its journal */
export async function startSimulator(options: SimulatorOptions): Promise<Simulator> {
  const { journal, entries } = options.folder
    ? openJournal(options.folder, options.fresh ?? false)
    : { journal: NO_JOURNAL, entries: [] };
  const written = entries.reduce((latest, { at }) => Math.max(latest, Date.parse(at)), 0);
  const { cast = {}, ringBacks = 1 } = options;
  const agenda = new Agenda(
    options.start ? new Date(Math.max(options.start.getTime(), written)) : null,
    options.speed ?? null,
  );
  let changes = 0;
  const webhooks = new Webhooks(options.authToken, options.webhookLimit ?? 15_000, () => changes++);
  const exchange = new Exchange(
    {
      accountSid: options.accountSid,
      agenda,
      webhooks,
      journal,
      chance: options.chance ?? systemChance,
      seed: options.seed,
      personBehind: options.personBehind ?? withColleagues(options.colleagues, peopleOf(cast, options.seed, ringBacks)),
      mischief: mischiefOf(cast, options.seed, options.faults ?? {}),
      smsUrl: options.smsUrl ?? null,
      voiceUrl: options.voiceUrl ?? null,
      voiceStatusUrl: options.voiceStatusUrl ?? null,
      serviceNumber: options.serviceNumber ?? '+15005550006',
      alert: options.onAlert ?? (() => {}),
    },
    entries[0] ? new Date(entries[0].at) : agenda.now(),
  );
  exchange.restore(entries);
  if (entries.length === 0) for (const one of cast.inbound ?? []) exchange.expect(one);
  const control = options.controlToken ? new Control(exchange, options.controlToken, () => changes) : null;

  const server = http.createServer((request, response) => {
    const [path = '', query = ''] = (request.url ?? '').split('?', 2);
    if (isRest(path)) {
      changes++;
      void agenda.during(async () => {
        const form = await body(request);
        if (form === null) return;
        const answered = answerRest(exchange, options.authToken, {
          method: request.method ?? '',
          path,
          query: new URLSearchParams(query),
          form: new URLSearchParams(form),
          authorization: request.headers.authorization,
        });
        await answered.after;
        answer(response, answered);
      });
      return;
    }
    void (async () => {
      const text = await body(request);
      if (text === null) return;
      const asked = { method: request.method ?? '', path, query: new URLSearchParams(query), body: text };
      const languages = request.headers['accept-language'] ?? '';
      const found = (await control?.answer({ ...asked, languages })) ?? null;
      if (!found)
        answer(response, { status: 404, body: { code: 20404, message: 'Not found', more_info: '', status: 404 } });
      else
        response
          .writeHead(found.status, { ...HEADERS, 'Content-Type': `${found.type}; charset=utf-8` })
          .end(found.body);
    })();
  });
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  // An advance over days of calls is one request that lasts as long as it lasts.
  server.requestTimeout = 0;
  server.timeout = 0;

  const host = options.host ?? '127.0.0.1';
  const port = await listen(server, options.port ?? 0, host);
  exchange.address = `http://${host}:${port}`;
  return {
    url: exchange.address,
    async close() {
      agenda.close();
      await new Promise<void>((done) => {
        server.close(() => done());
        server.closeAllConnections();
      });
      // The journal first: a callback cut off by closing must be told again after the next start.
      journal.close();
      webhooks.close();
    },
  };
}

function listen(server: http.Server, port: number, host: string): Promise<number> {
  return new Promise((settle, fail) => {
    server.once('error', fail);
    server.listen(port, host, () => settle((server.address() as AddressInfo).port));
  });
}

/** The whole body, or null when the client went away in the middle of it or sends without end: then nothing is done. */
async function body(request: http.IncomingMessage): Promise<string | null> {
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of request) {
      length += chunk.length;
      if (length > LARGEST_BODY) return null;
      chunks.push(chunk);
    }
  } catch {
    return null;
  }
  return Buffer.concat(chunks).toString('utf8');
}

function answer(response: http.ServerResponse, { status, body, media, trouble }: RestAnswer): void {
  if (trouble === 'connection-reset') return void response.destroy();
  if (trouble === 'no-response') return;
  if (trouble === 'proxy-page') {
    response.writeHead(502, { 'Content-Type': 'text/html' }).end('<html><body><h1>502 Bad Gateway</h1></body></html>');
    return;
  }
  if (media) return void response.writeHead(status, { 'Content-Type': media.type }).end(media.bytes);
  if (status === 204) return void response.writeHead(204).end();
  const text = Buffer.from(JSON.stringify(body), 'utf8');
  response.writeHead(status, {
    'Content-Type': 'application/json; charset=utf-8',
    'Content-Length': text.length,
    ...(status === 401 ? { 'WWW-Authenticate': 'Basic realm="Twilio API"' } : {}),
  });
  response.end(text);
}
