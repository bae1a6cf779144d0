import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { closeIncident, readIncidents } from '../../src/survey/fieldwork/incident.ts';
import { readPace } from '../../src/survey/fieldwork/pace.ts';
import type { Shop } from '../support/city.ts';
import { type Bench, openBench } from './bench.ts';
import { missingHere } from './exchange.ts';
import { startRefusingTrunk, telephone } from './phones.ts';

/** A trunk that refuses us: for a wrong password, for our number, or for one shop alone. */
if (missingHere) console.error(`not run: a trunk that refuses us (${missingHere})`);

const shops = (count: number, from = 0): Shop[] =>
  Array.from({ length: count }, (_, index) => ({
    ...{ id: `S${from + index}`, manager: 'W01', phone: telephone('isBusy', from + index) },
  }));

describe.skipIf(missingHere)('a trunk', () => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await openBench('asterisk trunk', shops(12), { login: true, concurrent: 2 });
    await bench.phones.close();
  });
  afterAll(() => bench?.close());
  const incidents = () => readIncidents(bench.field.city.database.query);
  /** Calls the next two shops through a trunk that answers so. @returns how each call ended. */
  async function callTwo(line: string) {
    const trunk = await startRefusingTrunk(join(bench.exchange.folder, 'trunk'), bench.exchange.phonesPort, line);
    const ids = await bench.callAll();
    expect(ids).toHaveLength(2);
    const ended = await bench.until(20, 'both calls have ended', async () => {
      const rows = await bench.field.city.database.query<{ state: string; result: string; errorCode: number }>({
        text: 'SELECT state, result, error_code AS "errorCode" FROM attempt WHERE id = ANY($1)',
        values: [ids],
      });
      return rows.every(({ state }) => state === 'ended') && rows;
    });
    await trunk.close();
    return ended.map(({ result, errorCode }) => [result, errorCode]);
  }
  const isStopped = async () => (await readPace(bench.field.city.database.query, bench.services.voice.lane)).stopped;

  test('that wants another password is stopped with one incident, and no shop has declined', async () => {
    const ended = await callTwo('407 Proxy Authentication Required');
    expect(ended).toContainEqual(['technical', 407]);
    // The second was let go where the first had stopped the trunk before it was dialled.
    expect(ended.map(([result]) => result)).toEqual(['technical', 'technical']);
    const [incident, ...others] = await bench.until(5, 'every refusal is counted', async () => {
      const all = await incidents();
      return all[0]?.refusals === ended.filter(([, code]) => code === 407).length && all;
    });
    expect(others).toEqual([]);
    expect(incident).toMatchObject({ carrier: 'asterisk/voice', errorName: 'SIP 407', closedAt: null });
    expect(await bench.callAll()).toEqual([]);
    await closeIncident(bench.services, incident?.id ?? '', 'somebody');
  });

  test('that forbids two calls may mean these shops, and is asked on; the third in a row stops it', async () => {
    expect(await callTwo('403 Forbidden')).toEqual([
      ['technical', 403],
      ['technical', 403],
    ]);
    expect(await isStopped()).toBe(false);
    await callTwo('403 Forbidden');
    await bench.until(5, 'it is stopped', isStopped);
    const [incident] = await incidents();
    expect(incident).toMatchObject({ errorName: 'SIP 403', closedAt: null });
    await closeIncident(bench.services, incident?.id ?? '', 'somebody');
  });

  test('through which shops decline goes on', async () => {
    const before = await incidents();
    expect(await callTwo('603 Decline')).toEqual([
      ['rejected', 21],
      ['rejected', 21],
    ]);
    expect(await callTwo('603 Decline')).toHaveLength(2);
    expect(await incidents()).toEqual(before);
  });
});
