import { fraction } from './personas.ts';

/**
 * What real carriers do to their customers now and then, on demand: orders whose answer is lost though the call goes
 * out, refusals that mean "later", callbacks doubled, reversed or missing, a key delivered twice. As everything here it
 * follows from the seed and the number, so that what once went wrong goes wrong again.
 */

/** What becomes of an order for a call. The first two place it all the same. */
export type OrderTrouble = 'connection-reset' | 'proxy-page' | 'throttled' | 'unavailable';

/** What becomes of a call's callbacks. */
export type CallbackTrouble = 'doubled' | 'reversed' | 'end-lost' | 'turns-doubled';

export interface Mischief {
  /** @param orders how often a call to this number was ordered, this time included */
  order(phone: string, orders: number): OrderTrouble | null;
  /** @param calls how many calls this number has had, this one included */
  callbacks(phone: string, calls: number): CallbackTrouble | null;
}

export const NO_MISCHIEF: Mischief = { order: () => null, callbacks: () => null };

const ORDER_TROUBLES: readonly OrderTrouble[] = ['connection-reset', 'proxy-page', 'throttled', 'unavailable'];
const CALLBACK_TROUBLES: readonly CallbackTrouble[] = ['doubled', 'reversed', 'end-lost', 'turns-doubled'];

/** @param share of orders, and of calls, that meet with one of the troubles: 0 to 1 */
export function mischief(seed: string, share: number): Mischief {
  const pick = <Trouble>(troubles: readonly Trouble[], what: string, phone: string, count: number): Trouble | null => {
    const place = fraction(seed, 'mischief', what, phone, count) / share;
    return place < 1 ? (troubles[Math.floor(place * troubles.length)] ?? null) : null;
  };
  if (share <= 0) return NO_MISCHIEF;
  return {
    order: (phone, orders) => pick(ORDER_TROUBLES, 'order', phone, orders),
    callbacks: (phone, calls) => pick(CALLBACK_TROUBLES, 'callbacks', phone, calls),
  };
}
