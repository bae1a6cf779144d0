import type { Disposition } from '../../survey/disposition/disposition.ts';
import { rates } from '../../survey/disposition/rates.ts';
import { count, percent, shareOf } from '../figures.ts';
import type { Language } from '../language.ts';
import type { Messages } from '../messages.ts';
import { type Cases, casesIn } from './standing.ts';

/** The disposition bar: what became of everybody drawn, in seven parts that add up, and the full table behind it. */
type Part = 'complete' | 'partial' | 'refused' | 'unreached' | 'bad' | 'other' | 'untried';

const parts: Readonly<Record<Part, readonly Disposition[]>> = {
  complete: ['complete'],
  partial: ['partial'],
  refused: ['refused', 'broke-off', 'opted-out'],
  unreached: [
    ...(['appointment', 'silent', 'rejected', 'busy', 'no-answer', 'voicemail', 'screened'] as const),
    ...(['sms-silent', 'blocked', 'technical'] as const),
  ],
  bad: ['bad-number'],
  other: ['language', 'unable', 'not-eligible'],
  untried: ['never-attempted'],
};

const shownRates = ['RR1', 'RR2', 'COOP2', 'REF1', 'CON1'] as const;

export function barView(all: readonly Cases[], language: Language, m: Messages) {
  const words = m.round.bar;
  const total = casesIn(all);
  let from = 0;
  const segments = (Object.keys(parts) as Part[]).flatMap((part) => {
    const own = all.filter(({ disposition }) => parts[part].includes(disposition));
    const cases = casesIn(own);
    if (cases === 0) return [];
    const again = part === 'untried' ? 0 : casesIn(own, ({ open }) => open);
    const segment = {
      part,
      name: words[part],
      cases: count(cases, language),
      share: percent(shareOf(cases, total)),
      x: `${(100 * from) / total}%`,
      width: `${(100 * cases) / total}%`,
      again: again === 0 ? null : words.again(count(again, language)),
    };
    from += cases;
    return [segment];
  });
  const spoken = segments.map(({ name, cases, share }) => words.part(name, cases, share));
  return {
    segments,
    label: words.label(spoken.join(language === 'en' ? '; ' : '；')),
    total: count(total, language),
    dispositions: dispositionRows(all, total, language, m),
    rates: rateRows(all, m),
  };
}

/** The same disposition counts as non-contact or as unknown, by whether its number was ever proven: two rows. */
function dispositionRows(all: readonly Cases[], total: number, language: Language, m: Messages) {
  const rows = new Map<string, { disposition: Disposition; group: Cases['group']; cases: number }>();
  for (const { disposition, group, cases } of all) {
    const key = `${disposition}|${group}`;
    rows.set(key, { disposition, group, cases: cases + (rows.get(key)?.cases ?? 0) });
  }
  const order = Object.values(parts).flat();
  return [...rows.values()]
    .sort((a, b) => order.indexOf(a.disposition) - order.indexOf(b.disposition) || (a.group < b.group ? -1 : 1))
    .map(({ disposition, group, cases }) => ({
      name: m.dispositions[disposition],
      group: m.groups[group],
      cases: count(cases, language),
      share: percent(shareOf(cases, total)),
    }));
}

function rateRows(all: readonly Cases[], m: Messages) {
  const known = ratesOf(all);
  return shownRates.map((name) => ({ name, meaning: m.rates[name], value: percent(known[name]) }));
}

/** AAPOR rates over these cases. */
export function ratesOf(all: readonly Cases[]) {
  const counts = { I: 0, P: 0, R: 0, NC: 0, O: 0, UH: 0, UO: 0, NE: 0 };
  for (const { group, cases } of all) counts[group] += cases;
  return rates(counts);
}
