/**
 * Dispositions: what came of trying to reach a released retailer, in the terms of AAPOR's Standard Definitions (2023)
 * as method §2 lists them. A case's disposition is the highest of its attempts' outcomes; within a class the latest
 * counts.
 */
export const dispositions = [
  'complete',
  'partial',
  'opted-out',
  'refused',
  'broke-off',
  'appointment',
  'silent',
  'rejected',
  'busy',
  'no-answer',
  'voicemail',
  'screened',
  'sms-silent',
  'blocked',
  'technical',
  'bad-number',
  'language',
  'unable',
  'not-eligible',
  'never-attempted',
] as const;
export type Disposition = (typeof dispositions)[number];

/** AAPOR groups: interview, partial, refusal, non-contact, other eligible, not eligible, unknown other. */
export type Group = 'I' | 'P' | 'R' | 'NC' | 'O' | 'NE' | 'UO';

/** Classes from the highest to the lowest. */
const classes = [
  'complete',
  'partial',
  'opted-out',
  'other',
  'broke-off',
  'refused',
  'not-eligible',
  'non-contact',
  'unknown',
  'untried',
] as const;
type Class = (typeof classes)[number];

interface Meaning {
  readonly class: Class;
  readonly group: Group;
  /** What it means when nobody was ever reached under the number: then we do not even know that the shop is there. */
  readonly unproven?: { readonly class: Class; readonly group: Group };
}

const unknown = { class: 'unknown', group: 'UO' } as const;
const nonContact = { class: 'non-contact', group: 'NC' } as const;

const meanings: Readonly<Record<Disposition, Meaning>> = {
  complete: { class: 'complete', group: 'I' },
  partial: { class: 'partial', group: 'P' },
  'opted-out': { class: 'opted-out', group: 'R' },
  refused: { class: 'refused', group: 'R' },
  'broke-off': { class: 'broke-off', group: 'R' },
  appointment: nonContact,
  silent: nonContact,
  rejected: nonContact,
  busy: { ...nonContact, unproven: unknown },
  'no-answer': { ...nonContact, unproven: unknown },
  voicemail: { ...nonContact, unproven: unknown },
  screened: { ...nonContact, unproven: unknown },
  'sms-silent': { ...nonContact, unproven: unknown },
  blocked: unknown,
  technical: unknown,
  'bad-number': unknown,
  language: { class: 'other', group: 'O' },
  unable: { class: 'other', group: 'O' },
  'not-eligible': { class: 'not-eligible', group: 'NE' },
  'never-attempted': { class: 'untried', group: 'UO' },
};

/** @param proven whether a person was reached under the number within twelve months. */
function meaningOf(disposition: Disposition, proven: boolean): { class: Class; group: Group } {
  const meaning = meanings[disposition];
  return proven ? meaning : (meaning.unproven ?? meaning);
}

export const groupOf = (disposition: Disposition, proven: boolean): Group => meaningOf(disposition, proven).group;

/** The disposition of a case from its attempts' outcomes, in the order they ended. */
export function caseDisposition(outcomes: readonly Disposition[], proven: boolean): Disposition {
  const rank = (disposition: Disposition) => classes.indexOf(meaningOf(disposition, proven).class);
  return outcomes.reduce<Disposition>((best, next) => (rank(next) <= rank(best) ? next : best), 'never-attempted');
}
