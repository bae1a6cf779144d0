import { audit } from '../../platform/audit.ts';
import type { Chance } from '../../platform/chance.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Database, Query } from '../../platform/database.ts';
import { BadInput, type Fault, Refused } from '../../platform/errors.ts';
import { lockPeriod } from '../../platform/period-lock.ts';
import { readReason } from '../../platform/reason.ts';
import type { Counts } from '../roster/store.ts';
import type { EventRow } from './table.ts';

/**
 * Dated events on their way onto the record. Lines are only added: where a source says something else of an event than
 * before, a line takes the old one back and another stands in its place. A month that is on the board takes none.
 */
export interface EventServices {
  readonly database: Database;
  readonly clock: Clock;
  readonly chance: Chance;
}

export interface Recording {
  /** A user's id, `cli`, `key:` and an API key's. */
  readonly actor: string;
  readonly source: string;
  readonly now: Date;
  readonly chance: Chance;
}

/** Why an event cannot be recorded. */
export interface Conflict {
  readonly event: EventRow;
  readonly column: 'day' | 'reference';
  readonly message: string;
}

/** One recording at a time: two at once could both find an event missing. */
const recordLock = 7_310_040;

/**
 * Records them all, or none and says why: those that are on record already, word for word, change nothing.
 *
 * @param events with managers that are there; none of a manager's and kind's references twice.
 */
export async function recordEvents(
  query: Query,
  events: readonly EventRow[],
  recording: Recording,
): Promise<Counts | { readonly conflicts: readonly Conflict[] }> {
  await query({ text: 'SELECT pg_advisory_xact_lock($1)', values: [recordLock] });
  const compared = await compare(query, events);
  const news = compared.filter(({ known, differs }) => known === null || differs);
  const conflicts = await conflictsOf(query, news);
  if (conflicts.length > 0) return { conflicts };
  await write(query, news, recording);
  const created = news.filter(({ known }) => known === null).length;
  return { created, changed: news.length - created, unchanged: events.length - news.length };
}

/** An event beside what stands on record under its number. */
interface Compared {
  readonly event: EventRow;
  readonly known: { readonly id: string; readonly day: string } | null;
  readonly differs: boolean;
  /** Somebody has taken it back for good. */
  readonly takenBack: boolean;
}

async function compare(query: Query, events: readonly EventRow[]): Promise<Compared[]> {
  const rows = await query<{ id: string | null; day: string | null; differs: boolean; takenBack: boolean }>({
    text: `
      SELECT e.id, e.day::text AS day, (e.day, e.done, e.due, e.evidence) IS DISTINCT FROM (g.day, g.done, g.due, g.evidence) AS differs,
             e.id IS NULL AND EXISTS (
               SELECT FROM work_event w WHERE w.manager_id = g.manager_id AND w.kind = g.kind AND w.reference = g.reference
             ) AS "takenBack"
      FROM unnest($1::text[], $2::text[], $3::text[], $4::date[], $5::decimal(12, 4)[], $6::decimal(12, 4)[], $7::text[])
        WITH ORDINALITY AS g (manager_id, kind, reference, day, done, due, evidence, place)
      LEFT JOIN work_event_standing e ON e.manager_id = g.manager_id AND e.kind = g.kind AND e.reference = g.reference
      ORDER BY g.place`,
    values: columnsOf(events),
  });
  return rows.flatMap(({ id, day, differs, takenBack }, index) => {
    const event = events[index];
    return event ? [{ event, known: id !== null && day !== null ? { id, day } : null, differs, takenBack }] : [];
  });
}

const columnsOf = (events: readonly EventRow[]) => [
  events.map(({ manager }) => manager),
  events.map(({ kind }) => kind),
  events.map(({ reference }) => reference),
  events.map(({ day }) => day),
  events.map(({ done }) => done),
  events.map(({ due }) => due),
  events.map(({ evidence }) => evidence),
];

const monthOf = (day: string): string => day.slice(0, 7);

async function conflictsOf(query: Query, news: readonly Compared[]): Promise<Conflict[]> {
  const closed = await closedMonths(
    query,
    news.flatMap(({ event, known }) => [monthOf(event.day), ...(known ? [monthOf(known.day)] : [])]),
  );
  return news.flatMap(({ event, known, takenBack }): Conflict[] => {
    const month = [monthOf(event.day), known && monthOf(known.day)].find((one) => one && closed.has(one));
    if (month) return [{ event, column: 'day', message: isClosed(month) }];
    if (!takenBack) return [];
    const message = `${event.reference} 已撤销：如确有此事，请换一个编号 · was taken back: if it did happen, give it another number`;
    return [{ event, column: 'reference', message }];
  });
}

const isClosed = (month: string): string =>
  `${month} 已公示，依据不能再改，指标只能经申诉更正 · ${month} is on the board: its evidence stays, its indicators change by appeal alone`;

/** Which of these months are on the board. None of the others gets there before the transaction ends. */
export async function closedMonths(query: Query, months: readonly string[]): Promise<ReadonlySet<string>> {
  const each = [...new Set(months)].sort();
  for (const month of each) await lockPeriod(query, month);
  const rows = await query<{ period: string }>({
    text: 'SELECT DISTINCT period FROM publication WHERE period = ANY($1)',
    values: [each],
  });
  return new Set(rows.map(({ period }) => period));
}

async function write(query: Query, news: readonly Compared[], { actor, source, now, chance }: Recording) {
  await query({
    text: `
      INSERT INTO work_event (id, manager_id, kind, reference, day, done, due, evidence, source, recorded_by, recorded_at, reverses)
      SELECT r.id, e.manager_id, e.kind, e.reference, e.day, e.done, e.due, '更正 · corrected', $3, $4, $5, e.id
      FROM unnest($1::uuid[], $2::uuid[]) AS r (id, known) JOIN work_event e ON e.id = r.known`,
    values: [news.map(() => chance.id()), news.map(({ known }) => known?.id ?? null), source, actor, now],
  });
  await query({
    text: `
      INSERT INTO work_event (id, manager_id, kind, reference, day, done, due, evidence, source, recorded_by, recorded_at)
      SELECT g.*, $9, $10, $11
      FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::date[], $6::decimal(12, 4)[], $7::decimal(12, 4)[], $8::text[]) AS g`,
    values: [news.map(() => chance.id()), ...columnsOf(news.map(({ event }) => event)), source, actor, now],
  });
}

/**
 * Records one event by hand.
 *
 * @throws BadInput where there is no such manager, or it cannot be recorded.
 */
export async function recordEvent(
  { database, clock, chance }: EventServices,
  event: EventRow,
  { actor, source }: Pick<Recording, 'actor' | 'source'>,
): Promise<void> {
  const now = clock.now();
  await database.transaction(async (query) => {
    const [manager] = await query({ text: 'SELECT FROM manager WHERE id = $1', values: [event.manager] });
    if (!manager) throw notRecorded('manager', `没有工号为 ${event.manager} 的客户经理 · there is no such manager`);
    const recorded = await recordEvents(query, [event], { actor, source, now, chance });
    if ('conflicts' in recorded)
      throw new BadInput(
        '没有记录 · nothing was recorded',
        recorded.conflicts.map(({ column, message }) => ({ where: column, message })),
      );
    if (recorded.unchanged > 0) return;
    const { manager: subject, kind, reference, day } = event;
    await audit(query, now, { actor, action: 'work-event.record', subject, detail: { kind, reference, day } });
  });
}

const notRecorded = (where: Fault['where'], message: string): BadInput =>
  new BadInput('没有记录 · nothing was recorded', [{ where, message }]);

/**
 * Takes an event back for good: its number cannot be used again.
 *
 * @throws BadInput without a reason; Refused `not-standing` where it was taken back already, `month-closed` where its
 *   month is on the board.
 */
export async function takeBackEvent(
  { database, clock, chance }: EventServices,
  id: string,
  { actor, reason }: { readonly actor: string; readonly reason: string },
): Promise<void> {
  const said = readReason(reason, '没有撤销 · nothing was taken back');
  const now = clock.now();
  await database.transaction(async (query) => {
    await query({ text: 'SELECT pg_advisory_xact_lock($1)', values: [recordLock] });
    const [event] = await query<{ manager: string; kind: string; reference: string; day: string }>({
      text: 'SELECT manager_id AS manager, kind, reference, day::text AS day FROM work_event_standing WHERE id = $1',
      values: [id],
    });
    if (!event)
      throw new Refused('not-standing', '没有这条记录，或已撤销 · there is no such event, or it was taken back');
    const month = monthOf(event.day);
    if ((await closedMonths(query, [month])).has(month)) throw new Refused('month-closed', isClosed(month));
    await query({
      text: `
        INSERT INTO work_event (id, manager_id, kind, reference, day, done, due, evidence, source, recorded_by, recorded_at, reverses)
        SELECT $2, manager_id, kind, reference, day, done, due, $3, 'page', $4, $5, id FROM work_event WHERE id = $1`,
      values: [id, chance.id(), said, actor, now],
    });
    const { manager: subject, ...detail } = event;
    await audit(query, now, { actor, action: 'work-event.take-back', subject, detail: { ...detail, event: id } });
  });
}
