import type { Query } from '../../platform/database.ts';
import { Refused } from '../../platform/errors.ts';

/** @throws Refused where tiers and streaks of a later month already start from this one. */
export async function refuseLaterMonth(query: Query, period: string): Promise<void> {
  const [later] = await query<{ period: string }>({
    text: 'SELECT period FROM publication WHERE period > $1 ORDER BY period LIMIT 1',
    values: [period],
  });
  if (later)
    throw new Refused(
      'later-month-stands',
      `${later.period} 已经公布，档级从本期接续，本期不能再更正 · ${later.period} is published and its tiers start from this month, which can be corrected no more`,
    );
}
