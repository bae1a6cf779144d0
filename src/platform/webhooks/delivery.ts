import type { Query } from '../database.ts';

/**
 * Which messages are due, and who is at them. A delivery is claimed with a lease, tried, and recorded; where nobody
 * records it until the lease is over, it is tried again: at least once, under the same id.
 *
 *   head       the earliest waiting one about a subject to an endpoint: none about it overtakes it
 *   in flight  claimed, and the lease not over
 */

/** How many messages are sent to one endpoint at a time. */
export const mostInFlight = 8;
/** Longer than a try takes. */
const leaseMilliseconds = 60_000;

/** Of deliveries `d` with their events `e`: that nothing earlier about the subject still waits. */
const isHead = `NOT EXISTS (
  SELECT FROM webhook_delivery before JOIN webhook_event earlier ON earlier.id = before.event_id
  WHERE before.endpoint_id = d.endpoint_id AND before.state = 'waiting'
    AND coalesce(earlier.subject, '') = coalesce(e.subject, '') AND earlier.sequence < e.sequence)`;

export interface DueEndpoint {
  readonly endpointId: string;
  readonly at: Date;
}

/** When each endpoint next has something to be sent: the first that may go, and where too many are in flight, when a lease ends. */
export const dueEndpoints = (query: Query, now: Date): Promise<DueEndpoint[]> =>
  query<DueEndpoint>({
    name: 'webhook-due',
    text: `
      SELECT d.endpoint_id AS "endpointId",
             CASE WHEN count(*) FILTER (WHERE d.leased_until > $1) >= $2 THEN min(d.leased_until) FILTER (WHERE d.leased_until > $1)
                  ELSE min(greatest(d.next_at, d.leased_until, p.rest_until)) END AS at
      FROM webhook_delivery d JOIN webhook_event e ON e.id = d.event_id
      JOIN webhook_endpoint p ON p.id = d.endpoint_id AND p.disabled_at IS NULL
      WHERE d.state = 'waiting' AND ${isHead}
      GROUP BY d.endpoint_id`,
    values: [now, mostInFlight],
  });

export interface Claimed {
  readonly endpointId: string;
  readonly eventId: string;
  /** This one included. */
  readonly tries: number;
  /** When it was first tried. */
  readonly since: Date;
  readonly url: string;
  readonly secret: Buffer;
  /** Where the secret before still signs. */
  readonly previousSecret: Buffer | null;
  readonly type: string;
  readonly payload: unknown;
  readonly at: Date;
}

/** Takes what is due at an endpoint, as much as may be in flight. What another is just taking is his. */
export const claimDue = (query: Query, endpointId: string, now: Date): Promise<Claimed[]> =>
  query<Claimed>({
    name: 'webhook-claim',
    text: `
      WITH due AS (
        SELECT d.endpoint_id, d.event_id
        FROM webhook_delivery d JOIN webhook_event e ON e.id = d.event_id
        JOIN webhook_endpoint p ON p.id = d.endpoint_id AND p.disabled_at IS NULL AND (p.rest_until IS NULL OR p.rest_until <= $2)
        WHERE d.endpoint_id = $1 AND d.state = 'waiting' AND d.next_at <= $2 AND (d.leased_until IS NULL OR d.leased_until <= $2)
          AND ${isHead}
        ORDER BY e.sequence
        LIMIT greatest(0, $4 - (SELECT count(*) FROM webhook_delivery WHERE endpoint_id = $1 AND state = 'waiting' AND leased_until > $2))
        FOR UPDATE OF d SKIP LOCKED
      )
      UPDATE webhook_delivery d SET leased_until = $3, tries = d.tries + 1, since = CASE WHEN d.tries = 0 THEN $2 ELSE d.since END
      FROM due JOIN webhook_event e ON e.id = due.event_id JOIN webhook_endpoint p ON p.id = due.endpoint_id
      WHERE d.endpoint_id = due.endpoint_id AND d.event_id = due.event_id
      RETURNING d.endpoint_id AS "endpointId", d.event_id AS "eventId", d.tries, d.since, p.url, p.secret,
                CASE WHEN p.previous_until > $2 THEN p.previous_secret END AS "previousSecret", e.type, e.payload, e.at`,
    values: [endpointId, now, new Date(now.getTime() + leaseMilliseconds), mostInFlight],
  });

type Of = Pick<Claimed, 'endpointId' | 'eventId' | 'tries'>;

/** It arrived: whatever was made of it meanwhile, nobody sends it again. */
export async function recordDelivered(
  query: Query,
  { endpointId, eventId }: Of,
  status: number,
  now: Date,
): Promise<void> {
  await query({
    name: 'webhook-delivered',
    text: `
      UPDATE webhook_delivery SET state = 'delivered', leased_until = NULL, last_status = $3, last_error = NULL, ended_at = $4
      WHERE endpoint_id = $1 AND event_id = $2 AND state <> 'delivered'`,
    values: [endpointId, eventId, status, now],
  });
}

/**
 * It did not arrive. Nothing is recorded where the lease was over and somebody else is at it.
 *
 * @param next when it is tried again; null = it is given up.
 */
export async function recordFailed(
  query: Query,
  { endpointId, eventId, tries }: Of,
  { status, error, next }: { readonly status: number | null; readonly error: string; readonly next: Date | null },
  now: Date,
): Promise<void> {
  await query({
    name: 'webhook-failed',
    text: `
      UPDATE webhook_delivery
      SET state = CASE WHEN $6::timestamptz IS NULL THEN 'given-up' ELSE 'waiting' END::webhook_delivery_state, leased_until = NULL,
          last_status = $4, last_error = $5, next_at = coalesce($6, next_at), ended_at = CASE WHEN $6 IS NULL THEN $7::timestamptz END
      WHERE endpoint_id = $1 AND event_id = $2 AND state = 'waiting' AND tries = $3`,
    values: [endpointId, eventId, tries, status, error, next, now],
  });
}

/** It asked to be left in peace until then, whatever waits for it. */
export async function recordRest(query: Query, endpointId: string, until: Date): Promise<void> {
  await query({
    name: 'webhook-rest',
    text: 'UPDATE webhook_endpoint SET rest_until = $2 WHERE id = $1',
    values: [endpointId, until],
  });
}
