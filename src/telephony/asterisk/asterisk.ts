import type { Clock } from '../../platform/clock.ts';
import type { Query } from '../../platform/database.ts';
import type { Vault } from '../../platform/vault.ts';
import type { CallReport } from '../../survey/fieldwork/call.ts';
import type { KnownCall, Placing, VoicePort } from '../ports.ts';
import { type Ari, type AriAnswer, application, type Channel, ExchangeUnreachable } from './ari.ts';
import { type BookedCall, bookCall, bookedCall, bookedCallsTo, noteCall } from './book.ts';
import { asShown, dialled } from './number.ts';

/**
 * Calls through an Asterisk of one's own. A channel has the id of the attempt (or of the desk's call) it is for: asked
 * for twice, the exchange says that it is there, and rings nobody again. What is said in a call is the line's part
 * (line.ts), by whichever process holds it.
 */
export interface AsteriskSettings {
  /** How a number is reached: `PJSIP/{number}@trunk`. */
  readonly endpoint: string;
  /** E.164. */
  readonly fromNumbers: readonly string[];
}

interface Standing {
  readonly query: Query;
  readonly vault: Vault;
  readonly clock: Clock;
}

/** What a channel is for, told to the line by its arguments. */
export const purposes = { survey: 'survey', desk: 'desk' } as const;
/** Whether it rang us: then its id is of the exchange's making (`1732534567.12`, after the exchange's name if it has one). */
const rangUs = (channelId: string): boolean => /^(.+-)?\d+\.\d+$/.test(channelId);
/** Whether we asked for this channel. */
export const isOurs = (channelId: string): boolean => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(channelId);
/** What the trunk answered a call of ours with, told at its end by the dialplan (deploy/asterisk/extensions.conf). */
export const trunkSaid = { context: 'huifang-ended', variable: 'HUIFANG_TRUNK_SAID' } as const;
/** What has the line go on elsewhere. */
export const interruption = 'huifang-turn';

export function openAsterisk(ari: Ari, settings: AsteriskSettings, standing: Standing): VoicePort {
  const { query, vault, clock } = standing;
  const place = async (id: string, purpose: keyof typeof purposes, call: Placeable): Promise<Placing> => {
    await bookCall(query, { id, dialled: vault.digest(call.to), from: call.from, now: clock.now() });
    const placing = await asking(ari, id, originate(settings, purpose, call));
    if (placing.kind === 'placed') await noteCall(query, id, { state: 'queued' });
    return placing;
  };
  return {
    carrier: 'asterisk',
    numbers: settings.fromNumbers,
    place: ({ attemptId, ...call }) => place(attemptId, 'survey', call),
    connect: ({ callId, ...call }) => place(callId, 'desk', call),
    async hangUp(carrierId) {
      await ari.tell('DELETE', `/channels/${encodeURIComponent(carrierId)}`, { reason: 'normal' });
    },
    async interrupt(carrierId, attemptId, turn) {
      if (!(await channel(ari, carrierId))) return;
      const variables = { channel: carrierId, attempt: attemptId, turn: String(turn) };
      await ari.tell('POST', `/events/user/${interruption}`, { application }, { variables });
    },
    async callsTo(to, since, from) {
      // In this order: what begins meanwhile has a channel, and is not taken for one that is over.
      const calls = await bookedCallsTo(query, vault.digest(to), since, from);
      const alive = await channels(ari);
      return calls.flatMap((call) => known(call, alive.get(call.carrierId) ?? null) ?? []);
    },
    async call(carrierId) {
      const alive = await channel(ari, carrierId);
      const booked = await bookedCall(query, carrierId);
      if (booked) return known(booked, alive);
      if (alive) return { carrierId, report: standingOf(alive) };
      // A shop that rang us stands in no book: without a channel its call is over, as it was when we took it in.
      return rangUs(carrierId) ? { carrierId, report: unheardEnd({ state: 'in-progress' }) } : null;
    },
    async recordingsOf(carrierId) {
      const all = (await ari.get<{ name: string }[]>('/recordings/stored')) ?? [];
      const ours = all.filter(({ name }) => name.startsWith(`${carrierId}.`));
      return Promise.all(ours.map(async ({ name }) => ({ recordingId: name, seconds: await secondsOf(ari, name) })));
    },
    audioOf: (recordingId) => ari.file(`/recordings/stored/${encodeURIComponent(recordingId)}/file`),
    async deleteRecording(recordingId) {
      await ari.tell('DELETE', `/recordings/stored/${encodeURIComponent(recordingId)}`);
    },
    async health() {
      await ari.get('/asterisk/info');
    },
  };
}

interface Placeable {
  readonly to: string;
  readonly from: string;
  readonly ringSeconds: number;
  readonly limitSeconds: number;
}

function originate({ endpoint }: AsteriskSettings, purpose: keyof typeof purposes, call: Placeable) {
  const { to, from, ringSeconds, limitSeconds } = call;
  return {
    ...{ endpoint: dialled(endpoint, to), app: application, appArgs: purpose, timeout: ringSeconds },
    callerId: asShown(endpoint, from),
    variables: {
      // The exchange itself ends a call that nobody talks in any more, should we all be gone.
      'TIMEOUT(absolute)': String(ringSeconds + limitSeconds),
      'CHANNEL(hangup_handler_push)': `${trunkSaid.context},s,1`,
    },
  };
}

/** What becomes of asking, by the only distinction that counts: certainly not made, or perhaps made. */
async function asking(ari: Ari, id: string, body: unknown): Promise<Placing> {
  try {
    return placingOf(id, await ari.ask('POST', `/channels/${encodeURIComponent(id)}`, {}, body));
  } catch (error) {
    if (!(error instanceof ExchangeUnreachable)) throw error;
    if (error.network === 'ECONNREFUSED') return refused(null, 'busy');
    return { kind: 'unknown', reason: error.network ?? 'no answer' };
  }
}

/** Asterisk's own word for a channel that it could not even begin: no such endpoint, or a trunk out of reach. */
const notBegun = 'Allocation failed';

export function placingOf(id: string, { status, body }: AriAnswer): Placing {
  const said = body as { id?: unknown; error?: unknown; message?: unknown } | null;
  if (said === null) return { kind: 'unknown', reason: `HTTP ${status}` };
  if (status === 200) return said.id === id ? { kind: 'placed', carrierId: id } : unclear('an answer without an id');
  // It is there already: asked for before, and rung once.
  if (status === 409) return { kind: 'placed', carrierId: id };
  if (status === 500 && said.error === notBegun) return refused(status, 'settings');
  if (status === 429) return refused(status, 'busy');
  if (status >= 400 && status < 500 && status !== 408) return refused(status, 'settings');
  return unclear(`HTTP ${status}`);
}

const unclear = (reason: string): Placing => ({ kind: 'unknown', reason });
const refused = (errorCode: number | null, trouble: 'settings' | 'busy'): Placing => ({
  ...{ kind: 'refused', result: 'technical', errorCode, trouble },
});

const channel = (ari: Ari, id: string) => ari.get<Channel>(`/channels/${encodeURIComponent(id)}`);

/** Those that live, by id. */
export async function channels(ari: Ari): Promise<ReadonlyMap<string, Channel>> {
  const all = (await ari.get<Channel[]>('/channels')) ?? [];
  return new Map(all.map((each) => [each.id, each]));
}

const states: Readonly<Record<string, Exclude<CallReport['state'], 'ended'>>> = {
  Up: 'in-progress',
  Ringing: 'ringing',
};
const standingOf = ({ state }: Channel): CallReport => ({ state: states[state] ?? 'queued' });

/**
 * A call by what is written of it and by its channel. Without one it is over: with what the exchange told, or as far as
 * it had come when nobody listened. One that the exchange never confirmed may not have been made at all.
 */
function known({ carrierId, report, confirmed }: BookedCall, alive: Channel | null): KnownCall | null {
  if (report.state === 'ended') return { carrierId, report };
  if (alive) return { carrierId, report: standingOf(alive) };
  return confirmed ? { carrierId, report: unheardEnd(report) } : null;
}

/** The end of a call that nobody heard. */
export const unheardEnd = ({ state }: CallReport): CallReport => ({
  ...{ state: 'ended', result: state === 'in-progress' ? 'completed' : 'lost', errorCode: null },
});

async function secondsOf(ari: Ari, name: string): Promise<number> {
  const audio = await ari.file(`/recordings/stored/${encodeURIComponent(name)}/file`);
  return audio ? Math.floor(wavSeconds(audio)) : 0;
}

/** Of what Asterisk records: 8,000 samples of 16 bits a second. */
const wavSeconds = (wav: Buffer): number => Math.max(0, wav.length - 44) / 16_000;
