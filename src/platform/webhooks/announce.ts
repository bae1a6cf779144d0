import { takeTurn } from '../audit.ts';
import type { Query } from '../database.ts';

/** A fact that other programs are to hear of. */
export interface Announcement {
  /** Such as `thing.happened`. */
  readonly type: string;
  /** Whom it is about: order is kept for each. null = nobody in particular, who has an order too. */
  readonly subject: string | null;
  /** What goes out, as JSON. Nothing that its receivers may not know. */
  readonly payload: object;
}

/**
 * Writes events and, for each endpoint that wants them, that they are to be delivered: in the caller's transaction, so
 * that a fact and its event are both there or neither. They are numbered in the order of their commits, because the
 * turn is held until then: outside a transaction it would not be. It is the audit log's turn, so that whoever writes to
 * both waits once only.
 *
 * @returns the events' ids, in the order given.
 */
export async function announce(query: Query, now: Date, ...announcements: readonly Announcement[]): Promise<string[]> {
  await takeTurn(query);
  const events = await query<{ id: string }>({
    name: 'webhook-announce',
    text: `
      WITH event AS (
        INSERT INTO webhook_event (id, type, subject, payload, at)
        SELECT gen_random_uuid(), told.type, told.subject, told.payload::jsonb, $1
        FROM unnest($2::text[], $3::text[], $4::text[]) WITH ORDINALITY AS told (type, subject, payload, number)
        ORDER BY told.number
        RETURNING id, sequence, type
      ), delivery AS (
        INSERT INTO webhook_delivery (endpoint_id, event_id, since, next_at)
        SELECT endpoint.id, event.id, $1, $1
        FROM event JOIN webhook_endpoint endpoint ON event.type = ANY (endpoint.types) AND endpoint.disabled_at IS NULL
      )
      SELECT id FROM event ORDER BY sequence`,
    values: [
      now,
      announcements.map(({ type }) => type),
      announcements.map(({ subject }) => subject),
      announcements.map(({ payload }) => JSON.stringify(payload)),
    ],
  });
  return events.map(({ id }) => id);
}
