import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Log } from '../log.ts';
import { type Account, accountFor, canHost } from './account.ts';
import { EmbeddedPostgresFailed } from './failure.ts';

/** Where a server lives, and who runs it. */
export interface Place {
  readonly account: Account;
  /** Holds everything of this server: cluster, password, log, and a copy of the programs where one is needed. */
  readonly home: string;
}

export const clusterIn = (home: string): string => join(home, 'cluster');

/**
 * `dataDir` itself wherever possible. Root's servers run as another user, who cannot enter a clone below /root: they
 * live elsewhere, and a file in `dataDir` says where, so that the next start finds them.
 */
export async function findPlace(dataDir: string, log: Log): Promise<Place> {
  const pointer = join(dataDir, 'lives-in');
  const home = existsSync(pointer) ? pointedTo(pointer) : dataDir;
  const account = accountFor(clusterIn(home));
  if (existsSync(clusterIn(home)) || (await canHost(account, home))) return { account, home };

  const elsewhere = await makeHomeElsewhere(dataDir, account);
  writeFileSync(pointer, `${elsewhere}\n`);
  log.info({ home: elsewhere }, `the database lives there: its user cannot keep it in ${dataDir}`);
  return { account, home: elsewhere };
}

function pointedTo(pointer: string): string {
  const home = readFileSync(pointer, 'utf8').trim();
  // Never quietly an empty database where there was a full one: perhaps a disk is just not mounted.
  if (!existsSync(home))
    throw new EmbeddedPostgresFailed(`keeps its data in ${home}, which is gone; remove ${pointer} to start afresh`);
  return home;
}

async function makeHomeElsewhere(dataDir: string, account: Account): Promise<string> {
  const name = `${createHash('sha256').update(dataDir).digest('hex').slice(0, 12)}-`;
  const shelves = account ? ['/var/lib/huifang', tmpdir()] : [join(homedir(), '.local/share/huifang'), tmpdir()];
  for (const shelf of shelves)
    try {
      if (mkdirSync(shelf, { recursive: true })) chmodSync(shelf, 0o755);
      // Always a new one: what lies there without a pointer to it belongs to a clone that has been removed.
      const home = mkdtempSync(join(shelf, shelf === tmpdir() ? `huifang-${name}` : name));
      chmodSync(home, 0o755);
      if (await canHost(account, home)) return home;
      rmdirSync(home);
    } catch {
      // Read-only here; perhaps not on the next.
    }
  const who = account ? `its user (number ${account.uid}; root cannot run it)` : 'this user';
  throw new EmbeddedPostgresFailed(
    `finds no folder that ${who} can own and enter: ${[dataDir, ...shelves].join(', ')}`,
  );
}
