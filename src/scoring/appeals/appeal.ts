/**
 * 申诉 (method §5): until the notice's term is over a manager may say that a fact of his result is wrong. Two people who
 * are not of his district decide, of one mind; what they uphold is mended, and the notice appears anew.
 */
import { z } from 'zod';
import { audit } from '../../platform/audit.ts';
import type { Chance } from '../../platform/chance.ts';
import type { Clock } from '../../platform/clock.ts';
import { type Database, type Query, uniqueViolation } from '../../platform/database.ts';
import { BadInput, type Fault, Refused } from '../../platform/errors.ts';
import { lockBoard, lockPeriod } from '../../platform/period-lock.ts';
import { announce } from '../../platform/webhooks/announce.ts';
import { appealIsDecided } from '../events.ts';
import { correctFinal, publishCorrection } from '../periods/publish.ts';
import { findPublished } from '../store.ts';
import { refuseLaterMonth } from './later-month.ts';
import { type AppealedFact, mend } from './mend.ts';

export interface AppealServices {
  readonly database: Database;
  readonly clock: Clock;
  readonly chance: Chance;
}

const words = z.string().trim().min(1).max(2000);
const shop = z.string().trim().min(1).max(64);

/** What is said to be wrong. A shop is named by its licence number, whether or not it was ever asked: nobody is told. */
export const appealed = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('wrong-assignment'), retailerId: shop }),
  z.strictObject({ kind: z.literal('invalid-call'), retailerId: shop }),
  z.strictObject({
    kind: z.literal('indicator'),
    indicator: shop,
    value: z
      .string()
      .regex(/^\d{1,8}(\.\d{1,4})?$/)
      .describe('what it should be'),
  }),
]);

export const appealWish = z.strictObject({
  about: appealed,
  statement: words.describe('what is wrong, and why'),
  evidence: words.describe('what proves it: a document, a record, a witness'),
});
export type AppealWish = z.output<typeof appealWish>;

export interface Appellant {
  readonly managerId: string;
  /** The user who files it. */
  readonly actor: string;
}

/**
 * Files an appeal against the notice of a period.
 *
 * @throws Refused `appeals-closed` where there is no notice or its term is over, `appeal-open` where the same is open
 *   already, `appeal-dismissed` where it was dismissed, `too-many-appeals`; BadInput where it is about nothing of this manager's.
 */
export async function fileAppeal(
  { database, clock, chance }: AppealServices,
  period: string,
  { managerId, actor }: Appellant,
  { about, statement, evidence }: AppealWish,
): Promise<string> {
  const now = clock.now();
  const id = chance.id();
  await database
    .transaction(async (query) => {
      await lockPeriod(query, period);
      const notice = await openNotice(query, period, now);
      const manager = notice.managers.find((one) => one.id === managerId);
      const faults = manager ? await faultsOf(query, about, manager.indicators) : [notOnTheBoard(managerId)];
      if (faults.length > 0) throw new BadInput('申诉不能受理 · the appeal cannot be taken', faults);
      await refuseEndless(query, period, managerId, about);
      const { hash: against } = notice;
      await insertAppeal(
        query,
        { id, period, managerId, against, actor, ofFinal: false, about, statement, evidence },
        now,
      );
      await audit(query, now, { actor, action: 'appeal.file', subject: id, detail: { period, kind: about.kind } });
    })
    .catch((error: { code?: string }) => {
      if (error.code !== uniqueViolation) throw error;
      throw new Refused('appeal-open', '同一事项的申诉正在处理 · an appeal about the same is being looked at');
    });
  return id;
}

/** So many of one manager's wait for two people each; the month waits for all of them, and so does everybody in it. */
const mostOpen = 20;

async function refuseEndless(
  query: Query,
  period: string,
  managerId: string,
  about: AppealWish['about'],
): Promise<void> {
  const { retailerId, indicator, value } = { retailerId: null, indicator: null, value: null, ...about };
  const [before] = await query<{ open: number; dismissed: boolean }>({
    text: `
      SELECT count(*) FILTER (WHERE state = 'open')::int AS open,
             coalesce(bool_or(state = 'dismissed' AND kind = $3 AND retailer_id IS NOT DISTINCT FROM $4
               AND indicator IS NOT DISTINCT FROM $5 AND value IS NOT DISTINCT FROM $6::numeric), false) AS dismissed
      FROM appeal WHERE period = $1 AND manager_id = $2 AND NOT of_final`,
    values: [period, managerId, about.kind, retailerId, indicator, value],
  });
  if (before?.dismissed)
    throw new Refused(
      'appeal-dismissed',
      '同一事项本期已经驳回，不再受理 · the same was dismissed already: it is not looked at again this month',
    );
  if ((before?.open ?? 0) >= mostOpen)
    throw new Refused(
      'too-many-appeals',
      `已有 ${mostOpen} 件申诉待裁定，请等裁定后再提 · ${mostOpen} appeals of yours wait already: file more once they are decided`,
    );
}

interface Filed extends AppealWish {
  readonly id: string;
  readonly period: string;
  readonly managerId: string;
  readonly against: string;
  readonly actor: string;
  readonly ofFinal: boolean;
}

export async function insertAppeal(query: Query, filed: Filed, now: Date): Promise<void> {
  const { id, period, managerId, against, actor, ofFinal, about, statement, evidence } = filed;
  const { retailerId, indicator, value } = { retailerId: null, indicator: null, value: null, ...about };
  await query({
    text: `
      INSERT INTO appeal (id, period, manager_id, against, of_final, kind, retailer_id, indicator, value, statement, evidence, filed_by, filed_at)
      VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
    values: [
      ...[id, period, managerId, against, ofFinal, about.kind, retailerId, indicator, value],
      ...[statement, evidence, actor, now],
    ],
  });
}

export const notOnTheBoard = (managerId: string): Fault => ({
  where: 'manager',
  message: `${managerId} 不在本期公示中 · is not in this notice`,
});

async function openNotice(query: Query, period: string, now: Date) {
  const published = await findPublished(query, period);
  if (published?.stage !== 'notice' || published.appealsUntil <= now)
    throw new Refused('appeals-closed', '不在公示期内，不能申诉 · there is no notice that can be appealed now');
  return published.document;
}

export async function faultsOf(query: Query, about: AppealWish['about'], indicators: object): Promise<Fault[]> {
  if (about.kind === 'indicator')
    return Object.hasOwn(indicators, about.indicator)
      ? []
      : [{ where: 'about.indicator', message: `${about.indicator} 不是本期的指标 · is no indicator of this period` }];
  const [known] = await query({ text: 'SELECT FROM retailer WHERE id = $1', values: [about.retailerId] });
  return known
    ? []
    : [{ where: 'about.retailerId', message: `没有零售户 ${about.retailerId} · there is no such retailer` }];
}

/** Takes one's own appeal back while it is open. */
export async function withdrawAppeal(
  { database, clock }: AppealServices,
  id: string,
  { managerId, actor }: Appellant,
): Promise<void> {
  const now = clock.now();
  await database.transaction(async (query) => {
    const [withdrawn] = await query({
      text: `UPDATE appeal SET state = 'withdrawn', decided_at = $3 WHERE id = $1 AND manager_id = $2 AND state = 'open' AND NOT of_final RETURNING id`,
      values: [id, managerId, now],
    });
    if (!withdrawn)
      throw new Refused('appeal-settled', '没有可撤回的申诉 · there is no open appeal of yours to take back');
    await audit(query, now, { actor, action: 'appeal.withdraw', subject: id });
  });
}

export interface Verdict {
  /** The user who gives it: an admin, or a supervisor, not of the manager's district. */
  readonly actor: string;
  readonly uphold: boolean;
  readonly reason: string;
}

interface OpenAppeal extends AppealedFact {
  readonly ofFinal: boolean;
  readonly filedBy: string;
  readonly district: string;
}

/**
 * Gives a verdict. The second of one mind settles the appeal; an upheld one is mended and the notice published anew, in
 * the same transaction.
 *
 * @returns the appeal's state afterwards.
 * @throws Refused `appeal-settled`, `verdict-given`, `own-district`, `own-appeal`.
 */
export async function decideAppeal(
  { database, clock }: AppealServices,
  id: string,
  { actor, uphold, reason }: Verdict,
): Promise<'open' | 'upheld' | 'dismissed'> {
  const now = clock.now();
  return database.transaction(async (query) => {
    const appeal = await lockOpen(query, id);
    if (appeal.ofFinal) await lockBoard(query);
    await lockPeriod(query, appeal.period);
    await checkJudge(query, actor, appeal);
    const same = await giveVerdict(query, id, { actor, uphold, reason }, now);
    await audit(query, now, { actor, action: 'appeal.verdict', subject: id, detail: { uphold } });
    if (same < 2) return 'open';
    const outcome = uphold ? 'upheld' : 'dismissed';
    await query({
      text: 'UPDATE appeal SET state = $2::appeal_state, decided_at = $3 WHERE id = $1',
      values: [id, outcome, now],
    });
    const { period, managerId, kind, ofFinal } = appeal;
    if (uphold) {
      if (ofFinal) await refuseLaterMonth(query, period);
      await mend(query, appeal, now);
      await (ofFinal ? correctFinal : publishCorrection)(query, appeal, now);
    }
    await announce(query, now, appealIsDecided({ period, managerId, appeal: id, kind, outcome }));
    return outcome;
  });
}

async function lockOpen(query: Query, id: string): Promise<OpenAppeal> {
  const [appeal] = await query<OpenAppeal & { state: string }>({
    text: `
      SELECT a.id, a.period, a.manager_id AS "managerId", a.kind, a.retailer_id AS "retailerId", a.indicator,
             trim_scale(a.value)::text AS value, a.filed_by AS "filedBy", a.of_final AS "ofFinal", a.state, m.district_id AS district
      FROM appeal a JOIN manager m ON m.id = a.manager_id WHERE a.id = $1 FOR UPDATE OF a`,
    values: [id],
  });
  if (appeal?.state !== 'open')
    throw new Refused('appeal-settled', '没有待裁定的申诉 · there is no such appeal to decide');
  return appeal;
}

async function checkJudge(
  query: Query,
  actor: string,
  { district, filedBy, managerId, ofFinal }: OpenAppeal,
): Promise<void> {
  const [judge] = await query<{ role: string; district: string | null; managerId: string | null }>({
    text: 'SELECT role, district_id AS district, manager_id AS "managerId" FROM app_user WHERE id::text = $1',
    values: [actor],
  });
  // A supervisor of no district in particular could be of the manager's.
  if (!judge || !(judge.role === 'admin' || (judge.role === 'supervisor' && judge.district !== null)))
    throw new Refused('not-a-judge', '只有管理员和其他片区的督导可以裁定 · only admins and supervisors decide appeals');
  if (ofFinal && judge.role !== 'admin')
    throw new Refused(
      'not-an-admin',
      '最终结果只由考核小组的两人更正 · a final result is corrected by two admins alone',
    );
  if (judge.district === district)
    throw new Refused('own-district', '本片区人员不得裁定 · whoever is of the manager’s district does not decide');
  if (actor === filedBy || judge.managerId === managerId)
    throw new Refused('own-appeal', '申诉人不得裁定 · nobody decides his own appeal');
}

/** How many verdicts of this mind there are with it. */
async function giveVerdict(query: Query, id: string, { actor, uphold, reason }: Verdict, now: Date): Promise<number> {
  await query({
    text: 'INSERT INTO appeal_verdict (appeal_id, by, uphold, reason, at) VALUES ($1, $2, $3, $4, $5)',
    values: [id, actor, uphold, reason, now],
  }).catch((error: { code?: string }) => {
    if (error.code !== uniqueViolation) throw error;
    throw new Refused('verdict-given', '已经裁定过 · you have given your verdict');
  });
  const [row] = await query<{ same: number }>({
    text: 'SELECT count(*)::int AS same FROM appeal_verdict WHERE appeal_id = $1 AND uphold = $2',
    values: [id, uphold],
  });
  return row?.same ?? 0;
}
