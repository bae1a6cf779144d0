import { audit } from '../../platform/audit.ts';
import type { Query } from '../../platform/database.ts';
import { BadInput, type Fault, Refused } from '../../platform/errors.ts';
import type { Vault } from '../../platform/vault.ts';
import { recordEvents } from '../events/record.ts';
import { companyDay } from '../roster/import.ts';
import { type Checklist, type Findings, readFindings, tallied } from './checklist.ts';
import type { VisitServices } from './draw-visits.ts';
import { readShopCode } from './shop-code.ts';

/** What comes of a visit: recorded once, with the shop's code, or not possible with a reason. */
export type RecordingServices = VisitServices & { readonly vault: Vault };

export const longestNote = 1000;
/** After so many wrong codes in a row none is taken for an hour. */
export const wrongCodesAllowed = 5;
const lockedMinutes = 60;

export interface VisitRecord {
  readonly id: string;
  /** A user's id. */
  readonly visitorId: string;
  /** By item of the checklist, as the page sends them. */
  readonly answers: Readonly<Record<string, unknown>>;
  readonly code: string;
  readonly note: string;
}

interface Visit {
  readonly managerId: string;
  readonly retailerId: string;
  readonly state: 'open' | 'made' | 'not-possible' | 'cancelled';
  readonly findings: Findings | null;
  readonly reason: string | null;
  readonly lockedUntil: Date | null;
  readonly wrongCodes: number;
  readonly ownDistrict: boolean;
}

/**
 * Records a visit that was made. Sent twice, it is recorded once.
 *
 * @throws BadInput with every fault; Refused `not-yours`, `own-district`, `visit-over`, `too-many-codes`.
 */
export async function recordVisit(
  services: RecordingServices,
  checklist: Checklist,
  { id, visitorId, answers, code, note }: VisitRecord,
): Promise<void> {
  const { database, clock, vault } = services;
  const now = clock.now();
  const faults = await database.transaction(async (query) => {
    const visit = await lockOwn(query, id, visitorId);
    const read = readFindings(checklist, answers);
    if (visit.state === 'made' && 'findings' in read && alike(visit.findings, read.findings)) return [];
    refuseOver(visit);
    const found = faultsOf(read, note);
    const proof = await checkCode(query, vault, { id, visit, code, now });
    if (proof) return [...found, proof];
    if (!('findings' in read) || found.length > 0) return found;
    const written = note.normalize('NFC').trim();
    const counted = await makeEvents(query, services, { id, visit, checklist, findings: read.findings, visitorId });
    await query({
      text: `
        UPDATE visit SET state = 'made', checklist = $2, findings = $3, note = $4, counted = $5, wrong_codes = 0, locked_until = NULL,
               ended_at = $6, ended_by = $7
        WHERE id = $1`,
      values: [
        ...[id, checklist.id, JSON.stringify(read.findings), written === '' ? null : vault.seal(written)],
        ...[counted, now, visitorId],
      ],
    });
    await audit(query, now, { actor: visitorId, action: 'visit.record', subject: id, detail: { counted } });
    return [];
  });
  // After the transaction: a wrong code is on record though nothing else is.
  if (faults.length > 0) throw new BadInput('没有记录 · nothing was recorded', faults);
}

const alike = (some: Findings | null, others: Findings): boolean =>
  some !== null && Object.entries(others).every(([item, answer]) => some[item] === answer);

async function lockOwn(query: Query, id: string, visitorId: string): Promise<Visit> {
  const [visit] = await query<Visit>({
    text: `
      SELECT v.manager_id AS "managerId", v.retailer_id AS "retailerId", v.state, v.findings, v.reason, v.locked_until AS "lockedUntil",
             v.wrong_codes AS "wrongCodes", coalesce(u.district_id = m.district_id, false) AS "ownDistrict"
      FROM visit v JOIN manager m ON m.id = v.manager_id JOIN app_user u ON u.id::text = v.visitor_id
      WHERE v.id = $1 AND v.visitor_id = $2 FOR UPDATE OF v`,
    values: [id, visitorId],
  });
  if (!visit) throw new Refused('not-yours', '这次走访不是您的 · this visit is not yours');
  return visit;
}

function refuseOver({ state, ownDistrict }: Visit): void {
  if (state !== 'open')
    throw new Refused('visit-over', '这次走访已有结果，不能再改 · this visit has its result, which stays');
  if (ownDistrict)
    throw new Refused(
      'own-district',
      '您现在与这名客户经理同属一个营销部，须由别人走访 · you are of the manager’s district now: somebody else must go',
    );
}

function faultsOf(read: ReturnType<typeof readFindings>, note: string): Fault[] {
  return [
    ...('open' in read ? read.open.map((item) => ({ where: item, message: '请选一项 · choose one' })) : []),
    ...(longerThan(note, longestNote)
      ? [{ where: 'note', message: `最多 ${longestNote} 字 · at most ${longestNote} characters` }]
      : []),
  ];
}

const longerThan = (text: string, most: number): boolean => [...text.trim()].length > most;

/** Nobody guesses a code: a wrong one is counted, a slip of the finger is not. @returns what is wrong with it, or null. */
async function checkCode(
  query: Query,
  vault: Vault,
  { id, visit, code, now }: { readonly id: string; readonly visit: Visit; readonly code: string; readonly now: Date },
): Promise<Fault | null> {
  if (visit.lockedUntil && visit.lockedUntil > now)
    throw new Refused(
      'too-many-codes',
      `输错 ${wrongCodesAllowed} 次，一小时内不能再试 · ${wrongCodesAllowed} wrong codes: none is taken for an hour`,
    );
  const reading = readShopCode(vault, visit.retailerId, code);
  if (reading === 'right') return null;
  if (reading === 'mistyped')
    return { where: 'code', message: '走访码是 8 位数字，这个输错了 · the code is eight digits, and this is mistyped' };
  const wrong = visit.wrongCodes + 1;
  const locks = wrong >= wrongCodesAllowed;
  await query({
    text: 'UPDATE visit SET wrong_codes = $2, locked_until = $3 WHERE id = $1',
    values: [id, locks ? 0 : wrong, locks ? new Date(now.getTime() + lockedMinutes * 60_000) : null],
  });
  return { where: 'code', message: '这不是这家店的走访码 · this is not the code of this shop' };
}

interface Made {
  readonly id: string;
  readonly visit: Visit;
  readonly checklist: Checklist;
  readonly findings: Findings;
  readonly visitorId: string;
}

/** The visit as dated events of its day. @returns false where that month is on the board already: then it counts for nobody. */
async function makeEvents(
  query: Query,
  { clock, chance }: RecordingServices,
  { id, visit, checklist, findings, visitorId }: Made,
): Promise<boolean> {
  const now = clock.now();
  const events = tallied(checklist, findings).map(({ kind, done, due }) => ({
    ...{ row: 0, manager: visit.managerId, kind, reference: id, day: companyDay(now) },
    ...{ done: String(done), due: String(due), evidence: checklist.id },
  }));
  const recorded = await recordEvents(query, events, { actor: visitorId, source: 'visit', now, chance });
  return events.length > 0 && !('conflicts' in recorded);
}

/** Why a visit could not be made. */
export const impossible = ['shut', 'gone', 'refused', 'not-found', 'no-code'] as const;
export type Impossible = (typeof impossible)[number];

/**
 * Ends a visit that could not be made. It becomes no event.
 *
 * @throws BadInput without a reason; Refused as `recordVisit`.
 */
export async function reportImpossible(
  { database, clock, vault }: RecordingServices,
  { id, visitorId, reason, note }: Pick<VisitRecord, 'id' | 'visitorId' | 'note'> & { readonly reason: string },
): Promise<void> {
  const now = clock.now();
  const why = impossible.find((one) => one === reason);
  const written = note.normalize('NFC').trim();
  const faults = [
    ...(why ? [] : [{ where: 'reason', message: '请选原因 · choose why' }]),
    ...faultsOf({ findings: {} }, note),
  ];
  await database.transaction(async (query) => {
    const visit = await lockOwn(query, id, visitorId);
    if (visit.state === 'not-possible' && visit.reason === why) return;
    refuseOver(visit);
    if (faults.length > 0) throw new BadInput('没有记录 · nothing was recorded', faults);
    await query({
      text: `UPDATE visit SET state = 'not-possible', reason = $2, note = $3, ended_at = $4, ended_by = $5 WHERE id = $1`,
      values: [id, why, written === '' ? null : vault.seal(written), now, visitorId],
    });
    await audit(query, now, { actor: visitorId, action: 'visit.not-possible', subject: id, detail: { reason: why } });
  });
}
