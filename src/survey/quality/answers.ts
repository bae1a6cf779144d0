import type { Answers } from '../interview/conversation.ts';
import { overallItem, type Questionnaire } from '../questionnaire/questionnaire.ts';
import { type Counted, type Outlier, outliers } from './outlier.ts';
import { type Finding, type FlagKind, thresholds } from './thresholds.ts';

/** What the answers of a round give to look at. Pure; struck responses are left out before. */
export interface Response {
  readonly caseId: string;
  readonly managerId: string;
  readonly answers: Answers;
  /** What the same shop answered the time before, in an earlier round; null = it was never heard. */
  readonly before: Answers | null;
}

export function findInAnswers(responses: readonly Response[], questionnaire: Questionnaire): Finding[] {
  return [
    ...findFives(responses, questionnaire),
    ...findStraightLines(responses, questionnaire),
    ...findToldHow(responses),
  ];
}

/** Too many fives at the overall item. */
function findFives(responses: readonly Response[], questionnaire: Questionnaire): Finding[] {
  const { id } = overallItem(questionnaire);
  const counts = countBy(responses, ({ answers }) => answers[id] === 5);
  return outliers(counts, thresholds.fives).map((found) => ofManager('five-share', found));
}

/** Too many who gave every item the same, or the same shops doing so again and again. */
function findStraightLines(responses: readonly Response[], questionnaire: Questionnaire): Finding[] {
  const straight = (answers: Answers) => isStraightLine(answers, questionnaire);
  const asked = responses.filter(
    ({ answers }) => ratingsOf(answers, questionnaire).length >= thresholds.straightLine.items,
  );
  const counts = countBy(asked, ({ answers }) => straight(answers));
  const again = countBy(asked, ({ answers, before }) => straight(answers) && before !== null && straight(before));
  const repeated = new Map(again.map(({ managerId, counted }) => [managerId, counted]));
  const standOut = new Map(outliers(counts, thresholds.straightLine).map((found) => [found.managerId, found]));
  return counts.flatMap((one): Finding[] => {
    const twice = repeated.get(one.managerId) ?? 0;
    const found = standOut.get(one.managerId);
    if (!found && twice < thresholds.straightLine.repeated) return [];
    const { counted, responses: of, managerId } = one;
    const evidence = found ? ofManager('straight-line', found).evidence : { counted, responses: of };
    return [{ kind: 'straight-line', managerId, caseId: null, evidence: { ...evidence, repeated: twice } }];
  });
}

/** Too many who say that somebody told them how to rate. */
function findToldHow(responses: readonly Response[]): Finding[] {
  const { item, yes } = thresholds.toldHow;
  const asked = responses.filter(({ answers }) => (answers[item] ?? 0) > 0);
  const counts = countBy(asked, ({ answers }) => answers[item] === yes);
  return outliers(counts, thresholds.toldHow).map((found) => ofManager('told-how', found));
}

const ratingsOf = (answers: Answers, { items }: Questionnaire): number[] =>
  items.filter(({ kind }) => kind === 'rating').flatMap(({ id }) => answers[id] || []);

/** Every rating item that applied has the same rating, and there are enough of them to say so. */
function isStraightLine(answers: Answers, questionnaire: Questionnaire): boolean {
  const ratings = ratingsOf(answers, questionnaire);
  return ratings.length >= thresholds.straightLine.items && new Set(ratings).size === 1;
}

function countBy(responses: readonly Response[], is: (one: Response) => boolean): Counted[] {
  const counts = new Map<string, { counted: number; responses: number }>();
  for (const one of responses) {
    const own = counts.get(one.managerId) ?? { counted: 0, responses: 0 };
    counts.set(one.managerId, { counted: own.counted + (is(one) ? 1 : 0), responses: own.responses + 1 });
  }
  return [...counts].map(([managerId, own]) => ({ managerId, ...own }));
}

const ofManager = (kind: FlagKind, { managerId, counted, responses, others, z }: Outlier): Finding => ({
  ...{ kind, managerId, caseId: null },
  evidence: {
    ...{ counted, responses, othersCounted: others.counted, othersResponses: others.responses },
    z: z.toFixed(2),
  },
});
