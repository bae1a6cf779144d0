import { createHash, createHmac } from 'node:crypto';
import type { Chance } from '../../platform/chance.ts';
import type { Agenda } from './agenda.ts';
import { Call } from './call.ts';
import type { CallOrder, Entry, Journal, TextOrder } from './journal.ts';
import type { Mischief } from './mischief.ts';
import type { Person } from './person.ts';
import type { Recording } from './recording.ts';
import { inboundFields, ReceivedText, SentText, type Text } from './text.ts';
import { readTwiml } from './twiml.ts';
import type { Webhooks } from './webhook.ts';

/** Something in Twilio's debugger: what went wrong with a customer's webhook or TwiML. Names no number. */
export interface Alert {
  readonly code: number;
  readonly sid: string;
  readonly reason: string;
}

export interface Tally {
  readonly calls: number;
  readonly texts: number;
  readonly replies: number;
  readonly ringBacks: number;
  readonly alerts: Readonly<Record<string, number>>;
  /** Requests that were to be turned away, by kind and answer: `forged 403`, `unknown-attempt 404`. */
  readonly probes: Readonly<Record<string, number>>;
}

/** A telephone number and what it was reached for. */
export interface Line {
  readonly phone: string;
  readonly person: Person;
  calls: number;
  texts: number;
  /** How often a call was asked for since the start, placed or not. */
  orders: number;
  /** Whose name was last heard or read here. */
  name: string | null;
  readonly read: string[];
}

export interface ExchangeParts {
  readonly accountSid: string;
  readonly agenda: Agenda;
  readonly webhooks: Webhooks;
  readonly journal: Journal;
  readonly chance: Chance;
  /** Fixes who sits behind which number, and keys the hash under which control names a number. */
  readonly seed: string;
  readonly personBehind: (phone: string) => Person;
  readonly mischief: Mischief;
  /** Where texts to our number are sent on to; null keeps them. */
  readonly smsUrl: string | null;
  /** What our number does when it is rung, and where the end of such a call is told; null = nobody rings. */
  readonly voiceUrl: string | null;
  readonly voiceStatusUrl: string | null;
  /** The number of a messaging service, for texts ordered without a From. */
  readonly serviceNumber: string;
  readonly alert: (alert: Alert) => void;
}

/** Why a call ended that was alive when the simulator was killed: the exchange itself was gone. */
const SIP_UNAVAILABLE = 503;

/** All calls, texts and lines of one account. */
export class Exchange {
  readonly parts: ExchangeParts;
  /** In order of creation. */
  readonly calls: Call[] = [];
  readonly texts: Text[] = [];
  readonly #callBySid = new Map<string, Call>();
  readonly #textBySid = new Map<string, Text>();
  readonly #callsTo = new Map<string, Call[]>();
  readonly #recordings = new Map<string, Recording>();
  readonly #lines = new Map<string, Line>();
  readonly #alerts = new Map<number, number>();
  readonly #probes = new Map<string, number>();
  readonly #phoneKey: Buffer;
  /** Where it is reached, once it listens. */
  address = '';
  /** When this account began, on the simulator's clock. */
  since: Date;
  #recorded: number;

  /** @param since the earliest instant it knows of */
  constructor(parts: ExchangeParts, since: Date) {
    this.parts = parts;
    this.since = since;
    this.#recorded = since.getTime();
    this.#phoneKey = createHash('sha256').update(`phone key|${parts.seed}`).digest();
  }

  get agenda(): Agenda {
    return this.parts.agenda;
  }

  call(sid: string): Call | undefined {
    return this.#callBySid.get(sid);
  }

  /** Calls we ordered; those that people made to us are {@link ringBacks}. */
  get ordered(): readonly Call[] {
    return this.calls.filter((call) => !call.inbound);
  }

  get ringBacks(): readonly Call[] {
    return this.calls.filter((call) => call.inbound);
  }

  text(sid: string): Text | undefined {
    return this.#textBySid.get(sid);
  }

  callsTo(phone: string): readonly Call[] {
    return this.#callsTo.get(phone) ?? [];
  }

  line(phone: string): Line {
    let line = this.#lines.get(phone);
    if (!line) {
      line = { phone, person: this.parts.personBehind(phone), calls: 0, texts: 0, orders: 0, name: null, read: [] };
      this.#lines.set(phone, line);
    }
    return line;
  }

  /** A number as control shows it: the same for the same number and seed, and telling nothing else. */
  alias(phone: string): string {
    return createHmac('sha256', this.#phoneKey).update(phone).digest('hex');
  }

  recording(sid: string): Recording | undefined {
    return this.#recordings.get(sid);
  }

  recordingsOf(callSid: string): Recording[] {
    return [...this.#recordings.values()].filter((recording) => recording.callSid === callSid);
  }

  /** Keeps what was said in a call: on disk when it returns. */
  record(callSid: string, seconds: number): Recording {
    const recording = { sid: this.sid('RE'), callSid, seconds, created: this.agenda.now() };
    const { sid, created } = recording;
    this.parts.journal.append({ entry: 'recording', at: created.toISOString(), sid, call: callSid, seconds });
    this.#recordings.set(sid, recording);
    return recording;
  }

  deleteRecording(sid: string): void {
    this.parts.journal.append({ entry: 'recording-deleted', at: this.agenda.now().toISOString(), sid });
    this.#recordings.delete(sid);
  }

  sid(prefix: 'CA' | 'SM' | 'RE'): string {
    return `${prefix}${this.parts.chance.id().replaceAll('-', '')}`;
  }

  /** Takes a call: on disk when it returns, dialled as the clock moves on. */
  placeCall(order: CallOrder): Call {
    const call = this.#takeCall(order);
    call.begin();
    return call;
  }

  /** The same, but it is dialled, answered and asking before its order is answered. @returns the call, and when to answer */
  placeCallAtOnce(order: CallOrder): { readonly call: Call; readonly asked: Promise<void> } {
    const call = this.#takeCall(order);
    return { call, asked: call.beginAtOnce() };
  }

  #takeCall(order: CallOrder): Call {
    const now = this.agenda.now();
    this.parts.journal.append({ entry: 'call', at: now.toISOString(), call: order });
    return this.#addCall(order, now);
  }

  /** He sees on his telephone that he was called. Rings back unless he was called again meanwhile. */
  missed(call: Call): void {
    const { voiceUrl } = this.parts;
    const sid = ringBackSid(call.sid);
    if (voiceUrl === null || call.ended === null || this.#callBySid.has(sid)) return;
    const line = this.line(call.order.to);
    const after = line.person.ringsBack?.(call.counts) ?? null;
    if (after === null) return;
    // Counted from the missed call, so that a restart does not put it off; but never in the past.
    const due = Math.ceil(call.ended.getTime() / 1000 + after) * 1000;
    this.agenda.plan(Math.max(this.agenda.after(1), due), () => {
      if (line.calls > call.counts.calls) return;
      this.placeCall(ringing(sid, line.phone, call.order.from, voiceUrl, this.parts.voiceStatusUrl, call.sid));
    });
  }

  /** Somebody gets in touch by himself, so many seconds from now: writes, or rings. */
  expect({
    from,
    at,
    writes,
  }: {
    readonly from: string;
    readonly at: number;
    readonly writes?: string | undefined;
  }): void {
    const { serviceNumber: to, smsUrl, voiceUrl, voiceStatusUrl } = this.parts;
    this.agenda.plan(this.agenda.after(at), () => {
      if (writes !== undefined && smsUrl !== null)
        this.deliver({ sid: this.sid('SM'), from, to, body: writes, service: null });
      if (writes === undefined && voiceUrl !== null)
        this.placeCall(ringing(this.sid('CA'), from, to, voiceUrl, voiceStatusUrl, ''));
    });
  }

  /** Brings the customer a text from a person. @param answered told when he has answered, well or badly */
  deliver(
    {
      sid,
      from,
      to,
      body,
      service,
    }: Readonly<Record<'sid' | 'from' | 'to' | 'body', string>> & { service: string | null },
    answered: () => void = () => {},
  ): void {
    const { smsUrl, webhooks } = this.parts;
    if (smsUrl === null) return;
    const text = new ReceivedText(sid, from, to, body, this.agenda.now());
    this.receive(text);
    text.transcript.note({ at: text.created, what: 'wrote', body });
    void this.agenda.during(async () => {
      const answer = await text.transcript.during({ at: text.created, what: 'asked', url: smsUrl }, () =>
        webhooks.send(smsUrl, 'POST', inboundFields(text, this, service)),
      );
      answered();
      if (answer.ok) this.#answerText(answer.body, text);
      else this.alert({ code: answer.code, sid, reason: answer.reason });
    });
  }

  /** Messages in the TwiML that answered a text go back to whoever sent it. */
  #answerText(xml: string, text: ReceivedText): void {
    if (!/<Message/.test(xml)) return;
    for (const verb of readTwiml(xml).verbs) {
      if (verb.verb !== 'message') continue;
      this.placeText({
        ...{ sid: this.sid('SM'), to: verb.to ?? text.from, from: text.to, body: verb.body },
        ...{ messagingServiceSid: null, statusCallback: null },
      });
    }
  }

  /** Takes a text: on disk when it returns, sent as the clock moves on. */
  placeText(order: TextOrder): SentText {
    const now = this.agenda.now();
    this.parts.journal.append({ entry: 'text', at: now.toISOString(), text: order });
    const text = this.#addText(order, now);
    text.begin();
    return text;
  }

  /** A text from a person to us. */
  receive(text: ReceivedText): void {
    this.texts.push(text);
    this.#textBySid.set(text.sid, text);
  }

  /** Remembers a name that was heard on a line. */
  learn(line: Line, words: string): void {
    const name = line.person.nameIn(words);
    if (name === null || name === line.name) return;
    line.name = name;
    this.parts.journal.append({ entry: 'name', at: this.agenda.now().toISOString(), phone: line.phone, name });
  }

  /** Puts a standing clock's present instant on disk, so that no restart sets it back. */
  recordClock(): void {
    const now = this.agenda.now();
    if (now.getTime() <= this.#recorded) return;
    this.#recorded = now.getTime();
    this.parts.journal.append({ entry: 'clock', at: now.toISOString() });
  }

  /** How a request was answered that should be turned away. */
  probed(what: string, status: number | null): void {
    const answer = `${what} ${status ?? 'unanswered'}`;
    this.#probes.set(answer, (this.#probes.get(answer) ?? 0) + 1);
  }

  alert(alert: Alert): void {
    this.#alerts.set(alert.code, (this.#alerts.get(alert.code) ?? 0) + 1);
    this.parts.alert(alert);
  }

  /** How much there was of everything since the journal began; alerts by code, and probes by answer, since the start. */
  tally(): Tally {
    const replies = this.texts.filter((text) => text.direction === 'inbound').length;
    return {
      calls: this.ordered.length,
      texts: this.texts.length - replies,
      replies,
      ringBacks: this.ringBacks.length,
      alerts: Object.fromEntries([...this.#alerts].sort(([a], [b]) => a - b)),
      probes: Object.fromEntries([...this.#probes].sort(([a], [b]) => (a < b ? -1 : 1))),
    };
  }

  /**
   * Goes on from what the journal holds. Calls that were alive have failed with the exchange; texts on their way go on,
   * and replies not yet sent are planned anew.
   */
  restore(entries: readonly Entry[]): void {
    const told = new Set<string>();
    for (const entry of entries) this.#replay(entry, told);
    for (const call of this.calls) {
      if (!call.ended) call.breakOff(SIP_UNAVAILABLE);
      else if (!told.has(call.sid)) call.tellAgain();
      if (call.wasMissed) this.missed(call);
    }
    for (const text of this.texts) text.goOn();
  }

  #replay(entry: Entry, told: Set<string>): void {
    const at = new Date(entry.at);
    switch (entry.entry) {
      case 'clock':
        return;
      case 'call':
        this.#addCall(entry.call, at);
        return;
      case 'end':
        this.#callBySid.get(entry.sid)?.restoreEnd(entry);
        return;
      case 'told':
        told.add(entry.sid);
        return;
      case 'recording':
        this.#recordings.set(entry.sid, {
          ...{ sid: entry.sid, callSid: entry.call, seconds: entry.seconds, created: at },
        });
        return;
      case 'recording-deleted':
        this.#recordings.delete(entry.sid);
        return;
      case 'text':
        this.#addText(entry.text, at);
        return;
      case 'text-status':
        this.#textBySid.get(entry.sid)?.restoreStatus(entry);
        return;
      case 'reply':
        this.receive(new ReceivedText(entry.sid, entry.from, entry.to, entry.body, at));
        this.#textBySid.get(entry.of)?.restoreReply();
        return;
      case 'name':
        this.line(entry.phone).name = entry.name;
        return;
    }
  }

  #addCall(order: CallOrder, created: Date): Call {
    const inbound = order.ringsBackTo !== undefined;
    const line = this.line(inbound ? order.from : order.to);
    if (!inbound) line.calls++;
    const call = new Call(this, order, line, { calls: line.calls, texts: line.texts }, created);
    this.calls.push(call);
    this.#callBySid.set(order.sid, call);
    const others = this.#callsTo.get(order.to);
    if (others) others.push(call);
    else this.#callsTo.set(order.to, [call]);
    return call;
  }

  #addText(order: TextOrder, created: Date): SentText {
    const line = this.line(order.to);
    line.texts++;
    const text = new SentText(this, order, line, { calls: line.calls, texts: line.texts }, created);
    this.texts.push(text);
    this.#textBySid.set(order.sid, text);
    return text;
  }
}

/** A call that a person makes to us. @param of the call he missed; '' = none */
const ringing = (sid: string, from: string, to: string, url: string, status: string | null, of: string): CallOrder => ({
  ...{ sid, to, from, url, twiml: null, method: 'POST', fallbackUrl: null, fallbackMethod: 'POST' },
  ...{ statusCallback: status, statusCallbackMethod: 'POST', statusCallbackEvents: ['completed'] },
  ...{ timeout: 60, timeLimit: 14_400, ringsBackTo: of },
});

/** Follows from the call that was missed, so that nobody rings back twice for one, also after a restart. */
const ringBackSid = (missed: string): string =>
  `CA${createHash('sha256').update(`ring back to ${missed}`).digest('hex').slice(0, 32)}`;
