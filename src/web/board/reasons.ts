import Fraction from 'fraction.js';
import { never } from '../../platform/errors.ts';
import type { Publication, PublishedManager } from '../../scoring/publication.ts';
import type { RuleSetDocument } from '../../scoring/rules.ts';
import type { Missing } from '../../scoring/training/qualifications.ts';
import { percent, plain, plainPercent } from '../figures.ts';
import type { Messages } from '../messages.ts';

/**
 * Why a manager stands where he stands, in words, from the publication alone: whoever reads the board can check each
 * of them. Pure.
 */
type Words = Messages['board'];

/** Under the rating: what kept him from 优秀, what makes his sample provisional, or why he has no rating at all. */
export function ratingReasons(
  manager: PublishedManager,
  publication: Publication,
  words: Words,
  comma: string,
): string[] {
  const { rules } = publication;
  if (manager.score === null) return [unratedReason(manager, publication, words)];
  const gates = manager.gates.map((gate) => gateInWords(gate, manager, rules, words));
  return [
    ...(gates.length > 0 ? [words.gates.lead(gates.join(comma))] : []),
    ...(manager.status === 'provisional' ? provisionalReasons(manager, rules, words) : []),
    ...(manager.standing ? [words.why.standing] : []),
  ];
}

function unratedReason(manager: PublishedManager, { rules, cityMean }: Publication, { why }: Words): string {
  const least = rules.customer.minimumResponses;
  if (manager.status === 'not-rated') return why.fewResponses(String(manager.responses), String(least));
  return cityMean === null ? why.noCity : why.noUnit;
}

function gateInWords(gate: string, manager: PublishedManager, { rating }: RuleSetDocument, words: Words): string {
  const { minimumCustomer, minimumEachIndicator } = rating.excellentGates;
  if (gate === 'firm') return words.gates.firm;
  if (gate === 'customer') return words.gates.customer(manager.customer ?? '—', plain(minimumCustomer));
  const value = manager.indicators[gate];
  return words.gates.indicator(
    indicatorName(gate, words),
    value == null ? '—' : plain(value),
    plain(minimumEachIndicator),
  );
}

/** The conditions of a firm sample that this one does not meet (method §3). */
function provisionalReasons(
  { responses, frameSize, badNumberShare }: PublishedManager,
  { customer }: RuleSetDocument,
  { why }: Words,
): string[] {
  const bad = new Fraction(badNumberShare);
  const least = leastForFirm(frameSize, customer);
  return [
    ...(responses < least ? [why.fewForFirm(String(responses), String(least))] : []),
    ...(bad.gt(customer.maximumBadNumberShare)
      ? [why.badNumbers(percent(bad), plainPercent(customer.maximumBadNumberShare))]
      : []),
  ];
}

/** Fewest responses with which n/(n + k) reaches the firm reliability, or n the firm share of the frame. */
export function leastForFirm(frameSize: number, customer: RuleSetDocument['customer']): number {
  const { firmReliability, firmCoverage, priorStrength } = customer;
  const covering = whole(new Fraction(firmCoverage).mul(frameSize));
  const short = new Fraction(1).sub(firmReliability);
  if (short.equals(0)) return covering;
  return Math.min(covering, whole(new Fraction(firmReliability).mul(priorStrength).div(short)));
}

const whole = (quantity: Fraction): number => Number(quantity.ceil().toString());

/** Under the tier: why it moved, or what a rating that moves nothing counts for. */
export function tierReason(manager: PublishedManager, rules: RuleSetDocument, words: Words): string | null {
  const { moves } = words;
  const { tiers } = rules;
  switch (manager.move) {
    case 'up':
      return moves.up(String(tiers.upStreak));
    case 'down':
      return manager.rating === 'not-competent' ? moves.down : moves.downStreak(String(tiers.downStreak));
    case 'floor':
      return moves.floor;
    case 'frozen':
      return moves.frozen;
    case 'hold':
      return holdReason(manager, rules, words);
    default:
      return never(manager.move);
  }
}

const lowestTier = 3;

function holdReason(
  { rating, status, previousRating, tierBefore, missing }: PublishedManager,
  { tiers }: RuleSetDocument,
  { moves }: Words,
): string | null {
  if (rating === 'basically-competent' || rating === 'not-competent') {
    if (status !== 'firm') return moves.noFall;
    return (tierBefore === lowestTier ? moves.firstLowest : moves.firstLow)(String(tiers.downStreak));
  }
  if (rating !== 'excellent') return null;
  if (tierBefore === 1) return moves.top;
  const enough = tiers.upStreak === 1 || previousRating === 'excellent';
  if (!enough) return moves.firstGood(String(tiers.upStreak));
  return missing ? moves.missing(missingInWords(missing, moves)) : moves.requirements;
}

/** What a promotion still asks for, by its own names. */
const missingInWords = ({ certificates, exams, trainingHours }: Missing, { hours }: Words['moves']): string =>
  [...certificates, ...exams, ...(trainingHours === null ? [] : [hours(plain(trainingHours))])].join(' · ');

/** An indicator this catalogue does not know goes by its code. */
export const indicatorName = (code: string, { indicators }: Words): string =>
  (indicators as Readonly<Record<string, string>>)[code] ?? code;
