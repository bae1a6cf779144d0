import { readConfig } from '../config.ts';
import { openDatabase } from '../main.ts';
import { systemChance } from '../platform/chance.ts';
import { systemClock } from '../platform/clock.ts';
import { openLog } from '../platform/log.ts';
import { listKeys, makeKey, revokeKey } from '../web/api/keys.ts';
import type { Services } from '../workers/services.ts';

/** `huifang api-key create|list|revoke`: whoever may read this machine's settings decides which programs may call it. */
type KeyServices = Pick<Services, 'database' | 'clock' | 'chance'>;

/** The key alone on standard output, so that a script can take it; what to know about it on standard error. */
export const createKey = (
  { name, scopes }: { readonly name: string; readonly scopes: string },
  out: NodeJS.WritableStream,
): Promise<void> =>
  withKeys(async (services) => {
    const wanted = scopes.split(',').flatMap((scope) => (scope.trim() ? [scope.trim()] : []));
    const key = await makeKey(services, { name, scopes: wanted, actor: 'cli' });
    process.stderr.write('只显示这一次，请妥善保存 · shown this once, keep it safe\n');
    out.write(`${key}\n`);
  });

export const listAllKeys = (out: NodeJS.WritableStream): Promise<void> =>
  withKeys(async ({ database }) => {
    for (const { id, name, scopes, createdAt, revokedAt } of await listKeys(database.query)) {
      const state = revokedAt ? `已吊销 revoked ${revokedAt.toISOString()}` : '有效 holds';
      out.write(`${id}  ${createdAt.toISOString()}  ${state}  ${name}  ${scopes.join(',')}\n`);
    }
  });

export const endKey = (id: string, out: NodeJS.WritableStream): Promise<void> =>
  withKeys(async (services) => {
    await revokeKey(services, id, 'cli');
    out.write(`已吊销 · revoked: ${id}\n`);
  });

async function withKeys(work: (services: KeyServices) => Promise<void>): Promise<void> {
  const { database, close } = await openDatabase(readConfig(process.env), { log: openLog('warn') });
  try {
    await work({ database, clock: systemClock, chance: systemChance });
  } finally {
    await close();
  }
}
