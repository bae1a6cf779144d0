import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Installation } from '../../src/cli/installation.ts';
import { addOne, changeOne, linkForOne, listAllUsers, revokeOne } from '../../src/cli/user.ts';
import { type City, openCity, settleIn, shopsOf } from '../support/city.ts';
import { huifang } from '../support/huifang.ts';
import { printed } from '../support/printed.ts';

/** `huifang user`, over a real database. */
let city: City;
let here: Installation;

beforeAll(async () => {
  city = await openCity('cli-user');
  await settleIn(city, shopsOf('K01', 1));
  here = { ...city, publicUrl: 'https://huifang.example' };
});
afterAll(() => city.close());

const list = () => printed((out) => listAllUsers(here, out));
const change = (called: string, options: object) => printed((out) => changeOne(here, called, options, out));

test('adds, lists, changes, links and revokes', async () => {
  const added = await printed((out) => addOne(here, '李娜', { role: 'manager', manager: 'K01' }, out));
  const [id = '', link] = added.trim().split('\n');
  expect(link).toMatch(/^https:\/\/huifang\.example\/sign-in\/[\w-]{43}$/);
  expect(await list()).toBe(`${id}  manager     李娜  —  K01\n`);
  // Another role cannot keep his employee number, so it goes with the old one.
  await change('李娜', { role: 'supervisor', district: '城东' });
  expect(await list()).toBe(`${id}  supervisor  李娜  城东  —\n`);
  await change('李娜', { name: '李娜娜' });
  expect(await list()).toBe(`${id}  supervisor  李娜娜  城东  —\n`);
  expect(await printed((out) => linkForOne(here, id, out))).toMatch(/^https:\S+\n$/);
  await printed((out) => revokeOne(here, '李娜娜', out));
  const links = await city.database.query({
    text: 'SELECT FROM sign_in_link WHERE used_at IS NULL AND expires_at > $1',
    values: [city.clock.now()],
  });
  expect(links).toEqual([]);
  const lines = await city.database.query<{ action: string }>({
    text: `SELECT action FROM audit WHERE actor = 'cli' AND subject = $1 ORDER BY sequence`,
    values: [id],
  });
  expect(lines.map(({ action }) => action)).toEqual([
    'user.make',
    'sign-in-link.make',
    'user.change',
    'user.change',
    'sign-in-link.make',
    'user.revoke',
  ]);
});

test('of two of one name takes neither, and nobody for nobody', async () => {
  for (const _ of [1, 2]) await printed((out) => addOne(here, '王敏', { role: 'auditor' }, out));
  await expect(change('王敏', { name: '王敏敏' })).rejects.toThrow('2 users are called 王敏');
  await expect(change('无名', {})).rejects.toMatchObject({ code: 'no-such-user' });
});

test('says how it is used', async () => {
  const { status, out } = await huifang(['user', 'add', '--help']);
  expect(status).toBe(0);
  for (const option of ['--role', '--district', '--manager']) expect(out).toContain(option);
});
