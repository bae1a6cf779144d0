import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Installation } from '../../src/cli/installation.ts';
import { addOne, listAll, removeOne, replayTo, rotateOne, switchOne, testOne } from '../../src/cli/webhooks.ts';
import { announce } from '../../src/platform/webhooks/announce.ts';
import { eventTypes } from '../../src/workers/events.ts';
import { type City, openCity } from '../support/city.ts';
import { printed } from '../support/printed.ts';

/** `huifang webhooks`, over a real database. */
let city: City;
let here: Installation;

beforeAll(async () => {
  city = await openCity('cli-webhooks');
  here = { ...city, publicUrl: 'https://huifang.example' };
});
afterAll(() => city.close());

const list = () => printed((out) => listAll(here, out));
const url = 'https://scores.example.com/huifang';

test('adds, lists, rotates, tests, replays, disables, enables and removes', async () => {
  const [id = '', secret] = (await printed((out) => addOne(here, url, { description: '评分系统' }, out)))
    .trim()
    .split('\n');
  expect(secret).toMatch(/^whsec_[\w+/]{43}=$/);
  expect(await list()).toBe(`${id}  在用 in use  待送 waiting 0  作罢 given up 0  ${url}  ${eventTypes.join(',')}\n`);
  const rotated = await printed((out) => rotateOne(here, id, { overlap: '0' }, out));
  expect(rotated).toMatch(/^whsec_[\w+/]{43}=\n$/);
  expect(rotated).not.toContain(secret);
  expect(await printed((out) => testOne(here, id, out))).toMatch(/^[\da-f-]{36}\n$/);
  const event = { type: 'publication.finalized', subject: null, payload: {} };
  const ids = await city.database.transaction((query) => announce(query, city.clock.now(), event, event));
  const again = (options: object) => printed((out) => replayTo(here, id, options, out));
  expect(await again({ event: ids[0] })).toContain('1 events');
  expect(await again({ since: ids[1] })).toContain('1 events');
  expect(await again({ since: '2026-12-01T00:00:00+08:00' })).toContain('2 events');
  expect(await list()).toContain('待送 waiting 3');
  await printed((out) => switchOne(here, id, false, out));
  expect(await list()).toMatch(/已停用 disabled \S+ \(cli\) {2}待送 waiting 0 {2}作罢 given up 3/);
  await printed((out) => switchOne(here, id, true, out));
  await printed((out) => removeOne(here, id, out));
  expect(await list()).toBe('');
  const lines = await city.database.query<{ action: string }>({
    text: `SELECT action FROM audit WHERE actor = 'cli' AND subject = $1 ORDER BY sequence`,
    values: [id],
  });
  expect(lines.map(({ action }) => action.replace('webhook-endpoint.', ''))).toEqual(
    'add rotate ping replay replay replay change change remove'.split(' '),
  );
});

test('refuses what it cannot use, each with where and why', async () => {
  const faultsOf = (doing: Promise<unknown>) =>
    doing.then(
      () => [],
      (error) => error.faults?.map(({ where }: { where: string }) => where) ?? error.code,
    );
  const add = (address: string, types: string) =>
    printed((out) => addOne(here, address, { types, description: '' }, out));
  expect(await faultsOf(add('http://scores.example.com', 'no.such'))).toEqual(['url', 'types']);
  expect(await faultsOf(add(url, ' , '))).toEqual(['types']);
  const [id = ''] = (await add(url, 'appeal.decided')).split('\n');
  const rotate = (overlap: string) => printed((out) => rotateOne(here, id, { overlap }, out));
  for (const overlap of ['73', '-1', 'soon', '']) expect(await faultsOf(rotate(overlap))).toEqual(['--overlap']);
  const again = (options: object) => printed((out) => replayTo(here, id, options, out));
  expect(await faultsOf(again({}))).toEqual(['--since']);
  expect(await faultsOf(again({ event: 'x' }))).toEqual(['--event']);
  expect(await faultsOf(again({ since: 'yesterday' }))).toEqual(['--since']);
  expect(await faultsOf(again({ event: id, since: id }))).toEqual(['--event']);
  expect(await faultsOf(again({ event: id }))).toEqual('no-such-event');
  for (const stranger of ['nonsense', crypto.randomUUID()])
    expect(await faultsOf(printed((out) => testOne(here, stranger, out)))).toBe('no-such-endpoint');
});
