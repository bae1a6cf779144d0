import { openWindow } from './calendar.ts';
import { type ContactRules, type PastAttempt, plan } from './plan.ts';

const threadLasts = 24 * 3_600_000;

/**
 * When a shop that is released at `from` and never answers has had everything the protocol has for it: every call at
 * the last moment of its window, and a day's wait after the text.
 */
export function protocolEnds(from: Date, timeZone: string, rules: ContactRules): Date {
  const attempts: PastAttempt[] = [];
  let now = from;
  for (;;) {
    const shop = { timeZone, textable: true, proven: false, optedOut: false, halfDays: [], closesAt: null };
    const { due } = plan({ ...shop, attempts, resumable: false }, now, rules);
    if (!due) return now;
    now =
      due.channel === 'voice'
        ? (openWindow(due.at, timeZone, rules)?.end ?? due.at)
        : new Date(due.at.getTime() + threadLasts);
    attempts.push({
      ...{ channel: due.channel, outcome: due.channel === 'voice' ? 'no-answer' : 'sms-silent' },
      ...{ at: due.channel === 'voice' ? now : due.at, endedAt: now, spared: false, mayHaveRung: true },
      ...{ reachedItsEnd: false, wanted: null, handOver: null },
    });
  }
}
