import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { reconcile } from '../../src/workers/reconcile.ts';
import { settleIn } from '../support/city.ts';
import { type Bench, openBench } from './bench.ts';
import { missingHere } from './exchange.ts';
import { type Doing, ringUs, telephone } from './phones.ts';

/** A line that is lost, processes that die, and shops that ring back. */
if (missingHere) console.error(`not run: lost lines and ring-backs through Asterisk (${missingHere})`);

const shop = (doing: Doing, serial: number, manager = 'W01') => ({
  ...{ id: `${doing}-${serial}`, manager, phone: telephone(doing, serial) },
});
const national = (e164: string): string => e164.replace('+86', '');

describe.skipIf(missingHere)('the line', () => {
  let bench: Bench;
  const [drawn, other, stranger] = [shop('isOff', 1), shop('isOff', 2), telephone('isOff', 3)];
  const unheard = shop('isOff', 4);
  beforeAll(async () => {
    bench = await openBench('asterisk line', [shop('answersEverything', 1), drawn, unheard]);
    // Not drawn: he came after the launch.
    await settleIn(
      bench.field.city,
      [other].map((each) => ({ ...each, manager: 'W02' })),
    );
  });
  afterAll(() => bench?.close());
  const all = <T>(text: string, ...values: unknown[]) => bench.field.city.database.query<T>({ text, values });
  const ring = (from: string, ...keys: (readonly [number, string])[]) =>
    ringUs(join(bench.exchange.folder, 'callers'), bench.exchange.sipPort, national(from), keys);

  test('a shop that rings back goes on with its case, and no attempt is used up', async () => {
    await ring(drawn.phone, [8000, '5'], [8000, '8']);
    await bench.until(10, 'its call has ended', async () => {
      const [attempt] = await all<{ state: string }>(`SELECT state FROM attempt WHERE inbound`);
      return attempt?.state === 'ended';
    });
    expect(await bench.caseOf(drawn.id)).toMatchObject({ answers: { Q1: 5 }, disposition: 'partial' });
    expect(bench.phones.rung(drawn.phone)).toBe(0);
  });

  test('one that was not drawn adds no rating, and may ask for a person', async () => {
    await ring(other.phone, [2500, '8']);
    expect(await all('SELECT FROM survey_case WHERE retailer_id = $1', other.id)).toEqual([]);
    expect(await all(`SELECT FROM follow_up WHERE case_id IS NULL`)).toHaveLength(1);
  });

  test('a stranger is thanked, and leaves nothing behind', async () => {
    const before = await all('SELECT FROM attempt');
    await ring(stranger);
    expect(await all('SELECT FROM attempt')).toHaveLength(before.length);
  });

  test('a ring-back that ends while nobody listens is found to be over, and gives its number free', async () => {
    const ringing = ring(unheard.phone, [8000, '5']);
    const attempt = await bench.until(30, 'it has rated', async () => {
      const [row] = await all<{ id: string; carrierId: string }>(
        `SELECT a.id, a.carrier_id AS "carrierId" FROM attempt a JOIN survey_case c ON c.id = a.case_id
         WHERE a.inbound AND c.retailer_id = $1 AND c.overall IS NOT NULL`,
        unheard.id,
      );
      return row;
    });
    const { port } = bench.services.voice;
    await bench.dropLine();
    expect(await port.call(attempt.carrierId)).toMatchObject({ report: { state: 'in-progress' } });
    await port.hangUp(attempt.carrierId);
    await ringing;
    await all('UPDATE attempt SET check_at = $2 WHERE id = $1', attempt.id, bench.services.clock.now());
    await reconcile(bench.services);
    expect(await bench.attempt(attempt.id)).toMatchObject({ state: 'ended', result: 'completed' });
    expect(await bench.caseOf(unheard.id)).toMatchObject({ answers: { Q1: 5 }, disposition: 'partial' });
    await bench.retakeLine();
  });

  test('asked for twice, a call rings once', async () => {
    const call = {
      ...{ attemptId: randomUUID(), to: telephone('ringsInVain', 7), from: '+8679188001234' },
      ...{ ringSeconds: 3, limitSeconds: 60 },
    };
    const { port } = bench.services.voice;
    expect(await port.place(call)).toEqual({ kind: 'placed', carrierId: call.attemptId });
    expect(await port.place(call)).toEqual({ kind: 'placed', carrierId: call.attemptId });
    await bench.until(10, 'it is over', async () => (await port.call(call.attemptId))?.report.state === 'ended');
    expect(bench.phones.rung(call.to)).toBe(1);
  });

  test('whoever takes the line next goes on where the interview stands; what was answered stays', async () => {
    const [id = ''] = await bench.callAll();
    await bench.until(60, 'question 3 is asked', async () => {
      const { conversation } = await bench.attempt(id);
      return conversation?.place.is === 'question' && (conversation.place.item ?? 0) >= 2;
    });
    await bench.dropLine();
    await bench.retakeLine();
    await bench.until(120, 'the interview is over', async () => (await bench.attempt(id)).state === 'ended');
    const { answers, disposition } = await bench.caseOf('answersEverything-1');
    expect(answers).toMatchObject({ Q1: 5, Q2: 4 });
    expect(Object.keys(answers).length).toBeGreaterThan(3);
    expect({ disposition, rung: bench.phones.rung(telephone('answersEverything', 1)) }).toMatchObject({ rung: 1 });
    expect((await bench.attempt(id)).result).toBe('completed');
  });

  test('a call that ends while nobody listens is asked for by the next who does', async () => {
    const call = {
      ...{ attemptId: randomUUID(), to: telephone('isBusy', 7), from: '+8679188001234' },
      ...{ ringSeconds: 3, limitSeconds: 60 },
    };
    const { port } = bench.services.voice;
    await bench.dropLine();
    await port.place(call);
    await bench.until(
      10,
      'its channel is gone',
      async () => (await port.call(call.attemptId))?.report.state === 'ended',
    );
    await bench.retakeLine();
    const [row] = await bench.until(10, 'its end is written down', async () => {
      const rows = await all<{ state: string; result: string }>(
        'SELECT state, result FROM exchange_call WHERE id = $1',
        call.attemptId,
      );
      return rows[0]?.state === 'ended' && rows;
    });
    expect(row).toEqual({ state: 'ended', result: 'lost' });
  });

  test('an exchange that dies takes its calls along, and is heard again once it is back', async () => {
    const call = {
      ...{ attemptId: randomUUID(), to: telephone('ringsInVain', 8), from: '+8679188001234' },
      ...{ ringSeconds: 30, limitSeconds: 60 },
    };
    const { port } = bench.services.voice;
    await port.place(call);
    await bench.until(10, 'it rings', async () => (await port.call(call.attemptId))?.report.state === 'ringing');
    await bench.exchange.kill();
    expect(await port.place({ ...call, attemptId: randomUUID() })).toMatchObject({ kind: 'refused', trouble: 'busy' });
    await expect(port.call(call.attemptId)).rejects.toThrow('could not be asked');
    await bench.exchange.start();
    await bench.until(45, 'its end is told', async () => {
      const rows = await all<{ state: string }>('SELECT state FROM exchange_call WHERE id = $1', call.attemptId);
      return rows[0]?.state === 'ended';
    });
    const again = { ...call, attemptId: randomUUID(), to: telephone('isBusy', 8) };
    await port.place(again);
    await bench.until(
      10,
      'the next call is told',
      async () => (await port.call(again.attemptId))?.report.state === 'ended',
    );
    expect((await port.call(again.attemptId))?.report).toMatchObject({ result: 'busy' });
  });
});
