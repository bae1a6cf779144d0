import { createHash, timingSafeEqual } from 'node:crypto';
import express, { type Request, type Response, Router } from 'express';
import { z } from 'zod';
import type { Services } from '../workers/services.ts';
import { type Push, storePushes } from '../workers/text-push.ts';

/**
 * What Aliyun pushes to us: replies (SmsUp) and reports (SmsReport), as JSON arrays. It signs nothing, so a secret in
 * the address is what tells it from a stranger. It waits 700 ms, then comes again after 1, 5 and 10 minutes: what it
 * brings is stored, acknowledged, and worked on after that.
 */
export interface AliyunWebhooks {
  /** Part of the address that Aliyun is given. */
  readonly pushToken: string;
}

const taken = { code: 0, msg: '成功' };
const mostAtOnce = 2000;

export function aliyunRouter(services: Services, { pushToken }: AliyunWebhooks): Router {
  const router = Router();
  router.use('/:token', (request, response, next) => {
    if (isSame(request.params.token, pushToken)) next();
    else response.status(403).type('text/plain').send('unknown\n');
  });
  router.use(express.json({ limit: '1mb', type: () => true }));
  router.use(unreadableBody);
  router.post('/:token/sms-up', (request, response) => take(services, replies, request, response));
  router.post('/:token/sms-report', (request, response) => take(services, reports, request, response));
  return router;
}

const digest = (text: string) => createHash('sha256').update(text).digest();
const isSame = (given: string, token: string): boolean => timingSafeEqual(digest(given), digest(token));

/** Whatever comes may hold a NUL, which PostgreSQL does not keep. */
const withoutNul = (longest: number) =>
  z.coerce
    .string()
    .max(longest)
    .transform((text) => text.replaceAll('\u0000', ''));
const words = withoutNul(5000);
const short = withoutNul(200);

const replies = z
  .array(
    z
      .object({
        ...{ phone_number: short, content: words.nullish(), send_time: short.optional(), dest_code: short.optional() },
        sequence_id: short.nullish(),
      })
      .transform(({ phone_number, content, send_time = '', dest_code = '', sequence_id }): Push => {
        const text = content ?? '';
        // Some channels give no number of their own: then the same words of the same second are the same text.
        const own = digest([phone_number, send_time, dest_code, text].join('\n')).toString('hex').slice(0, 32);
        return { id: `aliyun:${sequence_id || own}`, push: { kind: 'reply', from: phone_number, text } };
      }),
  )
  .max(mostAtOnce);

const reports = z
  .array(
    z
      .object({
        ...{ biz_id: short.nullish(), out_id: short.nullish(), success: z.union([z.boolean(), z.stringbool()]) },
        ...{ err_code: short.nullish(), report_time: short.nullish() },
      })
      .transform(({ biz_id, out_id, success, err_code }): Push | null => {
        const messageId = z.uuid().safeParse(out_id);
        // One of a text that is none of ours: the account may have other users.
        if (!messageId.success) return null;
        return {
          id: `aliyun:report:${messageId.data}:${success ? 'delivered' : 'failed'}`,
          push: {
            ...{ kind: 'report', messageId: messageId.data, carrierId: biz_id || null },
            ...{ delivered: success, error: err_code ?? '' },
          },
        };
      }),
  )
  .max(mostAtOnce)
  .transform((all) => all.filter((push) => push !== null));

async function take(
  services: Services,
  shape: typeof replies | typeof reports,
  request: Request,
  response: Response,
): Promise<void> {
  const pushes = shape.safeParse(request.body);
  if (!pushes.success) {
    services.log.warn('a push could not be read');
    return void response.status(400).json({ code: 400, msg: '无法读取 · could not be read' });
  }
  await storePushes(services, pushes.data);
  response.json(taken);
}

/** Too large, or no JSON: said as such, and not as our failure. */
export const unreadableBody: express.ErrorRequestHandler = (error, _request, response, next) => {
  const { status } = error as { status?: unknown };
  if (typeof status !== 'number' || status >= 500) return next(error);
  response.status(status).type('text/plain').send('could not be read\n');
};
