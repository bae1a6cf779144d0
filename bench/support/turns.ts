import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Agent, createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import twilio from 'twilio';
import type { Database } from '../../src/platform/database.ts';
import type { Conversation } from '../../src/survey/interview/conversation.ts';
import { decide } from '../../src/survey/interview/interview.ts';
import { standardQuestionnaire } from '../../src/survey/questionnaire/questionnaire.ts';
import { drawRound } from '../../src/survey/round/draw.ts';
import { clock, launch, openCity, roundId, roundServices } from './city.ts';

/**
 * Calls at their first question, and the key that answers it: the one turn that stores everything there is to store, an
 * answer, the conversation, the case, the phone and an outbox row. Three ways to take it in (turn-server.ts).
 */
export type Way = 'turn' | 'floor' | 'prisma';

export const authToken = 'the auth token of the benchmarks';
/** Milliseconds after which the question has been heard and a rating counts. */
export const heard = 60_000;
const turnNumber = 2;
const ownKey = Buffer.alloc(32, 7).toString('base64');

/** The service on its own: its carrier is never asked for anything here. */
export const environment = (databaseUrl: string, port: string) => ({
  ...{ DATABASE_URL: databaseUrl, DATA_KEY: ownKey, SESSION_SECRET: ownKey, ROLE: 'web', PORT: port },
  ...{ CARRIER: 'twilio', TWILIO_ACCOUNT_SID: `AC${'0'.repeat(32)}`, TWILIO_AUTH_TOKEN: authToken },
  ...{ TWILIO_FROM_NUMBER: '+8679188000000', PUBLIC_URL: `http://127.0.0.1:${port}` },
});

export interface TurnBench {
  readonly database: Database;
  /** Puts every call back to its first question. */
  reset(): Promise<void>;
  /** A signed key, ready to be sent; sent as often as it is called. */
  keys(way: Way, howMany: number): Key[];
  /** @throws Error unless the database holds exactly what so many keys bring. */
  check(way: Way, howMany: number): Promise<void>;
  close(): Promise<void>;
}

/** Sends the key. @returns the answer's status */
export type Key = () => Promise<number>;

/** @param calls how many calls stand at their first question */
export async function openTurns(calls: number, connections: number): Promise<TurnBench> {
  const city = await openCity(Math.ceil(calls / 10), 10);
  const { database } = city;
  await launch(database);
  if (!(await drawRound(roundServices(database), roundId))) throw new Error('it did not draw');
  await database.query({ text: 'CREATE TABLE bench_floor (attempt_id uuid, number int, digits text, at timestamptz)' });
  const attempts = await placeCalls(database, calls);
  const server = await startServer(city.url, await freePort());
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  return {
    database,
    reset: () => reset(database),
    keys: (way, howMany) =>
      attempts.slice(0, howMany).map((attempt) => {
        const path = way === 'turn' ? `/twilio/voice/${attempt}/${turnNumber}` : `/${way}/${attempt}/${turnNumber}`;
        return key(agent, way === 'turn' ? server.service : server.own, path, attempt);
      }),
    check: (way, howMany) => check(database, way, howMany),
    async close() {
      agent.destroy();
      await server.stop();
      await city.close();
    },
  };
}

/** Calls that were answered and have heard the greeting and the first question. */
async function placeCalls(database: Database, calls: number): Promise<string[]> {
  const rows = await database.query<{ id: string }>({
    text: `
      INSERT INTO attempt (id, case_id, round_id, phone_id, channel, number, slot_at, state, carrier_id, turn, conversation, created_at, dialed_at, answered_at, touched_at)
      SELECT gen_random_uuid(), id, round_id, phone_id, 'voice', 1, $1, 'in-progress', 'CA' || md5(id::text), ${turnNumber}, $2, $1, $1, $1, $1
      FROM survey_case LIMIT $3 RETURNING id`,
    values: [clock.now(), JSON.stringify(firstQuestion()), calls],
  });
  if (rows.length !== calls) throw new Error(`${rows.length} calls and not ${calls}`);
  await database.query({ text: `UPDATE survey_case SET state = 'active', due_at = NULL, due_channel = NULL` });
  return rows.map(({ id }) => id);
}

function firstQuestion(): Conversation {
  const around = {
    ...({ questionnaire: standardQuestionnaire(), language: 'zh-CN', now: clock.now(), rotation: 0 } as const),
    ...({ managerChanged: false, inbound: false, byPerson: false, desk: 'open' } as const),
  };
  const greeting = decide({ conversation: null, answers: {} }, { kind: 'answered' }, around);
  return decide({ conversation: greeting.conversation, answers: {} }, { kind: 'silence' }, around).conversation;
}

async function reset(database: Database): Promise<void> {
  await database.query({ text: 'TRUNCATE turn, answer, outbox, bench_floor' });
  await database.query({
    text: `UPDATE attempt SET turn = ${turnNumber}, conversation = $1 WHERE turn > ${turnNumber}`,
    values: [JSON.stringify(firstQuestion())],
  });
  await database.query({ text: `UPDATE survey_case SET answers = '{}', overall = NULL WHERE overall IS NOT NULL` });
  for (const table of ['attempt', 'survey_case', 'phone']) await database.query({ text: `VACUUM ANALYZE ${table}` });
  // So that none pays for the pages that another has dirtied.
  await database.query({ text: 'CHECKPOINT' });
}

async function check(database: Database, way: Way, howMany: number): Promise<void> {
  const counts: Record<string, string> =
    way === 'floor'
      ? { rows: 'SELECT count(*) FROM bench_floor' }
      : {
          moves: `SELECT count(*) FROM attempt WHERE turn = ${turnNumber + 1}`,
          turns: 'SELECT count(*) FROM turn',
          answers: `SELECT count(*) FROM answer WHERE value = 4`,
          ratings: 'SELECT count(*) FROM survey_case WHERE overall = 4',
          'outbox rows': `SELECT count(*) FROM outbox WHERE topic = 'rated'`,
        };
  for (const [what, text] of Object.entries(counts)) {
    const [row] = await database.query<{ count: string }>({ text });
    if (Number(row?.count) !== howMany) throw new Error(`${way}: ${row?.count} ${what} of ${howMany}`);
  }
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}

async function startServer(databaseUrl: string, port: number) {
  const file = fileURLToPath(new URL('turn-server.ts', import.meta.url));
  const child = spawn(process.execPath, ['--import', 'tsx', file, databaseUrl, String(port)], {
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`the server ended with ${code}`);
  });
  ended.catch(() => {});
  if (!child.stdout) throw new Error('the server has no standard output');
  const [line] = (await Promise.race([once(createInterface(child.stdout), 'line'), ended])) as [string];
  const { service, own } = JSON.parse(line) as { service: string; own: string };
  return {
    ...{ service, own },
    async stop() {
      const gone = once(child, 'exit');
      child.disconnect();
      await gone;
    },
  };
}

/** One key press as Twilio brings it, signed beforehand: what signing costs is the carrier's. */
function key(agent: Agent, origin: string, path: string, attempt: string): Key {
  const fields = {
    ...{ AccountSid: `AC${'0'.repeat(32)}`, ApiVersion: '2010-04-01', CallSid: `CA${attempt}`, Digits: '4' },
    ...{ CallStatus: 'in-progress', Direction: 'outbound-api', FinishedOnKey: '', From: '+8679188000000' },
    ...{ To: '+8613800000000', Called: '+8613800000000', Caller: '+8679188000000', msg: 'Gather End' },
  };
  const body = new URLSearchParams(fields).toString();
  const headers = {
    'Content-Type': 'application/x-www-form-urlencoded; charset=UTF-8',
    'Content-Length': body.length,
    'X-Twilio-Signature': twilio.getExpectedTwilioSignature(authToken, origin + path, fields),
  };
  return () =>
    new Promise((answered, fail) => {
      const asking = request(origin + path, { method: 'POST', agent, headers }, (response) => {
        response.resume();
        response.on('end', () => answered(response.statusCode ?? 0));
        response.on('error', fail);
      });
      asking.on('error', fail);
      asking.end(body);
    });
}

/** Presses all keys, each connection one after the other. @returns seconds, once all are answered with 200 */
export async function pressAll(keys: readonly Key[], connections: number): Promise<number> {
  const left = keys.values();
  const begun = performance.now();
  await Promise.all(
    Array.from({ length: connections }, async () => {
      for (const press of left) {
        const status = await press();
        if (status !== 200) throw new Error(`a key was answered with ${status}`);
      }
    }),
  );
  return (performance.now() - begun) / 1000;
}
