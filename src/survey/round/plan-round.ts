import type { Query } from '../../platform/database.ts';
import { dayIn } from '../../platform/day.ts';
import { type DrawRules, readRoster, readTracks, restingPeriods } from './draw.ts';
import { type Forecast, type ForecastFrame, type ForecastRules, forecast, type Pace } from './forecast.ts';
import { type ExclusionReason, type RosterEntry, splitRoster } from './frame.ts';

/** What launching a round of this month now would set going, from today's roster and the last rounds' answers. */
export interface RoundPlan extends Forecast {
  readonly frame: number;
  /** Outside the frame, by reason. */
  readonly excluded: Readonly<Record<ExclusionReason, number>>;
}

export interface PlanWish {
  readonly period: string;
  readonly now: Date;
  readonly pace: Pace;
  readonly pricePerMinute: string | null;
}

export async function planRound(
  query: Query,
  rules: ForecastRules & Pick<DrawRules, 'sampling'>,
  { period, ...wish }: PlanWish,
): Promise<RoundPlan> {
  const today = dayIn(wish.now, rules.timeZone);
  const roster = await readRoster(query, today, restingPeriods(period, rules.sampling.restPeriods));
  const { inFrame, excluded } = splitRoster(roster);
  const because = (reason: ExclusionReason) => excluded.filter((one) => one.reason === reason).length;
  return {
    ...forecast(framesOf(inFrame), await readTracks(query, period), rules, wish),
    frame: inFrame.length,
    excluded: { 'no-phone': because('no-phone'), 'opted-out': because('opted-out'), closed: because('closed') },
  };
}

/** Of shops on one phone one is available, and none if one of them rests; whose it is, only the draw will tell. */
function framesOf(inFrame: readonly (RosterEntry & { phoneId: string })[]): ForecastFrame[] {
  const taken = new Set(inFrame.filter(({ rested }) => rested).map(({ phoneId }) => phoneId));
  const frames = new Map<string, { frameSize: number; available: number }>();
  for (const { managerId, phoneId } of inFrame) {
    const frame = frames.get(managerId) ?? { frameSize: 0, available: 0 };
    frames.set(managerId, {
      frameSize: frame.frameSize + 1,
      available: frame.available + (taken.has(phoneId) ? 0 : 1),
    });
    taken.add(phoneId);
  }
  return [...frames]
    .map(([managerId, frame]) => ({ managerId, ...frame }))
    .sort((a, b) => (a.managerId < b.managerId ? -1 : 1));
}
