import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chosenUnder } from '../desk/chosen.ts';
import { type DrawWish, drawByTheBook, goodBundle } from './bundle.fixture.ts';
import type { DrawBundle, LoggedRelease, ManagerDraw } from './bundle.ts';
import { commitmentOf, seedOf, sha256hex } from './satq1.ts';
import { verifyDraw } from './verify.ts';

const told = (bundle: DrawBundle): string[] => verifyDraw(bundle).map(({ where, message }) => `${where}: ${message}`);

const withManager = (bundle: DrawBundle, id: string, change: Partial<ManagerDraw>): DrawBundle => ({
  ...bundle,
  managers: { ...bundle.managers, [id]: { ...managerOf(bundle, id), ...change } },
});

function managerOf({ managers }: DrawBundle, id: string): ManagerDraw {
  const manager = managers[id];
  if (!manager) throw new Error(`no manager ${id}`);
  return manager;
}

const withRelease = (bundle: DrawBundle, index: number, change: Partial<LoggedRelease>): DrawBundle => ({
  ...bundle,
  releases: bundle.releases.map((release, at) => (at === index ? { ...release, ...change } : release)),
});

/** The lists of one manager changed alike, as somebody would who knows that they are compared. */
const everywhere = (bundle: DrawBundle, id: string, change: (ids: readonly string[]) => string[]): DrawBundle => {
  const changed = withManager(bundle, id, { released: change(managerOf(bundle, id).released) });
  return { ...changed, releases: changed.releases.map((one) => ({ ...one, ids: change(one.ids) })) };
};

const swapped = (ids: readonly string[], a: number, b: number): string[] =>
  ids.map((id, index) => (index === a ? (ids[b] ?? id) : index === b ? (ids[a] ?? id) : id));

describe('a draw that was made by the book verifies', () => {
  it('with waves, a spot check, shared phones and resting shops', () => {
    expect(told(goodBundle())).toEqual([]);
  });

  it('with its spot check written in the direction of the order', () => {
    const bundle = goodBundle();
    const turned = withRelease(bundle, 1, { ids: bundle.releases[1]?.ids.toReversed() ?? [] });
    const released = turned.releases.filter(({ manager }) => manager === 'W1').flatMap(({ ids }) => ids);
    expect(told(withManager(turned, 'W1', { released }))).toEqual([]);
  });

  it('with nobody in the frame', () => {
    expect(
      told(
        drawByTheBook({
          frameSizes: [],
          releases: [],
          sharedEvery: 0,
          restedEvery: 0,
          nonces: ['a', 'b'].map(sha256hex),
        }),
      ),
    ).toEqual([]);
  });

  it('without rules, whatever was taken of it', () => {
    const { rules: _, ...bundle } = drawByTheBook({
      ...{ frameSizes: [30], releases: [[{ kind: 'wave', count: 25 }]], sharedEvery: 0, restedEvery: 0 },
      nonces: ['a', 'b'].map(sha256hex),
    });
    expect(told(bundle)).toEqual([]);
  });

  it('with one nonce where a public event was named, or where it says that it is operator-trusted', () => {
    const one = drawByTheBook({
      frameSizes: [9],
      releases: [],
      sharedEvery: 0,
      restedEvery: 0,
      nonces: [sha256hex('a')],
    });
    expect(told(one)).toEqual([expect.stringMatching(/^nonces: .*fewer than the 2/)]);
    expect(told({ ...one, operatorTrusted: true })).toEqual([]);
    const { drawId, frameHash, nonces } = one;
    const publicValue = 'SSQ:2026141:02,09,11,20,26,33+07';
    expect(told({ ...one, publicValue, seed: seedOf({ drawId, frameHash, nonces, publicValue }) })).toEqual([]);
  });
});

describe('what fails is named', () => {
  const bundle = goodBundle();
  const first = managerOf(bundle, 'W1').released[0] ?? '';
  const other = managerOf(bundle, 'W2').released[0] ?? '';
  const unreleased =
    bundle.frame
      .split('\n')
      .map((line) => line.split('|')[1] ?? '')
      .find(
        (id) =>
          id.startsWith('521') &&
          !managerOf(bundle, 'W1').released.includes(id) &&
          !managerOf(bundle, 'W1').resting.includes(id),
      ) ?? '';
  const line = (n: number) => bundle.frame.split('\n')[n] ?? '';

  const cases: readonly (readonly [string, DrawBundle, RegExp])[] = [
    [
      'an id swapped with another, in every list',
      everywhere(bundle, 'W1', (ids) => ids.map((id) => (id === first ? unreleased : id))),
      /^manager W1, release 1: .*number 1 must be/,
    ],
    [
      'two ids in each other’s place',
      everywhere(bundle, 'W1', (ids) => swapped(ids, 0, 1)),
      /^manager W1, release 1: .*number 1 must be/,
    ],
    [
      'a nonce changed',
      { ...bundle, nonces: ['3d'.repeat(32), bundle.nonces[1] ?? ''] },
      /^nonce 1: .*not the one that was committed to/,
    ],
    [
      'a nonce that is none',
      { ...bundle, nonces: ['X'.repeat(64), bundle.nonces[1] ?? ''] },
      /^nonce 1: .*64 lowercase/,
    ],
    [
      'nonces in another order',
      { ...bundle, nonces: bundle.nonces.toReversed(), commitments: bundle.commitments.toReversed() },
      /^seed: /,
    ],
    [
      'a nonce and its commitment changed together',
      {
        ...bundle,
        nonces: ['3d'.repeat(32), bundle.nonces[1] ?? ''],
        commitments: [commitmentOf('3d'.repeat(32)), bundle.commitments[1] ?? ''],
      },
      /^seed: /,
    ],
    [
      'a called retailer outside the sample',
      withManager(bundle, 'W1', { released: [...managerOf(bundle, 'W1').released, unreleased] }),
      /^manager W1, released: .* is in no release/,
    ],
    [
      'a called retailer outside the frame',
      everywhere(bundle, 'W1', (ids) => ids.map((id) => (id === first ? 'nobody' : id))),
      /^manager W1, release 1: nobody .*is not in the frame/,
    ],
    [
      'a retailer of another manager',
      everywhere(bundle, 'W1', (ids) => ids.map((id) => (id === first ? other : id))),
      /^manager W1, release 1: .* is of manager W2/,
    ],
    ['a frame line removed', { ...bundle, frame: bundle.frame.replace(`${line(3)}\n`, '') }, /^frameHash: /],
    [
      'a frame line twice',
      { ...bundle, frame: bundle.frame.replace(line(3), `${line(3)}\n${line(3)}`) },
      /^frame, line 5: .*is in line 4 as well/,
    ],
    [
      'frame lines out of order',
      { ...bundle, frame: bundle.frame.replace(`${line(3)}\n${line(4)}`, `${line(4)}\n${line(3)}`) },
      /^frame, line 5: .*sort/,
    ],
    [
      'a frame id not in normal form',
      { ...bundle, frame: bundle.frame.replace('|5210003|', '| 5210003|') },
      /^frame, line 4: .*normal form/,
    ],
    ['a frame cut off', { ...bundle, frame: bundle.frame.slice(0, -1) }, /^frame: .*not ended by LF/],
    ['a wrong N', withManager(bundle, 'W2', { frameSize: 41 }), /^manager W2: .*frameSize is 41, and the frame has 40/],
    [
      'a manager left out',
      { ...bundle, managers: { W1: managerOf(bundle, 'W1') } },
      /^manager W2: .*in the frame and not listed/,
    ],
    [
      'a wave out of order',
      { ...bundle, releases: [2, 1, 0, 3, 4, 5].map((index) => bundle.releases[index] ?? expect.fail()) },
      /^manager W1, release 1: .*number 1 must be/,
    ],
    [
      'a wave before its time',
      withRelease(bundle, 2, { at: '2026-12-01T00:00:00Z' }),
      /^manager W1, release 3: .*is before that of the one before/,
    ],
    [
      'a wave that leaves somebody out',
      everywhere(bundle, 'W1', (ids) => ids.filter((id) => id !== managerOf(bundle, 'W1').released[9])),
      /^manager W1, release 3: .*must be/,
    ],
    ['a spot check from the front', withRelease(bundle, 1, { kind: 'wave' }), /^manager W1, release 2: .*must be/],
    [
      'a resting shop released',
      everywhere(bundle, 'W1', (ids) =>
        ids.map((id) => (id === first ? (managerOf(bundle, 'W1').resting[0] ?? '') : id)),
      ),
      /^manager W1, release 1: .* rests/,
    ],
    [
      'a shared phone that does not rest',
      withManager(bundle, 'W1', { resting: managerOf(bundle, 'W1').resting.slice(1) }),
      /must rest|must be/,
    ],
    [
      'an excluded retailer in the frame',
      withManager(bundle, 'W1', { excluded: [{ id: first, reason: 'closed' }] }),
      /^manager W1, excluded: .*in the frame as well/,
    ],
    [
      'an exclusion without a reason',
      withManager(bundle, 'W1', { excluded: [{ id: 'x', reason: 'unfriendly' }] }),
      /^manager W1, excluded: .*no reason/,
    ],
    [
      'a release of nobody’s',
      {
        ...bundle,
        releases: [...bundle.releases, { at: '2026-12-20T00:00:00Z', kind: 'wave', manager: 'W9', ids: [] }],
      },
      /^releases: .*no manager W9/,
    ],
    ['another seed', { ...bundle, seed: `${bundle.seed} ` }, /^seed: /],
    ['another public value', { ...bundle, publicValue: '8' }, /^seed: /],
    ['a commitment too few', { ...bundle, commitments: bundle.commitments.slice(1) }, /^commitments: /],
  ];

  it.each(cases)('%s', (_, tampered, expected) => {
    expect(told(tampered).filter((one) => expected.test(one))).not.toEqual([]);
  });

  it('waves beyond the cap, spot checks beyond theirs, and a fourth wave', () => {
    const wave = (count: number) => ({ kind: 'wave', count }) as const;
    const greedy = (releases: DrawWish['releases'][number]) =>
      told(
        drawByTheBook({
          frameSizes: [40],
          releases: [releases],
          sharedEvery: 0,
          restedEvery: 0,
          nonces: ['a', 'b'].map(sha256hex),
        }),
      );
    expect(greedy([wave(12)])).toEqual([]);
    expect(greedy([wave(7), wave(6)])).toEqual([expect.stringContaining('waves took 13, the cap is 12')]);
    expect(greedy([{ kind: 'spot-check', count: 3 }])).toEqual([
      expect.stringContaining('spot checks took 3, the cap is 2'),
    ]);
    expect(greedy([wave(1), wave(1), wave(1), wave(1)])).toEqual([expect.stringContaining('4 waves, at most 3')]);
  });
});

/** Ways to change one thing in a bundle. Each gives null where the bundle has nothing of the kind. */
const mutations: readonly ((bundle: DrawBundle, pick: (below: number) => number) => DrawBundle | null)[] = [
  (bundle, pick) => ({ ...bundle, frame: without(bundle.frame, pick(bundle.frame.length)) }),
  (bundle, pick) => {
    const lines = bundle.frame.split('\n').slice(0, -1);
    const gone = pick(lines.length);
    return {
      ...bundle,
      frame: lines
        .filter((_, index) => index !== gone)
        .map((each) => `${each}\n`)
        .join(''),
    };
  },
  (bundle, pick) => ({ ...bundle, frameHash: otherDigit(bundle.frameHash, pick(64)) }),
  (bundle, pick) => {
    const which = pick(bundle.nonces.length);
    const digit = pick(64);
    return {
      ...bundle,
      nonces: bundle.nonces.map((nonce, index) => (index === which ? otherDigit(nonce, digit) : nonce)),
    };
  },
  (bundle, pick) => {
    const which = pick(bundle.commitments.length);
    const digit = pick(64);
    return {
      ...bundle,
      commitments: bundle.commitments.map((each, index) => (index === which ? otherDigit(each, digit) : each)),
    };
  },
  (bundle, pick) => ({ ...bundle, seed: without(bundle.seed, pick(bundle.seed.length)) }),
  (bundle) => ({ ...bundle, drawId: `${bundle.drawId}x` }),
  (bundle, pick) => {
    const id = anyManager(bundle, pick);
    return withManager(bundle, id, { frameSize: managerOf(bundle, id).frameSize + 1 });
  },
  (bundle, pick) => {
    const id = anyManager(bundle, pick);
    const { released } = managerOf(bundle, id);
    if (released.length < 2) return null;
    const gone = pick(released.length);
    return withManager(bundle, id, { released: released.filter((_, index) => index !== gone) });
  },
  (bundle, pick) => {
    const id = anyManager(bundle, pick);
    const { released } = managerOf(bundle, id);
    const [first] = bundle.releases.filter(({ manager }) => manager === id);
    if (first?.kind !== 'wave' || first.ids.length < 2) return null;
    const at = pick(first.ids.length - 1);
    return withManager(bundle, id, { released: swapped(released, at, at + 1) });
  },
  (bundle, pick) => {
    const index = pick(bundle.releases.length);
    const release = bundle.releases[index];
    if (!release || release.ids.length < 2) return null;
    const gone = pick(release.ids.length);
    return withRelease(bundle, index, { ids: release.ids.filter((_, at) => at !== gone) });
  },
  (bundle, pick) => {
    const index = pick(bundle.releases.length);
    const release = bundle.releases[index];
    const [id = ''] = managerOf(bundle, release?.manager ?? 'W1').resting;
    return release && id !== '' ? withRelease(bundle, index, { ids: [...release.ids.slice(1), id] }) : null;
  },
  (bundle, pick) => {
    const gone = pick(bundle.releases.length);
    return bundle.releases.length === 0
      ? null
      : { ...bundle, releases: bundle.releases.filter((_, at) => at !== gone) };
  },
  (bundle, pick) => {
    const id = anyManager(bundle, pick);
    const { [id]: _, ...managers } = bundle.managers;
    return { ...bundle, managers };
  },
];

const without = (text: string, at: number): string => text.slice(0, at) + text.slice(at + 1);
const otherDigit = (hash: string, at: number): string =>
  hash.slice(0, at) + ((Number.parseInt(hash[at] ?? '0', 16) + 1) % 16).toString(16) + hash.slice(at + 1);
const anyManager = ({ managers }: DrawBundle, pick: (below: number) => number): string => {
  const ids = Object.keys(managers);
  return ids[pick(ids.length)] ?? '';
};

describe('of random draws', () => {
  const release = fc.record({
    kind: fc.constantFrom('wave' as const, 'spot-check' as const),
    count: fc.integer({ min: 1, max: 6 }),
  });
  const draws = fc
    .record({
      frameSizes: fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 4 }),
      releases: fc.array(fc.array(release, { maxLength: 5 }), { minLength: 4, maxLength: 4 }),
      sharedEvery: fc.constantFrom(0, 2, 5),
      restedEvery: fc.constantFrom(0, 3, 7),
      nonces: fc.array(fc.string().map(sha256hex), { minLength: 2, maxLength: 3 }),
    })
    // Sizes are another matter (the caps' own tests): here anything may be taken.
    .map((wish) => ({ ...drawByTheBook(wish), rules: undefined }))
    .map(({ rules: _, ...bundle }) => bundle);

  it('each verifies', () => {
    fc.assert(
      fc.property(draws, (bundle) => {
        expect(told(bundle)).toEqual([]);
      }),
    );
  });

  it('none verifies once a single thing in it is changed', () => {
    fc.assert(
      fc.property(draws, fc.integer({ min: 0, max: mutations.length - 1 }), fc.nat(), (bundle, which, chance) => {
        const changed = mutations[which]?.(bundle, (below) => (below > 0 ? chance % below : 0)) ?? null;
        fc.pre(changed !== null);
        expect(changed && told(changed)).not.toEqual([]);
      }),
      { numRuns: 500 },
    );
  });
});

describe('whom people call', () => {
  /** Half of the released, so that both kinds are among the few of the example. */
  const withDesk = (
    change: (desk: NonNullable<DrawBundle['desk']>) => object = (desk) => desk,
    notRated: string[] = [],
  ): DrawBundle => {
    const bundle = goodBundle();
    const chosen = chosenUnder(bundle.seed, { silent: 0.5, recheck: 0.5 });
    const released = bundle.releases.flatMap(({ manager, ids }) => ids.map((id) => ({ manager, id })));
    const silent = released
      .filter(({ manager, id }) => !notRated.includes(manager) && chosen(id).ifSilent)
      .map(({ id }) => id);
    const recheck = released.filter(({ id }) => chosen(id).recheck).map(({ id }) => id);
    const desk = { silentShare: '1/2', recheckShare: '0.5', notRated, silent, recheck };
    return { ...bundle, desk: { ...desk, ...change(desk) } };
  };

  it('verifies as the seed chose them, and managers who were not rated twice have no sample', () => {
    expect(withDesk().desk?.silent.length).toBeGreaterThan(3);
    expect(told(withDesk())).toEqual([]);
    expect(told(withDesk(undefined, ['W1']))).toEqual([]);
  });

  it.each(['silent', 'recheck'] as const)('names somebody who is missing, or was slipped in, among the %s', (part) => {
    const [left, stranger] = [
      withDesk((desk) => ({ [part]: desk[part].slice(1) })),
      withDesk((desk) => ({ [part]: [...desk[part], 'S1'] })),
    ];
    expect(told(left)).toEqual([expect.stringMatching(new RegExp(`^desk, ${part}: 抽中的`))]);
    expect(told(stranger)).toEqual([expect.stringMatching(new RegExp(`^desk, ${part}: S1 不是抽中的`))]);
  });

  it('names a share that was changed afterwards', () => {
    expect(told(withDesk(() => ({ silentShare: '1/100' }))).length).toBeGreaterThan(3);
  });
});
