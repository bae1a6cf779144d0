/** What was said after a tone, as long as the customer leaves it with the carrier. */
export interface Recording {
  readonly sid: string;
  readonly callSid: string;
  readonly seconds: number;
  readonly created: Date;
}

const SAMPLES_A_SECOND = 8000;
const HEADER = 44;
/** A telephone's voice: about the pitch of a hum. */
const HUM_HERTZ = 180;

/** Its audio: 8 kHz, 8 bits, mono. People here have no voice, so it hums for as long as they spoke. */
export function wav({ seconds }: Recording): Buffer {
  const samples = seconds * SAMPLES_A_SECOND;
  const file = Buffer.alloc(HEADER + samples);
  file.write('RIFF', 0);
  file.writeUInt32LE(HEADER - 8 + samples, 4);
  file.write('WAVEfmt ', 8);
  file.writeUInt32LE(16, 16);
  file.writeUInt16LE(1, 20);
  file.writeUInt16LE(1, 22);
  file.writeUInt32LE(SAMPLES_A_SECOND, 24);
  file.writeUInt32LE(SAMPLES_A_SECOND, 28);
  file.writeUInt16LE(1, 32);
  file.writeUInt16LE(8, 34);
  file.write('data', 36);
  file.writeUInt32LE(samples, 40);
  for (let sample = 0; sample < samples; sample++)
    file[HEADER + sample] = 128 + Math.round(60 * Math.sin((2 * Math.PI * HUM_HERTZ * sample) / SAMPLES_A_SECOND));
  return file;
}
