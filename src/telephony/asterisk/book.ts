import type { Query } from '../../platform/database.ts';
import type { CallReport } from '../../survey/fieldwork/call.ts';
import type { KnownCall } from '../ports.ts';

/**
 * The book of calls. An exchange forgets a call the moment it is over, where other carriers keep a list that can be
 * asked; so what we asked of it, and what it told, is written down here, under the id that its channel has.
 */
export interface BookedCall extends KnownCall {
  /** The exchange has said of it that it took it, or told something of it. */
  readonly confirmed: boolean;
}

/** Only ever forward, whichever of the answer and the events comes first. */
const forward = `array_position(ARRAY['queued', 'ringing', 'in-progress', 'ended'], state)`;

/** Before the exchange is asked. @param dialled blind index of the number. */
export async function bookCall(
  query: Query,
  { id, dialled, from, now }: { id: string; dialled: Buffer; from: string; now: Date },
): Promise<void> {
  await query({
    name: 'book-call',
    text: `
      INSERT INTO exchange_call (id, dialled, from_number, asked_at, state) VALUES ($1, $2, $3, $4, 'queued')
      ON CONFLICT (id) DO NOTHING`,
    values: [id, dialled, from, now],
  });
}

/** The exchange took it, or told how far it has come. @returns how it stands now; null for a call that is not ours. */
export async function noteCall(query: Query, id: string, report: CallReport): Promise<CallReport | null> {
  const [row] = await query<Row>({
    name: 'book-note',
    text: `
      UPDATE exchange_call SET confirmed = true,
        state = CASE WHEN ${forward} < array_position(ARRAY['queued', 'ringing', 'in-progress', 'ended'], $2::text) THEN $2 ELSE state END,
        result = CASE WHEN state <> 'ended' AND $2 = 'ended' THEN $3 ELSE result END,
        error_code = CASE WHEN state <> 'ended' AND $2 = 'ended' THEN $4::int ELSE error_code END
      WHERE id = $1 RETURNING ${columns}`,
    values: [
      ...[id, report.state],
      ...[report.state === 'ended' ? report.result : null, report.state === 'ended' ? report.errorCode : null],
    ],
  });
  return row ? reportOf(row) : null;
}

export async function bookedCall(query: Query, id: string): Promise<BookedCall | null> {
  const [row] = await query<Row>({ text: `SELECT ${columns} FROM exchange_call WHERE id = $1`, values: [id] });
  return row ? booked(row) : null;
}

/** The latest first. @param from null = from any number of ours. */
export async function bookedCallsTo(
  query: Query,
  dialled: Buffer,
  since: Date,
  from: string | null,
): Promise<BookedCall[]> {
  const rows = await query<Row>({
    text: `
      SELECT ${columns} FROM exchange_call
      WHERE dialled = $1 AND asked_at >= $2 AND ($3::text IS NULL OR from_number = $3) ORDER BY asked_at DESC LIMIT 50`,
    values: [dialled, since, from],
  });
  return rows.map(booked);
}

/** Calls that the exchange took and of which it has not told the end. */
export async function openCalls(query: Query): Promise<BookedCall[]> {
  const rows = await query<Row>({
    text: `SELECT ${columns} FROM exchange_call WHERE state <> 'ended' AND confirmed ORDER BY asked_at LIMIT 1000`,
  });
  return rows.map(booked);
}

/** When a call was asked for, and whether it and those before it, `count` in all, ended with this code. */
export async function endedAlike(
  query: Query,
  id: string,
  { errorCode, count }: { readonly errorCode: number; readonly count: number },
): Promise<{ readonly askedAt: Date; readonly alike: boolean } | null> {
  const [row] = await query<{ askedAt: Date; alike: boolean }>({
    text: `
      SELECT c.asked_at AS "askedAt", coalesce(l.alike = $3, false) AS alike FROM exchange_call c CROSS JOIN LATERAL (
        SELECT count(*) FILTER (WHERE before.error_code = $2)::int AS alike FROM (
          SELECT error_code FROM exchange_call
          WHERE asked_at <= c.asked_at AND state <> 'queued' ORDER BY asked_at DESC LIMIT $3
        ) AS before
      ) AS l WHERE c.id = $1`,
    values: [id, errorCode, count],
  });
  return row ?? null;
}

interface Row {
  readonly id: string;
  readonly state: CallReport['state'];
  readonly result: Extract<CallReport, { state: 'ended' }>['result'] | null;
  readonly errorCode: number | null;
  readonly confirmed: boolean;
}

const columns = 'id, state, result, error_code AS "errorCode", confirmed';

const reportOf = ({ state, result, errorCode }: Row): CallReport =>
  state === 'ended' ? { state, result: result ?? 'lost', errorCode } : { state };

const booked = (row: Row): BookedCall => ({ carrierId: row.id, report: reportOf(row), confirmed: row.confirmed });
