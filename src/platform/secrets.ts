import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { Chance } from './chance.ts';

/** Secrets of an embedded installation: made once, at its first start, and kept beside its data. */
const schema = z.strictObject({
  dataKey: z.base64(),
  sessionSecret: z.string(),
  carrierSid: z.string(),
  carrierToken: z.string(),
});

export interface Secrets {
  readonly dataKey: Buffer;
  readonly sessionSecret: string;
  /** What this installation's own simulator and its service know each other by. */
  readonly carrierSid: string;
  readonly carrierToken: string;
}

/** @throws where the file is there and is not what was written: with another key the phones could not be read. */
export function openSecrets(folder: string, chance: Chance): Secrets {
  const file = join(folder, 'secrets.json');
  mkdirSync(folder, { recursive: true });
  const fresh = JSON.stringify({
    dataKey: chance.bytes(32).toString('base64'),
    sessionSecret: chance.bytes(32).toString('base64'),
    carrierSid: `AC${chance.bytes(16).toString('hex')}`,
    carrierToken: chance.bytes(16).toString('hex'),
  });
  try {
    // Only the first of two that start at once writes; both then read the same.
    writeFileSync(file, fresh, { flag: 'wx', mode: 0o600 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  const { dataKey, ...others } = schema.parse(JSON.parse(readFileSync(file, 'utf8')));
  return { dataKey: Buffer.from(dataKey, 'base64'), ...others };
}
