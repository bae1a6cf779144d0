import type { Log } from '../../platform/log.ts';
import { type Input, type Key, keys, type Reply } from '../../survey/interview/conversation.ts';
import type { Speaking } from '../words.ts';
import { type Ari, ExchangeUnreachable } from './ari.ts';
import { hear, type Keypad, restingKeypad, settled, settlingTime } from './keypad.ts';
import { deafFor, type Piece, playlist } from './playlist.ts';
import type { Sounds } from './sounds.ts';

/** What is said next, and the number of the turn that answers it. */
export interface SpokenTurn {
  readonly reply: Reply;
  readonly next: number;
  readonly speaking: Speaking;
}

/** Where a talk's turns are taken. null: there is nothing more to say to this call. */
export type TakeTurn = (turn: number, input: Input) => Promise<SpokenTurn | null>;

export interface TalkParts {
  readonly ari: Ari;
  readonly sounds: Sounds;
  readonly log: Log;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/**
 * What the line is doing at this moment:
 *
 *   deciding   a turn is being taken: nothing is heard
 *   playing    the reply is played; a key breaks it off
 *   listening  it was played to its end, and silence is counted
 *   settling   a key was heard, and may yet prove to be noise
 *   recording  a message is being left
 *   parting    the last words are played, and then we ring off
 *   over       nobody is there
 */
type Doing = 'deciding' | 'playing' | 'listening' | 'settling' | 'recording' | 'parting' | 'over';

/** Keys that end a message; any other one is taken for part of the noise. */
const endsMessage: ReadonlySet<string> = new Set(['1', '#', '*', '7', '8', '9']);

/** One conversation on one channel: plays replies, hears keys, takes turns. It remembers nothing that would be missed. */
export class Talk {
  readonly #channel: string;
  readonly #take: TakeTurn;
  readonly #parts: TalkParts;
  #doing: Doing = 'deciding';
  #turn: SpokenTurn | null = null;
  #keypad: Keypad = restingKeypad;
  #playback = '';
  #startedAt = Number.POSITIVE_INFINITY;
  #deaf = { all: 0, answers: 0 };
  #messageEndedBy: Key | null = null;
  #timer: NodeJS.Timeout | null = null;

  constructor(channel: string, take: TakeTurn, parts: TalkParts) {
    this.#channel = channel;
    this.#take = take;
    this.#parts = parts;
  }

  /** Says what is to be said first, or next. */
  begin(first: Promise<SpokenTurn | null>): void {
    this.#guarded(async () => this.#serve(await first, 0));
  }

  /** Breaks off whatever is being said, and goes on with the answer to this turn. */
  interrupt(turn: number): void {
    if (this.#doing === 'over' || this.#doing === 'parting') return;
    this.#rest('deciding');
    this.#guarded(async () => {
      await this.#stopPlayback();
      await this.#serve(await this.#take(turn, { kind: 'silence' }), 0);
    });
  }

  playbackStarted(id: string): void {
    if (id === this.#playback) this.#startedAt = this.#parts.now();
  }

  playbackFinished(id: string, failed: boolean): void {
    if (id !== this.#playback || (this.#doing !== 'playing' && this.#doing !== 'parting')) return;
    if (failed)
      this.#parts.log.error({ channel: this.#channel }, 'the exchange could not play a sound: can it read the folder?');
    if (failed || this.#doing === 'parting') this.#hangUp();
    else this.#said();
  }

  tone(digit: string, milliseconds: number | null): void {
    const key = keys.find((each) => each === digit);
    if (!key) return;
    if (this.#doing === 'recording') this.#endMessage(key);
    if (this.#doing !== 'playing' && this.#doing !== 'listening' && this.#doing !== 'settling') return;
    const deaf = { all: this.#startedAt + this.#deaf.all, answers: this.#startedAt + this.#deaf.answers };
    this.#keypad = hear(this.#keypad, { key, at: this.#parts.now(), milliseconds }, deaf);
    if (this.#doing === 'settling' || this.#keypad.settling === null) return;
    this.#rest('settling');
    this.#guarded(() => this.#stopPlayback());
    this.#after(settlingTime, () => this.#settle());
  }

  recordingFinished(name: string, seconds: number): void {
    if (name !== this.#recordingName()) return;
    // Also after he rang off: what he said by then was said.
    const hungUp = this.#doing === 'over';
    const endedBy = hungUp ? 'hang-up' : (this.#messageEndedBy ?? 'silence');
    this.#answer({ kind: 'recorded', id: name, seconds: Math.floor(seconds), endedBy }, 0);
  }

  recordingFailed(name: string): void {
    if (name === this.#recordingName() && this.#doing !== 'over') this.#answer({ kind: 'silence' }, 0);
  }

  /** The channel is gone. A key that was still being told from noise was pressed all the same: 9 and hanging up is a 9. */
  gone(): void {
    const pressed = this.#doing === 'settling';
    this.#rest('over');
    if (pressed) this.#settle();
  }

  async #serve(turn: SpokenTurn | null, spent: number): Promise<void> {
    if (this.#doing === 'over') return;
    if (!turn) return this.#hangUp();
    this.#turn = turn;
    const { reply, speaking } = turn;
    const said = await this.#parts.sounds.say(reply.say, speaking);
    const pieces = playlist(reply, said, spent);
    const media = await Promise.all(pieces.map((piece) => this.#mediaOf(piece)));
    // He may have rung off while a sound was made.
    if ((this.#doing as Doing) === 'over') return;
    this.#deaf = deafFor(pieces, said, speaking);
    this.#startedAt = Number.POSITIVE_INFINITY;
    this.#rest(reply.listenSeconds === null ? 'parting' : 'playing');
    if (media.length === 0) return reply.listenSeconds === null ? this.#hangUp() : this.#said();
    this.#playback = playbackOf(this.#channel, turn.next);
    const there = await this.#parts.ari.tell(
      'POST',
      `${this.#path()}/play/${encodeURIComponent(this.#playback)}`,
      {},
      {
        media,
      },
    );
    if (!there) this.gone();
  }

  async #mediaOf(piece: Piece): Promise<string> {
    const { sound } = 'silence' in piece ? await this.#parts.sounds.silence(piece.silence) : piece;
    return `sound:${sound}`;
  }

  /** Every word has been said: from here on silence counts. */
  #said(): void {
    const listen = this.#turn?.reply.listenSeconds ?? 0;
    this.#startedAt = Math.min(this.#startedAt, this.#parts.now());
    this.#rest('listening');
    this.#after(listen * 1000, () => {
      if (this.#turn?.reply.record) this.#record(this.#turn.reply.record);
      else this.#answer({ kind: 'silence' }, 0);
    });
  }

  #settle(): void {
    const meant = settled(this.#keypad);
    if (!meant) return;
    this.#keypad = meant.keypad;
    this.#answer({ kind: 'key', key: meant.key }, settlingTime);
  }

  #record({ longestSeconds, silenceSeconds }: NonNullable<Reply['record']>): void {
    this.#messageEndedBy = null;
    this.#rest('recording');
    const order = {
      ...{ name: this.#recordingName(), format: 'wav', ifExists: 'fail', terminateOn: 'none' },
      ...{ maxDurationSeconds: longestSeconds, maxSilenceSeconds: silenceSeconds },
    };
    this.#guarded(async () => {
      // One of ours: an exchange need not have any sound of its own. What is asked of a channel it does in turn.
      const { sound } = await this.#parts.sounds.beep();
      await this.#parts.ari.tell('POST', `${this.#path()}/play`, {}, { media: [`sound:${sound}`] });
      if (!(await this.#parts.ari.tell('POST', `${this.#path()}/record`, {}, order))) this.gone();
    });
  }

  #endMessage(key: Key): void {
    if (!endsMessage.has(key) || this.#messageEndedBy) return;
    this.#messageEndedBy = key;
    const name = encodeURIComponent(this.#recordingName());
    this.#guarded(async () => void (await this.#parts.ari.tell('POST', `/recordings/live/${name}/stop`)));
  }

  #answer(input: Input, spent: number): void {
    const { next } = this.#turn ?? { next: 0 };
    if (this.#doing !== 'over') this.#rest('deciding');
    this.#guarded(async () => this.#serve(await this.#take(next, input), spent));
  }

  #hangUp(): void {
    this.#rest('over');
    this.#guarded(async () => void (await this.#parts.ari.tell('DELETE', this.#path(), { reason: 'normal' })));
  }

  async #stopPlayback(): Promise<void> {
    if (this.#playback) await this.#parts.ari.tell('DELETE', `/playbacks/${encodeURIComponent(this.#playback)}`);
  }

  /** Whatever goes wrong, nobody is left listening to nothing. */
  #guarded(act: () => Promise<void>): void {
    act().catch((error: unknown) => {
      this.#parts.log.error({ err: error, channel: this.#channel }, 'a call on the exchange broke off');
      // Out of reach, the exchange cannot be told either; the call is taken up when it is back.
      if (!(error instanceof ExchangeUnreachable) && this.#doing !== 'over') this.#hangUp();
    });
  }

  #rest(doing: Doing): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#doing !== 'over') this.#doing = doing;
  }

  #after(milliseconds: number, act: () => void): void {
    this.#timer = setTimeout(act, milliseconds);
  }

  #path = (): string => `/channels/${encodeURIComponent(this.#channel)}`;
  /** Begins with the channel's id, so that a call's recordings are found by it. */
  #recordingName = (): string => `${this.#channel}.${this.#turn?.next ?? 0}`;
}

/** By turn, so that whoever takes a call up knows what is being played in it. */
export const playbackOf = (channel: string, turn: number): string => `${channel}.${turn}`;
