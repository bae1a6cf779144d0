import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { claimDue } from '../../src/survey/fieldwork/claim.ts';
import { dial } from '../../src/workers/dial.ts';
import { repository } from '../support/server-processes.ts';
import { type Bench, endpoint, openBench } from './bench.ts';
import { missingHere } from './exchange.ts';
import { telephone } from './phones.ts';

/** Two workers as an installation runs them, one exchange, and a kill -9 in the middle of a call. */
if (missingHere) console.error(`not run: workers on one exchange (${missingHere})`);

describe.skipIf(missingHere)('of two workers on one exchange', () => {
  let bench: Bench;
  let workers: Worker[];
  beforeAll(async () => {
    bench = await openBench('asterisk workers', [{ id: 'S', manager: 'W01', phone: telephone('answersInSilence') }]);
    await bench.dropLine();
    workers = [startWorker(bench), startWorker(bench)];
  });
  afterAll(async () => {
    for (const worker of workers ?? []) await worker.kill();
    await bench?.close();
  });
  const holders = () => workers.filter(({ log }) => log().includes('the line to the exchange is held'));

  test('one holds the line; when it is killed in the middle of a call, the other goes on with it', async () => {
    const id = await claimOnly(bench);
    await bench.until(100, 'somebody holds the line', async () => holders().length > 0);
    await dial(bench.services, id);
    await bench.until(20, 'he is greeted', async () => (await bench.attempt(id)).turn === 1);
    const [holder] = holders();
    expect(holders()).toHaveLength(1);
    await holder?.kill();
    const { turn, state, conversation } = await bench.until(30, 'he is greeted again', async () => {
      const attempt = await bench.attempt(id);
      return attempt.turn > 1 && attempt;
    });
    expect({ turn, state, place: conversation?.place.is }).toEqual({
      turn: 2,
      state: 'in-progress',
      place: 'greeting',
    });
    expect(holders()).toHaveLength(2);
    await bench.services.voice.port.hangUp(id);
    await bench.until(10, 'its end is told', async () => (await bench.attempt(id)).state === 'ended');
    expect((await bench.attempt(id)).result).toBe('completed');
    expect(bench.phones.rung(telephone('answersInSilence'))).toBe(1);
  }, 180_000);
});

interface Worker {
  log(): string;
  /** -9. */
  kill(): Promise<void>;
}

/** The call is claimed here, so that no worker makes it by itself, whatever day and hour it is. */
async function claimOnly({ services, field }: Bench): Promise<string> {
  const now = services.clock.now();
  const wish = { now, until: new Date(now.getTime() + 1000), openZones: ['Asia/Shanghai'] };
  const [id = ''] = (await claimDue(services, services.voice.lane, wish)).attemptIds;
  await field.city.database.query({ text: 'UPDATE attempt SET check_at = NULL WHERE id = $1', values: [id] });
  return id;
}

function startWorker({ exchange, field }: Bench): Worker {
  const child: ChildProcess = spawn(process.execPath, ['bin/huifang.mjs', 'serve'], {
    cwd: repository,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...{ PATH: process.env.PATH, HOME: process.env.HOME },
      ...{ ROLE: 'worker', DATABASE_URL: field.city.url, LOG_LEVEL: 'info' },
      ...{ DATA_KEY: randomBytes(32).toString('base64'), SESSION_SECRET: randomBytes(32).toString('base64') },
      ...{ CARRIER: 'asterisk', ASTERISK_ARI_URL: exchange.settings.url, ASTERISK_ARI_USER: exchange.settings.user },
      ...{ ASTERISK_ARI_PASSWORD: exchange.settings.password, ASTERISK_ENDPOINT: endpoint },
      ...{ ASTERISK_FROM_NUMBER: '+8679188001234', ASTERISK_SOUNDS: join(exchange.folder, 'sounds') },
    },
  });
  let told = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (text: string) => {
      told += text;
    });
  return {
    log: () => told,
    async kill() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
    },
  };
}
