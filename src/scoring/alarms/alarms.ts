import { audit, takeTurn } from '../../platform/audit.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Database, Query } from '../../platform/database.ts';
import { BadInput, Refused } from '../../platform/errors.ts';
import { announce } from '../../platform/webhooks/announce.ts';
import { alarmIsRaised } from '../events.ts';
import { type AlarmKind, alarmLevels, type Finding } from './findings.ts';

/** Alarms: opened, kept open and closed by what is found out of order; looked at and acknowledged by people. */
export interface Alarm extends Finding {
  readonly id: string;
  readonly level: 'amber' | 'red';
  /** Whose supervisor it concerns; null = the city's alone. */
  readonly districtId: string | null;
  readonly openedAt: Date;
  readonly acknowledgedAt: Date | null;
  readonly acknowledgedBy: string | null;
  readonly note: string | null;
  readonly closedAt: Date | null;
}

type Raised = Pick<Alarm, 'id' | 'kind' | 'subjectKind' | 'subjectId' | 'period' | 'value' | 'limit'>;

/**
 * Makes the open alarms those of `findings`, at most one of each kind and subject. Asked again with the same it changes
 * nothing; a matter that goes on keeps its alarm, with its newest figures.
 */
export async function keepAlarms(database: Database, findings: readonly Finding[], now: Date): Promise<void> {
  await database.transaction(async (query) => {
    await takeTurn(query);
    const raised = await openAlarms(query, findings, now);
    const over = await closeOthers(query, findings, now);
    for (const alarm of raised) {
      const { id, kind, subjectKind, subjectId, period } = alarm;
      await audit(query, now, {
        actor: 'system',
        action: 'alarm.raise',
        subject: id,
        detail: { kind, subjectKind, subjectId, period },
      });
    }
    for (const id of over) await audit(query, now, { actor: 'system', action: 'alarm.close', subject: id });
    await announce(
      query,
      now,
      ...raised.map((alarm) =>
        alarmIsRaised({ ...alarm, level: alarmLevels[alarm.kind], openedAt: now.toISOString() }),
      ),
    );
  });
}

const columns = `
  id, kind, level, subject_kind AS "subjectKind", subject_id AS "subjectId", period, value, "limit"`;

/** @returns those that were not open before. */
async function openAlarms(query: Query, findings: readonly Finding[], now: Date): Promise<Raised[]> {
  const rows = await query<Raised & { isNew: boolean }>({
    name: 'alarms-open',
    text: `
      INSERT INTO alarm (id, kind, level, subject_kind, subject_id, period, value, "limit", opened_at)
      SELECT gen_random_uuid(), new.*, $8 FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[]) AS new
      ON CONFLICT (kind, subject_kind, subject_id) WHERE closed_at IS NULL
      DO UPDATE SET period = excluded.period, value = excluded.value, "limit" = excluded."limit"
      RETURNING ${columns}, xmax = 0 AS "isNew"`,
    values: [
      findings.map(({ kind }) => kind),
      findings.map(({ kind }) => alarmLevels[kind]),
      findings.map(({ subjectKind }) => subjectKind),
      findings.map(({ subjectId }) => subjectId),
      findings.map(({ period }) => period),
      findings.map(({ value }) => value),
      findings.map(({ limit }) => limit),
      now,
    ],
  });
  return rows.flatMap(({ isNew, ...raised }) => (isNew ? [raised] : []));
}

async function closeOthers(query: Query, findings: readonly Finding[], now: Date): Promise<string[]> {
  const rows = await query<{ id: string }>({
    name: 'alarms-close',
    text: `
      UPDATE alarm SET closed_at = $4 WHERE closed_at IS NULL AND NOT EXISTS (
        SELECT FROM unnest($1::text[], $2::text[], $3::text[]) AS found (kind, subject_kind, subject_id)
        WHERE found.kind = alarm.kind AND found.subject_kind = alarm.subject_kind AND found.subject_id = alarm.subject_id)
      RETURNING id`,
    values: [
      findings.map(({ kind }) => kind),
      findings.map(({ subjectKind }) => subjectKind),
      findings.map(({ subjectId }) => subjectId),
      now,
    ],
  });
  return rows.map(({ id }) => id);
}

/** Of a district, whose managers and itself are its supervisor's business; `null` = everything. */
type Reach = string | null;

const seen = `
  SELECT * FROM (
    SELECT ${columns}, opened_at AS "openedAt", acknowledged_at AS "acknowledgedAt",
           acknowledged_by AS "acknowledgedBy", note, closed_at AS "closedAt",
           CASE subject_kind WHEN 'district' THEN subject_id WHEN 'manager' THEN (SELECT m.district_id FROM manager m WHERE m.id = subject_id)
             WHEN 'promise' THEN (SELECT m.district_id FROM ledger_line l JOIN manager m ON m.id = l.manager_id WHERE l.id::text = subject_id) END AS "districtId"
    FROM alarm
  ) AS a`;

export interface Wanted {
  readonly districtId: Reach;
  readonly state: 'open' | 'closed' | 'all';
  readonly kind: AlarmKind | null;
  readonly level: 'amber' | 'red' | null;
}

export interface Place {
  readonly openedAt: Date;
  readonly id: string;
}

/** The latest first. @param after where the page before ended. */
export function listAlarms(
  query: Query,
  { districtId, state, kind, level }: Wanted,
  after: Place | null,
  limit: number,
): Promise<Alarm[]> {
  return query<Alarm>({
    name: 'alarms-list',
    text: `
      ${seen} WHERE ($1::text IS NULL OR a."districtId" = $1) AND ($2 = 'all' OR ($2 = 'open') = (a."closedAt" IS NULL))
        AND ($3::text IS NULL OR a.kind = $3) AND ($4::text IS NULL OR a.level = $4)
        AND ($5::timestamptz IS NULL OR (a."openedAt", a.id) < ($5, $6::uuid))
      ORDER BY a."openedAt" DESC, a.id DESC LIMIT $7`,
    values: [districtId, state, kind, level, after?.openedAt ?? null, after?.id ?? null, limit],
  });
}

/** null where there is none, or it is none of his. */
export async function findAlarm(query: Query, districtId: Reach, id: string): Promise<Alarm | null> {
  const [found] = await query<Alarm>({
    name: 'alarms-find',
    text: `${seen} WHERE a.id = $2 AND ($1::text IS NULL OR a."districtId" = $1)`,
    values: [districtId, id],
  });
  return found ?? null;
}

export const longestNote = 1000;

/**
 * Somebody has seen to it that something is done, and says what. It stays open until the matter is over.
 *
 * @param by a user's id. @param actor who brings it, for the record.
 * @throws BadInput without a note; Refused `acknowledged` where somebody has already.
 */
export async function acknowledgeAlarm(
  { database, clock }: { readonly database: Database; readonly clock: Clock },
  { id, by, actor, note }: { readonly id: string; readonly by: string; readonly actor: string; readonly note: string },
): Promise<void> {
  const said = note.normalize('NFC').trim();
  if (said.length === 0 || said.length > longestNote)
    throw new BadInput('没有记录 · nothing was recorded', [
      {
        where: 'body.note',
        message: `请写明怎么处理，1–${longestNote} 字 · say what is done about it, in 1 to ${longestNote} characters`,
      },
    ]);
  const now = clock.now();
  await database.transaction(async (query) => {
    await takeTurn(query);
    const rows = await query({
      text: `UPDATE alarm SET acknowledged_at = $2, acknowledged_by = $3, note = $4 WHERE id = $1 AND acknowledged_at IS NULL RETURNING id`,
      values: [id, now, by, said],
    });
    if (rows.length === 0) throw new Refused('acknowledged', '已有人处理 · somebody has seen to this alarm already');
    await audit(query, now, { actor, action: 'alarm.acknowledge', subject: id, detail: { onBehalfOf: by } });
  });
}
