import type { z } from 'zod';
import { CarrierUnreachable } from '../carrier-unreachable.ts';
import type { OutgoingText, Placing, TextPort } from '../ports.ts';
import { accepted, known, refusal, refused, textReport } from './protocol.ts';

/** A company's own SMS gateway, over plain HTTP (docs/sms.md). */
export interface GatewaySettings {
  /** `https://sms.example.com/huifang`, without a slash at the end. */
  readonly url: string;
  /** By it the gateway knows us. */
  readonly token: string;
  /** How long one request may take, in milliseconds; default ten seconds. */
  readonly requestTimeout?: number;
}

const tenSeconds = 10_000;

export function openGateway({ url, token, requestTimeout = tenSeconds }: GatewaySettings): TextPort {
  const ask = (path: string, init: RequestInit = {}): Promise<Response> =>
    fetch(`${url}${path}`, {
      ...init,
      headers: { authorization: `Bearer ${token}`, ...(init.body != null && { 'content-type': 'application/json' }) },
      // To follow would be to ask somebody else.
      redirect: 'manual',
      signal: AbortSignal.timeout(requestTimeout),
    });

  async function read<T>(path: string, shape: z.ZodType<T>): Promise<T> {
    const answer = await ask(path).catch((error) => {
      throw new CarrierUnreachable(networkCode(error) ?? 'no answer');
    });
    const body = shape.safeParse(await answer.json().catch(() => null));
    if (!answer.ok || !body.success) throw new CarrierUnreachable(`HTTP ${answer.status}`);
    return body.data;
  }

  return {
    carrier: 'http',
    async send({ messageId, to, body, template }: OutgoingText): Promise<Placing> {
      const { id, language, values } = template;
      const order = { id: messageId, to, text: body, template: { id, language, values } };
      try {
        const answer = await ask('/messages', { method: 'POST', body: JSON.stringify(order) });
        return placing(answer.status, await answer.json().catch(() => null));
      } catch (error) {
        const code = networkCode(error);
        // Nobody listens there: nothing was asked.
        return code === 'ECONNREFUSED'
          ? { ...refusal('busy'), errorName: code }
          : { kind: 'unknown', reason: code ?? 'no answer' };
      }
    },
    async textsTo(to, since) {
      const query = new URLSearchParams({ to, since: since.toISOString() });
      const { messages } = await read(`/messages?${query}`, known);
      return messages.map(({ id, messageId, ...said }) => ({ carrierId: id, messageId, report: textReport(said) }));
    },
    async health() {
      const answer = await ask('/health').catch((error) => {
        throw new CarrierUnreachable(networkCode(error) ?? 'no answer');
      });
      await answer.body?.cancel();
      if (!answer.ok) throw new CarrierUnreachable(`HTTP ${answer.status}`);
    },
  };
}

/** A refusal is JSON and says why; whatever else is not a 2xx with an id may have come from something in between. */
function placing(status: number, body: unknown): Placing {
  if (status >= 200 && status < 300) {
    const taken = accepted.safeParse(body);
    return taken.success
      ? { kind: 'placed', carrierId: taken.data.id }
      : { kind: 'unknown', reason: 'an answer without an id' };
  }
  const said = refused.safeParse(body);
  if (said.success && status >= 400 && status < 500 && status !== 408)
    return status === 429 ? { ...refusal('busy'), errorName: said.data.error.slice(0, 100) } : refusal(said.data.error);
  return { kind: 'unknown', reason: `HTTP ${status}` };
}

function networkCode(error: unknown): string | null {
  const { cause } = (error ?? {}) as { cause?: { code?: unknown } };
  return typeof cause?.code === 'string' ? cause.code : null;
}
