import { writeFileSync } from 'node:fs';
import { tone } from '../../src/telephony/asterisk/wav.ts';

/** A speech program with a voice of its own: 0.6 s of 1 kHz, whatever it is to say. */
writeFileSync(process.argv[2] ?? '', tone(600));
