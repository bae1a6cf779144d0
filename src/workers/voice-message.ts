import { takeVoiceTurn } from '../survey/fieldwork/turn.ts';
import {
  type BrokenMessage,
  dueBrokenMessages,
  dueRecordings,
  endLooking,
  findPending,
  keepAudio,
  recordDeleted,
  recordLost,
} from '../survey/fieldwork/voice-message.ts';
import type { Services } from './services.ts';

/** Looks after which a recording that its carrier still does not have is given up: some days (see dueRecordings). */
const mostChecks = 10;

/**
 * Fetches a recording, seals it, and only then deletes it at the carrier. May be cut off anywhere and begun again: what
 * is kept is not fetched twice, and what is gone is not deleted twice.
 */
export async function keepVoiceMessage(services: Services, recordingId: string): Promise<void> {
  const { database, clock, vault, log, voice } = services;
  const pending = await findPending(database.query, recordingId);
  if (!pending) return;
  if (pending.fetch) {
    const audio = await voice.port.audioOf(recordingId);
    if (audio) await keepAudio(database.query, recordingId, vault.sealBytes(audio), clock.now());
    else if (pending.checks < mostChecks) return;
    else {
      log.error({ recordingId }, 'a voice message is lost: its carrier does not have it');
      return recordLost(database.query, recordingId, clock.now());
    }
  }
  await voice.port.deleteRecording(recordingId);
  await recordDeleted(database.query, recordingId, clock.now());
}

/** Asks again for what was not finished. */
export async function askForVoiceMessages({ database, clock, queues }: Services): Promise<void> {
  for (const recordingId of await dueRecordings(database.query, clock.now()))
    await queues.add('voice-message', { recordingId });
}

/**
 * Calls that broke off in the middle of a message whose turn never arrived: the carrier is asked what it recorded, and
 * the turn is taken as if it had come.
 */
export async function findLostMessages(
  services: Services,
  guarded: (check: () => Promise<void>) => Promise<void>,
): Promise<void> {
  for (const broken of await dueBrokenMessages(services.database.query, services.clock.now()))
    await guarded(() => findLostMessage(services, broken));
}

async function findLostMessage(services: Services, { attemptId, carrierId, turn, last }: BrokenMessage): Promise<void> {
  const recordings = await services.voice.port.recordingsOf(carrierId);
  for (const { recordingId: id, seconds } of recordings)
    await takeVoiceTurn(services, attemptId, turn, { kind: 'recorded', id, seconds, endedBy: 'hang-up' });
  if (recordings.length > 0 || last) await endLooking(services.database.query, attemptId);
}
