import { audit } from '../../platform/audit.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Database, Query } from '../../platform/database.ts';
import { BadInput, Refused } from '../../platform/errors.ts';
import { noticeClosedWish } from '../fieldwork/notice.ts';
import { enterStopAtDesk } from '../fieldwork/opt-out.ts';
import type { Caller } from './queue.ts';

/**
 * Shops that asked to be called back: 8 at the end, in a text, on the line for ring-backs, or told to a person. Somebody
 * outside the manager's district helps; he is shown which shop it is only where it agreed to that.
 */
export interface FollowUp {
  readonly id: string;
  readonly state: 'open' | 'taken' | 'done' | 'reopened';
  /** Which shop; null where it did not agree to be named. */
  readonly shop: string | null;
  readonly phone: string;
  readonly managerName: string | null;
  readonly createdAt: Date;
  readonly dueAt: Date;
  readonly takenBy: string | null;
  readonly note: string | null;
  readonly doneAt: Date | null;
  /** When the shop itself said that it is mended. */
  readonly confirmedAt: Date | null;
}

const listed = `
  SELECT f.id, f.state, CASE WHEN f.named THEN s.name END AS shop, p.masked AS phone, m.name AS "managerName",
         f.created_at AS "createdAt", f.due_at AS "dueAt", f.taken_by AS "takenBy", f.note, f.done_at AS "doneAt", f.confirmed_at AS "confirmedAt"
  FROM follow_up f JOIN phone p ON p.id = f.phone_id LEFT JOIN survey_case c ON c.id = f.case_id
  LEFT JOIN retailer s ON s.id = c.retailer_id LEFT JOIN manager m ON m.id = c.manager_id`;

/** What this caller may see: open ones first, by when they are due, then the latest that were done. */
export function listFollowUps(
  query: Query,
  { districtId }: Pick<Caller, 'districtId'>,
  limit: number,
): Promise<FollowUp[]> {
  return query<FollowUp>({
    name: 'follow-ups',
    text: `
      ${listed} WHERE $1::text IS NULL OR m.id IS NULL OR m.district_id <> $1
      ORDER BY f.state = 'done', CASE WHEN f.state <> 'done' THEN f.due_at END, f.done_at DESC, f.id LIMIT $2`,
    values: [districtId, limit],
  });
}

export async function readFollowUp(
  query: Query,
  { districtId }: Pick<Caller, 'districtId'>,
  id: string,
): Promise<FollowUp | null> {
  const [found] = await query<FollowUp>({
    name: 'follow-up',
    text: `${listed} WHERE f.id = $2 AND ($1::text IS NULL OR m.id IS NULL OR m.district_id <> $1)`,
    values: [districtId, id],
  });
  return found ?? null;
}

/** Not of the caller's own district: `$3` is that, `f` the wish. */
const otherDistrict = `
  ($3::text IS NULL OR NOT EXISTS (
    SELECT FROM survey_case c JOIN manager m ON m.id = c.manager_id WHERE c.id = f.case_id AND m.district_id = $3))`;

interface FollowUpServices {
  readonly database: Database;
  readonly clock: Clock;
}

/**
 * Takes a wish that nobody has, or that somebody let lie until it was overdue.
 *
 * @throws Refused `taken` where somebody was quicker, or it is of his own district.
 */
export async function takeFollowUp(
  { database, clock }: FollowUpServices,
  { id: callerId, districtId }: Caller,
  id: string,
): Promise<void> {
  await database.transaction(async (query) => {
    const taken = await query({
      text: `
        UPDATE follow_up f SET state = 'taken', taken_by = $2
        WHERE id = $1 AND (state IN ('open', 'reopened') OR (state = 'taken' AND due_at < $4))
          AND NOT EXISTS (SELECT FROM desk_call d WHERE d.follow_up_id = f.id AND d.state <> 'ended') AND ${otherDistrict}
        RETURNING id`,
      values: [id, callerId, districtId, clock.now()],
    });
    if (taken.length === 0)
      throw new Refused(
        'taken',
        '已有人接手，或属于您自己的片区 · somebody has it already, or it is of your own district',
      );
    await audit(query, clock.now(), { actor: callerId, action: 'follow-up.take', subject: id });
  });
}

const longestNote = 1000;

/**
 * @param note what was done, for those who look after the shop; who it is stands nowhere in it.
 * @throws BadInput without a note; Refused `not-yours` where he has not taken it.
 */
export async function finishFollowUp(
  { database, clock }: FollowUpServices,
  callerId: string,
  id: string,
  note: string,
): Promise<void> {
  const said = note.normalize('NFC').trim();
  if (said.length === 0 || said.length > longestNote)
    throw new BadInput('没有记录 · nothing was recorded', [
      {
        where: 'note',
        message: `请写明怎么办的，1–${longestNote} 字 · say what was done, in 1 to ${longestNote} characters`,
      },
    ]);
  const now = clock.now();
  await database.transaction(async (query) => {
    const done = await query({
      text: `UPDATE follow_up SET state = 'done', note = $3, done_at = $4 WHERE id = $1 AND state = 'taken' AND taken_by = $2 RETURNING id`,
      values: [id, callerId, said, now],
    });
    if (done.length === 0) throw new Refused('not-yours', '这条诉求不在您手里 · this wish is not yours');
    await noticeClosedWish(query, id, now);
    await audit(query, now, { actor: callerId, action: 'follow-up.finish', subject: id });
  });
}

/**
 * The shop says never again while it is called about its wish: both channels stop. The wish is still to be finished.
 *
 * @throws Refused `not-yours` where he has not taken it.
 */
export async function stopAtFollowUp(
  { database, clock }: FollowUpServices,
  callerId: string,
  id: string,
): Promise<void> {
  const now = clock.now();
  await database.transaction(async (query) => {
    const his = await query({
      text: `SELECT FROM follow_up WHERE id = $1 AND state = 'taken' AND taken_by = $2`,
      values: [id, callerId],
    });
    if (his.length === 0) throw new Refused('not-yours', '这条诉求不在您手里 · this wish is not yours');
    await enterStopAtDesk(query, id, now);
    await audit(query, now, { actor: callerId, action: 'follow-up.stop', subject: id });
  });
}

/** The undo of finishing and of taking: somebody else sees to it. Not of his own district either. */
export async function reopenFollowUp(
  { database, clock }: FollowUpServices,
  { id: callerId, districtId }: Caller,
  id: string,
): Promise<void> {
  await database.transaction(async (query) => {
    const reopened = await query({
      text: `
        UPDATE follow_up f SET state = 'reopened', taken_by = NULL, done_at = NULL, confirmed_at = NULL
        WHERE id = $1 AND (state = 'done' OR (state = 'taken' AND taken_by = $2)) AND ${otherDistrict} RETURNING id`,
      values: [id, callerId, districtId],
    });
    if (reopened.length === 0) throw new Refused('not-yours', '这条诉求不在您手里 · this wish is not yours');
    await audit(query, clock.now(), { actor: callerId, action: 'follow-up.reopen', subject: id });
  });
}
