import { DateTime } from 'luxon';
import { audit } from '../../platform/audit.ts';
import type { Query } from '../../platform/database.ts';
import { Refused } from '../../platform/errors.ts';
import type { HalfDay } from './half-days.ts';
import { companyDay, type RosterServices } from './import.ts';
import type { Status, Stratum } from './retailers.ts';

/** A shop as its manager sees it: whether it has a number, and never which. */
export interface OwnShop {
  readonly id: string;
  readonly name: string;
  readonly stratum: Stratum;
  readonly status: Status;
  readonly hasPhone: boolean;
  readonly orderingDays: readonly HalfDay[];
  readonly deliveryDays: readonly HalfDay[];
}

/** Those the manager has on that day, as a freeze would find them. */
export const readOwnShops = (query: Query, managerId: string, now: Date): Promise<OwnShop[]> =>
  query<OwnShop>({
    text: `
      SELECT r.id, r.name, r.stratum, r.status, r.phone_id IS NOT NULL AS "hasPhone",
             r.ordering_half_days AS "orderingDays", r.delivery_half_days AS "deliveryDays"
      FROM retailer r
      JOIN assignment a ON a.retailer_id = r.id AND a.from_day <= $2::date AND (a.until_day IS NULL OR a.until_day > $2::date)
      WHERE a.manager_id = $1 ORDER BY r.id`,
    values: [managerId, companyDay(now)],
  });

/** The month whose freeze is still to come: this one, or the next where this one's frame is frozen. */
export async function periodToConfirm(query: Query, now: Date): Promise<string> {
  const period = companyDay(now).slice(0, 7);
  const [frozen] = await query({
    text: `
      SELECT FROM round r JOIN draw d ON d.round_id = r.id
      WHERE r.period = $1 AND r.state <> 'cancelled' AND d.frozen_at IS NOT NULL LIMIT 1`,
    values: [period],
  });
  if (!frozen) return period;
  return DateTime.fromFormat(period, 'yyyy-MM', { zone: 'utc' }).plus({ months: 1 }).toFormat('yyyy-MM');
}

export interface Confirmation {
  readonly managerId: string;
  readonly period: string;
  readonly at: Date;
  /** Shops that stood in the list when it was confirmed. */
  readonly retailers: number;
  readonly remark: string | null;
}

export const readConfirmations = (query: Query, period: string): Promise<Confirmation[]> =>
  query<Confirmation>({
    text: `
      SELECT manager_id AS "managerId", period, at, retailers, remark FROM list_confirmation
      WHERE period = $1 ORDER BY manager_id`,
    values: [period],
  });

/**
 * A manager says that his list is right for this period's freeze, or what is missing in it. Said again, the last one
 * counts; the audit log keeps each.
 *
 * @throws Refused `frame-frozen` where that period's frame is frozen already.
 */
export async function confirmList(
  { database, clock }: Pick<RosterServices, 'database' | 'clock'>,
  said: {
    readonly managerId: string;
    readonly userId: string;
    /** The program that brings it for him, as `key:` and its id; left out = nobody stands between. */
    readonly via?: string;
    readonly period: string;
    readonly remark: string | null;
  },
): Promise<void> {
  const now = clock.now();
  const { managerId, userId, via, period, remark } = said;
  await database.transaction(async (query) => {
    if ((await periodToConfirm(query, now)) !== period)
      throw new Refused(
        'frame-frozen',
        `${period} 的抽样框已经冻结，或还没到时候 · the frame of ${period} is frozen already, or not next`,
      );
    const shops = await readOwnShops(query, managerId, now);
    await query({
      text: `
        INSERT INTO list_confirmation (manager_id, period, user_id, at, retailers, remark) VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (manager_id, period) DO UPDATE SET
          user_id = excluded.user_id, at = excluded.at, retailers = excluded.retailers, remark = excluded.remark`,
      values: [managerId, period, userId, now, shops.length, remark],
    });
    await audit(query, now, {
      ...{ actor: via ?? userId, action: 'list.confirm', subject: managerId },
      detail: { period, retailers: shops.length, remark: remark !== null, ...(via && { onBehalfOf: userId }) },
    });
  });
}
