import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../src/platform/clock.ts';
import { openLog } from '../src/platform/log.ts';
import { migrationsFolder, migrationsToSchema } from '../src/platform/migrations.ts';
import { openEmbeddedPostgres } from '../src/platform/postgres/embedded.ts';

/*
 * npm run migration -- NAME
 *
 * Writes the migration that leads from the existing ones to schema.prisma. What the schema cannot say (checks,
 * partial indexes) is then added to it by hand.
 */

const say = (line: string): void => void process.stdout.write(`${line}\n`);
const name = (process.argv[2] ?? '').trim().toLowerCase().replace(/\W+/g, '_');
if (!name || process.argv[2]?.startsWith('-')) {
  console.error('usage: npm run migration -- NAME, for example: npm run migration -- add_visit_notes');
  process.exit(process.argv[2] === '--help' ? 0 : 2);
}

const dataDir = fileURLToPath(new URL('../.data/postgres', import.meta.url));
const server = await openEmbeddedPostgres({ dataDir, log: openLog('warn') });
try {
  const script = await migrationsToSchema(server.url);
  if (script === null) say('Nothing to do: the migrations already make what prisma/schema.prisma says.');
  else write(script);
} finally {
  await server.close();
}

function write(script: string): void {
  const time = systemClock.now().toISOString().replace(/\D/g, '').slice(0, 14);
  const folder = join(migrationsFolder, `${time}_${name}`);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'migration.sql'), script);
  writeFileSync(join(migrationsFolder, 'migration_lock.toml'), 'provider = "postgresql"\n');
  say(`Written: prisma/migrations/${time}_${name}/migration.sql. Read it before you commit it.`);
}
