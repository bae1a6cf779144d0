import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Config } from './config.ts';
import { systemChance } from './platform/chance.ts';
import { connect } from './platform/database.ts';
import type { Log } from './platform/log.ts';
import { migrate } from './platform/migrations.ts';
import { openEmbeddedPostgres } from './platform/postgres/embedded.ts';
import { openSecrets, type Secrets } from './platform/secrets.ts';
import { openVault, type Vault } from './platform/vault.ts';
import { storeStandards } from './workers/standards.ts';

/**
 * What the service and every command stand on: the database and the vault. Apart from main.ts, so that a command need
 * not load the whole service for it.
 */
export const dataFolder = fileURLToPath(new URL('../.data', import.meta.url));

/** Opens the database, whichever it is, brought up to date. */
export async function openDatabase(
  config: Config,
  {
    log,
    folder = dataFolder,
    durable = true,
  }: { readonly log: Log; readonly folder?: string; readonly durable?: boolean },
) {
  const server = config.DATABASE_URL
    ? { url: config.DATABASE_URL, close: async () => {} }
    : await openEmbeddedPostgres({ dataDir: join(folder, 'postgres'), log, durable });
  try {
    const { applied } = await migrate(server.url, { log });
    const database = connect(server.url);
    await storeStandards(database);
    return {
      url: server.url,
      database,
      applied,
      async close() {
        await database.close();
        await server.close();
      },
    };
  } catch (error) {
    await server.close();
    throw error;
  }
}

/** What telephone numbers are sealed with. */
export const vaultOf = (config: Config, own: () => Secrets): Vault => openVault(config.DATA_KEY ?? [own().dataKey]);

/** The vault alone, for commands that need no more. */
export const openOwnVault = (config: Config): Vault => vaultOf(config, () => openSecrets(dataFolder, systemChance));
