import { BadInput } from '../../platform/errors.ts';
import { asPlayed, millisecondsOf, samplesOf, samplesPerSecond } from './wav.ts';

/** What a person read: whether it can be used, how long it is, and how loud he speaks in it. */
export interface Measure {
  readonly milliseconds: number;
  /** Of the speech, pauses left out, in dB below full scale (−20 is usual on the telephone); null = there is none. */
  readonly loudness: number | null;
  /** So loud that it was cut off at full scale, and crackles. */
  readonly clipped: boolean;
}

/** In milliseconds: a figure is read in a quarter of a second, the longest sentence in twenty seconds. */
export const lengths = { least: 100, most: 30_000 } as const;
/** In dB: what is fainter is hard to hear in a shop. */
export const faintest = -32;

/** A pause is fainter than this. */
const pauseBelow = -50;
const frame = samplesPerSecond / 50;
/** One sample in a thousand at full scale is heard. */
const clippedShare = 0.001;
const fullScale = 32_700;

/** @param wav of our own form (wav.ts). */
export function measure(wav: Buffer): Measure {
  const samples = samplesOf(wav);
  const powers: number[] = [];
  for (let from = 0; from < samples.length; from += frame) {
    const part = samples.subarray(from, from + frame);
    powers.push(part.reduce((sum, sample) => sum + (sample / 32_768) ** 2, 0) / part.length);
  }
  const speech = powers.filter((power) => decibels(power) > pauseBelow);
  const power = speech.reduce((sum, one) => sum + one, 0) / speech.length;
  const cut = samples.reduce((count, sample) => count + Number(Math.abs(sample) >= fullScale), 0);
  return {
    milliseconds: millisecondsOf(wav.length),
    loudness: speech.length > 0 ? Math.round(decibels(power)) : null,
    clipped: cut > samples.length * clippedShare,
  };
}

const decibels = (power: number): number => 10 * Math.log10(power);

/**
 * A recording of any usual form, as Asterisk plays it.
 *
 * @param where how a fault names it: the file.
 * @throws BadInput where it cannot be read, is too short or too long for any sentence, or holds nothing but silence.
 */
export function readRecording(bytes: Buffer, where: string): Buffer {
  const wav = asPlayed(bytes, where, lengths.most);
  const { milliseconds, loudness } = measure(wav);
  const seconds = (milliseconds / 1000).toFixed(1);
  if (milliseconds < lengths.least)
    throw unusable(where, `只有 ${seconds} 秒，听不到内容 · is ${seconds} s long: too short`);
  if (loudness === null)
    throw unusable(where, '没有声音：请检查麦克风后重录 · is silent: look at the microphone and record it again');
  return wav;
}

const unusable = (where: string, message: string): BadInput =>
  new BadInput('录音文件有误，未导入 · a recording cannot be used', [{ where, message }]);
