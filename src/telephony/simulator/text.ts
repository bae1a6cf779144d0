import { createHash } from 'node:crypto';
import type { Planned } from './agenda.ts';
import { country } from './call.ts';
import type { Exchange, Line } from './exchange.ts';
import { DELIVERY_FAULTS } from './faults.ts';
import type { Entry, TextOrder } from './journal.ts';
import type { Counts } from './person.ts';
import { textPrice } from './prices.ts';
import { normalise } from './speech.ts';
import { Transcript } from './transcript.ts';
import type { Fields } from './webhook.ts';

/**
 * Texts, both ways: queued → sent → delivered, undelivered or failed; and the reply of the person who read one.
 * https://www.twilio.com/docs/messaging/api/message-resource
 */

export type TextStatus = 'queued' | 'sent' | 'delivered' | 'undelivered' | 'failed' | 'canceled' | 'received';

export interface Text {
  readonly sid: string;
  readonly transcript: Transcript;
  readonly to: string;
  readonly from: string;
  readonly body: string;
  readonly direction: 'inbound' | 'outbound-api';
  readonly messagingServiceSid: string | null;
  readonly created: Date;
  readonly status: TextStatus;
  readonly sent: Date | null;
  readonly updated: Date;
  readonly error: number | null;
  /** What it costs, once that is settled. */
  readonly price: string | null;
  /** Takes it back. @returns false when it is too late for that */
  cancel(): boolean;
  restoreStatus(entry: Entry & { entry: 'text-status' }): void;
  restoreReply(): void;
  /** After a restart: takes up what was left undone. */
  goOn(): void;
}

/** Seconds from one status to the next. */
const STEP_SECONDS = 1;
const DELIVERY_SECONDS = 2;

/** A text to a person. */
export class SentText implements Text {
  readonly direction = 'outbound-api';
  readonly transcript = new Transcript();
  readonly created: Date;
  status: TextStatus = 'queued';
  sent: Date | null = null;
  updated: Date;
  error: number | null = null;
  readonly #exchange: Exchange;
  readonly #order: TextOrder;
  readonly #line: Line;
  readonly #counts: Counts;
  #replied = false;
  #planned: Planned | null = null;

  constructor(exchange: Exchange, order: TextOrder, line: Line, counts: Counts, created: Date) {
    this.#exchange = exchange;
    this.#order = order;
    this.#line = line;
    this.#counts = counts;
    this.created = created;
    this.updated = created;
  }

  get sid(): string {
    return this.#order.sid;
  }

  get price(): string | null {
    return textPrice(this.sent, segments(this.body), this.#exchange.agenda.now());
  }

  get to(): string {
    return this.#order.to;
  }

  get from(): string {
    return this.#order.from;
  }

  get body(): string {
    return this.#order.body;
  }

  get messagingServiceSid(): string | null {
    return this.#order.messagingServiceSid;
  }

  begin(): void {
    this.#in(STEP_SECONDS, () => {
      this.#tell();
      this.#in(STEP_SECONDS, () => this.#send());
    });
  }

  cancel(): boolean {
    if (this.status !== 'queued') return false;
    this.#planned?.cancel();
    this.#move('canceled', null);
    return true;
  }

  restoreStatus(entry: Entry & { entry: 'text-status' }): void {
    this.status = entry.status as TextStatus;
    this.error = entry.error;
    this.updated = new Date(entry.at);
    if (this.status === 'sent') this.sent = this.updated;
    if (this.status === 'delivered') this.#line.read.push(normalise(this.body));
  }

  restoreReply(): void {
    this.#replied = true;
  }

  goOn(): void {
    if (this.status === 'queued') this.begin();
    else if (this.status === 'sent') this.#in(DELIVERY_SECONDS, () => this.#deliver());
    else if (this.status === 'delivered' && !this.#replied) this.#planReply();
  }

  #send(): void {
    this.#move('sent', null);
    this.sent = this.updated;
    this.#tell();
    this.#in(DELIVERY_SECONDS, () => this.#deliver());
  }

  #deliver(): void {
    const { texts } = this.#line.person;
    if (!texts.arrive) {
      this.#move(texts.status, texts.error);
      this.#tell();
      return;
    }
    this.#move('delivered', null);
    this.#line.read.push(normalise(this.body));
    this.#tell();
    this.#planReply();
  }

  #planReply(): void {
    const words = normalise(this.body);
    this.#exchange.learn(this.#line, words);
    const before = this.#line.read.slice(0, this.#line.read.lastIndexOf(words));
    const reply = this.#line.person.read({ now: words, before, name: this.#line.name }, this.#counts);
    if (!reply || this.#exchange.parts.smsUrl === null) return;
    const { agenda } = this.#exchange;
    // Counted from the delivery, so that a restart does not put it off; but never in the past.
    const due = this.updated.getTime() + Math.ceil(reply.after) * 1000;
    agenda.plan(Math.max(agenda.after(STEP_SECONDS), Math.ceil(due / 1000) * 1000), () => this.#reply(reply.body));
  }

  /** The person's answer goes to the customer, under an id that follows from this text's, so that a repeat shows. */
  #reply(body: string): void {
    const exchange = this.#exchange;
    const sid = `SM${createHash('sha256').update(`reply to ${this.sid}`).digest('hex').slice(0, 32)}`;
    exchange.deliver({ sid, from: this.to, to: this.from, body, service: this.messagingServiceSid }, () => {
      const done = { at: exchange.agenda.now().toISOString(), sid, of: this.sid, from: this.to, to: this.from, body };
      exchange.parts.journal.append({ entry: 'reply', ...done });
      this.#replied = true;
    });
  }

  #move(status: TextStatus, error: number | null): void {
    this.status = status;
    this.error = error;
    this.updated = this.#exchange.agenda.now();
    this.transcript.note({ at: this.updated, what: 'status', status });
    this.#exchange.parts.journal.append({
      entry: 'text-status',
      at: this.updated.toISOString(),
      sid: this.sid,
      status,
      error,
    });
  }

  #tell(): void {
    const { statusCallback, messagingServiceSid } = this.#order;
    if (!statusCallback) return;
    const fields: Record<string, string> = {
      AccountSid: this.#exchange.parts.accountSid,
      ApiVersion: '2010-04-01',
      From: this.from,
      MessageSid: this.sid,
      MessageStatus: this.status,
      SmsSid: this.sid,
      SmsStatus: this.status,
      To: this.to,
    };
    if (messagingServiceSid) fields.MessagingServiceSid = messagingServiceSid;
    if (this.error !== null) {
      fields.ErrorCode = String(this.error);
      fields.ErrorMessage = DELIVERY_FAULTS[this.error] ?? '';
    }
    void this.#exchange.agenda.during(async () => {
      const answer = await this.transcript.during(
        { at: this.#exchange.agenda.now(), what: 'told', url: statusCallback, status: fields.MessageStatus ?? '' },
        () => this.#exchange.parts.webhooks.send(statusCallback, 'POST', fields),
      );
      if (!answer.ok) this.#exchange.alert({ code: answer.code, sid: this.sid, reason: answer.reason });
    });
  }

  #in(seconds: number, step: () => void): void {
    const { agenda } = this.#exchange;
    this.#planned = agenda.plan(agenda.after(seconds), step);
  }
}

/** A text from a person. */
export class ReceivedText implements Text {
  readonly direction = 'inbound';
  readonly transcript = new Transcript();
  readonly status = 'received';
  readonly messagingServiceSid = null;
  readonly error = null;
  readonly sid: string;
  readonly from: string;
  readonly to: string;
  readonly body: string;
  readonly created: Date;

  constructor(sid: string, from: string, to: string, body: string, created: Date) {
    this.sid = sid;
    this.from = from;
    this.to = to;
    this.body = body;
    this.created = created;
  }

  get sent(): Date {
    return this.created;
  }

  /** What people write to us costs nothing here. */
  get price(): null {
    return null;
  }

  get updated(): Date {
    return this.created;
  }

  cancel(): boolean {
    return false;
  }

  restoreStatus(): void {}
  restoreReply(): void {}
  goOn(): void {}
}

/**
 * How many segments a body takes: 70 UTF-16 units alone or 67 in a chain; 160 and 153 when GSM-7 can write it.
 * GSM-7's extension characters, which take two places, are counted as one.
 */
export function segments(body: string): number {
  const [alone, chained] = /^[\x20-\x5f\x61-\x7e\n\r£¥èéùìòÇØøÅåΔΦΓΛΩΠΨΣΘΞÆæßÉ¤¡ÄÖÑÜ§¿äöñüà€]*$/u.test(body)
    ? [160, 153]
    : [70, 67];
  return body.length <= alone ? 1 : Math.ceil(body.length / chained);
}

export function inboundFields(text: ReceivedText, exchange: Exchange, messagingServiceSid: string | null): Fields {
  return {
    AccountSid: exchange.parts.accountSid,
    ApiVersion: '2010-04-01',
    Body: text.body,
    From: text.from,
    FromCountry: country(text.from),
    MessageSid: text.sid,
    NumMedia: '0',
    NumSegments: String(segments(text.body)),
    SmsMessageSid: text.sid,
    SmsSid: text.sid,
    SmsStatus: 'received',
    To: text.to,
    ToCountry: country(text.to),
    ...(messagingServiceSid ? { MessagingServiceSid: messagingServiceSid } : {}),
  };
}
