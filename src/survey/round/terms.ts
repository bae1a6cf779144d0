import type { Query } from '../../platform/database.ts';
import { Refused } from '../../platform/errors.ts';

/** Which versions a round of a month is bound to: the rule set in force, and the questionnaire published last. */
export interface Terms {
  readonly roundId: string;
  readonly ruleSetId: string;
  readonly questionnaireId: string;
}

/**
 * Versions that somebody names. Another questionnaire is asked instead; of the rule set he only says which one he takes
 * to be in force, because one holds for the whole company and nobody may choose another.
 */
export interface NamedVersions {
  readonly questionnaireId?: string | undefined;
  readonly ruleSetId?: string | undefined;
}

export type Found =
  | ({ readonly kind: 'terms' } & Terms)
  | { readonly kind: 'round-exists'; readonly roundId: string }
  | { readonly kind: 'later-month-stands'; readonly later: string }
  | { readonly kind: 'roster-empty' | 'no-rules' | 'no-questionnaire' };

/** A month has one round that is not cancelled, because it is published once. */
export async function findTerms(query: Query, period: string, named: NamedVersions = {}): Promise<Found> {
  const [found] = await query<{
    ruleSetId: string | null;
    questionnaireId: string | null;
    roundId: string | null;
    rounds: number;
    retailers: boolean;
    later: string | null;
  }>({
    text: `
      SELECT rule_set_in_force($1) AS "ruleSetId",
             (SELECT id FROM questionnaire WHERE published_at IS NOT NULL AND ($2::text IS NULL OR id = $2)
              ORDER BY published_at DESC, id DESC LIMIT 1) AS "questionnaireId",
             (SELECT id FROM round WHERE period = $1 AND state <> 'cancelled' LIMIT 1) AS "roundId",
             (SELECT count(*)::int FROM round WHERE period = $1) AS rounds,
             EXISTS (SELECT FROM assignment) AS retailers,
             (SELECT max(period) FROM publication WHERE period > $1) AS later`,
    values: [period, named.questionnaireId ?? null],
  });
  if (found?.roundId) return { kind: 'round-exists', roundId: found.roundId };
  if (found?.later) return { kind: 'later-month-stands', later: found.later };
  if (!found?.retailers) return { kind: 'roster-empty' };
  const { ruleSetId, questionnaireId, rounds } = found;
  if (!ruleSetId) return { kind: 'no-rules' };
  if (!questionnaireId) return { kind: 'no-questionnaire' };
  return { kind: 'terms', ruleSetId, questionnaireId, roundId: `${period}-R${rounds + 1}` };
}

/** @throws Refused where the month has a round, there is nobody to ask, a version is missing, or another rule set is named. */
export async function termsFor(query: Query, period: string, named: NamedVersions = {}): Promise<Terms> {
  const found = await findTerms(query, period, named);
  switch (found.kind) {
    case 'terms':
      if (named.ruleSetId !== undefined && named.ruleSetId !== found.ruleSetId)
        throw otherRules(period, found.ruleSetId, named.ruleSetId);
      return found;
    case 'round-exists':
      throw new Refused(
        found.kind,
        `${period} 已有轮次 ${found.roundId} · ${period} has the round ${found.roundId} already`,
      );
    case 'later-month-stands':
      throw new Refused(
        found.kind,
        `${found.later} 已经公布，不能再补 ${period} · ${found.later} is on the board, and its tiers went on without ${period}`,
      );
    case 'roster-empty':
      throw new Refused(found.kind, '名册是空的，请先导入 · the roster is empty: import managers and retailers first');
    case 'no-rules':
      throw new Refused(found.kind, `${period} 没有生效的考核办法 · no such rule set is in force for ${period}`);
    case 'no-questionnaire':
      throw new Refused(found.kind, '没有已发布的问卷 · no such questionnaire is published');
  }
}

export const otherRules = (period: string, inForce: string, asked: string): Refused =>
  new Refused(
    'other-rules',
    `${period} 全公司只按考核办法 ${inForce}，不能用 ${asked}：请改填 ${inForce} 或不填 · ${period} is under rule set ${inForce} in the whole company, and not under ${asked}: name that one or none`,
  );
