import { DateTime } from 'luxon';
import { audit } from '../../platform/audit.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Database, Query } from '../../platform/database.ts';
import { Refused } from '../../platform/errors.ts';
import { exampleLength } from '../questionnaire/measure.ts';
import type { Language, Questionnaire } from '../questionnaire/questionnaire.ts';
import { planned } from './notice.ts';
import { saidStop } from './opt-out.ts';

/** The quarter's announcement (P0): what it comes to, how far it is, and the sending of it. */

const shopsToTell = `
  SELECT DISTINCT ON (p.id) p.blind_index, p.sealed, s.language, s.time_zone
  FROM retailer s JOIN phone p ON p.id = s.phone_id
  WHERE s.status = 'active' AND p.kind = 'mobile' AND p.opted_out_at IS NULL AND NOT ${saidStop('s.id')}
    AND NOT EXISTS (SELECT FROM notice n WHERE n.text = 'P0' AND n.blind_index = p.blind_index AND n.occasion = $1)
  ORDER BY p.id, s.id`;

export interface Announced {
  /** Mobiles of ours that did not opt out and are not told yet. */
  readonly toTell: Readonly<Partial<Record<Language, number>>>;
  readonly planned: number;
  readonly sent: number;
  readonly failed: number;
  readonly segments: number;
}

/** How far a quarter's announcement has come. @param quarter `2026Q4`. */
export async function readAnnouncement(query: Query, quarter: string): Promise<Announced> {
  const left = await query<{ language: Language; shops: number }>({
    text: `SELECT language, count(*)::int AS shops FROM (${shopsToTell}) AS left_over GROUP BY language`,
    values: [quarter],
  });
  const [row] = await query<Omit<Announced, 'toTell'>>({
    text: `
      SELECT count(*) FILTER (WHERE m.state = 'planned')::int AS planned, count(*) FILTER (WHERE m.state = 'failed')::int AS failed,
             count(*) FILTER (WHERE m.state NOT IN ('planned', 'failed'))::int AS sent, coalesce(sum(m.segments), 0)::int AS segments
      FROM notice n JOIN message m ON m.id = n.message_id WHERE n.text = 'P0' AND n.occasion = $1`,
    values: [quarter],
  });
  if (!row) throw new Error('no count came back');
  return { ...row, toTell: Object.fromEntries(left.map(({ language, shops }) => [language, shops])) };
}

/** `2026Q4`. */
export const quarterOf = (now: Date, timeZone: string): string =>
  DateTime.fromJSDate(now, { zone: timeZone }).toFormat("yyyy'Q'q");

/** @param toTell numbers by language. @returns what telling them comes to, in texts as they are paid for. */
export function leftToTell(
  toTell: Announced['toTell'],
  questionnaire: Questionnaire,
): { shops: number; segments: number } {
  const left = { shops: 0, segments: 0 };
  for (const [language, shops] of Object.entries(toTell) as [Language, number][]) {
    left.shops += shops;
    left.segments += shops * exampleLength('P0', language, questionnaire).segments;
  }
  return left;
}

export interface AnnouncementServices {
  readonly database: Database;
  readonly clock: Clock;
  /** Who carries texts; null = nobody. */
  readonly text: object | null;
}

/** What was looked at, whose days its quarter is of, and who says so. */
export interface AnnouncementWish {
  readonly quarter: string;
  readonly timeZone: string;
  readonly actor: string;
}

/**
 * Announces a quarter's calls to every shop that can be told by text: all of them, because a text to the drawn alone
 * would tell their manager who was drawn (script §8, P0). Said again, it tells only whoever is new.
 *
 * @returns how many texts were planned.
 * @throws Refused `no-texts` where nobody carries texts, `changed` where that quarter is over or still to come.
 */
export async function announce(
  { database, clock, text }: AnnouncementServices,
  { quarter, timeZone, actor }: AnnouncementWish,
): Promise<number> {
  const now = clock.now();
  if (text === null)
    throw new Refused(
      'no-texts',
      '没有短信通道，告知短信发不出去；请设置 TEXT_CARRIER · nobody carries texts, so none was planned: set TEXT_CARRIER',
    );
  const current = quarterOf(now, timeZone);
  if (quarter !== current)
    throw new Refused(
      'changed',
      `现在是 ${current}，不是 ${quarter}；请重新查看后再发 · it is ${current} now, not ${quarter}: look again, then send`,
    );
  const end = DateTime.fromJSDate(now, { zone: timeZone }).endOf('quarter').toJSDate();
  const wanted = `
    SELECT gen_random_uuid(), 'P0', $1, blind_index, sealed, language, time_zone, NULL::uuid, NULL::uuid, $3::timestamptz
    FROM (${shopsToTell}) AS shop`;
  return database.transaction(async (query) => {
    const rows = await query({ text: planned(wanted, '$2'), values: [quarter, now, end] });
    await audit(query, now, { actor, action: 'texts.announce', subject: quarter, detail: { planned: rows.length } });
    return rows.length;
  });
}
