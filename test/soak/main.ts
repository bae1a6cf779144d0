import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { silentLog } from '../../src/platform/log.ts';
import { openEmbeddedPostgres } from '../../src/platform/postgres/embedded.ts';
import { redisIsHere, startRedis } from '../support/redis.ts';
import { soak } from './soak.ts';

/*
 * npm run soak -- --interviews 20000 --queue redis --seed autumn
 *
 * Plays a round with every fault switched on and workers killed (soak.ts), on a database and, for `--queue redis`, a
 * Redis of its own. Prints what it counted; exit status 1 where anything is there that must not be.
 */
const { values } = parseArgs({
  options: {
    interviews: { type: 'string', default: '500' },
    queue: { type: 'string', default: 'postgres' },
    seed: { type: 'string', default: 'huifang' },
    mischief: { type: 'string', default: '0.5' },
    workers: { type: 'string', default: '2' },
    'kill-every': { type: 'string', default: '10000' },
    step: { type: 'string', default: '1' },
  },
});
const wantsRedis = values.queue === 'redis';
if (wantsRedis && !redisIsHere()) throw new Error('there is no redis-server on this machine');
const folder = await mkdtemp(join(tmpdir(), 'huifang-soak-'));
const postgres = await openEmbeddedPostgres({ dataDir: join(folder, 'postgres'), log: silentLog, durable: false });
const redis = wantsRedis ? await startRedis() : null;
try {
  const begun = performance.now();
  const { figures, wrongs } = await soak({
    ...{ databaseUrl: postgres.url, redisUrl: redis?.url ?? null, seed: values.seed },
    ...{ interviews: Number(values.interviews), mischief: Number(values.mischief) },
    ...{ workers: Number(values.workers), killEvery: Number(values['kill-every']) },
    step: Number(values.step),
    say: (line) => process.stderr.write(`${line}\n`),
  });
  const seconds = Math.round((performance.now() - begun) / 1000);
  process.stdout.write(`soak on ${values.queue}, seed ${values.seed}, ${seconds} s\n`);
  for (const [what, count] of Object.entries(figures))
    process.stdout.write(`  ${String(count).padStart(9)}  ${what}\n`);
  process.stdout.write('must be nought:\n');
  for (const [what, count] of Object.entries(wrongs)) process.stdout.write(`  ${String(count).padStart(9)}  ${what}\n`);
  if (Object.values(wrongs).some((count) => count !== 0)) process.exitCode = 1;
} finally {
  await redis?.stop();
  await postgres.close();
  await rm(folder, { recursive: true, force: true });
}
