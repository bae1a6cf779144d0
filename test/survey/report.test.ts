import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Disposition, groupOf } from '../../src/survey/disposition/disposition.ts';
import type { GroupCounts, RateName } from '../../src/survey/disposition/rates.ts';
import { readReport } from '../../src/survey/disposition/read-report.ts';
import { standardQuestionnaire } from '../../src/survey/questionnaire/questionnaire.ts';
import { type City, openCity, settleIn, shopsOf } from '../support/city.ts';

/** The published answers of AAPOR's rates, by cases in the database: per manager, per district, per round. */
interface Vector {
  readonly name: string;
  readonly counts: GroupCounts;
  /** Given, not estimated: then only the rates that do without it are the database's. */
  readonly e?: string;
  readonly expected: Readonly<Partial<Record<RateName | 'e', string | null>>>;
}
const vectors: readonly Vector[] = JSON.parse(readFileSync(new URL('../vectors/aapor.json', import.meta.url), 'utf8'));
/** Of each group one; UH does not occur here and counts with UO wherever no e is given. */
const standsFor: Readonly<Record<keyof GroupCounts, Disposition>> = {
  ...{ I: 'complete', P: 'partial', R: 'refused', NC: 'silent', O: 'language', UH: 'technical', UO: 'technical' },
  NE: 'not-eligible',
};
const withE: readonly string[] = ['e', 'RR3', 'RR4', 'REF2', 'CON2'];
const names: readonly (keyof GroupCounts)[] = ['I', 'P', 'R', 'NC', 'O', 'UH', 'UO', 'NE'];

let city: City;
const all = <T>(text: string, ...values: unknown[]) => city.database.query<T>({ text, values });
const reportOf = (roundId: string) => readReport(city.database.query, roundId, standardQuestionnaire());
const managers = { W01: 'D1', W02: 'D2', W03: 'D2' } as const;

beforeAll(async () => {
  city = await openCity('report');
  await settleIn(
    city,
    Object.keys(managers).flatMap((manager) => shopsOf(manager, 70)),
  );
  await all(`INSERT INTO district VALUES ('D2', '西苑')`);
  await all(`UPDATE manager SET district_id = 'D2' WHERE id <> 'W01'`);
});
afterAll(() => city.close());

/** A closed round in which each of the managers has cases of these dispositions. */
async function roundOf(roundId: string, cases: Readonly<Record<string, readonly Disposition[]>>): Promise<void> {
  await all(
    `INSERT INTO round (id, period, state, questionnaire_id, rule_set_id, launched_at) VALUES ($1, '2026-12', 'closed', 'HF-1', 'RS-1', $2)`,
    roundId,
    city.clock.now(),
  );
  const rows = Object.entries(cases).flatMap(([manager, own]) =>
    own.map((disposition, shop) => ({ manager, disposition, shop: shopsOf(manager, 1, shop)[0]?.id ?? '' })),
  );
  await all(
    `INSERT INTO survey_case (id, round_id, retailer_id, manager_id, phone_id, position, wave, time_zone, state, disposition, overall)
     SELECT gen_random_uuid(), $1, s.id, made.manager, s.phone_id, made.position, 1, s.time_zone, 'done', made.disposition,
            CASE WHEN made.disposition IN ('complete', 'partial') THEN 4 END
     FROM unnest($2::text[], $3::text[], $4::text[]) WITH ORDINALITY AS made (shop, manager, disposition, position)
     JOIN retailer s ON s.id = made.shop`,
    ...[roundId, rows.map(({ shop }) => shop), rows.map(({ manager }) => manager)],
    rows.map(({ disposition }) => disposition),
  );
}

describe('every published answer', () => {
  it.each(vectors.map((vector, index) => ({ ...vector, roundId: `2026-12-R${index + 1}` })))(
    '$name: the same for a manager, a district and a round',
    async ({ roundId, counts, e, expected }) => {
      const own = names.flatMap((name) => Array<Disposition>(counts[name]).fill(standsFor[name]));
      // The same in both districts, so that the shares of the whole are those of each.
      await roundOf(roundId, { W01: own, W02: own });
      const lines = await reportOf(roundId);
      const levels = ['round', 'district', 'district', 'manager', 'manager'];
      expect(lines.map(({ level }) => level)).toEqual(own.length === 0 ? ['round'] : levels);
      const rates = Object.entries(expected).filter(([name]) => name !== 'e' && !(e && withE.includes(name)));
      expect(rates.length).toBeGreaterThan(3);
      for (const line of lines) {
        expect(line.rates).toMatchObject(Object.fromEntries(rates));
        expect(line.released).toBe(own.length * (line.level === 'round' ? 2 : 1));
        expect(line.groups.UO).toBe((counts.UH + counts.UO) * (line.level === 'round' ? 2 : 1));
      }
    },
  );
});

describe('a district', () => {
  it('has the cases of its own managers, and the round those of all', async () => {
    await roundOf('2026-12-R8', { W01: ['complete'], W02: ['refused', 'complete'], W03: ['complete', 'silent'] });
    const lines = await reportOf('2026-12-R8');
    expect(lines.map(({ level, id, released, rates }) => [level, id, released, rates.RR1])).toEqual([
      ['round', '2026-12-R8', 5, '3/5'],
      ['district', 'D1', 1, '1'],
      ['district', 'D2', 4, '1/2'],
      ['manager', 'W01', 1, '1'],
      ['manager', 'W02', 2, '1/2'],
      ['manager', 'W03', 2, '1/2'],
    ]);
  });
});

describe('a number that somebody was reached under', () => {
  it('turns no answer into non-contact; one that nobody ever was leaves it unknown', async () => {
    await roundOf('2026-12-R7', { W01: ['no-answer', 'no-answer'] });
    await all(
      `UPDATE phone SET proven_at = $1 WHERE id = (SELECT phone_id FROM survey_case WHERE round_id = '2026-12-R7' ORDER BY position LIMIT 1)`,
      city.clock.now(),
    );
    expect((await reportOf('2026-12-R7'))[0]?.groups).toMatchObject({ NC: 1, UO: 1 });
    expect([true, false].map((proven) => groupOf('no-answer', proven))).toEqual(['NC', 'UO']);
  });
});

describe('the mix of channels', () => {
  /** An attempt of a channel in which the overall rating was given. */
  async function rated(caseId: string, channel: 'voice' | 'sms' | 'desk', second: number): Promise<void> {
    const id = randomUUID();
    const at = new Date(city.clock.now().getTime() + second * 1000);
    await all(
      `INSERT INTO attempt (id, case_id, round_id, phone_id, channel, number, slot_at, state, created_at, touched_at)
       SELECT $1, id, round_id, phone_id, $3::channel, $4, $5, 'ended', $5, $5 FROM survey_case WHERE id = $2`,
      ...[id, caseId, channel, second, at],
    );
    await all(
      `INSERT INTO answer (attempt_id, turn, case_id, item, value, at) VALUES ($1, 1, $2, 'Q1', 4, $3)`,
      id,
      caseId,
      at,
    );
  }

  it('counts each response once, where its last rating was given', async () => {
    await roundOf('2026-12-R9', { W01: Array<Disposition>(4).fill('complete'), W02: ['partial', 'refused'] });
    const cases = await all<{ id: string }>(
      `SELECT id FROM survey_case WHERE round_id = '2026-12-R9' ORDER BY position`,
    );
    const [first = '', second = '', third = '', fourth = '', fifth = ''] = cases.map(({ id }) => id);
    await rated(first, 'voice', 1);
    await rated(second, 'sms', 1);
    await rated(third, 'desk', 1);
    await rated(fourth, 'voice', 1);
    await rated(fourth, 'sms', 2);
    await rated(fifth, 'voice', 1);
    const lines = await reportOf('2026-12-R9');
    expect(lines.map(({ id, channels }) => [id, channels])).toEqual([
      ['2026-12-R9', { voice: 2, sms: 2, desk: 1 }],
      ['D1', { voice: 1, sms: 2, desk: 1 }],
      ['D2', { voice: 1, sms: 0, desk: 0 }],
      ['W01', { voice: 1, sms: 2, desk: 1 }],
      ['W02', { voice: 1, sms: 0, desk: 0 }],
    ]);
  });
});
