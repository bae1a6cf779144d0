import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Ari } from '../../src/telephony/asterisk/ari.ts';
import { channels } from '../../src/telephony/asterisk/asterisk.ts';
import { type Bench, openBench } from './bench.ts';
import { missingHere } from './exchange.ts';
import { telephone } from './phones.ts';

/** Fifty interviews at the same moment, and not one more. */
if (missingHere) console.error(`not run: fifty calls through Asterisk (${missingHere})`);

const lines = 50;
const shops = Array.from({ length: lines + 10 }, (_, index) => ({
  ...{ id: `S${index}`, manager: `W${String(10 + (index % 10))}`, phone: telephone('answersEverything', index) },
}));

describe.skipIf(missingHere)('with fifty lines and sixty shops', () => {
  let bench: Bench;
  let called: readonly string[];
  let most = 0;
  beforeAll(async () => {
    bench = await openBench('asterisk crowd', shops, { concurrent: lines });
    const ari = new Ari(bench.exchange.settings);
    const began = performance.now();
    called = await bench.callAll();
    expect(await bench.callAll()).toEqual([]);
    await bench.until(150, 'every call has ended', async () => {
      most = Math.max(most, (await channels(ari)).size);
      const [row] = await bench.field.city.database.query<{ alive: number }>({
        text: `SELECT count(*)::int AS alive FROM attempt WHERE state <> 'ended'`,
      });
      return row?.alive === 0;
    });
    const seconds = (performance.now() - began) / 1000;
    process.stdout.write(`${called.length} calls, at most ${most} at once, all over after ${seconds.toFixed(1)} s\n`);
  });
  afterAll(() => bench?.close());

  test('fifty are called at once, and the others wait for a line', () => {
    expect(called).toHaveLength(lines);
    expect(most).toBe(lines);
  });

  test('every one of them answers everything, as it keyed it, and was rung once', async () => {
    await bench.caseOf('S0');
    const cases = await bench.field.city.database.query<{
      answers: Record<string, number>;
      disposition: string;
      phone: string;
    }>({
      text: `
        SELECT c.answers, c.disposition, s.id AS phone FROM attempt a JOIN survey_case c ON c.id = a.case_id JOIN retailer s ON s.id = c.retailer_id`,
    });
    expect(cases).toHaveLength(lines);
    for (const { answers, disposition, phone } of cases) {
      const last = answers.Q7a === undefined ? 'Q7b' : 'Q7a';
      expect({ phone, answers }).toEqual({ phone, answers: { Q1: 5, Q2: 4, Q3: 3, Q4: 5, Q5: 0, Q6: 2, [last]: 1 } });
      expect(disposition).toBe('complete');
    }
    const rung = shops.map(({ phone }) => bench.phones.rung(phone));
    expect(rung.filter((times) => times === 1)).toHaveLength(lines);
    expect(rung.filter((times) => times > 1)).toEqual([]);
  });
});
