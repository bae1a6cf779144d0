import { execFileSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';

/** A process, told apart from a later one that was given the same number. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Clock ticks from boot to its start, where the system tells (Linux); otherwise null. */
  readonly born: string | null;
}

export const identityOf = (pid: number): ProcessIdentity => ({ pid, born: linuxStat(pid)?.born ?? null });

/** Runs still, and is the same process. One that has died but was not waited for by its parent counts as gone. */
export function isAlive({ pid, born }: ProcessIdentity): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // Someone else's process may not be signalled, but it is there.
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  const stat = linuxStat(pid);
  if (!stat) return true;
  return stat.state !== 'Z' && (born === null || born === stat.born);
}

/** Whether a process works in `folder`; null where the system does not tell. */
export function worksIn(pid: number, folder: string): boolean | null {
  try {
    if (process.platform !== 'linux')
      return execFileSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8' }).includes(folder);
    const [theirs, ours] = [statSync(`/proc/${pid}/cwd`), statSync(folder)];
    return theirs.dev === ours.dev && theirs.ino === ours.ino;
  } catch {
    return null;
  }
}

function linuxStat(pid: number): { state: string | undefined; born: string | undefined } | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field is the program's name in brackets and may itself hold spaces and brackets.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return { state: fields[0], born: fields[19] };
  } catch {
    return null;
  }
}
