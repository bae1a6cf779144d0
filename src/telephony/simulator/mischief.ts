import { fraction } from './personas.ts';

/**
 * What real carriers do to their customers now and then, on demand and by name. As everything here it follows from the
 * seed and the number, so that what once went wrong goes wrong again. A fault takes hold of one order, or of one call.
 */

/** What becomes of an order for a call. The first four place it all the same. */
export const ORDER_FAULTS = {
  'connection-reset': 'the connection breaks before the answer; the call goes out',
  'proxy-page': 'a proxy answers 502 in HTML; the call goes out',
  'no-response': 'no answer ever comes; the call goes out',
  'webhook-first': 'the call is answered, and asks for its first document, before the order is answered',
  throttled: '429, code 20429; no call',
  unavailable: '503, code 20503; no call',
  'server-error': '500, code 20500; no call',
} as const;

/** What becomes of the requests that a call makes to its customer. */
export const CALL_FAULTS = {
  doubled: 'every status callback comes twice, and so does who answered',
  reversed: 'status callbacks come in reverse order, after the end',
  'end-before-answered': 'the final status comes first, those before it after it, in their order',
  'end-lost': 'the final status never comes',
  'verdict-lost': 'who answered is never told',
  'verdict-late': 'who answered is told a quarter of a minute late, also after the end',
  'turns-doubled': 'every request for a document comes twice at the same time',
  'keys-replayed': 'every request for a document comes again after the next one was answered',
  forged:
    'before each request come three that are not ours: badly signed, signed for another host, signed for another call',
  'unknown-attempt': 'each request comes also with another UUID in its address, rightly signed',
  'new-fields': 'every request carries fields that nobody has seen yet',
} as const;

export type OrderFault = keyof typeof ORDER_FAULTS;
export type CallFault = keyof typeof CALL_FAULTS;
export type Fault = OrderFault | CallFault;

/** How large a share of orders, or of calls, each fault takes hold of: from 0 to 1, together at most 1 of either. */
export type FaultShares = Readonly<Partial<Record<Fault, number>>>;

export interface Mischief {
  /** @param orders how often a call to this number was ordered, this time included */
  order(phone: string, orders: number): OrderFault | null;
  /** @param calls how many calls this number has had, this one included */
  call(phone: string, calls: number): CallFault | null;
}

export const NO_MISCHIEF: Mischief = { order: () => null, call: () => null };

export const orderFaults = Object.keys(ORDER_FAULTS) as OrderFault[];
export const callFaults = Object.keys(CALL_FAULTS) as CallFault[];

/** Every fault equally often, but for the one that keeps a client waiting as long as its patience lasts. */
export function evenly(share: number): FaultShares {
  const usual = orderFaults.filter((fault) => fault !== 'no-response');
  return Object.fromEntries([
    ...usual.map((fault) => [fault, share / usual.length]),
    ...callFaults.map((fault) => [fault, share / callFaults.length]),
  ]);
}

export function mischief(seed: string, shares: FaultShares): Mischief {
  const pick = <Name extends Fault>(faults: readonly Name[], what: string, phone: string, count: number) => {
    let place = fraction(seed, 'mischief', what, phone, count);
    const found = faults.find((fault) => {
      place -= shares[fault] ?? 0;
      return place < 0;
    });
    return found ?? null;
  };
  return {
    order: (phone, orders) => pick(orderFaults, 'order', phone, orders),
    call: (phone, calls) => pick(callFaults, 'callbacks', phone, calls),
  };
}
