import type { RuleSet } from '../scoring/rules.ts';
import type { ContactRules } from '../survey/fieldwork/plan.ts';
import type { DrawRules } from '../survey/round/draw.ts';
import type { ForecastRules } from '../survey/round/forecast.ts';

/** The rule set's sections in the shape the survey asks for: `survey` and `scoring` do not know each other. */
export function contactRules(rules: RuleSet): ContactRules {
  let known = contacts.get(rules);
  if (!known) {
    known = { ...rules.contact, holidays: rules.contact.holidays === 'CN' ? 'CN' : null };
    contacts.set(rules, known);
  }
  return known;
}

/** The same object for the same rule set: the calendar remembers the days it worked out for it. */
const contacts = new WeakMap<RuleSet, ContactRules>();

export const forecastRules = (rules: RuleSet): ForecastRules & DrawRules => ({
  ...drawRules(rules),
  priorStrength: rules.customer.priorStrength,
  minimumResponses: rules.customer.minimumResponses,
  firmReliability: rules.customer.firmReliability,
});

export const drawRules = (rules: RuleSet): DrawRules => ({
  timeZone: rules.timeZone,
  sampling: rules.sampling,
  contact: contactRules(rules),
  desk: { silent: rules.desk.silentShare.valueOf(), recheck: rules.desk.recheckShare.valueOf() },
});
