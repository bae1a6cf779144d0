import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as pass } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { readConfig } from '../src/config.ts';
import { startService } from '../src/main.ts';
import { fastClock } from '../src/platform/clock.ts';
import { openLog } from '../src/platform/log.ts';
import { openVault } from '../src/platform/vault.ts';
import { drawRound } from '../src/survey/round/draw.ts';
import { launch, machine, openCity, roundId, roundServices } from './support/city.ts';

/*
 * node --import tsx bench/pacing.ts
 *
 * Two worker processes dial for a carrier that notes when each order arrives, at 1, 5 and 20 calls a second; midway one
 * of them is killed with kill -9 and another starts. Goal: never more than the limit in any second, wherever it begins;
 * at least 95 % of it used; no call twice. The time it takes a call to reach the carrier varies by milliseconds, so
 * arrivals are counted over a second less 50 ms.
 */
const rates = [1, 5, 20];
const seconds = 40;
const slack = 50;
const ownKey = Buffer.alloc(32, 7);

if (process.argv[2] === 'worker') await work();
else await measure();

/** A worker as it stands; only its clock says that it is a Tuesday morning. */
async function work(): Promise<void> {
  process.once('disconnect', () => process.exit(0));
  const begun = new Date(Number(process.env.BENCH_NOW) + (Date.now() - Number(process.env.BENCH_BEGUN)));
  const service = await startService(readConfig(process.env), { log: openLog('error'), clock: fastClock(begun, 1) });
  await service.work({ heartbeat: true });
  process.send?.('at work');
}

async function measure(): Promise<void> {
  for (const rate of rates) {
    const { arrivals, numbers } = await dialAt(rate);
    // From the first call on, without the first three seconds, in which the workers meet.
    const first = (arrivals[0] ?? 0) + 3000;
    const counted = arrivals.filter((at) => at >= first && at < first + seconds * 1000);
    const most = Math.max(
      ...counted.map((at) => counted.filter((other) => other >= at && other < at + 1000 - slack).length),
    );
    const used = counted.length / (rate * seconds);
    const twice = numbers.length - new Set(numbers).size;
    process.stdout.write(
      `pacing at ${rate} a second, a worker killed midway: at most ${most} in any second (goal ≤ ${rate}), ` +
        `${(100 * used).toFixed(1)} % used (goal ≥ 95), ${twice} calls twice (goal 0), ${numbers.length} calls; ${machine()}\n`,
    );
    if (most > rate || used < 0.95 || twice > 0) process.exitCode = 1;
  }
}

async function dialAt(rate: number): Promise<{ arrivals: number[]; numbers: string[] }> {
  const shops = Math.ceil((rate * (seconds + 20)) / 10) * 10;
  const city = await openCity(shops / 10, 10);
  const arrivals: number[] = [];
  const numbers: string[] = [];
  const carrier = createServer(async (request, response) => {
    let form = '';
    for await (const chunk of request) form += chunk;
    const to = new URLSearchParams(form).get('To');
    if (request.method === 'POST' && to) {
      arrivals.push(performance.now());
      numbers.push(to);
    }
    response.writeHead(request.method === 'POST' ? 201 : 200, { 'Content-Type': 'application/json' });
    response.end(
      JSON.stringify({ sid: `CA${String(arrivals.length).padStart(32, '0')}`, status: 'queued', calls: [] }),
    );
  }).listen(0, '127.0.0.1');
  await once(carrier, 'listening');
  const { database } = city;
  try {
    const vault = openVault([ownKey]);
    const phones = await database.query<{ id: string }>({ text: 'SELECT id FROM phone ORDER BY id' });
    const sealed = phones.map((_, index) => vault.seal(`+86138${String(index).padStart(8, '0')}`));
    await database.query({
      text: 'UPDATE phone p SET sealed = s.sealed FROM unnest($1::uuid[], $2::bytea[]) AS s (id, sealed) WHERE p.id = s.id',
      values: [phones.map(({ id }) => id), sealed],
    });
    await launch(database);
    await drawRound(roundServices(database), roundId);
    const environment = {
      ...{ DATABASE_URL: city.url, DATA_KEY: ownKey.toString('base64'), SESSION_SECRET: ownKey.toString('base64') },
      ...{ ROLE: 'worker', PORT: '0', CARRIER: 'simulator', PUBLIC_URL: 'https://huifang.example' },
      TWILIO_API_BASE_URL: `http://127.0.0.1:${(carrier.address() as AddressInfo).port}`,
      ...{ TWILIO_ACCOUNT_SID: `AC${'0'.repeat(32)}`, TWILIO_AUTH_TOKEN: 'a token', TEXT_CARRIER: 'none' },
      ...{ CALLS_PER_SECOND: String(rate), MAX_CONCURRENT_CALLS: '10000' },
      ...{ BENCH_NOW: String(Date.parse('2026-12-01T09:31:00+08:00')), BENCH_BEGUN: String(Date.now()) },
    };
    const workers = await Promise.all([startWorker(environment), startWorker(environment)]);
    await pass((seconds * 1000) / 2);
    workers[0]?.kill('SIGKILL');
    workers[0] = await startWorker(environment);
    await pass((seconds * 1000) / 2 + 5000);
    for (const worker of workers) worker.kill('SIGKILL');
    await Promise.all(workers.map((worker) => worker.exitCode ?? worker.signalCode ?? once(worker, 'exit')));
    return { arrivals, numbers };
  } finally {
    carrier.closeAllConnections();
    carrier.close();
    await city.close();
  }
}

async function startWorker(environment: Readonly<Record<string, string>>): Promise<ChildProcess> {
  const child = spawn(process.execPath, ['--import', 'tsx', fileURLToPath(import.meta.url), 'worker'], {
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  await Promise.race([once(child, 'message'), once(child, 'exit').then(() => Promise.reject(new Error('no worker')))]);
  return child;
}
