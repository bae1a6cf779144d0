import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { aliyunSettings, openSounds, textKind } from './carriers.ts';
import type { Config } from './config.ts';
import { dataFolder, openDatabase, vaultOf } from './foundation.ts';
import { Activity } from './platform/activity.ts';
import { type Chance, systemChance } from './platform/chance.ts';
import { type Child, startChild } from './platform/child.ts';
import { type Clock, systemClock } from './platform/clock.ts';
import type { Database } from './platform/database.ts';
import { never } from './platform/errors.ts';
import type { Log } from './platform/log.ts';
import { openQueues } from './platform/queue.ts';
import { openSecrets, type Secrets } from './platform/secrets.ts';
import { holdAlone } from './platform/sole-holder.ts';
import { parseRules } from './scoring/rules.ts';
import { parseQuestionnaire } from './survey/questionnaire/questionnaire.ts';
import { openAliyun } from './telephony/aliyun/aliyun.ts';
import { Ari } from './telephony/asterisk/ari.ts';
import { openAsterisk } from './telephony/asterisk/asterisk.ts';
import { type Line, openLine } from './telephony/asterisk/line.ts';
import type { Sounds } from './telephony/asterisk/sounds.ts';
import type { TextPort, VoicePort } from './telephony/ports.ts';
import { openGateway } from './telephony/sms-gateway/gateway.ts';
import { openTwilio, type TwilioSettings } from './telephony/twilio/twilio.ts';
import { createApp, type WebSettings } from './web/app.ts';
import { answeringExchange } from './web/exchange.ts';
import { catalogue, concurrency } from './workers/catalogue.ts';
import { handlersFor } from './workers/handlers.ts';
import { startHeartbeat } from './workers/heartbeat.ts';
import type { Services } from './workers/services.ts';

/** The only place where parts are wired together. */

export interface Surroundings {
  readonly log: Log;
  readonly clock?: Clock;
  readonly chance?: Chance;
  /** Where an embedded installation keeps its data. */
  readonly folder?: string;
  /** Whether the embedded database must outlive a power failure. */
  readonly durable?: boolean;
  /** This process alone works the queues, and its clock stands while a job is under way. */
  readonly alone?: boolean;
  /** How the built-in simulator is started; by default in real time, with its journal in the folder. */
  readonly simulator?: { readonly args: readonly string[]; readonly env: Readonly<Record<string, string>> };
}

export interface Service {
  readonly services: Services;
  /** Where people and carriers reach it. */
  readonly publicUrl: string;
  /** Where the built-in simulator listens, if it runs. */
  readonly simulatorUrl: string | null;
  /** Starts taking jobs. Before it, nothing is called and nothing written to anybody. */
  work(options: { readonly heartbeat: boolean }): Promise<void>;
  /** Drains, then stops everything that was started; leaves no process behind. */
  stop(): Promise<void>;
}

/** First nothing new is begun, then what runs is finished, then what it stood on goes. */
const stopOrder = ['heartbeat', 'queues', 'line', 'server', 'simulator', 'database'] as const;

export async function startService(config: Config, surroundings: Surroundings): Promise<Service> {
  const { log, clock = systemClock, chance = systemChance, folder = dataFolder, alone = false } = surroundings;
  const started: Partial<Record<(typeof stopOrder)[number], () => Promise<void>>> = {};
  const stop = async () => {
    for (const part of stopOrder) {
      const stopPart = started[part];
      delete started[part];
      await stopPart?.();
    }
  };
  try {
    const { url, database, close } = await openDatabase(config, { ...surroundings, folder });
    started.database = close;
    const secrets = readSecrets(config, folder, chance);
    const activity = new Activity();
    const settings = { redisUrl: config.REDIS_URL ?? null, databaseUrl: url, prefix: 'huifang_jobs', alone };
    const queues = await openQueues(catalogue, settings, { activity, chance: systemChance, log });
    started.queues = () => queues.close();
    const server = await listen(config);
    const publicUrl = config.PUBLIC_URL ?? `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    started.server = () => closeServer(server);
    const simulator = await startSimulator(config, surroundings, folder, secrets, publicUrl);
    if (simulator) started.simulator = () => simulator.child.stop();
    const carriers = remembered(async (kind) =>
      openTwilio(twilioSettings(kind as Kind, config, secrets, simulator?.url, publicUrl)),
    );
    const exchange = openExchange(config, { query: database.query, vault: secrets.vault, clock });
    const voice = exchange?.voice ?? (await carriers(config.CARRIER)).voice;
    const text = await openTexts(config, clock, async (kind) => (await carriers(kind)).text);
    const pace = { perSecond: config.CALLS_PER_SECOND };
    const services: Services = {
      database,
      clock,
      chance,
      vault: secrets.vault,
      log,
      activity,
      queues,
      voice: {
        port: voice,
        lane: { ...pace, carrier: voice.carrier, channel: 'voice', concurrent: config.MAX_CONCURRENT_CALLS },
      },
      text: text && { port: text, lane: { ...pace, carrier: text.carrier, channel: 'sms', concurrent: null } },
      ...(exchange && { sounds: exchange.sounds }),
      questionnaire: remembered(async (id) => parseQuestionnaire(await findDocument(database, 'questionnaire', id))),
      rules: remembered(async (id) => parseRules(await findDocument(database, 'ruleSet', id))),
    };
    if (config.ROLE !== 'worker') {
      const { authTokens, sessionSecret } = secrets;
      const pushes = textWebhooks(config);
      server.removeAllListeners('request');
      server.on(
        'request',
        createApp(services, { twilio: { authTokens, publicUrl }, ...pushes, publicUrl, sessionSecret }),
      );
    }
    return {
      services,
      publicUrl,
      simulatorUrl: simulator?.url ?? null,
      async work({ heartbeat }) {
        if (config.ROLE === 'web') return;
        await queues.work(handlersFor(services), concurrency);
        if (exchange) {
          const line = () => holdLine(services, exchange);
          started.line = holdAlone({ url, name: 'exchange-line', log }, line).close;
        }
        if (heartbeat) started.heartbeat = startHeartbeat(services);
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Who speaks Twilio's protocol to us: the simulator beside us, or Twilio. */
type Kind = 'simulator' | 'twilio';

function readSecrets(config: Config, folder: string, chance: Chance) {
  let opened: Secrets | null = null;
  const own = () => {
    opened ??= openSecrets(folder, chance);
    return opened;
  };
  const real = { accountSid: config.TWILIO_ACCOUNT_SID ?? '', authToken: config.TWILIO_AUTH_TOKEN ?? '' };
  const simulated = config.TWILIO_API_BASE_URL ? real : { accountSid: own().carrierSid, authToken: own().carrierToken };
  const account = { simulator: simulated, twilio: real } satisfies Record<Kind, unknown>;
  const kinds = [config.CARRIER, textKind(config)].filter((kind) => kind === 'simulator' || kind === 'twilio');
  const tokens = [...kinds.map((kind) => account[kind].authToken), config.TWILIO_AUTH_TOKEN_PREVIOUS ?? ''];
  return {
    account,
    /** With which of them a request to us may be signed. */
    authTokens: [...new Set(tokens)].filter((token) => token !== ''),
    vault: vaultOf(config, own),
    sessionSecret: config.SESSION_SECRET ?? own().sessionSecret,
  };
}

/** An Asterisk of one's own, where that carries the calls. */
interface Exchange {
  readonly voice: VoicePort;
  readonly ari: Ari;
  readonly endpoint: string;
  readonly sounds: Sounds;
}

function openExchange(config: Config, standing: Parameters<typeof openAsterisk>[2]): Exchange | null {
  if (config.CARRIER !== 'asterisk') return null;
  const ari = new Ari({
    url: config.ASTERISK_ARI_URL ?? '',
    user: config.ASTERISK_ARI_USER ?? '',
    password: config.ASTERISK_ARI_PASSWORD ?? '',
  });
  const endpoint = config.ASTERISK_ENDPOINT ?? '';
  const voice = openAsterisk(ari, { endpoint, fromNumbers: config.ASTERISK_FROM_NUMBER ?? [] }, standing);
  return { voice, ari, endpoint, sounds: openSounds(config) };
}

const holdLine = (services: Services, { ari, endpoint, sounds }: Exchange): Line =>
  openLine({
    ...{ ari, sounds, query: services.database.query, log: services.log },
    ...{ answering: answeringExchange(services, endpoint), now: () => services.clock.now() },
  });

async function openTexts(
  config: Config,
  clock: Clock,
  twilioTexts: (kind: Kind) => Promise<TextPort>,
): Promise<TextPort | null> {
  const kind = textKind(config);
  switch (kind) {
    case 'none':
      return null;
    case 'aliyun':
      return openAliyun(aliyunSettings(config, clock));
    case 'http':
      return openGateway({ url: config.SMS_GATEWAY_URL ?? '', token: config.SMS_GATEWAY_TOKEN ?? '' });
    case 'simulator':
    case 'twilio':
      return twilioTexts(kind);
    default:
      return never(kind);
  }
}

/** Only the carrier of texts that is in use may push anything. */
function textWebhooks(config: Config): Pick<WebSettings, 'aliyun' | 'gateway'> {
  const kind = textKind(config);
  return {
    aliyun: kind === 'aliyun' ? { pushToken: config.ALIYUN_PUSH_TOKEN ?? '' } : null,
    gateway: kind === 'http' ? { secret: config.SMS_GATEWAY_SECRET ?? '' } : null,
  };
}

function twilioSettings(
  kind: Kind,
  config: Config,
  { account }: ReturnType<typeof readSecrets>,
  simulatorUrl: string | undefined,
  publicUrl: string,
): TwilioSettings {
  return {
    ...account[kind],
    baseUrl: (kind === 'simulator' ? simulatorUrl : undefined) ?? config.TWILIO_API_BASE_URL ?? null,
    // The simulator takes any number of ours; this one is in no numbering plan's use.
    fromNumbers: config.TWILIO_FROM_NUMBER ?? ['+8679188000000'],
    messagingServiceSid: kind === 'twilio' ? (config.TWILIO_MESSAGING_SERVICE_SID ?? null) : null,
    publicUrl,
  };
}

/** Listens before anything else knows the address; until the service is up it says so. */
async function listen(config: Config): Promise<Server> {
  const server = createServer((_, response) => response.writeHead(503, { 'Retry-After': '2' }).end('starting\n'));
  // A carrier keeps its connections open between two keys; closing them under it costs the caller a silence.
  server.keepAliveTimeout = 65_000;
  // Nobody here has much to say: a request that takes longer is held open on purpose.
  server.requestTimeout = 20_000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(config.ROLE === 'worker' ? 0 : config.PORT, resolve);
  });
  return server;
}

const drainMilliseconds = 10_000;

/** Lets requests that are being served end, within reason. */
async function closeServer(server: Server): Promise<void> {
  const insist = setTimeout(() => server.closeAllConnections(), drainMilliseconds);
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
    server.closeIdleConnections();
  });
  clearTimeout(insist);
}

/** Numbers of the simulated carrier that belong to our own people; no simulated shop has one (0791 and mobiles). */
const colleagues = '+861088880';

async function startSimulator(
  config: Config,
  { simulator }: Surroundings,
  folder: string,
  { account: { simulator: us } }: ReturnType<typeof readSecrets>,
  publicUrl: string,
): Promise<{ child: Child; url: string } | null> {
  const wanted = config.CARRIER === 'simulator' || config.TEXT_CARRIER === 'simulator';
  if (!wanted || config.TWILIO_API_BASE_URL) return null;
  const { args, env } = simulator ?? { args: ['--data', join(folder, 'simulator')], env: {} };
  const child = await startChild(
    new URL('./telephony/simulator/main.ts', import.meta.url),
    [
      ...['--with-parent', '--sms-url', `${publicUrl}/twilio/text`],
      ...['--colleagues', colleagues],
      ...['--voice-url', `${publicUrl}/twilio/voice/inbound`],
      ...['--voice-status-url', `${publicUrl}/twilio/voice/inbound/status`],
      ...args,
    ],
    { TWILIO_ACCOUNT_SID: us.accountSid, TWILIO_AUTH_TOKEN: us.authToken, ...env },
  );
  const { listening } = JSON.parse(child.ready) as { listening: string };
  return { child, url: listening };
}

async function findDocument({ prisma }: Database, kind: 'questionnaire' | 'ruleSet', id: string): Promise<unknown> {
  const where = { where: { id } };
  const found =
    kind === 'questionnaire'
      ? await prisma.questionnaire.findUniqueOrThrow(where)
      : await prisma.ruleSet.findUniqueOrThrow(where);
  return found.document;
}

/** Versions never change: each is read once. A failed reading is not remembered. */
function remembered<T>(read: (id: string) => Promise<T>): (id: string) => Promise<T> {
  const known = new Map<string, Promise<T>>();
  return (id) => {
    const there = known.get(id);
    if (there) return there;
    const reading = read(id);
    known.set(id, reading);
    reading.catch(() => known.delete(id));
    return reading;
  };
}
