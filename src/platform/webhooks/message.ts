import canonicalize from 'canonicalize';
import { Webhook } from 'standardwebhooks';

/** An event as its receivers get it, in the form of Standard Webhooks (standardwebhooks.com). */
export interface WebhookEvent {
  /** The same however often it is sent: by it the receiver knows that it has it already. */
  readonly id: string;
  readonly type: string;
  /** When it came about. */
  readonly at: Date;
  readonly payload: unknown;
}

export interface Message {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/**
 * The message of one try. Its bytes are the same at each (canonical JSON), its time and signature are not; with several
 * secrets each signs, so that a receiver that holds either believes it.
 *
 * @param secrets `whsec_` and base64.
 */
export function messageOf({ id, type, at, payload }: WebhookEvent, secrets: readonly string[], now: Date): Message {
  const body = canonicalize({ type, timestamp: at.toISOString(), data: payload }) ?? '';
  return {
    headers: {
      'content-type': 'application/json',
      'user-agent': 'huifang-webhooks/1',
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(now.getTime() / 1000)),
      'webhook-signature': secrets.map((secret) => new Webhook(secret).sign(id, now, body)).join(' '),
    },
    body,
  };
}
