import Fraction from 'fraction.js';
import type { Group } from './disposition.ts';

/** Cases by AAPOR group. UH (unknown whether a household) does not occur here: every case is a licensed shop. */
export type GroupCounts = Readonly<Record<Group | 'UH', number>>;

export const rateNames = [
  ...['RR1', 'RR2', 'RR3', 'RR4', 'RR5', 'RR6', 'COOP1', 'COOP2', 'COOP3', 'COOP4'],
  ...['REF1', 'REF2', 'REF3', 'CON1', 'CON2', 'CON3'],
] as const;
export type RateName = (typeof rateNames)[number];
export type Rates = Readonly<Record<RateName, Fraction | null>>;

/**
 * Response, cooperation, refusal and contact rates over everybody drawn (AAPOR 2023; method §2). 0/0 is null: nobody
 * asked is not nobody answering.
 *
 * @param e share of unknown cases taken to be eligible; by default estimated from the known ones.
 */
export function rates(
  { I, P, R, NC, O, UH, UO, NE }: GroupCounts,
  e: Fraction | null = eligibleShare({ I, P, R, NC, O, UH, UO, NE }),
): Rates {
  const known = I + P + R + NC + O;
  const unknown = UH + UO;
  const over = (part: number, whole: Fraction | number): Fraction | null => {
    const base = new Fraction(whole);
    return base.equals(0) ? null : new Fraction(part).div(base);
  };
  const all = known + unknown;
  const withE = new Fraction(known).add((e ?? new Fraction(0)).mul(unknown));
  const contacted = I + P + R + O;
  return {
    RR1: over(I, all),
    RR2: over(I + P, all),
    RR3: over(I, withE),
    RR4: over(I + P, withE),
    RR5: over(I, known),
    RR6: over(I + P, known),
    COOP1: over(I, contacted),
    COOP2: over(I + P, contacted),
    COOP3: over(I, I + P + R),
    COOP4: over(I + P, I + P + R),
    REF1: over(R, all),
    REF2: over(R, withE),
    REF3: over(R, known),
    CON1: over(contacted, all),
    CON2: over(contacted, withE),
    CON3: over(contacted, known),
  };
}

/** Of the cases whose eligibility is known, the share that is eligible; null when none is known. */
export function eligibleShare({ I, P, R, NC, O, NE }: GroupCounts): Fraction | null {
  const eligible = I + P + R + NC + O;
  return eligible + NE === 0 ? null : new Fraction(eligible, eligible + NE);
}
