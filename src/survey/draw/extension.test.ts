import fc from 'fast-check';
import Fraction from 'fraction.js';
import { describe, expect, it } from 'vitest';
import { order } from './satq1.ts';
import { extensionWave, firstWave, monthlyCap, type SamplingRules, spotCheckCap, targetCompletes } from './sizes.ts';

const rules: SamplingRules = {
  ...{ z: '1.96', sigma: '22.5', marginOfError: '9', censusUpTo: 15, monthlyShare: '3/10', spotCheckShare: '1/30' },
  ...{ waves: 3, completionRate: { default: '0.4', least: '0.15', most: '0.9' } },
};

describe('a further wave', () => {
  const progress = { frameSize: 300, released: 63, releasedInWaves: 63, valid: 20, available: 237 };

  it.each([
    ['makes up what is missing at this round’s own rate', {}, 16],
    ['is none once the target is reached', { valid: 25 }, 0],
    ['is none where nobody was released', { released: 0, releasedInWaves: 0, valid: 0 }, 0],
    ['takes no rate below the least', { valid: 0 }, 27],
    ['takes the rate as it is', { valid: 10 }, 27],
    ['keeps to the month’s cap over all waves', { valid: 15, released: 85, releasedInWaves: 85 }, 5],
    ['counts spot checks in the rate and not in the cap', { valid: 15, released: 90, releasedInWaves: 80 }, 10],
    ['takes no more than there are', { available: 3 }, 3],
    [
      'is none in a small frame, which was asked as a whole',
      { frameSize: 15, released: 15, releasedInWaves: 15, valid: 9, available: 0 },
      0,
    ],
  ])('%s', (_, change, expected) => {
    expect(extensionWave({ ...progress, ...change }, rules)).toBe(expected);
  });

  it('never reorders: whatever the responses, all waves together are the front of the order, without a gap', () => {
    const responses = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 3, maxLength: 3 });
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 320 }),
        fc.integer({ min: 1, max: 9 }),
        fc.string(),
        responses,
        (frameSize, restEvery, seed, shares) => {
          const city = order(
            seed,
            Array.from({ length: frameSize }, (_, index) => `shop-${index}`),
          );
          const available = city.filter((_, index) => index % restEvery !== restEvery - 1 || restEvery === 1);
          const released: string[] = [];
          let valid = 0;
          for (const [wave, share] of shares.entries()) {
            const left = available.slice(released.length);
            const size =
              wave === 0
                ? firstWave(frameSize, left.length, new Fraction('0.4'), rules)
                : extensionWave(
                    {
                      frameSize,
                      released: released.length,
                      releasedInWaves: released.length,
                      valid,
                      available: left.length,
                    },
                    rules,
                  );
            released.push(...left.slice(0, size));
            valid += Math.floor(size * share);
          }
          expect(released).toEqual(available.slice(0, released.length));
          expect(released.length).toBeLessThanOrEqual(monthlyCap(frameSize, rules));
          expect(valid >= targetCompletes(frameSize, rules) || released.length <= monthlyCap(frameSize, rules)).toBe(
            true,
          );
        },
      ),
    );
  });

  it('never reorders: waves from the front and spot checks from the back, in any turn, meet without a gap or a shop twice', () => {
    const turns = fc.array(
      fc.record({ back: fc.boolean(), share: fc.double({ min: 0, max: 1, noNaN: true }), count: fc.nat(4) }),
      { maxLength: 12 },
    );
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 320 }), fc.string(), turns, (frameSize, seed, taken) => {
        const city = order(
          seed,
          Array.from({ length: frameSize }, (_, index) => `shop-${index}`),
        );
        const available = city.filter((_, index) => index % 7 !== 3);
        const [front, back]: [string[], string[]] = [[], []];
        let valid = 0;
        for (const { back: isCheck, share, count } of taken) {
          const left = available.slice(front.length, available.length - back.length);
          if (isCheck) {
            const size = Math.min(count, spotCheckCap(frameSize, rules) - back.length, left.length);
            back.push(...(size > 0 ? left.slice(-size).reverse() : []));
            continue;
          }
          const progress = { frameSize, released: front.length + back.length, releasedInWaves: front.length, valid };
          const size =
            front.length === 0
              ? firstWave(frameSize, left.length, new Fraction('0.4'), rules)
              : extensionWave({ ...progress, available: left.length }, rules);
          front.push(...left.slice(0, size));
          valid += Math.floor(size * share);
        }
        expect(front).toEqual(available.slice(0, front.length));
        expect(back).toEqual(available.toReversed().slice(0, back.length));
        expect(new Set([...front, ...back]).size).toBe(front.length + back.length);
        expect(front.length).toBeLessThanOrEqual(monthlyCap(frameSize, rules));
        expect(back.length).toBeLessThanOrEqual(spotCheckCap(frameSize, rules));
      }),
    );
  });
});
