import { DateTime } from 'luxon';
import { type Hours, nextOpening, openWindow, windowsFrom } from '../../survey/fieldwork/calendar.ts';
import { textHours } from '../../survey/fieldwork/plan.ts';
import type { Ahead, Alive } from './standing.ts';

/** What a round, or a manager's part of it, is waiting for. Pure. */
export type Waiting =
  /** Contacts are due and may be made now. */
  | { readonly is: 'calling'; readonly cases: number }
  /** All that is due was called. */
  | { readonly is: 'answering' }
  | {
      readonly is: 'opening';
      readonly at: Date;
      readonly cases: number;
      readonly because: 'noon' | 'early' | 'evening' | 'dayOff' | 'rest' | 'text';
    }
  | { readonly is: 'threads'; readonly threads: number }
  /** Nothing is left to the machine: people are to call. */
  | { readonly is: 'desk'; readonly cases: number }
  /** Nothing is planned and nothing under way. */
  | { readonly is: 'nothing' };

export interface Due {
  readonly channel: 'voice' | 'sms';
  readonly at: Date;
  readonly cases: number;
  /** Its own due time has come, and only the hour forbids it. */
  readonly closed: boolean;
  readonly zone: string;
}

/** When each of the planned contacts may really be made: due, and inside the hours of its channel and zone. */
export function dueTimes(ahead: readonly Ahead[], now: Date, hours: Hours): Due[] {
  return ahead.map(({ channel, zone, due, cases }) => {
    const open = channel === 'sms' ? textHours : hours;
    const ready = due > now ? due : now;
    const at = open.windows.length === 0 ? ready : nextOpening(ready, zone, open);
    return { channel, cases, zone, at, closed: at > ready };
  });
}

export function waitingFor(
  ahead: readonly Ahead[],
  { calls, claimed, threads, desk }: Alive,
  now: Date,
  hours: Hours,
): Waiting {
  const due = dueTimes(ahead, now, hours);
  const dueNow = due.filter(({ at }) => at <= now);
  if (dueNow.length > 0 || claimed > 0)
    return { is: 'calling', cases: claimed + dueNow.reduce((sum, { cases }) => sum + cases, 0) };
  if (calls > 0) return { is: 'answering' };
  const [next] = due.sort((a, b) => a.at.getTime() - b.at.getTime());
  if (next) {
    const cases = due.filter(({ channel }) => channel === next.channel).reduce((sum, one) => sum + one.cases, 0);
    return { is: 'opening', at: next.at, cases, because: next.channel === 'sms' ? 'text' : whyNot(next, now, hours) };
  }
  if (threads > 0) return { is: 'threads', threads };
  return desk > 0 ? { is: 'desk', cases: desk } : { is: 'nothing' };
}

/** Why nobody is called now. */
function whyNot({ at, zone }: Due, now: Date, hours: Hours): 'noon' | 'early' | 'evening' | 'dayOff' | 'rest' {
  if (openWindow(now, zone, hours)) return 'rest';
  const today = DateTime.fromJSDate(now, { zone });
  const opening = DateTime.fromJSDate(at, { zone });
  if (opening.hasSame(today, 'day')) {
    const [first] = windowsFrom(today.startOf('day').toJSDate(), zone, hours);
    return first && first.start < now ? 'noon' : 'early';
  }
  return opening.startOf('day').diff(today.startOf('day'), 'days').days > 1 ? 'dayOff' : 'evening';
}
