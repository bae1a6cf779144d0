import { hash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import Fraction from 'fraction.js';
import { describe, expect, it } from 'vitest';
import { faultOfId, normaliseId } from './identifier.ts';
import { leadOf } from './leads.ts';
import { commitmentOf, frameText, order, parseFrame, seedOf, sha256hex, ticketsUnder } from './satq1.ts';
import { completionRate, firstWave, monthlyCap, spotCheckCap, targetCompletes } from './sizes.ts';

const vector = (name: string) =>
  JSON.parse(readFileSync(new URL(`../../../test/vectors/${name}`, import.meta.url), 'utf8'));
const rules = vector('rules.default.json').sampling;

interface DrawCase {
  name: string;
  seed: string;
  ids?: string[];
  seedHash?: string;
  order?: string[];
  tickets?: Record<string, string>;
  nfdUtf8?: string;
  nfcUtf8?: string;
  ticket?: string;
  drawId?: string;
  frame?: string;
  frameHash?: string;
  nonces?: string[];
  commitments?: string[];
  publicValue?: string;
  managers?: Record<string, string[]>;
}

describe('SATQ1 gives the published answers', () => {
  const cases: DrawCase[] = vector('draw.json');
  it.each(cases.filter((c) => c.ids))(
    '$name: order and tickets',
    ({ seed, seedHash, ids = [], order: expected, tickets = {} }) => {
      if (seedHash) expect(sha256hex(seed)).toBe(seedHash);
      expect(order(seed, ids)).toEqual(expected);
      expect(order(seed, ids.toReversed())).toEqual(expected);
      expect(Object.fromEntries(Object.keys(tickets).map((id) => [id, ticketsUnder(seed)(id)]))).toEqual(tickets);
    },
  );

  it.each(cases.filter((c) => c.nfdUtf8))('$name', ({ seed, nfdUtf8 = '', nfcUtf8 = '', ticket }) => {
    for (const bytes of [nfdUtf8, nfcUtf8]) {
      const id = normaliseId(Buffer.from(bytes, 'hex').toString('utf8'));
      expect(ticketsUnder(seed)(id)).toBe(ticket);
    }
  });

  it.each(cases.filter((c) => c.frame))('$name: frame, commitments, seed, order by manager', (given) => {
    const { drawId = '', frame = '', nonces = [], publicValue = '' } = given;
    const entries = parseFrame(frame);
    expect(frameText(entries.toReversed())).toBe(frame);
    expect(sha256hex(frame)).toBe(given.frameHash);
    expect(nonces.map(commitmentOf)).toEqual(given.commitments);
    const seed = seedOf({ drawId, frameHash: sha256hex(frame), nonces, publicValue });
    expect(seed).toBe(given.seed);
    const city = order(
      seed,
      entries.map((entry) => entry.retailerId),
    );
    expect(city).toEqual(given.order);
    const managerOf = new Map(entries.map((entry) => [entry.retailerId, entry.managerId]));
    for (const [managerId, expected] of Object.entries(given.managers ?? {}))
      expect(city.filter((id) => managerOf.get(id) === managerId)).toEqual(expected);
  });
});

describe('an order', () => {
  const ids = fc.uniqueArray(fc.stringMatching(/^[a-z0-9]{1,8}$/), { maxLength: 30 });

  it('does not depend on the order of the ids it is given', () => {
    fc.assert(
      fc.property(ids, fc.string(), (some, seed) => {
        expect(order(seed, some.toReversed())).toEqual(order(seed, some));
      }),
    );
  });

  it('keeps the order of those who stay when somebody leaves (consistent sampling)', () => {
    fc.assert(
      fc.property(ids, fc.string(), (some, seed) => {
        const [gone, ...rest] = some;
        expect(order(seed, rest)).toEqual(order(seed, some).filter((id) => id !== gone));
      }),
    );
  });
});

describe('the quick way to an order', () => {
  const ids = fc.uniqueArray(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 }), { maxLength: 60 });

  it('is the long one: whole tickets compared as strings, and ids by their bytes', () => {
    fc.assert(
      fc.property(ids, fc.string(), (some, seed) => {
        const ticket = ticketsUnder(seed);
        const byTicket = (a: string, b: string) => (ticket(a) < ticket(b) ? -1 : 1);
        expect(order(seed, some)).toEqual(some.toSorted(byTicket));
        for (const id of some) {
          const lead = leadOf(hash('sha256', sha256hex(seed) + id, 'binary'));
          expect(String(lead).padStart(15, '0')).toBe(ticket(id).slice(2, 17));
        }
      }),
    );
  });

  // Found by trying sixty million: the only two such pairs among them.
  it.each([
    ['shop-57167235', 'shop-16805125', '0.017928279372770'],
    ['shop-46088302', 'shop-25604905', '0.485050115592141'],
  ])('makes the whole tickets of %s and %s, which agree in fifteen digits', (first, second, lead) => {
    expect([first, second].map((id) => ticketsUnder('tie')(id).slice(0, 17))).toEqual([lead, lead]);
    expect(order('tie', [second, first])).toEqual([first, second]);
    expect(order('tie', [first, second])).toEqual([first, second]);
  });

  it('sorts a frame by UTF-8 bytes, not by UTF-16 units', () => {
    const ids = ['\u{1f600}', '\uff21', 'z', '店'];
    const text = frameText(ids.map((retailerId) => ({ managerId: 'W1', retailerId, stratum: 'urban' })));
    expect(parseFrame(text).map(({ retailerId }) => retailerId)).toEqual(['z', '店', '\uff21', '\u{1f600}']);
  });
});

describe('ids', () => {
  it('lose Unicode white space at both ends and nothing within', () => {
    expect(normaliseId('\u3000 福来 超市\u00a0\u0085')).toBe('福来 超市');
  });

  it.each([
    ['', /empty/],
    ['a'.repeat(65), /65 characters/],
    ['a|b', /"\|"/],
    ['a\tb', /control/],
    ['\ud800', /Unicode/],
  ])('%j is refused', (id, why) => {
    expect(faultOfId(id)).toMatch(why);
  });

  it('of 64 code points are taken, however many UTF-16 units they are', () => {
    expect(faultOfId('😀'.repeat(64))).toBeNull();
  });
});

describe('sample sizes give the published answers', () => {
  interface Size {
    frameSize: number;
    resting: number;
    completionRate: string;
  }
  it.each<Size>(vector('sizes.json'))('N=$frameSize, resting $resting, r=$completionRate', (given) => {
    const { frameSize: N, resting, completionRate: rate, ...expected } = given;
    expect({
      target: targetCompletes(N, rules),
      monthlyCap: monthlyCap(N, rules),
      spotCheckCap: spotCheckCap(N, rules),
      firstWave: firstWave(N, N - resting, new Fraction(rate), rules),
    }).toEqual(expected);
  });

  it('a rate outside its bounds is brought within them', () => {
    expect(firstWave(300, 300, new Fraction('0.01'), rules)).toBe(firstWave(300, 300, new Fraction('0.15'), rules));
    expect(firstWave(300, 300, new Fraction(1), rules)).toBe(28);
  });

  it.each([
    ['the manager where ten were released', { valid: 5, released: 10 }, { valid: 90, released: 100 }, '0.5'],
    ['else the city', { valid: 5, released: 9 }, { valid: 30, released: 100 }, '0.3'],
    ['else the rule set', { valid: 5, released: 9 }, { valid: 0, released: 0 }, '0.4'],
    ['never below the least', { valid: 0, released: 50 }, { valid: 0, released: 0 }, '0.15'],
    ['never above the most', { valid: 50, released: 50 }, { valid: 0, released: 0 }, '0.9'],
  ])('the completion rate expected is that of %s', (_, manager, city, expected) => {
    expect(completionRate(manager, city, rules).toString()).toBe(new Fraction(expected).toString());
  });
});
