import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { AriSettings } from '../../src/telephony/asterisk/ari.ts';

/**
 * A real Asterisk of a suite's own: the configuration that we ship (deploy/asterisk), in a folder and on ports of its
 * own, with a trunk that leads to telephones which sipp plays.
 */
const modules = ['/usr/lib/asterisk/modules', '/usr/lib/x86_64-linux-gnu/asterisk/modules'].find(existsSync) ?? null;
const recordings = '/usr/share/sip-tester/dtmf_2833_1.pcap';

/** null where everything is here; else what is missing. */
export const missingHere: string | null = !modules
  ? 'no Asterisk on this machine: .ci/asterisk installs it'
  : !existsSync(recordings)
    ? 'no sipp for Asterisk to call: apt-get install sip-tester'
    : process.getuid?.() !== 0
      ? 'sipp needs root to press keys that Asterisk hears'
      : null;

const shipped = fileURLToPath(new URL('../../deploy/asterisk/', import.meta.url));

export interface Exchange {
  readonly settings: AriSettings;
  readonly folder: string;
  readonly sipPort: number;
  /** Where the trunk leads to. */
  readonly phonesPort: number;
  /** Kills it at once (-9), as a power failure does. */
  kill(): Promise<void>;
  /** Starts it again, on the same ports. */
  start(): Promise<void>;
  log(): string;
  close(): Promise<void>;
}

/** @param login has the trunk's lines for a user name and a password used, with a password that is wrong. */
export async function startExchange({ login = false } = {}): Promise<Exchange> {
  const folder = mkdtempSync(join(tmpdir(), 'huifang-asterisk-'));
  const [http, sip, phones, rtp] = [await freePort(), await freePort(), await freePort(), await freePort()];
  const password = 'a password that is in no error';
  configure(folder, { http, sip, phones, rtp: Math.min(rtp, 60_000), password });
  if (login) logIn(join(folder, 'etc/pjsip.conf'));
  const settings = { url: `http://127.0.0.1:${http}/ari`, user: 'huifang', password };
  let running: ChildProcess | null = null;
  const log = () => (existsSync(join(folder, 'out.log')) ? readFileSync(join(folder, 'out.log'), 'utf8') : '');
  const kill = async () => {
    if (!running) return;
    const gone = once(running, 'exit');
    running.kill('SIGKILL');
    await gone;
    running = null;
  };
  const start = async () => {
    running = spawn('/usr/sbin/asterisk', ['-C', join(folder, 'etc/asterisk.conf'), '-f', '-n'], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let told = '';
    for (const stream of [running.stdout, running.stderr])
      stream?.setEncoding('utf8').on('data', (text: string) => {
        told += text;
        writeFileSync(join(folder, 'out.log'), told);
      });
    await listens(settings, () => told);
  };
  // Whatever becomes of the suite, no exchange outlives it.
  process.once('exit', () => running?.kill('SIGKILL'));
  await start();
  return {
    ...{ settings, folder, sipPort: sip, phonesPort: phones, kill, start, log },
    async close() {
      await kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function listens({ url, user, password }: AriSettings, told: () => string): Promise<void> {
  const authorization = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
  for (let tries = 0; tries < 150; tries++) {
    const answer = await fetch(`${url}/asterisk/info`, { headers: { authorization } }).catch(() => null);
    if (answer?.ok) return;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error(`Asterisk does not answer: ${told().slice(-2000)}`);
}

interface Ports {
  readonly http: number;
  readonly sip: number;
  readonly phones: number;
  readonly rtp: number;
  readonly password: string;
}

/** What we ship, with this machine's folders and this suite's ports. */
function configure(folder: string, { http, sip, phones, rtp, password }: Ports): void {
  for (const name of ['etc', 'lib', 'db', 'keys', 'agi', 'spool', 'run', 'log', 'sounds'])
    mkdirSync(join(folder, name), { recursive: true });
  mkdirSync(join(folder, 'spool/recording'), { recursive: true });
  for (const name of readdirSync(shipped).filter((each) => each.endsWith('.conf')))
    writeFileSync(
      join(folder, 'etc', name),
      readFileSync(join(shipped, name), 'utf8')
        .replaceAll('CHANGE-THIS-PASSWORD', password)
        .replace(/^bindport *=.*$/m, `bindport = ${http}`)
        .replace(/^bind *=.*$/m, `bind = 127.0.0.1:${sip}`)
        .replaceAll('TRUNK-ADDRESS', '127.0.0.1')
        .replace(/^contact *=.*$/m, `contact = sip:127.0.0.1:${phones}`)
        .replace(/^rtpstart *=.*$/m, `rtpstart = ${rtp}`)
        .replace(/^rtpend *=.*$/m, `rtpend = ${rtp + 400}`),
    );
  writeFileSync(
    join(folder, 'etc/asterisk.conf'),
    [
      '[directories]',
      `astetcdir => ${folder}/etc`,
      `astmoddir => ${modules}`,
      `astvarlibdir => ${folder}/lib`,
      `astdbdir => ${folder}/db`,
      `astkeydir => ${folder}/keys`,
      'astdatadir => /usr/share/asterisk',
      `astagidir => ${folder}/agi`,
      `astspooldir => ${folder}/spool`,
      `astrundir => ${folder}/run`,
      `astlogdir => ${folder}/log`,
    ].join('\n'),
  );
}

/** Takes out of comment what docs/asterisk.md says is for trunks with a user name. */
function logIn(file: string): void {
  const lines = /^;(?=outbound_auth = trunk-login$|\[trunk-login\]|type = auth$|auth_type|username|password)/gm;
  const [endpoint = '', ...rest] = readFileSync(file, 'utf8').split(';[trunk-registration]');
  writeFileSync(file, [endpoint.replace(lines, ''), ...rest].join(';[trunk-registration]'));
}

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

/** What Asterisk itself thinks of this, on its console. */
export const onConsole = (folder: string, command: string): string =>
  execFileSync('/usr/sbin/asterisk', ['-C', join(folder, 'etc/asterisk.conf'), '-rx', command], { encoding: 'utf8' });
