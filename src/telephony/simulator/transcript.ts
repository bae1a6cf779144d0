import type { WebhookAnswer } from './webhook.ts';

/**
 * What happened in one call or with one text, in order, for whoever wants to know why his code did what it did. Lives
 * as long as the process: the journal keeps what must outlive it.
 */
export type Event =
  /** The call or text moved on. */
  | { readonly at: Date; readonly what: 'status'; readonly status: string }
  /** Words began to be said, and how many seconds they take. */
  | { readonly at: Date; readonly what: 'said'; readonly words: string; readonly seconds: number }
  /** The keys a Gather was left with; none = it timed out. */
  | { readonly at: Date; readonly what: 'pressed'; readonly keys: string }
  /** The person spoke where speech was listened to, or to a recording. */
  | { readonly at: Date; readonly what: 'answered'; readonly words: string }
  | { readonly at: Date; readonly what: 'spoke'; readonly seconds: number }
  /** The person put the receiver down. */
  | { readonly at: Date; readonly what: 'hung-up' }
  /** The customer was asked for a document, or told a status; `keys` where some went with it. */
  | ({ readonly at: Date; readonly what: 'asked'; readonly url: string; readonly keys?: string } & Answered)
  | ({ readonly at: Date; readonly what: 'told'; readonly url: string; readonly status: string } & Answered)
  /** The person wrote. */
  | { readonly at: Date; readonly what: 'wrote'; readonly body: string };

interface Answered {
  /** An HTTP status, or why there was none. */
  readonly answer: string;
  /** Real time until the answer. */
  readonly milliseconds: number;
}

export class Transcript {
  readonly events: Event[] = [];

  note(event: Event): void {
    this.events.push(event);
  }

  /** Sends a request, and notes it with how it was answered. */
  async during(
    event: { readonly at: Date; readonly url: string } & (
      | { readonly what: 'asked'; readonly keys?: string }
      | { readonly what: 'told'; readonly status: string }
    ),
    send: () => Promise<WebhookAnswer>,
  ): Promise<WebhookAnswer> {
    const begun = performance.now();
    const answered = await send();
    const answer = answered.ok ? '200' : answered.reason.replace(/^HTTP /, '');
    this.events.push({ ...event, answer, milliseconds: Math.round(performance.now() - begun) });
    return answered;
  }
}

/** `+86138****0000`: enough to tell people apart on a page, too little to telephone them. */
export const masked = (phone: string): string =>
  phone.length < 9 ? phone : `${phone.slice(0, -8)}****${phone.slice(-4)}`;
