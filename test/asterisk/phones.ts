import { type ChildProcess, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Telephones behind the trunk, played by sipp. What one does when it is rung, the fourth digit from the end of its
 * number says; they press real RFC 4733 keys.
 */
export const does = {
  speaksAndPressesHash: 0,
  isBusy: 1,
  doesNotExist: 2,
  declines: 3,
  ringsInVain: 4,
  answersInSilence: 5,
  answersEverything: 6,
  ratesAndRingsOff: 7,
  isOff: 8,
  isBehindADeadTrunk: 9,
} as const;
export type Doing = keyof typeof does;

/** A Chinese mobile that does so. @param serial 0–999 */
export const telephone = (doing: Doing, serial = 0): string =>
  `+861380000${does[doing]}${String(serial).padStart(3, '0')}`;

/** What `answersEverything` keys in, from question 1 on. */
export const keyedIn = ['5', '4', '3', '5', '0', '2', '1'] as const;
/** How long it waits before each key, in milliseconds: what it is asked has begun more than a second ago, on a busy machine too. */
const waits = [8000, 8000, 5000, 5000, 5000, 5000, 5000] as const;

/** One answer to every INVITE, whichever telephone is meant. */
const respond = (line: string, more: readonly string[] = [], body = ''): string =>
  [
    `SIP/2.0 ${line}`,
    '[last_Via:]',
    '[last_From:]',
    '[last_To:];tag=[pid]t[call_number]',
    '[last_Call-ID:]',
    ...more,
    ...(body ? ['Content-Type: application/sdp', 'Content-Length: [len]', '', body] : ['Content-Length: 0', '', '']),
  ].join('\n');

const contact = 'Contact: <sip:[local_ip]:[local_port];transport=[transport]>';
const sdp = [
  'v=0',
  'o=phone 1 1 IN IP[local_ip_type] [local_ip]',
  's=-',
  'c=IN IP[media_ip_type] [media_ip]',
  't=0 0',
  'm=audio [auto_media_port] RTP/AVP 8 101',
  'a=rtpmap:8 PCMA/8000',
  'a=rtpmap:101 telephone-event/8000',
  'a=fmtp:101 0-11,16',
  '',
].join('\n');

const send = (message: string, again = ''): string => `<send${again}><![CDATA[${message}]]></send>`;
const pause = (milliseconds: number): string => `<pause milliseconds="${milliseconds}"/>`;
/** @param nth how many keys were pressed before in this call. */
const press = (key: string, nth: number): string =>
  `<nop><action><exec play_pcap_audio="${keyFile(key, nth)}"/></action></nop>`;
const keyFile = (key: string, nth: number): string =>
  `key-${key === '#' ? 'pound' : key === '*' ? 'star' : key}-${nth}.pcap`;

/**
 * The key as sipp's own files have it, with times and numbers as the nth of a call would have them: those files were
 * cut out of one recording, and a key that seems to come before the last is not taken for a new one.
 */
function keep(folder: string, keys: readonly string[]): void {
  for (const [nth, key] of keys.entries()) {
    const file = keyFile(key, nth);
    const bytes = readFileSync(`/usr/share/sip-tester/dtmf_2833_${/key-(\w+)-/.exec(file)?.[1]}.pcap`);
    for (let at = 24, packet = 0; at < bytes.length; packet++) {
      const rtp = at + 16 + 14 + ((bytes[at + 30] ?? 0) & 15) * 4 + 8;
      bytes.writeUInt16BE(1000 * (nth + 1) + packet, rtp + 2);
      bytes.writeUInt32BE(24_000 * (nth + 1), rtp + 4);
      at += 16 + bytes.readUInt32LE(at + 8);
    }
    writeFileSync(join(folder, file), bytes);
  }
}
const ring = send(respond('180 Ringing', ['[last_CSeq:]', contact]));
const answer = [
  ...[ring, pause(300), send(respond('200 OK', ['[last_CSeq:]', contact], sdp), ' retrans="500"')],
  '<recv request="ACK"/>',
].join('\n');
const isRungOffOn = ['<recv request="BYE" timeout="120000"/>', send(respond('200 OK', ['[last_CSeq:]']))].join('\n');
const refuse = (line: string): string =>
  [send(respond(line, ['[last_CSeq:]']), ' retrans="500"'), '<recv request="ACK"/>'].join('\n');
/** After the ACK of an answered call the phone itself rings off. */
const ringOff = [
  send(
    [
      'BYE [$target] SIP/2.0',
      'Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]',
      'From: [$me];tag=[pid]t[call_number]',
      'To: [$them]',
      '[last_Call-ID:]',
      'CSeq: 900 BYE',
      'Max-Forwards: 70',
      'Content-Length: 0',
      '',
      '',
    ].join('\n'),
    ' retrans="500"',
  ),
  '<recv response="200"/>',
].join('\n');

const parts: Readonly<Record<Doing, string>> = {
  isBusy: refuse('486 Busy Here'),
  doesNotExist: refuse('404 Not Found'),
  declines: refuse('603 Decline'),
  isOff: refuse('480 Temporarily Unavailable'),
  isBehindADeadTrunk: refuse('503 Service Unavailable'),
  ringsInVain: [
    ring,
    '<recv request="CANCEL" timeout="60000"/>',
    send(respond('200 OK', ['[last_CSeq:]'])),
    send(respond('487 Request Terminated', ['CSeq: [$cseq]']), ' retrans="500"'),
    '<recv request="ACK"/>',
  ].join('\n'),
  answersInSilence: [answer, isRungOffOn].join('\n'),
  answersEverything: [
    answer,
    ...keyedIn.flatMap((key, index) => [pause(waits[index] ?? 0), press(key, index)]),
    isRungOffOn,
  ].join('\n'),
  speaksAndPressesHash: [
    ...[answer, pause(3500), '<nop><action><exec play_pcap_audio="/usr/share/sip-tester/g711a.pcap"/></action></nop>'],
    ...[pause(4000), press('#', 0), isRungOffOn],
  ].join('\n'),
  ratesAndRingsOff: [answer, pause(waits[0]), press('4', 0), pause(2500), ringOff].join('\n'),
};

function scenario(): string {
  const kinds = Object.entries(does);
  const tell = kinds.map(
    ([name, digit]) =>
      `<ereg regexp="INVITE sip:[+0-9]*${digit}[0-9][0-9][0-9]@" search_in="msg" check_it="false" assign_to="${name}"/>`,
  );
  const noted = [
    '<ereg regexp=".*" search_in="hdr" header="CSeq:" check_it="true" assign_to="cseq"/>',
    '<ereg regexp=".*" search_in="hdr" header="From:" check_it="true" assign_to="them"/>',
    '<ereg regexp=".*" search_in="hdr" header="To:" check_it="true" assign_to="me"/>',
    '<ereg regexp="sip:[^>]*" search_in="hdr" header="Contact:" check_it="true" assign_to="target"/>',
  ];
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<scenario name="telephones">',
    `<recv request="INVITE"><action>${[...tell, ...noted].join('\n')}</action></recv>`,
    ...kinds.map(([name], index) => `<nop test="${name}" next="${index + 1}"/>`),
    refuse('488 Not Acceptable Here'),
    '<nop next="99"/>',
    ...kinds.flatMap(([name], index) => [`<label id="${index + 1}"/>`, parts[name as Doing], '<nop next="99"/>']),
    '<label id="99"/>',
    `<Reference variables="cseq,them,me,target,${kinds.map(([name]) => name).join(',')}"/>`,
    '</scenario>',
  ].join('\n');
}

export interface Phones {
  /** How often numbers of this kind were rung so far, by sipp's own messages. */
  rung(to: string): number;
  close(): Promise<void>;
}

/** @param folder where sipp may leave its files. */
export async function startPhones(folder: string, port: number): Promise<Phones> {
  mkdirSync(folder, { recursive: true });
  keep(folder, keyedIn);
  keep(folder, ['4']);
  keep(folder, ['#']);
  const file = join(folder, 'telephones.xml');
  writeFileSync(file, scenario());
  const messages = join(folder, 'messages.log');
  const child = sipp(folder, [
    ...['-sf', file, '-p', String(port), '-trace_msg', '-message_file', messages],
    ...['-trace_err', '-error_file', join(folder, 'errors.log')],
  ]);
  process.once('exit', () => child.kill('SIGKILL'));
  await answers(port, child);
  return {
    rung: (to) => {
      const invites = readFileSync(messages, 'utf8').matchAll(
        new RegExp(`INVITE sip:${to.replace(/^\+86/, '')}@[\\s\\S]*?Call-ID: (\\S+)`, 'g'),
      );
      return new Set([...invites].map(([, callId]) => callId)).size;
    },
    close: () => end(child),
  };
}

/** In the place of the telephones a trunk that answers every INVITE so: `403 Forbidden`; 401 and 407 ask for a login. */
export async function startRefusingTrunk(folder: string, port: number, line: string): Promise<Pick<Phones, 'close'>> {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, 'refuses.xml');
  const header = { 401: 'WWW-Authenticate', 407: 'Proxy-Authenticate' }[line.slice(0, 3)];
  const challenge = header ? [`${header}: Digest realm="trunk", nonce="1", algorithm=MD5`] : [];
  const refusal = [
    '<recv request="INVITE"/>',
    send(respond(line, ['[last_CSeq:]', ...challenge]), ' retrans="500"'),
    '<recv request="ACK"/>',
  ];
  // Whoever has a password tries once more.
  const again = header ? refusal : [];
  writeFileSync(
    file,
    ['<?xml version="1.0" encoding="UTF-8"?>', '<scenario name="refuses">', ...refusal, ...again, '</scenario>'].join(
      '\n',
    ),
  );
  const child = sipp(folder, ['-sf', file, '-p', String(port)]);
  process.once('exit', () => child.kill('SIGKILL'));
  await answers(port, child);
  return { close: () => end(child) };
}

/** A call to us: from a number, through the trunk, to `to`, pressing `keys` so many milliseconds after one another. */
export async function ringUs(
  folder: string,
  sipPort: number,
  from: string,
  keys: readonly (readonly [number, string])[],
): Promise<void> {
  mkdirSync(folder, { recursive: true });
  keep(
    folder,
    keys.map(([, key]) => key),
  );
  const file = join(folder, `caller-${from}.xml`);
  const head = (method: string, more: readonly string[]) =>
    [
      `${method} sip:079188001234@127.0.0.1:${sipPort} SIP/2.0`,
      'Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]',
      `From: <sip:${from}@127.0.0.1>;tag=[pid]c[call_number]`,
      ...more,
      'Call-ID: [call_id]',
      `CSeq: 1 ${method}`,
      `Contact: <sip:${from}@[local_ip]:[local_port]>`,
      'Max-Forwards: 70',
    ].join('\n');
  const to = `To: <sip:079188001234@127.0.0.1:${sipPort}>`;
  writeFileSync(
    file,
    [
      '<?xml version="1.0" encoding="UTF-8"?>',
      '<scenario name="caller">',
      send(`${head('INVITE', [to])}\nContent-Type: application/sdp\nContent-Length: [len]\n\n${sdp}`, ' retrans="500"'),
      '<recv response="100" optional="true"/>',
      '<recv response="180" optional="true"/>',
      '<recv response="183" optional="true"/>',
      '<recv response="200" timeout="30000"/>',
      send(`${head('ACK', [`${to}[peer_tag_param]`])}\nContent-Length: 0\n\n`),
      ...keys.flatMap(([after, key], index) => [pause(after), press(key, index)]),
      isRungOffOn,
      '</scenario>',
    ].join('\n'),
  );
  const errors = join(folder, `caller-${from}.log`);
  writeFileSync(errors, '');
  const child = sipp(folder, [
    `127.0.0.1:${sipPort}`,
    '-sf',
    file,
    '-m',
    '1',
    '-mp',
    '26000',
    '-trace_err',
    '-error_file',
    errors,
  ]);
  const [status] = await once(child, 'exit');
  if (status !== 0) throw new Error(`sipp ended with ${status}: ${readFileSync(errors, 'utf8').slice(0, 1500)}`);
}

function sipp(folder: string, args: readonly string[]): ChildProcess {
  return spawn('sipp', ['-i', '127.0.0.1', '-nostdin', ...args], {
    cwd: folder,
    stdio: 'ignore',
  });
}

/** Until it listens: its port cannot be had. */
async function answers(port: number, child: ChildProcess): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    if (child.exitCode !== null) throw new Error(`sipp ended with ${child.exitCode}`);
    const socket = createSocket('udp4');
    const free = await new Promise<boolean>((resolve) => {
      socket.once('error', () => resolve(false));
      socket.bind(port, '127.0.0.1', () => resolve(true));
    });
    await new Promise<void>((resolve) => (free ? socket.close(() => resolve()) : resolve()));
    if (!free) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error('sipp does not listen');
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}
