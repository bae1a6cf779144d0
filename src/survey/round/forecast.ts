import Fraction from 'fraction.js';
import {
  completionRate,
  firstWave,
  monthlyCap,
  type SamplingRules,
  type Track,
  targetCompletes,
} from '../draw/sizes.ts';
import { type Window, windowsFrom } from '../fieldwork/calendar.ts';
import type { ContactRules } from '../fieldwork/plan.ts';
import { protocolEnds } from '../fieldwork/protocol.ts';

/**
 * What a round will come to, before it is launched: how many are asked, how many will answer, how long the carrier
 * takes, how far the scores can be relied upon, and what it costs. Pure. An expectation and no promise: its rates are
 * those of the last rounds, and where there are none the rule set's assumption.
 */
export interface ForecastRules {
  readonly timeZone: string;
  readonly sampling: SamplingRules;
  readonly contact: ContactRules;
  /** `k` of the reliability n/(n + k) (method §3). */
  readonly priorStrength: Fraction;
  readonly minimumResponses: number;
  readonly firmReliability: Fraction | string;
}

export interface ForecastFrame {
  readonly managerId: string;
  readonly frameSize: number;
  /** The frame without those who rest. */
  readonly available: number;
}

export interface Pace {
  readonly perSecond: number;
  /** Most calls at once; null = no limit. */
  readonly concurrent: number | null;
}

export interface ManagerForecast extends ForecastFrame {
  /** Share of released retailers expected to answer. */
  readonly rate: string;
  /** The first wave, and the most that further waves may bring it to. */
  readonly released: number;
  readonly most: number;
  readonly target: number;
  /** Valid responses expected, in whole ones, waves included. */
  readonly completes: number;
  /** n/(n + k), two decimals. */
  readonly reliability: string;
  /** Half-width of the 95 % interval of his mean, in points, one decimal; null without a response. */
  readonly marginOfError: string | null;
  readonly outlook: 'firm' | 'provisional' | 'not-rated';
}

export interface Forecast {
  readonly managers: readonly ManagerForecast[];
  readonly released: number;
  readonly completes: number;
  /** Calls expected, and the most the contact rules allow for the retailers released. */
  readonly calls: number;
  readonly mostCalls: number;
  /** Hours in which the carrier is busy with them, one decimal. */
  readonly hours: string;
  /** When the last case can be final: the pace and the protocol's days, whichever takes longer. */
  readonly endsAt: Date;
  /** Minutes that are billed, each begun one as a whole; null cost where no price was given. */
  readonly minutes: number;
  readonly cost: string | null;
}

/** Seconds: a usual interview with early keys (script: 96), and the ring nobody answers. */
const interviewSeconds = 96;
const ringSeconds = 30;

export function forecast(
  frames: readonly ForecastFrame[],
  tracks: ReadonlyMap<string, Track>,
  rules: ForecastRules,
  { now, pace, pricePerMinute }: { readonly now: Date; readonly pace: Pace; readonly pricePerMinute: string | null },
): Forecast {
  const city = [...tracks.values()].reduce(
    (sum, { valid, released }) => ({ valid: sum.valid + valid, released: sum.released + released }),
    { valid: 0, released: 0 },
  );
  const managers = frames.map((frame) => managerForecast(frame, tracks.get(frame.managerId), city, rules));
  const calls = Math.ceil(sumOf(managers, (manager) => expectedCalls(manager, rules)));
  const completes = sumOf(managers, ({ completes }) => completes);
  const released = sumOf(managers, ({ released }) => released);
  const seconds = busySeconds(calls, completes, pace);
  const minutes = completes * Math.ceil(interviewSeconds / 60);
  return {
    ...{ managers, released, completes, calls, mostCalls: released * rules.contact.attempts },
    hours: (seconds / 3600).toFixed(1),
    endsAt: released === 0 ? now : endOf(now, seconds, rules),
    minutes,
    cost: pricePerMinute === null ? null : new Fraction(pricePerMinute).mul(minutes).round(2).valueOf().toFixed(2),
  };
}

function managerForecast(
  { managerId, frameSize, available }: ForecastFrame,
  track: Track | undefined,
  city: Track,
  { sampling, priorStrength, minimumResponses, firmReliability }: ForecastRules,
): ManagerForecast {
  const rate = completionRate(track ?? { valid: 0, released: 0 }, city, sampling);
  const released = firstWave(frameSize, available, rate, sampling);
  const most = Math.min(monthlyCap(frameSize, sampling), available);
  const target = targetCompletes(frameSize, sampling);
  const completes = Math.min(target, whole(rate.mul(most)));
  const reliability = completes === 0 ? new Fraction(0) : new Fraction(completes).div(priorStrength.add(completes));
  const firm = reliability.compare(firmReliability) >= 0;
  const margin = (Number(sampling.z) * Number(sampling.sigma)) / Math.sqrt(completes);
  return {
    ...{ managerId, frameSize, available, rate: rate.valueOf().toFixed(2), released, most, target, completes },
    reliability: reliability.valueOf().toFixed(2),
    marginOfError: completes === 0 ? null : margin.toFixed(1),
    outlook: completes < minimumResponses ? 'not-rated' : firm ? 'firm' : 'provisional',
  };
}

const whole = (quantity: Fraction): number => Number(quantity.floor().toString());

const sumOf = <T>(list: readonly T[], of: (each: T) => number): number => list.reduce((sum, each) => sum + of(each), 0);

/**
 * Calls until somebody answers or the attempts are used up, each call as likely as the next to be answered: with
 * 1 − (1 − p)^a = r, a retailer takes r/p of them.
 */
function expectedCalls({ released, rate }: ManagerForecast, { contact }: ForecastRules): number {
  const r = Number(rate);
  const p = 1 - (1 - r) ** (1 / contact.attempts);
  return p === 0 ? released * contact.attempts : (released * r) / p;
}

/** Whichever is slower: giving out the slots, or keeping the lines busy. */
function busySeconds(calls: number, answered: number, { perSecond, concurrent }: Pace): number {
  const onTheLine = answered * interviewSeconds + Math.max(0, calls - answered) * ringSeconds;
  return Math.max(calls / perSecond, concurrent === null ? 0 : onTheLine / concurrent);
}

function endOf(now: Date, seconds: number, { contact, timeZone }: ForecastRules): Date {
  const protocol = protocolEnds(now, timeZone, contact);
  const pace = hoursUsedUp(now, seconds, timeZone, contact);
  return pace > protocol ? pace : protocol;
}

/** When so many seconds of calling hours have gone by. */
function hoursUsedUp(now: Date, seconds: number, timeZone: string, contact: ContactRules): Date {
  let left = seconds * 1000;
  for (const window of windowsFrom(now, timeZone, contact)) {
    const start = Math.max(window.start.getTime(), now.getTime());
    if (left <= lengthFrom(start, window)) return new Date(start + left);
    left -= lengthFrom(start, window);
  }
  throw new Error('calling hours without a window');
}

const lengthFrom = (start: number, { end }: Window): number => end.getTime() - start;
