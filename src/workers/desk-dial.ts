import { type About, beginDeskCall, endDeskCall, recordConnecting } from '../survey/desk/call.ts';
import { numberFor } from '../survey/fieldwork/number-pool.ts';
import { readPace } from '../survey/fieldwork/pace.ts';
import { limitSeconds, ringSeconds } from './dial.ts';
import type { Services } from './services.ts';
import { noteHowItWent } from './standing.ts';

/** People talk longer than the machine does. */
export const deskLimitSeconds = 3 * limitSeconds;

/**
 * Connects a person of the desk with a shop: at once, and not by a job, for he sits and waits. `unknown`: his telephone
 * may ring or not; he sees, and the reconciler looks after it.
 *
 * @throws Refused as `beginDeskCall` says.
 */
export async function dialForCaller(
  services: Services,
  callerId: string,
  about: About,
): Promise<'placed' | 'refused' | 'unknown'> {
  const { database, clock, vault, voice, log } = services;
  const { callId, phoneId, slotAt, callersPhone } = await beginDeskCall(services, voice.lane, callerId, about);
  await clock.until(slotAt);
  const to = vault.open(callersPhone);
  const from = await numberFor(database.query, phoneId, voice.port.numbers);
  const pace = await readPace(database.query, voice.lane);
  const askedAt = clock.now();
  const placing = await voice.port.connect({ callId, to, from, ringSeconds, limitSeconds: deskLimitSeconds });
  await noteHowItWent(services, voice.lane, placing, { pace, askedAt });
  if (placing.kind === 'placed') await recordConnecting(database.query, callId, placing.carrierId, from);
  if (placing.kind === 'refused') await endDeskCall(database.query, callId, clock.now());
  if (placing.kind !== 'placed')
    log.warn(
      { callId, reason: placing.kind === 'unknown' ? placing.reason : placing.errorCode },
      'desk call not placed',
    );
  return placing.kind;
}
