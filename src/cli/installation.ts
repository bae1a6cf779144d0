import { readConfig } from '../config.ts';
import { openDatabase, openOwnVault } from '../foundation.ts';
import { type Chance, systemChance } from '../platform/chance.ts';
import { type Clock, systemClock } from '../platform/clock.ts';
import type { Database } from '../platform/database.ts';
import { openLog } from '../platform/log.ts';
import type { Vault } from '../platform/vault.ts';

/** What a command works on: this machine's own installation, as its settings name it. */
export interface Installation {
  readonly database: Database;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly vault: Vault;
  /** Where browsers reach it, without a slash at the end. */
  readonly publicUrl: string;
}

/** Opens the installation for one command, and closes it again whatever happens. */
export async function inThisInstallation<T>(act: (services: Installation) => Promise<T>): Promise<T> {
  const config = readConfig(process.env);
  const { database, close } = await openDatabase(config, { log: openLog('warn') });
  try {
    const publicUrl = config.PUBLIC_URL ?? `http://127.0.0.1:${config.PORT}`;
    return await act({
      ...{ database, clock: systemClock, chance: systemChance, publicUrl },
      vault: openOwnVault(config),
    });
  } finally {
    await close();
  }
}
