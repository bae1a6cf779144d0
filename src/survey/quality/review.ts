import { audit } from '../../platform/audit.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Database, Query } from '../../platform/database.ts';
import { BadInput, Refused } from '../../platform/errors.ts';
import type { Finding, FlagKind } from './thresholds.ts';

/**
 * The review of a flag: two people of the assessment group or the auditors, neither of the manager's district, each look
 * and say founded or unfounded, and why; who comes second does not see what the first said. Where they differ the flag
 * stays open for the group to talk over. No verdict changes a response or a score: facts are corrected by an appeal.
 */
export const verdicts = ['founded', 'unfounded'] as const;
export type Verdict = (typeof verdicts)[number];

export type ReviewState = 'differing' | 'open' | 'half' | Verdict;

export interface GivenVerdict {
  readonly by: string;
  readonly name: string | null;
  readonly verdict: Verdict;
  readonly reason: string;
  readonly at: Date;
}

export interface Review extends Finding {
  readonly id: string;
  readonly kind: FlagKind;
  readonly roundId: string;
  readonly managerName: string;
  readonly districtId: string;
  readonly raisedAt: Date;
  readonly state: ReviewState;
  readonly first: GivenVerdict | null;
  readonly second: GivenVerdict | null;
}

/** Where a page of reviews begins: after this one. */
export interface ReviewPlace {
  readonly rank: number;
  readonly raisedAt: Date;
  readonly id: string;
}

const state = `
  CASE WHEN f.second_by IS NULL THEN CASE WHEN f.first_by IS NULL THEN 'open' ELSE 'half' END
       WHEN f.first_verdict <> f.second_verdict THEN 'differing' ELSE f.first_verdict END`;

/** What waits for people comes first: those they differ on, those that lack a verdict, and then what is decided. */
const rank = `CASE ${state} WHEN 'differing' THEN 0 WHEN 'half' THEN 1 WHEN 'open' THEN 1 ELSE 2 END`;

const given = (place: 'first' | 'second'): string => `
  CASE WHEN f.${place}_by IS NOT NULL THEN json_build_object(
    'by', f.${place}_by, 'name', (SELECT name FROM app_user u WHERE u.id::text = f.${place}_by),
    'verdict', f.${place}_verdict, 'reason', f.${place}_reason, 'at', f.${place}_at) END AS "${place}"`;

type Row = Omit<Review, 'first' | 'second'> &
  Record<'first' | 'second', (Omit<GivenVerdict, 'at'> & { at: string }) | null>;

export async function listReviews(
  query: Query,
  after: ReviewPlace | null,
  limit: number,
): Promise<(Review & { readonly rank: number })[]> {
  const rows = await query<Row & { readonly rank: number }>({
    text: `
      SELECT * FROM (
        SELECT f.id, f.kind, f.round_id AS "roundId", f.manager_id AS "managerId", f.case_id AS "caseId", f.evidence, f.raised_at AS "raisedAt",
               m.name AS "managerName", m.district_id AS "districtId", ${state} AS state, ${rank} AS rank, ${given('first')}, ${given('second')}
        FROM flag f JOIN manager m ON m.id = f.manager_id
      ) listed
      WHERE $1::int IS NULL OR (rank, "raisedAt", id) > ($1, $2::timestamptz, $3::uuid) ORDER BY rank, "raisedAt", id LIMIT $4`,
    values: [after?.rank ?? null, after?.raisedAt ?? null, after?.id ?? null, limit],
  });
  return rows.map(({ first, second, ...row }) => ({ ...row, first: dated(first), second: dated(second) }));
}

const dated = (verdict: Row['first']): GivenVerdict | null => verdict && { ...verdict, at: new Date(verdict.at) };

/** A verdict as `viewerId` may see it: the first one only by whoever gave it, until the second is in. */
export const visibleVerdicts = ({ first, second }: Review, viewerId: string | null): GivenVerdict[] =>
  [first, second].flatMap((one) => (one && (second !== null || one.by === viewerId) ? [one] : []));

export const longestReason = 500;

export interface VerdictWish {
  readonly flagId: string;
  readonly userId: string;
  readonly verdict: Verdict;
  readonly reason: string;
}

/**
 * Gives the first or the second verdict, whichever is still to be given: one conditional update, so that of two people
 * at once one is first and the other second, and nobody is both.
 *
 * @throws BadInput without a reason; Refused `no-such-flag`, `verdict-given` by the same person, `decided`, or
 *   `own-district`.
 */
export async function giveVerdict(
  { database, clock }: { readonly database: Database; readonly clock: Clock },
  { flagId, userId, verdict, reason }: VerdictWish,
): Promise<void> {
  const why = reason.trim();
  if (why === '' || [...why].length > longestReason)
    throw new BadInput('结论没有记下 · the verdict was not taken', [
      {
        where: '理由 (reason)',
        message: `请写明理由，1–${longestReason} 字 · say why, in ${longestReason} characters at most`,
      },
    ]);
  const now = clock.now();
  await database.transaction(async (query) => {
    const given = await query({
      text: `
        UPDATE flag f
        SET first_by = coalesce(f.first_by, $2), first_verdict = coalesce(f.first_verdict, $3),
            first_reason = coalesce(f.first_reason, $4), first_at = coalesce(f.first_at, $5),
            second_by = CASE WHEN f.first_by IS NOT NULL THEN $2 END, second_verdict = CASE WHEN f.first_by IS NOT NULL THEN $3 END,
            second_reason = CASE WHEN f.first_by IS NOT NULL THEN $4 END, second_at = CASE WHEN f.first_by IS NOT NULL THEN $5::timestamptz END
        WHERE f.id = $1 AND f.second_by IS NULL AND f.first_by IS DISTINCT FROM $2 AND ${fromElsewhere}
        RETURNING f.id`,
      values: [flagId, userId, verdict, why, now],
    });
    if (given.length === 0) throw await refusal(query, flagId, userId);
    await audit(query, now, { actor: userId, action: 'flag.verdict', subject: flagId, detail: { verdict } });
  });
}

/** $2 is a person who may review, and not of the manager's district. */
const fromElsewhere = `EXISTS (
  SELECT FROM app_user u JOIN manager m ON m.id = f.manager_id
  WHERE u.id::text = $2 AND u.role IN ('admin', 'auditor') AND u.district_id IS DISTINCT FROM m.district_id)`;

async function refusal(query: Query, flagId: string, userId: string): Promise<Refused> {
  const [flag] = await query<{ firstBy: string | null; secondBy: string | null; elsewhere: boolean }>({
    text: `SELECT f.first_by AS "firstBy", f.second_by AS "secondBy", ${fromElsewhere} AS elsewhere FROM flag f WHERE f.id = $1`,
    values: [flagId, userId],
  });
  if (!flag) return new Refused('no-such-flag', '没有这条核查 · there is no such review');
  if (flag.firstBy === userId || flag.secondBy === userId)
    return new Refused(
      'verdict-given',
      '您已经给过结论，另一结论须由他人给出 · you have given yours: the other verdict is somebody else’s',
    );
  if (flag.secondBy !== null) return new Refused('decided', '两人都已给出结论 · both verdicts are in');
  return new Refused(
    'own-district',
    '核查人须来自考核小组或审计，且不属于该客户经理的区域 · a reviewer is an admin or an auditor, and not of the manager’s district',
  );
}
