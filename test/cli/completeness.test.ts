import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { printCompleteness } from '../../src/cli/completeness.ts';
import { importFile } from '../../src/cli/import.ts';
import { type City, fieldRound, openCity, settleIn, shopsOf } from '../support/city.ts';
import { printed } from '../support/printed.ts';

/** What the commands of the roster say, over a real city. */
let city: City;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'huifang-lists-'));
  city = await openCity('cli-lists');
  await settleIn(city, [...shopsOf('K01', 20), ...shopsOf('K02', 6)]);
  await fieldRound(city);
});
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await city.close();
});

const lists = (options = {}) => printed((out) => printCompleteness(city.database, city.clock.now(), options, out));

test('huifang completeness names who is missing, by manager and reason', async () => {
  await city.database.query({ text: `UPDATE retailer SET status = 'closed' WHERE id = 'K01-0003'` });
  await city.database.query({ text: `UPDATE retailer SET phone_id = NULL WHERE id = 'K01-0004'` });
  const text = await lists();
  expect(text).toContain('compared with 2026-12-R1; lists of 2027-01');
  expect(text).toMatch(/^K01 {2}20 → 18 {2}\+0 {2}未确认 unconfirmed$/m);
  expect(text).toContain('已停业 · closed 1: K01-0003');
  expect(text).toContain('lost the number 1: K01-0004');
  expect(text).toMatch(/^K02 {2}6 → 6 /m);
});

test('as a freeze on another day would find it: who has moved by then, whose number is new by then', async () => {
  await city.database.query({
    text: `UPDATE assignment SET until_day = '2026-12-20' WHERE retailer_id = 'K02-0001'`,
  });
  await city.database.query({ text: `INSERT INTO assignment VALUES ('K02-0001', 'K01', '2026-12-20')` });
  const moved = 'moved 1: K02-0001→K01';
  expect(await lists({ freezeDay: '2026-12-19' })).not.toContain(moved);
  expect(await lists({ freezeDay: '2026-12-20' })).toContain(moved);
});

test('a round’s own frame is told as it was frozen, and one without a frame is refused', async () => {
  expect(await lists({ round: '2026-12-R1' })).toMatch(/^K01 {2}— → 20 /m);
  await expect(lists({ round: '2031-01-R1' })).rejects.toMatchObject({ code: 'no-frame' });
  await expect(lists({ freezeDay: '1.12.2026' })).rejects.toMatchObject({ faults: [{ where: '--freeze-day' }] });
});

test('huifang import --full says in the dry run what has to be confirmed, and takes it as --closing', async () => {
  const path = join(folder, '城东.csv');
  writeFileSync(path, '许可证号,店名,工号,电话,城乡\nK01-0000,一店,K01,,城镇\n');
  const bring = (options: object) =>
    printed((out) => importFile('retailers', path, city, out, { full: true, ...options }));
  const dry = await bring({ dryRun: true });
  const gone = /--closing (\d+)/.exec(dry)?.[1] ?? '';
  expect(dry).toContain(`${gone} of ${Number(gone) + 1} active shops would be closed, 1 managers would have none`);
  expect(dry).toMatch(/^ {4}K02$/m);
  await expect(bring({})).rejects.toMatchObject({ code: 'closes-many' });
  await expect(bring({ closing: '1e1' })).rejects.toMatchObject({ faults: [{ where: '--closing' }] });
  expect(await bring({ closing: gone })).toContain(`因此停业 ${gone}`);
  expect(await city.database.query({ text: `SELECT id FROM retailer WHERE status = 'active'` })).toEqual([
    { id: 'K01-0000' },
  ]);
});
