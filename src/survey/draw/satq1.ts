import { hash } from 'node:crypto';
import { byUtf8, sortByUtf8 } from './identifier.ts';
import { leadOf, nearlySorted } from './leads.ts';

/**
 * The draw by protocol SATQ1: Rivest's consistent sampling under a seed that nobody could choose.
 * Pure: the same frame, nonces and public value give the same order on any machine, and the independent Python
 * package `consistent_sampler` gives it too: `sampler(ids, seed=S, output='id')`.
 *
 *   frame      every retailer who could ever be asked, one line `managerId|retailerId|stratum`
 *   commitment sha256 of a nonce, published before the frame is frozen
 *   seed       made of draw id, frame hash, nonces and a public value, so it exists only after all of them
 *   ticket     a retailer's pseudorandom number under the seed
 *   order      tickets ascending; a manager's order is the city order filtered to that manager
 */
export interface FrameEntry {
  readonly managerId: string;
  readonly retailerId: string;
  readonly stratum: string;
}

/** In one go: an object for every hash costs more than the hash. */
export const sha256hex = (text: string | Buffer): string => hash('sha256', text);

/** The frame as the one text that is hashed: lines sorted by UTF-8 bytes, each ended by LF, no header. */
export function frameText(entries: readonly FrameEntry[]): string {
  return sortByUtf8(entries.map((entry) => `${entry.managerId}|${entry.retailerId}|${entry.stratum}\n`)).join('');
}

/** The reverse of {@link frameText}. Takes only what frameText writes. */
export function parseFrame(text: string): FrameEntry[] {
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => {
      const [managerId, retailerId, stratum, ...rest] = line.split('|');
      if (managerId === undefined || retailerId === undefined || stratum === undefined || rest.length > 0)
        throw new Error(`not a frame line: ${JSON.stringify(line)}`);
      return { managerId, retailerId, stratum };
    });
}

/** sha256 of the nonce's 64 lowercase hexadecimal characters, as ASCII text. */
export const commitmentOf = (nonce: string): string => sha256hex(nonce);

export interface SeedParts {
  readonly drawId: string;
  readonly frameHash: string;
  /** In commitment order. */
  readonly nonces: readonly string[];
  /** The outcome of the public event named beforehand, or `NONE`. */
  readonly publicValue: string;
}

export const seedOf = ({ drawId, frameHash, nonces, publicValue }: SeedParts): string =>
  `SATQ1|${drawId}|${frameHash}|${nonces.join(':')}|${publicValue}`;

/** Gives every id its ticket under one seed: `0.` and the decimal digits of a hash, reversed. */
export function ticketsUnder(seed: string): (retailerId: string) => string {
  const seedHash = sha256hex(seed);
  return (retailerId) => {
    const digits = BigInt(`0x${sha256hex(seedHash + retailerId)}`)
      .toString()
      .padStart(64, '0');
    return `0.${Buffer.from(digits, 'latin1').reverse().toString('latin1')}`;
  };
}

/**
 * The last digit of a ticket, 0–9: by it rotating questions are dealt out. It tells nothing of the place in the order,
 * which the first digits decide. As the leading digit of a 256-bit number it is odd for 62 % of all tickets.
 */
export const rotationOf = (ticket: string): number => Number(ticket.at(-1));

/** The city order: ids by ticket, ties by UTF-8 bytes. Expects normalised, distinct ids. */
export function order(seed: string, ids: Iterable<string>): string[] {
  const known = [...ids];
  return Array.from(placesUnder(seed, known), (index) => known[index] ?? '');
}

/**
 * The same as indices of `ids`: which of them comes first, which second, and so on. A million tickets are never written
 * out: their first fifteen digits, as a number, say where each of them falls to within a neighbour or two, and settle
 * the rest but for a pair in a thousand draws, whose tickets are then made.
 */
export function placesUnder(seed: string, ids: readonly string[]): Uint32Array {
  const seedHash = sha256hex(seed);
  const leads = Float64Array.from(ids, (id) => leadOf(hash('sha256', seedHash + id, 'binary')));
  const places = nearlySorted(leads);
  const ticket = ticketsUnder(seed);
  const comesBefore = (a: number, b: number): boolean => {
    const difference = (leads[a] ?? 0) - (leads[b] ?? 0);
    if (difference !== 0) return difference < 0;
    const [first, second] = [ids[a] ?? '', ids[b] ?? ''];
    const [own, other] = [ticket(first), ticket(second)];
    return own === other ? byUtf8(first, second) < 0 : own < other;
  };
  for (let place = 1; place < places.length; place += 1) {
    const moved = places[place] ?? 0;
    let free = place;
    for (; free > 0 && comesBefore(moved, places[free - 1] ?? 0); free -= 1) places[free] = places[free - 1] ?? 0;
    places[free] = moved;
  }
  return places;
}
