import type { Chance } from '../../platform/chance.ts';
import type { Query } from '../../platform/database.ts';
import type { Vault } from '../../platform/vault.ts';
import type { IndicatorRow } from './indicators.ts';
import type { ManagerRow } from './managers.ts';
import { maskPhone, type PhoneNumber } from './phone.ts';
import type { RetailerRow } from './retailers.ts';

/** The roster in the database. Whatever the size of a file, it is a few statements over all its rows at once. */

/** How many rows of a file were new, said something else than the database, or the same. */
export interface Counts {
  readonly created: number;
  readonly changed: number;
  readonly unchanged: number;
}

/** One import at a time: two at once could make a district twice, and each would miscount the other's rows. */
const importLock = 7_310_003;

export async function lockRoster(query: Query): Promise<void> {
  await query({ text: 'SELECT pg_advisory_xact_lock($1)', values: [importLock] });
}

export async function findManagerIds(query: Query): Promise<ReadonlySet<string>> {
  const rows = await query<{ id: string }>({ text: 'SELECT id FROM manager' });
  return new Set(rows.map(({ id }) => id));
}

/** Adds those districts that are not there yet. */
export async function storeDistricts(query: Query, names: readonly string[], chance: Chance): Promise<void> {
  const rows = await query<{ name: string }>({ text: 'SELECT name FROM district' });
  const known = new Set(rows.map(({ name }) => name));
  const added = [...new Set(names)].filter((name) => !known.has(name));
  await query({
    text: 'INSERT INTO district (id, name) SELECT * FROM unnest($1::text[], $2::text[])',
    values: [added.map(() => chance.id()), added],
  });
}

/** Stores managers whose districts are there. */
export function storeManagers(query: Query, rows: readonly ManagerRow[]): Promise<Counts> {
  return compareAndWrite(query, {
    // Nothing forbids two districts of one name; managers then always go to the same one.
    compared: `
      SELECT g.id, g.name, d.id AS district_id, m.id IS NULL AS created, (m.name, m.district_id) IS DISTINCT FROM (g.name, d.id) AS differs
      FROM unnest($1::text[], $2::text[], $3::text[]) AS g (id, name, district)
      JOIN (SELECT name, min(id) AS id FROM district GROUP BY name) d ON d.name = g.district
      LEFT JOIN manager m ON m.id = g.id`,
    written: `
      INSERT INTO manager (id, name, district_id) SELECT id, name, district_id FROM compared WHERE differs
      ON CONFLICT (id) DO UPDATE SET name = excluded.name, district_id = excluded.district_id`,
    values: [rows.map(({ id }) => id), rows.map(({ name }) => name), rows.map(({ district }) => district)],
  });
}

/** Adds those numbers that are not there yet, sealed. */
export async function storePhones(
  query: Query,
  numbers: readonly PhoneNumber[],
  { vault, chance }: { readonly vault: Vault; readonly chance: Chance },
): Promise<void> {
  const given = new Map(numbers.map((number) => [vault.digest(number.e164).toString('hex'), number]));
  const known = await query<{ digest: string }>({
    text: `SELECT encode(blind_index, 'hex') AS digest FROM phone WHERE blind_index = ANY($1::bytea[])`,
    values: [[...given.keys()].map((digest) => Buffer.from(digest, 'hex'))],
  });
  for (const { digest } of known) given.delete(digest);
  const added = [...given.values()];
  await query({
    text: `
      INSERT INTO phone (id, blind_index, sealed, masked, kind)
      SELECT * FROM unnest($1::uuid[], $2::bytea[], $3::bytea[], $4::text[], $5::phone_kind[])`,
    values: [
      added.map(() => chance.id()),
      [...given.keys()].map((digest) => Buffer.from(digest, 'hex')),
      added.map(({ e164 }) => vault.seal(e164)),
      added.map(({ e164 }) => maskPhone(e164)),
      added.map(({ kind }) => kind),
    ],
  });
}

/**
 * Stores retailers whose managers and phones are there. What the file leaves open stays as it is. A row also counts as
 * changed where the manager is another one or the number is newly stopped, which `storeAssignments` and `storeStops`
 * then write.
 */
export function storeRetailers(query: Query, rows: readonly RetailerRow[], vault: Vault): Promise<Counts> {
  return compareAndWrite(query, {
    compared: `
      SELECT *, r_id IS NULL AS created,
             (r_name, r_stratum, r_language, r_status, r_phone_id) IS DISTINCT FROM (name, stratum, language, status, phone_id)
               OR moved OR stopped AS differs
      FROM (
        SELECT g.id, g.name, g.stratum, coalesce(g.language, r.language, 'zh-CN') AS language, coalesce(g.status, r.status, 'active') AS status,
               p.id AS phone_id, r.id AS r_id, r.name AS r_name, r.stratum AS r_stratum, r.language AS r_language, r.status AS r_status,
               r.phone_id AS r_phone_id, a.manager_id IS DISTINCT FROM g.manager_id AS moved,
               g.opted_out AND p.id IS NOT NULL AND p.opted_out_at IS NULL AS stopped
        FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::retailer_status[], $7::bytea[], $8::boolean[])
             AS g (id, name, manager_id, stratum, language, status, digest, opted_out)
        LEFT JOIN phone p ON p.blind_index = g.digest
        LEFT JOIN retailer r ON r.id = g.id
        LEFT JOIN assignment a ON a.retailer_id = g.id AND a.until_day IS NULL
      ) AS side_by_side`,
    written: `
      INSERT INTO retailer (id, name, stratum, language, status, phone_id)
      SELECT id, name, stratum, language, status, phone_id FROM compared WHERE differs
      ON CONFLICT (id) DO UPDATE SET name = excluded.name, stratum = excluded.stratum, language = excluded.language,
                                     status = excluded.status, phone_id = excluded.phone_id`,
    values: [
      rows.map(({ id }) => id),
      rows.map(({ name }) => name),
      rows.map(({ manager }) => manager),
      rows.map(({ stratum }) => stratum),
      rows.map(({ language }) => language),
      rows.map(({ status }) => status),
      rows.map(({ phone }) => phone && vault.digest(phone.e164)),
      rows.map(({ optedOut }) => optedOut),
    ],
  });
}

/**
 * Who looks after whom from `today` (`2026-12-01`, the company's day) on. A retailer's earlier manager has him until
 * today; a second change on one day replaces the first, because an assignment lasts a day at least.
 */
export async function storeAssignments(query: Query, rows: readonly RetailerRow[], today: string): Promise<void> {
  await query({
    text: `
      WITH given AS (
        SELECT g.* FROM unnest($1::text[], $2::text[]) AS g (retailer_id, manager_id)
        WHERE NOT EXISTS (
          SELECT FROM assignment a WHERE a.retailer_id = g.retailer_id AND a.manager_id = g.manager_id AND a.until_day IS NULL
        )
      ), ended AS (
        UPDATE assignment a SET until_day = $3::date FROM given g
        WHERE a.retailer_id = g.retailer_id AND a.until_day IS NULL AND a.from_day < $3::date
      )
      INSERT INTO assignment (retailer_id, manager_id, from_day) SELECT retailer_id, manager_id, $3::date FROM given
      ON CONFLICT (retailer_id, from_day) DO UPDATE SET manager_id = excluded.manager_id, until_day = NULL`,
    values: [rows.map(({ id }) => id), rows.map(({ manager }) => manager), today],
  });
}

/**
 * Enters a stop for each number that is not stopped already, and posts it for those of its cases that are still open,
 * which otherwise would wait for a call that is never made.
 */
export async function storeStops(query: Query, digests: readonly Buffer[], now: Date): Promise<void> {
  await query({
    text: `
      WITH stopped AS (
        UPDATE phone SET opted_out_at = $2 WHERE blind_index = ANY($1::bytea[]) AND opted_out_at IS NULL RETURNING id
      ), posted AS (
        INSERT INTO outbox (topic, case_id, at)
        SELECT 'opt-out', c.id, $2 FROM stopped JOIN survey_case c ON c.phone_id = stopped.id AND c.state <> 'done'
      )
      INSERT INTO opt_out (phone_id, entry, source, at) SELECT id, 'stop', 'hand', $2 FROM stopped`,
    values: [digests, now],
  });
}

/** Stores values whose managers are there. */
export function storeIndicators(query: Query, rows: readonly IndicatorRow[]): Promise<Counts> {
  return compareAndWrite(query, {
    compared: `
      SELECT g.*, u.manager_id IS NULL AS created, u.manager_id IS NULL OR u.value IS DISTINCT FROM g.value AS differs
      FROM unnest($1::text[], $2::text[], $3::text[], $4::decimal(12, 4)[]) AS g (period, manager_id, code, value)
      LEFT JOIN unit_indicator u USING (period, manager_id, code)`,
    written: `
      INSERT INTO unit_indicator (period, manager_id, code, value) SELECT period, manager_id, code, value FROM compared WHERE differs
      ON CONFLICT (period, manager_id, code) DO UPDATE SET value = excluded.value`,
    values: [
      rows.map(({ period }) => period),
      rows.map(({ manager }) => manager),
      rows.map(({ code }) => code),
      rows.map(({ value }) => value),
    ],
  });
}

interface Comparison {
  /** Selects every row of the file with `created` and `differs`, as the database is before. */
  readonly compared: string;
  /** Writes those of `compared` that differ, so that a second import of a file writes nothing. */
  readonly written: string;
  readonly values: readonly unknown[];
}

async function compareAndWrite(query: Query, { compared, written, values }: Comparison): Promise<Counts> {
  const [counts] = await query<Counts>({
    text: `
      WITH compared AS (${compared}), written AS (${written})
      SELECT (count(*) FILTER (WHERE created))::int AS created, (count(*) FILTER (WHERE differs AND NOT created))::int AS changed,
             (count(*) FILTER (WHERE NOT differs))::int AS unchanged
      FROM compared`,
    values,
  });
  return counts ?? { created: 0, changed: 0, unchanged: 0 };
}
