import { exampleSeconds } from '../questionnaire/measure.ts';
import type { Language, Questionnaire, TextId } from '../questionnaire/questionnaire.ts';
import { spokenSeconds } from '../questionnaire/speech.ts';
import {
  type Answers,
  type Conversation,
  type Desk,
  type Effect,
  type Input,
  type Key,
  keys,
  type Reply,
} from './conversation.ts';
import { decide } from './interview.ts';
import { beginThread, decideText, type Thread } from './thread.ts';

/**
 * A conversation held on paper: the real machine, a person who waits for the end of every word, and a clock that goes
 * on by as much as that takes. Stores nothing. For trying a questionnaire out, and for the tests that come of it.
 */
export interface About {
  readonly language: Language;
  /** The last digit of the ticket. */
  readonly rotation: number;
  readonly managerChanged: boolean;
  readonly desk: Desk;
  /** What was answered before. */
  readonly answers: Answers;
}

/**
 * A key, `-` for silence, `h` for hanging up; `!` behind a key presses it at once, in the middle of the first word.
 * `(words)` says them and presses #, `(words)h` hangs up in mid-word: a message where one is recorded, else just talk.
 */
export type Move = `${Key}` | `${Key}!` | '-' | 'h' | Speech;
type Speech = `(${string})` | `(${string})h`;

/** The moves in a line that somebody typed, or null where something in it is none. */
export function movesIn(line: string): Move[] | null {
  const moves = line.match(/\([^()]+\)h?|[0-9*#]!?|[-h]|\S/gu) ?? [];
  return moves.every(
    (move) => isSpeech(move) || move === '-' || move === 'h' || keys.some((key) => key === move.replace(/!$/, '')),
  )
    ? (moves as Move[])
    : null;
}

const isSpeech = (move: string): move is Speech => move.startsWith('(') && move.length > 2;

const start = Date.parse('2026-12-01T09:30:00+08:00');
const atOnceSeconds = 0.9;

export class RehearsedCall {
  readonly #questionnaire: Questionnaire;
  readonly #about: Omit<About, 'answers'>;
  #conversation: Conversation | null = null;
  #now = start;
  #messages = 0;
  answers: Answers;
  readonly effects: Effect[] = [];
  /** What is being said now. */
  reply: Reply;

  constructor(questionnaire: Questionnaire, about: Partial<About> = {}) {
    const { answers, ...rest } = about;
    this.#questionnaire = questionnaire;
    this.#about = { language: 'zh-CN', rotation: 1, managerChanged: false, desk: 'open', ...rest };
    this.answers = answers ?? {};
    this.reply = this.#turn({ kind: 'answered' });
  }

  /** The clips being said now. */
  get heard(): string[] {
    return this.reply.say.map(({ clip }) => clip);
  }

  /** How the conversation ended, or null while it goes on. */
  get ending(): string | null {
    const place = this.#conversation?.place;
    return place?.is === 'over' ? place.because : null;
  }

  /** Seconds since the call was answered. */
  get seconds(): number {
    return (this.#now - start) / 1000;
  }

  /** Seconds that the present words take. */
  get saidSeconds(): number {
    const { language } = this.#about;
    const { slowFactor } = this.#questionnaire.speech[language];
    return this.reply.say.reduce(
      (sum, { clip, slow }) => sum + exampleSeconds(clip, language, this.#questionnaire) * (slow ? slowFactor : 1),
      this.reply.pauseSeconds,
    );
  }

  /** One move; returns the clips that answer it. */
  step(move: Move): string[] {
    const { pressSeconds } = this.#questionnaire.timing;
    if (isSpeech(move)) this.#speak(move);
    else if (move === 'h') this.#wait(this.saidSeconds, { kind: 'hang-up' });
    else if (move === '-') this.#wait(this.saidSeconds + (this.reply.listenSeconds ?? 0), { kind: 'silence' });
    else if (move.endsWith('!')) this.#wait(atOnceSeconds, { kind: 'key', key: move[0] as Key });
    else this.#wait(this.saidSeconds + pressSeconds, { kind: 'key', key: move as Key });
    return this.heard;
  }

  /** Where nothing is recorded the machine hears no word: it takes talk for silence. */
  #speak(move: Speech): void {
    const words = move.slice(1, move.lastIndexOf(')'));
    const seconds = Math.ceil(spokenSeconds(words, this.#about.language, this.#questionnaire));
    const hangsUp = move.endsWith('h');
    const listens = this.saidSeconds + (this.reply.listenSeconds ?? 0);
    const { record } = this.reply;
    if (record) {
      this.#messages++;
      this.#wait(listens + seconds, {
        ...{ kind: 'recorded', id: `message-${this.#messages}`, endedBy: hangsUp ? 'hang-up' : '#' },
        seconds: Math.min(seconds, record.longestSeconds),
      });
    } else this.#wait(listens, hangsUp ? { kind: 'hang-up' } : { kind: 'silence' });
  }

  #wait(seconds: number, input: Input): void {
    this.#now += Math.round(seconds * 1000);
    this.reply = this.#turn(input);
  }

  #turn(input: Input): Reply {
    const setting = { ...this.#about, questionnaire: this.#questionnaire, now: new Date(this.#now) };
    const interview = { conversation: this.#conversation, answers: this.answers };
    const { conversation, reply, effects } = decide(interview, input, setting);
    this.#conversation = conversation;
    this.effects.push(...effects);
    this.answers = answersAfter(this.answers, effects);
    return reply;
  }
}

export class RehearsedThread {
  readonly #questionnaire: Questionnaire;
  #thread: Thread;
  #now = start;
  answers: Answers;
  readonly effects: Effect[] = [];
  readonly firstText: TextId;

  constructor(questionnaire: Questionnaire, { answers = {} }: Partial<Pick<About, 'answers'>> = {}) {
    this.#questionnaire = questionnaire;
    this.answers = answers;
    this.firstText = questionnaire.thread[0]?.ask ?? '';
    this.#thread = beginThread(questionnaire, this.firstText);
  }

  get ending(): string | null {
    return this.#thread.is === 'over' ? this.#thread.because : null;
  }

  get now(): Date {
    return new Date(this.#now);
  }

  /** Lets time go by. */
  later(minutes: number): void {
    this.#now += minutes * 60_000;
  }

  /** One text, a minute after the last; returns the text that answers it, or null where nothing is sent back. */
  write(text: string): TextId | null {
    this.later(1);
    const decision = decideText(this.#thread, text, {
      ...{ questionnaire: this.#questionnaire, answers: this.answers, now: this.now },
      ...{ timeZone: 'Asia/Shanghai', open: true, optedOut: this.effects.some(({ kind }) => kind === 'opt-out') },
    });
    this.#thread = decision.thread;
    this.effects.push(...decision.effects);
    this.answers = answersAfter(this.answers, decision.effects);
    return decision.send;
  }
}

const answersAfter = (answers: Answers, effects: readonly Effect[]): Answers => ({
  ...answers,
  ...Object.fromEntries(effects.flatMap((effect) => (effect.kind === 'answer' ? [[effect.item, effect.value]] : []))),
});
