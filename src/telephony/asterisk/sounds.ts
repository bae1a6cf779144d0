import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmod, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Chance } from '../../platform/chance.ts';
import { Refused } from '../../platform/errors.ts';
import type { Utterance } from '../../survey/interview/conversation.ts';
import type { Language } from '../../survey/questionnaire/questionnaire.ts';
import { partsOf, type Speaking, spoken } from '../words.ts';
import type { Said } from './playlist.ts';
import { readRecording } from './recording.ts';
import { asPlayed, beep, millisecondsOf, silence } from './wav.ts';

/**
 * The files that are played. A sound belongs to the words it says and lies under their hash: when a questionnaire's
 * words change, an old recording is not played for them, and one that says the same is found again.
 *
 *   uploaded  read by a person and brought by the page or the API
 *   recorded  read by a person and imported; a clip with a name in it is recorded in parts around the name
 *   spoken    made by the speech program where nobody recorded anything
 */
export type Origin = 'uploaded' | 'recorded';
/** One of them holds a recording: what is kept in one is taken out of the other. */
const origins: readonly Origin[] = ['uploaded', 'recorded'];

export interface SoundSettings {
  /** Where the files lie; Asterisk reads the same folder under the same path. */
  readonly folder: string;
  /** The command that speaks: `{text}` and `{out}` are filled in, and `{voice}`, `{language}`, `{rate}` where they stand. */
  readonly program: string;
}

type Sound = Said['sounds'][number];

/** What espeak-ng calls its voices, and what others may be told instead: the language. */
const voices: Readonly<Record<Language, string>> = { 'zh-CN': 'cmn', en: 'en-us' };
/** Words a minute, for older listeners; the slow reading is for whoever asked twice. */
const rates = { usual: '150', slow: '105' } as const;
const speechSeconds = 30;

/** What a person read. */
export interface Recording {
  readonly words: string;
  readonly language: Language;
  readonly slow: boolean;
  readonly origin: Origin;
}

export class Sounds {
  readonly #settings: SoundSettings;
  readonly #chance: Pick<Chance, 'id'>;
  /** Found or made in this process: a file never changes. */
  readonly #known = new Map<string, Promise<Sound>>();

  constructor(settings: SoundSettings, chance: Pick<Chance, 'id'>) {
    this.#settings = settings;
    this.#chance = chance;
  }

  /** The sounds of what is to be said, made where there are none. @throws Refused where the speech program fails. */
  say(utterances: readonly Utterance[], speaking: Speaking): Promise<Said[]> {
    return Promise.all(
      utterances.map(async (utterance) => ({ utterance, sounds: await this.#soundsOf(utterance, speaking) })),
    );
  }

  async silence(milliseconds: number): Promise<Sound> {
    const name = join('silence', String(milliseconds));
    return this.#once(name, async () => (await this.#find(name)) ?? this.#keep(name, silence(milliseconds)));
  }

  /** From here on it is recorded. */
  async beep(): Promise<Sound> {
    const name = 'beep';
    return this.#once(name, async () => (await this.#find(name)) ?? this.#keep(name, beep()));
  }

  /** Keeps what a person read. @throws BadInput as `readRecording` does. */
  async keepRecording({ words, language, slow, origin }: Recording, bytes: Buffer, where: string): Promise<void> {
    await this.#keep(nameOf(origin, words, language, slow), readRecording(bytes, where));
    for (const other of origins) if (other !== origin) await this.#remove(nameOf(other, words, language, slow));
  }

  /** What a person read of these words, at this pace. */
  async recordingOf(words: string, language: Language, slow: boolean): Promise<{ origin: Origin; wav: Buffer } | null> {
    for (const origin of origins) {
      const wav = await readFile(`${this.#pathOf(nameOf(origin, words, language, slow))}.wav`).catch(() => null);
      if (wav) return { origin, wav };
    }
    return null;
  }

  /** From here on the program says it again. @returns whether there was one. */
  async removeRecording(words: string, language: Language, slow: boolean): Promise<boolean> {
    const removed = await Promise.all(origins.map((origin) => this.#remove(nameOf(origin, words, language, slow))));
    return removed.includes(true);
  }

  /** What is heard of these words now. @throws Refused where the speech program fails. */
  async hear(words: string, language: Language, slow: boolean): Promise<Buffer> {
    const { sound } = (await this.#recorded(words, language, slow)) ?? (await this.#spoken(words, language, slow));
    return readFile(`${sound}.wav`);
  }

  async #soundsOf(utterance: Utterance, speaking: Speaking): Promise<Sound[]> {
    const { language } = speaking;
    const slow = utterance.slow ?? false;
    const words = spoken(utterance, speaking);
    const whole = await this.#recorded(words, language, slow);
    if (whole) return [whole];
    const parts = partsOf(utterance, speaking).map((part) => part.words);
    const recorded = await Promise.all(parts.map((part) => this.#recorded(part, language, slow)));
    // One voice for the whole sentence sounds better than two words of another; a recorded part wins.
    if (recorded.every((part) => part === null)) return [await this.#spoken(words, language, slow)];
    return Promise.all(recorded.map((part, index) => part ?? this.#spoken(parts[index] ?? '', language, slow)));
  }

  /** The slow reading, or the usual one where there is no other: said again is better than said by a machine. */
  async #recorded(words: string, language: Language, slow: boolean): Promise<Sound | null> {
    for (const pace of slow ? [true, false] : [false])
      for (const origin of origins) {
        const found = await this.#find(nameOf(origin, words, language, pace));
        if (found) return found;
      }
    return null;
  }

  #spoken(words: string, language: Language, slow: boolean): Promise<Sound> {
    const { program } = this.#settings;
    const name = join('spoken', language, hashOf(`${program}|${slow ? 'slow' : ''}|${words}`));
    return this.#once(name, async () => (await this.#find(name)) ?? this.#speak(name, words, language, slow));
  }

  async #speak(name: string, words: string, language: Language, slow: boolean): Promise<Sound> {
    const out = join(this.#settings.folder, `${this.#chance.id()}.tmp.wav`);
    await mkdir(this.#settings.folder, { recursive: true });
    const filled: Readonly<Record<string, string>> = {
      ...{ text: words, out, language, voice: voices[language], rate: slow ? rates.slow : rates.usual },
    };
    const [command = '', ...args] = this.#settings.program
      .split(/\s+/)
      .filter((part) => part !== '')
      .map((part) => part.replace(/\{(\w+)\}/g, (whole, variable: string) => filled[variable] ?? whole));
    try {
      await run(command, args);
      return await this.#keep(name, asPlayed(await readFile(out), command));
    } finally {
      await rm(out, { force: true });
    }
  }

  #once(name: string, make: () => Promise<Sound>): Promise<Sound> {
    const known = this.#known.get(name);
    if (known) return known;
    const making = make();
    this.#known.set(name, making);
    making.catch(() => this.#known.delete(name));
    return making;
  }

  #pathOf = (name: string): string => join(this.#settings.folder, name);

  async #remove(name: string): Promise<boolean> {
    return rm(`${this.#pathOf(name)}.wav`).then(
      () => true,
      (error: { code?: string }) => {
        if (error.code === 'ENOENT') return false;
        throw error;
      },
    );
  }

  async #find(name: string): Promise<Sound | null> {
    const path = this.#pathOf(name);
    const file = await stat(`${path}.wav`).catch(() => null);
    return file ? { sound: path, milliseconds: millisecondsOf(file.size) } : null;
  }

  /** In one step, so that nobody plays half a file, and readable for the exchange's own account. */
  async #keep(name: string, wav: Buffer): Promise<Sound> {
    const path = this.#pathOf(name);
    const half = `${path}.${this.#chance.id()}.tmp`;
    await mkdir(join(path, '..'), { recursive: true });
    await writeFile(half, wav);
    await chmod(half, 0o644);
    await rename(half, `${path}.wav`);
    return { sound: path, milliseconds: millisecondsOf(wav.length) };
  }
}

const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 32);
const nameOf = (origin: Origin, words: string, language: Language, slow: boolean): string =>
  join(origin, language, `${hashOf(words)}${slow ? '-slow' : ''}`);

async function run(command: string, args: readonly string[]): Promise<void> {
  const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'pipe'], timeout: speechSeconds * 1000 });
  let complaint = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint = `${complaint}${text}`.slice(-300);
  });
  const status = await new Promise<number | string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', (code, signal) => resolve(code ?? signal ?? 'ended'));
  });
  if (status !== 0)
    throw new Refused('speech-failed', `合成语音失败 · the speech program failed (${status}): ${complaint.trim()}`);
}
