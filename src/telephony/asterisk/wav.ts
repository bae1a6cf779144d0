import { BadInput } from '../../platform/errors.ts';

/**
 * Sound files. Asterisk plays WAV of 8,000 samples a second, 16 bits, one channel, without converting anything while a
 * call runs; people record and programs speak in whatever form they like, and it is made into this one once.
 */
export const samplesPerSecond = 8000;

const headerBytes = 44;

/** How long a file of our own form plays, in milliseconds. */
export const millisecondsOf = (bytes: number): number =>
  Math.round((Math.max(0, bytes - headerBytes) / 2 / samplesPerSecond) * 1000);

/** @param samples −1 to 1, at 8,000 a second. */
export function writeWav(samples: Float64Array): Buffer {
  const wav = Buffer.alloc(headerBytes + samples.length * 2);
  wav.write('RIFF', 0);
  wav.writeUInt32LE(wav.length - 8, 4);
  wav.write('WAVEfmt ', 8);
  wav.writeUInt32LE(16, 16);
  wav.writeUInt16LE(1, 20);
  wav.writeUInt16LE(1, 22);
  wav.writeUInt32LE(samplesPerSecond, 24);
  wav.writeUInt32LE(samplesPerSecond * 2, 28);
  wav.writeUInt16LE(2, 32);
  wav.writeUInt16LE(16, 34);
  wav.write('data', 36);
  wav.writeUInt32LE(samples.length * 2, 40);
  for (const [index, sample] of samples.entries())
    wav.writeInt16LE(Math.round(Math.max(-1, Math.min(1, sample)) * 32_767), headerBytes + index * 2);
  return wav;
}

export const silence = (milliseconds: number): Buffer =>
  writeWav(new Float64Array(Math.round((milliseconds / 1000) * samplesPerSecond)));

/** 1 kHz. */
export const tone = (milliseconds: number): Buffer =>
  writeWav(
    Float64Array.from(
      { length: Math.round((milliseconds / 1000) * samplesPerSecond) },
      (_, index) => 0.3 * Math.sin((Math.PI / 4) * index),
    ),
  );

export const beep = (): Buffer => tone(333);

/** The samples of a file of our own form. */
export const samplesOf = (wav: Buffer): Int16Array =>
  Int16Array.from({ length: Math.max(0, wav.length - headerBytes) >> 1 }, (_, index) =>
    wav.readInt16LE(headerBytes + index * 2),
  );

/**
 * Any WAV of whole or floating samples in the form Asterisk plays.
 *
 * @param where how a fault names it: the file.
 * @param most in milliseconds; what is longer is refused before anything is reckoned.
 * @throws BadInput where it is none, too long, or of a form that cannot be read.
 */
export function asPlayed(wav: Buffer, where: string, most = Number.POSITIVE_INFINITY): Buffer {
  const { rate, samples } = readWav(wav, where, most);
  return writeWav(resampled(samples, rate));
}

interface Form {
  readonly tag: number;
  readonly channels: number;
  readonly rate: number;
  readonly bits: number;
}

function readWav(wav: Buffer, where: string, most: number): { rate: number; samples: Float64Array } {
  const refuse = (message: string): never => {
    throw new BadInput('录音文件有误，未导入 · a recording cannot be used', [{ where, message }]);
  };
  if (wav.length < 12 || wav.toString('latin1', 0, 4) !== 'RIFF' || wav.toString('latin1', 8, 12) !== 'WAVE')
    return refuse('不是 WAV 文件：请另存为 WAV · is no WAV file: save it as WAV');
  let form: Form | null = null;
  for (let at = 12; at + 8 <= wav.length; ) {
    const chunk = wav.toString('latin1', at, at + 4);
    // A program that writes to a pipe cannot know its length and says the largest there is.
    const length = Math.min(wav.readUInt32LE(at + 4), wav.length - at - 8);
    const body = wav.subarray(at + 8, at + 8 + length);
    if (chunk === 'fmt ' && length >= 16) form = formOf(body);
    if (chunk === 'data' && form) {
      const read = readers[`${form.tag}/${form.bits}`];
      if (!read || form.channels < 1 || form.rate < 4000 || form.rate > 192_000) break;
      const seconds = length / (form.channels * (form.bits / 8) * form.rate);
      if (seconds * 1000 > most) {
        const [is, limit] = [seconds.toFixed(1), most / 1000];
        return refuse(
          `长 ${is} 秒，一句话不会超过 ${limit} 秒，请剪短 · is ${is} s long: no sentence takes over ${limit} s, cut it`,
        );
      }
      return { rate: form.rate, samples: mixed(body, form, read) };
    }
    at += 8 + length + (length % 2);
  }
  return refuse(
    '这种 WAV 编码读不了：请用 16 位 PCM 重新保存 · is WAV of a form that cannot be read: save it as 16-bit PCM',
  );
}

function formOf(body: Buffer): Form {
  const tag = body.readUInt16LE(0);
  // "Extensible": the real tag begins a longer one.
  const real = tag === 0xfffe && body.length >= 26 ? body.readUInt16LE(24) : tag;
  return { tag: real, channels: body.readUInt16LE(2), rate: body.readUInt32LE(4), bits: body.readUInt16LE(14) };
}

/** By format tag (1 whole numbers, 3 floating) and bits. */
const readers: Readonly<Record<string, (body: Buffer, at: number) => number>> = {
  '1/8': (body, at) => (body.readUInt8(at) - 128) / 128,
  '1/16': (body, at) => body.readInt16LE(at) / 32_768,
  '1/24': (body, at) => body.readIntLE(at, 3) / 8_388_608,
  '1/32': (body, at) => body.readInt32LE(at) / 2_147_483_648,
  '3/32': (body, at) => body.readFloatLE(at),
};

/** All channels in one. */
function mixed(body: Buffer, { channels, bits }: Form, read: (body: Buffer, at: number) => number): Float64Array {
  const bytes = bits / 8;
  const samples = new Float64Array(Math.floor(body.length / bytes / channels));
  for (let index = 0; index < samples.length; index++) {
    let sum = 0;
    for (let channel = 0; channel < channels; channel++) sum += read(body, (index * channels + channel) * bytes);
    samples[index] = sum / channels;
  }
  return samples;
}

/** Zero crossings of the filter on either side: enough for speech on a telephone. */
const reach = 16;

/**
 * To 8,000 samples a second, by a windowed sinc that first takes away what would fold back into the band. A sample falls
 * on one of few places between those of the source: the weights of each are reckoned once.
 */
function resampled(samples: Float64Array, rate: number): Float64Array {
  if (rate === samplesPerSecond) return samples;
  const cutoff = Math.min(1, samplesPerSecond / rate) * 0.95;
  const span = Math.ceil(reach / cutoff);
  const known = new Map<number, Float64Array>();
  const weightsAt = (place: number): Float64Array => {
    const weights =
      known.get(place) ??
      Float64Array.from(
        { length: 2 * span + 1 },
        (_, index) => cutoff * windowedSinc((index - span - place / samplesPerSecond) * cutoff, span * cutoff),
      );
    known.set(place, weights);
    return weights;
  };
  const result = new Float64Array(Math.floor((samples.length * samplesPerSecond) / rate));
  for (let index = 0; index < result.length; index++) {
    const at = index * rate;
    const weights = weightsAt(at % samplesPerSecond);
    const from = Math.floor(at / samplesPerSecond) - span;
    let sum = 0;
    for (let each = Math.max(0, -from); each < weights.length && from + each < samples.length; each++)
      sum += (samples[from + each] ?? 0) * (weights[each] ?? 0);
    result[index] = sum;
  }
  return result;
}

function windowedSinc(x: number, span: number): number {
  if (x === 0) return 1;
  if (Math.abs(x) >= span) return 0;
  const hann = 0.5 + 0.5 * Math.cos((Math.PI * x) / span);
  return (Math.sin(Math.PI * x) / (Math.PI * x)) * hann;
}
