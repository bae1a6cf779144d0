import type { Query } from './database.ts';

/**
 * One step of a period at a time, until the transaction ends: an appeal filed in the last second must not meet a result
 * that is just being made final, nor two corrections go on from one notice, nor a fact come in while it is scored.
 */
export async function lockPeriod(query: Query, period: string): Promise<void> {
  await query({ text: `SELECT pg_advisory_xact_lock(hashtextextended('period ' || $1, 0))`, values: [period] });
}

/**
 * One at a time, until the transaction ends, of what decides which month goes on from which: the next month's notice, and
 * a correction of a final result, after which no later month may stand.
 */
export async function lockBoard(query: Query): Promise<void> {
  await query({ text: `SELECT pg_advisory_xact_lock(hashtextextended('the board', 0))` });
}
