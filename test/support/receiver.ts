import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';

/** A program of the company's that takes webhooks, over real HTTP, and checks their signatures as docs/webhooks.md says. */
export interface Receiver {
  readonly url: string;
  /** Every request, in order. */
  readonly got: readonly Received[];
  /** What it answers from now on: a status with headers, nothing at all (`silence`), or a cut line. */
  answer: (received: Received) => Answer;
  /** With which secret it checks. */
  secret: string;
  /** Events it has believed and taken, each once by its id. */
  readonly kept: ReadonlyMap<string, Received>;
  close(): Promise<void>;
}

export type Answer = 'silence' | 'cut' | { readonly status: number; readonly headers?: Record<string, string> };

export interface Received {
  readonly id: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
  readonly believed: boolean;
  readonly type: string;
  readonly subject: unknown;
}

export async function openReceiver(): Promise<Receiver> {
  const got: Received[] = [];
  const kept = new Map<string, Received>();
  const waiting = new Set<ServerResponse>();
  const receiver = {
    ...{ got, kept, secret: '', url: '' },
    answer: (_: Received): Answer => ({ status: 204 }),
    async close() {
      for (const response of waiting) response.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString();
    const headers = request.headers as Record<string, string>;
    const { type, data } = JSON.parse(text);
    const believed = isBelieved(receiver.secret, text, headers);
    const received = { id: headers['webhook-id'] ?? '', headers, text, believed, type, subject: data.managerId };
    got.push(received);
    const answer = receiver.answer(received);
    if (answer === 'silence') return void waiting.add(response);
    if (answer === 'cut') return void response.destroy();
    if (answer.status < 300 && believed) kept.set(received.id, kept.get(received.id) ?? received);
    response.writeHead(believed ? answer.status : 401, answer.headers).end('nobody reads this');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  receiver.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/huifang`;
  return receiver;
}

export function isBelieved(secret: string, text: string, headers: Readonly<Record<string, string>>): boolean {
  try {
    new Webhook(secret).verify(text, headers);
    return true;
  } catch {
    return false;
  }
}
