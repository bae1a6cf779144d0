import type { Query } from '../../platform/database.ts';

/**
 * Which of our numbers a shop is called from: the one it was called from last, because that is the one it knows, has
 * saved or rings back; the first time one that follows from its own number by a keyed hash, so that the numbers are
 * used evenly and nobody who sees them learns who is called from which.
 *
 * @param numbers those in use now, at least one. A number that was given up is not used again.
 */
export async function numberFor(query: Query, phoneId: string, numbers: readonly string[]): Promise<string> {
  const [first, ...others] = numbers;
  if (first === undefined) throw new Error('there is no number to call from');
  if (others.length === 0) return first;
  const [row] = await query<{ number: string }>({
    name: 'number-for',
    text: `
      SELECT coalesce((
        SELECT before.number FROM (
          SELECT from_number AS number, dialed_at FROM attempt WHERE phone_id = $1 AND from_number IS NOT NULL
          UNION ALL SELECT from_number, dialed_at FROM desk_call WHERE phone_id = $1 AND from_number IS NOT NULL
        ) AS before WHERE before.number = ANY($2) ORDER BY before.dialed_at DESC LIMIT 1
      ), ($2::text[])[1 + (256 * get_byte(p.blind_index, 0) + get_byte(p.blind_index, 1)) % cardinality($2)]) AS number
      FROM phone p WHERE p.id = $1`,
    values: [phoneId, numbers],
  });
  return row?.number ?? first;
}
