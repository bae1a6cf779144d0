import { describe, expect, it, test } from 'vitest';
import { changed, defaultRules, faultsOf, vector } from './examples.fixture.ts';
import { parseRules } from './rules.ts';

const refusals = (changes: Record<string, unknown>) =>
  faultsOf(() => parseRules(changed(defaultRules, changes))).map(({ where, message }) => `${where}: ${message}`);

describe('a rule set that holds together', () => {
  it('is read with exact quantities, and kept as it was written', () => {
    const rules = parseRules(defaultRules);
    expect(rules.customer.firmReliability.toFraction()).toBe('7/10');
    expect(rules.customer.priorStrength.toFraction()).toBe('10');
    expect(rules.sampling.monthlyShare.toFraction()).toBe('3/10');
    expect(rules.document).toEqual(defaultRules);
  });

  it('may have other points, prior and weights', () => {
    const other = vector('scoring.json').find(({ name }: { name: string }) => name === 'other rules');
    expect(parseRules(other.input.rules).combined.unitWeightBp).toBe(7000);
  });

  test.each([
    ['a prior strength that is not whole, as a text', { 'customer.priorStrength': '9.6' }],
    ['steps that count the same', { 'customer.points': ['0', '0', '50', '100', '100'] }],
    ['an indicator at exactly 15 % of S', { 'unit.indicators.0.weightBp': 2500, 'unit.indicators.1.weightBp': 1000 }],
    ['a selling group at exactly 25 % of S', { 'combined.maximumSellingShareBp': 2100 }],
    [
      'stricter limits of its own',
      { 'combined.maximumIndicatorShareBp': 1200, 'combined.maximumSellingShareBp': 2100 },
    ],
    ['windows that touch', { 'contact.windows': ['09:30-11:30', '11:30-17:00'] }],
    ['requirements for a tier', { 'tiers.requirements': { 1: { certificates: ['senior'], trainingHours: 16 } } }],
  ])('accepts %s', (_what, changes) => {
    expect(refusals(changes)).toEqual([]);
  });
});

describe('refused, saying where and what to do', () => {
  test.each<[string, Record<string, unknown>, string[]]>([
    [
      'one indicator over 15 % of S',
      { 'unit.indicators.0.weightBp': 2501, 'unit.indicators.1.weightBp': 999 },
      ['unit.indicators[0].weightBp: "sales" weighs 15.006 % of S, and one indicator may weigh at most 15 %: lower it'],
    ],
    [
      'the selling group over 25 % of S',
      { 'combined.customerWeightBp': 2800, 'combined.unitWeightBp': 7200 },
      ['unit.indicators: the selling group weighs 25.2 % of S, and may weigh at most 25 %: lower its indicators'],
    ],
    [
      'indicator weights that do not make a whole',
      { 'unit.indicators.7.weightBp': 999 },
      ['unit.indicators: weigh 9999 basis points together: make it 10000'],
    ],
    [
      'limits of its own above those no rule set may raise, and what is over those',
      {
        'combined.maximumIndicatorShareBp': 1600,
        'combined.maximumSellingShareBp': 3000,
        'unit.indicators.0.weightBp': 2600,
        'unit.indicators.1.weightBp': 1600,
        'unit.indicators.7.weightBp': 300,
      },
      [
        'combined.maximumIndicatorShareBp: may be lower and never above 1500 basis points (15 % of S), not 1600: lower it',
        'combined.maximumSellingShareBp: may be lower and never above 2500 basis points (25 % of S), not 3000: lower it',
        'unit.indicators[0].weightBp: "sales" weighs 15.6 % of S, and one indicator may weigh at most 15 %: lower it',
        'unit.indicators: the selling group weighs 25.2 % of S, and may weigh at most 25 %: lower its indicators',
      ],
    ],
    [
      'sales outside the selling group, where no limit would hold it',
      { 'unit.indicators.0.group': undefined },
      ['unit.indicators[0]: "sales" is selling: give it "group": "selling"'],
    ],
    [
      'C and U that do not make a whole',
      { 'combined.customerWeightBp': 4001 },
      ['combined: customerWeightBp and unitWeightBp make 10001 basis points: make it 10000'],
    ],
    [
      'a code twice',
      { 'unit.indicators.7.code': 'sales' },
      ['unit.indicators[7].code: "sales" is also indicator [0]: give each its own code'],
    ],
    [
      'a code that is the name of a gate',
      { 'unit.indicators.7.code': 'firm' },
      ['unit.indicators[7].code: "firm" is the name of a gate: choose another code'],
    ],
    [
      'a group nobody knows',
      { 'unit.indicators.2.group': 'seling' },
      ['unit.indicators[2].group: must be "selling", not "seling"'],
    ],
    [
      'cut-offs that do not descend',
      { 'rating.cutoffs.1.from': '90.00' },
      ['rating.cutoffs: must descend: each rating begins below the one before it'],
    ],
    [
      'cut-offs in another order',
      { 'rating.cutoffs.0.rating': 'competent', 'rating.cutoffs.1.rating': 'excellent' },
      ['rating.cutoffs: must be these four, in this order: excellent, competent, basically-competent, not-competent'],
    ],
    [
      'a score without a rating',
      { 'rating.cutoffs.3.from': '1' },
      ['rating.cutoffs[3].from: must be "0.00": every score needs a rating'],
    ],
    [
      'streaks other than 1 or 2',
      { 'tiers.upStreak': 3, 'tiers.downStreak': 0 },
      ['tiers.upStreak: must be 1 or 2, not 3', 'tiers.downStreak: must be 1 or 2, not 0'],
    ],
    ['a start outside the tiers', { 'tiers.start': 4 }, ['tiers.start: must be 1 or 2 or 3, not 4']],
    [
      'points that fall with the rating',
      { 'customer.points': ['100', '75', '50', '25', '0'] },
      ['customer.points: must rise with the rating, 5 being the best: list the points of 1, 2, 3, 4, 5'],
    ],
    [
      'points that tell nothing apart',
      { 'customer.points': ['50', '50', '50', '50', '50'] },
      ['customer.points: must rise with the rating, 5 being the best: list the points of 1, 2, 3, 4, 5'],
    ],
    [
      'four points',
      { 'customer.points': ['0', '25', '50', '75'] },
      ['customer.points: must have five entries, the points of the ratings 1 to 5'],
    ],
    [
      'a score from one response',
      { 'customer.minimumResponses': 1 },
      ['customer.minimumResponses: must be at least 2, not 1'],
    ],
    [
      'windows of months out of order',
      { 'customer.windowMonths': [1, 3, 2] },
      ['customer.windowMonths: must be listed from the shortest window to the longest, each once'],
    ],
    [
      'a prior strength below 0',
      { 'customer.priorStrength': -1 },
      ['customer.priorStrength: must be a whole number or a quantity such as "9.6", from 0, not -1'],
    ],
    [
      'a number where a quantity must travel as a text',
      { 'customer.firmCoverage': 0.75 },
      ['customer.firmCoverage: must be a quantity written as a text, such as "91.5" or "3/10", not 0.75'],
    ],
    [
      'shares outside 0 to 1',
      { 'customer.firmReliability': '1.01', 'unit.maximumMissingShare': '-0.2' },
      [
        'customer.firmReliability: 1.01 is above 1: give a quantity from 0 up to 1',
        'unit.maximumMissingShare: -0.2 is below 0: give a quantity from 0 up to 1',
      ],
    ],
    [
      'a cap over the hundred that scores are out of',
      { 'unit.cap': '120' },
      ['unit.cap: 120 is above 100: give a quantity above 0 up to 100'],
    ],
    [
      'completion rates out of order',
      { 'sampling.completionRate.default': '0.95' },
      ['sampling.completionRate: must be ordered: least ≤ default ≤ most'],
    ],
    [
      'calling windows that run backwards',
      { 'contact.windows': ['17:00-14:00'] },
      ['contact.windows: must each end after they begin, and follow one another without overlap'],
    ],
    [
      'calling windows that overlap',
      { 'contact.windows': ['09:30-11:30', '11:00-17:00'] },
      ['contact.windows: must each end after they begin, and follow one another without overlap'],
    ],
    [
      'more days than attempts',
      { 'contact.minimumDistinctDays': 5 },
      ['contact.minimumDistinctDays: asks for more days than there are attempts (4): lower it'],
    ],
    [
      'a time zone of no map',
      { timeZone: 'Asia/Atlantis' },
      ['timeZone: must be a time zone of the IANA database, such as "Asia/Shanghai"'],
    ],
    ['a month of no calendar', { effectiveFrom: '2026-13' }, ['effectiveFrom: must be a month, such as "2026-12"']],
    ['something missing', { tiers: undefined }, ['tiers: is missing: give an object']],
    [
      'something unknown, at any depth',
      { bonus: 1, 'alarms.ewma.lamda': '0.2' },
      [
        'alarms.ewma.lamda: is not known here: correct its spelling or take it out',
        'bonus: is not known here: correct its spelling or take it out',
      ],
    ],
  ])('%s', (_what, changes, faults) => {
    expect(refusals(changes)).toEqual(faults);
  });

  it('lists every fault at once, contradictions beside slips of form', () => {
    const where = faultsOf(() =>
      parseRules(
        changed(defaultRules, {
          id: ' ',
          'customer.points': ['0', 25, '50', '75', '100'],
          'unit.indicators.0.weightBp': 3000,
          'rating.cutoffs.2.from': '80',
          'tiers.downStreak': 3,
          extra: true,
        }),
      ),
    ).map((fault) => fault.where);

    expect(where.toSorted()).toEqual([
      'customer.points[1]',
      'extra',
      'id',
      'rating.cutoffs',
      'tiers.downStreak',
      'unit.indicators',
      'unit.indicators',
      'unit.indicators[0].weightBp',
    ]);
  });

  test.each([null, 7, 'rules.json', []])('%j, which is no rule set', (json) => {
    expect(faultsOf(() => parseRules(json))).toEqual([
      { where: 'rule set', message: expect.stringMatching(/^must be an object, not /) },
    ]);
  });

  it('says where the rule set stands in the document it came with', () => {
    const rules = changed(defaultRules, { 'combined.unitWeightBp': 5000, 'tiers.start': 0 });
    expect(faultsOf(() => parseRules(rules, 'rules')).map(({ where }) => where)).toEqual([
      'rules.tiers.start',
      'rules.combined',
    ]);
  });
});
