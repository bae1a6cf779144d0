import express, { type Request, Router } from 'express';
import { Webhook } from 'standardwebhooks';
import { recordMessageReport } from '../survey/fieldwork/message.ts';
import { reply, report, textReport } from '../telephony/sms-gateway/protocol.ts';
import { receiveText } from '../workers/inbound-text.ts';
import type { Services } from '../workers/services.ts';
import { wakeSettle } from '../workers/wake.ts';
import { unreadableBody } from './aliyun.ts';

/**
 * What a company's own gateway tells us (docs/sms.md): replies and reports, signed as Standard Webhooks are
 * (standardwebhooks.com), so that nobody else can and nothing old counts again.
 */
export interface GatewayWebhooks {
  /** `whsec_` and at least 24 bytes in base64. */
  readonly secret: string;
}

export function gatewayRouter(services: Services, { secret }: GatewayWebhooks): Router {
  const webhook = new Webhook(secret);
  const router = Router();
  router.use(express.text({ limit: '64kb', type: () => true }), unreadableBody);
  router.use((request, response, next) => {
    if (isSigned(webhook, request)) next();
    else response.status(403).type('text/plain').send('not signed by the gateway\n');
  });
  router.post('/replies', async (request, response) => {
    const read = reply.safeParse(bodyOf(request));
    if (!read.success) return void response.status(400).json({ error: 'could not be read' });
    const { id, from, text } = read.data;
    await receiveText(services, { carrierId: `http:${id}`, from, text });
    response.status(204).end();
  });
  router.post('/reports', async (request, response) => {
    const read = report.safeParse(bodyOf(request));
    if (!read.success) return void response.status(400).json({ error: 'could not be read' });
    const { messageId, id, ...said } = read.data;
    const { query } = services.database;
    const told = textReport(said);
    const reported = await recordMessageReport(query, messageId, id, told, services.clock.now());
    if (reported === 'unknown') return void response.status(404).json({ error: 'unknown' });
    if (reported === 'moved' && told.state === 'failed') await wakeSettle(services);
    response.status(204).end();
  });
  return router;
}

const bodyOf = (request: Request): unknown => JSON.parse(request.body as string);

function isSigned(webhook: Webhook, request: Request): boolean {
  const header = (name: string) => request.get(`webhook-${name}`) ?? '';
  try {
    webhook.verify(typeof request.body === 'string' ? request.body : '', {
      ...{
        'webhook-id': header('id'),
        'webhook-timestamp': header('timestamp'),
        'webhook-signature': header('signature'),
      },
    });
    return true;
  } catch {
    return false;
  }
}
