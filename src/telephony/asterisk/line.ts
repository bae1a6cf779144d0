import type { WebSocket } from 'ws';
import type { Query } from '../../platform/database.ts';
import type { Log } from '../../platform/log.ts';
import type { CallReport } from '../../survey/fieldwork/call.ts';
import type { Input } from '../../survey/interview/conversation.ts';
import type { Ari, AriEvent, Channel } from './ari.ts';
import { application } from './ari.ts';
import { channels, interruption, isOurs, purposes, trunkSaid, unheardEnd } from './asterisk.ts';
import { bookedCall, noteCall, openCalls } from './book.ts';
import { type Ending, endOf, type Reached, resultOf } from './causes.ts';
import type { Sounds } from './sounds.ts';
import { playbackOf, type SpokenTurn, type TakeTurn, Talk } from './talk.ts';

/**
 * The line to the exchange: hears everything it tells, and holds the conversations. An exchange tells an application's
 * events to one connection alone, so of all our processes one holds the line (src/main.ts sees to it); any of them may
 * ask for calls. It remembers nothing that the database and the exchange do not know: whoever holds it next takes up
 * every call that is still up, at the turn where its case stands.
 */
export interface Answering {
  /** The attempt that a channel of ours belongs to, by its id; null for one that carries no interview. */
  attemptBehind(channelId: string): Promise<string | null>;
  /** What is to be said now: first, or again after an interruption. null: nothing more. */
  takeUp(attemptId: string): Promise<SpokenTurn | null>;
  take(attemptId: string, turn: number, input: Input): Promise<SpokenTurn | null>;
  /** How a call of ours, or one that was made to us, goes on. */
  report(channelId: string, report: CallReport): Promise<void>;
  /** Somebody rings us. */
  inbound(channelId: string, callerNumber: string, call: InboundCall): Promise<void>;
  /** A caller of the desk has answered; what is to be rung for him. null: nobody (any more). */
  deskAnswered(callId: string): Promise<{ readonly endpoint: string; readonly from: string } | null>;
  /** How the shop's end of a desk call went. */
  shopsEnd(callId: string, report: CallReport): Promise<void>;
}

/** What can be done with a call that rings us. */
export interface InboundCall {
  /** Answers and talks; without an attempt what is keyed goes nowhere else. */
  talk(first: SpokenTurn, take: TakeTurn): Promise<void>;
  /** Lets it ring. */
  ring(): Promise<void>;
  /** Whether the caller is still there. */
  alive(): boolean;
}

export interface LineParts {
  readonly ari: Ari;
  readonly sounds: Sounds;
  readonly query: Query;
  readonly log: Log;
  readonly answering: Answering;
  readonly now: () => Date;
}

export interface Line {
  /** Lets go of the line; the calls stay up for whoever holds it next. */
  close(): Promise<void>;
}

/** What an answered call ends with: nothing in particular. */
const normalClearing: Ending = { cause: 16, sip: null };
const longestBackOff = 30_000;
const pingEvery = 10_000;
/** What the shop's end of a desk call adds to its id. */
const shopsSuffix = '-shop';
const callOf = (shop: string): string => shop.slice(0, -shopsSuffix.length);
/** What the exchange told of a call's end may be on its way while we look. */
const grace = 2000;

/** Holds the line until it is closed, and takes it up again whenever it is lost. */
export function openLine(parts: LineParts): Line {
  const held = new HeldLine(parts);
  let closed = false;
  let wake = () => {};
  let socket: WebSocket | null = null;
  const rest = (milliseconds: number) =>
    new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  const hold = async () => {
    for (let failures = 0; !closed; ) {
      try {
        socket = await parts.ari.events();
        failures = 0;
        parts.log.info('the line to the exchange is held');
        await listen(socket, held);
      } catch (error) {
        parts.log.warn({ err: error }, 'the exchange cannot be heard');
      }
      held.lost();
      if (!closed) await rest(Math.min(longestBackOff, 500 * 2 ** failures++));
    }
  };
  const holding = hold();
  return {
    async close() {
      closed = true;
      wake();
      socket?.terminate();
      await holding;
    },
  };
}

/** Until the stream ends. A peer that vanished answers no ping. */
async function listen(socket: WebSocket, held: HeldLine): Promise<void> {
  let heard = true;
  const ping = setInterval(() => {
    if (!heard) return socket.terminate();
    heard = false;
    socket.ping();
  }, pingEvery);
  socket.on('pong', () => {
    heard = true;
  });
  socket.on('message', (message) => {
    heard = true;
    held.event(JSON.parse(String(message)) as AriEvent);
  });
  const over = new Promise<void>((resolve) => {
    socket.once('close', () => resolve());
    socket.on('error', () => socket.terminate());
  });
  held.found().catch((error: unknown) => {
    held.complain(error, 'what happened meanwhile could not be asked for');
    socket.terminate();
  });
  await over;
  clearInterval(ping);
}

class HeldLine {
  readonly #parts: LineParts;
  readonly #talks = new Map<string, Talk>();
  /** What is told of one call is written down in the order it was told. */
  readonly #told = new Map<string, Promise<void>>();
  /** Two ends of a desk call: the shop's channel by the caller's, and the other way round. */
  readonly #ends = new Map<string, { readonly callId: string; readonly other: string }>();
  /** Channels that ring us and have not been answered. */
  readonly #ringing = new Set<string>();
  /** Channels that rang us and were answered: they stand in no book. */
  readonly #answered = new Set<string>();
  /** What the trunk answered, of channels whose end is being told. */
  readonly #trunkSaid = new Map<string, number>();

  constructor(parts: LineParts) {
    this.#parts = parts;
  }

  complain(error: unknown, what: string): void {
    this.#parts.log.error({ err: error }, what);
  }

  /** The stream is lost: whoever holds it next, here or elsewhere, takes the calls up anew. */
  lost(): void {
    for (const talk of this.#talks.values()) talk.gone();
    this.#talks.clear();
    this.#ringing.clear();
    this.#trunkSaid.clear();
    this.#ends.clear();
  }

  /** After the stream was opened: calls that are up and nobody talks in, and calls that ended unheard. */
  async found(): Promise<void> {
    const { ari, query } = this.#parts;
    // In this order: what is open here and was taken there has a channel, or had one.
    const open = await openCalls(query);
    const alive = await channels(ari);
    const ours = (await ari.get<{ channel_ids: string[] }>(`/applications/${application}`))?.channel_ids ?? [];
    for (const id of ours) if (alive.get(id)?.state === 'Up' && !this.#talks.has(id)) await this.#takeUp(id);
    for (const id of alive.keys()) if (id.endsWith(shopsSuffix)) this.#guarded(id, () => this.#relink(callOf(id)));
    const gone = open.filter(({ carrierId }) => !alive.has(carrierId));
    if (gone.length === 0) return;
    await new Promise((resolve) => setTimeout(resolve, grace));
    // Those whose end came in meanwhile are not told a second one.
    for (const { carrierId, report } of gone) this.#tell(carrierId, () => unheardEnd(report));
  }

  event(event: AriEvent): void {
    switch (event.type) {
      case 'StasisStart':
        this.#entered(event.channel, event.args);
        break;
      case 'ChannelStateChange':
        if (event.channel.state === 'Ringing') this.#tell(event.channel.id, () => ({ state: 'ringing' }));
        break;
      case 'Dial':
        if (event.dialstatus === 'RINGING' || event.dialstatus === 'PROGRESS')
          this.#tell(event.peer.id, () => ({ state: 'ringing' }));
        break;
      case 'ChannelDtmfReceived':
        // 0 where it does not know.
        this.#talks.get(event.channel.id)?.tone(event.digit, event.duration_ms || null);
        break;
      case 'StasisEnd':
        // The last that is told of a call that rang us.
        this.#left(event.channel.id, normalClearing);
        break;
      case 'ChannelDestroyed':
        this.#left(event.channel.id, { cause: event.cause, sip: this.#answerOfTrunk(event) });
        break;
      case 'ChannelVarset':
        if (event.channel && event.variable === trunkSaid.variable)
          this.#trunkSaid.set(event.channel.id, Number(/^SIP (\d{3})/.exec(event.value)?.[1] ?? 0));
        break;
      case 'PlaybackStarted':
        this.#byName(event.playback.id)?.playbackStarted(event.playback.id);
        break;
      case 'PlaybackFinished':
        this.#byName(event.playback.id)?.playbackFinished(event.playback.id, event.playback.state === 'failed');
        break;
      case 'RecordingFinished':
        this.#byName(event.recording.name)?.recordingFinished(event.recording.name, event.recording.duration ?? 0);
        break;
      case 'RecordingFailed':
        this.#byName(event.recording.name)?.recordingFailed(event.recording.name);
        break;
      case 'ChannelUserevent':
        if (event.eventname === interruption)
          this.#talks.get(event.userevent.channel ?? '')?.interrupt(Number(event.userevent.turn));
        break;
      default:
      // Exchanges tell much that is nobody's business here, and every version tells more.
    }
  }

  #answerOfTrunk({ channel, tech_cause }: { readonly channel: Channel; readonly tech_cause?: number }): number | null {
    const said = this.#trunkSaid.get(channel.id);
    this.#trunkSaid.delete(channel.id);
    return said || tech_cause || null;
  }

  /** Playbacks and recordings are named after their channel. */
  #byName(name: string): Talk | undefined {
    return this.#talks.get(name.slice(0, name.lastIndexOf('.')));
  }

  #entered(channel: Channel, [purpose]: readonly string[]): void {
    const { id } = channel;
    if (purpose === purposes.survey) {
      this.#tell(id, () => ({ state: 'in-progress' }));
      this.#talk(id, id);
    } else if (purpose === purposes.desk) {
      this.#tell(id, () => ({ state: 'in-progress' }));
      this.#guarded(id, () => this.#connectShop(id));
    } else if (purpose === 'shop') this.#guarded(id, () => this.#bridge(id));
    else this.#guarded(id, () => this.#rings(channel));
  }

  async #takeUp(id: string): Promise<void> {
    const { answering, ari } = this.#parts;
    const attemptId = await answering.attemptBehind(id);
    if (!attemptId && isOurs(id)) this.#guarded(id, () => this.#relink(id));
    // He may have come in by himself while we asked.
    if (!attemptId || this.#talks.has(id)) return;
    this.#answered.add(id);
    // Whoever heard that he answered may have died before he wrote it down.
    this.#tell(id, () => ({ state: 'in-progress' }));
    this.#talk(id, attemptId, async (turn) => {
      // What is being played in it was begun by somebody who is gone.
      await ari.tell('DELETE', `/playbacks/${encodeURIComponent(playbackOf(id, turn.next - 1))}`);
    });
  }

  #talk(id: string, attemptId: string, before: (turn: SpokenTurn) => Promise<void> = async () => {}): void {
    const { answering } = this.#parts;
    const talk = this.#newTalk(id, (turn, input) => answering.take(attemptId, turn, input));
    const first = async () => {
      const turn = await answering.takeUp(attemptId);
      if (turn) await before(turn);
      return turn;
    };
    talk.begin(first());
  }

  #newTalk(id: string, take: TakeTurn): Talk {
    const { ari, sounds, log, now } = this.#parts;
    const talk = new Talk(id, take, { ari, sounds, log, now: () => now().getTime() });
    this.#talks.set(id, talk);
    return talk;
  }

  async #rings({ id, caller }: Channel): Promise<void> {
    const { ari, answering } = this.#parts;
    this.#ringing.add(id);
    const path = `/channels/${encodeURIComponent(id)}`;
    await answering.inbound(id, caller.number, {
      alive: () => this.#ringing.has(id),
      ring: async () => void (await ari.tell('POST', `${path}/ring`)),
      talk: async (first, take) => {
        this.#ringing.delete(id);
        this.#answered.add(id);
        if (await ari.tell('POST', `${path}/answer`)) this.#newTalk(id, take).begin(Promise.resolve(first));
      },
    });
  }

  /** The caller of the desk is on the line: the shop is rung, and hears him once it answers. */
  async #connectShop(callId: string): Promise<void> {
    const { ari, answering } = this.#parts;
    const other = this.#link(callId);
    const shop = await answering.deskAnswered(callId);
    const path = `/channels/${encodeURIComponent(callId)}`;
    if (!shop) return this.#hangUpBoth(callId);
    await ari.tell('POST', `${path}/ring`);
    const order = { endpoint: shop.endpoint, callerId: shop.from, app: application, appArgs: 'shop', timeout: 30 };
    const { status } = await ari.ask('POST', `/channels/${encodeURIComponent(other)}`, {}, order);
    if (status !== 200) await this.#endDesk(other, 34);
  }

  /** Whoever rings off ends both. @returns the shop's channel. */
  #link(callId: string): string {
    const shop = `${callId}${shopsSuffix}`;
    this.#ends.set(callId, { callId, other: shop });
    this.#ends.set(shop, { callId, other: callId });
    return shop;
  }

  /**
   * A desk call that was begun by somebody who is gone: its two ends belong together again. One that is alone is hung up
   * on: who knows whether the shop was rung, and rings twice it must not; the caller asks for it anew.
   */
  async #relink(callId: string): Promise<void> {
    const { ari } = this.#parts;
    // Of a caller who answers at this moment we are told as of any other.
    await new Promise((resolve) => setTimeout(resolve, grace));
    if (this.#ends.has(callId)) return;
    const shop = this.#link(callId);
    const alive = await channels(ari);
    if (!alive.has(callId) || !alive.has(shop)) return this.#hangUpBoth(callId);
    const bridge = await ari.get<{ channels: string[] }>(`/bridges/${encodeURIComponent(callId)}`);
    // One that still rings comes in by itself.
    if (alive.get(shop)?.state === 'Up' && bridge?.channels.length !== 2) await this.#bridge(shop);
  }

  async #hangUpBoth(callId: string): Promise<void> {
    const { ari } = this.#parts;
    for (const end of [callId, `${callId}${shopsSuffix}`]) {
      this.#ends.delete(end);
      await ari.tell('DELETE', `/channels/${encodeURIComponent(end)}`, { reason: 'normal' });
    }
    await ari.tell('DELETE', `/bridges/${encodeURIComponent(callId)}`);
  }

  async #bridge(shop: string): Promise<void> {
    const { ari, answering } = this.#parts;
    const callId = callOf(shop);
    const bridge = encodeURIComponent(callId);
    await ari.tell('POST', `/channels/${bridge}/ring`).catch(() => {});
    await ari.tell('DELETE', `/channels/${bridge}/ring`);
    await ari.tell('POST', `/bridges/${bridge}`, { type: 'mixing' });
    await ari.tell('POST', `/bridges/${bridge}/addChannel`, { channel: `${callId},${shop}` });
    await answering.shopsEnd(callId, { state: 'in-progress' });
  }

  async #endDesk(channel: string, cause: number): Promise<void> {
    const ends = this.#ends.get(channel);
    if (!ends) return;
    const { ari, answering } = this.#parts;
    this.#ends.delete(channel);
    await ari.tell('DELETE', `/channels/${encodeURIComponent(ends.other)}`, { reason: 'normal' });
    await ari.tell('DELETE', `/bridges/${encodeURIComponent(ends.callId)}`);
    if (channel !== ends.callId)
      await answering.shopsEnd(ends.callId, { state: 'ended', result: resultOf(cause, 'ringing'), errorCode: cause });
  }

  #left(id: string, ending: Ending): void {
    this.#talks.get(id)?.gone();
    // Its last recording may still come in.
    setTimeout(() => this.#talks.delete(id), grace).unref();
    this.#ringing.delete(id);
    this.#guarded(id, () => this.#endDesk(id, ending.cause));
    const answered = this.#answered.delete(id);
    this.#tell(id, (reached) => endOf(ending, answered ? 'answered' : reached));
  }

  /** Writes down what was told, and passes it on. */
  #tell(id: string, reportOf: (reached: Reached) => CallReport): void {
    const { query, answering, log } = this.#parts;
    const before = this.#told.get(id) ?? Promise.resolve();
    const telling = before
      .then(async () => {
        const booked = await bookedCall(query, id);
        if (booked?.report.state === 'ended') return;
        const report = reportOf(reachedBy(booked?.report));
        await noteCall(query, id, report);
        await answering.report(id, report);
      })
      .catch((error: unknown) => log.error({ err: error, channel: id }, 'what the exchange told was not recorded'))
      .finally(() => {
        if (this.#told.get(id) === telling) this.#told.delete(id);
      });
    this.#told.set(id, telling);
  }

  #guarded(id: string, act: () => Promise<void>): void {
    act().catch((error: unknown) => {
      this.#parts.log.error({ err: error, channel: id }, 'a call on the exchange broke off');
    });
  }
}

const reached: Partial<Record<CallReport['state'], Reached>> = { ringing: 'ringing', 'in-progress': 'answered' };
const reachedBy = (report: CallReport | undefined): Reached => (report && reached[report.state]) ?? 'nothing';
