import {
  compare,
  divided,
  type Exact,
  exact,
  least,
  minus,
  parse,
  plus,
  rounded,
  sum,
  times,
  written,
  writtenRoot,
  zero,
} from './exact.ts';

/** Computes scores anew (method §3–5) from a document as `huifang score` reads it. */
export interface ScoreInput {
  readonly rules: Rules;
  readonly managers: readonly InputManager[];
  /** Frozen values, where there are any. */
  readonly cityMean?: string | null;
  readonly withinVariance?: string | null;
}

export interface InputManager {
  readonly id: string;
  readonly frameSize: number;
  readonly ratings?: Readonly<Record<string, number>>;
  readonly responses?: number;
  readonly points?: string | null;
  readonly unit: Readonly<Record<string, string | null>>;
  readonly badNumberShare?: string;
  readonly tier?: number;
  readonly previousRating?: string | null;
}

export interface Rules {
  readonly customer: {
    readonly points: readonly string[];
    readonly priorStrength: number;
    readonly minimumResponses: number;
    readonly firmReliability: string;
    readonly firmCoverage: string;
    readonly maximumBadNumberShare: string;
  };
  readonly unit: {
    readonly cap: string;
    readonly indicators: readonly { readonly code: string; readonly weightBp: number }[];
    readonly maximumMissingShare: string;
  };
  readonly combined: { readonly customerWeightBp: number; readonly unitWeightBp: number };
  readonly rating: {
    /** From the best down. */
    readonly cutoffs: readonly { readonly rating: string; readonly from: string }[];
    readonly excellentGates: {
      readonly minimumCustomer: string;
      readonly minimumEachIndicator: string;
      readonly firmOnly: boolean;
    };
  };
  readonly tiers: { readonly start: number; readonly upStreak: number; readonly downStreak: number };
}

export interface Scores {
  readonly cityMean: string | null;
  readonly withinVariance: Exact | null;
  readonly managers: readonly ManagerScore[];
}

/** What is published of a manager, as it must be published. */
export interface ManagerScore {
  readonly id: string;
  readonly responses: number;
  readonly frameSize: number;
  readonly customer: string | null;
  readonly status: string;
  readonly unit: string | null;
  readonly score: string | null;
  readonly rating: string;
  readonly gates: readonly string[];
  readonly rank: number | null;
  readonly rankInterval: readonly [number, number] | null;
  readonly tier: number;
  readonly move: string;
  readonly reliability: string;
  readonly posteriorSd: string | null;
}

export function scoresOf(input: ScoreInput): Scores {
  const { rules } = input;
  const samples = input.managers.map((manager) => sampleOf(manager, rules));
  const mean = frozen(input.cityMean) ?? cityMean(samples, rules);
  const variance = frozen(input.withinVariance) ?? withinVariance(samples);
  const scored = samples.map((sample) => score(sample, input, mean));
  return {
    cityMean: mean && written(mean),
    withinVariance: variance,
    managers: scored.map((one) => ({
      ...one.published,
      ...rank(one, scored, variance, rules),
      posteriorSd:
        one.published.customer && variance ? writtenRoot(divided(variance, strength(one.sample, rules))) : null,
    })),
  };
}

const frozen = (value: string | null | undefined): Exact | null => (value ? parse(value) : null);

/** n, Σy and Σy². */
interface Sample {
  readonly manager: InputManager;
  readonly n: number;
  readonly points: Exact;
  readonly squares: Exact;
}

function sampleOf(manager: InputManager, { customer }: Rules): Sample {
  if (!manager.ratings)
    return { manager, n: manager.responses ?? 0, points: parse(manager.points ?? '0'), squares: zero };
  const counts = customer.points.map((point, index) => ({
    y: parse(point),
    count: exact(manager.ratings?.[String(index + 1)] ?? 0),
  }));
  return {
    manager,
    n: Object.values(manager.ratings).reduce((a, b) => a + b, 0),
    points: sum(counts.map(({ y, count }) => times(y, count))),
    squares: sum(counts.map(({ y, count }) => times(times(y, y), count))),
  };
}

/** n + k. */
const strength = ({ n }: Sample, { customer }: Rules): Exact => exact(n + customer.priorStrength);
/** B = n/(n + k). */
const reliabilityOf = (sample: Sample, rules: Rules): Exact => divided(exact(sample.n), strength(sample, rules));

/** μ = ΣB·ȳ / ΣB; B·ȳ is Σy/(n + k). */
function cityMean(samples: readonly Sample[], rules: Rules): Exact | null {
  const enough = samples.filter(({ n }) => n >= rules.customer.minimumResponses);
  if (enough.length === 0) return null;
  const over = sum(enough.map((sample) => divided(sample.points, strength(sample, rules))));
  return rounded(divided(over, sum(enough.map((sample) => reliabilityOf(sample, rules)))));
}

/** s_w² = ΣSS / Σ(n − 1), with SS = Σy² − (Σy)²/n. */
function withinVariance(samples: readonly Sample[]): Exact | null {
  const several = samples.filter(({ n }) => n >= 2);
  if (several.length === 0) return null;
  const squares = sum(
    several.map(({ n, points, squares }) => minus(squares, divided(times(points, points), exact(n)))),
  );
  return divided(squares, exact(several.reduce((total, { n }) => total + n - 1, 0)));
}

interface Scored {
  readonly sample: Sample;
  readonly score: Exact | null;
  readonly published: Omit<ManagerScore, 'rank' | 'rankInterval' | 'posteriorSd'>;
}

function score(sample: Sample, { rules, managers }: ScoreInput, mean: Exact | null): Scored {
  const { manager, n } = sample;
  const status = statusOf(sample, rules);
  const customer = status === 'not-rated' || !mean ? null : customerScore(sample, rules, mean);
  const unit = unitScore(manager, managers, rules);
  const { customerWeightBp, unitWeightBp } = rules.combined;
  const score =
    customer && unit
      ? rounded(plus(times(customer, basisPoints(customerWeightBp)), times(unit, basisPoints(unitWeightBp))))
      : null;
  const { rating, gates } = ratingOf(score, customer, manager, status, rules);
  return {
    sample,
    score,
    published: {
      id: manager.id,
      responses: n,
      frameSize: manager.frameSize,
      customer: customer && written(customer),
      status,
      unit: unit && written(unit),
      score: score && written(score),
      rating,
      gates,
      ...moveOf(manager, rating, status, rules),
      reliability: written(reliabilityOf(sample, rules)),
    },
  };
}

const basisPoints = (points: number): Exact => ({ over: BigInt(points), under: 10_000n });

function statusOf(sample: Sample, rules: Rules): string {
  const { n, manager } = sample;
  const { minimumResponses, firmReliability, firmCoverage, maximumBadNumberShare } = rules.customer;
  if (n < minimumResponses) return 'not-rated';
  const reliable = compare(reliabilityOf(sample, rules), parse(firmReliability)) >= 0;
  const covered = compare(exact(n), times(parse(firmCoverage), exact(manager.frameSize))) >= 0;
  const reachable = compare(parse(manager.badNumberShare ?? '0'), parse(maximumBadNumberShare)) <= 0;
  return (reliable || covered) && reachable ? 'firm' : 'provisional';
}

/** B·ȳ + (1 − B)·μ = (Σy + k·μ)/(n + k). */
const customerScore = (sample: Sample, rules: Rules, mean: Exact): Exact =>
  rounded(divided(plus(sample.points, times(exact(rules.customer.priorStrength), mean)), strength(sample, rules)));

/** Indicators that nobody has are dropped for all; one that only this manager lacks (null), for him. */
function unitScore(manager: InputManager, all: readonly InputManager[], { unit }: Rules): Exact | null {
  const used = unit.indicators.filter(({ code }) => all.some((one) => one.unit[code] !== undefined));
  const weigh = (some: typeof used) => exact(some.reduce((total, { weightBp }) => total + weightBp, 0));
  const known = used.filter(({ code }) => indicatorOf(manager, code) !== null);
  if (known.length === 0) return null;
  const missing = divided(minus(weigh(used), weigh(known)), weigh(used));
  if (compare(missing, parse(unit.maximumMissingShare)) > 0) return null;
  const capped = known.map(({ code, weightBp }) =>
    times(exact(weightBp), least(indicatorOf(manager, code) ?? zero, parse(unit.cap))),
  );
  return rounded(divided(sum(capped), weigh(known)));
}

function indicatorOf({ id, unit }: InputManager, code: string): Exact | null {
  const value = unit[code];
  if (value === undefined) throw new Error(`${id} has no indicator ${code}, which others have`);
  return value === null ? null : parse(value);
}

function ratingOf(
  score: Exact | null,
  customer: Exact | null,
  { unit }: InputManager,
  status: string,
  { rating: { cutoffs, excellentGates }, unit: { indicators } }: Rules,
): { rating: string; gates: string[] } {
  if (!score || !customer) return { rating: 'unrated', gates: [] };
  const reached = cutoffs.findIndex(({ from }) => compare(score, parse(from)) >= 0);
  if (reached > 0) return { rating: cutoffs[reached]?.rating ?? '', gates: [] };
  const { minimumCustomer, minimumEachIndicator, firmOnly } = excellentGates;
  const gates = [
    ...(compare(customer, parse(minimumCustomer)) < 0 ? ['customer'] : []),
    ...indicators
      .filter(({ code }) => typeof unit[code] === 'string')
      .filter(({ code }) => compare(parse(unit[code] ?? ''), parse(minimumEachIndicator)) < 0)
      .map(({ code }) => code),
    ...(firmOnly && status !== 'firm' ? ['firm'] : []),
  ];
  return { rating: cutoffs[gates.length > 0 ? 1 : 0]?.rating ?? '', gates };
}

const poor: readonly (string | null | undefined)[] = ['basically-competent', 'not-competent'];

function moveOf(
  { tier, previousRating }: InputManager,
  rating: string,
  status: string,
  { tiers }: Rules,
): { tier: number; move: string } {
  const now = tier ?? tiers.start;
  if (rating === 'unrated') return { tier: now, move: 'frozen' };
  const up = rating === 'excellent' && (tiers.upStreak === 1 || previousRating === 'excellent');
  if (up) return now === 1 ? { tier: 1, move: 'hold' } : { tier: now - 1, move: 'up' };
  const second = tiers.downStreak === 1 || poor.includes(previousRating);
  const down = status === 'firm' && (rating === 'not-competent' || (poor.includes(rating) && second));
  if (!down) return { tier: now, move: 'hold' };
  return now === 3 ? { tier: 3, move: 'floor' } : { tier: now + 1, move: 'down' };
}

/** 1.96², squared because roots are not exact. */
const confidence = times(parse('1.96'), parse('1.96'));

function rank(
  one: Scored,
  all: readonly Scored[],
  variance: Exact | null,
  rules: Rules,
): Pick<ManagerScore, 'rank' | 'rankInterval'> {
  const own = one.score;
  if (!own) return { rank: null, rankInterval: null };
  const ranked = all.filter(({ score }) => score !== null);
  const better = ranked.filter(({ score }) => score && compare(score, own) > 0).length;
  const beatMe = ranked.filter((other) => beats(other, one, variance, rules)).length;
  const beaten = ranked.filter((other) => beats(one, other, variance, rules)).length;
  return { rank: better + 1, rankInterval: [1 + beatMe, ranked.length - beaten] };
}

/** S_a − S_b > 1.96·√(SE_a² + SE_b²), with SE² = w_c²·s_w²/(n + k). */
function beats(a: Scored, b: Scored, variance: Exact | null, rules: Rules): boolean {
  const lead = minus(a.score ?? zero, b.score ?? zero);
  if (compare(lead, zero) <= 0) return false;
  const weight = basisPoints(rules.combined.customerWeightBp);
  const error = ({ sample }: Scored) =>
    divided(times(times(weight, weight), variance ?? zero), strength(sample, rules));
  return compare(times(lead, lead), times(confidence, plus(error(a), error(b)))) > 0;
}
