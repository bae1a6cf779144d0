import { changeInWords, compareRules, placeInWords, placesOf } from '../../scoring/rule-sets/compare.ts';
import { type Section, sectionName, sections } from '../../scoring/rule-sets/fields.ts';
import type { RuleSet } from '../../scoring/rules.ts';
import type { Language } from '../language.ts';

/** Every number of a rule set by section, in the reader's language. */
export function numbersOf(rules: RuleSet, language: Language) {
  const places = placesOf(rules).map((place) => placeInWords(place, language));
  return (Object.keys(sections) as Section[]).flatMap((section) => {
    const rows = places.filter((place) => place.section === section);
    return rows.length === 0 ? [] : [{ name: sectionName(section, language), rows }];
  });
}

/** What `after` says otherwise than `before`, as a table. */
export const changesOf = (before: RuleSet, after: RuleSet, language: Language) =>
  compareRules(before, after).map((change) => changeInWords(change, language));
