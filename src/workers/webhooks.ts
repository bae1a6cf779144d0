import { audit, takeTurn } from '../platform/audit.ts';
import type { Chance } from '../platform/chance.ts';
import type { Query } from '../platform/database.ts';
import { never } from '../platform/errors.ts';
import { nextTry, restUntil } from '../platform/webhooks/back-off.ts';
import {
  type Claimed,
  claimDue,
  dueEndpoints,
  recordDelivered,
  recordFailed,
  recordRest,
} from '../platform/webhooks/delivery.ts';
import { disable } from '../platform/webhooks/endpoint.ts';
import { messageOf } from '../platform/webhooks/message.ts';
import { longestWait, type Outcome, send } from '../platform/webhooks/send.ts';
import type { Services } from './services.ts';

/** Asks for what is to be sent, a job for each endpoint: none waits for another. */
export async function askForWebhooks({ database, clock, queues }: Services): Promise<void> {
  const now = clock.now();
  const due = (await dueEndpoints(database.query, now)).filter(({ at }) => at <= now);
  if (due.length > 0) await queues.add('webhook', ...due.map(({ endpointId }) => ({ endpointId })));
}

/** When the next message is due, or null. */
export async function nextWebhook(query: Query, now: Date): Promise<Date | null> {
  const times = (await dueEndpoints(query, now)).map(({ at }) => at.getTime());
  return times.length === 0 ? null : new Date(Math.min(...times));
}

/**
 * Sends what is due at one endpoint, as much as may be in flight, and asks for itself again while something arrives.
 *
 * @param wait for an answer, at most, in milliseconds.
 */
export async function deliverWebhooks(services: Services, endpointId: string, wait = longestWait): Promise<void> {
  const claimed = await claimDue(services.database.query, endpointId, services.clock.now());
  const delivered = await Promise.all(claimed.map((one) => deliver(services, one, wait)));
  if (delivered.some(Boolean)) await services.queues.add('webhook', { endpointId });
}

/** @returns whether it arrived. */
async function deliver(services: Services, claimed: Claimed, wait: number): Promise<boolean> {
  const { clock, vault } = services;
  const secrets = [claimed.secret, ...(claimed.previousSecret ? [claimed.previousSecret] : [])];
  const event = { ...claimed, id: claimed.eventId };
  const message = messageOf(
    event,
    secrets.map((sealed) => vault.open(sealed)),
    clock.now(),
  );
  const outcome = await send(claimed.url, message, wait);
  await record(services, claimed, outcome);
  return outcome.kind === 'delivered';
}

async function record(services: Services, claimed: Claimed, outcome: Outcome): Promise<void> {
  const { database, clock, log } = services;
  const now = clock.now();
  const { endpointId, eventId, tries } = claimed;
  switch (outcome.kind) {
    case 'delivered':
      return recordDelivered(database.query, claimed, outcome.status, now);
    case 'gone':
      log.error({ endpointId }, 'a webhook endpoint says that it is gone (410) and is disabled');
      return endWith(services, claimed, outcome.status, now);
    case 'failed': {
      const rest = restUntil(outcome.retryAfter, now);
      if (rest) await recordRest(database.query, endpointId, rest);
      const next = nextTry(tries, claimed.since, now, share(services.chance));
      const told = { endpointId, eventId, tries, status: outcome.status, error: outcome.error };
      if (next) log.warn(told, 'a webhook did not arrive');
      else log.error(told, 'a webhook is given up: its endpoint did not take it for three days');
      return recordFailed(database.query, claimed, { ...outcome, next }, now);
    }
    default:
      never(outcome);
  }
}

/** From 0 up to, not including, 1. */
const share = (chance: Chance): number => chance.bytes(2).readUInt16BE() / 2 ** 16;

/** It wants no more. */
async function endWith({ database }: Services, claimed: Claimed, status: number, now: Date): Promise<void> {
  const { endpointId } = claimed;
  await database.transaction(async (query) => {
    await takeTurn(query);
    await recordFailed(query, claimed, { status, error: 'gone', next: null }, now);
    if (await disable(query, now, endpointId, 'gone'))
      await audit(query, now, { actor: 'system', action: 'webhook-endpoint.gone', subject: endpointId });
  });
}
