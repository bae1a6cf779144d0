import { callsInVain } from '../survey/fieldwork/opt-out.ts';
import { takeText } from '../survey/fieldwork/text-turn.ts';
import { meansStop } from '../survey/interview/reading.ts';
import { readPhone } from '../survey/roster/phone.ts';
import type { Services } from './services.ts';
import { wakeSettle } from './wake.ts';

/** A text that came in, whoever carried it. */
export interface Received {
  /** The carrier's id of it: by it a repeated delivery is known. */
  readonly carrierId: string;
  /** As the carrier writes it. */
  readonly from: string;
  readonly text: string;
}

/** Takes a text in, once, and has answered what is to be answered. From what is no number at all, nothing is taken. */
export async function receiveText(services: Services, { carrierId, from, text }: Received): Promise<void> {
  const reading = readPhone(from);
  if ('value' in reading) {
    const { e164, kind } = reading.value;
    const { vault, queues } = services;
    const mayAnswer = kind === 'mobile' && services.text !== null;
    const sender = { phoneIndex: vault.digest(e164), sealedMobile: mayAnswer ? vault.seal(e164) : null };
    const send = await takeText(services, { carrierId, text, ...sender });
    if (send) await queues.add('text', send);
    if (meansStop(text)) await takeBackCalls(services, sender.phoneIndex);
  }
  await wakeSettle(services);
}

/** A telephone that is to ring, or rings, after its owner said stop. Should he be quicker, he is told that it is heard. */
async function takeBackCalls({ database, voice, log }: Services, phoneIndex: Buffer): Promise<void> {
  for (const carrierId of await callsInVain(database.query, phoneIndex))
    await voice.port
      .hangUp(carrierId)
      .catch((error: unknown) => log.warn({ err: error }, 'could not take back a call'));
}
