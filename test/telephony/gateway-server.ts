import type { IncomingMessage } from 'node:http';
import { z } from 'zod';

/** A company's own SMS gateway, as docs/sms.md asks for one. */
const order = z.strictObject({
  ...{ id: z.uuid(), to: z.string().regex(/^\+\d+$/), text: z.string().min(1) },
  template: z.strictObject({ id: z.string(), language: z.string(), values: z.record(z.string(), z.string()) }),
});

interface GatewayText extends z.infer<typeof order> {
  readonly at: Date;
  state: 'sent' | 'delivered' | 'failed';
}

export function gatewayServer(token: string, now: () => Date = () => new Date()) {
  const sent: GatewayText[] = [];
  const answered = (status: number, body: unknown) => ({
    status,
    type: 'application/json',
    body: JSON.stringify(body),
  });
  return {
    sent,
    settle(messageId: string, state: GatewayText['state']) {
      for (const text of sent.filter(({ id }) => id === messageId)) text.state = state;
    },
    async answer(request: IncomingMessage, body: string) {
      if (request.headers.authorization !== `Bearer ${token}`) return answered(401, { error: 'settings' });
      const url = new URL(request.url ?? '/', 'http://gateway');
      if (request.method === 'POST' && url.pathname === '/messages') {
        const text = order.parse(JSON.parse(body));
        sent.push({ ...text, at: now(), state: 'sent' });
        return answered(202, { id: `G-${sent.length}` });
      }
      if (url.pathname === '/messages') {
        const since = new Date(url.searchParams.get('since') ?? '');
        const messages = sent.flatMap(({ id, to, at, state }, index) =>
          to === url.searchParams.get('to') && at >= since
            ? [{ id: `G-${index + 1}`, messageId: id, state, ...(state === 'failed' && { error: 'failed' }) }]
            : [],
        );
        return answered(200, { messages });
      }
      return url.pathname === '/health' ? answered(200, {}) : answered(404, { error: 'unknown' });
    },
  };
}
