import type { Answers, Reply } from '../interview/conversation.ts';
import { type Language, overallItem, type Questionnaire } from '../questionnaire/questionnaire.ts';
import { clipSeconds } from '../questionnaire/speech.ts';
import { changedBefore } from '../roster/completeness.ts';
import { type Finding, thresholds } from './thresholds.ts';

/** What single cases give to look at. Pure. No evidence tells what a shop answered. */
interface OfCase {
  readonly caseId: string;
  readonly managerId: string;
}

export interface ChangedPhone extends OfCase {
  /** When the shop got the number that it was rated from, in place of another one. */
  readonly changedAt: Date;
}

/** Rated on a number that took another one's place shortly before the freeze. */
export const findChangedPhones = (rated: readonly ChangedPhone[], frozenAt: Date): Finding[] =>
  rated
    .filter(({ changedAt }) => changedBefore(changedAt, frozenAt))
    .map(({ caseId, managerId, changedAt }) => ({
      ...{ kind: 'phone-changed', managerId, caseId },
      evidence: { days: Math.floor((frozenAt.getTime() - changedAt.getTime()) / (24 * 3_600_000)) },
    }));

export interface Recheck extends OfCase {
  readonly first: Answers;
  /** What a person of the desk heard. */
  readonly again: Answers;
}

/** Called again, the shop says something else: at the overall item by two points or more, or the opposite of a fact. */
export function findMismatches(rechecks: readonly Recheck[], questionnaire: Questionnaire): Finding[] {
  const overall = overallItem(questionnaire).id;
  const facts = questionnaire.items.filter(({ kind }) => kind === 'yes-no').map(({ id }) => id);
  return rechecks.flatMap(({ caseId, managerId, first, again }): Finding[] => {
    const both = (id: string) => (first[id] ?? 0) > 0 && (again[id] ?? 0) > 0;
    const points = both(overall) ? Math.abs((first[overall] ?? 0) - (again[overall] ?? 0)) : 0;
    const opposite = facts.filter((id) => both(id) && first[id] !== again[id]);
    if (points < thresholds.recheck.points && opposite.length === 0) return [];
    return [{ kind: 'recheck-mismatch', managerId, caseId, evidence: { points, items: opposite } }];
  });
}

/** One answer by key: what was being said, and how long after it began the key came. */
export interface Keyed {
  readonly item: string;
  readonly reply: Pick<Reply, 'pauseSeconds' | 'say'>;
  readonly seconds: number;
}

export interface KeyedCase extends OfCase {
  readonly language: Language;
  readonly keyed: readonly Keyed[];
}

/**
 * Every answer keyed before its words could be heard. Without the overall item: a key before its scale is named does
 * not count anyway (script §1). Who knows the prompts presses early, so one or two such answers are nothing.
 */
export function findHaste(cases: readonly KeyedCase[], questionnaire: Questionnaire): Finding[] {
  const { answers, share } = thresholds.haste;
  const overall = overallItem(questionnaire).id;
  return cases.flatMap(({ caseId, managerId, language, keyed }): Finding[] => {
    const timed = keyed
      .filter(({ item }) => item !== overall)
      .map(({ reply, seconds }) => ({ seconds, words: wordSeconds(reply, language, questionnaire) }));
    if (timed.length < answers || timed.some(({ seconds, words }) => seconds >= share * words)) return [];
    const total = (what: 'seconds' | 'words') => timed.reduce((sum, one) => sum + one[what], 0).toFixed(1);
    const evidence = { answers: timed.length, seconds: total('seconds'), words: total('words') };
    return [{ kind: 'keys-too-fast', managerId, caseId, evidence }];
  });
}

const wordSeconds = ({ pauseSeconds, say }: Keyed['reply'], language: Language, questionnaire: Questionnaire): number =>
  say.reduce(
    (sum, { clip, slow }) =>
      sum + clipSeconds(clip, language, questionnaire) * (slow ? questionnaire.speech[language].slowFactor : 1),
    pauseSeconds,
  );
