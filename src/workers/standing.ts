import { never } from '../platform/errors.ts';
import { type Refusal, raiseIncident } from '../survey/fieldwork/incident.ts';
import {
  isAtRest,
  isDoubtful,
  type Lane,
  type Mishap,
  noteMishap,
  noteTaken,
  type Pace,
  paceOf,
  readPace,
} from '../survey/fieldwork/pace.ts';
import type { Placing } from '../telephony/ports.ts';
import type { Services } from './services.ts';

/**
 * How a carrier stands with us, after what it made of a request: wrong settings stop it with one incident, too many
 * requests or silence give it a rest, and a request that it takes ends its troubles.
 */
export async function noteHowItWent(
  services: Services,
  lane: Lane,
  placing: Placing,
  { pace, askedAt }: { readonly pace: Pace; readonly askedAt: Date },
): Promise<void> {
  switch (placing.kind) {
    case 'placed':
      if (isDoubtful(pace)) await noteTaken(services.database.query, lane, askedAt);
      return;
    case 'refused':
      if (placing.trouble === 'settings') {
        const { errorCode, errorName } = placing;
        await stop(services, lane, { errorCode, errorName, askedAt });
      } else if (placing.trouble === 'busy') await rest(services, lane, 'busy', askedAt);
      // It answered, and this number is the matter.
      else if (isDoubtful(pace)) await noteTaken(services.database.query, lane, askedAt);
      return;
    case 'unknown':
      return rest(services, lane, 'silent', askedAt);
    default:
      never(placing);
  }
}

/** Stops a carrier for wrong settings; also for what it says later of something that it had taken. */
export async function stop(
  services: Services,
  lane: Pick<Lane, 'carrier' | 'channel'>,
  refusal: Refusal,
): Promise<void> {
  if (await raiseIncident(services, lane, refusal))
    services.log.error(
      { carrier: paceOf(lane), errorCode: refusal.errorCode, errorName: refusal.errorName },
      'the carrier refuses us for our settings and is stopped: mend them, then let it go on (page “Carriers”)',
    );
}

/**
 * The same for what a carrier says of a call or text that it had taken: only then do some find out that our settings
 * do not do.
 */
export async function stopForReport(
  services: Services,
  of: { readonly attemptId: string } | { readonly messageId: string },
  errorCode: number,
): Promise<void> {
  const call = 'attemptId' in of;
  const lane = call ? services.voice.lane : services.text?.lane;
  const [row] = await services.database.query<{ askedAt: Date | null }>({
    text: call
      ? 'SELECT dialed_at AS "askedAt" FROM attempt WHERE id = $1'
      : 'SELECT sent_at AS "askedAt" FROM message WHERE id = $1',
    values: [call ? of.attemptId : of.messageId],
  });
  if (lane && row?.askedAt) await stop(services, lane, { errorCode, askedAt: row.askedAt });
}

async function rest(services: Services, lane: Lane, mishap: Mishap, askedAt: Date): Promise<void> {
  const { database, clock, log } = services;
  const seconds = await noteMishap(database.query, lane, mishap, { askedAt, now: clock.now() });
  if (seconds !== null) log.warn({ carrier: paceOf(lane), seconds }, 'the carrier is left in peace');
}

/**
 * Whether anything may be asked of the carrier now. One that was in trouble and had its rest is asked how it is first,
 * so that no case is spent on finding out that it is still away.
 */
export async function isUsable(
  services: Services,
  { port, lane }: { readonly port: { health(): Promise<void> }; readonly lane: Lane },
): Promise<boolean> {
  const now = services.clock.now();
  const pace = await readPace(services.database.query, lane);
  if (isAtRest(pace, now)) return false;
  if (pace.troubles === 0) return true;
  try {
    await port.health();
    return true;
  } catch {
    await rest(services, lane, 'silent', now);
    return false;
  }
}
