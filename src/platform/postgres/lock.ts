import { randomUUID } from 'node:crypto';
import { linkSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EmbeddedPostgresFailed } from './failure.ts';
import { eventually } from './patience.ts';
import { identityOf, isAlive, type ProcessIdentity } from './process.ts';

/**
 * One process at a time, among those that use the same folder on one machine.
 *
 * The lock is a row of numbered files; who made the one with the highest number holds it until he empties the file or
 * dies. The next takes the next number, and a hard link appears at once, whole, and for one taker only. So two who
 * find the same dead holder cannot both follow him: with a single file that the finder removes, the slower of them
 * would remove the quicker one's new lock. The highest number is never removed; that is what keeps the row growing.
 */
export async function withLock<T>(folder: string, patienceSeconds: number, work: () => Promise<T>): Promise<T> {
  const release = await take(folder, patienceSeconds);
  try {
    return await work();
  } finally {
    release();
  }
}

async function take(folder: string, patienceSeconds: number): Promise<() => void> {
  mkdirSync(folder, { recursive: true });
  const claim = join(folder, `claim.${process.pid}.${randomUUID()}`);
  writeFileSync(claim, JSON.stringify(identityOf(process.pid)));
  try {
    const mine = await eventually(patienceSeconds, () => follow(folder, claim));
    if (!mine)
      throw new EmbeddedPostgresFailed(
        `is being started or stopped by process ${holder(folder, newest(folder))?.pid} for ${patienceSeconds} seconds`,
      );
    return () => writeFileSync(mine, '');
  } finally {
    rmSync(claim, { force: true });
  }
}

/** The lock file that is now ours, or undefined while somebody holds the lock. */
function follow(folder: string, claim: string): string | undefined {
  const last = newest(folder);
  const before = last === 0 ? null : holder(folder, last);
  if (before && isAlive(before)) return undefined;
  const mine = numbered(folder, last + 1);
  try {
    linkSync(claim, mine);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return undefined;
    throw error;
  }
  if (newest(folder) > last + 1) {
    // While we hesitated, others had come and gone and cleared this number away: it is free, and it is not the lock.
    rmSync(mine, { force: true });
    return undefined;
  }
  clearAway(folder, last + 1);
  return mine;
}

const numbered = (folder: string, number: number): string => join(folder, `lock.${number}`);

const newest = (folder: string): number =>
  Math.max(0, ...readdirSync(folder).map((file) => Number(/^lock\.(\d+)$/.exec(file)?.[1] ?? 0)));

/** Who made this lock file; null when it was released, or cleared away because a newer one exists. */
function holder(folder: string, number: number): ProcessIdentity | null {
  try {
    return JSON.parse(readFileSync(numbered(folder, number), 'utf8') || 'null') as ProcessIdentity | null;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

function clearAway(folder: string, mine: number): void {
  for (const file of readdirSync(folder)) {
    const [kind, number] = file.split('.');
    const done =
      kind === 'lock' ? Number(number) < mine : kind === 'claim' && !isAlive({ pid: Number(number), born: null });
    if (done) rmSync(join(folder, file), { force: true });
  }
}
