import fc from 'fast-check';
import { expect, test } from 'vitest';
import { seededChance } from '../../src/platform/chance.ts';
import { faultOfId, normaliseId } from '../../src/survey/draw/identifier.ts';
import { closeRound } from '../../src/survey/round/close.ts';
import { drawRound } from '../../src/survey/round/draw.ts';
import { launchRound } from '../../src/survey/round/launch.ts';
import { type PublicBundle, readPublicBundle } from '../../src/survey/round/public-bundle.ts';
import { releaseDueSpotChecks, scheduleSpotCheck } from '../../src/survey/round/spot-check.ts';
import { drawRules } from '../../src/workers/rules.ts';
import { openCity, settleIn } from '../support/city.ts';

/**
 * The public bundle tells nothing of whose shops they are: whatever the ids, numbers and names, it is the same but for
 * hashes. That is more than looking for an id in it, which a short one or one like "W01" would seem to be.
 */
const roundId = '2026-12-R1';
const shopsCount = 36;
const nasty = ['W01', '1', 'urban', 'released', 'no-phone', 'NONE', 'SATQ1', 'wave', 'count', '{"ids":[]}', '福来超市'];
const id = fc
  .oneof(
    { weight: 1, arbitrary: fc.constantFrom(...nasty) },
    { weight: 9, arbitrary: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }) },
  )
  .map(normaliseId)
  .filter((each) => faultOfId(each) === null);
const roster = fc.record({
  ids: fc.uniqueArray(id, { minLength: shopsCount, maxLength: shopsCount }),
  numbers: fc.uniqueArray(fc.integer({ min: 0, max: 99_999_999 }), { minLength: shopsCount, maxLength: shopsCount }),
  name: fc.string({ unit: 'grapheme', minLength: 6, maxLength: 20 }).filter((name) => !name.includes('\0')),
});
type Roster = typeof roster extends fc.Arbitrary<infer T> ? T : never;

interface Published {
  readonly open: PublicBundle;
  readonly closed: PublicBundle;
}

/** One manager of 31 shops and one of three, two shops outside the frame; a wave, a spot check, and the close. */
async function publish({ ids, numbers, name }: Roster): Promise<Published> {
  const city = await openCity('public bundle');
  try {
    const shops = ids.map((shopId, index) => ({
      id: shopId,
      manager: index < 33 ? 'W01' : 'W02',
      phone: index === 0 ? null : `+86138${String(numbers[index]).padStart(8, '0')}`,
      closed: index === 1,
    }));
    await settleIn(city, shops);
    await city.database.query({ text: 'UPDATE retailer SET name = $1', values: [name] });
    const services = { ...city, rules: async (ruleSet: string) => drawRules(await city.rules(ruleSet)) };
    await launchRound(city, {
      ...{ roundId, period: '2026-12', questionnaireId: 'HF-1', ruleSetId: 'RS-1', actor: 'test' },
      nonceChance: seededChance('public bundle'),
    });
    await drawRound(services, roundId);
    await scheduleSpotCheck(services, {
      ...{ roundId, askedBy: city.chance.id(), reason: `投诉 ${name}`, districtId: null },
      ...{ managers: { named: ['W01'] }, perManager: 1, dueAt: city.clock.now() },
    });
    await releaseDueSpotChecks(services);
    const open = await readPublicBundle(city, roundId);
    await city.database.query({ text: `UPDATE survey_case SET state = 'done', due_at = NULL, due_channel = NULL` });
    expect(await closeRound(city, roundId, 'test')).toBe(true);
    return { open, closed: await readPublicBundle(city, roundId) };
  } finally {
    await city.close();
  }
}

const hash = /^[0-9a-f]{64}$/;
/** Without what the frame's hash decides, which it must be. */
function withoutHashes({ frameHash, seed, ...rest }: PublicBundle) {
  expect(frameHash).toMatch(hash);
  if (seed !== null) expect(seed.split('|').slice(0, 3)).toEqual(['SATQ1', roundId, frameHash]);
  return rest;
}

test('the public bundle is the same, whatever the shops are called and under whatever numbers, but for the frame’s hash', async () => {
  await fc.assert(
    fc.asyncProperty(roster, roster, async (one, other) => {
      const [first, second] = [await publish(one), await publish(other)];
      expect(withoutHashes(first.open)).toEqual(withoutHashes(second.open));
      expect(withoutHashes(first.closed)).toEqual(withoutHashes(second.closed));
      expect(first.closed.releases.map(({ kind }) => kind).sort()).toEqual(['spot-check', 'wave', 'wave']);
      expect(first.closed.managers).toMatchObject({
        W01: { frameSize: 31, excluded: { 'no-phone': 1, closed: 1 } },
        W02: { frameSize: 3, released: 3 },
      });
      // And as anybody would look for them: long ones, numbers and names.
      for (const [{ ids, numbers, name }, { open, closed }] of [[one, first] as const, [other, second] as const]) {
        const text = JSON.stringify([open, closed]).replaceAll(/[0-9a-f]{64}/g, '');
        const telling = [...ids.filter((each) => !nasty.includes(each) && each.length > 5), name];
        expect(telling.filter((each) => text.includes(each))).toEqual([]);
        expect(numbers.filter((each) => text.includes(`138${String(each).padStart(8, '0')}`))).toEqual([]);
      }
    }),
    { numRuns: 3, endOnFailure: true },
  );
}, 120_000);
