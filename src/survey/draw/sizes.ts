import Fraction from 'fraction.js';

/**
 * How many retailers a manager's round asks (method §1, "Sizes"). Exact, because `ceil` of a float that should have
 * been whole would ask one shop too many in one place and not in another.
 */
export interface SamplingRules {
  /** Quantile of the normal distribution for the confidence wanted, e.g. 1.96. */
  readonly z: Quantity;
  /** Assumed standard deviation of a response, in points. */
  readonly sigma: Quantity;
  /** Half-width wanted, in points. */
  readonly marginOfError: Quantity;
  /** Frames up to this size are asked as a whole, at once. */
  readonly censusUpTo: number;
  /** Most of a frame that may be released in a month, over all waves. */
  readonly monthlyShare: Quantity;
  /** Most of a frame that spot checks may take in a month. */
  readonly spotCheckShare: Quantity;
  /** Most waves of a round. */
  readonly waves: number;
  readonly completionRate: { readonly default: Quantity; readonly least: Quantity; readonly most: Quantity };
}

/** An exact number, as the rule set writes it (`"3/10"`) or already parsed. */
export type Quantity = string | Fraction;

const ceilOf = (quantity: Fraction): number => Number(quantity.ceil().toString());

/** Completes wanted from a frame of `frameSize`: `min(N, ceil((z·σ/E)²))`. */
export function targetCompletes(frameSize: number, rules: SamplingRules): number {
  const root = new Fraction(rules.z).mul(rules.sigma).div(rules.marginOfError);
  return Math.min(frameSize, ceilOf(root.mul(root)));
}

/** Most retailers of one manager released in a month, over all waves. */
export function monthlyCap(frameSize: number, rules: SamplingRules): number {
  return frameSize <= rules.censusUpTo ? frameSize : ceilOf(new Fraction(rules.monthlyShare).mul(frameSize));
}

/** Most retailers of one manager taken by spot checks in a month. */
export function spotCheckCap(frameSize: number, rules: SamplingRules): number {
  return frameSize <= rules.censusUpTo ? 0 : ceilOf(new Fraction(rules.spotCheckShare).mul(frameSize));
}

/** Valid responses and released retailers of a stretch of closed rounds. */
export interface Track {
  readonly valid: number;
  readonly released: number;
}

/**
 * The share of released retailers expected to give a valid response: the manager's own where at least ten were
 * released, else the city's likewise, else the rule set's default; always kept within its bounds.
 */
export function completionRate(manager: Track, city: Track, rules: SamplingRules): Fraction {
  const seen = [manager, city].find((track) => track.released >= 10);
  const rate = seen ? new Fraction(seen.valid, seen.released) : new Fraction(rules.completionRate.default);
  return within(rate, rules);
}

function within(rate: Fraction, { completionRate: { least, most } }: SamplingRules): Fraction {
  if (rate.compare(least) < 0) return new Fraction(least);
  if (rate.compare(most) > 0) return new Fraction(most);
  return rate;
}

/** Retailers released at launch; `available` = frame size less those who rest. A small frame is asked as a whole. */
export function firstWave(frameSize: number, available: number, rate: Fraction, rules: SamplingRules): number {
  const cap = monthlyCap(frameSize, rules);
  const wanted =
    frameSize <= rules.censusUpTo
      ? available
      : ceilOf(new Fraction(targetCompletes(frameSize, rules)).div(within(rate, rules)));
  return Math.min(wanted, cap, available);
}

export interface Progress {
  readonly frameSize: number;
  /** In all of this round, and of them by waves. */
  readonly released: number;
  readonly releasedInWaves: number;
  readonly valid: number;
  /** Neither resting nor released. */
  readonly available: number;
}

/**
 * Retailers released by a further wave, once every case so far is final: as many as make up what is missing at this
 * round's own rate, within the month's cap.
 */
export function extensionWave(progress: Progress, rules: SamplingRules): number {
  const { frameSize, released, releasedInWaves, valid, available } = progress;
  const missing = targetCompletes(frameSize, rules) - valid;
  if (missing <= 0 || released === 0) return 0;
  const wanted = ceilOf(new Fraction(missing).div(within(new Fraction(valid, released), rules)));
  return Math.max(0, Math.min(wanted, monthlyCap(frameSize, rules) - releasedInWaves, available));
}
