import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { BadInput, type Fault } from '../../platform/errors.ts';
import { type Cast, readCast } from './cast.ts';
import { callFaults, evenly, orderFaults } from './mischief.ts';
import { KINDS } from './personas.ts';
import { type Simulator, type SimulatorOptions, startSimulator } from './server.ts';

export { type Simulator, type SimulatorOptions, startSimulator } from './server.ts';

/** The simulator as a process of its own: `huifang simulate`, or this file run directly. */

/** Names in lines that a terminal does not break. */
function wrapped(names: readonly string[]): string {
  return names
    .join(', ')
    .replace(/(.{1,96})(?: |$)/g, '\n  $1')
    .replace(/\n$/, '');
}

export const USAGE = `A carrier that speaks Twilio's protocol, with simulated retailers on its lines.

  --port N           port to listen on; 0 takes any (default 0)
  --host ADDRESS     address to listen on (default 127.0.0.1)
  --seed TEXT        fixes who sits behind which number (default: the cast's, or "huifang")
  --data DIR         keep a journal there and go on from it; without it nothing outlives the process
  --fresh            forget what the journal holds
  --cast FILE        who is on the lines and what goes wrong, JSON or YAML: shares of kinds of people and of faults,
                     and number by number what somebody does (example-cast.yaml beside the simulator shows all of it)
  --start ISO        let the clock stand from then on, until control advances it
  --speed N          let the clock run N times as fast as the machine's, from --start or from now on (0.1 to 1000)
  --sms-url URL      where replies to texts are sent
  --voice-url URL    where people who ring back a missed call are put through to; without it nobody rings
  --voice-status-url URL   where the end of such a call is told
  --ring-backs SHARE of those who would ring back, 0 to 1 (default 1)
  --colleagues PREFIX   numbers that begin so are the customer's own people: they always answer
  --number E164      the number a messaging service sends from
  --mischief SHARE   of orders and calls that meet with one of a carrier's faults, 0 to 1 (default 0); the cast's go first
  --with-parent      exit when standard input or the IPC channel closes

Environment: TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN, SIMULATOR_CONTROL_TOKEN (opens /_control/TOKEN/: a page with every
call and text, what was said and keyed, and how your code answered; …/transcripts has the same as NDJSON).

In your code: client.api.baseUrl = 'http://127.0.0.1:PORT', or send what you send to api.twilio.com there.

Kinds of people:${wrapped(KINDS)}
Faults of an order for a call:${wrapped(orderFaults)}
Faults of a call:${wrapped(callFaults)}

Prints {"listening":"http://…"} on standard output when it is ready.
`;

/**
 * Starts the simulator as the command line says, prints its address and stops it on SIGTERM or SIGINT.
 *
 * @param args words after the command
 * @throws BadInput when options or environment cannot be used
 */
export async function runSimulator(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>> = process.env,
): Promise<Simulator> {
  const { options, withParent } = readOptions(args, env);
  const simulator = await startSimulator({
    ...options,
    onAlert: (alert) =>
      process.stderr.write(`${JSON.stringify({ alert: alert.code, sid: alert.sid, reason: alert.reason })}\n`),
  });
  process.stdout.write(`${JSON.stringify({ listening: simulator.url })}\n`);
  let stopping = false;
  const stop = () => {
    if (stopping) return;
    stopping = true;
    void simulator.close().then(() => process.exit(0));
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
  if (withParent) {
    process.once('disconnect', stop);
    if (!process.connected) process.stdin.once('end', stop).once('close', stop).resume();
  }
  return simulator;
}

function readOptions(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): { options: SimulatorOptions; withParent: boolean } {
  const values = readWords(args);
  const accountSid = env.TWILIO_ACCOUNT_SID ?? '';
  const authToken = env.TWILIO_AUTH_TOKEN ?? '';
  const port = /^\d{1,5}$/.test(values.port) ? Number(values.port) : Number.NaN;
  const start = values.start === undefined ? null : new Date(values.start);
  const smsUrl = values['sms-url'];
  const { 'voice-url': voiceUrl, 'voice-status-url': voiceStatusUrl } = values;
  const share = (value: string) => (/^\d(\.\d+)?$/.test(value) ? Number(value) : Number.NaN);
  const speed =
    values.speed === undefined ? null : /^\d+(\.\d+)?$/.test(values.speed) ? Number(values.speed) : Number.NaN;
  const [trouble, ringBacks] = [share(values.mischief), share(values['ring-backs'])];

  const faults: Fault[] = [];
  const demand = (holds: boolean, where: string, message: string) => {
    if (!holds) faults.push({ where, message });
  };
  demand(/^AC[0-9a-fA-F]{32}$/.test(accountSid), 'TWILIO_ACCOUNT_SID', 'must be AC and 32 hexadecimal digits');
  demand(authToken !== '', 'TWILIO_AUTH_TOKEN', 'must be set; the simulator checks and signs with it');
  demand(Number.isInteger(port) && port >= 0 && port < 65_536, '--port', 'must be a number from 0 to 65535');
  demand(!start || !Number.isNaN(start.getTime()), '--start', 'must be a time such as 2026-03-02T09:30:00+08:00');
  demand(smsUrl === undefined || URL.canParse(smsUrl), '--sms-url', 'must be an http address');
  demand(voiceUrl === undefined || URL.canParse(voiceUrl), '--voice-url', 'must be an http address');
  demand(voiceStatusUrl === undefined || URL.canParse(voiceStatusUrl), '--voice-status-url', 'must be an http address');
  demand(/^\+\d{4,}$/.test(values.colleagues ?? '+0000'), '--colleagues', 'must be the beginning of E.164 numbers');
  demand(ringBacks >= 0 && ringBacks <= 1, '--ring-backs', 'must be a share from 0 to 1');
  demand(trouble >= 0 && trouble <= 1, '--mischief', 'must be a share from 0 to 1');
  demand(speed === null || (speed >= 0.1 && speed <= 1000), '--speed', 'must be a number from 0.1 to 1000');
  const cast = values.cast === undefined ? null : castIn(values.cast, faults);
  if (faults.length > 0) throw new BadInput('The simulator cannot start', faults);

  const options: SimulatorOptions = {
    accountSid,
    authToken,
    port,
    host: values.host,
    seed: values.seed ?? cast?.seed ?? 'huifang',
    fresh: values.fresh,
    faults: evenly(trouble),
    ...(speed === null ? {} : { speed }),
    ...(cast === null ? {} : { cast }),
    ringBacks,
    ...(values.colleagues === undefined ? {} : { colleagues: values.colleagues }),
    ...(voiceUrl === undefined ? {} : { voiceUrl }),
    ...(voiceStatusUrl === undefined ? {} : { voiceStatusUrl }),
    ...(values.data === undefined ? {} : { folder: values.data }),
    ...(start ? { start } : {}),
    ...(smsUrl === undefined ? {} : { smsUrl }),
    ...(values.number === undefined ? {} : { serviceNumber: values.number }),
    ...(env.SIMULATOR_CONTROL_TOKEN ? { controlToken: env.SIMULATOR_CONTROL_TOKEN } : {}),
  };
  return { options, withParent: values['with-parent'] };
}

/** What is wrong with the file is told together with what is wrong with the options. */
function castIn(path: string, faults: Fault[]): Cast | null {
  try {
    return readCast(path);
  } catch (error) {
    if (!(error instanceof BadInput)) throw error;
    faults.push(...error.faults);
    return null;
  }
}

function readWords(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        port: { type: 'string', default: '0' },
        host: { type: 'string', default: '127.0.0.1' },
        seed: { type: 'string' },
        data: { type: 'string' },
        fresh: { type: 'boolean', default: false },
        cast: { type: 'string' },
        start: { type: 'string' },
        speed: { type: 'string' },
        'sms-url': { type: 'string' },
        'voice-url': { type: 'string' },
        'voice-status-url': { type: 'string' },
        'ring-backs': { type: 'string', default: '1' },
        colleagues: { type: 'string' },
        number: { type: 'string' },
        mischief: { type: 'string', default: '0' },
        'with-parent': { type: 'boolean', default: false },
      },
    }).values;
  } catch (error) {
    throw new BadInput('The simulator cannot start', [
      { where: 'command line', message: error instanceof Error ? error.message : String(error) },
    ]);
  }
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  try {
    await runSimulator(process.argv.slice(2));
  } catch (error) {
    if (!(error instanceof BadInput)) throw error;
    const faults = error.faults.map(({ where, message }) => `  ${where}: ${message}\n`);
    process.stderr.write(`${error.message}\n${faults.join('')}\n${USAGE}`);
    process.exitCode = 2;
  }
}
