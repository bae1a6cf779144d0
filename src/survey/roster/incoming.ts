import type { Chance } from '../../platform/chance.ts';
import type { Query } from '../../platform/database.ts';
import type { Vault } from '../../platform/vault.ts';
import { entering } from '../fieldwork/opt-out.ts';
import type { Faults } from './faults.ts';
import { maskPhone } from './phone.ts';
import type { PhoneEntry, RetailerRow } from './retailers.ts';

/**
 * The rows of a retailers' file on their way into the roster. They are laid out in temporary tables, a batch at a time,
 * so that a file of any length takes no more memory than a batch; there they are compared with the roster, and what
 * differs is written, in a few statements over all of them. Everything belongs to one transaction.
 */
export async function openIncoming(query: Query): Promise<void> {
  for (const text of [
    `CREATE TEMP TABLE incoming (
       row int, id text, name text, address text, manager_id text, stratum text, status retailer_status, language text, time_zone text,
       ordering_half_days text[], delivery_half_days text[], from_day date, opted_out boolean
     ) ON COMMIT DROP`,
    // One line a column of the file: a number, a mask that stands for one, or neither where the shop has none.
    'CREATE TEMP TABLE incoming_phone (row int, retailer_id text, place smallint, digest bytea, masked text) ON COMMIT DROP',
    `CREATE TEMP TABLE incoming_number (digest bytea PRIMARY KEY, id uuid, sealed bytea, masked text, kind phone_kind) ON COMMIT DROP`,
  ])
    await query({ text });
}

export interface IncomingTerms {
  /** The company's day, `2026-12-01`: assignments begin on it where the file names no other. */
  readonly today: string;
  /** The file has every shop there is, so whatever is in it is active unless it says otherwise. */
  readonly full: boolean;
}

/** Lays out rows of the file, their numbers sealed. */
export async function addIncoming(
  query: Query,
  rows: readonly RetailerRow[],
  { today, full }: IncomingTerms,
  { vault, chance }: { readonly vault: Vault; readonly chance: Chance },
): Promise<void> {
  const laidOut = rows.map((row) => ({
    ...{
      row: row.row,
      id: row.id,
      name: row.name,
      address: row.address,
      manager_id: row.manager,
      stratum: row.stratum,
    },
    ...{ status: row.status ?? (full ? 'active' : null), language: row.language, time_zone: row.timeZone },
    ...{ ordering_half_days: row.orderingDays, delivery_half_days: row.deliveryDays },
    ...{ from_day: row.from ?? today, opted_out: row.optedOut },
  }));
  const entries = rows.flatMap(({ row, id, phone, phone2, phone3 }) =>
    [phone, phone2, phone3].flatMap((entry, place) => (entry === undefined ? [] : [{ row, id, place, entry }])),
  );
  const numbers = new Map(entries.flatMap(({ entry }) => (isNumber(entry) ? [[entry.e164, entry] as const] : [])));
  const digests = new Map([...numbers.keys()].map((e164) => [e164, vault.digest(e164).toString('hex')]));
  await query({
    text: 'INSERT INTO incoming SELECT * FROM jsonb_populate_recordset(NULL::incoming, $1)',
    values: [JSON.stringify(laidOut)],
  });
  await query({
    text: `
      INSERT INTO incoming_phone
      SELECT row, retailer_id, place, decode(digest, 'hex'), masked
      FROM jsonb_to_recordset($1) AS given (row int, retailer_id text, place smallint, digest text, masked text)`,
    values: [
      JSON.stringify(
        entries.map(({ row, id, place, entry }) => ({
          ...{ row, retailer_id: id, place },
          digest: isNumber(entry) ? digests.get(entry.e164) : null,
          masked: entry && !isNumber(entry) ? entry.masked : null,
        })),
      ),
    ],
  });
  await query({
    text: `
      INSERT INTO incoming_number (digest, id, sealed, masked, kind)
      SELECT decode(digest, 'hex'), id, sealed, masked, kind
      FROM unnest($1::text[], $2::uuid[], $3::bytea[], $4::text[], $5::phone_kind[]) AS given (digest, id, sealed, masked, kind)
      ON CONFLICT DO NOTHING`,
    values: [
      [...digests.values()],
      [...numbers].map(() => chance.id()),
      [...numbers.keys()].map((e164) => vault.seal(e164)),
      [...numbers.keys()].map(maskPhone),
      [...numbers.values()].map(({ kind }) => kind),
    ],
  });
}

const isNumber = (entry: PhoneEntry): entry is Exclude<PhoneEntry, null | { masked: string }> =>
  entry !== null && 'e164' in entry;

/**
 * Finds which of the shop's numbers each mask stands for: the one at its own place if that looks so, else the first
 * that does. One that is none of them is a fault: nobody can tell what was meant.
 *
 * @param headingOf the heading of the phone column at a place, from 0.
 */
export async function resolveMasks(query: Query, faults: Faults, headingOf: (place: number) => string): Promise<void> {
  await query({ text: 'ANALYZE incoming, incoming_phone, incoming_number' });
  await query({
    text: `
      UPDATE incoming_phone given SET digest = own.digest
      FROM (
        SELECT DISTINCT ON (g.retailer_id, g.place) g.retailer_id, g.place, p.blind_index AS digest
        FROM incoming_phone g
        JOIN retailer_phone c ON c.retailer_id = g.retailer_id AND c.until IS NULL
        JOIN phone p ON p.id = c.phone_id AND p.masked = g.masked
        ORDER BY g.retailer_id, g.place, c.place <> g.place, c.place
      ) own
      WHERE own.retailer_id = given.retailer_id AND own.place = given.place`,
  });
  const unknown = await query<{ row: number; place: number }>({
    text: 'SELECT row, place FROM incoming_phone WHERE masked IS NOT NULL AND digest IS NULL ORDER BY row, place',
  });
  for (const { row, place } of unknown)
    faults.inCell(
      row,
      headingOf(place),
      '打码的号码只能表示该店现有的号码，而该店没有这样的号码：请填完整号码 · a masked number can only stand for one the shop has, and it has none like it: give the number in full',
    );
}

/** Compares what was laid out with the roster, as it is before anything is written. */
export async function compareIncoming(query: Query): Promise<void> {
  // The numbers a shop will have: those the file gives, those at places it does not speak of, each once, gaps closed.
  await query({
    text: `
      CREATE TEMP TABLE wanted_phone ON COMMIT DROP AS
      SELECT retailer_id, digest, (row_number() OVER (PARTITION BY retailer_id ORDER BY min(place)) - 1)::smallint AS place
      FROM (
        SELECT retailer_id, place, digest FROM incoming_phone WHERE digest IS NOT NULL
        UNION ALL
        SELECT c.retailer_id, c.place, p.blind_index
        FROM incoming i JOIN retailer_phone c ON c.retailer_id = i.id AND c.until IS NULL JOIN phone p ON p.id = c.phone_id
        WHERE NOT EXISTS (SELECT FROM incoming_phone g WHERE g.retailer_id = c.retailer_id AND g.place = c.place)
      ) AS said
      GROUP BY retailer_id, digest`,
  });
  await query({ text: 'ANALYZE wanted_phone' });
  await query({
    text: `
      CREATE TEMP TABLE difference ON COMMIT DROP AS
      WITH before AS (
        SELECT c.retailer_id, array_agg(p.blind_index ORDER BY c.place) AS digests, array_agg(p.masked ORDER BY c.place) AS masks
        FROM incoming i JOIN retailer_phone c ON c.retailer_id = i.id AND c.until IS NULL JOIN phone p ON p.id = c.phone_id
        GROUP BY 1
      ), after AS (
        SELECT w.retailer_id, array_agg(w.digest ORDER BY w.place) AS digests,
               array_agg(coalesce(p.masked, n.masked) ORDER BY w.place) AS masks,
               bool_or(p.opted_out_at IS NULL) AS callable
        FROM wanted_phone w LEFT JOIN phone p ON p.blind_index = w.digest LEFT JOIN incoming_number n ON n.digest = w.digest
        GROUP BY 1
      ), side_by_side AS (
        SELECT i.row, i.id, i.name, coalesce(i.address, r.address, '') AS address, i.stratum, i.manager_id, i.from_day,
               coalesce(i.status, r.status, 'active') AS status, coalesce(i.language, r.language, 'zh-CN') AS language,
               coalesce(i.time_zone, r.time_zone, 'Asia/Shanghai') AS time_zone,
               coalesce(i.ordering_half_days, r.ordering_half_days, '{}') AS ordering_half_days,
               coalesce(i.delivery_half_days, r.delivery_half_days, '{}') AS delivery_half_days,
               r.id IS NULL AS created, a.manager_id AS from_manager, a.manager_id IS DISTINCT FROM i.manager_id AS assigned,
               before.digests IS DISTINCT FROM after.digests AS phones, before.masks AS masks_before, after.masks AS masks_after,
               i.opted_out AND coalesce(after.callable, false) AS stopped,
               r.name AS r_name, r.address AS r_address, r.stratum AS r_stratum, r.status AS r_status, r.language AS r_language, r.time_zone AS r_time_zone,
               r.ordering_half_days AS r_ordering, r.delivery_half_days AS r_delivery
        FROM incoming i
        LEFT JOIN retailer r ON r.id = i.id
        LEFT JOIN assignment a ON a.retailer_id = i.id AND a.from_day <= i.from_day AND (a.until_day IS NULL OR a.until_day > i.from_day)
        LEFT JOIN before ON before.retailer_id = i.id
        LEFT JOIN after ON after.retailer_id = i.id
      ), named AS (
        SELECT row, id, name, address, stratum, manager_id, from_day, status, language, time_zone, ordering_half_days, delivery_half_days,
               created, from_manager, assigned, phones, masks_before, masks_after, stopped,
               CASE WHEN created THEN '{}' ELSE array_remove(ARRAY[
                 CASE WHEN name <> r_name THEN 'name' END, CASE WHEN address <> r_address THEN 'address' END,
                 CASE WHEN stratum <> r_stratum THEN 'stratum' END,
                 CASE WHEN status <> r_status THEN 'status' END, CASE WHEN language <> r_language THEN 'language' END,
                 CASE WHEN time_zone <> r_time_zone THEN 'timeZone' END,
                 CASE WHEN ordering_half_days <> r_ordering THEN 'orderingDays' END,
                 CASE WHEN delivery_half_days <> r_delivery THEN 'deliveryDays' END
               ], NULL) END AS fields
        FROM side_by_side
      )
      SELECT *, NOT created AND (fields <> '{}' OR assigned OR phones OR stopped) AS changed FROM named`,
  });
  await query({ text: 'ANALYZE difference' });
}

/** So many of each kind are named; the counts are of all. */
const mostShown = 1000;

/** What a file of retailers says otherwise than the roster, or said before it was applied. */
export interface RetailerDifference {
  readonly rows: number;
  readonly created: number;
  readonly changed: number;
  readonly unchanged: number;
  /** Of those changed: who got another manager, other numbers, or newly asked not to be called. */
  readonly moved: number;
  readonly phones: number;
  readonly stopped: number;
  /** Active in the roster, and of these not in the file. */
  readonly active: number;
  readonly gone: number;
  /** Managers of whose active shops none is in the file. */
  readonly emptied: number;
  /** The first thousand of each, in the order of the file. */
  readonly shown: {
    readonly created: readonly string[];
    readonly changed: readonly { readonly id: string; readonly fields: readonly string[] }[];
    readonly moved: readonly {
      readonly id: string;
      readonly from: string;
      readonly to: string;
      readonly day: string;
    }[];
    /** Masked. */
    readonly phones: readonly {
      readonly id: string;
      readonly before: readonly string[];
      readonly after: readonly string[];
    }[];
    readonly stopped: readonly string[];
    readonly gone: readonly string[];
    readonly emptied: readonly string[];
  };
}

const counted = 'rows created changed unchanged moved phones stopped active gone emptied';
const nothing = Object.fromEntries(counted.split(' ').map((name) => [name, 0])) as Omit<RetailerDifference, 'shown'>;

const moves = 'NOT created AND assigned AND from_manager IS NOT NULL';
const gone = `SELECT id FROM retailer r WHERE status = 'active' AND NOT EXISTS (SELECT FROM incoming i WHERE i.id = r.id)`;

/** Whose shops, as they are assigned on day $1, are gone to the last. */
const emptied = `
  SELECT a.manager_id AS id FROM retailer r
  JOIN assignment a ON a.retailer_id = r.id AND a.from_day <= $1::date AND (a.until_day IS NULL OR a.until_day > $1::date)
  LEFT JOIN incoming i ON i.id = r.id
  WHERE r.status = 'active' GROUP BY 1 HAVING count(i.id) = 0`;

/** @param today the company's day. */
export async function readDifference(query: Query, today: string): Promise<RetailerDifference> {
  const [counts] = await query<Omit<RetailerDifference, 'shown'>>({
    text: `
      SELECT count(*)::int AS rows, (count(*) FILTER (WHERE created))::int AS created, (count(*) FILTER (WHERE changed))::int AS changed,
             (count(*) FILTER (WHERE NOT created AND NOT changed))::int AS unchanged, (count(*) FILTER (WHERE ${moves}))::int AS moved,
             (count(*) FILTER (WHERE phones AND NOT created))::int AS phones, (count(*) FILTER (WHERE stopped))::int AS stopped,
             (SELECT count(*) FROM retailer WHERE status = 'active')::int AS active,
             (SELECT count(*) FROM (${gone}) AS g)::int AS gone, (SELECT count(*) FROM (${emptied}) AS e)::int AS emptied
      FROM difference`,
    values: [today],
  });
  const list = async <Row>(what: string, where: string): Promise<Row[]> =>
    query<Row>({ text: `SELECT ${what} FROM difference WHERE ${where} ORDER BY row LIMIT ${mostShown}` });
  const ids = async (where: string) => (await list<{ id: string }>('id', where)).map(({ id }) => id);
  const goneIds = await query<{ id: string }>({ text: `${gone} ORDER BY id LIMIT ${mostShown}` });
  const emptiedIds = await query<{ id: string }>({ text: `${emptied} ORDER BY 1 LIMIT ${mostShown}`, values: [today] });
  return {
    ...(counts ?? nothing),
    shown: {
      created: await ids('created'),
      changed: await list('id, fields', "fields <> '{}'"),
      moved: await list('id, from_manager AS "from", manager_id AS "to", from_day::text AS day', moves),
      phones: await list(
        `id, coalesce(masks_before, '{}') AS before, coalesce(masks_after, '{}') AS after`,
        'phones AND NOT created',
      ),
      stopped: await ids('stopped'),
      gone: goneIds.map(({ id }) => id),
      emptied: emptiedIds.map(({ id }) => id),
    },
  };
}

export interface ApplyTerms {
  readonly full: boolean;
  readonly now: Date;
  /** Who brought the file: a user's id, or `cli`. Stands beside every number that changed. */
  readonly actor: string;
}

/** Writes what differs. What the file leaves open stays as it is. */
export async function applyDifference(query: Query, { full, now, actor }: ApplyTerms): Promise<void> {
  await query({
    text: `
      INSERT INTO phone (id, blind_index, sealed, masked, kind) SELECT id, digest, sealed, masked, kind FROM incoming_number
      ON CONFLICT (blind_index) DO NOTHING`,
  });
  await query({
    text: `
      INSERT INTO retailer (id, name, address, stratum, status, language, time_zone, ordering_half_days, delivery_half_days, phone_id)
      SELECT d.id, d.name, d.address, d.stratum, d.status, d.language, d.time_zone, d.ordering_half_days, d.delivery_half_days, p.id
      FROM difference d
      LEFT JOIN wanted_phone w ON w.retailer_id = d.id AND w.place = 0
      LEFT JOIN phone p ON p.blind_index = w.digest
      WHERE d.created OR d.phones OR d.fields <> '{}'
      ON CONFLICT (id) DO UPDATE SET
        name = excluded.name, address = excluded.address, stratum = excluded.stratum, status = excluded.status, language = excluded.language,
        time_zone = excluded.time_zone, ordering_half_days = excluded.ordering_half_days,
        delivery_half_days = excluded.delivery_half_days, phone_id = excluded.phone_id`,
  });
  await storePhoneHistory(query, now, actor);
  await storeAssignments(query);
  await storeStops(query, now);
  if (full) await query({ text: `UPDATE retailer SET status = 'closed' WHERE id IN (${gone})` });
}

/** Ends the lines of numbers a shop has no more, or has at another place, and begins the new ones. */
async function storePhoneHistory(query: Query, now: Date, actor: string): Promise<void> {
  await query({
    text: `
      UPDATE retailer_phone c SET until = $1
      FROM difference d
      WHERE d.phones AND c.retailer_id = d.id AND c.until IS NULL AND NOT EXISTS (
        SELECT FROM wanted_phone w JOIN phone p ON p.blind_index = w.digest
        WHERE w.retailer_id = d.id AND w.place = c.place AND p.id = c.phone_id
      )`,
    values: [now],
  });
  await query({
    text: `
      INSERT INTO retailer_phone (retailer_id, phone_id, place, since, changed_by)
      SELECT d.id, p.id, w.place, $1, $2
      FROM difference d JOIN wanted_phone w ON w.retailer_id = d.id JOIN phone p ON p.blind_index = w.digest
      WHERE d.phones
        AND NOT EXISTS (SELECT FROM retailer_phone c WHERE c.retailer_id = d.id AND c.place = w.place AND c.until IS NULL)`,
    values: [now, actor],
  });
}

/**
 * Who looks after whom from the row's day on, until whatever was already fixed for a later day. Whoever had the shop on
 * that day has it until then; a second change on one day replaces the first, because an assignment lasts a day at least.
 */
async function storeAssignments(query: Query): Promise<void> {
  await query({
    text: `
      WITH given AS (
        SELECT d.id AS retailer_id, d.manager_id, d.from_day, coalesce(
          (SELECT a.until_day FROM assignment a
           WHERE a.retailer_id = d.id AND a.from_day <= d.from_day AND (a.until_day IS NULL OR a.until_day > d.from_day)),
          (SELECT min(a.from_day) FROM assignment a WHERE a.retailer_id = d.id AND a.from_day > d.from_day)
        ) AS until_day
        FROM difference d WHERE d.assigned
      ), ended AS (
        UPDATE assignment a SET until_day = g.from_day FROM given g
        WHERE a.retailer_id = g.retailer_id AND a.from_day < g.from_day AND (a.until_day IS NULL OR a.until_day > g.from_day)
      )
      INSERT INTO assignment (retailer_id, manager_id, from_day, until_day)
      SELECT retailer_id, manager_id, from_day, until_day FROM given
      ON CONFLICT (retailer_id, from_day) DO UPDATE SET manager_id = excluded.manager_id`,
  });
}

/** Enters a stop for each number of a shop that asked for it. */
async function storeStops(query: Query, now: Date): Promise<void> {
  const asked =
    'p.blind_index IN (SELECT w.digest FROM difference d JOIN wanted_phone w ON w.retailer_id = d.id WHERE d.stopped)';
  await query({
    text: `
      WITH ${entering(asked, 'hand', '$1::timestamptz')} SELECT FROM stopped`,
    values: [now],
  });
}

/** Notes an applied file: who, which, and what it changed, by id. */
export async function noteImport(
  query: Query,
  line: { readonly id: string; readonly fileName: string; readonly actor: string; readonly now: Date },
): Promise<void> {
  await query({
    text: `
      INSERT INTO roster_import (id, kind, file_name, actor, at, created, changed, unchanged, diff)
      SELECT $1, 'retailers', $2, $3, $4, count(*) FILTER (WHERE created), count(*) FILTER (WHERE changed),
             count(*) FILTER (WHERE NOT created AND NOT changed),
             jsonb_build_object(
               'moved', coalesce(jsonb_agg(jsonb_build_object('id', id, 'from', from_manager, 'to', manager_id)) FILTER (WHERE ${moves}), '[]'),
               'gone', (SELECT coalesce(jsonb_agg(id), '[]') FROM (${gone}) AS g),
               'phones', coalesce(jsonb_agg(id) FILTER (WHERE phones AND NOT created), '[]'))
      FROM difference`,
    values: [line.id, line.fileName, line.actor, line.now],
  });
}
