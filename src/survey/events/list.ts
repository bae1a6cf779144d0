import type { Query } from '../../platform/database.ts';
import { monthsLater } from '../../platform/months.ts';

/** An event as it stands on record, with who took it back where somebody did. */
export interface ListedEvent {
  readonly id: string;
  readonly managerId: string;
  readonly kind: string;
  readonly reference: string;
  /** `2026-12-01`. */
  readonly day: string;
  readonly done: string;
  readonly due: string | null;
  readonly evidence: string;
  readonly source: string;
  readonly recordedBy: string;
  /** null where he is no user. */
  readonly recordedByName: string | null;
  readonly recordedAt: Date;
  readonly takenBack: { readonly at: Date; readonly by: string; readonly reason: string } | null;
}

export interface EventFilter {
  readonly period: string;
  readonly managerId: string | null;
  /** Only those after this one. */
  readonly after: { readonly day: string; readonly id: string } | null;
}

const listed = `
  SELECT e.id, e.manager_id AS "managerId", e.kind, e.reference, e.day::text AS day, trim_scale(e.done)::text AS done,
         trim_scale(e.due)::text AS due, e.evidence, e.source, e.recorded_by AS "recordedBy", u.name AS "recordedByName",
         e.recorded_at AS "recordedAt", r.recorded_at AS "takenBackAt", r.recorded_by AS "takenBackBy", r.evidence AS "takenBackFor"
  FROM work_event e LEFT JOIN work_event r ON r.reverses = e.id LEFT JOIN app_user u ON u.id::text = e.recorded_by
  WHERE e.reverses IS NULL`;

type Row = Omit<ListedEvent, 'takenBack'> & {
  readonly takenBackAt: Date | null;
  readonly takenBackBy: string | null;
  readonly takenBackFor: string | null;
};

const eventOf = ({ takenBackAt, takenBackBy, takenBackFor, ...event }: Row): ListedEvent => ({
  ...event,
  takenBack: takenBackAt && { at: takenBackAt, by: takenBackBy ?? '', reason: takenBackFor ?? '' },
});

/** Events of a month, also those that were taken back, latest day first. */
export async function listEvents(
  query: Query,
  { period, managerId, after }: EventFilter,
  limit: number,
): Promise<ListedEvent[]> {
  const rows = await query<Row>({
    text: `
      ${listed} AND e.day >= ($1 || '-01')::date AND e.day < ($2 || '-01')::date AND ($3::text IS NULL OR e.manager_id = $3)
        AND ($4::date IS NULL OR (e.day, e.id) < ($4, $5::uuid))
      ORDER BY e.day DESC, e.id DESC LIMIT $6`,
    values: [period, monthsLater(period, 1), managerId, after?.day ?? null, after?.id ?? null, limit],
  });
  return rows.map(eventOf);
}

export async function findEvent(query: Query, id: string): Promise<ListedEvent | null> {
  const [row] = await query<Row>({ text: `${listed} AND e.id = $1`, values: [id] });
  return row ? eventOf(row) : null;
}
