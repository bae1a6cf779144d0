import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A network between us and a carrier that speaks HTTP. What it does to the next requests, a test says. */
export interface Weather {
  /** The carrier gets the request, whatever we get to hear. */
  readonly delivered: boolean;
  /** The carrier's own answer, nothing for ever, a torn connection, or somebody else's answer. */
  readonly answer: 'its own' | 'none' | 'torn' | Answer;
}

export interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

export const fine: Weather = { delivered: true, answer: 'its own' };
export const lost = (answer: Weather['answer']): Weather => ({ delivered: false, answer });
export const goneOut = (answer: Weather['answer']): Weather => ({ delivered: true, answer });
export const htmlPage = (status: number): Answer => ({
  ...{ status, type: 'text/html', body: `<html><body><h1>${status}</h1></body></html>` },
});

/** One request that went by: what a carrier was asked. */
export interface Seen {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  readonly body: string;
}

export interface Network {
  readonly url: string;
  weather: Weather;
  readonly seen: Seen[];
  close(): Promise<void>;
}

/** @param carrier where the carrier listens: `http://127.0.0.1:PORT` */
export async function openNetwork(carrier: string): Promise<Network> {
  const seen: Seen[] = [];
  const network = { weather: fine };
  const carry = async (request: IncomingMessage, response: ServerResponse) => {
    const { delivered, answer } = network.weather;
    let body = '';
    for await (const chunk of request) body += chunk;
    const method = request.method ?? 'GET';
    seen.push({ method, url: request.url ?? '', body });
    const passed = delivered
      ? await fetch(carrier + request.url, {
          method,
          headers: {
            ...(request.headers.authorization && { authorization: request.headers.authorization }),
            ...(request.headers['content-type'] && { 'content-type': request.headers['content-type'] }),
          },
          ...(body !== '' && { body }),
        })
      : null;
    const words = passed ? Buffer.from(await passed.arrayBuffer()) : Buffer.alloc(0);
    if (answer === 'none') return;
    if (answer === 'torn') return void request.socket.destroy();
    if (answer !== 'its own') response.writeHead(answer.status, { 'Content-Type': answer.type }).end(answer.body);
    else if (!passed) response.writeHead(503).end();
    else response.writeHead(passed.status, { 'Content-Type': passed.headers.get('content-type') ?? '' }).end(words);
  };
  const server = createServer((request, response) => void carry(request, response).catch(() => response.destroy()));
  const url = await listening(server);
  return Object.assign(network, { url, seen, close: () => closed(server) });
}

export async function listening(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

export async function closed(server: Server): Promise<void> {
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
}
