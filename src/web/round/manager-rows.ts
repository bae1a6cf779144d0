import type Fraction from 'fraction.js';
import { count, percent, plainPercent, shareOf, soon } from '../figures.ts';
import { ratesOf } from './bar.ts';
import type { Picture } from './picture.ts';
import { casesIn, type ManagerStanding, sum, validIn } from './standing.ts';
import { dueTimes } from './waiting.ts';

/** One manager's line of the round: how far he is, what is being waited for, and what will stand in his way. */
export function managerRow(manager: ManagerStanding, picture: Picture) {
  const { m, place } = picture;
  const number = (n: number) => count(n, place.language);
  const { name, district, census, cases, target } = manager;
  const valid = validIn(cases);
  return {
    ...{ name, district, census },
    released: m.round.managers.released(number(casesIn(cases))),
    valid: number(valid),
    target: number(target),
    width: `${target === 0 ? 0 : Math.min(100, (100 * valid) / target)}%`,
    reached: target > 0 && valid >= target,
    track: m.round.managers.track(number(valid), number(target)),
    rr2: percent(ratesOf(cases).RR2),
    waits: waitsOf(manager, picture),
    warnings: warningsOf(manager, picture),
  };
}

/** What is being waited for, most pressing first; or how it ended. */
function waitsOf(manager: ManagerStanding, picture: Picture): string[] {
  const { round, m, place } = picture;
  const words = m.round.manager;
  const open = casesIn(manager.cases, (some) => some.open);
  if (casesIn(manager.cases) === 0) return [words.nobody];
  if (open === 0) return [endOf(manager, picture)];
  if (round.state === 'paused') return [words.paused(count(open, place.language))];
  return contactsAhead(manager, picture);
}

function endOf({ cases, target, frameSize }: ManagerStanding, { m, place }: Picture): string {
  const words = m.round.manager;
  const missing = target - validIn(cases);
  if (missing <= 0) return words.reached;
  return casesIn(cases) === frameSize ? words.everybody : words.short(count(missing, place.language));
}

function contactsAhead({ ahead, alive }: ManagerStanding, { now, hours, m, place }: Picture): string[] {
  const words = m.round.manager;
  const number = (n: number) => count(n, place.language);
  const due = dueTimes(ahead, now, hours).sort((a, b) => a.at.getTime() - b.at.getTime());
  const dueNow = alive.claimed + sum(due.filter(({ at }) => at <= now).map(({ cases }) => cases));
  const later = due.filter(({ at }) => at > now);
  return [
    ...(alive.calls > 0 ? [words.calls(number(alive.calls))] : []),
    ...(dueNow > 0 ? [words.due(number(dueNow))] : []),
    ...later.map(({ channel, at, cases }) =>
      (channel === 'sms' ? words.texting : words.later)(number(cases), soon(at, now, place)),
    ),
    ...(alive.threads > 0 ? [words.threads(number(alive.threads))] : []),
    ...(alive.desk > 0 ? [words.desk(number(alive.desk))] : []),
  ];
}

/** Below this response rate the field is looked into (method §6), once half of the sample is final. */
const lowRate = '1/5';
const enoughToJudge = 10;

/** What will stand in the way of a firm score, said while something can still be done. */
function warningsOf({ cases }: ManagerStanding, { rules, m, place }: Picture): string[] {
  const words = m.round.manager;
  const released = casesIn(cases);
  const bad = casesIn(cases, ({ disposition }) => disposition === 'bad-number');
  const final = casesIn(cases, ({ open }) => !open);
  const share = shareOf(bad, released);
  const most = rules.customer.maximumBadNumberShare;
  const rate: Fraction | null = ratesOf(cases).RR2;
  const judged = final >= enoughToJudge && final * 2 >= released;
  return [
    ...(share?.gt(most) ? [words.badNumbers(count(bad, place.language), percent(share), plainPercent(most))] : []),
    ...(judged && rate?.lt(lowRate) ? [words.lowRate(plainPercent(lowRate))] : []),
  ];
}
