import { randomUUID } from 'node:crypto';
import type { Planned } from './agenda.ts';
import { type Detection, type Verdict, verdictOn } from './detection.ts';
import type { Exchange, Line } from './exchange.ts';
import { collect } from './gathering.ts';
import type { CallOrder, Entry } from './journal.ts';
import type { CallFault } from './mischief.ts';
import type { Counts, Reaction } from './person.ts';
import { callPrice } from './prices.ts';
import { recordingPath, rfc2822 } from './resources.ts';
import { SILENCE, type Utterance } from './speech.ts';
import { Transcript } from './transcript.ts';
import {
  BadTwiml,
  type DialVerb,
  type Document,
  type Gather,
  type HttpMethod,
  type RecordVerb,
  readTwiml,
  type Verb,
} from './twiml.ts';
import type { Fields, WebhookAnswer } from './webhook.ts';

/**
 * One call: ours, or that of a person who rings back, which begins with its ringing. Ours: queued → (initiated) → ringing → in-progress → completed, or busy, no-answer, failed, canceled.
 * https://www.twilio.com/docs/voice/api/call-resource#call-status-values
 *
 * Nothing on the line needs a timer of its own: when a document has been fetched, what the person will do with it
 * follows, so the one event that ends its course (a key, a silence, a hang-up) is all that is planned.
 */

export type CallStatus =
  | 'queued'
  | 'ringing'
  | 'in-progress'
  | 'completed'
  | 'busy'
  | 'failed'
  | 'no-answer'
  | 'canceled';
type End = Exclude<CallStatus, 'queued' | 'ringing' | 'in-progress'>;
type Event = 'initiated' | 'ringing' | 'answered' | 'completed';

/** From the order to the first sign of life on the network, seconds. */
const DIAL_AFTER = 1;
/** From dialling to a refusal by the network, seconds. */
const REFUSED_AFTER = 2;
/** "We are sorry, an application error has occurred. Goodbye." */
const APOLOGY_SECONDS = 4;

/** A pause that ends what somebody says, seconds. */
const SPEECH_END = 1;
/** Of a verdict that comes late, seconds. */
const LATE = 15;
/** What is heard of somebody who answers as people do. */
const HELLO = { seconds: 0.8, ends: 'other' } as const;

/** What two people who are connected have to say to each other. */
const CONVERSATION = '<Response><Pause length="90"/></Response>';

/** Documents that only redirect to one another would keep a standing clock from ever moving on. */
const MOST_AT_ONE_INSTANT = 100;

const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/gi;

/** Twilio adds fields whenever it likes; these it has not added yet. */
const UNSEEN: Fields = {
  StirVerstat: 'TN-Validation-Passed-A',
  CallToken: '{"parentCallInfoToken":"x"}',
  新字段: '值',
  'a[b]': 'c',
};

const SIP = { ok: 200, notFound: 404, busy: 486, ranOut: 487 } as const;

export class Call {
  readonly order: CallOrder;
  readonly created: Date;
  /** When it was dialled. */
  started: Date | null = null;
  answered: Date | null = null;
  ended: Date | null = null;
  updated: Date;
  status: CallStatus = 'queued';
  /** Who answered, once that is found out. */
  answeredBy: Verdict['answeredBy'] | null = null;
  readonly #exchange: Exchange;
  readonly #line: Line;
  readonly counts: Counts;
  readonly transcript = new Transcript();
  readonly #heard: string[] = [];
  #sip: number = SIP.ok;
  #sequence = 0;
  #silentFor = 0;
  #planned: Planned | null = null;
  /** Grows with every new course of the call, so that an answer to an old one is recognised and dropped. */
  #course = 0;
  readonly #fault: CallFault | null;
  /** Callbacks held back to be sent after the last one. */
  readonly #heldBack: Fields[] = [];
  /** Told when it is over: the call that dialled it goes on then. */
  whenOver: (() => void) | null = null;
  /** The call it is connected with. */
  #connected: Call | null = null;
  #askedAt = 0;
  #atOneInstant = 0;
  #askedBefore: { readonly address: string; readonly method: HttpMethod; readonly fields: Fields } | null = null;
  /** Its first request comes before the order is answered: nothing takes time until then. */
  #atOnce = false;
  #showSign: () => void = () => {};

  constructor(exchange: Exchange, order: CallOrder, line: Line, counts: Counts, created: Date) {
    this.#exchange = exchange;
    this.order = order;
    this.#line = line;
    this.counts = counts;
    this.created = created;
    this.updated = created;
    this.#fault = exchange.parts.mischief.call(line.phone, counts.calls);
  }

  get direction(): 'inbound' | 'outbound-api' | 'outbound-dial' {
    if (this.inbound) return 'inbound';
    return this.order.dialedBy === undefined ? 'outbound-api' : 'outbound-dial';
  }

  /** A person rang us. */
  get inbound(): boolean {
    return this.order.ringsBackTo !== undefined;
  }

  /** It rang at his place, and nobody answered. */
  get wasMissed(): boolean {
    return this.status === 'no-answer' && !this.inbound;
  }

  get sid(): string {
    return this.order.sid;
  }

  /** Whole seconds from answer to end; 0 when never answered, null while alive. */
  get duration(): number | null {
    if (!this.ended) return null;
    return this.answered ? Math.round((this.ended.getTime() - this.answered.getTime()) / 1000) : 0;
  }

  /**
   * Does at once what otherwise takes seconds, up to its first request to the customer.
   *
   * @returns when that was answered
   */
  beginAtOnce(): Promise<void> {
    const sign = new Promise<void>((shown) => {
      this.#showSign = shown;
    });
    this.#atOnce = true;
    this.begin();
    return sign;
  }

  /** What it costs, once that is settled. */
  get price(): string | null {
    return callPrice(this.ended, this.duration, this.#exchange.agenda.now());
  }

  begin(): void {
    if (this.inbound) {
      this.started = this.#move('ringing');
      void this.#ask(this.order.url ?? '', this.order.method, {});
    } else this.#in(this.#atOnce ? 0 : DIAL_AFTER, () => this.#dial());
  }

  /** Ends it from the customer's side: an answered call is completed, another one canceled. */
  hangUp(): void {
    if (this.ended) return;
    this.#end(this.status === 'in-progress' ? 'completed' : 'canceled', this.answered ? SIP.ok : SIP.ranOut);
  }

  /** Takes it back before anybody answered; an answered call is left alone. */
  cancel(): void {
    if (this.ended || this.status === 'in-progress') return;
    this.#end('canceled', SIP.ranOut);
  }

  /** New instructions for a call in progress. */
  redirect(to: { readonly url: string; readonly method: HttpMethod } | { readonly twiml: string }): void {
    this.#planned?.cancel();
    this.updated = this.#exchange.agenda.now();
    if ('twiml' in to) this.#carryOut(to.twiml, this.order.url);
    else void this.#ask(to.url, to.method, {});
  }

  /** Ends a call that the exchange lost when it was killed; the customer hears of it when the clock moves on. */
  breakOff(sip: number): void {
    const now = this.#exchange.agenda.now();
    this.#close('failed', sip, now);
    this.tellAgain();
  }

  /** Tells of the end once more, after a restart that came between the end and the answer to its callback. */
  tellAgain(): void {
    if (!this.order.statusCallback || this.#endedSilently()) return;
    this.#in(1, () => this.#tellEnd());
  }

  restoreEnd(entry: Entry & { entry: 'end' }): void {
    this.status = entry.status as End;
    this.#sip = entry.sip;
    this.started = entry.started ? new Date(entry.started) : null;
    this.answered = entry.answered ? new Date(entry.answered) : null;
    this.ended = new Date(entry.at);
    this.updated = this.ended;
    this.#sequence = entry.sequence;
  }

  #dial(): void {
    const ring = this.#line.person.ring(this.counts);
    this.started = this.#move('queued');
    this.#tell('initiated');
    switch (ring.does) {
      case 'not-exist':
        this.#in(this.#soon(REFUSED_AFTER), () => this.#end('failed', SIP.notFound));
        return;
      case 'busy':
        this.#in(this.#soon(REFUSED_AFTER), () => this.#end('busy', SIP.busy));
        return;
      case 'refused':
        this.#in(this.#soon(REFUSED_AFTER), () => this.#end(ring.status, ring.sip));
        return;
      case 'ring-out':
        this.#in(this.#soon(ring.connect), () => this.#ring(null));
        return;
      case 'answer':
        this.#in(this.#soon(ring.connect), () => this.#ring(this.#soon(ring.after)));
        return;
    }
  }

  /** @param answersAfter seconds until somebody picks up, if anybody does */
  #ring(answersAfter: number | null): void {
    this.#move('ringing');
    const told = this.#tell('ringing');
    if (answersAfter === null) void Promise.resolve(told).then(() => this.#showSign());
    if (answersAfter !== null && answersAfter < this.order.timeout) this.#in(answersAfter, () => this.#answer());
    else this.#in(this.order.timeout, () => this.#end('no-answer', SIP.ranOut));
  }

  #soon(seconds: number): number {
    return this.#atOnce ? 0 : seconds;
  }

  #answer(): void {
    this.answered = this.#move('in-progress');
    this.#tell('answered');
    const { detection } = this.order;
    const verdict = detection && verdictOn(this.#line.person.greets?.(this.counts) ?? HELLO, detection);
    if (verdict && !detection.async) this.#in(verdict.after, () => this.#start(this.#find(verdict)));
    else this.#start({});
    if (verdict && detection.async) this.#findOut(verdict, detection);
  }

  #start(extra: Fields): void {
    if (this.order.url) void this.#ask(this.order.url, this.order.method, extra);
    else this.#carryOut(this.order.twiml ?? '', null);
  }

  #find({ answeredBy, after }: Verdict): Fields {
    this.answeredBy = answeredBy;
    return { AnsweredBy: answeredBy, MachineDetectionDuration: String(Math.round(1000 * after)) };
  }

  /** Tells who answered while the call goes on; where its telling is in trouble, not, twice, or too late. */
  #findOut(verdict: Verdict, { callback, callbackMethod }: Detection): void {
    const { agenda, parts } = this.#exchange;
    const late = this.#fault === 'verdict-late';
    agenda.plan(agenda.after(verdict.after + (late ? LATE : 0)), () => {
      // Nobody listens to a call that is over; what was heard before may be told after it.
      if (this.ended && !late) return;
      const found = this.#find(verdict);
      if (callback === null || this.#fault === 'verdict-lost') return;
      const fields = { AccountSid: parts.accountSid, CallSid: this.sid, ...found };
      void agenda.during(async () => {
        await this.#pester(callback, callbackMethod, fields);
        for (const one of this.#fault === 'doubled' ? [fields, fields] : [fields]) {
          const answer = await parts.webhooks.send(callback, callbackMethod, one);
          if (!answer.ok) this.#alert(answer.code, answer.reason);
        }
      });
    });
  }

  /** Fetches a document and carries it out. */
  async #ask(address: string, method: HttpMethod, extra: Fields): Promise<void> {
    const course = ++this.#course;
    const now = this.#exchange.agenda.now().getTime();
    this.#atOneInstant = now === this.#askedAt ? this.#atOneInstant + 1 : 0;
    this.#askedAt = now;
    if (this.#atOneInstant > MOST_AT_ONE_INSTANT) {
      this.#alert(11200, 'documents lead to one another without taking any time');
      this.#end('completed', SIP.ok);
      return;
    }
    await this.#exchange.agenda.during(async () => {
      const fields = { ...this.#fields(), ...extra };
      await this.#pester(address, method, fields);
      const copies = this.#fault === 'turns-doubled' ? 2 : 1;
      // Whoever takes a key twice is shown twice that it was one: the first copy's answer counts.
      const [answer] = await Promise.all(
        Array.from({ length: copies }, () => this.#request(address, method, fields, extra.Digits)),
      );
      await this.#replay(address, method, fields);
      this.#showSign();
      if (!answer || course !== this.#course || this.ended) return;
      if (answer.ok) this.#carryOutAnswer(answer, address);
      else this.#goWrong(answer.code, answer.reason, address);
    });
  }

  /** Requests that are not ours, or of nobody: how they are answered is counted. */
  async #pester(address: string, method: HttpMethod, fields: Fields): Promise<void> {
    const { webhooks } = this.#exchange.parts;
    const send = async (what: string, to: string, signature: string | null) =>
      this.#exchange.probed(what, await webhooks.sendOnce(to, method, fields, signature));
    if (this.#fault === 'forged') {
      const elsewhere = address.replace(/^https?:\/\/[^/]+/, 'https://elsewhere.example');
      await send('forged', address, 'c2lnbmVkIGJ5IG5vYm9keQ==');
      await send('forged', address, webhooks.signature(elsewhere, fields));
      await send('forged', address, webhooks.signature(`${address}0`, fields));
    }
    const other = address.replaceAll(UUID, () => randomUUID());
    if (this.#fault === 'unknown-attempt' && other !== address) await send('unknown-attempt', other, null);
  }

  /** The request before this one, once more, as if it had been held up on the way. */
  async #replay(address: string, method: HttpMethod, fields: Fields): Promise<void> {
    if (this.#fault !== 'keys-replayed') return;
    const before = this.#askedBefore;
    this.#askedBefore = { address, method, fields };
    if (before) await this.#request(before.address, before.method, before.fields, before.fields.Digits);
  }

  /** Asks for a document. */
  #request(url: string, method: HttpMethod, fields: Fields, keys: string | undefined): Promise<WebhookAnswer> {
    return this.transcript.during(
      { at: this.#exchange.agenda.now(), what: 'asked', url, ...(keys === undefined ? {} : { keys }) },
      () => this.#exchange.parts.webhooks.send(url, method, fields),
    );
  }

  #carryOutAnswer(answer: WebhookAnswer & { ok: true }, address: string): void {
    const type = answer.contentType.split(';', 1)[0]?.trim().toLowerCase() ?? '';
    if (type === 'text/plain') this.#carryOut(sayOnly(answer.body), address);
    else if (type === '' || /xml$|^text\/html$/.test(type)) this.#carryOut(answer.body, address);
    else this.#goWrong(12300, `Invalid Content-Type: ${type}`, address);
  }

  #carryOut(xml: string, address: string | null): void {
    let document: Document;
    try {
      document = readTwiml(xml);
    } catch (error) {
      if (!(error instanceof BadTwiml)) throw error;
      this.#goWrong(error.code, error.message, address ?? '');
      return;
    }
    // A pause that comes first is waited out before the call is answered.
    const [first] = document.verbs;
    if (this.inbound && !this.answered && !(first?.verb === 'say' && first.prompt.words === ''))
      this.answered = this.#move('in-progress');
    for (const name of document.ignored) this.#alert(12200, `<${name}> is passed over`);
    this.#play(document.verbs, address);
  }

  /** Goes through the verbs until one of them plans what comes next. */
  #play(verbs: readonly Verb[], address: string | null): void {
    let at = 0;
    for (const verb of verbs) {
      switch (verb.verb) {
        case 'say': {
          const end = this.#listen(verb.prompt, verb.prompt.seconds, at, this.#hear(verb.prompt, at));
          if (end === 'gone') return;
          at = end;
          break;
        }
        case 'gather': {
          const end = this.#gather(verb.gather, at, address);
          if (end === 'gone') return;
          at = end;
          break;
        }
        case 'record': {
          const end = this.#record(verb.record, at, address);
          if (end === 'gone') return;
          at = end;
          break;
        }
        case 'dial': {
          const { dial } = verb;
          this.#in(at, () => this.#connect(dial, verbs.slice(verbs.indexOf(verb) + 1), address));
          return;
        }
        case 'redirect': {
          const { url, method } = verb;
          this.#in(at, () => this.#goTo(url, method, address, {}));
          return;
        }
        case 'hangup':
          this.#in(at, () => this.#end('completed', SIP.ok));
          return;
        case 'message':
          break;
      }
    }
    this.#in(at, () => this.#end('completed', SIP.ok));
  }

  /** Rings a second number and connects the two; goes on where its action says, or with the document, once that is over. */
  #connect(dial: DialVerb, rest: readonly Verb[], address: string | null): void {
    const { order } = this;
    const other = this.#exchange.placeCall({
      ...{ sid: this.#exchange.sid('CA'), to: dial.number, from: dial.callerId ?? order.from, dialedBy: this.sid },
      ...{ url: null, twiml: CONVERSATION, method: 'POST', fallbackUrl: null, fallbackMethod: 'POST' },
      ...{ statusCallback: null, statusCallbackMethod: 'POST', statusCallbackEvents: [] },
      ...{ timeout: dial.timeout, timeLimit: dial.timeLimit },
    });
    this.#connected = other;
    other.whenOver = () => {
      this.#connected = null;
      if (this.ended) return;
      const fields = {
        ...{ DialCallSid: other.sid, DialCallStatus: other.status, DialCallDuration: String(other.duration ?? 0) },
      };
      if (dial.action) this.#goTo(dial.action, dial.method, address, fields);
      else this.#play(rest, address);
    };
    // Meanwhile nothing of its own is due but its time limit.
    this.#in(order.timeLimit, () => this.#end('completed', SIP.ok));
  }

  /** @returns the second at which the next verb begins, or that the course of the document ends here */
  #gather(gather: Gather, at: number, address: string | null): number | 'gone' {
    const reaction = this.#hear(gather.prompt, at, gather.speech);
    if (reaction.does === 'speak' && gather.speech && reaction.at <= gather.prompt.seconds + gather.timeout) {
      this.#silentFor = 0;
      const { words } = reaction;
      const fields = { SpeechResult: words, Confidence: '0.9', msg: 'Gather End' };
      this.#in(at + reaction.at + SPEECH_END, () => {
        this.transcript.note({ at: this.#exchange.agenda.now(), what: 'answered', words });
        this.#goTo(gather.action ?? '', gather.method, address, fields);
      });
      return 'gone';
    }
    const presses = reaction.does === 'press' ? reaction.presses : [];
    const gathered = collect(gather, presses);
    const end = this.#listen(gather.prompt, gathered.at, at, reaction);
    if (end === 'gone') return 'gone';
    if (gathered.digits === '' && !gather.actionOnEmptyResult) return end;
    const fields = { Digits: gathered.digits, FinishedOnKey: gathered.finishedOnKey, msg: 'Gather End' };
    this.#in(end, () => {
      this.transcript.note({ at: this.#exchange.agenda.now(), what: 'pressed', keys: gathered.digits });
      this.#goTo(gather.action ?? '', gather.method, address, fields);
    });
    return 'gone';
  }

  /** @returns the second at which the next verb begins, where nothing was said: Twilio makes no recording of silence */
  #record(record: RecordVerb, at: number, address: string | null): number | 'gone' {
    const heard = { now: SILENCE, before: [...this.#heard], name: this.#line.name };
    const spoken = this.#line.person.speak?.(heard, this.counts) ?? null;
    if (spoken === null) return this.#listen(SILENCE, record.beep + record.timeout, at, { does: 'nothing' });
    const seconds = Math.ceil(Math.min(spoken.seconds, record.maxLength));
    const cut = spoken.seconds > record.maxLength;
    const leaves = !cut && spoken.ends === 'hang-up';
    const key = !cut && record.finishOnKey.includes(spoken.ends) ? spoken.ends : '';
    const waits = cut || leaves || key !== '' ? 0 : record.timeout;
    this.#silentFor = 0;
    this.#in(at + record.beep + seconds + waits, () => {
      this.transcript.note({ at: this.#exchange.agenda.now(), what: 'spoke', seconds });
      const { sid } = this.#exchange.record(this.sid, seconds);
      const path = recordingPath(sid, this.#exchange.parts.accountSid);
      const fields = {
        ...{ RecordingSid: sid, RecordingUrl: `${this.#exchange.address}${path}`, RecordingDuration: String(seconds) },
        ...{ Digits: leaves ? 'hangup' : key },
      };
      if (leaves) this.#leave(record, address, fields);
      else this.#goTo(record.action ?? '', record.method, address, fields);
    });
    return 'gone';
  }

  /** Hung up in the middle of a message: its action is told all the same, and whatever that answers comes too late. */
  #leave({ action, method }: RecordVerb, address: string | null, fields: Fields): void {
    this.#end('completed', SIP.ok);
    const { agenda } = this.#exchange;
    const target = targetOf(action ?? '', address);
    if (target === null) return;
    void agenda.during(async () => {
      const answer = await this.#request(target, method, { ...this.#fields(), ...fields }, fields.Digits);
      if (!answer.ok) this.#alert(answer.code, answer.reason);
    });
  }

  /**
   * @param after seconds from now until it is said
   * @param speech somebody is listened to, also where nothing is said to him
   */
  #hear(prompt: Utterance, after: number, speech = false): Reaction {
    if (prompt.words === '' && !speech) return { does: 'nothing' };
    const at = new Date(this.#exchange.agenda.now().getTime() + after * 1000);
    if (prompt.words !== '') this.transcript.note({ at, what: 'said', words: prompt.words, seconds: prompt.seconds });
    this.#exchange.learn(this.#line, prompt.words);
    const heard = { now: prompt, before: [...this.#heard], name: this.#line.name };
    this.#heard.push(prompt.words);
    return this.#line.person.hear(heard, this.counts);
  }

  /**
   * Lets `seconds` of a prompt and the wait after it pass, unless the person leaves meanwhile: because he wants to, or
   * because nothing was said for longer than he has patience.
   */
  #listen(prompt: Utterance, seconds: number, at: number, reaction: Reaction): number | 'gone' {
    const silentSince = prompt.words === '' ? -this.#silentFor : (prompt.ends.at(-1) ?? 0);
    const leaves = Math.min(
      silentSince + this.#line.person.patience,
      reaction.does === 'hang-up' ? reaction.at : Number.POSITIVE_INFINITY,
    );
    if (leaves < seconds) {
      this.#in(at + Math.max(0, leaves), () => {
        this.transcript.note({ at: this.#exchange.agenda.now(), what: 'hung-up' });
        this.#end('completed', SIP.ok);
      });
      return 'gone';
    }
    // A key is a sign of life for both sides.
    this.#silentFor = reaction.does === 'press' ? 0 : Math.max(0, seconds - silentSince);
    return at + seconds;
  }

  /** To an address as written in a document: relative to the document's own, which is also meant when it is empty. */
  #goTo(url: string, method: HttpMethod, address: string | null, fields: Fields): void {
    const target = targetOf(url, address);
    if (target === null) this.#goWrong(11100, 'Invalid URL format', url);
    else void this.#ask(target, method, fields);
  }

  /** As Twilio: the fallback address, and when that fails too an apology and the end of the call. */
  #goWrong(code: number, reason: string, address: string): void {
    this.#alert(code, reason);
    const { fallbackUrl, fallbackMethod } = this.order;
    if (fallbackUrl && fallbackUrl !== address) {
      void this.#ask(fallbackUrl, fallbackMethod, { ErrorCode: String(code), ErrorUrl: address });
      return;
    }
    this.#in(APOLOGY_SECONDS, () => this.#end('completed', SIP.ok));
  }

  #alert(code: number, reason: string): void {
    this.#exchange.alert({ code, sid: this.sid, reason });
  }

  #end(status: End, sip: number): void {
    const gaveUp = this.inbound && !this.answered && status === 'completed';
    this.#close(gaveUp ? 'no-answer' : status, sip, this.#exchange.agenda.now());
    if (!this.#endedSilently()) this.#tellEnd();
    if (this.wasMissed) this.#exchange.missed(this);
  }

  /** Twilio tells nobody of a call that was taken back before it was dialled. */
  #endedSilently(): boolean {
    return this.status === 'canceled' && !this.started;
  }

  #close(status: End, sip: number, at: Date): void {
    this.#planned?.cancel();
    this.#course++;
    this.status = status;
    this.#sip = sip;
    this.ended = at;
    this.updated = at;
    this.transcript.note({ at, what: 'status', status });
    this.#exchange.parts.journal.append({
      entry: 'end',
      at: at.toISOString(),
      sid: this.sid,
      status,
      sip,
      started: this.started?.toISOString() ?? null,
      answered: this.answered?.toISOString() ?? null,
      sequence: this.#sequence,
    });
    this.#connected?.hangUp();
    this.whenOver?.();
  }

  #tellEnd(): void {
    void this.#exchange.agenda.during(async () => {
      const sent = this.#tell('completed');
      await sent;
      this.#showSign();
      if (!sent) return;
      this.#exchange.parts.journal.append({
        entry: 'told',
        at: this.#exchange.agenda.now().toISOString(),
        sid: this.sid,
      });
    });
  }

  /** A status callback, if it was asked for. The call goes on without waiting for its answer. */
  #tell(event: Event): Promise<void> | null {
    const { statusCallback, statusCallbackMethod, statusCallbackEvents } = this.order;
    if (!statusCallback || !statusCallbackEvents.includes(event)) return null;
    const fields: Record<string, string> = {
      ...this.#fields(),
      CallStatus: event === 'initiated' ? 'initiated' : this.status,
      CallbackSource: 'call-progress-events',
      SequenceNumber: String(this.#sequence++),
      Timestamp: rfc2822(this.ended ?? this.#exchange.agenda.now()),
    };
    if (event === 'completed') {
      fields.SipResponseCode = String(this.#sip);
      fields.CallDuration = String(this.duration ?? 0);
      fields.Duration = String(Math.ceil((this.duration ?? 0) / 60));
    }
    return this.#exchange.agenda.during(async () => {
      await this.#pester(statusCallback, statusCallbackMethod, fields);
      for (const one of this.#toSend(event, fields)) {
        const answer = await this.transcript.during(
          { at: this.#exchange.agenda.now(), what: 'told', url: statusCallback, status: one.CallStatus ?? '' },
          () => this.#exchange.parts.webhooks.send(statusCallback, statusCallbackMethod, one),
        );
        if (!answer.ok) this.#alert(answer.code, answer.reason);
      }
    });
  }

  /** What goes out at an event: its callback, unless this call's callbacks are in trouble. */
  #toSend(event: Event, fields: Fields): readonly Fields[] {
    const last = event === 'completed';
    switch (this.#fault) {
      case 'doubled':
        return [fields, fields];
      case 'end-lost':
        return last ? [] : [fields];
      case 'reversed':
      case 'end-before-answered': {
        const held = this.#heldBack.splice(0);
        if (last) return [fields, ...(this.#fault === 'reversed' ? held.reverse() : held)];
        this.#heldBack.push(...held, fields);
        return [];
      }
      default:
        return [fields];
    }
  }

  #fields(): Fields {
    const { to, from } = this.order;
    return {
      AccountSid: this.#exchange.parts.accountSid,
      ApiVersion: '2010-04-01',
      CallSid: this.sid,
      CallStatus: this.status,
      Called: to,
      CalledCountry: country(to),
      Caller: from,
      CallerCountry: country(from),
      Direction: this.direction,
      From: from,
      FromCountry: country(from),
      To: to,
      ToCountry: country(to),
      ...(this.#fault === 'new-fields' ? UNSEEN : {}),
    };
  }

  #move(status: CallStatus): Date {
    const now = this.#exchange.agenda.now();
    this.status = status;
    this.updated = now;
    this.transcript.note({ at: now, what: 'status', status });
    return now;
  }

  /** Plans the call's next step, which takes the place of any other; the time limit takes the place of a later one. */
  #in(seconds: number, step: () => void): void {
    this.#planned?.cancel();
    const { agenda } = this.#exchange;
    // Everything falls on a whole second, but for what an order waits for: it must not wait for the clock.
    const at = this.#atOnce && seconds === 0 ? agenda.now().getTime() : agenda.after(seconds);
    const limit = this.answered && !this.ended ? this.answered.getTime() + this.order.timeLimit * 1000 : null;
    this.#planned =
      limit !== null && limit < at ? agenda.plan(limit, () => this.#end('completed', SIP.ok)) : agenda.plan(at, step);
  }
}

function targetOf(url: string, address: string | null): string | null {
  if (url === '' && address !== null) return address;
  return URL.canParse(url, address ?? undefined) ? new URL(url, address ?? undefined).href : null;
}

/** Twilio reads a plain text out. */
function sayOnly(words: string): string {
  return `<Response><Say>${words.replaceAll('&', '&amp;').replaceAll('<', '&lt;')}</Say></Response>`;
}

/** The two countries this project telephones in; others are left open, as Twilio does where it does not know. */
export function country(phone: string): string {
  if (phone.startsWith('+86')) return 'CN';
  return phone.startsWith('+1') ? 'US' : '';
}
