import { afterAll, beforeAll, expect, test } from 'vitest';
import { giveVerdict } from '../../../src/survey/quality/review.ts';
import { cityManagers, type Field, openField, workField } from '../../support/field.ts';
import { makeUser, openSite } from '../site.ts';
import { openProgram, type Program } from './program.ts';

/** What two people look at, as programs are told of it. */
let field: Field;
let program: Program;

beforeAll(async () => {
  field = await openField('api-reviews', cityManagers(2));
  const roundId = await workField(field, 0.2);
  program = await openProgram(field, openSite(field), ['quality:read']);
  await field.city.database.query({
    text: `
      INSERT INTO flag (id, round_id, manager_id, kind, evidence, raised_at)
      SELECT gen_random_uuid(), $1, id, kind, '{"z": "3.9"}', $2
      FROM manager, unnest(ARRAY['five-share', 'told-how']) AS kind`,
    values: [roundId, field.city.clock.now()],
  });
});
afterAll(() => field.close());

test('reviews come in pages, and no verdict is told before both are in', async () => {
  const first = (await program.get('/reviews?limit=3')).body;
  const second = (await program.get(`/reviews?limit=3&after=${first.next}`)).body;
  const all = [...first.items, ...second.items];
  expect(new Set(all.map(({ id }: { id: string }) => id)).size).toBe(4);
  expect(second.next).toBeNull();
  expect(all[0]).toMatchObject({ state: 'open', evidence: { z: '3.9' }, verdicts: [] });
  const flagId = all[3].id;
  const verdict = async () =>
    giveVerdict(field.services, {
      ...{ flagId, userId: await makeUser(field, 'auditor'), verdict: 'unfounded', reason: '属实' },
    });
  const told = async () => (await program.get('/reviews')).body.items.find(({ id }: { id: string }) => id === flagId);
  await verdict();
  expect(await told()).toMatchObject({ state: 'half', verdicts: [] });
  await verdict();
  expect(await told()).toMatchObject({ state: 'unfounded', verdicts: [{ reason: '属实' }, { reason: '属实' }] });
});
