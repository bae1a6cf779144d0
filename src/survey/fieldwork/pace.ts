import type { Query } from '../../platform/database.ts';

/**
 * How fast a carrier may be used, and whether it may be now. It stands in the database, so it is exact over any number
 * of workers: slots are given out one after the other under the row's lock.
 *
 * A carrier in trouble (too many requests, an outage) is left in peace, twice as long after each time, and then tried
 * with a single request; the first that it takes ends the trouble. One that refuses us for our settings is stopped by
 * an incident (incident.ts) until somebody has mended them.
 */
export interface Lane {
  readonly carrier: string;
  readonly channel: 'voice' | 'sms';
  readonly perSecond: number;
  /** Most attempts of this kind alive at once; null where the carrier sets no limit. */
  readonly concurrent: number | null;
}

/** Calls and texts of one carrier are limited apart. */
export const paceOf = ({ carrier, channel }: Pick<Lane, 'carrier' | 'channel'>): string => `${carrier}/${channel}`;

export interface Pace {
  readonly lastSlot: Date;
  /** Requests in a row of which nobody knows what became. */
  readonly silences: number;
  /** Times in a row that it took nothing from us; 0 = all is well. */
  readonly troubles: number;
  readonly troubledAt: Date | null;
  readonly restUntil: Date | null;
  /** An incident is open. */
  readonly stopped: boolean;
}

const columns = `
  coalesce(p.last_slot, 'epoch') AS "lastSlot", coalesce(p.silences, 0) AS silences, coalesce(p.troubles, 0) AS troubles,
  p.troubled_at AS "troubledAt", p.rest_until AS "restUntil",
  EXISTS (SELECT FROM incident i WHERE i.carrier = $1 AND i.closed_at IS NULL) AS stopped`;

/** A carrier that was never used is well. */
export async function readPace(query: Query, lane: Lane): Promise<Pace> {
  const [row] = await query<Pace>({
    name: 'pace-read',
    text: `SELECT ${columns} FROM (SELECT) AS always LEFT JOIN pace p ON p.carrier = $1`,
    values: [paceOf(lane)],
  });
  if (!row) throw new Error('no pace came back');
  return row;
}

/** Keeps everybody else who gives out slots of this carrier waiting until the transaction is over. */
export async function lockPace(query: Query, lane: Lane): Promise<Pace> {
  const [row] = await query<Pace>({
    name: 'pace-lock',
    text: `SELECT ${columns} FROM pace p WHERE p.carrier = $1 FOR UPDATE`,
    values: [paceOf(lane)],
  });
  if (row) return row;
  await query({
    text: `INSERT INTO pace (carrier, last_slot) VALUES ($1, 'epoch') ON CONFLICT DO NOTHING`,
    values: [paceOf(lane)],
  });
  return lockPace(query, lane);
}

/** Whether nothing may be asked of the carrier now. */
export const isAtRest = ({ stopped, restUntil }: Pace, now: Date): boolean =>
  stopped || (restUntil !== null && restUntil > now);

/**
 * Whether what was taken up at `since` is to be let go: the carrier was stopped, or fell into trouble after that. What
 * was taken up after the trouble is the one that tries whether it is over.
 */
export const isCalledOff = ({ stopped, troubles, troubledAt }: Pace, since: Date): boolean =>
  stopped || (troubles > 0 && troubledAt !== null && since <= troubledAt);

/**
 * Slots are given out this far ahead, in milliseconds. A job waits for its slot to the millisecond; without a lead the
 * dispatcher would have to run once a call and be on time to keep the pace. Of a slow carrier two slots at least, so
 * that one may be given out while the other is used.
 */
export const leadMilliseconds = ({ perSecond }: Lane): number => Math.max(1500, 2500 / perSecond);

/** The dispatcher runs again while so much of the lead is left, in milliseconds: on a busy machine its job waits. */
export const headStart = (lane: Lane): number => leadMilliseconds(lane) - 900;

/** `slot = max(now, last + 1/rate)`, one after the other up to `until`; a single one while it is not known to be well. */
export function freeSlots(pace: Pace, { perSecond }: Lane, now: Date, until: Date): Date[] {
  if (isAtRest(pace, now)) return [];
  const step = 1000 / perSecond;
  const slots: Date[] = [];
  const last = pace.troubles > 0 ? now : until;
  for (let at = Math.max(now.getTime(), pace.lastSlot.getTime() + step); at <= until.getTime(); at += step) {
    slots.push(new Date(Math.ceil(at)));
    if (last === now) break;
  }
  return slots;
}

/** Longer than any request may take: whoever tries a carrier in trouble tries it alone. */
const trialSeconds = 60;

/** Notes the last slot that was given out, and lets nobody else try a carrier in trouble meanwhile. */
export async function noteSlots(query: Query, lane: Lane, pace: Pace, last: Date, now: Date): Promise<void> {
  await query({
    name: 'pace-note',
    text: 'UPDATE pace SET last_slot = $2, rest_until = $3 WHERE carrier = $1',
    values: [paceOf(lane), last, pace.troubles > 0 ? new Date(now.getTime() + trialSeconds * 1000) : null],
  });
}

/**
 * A new slot for a call whose own went by while it waited for a worker: dialling late would crowd the next ones.
 * One statement, so that two workers never get the same.
 */
export async function reserveSlot(query: Query, lane: Lane, now: Date): Promise<Date> {
  const [row] = await query<{ last_slot: Date }>({
    name: 'pace-reserve',
    text: `
      INSERT INTO pace (carrier, last_slot) VALUES ($1, $2)
      ON CONFLICT (carrier) DO UPDATE SET last_slot = greatest($2, pace.last_slot + make_interval(secs => ceil(1000 * $3::float8) / 1000))
      RETURNING last_slot`,
    values: [paceOf(lane), now, 1 / lane.perSecond],
  });
  if (!row) throw new Error('no slot came back');
  return row.last_slot;
}

const longestRest = 300;

/** Seconds a carrier is left in peace after so many times of trouble in a row: 1, 2, 4, … five minutes at most. */
export const restSeconds = (troubles: number): number => Math.min(2 ** (troubles - 1), longestRest);

/** So many requests in a row of which nobody knows what became are no accident of the network any more. */
const patience = 3;

/**
 * What went wrong with a request. `busy`: the carrier said so, or nobody listens there. `silent`: nobody knows what
 * became of it; one is bad luck, and several in a row are an outage.
 */
export type Mishap = 'busy' | 'silent';

/**
 * Notes what went wrong. Of requests that were under way together, what is said after the trouble began is of before,
 * and does not count again.
 *
 * @param askedAt when this request was made.
 * @returns seconds for which the carrier is left in peace from now on; null where that does not begin now.
 */
export async function noteMishap(
  query: Query,
  lane: Lane,
  mishap: Mishap,
  { askedAt, now }: { readonly askedAt: Date; readonly now: Date },
): Promise<number | null> {
  const inTrouble = `(pace.troubles > 0 OR pace.silences + $4 >= ${patience})`;
  const [row] = await query<{ troubles: number; begins: boolean }>({
    name: 'pace-mishap',
    text: `
      INSERT INTO pace (carrier, last_slot, silences, troubles, troubled_at, rest_until)
      SELECT $1, 'epoch', $4, bad::int, CASE WHEN bad THEN $3::timestamptz END, CASE WHEN bad THEN $3::timestamptz + interval '1 second' END
      FROM (SELECT $4::int >= ${patience} AS bad) AS first
      ON CONFLICT (carrier) DO UPDATE
      SET silences = pace.silences + $4,
          troubles = pace.troubles + ${inTrouble}::int,
          troubled_at = CASE WHEN ${inTrouble} THEN $3::timestamptz ELSE pace.troubled_at END,
          rest_until = CASE WHEN ${inTrouble} THEN $3::timestamptz + make_interval(secs => least(2 ^ least(pace.troubles, 9), ${longestRest})) ELSE pace.rest_until END
      WHERE pace.troubled_at IS NULL OR pace.troubled_at < $2
      RETURNING troubles, troubled_at IS NOT DISTINCT FROM $3::timestamptz AS begins`,
    values: [paceOf(lane), askedAt, now, mishap === 'busy' ? patience : 1],
  });
  return row?.begins ? restSeconds(row.troubles) : null;
}

/** The carrier took a request that was made after its last trouble: it is well, and the next ones go at its pace. */
export async function noteTaken(query: Query, lane: Lane, askedAt: Date): Promise<void> {
  await query({
    name: 'pace-taken',
    text: `
      UPDATE pace SET silences = 0, troubles = 0, rest_until = NULL
      WHERE carrier = $1 AND (troubles > 0 OR silences > 0) AND (troubled_at IS NULL OR troubled_at < $2)`,
    values: [paceOf(lane), askedAt],
  });
}

/** Whether the next request that is taken is worth noting. */
export const isDoubtful = ({ silences, troubles }: Pace): boolean => silences > 0 || troubles > 0;
