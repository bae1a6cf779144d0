import { KnownError } from '../platform/errors.ts';
import { bridge, endDeskCall, recordShopsEnd } from '../survey/desk/call.ts';
import { recordCallReport } from '../survey/fieldwork/call.ts';
import { attemptOfRing } from '../survey/fieldwork/ring-back.ts';
import { type Turn, takeVoiceTurn } from '../survey/fieldwork/turn.ts';
import type { Input } from '../survey/interview/conversation.ts';
import { isOurs } from '../telephony/asterisk/asterisk.ts';
import { endedAlike } from '../telephony/asterisk/book.ts';
import { refusalsOfUs } from '../telephony/asterisk/causes.ts';
import type { Answering, InboundCall } from '../telephony/asterisk/line.ts';
import { asShown, dialled } from '../telephony/asterisk/number.ts';
import type { Services } from '../workers/services.ts';
import { stop } from '../workers/standing.ts';
import { wakeSettle } from '../workers/wake.ts';
import { afterNotDrawn, answerRing, lookAfterSeconds } from './ring-back.ts';

/**
 * What an exchange of one's own gets to hear from us: the same turns, reports and ring-backs that Twilio's webhooks
 * take, without HTTP in between.
 */
export function answeringExchange(services: Services, endpoint: string): Answering {
  const { database, clock, vault } = services;
  const { query } = database;
  const take = (attemptId: string, turn: number, input: Input) =>
    orNothing(async () => {
      const taken = await takeVoiceTurn(services, attemptId, turn, input);
      if (input.kind === 'recorded') await services.queues.add('voice-message', { recordingId: input.id });
      return taken;
    });
  return {
    attemptBehind: (channelId) => attemptBehind(services, channelId),
    async takeUp(attemptId) {
      const [standing] = await query<{ turn: number }>({
        text: 'SELECT turn FROM attempt WHERE id = $1',
        values: [attemptId],
      });
      // Somebody answered; or was answered before, and hears the words of that place again.
      return standing ? take(attemptId, standing.turn, { kind: 'answered' }) : null;
    },
    take,
    async report(channelId, report) {
      const attemptId = await attemptBehind(services, channelId);
      if (attemptId) await recordCallReport(query, attemptId, channelId, report, clock.now());
      else if (report.state === 'ended' && isOurs(channelId)) await endDeskCall(query, channelId, clock.now());
      if (attemptId && report.state === 'ended') await wakeSettle(services);
      if (report.state === 'ended') await stopIfRefused(services, channelId, report.errorCode);
    },
    inbound: (channelId, callerNumber, call) => inbound(services, take, channelId, callerNumber, call),
    async deskAnswered(callId) {
      const sealed = await bridge(query, callId, clock.now());
      if (!sealed) return null;
      const [row] = await query<{ from: string | null }>({
        text: 'SELECT coalesce(d.from_number, e.from_number) AS from FROM desk_call d LEFT JOIN exchange_call e ON e.id = d.id::text WHERE d.id = $1',
        values: [callId],
      });
      const from = row?.from ?? services.voice.port.numbers[0] ?? '';
      return { endpoint: dialled(endpoint, vault.open(sealed)), from: asShown(endpoint, from) };
    },
    async shopsEnd(callId, report) {
      if (report.state === 'ended') await recordShopsEnd(query, callId, report.result);
    },
  };
}

/** A trunk that refuses us, whoever is called, is stopped: the next shop would be refused alike. */
async function stopIfRefused(services: Services, channelId: string, errorCode: number | null): Promise<void> {
  const count = refusalsOfUs[errorCode ?? 0];
  if (errorCode === null || count === undefined) return;
  const standing = await endedAlike(services.database.query, channelId, { errorCode, count });
  const refusal = { errorCode: null, errorName: `SIP ${errorCode}` };
  if (standing?.alike) await stop(services, services.voice.lane, { ...refusal, askedAt: standing.askedAt });
}

/** A channel of ours has its attempt's id; one that rings us became an attempt under its own. */
async function attemptBehind({ database: { query } }: Services, channelId: string): Promise<string | null> {
  if (!isOurs(channelId)) return attemptOfRing(query, channelId);
  const [attempt] = await query<{ id: string }>({
    text: `SELECT id FROM attempt WHERE id = $1 AND channel = 'voice'`,
    values: [channelId],
  });
  return attempt?.id ?? null;
}

async function inbound(
  services: Services,
  take: Answering['take'],
  carrierId: string,
  from: string,
  call: InboundCall,
): Promise<void> {
  for (let looked = 0; call.alive(); looked++) {
    const answer = await answerRing(services, { carrierId, from, looked });
    if (answer.kind === 'case') {
      const { attemptId, turn } = answer;
      return call.talk(turn, (number, input) => take(attemptId, number, input));
    }
    if (answer.kind === 'words') {
      const after = async (_: number, input: Input) => {
        const words = await afterNotDrawn(services, { carrierId, from }, input.kind === 'key' ? input.key : '');
        return words && { ...words, next: 1 };
      };
      return call.talk({ ...answer, next: 0 }, after);
    }
    await call.ring();
    await services.clock.until(new Date(services.clock.now().getTime() + lookAfterSeconds * 1000));
  }
}

/** A call that is not known any more, or has come further, is told nothing. */
async function orNothing(take: () => Promise<Turn>): Promise<Turn | null> {
  try {
    return await take();
  } catch (error) {
    if (error instanceof KnownError) return null;
    throw error;
  }
}
