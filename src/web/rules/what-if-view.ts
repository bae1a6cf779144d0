import type { Publication } from '../../scoring/publication.ts';
import { called } from '../../scoring/rule-sets/fields.ts';
import { limitInWords } from '../../scoring/rule-sets/limits.ts';
import {
  type Counts,
  movesShown,
  type Outcome,
  ratingsShown,
  tiersShown,
  type WhatIfMonth,
  whatIf,
} from '../../scoring/rule-sets/what-if.ts';
import type { RuleSet } from '../../scoring/rules.ts';
import { count, month } from '../figures.ts';
import type { Language } from '../language.ts';
import type { Messages } from '../messages.ts';

/** Past months under a draft beside what was published: a bar each, the table of it, and who would differ. Latest first. */
export function whatIfView(draft: RuleSet, publications: readonly Publication[], language: Language, m: Messages) {
  const { months, limits } = whatIf(draft, publications);
  return {
    limits: limits.map((limit) => limitInWords(limit, language)),
    months: months.toReversed().map((one) => monthView(one, draft.id, language, m)),
  };
}

function monthView(one: WhatIfMonth, draft: string, language: Language, m: Messages) {
  const number = (n: number) => count(n, language);
  const { period, ruleSet, managers, published, draft: under, differing } = one;
  const tierRows = rowsOf(tiersShown, published.tiers, under.tiers, language).map((row) => ({
    ...row,
    name: m.rules.whatIf.inTier(row.name),
  }));
  return {
    title: month(period, language),
    summary: m.rules.whatIf.summary(number(differing.length), number(managers)),
    bars: [barOf(ruleSet, published, managers, language), barOf(draft, under, managers, language)],
    ruleSet,
    groups: [
      { name: m.rules.whatIf.rating, rows: rowsOf(ratingsShown, published.ratings, under.ratings, language) },
      { name: m.rules.whatIf.tier, rows: tierRows },
      { name: m.rules.whatIf.move, rows: rowsOf(movesShown, published.moves, under.moves, language) },
    ],
    differing: differing.map(({ id, name, district, published: was, draft: is }) => ({
      ...{ id, name, district, was: outcome(was, language, m), is: outcome(is, language, m) },
    })),
  };
}

const outcome = ({ score, rating, tier, move }: Outcome, language: Language, m: Messages): string =>
  m.rules.whatIf.outcome(score ?? '—', called(rating, language), String(tier), called(move, language));

function barOf(name: string, { ratings }: Counts, managers: number, language: Language) {
  let from = 0;
  const segments = ratingsShown.flatMap((rating) => {
    const share = managers === 0 ? 0 : (100 * ratings[rating]) / managers;
    const segment = { rating, words: called(rating, language), number: count(ratings[rating], language) };
    const place = { x: `${from}%`, width: `${share}%`, middle: `${from + share / 2}%`, wide: share >= 6 };
    from += share;
    return share === 0 ? [] : [{ ...segment, ...place }];
  });
  const label = segments.map(({ words, number }) => `${words} ${number}`).join(language === 'en' ? ', ' : '、');
  return { name, segments, label };
}

function rowsOf<Key extends string | number>(
  keys: readonly Key[],
  before: Readonly<Record<Key, number>>,
  after: Readonly<Record<Key, number>>,
  language: Language,
) {
  return keys
    .filter((key) => before[key] + after[key] > 0)
    .map((key) => {
      const change = after[key] - before[key];
      const signed = `${change > 0 ? '+' : '−'}${count(Math.abs(change), language)}`;
      return {
        name: called(String(key), language),
        ...{ before: count(before[key], language), after: count(after[key], language) },
        change: change === 0 ? '' : signed,
      };
    });
}
