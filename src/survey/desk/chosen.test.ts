import { describe, expect, it } from 'vitest';
import { sha256hex } from '../draw/satq1.ts';
import { chosenUnder } from './chosen.ts';

const ids = Array.from({ length: 20_000 }, (_, index) => `R${index}`);

describe('whom people call', () => {
  it('is decided by the further tickets alone, as anybody can compute them', () => {
    const chosen = chosenUnder('a seed', { silent: 0.2, recheck: 0.05 });
    const below = (name: string, share: number) => {
      const digits = BigInt(`0x${sha256hex(sha256hex('a seed') + name)}`)
        .toString()
        .padStart(64, '0');
      return Number(`0.${[...digits].reverse().join('').slice(0, 9)}`) < share;
    };
    for (const id of ids.slice(0, 500))
      expect(chosen(id)).toEqual({ ifSilent: below(`desk|${id}`, 0.2), recheck: below(`recheck|${id}`, 0.05) });
  });

  it('is about the share that was asked for, of each apart', () => {
    const chosen = chosenUnder('another seed', { silent: 0.2, recheck: 0.05 });
    const all = ids.map(chosen);
    const share = (pick: (one: (typeof all)[number]) => boolean) => all.filter(pick).length / all.length;
    expect(share(({ ifSilent }) => ifSilent)).toBeCloseTo(0.2, 1);
    expect(share(({ recheck }) => recheck)).toBeCloseTo(0.05, 2);
    expect(share(({ ifSilent, recheck }) => ifSilent && recheck)).toBeCloseTo(0.01, 2);
  });

  it('is everybody at 1 and nobody at 0', () => {
    const all = chosenUnder('s', { silent: 1, recheck: 0 });
    expect(
      ids
        .slice(0, 200)
        .map(all)
        .every(({ ifSilent, recheck }) => ifSilent && !recheck),
    ).toBe(true);
  });
});
