import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { withLock } from '../../src/platform/postgres/lock.ts';
import { repository } from '../support/server-processes.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'huifang-lock-'));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Takes the lock `times` times and counts up in a file each time, in a way that loses counts if two do it at once. */
function counter(times: number) {
  const child = spawn(
    process.execPath,
    ['--import', 'tsx', 'test/platform/count-under-lock.ts', folder, String(times)],
    { cwd: repository, stdio: ['ignore', 'pipe', 'inherit'] },
  );
  return { child, left: once(child, 'close'), began: once(child.stdout, 'data') };
}

const count = (): number => Number(readFileSync(join(folder, 'count'), 'utf8'));

/** As a holder leaves it who was killed. */
function leaveByDeadHolder(): void {
  mkdirSync(join(folder, 'lock'));
  const { pid } = spawnSync(process.execPath, ['--version']);
  writeFileSync(join(folder, 'lock', 'lock.7'), JSON.stringify({ pid, born: null }));
}

test('three processes at once, from a lock whose holder died: each counts, and none counts over another', async () => {
  writeFileSync(join(folder, 'count'), '0');
  leaveByDeadHolder();
  const statuses = await Promise.all([counter(50), counter(50), counter(50)].map(({ left }) => left));
  expect(statuses).toEqual([
    [0, null],
    [0, null],
    [0, null],
  ]);
  expect(count()).toBe(150);
  expect(readdirSync(join(folder, 'lock'))).toHaveLength(1);
});

test('many in one process take turns too', async () => {
  let inside = 0;
  const most = await Promise.all(
    Array.from({ length: 20 }, () =>
      withLock(join(folder, 'lock'), 30, async () => {
        inside += 1;
        await new Promise(setImmediate);
        const seen = inside;
        inside -= 1;
        return seen;
      }),
    ),
  );
  expect(Math.max(...most)).toBe(1);
});

test('a killed holder delays the next by less than a second', async () => {
  writeFileSync(join(folder, 'count'), '0');
  const holder = counter(1_000_000);
  await holder.began;
  holder.child.kill('SIGKILL');
  await holder.left;
  const killed = performance.now();
  await withLock(join(folder, 'lock'), 30, async () => {});
  expect(performance.now() - killed).toBeLessThan(1000);
});

test('the lock is free again after work that failed', async () => {
  const failing = withLock(join(folder, 'lock'), 5, () => Promise.reject(new Error('of the work')));
  await expect(failing).rejects.toThrow('of the work');
  await expect(withLock(join(folder, 'lock'), 1, async () => 'in')).resolves.toBe('in');
});

test('who waits too long learns who holds it', async () => {
  await withLock(join(folder, 'lock'), 5, async () => {
    const waiting = withLock(join(folder, 'lock'), 0.1, async () => {});
    await expect(waiting).rejects.toThrow(`by process ${process.pid}`);
  });
});
