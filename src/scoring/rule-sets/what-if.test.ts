import { describe, expect, it, test } from 'vitest';
import { exact } from '../exact.ts';
import { changed, defaultRules, everyIndicator, rulesWith } from '../examples.fixture.ts';
import { type PastMonth, previousRating, tierOf } from '../periods/history.ts';
import { makePublication, type Publication, type PublishedManager } from '../publication.ts';
import { parseRules, type RuleSet } from '../rules.ts';
import { scoreDocument } from '../score.ts';
import { limitInWords, straightLine } from './limits.ts';
import { type Outcome, whatIf } from './what-if.ts';

/*
 * The oracle: a year is played from its answers under one rule set and, from the same answers, under another. What the
 * first year's publications make of the other rule set must be the second year, to the last hundredth.
 */
const ids = Array.from({ length: 9 }, (_, place) => `K${String(place + 1).padStart(2, '0')}`);
const periods = ['2027-01', '2027-02', '2027-03', '2027-04', '2027-05'];

/** Reproducible numbers below `most`. */
function rolls(seed: number): (most: number) => number {
  let state = seed;
  return (most) => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((state / 2_147_483_648) * most);
  };
}

interface Asked {
  readonly id: string;
  readonly frameSize: number;
  readonly ratings: Readonly<Record<string, number>>;
  readonly unit: Readonly<Record<string, string | null>>;
}

const roll = rolls(20_27);
const year: readonly (readonly Asked[])[] = periods.map(() =>
  ids.map((id, place) => ({
    ...{ id, frameSize: 60 },
    // Some are poor, some are thin, most are good.
    ratings: {
      ...{ '1': place < 3 ? 12 + roll(6) : roll(2), '2': place < 3 ? 12 + roll(9) : roll(2), '3': roll(3) },
      ...{ '4': place === 5 ? 1 : roll(9), '5': place === 5 ? roll(3) : place < 3 ? roll(3) : 20 + roll(9) },
    },
    unit: everyIndicator(String(place < 3 ? 40 + roll(30) : 84 + roll(30)), {
      sales: place === 4 ? null : `${70 + roll(60)}.25`,
    }),
  })),
);

function play(rules: RuleSet): Publication[] {
  const pasts = new Map<string, PastMonth[]>(ids.map((id) => [id, []]));
  return year.map((asked, place) => {
    const period = periods[place] ?? '';
    const scored = scoreDocument({
      rules: rules.document,
      managers: asked.map((one) => ({
        ...one,
        tier: tierOf(pasts.get(one.id) ?? [], rules.tiers.start),
        requirementsMet: false,
        previousRating: previousRating(pasts.get(one.id) ?? [], period),
      })),
    });
    const publication = makePublication({
      ...{ period, stage: 'final', appealsUntil: new Date(0), drawId: period, questionnaire: 'Q', scored },
      people: new Map(
        ids.map((id) => [id, { name: id, district: 'D1', window: { first: period, last: period }, standing: false }]),
      ),
      previousHash: null,
    });
    for (const line of publication.managers) pasts.get(line.id)?.unshift(pastOf(period, line));
    return JSON.parse(JSON.stringify(publication));
  });
}

const pastOf = (period: string, { rating, tier, streakRestarts, customer }: PublishedManager): PastMonth => ({
  ...{ period, rating, tier, streakRestarts, windowLast: customer === null ? null : period },
});
const outcomeOf = ({ score, rating, tier, move }: Outcome): Outcome => ({ score, rating, tier, move });

const published = play(rulesWith());

test('the year has something of everything in it', () => {
  const seen = published.flatMap(({ managers }) => managers.flatMap(({ rating, move, tier }) => [rating, move, tier]));
  expect(seen).toEqual(
    expect.arrayContaining([
      ...['excellent', 'competent', 'not-competent', 'unrated', 'up', 'hold', 'floor', 'frozen', 2, 3],
    ]),
  );
});

describe('a draft tried on past months', () => {
  it('that is the rule set itself changes nothing, and nothing is left open', () => {
    const { months, limits } = whatIf(rulesWith(), published);
    expect(months.map(({ differing }) => differing)).toEqual(periods.map(() => []));
    for (const month of months) expect(month.draft).toEqual(month.published);
    expect(limits).toEqual([]);
  });

  it.each<[string, Record<string, unknown>]>([
    ['other weights', { 'combined.customerWeightBp': 5000, 'combined.unitWeightBp': 5000 }],
    ['other cut-offs', { 'rating.cutoffs.0.from': '92.00', 'rating.cutoffs.1.from': '85.00' }],
    ['streaks of one', { 'tiers.upStreak': 1, 'tiers.downStreak': 1 }],
    ['gates that ask more', { 'rating.excellentGates.minimumEachIndicator': '85.00' }],
    ['another prior', { 'customer.priorStrength': 4 }],
    ['points on another straight line', { 'customer.points': ['20', '40', '60', '80', '100'] }],
    ['a higher minimum of responses', { 'customer.minimumResponses': 24 }],
    ['a cap, and less that may be missing', { 'unit.cap': '95', 'unit.maximumMissingShare': '0.10' }],
    [
      'all of it at once',
      {
        ...{ 'combined.customerWeightBp': 4500, 'combined.unitWeightBp': 5500, 'tiers.upStreak': 1 },
        ...{ 'customer.priorStrength': 20, 'customer.points': ['10', '30', '50', '70', '90'], 'unit.cap': '98' },
        ...{ 'rating.cutoffs.0.from': '84.00', 'rating.cutoffs.1.from': '80.00' },
      },
    ],
  ])('%s: is the year that it would have been', (_what, edit) => {
    const draft = rulesWith(edit);
    const { months } = whatIf(draft, [...published].reverse());
    const real = play(draft);
    expect(months.map(({ period }) => period)).toEqual(periods);
    for (const [place, month] of months.entries()) {
      const [was, is] = [published[place]?.managers ?? [], real[place]?.managers ?? []];
      const differing = was.flatMap((line, at) => {
        const other = is[at] ?? line;
        const same = line.rating === other.rating && line.tier === other.tier && line.move === other.move;
        return same ? [] : [{ id: line.id, published: outcomeOf(line), draft: outcomeOf(other) }];
      });
      expect(month.differing.map(({ id, published: p, draft: d }) => ({ id, published: p, draft: d }))).toEqual(
        differing,
      );
      const count = (rating: string) => is.filter((line) => line.rating === rating).length;
      for (const [rating, counted] of Object.entries(month.draft.ratings))
        expect([rating, counted]).toEqual([rating, count(rating)]);
    }
    expect(months.some(({ differing }) => differing.length > 0)).toBe(true);
  });
});

describe('what cannot be tried', () => {
  const limits = (edit: Record<string, unknown>) => whatIf(rulesWith(edit), published).limits;

  it.each<[string, Record<string, unknown>, string[]]>([
    ['other waves', { 'sampling.waves': 2 }, ['sampling']],
    ['longer windows', { 'customer.windowMonths': [3, 6] }, ['windows']],
    ['points that do not lie on one line', { 'customer.points': ['0', '10', '40', '80', '100'] }, ['points']],
    ['fewer responses', { 'customer.minimumResponses': 3 }, ['windows', 'minimum']],
    ['requirements', { 'tiers.requirements': { 2: { exams: ['理论'] } } }, ['requirements']],
    ['another start', { 'tiers.start': 2 }, ['start']],
    ['other evidence', { evidence: [{ code: 'service', kinds: ['request'] }] }, ['evidence']],
    ['rewards, which change no score', { periods: { noticeWorkdays: 5, appealWorkdays: 7 } }, []],
  ])('%s: said, and held at what it was', (_what, edit, expected) => {
    expect(limits(edit)).toEqual(expected);
    expect(whatIf(rulesWith(edit), published).months.every(({ differing }) => differing.length === 0)).toBe(true);
  });

  it('an indicator that there was not: the others make up for it', () => {
    const indicators = defaultRules.unit.indicators.map((one: { code: string }) =>
      one.code === 'service' ? { ...one, code: '陈列' } : one,
    );
    const { months, limits: left } = whatIf(
      parseRules(changed(defaultRules, { 'unit.indicators': indicators })),
      published,
    );
    expect(left).toEqual(['indicators']);
    expect(months).toHaveLength(periods.length);
  });

  it('whether he had what the next tier asks, where the draft has him in another tier: taken as met, and said', () => {
    const tiers = { 'tiers.requirements': { 1: { certificates: ['高级'] } } };
    const held = play(rulesWith(tiers));
    expect(whatIf(rulesWith(tiers), held)).toMatchObject({ limits: [] });
    const { months, limits: left } = whatIf(rulesWith({ ...tiers, 'tiers.upStreak': 1 }), held);
    expect(left).toEqual(['requirements']);
    expect(months[0]?.draft.tiers[2]).toBeGreaterThan(0);
    // In January nothing was asked of them for tier 2: what was published then says nothing of tier 1.
    expect(months[1]?.draft.tiers[1]).toBeGreaterThan(0);
  });

  it('is said in both languages', () => {
    expect(limitInWords('points', 'zh-CN')).toMatch(/得分/);
    expect(limitInWords('points', 'en')).toMatch(/points/);
  });
});

describe('a score that stands', () => {
  it('is, under the draft, the one its answers made under the draft', () => {
    const [first, second] = published;
    if (!first || !second) throw new Error('no months');
    const stands = second.managers.map((line, place) => {
      const { customer, responses, points, frameSize, badNumberShare, indicators } = first.managers[place] ?? line;
      const last = { customer, responses, points, frameSize, badNumberShare, indicators };
      return line.id === 'K08' ? { ...line, ...last, standing: true } : line;
    });
    // With k at 40 everybody is drawn further to the mean, and nobody reaches what he was rated.
    const edit = { 'customer.priorStrength': 40, 'rating.cutoffs.0.from': '99.98', 'rating.cutoffs.1.from': '99.97' };
    const { months } = whatIf(rulesWith(edit), [first, { ...second, managers: stands }]);
    const [january, february] = months.map(({ differing }) => differing.find(({ id }) => id === 'K08'));
    expect(january?.draft.score).not.toBe(january?.published.score);
    expect(february?.draft.score).toBe(january?.draft.score);
  });
});

test('one straight line through all points, or none', () => {
  const points = (...all: number[]) => all.map((one) => exact(one));
  expect(straightLine(points(0, 25, 50, 75, 100), points(20, 40, 60, 80, 100))).toMatchObject({
    ...{ offset: exact(20), slope: exact(4, 5) },
  });
  expect(straightLine(points(0, 25, 50, 75, 100), points(0, 25, 50, 75, 99))).toBeNull();
});
