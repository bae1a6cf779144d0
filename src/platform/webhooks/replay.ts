import { audit, takeTurn } from '../audit.ts';
import type { Query } from '../database.ts';
import { Refused } from '../errors.ts';
import { announce } from './announce.ts';
import type { EndpointServices } from './endpoint.ts';

/** Which events are sent once more: one, or all that came about from a moment or from an event on. */
export type Which = { readonly event: string } | { readonly sinceEvent: string } | { readonly since: Date };

type ReplayServices = Pick<EndpointServices, 'database' | 'clock'>;

/**
 * Sends events to an endpoint once more, or for the first time, under their own ids: those of a type it wants. One that
 * waits already is due now.
 *
 * @returns how many.
 * @throws Refused `endpoint-disabled`, `no-such-event` where there is none of this id, or it is of a type it does not want.
 */
export async function replay(
  { database, clock }: ReplayServices,
  endpointId: string,
  which: Which,
  actor: string,
): Promise<number> {
  const now = clock.now();
  return database.transaction(async (query) => {
    const detail = 'since' in which ? { since: which.since.toISOString() } : which;
    await audit(query, now, { actor, action: 'webhook-endpoint.replay', subject: endpointId, detail });
    await demandEnabled(query, endpointId);
    const { condition, value } = chosen(which);
    const sent = await query({
      text: `
        INSERT INTO webhook_delivery (endpoint_id, event_id, since, next_at)
        SELECT p.id, e.id, $2, $2 FROM webhook_endpoint p JOIN webhook_event e ON e.type = ANY (p.types)
        WHERE p.id = $1 AND ${condition}
        ON CONFLICT (endpoint_id, event_id) DO UPDATE
        SET state = 'waiting', since = $2, next_at = $2, ended_at = NULL,
            tries = CASE WHEN webhook_delivery.state = 'waiting' THEN webhook_delivery.tries ELSE 0 END
        RETURNING event_id`,
      values: [endpointId, now, value],
    });
    if (sent.length === 0 && !('since' in which))
      throw new Refused(
        'no-such-event',
        '没有这个事件，或该接收地址不接收这类事件 · there is no such event, or the endpoint does not want its type',
      );
    await query({ text: 'UPDATE webhook_endpoint SET rest_until = NULL WHERE id = $1', values: [endpointId] });
    return sent.length;
  });
}

function chosen(which: Which): { condition: string; value: unknown } {
  if ('event' in which) return { condition: 'e.id = $3::uuid', value: which.event };
  if ('since' in which) return { condition: 'e.at >= $3::timestamptz', value: which.since };
  return {
    condition: 'e.sequence >= (SELECT sequence FROM webhook_event WHERE id = $3::uuid)',
    value: which.sinceEvent,
  };
}

/** The type of a message that says nothing: whoever gets it knows that the address, the secret and his program do. */
export const pingType = 'webhook.ping';

/**
 * Sends a test message to one endpoint, whatever waits for it.
 *
 * @returns the event's id.
 * @throws Refused `endpoint-disabled`
 */
export async function ping({ database, clock }: ReplayServices, endpointId: string, actor: string): Promise<string> {
  const now = clock.now();
  return database.transaction(async (query) => {
    await takeTurn(query);
    await demandEnabled(query, endpointId);
    // A subject of its own: it waits for nothing, and nothing waits for it.
    const subject = `${pingType} ${endpointId} ${now.toISOString()}`;
    const [id = ''] = await announce(query, now, { type: pingType, subject, payload: { endpoint: endpointId } });
    await query({
      text: 'INSERT INTO webhook_delivery (endpoint_id, event_id, since, next_at) VALUES ($1, $2, $3, $3)',
      values: [endpointId, id, now],
    });
    await audit(query, now, { actor, action: 'webhook-endpoint.ping', subject: endpointId, detail: { event: id } });
    return id;
  });
}

async function demandEnabled(query: Query, endpointId: string): Promise<void> {
  const enabled = await query({
    text: 'SELECT FROM webhook_endpoint WHERE id = $1 AND disabled_at IS NULL FOR UPDATE',
    values: [endpointId],
  });
  if (enabled.length === 0)
    throw new Refused('endpoint-disabled', '该接收地址已停用，请先启用 · the endpoint is disabled: enable it first');
}
