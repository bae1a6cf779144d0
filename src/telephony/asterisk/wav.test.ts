import { describe, expect, test } from 'vitest';
import { BadInput } from '../../platform/errors.ts';
import { asPlayed, millisecondsOf, samplesPerSecond, silence, writeWav } from './wav.ts';

/** A second of one tone, in a WAV of another form. */
function recording(
  hertz: number,
  form: { rate: number; channels?: number; bits?: 8 | 16 | 24 | 32; float?: boolean },
): Buffer {
  const { rate, channels = 1, bits = 16, float = false } = form;
  const bytes = bits / 8;
  const wav = Buffer.alloc(44 + rate * channels * bytes);
  wav.write('RIFF', 0);
  wav.writeUInt32LE(0xffffffff, 4);
  wav.write('WAVEfmt ', 8);
  wav.writeUInt32LE(16, 16);
  wav.writeUInt16LE(float ? 3 : 1, 20);
  wav.writeUInt16LE(channels, 22);
  wav.writeUInt32LE(rate, 24);
  wav.writeUInt32LE(rate * channels * bytes, 28);
  wav.writeUInt16LE(channels * bytes, 32);
  wav.writeUInt16LE(bits, 34);
  wav.write('data', 36);
  wav.writeUInt32LE(0xffffffff, 40);
  for (let index = 0; index < rate * channels; index++) {
    const value = 0.5 * Math.sin((2 * Math.PI * hertz * Math.floor(index / channels)) / rate);
    const at = 44 + index * bytes;
    if (float) wav.writeFloatLE(value, at);
    else if (bits === 8) wav.writeUInt8(Math.round(128 + 127 * value), at);
    else wav.writeIntLE(Math.round(value * (2 ** (bits - 1) - 1)), at, bytes);
  }
  return wav;
}

/** How strong one tone is in a file of ours, 0–1. */
function strength(wav: Buffer, hertz: number): number {
  let [real, imaginary] = [0, 0];
  const count = (wav.length - 44) / 2;
  for (let index = 0; index < count; index++) {
    const sample = wav.readInt16LE(44 + index * 2) / 32_768;
    const angle = (2 * Math.PI * hertz * index) / samplesPerSecond;
    real += sample * Math.cos(angle);
    imaginary += sample * Math.sin(angle);
  }
  return (2 * Math.hypot(real, imaginary)) / count;
}

describe('a recording is made into what Asterisk plays', () => {
  test.each([
    { rate: 8000 },
    { rate: 16_000 },
    { rate: 22_050 },
    { rate: 44_100, channels: 2 },
    { rate: 48_000, bits: 24 as const },
    { rate: 48_000, bits: 32 as const, float: true },
    { rate: 11_025, bits: 8 as const },
    { rate: 44_100, bits: 32 as const },
  ])('from $rate Hz, $channels channels, $bits bits: as long, as high and as loud', (form) => {
    const played = asPlayed(recording(1000, form), 'A1.wav');
    expect(played.readUInt32LE(24)).toBe(8000);
    expect(played.readUInt16LE(22)).toBe(1);
    expect(played.readUInt16LE(34)).toBe(16);
    expect(played.readUInt32LE(40)).toBe(played.length - 44);
    expect(millisecondsOf(played.length)).toBeGreaterThan(995);
    expect(millisecondsOf(played.length)).toBeLessThanOrEqual(1000);
    expect(strength(played, 1000)).toBeGreaterThan(0.48);
    expect(strength(played, 1000)).toBeLessThan(0.52);
  });

  test('without what would fold back into speech', () => {
    const played = asPlayed(recording(7000, { rate: 44_100 }), 'A1.wav');
    expect(strength(played, 1000)).toBeLessThan(0.01);
  });
});

test.each([
  ['an MP3', Buffer.from('ID3\u0004 and so on, longer than a header')],
  ['nothing', Buffer.alloc(0)],
  [
    'a WAV of another coding',
    Buffer.concat([
      recording(1000, { rate: 8000 }).subarray(0, 20),
      Buffer.from([85, 0]),
      recording(1000, { rate: 8000 }).subarray(22),
    ]),
  ],
])('%s is refused by its name', (_, bytes) => {
  expect(() => asPlayed(bytes, 'A1.wav')).toThrow(BadInput);
  try {
    asPlayed(bytes, 'A1.wav');
  } catch (error) {
    expect((error as BadInput).faults).toEqual([{ where: 'A1.wav', message: expect.stringMatching(/WAV/) }]);
  }
});

test('silence is as long as it says, and silent', () => {
  const wav = silence(800);
  expect(millisecondsOf(wav.length)).toBe(800);
  expect(wav.subarray(44).every((byte) => byte === 0)).toBe(true);
  expect(writeWav(new Float64Array([2, -2])).subarray(44)).toEqual(Buffer.from([0xff, 0x7f, 0x01, 0x80]));
});
