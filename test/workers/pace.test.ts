import { afterEach, beforeEach, expect, it } from 'vitest';
import { claimDue } from '../../src/survey/fieldwork/claim.ts';
import type { Lane } from '../../src/survey/fieldwork/pace.ts';
import { dial } from '../../src/workers/dial.ts';
import { fieldRound } from '../support/city.ts';
import { cityManagers, type Field, openField } from '../support/field.ts';

/** When a dial job asks the carrier: in its slot, and in a later one where its own went by. */

const lane: Lane = { carrier: 'nobody', channel: 'voice', perSecond: 5, concurrent: null };
const spacing = 200;
let field: Field;

beforeEach(async () => {
  field = await openField('pace', cityManagers(2));
  await fieldRound(field.city);
});
afterEach(() => field.close());

const now = () => field.city.clock.now();
const later = (milliseconds: number) => new Date(now().getTime() + milliseconds);

async function claim(): Promise<readonly string[]> {
  const wish = { now: now(), until: later(1000), openZones: ['Asia/Shanghai'] };
  return (await claimDue(field.city, lane, wish)).attemptIds;
}

/**
 * Runs all these jobs at once. When every one of them waits for its slot, the clock goes from slot to slot, and on only
 * after the carrier was asked.
 *
 * @returns when the carrier was asked, in milliseconds from `since`.
 */
async function dialAll(attemptIds: readonly string[], since: Date): Promise<number[]> {
  const { clock } = field.city;
  const waiting: { at: Date; go: () => void }[] = [];
  const asked: number[] = [];
  let everybodyWaits = () => {};
  let carrierWasAsked = () => {};
  const ready = new Promise<void>((resolve) => {
    everybodyWaits = resolve;
  });
  const until = (at: Date) =>
    new Promise<void>((go) => {
      waiting.push({ at, go });
      if (waiting.length === attemptIds.length) everybodyWaits();
    });
  const { voice } = field.services;
  const place = async ({ attemptId }: { readonly attemptId: string }) => {
    asked.push(now().getTime() - since.getTime());
    carrierWasAsked();
    return { kind: 'placed', carrierId: `CA${attemptId}` } as const;
  };
  const services = {
    ...field.services,
    clock: { now, until },
    voice: { lane, port: { ...voice.port, place } },
  };
  const jobs = attemptIds.map((attemptId) => dial(services, attemptId));
  await ready;
  waiting.sort((a, b) => a.at.getTime() - b.at.getTime());
  for (const { at, go } of waiting) {
    const done = new Promise<void>((resolve) => {
      carrierWasAsked = resolve;
    });
    clock.advance(at);
    go();
    await done;
  }
  await Promise.all(jobs);
  return asked;
}

it('each call in its slot, and none before', async () => {
  const since = now();
  const attemptIds = await claim();
  expect(await dialAll(attemptIds, since)).toEqual([0, 200, 400, 600, 800, 1000]);
});

it('with workers held up for a second, never closer than the rate allows: late calls go to the end of the line', async () => {
  const since = now();
  const first = await claim();
  field.city.clock.advance(later(1000));
  const second = await claim();
  const asked = await dialAll([...first, ...second], since);
  expect(asked).toHaveLength(first.length + second.length);
  for (const [index, at] of asked.slice(1).entries()) expect(at - (asked[index] ?? 0)).toBeGreaterThanOrEqual(spacing);
});

it('two dispatchers at once never give out the same slot', async () => {
  await claim();
  field.city.clock.advance(later(5000));
  const claims = await Promise.all([claim(), claim(), claim()]);
  expect(claims.flat()).toHaveLength(6);
  const slots = await field.city.database.query<{ slot: number }>({
    text: 'SELECT extract(epoch FROM slot_at)::float8 * 1000 AS slot FROM attempt ORDER BY slot_at',
  });
  for (const [index, { slot }] of slots.slice(1).entries())
    expect(slot - (slots[index]?.slot ?? 0)).toBeGreaterThanOrEqual(spacing);
});
