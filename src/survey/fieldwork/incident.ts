import { audit } from '../../platform/audit.ts';
import type { Chance } from '../../platform/chance.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Database, Query } from '../../platform/database.ts';
import { Refused } from '../../platform/errors.ts';
import { type Lane, paceOf } from './pace.ts';

/**
 * A carrier that refuses whatever we ask because our settings are wrong (a key, a number, a permission) is stopped:
 * one incident, however many requests were under way, and nothing more is asked of it until somebody says that they
 * are mended. Rounds stay in the field meanwhile; their cases are due when it goes on.
 */
export interface Incident {
  readonly id: string;
  /** `twilio/voice` */
  readonly carrier: string;
  /** The carrier's code for what is wrong: a number, or a word where it speaks in words. */
  readonly errorCode: number | null;
  readonly errorName: string | null;
  readonly refusals: number;
  readonly openedAt: Date;
  readonly lastAt: Date;
  readonly closedAt: Date | null;
  readonly closedBy: string | null;
}

export interface Refusal {
  readonly errorCode: number | null;
  readonly errorName?: string | undefined;
  /** When the request was made that was refused. */
  readonly askedAt: Date;
}

/**
 * Stops the carrier. A refusal of something that was asked before the last incident was closed is of before, and opens
 * no new one.
 *
 * @returns true where this opened the incident.
 */
export async function raiseIncident(
  { database, clock, chance }: { readonly database: Database; readonly clock: Clock; readonly chance: Chance },
  lane: Pick<Lane, 'carrier' | 'channel'>,
  { errorCode, errorName, askedAt }: Refusal,
): Promise<boolean> {
  const now = clock.now();
  const id = chance.id();
  return database.transaction(async (query) => {
    const [row] = await query<{ id: string }>({
      name: 'incident-raise',
      text: `
        INSERT INTO incident (id, carrier, error_code, error_name, opened_at, last_at)
        SELECT $1, $2, $3, $6, $4, $4 WHERE NOT EXISTS (SELECT FROM incident WHERE carrier = $2 AND closed_at >= $5)
        ON CONFLICT (carrier) WHERE closed_at IS NULL DO UPDATE SET refusals = incident.refusals + 1, last_at = $4
        RETURNING id`,
      values: [id, paceOf(lane), errorCode, now, askedAt, errorName ?? null],
    });
    if (row?.id !== id) return false;
    await audit(query, now, {
      ...{
        actor: 'system',
        action: 'incident.open',
        subject: paceOf(lane),
        detail: { id, errorCode, ...(errorName && { errorName }) },
      },
    });
    return true;
  });
}

/** The settings are mended: what is due goes out again at the carrier's pace. @throws Refused where it is not open. */
export async function closeIncident(
  { database, clock }: { readonly database: Database; readonly clock: Clock },
  id: string,
  actor: string,
): Promise<void> {
  const now = clock.now();
  await database.transaction(async (query) => {
    const [row] = await query<{ carrier: string }>({
      text: 'UPDATE incident SET closed_at = $2, closed_by = $3 WHERE id = $1 AND closed_at IS NULL RETURNING carrier',
      values: [id, now, actor],
    });
    if (!row) throw new Refused('not-open', '该故障已关闭或不存在 · that incident is closed, or there is none such');
    await audit(query, now, { actor, action: 'incident.close', subject: row.carrier, detail: { id } });
  });
}

/** Open ones first, then the latest. */
export function readIncidents(query: Query, most = 50): Promise<Incident[]> {
  return query<Incident>({
    name: 'incidents',
    text: `
      SELECT id, carrier, error_code AS "errorCode", error_name AS "errorName", refusals, opened_at AS "openedAt", last_at AS "lastAt",
             closed_at AS "closedAt", closed_by AS "closedBy"
      FROM incident ORDER BY closed_at IS NOT NULL, opened_at DESC, id LIMIT $1`,
    values: [most],
  });
}
