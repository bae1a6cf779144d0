import { faultOfId } from '../draw/identifier.ts';
import { type FrameEntry, frameText, placesUnder, sha256hex } from '../draw/satq1.ts';

/**
 * The frozen frame of a round, from the roster of that moment (method §1): who could ever be asked, who is left out
 * and why, who rests, and the order in which all of them would be asked. Pure.
 */
export interface RosterEntry {
  readonly retailerId: string;
  readonly managerId: string;
  readonly stratum: string;
  readonly phoneId: string | null;
  readonly closed: boolean;
  readonly optedOut: boolean;
  /** Released within the last periods the rule set lets a shop rest. */
  readonly rested: boolean;
}

export type ExclusionReason = 'no-phone' | 'opted-out' | 'closed';
export type RestReason = 'rested' | 'shared-phone';

export interface Exclusion {
  readonly retailerId: string;
  readonly managerId: string;
  readonly reason: ExclusionReason;
}

/** Splits the roster into those who stand in the frame and those who do not, with the reason. */
export function splitRoster(roster: readonly RosterEntry[]): {
  inFrame: (RosterEntry & { phoneId: string })[];
  excluded: Exclusion[];
} {
  const inFrame: (RosterEntry & { phoneId: string })[] = [];
  const excluded: Exclusion[] = [];
  for (const entry of roster) {
    const { retailerId, managerId, phoneId } = entry;
    const reason = entry.closed ? 'closed' : entry.optedOut ? 'opted-out' : phoneId === null ? 'no-phone' : null;
    if (reason) excluded.push({ retailerId, managerId, reason });
    else if (phoneId !== null) inFrame.push({ ...entry, phoneId });
  }
  return { inFrame, excluded };
}

export interface FrozenFrame {
  readonly text: string;
  readonly hash: string;
}

/** @throws Error where an id cannot stand in a frame: the roster's import lets none in. */
export function freeze(entries: readonly FrameEntry[]): FrozenFrame {
  for (const { retailerId } of entries) {
    const fault = faultOfId(retailerId);
    if (fault) throw new Error(`retailer id ${JSON.stringify(retailerId)} ${fault}`);
  }
  const text = frameText(entries);
  return { text, hash: sha256hex(text) };
}

export interface OrderedLine extends FrameEntry {
  readonly position: number;
  readonly phoneId: string;
  readonly resting: RestReason | null;
}

/**
 * The city order with who rests in it. If one of the shops on a phone rests, all of them rest; else the one with the
 * lowest ticket stays and the others rest: two calls to one phone would be one person asked twice.
 */
export function orderFrame(entries: readonly (RosterEntry & { phoneId: string })[], seed: string): OrderedLine[] {
  const restingPhones = new Set(entries.filter(({ rested }) => rested).map(({ phoneId }) => phoneId));
  const shared = phonesOfSeveral(entries);
  const taken = new Set<string>();
  const ids = entries.map(({ retailerId }) => retailerId);
  const lines: OrderedLine[] = [];
  for (const index of placesUnder(seed, ids)) {
    const entry = entries[index];
    if (!entry) throw new Error(`there is no entry ${index} to be ordered`);
    const { managerId, retailerId, stratum, phoneId, rested } = entry;
    const gaveWay = restingPhones.has(phoneId) || taken.has(phoneId);
    if (shared.has(phoneId)) taken.add(phoneId);
    const resting = rested ? 'rested' : gaveWay ? 'shared-phone' : null;
    lines.push({ managerId, retailerId, stratum, phoneId, position: lines.length, resting });
  }
  return lines;
}

/** Looked for in the roster's own order, where a phone is at hand: only these few are asked for in the city's. */
function phonesOfSeveral(entries: readonly { readonly phoneId: string }[]): Set<string> {
  const seen = new Set<string>();
  const again = entries.filter(({ phoneId }) => seen.size === seen.add(phoneId).size);
  return new Set(again.map(({ phoneId }) => phoneId));
}

/** Groups of ids on one phone, each in city order: published with the frame, because they decide who rests. */
export function sharedPhones(lines: readonly OrderedLine[]): string[][] {
  const groups = new Map<string, string[]>();
  for (const { phoneId, retailerId } of lines) groups.set(phoneId, [...(groups.get(phoneId) ?? []), retailerId]);
  return [...groups.values()].filter((group) => group.length > 1);
}
