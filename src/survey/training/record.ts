import { audit } from '../../platform/audit.ts';
import type { Chance } from '../../platform/chance.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Database, Query } from '../../platform/database.ts';
import { BadInput, Refused } from '../../platform/errors.ts';
import { readReason } from '../../platform/reason.ts';
import type { Counts } from '../roster/store.ts';
import type { TrainingKind, TrainingRow } from './table.ts';

/**
 * Everybody's courses, certificates and exams. Lines are only added; whatever was wrong is taken back with a reason, and
 * can then be recorded anew.
 */
export interface TrainingServices {
  readonly database: Database;
  readonly clock: Clock;
  readonly chance: Chance;
}

export interface Recording {
  /** A user's id, or `cli`. */
  readonly actor: string;
  readonly source: string;
  readonly now: Date;
  readonly chance: Chance;
}

/** One recording at a time: two at once could both find a record missing. */
const recordLock = 7_310_041;
const lock = (query: Query) => query({ text: 'SELECT pg_advisory_xact_lock($1)', values: [recordLock] });

const alreadyOtherwise =
  '已有同一记录，学时或依据不同：请先撤销原记录 · is on record with other hours or evidence: take that record back first';

/**
 * Records them all; those that are on record word for word change nothing. None, where one is on record otherwise.
 *
 * @param rows with managers that are there; none twice.
 */
export async function recordTraining(
  query: Query,
  rows: readonly TrainingRow[],
  { actor, source, now, chance }: Recording,
): Promise<Counts | { readonly conflicts: readonly { row: TrainingRow; message: string }[] }> {
  await lock(query);
  const found = await query<{ known: boolean; differs: boolean }>({
    text: `
      SELECT r.id IS NOT NULL AS known, (r.hours, r.evidence) IS DISTINCT FROM (g.hours, g.evidence) AS differs
      FROM unnest($1::text[], $2::text[], $3::text[], $4::decimal(8, 2)[], $5::date[], $6::text[])
        WITH ORDINALITY AS g (manager_id, kind, name, hours, day, evidence, place)
      LEFT JOIN training_record r ON r.manager_id = g.manager_id AND r.kind = g.kind AND r.name = g.name AND r.day = g.day
        AND NOT EXISTS (SELECT FROM training_reversal b WHERE b.record_id = r.id)
      ORDER BY g.place`,
    values: columnsOf(rows),
  });
  const conflicts = rows.flatMap((row, index) =>
    found[index]?.known && found[index].differs ? [{ row, message: alreadyOtherwise }] : [],
  );
  if (conflicts.length > 0) return { conflicts };
  const news = rows.filter((_row, index) => !found[index]?.known);
  await query({
    text: `
      INSERT INTO training_record (id, manager_id, kind, name, hours, day, evidence, source, recorded_by, recorded_at)
      SELECT g.id, g.manager_id, g.kind, g.name, g.hours, g.day, g.evidence, $8, $9, $10
      FROM unnest($1::text[], $2::text[], $3::text[], $4::decimal(8, 2)[], $5::date[], $6::text[], $7::uuid[])
        AS g (manager_id, kind, name, hours, day, evidence, id)`,
    values: [...columnsOf(news), news.map(() => chance.id()), source, actor, now],
  });
  return { created: news.length, changed: 0, unchanged: rows.length - news.length };
}

const columnsOf = (rows: readonly TrainingRow[]) => [
  rows.map(({ manager }) => manager),
  rows.map(({ kind }) => kind),
  rows.map(({ name }) => name),
  rows.map(({ hours }) => hours),
  rows.map(({ day }) => day),
  rows.map(({ evidence }) => evidence),
];

const notRecorded = (where: string, message: string): BadInput =>
  new BadInput('没有记录 · nothing was recorded', [{ where, message }]);

/** Records one by hand. @throws BadInput where there is no such manager, or it is on record otherwise. */
export async function recordOne(
  { database, clock, chance }: TrainingServices,
  row: TrainingRow,
  { actor, source }: Pick<Recording, 'actor' | 'source'>,
): Promise<void> {
  const now = clock.now();
  await database.transaction(async (query) => {
    const [manager] = await query({ text: 'SELECT FROM manager WHERE id = $1', values: [row.manager] });
    if (!manager) throw notRecorded('manager', `没有工号为 ${row.manager} 的客户经理 · there is no such manager`);
    const recorded = await recordTraining(query, [row], { actor, source, now, chance });
    if ('conflicts' in recorded) throw notRecorded('name', alreadyOtherwise);
    if (recorded.created === 0) return;
    const { manager: subject, kind, name, day } = row;
    await audit(query, now, { actor, action: 'training.record', subject, detail: { kind, name, day } });
  });
}

/** Takes a record back. @throws BadInput without a reason; Refused `not-standing`. */
export async function takeTrainingBack(
  { database, clock }: Pick<TrainingServices, 'database' | 'clock'>,
  id: string,
  { actor, reason }: { readonly actor: string; readonly reason: string },
): Promise<void> {
  const said = readReason(reason, '没有撤销 · nothing was taken back');
  const now = clock.now();
  await database.transaction(async (query) => {
    await lock(query);
    const [taken] = await query<{ manager: string }>({
      text: `
        INSERT INTO training_reversal (record_id, reason, by, at) SELECT id, $2, $3, $4 FROM training_record WHERE id::text = $1
        ON CONFLICT DO NOTHING RETURNING (SELECT manager_id FROM training_record r WHERE r.id = record_id) AS manager`,
      values: [id, said, actor, now],
    });
    if (!taken)
      throw new Refused('not-standing', '没有这条记录，或已撤销 · there is no such record, or it was taken back');
    const detail = { record: id, reason: said };
    await audit(query, now, { actor, action: 'training.take-back', subject: taken.manager, detail });
  });
}

export interface ListedTraining {
  readonly id: string;
  readonly managerId: string;
  readonly managerName: string;
  readonly kind: TrainingKind;
  readonly name: string;
  readonly hours: string | null;
  readonly day: string;
  readonly evidence: string;
  readonly takenBackFor: string | null;
}

export interface TrainingFilter {
  readonly id?: string | undefined;
  readonly districtId: string | null;
  readonly managerId: string | null;
  readonly after: { readonly day: string; readonly id: string } | null;
}

/** Records, also those that were taken back, the latest day first. */
export function listTraining(query: Query, filter: TrainingFilter, limit: number): Promise<ListedTraining[]> {
  const { id = null, districtId, managerId, after } = filter;
  return query<ListedTraining>({
    name: 'training-list',
    text: `
      SELECT r.id, m.id AS "managerId", m.name AS "managerName", r.kind, r.name, trim_scale(r.hours)::text AS hours, r.day::text AS day,
             r.evidence, b.reason AS "takenBackFor"
      FROM training_record r JOIN manager m ON m.id = r.manager_id LEFT JOIN training_reversal b ON b.record_id = r.id
      WHERE ($1::text IS NULL OR m.district_id = $1) AND ($2::text IS NULL OR m.id = $2) AND ($3::text IS NULL OR r.id::text = $3)
        AND ($4::date IS NULL OR (r.day, r.id) < ($4, $5::uuid))
      ORDER BY r.day DESC, r.id DESC LIMIT $6`,
    values: [districtId, managerId, id, after?.day ?? null, after?.id ?? null, limit],
  });
}
