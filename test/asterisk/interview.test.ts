import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Shop } from '../support/city.ts';
import { type Bench, openBench } from './bench.ts';
import { missingHere } from './exchange.ts';
import { type Doing, telephone } from './phones.ts';

/** Whole interviews through a real Asterisk: SIP, RTP, real keys. */
if (missingHere) console.error(`not run: calls through Asterisk (${missingHere})`);

const shop = (doing: Doing, serial = 0): Shop => ({
  id: `${doing}-${serial}`,
  manager: 'W01',
  phone: telephone(doing, serial),
});
const everyKind: Doing[] = [
  ...(['isBusy', 'doesNotExist', 'declines', 'ringsInVain', 'answersInSilence', 'answersEverything'] as const),
  ...(['ratesAndRingsOff', 'isOff', 'isBehindADeadTrunk'] as const),
];

describe.skipIf(missingHere)('shops of every kind, called at once', () => {
  let bench: Bench;
  let attempts: ReadonlyMap<string, string>;
  beforeAll(async () => {
    bench = await openBench(
      'asterisk',
      everyKind.map((doing) => shop(doing)),
    );
    const ids = await bench.callAll();
    const rows = await bench.field.city.database.query<{ shop: string; id: string }>({
      text: 'SELECT c.retailer_id AS shop, a.id FROM attempt a JOIN survey_case c ON c.id = a.case_id WHERE a.id = ANY($1)',
      values: [ids],
    });
    attempts = new Map(rows.map(({ shop, id }) => [shop, id]));
    await bench.until(90, 'every call has ended', async () => {
      const states = await Promise.all(ids.map((id) => bench.attempt(id)));
      return states.every(({ state }) => state === 'ended');
    });
  });
  afterAll(() => bench?.close());
  const resultOf = async (doing: Doing) => (await bench.attempt(attempts.get(`${doing}-0`) ?? '')).result;

  test('each was rung once', () => {
    expect(everyKind.map((doing) => bench.phones.rung(telephone(doing)))).toEqual(everyKind.map(() => 1));
  });

  test.each([
    ['isBusy', 'busy'],
    ['doesNotExist', 'bad-number'],
    ['declines', 'rejected'],
    ['ringsInVain', 'no-answer'],
    ['isOff', 'no-answer'],
    ['isBehindADeadTrunk', 'technical'],
    ['answersInSilence', 'completed'],
    ['answersEverything', 'completed'],
    ['ratesAndRingsOff', 'completed'],
  ] as const)('one that %s is told as %s', async (doing, result) => {
    expect(await resultOf(doing)).toBe(result);
  });

  test('a shop that keys in everything has answered everything, as it keyed it', async () => {
    const { answers, disposition, state } = await bench.caseOf('answersEverything-0');
    const [last] = Object.keys(answers).filter((item) => item.startsWith('Q7'));
    expect(answers).toEqual({ Q1: 5, Q2: 4, Q3: 3, Q4: 5, Q5: 0, Q6: 2, [last ?? 'Q7']: 1 });
    expect({ disposition, state }).toEqual({ disposition: 'complete', state: 'done' });
  });

  test('one that rings off after its rating keeps it', async () => {
    expect(await bench.caseOf('ratesAndRingsOff-0')).toMatchObject({ answers: { Q1: 4 }, disposition: 'partial' });
  });

  test('one that says nothing is asked three times, and answers nothing', async () => {
    expect(await bench.caseOf('answersInSilence-0')).toMatchObject({ answers: {}, disposition: 'silent' });
  });
});
