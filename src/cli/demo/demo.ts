import { join, resolve } from 'node:path';
import { z } from 'zod';
import { type Config, readConfig } from '../../config.ts';
import { dataFolder } from '../../foundation.ts';
import { type Service, startService } from '../../main.ts';
import { seededChance, systemChance } from '../../platform/chance.ts';
import { StandingClock, systemClock } from '../../platform/clock.ts';
import { connect } from '../../platform/database.ts';
import { BadInput } from '../../platform/errors.ts';
import type { Log } from '../../platform/log.ts';
import { openEmbeddedPostgres } from '../../platform/postgres/embedded.ts';
import { openSecrets } from '../../platform/secrets.ts';
import { findPublication } from '../../scoring/store.ts';
import { importIndicators, importManagers, importRetailers } from '../../survey/roster/import.ts';
import { launchRound } from '../../survey/round/launch.ts';
import { ensureFirstAdmin, signInLinkFor } from '../../web/sign-in.ts';
import type { Services } from '../../workers/services.ts';
import { listenForStop, type Stop } from '../stop.ts';
import { printBoard } from './board.ts';
import { summarise, writeBundle } from './bundle.ts';
import { type Clockwork, storedTime, turn } from './clockwork.ts';
import { openControl, type SimulatorControl } from './control.ts';
import { type Beginning, claimDatabase, type DemoArguments, readMark, writeMark } from './ownership.ts';
import { followRound, type Progress } from './progress.ts';
import { generateRoster } from './roster.ts';

/** `huifang demo`: one round, from roster to notice board, with nothing but this machine. */
export interface DemoOptions {
  readonly managers?: string;
  readonly retailers?: string;
  readonly seed: string;
  readonly out?: string;
  readonly exit: boolean;
  readonly discard: boolean;
}

const period = '2026-12';
const roundId = `${period}-R1`;
const start = new Date('2026-12-01T09:30:00+08:00');
/** Fast enough to be looked at, slow enough to be a carrier's. */
const callsPerSecond = 10;
const concurrentCalls = 1000;
const folder = join(dataFolder, 'demo');
/** The demo's own database outlives a kill, not a power failure: then the demo starts again. */
const durable = false;

export async function demo(options: DemoOptions, log: Log, progress: Progress): Promise<void> {
  const asked = listenForStop();
  const began = systemClock.now().getTime();
  const wanted = readArguments(options);
  const config = demoConfig();
  const server = config.DATABASE_URL
    ? null
    : await openEmbeddedPostgres({ dataDir: join(folder, 'postgres'), log, durable });
  let service: Service | null = null;
  let clock: StandingClock | null = null;
  try {
    const url = config.DATABASE_URL ?? server?.url ?? '';
    const beginning = await claimDatabase(url, wanted, options.discard);
    progress.say(beginnings[beginning]);
    clock = new StandingClock((beginning === 'resumed' && (await timeOf(url))) || start);
    const token = systemChance.bytes(16).toString('hex');
    const simulator = {
      args: [
        ...['--data', join(folder, 'simulator'), '--seed', wanted.seed, '--start', clock.now().toISOString()],
        ...(beginning === 'resumed' ? [] : ['--fresh']),
        // Whether a ring-back still finds its case open is a matter of seconds, and the demo's scores follow from its seed.
        ...['--ring-backs', '0'],
      ],
      env: { SIMULATOR_CONTROL_TOKEN: token },
    };
    service = await startService(config, { log, clock, folder, durable, alone: true, simulator });
    const { services } = service;
    const control = openControl(service.simulatorUrl ?? '', token);
    clock.advance((await control.quiet()).now);
    await prepare(services, wanted, beginning, progress);
    await service.work({ heartbeat: false });
    await services.queues.add('reconcile', {});
    await playRound({ services, clock, simulator: control }, asked, progress);
    if (asked.already) {
      progress.say('已停下，下次从这里继续 · stopped; the next run goes on from here');
      process.exitCode = 130;
      return;
    }
    await writeMark(services.database.query, { ...wanted, state: 'finished' });
    await report(service, control, options, Math.round((systemClock.now().getTime() - began) / 100) / 10, progress);
    if (!options.exit) await asked.toStop;
  } finally {
    progress.stop();
    // Calls that wait for their slot would wait for ever; their attempts are taken up again by the next run.
    clock?.stop();
    await service?.stop();
    await server?.close();
  }
}

const beginnings: Readonly<Record<Beginning, string>> = {
  new: '新的演示 · a new demo',
  resumed: '接着上次未完成的演示 · resuming the unfinished demo',
  again: '上次演示已结束，重新开始 · the last demo was finished, starting anew',
};

const wholeNumber = (least: number, most: number) =>
  z
    .string()
    .regex(/^\d{1,9}$/, 'must be a whole number')
    .transform(Number)
    .pipe(z.number().min(least, `must be at least ${least}`).max(most, `must be at most ${most}`));

function readArguments({ managers = '20', retailers, seed }: DemoOptions): DemoArguments {
  const read = z
    .object({
      '--managers': wholeNumber(1, 500),
      '--retailers': wholeNumber(1, 100_000),
      '--seed': z.string().min(1, 'must not be empty').max(100),
    })
    .superRefine((given, context) => {
      if (given['--retailers'] < given['--managers'])
        context.addIssue({ code: 'custom', path: ['--retailers'], message: 'must be at least one for each manager' });
      if (given['--retailers'] > given['--managers'] * 300)
        context.addIssue({ code: 'custom', path: ['--retailers'], message: 'must be at most 300 for each manager' });
    })
    .safeParse({ '--managers': managers, '--retailers': retailers ?? String(Number(managers) * 180), '--seed': seed });
  if (!read.success)
    throw new BadInput(
      'the demo cannot be run like this',
      read.error.issues.map(({ path, message }) => ({ where: path.join('.'), message })),
    );
  return { managers: read.data['--managers'], retailers: read.data['--retailers'], seed: read.data['--seed'] };
}

/** The environment may name servers and a port; everything that would reach a real telephone is the demo's own. */
function demoConfig(): Config {
  const { DATABASE_URL, REDIS_URL, PORT, PUBLIC_URL, DATA_KEY, SESSION_SECRET, LOG_LEVEL } = process.env;
  const secrets = openSecrets(folder, systemChance);
  return readConfig({
    ...{ DATABASE_URL, REDIS_URL, PORT, PUBLIC_URL, LOG_LEVEL },
    DATA_KEY: DATA_KEY || secrets.dataKey.toString('base64'),
    SESSION_SECRET: SESSION_SECRET || secrets.sessionSecret,
    CARRIER: 'simulator',
    CALLS_PER_SECOND: String(callsPerSecond),
    MAX_CONCURRENT_CALLS: String(concurrentCalls),
  });
}

async function timeOf(url: string): Promise<Date | null> {
  const database = connect(url, { connections: 1 });
  try {
    return await storedTime(database);
  } finally {
    await database.close();
  }
}

/** Roster and launch, each left as it is where an unfinished demo came that far. */
async function prepare(
  services: Services,
  wanted: DemoArguments,
  beginning: Beginning,
  progress: Progress,
): Promise<void> {
  const { database, clock } = services;
  if (beginning === 'resumed') await services.queues.clear();
  if (!(await readMark(database.query))) await writeMark(database.query, { ...wanted, state: 'running' });
  const launched = await database.query({ text: 'SELECT FROM round WHERE id = $1', values: [roundId] });
  if (launched.length > 0) return;
  if (beginning !== 'resumed') await services.queues.clear();
  progress.say(`名册 · roster: ${wanted.managers} 名客户经理, ${wanted.retailers} 户零售户`);
  const roster = generateRoster({ ...wanted, period });
  await importManagers(services, Buffer.from(roster.managersCsv));
  await importRetailers(services, Buffer.from(roster.retailersCsv));
  await importIndicators(services, Buffer.from(roster.indicatorsCsv));
  progress.say('抽样 · draw: committed, frame frozen at launch');
  await launchRound(
    { ...services, clock },
    {
      ...{ roundId, period, questionnaireId: 'HF-1', ruleSetId: 'RS-1', actor: 'demo' },
      nonceChance: seededChance(`nonces|${wanted.seed}`),
    },
  );
}

async function playRound(clockwork: Clockwork, asked: Stop, progress: Progress): Promise<void> {
  const { database } = clockwork.services;
  const following = followRound(clockwork, roundId, progress);
  await turn(clockwork, async () => {
    await following.look();
    return asked.already || (await isPublished(database));
  });
  following.done();
}

async function isPublished({ query }: Services['database']): Promise<boolean> {
  const rows = await query({
    name: 'demo-published',
    text: 'SELECT FROM publication WHERE period = $1',
    values: [period],
  });
  return rows.length > 0;
}

async function report(
  service: Service,
  control: SimulatorControl,
  { out, exit }: DemoOptions,
  seconds: number,
  progress: Progress,
): Promise<void> {
  const { services } = service;
  const publication = await findPublication(services.database.query, period);
  if (!publication) throw new Error('the round is finished and nothing is published');
  const callLog = await control.calls();
  const summary = await summarise(services, roundId, callLog, seconds);
  if (out) {
    await writeBundle(services, roundId, period, resolve(out), { summary, callLog });
    progress.say(`复算包 · auditors' bundle: ${resolve(out)}`);
  }
  printBoard(publication, summary, process.stdout);
  if (exit) return;
  const admin = await ensureFirstAdmin(services, service.publicUrl);
  const link = admin ?? (await signInLinkFor(services, service.publicUrl, await anyAdmin(services)));
  process.stdout.write(
    `\n  控制台 · console   ${service.publicUrl}\n  一次性登录 · one-time sign-in link\n  ${link}\n\n  Ctrl-C 结束 · to stop\n`,
  );
}

async function anyAdmin({ database }: Services): Promise<string> {
  const admin = await database.prisma.user.findFirstOrThrow({ where: { role: 'admin' } });
  return admin.id;
}
