import { type ChildProcess, spawn } from 'node:child_process';
import { appendFileSync, mkdtempSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import twilio, { type Twilio } from 'twilio';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { personaOf } from './personas.ts';
import { SCRIPT } from './protocol.fixture.ts';

/** The simulator as a child process, killed the hard way. */

const MAIN = fileURLToPath(new URL('main.ts', import.meta.url));
const ACCOUNT = 'AC0123456789abcdef0123456789abcdef';
const TOKEN = 'process-test-token';
const CONTROL = 'control-token';
const FROM = '+8679188000000';
const START = new Date('2026-03-02T01:30:00.000Z');
const clockAfter = (seconds: number) => new Date(START.getTime() + seconds * 1000);

let customer: http.Server;
let base: string;
let received: { route: string; fields: Record<string, string> }[];
let folder: string;
/** Set: a reply arrives and gets no answer. */
let silent: (() => void) | null;
/** How the child hangs on us. */
let stdin: 'pipe' | 'ipc';
const children: ChildProcess[] = [];

beforeEach(async () => {
  received = [];
  silent = null;
  stdin = 'pipe';
  folder = mkdtempSync(path.join(tmpdir(), 'simulator-'));
  customer = http.createServer(async (request, response) => {
    let text = '';
    for await (const chunk of request) text += chunk;
    received.push({ route: String(request.url), fields: Object.fromEntries(new URLSearchParams(text)) });
    if (silent && request.url === '/sms') return void silent();
    const pause = '<Response><Pause length="60"/></Response>';
    response.writeHead(200, { 'Content-Type': 'text/xml' }).end(request.url === '/voice' ? pause : '<Response/>');
  });
  await new Promise<void>((ready) => customer.listen(0, '127.0.0.1', ready));
  base = `http://127.0.0.1:${(customer.address() as AddressInfo).port}`;
});

afterEach(async () => {
  for (const child of children.splice(0))
    if (child.exitCode === null && child.signalCode === null) await ended(child, 'SIGKILL');
  customer.closeAllConnections();
  await new Promise((done) => customer.close(done));
});

interface Running {
  readonly child: ChildProcess;
  readonly url: string;
  readonly client: Twilio;
}

function launch(args: readonly string[], env: Record<string, string>): ChildProcess {
  const child = spawn(process.execPath, ['--import', 'tsx', MAIN, ...args], {
    env: { ...process.env, ...env },
    stdio: stdin === 'ipc' ? ['ignore', 'pipe', 'pipe', 'ipc'] : ['pipe', 'pipe', 'pipe'],
  });
  children.push(child);
  return child;
}

async function start(...more: string[]): Promise<Running> {
  const child = launch(
    ['--data', folder, '--start', START.toISOString(), '--seed', 'process', '--sms-url', `${base}/sms`, ...more],
    { TWILIO_ACCOUNT_SID: ACCOUNT, TWILIO_AUTH_TOKEN: TOKEN, SIMULATOR_CONTROL_TOKEN: CONTROL },
  );
  let complaints = '';
  child.stderr?.on('data', (chunk) => {
    complaints += chunk;
  });
  const line = await new Promise<string>((settle, fail) => {
    child.stdout?.once('data', (chunk) => settle(String(chunk)));
    child.once('exit', () => fail(new Error(`the simulator did not start: ${complaints}`)));
  });
  const { listening: url } = JSON.parse(line) as { listening: string };
  const client = twilio(ACCOUNT, TOKEN);
  client.api.baseUrl = url;
  return { child, url, client };
}

function ended(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  return new Promise((settle) => {
    child.once('exit', (code) => settle(code));
    child.kill(signal);
  });
}

async function until({ url }: Running, seconds: number): Promise<{ now: string; nextDue: string | null }> {
  const body = JSON.stringify({ to: clockAfter(seconds) });
  const response = await fetch(`${url}/_control/${CONTROL}/advance`, { method: 'POST', body });
  return (await response.json()) as { now: string; nextDue: string | null };
}

async function calls({ url }: Running): Promise<Record<string, unknown>[]> {
  const text = await (await fetch(`${url}/_control/${CONTROL}/calls`)).text();
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));
}

/** The first mobile number that picks up its first call. */
function phoneOf(kind: string, skip = 0): string {
  for (let n = 0; ; n++) {
    const phone = `+86138${10_000_000 + n}`;
    if (personaOf('process', phone).kind === kind && skip-- === 0) return phone;
  }
}

describe('killed in the middle of a call', () => {
  it('it goes on from its journal: the call has failed, nothing is forgotten and the clock is not behind', async () => {
    const phone = phoneOf('voicemail');
    const order = { to: phone, from: FROM, url: `${base}/voice`, statusCallback: `${base}/status` };
    let simulator = await start();
    const finished = await simulator.client.calls.create(order);
    await until(simulator, 120);
    const alive = await simulator.client.calls.create(order);
    await until(simulator, 150);
    const queued = await simulator.client.calls.create(order);
    expect(await simulator.client.calls(alive.sid).fetch()).toMatchObject({ status: 'in-progress' });
    const before = await calls(simulator);

    await ended(simulator.child, 'SIGKILL');
    appendFileSync(path.join(folder, 'journal.ndjson'), '{"entry":"call","at":"2026-');
    received.length = 0;
    simulator = await start();

    expect(await simulator.client.calls(finished.sid).fetch()).toMatchObject({ status: 'completed' });
    expect(await simulator.client.calls(alive.sid).fetch()).toMatchObject({
      status: 'failed',
      endTime: clockAfter(150),
    });
    expect(await simulator.client.calls(queued.sid).fetch()).toMatchObject({ status: 'failed' });
    expect(
      (await calls(simulator)).map(({ sid, attempt, phone, created }) => ({ sid, attempt, phone, created })),
    ).toEqual(before.map(({ sid, attempt, phone, created }) => ({ sid, attempt, phone, created })));
    expect(received).toEqual([]);
    await until(simulator, 151);
    expect(received.map(({ fields }) => [fields.CallSid, fields.CallStatus]).sort()).toEqual(
      [alive.sid, queued.sid].map((sid) => [sid, 'failed']).sort(),
    );
    const next = await simulator.client.calls.create(order);
    await until(simulator, 400);
    expect(await simulator.client.calls(next.sid).fetch()).toMatchObject({ status: 'completed' });
    expect(await ended(simulator.child, 'SIGTERM')).toBe(0);
  });

  it('a reply not yet sent is sent after all, and once only', async () => {
    const body = SCRIPT.text.overall('王建国');
    let simulator = await start();
    await simulator.client.messages.create({ to: phoneOf('texts-only'), from: FROM, body });
    expect(await until(simulator, 10)).toMatchObject({ nextDue: expect.any(String) });
    await ended(simulator.child, 'SIGKILL');
    simulator = await start();
    await until(simulator, 5 * 3600);
    const replies = received.filter(({ route }) => route === '/sms');
    expect(replies).toHaveLength(1);
    await ended(simulator.child, 'SIGKILL');

    simulator = await start();
    await until(simulator, 10 * 3600);
    expect(received.filter(({ route }) => route === '/sms')).toHaveLength(1);
    const tally = await (await fetch(`${simulator.url}/_control/${CONTROL}/tally`)).json();
    expect(tally).toMatchObject({ calls: 0, texts: 1, replies: 1 });
    expect((await simulator.client.messages.list()).map(({ sid }) => sid)).toContain(replies[0]?.fields.MessageSid);
  });

  it('a reply cut off while it was being sent is sent again under the same id', async () => {
    const first = new Promise<void>((arrived) => {
      silent = arrived;
    });
    let simulator = await start();
    await simulator.client.messages.create({
      to: phoneOf('texts-only'),
      from: FROM,
      body: SCRIPT.text.overall('王建国'),
    });
    until(simulator, 5 * 3600).catch(() => 'the simulator is killed while this is under way');
    await first;
    await ended(simulator.child, 'SIGKILL');
    silent = null;

    simulator = await start();
    await until(simulator, 5 * 3600);
    const sids = received.filter(({ route }) => route === '/sms').map(({ fields }) => fields.MessageSid);
    expect(sids).toHaveLength(2);
    expect(new Set(sids).size).toBe(1);
  });

  it('--fresh forgets', async () => {
    let simulator = await start();
    await simulator.client.calls.create({ to: '+8613800000001', from: FROM, url: `${base}/voice` });
    await ended(simulator.child, 'SIGKILL');
    simulator = await start('--fresh');
    expect(await calls(simulator)).toEqual([]);
  });
});

describe('the process', () => {
  it.each(['standard input', 'the channel'])('ends with its parent: %s closes', async (what) => {
    stdin = what === 'the channel' ? 'ipc' : 'pipe';
    const { child } = await start('--with-parent');
    const code = new Promise((settle) => child.once('exit', settle));
    if (what === 'the channel') child.disconnect();
    else child.stdin?.end();
    expect(await code).toBe(0);
  });

  it('says everything that keeps it from starting, and how to use it', async () => {
    const cast = path.join(folder, 'cast.yaml');
    writeFileSync(cast, 'people: { nobody: 1 }');
    const child = launch(['--port', 'x', '--start', 'soon', '--speed', '0', '--cast', cast], {
      TWILIO_ACCOUNT_SID: '',
      TWILIO_AUTH_TOKEN: '',
    });
    let said = '';
    child.stderr?.on('data', (chunk) => {
      said += chunk;
    });
    const code = await new Promise((settle) => child.once('close', settle));
    expect(code).toBe(2);
    for (const where of ['TWILIO_ACCOUNT_SID', 'TWILIO_AUTH_TOKEN', '--port', '--start', '--speed'])
      expect(said).toContain(`  ${where}: `);
    expect(said).toContain(`  ${cast}, line 1, people`);
    expect(said).not.toContain('    at ');
  });
});
