import { audit } from '../../platform/audit.ts';
import type { Database } from '../../platform/database.ts';

/**
 * Somebody rang back from a number of the company's own people: he hears that it is not registered (script §6), nothing
 * of it is stored as an answer, and it is on record. Where a case is to be heard under that very number, a shop's number
 * is the company's: two people look at it.
 *
 * @param ring the carrier's id of the call, by which a repeated delivery is known.
 */
export async function noteStaffRingBack(
  { transaction }: Database,
  { id, ring, phoneIndex, now }: { id: string; ring: string; phoneIndex: Buffer; now: Date },
): Promise<void> {
  await transaction(async (query) => {
    const known = await query({
      text: `SELECT FROM audit WHERE action = 'ring-back.staff-number' AND subject = $1`,
      values: [ring],
    });
    if (known.length > 0) return;
    const flagged = await query({
      text: `
        INSERT INTO flag (id, round_id, manager_id, case_id, kind, evidence, raised_at)
        SELECT $1, c.round_id, c.manager_id, c.id, 'staff-ring-back', '{}', $3
        FROM survey_case c JOIN phone p ON p.id = c.phone_id JOIN round r ON r.id = c.round_id
        WHERE p.blind_index = $2 AND r.state IN ('fielding', 'paused') ORDER BY r.launched_at DESC, c.position LIMIT 1
        ON CONFLICT DO NOTHING RETURNING id`,
      values: [id, phoneIndex, now],
    });
    const detail = { flagged: flagged.length > 0 };
    await audit(query, now, { actor: 'system', action: 'ring-back.staff-number', subject: ring, detail });
  });
}
