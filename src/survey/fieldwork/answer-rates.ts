import Fraction from 'fraction.js';
import type { Query } from '../../platform/database.ts';

/**
 * How often somebody answers a call from each number of ours. One that handset makers have marked as a nuisance is
 * answered less and less, and nothing else tells us (script §10: watched daily, alarm at −30 %).
 */
export interface Count {
  readonly calls: number;
  readonly answered: number;
}

export interface NumberCount {
  readonly number: string;
  /** The last seven days. */
  readonly lately: Count;
  /** The four weeks before them. */
  readonly before: Count;
}

/** What a number is answered less often than, by the limit or more: the others at the same time, or itself before. */
export type Alarm = 'others' | 'before';

export interface NumberStanding extends NumberCount {
  readonly others: Count;
  readonly alarms: readonly Alarm[];
}

/** Of either side, so that chance alone does not raise it. */
const fewest = 50;
/** Of what it is measured by: 30 % less. */
export const answerRateLimit = new Fraction(7, 10);

export function numberStandings(counts: readonly NumberCount[]): NumberStanding[] {
  return counts.map((one) => {
    const rest = counts.filter(({ number }) => number !== one.number).map(({ lately }) => lately);
    const others = {
      calls: rest.reduce((sum, { calls }) => sum + calls, 0),
      answered: rest.reduce((sum, { answered }) => sum + answered, 0),
    };
    const alarms = (
      [
        ['others', others],
        ['before', one.before],
      ] as const
    ).flatMap(([name, measure]) => (isLow(one.lately, measure) ? [name] : []));
    return { ...one, others, alarms };
  });
}

/** null where nothing was called. */
export const rateOf = ({ calls, answered }: Count): Fraction | null =>
  calls === 0 ? null : new Fraction(answered, calls);

function isLow(lately: Count, measure: Count): boolean {
  if (lately.calls < fewest || measure.calls < fewest) return false;
  return (
    measure.answered > 0 &&
    new Fraction(lately.answered, lately.calls).lte(new Fraction(measure.answered, measure.calls).mul(answerRateLimit))
  );
}

/**
 * Calls that rang, by number. Answered: by a person, as far as the carrier can tell him from a machine.
 *
 * @param numbers those in use; each is there, also one that nobody was called from yet.
 */
export function countAnswers(query: Query, numbers: readonly string[], now: Date): Promise<NumberCount[]> {
  const count = (when: string) => `
    jsonb_build_object('calls', count(*) FILTER (WHERE ${when}),
      'answered', count(*) FILTER (WHERE ${when} AND a.conversation IS NOT NULL AND a.outcome NOT IN ('voicemail', 'screened', 'no-answer')))`;
  return query<NumberCount>({
    name: 'answer-rates',
    text: `
      SELECT own.number, ${count(`a.dialed_at > $2::timestamptz - interval '7 days'`)} AS lately,
             ${count(`a.dialed_at <= $2::timestamptz - interval '7 days'`)} AS before
      FROM unnest($1::text[]) WITH ORDINALITY AS own (number, place)
      LEFT JOIN attempt a ON a.from_number = own.number AND a.channel = 'voice' AND NOT a.inbound AND a.state = 'ended'
        AND a.result IN ('completed', 'busy', 'no-answer', 'rejected') AND a.dialed_at > $2::timestamptz - interval '35 days'
      GROUP BY own.number, own.place ORDER BY own.place`,
    values: [numbers, now],
  });
}
