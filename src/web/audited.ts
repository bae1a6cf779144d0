import { type AuditLine, audit } from '../platform/audit.ts';
import { systemClock } from '../platform/clock.ts';
import type { Services } from '../workers/services.ts';

/** Writes a line of the audit log on its own, where there is nothing else to commit with it. */
export function note({ database, clock }: Pick<Services, 'database' | 'clock'>, line: AuditLine): Promise<void> {
  return database.transaction((query) => audit(query, clock.now(), line));
}

/**
 * Notes that somebody looks at something, once a quarter of an hour: a page that refreshes itself every two seconds
 * would bury everything else. In real time, because that is how long a person looks.
 */
const quarterHour = 15 * 60_000;

export function noteLooks(services: Services): (line: AuditLine) => Promise<void> {
  const looking = new Map<string, number>();
  return async (line) => {
    const now = systemClock.now().getTime();
    const key = `${line.actor}|${line.action}|${line.subject}`;
    if (now - (looking.get(key) ?? Number.NEGATIVE_INFINITY) < quarterHour) return;
    for (const [known, since] of looking) if (now - since >= quarterHour) looking.delete(known);
    await note(services, line);
    looking.set(key, now);
  };
}
