import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { silentLog } from '../../src/platform/log.ts';
import { openEmbeddedPostgres } from '../../src/platform/postgres/embedded.ts';
import { eventually } from '../../src/platform/postgres/patience.ts';
import { isAlive } from '../../src/platform/postgres/process.ts';
import { ask } from '../support/database.ts';
import { end, endVisits, killAll, serverProcesses, visit, visitAndKill } from '../support/server-processes.ts';

let folder: string;
/** Made by the first test that needs it; each leaves it without a server. */
let dataDir: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'huifang-test-'));
  chmodSync(folder, 0o755);
  dataDir = join(folder, 'postgres');
});

afterEach(() => endVisits(dataDir));

afterAll(() => rmSync(folder, { recursive: true, force: true }));

const postmasterOf = (dir: string): number | undefined => serverProcesses(dir)[0]?.pid;

describe('one server for all', () => {
  test('two processes that start at once share one server; the last one out stops it', async () => {
    const [first, second] = await Promise.all([visit(dataDir), visit(dataDir)]);
    expect(second.url).toBe(first.url);
    const processes = serverProcesses(dataDir);

    expect(await first.leave()).toBe(0);
    expect(await ask(second.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    expect(postmasterOf(dataDir)).toBe(processes[0]?.pid);

    expect(await second.leave()).toBe(0);
    expect(await end(processes)).toBe(true);
  });

  test('two that leave at once stop it too', async () => {
    const visitors = await Promise.all([visit(dataDir), visit(dataDir)]);
    const processes = serverProcesses(dataDir);
    expect(await Promise.all(visitors.map((visitor) => visitor.leave()))).toEqual([0, 0]);
    expect(await end(processes)).toBe(true);
  });

  test('it outlives a killed process, and the next start adopts it', async () => {
    const killed = await visit(dataDir);
    const postmaster = postmasterOf(dataDir);
    await killed.kill();
    expect(postmasterOf(dataDir)).toBe(postmaster);

    const next = await visit(dataDir);
    expect(next.url).toBe(killed.url);
    expect(postmasterOf(dataDir)).toBe(postmaster);

    const processes = serverProcesses(dataDir);
    await next.leave();
    expect(await end(processes)).toBe(true);
  });

  test('after everything was killed the next start recovers what was committed, without delay', async () => {
    const before = await visit(dataDir);
    await ask(before.url, "CREATE TABLE kept AS SELECT 'committed' AS state");
    await Promise.all([before.kill(), killAll(serverProcesses(dataDir))]);
    expect(existsSync(join(dataDir, 'cluster/postmaster.pid'))).toBe(true);

    const after = await visit(dataDir);
    expect(await ask(after.url, 'SELECT state FROM kept')).toEqual([{ state: 'committed' }]);
    await after.leave();
  });

  test('an old postmaster.pid that is empty, or has the number of an unrelated process, does not stop a start', async () => {
    await (await visit(dataDir)).leave();
    const unrelated = [process.pid, join(dataDir, 'cluster'), 0, 5432, '', '127.0.0.1', '', 'ready   '].join('\n');
    for (const content of [unrelated, '']) {
      writeFileSync(join(dataDir, 'cluster/postmaster.pid'), content);
      const next = await visit(dataDir);
      expect(await ask(next.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
      await next.leave();
    }
  });
});

describe('being present', () => {
  test('a broken connection is opened again, so that nobody stops the server meanwhile', async () => {
    const staying = await visit(dataDir);
    await ask(
      staying.url,
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'huifang-presence'",
    );
    const back = await eventually(10, async () => {
      const present = await ask(
        staying.url,
        "SELECT FROM pg_stat_activity WHERE application_name = 'huifang-presence'",
      );
      return present.length === 1 ? true : undefined;
    });
    expect(back).toBe(true);
    await (await visit(dataDir)).leave();
    expect(await ask(staying.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    expect(await staying.leave()).toBe(0);
  });

  test('a server that died is started again where its clients look for it', async () => {
    const staying = await visit(dataDir);
    await killAll(serverProcesses(dataDir));
    const answer = await eventually(20, () => ask(staying.url, 'SELECT 1 AS one').catch(() => undefined));
    expect(answer, staying.log()).toEqual([{ one: 1 }]);

    expect(isAlive({ pid: staying.pid, born: null })).toBe(true);
    const processes = serverProcesses(dataDir);
    expect(await staying.leave()).toBe(0);
    expect(await end(processes)).toBe(true);
  });

  test('closing twice, and closing when the server is gone, is no error', async () => {
    const server = await openEmbeddedPostgres({ dataDir, log: silentLog });
    await killAll(serverProcesses(dataDir));
    await server.close();
    await server.close();
    expect(serverProcesses(dataDir)).toEqual([]);
  });
});

describe('what it is like', () => {
  test('reached from this machine alone, durable, in UTF-8, with collation and time that are the same everywhere', async () => {
    const { url, leave } = await visit(dataDir);
    const [settings] = await ask(
      url,
      `SELECT current_setting('listen_addresses') AS "listen", current_setting('unix_socket_directories') AS sockets,
              current_setting('max_connections') AS connections, current_setting('fsync') AS fsync,
              current_setting('timezone') AS timezone, current_user AS "user", current_database() AS database,
              pg_encoding_to_char(encoding) AS encoding, datlocprovider AS provider, datlocale AS locale
         FROM pg_database WHERE datname = current_database()`,
    );
    expect(settings).toEqual({
      listen: '127.0.0.1',
      sockets: '',
      connections: '300',
      fsync: 'on',
      timezone: 'UTC',
      user: 'huifang',
      database: 'huifang',
      encoding: 'UTF8',
      provider: 'b',
      locale: 'C.UTF-8',
    });
    await leave();
  });

  test('a wrong password does not get in', async () => {
    const { url, leave } = await visit(dataDir);
    const stranger = new URL(url);
    stranger.password = 'guessed';
    await expect(ask(stranger.href, 'SELECT 1')).rejects.toThrow('password authentication failed');
    await leave();
  });

  test('the environment of the server holds nothing of ours', async () => {
    process.env.HUIFANG_TEST_SECRET = 'not for the server';
    onTestFinished(() => {
      delete process.env.HUIFANG_TEST_SECRET;
    });
    const { leave } = await visit(dataDir);
    const environment = execFileSync('ps', ['eww', '-p', String(postmasterOf(dataDir))], { encoding: 'utf8' });
    expect(environment).toContain('LC_ALL=C');
    expect(environment).not.toContain('HUIFANG_TEST_SECRET');
    await leave();
  });

  test('its log takes in no failed statements', async () => {
    const { url, leave } = await visit(dataDir);
    await expect(ask(url, "SELECT '13800138000'::uuid")).rejects.toThrow('13800138000');
    await leave();
    const weekday = readFileSync(join(dataDir, 'cluster/current_logfiles'), 'utf8').trim().split(' ')[1] ?? '';
    const log = readFileSync(weekday, 'utf8');
    expect(log).toContain('database system is ready');
    expect(log).not.toContain('13800138000');
  });
});

describe('a data folder that is not as it should be', () => {
  beforeEach(() => {
    dataDir = mkdtempSync(join(folder, 'another-'));
    chmodSync(dataDir, 0o755);
  });

  test('the remains of an interrupted first start are cleared away', async () => {
    const remains = join(dataDir, 'unfinished-Ab3xYz');
    mkdirSync(join(remains, 'base'), { recursive: true });
    writeFileSync(join(remains, 'PG_VERSION'), '18\n');
    const { url, leave } = await visit(dataDir);
    expect(await ask(url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    expect(existsSync(remains)).toBe(false);
    await leave();
  });

  test('a first start that is killed at any moment leaves nothing that the next one stumbles over', async () => {
    for (const milliseconds of [400, 700, 1000, 1300]) {
      await visitAndKill(dataDir, milliseconds);
      const { url, leave } = await visit(dataDir);
      expect(await ask(url, 'SELECT current_database() AS name')).toEqual([{ name: 'huifang' }]);
      const processes = serverProcesses(dataDir);
      await leave();
      expect(await end(processes)).toBe(true);
      rmSync(join(dataDir, 'cluster'), { recursive: true });
    }
  });

  test('data of another major version is left alone, and named', async () => {
    mkdirSync(join(dataDir, 'cluster'), { recursive: true });
    writeFileSync(join(dataDir, 'cluster/PG_VERSION'), '15\n');
    await expect(visit(dataDir)).rejects.toThrow(/written by version 15.*DATABASE_URL/);
  });

  test('a folder without a cluster in it is named', async () => {
    mkdirSync(join(dataDir, 'cluster'), { recursive: true });
    await expect(visit(dataDir)).rejects.toThrow('finds no database cluster in');
  });

  test('what the server says when it does not start is passed on', async () => {
    await (await visit(dataDir)).leave();
    writeFileSync(join(dataDir, 'cluster/postgresql.auto.conf'), "shared_buffers = 'plenty'\n");
    await expect(visit(dataDir)).rejects.toThrow('shared_buffers');
    expect(serverProcesses(dataDir)).toEqual([]);
  });
});
