import { never } from '../../platform/errors.ts';
import { count, percent, soon } from '../figures.ts';
import { ratesOf } from './bar.ts';
import { isUnderWay, type Picture } from './picture.ts';
import { type Alive, answeredIn, casesIn, sum, validIn } from './standing.ts';
import { type Waiting, waitingFor } from './waiting.ts';

/** The round at a glance: four figures, each with what it means, and what is being waited for. */
interface Tile {
  readonly name: string;
  readonly value: string;
  /** What the value is to be held against. */
  readonly of: string;
  readonly why: string;
  /** The value is words and no figure. */
  readonly words: boolean;
}

export function glance(picture: Picture): Tile[] {
  const { managers, round, m, place } = picture;
  const words = m.round.kpi;
  const number = (n: number) => count(n, place.language);
  const cases = managers.flatMap((manager) => manager.cases);
  const valid = number(validIn(cases));
  const released = number(casesIn(cases));
  const struck = answeredIn(cases) - validIn(cases);
  const alive = together(managers.map((manager) => manager.alive));
  const waiting = waitingInWords(picture, alive);
  const underWay = isUnderWay(round);
  const rr2Why = underWay ? words.rr2Why : words.rr2Final;
  const outlook = { ...tile(underWay ? words.waiting : words.outcome, waiting.value, waiting.why), words: true };
  // Before the draw there is nothing to measure.
  if (cases.length === 0) return [outlook];
  return [
    tile(
      words.valid,
      valid,
      struck > 0 ? words.validStruck(released, number(struck)) : words.validWhy(released),
      words.validOf(number(sum(managers.map(({ target }) => target)))),
    ),
    tile(words.rr2, percent(ratesOf(cases).RR2), rr2Why(number(answeredIn(cases)), released)),
    ...(underWay ? paceTiles(picture, alive) : totalTiles(picture)),
    outlook,
  ];
}

const tile = (name: string, value: string, why: string, of = ''): Tile => ({ name, value, of, why, words: false });

function paceTiles({ lane, callsInMinute, m, place }: Picture, { calls, threads }: Alive): Tile[] {
  const words = m.round.kpi;
  const number = (n: number) => count(n, place.language);
  const limit = lane.concurrent === null ? '' : words.callsOf(number(lane.concurrent));
  const texts = threads > 0 ? words.callsWhy(number(threads)) : words.callsNone;
  const pace = `${(callsInMinute / 60).toFixed(2)}${words.paceUnit}`;
  return [
    tile(words.calls, number(calls), texts, limit),
    tile(words.pace, pace, words.paceWhy, words.paceOf(String(lane.perSecond))),
  ];
}

function totalTiles({ contacts, rules, m, place }: Picture): Tile[] {
  const words = m.round.kpi;
  return [
    tile(words.made, count(contacts.calls, place.language), words.madeWhy(String(rules.contact.attempts))),
    tile(
      words.texts,
      count(contacts.threads, place.language),
      words.textsWhy(count(contacts.segments, place.language)),
    ),
  ];
}

const together = (all: readonly Alive[]): Alive => ({
  calls: sum(all.map(({ calls }) => calls)),
  claimed: sum(all.map(({ claimed }) => claimed)),
  threads: sum(all.map(({ threads }) => threads)),
  desk: sum(all.map(({ desk }) => desk)),
});

interface InWords {
  readonly value: string;
  readonly why: string;
}

function waitingInWords(picture: Picture, alive: Alive): InWords {
  const { round, managers, now, hours, m, place } = picture;
  const words = m.round.waiting;
  switch (round.state) {
    case 'draft':
    case 'committed':
      return words.draw;
    case 'closed':
      return words.closed;
    case 'cancelled':
      return { value: words.cancelled.value, why: words.cancelled.why(round.reason ?? '') };
    case 'paused': {
      const open = sum(managers.map(({ cases }) => casesIn(cases, (some) => some.open)));
      return { value: words.paused.value, why: words.paused.why(count(open, place.language)) };
    }
    case 'fielding': {
      if (picture.stopped) return words.stopped;
      const ahead = managers.flatMap((manager) => manager.ahead);
      return fieldingInWords(waitingFor(ahead, alive, now, hours), picture);
    }
    default:
      return never(round.state);
  }
}

function fieldingInWords(waiting: Waiting, { managers, now, m, place }: Picture): InWords {
  const words = m.round.waiting;
  const number = (n: number) => count(n, place.language);
  switch (waiting.is) {
    case 'calling':
      return { value: words.calling.value, why: words.calling.why(number(waiting.cases)) };
    case 'answering':
      return words.answering;
    case 'opening':
      return { value: soon(waiting.at, now, place), why: words.opening[waiting.because](number(waiting.cases)) };
    case 'threads':
      return { value: words.threads.value, why: words.threads.why(number(waiting.threads)) };
    case 'desk':
      return { value: words.desk.value, why: words.desk.why(number(waiting.cases)) };
    case 'nothing':
      return managers.some(({ cases }) => cases.some(({ open }) => open)) ? words.stuck : words.closing;
    default:
      return never(waiting);
  }
}
