import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cityManagers, type Field, openField, publishField } from '../../support/field.ts';
import { openSite } from '../site.ts';
import { openProgram, type Program } from './program.ts';

/** Months and appeals by API. */
let field: Field;
let program: Program;

beforeAll(async () => {
  field = await openField('api-periods', cityManagers(4));
  program = await openProgram(field, openSite(field));
  await publishField(field);
});
afterAll(() => field.close());

async function user(role: string, managerId: string | null): Promise<string> {
  const id = field.city.chance.id();
  await field.city.database.query({
    text: 'INSERT INTO app_user (id, name, role, manager_id, created_at) VALUES ($1, $2, $3::role, $4, now())',
    values: [id, role, role, managerId],
  });
  return id;
}

test('months tell how far they have come, with their calendar', async () => {
  const { status, body } = await program.get('/periods?limit=1');
  expect(status).toBe(200);
  expect(body.items).toEqual([
    {
      ...{ period: '2026-12', stage: 'notice', ruleSet: 'RS-1', sequence: 1, openAppeals: 0 },
      ...{ hash: expect.stringMatching(/^[\da-f]{64}$/), publishedAt: '2026-12-08T08:40:00.000Z' },
      appealsUntil: '2026-12-15T16:00:00.000Z',
      // New Year's Day is a Friday; the fifth working day after it is the 8th, the make-up days of the year not being announced.
      calendar: {
        ...{ firstDay: '2026-12-01', lastDay: '2026-12-31', noticeBy: expect.stringMatching(/^2027-01-/) },
        ...{ appealsBy: expect.stringMatching(/^2027-01-/), finalOn: expect.stringMatching(/^2027-01-/) },
      },
    },
  ]);
});

describe('an appeal', () => {
  const about = { kind: 'indicator', indicator: 'service', value: '91.5' };
  const wish = { about, statement: '录入有误', evidence: '记录第 3 页' };

  test('is filed for the manager the person is, listed, and taken back by him alone', async () => {
    const onBehalfOf = await user('manager', 'K04');
    const filed = await program.post('/periods/2026-12/appeals', { ...wish, onBehalfOf });
    expect(filed).toMatchObject({ status: 201, body: { id: expect.any(String) } });
    const again = await program.post('/periods/2026-12/appeals', { ...wish, onBehalfOf });
    expect(again).toMatchObject({ status: 409, body: { code: 'appeal-open' } });

    const { body } = await program.get('/appeals?state=open&manager=K04');
    expect(body.items).toEqual([
      {
        ...{ id: filed.body.id, period: '2026-12', managerId: 'K04', retailerId: null, ...wish.about },
        ...{ statement: wish.statement, evidence: wish.evidence, state: 'open', given: 0, verdicts: [] },
        ...{ filedAt: expect.any(String), decidedAt: null },
      },
    ]);
    const other = await user('manager', 'K01');
    const path = `/appeals/${filed.body.id}/withdraw`;
    expect(await program.post(path, { onBehalfOf: other })).toMatchObject({ status: 409 });
    expect(await program.post(path, { onBehalfOf })).toMatchObject({ status: 204 });
    expect((await program.get('/appeals?state=withdrawn')).body.items).toHaveLength(1);
  });

  test('is nobody’s but a manager’s', async () => {
    for (const role of ['admin', 'supervisor', 'desk', 'auditor']) {
      const answer = await program.post('/periods/2026-12/appeals', { ...wish, onBehalfOf: await user(role, null) });
      expect(answer.status).toBe(400);
    }
  });

  test('with faults is refused with each of them, by where they stand', async () => {
    const onBehalfOf = await user('manager', 'K02');
    const { status, body } = await program.post('/periods/2026-12/appeals', {
      ...{ onBehalfOf, about: { kind: 'indicator', indicator: 'service', value: 'much' }, statement: ' ' },
    });
    expect(status).toBe(400);
    expect(JSON.stringify(body)).toMatch(/about\.value.*statement.*evidence/s);
  });
});
