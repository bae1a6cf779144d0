/**
 * Whoever fell a tier, or could not fall further, is to be trained: one obligation for each such final result, until
 * somebody says with what proof it was met (method §5).
 */
import { DateTime } from 'luxon';
import { audit, takeTurn } from '../../platform/audit.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Database, Query } from '../../platform/database.ts';
import { BadInput, Refused } from '../../platform/errors.ts';
import type { Publication } from '../publication.ts';
import { parseRules } from '../rules.ts';

/** Writes whom a final publication obliges, in its own transaction. Asked again it writes nothing. */
export async function obligeTraining(query: Query, publication: Publication, now: Date): Promise<void> {
  const { period, hash, managers } = publication;
  const fallen = managers.filter(({ move }) => move === 'down' || move === 'floor');
  if (fallen.length === 0) return;
  const { timeZone, training } = parseRules(publication.rules);
  const dueOn = DateTime.fromJSDate(now, { zone: timeZone }).plus({ days: training.followUpDays });
  const written = await query({
    text: `
      INSERT INTO training_duty (id, manager_id, period, publication_hash, move, due_on, at)
      SELECT gen_random_uuid(), manager_id, $1, $2, move, $3, $4 FROM unnest($5::text[], $6::text[]) AS f (manager_id, move)
      ON CONFLICT DO NOTHING RETURNING id`,
    values: [
      ...[period, hash, dueOn.toFormat('yyyy-MM-dd'), now],
      ...[fallen.map(({ id }) => id), fallen.map(({ move }) => move)],
    ],
  });
  const detail = { period, managers: written.length };
  if (written.length > 0)
    await audit(query, now, { actor: 'system', action: 'training.oblige', subject: hash, detail });
}

export const longestProof = 500;

/**
 * Says that somebody was trained. Said again with the same proof it changes nothing.
 *
 * @param districtId the only one whose managers the person may speak for; null = all.
 * @throws BadInput without proof; Refused `no-such-duty`, `duty-met` by another proof.
 */
export async function meetDuty(
  { database, clock }: { readonly database: Database; readonly clock: Clock },
  { id, proof, districtId, actor }: { id: string; proof: string; districtId: string | null; actor: string },
): Promise<void> {
  const said = proof.normalize('NFC').trim();
  if (said.length === 0 || said.length > longestProof)
    throw new BadInput('没有记录 · nothing was recorded', [
      { where: 'proof', message: `请填写凭证，1–${longestProof} 字 · must be 1 to ${longestProof} characters` },
    ]);
  const now = clock.now();
  await database.transaction(async (query) => {
    await takeTurn(query);
    const [duty] = await query<{ proof: string | null }>({
      text: `
        SELECT f.proof FROM training_duty t JOIN manager m ON m.id = t.manager_id LEFT JOIN training_duty_met f ON f.duty_id = t.id
        WHERE t.id::text = $1 AND ($2::text IS NULL OR m.district_id = $2)`,
      values: [id, districtId],
    });
    if (!duty) throw new Refused('no-such-duty', '没有这项跟进 · there is no such follow-up');
    if (duty.proof === said) return;
    if (duty.proof !== null) throw new Refused('duty-met', '已经完成 · it was met already');
    await query({
      text: 'INSERT INTO training_duty_met (duty_id, proof, by, at) VALUES ($1, $2, $3, $4)',
      values: [id, said, actor, now],
    });
    await audit(query, now, { actor, action: 'training.meet', subject: id, detail: { proof: said } });
  });
}

export interface Duty {
  readonly id: string;
  readonly managerId: string;
  readonly managerName: string;
  readonly districtName: string;
  readonly period: string;
  readonly move: 'down' | 'floor';
  readonly dueOn: string;
  readonly overdue: boolean;
  readonly proof: string | null;
  readonly metAt: Date | null;
}

/** Those still to be met first, each by the day it is due. */
export function listDuties(
  query: Query,
  { districtId, managerId }: { readonly districtId: string | null; readonly managerId: string | null },
  { open = null, today }: { readonly open?: boolean | null; readonly today: string },
  limit: number,
): Promise<Duty[]> {
  return query<Duty>({
    name: 'training-duties',
    text: `
      SELECT t.id, m.id AS "managerId", m.name AS "managerName", d.name AS "districtName", t.period, t.move, t.due_on::text AS "dueOn",
             f.duty_id IS NULL AND t.due_on < $3::date AS overdue, f.proof, f.at AS "metAt"
      FROM training_duty t JOIN manager m ON m.id = t.manager_id JOIN district d ON d.id = m.district_id
      LEFT JOIN training_duty_met f ON f.duty_id = t.id
      WHERE ($1::text IS NULL OR m.district_id = $1) AND ($2::text IS NULL OR m.id = $2) AND ($4::boolean IS NULL OR (f.duty_id IS NULL) = $4)
      ORDER BY f.duty_id IS NOT NULL, CASE WHEN f.duty_id IS NULL THEN t.due_on END, f.at DESC, t.id LIMIT $5`,
    values: [districtId, managerId, today, open, limit],
  });
}
