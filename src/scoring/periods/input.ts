/** The document a period is scored from, in the form that `huifang score` reads. */
import type { Query } from '../../platform/database.ts';
import { monthsOf } from '../../platform/months.ts';
import { type PublishedQualifications, publishedQualifications } from '../publication.ts';
import { parseRules, type RuleSet, type RuleSetDocument } from '../rules.ts';
import { relevantTo } from '../training/qualifications.ts';
import { nothing, readQualifications } from '../training/read.ts';
import { previousRating, tierOf } from './history.ts';
import { type Past, readConcerned, readIndicators, readMonths, readPasts } from './read.ts';
import { lastScoreStands, type MonthSums, staysComparable, sumsOf, type WindowSums, windowEnding } from './sums.ts';

/** Months from the first to the last, both in it. */
export interface Span {
  readonly first: string;
  readonly last: string;
}

interface Answered {
  readonly frameSize: number;
  readonly ratings: Readonly<Record<'1' | '2' | '3' | '4' | '5', number>>;
  readonly badNumberShare: string;
}

/** A score that stands, with the answers it was made of. */
interface Standing {
  readonly ratings?: never;
  readonly frameSize: number;
  readonly responses: number;
  readonly points: string | null;
  readonly customer: string;
  readonly badNumberShare: string;
}

export interface ScoreInput {
  readonly rules: RuleSetDocument;
  /** Of the month before, where there is nothing new to compute them from. */
  readonly withinVariance?: string | null;
  readonly degreesOfFreedom?: number | null;
  readonly managers: readonly ScoreInputManager[];
}

export type ScoreInputManager = (Answered | Standing) & {
  readonly id: string;
  readonly unit: Readonly<Record<string, string | null>>;
  readonly tier: 1 | 2 | 3;
  readonly previousRating: string | null;
  readonly qualifications?: PublishedQualifications;
};

/** What the input came from, per manager: it is published beside the scores. */
export interface Provenance {
  readonly window: Span;
  readonly standing: boolean;
}

export interface PeriodInput {
  readonly input: ScoreInput;
  readonly provenance: ReadonlyMap<string, Provenance>;
}

/** Managers by id, as UTF-8 bytes order them, so that equal months give equal documents. */
export async function readPeriodInput(query: Query, period: string, rulesDocument: unknown): Promise<PeriodInput> {
  const rules = parseRules(rulesDocument);
  const months = Math.max(...rules.customer.windowMonths);
  // One after the other: they are of one transaction.
  const concerned = await readConcerned(query, period);
  const sums = await readMonths(query, { period, months });
  const units = await readIndicators(query, period);
  const pasts = await readPasts(query, period);
  const held = await readQualifications(query, period, rules);
  const provenance = new Map<string, Provenance>();
  const managers = concerned.map(({ id }) => {
    const history = sums.get(id) ?? [];
    const past = pasts.get(id) ?? { months: [], lastScored: null };
    const { window, standing, answers } = answersOf(period, history, past, rules);
    provenance.set(id, { window, standing });
    const tier = tierOf(past.months, rules.tiers.start);
    const qualifications = relevantTo(tier, held.get(id) ?? nothing, rules.tiers);
    return {
      id,
      ...answers,
      unit: units.get(id) ?? {},
      tier,
      previousRating: previousRating(past.months, window.first),
      ...(qualifications && { qualifications: publishedQualifications(qualifications) }),
    };
  });
  const anew = managers.some((manager) => isScoredAnew(manager, rules));
  const spread = anew ? {} : await readLastSpread(query, period);
  return { input: { rules: rules.document, ...spread, managers }, provenance };
}

/** A city's spread is of answers that scores are made of: the two that a manager who is not rated has are none. */
const isScoredAnew = ({ ratings }: ScoreInputManager, { customer }: RuleSet): boolean =>
  ratings !== undefined && Object.values(ratings).reduce((sum, count) => sum + count, 0) >= customer.minimumResponses;

/** Where nobody is scored anew, the spread of answers stands with the scores: without it the month could not be scored. */
async function readLastSpread(
  query: Query,
  period: string,
): Promise<Pick<ScoreInput, 'withinVariance' | 'degreesOfFreedom'>> {
  const [last] = await query<{ withinVariance: string | null; degreesOfFreedom: number | null }>({
    text: `
      SELECT document->>'withinVariance' AS "withinVariance", (document->>'degreesOfFreedom')::int AS "degreesOfFreedom"
      FROM publication WHERE period < $1 ORDER BY period DESC, sequence DESC LIMIT 1`,
    values: [period],
  });
  return last?.withinVariance ? last : {};
}

/** His answers of this month's window; or, with too few new ones, what his last score was made of. */
function answersOf(period: string, history: readonly MonthSums[], { lastScored }: Past, rules: RuleSet) {
  const sums = windowEnding(period, history, rules.customer);
  const enough = sums.responses >= rules.customer.minimumResponses;
  if (enough && lastScored && staysComparable(lastScored.line.responses, lastScored.rules, rules.customer)) {
    const { window, frameSize, responses, points, customer, badNumberShare } = lastScored.line;
    if (customer && window && lastScoreStands(history, window.last, rules.customer))
      return { window, standing: true, answers: { frameSize, responses, points, customer, badNumberShare } };
  }
  return { window: { first: sums.first, last: sums.last }, standing: false, answers: answered(sums) };
}

function answered({ frameSize, ratings, released, badNumbers }: WindowSums): Answered {
  const [one, two, three, four, five] = ratings;
  return {
    frameSize,
    ratings: { '1': one, '2': two, '3': three, '4': four, '5': five },
    badNumberShare: released === 0 ? '0' : `${badNumbers}/${released}`,
  };
}

/** What his answers come to now, in the months that were published: a correction changes facts, not which months are looked at. */
export async function readSumsAgain(query: Query, id: string, { first, last }: Span): Promise<WindowSums> {
  const months = monthsOf(first, last);
  const history = (await readMonths(query, { period: last, months, managers: [id] })).get(id) ?? [];
  return sumsOf(last, months, history);
}

/** The document that a round's month is scored from. */
export async function readScoreInput(query: Query, roundId: string): Promise<ScoreInput> {
  const [round] = await query<{ rules: unknown; period: string }>({
    text: 'SELECT s.document AS rules, r.period FROM round r JOIN rule_set s ON s.id = r.rule_set_id WHERE r.id = $1',
    values: [roundId],
  });
  if (!round) throw new Error(`no round ${roundId}`);
  return (await readPeriodInput(query, round.period, round.rules)).input;
}
