import type { Chance } from '../../platform/chance.ts';
import { type Query, uniqueViolation } from '../../platform/database.ts';
import { isStaffPhone } from '../quality/staff-phones.ts';
import { noteStaffRingBack } from '../quality/staff-ring-back.ts';
import type { Language } from '../questionnaire/questionnaire.ts';
import type { TurnServices } from './turn.ts';

/**
 * Shops that ring back (script §6). One with an open case continues it, by the same turns, and uses up no attempt; to
 * whoever was not drawn a clip is said and nothing is stored: an inbound call can never add a rating that the draw did
 * not ask for. At any hour: a person who rings at 21:00 wants to answer at 21:00.
 */
export type RingBack =
  /** The attempt whose turn 0 answers. */
  | { readonly kind: 'case'; readonly attemptId: string }
  /** Of a shop we know, without an open case: I2. */
  | { readonly kind: 'known'; readonly language: Language }
  /** I3; also of a number of the company's own people, which is flagged. */
  | { readonly kind: 'unknown' }
  /** A call of ours to this number is out and not answered yet: once it is over, his goes on. */
  | { readonly kind: 'ringing'; readonly language: Language }
  /** We are in a call with this number at this moment. */
  | { readonly kind: 'talking'; readonly language: Language };

export interface InboundCall {
  /** The carrier's id of this call: by it a repeated delivery is known. */
  readonly carrierId: string;
  /** Blind index of the caller's number; null where it is withheld. */
  readonly phoneIndex: Buffer | null;
}

/** After this long without a word from the carrier the call is looked up, as ours are. */
const checkAfterSeconds = 300;

export async function takeRingBack(
  { database, clock, chance }: TurnServices & { readonly chance: Chance },
  { carrierId, phoneIndex }: InboundCall,
): Promise<RingBack> {
  const { query } = database;
  if (phoneIndex === null) return { kind: 'unknown' };
  const before = await attemptOfRing(query, carrierId);
  if (before) return { kind: 'case', attemptId: before };
  if (await isStaffPhone(query, phoneIndex)) {
    await noteStaffRingBack(database, { id: chance.id(), ring: carrierId, phoneIndex, now: clock.now() });
    return { kind: 'unknown' };
  }
  try {
    const attemptId = await openAttempt(query, { id: chance.id(), carrierId, phoneIndex, now: clock.now() });
    if (attemptId) return { kind: 'case', attemptId };
  } catch (error) {
    if ((error as { code?: string }).code !== uniqueViolation) throw error;
    // The same call was taken in while we looked, or one of ours to this number is alive.
    const taken = await attemptOfRing(query, carrierId);
    return taken ? { kind: 'case', attemptId: taken } : ownCallTo(query, phoneIndex);
  }
  return (await deskCallTo(query, phoneIndex)) ?? callerOf(query, phoneIndex);
}

/** A person of the desk is about to call this number, or talks with it: his call goes on, and this one waits for no other. */
async function deskCallTo(query: Query, phoneIndex: Buffer): Promise<RingBack | null> {
  const [theirs] = await query<{ kind: 'talking'; language: Language }>({
    name: 'ring-back-desk-call',
    text: `
      SELECT 'talking' AS kind, coalesce((
               SELECT s.language FROM survey_case c JOIN retailer s ON s.id = c.retailer_id WHERE c.phone_id = p.id ORDER BY c.id DESC LIMIT 1
             ), 'zh-CN') AS language
      FROM desk_call d JOIN phone p ON p.id = d.phone_id WHERE p.blind_index = $1 AND d.state <> 'ended'`,
    values: [phoneIndex],
  });
  return theirs ?? null;
}

/** Our own call to a number: never a second conversation beside it, whichever of the two began first. */
async function ownCallTo(query: Query, phoneIndex: Buffer): Promise<RingBack> {
  const [ours] = await query<{ kind: 'ringing' | 'talking'; language: Language }>({
    name: 'ring-back-own-call',
    text: `
      SELECT CASE WHEN a.state = 'in-progress' THEN 'talking' ELSE 'ringing' END AS kind, s.language
      FROM attempt a JOIN phone p ON p.id = a.phone_id JOIN survey_case c ON c.id = a.case_id JOIN retailer s ON s.id = c.retailer_id
      WHERE p.blind_index = $1 AND a.channel = 'voice' AND a.state <> 'ended'`,
    values: [phoneIndex],
  });
  // It ended since: the next look makes a case of his.
  return ours ?? { kind: 'ringing', language: 'zh-CN' };
}

/** The attempt that an inbound call of this carrier id became. */
export async function attemptOfRing(query: Query, carrierId: string): Promise<string | null> {
  const [row] = await query<{ id: string }>({
    name: 'ring-back-known',
    text: `SELECT id FROM attempt WHERE carrier_id = $1 AND channel = 'voice' AND inbound`,
    values: [carrierId],
  });
  return row?.id ?? null;
}

/**
 * Makes the call an attempt of the number's open case, in one statement. Open: its round takes answers, and there is
 * something left to hear; also one that nobody was reached for in the end. A call of ours that was only claimed gives
 * way, since nobody was called yet; a live one does not, and the unique index says so.
 */
async function openAttempt(
  query: Query,
  { id, carrierId, phoneIndex, now }: { id: string; carrierId: string; phoneIndex: Buffer; now: Date },
): Promise<string | null> {
  const phone = `SELECT id FROM phone WHERE blind_index = $1 AND opted_out_at IS NULL`;
  // First and on its own: an index does not see a row that the same statement ends. Posted, because it may be of another
  // case than the one that goes on here, which then waits for a call of its own.
  await query({
    name: 'ring-back-give-way',
    text: `
      WITH gave_way AS (
        UPDATE attempt SET state = 'ended', result = 'technical', ended_at = $2, touched_at = $2, check_at = NULL
        WHERE phone_id = (${phone}) AND channel = 'voice' AND state = 'claimed' RETURNING case_id
      )
      INSERT INTO outbox (topic, case_id, at) SELECT 'ended', case_id, $2 FROM gave_way`,
    values: [phoneIndex, now],
  });
  const [made] = await query<{ id: string }>({
    name: 'ring-back-open',
    text: `
      WITH open AS (
        SELECT c.id, c.round_id, c.phone_id FROM survey_case c JOIN round r ON r.id = c.round_id
        WHERE c.phone_id = (${phone}) AND r.state IN ('fielding', 'paused')
          AND c.disposition NOT IN ('complete', 'opted-out', 'not-eligible') AND (c.state <> 'done' OR c.disposition <> 'partial')
          AND NOT EXISTS (SELECT FROM desk_call d WHERE d.phone_id = c.phone_id AND d.state <> 'ended')
        ORDER BY c.state = 'done', r.launched_at DESC, c.position LIMIT 1
      ), taken AS (
        UPDATE survey_case c SET state = 'active', due_at = NULL, due_channel = NULL FROM open WHERE c.id = open.id RETURNING c.id
      )
      INSERT INTO attempt (id, case_id, round_id, phone_id, channel, inbound, number, slot_at, state, carrier_id, created_at, touched_at, check_at)
      SELECT $3, open.id, open.round_id, open.phone_id, 'voice', true,
             (SELECT coalesce(max(a.number), 0) + 1 FROM attempt a WHERE a.case_id = open.id), $2, 'in-progress', $4, $2, $2, $5
      FROM open JOIN taken ON taken.id = open.id RETURNING id`,
    values: [phoneIndex, now, id, carrierId, new Date(now.getTime() + checkAfterSeconds * 1000)],
  });
  return made?.id ?? null;
}

async function callerOf(query: Query, phoneIndex: Buffer): Promise<RingBack> {
  const [shop] = await query<{ language: Language }>({
    name: 'ring-back-shop',
    text: `
      SELECT s.language FROM phone p JOIN retailer s ON s.phone_id = p.id OR EXISTS (
        SELECT FROM retailer_phone l WHERE l.retailer_id = s.id AND l.phone_id = p.id AND l.until IS NULL)
      WHERE p.blind_index = $1 ORDER BY s.id LIMIT 1`,
    values: [phoneIndex],
  });
  return shop ? { kind: 'known', language: shop.language } : { kind: 'unknown' };
}

/**
 * Somebody who was not drawn asked for a person (8 at I2): a task of those who follow up, under the last case his number
 * had, or under the number alone.
 *
 * @param due by when somebody calls back.
 */
export async function noteWanted(query: Query, phoneIndex: Buffer, now: Date, due: Date): Promise<void> {
  const again = `DO UPDATE SET state = CASE WHEN follow_up.state = 'done' THEN 'reopened' ELSE follow_up.state END, due_at = excluded.due_at, confirmed_at = NULL`;
  await query({
    text: `
      WITH caller AS (
        SELECT p.id, (SELECT c.id FROM survey_case c JOIN round r ON r.id = c.round_id WHERE c.phone_id = p.id ORDER BY r.launched_at DESC LIMIT 1) AS case_id
        FROM phone p WHERE p.blind_index = $1
      ), drawn AS (
        INSERT INTO follow_up (id, case_id, phone_id, named, created_at, due_at)
        SELECT gen_random_uuid(), case_id, id, false, $2, $3 FROM caller WHERE case_id IS NOT NULL
        ON CONFLICT (case_id) ${again}
      )
      INSERT INTO follow_up (id, phone_id, named, created_at, due_at)
      SELECT gen_random_uuid(), id, false, $2, $3 FROM caller WHERE case_id IS NULL
      ON CONFLICT (phone_id) WHERE case_id IS NULL ${again}`,
    values: [phoneIndex, now, due],
  });
}
