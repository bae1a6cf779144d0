import { chainLock } from '../audit.ts';
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
 * lock is held until then; it is the audit log's, so that whoever writes to both waits for one lock only.
 *
 * @returns the events' ids, in the order given.
 */
export async function announce(query: Query, now: Date, ...announcements: readonly Announcement[]): Promise<string[]> {
  const events = await query<{ id: string }>({
    name: 'webhook-announce',
    text: `
      WITH turn AS MATERIALIZED (
        SELECT pg_advisory_xact_lock($1)
      ), event AS (
        INSERT INTO webhook_event (id, type, subject, payload, at)
        SELECT gen_random_uuid(), told.type, told.subject, told.payload::jsonb, $2
        FROM turn, unnest($3::text[], $4::text[], $5::text[]) WITH ORDINALITY AS told (type, subject, payload, number)
        ORDER BY told.number
        RETURNING id, sequence, type
      ), delivery AS (
        INSERT INTO webhook_delivery (endpoint_id, event_id, since, next_at)
        SELECT endpoint.id, event.id, $2, $2
        FROM event JOIN webhook_endpoint endpoint ON event.type = ANY (endpoint.types) AND endpoint.disabled_at IS NULL
      )
      SELECT id FROM event ORDER BY sequence`,
    values: [
      chainLock,
      now,
      announcements.map(({ type }) => type),
      announcements.map(({ subject }) => subject),
      announcements.map(({ payload }) => JSON.stringify(payload)),
    ],
  });
  return events.map(({ id }) => id);
}
