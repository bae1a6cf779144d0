import type { Query } from '../../platform/database.ts';

/** How a draw stands, for whoever looks at it: its holders, its event, what it was frozen as. No retailer, no nonce. */
export interface DrawHolder {
  /** A user's id, or `operator` for a nonce that the service made itself. */
  readonly holder: string;
  readonly name: string;
  readonly substitute: string | null;
  readonly committedAt: Date | null;
  readonly handedInAt: Date | null;
}

export interface AwaitedEvent {
  readonly name: string;
  readonly at: Date;
  /** null until its outcome was entered. */
  readonly value: string | null;
}

export interface DrawLine {
  readonly roundId: string;
  readonly period: string;
  readonly state: 'draft' | 'committed' | 'fielding' | 'paused' | 'closed' | 'cancelled';
  readonly operatorTrusted: boolean;
  readonly launchedAt: Date;
  readonly frozenAt: Date | null;
  readonly frameHash: string | null;
  readonly revealedAt: Date | null;
}

/** In commitment order, which is the order of the nonces in the seed. */
export const readHolders = (query: Query, roundId: string): Promise<DrawHolder[]> =>
  query<DrawHolder>({
    text: `
      SELECT holder, holder_name AS name, substitute, committed_at AS "committedAt", handed_in_at AS "handedInAt"
      FROM nonce WHERE round_id = $1 ORDER BY place`,
    values: [roundId],
  });

/** The public event that goes into the seed, or null where there is none. */
export async function readEvent(query: Query, roundId: string): Promise<AwaitedEvent | null> {
  const [event] = await query<AwaitedEvent>({
    text: `
      SELECT public_event AS name, public_event_at AS at, public_value AS value
      FROM draw WHERE round_id = $1 AND public_event IS NOT NULL`,
    values: [roundId],
  });
  return event ?? null;
}

/** Draws of every round, the latest first, from after `after`. */
export const listDraws = (
  query: Query,
  after: { readonly launchedAt: Date; readonly id: string } | null,
  limit: number,
): Promise<DrawLine[]> =>
  query<DrawLine>({
    text: `
      SELECT r.id AS "roundId", r.period, r.state, d.operator_trusted AS "operatorTrusted", r.launched_at AS "launchedAt",
             d.frozen_at AS "frozenAt", d.frame_hash AS "frameHash", d.revealed_at AS "revealedAt"
      FROM round r JOIN draw d ON d.round_id = r.id
      WHERE $1::timestamptz IS NULL OR (r.launched_at, r.id) < ($1, $2)
      ORDER BY r.launched_at DESC, r.id DESC LIMIT $3`,
    values: [after?.launchedAt ?? null, after?.id ?? null, limit],
  });
