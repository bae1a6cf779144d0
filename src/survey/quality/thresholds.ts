/**
 * From where on something opens a review (method §3): every threshold in one table, published with the method. A review
 * changes nothing by itself, so they may err on the side of looking.
 */
export const thresholds = {
  /** Share of fives against the rest of the city. */
  fives: { z: 3.3, responses: 20, counted: 3 },
  /** Shares of straight lines likewise; `items` equal ratings make one, and so many shops that drew one twice running are looked at whatever the city does. */
  straightLine: { z: 3.3, responses: 20, counted: 3, items: 3, repeated: 5 },
  /** "Somebody told me how to rate", 1 = yes. Half of the shops are asked, so fewer responses have to do. */
  toldHow: { z: 3.3, responses: 10, counted: 3, item: 'Q7b', yes: 1 },
  /** At the overall item of a case that was called again. */
  recheck: { points: 2 },
  /** So many answers, all keyed within this share of the time that their words take. */
  haste: { answers: 4, share: 0.25 },
} as const;

/** What opens a review. The last two come of the staff's numbers (staff-phones.ts). */
export const flagKinds = [
  'five-share',
  'straight-line',
  'phone-changed',
  'recheck-mismatch',
  'told-how',
  'keys-too-fast',
  'staff-ring-back',
  'late-staff-number',
] as const;
export type FlagKind = (typeof flagKinds)[number];

/** Something to look at: of one case, or of a manager as a whole. */
export interface Finding {
  readonly kind: FlagKind;
  readonly managerId: string;
  readonly caseId: string | null;
  /** Figures and ids of items; never what one shop answered. */
  readonly evidence: Readonly<Record<string, string | number | readonly string[]>>;
}
