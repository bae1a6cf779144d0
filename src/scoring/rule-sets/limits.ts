/** What of a draft cannot be tried on past months, and what is taken instead: said plainly beside every what-if. Pure. */
import { type Exact, exact } from '../exact.ts';
import type { RuleSet } from '../rules.ts';
import { compareRules } from './compare.ts';
import type { Language } from './fields.ts';

const words = {
  sampling: [
    '抽样、联系和人工回访的改动会换来另一些评价，无从得知；评价按当时收到的算。',
    'Sampling, contact and the desk would have brought other responses, which nobody knows: those that came are counted.',
  ],
  windows: [
    '回看月数、确定条件、收缩强度或新评价门槛一改，当时选的回看区间可能不同；区间按当时公布的算。',
    'Windows, firmness, the pull to the mean or the minimum of new responses might have chosen other months: those published are looked back on.',
  ],
  points: [
    '各档评分的得分改得不成比例，公布的总分换算不了；评分仍按当时的得分算。',
    'The points of the ratings are no straight-line change of the old ones, and published sums cannot be turned into them: the old points are kept.',
  ],
  minimum: [
    '计分所需评价数调低了，但原先不足数的总分没有公布；仍按当时的门槛算。',
    'Fewer responses would make a score, but sums of so few were never published: the old minimum is kept.',
  ],
  indicators: [
    '当时没有的指标不计，其余指标的权重按比例放大。',
    'Indicators that there were not then are left out, and the weights of the others make up for them.',
  ],
  requirements: [
    '升档条件当时没有要求过，或当时不在该档、未要求本人，按已具备算，升档因此可能偏多。',
    'Requirements that nobody asked for then, or not of him in the tier he was in, are taken as met, so there may be more rises than there would have been.',
  ],
  start: ['起始档位的改动不影响已在档的人。', 'Another tier to start in changes nothing for those who have one.'],
  evidence: [
    '指标的依据或目标公式的改动不重算指标值；指标值按当时公布的算。',
    'What indicators are made of, and formulas of targets, do not make their values anew: those published are taken.',
  ],
} as const;

export type Limit = keyof typeof words;

export const limitInWords = (limit: Limit, language: Language): string => words[limit][language === 'en' ? 1 : 0];

/** Which numbers, when they differ, leave what open. The longest path that fits decides; null = nothing is left open. */
const leftOpen: readonly (readonly [path: string, limit: Limit])[] = [
  ['sampling.', 'sampling'],
  ['contact.', 'sampling'],
  ['desk.', 'sampling'],
  ['customer.windowMonths', 'windows'],
  ['customer.minimumNewResponses', 'windows'],
  ['customer.minimumResponses', 'windows'],
  ['customer.firm', 'windows'],
  ['customer.maximumBadNumberShare', 'windows'],
  ['customer.priorStrength', 'windows'],
  ['tiers.requirements', 'requirements'],
  ['tiers.start', 'start'],
  ['evidence.', 'evidence'],
  ['targets.', 'evidence'],
];

/** Limits of trying `draft` on a month that was scored under `then` and published with these indicators. */
export function limitsOf(draft: RuleSet, then: RuleSet, indicators: ReadonlySet<string>): Set<Limit> {
  const limits = new Set<Limit>();
  for (const { pattern } of compareRules(then, draft))
    for (const [path, limit] of leftOpen) if (pattern.startsWith(path)) limits.add(limit);
  if (straightLine(then.customer.points, draft.customer.points) === null) limits.add('points');
  if (draft.customer.minimumResponses < then.customer.minimumResponses) limits.add('minimum');
  const known = new Set([...indicators, ...then.unit.indicators.map(({ code }) => code)]);
  if (draft.unit.indicators.some(({ code }) => !known.has(code))) limits.add('indicators');
  return limits;
}

/** y' = offset + slope·y. */
export interface StraightLine {
  readonly offset: Exact;
  readonly slope: Exact;
}

/** How the points `to` follow from `from` by one straight line, as sums of points then do too; null where they do not. */
export function straightLine(from: readonly Exact[], to: readonly Exact[]): StraightLine | null {
  const [worst, best] = [from[0], from.at(-1)];
  const [newWorst, newBest] = [to[0], to.at(-1)];
  if (!worst || !best || !newWorst || !newBest) return null;
  const slope = newBest.sub(newWorst).div(best.sub(worst));
  const offset = newWorst.sub(slope.mul(worst));
  const fits = from.every((y, place) => offset.add(slope.mul(y)).equals(to[place] ?? exact(-1)));
  return fits ? { offset, slope } : null;
}
