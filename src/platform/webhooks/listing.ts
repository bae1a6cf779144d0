import type { Query } from '../database.ts';

/** Events and deliveries as lists, page by page in the order of the events. */
export interface ListedEvent {
  readonly id: string;
  readonly sequence: string;
  readonly type: string;
  readonly subject: string | null;
  readonly at: Date;
  readonly payload: unknown;
}

/** Events from the oldest on, `limit` and one more where there are more; `after` is the number of one. */
export const listEvents = (
  query: Query,
  {
    types,
    subject,
    after,
    limit,
  }: {
    readonly types: readonly string[];
    readonly subject: string | null;
    readonly after: string | null;
    readonly limit: number;
  },
): Promise<ListedEvent[]> =>
  query<ListedEvent>({
    text: `
      SELECT id, sequence, type, subject, at, payload FROM webhook_event
      WHERE type = ANY ($1) AND ($2::text IS NULL OR subject = $2) AND ($3::bigint IS NULL OR sequence > $3)
      ORDER BY sequence LIMIT $4`,
    values: [types, subject, after, limit + 1],
  });

export const deliveryStates = ['waiting', 'delivered', 'given-up'] as const;
export type DeliveryState = (typeof deliveryStates)[number];

export interface ListedDelivery {
  readonly eventId: string;
  readonly sequence: string;
  readonly type: string;
  readonly subject: string | null;
  readonly at: Date;
  readonly state: DeliveryState;
  readonly tries: number;
  readonly nextAt: Date | null;
  readonly lastStatus: number | null;
  readonly lastError: string | null;
  readonly endedAt: Date | null;
}

/** What was sent or is to be sent to an endpoint, the latest event first. */
export const listDeliveries = (
  query: Query,
  endpointId: string,
  {
    state,
    before,
    limit,
  }: {
    readonly state: DeliveryState | null;
    readonly before: string | null;
    readonly limit: number;
  },
): Promise<ListedDelivery[]> =>
  query<ListedDelivery>({
    text: `
      SELECT e.id AS "eventId", e.sequence, e.type, e.subject, e.at, d.state, d.tries,
             CASE WHEN d.state = 'waiting' THEN d.next_at END AS "nextAt",
             d.last_status AS "lastStatus", d.last_error AS "lastError", d.ended_at AS "endedAt"
      FROM webhook_delivery d JOIN webhook_event e ON e.id = d.event_id
      WHERE d.endpoint_id = $1 AND ($2::webhook_delivery_state IS NULL OR d.state = $2) AND ($3::bigint IS NULL OR e.sequence < $3)
      ORDER BY e.sequence DESC LIMIT $4`,
    values: [endpointId, state, before, limit + 1],
  });
