/** What a final result promises (严格兑现): from what was published and the amounts of its own rule set alone. Pure. */
import { DateTime } from 'luxon';
import { workdayAfter } from '../../platform/workdays.ts';
import { holidaysOf } from '../periods/calendar.ts';
import type { PublishedManager } from '../publication.ts';
import type { LedgerRules, RuleSet } from '../rules.ts';

const kinds = ['rating', 'tier', 'move'] as const;

export interface Promised {
  readonly managerId: string;
  /** What of his result it is for, and which rating, tier or move it was. */
  readonly kind: (typeof kinds)[number];
  readonly about: string;
  /** Yuan, below nought where it is taken from him. */
  readonly amount: string;
}

type Result = Pick<PublishedManager, 'id' | 'rating' | 'tier' | 'move'>;

/** Managers in the order they were published; what the rule set names no amount for promises nothing. */
export function promisesOf(managers: readonly Result[], { rating, tier, move }: LedgerRules): Promised[] {
  return managers.flatMap((manager) => {
    const promised = (kind: Promised['kind'], about: string | number, amount: string | undefined): Promised[] =>
      amount === undefined ? [] : [{ managerId: manager.id, kind, about: String(about), amount }];
    return [
      ...promised('rating', manager.rating, manager.rating === 'unrated' ? undefined : rating[manager.rating]),
      ...promised('tier', manager.tier, tier[manager.tier]),
      ...promised('move', manager.move, amountOfMove(manager.move, move)),
    ];
  });
}

const amountOfMove = (made: Result['move'], amounts: LedgerRules['move']): string | undefined =>
  made === 'hold' || made === 'frozen' ? undefined : amounts[made];

/** The kinds of which one manager is promised another thing or amount than he was: those alone does a correction touch. */
export function kindsThatDiffer(was: readonly Promised[], is: readonly Promised[]): Promised['kind'][] {
  const said = (promises: readonly Promised[], wanted: Promised['kind']) =>
    JSON.stringify(promises.filter(({ kind }) => kind === wanted));
  return kinds.filter((kind) => said(was, kind) !== said(is, kind));
}

/** The day by which what was promised at `at` is paid, `2027-01-22`. */
export function dueDay(
  at: Date,
  rules: Pick<RuleSet, 'timeZone' | 'contact'>,
  { dueWorkdays }: Pick<LedgerRules, 'dueWorkdays'>,
): string {
  const day = workdayAfter(DateTime.fromJSDate(at, { zone: rules.timeZone }), dueWorkdays, holidaysOf(rules));
  return day.toFormat('yyyy-MM-dd');
}
