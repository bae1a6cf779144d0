// Makes a clone ready to run, and is quick when it already is. Plain JavaScript without dependencies: it runs
// before there are any. What it has to say goes to standard error, so that commands keep standard output clean.
//
//   1. Node is new enough            2. packages match the lock file            3. the Prisma client is generated
//
// Install scripts are never run (.npmrc); what they would have done for PostgreSQL happens at its first start.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));
const stamp = join(root, 'node_modules', '.huifang-prepared');
const lock = join(root, '.data', 'prepare.lock');

const say = (line) => process.stderr.write(`huifang: ${line}\n`);
const fail = (line) => {
  say(line);
  process.exit(2);
};

function requireNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 19))
    fail(`needs Node.js 20.19 or newer, this is ${process.version}. 需要 Node.js 20.19 或更新版本。`);
}

const fingerprint = (...files) => {
  const hash = createHash('sha256');
  for (const file of files) hash.update(readFileSync(join(root, file))).update('\0');
  return hash.digest('hex').slice(0, 16);
};

const wanted = () => ({
  packages: fingerprint('package-lock.json'),
  client: fingerprint('package-lock.json', 'prisma/schema.prisma'),
});

const done = () => {
  try {
    const prepared = JSON.parse(readFileSync(stamp, 'utf8'));
    if (!existsSync(join(root, 'prisma/generated/client.ts'))) prepared.client = null;
    return prepared;
  } catch {
    return { packages: null, client: null };
  }
};

function run(what, command, args, env = {}) {
  const result = spawnSync(command, args, {
    cwd: root,
    env: { ...process.env, ...env },
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    shell: process.platform === 'win32',
  });
  if (result.status === 0) return;
  process.stderr.write(`${result.stdout ?? ''}${result.stderr ?? ''}`);
  fail(
    `${what} failed${result.error ? ` (${result.error.message})` : ''}. Nothing was changed that a second try would not mend.`,
  );
}

function bringUpToDate() {
  const want = wanted();
  const have = done();
  if (have.packages !== want.packages) {
    say('installing packages (once, about half a minute) … 正在安装依赖');
    // The whole tree also under NODE_ENV=production: `npm test` and `npm run check` must work in any clone.
    run('installing packages', 'npm', ['ci', '--include=dev', '--ignore-scripts', '--no-audit', '--no-fund']);
  }
  if (have.client !== want.client) {
    say('generating the database client … 正在生成数据库客户端');
    // Generating needs no schema engine, but the Prisma CLI would fetch one; naming any executable stops it.
    run(
      'generating the database client',
      process.execPath,
      [join(root, 'node_modules/prisma/build/index.js'), 'generate'],
      {
        PRISMA_SCHEMA_ENGINE_BINARY: process.execPath,
        PRISMA_HIDE_UPDATE_MESSAGE: '1',
        CHECKPOINT_DISABLE: '1',
      },
    );
  }
  writeFileSync(stamp, JSON.stringify(want));
}

const upToDate = () => {
  const want = wanted();
  const have = done();
  return have.packages === want.packages && have.client === want.client;
};

/** One process prepares, others wait for it: two `npm exec huifang` in a fresh clone must not race. */
function alone(work) {
  mkdirSync(dirname(lock), { recursive: true });
  const patience = Date.now() + 10 * 60_000;
  for (;;) {
    try {
      const file = openSync(lock, 'wx');
      writeFileSync(file, String(process.pid));
      closeSync(file);
      break;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
      if (ownerIsGone()) rmSync(lock, { force: true });
      else if (Date.now() > patience)
        fail(`another preparation holds ${lock} for ten minutes; remove the file if none is running.`);
      else Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
    }
  }
  try {
    work();
  } finally {
    rmSync(lock, { force: true });
  }
}

function ownerIsGone() {
  try {
    const pid = Number(readFileSync(lock, 'utf8'));
    if (!pid) return Date.now() - statSync(lock).mtimeMs > 5_000; // created, not yet written, and its writer died
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return error.code === 'ESRCH' || error.code === 'ENOENT';
  }
}

export function prepare() {
  requireNode();
  if (upToDate()) return;
  alone(() => upToDate() || bringUpToDate());
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) prepare();
