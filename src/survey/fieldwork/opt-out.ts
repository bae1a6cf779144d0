import { audit } from '../../platform/audit.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Database, Query } from '../../platform/database.ts';
import { Refused } from '../../platform/errors.ts';

/**
 * The opt-out ledger: one over channels, rounds and carriers, every line with its source and time. A stop holds for the
 * number it was said on and, where it is known which, for the shop that said it, whatever number that gets. A call's own
 * # takes back its own 9 and nothing else; whatever was said elsewhere is taken back by hand.
 */

/** Whether a line of the ledger is a stop that nothing has taken back. */
export const isInForce = (line: string): string => `(${line}.entry = 'stop' AND NOT EXISTS (
  SELECT FROM opt_out undo WHERE undo.phone_id = ${line}.phone_id AND undo.entry = 'undo' AND undo.id > ${line}.id
    AND (undo.attempt_id IS NULL OR undo.attempt_id = ${line}.attempt_id)))`;

/** Whether a shop said stop, on whatever number it had then. */
export const saidStop = (retailerId: string): string =>
  `${retailerId} IN (SELECT o.retailer_id FROM opt_out o WHERE o.retailer_id IS NOT NULL AND ${isInForce('o')})`;

/** Whether the number's stop was keyed in a call that is still on, and in which # may take it back. */
export const mayBeUndone = (phoneId: string): string => `EXISTS (
  SELECT FROM attempt talk WHERE talk.phone_id = ${phoneId} AND talk.state <> 'ended' AND talk.conversation #>> '{place,is}' = 'stopping')`;

/**
 * Parts of a statement that enter a stop for each number `p` that `which` picks and that is not stopped yet, or not for
 * certain, as `stopped`. Posted for its open cases, which otherwise would wait for a call that is never made.
 */
export const entering = (which: string, source: 'sms' | 'desk' | 'hand' | 'carrier', now: string): string => `
  stopped AS (
    UPDATE phone p SET opted_out_at = coalesce(p.opted_out_at, ${now})
    WHERE ${which} AND (p.opted_out_at IS NULL OR ${mayBeUndone('p.id')}) RETURNING p.id
  ), stop_posted AS (
    INSERT INTO outbox (topic, case_id, at)
    SELECT 'opt-out', c.id, ${now} FROM stopped JOIN survey_case c ON c.phone_id = stopped.id AND c.state <> 'done'
  ), stop_entered AS (
    INSERT INTO opt_out (phone_id, entry, source, retailer_id, at)
    SELECT stopped.id, 'stop', '${source}', (
      SELECT min(l.retailer_id) FROM retailer_phone l WHERE l.phone_id = stopped.id AND l.until IS NULL HAVING count(DISTINCT l.retailer_id) = 1
    ), ${now} FROM stopped
  )`;

/**
 * Enters a stop by text for a number that has no thread: it was called and never written to. A number we do not know, or
 * one that is stopped, is left.
 *
 * @returns whether this stopped it.
 */
export async function enterStop(query: Query, phoneIndex: Buffer, now: Date): Promise<boolean> {
  const stopped = await query({
    name: 'opt-out-enter',
    text: `WITH ${entering('p.blind_index = $1', 'sms', '$2::timestamptz')} SELECT FROM stopped`,
    values: [phoneIndex, now],
  });
  return stopped.length > 0;
}

/** Calls of ours, by the carrier's id, that are on their way to a stopped number and not answered yet. */
export async function callsInVain(query: Query, phoneIndex: Buffer): Promise<string[]> {
  const rows = await query<{ carrierId: string }>({
    name: 'opt-out-calls',
    text: `
      SELECT a.carrier_id AS "carrierId" FROM attempt a JOIN phone p ON p.id = a.phone_id
      WHERE p.blind_index = $1 AND p.opted_out_at IS NOT NULL AND a.channel = 'voice' AND a.carrier_id IS NOT NULL
        AND a.state IN ('queued', 'ringing')`,
    values: [phoneIndex],
  });
  return rows.map(({ carrierId }) => carrierId);
}

/**
 * Somebody told a person of the desk, outside the questions, to stop for good: both channels, every case of the number.
 *
 * @param about the case or the wish that he was called for.
 */
export async function enterStopAtDesk(query: Query, about: string, now: Date): Promise<void> {
  const called = `p.id IN (SELECT phone_id FROM survey_case WHERE id = $1 UNION ALL SELECT phone_id FROM follow_up WHERE id = $1)`;
  await query({
    name: 'opt-out-desk',
    text: `WITH ${entering(called, 'desk', '$2::timestamptz')} SELECT FROM stopped`,
    values: [about, now],
  });
}

/**
 * He changed his mind and told somebody (script N2: 「哪天想恢复,打12313说一声就行」): every stop of the shop, and of the
 * numbers it has, is taken back.
 *
 * @returns how many numbers were stopped.
 * @throws Refused `not-stopped` where there is nothing to take back.
 */
export async function undoStops(
  { database, clock }: { readonly database: Database; readonly clock: Clock },
  retailerId: string,
  actor: string,
): Promise<number> {
  const now = clock.now();
  return database.transaction(async (query) => {
    const undone = await query<{ id: string }>({
      text: `
        WITH standing AS (
          SELECT DISTINCT o.phone_id AS id FROM opt_out o
          WHERE ${isInForce('o')} AND (o.retailer_id = $1
            OR o.phone_id IN (SELECT phone_id FROM retailer_phone WHERE retailer_id = $1 AND until IS NULL))
        ), opened AS (
          UPDATE phone p SET opted_out_at = NULL FROM standing WHERE p.id = standing.id
        ), posted AS (
          INSERT INTO outbox (topic, case_id, at)
          SELECT 'opt-out', c.id, $2 FROM standing JOIN survey_case c ON c.phone_id = standing.id
        )
        INSERT INTO opt_out (phone_id, entry, source, retailer_id, at) SELECT id, 'undo', 'hand', $1, $2 FROM standing
        RETURNING phone_id AS id`,
      values: [retailerId, now],
    });
    if (undone.length === 0) throw new Refused('not-stopped', '这户没有拒访 · this shop did not say stop');
    await audit(query, now, { actor, action: 'opt-out.undo', subject: retailerId, detail: { numbers: undone.length } });
    return undone.length;
  });
}
