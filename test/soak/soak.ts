import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as pass } from 'node:timers/promises';
import { openControl } from '../../src/cli/demo/control.ts';
import { generateRoster } from '../../src/cli/demo/roster.ts';
import { readConfig } from '../../src/config.ts';
import { startService } from '../../src/main.ts';
import { type Chance, seededChance } from '../../src/platform/chance.ts';
import { startChild } from '../../src/platform/child.ts';
import { StandingClock } from '../../src/platform/clock.ts';
import { openLog } from '../../src/platform/log.ts';
import { importIndicators, importManagers, importRetailers } from '../../src/survey/roster/import.ts';
import { launchRound } from '../../src/survey/round/launch.ts';
import { agenda } from '../../src/workers/heartbeat.ts';
import { type Reckoning, reckon } from './count.ts';
import { Crew } from './crew.ts';
import { Strangers } from './strangers.ts';

/**
 * A whole round over the simulated carrier with every fault it has, strangers knocking meanwhile, and worker processes
 * killed with kill -9 at any moment. The clock is one for all processes and stands while anything is under way, as in
 * the demo; who is killed in the middle of something leaves it where it was.
 */
export interface SoakOptions {
  readonly databaseUrl: string;
  /** null = queues on PostgreSQL. */
  readonly redisUrl: string | null;
  readonly interviews: number;
  readonly seed: string;
  /** Share of orders, and of calls, that the carrier plays one of its tricks on. */
  readonly mischief: number;
  readonly workers: number;
  /** Real milliseconds between two kills, on average. */
  readonly killEvery: number;
  /** Seconds between two looks at the clock: what falls between them happens at once. */
  readonly step: number;
  readonly say: (line: string) => void;
}

const start = new Date('2026-12-01T09:30:00+08:00');
const roundId = '2026-12-R1';
const period = '2026-12';
const account = `AC${'5'.repeat(32)}`;
const token = 'the token of the soak';
const control = 'soak';
const shopsEach = 10;
const ownKey = Buffer.alloc(32, 5).toString('base64');

export async function soak(options: SoakOptions): Promise<Reckoning> {
  const { databaseUrl, redisUrl, interviews, seed, workers, step, say } = options;
  const chance = seededChance(`soak|${seed}`);
  const clock = new StandingClock(start);
  const port = await freePort();
  const publicUrl = `http://127.0.0.1:${port}`;
  const simulator = await startChild(
    new URL('../../src/telephony/simulator/main.ts', import.meta.url),
    [
      ...['--with-parent', '--seed', seed, '--start', start.toISOString(), '--mischief', String(options.mischief)],
      ...['--sms-url', `${publicUrl}/twilio/text`, '--voice-url', `${publicUrl}/twilio/voice/inbound`],
      ...['--voice-status-url', `${publicUrl}/twilio/voice/inbound/status`],
    ],
    { TWILIO_ACCOUNT_SID: account, TWILIO_AUTH_TOKEN: token, SIMULATOR_CONTROL_TOKEN: control },
  );
  const { listening } = JSON.parse(simulator.ready) as { listening: string };
  const environment = {
    ...{
      DATABASE_URL: databaseUrl,
      ...(redisUrl && { REDIS_URL: redisUrl }),
      DATA_KEY: ownKey,
      SESSION_SECRET: ownKey,
    },
    ...{ CARRIER: 'simulator', TWILIO_API_BASE_URL: listening, TWILIO_ACCOUNT_SID: account, TWILIO_AUTH_TOKEN: token },
    ...{ PUBLIC_URL: publicUrl, CALLS_PER_SECOND: '20', MAX_CONCURRENT_CALLS: '2000' },
  };
  const web = { ...environment, ROLE: 'web', PORT: String(port) };
  const service = await startService(readConfig(web), { log: openLog('fatal'), clock });
  const crew = new Crew({ ...environment, ROLE: 'worker', PORT: '0' }, () => clock.now());
  const { services } = service;
  try {
    await services.queues.clear();
    const roster = generateRoster({
      ...{ managers: Math.ceil(interviews / shopsEach), retailers: Math.ceil(interviews * 1.12), seed, period },
    });
    await importManagers(services, Buffer.from(roster.managersCsv));
    await importRetailers(services, Buffer.from(roster.retailersCsv));
    await importIndicators(services, Buffer.from(roster.indicatorsCsv));
    await launchRound(services, { roundId, period, questionnaireId: 'HF-1', ruleSetId: 'RS-1', actor: 'soak' });
    await Promise.all(Array.from({ length: workers }, () => crew.hire()));
    const strangers = new Strangers(publicUrl, token, chance);
    const killing = killNowAndThen(crew, chance, options.killEvery);
    await playRound({
      services,
      clock,
      crew,
      strangers,
      city: openControl(listening, control),
      step: step * second,
      say,
    });
    await killing.stop();
    const ask = async (path: string) => (await fetch(`${listening}/_control/${control}/${path}`)).text();
    const { probes } = JSON.parse(await ask('tally')) as { probes: Record<string, number> };
    const carrier = { calls: await ask('calls'), transcripts: await ask('transcripts'), probes };
    const { figures, wrongs } = await reckon(services.database, carrier);
    return {
      figures: { ...figures, 'workers killed': crew.kills, 'strangers’ requests': strangers.requests },
      wrongs: { ...wrongs, 'strangers answered otherwise than they should be': strangers.wrongs },
    };
  } finally {
    await crew.close();
    await service.stop();
    await simulator.stop();
  }
}

interface World {
  readonly services: Awaited<ReturnType<typeof startService>>['services'];
  readonly clock: StandingClock;
  readonly crew: Crew;
  readonly strangers: Strangers;
  readonly city: ReturnType<typeof openControl>;
  /** Milliseconds. */
  readonly step: number;
  readonly say: (line: string) => void;
}

const second = 1000;
const minute = 60 * second;
/** Nothing due may be looked for longer than this before it is looked for again. */
const longestRest = 10 * minute;

/** As the heartbeat does, until the round is published and everything is at rest. */
async function playRound(world: World): Promise<void> {
  const { services, clock, crew, strangers, city, step, say } = world;
  const asked = { dispatch: 0, reconcile: 0 };
  let told = 0;
  for (;;) {
    const { nextDue, awaited } = await standstill(world);
    const now = clock.now().getTime();
    if (performance.now() - told > 30_000) {
      told = performance.now();
      say(`${clock.now().toISOString()}  ${await progress(services)}  ${crew.kills} kills`);
    }
    const due = await agenda(services);
    const isDue = (at: Date | null) => at !== null && at.getTime() <= now;
    if (now - asked.reconcile >= minute || (isDue(due.reconcile) && asked.reconcile < now)) {
      asked.reconcile = now;
      await services.queues.add('reconcile', {});
      continue;
    }
    if (isDue(due.dispatch) && asked.dispatch < now) {
      asked.dispatch = now;
      await services.queues.add('dispatch', {});
      continue;
    }
    if (await isOver(services, nextDue)) return;
    await strangers.knock();
    const moments = [due.dispatch, due.reconcile, nextDue, ...awaited].flatMap((at) => (at ? [at.getTime()] : []));
    const later = moments.filter((at) => at > now);
    const stuck = moments.length > later.length;
    // By whole seconds, as everything at the carrier, or by several: what falls into one step then happens at once, which
    // is worse still.
    const soonest = Math.min(...later, now + (stuck ? second : longestRest));
    const next = new Date(Math.ceil(soonest / step) * step);
    clock.advance(next);
    await crew.advance(next);
    await city.advance(next);
  }
}

/** Waits until nothing is under way anywhere, and no job lies untaken. */
async function standstill({ services, clock, crew, city }: World) {
  let before = -1;
  for (;;) {
    const { nextDue } = await city.quiet();
    await services.activity.quiet();
    const { begun, awaited } = await crew.quiet();
    const waiting = await services.queues.waiting();
    const done = begun + services.activity.begun;
    if (waiting === 0 && done === before) {
      const own = clock.awaited();
      return { nextDue, awaited: own ? [...awaited, own] : awaited };
    }
    before = done;
    if (waiting > 0) await pass(2);
  }
}

async function isOver({ database }: World['services'], nextDue: Date | null): Promise<boolean> {
  if (nextDue) return false;
  const [row] = await database.query<{ over: boolean }>({
    name: 'soak-over',
    text: `
      SELECT EXISTS (SELECT FROM publication) AND NOT EXISTS (SELECT FROM attempt WHERE state <> 'ended')
             AND NOT EXISTS (SELECT FROM message WHERE check_at IS NOT NULL) AND NOT EXISTS (SELECT FROM outbox) AS over`,
  });
  return row?.over ?? false;
}

async function progress({ database }: World['services']): Promise<string> {
  const [row] = await database.query<Record<string, string>>({
    text: `SELECT (SELECT count(*) FROM attempt) AS attempts, (SELECT count(*) FROM attempt WHERE state <> 'ended') AS live,
                  (SELECT count(*) FROM survey_case WHERE state = 'done') AS done, (SELECT count(*) FROM survey_case) AS cases,
                  (SELECT count(*) FROM outbox) AS outbox`,
  });
  return Object.entries(row ?? {})
    .map(([what, count]) => `${what} ${count}`)
    .join('  ');
}

function killNowAndThen(crew: Crew, chance: Chance, every: number) {
  let stopped = false;
  const ending = new AbortController();
  const share = () => chance.bytes(4).readUInt32BE() / 2 ** 32;
  const killing = (async () => {
    while (!stopped) {
      await pass(every * 2 * share(), undefined, { signal: ending.signal }).catch(() => {});
      if (!stopped) await crew.kill(share());
    }
  })();
  return {
    async stop() {
      stopped = true;
      ending.abort();
      await killing;
    },
  };
}

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const { port } = probe.address() as AddressInfo;
  await new Promise((closed) => probe.close(closed));
  return port;
}
