/**
 * Frame completeness: whether the list a frame is made of has lost anybody since the last one. Whoever wanted an
 * unhappy shop not to be asked would take it off the list, take its number away, or give another one shortly before the
 * freeze; each of them is named here, by manager. It accuses nobody: most shops that vanish have closed. Pure.
 */

/** A shop of the last frozen frame. */
export interface FormerLine {
  readonly retailerId: string;
  readonly managerId: string;
}

/** The same shop, or a new one, in the list that is to be frozen, or was. */
export interface Standing {
  readonly retailerId: string;
  readonly managerId: string;
  readonly closed: boolean;
  readonly optedOut: boolean;
  readonly hasPhone: boolean;
  /** When it got the number it is called on in place of another one; null = it never had another. */
  readonly phoneChangedAt: Date | null;
}

export type Loss = 'gone' | 'closed' | 'opted-out';

export interface ManagerCompleteness {
  readonly managerId: string;
  /** Shops in the last frame, and in this one. */
  readonly before: number;
  readonly now: number;
  /** In this one and not in the last. */
  readonly added: number;
  /** His in the last frame, and in nobody's now: not in the list, closed, or opted out since. */
  readonly vanished: readonly { readonly retailerId: string; readonly why: Loss }[];
  /** His in the last frame, another manager's now. */
  readonly moved: readonly { readonly retailerId: string; readonly to: string }[];
  /** In the last frame, therefore with a number, and without one now. */
  readonly lostPhone: readonly string[];
  /** Now on another number, since so few days before the freeze. */
  readonly changedPhone: readonly string[];
}

/** Days before the freeze in which a changed number is looked at (method §3). */
export const changeDays = 7;

interface Tally {
  before: number;
  now: number;
  added: number;
  vanished: { retailerId: string; why: Loss }[];
  moved: { retailerId: string; to: string }[];
  lostPhone: string[];
  changedPhone: string[];
}

/**
 * @param freeze the moment of the freeze, or now where it is still to come.
 * @returns one line a manager of either list, by id. What happened to a shop is told under its manager of the last
 * frame; a changed number under the manager it has now.
 */
export function compareFrames(
  former: readonly FormerLine[],
  standing: readonly Standing[],
  freeze: Date,
): ManagerCompleteness[] {
  const tallies = new Map<string, Tally>();
  const of = (managerId: string): Tally => {
    const known = tallies.get(managerId);
    if (known) return known;
    const fresh = { before: 0, now: 0, added: 0, vanished: [], moved: [], lostPhone: [], changedPhone: [] };
    tallies.set(managerId, fresh);
    return fresh;
  };
  const present = new Map(standing.map((shop) => [shop.retailerId, shop]));
  const known = new Set(former.map(({ retailerId }) => retailerId));
  for (const { retailerId, managerId } of former) {
    const tally = of(managerId);
    tally.before += 1;
    const shop = present.get(retailerId);
    const why = lossOf(shop);
    if (why) tally.vanished.push({ retailerId, why });
    else if (shop && !shop.hasPhone) tally.lostPhone.push(retailerId);
    else if (shop && shop.managerId !== managerId) tally.moved.push({ retailerId, to: shop.managerId });
  }
  for (const shop of standing) {
    const tally = of(shop.managerId);
    if (lossOf(shop) || !shop.hasPhone) continue;
    tally.now += 1;
    if (!known.has(shop.retailerId)) tally.added += 1;
    if (shop.phoneChangedAt && changedBefore(shop.phoneChangedAt, freeze)) tally.changedPhone.push(shop.retailerId);
  }
  return [...tallies]
    .map(([managerId, tally]) => ({ managerId, ...tally }))
    .sort((a, b) => (a.managerId < b.managerId ? -1 : 1));
}

/** Within `changeDays` before the freeze: soon enough to have been meant for it. */
export function changedBefore(changedAt: Date, freeze: Date): boolean {
  const since = freeze.getTime() - changeDays * 24 * 3_600_000;
  return changedAt.getTime() >= since && changedAt.getTime() <= freeze.getTime();
}

function lossOf(shop: Standing | undefined): Loss | null {
  if (!shop) return 'gone';
  if (shop.closed) return 'closed';
  return shop.optedOut ? 'opted-out' : null;
}
