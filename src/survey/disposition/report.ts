import type { InvalidCount } from '../quality/invalidate.ts';
import type { Disposition, Group } from './disposition.ts';
import { groupCounts, type Tally } from './progress.ts';
import { type Rates, rates } from './rates.ts';

/**
 * A round's dispositions, rates and mix of channels, for the whole round, each district and each manager: the one count
 * that pages, API and exports tell. Pure.
 */
export interface ReportManager {
  readonly id: string;
  readonly districtId: string;
}

export interface ChannelCount {
  readonly managerId: string;
  readonly channel: 'voice' | 'sms' | 'desk';
  readonly responses: number;
}

export interface ReportLine {
  readonly level: 'round' | 'district' | 'manager';
  /** The round's, district's or manager's id. */
  readonly id: string;
  readonly released: number;
  readonly open: number;
  readonly dispositions: Readonly<Partial<Record<Disposition, number>>>;
  readonly groups: Readonly<Record<Group | 'UH', number>>;
  /** AAPOR's rates as exact shares of 1, such as `3/7`; null = 0/0. */
  readonly rates: Readonly<Record<keyof Rates, string | null>>;
  readonly channels: Readonly<Record<ChannelCount['channel'], number>>;
  /** Responses struck by each rule (method §3); their dispositions stay. */
  readonly invalid: Readonly<Record<string, number>>;
}

export function report(
  roundId: string,
  managers: readonly ReportManager[],
  tallies: readonly Tally[],
  channels: readonly ChannelCount[],
  invalid: readonly InvalidCount[],
): ReportLine[] {
  const released = new Set(tallies.map(({ managerId }) => managerId));
  const asked = managers.filter(({ id }) => released.has(id));
  const line = (level: ReportLine['level'], id: string, own: ReadonlySet<string>): ReportLine =>
    lineOf(
      level,
      id,
      tallies.filter(({ managerId }) => own.has(managerId)),
      channels.filter(({ managerId }) => own.has(managerId)),
      invalid.filter(({ managerId }) => own.has(managerId)),
    );
  const districts = [...new Set(asked.map(({ districtId }) => districtId))].sort();
  const inDistrict = (district: string) =>
    new Set(asked.filter(({ districtId }) => districtId === district).map(({ id }) => id));
  return [
    line('round', roundId, released),
    ...districts.map((district) => line('district', district, inDistrict(district))),
    ...asked.map(({ id }) => line('manager', id, new Set([id]))),
  ];
}

function lineOf(
  level: ReportLine['level'],
  id: string,
  tallies: readonly Tally[],
  channels: readonly ChannelCount[],
  invalid: readonly InvalidCount[],
): ReportLine {
  const dispositions: Partial<Record<Disposition, number>> = {};
  for (const { disposition, cases } of tallies) dispositions[disposition] = (dispositions[disposition] ?? 0) + cases;
  const struck: Record<string, number> = {};
  for (const { rule, responses } of invalid) struck[rule] = (struck[rule] ?? 0) + responses;
  const groups = groupCounts(tallies);
  const exact = Object.entries(rates(groups)).map(([name, rate]) => [name, rate?.toFraction() ?? null]);
  return {
    ...{ level, id, dispositions, groups },
    released: sum(tallies.map(({ cases }) => cases)),
    open: sum(tallies.filter(({ state }) => state !== 'done').map(({ cases }) => cases)),
    rates: Object.fromEntries(exact) as ReportLine['rates'],
    channels: { voice: heard(channels, 'voice'), sms: heard(channels, 'sms'), desk: heard(channels, 'desk') },
    invalid: struck,
  };
}

const heard = (channels: readonly ChannelCount[], channel: ChannelCount['channel']): number =>
  sum(channels.filter((each) => each.channel === channel).map(({ responses }) => responses));

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);
