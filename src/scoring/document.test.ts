import { describe, expect, it, test } from 'vitest';
import { BadInput } from '../platform/errors.ts';
import { parseDocument } from './document.ts';
import { changed, defaultRules, documentOf, everyIndicator, faultsOf, manager, ratings } from './examples.fixture.ts';

const publicForm = (id: string, changes: Record<string, unknown> = {}) =>
  manager(id, { ratings: undefined, responses: 26, points: '2125', ...changes });

function refusals(document: unknown): string[] {
  return faultsOf(() => parseDocument(document)).map(({ where, message }) => `${where}: ${message}`);
}

/** JSON has no `undefined`: a key taken out is not there. */
const asJson = (document: unknown) => JSON.parse(JSON.stringify(document));

describe('what may be left out', () => {
  it('has its defaults', () => {
    const [read] = parseDocument(documentOf([manager('K01')])).managers;
    expect(read).toMatchObject({ tier: 3, previousRating: null, requirementsMet: false });
    expect(read?.badNumberShare.equals(0)).toBe(true);
  });

  it('starts in the tier of the rule set', () => {
    const rules = changed(defaultRules, { 'tiers.start': 2 });
    expect(parseDocument(documentOf([manager('K01')], { rules })).managers[0]?.tier).toBe(2);
  });

  it('and frozen values are null where none are given', () => {
    expect(parseDocument(documentOf([]))).toMatchObject({ cityMean: null, withinVariance: null, managers: [] });
  });
});

describe('the two forms', () => {
  it('may stand in one document, if it brings the variance', () => {
    const document = asJson(documentOf([manager('K01'), publicForm('K02')], { withinVariance: '512.5' }));
    expect(parseDocument(document).managers.map(({ answers }) => answers.form)).toEqual(['counts', 'public']);
  });

  it('lets the sum be withheld where there are too few responses for a score, and only there', () => {
    const document = (responses: number) =>
      asJson(documentOf([publicForm('K01', { responses, points: null })], { withinVariance: '512.5' }));
    expect(refusals(document(4))).toEqual([]);
    expect(refusals(document(5))).toEqual([
      'managers[0].points: may be null only below 5 responses: give the sum of points',
    ]);
  });

  it('may say that there is no variance only where nobody has two responses', () => {
    const document = (responses: number, withinVariance?: null) =>
      asJson(documentOf([publicForm('K01', { responses, points: '25' })], { withinVariance }));
    const missing = ['withinVariance: is missing: managers[0] gives no rating counts to compute it from'];
    expect(refusals(document(1, null))).toEqual([]);
    expect(refusals(document(1))).toEqual(missing);
    expect(refusals(document(2, null))).toEqual(missing);
  });

  test.each([
    [
      { withinVariance: undefined },
      {},
      'withinVariance: is missing: managers[1] gives no rating counts to compute it from',
    ],
    [
      {},
      { ratings: ratings(26, 0, 0, 0, 0) },
      'managers[1]: gives ratings and responses or points: give one form only',
    ],
    [{}, { points: undefined }, 'managers[1].points: is missing beside the other one'],
    [{}, { responses: undefined }, 'managers[1].responses: is missing beside the other one'],
    [{}, { responses: 201 }, "managers[1].responses: 201 responses are more than the frame's 200 retailers"],
    [{}, { points: '2601' }, 'managers[1].points: 2601 cannot be the sum of 26 responses: it must be 0 to 2600'],
  ])('refuses %j %j', (document, changes, fault) => {
    const given = documentOf([manager('K01'), publicForm('K02', changes)], { withinVariance: '512.5', ...document });
    expect(refusals(asJson(given))).toEqual([fault]);
  });
});

describe('refused, each with its path', () => {
  test.each<[string, Record<string, unknown>, string[]]>([
    ['no answers', { ratings: undefined }, ['managers[1]: gives no answers: give ratings, or responses and points']],
    [
      'counts that are none',
      { ratings: { '5': 1.5, '4': -1, '3': '2', '1': 0 } },
      [
        'managers[1].ratings.2: is missing: give a number',
        'managers[1].ratings.3: must be a number, not "2"',
        'managers[1].ratings.4: must be at least 0, not -1',
        'managers[1].ratings.5: must be a whole number, not 1.5',
      ],
    ],
    [
      'more responses than retailers',
      { frameSize: 25 },
      ["managers[1].ratings: 26 responses are more than the frame's 25 retailers"],
    ],
    ['a frame below zero', { frameSize: -1 }, ['managers[1].frameSize: must be at least 0, not -1']],
    ['a blank id', { id: ' ' }, ['managers[1].id: must not be blank']],
    ['an id twice', { id: 'K01' }, ['managers[1].id: "K01" is also managers[0]: list each manager once']],
    [
      'an id twice, spelt with other code points',
      { id: ' K01\u3000' },
      ['managers[1].id: " K01　" is also managers[0]: list each manager once'],
    ],
    [
      'an indicator below 0',
      { unit: everyIndicator('80', { sales: '-0.01' }) },
      ['managers[1].unit.sales: -0.01 is below 0: give a quantity from 0'],
    ],
    [
      'an indicator that is no quantity',
      { unit: everyIndicator('80', { sales: '80 %' }) },
      ['managers[1].unit.sales: "80 %" is no decimal or p/q: give a quantity from 0'],
    ],
    [
      'an indicator the rule set does not know',
      { unit: everyIndicator('80', { sails: '80' }) },
      ['managers[1].unit.sails: is no indicator of the rule set: correct its spelling or take it out'],
    ],
    [
      'an indicator absent for some only',
      { unit: everyIndicator('80', { sales: undefined as never }) },
      ['managers[1].unit.sales: is absent here but given for others: give its value, or null if missing'],
    ],
    ['a tier that is none', { tier: 0 }, ['managers[1].tier: must be 1 or 2 or 3, not 0']],
    [
      'an unrated month as previous rating',
      { previousRating: 'unrated' },
      [
        'managers[1].previousRating: must be excellent, competent, basically-competent, not-competent or null (an unrated month does not count), not "unrated"',
      ],
    ],
    [
      'a share over 1',
      { badNumberShare: '1.01' },
      ['managers[1].badNumberShare: 1.01 is above 1: give a quantity from 0 up to 1'],
    ],
    [
      'a key nobody knows',
      { badNumbershare: '0.2' },
      ['managers[1].badNumbershare: is not known here: correct its spelling or take it out'],
    ],
  ])('%s', (_what, changes, faults) => {
    expect(refusals(asJson(documentOf([manager('K01'), manager('K02', changes)]))).toSorted()).toEqual(faults);
  });

  test.each([
    ['cityMean', '101', 'cityMean: 101 is above 100: give a quantity from 0 up to 100'],
    ['withinVariance', '-1', 'withinVariance: -1 is below 0: give a quantity from 0'],
    ['managers', {}, 'managers: must be a list, not an object'],
    ['extra', 1, 'extra: is not known here: correct its spelling or take it out'],
  ])('a document whose %s is %j', (key, value, fault) => {
    expect(refusals(documentOf([manager('K01')], { [key]: value }))).toEqual([fault]);
  });

  it('a manager who is no object at all', () => {
    expect(refusals(documentOf([manager('K01'), 'K02']))).toEqual(['managers[1]: must be an object, not "K02"']);
  });

  it('no indicator for anybody', () => {
    expect(refusals(documentOf([manager('K01', { unit: {} })]))).toEqual([
      'managers: give no unit indicator at all: give at least one, with null where it is missing',
    ]);
  });

  test.each([null, [], 'x', 1])('%j instead of a document', (json) => {
    expect(refusals(json)).toHaveLength(1);
  });
});

it('lists every fault at once: of the rule set, of single fields, and between managers', () => {
  const document = asJson({
    rules: changed(defaultRules, { 'tiers.start': 0, 'unit.indicators.0.weightBp': 1999 }),
    cityMean: 78,
    managers: [
      manager('K01'),
      publicForm('K01', { tier: 4 }),
      manager('K03', { frameSize: 3, previousRating: 'good' }),
    ],
  });
  expect(faultsOf(() => parseDocument(document)).map(({ where }) => where)).toEqual([
    'rules.tiers.start',
    'rules.unit.indicators',
    'cityMean',
    'managers[1].tier',
    'managers[2].previousRating',
    'managers[1].id',
    'managers[2].ratings',
    'withinVariance',
  ]);
});

describe('the rule set', () => {
  it('may be a path, which whoever reads the document opens', () => {
    const opened: string[] = [];
    const openRules = (path: string) => {
      opened.push(path);
      return defaultRules;
    };
    expect(parseDocument(documentOf([], { rules: 'a/rules.json' }), openRules).rules.id).toBe('RS-1');
    expect(opened).toEqual(['a/rules.json']);
  });

  it('is refused as a path where nobody opens it', () => {
    expect(refusals(documentOf([], { rules: 'rules.json' }))).toEqual([
      'rules: "rules.json" is a path, which only the command line opens: give the rule set itself',
    ]);
  });

  it('that cannot be opened does not hide the other faults', () => {
    const openRules = () => {
      throw new BadInput('gone', [{ where: 'rules', message: 'there is no such file' }]);
    };
    const document = documentOf([manager('K01', { tier: 9 })], { rules: 'rules.json' });
    expect(faultsOf(() => parseDocument(document, openRules)).map(({ where }) => where)).toEqual([
      'rules',
      'managers[0].tier',
    ]);
  });

  it('missing is a fault of its own', () => {
    expect(refusals({ managers: [] })).toEqual(['rules: is missing: give an object']);
  });

  it('with requirements for the next tier wants to know whether they are met', () => {
    const rules = changed(defaultRules, { 'tiers.requirements': { 2: { exams: ['second'] } } });
    const managers = [manager('K01'), manager('K02', { requirementsMet: false }), manager('K03', { tier: 2 })];
    expect(refusals(documentOf(managers, { rules }))).toEqual([
      'managers[0].requirementsMet: is missing: the rule set asks something for tier 2, so give qualifications, or say true or false',
    ]);
  });
});
