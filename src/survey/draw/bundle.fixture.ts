import type { DrawBundle, LoggedRelease } from './bundle.ts';
import { commitmentOf, frameText, order, seedOf, sha256hex } from './satq1.ts';

/** A draw made by the book, for tests that then do something to it. */
export interface DrawWish {
  readonly frameSizes: readonly number[];
  /** Sizes of waves and spot checks, per manager, in the order of time; more than is there is cut short. */
  readonly releases: readonly (readonly { readonly kind: LoggedRelease['kind']; readonly count: number }[])[];
  /** Every n-th shop of a manager shares the phone of the one before; 0 = none. */
  readonly sharedEvery: number;
  /** Every n-th shop of a manager rests from an earlier round; 0 = none. */
  readonly restedEvery: number;
  readonly nonces: readonly string[];
}

export const twoNonces = ['1f'.repeat(32), '2e'.repeat(32)];

export const standardSampling = {
  ...{ z: '1.96', sigma: '22.5', marginOfError: '9', censusUpTo: 15, monthlyShare: '3/10', spotCheckShare: '1/30' },
  ...{ waves: 3, completionRate: { default: '0.4', least: '0.15', most: '0.9' } },
};

export function drawByTheBook({ frameSizes, releases, sharedEvery, restedEvery, nonces }: DrawWish): DrawBundle {
  const drawId = '2026-12-R1';
  const entries = frameSizes.flatMap((size, m) =>
    Array.from({ length: size }, (_, shop) => ({
      managerId: `W${m + 1}`,
      retailerId: `52${m + 1}${String(shop).padStart(4, '0')}`,
      stratum: shop % 2 === 0 ? 'urban' : 'rural',
    })),
  );
  const frame = frameText(entries);
  const frameHash = sha256hex(frame);
  const seed = seedOf({ drawId, frameHash, nonces, publicValue: 'NONE' });
  const ids = entries.map(({ retailerId }) => retailerId);
  const city = order(seed, ids);
  const every = (n: number, shop: number) => n > 0 && shop % n === n - 1;
  const isRested = (id: string) => every(restedEvery, ids.indexOf(id));
  const sharedPhones = entries.flatMap(({ managerId, retailerId }, index) => {
    const before = entries[index - 1];
    return every(sharedEvery, index) && before?.managerId === managerId ? [[before.retailerId, retailerId]] : [];
  });
  const resting = new Set([
    ...ids.filter(isRested),
    ...sharedPhones.flatMap((group) =>
      group.some(isRested) ? group : group.toSorted((a, b) => city.indexOf(a) - city.indexOf(b)).slice(1),
    ),
  ]);
  const log: LoggedRelease[] = [];
  const managers = frameSizes.map((frameSize, m) => {
    const managerId = `W${m + 1}`;
    const own = city.filter((id) => entries[ids.indexOf(id)]?.managerId === managerId);
    const available = own.filter((id) => !resting.has(id));
    const logged = (releases[m] ?? []).flatMap(({ kind, count }, index): LoggedRelease[] => {
      const taken = kind === 'wave' ? available.splice(0, count) : available.splice(-count).reverse();
      const at = new Date(Date.UTC(2026, 11, 1 + index * 3, 1, 30)).toISOString();
      return taken.length > 0 ? [{ at, kind, manager: managerId, ids: taken }] : [];
    });
    log.push(...logged);
    const excluded = [{ id: `x${managerId}`, reason: 'no-phone' }];
    const released = logged.flatMap((release) => release.ids);
    return [managerId, { frameSize, released, resting: own.filter((id) => resting.has(id)), excluded }] as const;
  });
  return {
    ...{
      drawId,
      frame,
      frameHash,
      nonces: [...nonces],
      commitments: nonces.map(commitmentOf),
      publicValue: 'NONE',
      seed,
    },
    ...{ sharedPhones, managers: Object.fromEntries(managers), releases: log },
    rules: { sampling: standardSampling },
  };
}

/** Two managers of forty shops with two waves and a spot check each. */
export const goodBundle = (): DrawBundle =>
  drawByTheBook({
    frameSizes: [40, 40],
    releases: Array.from({ length: 2 }, () => [
      { kind: 'wave', count: 6 },
      { kind: 'spot-check', count: 2 },
      { kind: 'wave', count: 4 },
    ]),
    ...{ sharedEvery: 7, restedEvery: 11, nonces: twoNonces },
  });
