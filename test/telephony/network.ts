import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What lies between us and a carrier, and what becomes of a request on it. */
export type Weather =
  | { readonly kind: 'fine' }
  /** Somebody answers, and the carrier never hears of it. */
  | { readonly kind: 'answer'; readonly status: number; readonly type: string; readonly body: string }
  | { readonly kind: 'torn' }
  | { readonly kind: 'silence' }
  /** The carrier does as asked, and its answer is lost. */
  | { readonly kind: 'lost' };

export interface Asked {
  readonly method: string;
  readonly url: string;
  /** Aliyun's name of what is asked for. */
  readonly action: string;
}

export interface Network {
  readonly url: string;
  readonly requests: Asked[];
  weather: (request: Asked) => Weather;
  pass(request: IncomingMessage, body: string): Promise<{ status: number; type: string; body: string }>;
  clear(): void;
  close(): Promise<void>;
}

export async function openNetwork(pass: Network['pass']): Promise<Network> {
  const requests: Asked[] = [];
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    const asked = {
      method: request.method ?? '',
      url: request.url ?? '',
      action: String(request.headers['x-acs-action'] ?? ''),
    };
    requests.push(asked);
    const weather = network.weather(asked);
    if (weather.kind === 'torn') return void request.socket.destroy();
    if (weather.kind === 'silence') return;
    if (weather.kind === 'answer')
      return void response.writeHead(weather.status, { 'Content-Type': weather.type }).end(weather.body);
    const answer = await pass(request, body);
    if (weather.kind === 'lost') return void request.socket.destroy();
    response.writeHead(answer.status, { 'Content-Type': answer.type }).end(answer.body);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const network: Network = {
    ...{ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests, pass },
    weather: () => ({ kind: 'fine' }),
    clear() {
      requests.length = 0;
      network.weather = () => ({ kind: 'fine' });
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return network;
}
