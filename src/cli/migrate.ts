import { readConfig } from '../config.ts';
import { openDatabase } from '../foundation.ts';
import { openLog } from '../platform/log.ts';

/** `huifang migrate`: opening the database brings it up to date; this does only that. */
export async function migrateDatabase(out: NodeJS.WritableStream): Promise<void> {
  const config = readConfig(process.env);
  const { applied, close } = await openDatabase(config, { log: openLog(config.LOG_LEVEL) });
  await close();
  out.write(
    applied.length === 0
      ? '数据库已是最新 · the database is up to date\n'
      : `已应用 · applied: ${applied.join(', ')}\n`,
  );
}
