import { audit } from '../../platform/audit.ts';
import type { Query } from '../../platform/database.ts';
import { BadInput, Refused } from '../../platform/errors.ts';
import { readReason } from '../../platform/reason.ts';
import type { VisitServices } from './draw-visits.ts';
import { elsewhere, readVisitors } from './visitors.ts';

/** Changes of a visit that nobody has made yet. Its shop is never another one. */
export interface VisitChange {
  readonly id: string;
  /** A user's id, or `key:` and an API key's. */
  readonly actor: string;
  /** The only district whose visits may be changed; null = the whole city. */
  readonly districtId: string | null;
  /** Whose wish it is, where a program brings it. */
  readonly onBehalfOf?: string;
}

/**
 * Cancels a visit. Its shop is drawn no more this month, so that nobody cancels until a wanted one comes.
 *
 * @throws BadInput without a reason; Refused `visit-over` where it has ended or is of another district.
 */
export async function cancelVisit(
  { database, clock }: VisitServices,
  { id, actor, districtId, onBehalfOf, reason }: VisitChange & { readonly reason: string },
): Promise<void> {
  const said = readReason(reason, '没有取消 · it was not cancelled');
  const now = clock.now();
  await database.transaction(async (query) => {
    await lockOpen(query, id, districtId);
    await query({
      text: `UPDATE visit SET state = 'cancelled', reason = $2, ended_at = $3, ended_by = $4 WHERE id = $1`,
      values: [id, said, now, onBehalfOf ?? actor],
    });
    await audit(query, now, {
      ...{ actor, action: 'visit.cancel', subject: id },
      detail: { reason: said, ...(onBehalfOf && { onBehalfOf }) },
    });
  });
}

/** Gives a visit to somebody else. @throws BadInput where he may not make it; Refused as `cancelVisit`. */
export async function handOverVisit(
  { database, clock }: VisitServices,
  { id, actor, districtId, visitorId }: VisitChange & { readonly visitorId: string },
): Promise<void> {
  const now = clock.now();
  await database.transaction(async (query) => {
    const { managersDistrict } = await lockOpen(query, id, districtId);
    const visitor = (await readVisitors(query)).find((one) => one.id === visitorId);
    if (!visitor || !elsewhere(visitor, managersDistrict))
      throw new BadInput('没有转交 · it was not handed over', [
        { where: 'visitorId', message: '请选其他营销部的人 · choose somebody of another district' },
      ]);
    await query({ text: 'UPDATE visit SET visitor_id = $2 WHERE id = $1', values: [id, visitorId] });
    await audit(query, now, { actor, action: 'visit.hand-over', subject: id, detail: { visitor: visitorId } });
  });
}

async function lockOpen(query: Query, id: string, districtId: string | null): Promise<{ managersDistrict: string }> {
  const [visit] = await query<{ managersDistrict: string }>({
    text: `
      SELECT m.district_id AS "managersDistrict" FROM visit v JOIN manager m ON m.id = v.manager_id
      WHERE v.id = $1 AND v.state = 'open' AND ($2::text IS NULL OR m.district_id = $2) FOR UPDATE OF v`,
    values: [id, districtId],
  });
  if (visit) return visit;
  throw new Refused('visit-over', '这次走访已有结果，或不归您管 · this visit has its result, or is not in your reach');
}
