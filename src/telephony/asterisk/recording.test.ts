import { describe, expect, test } from 'vitest';
import { BadInput } from '../../platform/errors.ts';
import { lengths, measure, readRecording } from './recording.ts';
import { silence, tone, writeWav } from './wav.ts';

/** A second of 200 Hz. @param volume its amplitude, 0–1 and beyond. */
const hum = (volume: number): Buffer =>
  writeWav(Float64Array.from({ length: 8000 }, (_, index) => volume * Math.sin((index * Math.PI) / 20)));
const joined = (...wavs: Buffer[]): Buffer =>
  writeWav(
    Float64Array.from(
      wavs.flatMap((wav) =>
        Array.from({ length: (wav.length - 44) / 2 }, (_, index) => wav.readInt16LE(44 + index * 2) / 32_767),
      ),
    ),
  );

describe('a recording is measured', () => {
  test.each([
    [1, -3],
    [0.1, -23],
    [0.01, -43],
  ])('a sine of amplitude %d has %i dB', (volume, loudness) => {
    expect(measure(hum(volume))).toMatchObject({ milliseconds: 1000, loudness });
  });
  test('by what is said in it, whatever pauses it has', () => {
    expect(measure(joined(silence(3000), hum(0.1), silence(2000)))).toMatchObject({
      milliseconds: 6000,
      loudness: -23,
    });
  });
  test('as clipped where it is cut off at full scale', () => {
    expect(measure(hum(0.9)).clipped).toBe(false);
    expect(measure(hum(1.5)).clipped).toBe(true);
  });
});

describe('a recording', () => {
  const faultOf = (bytes: Buffer): string => {
    try {
      readRecording(bytes, 'A1.wav');
      return 'none';
    } catch (error) {
      const [fault] = (error as BadInput).faults;
      expect(error).toBeInstanceOf(BadInput);
      expect(fault?.where).toBe('A1.wav');
      return fault?.message ?? '';
    }
  };
  test('of a sentence is taken as it is', () => {
    expect(readRecording(tone(lengths.least), 'A1.wav')).toEqual(tone(lengths.least));
    expect(faultOf(tone(lengths.most))).toBe('none');
  });
  test.each([
    ['that is too short', tone(lengths.least - 10), 'too short'],
    ['that is too long', tone(lengths.most + 100), 'no sentence takes over 30 s'],
    ['of nothing', silence(1000), 'is silent'],
    ['with a bare header', silence(0), 'too short'],
    ['that is none', Buffer.from('ID3 something'), 'is no WAV file'],
    ['that did not come', Buffer.alloc(0), 'is no WAV file'],
  ])('%s is refused', (_, bytes, why) => {
    expect(faultOf(bytes)).toContain(why);
  });
});
