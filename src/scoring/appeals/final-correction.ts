/**
 * An error that is found after the term (method §5): one admin says which fact is wrong, and with what proof; a second one
 * upholds or dismisses it, as with an appeal. Upheld, the fact is mended and another final publication supersedes the one
 * that stood; nothing is edited. Only until the next month is on the board, whose tiers and streaks start from here.
 */
import { audit } from '../../platform/audit.ts';
import type { Query } from '../../platform/database.ts';
import { uniqueViolation } from '../../platform/database.ts';
import { BadInput, Refused } from '../../platform/errors.ts';
import { lockBoard, lockPeriod } from '../../platform/period-lock.ts';
import { findPublished } from '../store.ts';
import { type AppealServices, type AppealWish, faultsOf, insertAppeal, notOnTheBoard } from './appeal.ts';
import { refuseLaterMonth } from './later-month.ts';

export interface Proposal {
  readonly managerId: string;
  /** An admin, not of the manager's district. */
  readonly actor: string;
}

/**
 * Proposes a correction; it counts as the proposer's own verdict.
 *
 * @returns the id under which the second admin decides it.
 * @throws Refused `not-an-admin`, `not-final`, `later-month-stands`, `appeal-open` where the same is proposed already;
 *   BadInput where it is about nothing of this manager's.
 */
export async function proposeCorrection(
  { database, clock, chance }: AppealServices,
  period: string,
  { managerId, actor }: Proposal,
  wish: AppealWish,
): Promise<string> {
  const now = clock.now();
  const id = chance.id();
  await database
    .transaction(async (query) => {
      await lockBoard(query);
      await lockPeriod(query, period);
      await checkProposer(query, actor, managerId);
      const published = await findPublished(query, period);
      if (published?.stage !== 'final')
        throw new Refused('not-final', '本期还没有最终结果 · the month has no final result that could be corrected');
      await refuseLaterMonth(query, period);
      const { managers, hash } = published.document;
      const manager = managers.find((one) => one.id === managerId);
      const faults = manager ? await faultsOf(query, wish.about, manager.indicators) : [notOnTheBoard(managerId)];
      if (faults.length > 0) throw new BadInput('不能更正 · it cannot be corrected', faults);
      await insertAppeal(query, { id, period, managerId, against: hash, actor, ofFinal: true, ...wish }, now);
      await query({
        text: 'INSERT INTO appeal_verdict (appeal_id, by, uphold, reason, at) VALUES ($1, $2, true, $3, $4)',
        values: [id, actor, wish.statement, now],
      });
      const detail = { period, kind: wish.about.kind };
      await audit(query, now, { actor, action: 'correction.propose', subject: id, detail });
    })
    .catch((error: { code?: string }) => {
      if (error.code !== uniqueViolation) throw error;
      throw new Refused('appeal-open', '同一事项正在处理 · the same is being looked at');
    });
  return id;
}

async function checkProposer(query: Query, actor: string, managerId: string): Promise<void> {
  const [proposer] = await query({
    text: `
      SELECT FROM app_user u LEFT JOIN manager m ON m.id = $2
      WHERE u.id::text = $1 AND u.role = 'admin' AND (m.id IS NULL OR u.district_id IS DISTINCT FROM m.district_id)`,
    values: [actor, managerId],
  });
  if (!proposer)
    throw new Refused(
      'not-an-admin',
      '只有考核小组、且不属本片区的人可以更正最终结果 · only admins who are not of the manager’s district correct a final result',
    );
}
