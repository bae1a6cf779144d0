import { createHash, randomBytes, randomUUID } from 'node:crypto';

/** Ids and random bytes, handed in so that a test or the demo can repeat a run to the last digit. */
export interface Chance {
  /** A new UUID. */
  id(): string;
  /** `count` random bytes, for nonces and tokens. */
  bytes(count: number): Buffer;
}

export const systemChance: Chance = { id: randomUUID, bytes: randomBytes };

/** Reproducible chance: everything follows from `seed` and the order of asking. Never for anything secret. */
export function seededChance(seed: string): Chance {
  let asked = 0;
  const next = () => createHash('sha256').update(`${seed}|${asked++}`).digest();
  return {
    id() {
      const hex = next().toString('hex');
      return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
    },
    bytes(count) {
      const out: Buffer[] = [];
      for (let have = 0; have < count; have += 32) out.push(next());
      return Buffer.concat(out).subarray(0, count);
    },
  };
}
